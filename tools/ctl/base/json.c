// SPDX-License-Identifier: GPL-2.0-only
/* JSON for programs: documents, one a line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/value.h"
#include "base/complain.h"

int json_pretty;

struct json_object *json_document(void)
{
	struct json_object *document = json_object_new_object();

	json_number(document, "version", JSON_VERSION);
	return document;
}

int json_print(struct json_object *document)
{
	const char *text;
	int ret = 0;

	report_add_to(document);
	text = json_object_to_json_string_ext(
		document,
		JSON_C_TO_STRING_NOSLASHESCAPE |
			(json_pretty ? JSON_C_TO_STRING_PRETTY |
					       JSON_C_TO_STRING_SPACED :
				       JSON_C_TO_STRING_PLAIN));
	if (text)
		puts(text);
	else
		ret = no_memory();
	json_object_put(document);
	return ret;
}

struct json_object *json_string(const char *text)
{
	char *copy = text ? strdup(text) : NULL;
	struct json_object *string = copy ? json_object_new_string(utf8(copy)) :
					    NULL;

	free(copy);
	return string;
}

void json_text(struct json_object *obj, const char *key, const char *text)
{
	json_object_object_add(obj, key, json_string(text));
}

void json_number(struct json_object *obj, const char *key, int64_t number)
{
	json_object_object_add(obj, key, json_object_new_int64(number));
}

void json_addr(struct json_object *obj, const char *key,
	       const struct sriov_broker_addr *addr)
{
	json_object_object_add(obj, key, value_addr(addr));
}

void json_id(struct json_object *obj, const char *key, unsigned int id)
{
	const __u16 number = id;

	json_object_object_add(obj, key, value_id(&number));
}

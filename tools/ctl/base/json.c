// SPDX-License-Identifier: GPL-2.0-only
/* How answers are printed: JSON for programs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "base/json.h"
#include "base/text.h"

void json_text(struct json_object *obj, const char *key, const char *text)
{
	json_object_object_add(obj, key,
			       text ? json_object_new_string(text) : NULL);
}

void json_number(struct json_object *obj, const char *key, int64_t number)
{
	json_object_object_add(obj, key, json_object_new_int64(number));
}

void json_addr(struct json_object *obj, const char *key,
	       const struct sriov_broker_addr *addr)
{
	char text[SRIOVB_ADDR_LEN];

	json_text(obj, key, sriovb_format_addr(addr, text));
}

void json_words(struct json_object *obj, const char *key, const char *words,
		size_t max)
{
	char *text = strndup(words, max);

	json_text(obj, key, text ? utf8(text) : NULL);
	free(text);
}

void json_name(struct json_object *obj, const char *key, const char *name)
{
	json_words(obj, key, name, SRIOV_BROKER_NAME_LEN);
}

void json_id(struct json_object *obj, const char *key, unsigned int id)
{
	char text[8];

	snprintf(text, sizeof(text), "0x%04x", id & 0xffff);
	json_text(obj, key, text);
}

void json_driver(struct json_object *obj, const char *driver)
{
	if (driver[0])
		json_name(obj, "driver", driver);
	else
		json_text(obj, "driver", NULL);
}

void json_group(struct json_object *obj, int group)
{
	if (group < 0)
		json_text(obj, "iommu_group", NULL);
	else
		json_number(obj, "iommu_group", group);
}

static int print(struct json_object *obj, int flags)
{
	const char *text = json_object_to_json_string_ext(
		obj, flags | JSON_C_TO_STRING_NOSLASHESCAPE);
	int ret = 0;

	if (text) {
		puts(text);
	} else {
		complain("out of memory");
		ret = EXIT_REFUSED;
	}
	json_object_put(obj);
	return ret;
}

int json_print(struct json_object *obj)
{
	return print(obj, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
}

int json_print_line(struct json_object *obj)
{
	return print(obj, JSON_C_TO_STRING_PLAIN);
}

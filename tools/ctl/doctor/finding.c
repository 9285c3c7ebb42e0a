// SPDX-License-Identifier: GPL-2.0-only
/* What sriovctl doctor has found: kept, counted and printed. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "base/field.h"
#include "base/json.h"
#include "base/text.h"
#include "base/value.h"
#include "doctor/finding.h"

/* Memory that is not there ends the program: half a list would say that all is well. */
static void *must(void *memory)
{
	if (memory)
		return memory;
	exit(no_memory());
}

static char *format(const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	return printable(must(text));
}

void found(struct doctor *d, enum verdict verdict, const char *check,
	   const char *subject, const char *fmt, ...)
{
	struct finding *f;
	va_list args;

	d->findings = must(reallocarray(d->findings, d->num_findings + 1,
					sizeof(*d->findings)));
	f = &d->findings[d->num_findings++];
	*f = (struct finding){ .verdict = verdict, .check = check };
	if (subject)
		f->subject = printable(must(strdup(subject)));
	va_start(args, fmt);
	f->text = format(fmt, args);
	va_end(args);
}

void todo(struct doctor *d, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	d->findings[d->num_findings - 1].todo = format(fmt, args);
	va_end(args);
}

void findings_free(struct doctor *d)
{
	size_t i;

	for (i = 0; i < d->num_findings; i++) {
		free(d->findings[i].subject);
		free(d->findings[i].text);
		free(d->findings[i].todo);
	}
	free(d->findings);
}

static const char *const verdicts[NUM_VERDICTS] = { "ok", "warn", "fail" };

static struct json_object *verdict(const void *number)
{
	return json_object_new_string(verdicts[*(const enum verdict *)number]);
}

#define AT(member) offsetof(struct finding, member)

static const struct field fields[] = {
	{ "check", NULL, AT(check), value_word },
	{ "subject", NULL, AT(subject), value_word },
	{ "verdict", NULL, AT(verdict), verdict },
	{ "text", NULL, AT(text), value_word },
	{ "todo", NULL, AT(todo), value_word },
	{ 0 },
};

static void finding_print(const struct finding *f)
{
	static const char *const words[NUM_VERDICTS] = { "OK", "WARN", "FAIL" };

	printf("%-4s  %s: %s%s%s\n", words[f->verdict], f->check,
	       f->subject ? f->subject : "", f->subject ? ": " : "", f->text);
	if (f->todo)
		printf("      to do: %s\n", f->todo);
}

int findings_print(const struct doctor *d, int as_json)
{
	struct json_object *obj, *array;
	size_t count[NUM_VERDICTS] = { 0 };
	size_t i;

	for (i = 0; i < d->num_findings; i++)
		count[d->findings[i].verdict]++;
	if (!as_json) {
		for (i = 0; i < d->num_findings; i++)
			finding_print(&d->findings[i]);
		printf("%zu OK, %zu WARN, %zu FAIL\n", count[VERDICT_OK],
		       count[VERDICT_WARN], count[VERDICT_FAIL]);
		return count[VERDICT_FAIL] ? EXIT_REFUSED : 0;
	}
	obj = json_document();
	array = json_object_new_array();
	for (i = 0; i < d->num_findings; i++) {
		struct json_object *one = json_object_new_object();

		fields_json(one, fields, &d->findings[i]);
		json_object_array_add(array, one);
	}
	json_object_object_add(obj, "findings", array);
	for (i = 0; i < NUM_VERDICTS; i++)
		json_number(obj, verdicts[i], count[i]);
	if (json_print(obj))
		return EXIT_REFUSED;
	return count[VERDICT_FAIL] ? EXIT_REFUSED : 0;
}

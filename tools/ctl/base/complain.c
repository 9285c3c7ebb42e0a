// SPDX-License-Identifier: GPL-2.0-only
/* What is said of failures, to people and to programs. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/progress.h"
#include "base/complain.h"
#include "base/text.h"

static int for_programs;
static struct json_object *errors, *notes;

static const char *reason_of(int code)
{
	switch (code) {
#define X(name, number, reason, meaning) \
	case number:                     \
		return reason;
		EXIT_CODES(X)
#undef X
	}
	return "refused";
}

/* The sentence, and behind its end what to do; the caller's to free(). */
static char *sentence(const char *subject, const char *fmt, va_list args,
		      char **remedy)
{
	char *text = NULL, *whole = NULL;

	*remedy = NULL;
	if (vasprintf(&text, fmt, args) < 0)
		return NULL;
	if (asprintf(&whole, "%s%s%s", subject ? subject : "",
		     subject ? ": " : "", text) < 0)
		whole = NULL;
	free(text);
	if (!whole)
		return NULL;
	/* The last one is ours, whatever a stranger wrote before it. */
	*remedy = strrchr(whole, REMEDY[0]);
	if (*remedy) {
		**remedy = '\0';
		*remedy = printable(*remedy + strlen(REMEDY));
	}
	while ((text = strchr(whole, REMEDY[0])))
		*text = ';';
	/* Labels, names of guests, a QEMU's words: a terminal shall not obey them. */
	return printable(whole);
}

static void say(const char *text, const char *remedy)
{
	fflush(stdout);
	progress_end();
	fprintf(stderr, "sriovctl: %s%s%s\n", text ? text : "out of memory",
		remedy ? "; " : "", remedy ? remedy : "");
}

static void keep(struct json_object **array, struct json_object *value)
{
	if (!*array)
		*array = json_object_new_array();
	json_object_array_add(*array, value);
}

static void keep_error(const struct failure *f, const char *text,
		       const char *remedy)
{
	struct json_object *obj = json_object_new_object();

	json_text(obj, "reason", f->reason ? f->reason : reason_of(f->code));
	json_text(obj, "message", text);
	json_text(obj, "device", f->subject);
	json_object_object_add(obj, "lease",
			       f->lease ? json_object_new_int64(f->lease) :
					  NULL);
	json_object_object_add(obj, "pid",
			       f->pid ? json_object_new_int(f->pid) : NULL);
	json_text(obj, "remedy", remedy);
	keep(&errors, obj);
}

static int vfail(const struct failure *failure, const char *fmt, va_list args)
{
	char *remedy;
	char *text = sentence(failure->subject, fmt, args, &remedy);

	say(text, remedy);
	if (for_programs)
		keep_error(failure, text, remedy);
	free(text);
	return failure->code;
}

int fail_with(const struct failure *failure, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfail(failure, fmt, args);
	va_end(args);
	return failure->code;
}

int fail(int code, const char *subject, const char *fmt, ...)
{
	const struct failure failure = { .code = code, .subject = subject };
	va_list args;

	va_start(args, fmt);
	vfail(&failure, fmt, args);
	va_end(args);
	return code;
}

int no_memory(void)
{
	return fail(EXIT_REFUSED, NULL, "out of memory");
}

int exit_code_of(int error)
{
	switch (-error) {
	case EAGAIN:
	case EBUSY:
	case EADDRINUSE:
		return EXIT_BUSY;
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case ECONNREFUSED:
		return EXIT_NOT_FOUND;
	case ETIMEDOUT:
		return EXIT_TIMEOUT;
	case EPERM:
	case EACCES:
		return EXIT_NOT_PERMITTED;
	}
	return EXIT_REFUSED;
}

void note(const char *subject, const char *fmt, ...)
{
	char *text, *remedy;
	va_list args;

	va_start(args, fmt);
	text = sentence(subject, fmt, args, &remedy);
	va_end(args);
	say(text, remedy);
	if (for_programs && text) {
		char *whole;

		if (asprintf(&whole, "%s%s%s", text, remedy ? "; " : "",
			     remedy ? remedy : "") >= 0) {
			keep(&notes, json_object_new_string(whole));
			free(whole);
		}
	}
	free(text);
}

/* ---- documents ---- */

void report_for_programs(void)
{
	for_programs = 1;
}

static void add(struct json_object *document, const char *key,
		struct json_object **array)
{
	if (*array)
		json_object_object_add(document, key, *array);
	*array = NULL;
}

void report_add_to(struct json_object *document)
{
	add(document, "errors", &errors);
	add(document, "notes", &notes);
}

void report_forget(void)
{
	json_object_put(errors);
	json_object_put(notes);
	errors = notes = NULL;
}

static void take(struct json_object *document, const char *key,
		 struct json_object **array)
{
	struct json_object *more;
	size_t i;

	if (!json_object_object_get_ex(document, key, &more))
		return;
	for (i = 0; i < json_object_array_length(more); i++)
		keep(array,
		     json_object_get(json_object_array_get_idx(more, i)));
}

void report_take_from(struct json_object *document)
{
	take(document, "errors", &errors);
	take(document, "notes", &notes);
}

void report_rest(void)
{
	/* A note without an answer that it goes with is for people. */
	if (errors)
		json_print(json_document());
}

/* ---- several ---- */

void outcome_add(struct outcome *outcome, int code)
{
	if (!code)
		outcome->done = 1;
	else if (!outcome->code)
		outcome->code = code;
}

int outcome_code(const struct outcome *outcome)
{
	return outcome->code && outcome->done ? EXIT_PARTLY : outcome->code;
}

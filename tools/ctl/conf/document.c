// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file becomes JSON whose parts know their lines. json-c parses, strictly; what it has
 * not is comments, which are made blank before, and lines, which are written into its
 * objects by a second walk over the text. Where json-c takes more than JSON is, as some
 * versions do, a walk before it refuses that: the second one meets nothing but JSON.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "conf/document.h"

#define MAX_FILE (1 << 20)

void conf_wrong(struct conf_errors *errors, const char *file, unsigned int line,
		const char *fmt, ...)
{
	char *text, *where = NULL;
	va_list args;

	errors->count++;
	if (line && asprintf(&where, "%s:%u", file, line) < 0)
		where = NULL;
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	fail(EXIT_USAGE, where ? where : file, "%s", text ? text : "?");
	free(text);
	free(where);
}

unsigned int conf_line(struct json_object *obj)
{
	return obj ? (uintptr_t)json_object_get_userdata(obj) : 0;
}

static unsigned int line_at(const char *text, size_t offset)
{
	unsigned int line = 1;
	size_t i;

	for (i = 0; i < offset && text[i]; i++)
		line += text[i] == '\n';
	return line;
}

/* ---- comments, and what is no JSON to us whatever json-c says ---- */

static char *end_of_string(char *p)
{
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p + 1 : p;
}

/* The first control character before @end; NULL: there is none. */
static const char *find_control(const char *p, const char *end)
{
	while (p < end && (unsigned char)*p >= ' ')
		p++;
	return p < end ? p : NULL;
}

static char *blank_until(char *p, const char *end, size_t len)
{
	while (*p && strncmp(p, end, len))
		if (*p++ != '\n')
			p[-1] = ' ';
	return p;
}

/* Return: 0, or -1 after a complaint */
static int blank_comments(struct conf_errors *errors, const char *path,
			  char *text)
{
	const char *wrong = NULL;
	char *p = text, *end;

	while (*p && !wrong) {
		if (*p == '"') {
			end = end_of_string(p);
			wrong = find_control(p, end);
			p = end;
		} else if (*p == '\'') {
			wrong = p;
		} else if (!strncmp(p, "//", 2)) {
			p = blank_until(p, "\n", 1);
		} else if (!strncmp(p, "/*", 2)) {
			p = blank_until(p, "*/", 2);
			if (*p)
				*p++ = ' ', *p++ = ' ';
		} else {
			p++;
		}
	}
	if (!wrong)
		return 0;
	conf_wrong(
		errors, path, line_at(text, wrong - text), "no JSON: %s",
		*wrong == '\'' ?
			"texts stand between \", not '" :
			"a line break or another control character in a text, or no \" at its end");
	return -1;
}

/* ---- lines ---- */

struct walk {
	struct conf_errors *errors;
	const char *path;
	char *p;
	unsigned int line;
};

static void skip_blanks(struct walk *w)
{
	for (; *w->p && strchr(" \t\r\n", *w->p); w->p++)
		w->line += *w->p == '\n';
}

/* Where lines are put, json-c has the text of numbers with a fraction. */
static void make_room(struct json_object *obj)
{
	size_t i;

	if (json_object_is_type(obj, json_type_double))
		json_object_set_serializer(obj, NULL, NULL, NULL);
	if (json_object_is_type(obj, json_type_array))
		for (i = 0; i < json_object_array_length(obj); i++)
			make_room(json_object_array_get_idx(obj, i));
	if (json_object_is_type(obj, json_type_object)) {
		json_object_object_foreach(obj, key, value) {
			(void)key;
			make_room(value);
		}
	}
}

static void mark_value(struct walk *w, struct json_object *obj);

/* The member after its opening quote. A key that is there twice is json-c's last one. */
static void mark_member(struct walk *w, struct json_object *obj)
{
	unsigned int line = w->line;
	struct json_object *value = NULL;
	char *key = w->p + 1;
	char *end = end_of_string(w->p);

	end[-1] = '\0';
	if (json_object_is_type(obj, json_type_object))
		json_object_object_get_ex(obj, key, &value);
	if (conf_line(value))
		conf_wrong(w->errors, w->path, line,
			   "\"%s\" is there twice, first in line %u", key,
			   conf_line(value));
	w->p = end;
	skip_blanks(w);
	w->p += *w->p == ':';
	skip_blanks(w);
	mark_value(w, value);
}

static void mark_members(struct walk *w, struct json_object *obj, char close)
{
	size_t i = 0;

	w->p++;
	skip_blanks(w);
	while (*w->p && *w->p != close) {
		if (close == '}')
			mark_member(w, obj);
		else
			mark_value(w,
				   json_object_is_type(obj, json_type_array) ?
					   json_object_array_get_idx(obj, i++) :
					   NULL);
		skip_blanks(w);
		if (*w->p && *w->p != close)
			w->p++; /* ',' */
		skip_blanks(w);
	}
	w->p += *w->p == close;
}

static void mark_value(struct walk *w, struct json_object *obj)
{
	if (obj)
		json_object_set_userdata(obj, (void *)(uintptr_t)w->line, NULL);
	switch (*w->p) {
	case '{':
		mark_members(w, obj, '}');
		break;
	case '[':
		mark_members(w, obj, ']');
		break;
	case '"':
		w->p = end_of_string(w->p);
		break;
	default:
		w->p += strcspn(w->p, ",]} \t\r\n");
	}
}

/* ---- the file ---- */

/* All of it with a zero behind. Return: NULL after a complaint */
static char *read_all(struct conf_errors *errors, const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	char *text = file ? malloc(MAX_FILE + 1) : NULL;
	size_t len;

	if (!text) {
		conf_wrong(errors, path, 0, "%s", strerror(errno));
		return NULL;
	}
	len = fread(text, 1, MAX_FILE + 1, file);
	text[len <= MAX_FILE ? len : 0] = '\0';
	if (ferror(file))
		conf_wrong(errors, path, 0, "%s", strerror(errno));
	else if (len > MAX_FILE)
		conf_wrong(errors, path, 0, "longer than %d bytes", MAX_FILE);
	else if (strlen(text) < len)
		conf_wrong(errors, path, 0, "no text: it has zero bytes");
	if (file != stdin)
		fclose(file);
	return text;
}

static struct json_object *parse(struct conf_errors *errors, const char *path,
				 char *text)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *obj;
	enum json_tokener_error error;
	size_t end;

	json_tokener_set_flags(tok, JSON_TOKENER_STRICT |
					    JSON_TOKENER_VALIDATE_UTF8);
	/* With its zero: a number is whole only when something follows. */
	obj = json_tokener_parse_ex(tok, text, strlen(text) + 1);
	error = json_tokener_get_error(tok);
	end = json_tokener_get_parse_end(tok);
	json_tokener_free(tok);
	if (error == json_tokener_success &&
	    !text[end + strspn(text + end, " \t\r\n")])
		return obj;
	conf_wrong(errors, path, line_at(text, end), "no JSON: %s",
		   error == json_tokener_success ?
			   "something follows its end" :
		   error == json_tokener_continue ?
			   "it ends in the middle" :
			   json_tokener_error_desc(error));
	json_object_put(obj);
	return NULL;
}

struct json_object *conf_parse(struct conf_errors *errors, const char *path)
{
	struct walk w = { .errors = errors, .path = path, .line = 1 };
	unsigned int before = errors->count;
	char *text = read_all(errors, path);
	struct json_object *obj = NULL;

	if (text && errors->count == before &&
	    !blank_comments(errors, path, text))
		obj = parse(errors, path, text);
	if (obj) {
		make_room(obj);
		w.p = text;
		skip_blanks(&w);
		mark_value(&w, obj);
	}
	free(text);
	if (errors->count == before)
		return obj;
	json_object_put(obj);
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Files of JSON with comments: where their parts begin, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Before cmocka.h, whose fail() is a macro. */
#include "base/complain.h"
#include "conf/document.h"

#include <cmocka.h>

/* Complaints are kept, and read from here. */
static struct json_object *said;

/* As a file. Return: what it is, which is the caller's to put, or NULL */
static struct json_object *parse(const char *text, unsigned int *wrong)
{
	char path[] = "/tmp/test_document.XXXXXX";
	struct conf_errors errors = { 0 };
	struct json_object *obj;
	int fd = mkstemp(path);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	obj = conf_parse(&errors, path);
	unlink(path);
	json_object_put(said);
	said = json_object_new_object();
	report_add_to(said);
	*wrong = errors.count;
	return obj;
}

static struct json_object *member(struct json_object *obj, const char *key)
{
	struct json_object *value;

	assert_true(json_object_object_get_ex(obj, key, &value));
	return value;
}

static void lines(void **state)
{
	static const char text[] = "// \"it's\"\n"
				   "{ /* two\n"
				   "lines */ \"a\": [ 1.5,\n"
				   "  \"x // \\\" y\", { \"b\": {} } ],\n"
				   "\"c\": true }\n";
	struct json_object *a, *obj;
	unsigned int wrong;

	(void)state;
	obj = parse(text, &wrong);
	assert_non_null(obj);
	assert_int_equal(wrong, 0);
	assert_int_equal(conf_line(obj), 2);
	a = member(obj, "a");
	assert_int_equal(conf_line(a), 3);
	assert_int_equal(conf_line(json_object_array_get_idx(a, 0)), 3);
	assert_int_equal(conf_line(json_object_array_get_idx(a, 1)), 4);
	assert_string_equal(
		json_object_get_string(json_object_array_get_idx(a, 1)),
		"x // \" y");
	assert_int_equal(
		conf_line(member(json_object_array_get_idx(a, 2), "b")), 4);
	assert_int_equal(conf_line(member(obj, "c")), 5);
	json_object_put(obj);
}

/* The first complaint names the line, and has the words. */
static void complains(const char *text, unsigned int line, const char *words)
{
	unsigned int wrong;
	struct json_object *first;
	const char *message;
	char where[16];

	assert_null(parse(text, &wrong));
	assert_int_not_equal(wrong, 0);
	first = json_object_array_get_idx(member(said, "errors"), 0);
	message = json_object_get_string(member(first, "message"));
	snprintf(where, sizeof(where), ":%u: ", line);
	if (!strstr(message, where) || !strstr(message, words))
		fail_msg("of %s is said: %s", text, message);
}

static void wrong_files(void **state)
{
	(void)state;
	complains("{ \"a\":\n 1, }", 2, "no JSON: ");
	complains("{ \"a\": [", 1, "no JSON: ");
	complains("{}\nx", 2, "no JSON: ");
	complains("{ \"a\": 1,\n\"a\": 2 }", 2, "there twice, first in line 1");
	/* What json-c, or some version of it, takes though it is no JSON. */
	complains("{\n\"x\": \"a\nb\" }", 2, "no JSON: a line break");
	complains("{\n\"x\ny\": 1 }", 2, "no JSON: a line break");
	complains("{ \"x\": \"a\tb\" }", 1, "no JSON: a line break or another");
	complains("{ \"x\": \"a }\n", 1, "or no \" at its end");
	complains("{\n'x': 1 }", 2, "no JSON: texts stand between \"");
	complains("{ 'x{': \"'\" }", 1, "no JSON: texts stand between \"");
	complains("[ 'x' ]", 1, "no JSON: texts stand between \"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(wrong_files),
	};

	report_for_programs();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

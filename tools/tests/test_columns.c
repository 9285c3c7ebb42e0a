// SPDX-License-Identifier: GPL-2.0-only
/* Tables and trees: how wide, in which order, and what stands below what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/columns.h"

static const char *red(const char *text)
{
	return strcmp(text, "bad") ? NULL : "<";
}

static const struct column columns[] = {
	{ "NAME", COLUMN_TREE },
	{ "N", COLUMN_RIGHT },
	{ "STATE", COLUMN_CUT, red },
	{ 0 },
};

/* Two that have something below them, and what; written backward. */
static const struct {
	const char *cells[3];
	int below;
} rows[] = {
	{ { "b", "9", "good" }, -1 },	  { { "b2", "10", "bad" }, 0 },
	{ { "b1", "9", "good" }, 0 },	  { { "a", "100", "n\xc3\xb6" }, -1 },
	{ { "a1", "1", "the last" }, 3 },
};

#define NUM (sizeof(rows) / sizeof(rows[0]))

static void reads(const struct look *look, const char *wanted)
{
	struct columns *c = columns_new(columns, look);
	struct columns_line *lines[NUM];
	size_t i, column;
	char *text;

	assert_non_null(c);
	for (i = 0; i < NUM; i++) {
		lines[i] = columns_add(
			c, rows[i].below < 0 ? NULL : lines[rows[i].below]);
		assert_non_null(lines[i]);
		for (column = 0; column < 3; column++)
			assert_int_equal(columns_set(c, lines[i], column,
						     rows[i].cells[column]),
					 0);
	}
	text = columns_text(c);
	assert_string_equal(text, wanted);
	free(text);
	columns_put(c);
}

static void as_it_comes(void **state)
{
	(void)state;
	reads(&(struct look){ 0 }, "NAME   N STATE   \n"
				   "b      9 good    \n"
				   "├─b2  10 bad     \n"
				   "└─b1   9 good    \n"
				   "a    100 n\xc3\xb6      \n"
				   "└─a1   1 the last");
}

static void without_unicode(void **state)
{
	(void)state;
	setenv("LC_ALL", "C", 1);
	reads(&(struct look){ .sort = "NAME", .no_headings = 1 },
	      "a    100 n\xc3\xb6     \n"
	      "`-a1   1 the last\n"
	      "b      9 good    \n"
	      "|-b1   9 good    \n"
	      "`-b2  10 bad     ");
	setenv("LC_ALL", "C.UTF-8", 1);
}

/* 9 before 10; a place in a tree is kept, without one there is none to keep. */
static void sorted(void **state)
{
	(void)state;
	reads(&(struct look){ .sort = "N", .backward = 1 },
	      "NAME   N STATE   \n"
	      "a    100 n\xc3\xb6      \n"
	      "└─a1   1 the last\n"
	      "b      9 good    \n"
	      "├─b2  10 bad     \n"
	      "└─b1   9 good    ");
	reads(&(struct look){ .sort = "N", .is_flat = 1 },
	      "NAME   N STATE   \n"
	      "a1     1 the last\n"
	      "b      9 good    \n"
	      "b1     9 good    \n"
	      "b2    10 bad     \n"
	      "a    100 n\xc3\xb6      ");
}

static void in_colour(void **state)
{
	(void)state;
	reads(&(struct look){ .is_flat = 1, .color = 1 },
	      "NAME   N STATE   \n"
	      "b      9 good    \n"
	      "b2    10 <bad\033[0m     \n"
	      "b1     9 good    \n"
	      "a    100 n\xc3\xb6      \n"
	      "a1     1 the last");
}

static void of_nothing(void **state)
{
	struct columns *c = columns_new(columns, &(struct look){ 0 });
	char *text = columns_text(c);

	(void)state;
	assert_string_equal(text, "");
	free(text);
	columns_put(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_it_comes),
		cmocka_unit_test(without_unicode),
		cmocka_unit_test(sorted),
		cmocka_unit_test(in_colour),
		cmocka_unit_test(of_nothing),
	};

	setenv("LC_ALL", "C.UTF-8", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

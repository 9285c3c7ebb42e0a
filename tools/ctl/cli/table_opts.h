/* SPDX-License-Identifier: GPL-2.0-only */
/* Options of commands that show a table: how it looks, and what of it is shown. */
#ifndef CLI_TABLE_OPTS_H
#define CLI_TABLE_OPTS_H

#include "base/field.h"
#include "cli/args.h"

/* In a command's table of options, from one on. */
enum {
	TABLE_OPT_COLUMNS,
	TABLE_OPT_SORT,
	TABLE_OPT_FILTER,
	TABLE_OPT_NO_HEADINGS,
	TABLE_OPT_COLOR,
	NUM_TABLE_OPTS
};

/* clang-format off */
#define COLOR_OPTION { "color", 0, "auto|always|never", \
		       "colours (auto: on a terminal, without NO_COLOR)" }
#define TABLE_OPTIONS(first) \
	[(first) + TABLE_OPT_COLUMNS] = { "columns", 0, "COLUMN,...", \
					  "show these, in this order" }, \
	[(first) + TABLE_OPT_SORT] = { "sort", 0, "[-]COLUMN", \
				       "by this column; -: backward" }, \
	[(first) + TABLE_OPT_FILTER] = { "filter", 0, "FIELD=TEXT,...", \
					 "only VFs like that; != for the others" }, \
	[(first) + TABLE_OPT_NO_HEADINGS] = { "noheadings", 0, NULL, \
					      "without the first line" }, \
	[(first) + TABLE_OPT_COLOR] = COLOR_OPTION
/* clang-format on */

#define MAX_COLUMNS    16
#define MAX_CONDITIONS 8

/* "state=free": of the things that have such a field it reads so. */
struct condition {
	const struct field *field; /* of things of the inner table; or NULL: */
	const struct field *outer; /* of those that these are below */
	int negated;
	char *text; /* "" for what is empty */
};

/* Zeroes: all is shown, as it comes. */
struct table_opts {
	struct column columns[MAX_COLUMNS + 2]; /* and one that is hidden */
	struct look look;
	struct condition conditions[MAX_CONDITIONS];
	unsigned int num_conditions;
};

/*
 * What the options say of a table of @columns, whose rows are of @fields, below those of
 * @outer; or complain. Return: 0, then it is to be given up; or an exit code
 */
int table_opts_parse(const struct args *args, int first,
		     const struct column *columns, const struct field *fields,
		     const struct field *outer, struct table_opts *opts);
void table_opts_free(struct table_opts *opts);

/* Is a thing to be shown, as far as its own fields say, or those of what it is below? */
int table_opts_fit(const struct table_opts *opts, const void *thing);
int table_opts_fit_outer(const struct table_opts *opts, const void *outer);

/* Is there a condition about the things themselves? */
int table_opts_choose(const struct table_opts *opts);

/* "auto", "always", "never", NULL. Return: 0 or EXIT_USAGE */
int parse_color(const struct args *args, const char *when, int *color);

#endif /* CLI_TABLE_OPTS_H */

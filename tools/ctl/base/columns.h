/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables and trees for people. */
#ifndef BASE_COLUMNS_H
#define BASE_COLUMNS_H

#include <stddef.h>

#define COLUMN_RIGHT  (1U << 0) /* aligned to the right */
#define COLUMN_TREE   (1U << 1) /* shows what is below what */
#define COLUMN_CUT    (1U << 2) /* cut first where a terminal is too narrow */
#define COLUMN_HIDDEN (1U << 3) /* not shown: rows are sorted by it */

/* An array of these ends with one without a title. */
struct column {
	const char *title;
	unsigned int flags;
	/* The colour of a cell that reads @text, NULL for none; may be NULL. */
	const char *(*color)(const char *text);
};

/* How people want a table; zeroes: as it comes. */
struct look {
	const char *sort; /* the title of the column to sort by, or NULL */
	int backward;	  /* the greatest first */
	int no_headings;
	int is_flat; /* what is below what is not shown */
	int color;
};

/* A table, and a line of one. */
struct columns;
struct columns_line;

/* Both last as long as it. Return: the caller's to put, NULL: no memory */
struct columns *columns_new(const struct column *columns,
			    const struct look *look);
void columns_put(struct columns *columns);

/*
 * A line below @parent, which is below none itself; NULL: below none.
 * Return: NULL: no memory
 */
struct columns_line *columns_add(struct columns *columns,
				 struct columns_line *parent);

/* @text is copied. Return: 0 or -1 */
int columns_set(struct columns *columns, struct columns_line *line,
		size_t column, const char *text);

/*
 * What people read, the last line without its end. Where standard output is no terminal
 * "-" stands for what is empty. Return: the caller's to free(), or NULL
 */
char *columns_text(struct columns *columns);

#endif /* BASE_COLUMNS_H */

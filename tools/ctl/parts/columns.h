/* SPDX-License-Identifier: GPL-2.0-only */
/* The part "columns": tables and trees for people, with libsmartcols. */
#ifndef PARTS_COLUMNS_H
#define PARTS_COLUMNS_H

#include <stddef.h>

#include "parts/part.h"

#define COLUMN_RIGHT (1U << 0) /* aligned to the right */
#define COLUMN_TREE  (1U << 1) /* shows what is below what */

/* An array of these ends with one without a title. */
struct column {
	const char *title;
	unsigned int flags;
};

/* A table, and a line of one. */
struct columns;
struct columns_line;

struct columns_part {
	struct part part;

	/* Return: NULL: no memory; the same for a line */
	struct columns *(*create)(const struct column *columns);

	/* A line below @parent, NULL: below none. */
	struct columns_line *(*add)(struct columns *columns,
				    struct columns_line *parent);

	/* @text is copied. Return: 0 or -1 */
	int (*set)(struct columns_line *line, size_t column, const char *text);
	int (*print)(struct columns *columns);

	void (*put)(struct columns *columns);
};

#endif /* PARTS_COLUMNS_H */

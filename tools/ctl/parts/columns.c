// SPDX-License-Identifier: GPL-2.0-only
/* Tables and trees for people, with libsmartcols. */
#include <locale.h>

#include <libsmartcols.h>

#include "parts/columns.h"

/* Ours are libsmartcols' own, by another name. */
static struct libscols_table *table_of(struct columns *columns)
{
	return (struct libscols_table *)columns;
}

static struct libscols_line *line_of(struct columns_line *line)
{
	return (struct libscols_line *)line;
}

static struct columns *create(const struct column *columns)
{
	struct libscols_table *table;

	/* How wide letters are, and whether a tree may have lines. */
	setlocale(LC_CTYPE, "");
	table = scols_new_table();
	for (; table && columns->title; columns++) {
		int flags = 0;

		if (columns->flags & COLUMN_RIGHT)
			flags |= SCOLS_FL_RIGHT;
		if (columns->flags & COLUMN_TREE)
			flags |= SCOLS_FL_TREE;
		if (scols_table_new_column(table, columns->title, 0, flags))
			continue;
		scols_unref_table(table);
		table = NULL;
	}
	return (struct columns *)table;
}

static struct columns_line *add(struct columns *columns,
				struct columns_line *parent)
{
	return (struct columns_line *)scols_table_new_line(table_of(columns),
							   line_of(parent));
}

static int set(struct columns_line *line, size_t column, const char *text)
{
	return scols_line_set_data(line_of(line), column, text) ? -1 : 0;
}

static int print(struct columns *columns)
{
	return scols_print_table(table_of(columns)) ? -1 : 0;
}

static void put(struct columns *columns)
{
	scols_unref_table(table_of(columns));
}

const struct columns_part PART_SYMBOL = {
	.part = PART_HEAD(struct columns_part),
	.create = create,
	.add = add,
	.set = set,
	.print = print,
	.put = put,
};

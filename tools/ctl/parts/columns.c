// SPDX-License-Identifier: GPL-2.0-only
/* Tables and trees for people, with libsmartcols. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libsmartcols.h>

#include "parts/columns.h"

struct columns {
	struct libscols_table *table;
	const struct column *columns;
	const struct look *look;
};

/* Ours are libsmartcols' own, by another name. */
static struct libscols_line *line_of(struct columns_line *line)
{
	return (struct libscols_line *)line;
}

static int flags_of(const struct column *column, const struct look *look)
{
	int flags = 0;

	if (column->flags & COLUMN_RIGHT)
		flags |= SCOLS_FL_RIGHT;
	if (column->flags & COLUMN_TREE && !look->is_flat)
		flags |= SCOLS_FL_TREE;
	if (column->flags & COLUMN_CUT)
		flags |= SCOLS_FL_TRUNC;
	if (column->flags & COLUMN_HIDDEN)
		flags |= SCOLS_FL_HIDDEN;
	return flags;
}

static void put(struct columns *columns)
{
	scols_unref_table(columns->table);
	free(columns);
}

static struct columns *create(const struct column *column,
			      const struct look *look)
{
	struct columns *columns = calloc(1, sizeof(*columns));

	if (!columns)
		return NULL;
	/* How wide letters are, and whether a tree may have lines. */
	setlocale(LC_CTYPE, "");
	*columns = (struct columns){ scols_new_table(), column, look };
	if (columns->table) {
		scols_table_enable_noheadings(columns->table,
					      look->no_headings);
		scols_table_enable_colors(columns->table, look->color);
	}
	for (; columns->table && column->title; column++) {
		if (scols_table_new_column(columns->table, column->title, 0,
					   flags_of(column, look)))
			continue;
		scols_unref_table(columns->table);
		columns->table = NULL;
	}
	if (columns->table)
		return columns;
	free(columns);
	return NULL;
}

static struct columns_line *add(struct columns *columns,
				struct columns_line *parent)
{
	return (struct columns_line *)scols_table_new_line(columns->table,
							   line_of(parent));
}

static int set(struct columns *columns, struct columns_line *line,
	       size_t column, const char *text)
{
	const struct column *c = &columns->columns[column];

	if (scols_line_set_data(line_of(line), column, text))
		return -1;
	return c->color && scols_cell_set_color(
				   scols_line_get_cell(line_of(line), column),
				   c->color(text)) ?
		       -1 :
		       0;
}

/* ---- in order ---- */

static const char *text_of(const struct libscols_cell *cell)
{
	const char *text = scols_cell_get_data(cell);

	return text ? text : "";
}

/* 9 before 10, and what is empty at the end. */
static int compare(struct libscols_cell *a, struct libscols_cell *b, void *look)
{
	const char *left = text_of(a), *right = text_of(b);
	int order = strverscmp(left, right);

	if (!left[0] || !right[0])
		return !left[0] - !right[0];
	return ((const struct look *)look)->backward ? -order : order;
}

static void sort(struct columns *columns)
{
	const char *title = columns->look->sort;
	size_t i;

	for (i = 0; title && columns->columns[i].title; i++) {
		struct libscols_column *column;

		if (strcmp(columns->columns[i].title, title))
			continue;
		column = scols_table_get_column(columns->table, i);
		scols_column_set_cmpfunc(column, compare,
					 (void *)columns->look);
		scols_sort_table(columns->table, column);
		return;
	}
}

/* ---- as text ---- */

/* For awk and cut, which count what blanks are between. Return: 0 or -1 */
static int fill_empty(struct columns *columns)
{
	struct libscols_iter *lines = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *line;
	int err = lines ? 0 : -1;
	size_t i;

	while (!err && !scols_table_next_line(columns->table, lines, &line))
		for (i = 0; columns->columns[i].title; i++)
			if (!text_of(scols_line_get_cell(line, i))[0] &&
			    scols_line_set_data(line, i, "-"))
				err = -1;
	scols_free_iter(lines);
	return err;
}

static char *text(struct columns *columns)
{
	char *all;

	if (!scols_table_get_nlines(columns->table))
		return strdup("");
	sort(columns);
	if (!isatty(STDOUT_FILENO) && fill_empty(columns))
		return NULL;
	return scols_print_table_to_string(columns->table, &all) ? NULL : all;
}

const struct columns_part PART_SYMBOL = {
	.part = PART_HEAD(struct columns_part),
	.create = create,
	.add = add,
	.set = set,
	.text = text,
	.put = put,
};

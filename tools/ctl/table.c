// SPDX-License-Identifier: GPL-2.0-only
/* Tables for people: columns as wide as what is in them, rows that may be a tree. */
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "table.h"
#include "text.h"

#define BRANCH 2 /* columns that a branch of a tree takes */

struct row {
	int below;
	char *cells[TABLE_COLUMNS];
};

struct table {
	const struct column *columns;
	int num_columns;
	int incomplete; /* no memory */
	size_t num_rows;
	size_t room;
	struct row *rows;
};

struct table *table_new(const struct column *columns)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->columns = columns;
	while (columns[table->num_columns].name)
		table->num_columns++;
	return table;
}

void table_free(struct table *table)
{
	size_t i;
	int col;

	if (!table)
		return;
	for (i = 0; i < table->num_rows; i++)
		for (col = 0; col < table->num_columns; col++)
			free(table->rows[i].cells[col]);
	free(table->rows);
	free(table);
}

void table_row(struct table *table, int below)
{
	size_t room = table->room ? 2 * table->room : 64;
	struct row *rows = table->rows;

	if (table->num_rows == table->room) {
		rows = reallocarray(rows, room, sizeof(*rows));
		if (!rows) {
			table->incomplete = 1;
			return;
		}
		table->rows = rows;
		table->room = room;
	}
	rows[table->num_rows++] = (struct row){ .below = below };
}

void table_set(struct table *table, int column, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	/* Of a row that is missing the cells would land in the one before. */
	if (table->incomplete)
		return;
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	if (!text) {
		table->incomplete = 1;
		return;
	}
	free(table->rows[table->num_rows - 1].cells[column]);
	table->rows[table->num_rows - 1].cells[column] = printable(text);
}

/* ---- printed ---- */

/* To load a locale takes longer than all the rest, and few tables have need of it. */
static void know_characters(void)
{
	static int known;

	if (!known)
		setlocale(LC_CTYPE, "");
	known = 1;
}

/* Columns of a terminal that a text takes. */
static int width_of(const char *text)
{
	const char *p = text;
	int width = 0;

	while (*p && !(*p & 0x80))
		p++;
	if (!*p)
		return p - text;
	know_characters();
	while (*text) {
		wchar_t c;
		int n = mbtowc(&c, text, MB_CUR_MAX);
		int w = n > 0 ? wcwidth(c) : 1;

		width += w > 0 ? w : 0;
		text += n > 0 ? n : 1;
	}
	return width;
}

static const char *cell(const struct row *row, int col)
{
	return row->cells[col] ? row->cells[col] : "";
}

/* As setlocale() would find out, by the first of these that says something. */
static int speaks_utf8(void)
{
	static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	size_t i;

	for (i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = getenv(variables[i]);

		if (value && *value)
			return strcasestr(value, "utf-8") ||
			       strcasestr(value, "utf8");
	}
	return 0;
}

/* What stands before the first cell of a row, two columns wide. */
static const char *branch(const struct table *table, size_t i)
{
	int utf8 = speaks_utf8();

	if (!table->rows[i].below)
		return "";
	if (i + 1 < table->num_rows && table->rows[i + 1].below)
		return utf8 ? "├─" : "|-";
	return utf8 ? "└─" : "`-";
}

static void measure(const struct table *table, int *widths)
{
	size_t i;
	int col;

	for (col = 0; col < table->num_columns; col++)
		widths[col] = width_of(table->columns[col].name);
	for (i = 0; i < table->num_rows; i++)
		for (col = 0; col < table->num_columns; col++) {
			int width = width_of(cell(&table->rows[i], col));

			if (!col && table->rows[i].below)
				width += BRANCH;
			if (width > widths[col])
				widths[col] = width;
		}
}

/* Blanks are owed until something follows: no line ends with them. */
static void print_cell(const struct column *column, const char *before,
		       const char *text, int width, int *owed)
{
	int pad = width - (before[0] ? BRANCH : 0) - width_of(text);
	int right = column->flags & TABLE_RIGHT;

	if (right)
		*owed += pad;
	if (before[0] || text[0]) {
		printf("%*s%s%s", *owed, "", before, text);
		*owed = 0;
	}
	*owed += right ? 1 : pad + 1;
}

int table_print(const struct table *table)
{
	int widths[TABLE_COLUMNS];
	int col, owed = 0;
	size_t i;

	measure(table, widths);
	for (col = 0; col < table->num_columns; col++)
		print_cell(&table->columns[col], "", table->columns[col].name,
			   widths[col], &owed);
	putchar('\n');
	for (i = 0; i < table->num_rows; i++) {
		owed = 0;
		for (col = 0; col < table->num_columns; col++)
			print_cell(&table->columns[col],
				   col ? "" : branch(table, i),
				   cell(&table->rows[i], col), widths[col],
				   &owed);
		putchar('\n');
	}
	return table->incomplete ? -1 : 0;
}

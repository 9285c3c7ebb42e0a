// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables and trees for people: a column is as wide as its widest cell. A library for this
 * took as long to load as all else that list does.
 */
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/columns.h"
#include "base/terminal.h"

#define BRANCH 2 /* columns before what is below another line */

struct columns_line {
	const struct columns_line *parent;
	size_t at;     /* it was the so manieth to be added */
	char *cells[]; /* NULL: empty */
};

struct columns {
	const struct column *columns;
	const struct look *look;
	size_t num_columns;
	size_t num_lines;
	int is_tree;	/* else no line is below another one */
	int fill_empty; /* for awk and cut, which count what blanks are between */
	int is_utf8;	/* so are its branches */
	int *widths;
	struct columns_line **lines;
};

/* ---- made ---- */

void columns_put(struct columns *c)
{
	size_t i, column;

	if (!c)
		return;
	for (i = 0; i < c->num_lines; i++) {
		for (column = 0; column < c->num_columns; column++)
			free(c->lines[i]->cells[column]);
		free(c->lines[i]);
	}
	free(c->lines);
	free(c->widths);
	free(c);
}

struct columns *columns_new(const struct column *columns,
			    const struct look *look)
{
	struct columns *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->columns = columns;
	c->look = look;
	c->fill_empty = !isatty(STDOUT_FILENO);
	for (; columns[c->num_columns].title; c->num_columns++)
		c->is_tree |= !look->is_flat &&
			      columns[c->num_columns].flags & COLUMN_TREE;
	c->widths = calloc(c->num_columns + 1, sizeof(*c->widths));
	if (c->widths)
		return c;
	free(c);
	return NULL;
}

/* How wide letters are, and whether a tree may have lines; not asked where there is neither. */
static void ask_locale(struct columns *c)
{
	setlocale(LC_CTYPE, "");
	c->is_utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
}

struct columns_line *columns_add(struct columns *c, struct columns_line *parent)
{
	struct columns_line *line =
		calloc(1, sizeof(*line) + c->num_columns * sizeof(char *));
	struct columns_line **lines =
		line ? realloc(c->lines, (c->num_lines + 1) * sizeof(line)) :
		       NULL;

	if (!lines) {
		free(line);
		return NULL;
	}
	c->lines = lines;
	line->at = c->num_lines;
	line->parent = c->is_tree ? parent : NULL;
	if (line->parent && !c->is_utf8)
		ask_locale(c);
	lines[c->num_lines++] = line;
	return line;
}

int columns_set(struct columns *c, struct columns_line *line, size_t column,
		const char *text)
{
	const char *p = text;

	free(line->cells[column]);
	line->cells[column] = strdup(text);
	while (*p && !(*p & 0x80))
		p++;
	if (*p && !c->is_utf8)
		ask_locale(c);
	return line->cells[column] ? 0 : -1;
}

/* ---- in order ---- */

static size_t sorted_by(const struct columns *c)
{
	size_t i = 0;

	while (c->columns[i].title &&
	       strcmp(c->columns[i].title, c->look->sort))
		i++;
	return i;
}

/* 9 before 10, and what is empty at the end. */
static int compare_cells(const char *left, const char *right, int backward)
{
	if (!left || !left[0] || !right || !right[0])
		return (!left || !left[0]) - (!right || !right[0]);
	return backward ? strverscmp(right, left) : strverscmp(left, right);
}

static int compare(const void *a, const void *b, void *columns)
{
	const struct columns_line *left = *(struct columns_line *const *)a;
	const struct columns_line *right = *(struct columns_line *const *)b;
	const struct columns_line *above_left = left->parent ?: left;
	const struct columns_line *above_right = right->parent ?: right;
	const struct columns *c = columns;
	size_t by = sorted_by(c);
	int order;

	if (above_left != above_right) {
		left = above_left;
		right = above_right;
	} else if (!left->parent || !right->parent) {
		return !!left->parent - !!right->parent;
	}
	order = compare_cells(left->cells[by], right->cells[by],
			      c->look->backward);
	return order		    ? order :
	       left->at > right->at ? 1 :
				      -(left->at < right->at);
}

/* ---- as wide as is needed, or as can be ---- */

static int is_shown(const struct columns *c, size_t i)
{
	return !(c->columns[i].flags & COLUMN_HIDDEN);
}

static int has_branch(const struct columns *c, const struct columns_line *line,
		      size_t i)
{
	return line->parent && c->columns[i].flags & COLUMN_TREE ? BRANCH : 0;
}

static const char *cell_text(const struct columns *c,
			     const struct columns_line *line, size_t i)
{
	const char *text = line->cells[i];

	return text && text[0] ? text : c->fill_empty ? "-" : "";
}

static void measure(struct columns *c)
{
	size_t i, line;

	for (i = 0; i < c->num_columns; i++) {
		c->widths[i] = strlen(c->columns[i].title);
		for (line = 0; line < c->num_lines; line++) {
			int width = has_branch(c, c->lines[line], i) +
				    terminal_columns(
					    cell_text(c, c->lines[line], i));

			if (width > c->widths[i])
				c->widths[i] = width;
		}
	}
}

/* The widest gives first, none its heading. */
static void narrow(struct columns *c, int room)
{
	size_t i, widest = 0;
	int total = -1;

	for (i = 0; i < c->num_columns; i++)
		if (is_shown(c, i))
			total += 1 + c->widths[i];
	for (; room && total > room && widest < c->num_columns; total--) {
		widest = c->num_columns;
		for (i = 0; i < c->num_columns; i++)
			if (is_shown(c, i) &&
			    c->columns[i].flags & COLUMN_CUT &&
			    c->widths[i] > (int)strlen(c->columns[i].title) &&
			    c->widths[i] > c->widths[widest])
				widest = i;
		c->widths[widest]--;
	}
}

/* ---- as text ---- */

/* The blanks behind the last one are terminal_fit()'s to take away. */
static void print_cell(FILE *out, const struct columns *c, size_t i,
		       const char *branch, const char *text, const char *color)
{
	int room = c->widths[i] - (branch[0] ? BRANCH : 0);
	int columns;
	size_t n = terminal_take(text, room, &columns);
	int left = c->columns[i].flags & COLUMN_RIGHT ? room - columns : 0;

	fprintf(out, "%s%*s%s%.*s%s%*s", branch, left, "", color ? color : "",
		(int)n, text, color ? COLOR_NONE : "", room - columns - left,
		"");
}

/* @at: its place; c->num_lines: that of the headings */
static void print_line(FILE *out, const struct columns *c, size_t at)
{
	const struct columns_line *line = at < c->num_lines ? c->lines[at] :
							      NULL;
	int is_last = line && (at + 1 == c->num_lines ||
			       c->lines[at + 1]->parent != line->parent);
	const char *branch = c->is_utf8 ? is_last ? "└─" : "├─" :
			     is_last	? "`-" :
					  "|-";
	const char *sep = "";
	size_t i;

	for (i = 0; i < c->num_columns; i++) {
		const struct column *column = &c->columns[i];
		const char *text = line ? cell_text(c, line, i) : column->title;

		if (!is_shown(c, i))
			continue;
		fputs(sep, out);
		sep = " ";
		print_cell(out, c, i,
			   line && has_branch(c, line, i) ? branch : "", text,
			   line && c->look->color && column->color ?
				   column->color(text) :
				   NULL);
	}
}

char *columns_text(struct columns *c)
{
	char *text = NULL;
	size_t i, len;
	FILE *out;

	if (!c->num_lines)
		return strdup("");
	if (c->look->sort)
		qsort_r(c->lines, c->num_lines, sizeof(*c->lines), compare, c);
	measure(c);
	narrow(c, terminal_width());
	out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	if (!c->look->no_headings)
		print_line(out, c, c->num_lines);
	for (i = 0; i < c->num_lines; i++) {
		if (i || !c->look->no_headings)
			fputc('\n', out);
		print_line(out, c, i);
	}
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Tables of fields as JSON, as lines, as the columns of a list. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "base/field.h"
#include "base/json.h"
#include "base/terminal.h"
#include "base/text.h"

static const void *member(const struct field *field, const void *thing)
{
	return (const char *)thing + field->at;
}

static int is_last(const struct field *field)
{
	return !field->key && !field->title;
}

void fields_json(struct json_object *obj, const struct field *fields,
		 const void *thing)
{
	for (; !is_last(fields); fields++) {
		struct json_object *value;

		if (!fields->key)
			continue;
		value = fields->json(member(fields, thing));
		if (value != FIELD_ABSENT)
			json_object_object_add(obj, fields->key, value);
	}
}

char *printed(void (*print)(FILE *out, const void *thing), const void *thing)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	print(out, thing);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	/* A label is its author's. */
	return printable(text);
}

char *field_text(const struct field *field, const void *thing)
{
	struct json_object *value;
	const char *text = NULL;
	char *copy;

	if (field->print)
		return printed(field->print, member(field, thing));
	/* A value without words of its own. */
	value = field->json(member(field, thing));
	if (value == FIELD_ABSENT)
		return strdup("");
	if (value)
		text = json_object_get_string(value);
	copy = strdup(text ? text : "");
	json_object_put(value);
	return copy ? printable(copy) : NULL;
}

void field_line(FILE *out, const char *title, const char *color,
		const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) >= 0)
		fprintf(out, "  %-14s %s%s%s\n", title, color ? color : "",
			printable(text), color ? COLOR_NONE : "");
	va_end(args);
	free(text);
}

void fields_print(FILE *out, const struct field *fields, const void *thing,
		  int colors)
{
	for (; !is_last(fields); fields++) {
		char *text;

		if (!fields->title)
			continue;
		text = field_text(fields, thing);
		if (text && text[0])
			field_line(out, fields->title,
				   colors && fields->color ?
					   fields->color(text) :
					   NULL,
				   "%s", text);
		free(text);
	}
}

/* ---- tables ---- */

struct table {
	const struct column *columns;
	struct columns *lines;	  /* for people */
	struct json_object *rows; /* for programs; NULL: for people */
	struct look look;
	int failed;
};

struct table *table_new(const struct column *columns, int as_json,
			const struct look *look)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->columns = columns;
	if (look)
		table->look = *look;
	if (as_json)
		table->rows = json_object_new_array();
	else
		table->lines = columns_new(columns, &table->look);
	table->failed = !as_json && !table->lines;
	return table;
}

static const struct field *find_field(const struct field *fields,
				      const char *title)
{
	for (; !is_last(fields); fields++)
		if (fields->title && !strcmp(fields->title, title))
			return fields;
	return NULL;
}

static struct columns_line *add_line(struct table *table,
				     struct columns_line *parent,
				     const struct field *fields,
				     const void *thing)
{
	struct columns_line *line = columns_add(table->lines, parent);
	size_t i;

	table->failed |= !line;
	for (i = 0; line && table->columns[i].title; i++) {
		const struct field *field =
			find_field(fields, table->columns[i].title);
		char *text = field ? field_text(field, thing) : NULL;

		if (field &&
		    (!text || columns_set(table->lines, line, i, text)))
			table->failed = 1;
		free(text);
	}
	return line;
}

struct row table_add(struct table *table, const struct row *parent,
		     const struct field *fields, const void *thing,
		     const char *below)
{
	struct row row = { 0 };
	struct json_object *obj;

	if (table && table->rows) {
		obj = json_object_new_object();
		fields_json(obj, fields, thing);
		json_object_array_add(parent ? parent->below : table->rows,
				      obj);
		if (below) {
			row.below = json_object_new_array();
			json_object_object_add(obj, below, row.below);
		}
	} else if (table && table->lines) {
		row.line = add_line(table, parent ? parent->line : NULL, fields,
				    thing);
	}
	return row;
}

char *table_text(struct table *table)
{
	char *text, *lines;

	if (!table || table->failed)
		return NULL;
	if (table->rows)
		return strdup(json_object_to_json_string(table->rows));
	text = columns_text(table->lines);
	if (!text || !text[0])
		return text;
	/* Columns are never narrower than their headings. */
	terminal_fit(text, terminal_width());
	if (asprintf(&lines, "%s\n", text) < 0)
		lines = NULL;
	free(text);
	return lines;
}

static int print_rows(struct table *table, const char *key)
{
	struct json_object *obj = json_document();

	json_object_object_add(obj, key, json_object_get(table->rows));
	return json_print(obj);
}

static int print_text(struct table *table)
{
	char *text = table_text(table);

	if (!text)
		return -1;
	fputs(text, stdout);
	free(text);
	return 0;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	json_object_put(table->rows);
	columns_put(table->lines);
	free(table);
}

int table_print(struct table *table, const char *key)
{
	int err = !table || table->failed ? -1 :
		  table->rows		  ? print_rows(table, key) :
					    print_text(table);

	table_free(table);
	return err ? no_memory() : 0;
}

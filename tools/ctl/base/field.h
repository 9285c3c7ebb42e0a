/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is told of a thing, to people and to programs: one table a struct, of which the
 * columns of a list, the lines of a description, and JSON are made.
 */
#ifndef BASE_FIELD_H
#define BASE_FIELD_H

#include <stddef.h>
#include <stdio.h>

#include <json-c/json.h>

#include "base/columns.h"

/* An array of these ends with one that has neither key nor title. */
struct field {
	const char *key;   /* in JSON; NULL: not told to programs */
	const char *title; /* of a column or a line; NULL: not told to people */
	size_t at; /* what is told, in the struct; 0 also for all of it */

	/* The value, NULL for null; FIELD_ABSENT: not even the key. See value.h */
	struct json_object *(*json)(const void *member);

	/*
	 * What people read, one line without its end; nothing where nothing is known.
	 * NULL: what JSON has.
	 */
	void (*print)(FILE *out, const void *member);

	/* The colour of a line that reads @text, NULL for none; may be NULL. */
	const char *(*color)(const char *text);
};

#define FIELD_ABSENT ((struct json_object *)-1)

/* Add all that has a key to a JSON object. */
void fields_json(struct json_object *obj, const struct field *fields,
		 const void *thing);

/*
 * What @print writes, fit for a terminal. Return: the caller's to free(), NULL: no memory
 */
char *printed(void (*print)(FILE *out, const void *thing), const void *thing);

/*
 * What people read of one field, fit for a terminal; "" where nothing is known.
 * Return: the caller's to free(), NULL: no memory
 */
char *field_text(const struct field *field, const void *thing);

/*
 * A line for each field with a title of which something is known.
 * @colors: the terminal has some
 */
void fields_print(FILE *out, const struct field *fields, const void *thing,
		  int colors);

/* One such line, for what comes in any number. @color: NULL: none */
void field_line(FILE *out, const char *title, const char *color,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* ---- tables ---- */

/* Rows of things, for people with columns, for programs as objects in an array. */
struct table;

/* A row that others go below. Zeroes: none. */
struct row {
	struct columns_line *line;
	struct json_object *below;
};

/*
 * A column shows the field of its title. @look: NULL: as it comes.
 * Return: NULL: no memory, which is no error below
 */
struct table *table_new(const struct column *columns, int as_json,
			const struct look *look);

/*
 * A row below @parent, NULL: below none.
 * @below: the key of what comes below this one, NULL: nothing does
 */
struct row table_add(struct table *table, const struct row *parent,
		     const struct field *fields, const void *thing,
		     const char *below);

/*
 * What people read of it: cut to a terminal's width; elsewhere with "-" for what is
 * empty. For programs its rows alone.
 * Return: the caller's to free(), NULL: no memory
 */
char *table_text(struct table *table);

/* Give it up unprinted. */
void table_free(struct table *table);

/*
 * Print it, as JSON under @key, and give it up; or complain that memory ran out.
 * Return: 0 or an exit code
 */
int table_print(struct table *table, const char *key);

#endif /* BASE_FIELD_H */

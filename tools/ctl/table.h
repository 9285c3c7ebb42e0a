/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables for people: columns as wide as what is in them, rows that may be a tree. */
#ifndef TABLE_H
#define TABLE_H

#define TABLE_COLUMNS 12

enum {
	TABLE_RIGHT = 1 << 0, /* numbers */
};

struct column {
	const char *name;
	int flags;
};

struct table;

/* NULL: no memory. @columns, ended by one without a name, stay the caller's. */
struct table *table_new(const struct column *columns);
void table_free(struct table *table);

/* Begin a row; one @below is a child of the last that is not. */
void table_row(struct table *table, int below);

/* Fill a cell of it: what strangers wrote does a terminal no harm. */
void table_set(struct table *table, int column, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Print it. Return: 0, or -1: there was no memory for some of it. */
int table_print(const struct table *table);

#endif /* TABLE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables and trees for people. */
#ifndef BASE_COLUMNS_H
#define BASE_COLUMNS_H

#include "parts/columns.h"

/* Return: the caller's to put, NULL: no memory */
struct columns *columns_new(const struct column *columns,
			    const struct look *look);
void columns_put(struct columns *columns);

/* A line below @parent, NULL: below none. Return: NULL: no memory */
struct columns_line *columns_add(struct columns *columns,
				 struct columns_line *parent);

/* @text is copied. Return: 0 or -1 */
int columns_set(struct columns *columns, struct columns_line *line,
		size_t column, const char *text);

/* What people read, the last line without its end. Return: the caller's to free(), or NULL */
char *columns_text(struct columns *columns);

#endif /* BASE_COLUMNS_H */

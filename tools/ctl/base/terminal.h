/* SPDX-License-Identifier: GPL-2.0-only */
/* The terminal that standard output is, if it is one. */
#ifndef BASE_TERMINAL_H
#define BASE_TERMINAL_H

#include <stddef.h>

/* So many columns and lines; 0: it is no terminal, or does not say. */
int terminal_width(void);
int terminal_height(void);

/* Does it have colours, and are they wanted? See https://no-color.org */
int terminal_has_colors(void);

/* Bytes of @text that take no more than @max columns. @columns: so many they take */
size_t terminal_take(const char *text, int max, int *columns);

/* Columns that @text takes. */
int terminal_columns(const char *text);

/*
 * In place: no blank before the end of a line, and no line longer than @width, unless that
 * is 0. Colours take no room.
 */
void terminal_fit(char *text, int width);

#define COLOR_RED    "\033[31m"
#define COLOR_GREEN  "\033[32m"
#define COLOR_YELLOW "\033[33m"
#define COLOR_CYAN   "\033[36m"
#define COLOR_NONE   "\033[0m"

#endif /* BASE_TERMINAL_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Files of text: sysfs's of one line, and those that an admin writes. */
#ifndef HOST_FILES_H
#define HOST_FILES_H

#include <stddef.h>

/* Is there a file, or one that the pattern fits? */
int path_exists(const char *path);
int pattern_exists(const char *pattern);

/* The first line of a file without its end. Return: @buf or NULL */
char *read_line(const char *path, char *buf, size_t len);

/* What calls of each_line() are about. */
struct line {
	const char *path;
	unsigned int number; /* from 1 on */
	char *text;	     /* without its end */
};

/* Call @found for each line of all files that a pattern fits, in the order of their names. */
void each_line(const char *pattern,
	       void (*found)(void *ctx, const struct line *line), void *ctx);

#endif /* HOST_FILES_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* A file of JSON with comments, whose parts know their lines. */
#ifndef CONF_DOCUMENT_H
#define CONF_DOCUMENT_H

#include <json-c/json.h>

struct conf_errors {
	unsigned int count;
};

/* Complain of what is wrong there; of the whole file with a @line of 0. */
void conf_wrong(struct conf_errors *errors, const char *file, unsigned int line,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* "-": standard input. Return: the caller's to put; NULL after a complaint, or for null */
struct json_object *conf_parse(struct conf_errors *errors, const char *path);

/* Where a part of it begins; 0: it is null. */
unsigned int conf_line(struct json_object *obj);

#endif /* CONF_DOCUMENT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands that show all that the broker has of a kind, in a table. */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include <sys/types.h>

#include "base/field.h"
#include "cli/args.h"
#include "sriovbroker.h"

struct listing {
	const struct column *columns;
	/* Adds a row for each. Return: how many there are, or -errno */
	ssize_t (*add)(struct sriovb *sb, struct table *table);
	const char *key;   /* of the rows, in JSON */
	const char *empty; /* what people are told where there are none */
};

/* Return: 0 or an exit code */
int listing_show(const struct args *args, const struct listing *listing);

#endif /* CLI_LISTING_H */

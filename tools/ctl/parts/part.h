/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Parts of sriovctl that are loaded when they are needed first, each with the library that
 * it is made with: to find, map and link that is what a start would take longest for, and
 * most commands have no need of it.
 *
 * A part is what this room has of its name, and exports one struct, PART_SYMBOL, that
 * begins with this one; the rest are its functions.
 */
#ifndef PARTS_PART_H
#define PARTS_PART_H

#include <stddef.h>

struct part {
	const char *version; /* ours: one of another release is not called */
	size_t size;	     /* of the whole struct */
};

#define PART_SYMBOL sriovctl_part

/* For the beginning of a part's struct of this type. */
#define PART_HEAD(type) { VERSION, sizeof(type) }

#define PART_WORDS_LEN 512

/* The struct of part @name, or NULL with words of why in @words. */
const struct part *part_open(const char *name, size_t size, char *words);

#endif /* PARTS_PART_H */

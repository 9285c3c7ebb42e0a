/* SPDX-License-Identifier: GPL-2.0-only */
/* "Did you mean": of several words the one that is most like another. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

struct nearest {
	const char *to;
	const char *found;     /* NULL: none is like it */
	unsigned int distance; /* of that */
};

/* May it be this one? */
void nearest_try(struct nearest *nearest, const char *word);

#endif /* BASE_NEAREST_H */

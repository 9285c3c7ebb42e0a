// SPDX-License-Identifier: GPL-2.0-only
/* "Did you mean": of several words the one that is most like another. */
#include <string.h>

#include "base/nearest.h"

#define MAX_LEN 32

static unsigned int min(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/*
 * Letters to be put in, taken out, exchanged for another, or for their neighbour, until
 * one word is the other.
 */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int d[MAX_LEN + 1][MAX_LEN + 1];
	unsigned int m = strlen(a), n = strlen(b), i, j;

	for (i = 0; i <= m; i++)
		d[i][0] = i;
	for (j = 0; j <= n; j++)
		d[0][j] = j;
	for (i = 1; i <= m; i++)
		for (j = 1; j <= n; j++) {
			d[i][j] = min(min(d[i - 1][j], d[i][j - 1]) + 1,
				      d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				d[i][j] = min(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[m][n];
}

void nearest_try(struct nearest *nearest, const char *word)
{
	size_t len = strlen(nearest->to);
	unsigned int now;

	if (!len || len > MAX_LEN || strlen(word) > MAX_LEN)
		return;
	/* A third of its letters; the beginning of a word is always like it. */
	now = strncmp(word, nearest->to, len) ? distance(nearest->to, word) : 1;
	if (now > (len < 3 ? 1 : 1 + len / 4) ||
	    (nearest->found && now >= nearest->distance))
		return;
	nearest->found = word;
	nearest->distance = now;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Sizes in bytes as people write them: "16K", "4M". */
#include <stdio.h>
#include <string.h>

#include "size.h"

static const char units[] = "KMGTP"; /* each 1024 of the one before */

unsigned long long size_parse(const char *text)
{
	unsigned long long value = 0;
	const char *unit;

	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *text - '0', &value))
			return 0;
	if (!*text)
		return value;
	unit = strchr(units, *text & ~('a' - 'A'));
	if (!unit || !*unit || text[1])
		return 0;
	for (; unit >= units; unit--)
		if (__builtin_mul_overflow(value, 1024, &value))
			return 0;
	return value;
}

const char *size_text(unsigned long long size, char *buf, size_t len)
{
	const char *unit = units;

	if (!size || size % 1024) {
		snprintf(buf, len, "%llu", size);
		return buf;
	}
	for (size /= 1024; size % 1024 == 0 && unit[1]; size /= 1024)
		unit++;
	snprintf(buf, len, "%llu%c", size, *unit);
	return buf;
}

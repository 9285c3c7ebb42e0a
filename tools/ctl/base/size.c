// SPDX-License-Identifier: GPL-2.0-only
/* Sizes in bytes as people read them: "16K", "4M". */
#include <stdio.h>
#include <string.h>

#include "base/size.h"

static const char units[] = "KMGTP"; /* each 1024 of the one before */

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

// SPDX-License-Identifier: GPL-2.0-only
/* Parts of sriovctl, for callers that can't do without. */
#include <stdlib.h>

#include "base/complain.h"
#include "base/need.h"
#include "parts/part.h"

const void *need_part(const char *name, size_t size)
{
	char words[PART_WORDS_LEN];
	const struct part *part = part_open(name, size, words);

	if (part)
		return part;
	fail(EXIT_REFUSED, NULL,
	     "%s" REMEDY "this is a part of sriovctl: install both as a whole",
	     words);
	report_rest();
	exit(EXIT_REFUSED);
}

// SPDX-License-Identifier: GPL-2.0-only
/* Complaints on standard error: one line, in the name of the program. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/complain.h"
#include "base/progress.h"
#include "base/text.h"

/* Labels, names of guests, a QEMU's words: a terminal shall not obey them. */
void complain(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	int n;

	fflush(stdout);
	progress_end();
	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	fprintf(stderr, "sriovctl: %s\n",
		n < 0 ? "out of memory" : printable(text));
	if (n >= 0)
		free(text);
}

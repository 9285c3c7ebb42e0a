// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is being waited for: one line on a terminal's standard error, from the
 * second second on, which what is written next overwrites. Nothing anywhere
 * else.
 */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/progress.h"

#define SILENT_MS 1000

static char words[128];
static int64_t since;
static int shown;
static int never;

void progress(const char *fmt, ...)
{
	va_list args;

	progress_end();
	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	since = now_ms();
}

void progress_tick(void)
{
	int64_t ms = now_ms() - since;

	if (never || !words[0] || ms < SILENT_MS || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r\033[K%s: %d s", words, (int)(ms / 1000));
	fflush(stderr);
	shown = 1;
}

void progress_never(void)
{
	never = 1;
}

void progress_end(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	shown = 0;
	words[0] = '\0';
}

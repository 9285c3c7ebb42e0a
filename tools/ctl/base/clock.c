// SPDX-License-Identifier: GPL-2.0-only
/* The clock that deadlines are counted in, and times as they are shown. */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"

#define NS 1000000000LL

static long long now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS + now.tv_nsec;
}

int64_t now_ms(void)
{
	return now_ns(CLOCK_MONOTONIC) / (NS / 1000);
}

const char *clock_text(unsigned long long real_ns, char *buf)
{
	time_t seconds = real_ns / NS;
	struct tm tm;
	size_t used;

	gmtime_r(&seconds, &tm);
	used = strftime(buf, CLOCK_TEXT, "%FT%T", &tm);
	snprintf(buf + used, CLOCK_TEXT - used, ".%06dZ",
		 (int)(real_ns % NS / 1000));
	return buf;
}

unsigned long long clock_seconds_since(unsigned long long boottime_ns)
{
	return (now_ns(CLOCK_BOOTTIME) - boottime_ns) / NS;
}

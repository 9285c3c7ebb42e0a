/* SPDX-License-Identifier: GPL-2.0-only */
/* The clock that deadlines are counted in, and times as they are shown. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds of the monotonic clock. */
int64_t now_ms(void);

#define CLOCK_TEXT sizeof("2026-11-29T13:14:50.123456Z")

/*
 * A time of CLOCK_REALTIME as RFC 3339 has it, in UTC; @buf has CLOCK_TEXT bytes.
 * Return: @buf
 */
const char *clock_text(unsigned long long real_ns, char *buf);

/* How long ago a time of CLOCK_BOOTTIME was: a suspend counts, a clock step does not. */
unsigned long long clock_seconds_since(unsigned long long boottime_ns);

#endif /* BASE_CLOCK_H */

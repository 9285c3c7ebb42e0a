/* SPDX-License-Identifier: GPL-2.0-only */
/* The clock that deadlines are counted in, and times as they are shown. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds of the monotonic clock. */
int64_t now_ms(void);

#define CLOCK_TEXT sizeof("2026-11-29T13:14:50.123456Z")

/*
 * A time of CLOCK_MONOTONIC by the clock on the wall, RFC 3339 in UTC; @buf has
 * CLOCK_TEXT bytes. Return: @buf
 */
const char *clock_text(unsigned long long monotonic_ns, char *buf);

/* How long ago that was. */
unsigned long long clock_seconds_since(unsigned long long monotonic_ns);

#endif /* BASE_CLOCK_H */

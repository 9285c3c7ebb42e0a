/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TAP for the tests in C.  A test calls ok(), is(), skip() and ends with
 * "return done();", which prints the plan; a test that dies on the way has
 * no plan, and so has failed.
 */
#ifndef SELFTESTS_TAP_H
#define SELFTESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int tap_count, tap_failed;

/* What has waited long for a point is worth a look, when all is to be faster. */
static inline void tap_time(void)
{
	static time_t last;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (last && now.tv_sec - last >= 5)
		printf("# after %lld s:\n", (long long)(now.tv_sec - last));
	last = now.tv_sec;
}

static inline void tap_line(bool good, const char *fmt, va_list args,
			    const char *skipped)
{
	tap_time();
	printf("%s %d - ", good ? "ok" : "not ok", ++tap_count);
	vprintf(fmt, args);
	if (skipped)
		printf(" # SKIP %s", skipped);
	putchar('\n');
	fflush(stdout);
	tap_failed += !good;
}

/* A diagnostic line. */
__attribute__((format(printf, 1, 2))) static inline void diag(const char *fmt,
							      ...)
{
	va_list args;

	va_start(args, fmt);
	printf("# ");
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

/* One point; returns the condition, for what depends on it. */
__attribute__((format(printf, 2, 3))) static inline bool
ok(bool condition, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tap_line(condition, fmt, args, NULL);
	va_end(args);
	return condition;
}

/* One point: two numbers are the same. */
__attribute__((format(printf, 3, 4))) static inline bool
is(long long got, long long wanted, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tap_line(got == wanted, fmt, args, NULL);
	va_end(args);
	if (got != wanted)
		diag("got %lld, wanted %lld", got, wanted);
	return got == wanted;
}

/* One point that this machine cannot answer. */
__attribute__((format(printf, 2, 3))) static inline void
skip(const char *reason, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tap_line(true, fmt, args, reason);
	va_end(args);
}

/* Going on makes no sense. */
__attribute__((format(printf, 1, 2), noreturn)) static inline void
bail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("Bail out! ");
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	exit(1);
}

/* The end: the plan, and the exit status. */
static inline int done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed || !tap_count;
}

#endif /* SELFTESTS_TAP_H */

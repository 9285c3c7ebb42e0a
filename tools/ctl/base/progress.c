// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is being waited for: one line on a terminal's standard error, from the
 * second second on, which what is written next overwrites. Nothing anywhere
 * else.
 */
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/progress.h"

#define SILENT_MS 1000
#define WIPE	  "\r\033[K"

/*
 * The thread that waits, one that works and complains, and the ticker: all of this is
 * whose turn it is.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char words[128];
static void (*detail)(char *buf, size_t len, const void *ctx);
static const void *detail_ctx;
static int64_t since;
static int shown;
static int never;

/* The thread of progress_alone(). */
static pthread_cond_t no_longer = PTHREAD_COND_INITIALIZER;
static pthread_t ticker;
static int ticking;

int progress_is_seen(void)
{
	return !never && isatty(STDERR_FILENO);
}

void progress(const char *fmt, ...)
{
	va_list args;

	progress_end();
	pthread_mutex_lock(&lock);
	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	detail = NULL;
	since = now_ms();
	pthread_mutex_unlock(&lock);
}

void progress_detail(void (*say)(char *buf, size_t len, const void *ctx),
		     const void *ctx)
{
	pthread_mutex_lock(&lock);
	detail = say;
	detail_ctx = ctx;
	pthread_mutex_unlock(&lock);
}

static void tick(void)
{
	int64_t ms = now_ms() - since;
	char text[64] = "";

	if (!words[0] || ms < SILENT_MS || !progress_is_seen())
		return;
	if (detail)
		detail(text, sizeof(text), detail_ctx);
	fprintf(stderr, WIPE "%s%s%s: %d s", words, text[0] ? ", " : "", text,
		(int)(ms / 1000));
	fflush(stderr);
	shown = 1;
}

void progress_tick(void)
{
	pthread_mutex_lock(&lock);
	tick();
	pthread_mutex_unlock(&lock);
}

void progress_never(void)
{
	never = 1;
}

/* ---- where the one that waits can't come by ---- */

static void *tick_alone(void *arg)
{
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	pthread_mutex_lock(&lock);
	while (ticking) {
		next.tv_sec++;
		pthread_cond_clockwait(&no_longer, &lock, CLOCK_MONOTONIC,
				       &next);
		if (ticking)
			tick();
	}
	pthread_mutex_unlock(&lock);
	return arg;
}

void progress_alone(void)
{
	sigset_t all, old;

	if (ticking || !progress_is_seen())
		return;
	/* It is not to get the signals. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ticking = 1;
	if (pthread_create(&ticker, NULL, tick_alone, NULL))
		ticking = 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void stop_ticker(void)
{
	pthread_mutex_lock(&lock);
	ticking = 0;
	pthread_cond_signal(&no_longer);
	pthread_mutex_unlock(&lock);
	pthread_join(ticker, NULL);
}

void progress_end(void)
{
	if (ticking)
		stop_ticker();
	pthread_mutex_lock(&lock);
	/* Another process's line may be there as well. */
	if (shown || (never && isatty(STDERR_FILENO)))
		fputs(WIPE, stderr);
	shown = 0;
	words[0] = '\0';
	pthread_mutex_unlock(&lock);
}

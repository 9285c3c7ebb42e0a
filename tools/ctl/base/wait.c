// SPDX-License-Identifier: GPL-2.0-only
/* Waits that signals end: elsewhere these are held off, so that nothing stops half-way. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "base/clock.h"
#include "base/progress.h"
#include "base/wait.h"

/* How often the progress line counts on. */
#define TICK_MS 500

static volatile sig_atomic_t signalled; /* and no wait has ended of it yet */
static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t to_spare; /* so many more end no wait */
static volatile sig_atomic_t spared;   /* so many have not */
static sigset_t open_mask; /* while waiting; elsewhere signals are held off */

static void note_signal(int signal)
{
	if (to_spare) {
		to_spare--;
		spared++;
		return;
	}
	signalled = signal;
	interrupted++;
}

void wait_catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = note_signal };
	struct sigaction old;
	sigset_t set;
	unsigned int i;

	sigemptyset(&set);
	for (i = 0; i < 3; i++) {
		/* What our caller has us ignore, as nohup does, stays so. */
		if (sigaction(signals[i], NULL, &old) ||
		    old.sa_handler == SIG_IGN)
			continue;
		sigaddset(&set, signals[i]);
		sigaction(signals[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &set, &open_mask);
	/* A reader that is gone is no reason to leave a guest without its VF. */
	signal(SIGPIPE, SIG_IGN);
}

int wait_interrupted(void)
{
	return interrupted;
}

int wait_forget(void)
{
	int count;

	/* One that no wait has let in yet is of those. */
	wait_ms(0);
	count = interrupted + spared;
	interrupted = spared = 0;
	return count;
}

void wait_spare(int n)
{
	to_spare = n;
}

int wait_ms(int ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };
	int ended;

	ppoll(NULL, 0, &ts, &open_mask);
	ended = signalled != 0;
	signalled = 0;
	return ended;
}

int wait_input(int fd)
{
	const struct timespec tick = { 0, TICK_MS * 1000000 };
	struct pollfd poll = { .fd = fd, .events = POLLIN };
	int seen = progress_is_seen();
	int n;

	for (;;) {
		progress_tick();
		n = ppoll(&poll, 1, seen ? &tick : NULL, &open_mask);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (signalled) {
			signalled = 0;
			return -EINTR;
		}
	}
}

int wait_until(int fd, short events, int64_t deadline)
{
	struct pollfd poll = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = deadline - now_ms();
		struct timespec ts = { 0 };
		int n;

		progress_tick();
		if (left > 0)
			ts.tv_nsec =
				(left < TICK_MS ? left : TICK_MS) * 1000000;
		n = ppoll(&poll, 1, &ts, &open_mask);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (signalled) {
			signalled = 0;
			return -EINTR;
		}
		if (left <= 0)
			return -ETIMEDOUT;
	}
}

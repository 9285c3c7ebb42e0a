/* SPDX-License-Identifier: GPL-2.0-only */
/* Waits that signals end, and the signals. */
#ifndef BASE_WAIT_H
#define BASE_WAIT_H

#include <stdint.h>

/*
 * SIGINT, SIGTERM and SIGHUP, where they were not ignored, now end waits with
 * -EINTR, each of them one. A reader that goes is a failed write.
 */
void wait_catch_signals(void);

/* How many have come. Whoever has more to do than what one ended does not begin. */
int wait_interrupted(void);

/*
 * What was told to stop has stopped: what undoes it begins. Return: how many have come,
 * with those that were spared
 */
int wait_forget(void);

/* The next @n signals end no wait, nor count as above: what is under way is to be done. */
void wait_spare(int n);

/* Wait for @ms milliseconds, or a signal. Return: 1 if one came */
int wait_ms(int ms);

/* Until a descriptor has input; the progress line counts on. Return: 0 or -errno, -EINTR: a signal came */
int wait_input(int fd);

/*
 * Until a descriptor is ready for poll()'s @events; the progress line counts on meanwhile.
 * Return: 0 or -errno, -EINTR: a signal came, -ETIMEDOUT: not until @deadline
 */
int wait_until(int fd, short events, int64_t deadline);

#endif /* BASE_WAIT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* What is being waited for, told on a terminal once it takes over a second. */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stddef.h>

/* From here on we wait for what the words say. */
void progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* How far it is, asked each time when it is shown. @ctx lasts until progress_end(). */
void progress_detail(void (*say)(char *buf, size_t len, const void *ctx),
		     const void *ctx);

/* For the one that waits: the time has come to show it, or to count on. */
void progress_tick(void);

/* For one that can't call that while it waits: a thread does, until progress_end(). */
void progress_alone(void);

/* Is there a terminal to show it on? */
int progress_is_seen(void);

/* Not from this process: it is one of several, of which the first shows it. */
void progress_never(void);

/* It is over, or something else is to be written. */
void progress_end(void);

#endif /* BASE_PROGRESS_H */

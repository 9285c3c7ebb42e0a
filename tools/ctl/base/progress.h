/* SPDX-License-Identifier: GPL-2.0-only */
/* What is being waited for, told on a terminal once it takes over a second. */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

/* From here on we wait for what the words say. */
void progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* For who waits: the time has come to show it, or to count on. */
void progress_tick(void);

/* Not from this process. */
void progress_never(void);

/* It is over, or something else is to be written. */
void progress_end(void);

#endif /* BASE_PROGRESS_H */

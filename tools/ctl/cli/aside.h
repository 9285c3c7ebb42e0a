/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel does to its end once it has begun. */
#ifndef CLI_ASIDE_H
#define CLI_ASIDE_H

/*
 * Have @work done, so that a signal ends the wait for it though it can't end the work;
 * then say that it goes on, of @pf, and exit. Return: what @work returned
 */
int aside(int (*work)(const void *ctx), const void *ctx, const char *pf);

#endif /* CLI_ASIDE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Show something again each time something has happened. */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "sriovbroker.h"

/*
 * Draw now, and each time when there was an event, or the terminal got another size,
 * until the reader goes or @draw fails.
 * Return: 0, what @draw returned, or an exit code
 */
int watch(struct sriovb *sb, int (*draw)(void *ctx), void *ctx);

/*
 * Show a text of several lines: on a terminal in place of the one before, cut to its height,
 * elsewhere behind that; nowhere, if it is the same. @last: that one, freed; NULL: none yet
 */
void watch_show(char **last, char *text);

#endif /* CLI_WATCH_H */

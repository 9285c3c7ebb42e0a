/* SPDX-License-Identifier: GPL-2.0-only */
/* The process that a lease is to last as long as, as it is named on the command line. */
#ifndef CLI_UNTIL_H
#define CLI_UNTIL_H

#include "cli/args.h"

/* A pidfd of the process of that number, the caller's to close. Return: 0 or an exit code. */
int until_process(const struct args *args, const char *what, const char *pid,
		  int *pidfd);

#endif /* CLI_UNTIL_H */

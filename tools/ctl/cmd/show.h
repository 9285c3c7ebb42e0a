/* SPDX-License-Identifier: GPL-2.0-only */
/* What of sriovctl show has another name as well. */
#ifndef CMD_SHOW_H
#define CMD_SHOW_H

#include "cli/args.h"

/* What the broker is. */
int show_broker(const struct args *args);

/* The lease behind the descriptor that @option names, or the environment. */
int show_lease(const struct args *args, const char *option);

#endif /* CMD_SHOW_H */

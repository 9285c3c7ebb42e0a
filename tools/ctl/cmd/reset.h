/* SPDX-License-Identifier: GPL-2.0-only */
/* What of sriovctl reset has another name as well. */
#ifndef CMD_RESET_H
#define CMD_RESET_H

#include "cli/args.h"

/* Send the VF that is the first word, which is in quarantine, through its reset. */
int reset_vf(const struct args *args);

#endif /* CMD_RESET_H */

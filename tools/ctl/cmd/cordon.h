/* SPDX-License-Identifier: GPL-2.0-only */
/* sriovctl cordon, for the command that ends it. */
#ifndef CMD_CORDON_H
#define CMD_CORDON_H

#include "cli/args.h"

/* @flags: 0 or SRIOV_BROKER_CORDON_END. Return: 0 or an exit code */
int cordon_pf(const struct args *args, unsigned int flags);

#endif /* CMD_CORDON_H */

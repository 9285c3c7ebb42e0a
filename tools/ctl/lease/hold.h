/* SPDX-License-Identifier: GPL-2.0-only */
/* Until when leases are held. */
#ifndef LEASE_HOLD_H
#define LEASE_HOLD_H

#include "lease/held.h"

/* From here on signals are read, not acted upon. Return: 0 or an exit code. */
int hold_signals(void);

/* Until end of input, if that counts, a signal, or the end of a lease. Return: exit code. */
int hold(const struct held *held);

/* Complain that a command can't be run. Return: an exit code */
int could_not_run(const char *program, int error);

/* While a command runs. Return: its exit code. */
int hold_for(const struct held *held, char **words);

#endif /* LEASE_HOLD_H */

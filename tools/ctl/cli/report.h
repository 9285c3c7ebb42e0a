/* SPDX-License-Identifier: GPL-2.0-only */
/* What the broker refused, in words: what was wrong, and what to do about it. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "sriovbroker.h"

/* Complain about the broker's last answer. Return: an exit code */
int refused(const struct sriovb *sb, int error);

/* The same of a lease, by a command that has this option: some VFs come back soon. */
#define TO_WAIT "to wait: --wait SECONDS"
int refused_lease(const struct sriovb *sb, int error);

/* Of what was done: say why it is not all that was asked for. */
void tell_why(const struct sriovb *sb);

/* Open the broker, or complain. Return: 0 or an exit code */
int open_broker(struct sriovb **sb);

#endif /* CLI_REPORT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands: each is described at the end of the file that is named like it. */
#ifndef CMD_COMMANDS_H
#define CMD_COMMANDS_H

#include "cli/args.h"

extern const struct cmd cmd_list;
extern const struct cmd cmd_enable;
extern const struct cmd cmd_disable;
extern const struct cmd cmd_bind;
extern const struct cmd cmd_clear;
extern const struct cmd cmd_lease;
extern const struct cmd cmd_anchor;
extern const struct cmd cmd_release;
extern const struct cmd cmd_revoke;
extern const struct cmd cmd_waiters;
extern const struct cmd cmd_pools;
extern const struct cmd cmd_cancel;
extern const struct cmd cmd_info;
extern const struct cmd cmd_reset;
extern const struct cmd cmd_attach;
extern const struct cmd cmd_detach;
extern const struct cmd cmd_swap;
extern const struct cmd cmd_cordon;
extern const struct cmd cmd_uncordon;
extern const struct cmd cmd_drain;
extern const struct cmd cmd_maintenance;
extern const struct cmd cmd_guests;
extern const struct cmd cmd_run;
extern const struct cmd cmd_set;
extern const struct cmd cmd_show;
extern const struct cmd cmd_monitor;
extern const struct cmd cmd_metrics;
extern const struct cmd cmd_doctor;
extern const struct cmd cmd_apply;
extern const struct cmd cmd_save;

#endif /* CMD_COMMANDS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables that the manual is made of. */
#ifndef CMD_TABLES_H
#define CMD_TABLES_H

#include "cli/args.h"

/*
 * Print commands, their options, and the keys of sriov-broker.conf, a line each with tabs
 * between; @commands ends with NULL. Documentation/manual.awk reads it.
 */
void print_tables(const struct cmd *const *commands);

#endif /* CMD_TABLES_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* The options that commands which lease have in common. */
#ifndef CLI_LEASE_OPTS_H
#define CLI_LEASE_OPTS_H

#include "cli/args.h"
#include "sriovbroker.h"

/* Options of commands that lease, first of all in such a command's table. */
enum {
	WISH_COUNT,
	WISH_DEVICE,
	WISH_NUMA,
	WISH_STRICT,
	WISH_SPREAD,
	WISH_DISTINCT,
	WISH_WAIT,
	NUM_WISH_OPTS
};

/* clang-format off */
#define WISH_OPTIONS \
	[WISH_COUNT] = { "count", 'n', "N", "lease N VFs, or none (1)" }, \
	[WISH_DEVICE] = { "device", 'd', "ID", \
			 "only VFs of this vendor:device" }, \
	[WISH_NUMA] = { "numa", 'm', "NODE", "preferably on this NUMA node" }, \
	[WISH_STRICT] = { "numa-strict", 'M', NULL, "with --numa: on no other" }, \
	[WISH_SPREAD] = { "spread", 's', NULL, \
			 "from the PF with the fewest leased" }, \
	[WISH_DISTINCT] = { "distinct-pfs", 'p', NULL, "each from another PF" }, \
	[WISH_WAIT] = { "wait", 'w', "S", "wait S seconds, or \"forever\"" }
/* clang-format on */

/* What these options say of @wish. Return: 0 or an exit code. */
int parse_wish(const struct args *args, struct sriovb_request *wish);

#endif /* CLI_LEASE_OPTS_H */

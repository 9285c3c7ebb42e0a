/* SPDX-License-Identifier: GPL-2.0-only */
/* The options that commands which lease have in common. */
#ifndef CLI_LEASE_OPTS_H
#define CLI_LEASE_OPTS_H

#include "cli/args.h"
#include "sriovbroker.h"

/* Options of commands that lease, first of all in such a command's table. */
enum {
	LEASE_OPT_COUNT,
	LEASE_OPT_DEVICE,
	LEASE_OPT_NUMA,
	LEASE_OPT_STRICT,
	LEASE_OPT_SPREAD,
	LEASE_OPT_DISTINCT,
	LEASE_OPT_POOL,
	LEASE_OPT_WAIT,
	NUM_LEASE_OPTS
};

/* clang-format off */
#define LEASE_OPTIONS \
	[LEASE_OPT_COUNT] = { "count", 'n', "N", "lease N VFs, or none (1)" }, \
	[LEASE_OPT_DEVICE] = { "device", 'd', "VENDOR:DEVICE", \
			 "only VFs of this vendor:device" }, \
	[LEASE_OPT_NUMA] = { "numa", 'm', "NODE", "preferably on this NUMA node" }, \
	[LEASE_OPT_STRICT] = { "numa-strict", 'M', NULL, "with --numa: on no other" }, \
	[LEASE_OPT_SPREAD] = { "spread", 's', NULL, \
			 "from the PF with the fewest leased" }, \
	[LEASE_OPT_DISTINCT] = { "distinct-pfs", 0, NULL, "each from another PF" }, \
	[LEASE_OPT_POOL] = { "pool", 0, "POOL", "only VFs of this named pool" }, \
	[LEASE_OPT_WAIT] = { "wait", 'w', "S|forever", "wait for so many seconds" }
/* clang-format on */

/* What these options say of @request. Return: 0 or an exit code. */
int lease_opts_parse(const struct args *args, struct sriovb_request *request);

#endif /* CLI_LEASE_OPTS_H */

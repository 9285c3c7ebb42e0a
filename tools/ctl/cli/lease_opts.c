// SPDX-License-Identifier: GPL-2.0-only
/* The options that commands which lease have in common. */
#include <string.h>

#include "cli/args.h"
#include "cli/lease_opts.h"

#define MAX_WAIT_S    86400
#define MAX_NUMA_NODE 1023

static int parse_wait(const struct args *args, const char *text, int *ms)
{
	unsigned int seconds;
	int err;

	*ms = -1;
	if (!strcmp(text, "forever"))
		return 0;
	err = parse_number(args, "--wait", text, 0, MAX_WAIT_S, &seconds);
	if (!err)
		*ms = seconds * 1000;
	return err;
}

static int parse_flags(const struct args *args, struct sriovb_request *request)
{
	if (args->opt[LEASE_OPT_STRICT] && !args->opt[LEASE_OPT_NUMA])
		return bad_usage(args, "--numa-strict goes with --numa");
	if (args->opt[LEASE_OPT_STRICT])
		request->flags |= SRIOV_BROKER_LEASE_NUMA_STRICT;
	if (args->opt[LEASE_OPT_SPREAD])
		request->flags |= SRIOV_BROKER_LEASE_SPREAD;
	if (args->opt[LEASE_OPT_DISTINCT])
		request->flags |= SRIOV_BROKER_LEASE_DISTINCT_PFS;
	return 0;
}

int lease_opts_parse(const struct args *args, struct sriovb_request *request)
{
	unsigned int node;
	int err = parse_flags(args, request);

	request->pool = args->opt[LEASE_OPT_POOL];

	if (!err && args->opt[LEASE_OPT_COUNT])
		err = parse_number(args, "--count", args->opt[LEASE_OPT_COUNT],
				   1, SRIOV_BROKER_MAX_LEASES, &request->count);
	if (!err && args->opt[LEASE_OPT_NUMA]) {
		err = parse_number(args, "--numa", args->opt[LEASE_OPT_NUMA], 0,
				   MAX_NUMA_NODE, &node);
		if (!err)
			request->numa_node = node;
	}
	if (!err && args->opt[LEASE_OPT_WAIT])
		err = parse_wait(args, args->opt[LEASE_OPT_WAIT],
				 &request->timeout_ms);
	return err;
}

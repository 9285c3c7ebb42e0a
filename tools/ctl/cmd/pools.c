// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl pools: the named pools, and which users may lease from them. */
#include "cli/listing.h"
#include "cli/pools.h"
#include "cmd/commands.h"

static const struct column columns[] = {
	{ "POOL", 0 },		 { "LEASES", COLUMN_RIGHT },
	{ "MAX", COLUMN_RIGHT }, { "EACH", COLUMN_RIGHT },
	{ "USERS", COLUMN_CUT }, { "GROUPS", COLUMN_CUT },
	{ "VFS", COLUMN_CUT },	 { 0 },
};

static ssize_t add(struct sriovb *sb, struct table *table)
{
	struct sriov_broker_pool **all;
	ssize_t n = pools_get(sb, &all), i;

	for (i = 0; i < n; i++)
		table_add(table, NULL, pool_fields, all[i], NULL);
	pools_free(all, n);
	return n;
}

static int pools(const struct args *args)
{
	static const struct listing listing = {
		.columns = columns,
		.add = add,
		.key = "pools",
		.empty = "there are no named pools",
	};

	return listing_show(args, &listing);
}

const struct cmd cmd_pools = {
	.name = "pools",
	.words = "",
	.help = "Show the named pools: VFs, users, groups, leases, limits.",
	.run = pools,
};

// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl waiters: calls of LEASE that wait for a VF. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/value.h"
#include "cli/listing.h"
#include "cmd/commands.h"

static struct json_object *seconds(const void *since_ns)
{
	return json_object_new_int64(
		clock_seconds_since(*(const __u64 *)since_ns));
}

static void print_of(FILE *out, const void *waiter)
{
	const struct sriov_broker_waiter *w = waiter;
	char addr[SRIOVB_ADDR_LEN];

	if (w->dev.valid)
		fprintf(out, "%s", sriovb_format_addr(&w->dev, addr));
	if (w->pool[0])
		fprintf(out, "%spool %.*s", w->dev.valid ? " " : "",
			SRIOV_BROKER_NAME_LEN, w->pool);
}

#define AT(member) offsetof(struct sriov_broker_waiter, member)

static const struct field fields[] = {
	{ "id", "WAITER", AT(id), value_u64 },
	{ "pid", "PID", AT(pid), value_s32 },
	{ "uid", "UID", AT(uid), value_u32 },
	{ "label", "LABEL", AT(label), value_name },
	{ "count", "VFS", AT(count), value_u32 },
	{ "device", NULL, AT(dev), value_addr },
	{ "pool", NULL, AT(pool), value_driver },
	{ NULL, "OF", 0, NULL, print_of },
	{ "seconds", "SECONDS", AT(since_ns), seconds },
	{ 0 },
};

static const struct column columns[] = {
	{ "WAITER", COLUMN_RIGHT },
	{ "VFS", COLUMN_RIGHT },
	{ "OF", 0 },
	{ "LABEL", 0 },
	{ "PID", COLUMN_RIGHT },
	{ "UID", COLUMN_RIGHT },
	{ "SECONDS", COLUMN_RIGHT },
	{ 0 },
};

static ssize_t add(struct sriovb *sb, struct table *table)
{
	struct sriov_broker_waiter *all;
	ssize_t n = sriovb_list_waiters(sb, &all), i;

	for (i = 0; i < n; i++)
		table_add(table, NULL, fields, &all[i], NULL);
	free(all);
	return n;
}

static int waiters(const struct args *args)
{
	static const struct listing listing = {
		.columns = columns,
		.add = add,
		.key = "waiters",
		.empty = "no call waits for a VF",
	};

	return listing_show(args, &listing);
}

const struct cmd cmd_waiters = {
	.name = "waiters",
	.words = "",
	.help = "Show which calls wait for a VF.",
	.run = waiters,
};

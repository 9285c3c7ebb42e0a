// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl waiters: calls of LEASE that wait for a VF. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cmd/commands.h"
#include "base/field.h"
#include "base/value.h"
#include "base/complain.h"
#include "cli/args.h"
#include "cli/report.h"

static struct json_object *seconds(const void *since_ns)
{
	return json_object_new_int64(
		clock_seconds_since(*(const __u64 *)since_ns));
}

#define AT(member) offsetof(struct sriov_broker_waiter, member)

static const struct field fields[] = {
	{ "id", "WAITER", AT(id), value_u64 },
	{ "pid", "PID", AT(pid), value_s32 },
	{ "uid", "UID", AT(uid), value_u32 },
	{ "label", "LABEL", AT(label), value_name },
	{ "count", "VFS", AT(count), value_u32 },
	{ "device", "OF", AT(dev), value_addr },
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

static int waiters(const struct args *args)
{
	const int as_json = args->json;
	struct sriov_broker_waiter *all;
	struct table *table;
	struct sriovb *sb;
	ssize_t n, i;
	int ret = open_broker(&sb);

	if (ret)
		return ret;
	n = sriovb_list_waiters(sb, &all);
	if (n < 0) {
		ret = refused(sb, n);
	} else if (n || as_json) {
		table = table_new(columns, as_json, NULL);
		for (i = 0; i < n; i++)
			table_add(table, NULL, fields, &all[i], NULL);
		ret = table_print(table, "waiters");
	} else {
		puts("no call waits for a VF");
	}
	free(all);
	sriovb_close(sb);
	return ret;
}

const struct cmd cmd_waiters = {
	.name = "waiters",
	.words = "",
	.help = "Show which calls wait for a VF.",
	.run = waiters,
};

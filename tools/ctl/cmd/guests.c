// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl guests: which guest holds which VF, as a table or as JSON. */
#include <stdio.h>

#include "base/field.h"
#include "base/value.h"
#include "cli/args.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"
#include "guest/find.h"

#define AT(member) offsetof(struct guest, member)

static const struct field guest_fields[] = {
	{ "name", NULL, AT(name), value_text },
	{ "pid", NULL, AT(pid), value_s32 },
	{ "monitor", NULL, AT(monitor), value_text },
	{ "libvirt", NULL, AT(domain), value_text },
	{ 0 },
};

/* In a table a VF has its guest beside it. */
static const struct field vf_fields[] = {
	{ "id", "ID", AT(id), value_text },
	{ "vf", "VF", AT(vf.addr), value_addr },
	{ "pf", "PF", AT(vf.pf), value_addr },
	{ "index", NULL, AT(vf.index), value_u32 },
	{ "state", NULL, AT(vf.state), value_state },
	{ "lease", "LEASE", AT(vf.lease_id), value_lease },
	{ "label", NULL, AT(vf.lease_label), value_name },
	{ NULL, "GUEST", AT(name), value_text },
	{ NULL, "PID", AT(pid), value_s32 },
	{ NULL, "MONITOR", AT(monitor), value_text },
	{ 0 },
};

static const struct column columns[] = {
	{ "GUEST", 0 },
	{ "PID", COLUMN_RIGHT },
	{ "VF", 0 },
	{ "PF", 0 },
	{ "LEASE", COLUMN_RIGHT },
	{ "ID", 0 },
	{ "MONITOR", 0 },
	{ 0 },
};

static int print(const struct guest *guests, ssize_t n, int as_json)
{
	struct table *table;
	struct row row = { 0 };
	ssize_t i;

	if (!n && !as_json) {
		puts("no guest holds a VF");
		return 0;
	}
	table = table_new(columns, as_json, NULL);
	for (i = 0; i < n; i++) {
		if (as_json && (!i || guests[i].pid != guests[i - 1].pid))
			row = table_add(table, NULL, guest_fields, &guests[i],
					"vfs");
		table_add(table, &row, vf_fields, &guests[i], NULL);
	}
	return table_print(table, "guests");
}

static int run(const struct args *args)
{
	struct sriov_broker_addr pf;
	struct guest *guests;
	struct sriovb *sb;
	ssize_t n;
	int ret = 0;

	if (args->word[0])
		ret = parse_device(args, args->word[0], &pf);
	if (!ret)
		ret = open_broker(&sb);
	if (ret)
		return ret;
	n = guests_find(sb, args->word[0] ? &pf : NULL, guests_ask_ms, &guests);
	if (n < 0)
		ret = refused(sb, n);
	else
		ret = print(guests, n, args->json);
	guests_free(guests, n);
	sriovb_close(sb);
	return ret;
}

const struct cmd cmd_guests = {
	.name = "guests",
	.words = "[PF]",
	.max_words = 1,
	.help = "Show which guest holds which VF under which id.",
	.run = run,
};

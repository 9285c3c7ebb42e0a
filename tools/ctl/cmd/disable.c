// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl disable: a PF's VFs go. */
#include <stdio.h>

#include "base/progress.h"
#include "cli/answer.h"
#include "cli/args.h"
#include "cli/aside.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"
#include "host/sysfs_list.h"

#define DEFAULT_FORCE_S 10

enum {
	OPT_FORCE,
	OPT_TIMEOUT
};

static const struct opt options[] = {
	[OPT_FORCE] = { "force", 'f', NULL,
			"revoke leases first, take what the host uses" },
	[OPT_TIMEOUT] = { "timeout", 't', "S",
			  "with --force: so long for users to let go (10)" },
	{ 0 },
};

struct disable {
	struct sriov_broker_addr pf;
	int force;
	unsigned int timeout_s;
	int json;
};

static int do_disable(const void *ctx)
{
	const struct disable *d = ctx;
	struct sriovb *sb;
	int ret = open_broker(&sb);

	if (ret)
		return ret;
	if (d->force)
		ret = sriovb_disable(sb, &d->pf,
				     SRIOV_BROKER_DISABLE_FORCE |
					     SRIOV_BROKER_DISABLE_FROM_HOST,
				     d->timeout_s * 1000);
	else
		ret = sriovb_disable(sb, &d->pf, 0, 0);
	if (ret)
		ret = refused(sb, ret);
	else if (d->json)
		ret = tell_pf(sb, &d->pf);
	sriovb_close(sb);
	return ret;
}

static void say_left(char *buf, size_t len, const void *ctx)
{
	const struct disable *d = ctx;

	snprintf(buf, len, "%u are left", sysfs_count_vfs(&d->pf));
}

static int disable(const struct args *args)
{
	struct disable d = {
		.force = !!args->opt[OPT_FORCE],
		.timeout_s = DEFAULT_FORCE_S,
		.json = args->json,
	};
	int ret = 0;

	if (args->opt[OPT_TIMEOUT] && !d.force)
		return bad_usage(args, "--timeout goes with --force");
	if (args->opt[OPT_TIMEOUT])
		ret = parse_number(args, "--timeout", args->opt[OPT_TIMEOUT], 0,
				   SRIOV_BROKER_MAX_FORCE_MS / 1000,
				   &d.timeout_s);
	if (!ret)
		ret = parse_device(args, args->word[0], &d.pf);
	if (ret)
		return ret;
	progress("%s: switching VFs off", args->word[0]);
	progress_detail(say_left, &d);
	return aside(do_disable, &d, args->word[0]);
}

const struct cmd cmd_disable = {
	.name = "disable",
	.words = "PF",
	.min_words = 1,
	.max_words = 1,
	.help = "Take all VFs of a PF away, if none is used.",
	.opts = options,
	.run = disable,
};

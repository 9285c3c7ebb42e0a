// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl enable: how many VFs a PF has. */
#include <stdio.h>

#include "base/progress.h"
#include "cli/answer.h"
#include "cli/args.h"
#include "cli/aside.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"
#include "host/sysfs_list.h"

enum {
	OPT_DRIVER,
	OPT_OPEN,
	OPT_GUARDED,
	OPT_RESTORE,
	OPT_TAKE
};

static const struct opt options[] = {
	[OPT_DRIVER] = { "driver", 0, "DRIVER",
			 "vfio-pci, pci-stub, another, or host" },
	[OPT_OPEN] = { "open", 0, NULL,
		       "leave the VFs to others: no fence, no leases" },
	[OPT_GUARDED] = { "guarded", 0, NULL,
			  "lease a VF to whatever program opens it by vfio" },
	[OPT_RESTORE] = { "restore", 0, NULL,
			  "guarded VFs get their MAC and the like back" },
	[OPT_TAKE] = { "force", 'f', NULL, "also if the host uses a VF" },
	{ 0 },
};

struct enable {
	struct sriov_broker_addr pf;
	unsigned int num_vfs;
	const char *driver;
	unsigned int flags;
	int json;
};

static int do_enable(const void *ctx)
{
	const struct enable *e = ctx;
	struct sriovb *sb;
	int ret = open_broker(&sb);

	if (ret)
		return ret;
	ret = sriovb_enable(sb, &e->pf, e->num_vfs, e->driver, e->flags);
	if (ret)
		ret = refused(sb, ret);
	else if (sriovb_why(sb)->reason)
		tell_why(sb); /* done, but not all is as it was */
	if (!ret && e->json)
		ret = tell_pf(sb, &e->pf);
	sriovb_close(sb);
	return ret;
}

static void say_enabled(char *buf, size_t len, const void *ctx)
{
	const struct enable *e = ctx;

	snprintf(buf, len, "%u of %u are there", sysfs_count_vfs(&e->pf),
		 e->num_vfs);
}

static int enable(const struct args *args)
{
	struct enable e = {
		.driver = args->opt[OPT_DRIVER],
		.json = args->json,
	};
	int ret = parse_number(args, "the number of VFs", args->word[1], 0,
			       0xffff, &e.num_vfs);

	if (args->opt[OPT_GUARDED] &&
	    (args->opt[OPT_OPEN] || args->opt[OPT_DRIVER]))
		return bad_usage(
			args,
			"--guarded goes with neither --open nor --driver");
	if (args->opt[OPT_RESTORE] && !args->opt[OPT_GUARDED])
		return bad_usage(args, "--restore goes with --guarded");
	if (args->opt[OPT_GUARDED])
		e.flags |= SRIOV_BROKER_ENABLE_GUARDED;
	if (args->opt[OPT_RESTORE])
		e.flags |= SRIOV_BROKER_ENABLE_RESTORE;
	if (args->opt[OPT_OPEN])
		e.flags |= SRIOV_BROKER_ENABLE_OPEN;
	if (args->opt[OPT_TAKE])
		e.flags |= SRIOV_BROKER_ENABLE_FROM_HOST;
	if (!ret)
		ret = parse_device(args, args->word[0], &e.pf);
	if (ret)
		return ret;
	progress("%s: switching VFs on", args->word[0]);
	progress_detail(say_enabled, &e);
	return aside(do_enable, &e, args->word[0]);
}

const struct cmd cmd_enable = {
	.name = "enable",
	.words = "PF N",
	.min_words = 2,
	.max_words = 2,
	.help = "Give a PF N VFs, bound to a driver and ready to be leased.",
	.opts = options,
	.run = enable,
};

// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl enable, disable: how many VFs a PF has. */
#include "cli/args.h"
#include "cli/aside.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"

enum {
	OPT_DRIVER,
	OPT_OPEN,
	OPT_TAKE
};

static const struct opt enable_options[] = {
	[OPT_DRIVER] = { "driver", 'd', "DRIVER",
			 "vfio-pci, pci-stub, another, or host" },
	[OPT_OPEN] = { "open", 'o', NULL,
		       "leave the VFs to others: no fence, no leases" },
	[OPT_TAKE] = { "force", 'f', NULL, "also if the host uses a VF" },
	{ 0 },
};

struct enable {
	struct sriov_broker_addr pf;
	unsigned int num_vfs;
	const char *driver;
	unsigned int flags;
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
		refused(sb, 0); /* done, but not all is as it was */
	sriovb_close(sb);
	return ret;
}

static int enable(const struct args *args)
{
	struct enable e = {
		.driver = args->opt[OPT_DRIVER],
	};
	int ret = parse_number(args, "the number of VFs", args->word[1], 0,
			       0xffff, &e.num_vfs);

	if (args->opt[OPT_OPEN])
		e.flags |= SRIOV_BROKER_ENABLE_OPEN;
	if (args->opt[OPT_TAKE])
		e.flags |= SRIOV_BROKER_ENABLE_FROM_HOST;
	if (!ret)
		ret = parse_device(args, args->word[0], &e.pf);
	return ret ? ret : aside(do_enable, &e, args->word[0]);
}

#define DEFAULT_FORCE_S 10

enum {
	OPT_FORCE,
	OPT_TIMEOUT
};

static const struct opt disable_options[] = {
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
};

static int do_disable(const void *ctx)
{
	const struct disable *d = ctx;
	struct sriovb *sb;
	int ret = open_broker(&sb);

	if (ret)
		return ret;
	ret = d->force ? sriovb_disable_force(sb, &d->pf, d->timeout_s * 1000) :
			 sriovb_disable(sb, &d->pf);
	if (ret)
		ret = refused(sb, ret);
	sriovb_close(sb);
	return ret;
}

static int disable(const struct args *args)
{
	struct disable d = {
		.force = !!args->opt[OPT_FORCE],
		.timeout_s = DEFAULT_FORCE_S,
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
	return ret ? ret : aside(do_disable, &d, args->word[0]);
}

const struct cmd cmd_enable = {
	.name = "enable",
	.words = "PF N",
	.min_words = 2,
	.max_words = 2,
	.help = "Give a PF N VFs, bound to a driver and ready to be leased.",
	.opts = enable_options,
	.run = enable,
};

const struct cmd cmd_disable = {
	.name = "disable",
	.words = "PF",
	.min_words = 1,
	.max_words = 1,
	.help = "Take all VFs of a PF away, if nobody uses one.",
	.opts = disable_options,
	.run = disable,
};

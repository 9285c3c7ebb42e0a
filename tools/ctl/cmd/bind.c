// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl bind: the driver of VFs. */
#include <stdlib.h>

#include "base/complain.h"
#include "base/json.h"
#include "cli/answer.h"
#include "cli/args.h"
#include "cli/aside.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"

/*
 * Move the VFs of runs before @end back to the drivers that @vfs shows.
 * Return: 0 or EXIT_PARTLY
 */
static int undo(struct sriovb *sb, const struct target *target,
		unsigned int end, const struct sriov_broker_vf *vfs,
		ssize_t num_vfs, unsigned int flags)
{
	struct target moved = *target;
	char addr[SRIOVB_ADDR_LEN];
	int ret = 0;
	ssize_t i;

	if (!end)
		return 0;
	moved.num_runs = end;
	for (i = 0; i < num_vfs; i++) {
		const char *driver = vfs[i].driver[0] ? vfs[i].driver : "host";

		if (!target_has_index(&moved, vfs[i].index))
			continue;
		if (sriovb_bind(sb, &vfs[i].addr, 0, 0, driver, flags))
			ret = fail(EXIT_PARTLY,
				   sriovb_format_addr(&vfs[i].addr, addr),
				   "could not be moved back to %s", driver);
	}
	return ret;
}

/* The kernel moves one run or none of it; with several, the undoing is ours. */
static int bind_runs(struct sriovb *sb, const struct target *target,
		     const char *driver, unsigned int flags)
{
	struct sriov_broker_vf *vfs;
	ssize_t num_vfs = sriovb_list_vfs(sb, &target->dev, &vfs);
	unsigned int i;
	int err = 0, partly;

	if (num_vfs < 0)
		return refused(sb, num_vfs);
	for (i = 0; !err && i < target->num_runs; i++)
		err = sriovb_bind(sb, &target->dev, target->runs[i].first,
				  target->runs[i].count, driver, flags);
	if (err) {
		err = refused(sb, err);
		partly = undo(sb, target, i - 1, vfs, num_vfs, flags);
		err = partly ? partly : err;
	}
	free(vfs);
	return err;
}

enum {
	OPT_FORCE
};

static const struct opt bind_options[] = {
	[OPT_FORCE] = { "force", 'f', NULL, "also VFs that the host uses" },
	{ 0 },
};

struct bind {
	struct target target;
	const char *driver;
	unsigned int flags;
	int json;
};

static int do_bind(const void *ctx)
{
	const struct bind *b = ctx;
	struct sriovb *sb;
	int ret = open_broker(&sb);

	if (ret)
		return ret;
	if (b->target.num_runs) {
		ret = bind_runs(sb, &b->target, b->driver, b->flags);
	} else {
		ret = sriovb_bind(sb, &b->target.dev, 0, 0, b->driver,
				  b->flags);
		if (ret)
			ret = refused(sb, ret);
	}
	if (!ret && b->json) {
		struct json_object *document = json_document();

		target_json(document, sb, &b->target);
		ret = json_print(document);
	}
	sriovb_close(sb);
	return ret;
}

static int bind(const struct args *args)
{
	struct bind b = {
		.driver = args->word[1],
		.flags = args->opt[OPT_FORCE] ? SRIOV_BROKER_BIND_FROM_HOST : 0,
		.json = args->json,
	};
	int ret = parse_target(args, args->word[0], &b.target);

	return ret ? ret : aside(do_bind, &b, args->word[0]);
}

const struct cmd cmd_bind = {
	.name = "bind",
	.words = "VF|PF|PF#RANGE DRIVER",
	.min_words = 2,
	.max_words = 2,
	.help = "Move VFs to vfio-pci, pci-stub, another driver, or host.",
	.opts = bind_options,
	.run = bind,
};

// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl lease: lease VFs, print them, hold them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/complain.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/lease_opts.h"
#include "cli/netattr.h"
#include "cli/netset.h"
#include "cli/report.h"
#include "cli/until.h"
#include "cmd/commands.h"
#include "lease/held.h"
#include "lease/hold.h"
#include "lease/print.h"
#include "lease/take.h"

enum {
	OPT_LABEL = NUM_LEASE_OPTS,
	OPT_NET,
	OPT_INHERIT = OPT_NET + NUM_NETATTR_OPTS,
	OPT_HOLD,
	OPT_UNTIL,
	OPT_OUTPUT,
};

static const struct opt options[] = {
	LEASE_OPTIONS,
	[OPT_LABEL] = { "label", 'l', "LABEL",
			"what it is for (the command's name)" },
	NETATTR_OPTIONS(OPT_NET),
	[OPT_INHERIT] = { "inherit", 0, NULL,
			  "COMMAND gets the lease's descriptor" },
	[OPT_HOLD] = { "hold", 'H', NULL,
		       "without COMMAND: until a signal, whatever the input" },
	[OPT_UNTIL] = { "until-exit", 0, "PID",
			"until that process ends; return at once" },
	[OPT_OUTPUT] = { "output", 0, "shell|json|qemu|libvirt",
			 "for programs" },
	{ 0 },
};

/* The kernel refuses what could command a terminal that shows it. */
static const char *choose_label(const struct args *args, char *buf, size_t len)
{
	const char *label = args->opt[OPT_LABEL];

	if (!label && args->rest)
		label = basename(args->rest[0]);
	snprintf(buf, len, "%s", label ?: "");
	return printable(buf);
}

/* NULL: in words, for people */
static const char *choose_output(const struct args *args)
{
	return args->json ? "json" : args->opt[OPT_OUTPUT];
}

/* ---- while it lasts ---- */

/* Descriptors are taken close-on-exec: no program gets one by accident. */
static void let_inherit(const struct held *held)
{
	unsigned int i;

	for (i = 0; held->inherit && i < held->count; i++)
		fcntl(held->grants[i].fd, F_SETFD, 0);
}

/* The first @n of them. */
static void untie(struct sriovb *sb, const struct held *held, unsigned int n)
{
	while (n--)
		sriovb_release(sb, held->grants[n].id, 0);
}

/* The kernel holds them from here on. One that can't be tied ends, and so do all. */
static int tie(struct sriovb *sb, const struct held *held, int until)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < held->count && !err; i++)
		err = sriovb_anchor(sb, held->grants[i].id, 0, until);
	if (!err)
		return 0;
	err = refused(sb, err);
	untie(sb, held, i - 1);
	return err;
}

/* Say what is leased, then hold it. A program that has read that may send a signal at once. */
static int use(const struct args *args, const struct held *held)
{
	const char *output = choose_output(args);
	const int until = !!args->opt[OPT_UNTIL];
	int ret = 0;

	if (!until)
		ret = hold_signals();
	if (!ret && (!args->rest || output))
		ret = print_leases(held, output, !!args->opt[LEASE_OPT_COUNT]);
	/* Whoever reads this from a pipe waits for it: main() is too late. */
	fflush(stdout);
	if (ret || ferror(stdout) || until)
		return ret;
	let_inherit(held);
	return args->rest ? hold_for(held, args->rest) : hold(held);
}

/* Leases whose numbers reach no reader would last until that process ends. */
static int tie_and_tell(struct sriovb *sb, const struct args *args,
			const struct held *held, int until)
{
	int ret = tie(sb, held, until);

	if (ret)
		return ret;
	signal(SIGPIPE, SIG_IGN);
	ret = use(args, held);
	if (ret || ferror(stdout))
		untie(sb, held, held->count);
	return ret;
}

static int lease_and_use(struct sriovb *sb, const struct args *args,
			 const struct sriovb_request *request,
			 const struct netattrs *attrs, int until)
{
	struct held held = {
		.grants = calloc(request->count, sizeof(*held.grants)),
		.count = request->count,
		.inherit = !!args->opt[OPT_INHERIT],
		.no_input = !!args->opt[OPT_HOLD],
	};
	unsigned int i;
	int ret;

	if (!held.grants)
		return no_memory();
	ret = take_leases_by_options(sb, args, request, 0, held.grants);
	if (!ret) {
		ret = netset_apply_leases(held.grants, held.count, attrs);
		if (!ret && until >= 0)
			ret = tie_and_tell(sb, args, &held, until);
		else if (!ret)
			ret = use(args, &held);
		for (i = 0; i < held.count; i++)
			close(held.grants[i].fd);
	}
	free(held.grants);
	return ret;
}

static int run(const struct args *args)
{
	char label[SRIOV_BROKER_NAME_LEN];
	struct sriovb_request request = {
		.count = 1,
		.numa_node = -1,
		.label = choose_label(args, label, sizeof(label)),
	};
	const char *until = args->opt[OPT_UNTIL];
	struct netattrs attrs;
	struct sriovb *sb = NULL;
	int pidfd = -1;
	int ret;

	if (!lease_output_ok(args->opt[OPT_OUTPUT]))
		return bad_usage(
			args, "%s: the forms are shell, json, qemu and libvirt",
			args->opt[OPT_OUTPUT]);
	if (args->opt[OPT_OUTPUT] && !strcmp(args->opt[OPT_OUTPUT], "json"))
		report_for_programs();
	if (args->opt[OPT_INHERIT] && !args->rest)
		return bad_usage(args, "--inherit goes with a command");
	if (args->opt[OPT_HOLD] && args->rest)
		return bad_usage(
			args, "--hold goes without a command: that holds it");
	if (until && (args->opt[OPT_HOLD] || args->rest))
		return bad_usage(
			args,
			"--until-exit goes with neither a command nor --hold: the kernel holds it");
	ret = lease_opts_parse(args, &request);
	if (!ret)
		ret = netattr_from_options(args, OPT_NET, request.count,
					   &attrs);
	if (!ret && until)
		ret = until_process(args, "--until-exit", until, &pidfd);
	if (!ret)
		ret = open_broker(&sb);
	if (!ret)
		ret = lease_and_use(sb, args, &request, &attrs, pidfd);
	if (pidfd >= 0)
		close(pidfd);
	sriovb_close(sb);
	return ret;
}

const struct cmd cmd_lease = {
	.name = "lease",
	.words = "[PF|VF|PF#RANGE ...]",
	.max_words = MAX_WORDS,
	.rest = "[-- COMMAND ...]",
	.help = "Hold a free VF while COMMAND runs, or until end of input.",
	.opts = options,
	.run = run,
};

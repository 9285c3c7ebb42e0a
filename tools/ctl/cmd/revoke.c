// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl revoke: take a lease from its holder. */
#include "base/complain.h"
#include "cli/args.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"

enum {
	OPT_GRACE
};

static const struct opt options[] = {
	[OPT_GRACE] = { "grace", 'g', "S",
			"so long for the holder to end it himself (0)" },
	{ 0 },
};

/* The lease that a VF is under, or a complaint. */
static int lease_of_vf(struct sriovb *sb, const struct sriov_broker_addr *addr,
		       unsigned long long *lease)
{
	struct sriov_broker_vf vf;
	char text[SRIOVB_ADDR_LEN];
	int found = find_vf_at(sb, addr, &vf);

	if (found < 0)
		return refused(sb, found);
	*lease = found ? vf.lease_id : 0;
	if (*lease)
		return 0;
	complain("%s: not a VF that is leased", sriovb_format_addr(addr, text));
	return EXIT_REFUSED;
}

/* A lease's number, or else the VF it is on. */
static int find_lease(struct sriovb *sb, const struct args *args,
		      unsigned long long *lease)
{
	const char *text = args->word[0];
	struct sriov_broker_addr vf;
	const char *p = text;
	int err;

	*lease = 0;
	for (; *p >= '0' && *p <= '9' && *lease < 1ULL << 59; p++)
		*lease = *lease * 10 + (*p - '0');
	if (!*p)
		return 0;
	err = parse_device(args, text, &vf);
	return err ? err : lease_of_vf(sb, &vf, lease);
}

static int run(const struct args *args)
{
	unsigned long long lease;
	unsigned int grace_s = 0;
	struct sriovb *sb;
	int ret = 0;

	if (args->opt[OPT_GRACE])
		ret = parse_number(args, "--grace", args->opt[OPT_GRACE], 0,
				   SRIOV_BROKER_MAX_GRACE_MS / 1000, &grace_s);
	if (!ret)
		ret = open_broker(&sb);
	if (ret)
		return ret;
	ret = find_lease(sb, args, &lease);
	if (!ret) {
		ret = sriovb_revoke(sb, lease, 0, grace_s * 1000);
		if (ret)
			ret = refused(sb, ret);
	}
	sriovb_close(sb);
	return ret;
}

const struct cmd cmd_revoke = {
	.name = "revoke",
	.words = "LEASE|VF",
	.min_words = 1,
	.max_words = 1,
	.help = "Take a lease from its holder.",
	.opts = options,
	.run = run,
};

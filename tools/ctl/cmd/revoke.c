// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl revoke: take a lease from its holder. */
#include "base/complain.h"
#include "base/json.h"
#include "cli/args.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"

enum {
	OPT_GRACE
};

static const struct opt options[] = {
	[OPT_GRACE] = { "grace", 'g', "S",
			"so long for the holder to end it itself (0)" },
	{ 0 },
};

/* A lease's number, or else the VF it is on. */
static int find_lease(struct sriovb *sb, const struct args *args,
		      unsigned long long *lease)
{
	const char *text = args->word[0];
	struct sriov_broker_vf vf;
	const char *p = text;
	int err;

	*lease = 0;
	for (; *p >= '0' && *p <= '9' && *lease < 1ULL << 59; p++)
		*lease = *lease * 10 + (*p - '0');
	if (!*p)
		return 0;
	err = want_vf(sb, args, text, &vf);
	if (err)
		return err;
	*lease = vf.lease_id;
	return *lease ? 0 :
			fail(EXIT_NOT_FOUND, text,
			     "not leased" REMEDY "see sriovctl list");
}

static int tell(unsigned long long lease, unsigned int grace_s)
{
	struct json_object *document = json_document();

	json_number(document, "lease", lease);
	json_number(document, "grace", grace_s);
	return json_print(document);
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
		else if (args->json)
			ret = tell(lease, grace_s);
	}
	sriovb_close(sb);
	return ret;
}

const struct cmd cmd_revoke = {
	.name = "revoke",
	.words = "LEASE|VF|PF#INDEX",
	.min_words = 1,
	.max_words = 1,
	.help = "Take a lease from its holder.",
	.opts = options,
	.run = run,
};

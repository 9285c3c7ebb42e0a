// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl revoke: take a lease from its holder. */
#include "base/json.h"
#include "base/wait.h"
#include "cli/args.h"
#include "cli/lease_name.h"
#include "cli/report.h"
#include "cmd/commands.h"
#include "lease/take_back.h"

enum {
	OPT_GRACE
};

static const struct opt options[] = {
	[OPT_GRACE] = { "grace", 'g', "S",
			"ask its user to let go, for so long; wait (0)" },
	{ 0 },
};

static int tell(const struct taken *t, int waited, unsigned int grace_s)
{
	struct json_object *document = json_document();

	json_number(document, "lease", t->vf.lease_id);
	json_number(document, "grace", grace_s);
	if (waited)
		taken_json(document, "devices", t, 1);
	return json_print(document);
}

/* Without a time no user is waited for. */
static int revoke(struct sriovb *sb, const struct args *args,
		  unsigned long long lease, unsigned int grace_s)
{
	struct taken t = { .vf.lease_id = lease };
	int waited = grace_s ? find_lease(sb, lease, &t.vf) : 0;
	int ret, told;

	if (waited < 0)
		return refused(sb, waited);
	if (waited) {
		wait_catch_signals();
		ret = take_back(sb, &t, 1, grace_s, args->json);
	} else {
		/* Its holder may be left with no VF; or there is no such lease. */
		ret = sriovb_revoke(sb, lease, 0, grace_s * 1000);
		if (ret)
			ret = refused(sb, ret);
	}
	if (!args->json || t.refused || (!waited && ret))
		return ret;
	told = tell(&t, waited, grace_s);
	return ret ? ret : told;
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
	ret = lease_named(sb, args, 0, &lease);
	if (!ret)
		ret = revoke(sb, args, lease, grace_s);
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

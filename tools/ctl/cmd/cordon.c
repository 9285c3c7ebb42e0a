// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl cordon: nothing new is leased from a PF. */
#include "cli/answer.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"
#include "cmd/cordon.h"

int cordon_pf(const struct args *args, unsigned int flags)
{
	struct sriov_broker_addr pf;
	struct sriovb *sb;
	int ret = parse_device(args, args->word[0], &pf);

	if (!ret)
		ret = open_broker(&sb);
	if (ret)
		return ret;
	ret = sriovb_cordon(sb, &pf, flags);
	if (ret)
		ret = refused(sb, ret);
	else if (args->json)
		ret = tell_pf(sb, &pf);
	sriovb_close(sb);
	return ret;
}

static int cordon(const struct args *args)
{
	return cordon_pf(args, 0);
}

const struct cmd cmd_cordon = {
	.name = "cordon",
	.words = "PF",
	.min_words = 1,
	.max_words = 1,
	.help = "Have nothing new leased from a PF.",
	.run = cordon,
};

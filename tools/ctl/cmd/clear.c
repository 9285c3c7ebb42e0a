// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl clear: the end of a quarantine. */
#include "cli/args.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"

static int clear(const struct args *args)
{
	struct sriov_broker_addr vf;
	struct sriovb *sb;
	int ret = parse_device(args, args->word[0], &vf);

	if (!ret)
		ret = open_broker(&sb);
	if (ret)
		return ret;
	ret = sriovb_clear(sb, &vf);
	if (ret)
		ret = refused(sb, ret);
	sriovb_close(sb);
	return ret;
}

const struct cmd cmd_clear = {
	.name = "clear",
	.words = "VF",
	.min_words = 1,
	.max_words = 1,
	.help = "Try the reset of a VF in quarantine once more.",
	.run = clear,
};

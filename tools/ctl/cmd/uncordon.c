// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl uncordon: a PF is leased from again. */
#include "cmd/commands.h"
#include "cmd/cordon.h"
#include "sriovbroker.h"

static int uncordon(const struct args *args)
{
	return cordon_pf(args, SRIOV_BROKER_CORDON_END);
}

const struct cmd cmd_uncordon = {
	.name = "uncordon",
	.words = "PF",
	.min_words = 1,
	.max_words = 1,
	.help = "Have it leased from again.",
	.run = uncordon,
};

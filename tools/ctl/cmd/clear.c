// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl clear: what reset of a VF was called before. */
#include "cli/args.h"
#include "cmd/commands.h"
#include "cmd/reset.h"

const struct cmd cmd_clear = {
	.name = "clear",
	.now = "reset VF",
	.words = "VF|PF#INDEX",
	.min_words = 1,
	.max_words = 1,
	.help = "Reset a VF in quarantine.",
	.run = reset_vf,
};

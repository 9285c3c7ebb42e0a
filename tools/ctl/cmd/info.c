// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl info: what show without a device was called before. */
#include <stdlib.h>

#include "cli/args.h"
#include "cmd/commands.h"
#include "cmd/show.h"
#include "lease/held.h"
#include "lease/inherited.h"

enum {
	OPT_FD
};

static const struct opt options[] = {
	[OPT_FD] = { "fd", 0, "FD", "the lease behind this descriptor" },
	{ 0 },
};

static int info(const struct args *args)
{
	if (args->opt[OPT_FD] || getenv(FD_VARIABLE))
		return show_lease(args, args->opt[OPT_FD]);
	return show_broker(args);
}

const struct cmd cmd_info = {
	.name = "info",
	.now = "show",
	.words = "",
	.help = "What the module is, or the lease that was inherited.",
	.opts = options,
	.run = info,
};

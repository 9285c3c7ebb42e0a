// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl reset: of the VF of a lease that was inherited. */
#include "cli/args.h"
#include "cmd/commands.h"
#include "lease/held.h"
#include "lease/inherited.h"

enum {
	OPT_FD
};

static const struct opt options[] = {
	[OPT_FD] = { "fd", 'f', "FD", "of the lease ($" FD_VARIABLE ")" },
	{ 0 },
};

static int reset(const struct args *args)
{
	int fd;
	int ret = inherited_fd(args, args->opt[OPT_FD], &fd);

	if (ret)
		return ret;
	if (fd < 0)
		return bad_usage(
			args,
			"which lease? --fd FD, or run it under sriovctl lease --inherit");
	ret = sriovb_lease_reset(fd);
	return ret ? inherited_failed(fd, ret) : 0;
}

const struct cmd cmd_reset = {
	.name = "reset",
	.words = "",
	.help = "Reset the VF of the lease that was inherited.",
	.opts = options,
	.run = reset,
};

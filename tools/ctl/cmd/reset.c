// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl reset: of a VF in quarantine, which an admin sends through its reset once more;
 * of a leased VF, for its holder, which has the lease's descriptor.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "base/json.h"
#include "cli/answer.h"
#include "cli/args.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"
#include "cmd/reset.h"
#include "lease/held.h"
#include "lease/inherited.h"

enum {
	OPT_FD
};

static const struct opt options[] = {
	[OPT_FD] = { "fd", 0, "FD",
		     "the VF of this lease of ours ($" FD_VARIABLE ")" },
	{ 0 },
};

/* How it is with the VF now, for programs. */
static int tell(struct sriovb *sb, const struct sriov_broker_addr *vf)
{
	struct json_object *document = json_document();

	target_json(document, sb, &(struct target){ .dev = *vf });
	return json_print(document);
}

int reset_vf(const struct args *args)
{
	struct sriov_broker_vf vf;
	struct sriovb *sb;
	int ret = open_broker(&sb);

	if (ret)
		return ret;
	ret = want_vf(sb, args, args->word[0], &vf);
	if (!ret) {
		ret = sriovb_clear(sb, &vf.addr);
		if (ret)
			ret = refused(sb, ret);
		else if (args->json)
			ret = tell(sb, &vf.addr);
	}
	sriovb_close(sb);
	return ret;
}

static int reset_lease(const struct args *args)
{
	struct json_object *document;
	int fd, ret = inherited_fd(args, args->opt[OPT_FD], &fd);

	if (ret)
		return ret;
	if (fd < 0)
		return bad_usage(
			args,
			"which VF?" REMEDY
			"name one in quarantine, or a lease: --fd FD, or run it under sriovctl lease --inherit");
	ret = sriovb_lease_reset(fd);
	if (ret)
		return inherited_failed(fd, ret);
	if (!args->json)
		return 0;
	document = json_document();
	inherited_json(document, fd);
	return json_print(document);
}

static int reset(const struct args *args)
{
	if (args->word[0] && args->opt[OPT_FD])
		return bad_usage(args, "a VF or --fd, not both");
	return args->word[0] ? reset_vf(args) : reset_lease(args);
}

const struct cmd cmd_reset = {
	.name = "reset",
	.words = "[VF|PF#INDEX]",
	.max_words = 1,
	.help = "Reset a VF in quarantine, or that of a lease one holds.",
	.opts = options,
	.run = reset,
};

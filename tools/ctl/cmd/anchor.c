// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl anchor: tie a lease to a process. */
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/args.h"
#include "cli/lease_name.h"
#include "cli/report.h"
#include "cli/until.h"
#include "cmd/commands.h"

static int tell(unsigned long long lease, const char *pid)
{
	struct json_object *document = json_document();

	json_number(document, "lease", lease);
	json_number(document, "pid", atoi(pid));
	return json_print(document);
}

static int anchor(struct sriovb *sb, const struct args *args, int until)
{
	unsigned long long lease;
	int ret = lease_named(sb, args, 0, &lease);

	if (ret)
		return ret;
	ret = sriovb_anchor(sb, lease, 0, until);
	if (ret)
		return refused(sb, ret);
	return args->json ? tell(lease, args->word[1]) : 0;
}

static int run(const struct args *args)
{
	struct sriovb *sb = NULL;
	int until = -1;
	int ret = until_process(args, "PID", args->word[1], &until);

	if (!ret)
		ret = open_broker(&sb);
	if (!ret)
		ret = anchor(sb, args, until);
	if (until >= 0)
		close(until);
	sriovb_close(sb);
	return ret;
}

const struct cmd cmd_anchor = {
	.name = "anchor",
	.words = "LEASE|VF|PF#INDEX PID",
	.min_words = 2,
	.max_words = 2,
	.help = "Have a lease last until a process ends.",
	.run = run,
};

// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl release: end a lease that is tied to a process. */
#include "base/json.h"
#include "cli/args.h"
#include "cli/lease_name.h"
#include "cli/report.h"
#include "cmd/commands.h"

static int tell(unsigned long long lease)
{
	struct json_object *document = json_document();

	json_number(document, "lease", lease);
	return json_print(document);
}

static int run(const struct args *args)
{
	unsigned long long lease;
	struct sriovb *sb;
	int ret = open_broker(&sb);

	if (ret)
		return ret;
	ret = lease_named(sb, args, 0, &lease);
	if (!ret) {
		ret = sriovb_release(sb, lease, 0);
		if (ret)
			ret = refused(sb, ret);
		else if (args->json)
			ret = tell(lease);
	}
	sriovb_close(sb);
	return ret;
}

const struct cmd cmd_release = {
	.name = "release",
	.words = "LEASE|VF|PF#INDEX",
	.min_words = 1,
	.max_words = 1,
	.help = "End a lease that is tied to a process.",
	.run = run,
};

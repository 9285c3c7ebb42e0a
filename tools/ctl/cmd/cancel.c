// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl cancel: the end of a wait. */
#include "base/json.h"
#include "cli/args.h"
#include "cli/report.h"
#include "cmd/commands.h"

static int cancel(const struct args *args)
{
	struct json_object *document;
	unsigned int id = 0;
	struct sriovb *sb;
	int ret = parse_number(args, "WAITER", args->word[0], 1, -1U, &id);

	if (!ret)
		ret = open_broker(&sb);
	if (ret)
		return ret;
	ret = sriovb_cancel(sb, id, 0);
	if (ret) {
		ret = refused(sb, ret);
	} else if (args->json) {
		document = json_document();
		json_number(document, "waiter", id);
		ret = json_print(document);
	}
	sriovb_close(sb);
	return ret;
}

const struct cmd cmd_cancel = {
	.name = "cancel",
	.words = "WAITER",
	.min_words = 1,
	.max_words = 1,
	.help = "End the wait of one of them.",
	.run = cancel,
};

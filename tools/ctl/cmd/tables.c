// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl --tables: what the manual is made of, so that it can't differ from the program. */
#include <stdio.h>

#include "cmd/tables.h"
#include "conf/keys.h"

static void print_options(const struct cmd *cmd)
{
	const struct opt *opt;

	for (opt = cmd->opts; opt && opt->name; opt++)
		printf("option\t%s\t%s\t%c\t%s\t%s\n", cmd->name, opt->name,
		       opt->letter ? opt->letter : '-',
		       opt->arg ? opt->arg : "-", opt->help);
}

void print_tables(const struct cmd *const *commands)
{
	for (; *commands; commands++) {
		if ((*commands)->now)
			continue;
		printf("command\t%s\t%s\t%s\n", (*commands)->name,
		       (*commands)->no_json ? "own" : "json",
		       (*commands)->help);
		print_options(*commands);
	}
	conf_print_keys();
}

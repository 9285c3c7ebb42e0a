// SPDX-License-Identifier: GPL-2.0-only
/* Command lines: what is wrong with one, and numbers in it. */
#include <stdarg.h>
#include <stdio.h>

#include "base/complain.h"
#include "cli/args.h"

int command_ran;

const struct opt common_options[] = {
	{ "json", 'j', NULL, "JSON, for programs, on one line" },
	{ "pretty", 0, NULL, "the same on several lines" },
	{ "help", 'h', NULL, "all about this command" },
	{ 0 },
};

const struct opt *common_options_of(const struct cmd *cmd)
{
	return cmd->no_json ? common_options + OPT_HELP - OPT_JSON :
			      common_options;
}

void print_usage(const struct cmd *cmd, FILE *out)
{
	fprintf(out, "Usage: sriovctl %s%s%s%s%s [OPTIONS]%s%s\n", cmd->name,
		cmd->needs ? " " : "", cmd->needs ? cmd->needs : "",
		cmd->words[0] ? " " : "", cmd->words, cmd->rest ? " " : "",
		cmd->rest ? cmd->rest : "");
}

int bad_usage(const struct args *args, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fail(EXIT_USAGE, NULL, "%s", text);
	print_usage(args->cmd, stderr);
	return EXIT_USAGE;
}

int parse_number(const struct args *args, const char *what, const char *text,
		 unsigned int min, unsigned int max, unsigned int *number)
{
	unsigned long value = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9' && value <= max; p++)
		value = value * 10 + (*p - '0');
	if (p == text || *p || value < min || value > max)
		return bad_usage(args, "%s: %s is a number, %u to %u", text,
				 what, min, max);
	*number = value;
	return 0;
}

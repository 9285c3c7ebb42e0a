// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl: the table of commands, their options, their help. */
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/complain.h"
#include "cli/args.h"
#include "cmd/commands.h"
#include "cmd/complete.h"
#include "qemu/qmp.h"
#include "sriovbroker.h"

static int run_help(const struct args *args);

static const struct cmd cmd_help = {
	.name = "help",
	.words = "[COMMAND]",
	.max_words = 1,
	.help = "Show this, or all about one command.",
	.run = run_help,
};

static const struct cmd *const commands[] = {
	&cmd_list,   &cmd_enable,  &cmd_disable, &cmd_bind,    &cmd_clear,
	&cmd_lease,  &cmd_revoke,  &cmd_info,	 &cmd_reset,   &cmd_attach,
	&cmd_detach, &cmd_swap,	   &cmd_drain,	 &cmd_guests,  &cmd_run,
	&cmd_set,    &cmd_monitor, &cmd_show,	 &cmd_metrics, &cmd_waiters,
	&cmd_cancel, &cmd_doctor,  &cmd_help,	 NULL,
};

#define NUM_COMMANDS (sizeof(commands) / sizeof(commands[0]) - 1)

static const struct cmd *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < NUM_COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static void print_command_help(const struct cmd *cmd)
{
	const struct opt *opt;

	print_usage(cmd, stdout);
	printf("%s\n", cmd->help);
	if (cmd->opts)
		printf("\nOptions:\n");
	for (opt = cmd->opts; opt && opt->name; opt++)
		printf("  -%c, --%s%s%-*s %s\n", opt->letter, opt->name,
		       opt->arg ? " " : "",
		       (int)(18 - strlen(opt->name) - (opt->arg ? 1 : 0)),
		       opt->arg ? opt->arg : "", opt->help);
}

static void print_help(void)
{
	size_t i;

	puts("Usage: sriovctl COMMAND ...\n"
	     "Leases SR-IOV virtual functions (VFs) through /dev/sriov_broker.\n"
	     "\nCommands:");
	for (i = 0; i < NUM_COMMANDS; i++)
		printf("  %-8s %s\n", commands[i]->name, commands[i]->help);
	puts("\nA PF is named by its address or by its network interface, some\n"
	     "of its VFs by PF#RANGE: 0000:01:00.0, 01:00.0, enp1s0f0#0,2-5\n"
	     "\nMore: man sriovctl");
}

static int run_help(const struct args *args)
{
	const char *name = args->word[0];
	const struct cmd *cmd = name ? find_command(name) : NULL;

	if (name && !cmd) {
		complain("no command \"%s\"; see sriovctl help", name);
		return EXIT_USAGE;
	}
	if (cmd)
		print_command_help(cmd);
	else
		print_help();
	return 0;
}

/* getopt_long's tables for @cmd; --help besides. */
static void make_tables(const struct cmd *cmd, struct option *longs,
			char *shorts)
{
	const struct opt *opt;

	/* '-': words are given in order, so that "--" can be seen. */
	*shorts++ = '-';
	for (opt = cmd->opts; opt && opt->name; opt++) {
		*longs++ = (struct option){
			.name = opt->name,
			.has_arg = opt->arg ? required_argument : no_argument,
			.val = opt->letter,
		};
		*shorts++ = opt->letter;
		if (opt->arg)
			*shorts++ = ':';
	}
	*longs++ = (struct option){ .name = "help", .val = 'h' };
	*shorts++ = 'h';
	*longs = (struct option){ 0 };
	*shorts = '\0';
}

static void set_option(struct args *args, int letter)
{
	const struct opt *opts = args->cmd->opts;
	int i;

	for (i = 0; opts[i].name; i++)
		if (opts[i].letter == letter)
			args->opt[i] = optarg ? optarg : "";
}

static int check_words(const struct args *args, int words)
{
	const struct cmd *cmd = args->cmd;

	if (words < cmd->min_words)
		return bad_usage(args, "%s: something is missing", cmd->name);
	if (words > cmd->max_words)
		return bad_usage(args, "%s: more words than it takes",
				 cmd->name);
	if (args->rest && !cmd->rest)
		return bad_usage(args, "%s runs no command", cmd->name);
	if (args->rest && !args->rest[0])
		return bad_usage(args, "no command stands behind --");
	return 0;
}

/* On a loaded host a longer one is of use, in a test a shorter one. */
static int take_timeout(const struct args *args)
{
	const char *text = getenv(QMP_PATIENCE);
	unsigned int seconds;

	if (!text)
		return 0;
	if (parse_number(args, QMP_PATIENCE, text, 1, QMP_MAX_PATIENCE,
			 &seconds))
		return EXIT_USAGE;
	qmp_timeout_ms = seconds * 1000;
	return 0;
}

static int run_command(const struct cmd *cmd, int argc, char **argv)
{
	struct option longs[MAX_OPTS + 2];
	struct args args = { .cmd = cmd };
	char shorts[2 * MAX_OPTS + 4];
	const char *last = NULL;
	char name[32];
	int words = 0;
	int c, err;

	snprintf(name, sizeof(name), "sriovctl: %s", cmd->name);
	argv[0] = name;
	make_tables(cmd, longs, shorts);
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == 'h') {
			print_command_help(cmd);
			return 0;
		}
		if (c == '?') {
			print_usage(cmd, stderr);
			return EXIT_USAGE;
		}
		last = optarg;
		if (c != 1)
			set_option(&args, c);
		else if (words++ < MAX_WORDS)
			args.word[words - 1] = optarg;
	}
	/* It may also be what an option was given. */
	if (!strcmp(argv[optind - 1], "--") && argv[optind - 1] != last)
		args.rest = argv + optind;
	err = check_words(&args, words);
	if (!err)
		err = take_timeout(&args);
	return err ? err : cmd->run(&args);
}

static void print_version(void)
{
	printf("sriovctl %s, ABI %d.%d\n", VERSION, SRIOV_BROKER_ABI_MAJOR,
	       SRIOV_BROKER_ABI_MINOR);
}

static int run(int argc, char **argv)
{
	const struct cmd *cmd;

	if (argc < 2) {
		complain("which command? See sriovctl help");
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		print_version();
		return 0;
	}
	if (!strcmp(argv[1], "--complete")) {
		complete(commands, argv + 2);
		return 0;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_help();
		return 0;
	}
	cmd = find_command(argv[1]);
	if (!cmd) {
		complain("no command \"%s\"; see sriovctl help", argv[1]);
		return EXIT_USAGE;
	}
	return run_command(cmd, argc - 1, argv + 1);
}

/*
 * What was closed before us would be the descriptor of the first thing that we
 * open, and our words would go there. These can't be written to.
 */
static void fill_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	int ret;

	fill_standard();
	setlocale(LC_CTYPE, "");
	ret = run(argc, argv);
	/* What did not reach its reader was not done. */
	if (ferror(stdout) || fflush(stdout)) {
		perror("sriovctl: standard output");
		return ret ? ret : EXIT_REFUSED;
	}
	return ret;
}

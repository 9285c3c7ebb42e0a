// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl: the table of commands, their options, their help. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/complain.h"
#include "base/json.h"
#include "base/nearest.h"
#include "cli/args.h"
#include "cmd/commands.h"
#include "cmd/complete.h"
#include "cmd/tables.h"
#include "guest/find.h"
#include "qemu/qmp.h"
#include "sriovbroker.h"

static int run_help(const struct args *args);

static const struct opt help_options[] = {
	{ "exit-codes", 0, NULL, "the table of exit codes" },
	{ 0 },
};

static const struct cmd cmd_help = {
	.name = "help",
	.words = "[COMMAND]",
	.max_words = 1,
	.help = "Show this, or all about one command.",
	.opts = help_options,
	.no_json = 1,
	.run = run_help,
};

static const struct cmd *const commands[] = {
	&cmd_list,
	&cmd_show,
	&cmd_enable,
	&cmd_disable,
	&cmd_bind,
	&cmd_lease,
	&cmd_anchor,
	&cmd_release,
	&cmd_revoke,
	&cmd_waiters,
	&cmd_pools,
	&cmd_cancel,
	&cmd_reset,
	&cmd_attach,
	&cmd_detach,
	&cmd_swap,
	&cmd_cordon,
	&cmd_uncordon,
	&cmd_drain,
	&cmd_maintenance,
	&cmd_guests,
	&cmd_run,
	&cmd_set,
	&cmd_monitor,
	&cmd_metrics,
	&cmd_doctor,
	&cmd_apply,
	&cmd_save,
	&cmd_help,
	/* As they were called before; not shown. */
	&cmd_info,
	&cmd_clear,
	NULL,
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

/* ---- help ---- */

static void print_options(const struct opt *opt)
{
	for (; opt && opt->name; opt++) {
		if (opt->letter)
			printf("  -%c, ", opt->letter);
		else
			printf("      ");
		printf("--%s%s%-*s %s\n", opt->name, opt->arg ? " " : "",
		       (int)(18 - strlen(opt->name) - (opt->arg ? 1 : 0)),
		       opt->arg ? opt->arg : "", opt->help);
	}
}

static void print_command_help(const struct cmd *cmd)
{
	print_usage(cmd, stdout);
	printf("%s\n\nOptions:\n", cmd->help);
	print_options(cmd->opts);
	/* Those of all. */
	print_options(common_options_of(cmd));
}

static void print_help(void)
{
	size_t i;

	puts("Usage: sriovctl [-j] [--pretty] COMMAND ...\n"
	     "Leases SR-IOV virtual functions (VFs) through /dev/sriov_broker.\n"
	     "\nCommands:");
	for (i = 0; i < NUM_COMMANDS; i++)
		if (!commands[i]->now)
			printf("  %-11s %s\n", commands[i]->name,
			       commands[i]->help);
	puts("\nA PF is named by its address or by its network interface, some\n"
	     "of its VFs by PF#RANGE: 0000:01:00.0, 01:00.0, enp1s0f0#0,2-5\n"
	     "\nMore: man sriovctl");
}

/* "NUMBER REASON MEANING" */
static void print_exit_codes(void)
{
#define X(name, code, reason, meaning) \
	printf("%d %s %s\n", code, reason, meaning);
	EXIT_CODES(X)
#undef X
}

static int no_command(const char *name)
{
	struct nearest nearest = { .to = name };
	size_t i;

	for (i = 0; i < NUM_COMMANDS; i++)
		nearest_try(&nearest, commands[i]->name);
	if (nearest.found)
		return fail(EXIT_USAGE, NULL,
			    "no command \"%s\"" REMEDY "did you mean %s?", name,
			    nearest.found);
	return fail(EXIT_USAGE, NULL,
		    "no command \"%s\"" REMEDY "see sriovctl help", name);
}

static int run_help(const struct args *args)
{
	const char *name = args->word[0];
	const struct cmd *cmd = name ? find_command(name) : NULL;

	if (name && !cmd)
		return no_command(name);
	if (args->opt[0])
		print_exit_codes();
	else if (cmd)
		print_command_help(cmd);
	else
		print_help();
	return 0;
}

/* ---- what is wrong with a command line ---- */

/* Which one was meant, of those that all commands have and of its own. */
static void suggest_option(const struct cmd *cmd, const char *name,
			   struct nearest *nearest)
{
	const struct opt *opt;

	nearest->to = name;
	for (opt = cmd->opts; opt && opt->name; opt++)
		nearest_try(nearest, opt->name);
	for (opt = common_options; opt->name; opt++)
		nearest_try(nearest, opt->name);
}

static const struct opt *option_of(const struct cmd *cmd, int val)
{
	return val < MAX_OPTS ? &cmd->opts[val] :
				&common_options[val - MAX_OPTS];
}

/* "--net", "--num-events": those that begin with @name */
static unsigned int begin_with(const struct opt *opt, const char *name,
			       char *all, size_t len)
{
	unsigned int n = 0;

	for (; opt && opt->name; opt++) {
		if (strncmp(opt->name, name, strcspn(name, "=")))
			continue;
		snprintf(all + strlen(all), len - strlen(all), "%s--%s",
			 all[0] ? ", " : "", opt->name);
		n++;
	}
	return n;
}

/* getopt_long() has said '?': neither that option nor its beginning is known. */
static int bad_option(const struct args *args, const char *word)
{
	const struct cmd *cmd = args->cmd;
	struct nearest nearest = { 0 };
	char all[128] = "";

	if (word[0] != '-' || word[1] != '-') {
		/* The letter of one that has lost it, most likely. */
		begin_with(cmd->opts, (char[]){ optopt, '\0' }, all,
			   sizeof(all));
		if (all[0])
			return bad_usage(args,
					 "-%c: %s has no such option" REMEDY
					 "did you mean %s?",
					 optopt, cmd->name, all);
		return bad_usage(args, "-%c: %s has no such option", optopt,
				 cmd->name);
	}
	if (optopt)
		return bad_usage(args, "%s: takes no argument", word);
	if (begin_with(cmd->opts, word + 2, all, sizeof(all)) +
		    begin_with(common_options, word + 2, all, sizeof(all)) >
	    1)
		return bad_usage(args, "%s: may be %s", word, all);
	suggest_option(cmd, word + 2, &nearest);
	if (nearest.found)
		return bad_usage(args,
				 "%s: %s has no such option" REMEDY
				 "did you mean --%s?",
				 word, cmd->name, nearest.found);
	return bad_usage(args, "%s: %s has no such option", word, cmd->name);
}

/* The word at place @n of "PF N"; the last one's dots are for more of it. */
static const char *word_name(const char *words, int n, char *buf, size_t len)
{
	while (n-- && strchr(words, ' '))
		words = strchr(words, ' ') + 1;
	snprintf(buf, len, "%.*s", (int)strcspn(words, " "), words);
	return buf;
}

static int check_words(const struct args *args, int words)
{
	const struct cmd *cmd = args->cmd;
	char name[32];

	if (words < cmd->min_words)
		return bad_usage(args, "%s: missing argument: %s", cmd->name,
				 word_name(cmd->words, words, name,
					   sizeof(name)));
	if (words > cmd->max_words && cmd->max_words == MAX_WORDS)
		return bad_usage(args, "%s: more than %d arguments", cmd->name,
				 MAX_WORDS);
	if (words > cmd->max_words)
		return bad_usage(args, "%s: unexpected argument: %s", cmd->name,
				 args->word[cmd->max_words]);
	if (args->rest && !cmd->rest)
		return bad_usage(args, "%s runs no command: %s", cmd->name,
				 args->rest[0] ? args->rest[0] : "--");
	if (args->rest && !args->rest[0])
		return bad_usage(args, "no command stands behind --");
	if (args->json && cmd->no_json)
		return bad_usage(args,
				 "%s has a form of its own" REMEDY
				 "leave --json out",
				 cmd->name);
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
	guests_ask_ms = qmp_timeout_ms;
	return 0;
}

/* ---- a command line taken apart ---- */

/* So that a letter is never one of them. */
#define FIRST_VAL 0x100

static void add_options(const struct opt *opt, int val, struct option **longs,
			char **shorts)
{
	for (; opt && opt->name; opt++, val++) {
		*(*longs)++ = (struct option){
			.name = opt->name,
			.has_arg = opt->arg ? required_argument : no_argument,
			.val = FIRST_VAL + val,
		};
		if (!opt->letter)
			continue;
		*(*shorts)++ = opt->letter;
		if (opt->arg)
			*(*shorts)++ = ':';
	}
}

#define NUM_COMMON (END_OF_OPTS - OPT_JSON)

/* getopt_long's tables for @cmd. */
static void make_tables(const struct cmd *cmd, struct option *longs,
			char *shorts)
{
	/*
	 * '-': words are given in order, so that "--" can be seen. ':': what is wrong
	 * we say ourselves.
	 */
	*shorts++ = '-';
	*shorts++ = ':';
	add_options(cmd->opts, 0, &longs, &shorts);
	add_options(common_options, MAX_OPTS, &longs, &shorts);
	*longs = (struct option){ 0 };
	*shorts = '\0';
}

static int val_of_letter(const struct cmd *cmd, int letter)
{
	int i;

	for (i = 0; cmd->opts && cmd->opts[i].name; i++)
		if (cmd->opts[i].letter == letter)
			return i;
	for (i = 0; common_options[i].name; i++)
		if (common_options[i].letter == letter)
			return MAX_OPTS + i;
	return -1;
}

static void be_for_programs(struct args *args)
{
	args->json = 1;
	report_for_programs();
}

static int missing_argument(const struct args *args)
{
	int val = optopt >= FIRST_VAL ? optopt - FIRST_VAL :
					val_of_letter(args->cmd, optopt);
	const struct opt *opt = option_of(args->cmd, val);

	return bad_usage(args, "--%s: missing argument: %s", opt->name,
			 opt->arg);
}

/* Return: 0; an exit code; or -1: there is nothing more to do */
static int take_option(struct args *args, int val)
{
	switch (val) {
	case OPT_HELP:
		print_command_help(args->cmd);
		return -1;
	case OPT_PRETTY:
		json_pretty = 1;
		/* fall through */
	case OPT_JSON:
		be_for_programs(args);
		return 0;
	}
	args->opt[val] = optarg ? optarg : "";
	return 0;
}

/* Return: 0; an exit code; or -1: there is nothing more to do */
static int parse(struct args *args, int argc, char **argv)
{
	struct option longs[MAX_OPTS + NUM_COMMON + 1];
	char shorts[2 * (MAX_OPTS + NUM_COMMON) + 4];
	const char *last = NULL;
	int words = 0;
	int c, ret;

	make_tables(args->cmd, longs, shorts);
	opterr = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		last = optarg;
		if (c == '?')
			return bad_option(args, argv[optind - 1]);
		if (c == ':')
			return missing_argument(args);
		if (c == 1) {
			if (words++ < MAX_WORDS)
				args->word[words - 1] = optarg;
			continue;
		}
		ret = take_option(args, c >= FIRST_VAL ?
						c - FIRST_VAL :
						val_of_letter(args->cmd, c));
		if (ret)
			return ret;
	}
	/* It may also be what an option was given. */
	if (!strcmp(argv[optind - 1], "--") && argv[optind - 1] != last)
		args->rest = argv + optind;
	return check_words(args, words);
}

/*
 * With a command behind "--" the codes up to 124 are that command's, as env(1) and
 * timeout(1) have it.
 */
static int is_for_command(const struct cmd *cmd, char **argv)
{
	while (cmd->rest && *argv && strcmp(*argv, "--"))
		argv++;
	return cmd->rest && *argv;
}

static int run_command(struct args *args, int argc, char **argv)
{
	int ret;

	if (args->cmd->now)
		note(NULL,
		     "%s is now \"%s\"" REMEDY
		     "this name goes with the next version",
		     args->cmd->name, args->cmd->now);
	ret = parse(args, argc, argv);
	if (ret < 0)
		return 0;
	if (!ret)
		ret = take_timeout(args);
	if (ret)
		return is_for_command(args->cmd, argv) ? EXIT_OWN : ret;
	ret = args->cmd->run(args);
	return ret && args->rest && !command_ran ? EXIT_OWN : ret;
}

static void print_version(void)
{
	printf("sriovctl %s, ABI %d.%d\n", VERSION, SRIOV_BROKER_ABI_MAJOR,
	       SRIOV_BROKER_ABI_MINOR);
}

/* What may stand before the command. Return: how many words */
static int take_first(struct args *args, char **argv)
{
	int n = 0;

	for (;; n++) {
		if (!argv[n])
			break;
		if (!strcmp(argv[n], "--pretty"))
			json_pretty = 1;
		else if (strcmp(argv[n], "--json") && strcmp(argv[n], "-j"))
			break;
		be_for_programs(args);
	}
	return n;
}

static int run(int argc, char **argv)
{
	struct args args = { 0 };
	int n = 1 + take_first(&args, argv + 1);
	const char *name = argc > n ? argv[n] : NULL;

	if (!name)
		return fail(EXIT_USAGE, NULL,
			    "which command?" REMEDY "see sriovctl help");
	if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
		print_version();
		return 0;
	}
	if (!strcmp(name, "--complete")) {
		complete(commands, argv + n + 1);
		return 0;
	}
	if (!strcmp(name, "--tables")) {
		print_tables(commands);
		return 0;
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
		print_help();
		return 0;
	}
	args.cmd = find_command(name);
	if (!args.cmd)
		return no_command(name);
	return run_command(&args, argc - n, argv + n);
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
	ret = run(argc, argv);
	report_rest();
	/* What did not reach its reader was not done. */
	if (ferror(stdout) || fflush(stdout)) {
		perror("sriovctl: standard output");
		return ret ? ret : EXIT_REFUSED;
	}
	return ret;
}

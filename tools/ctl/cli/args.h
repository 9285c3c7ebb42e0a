/* SPDX-License-Identifier: GPL-2.0-only */
/* Command lines: how commands describe theirs, and what was given. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdio.h>

/* An option: of these getopt_long's table, help and completion are made. */
struct opt {
	const char *name;
	char letter; /* 0: none; one that another option has means the same there */
	const char *arg; /* what its argument is called; NULL: it has none */
	const char *help;
};

#define MAX_OPTS  20
#define MAX_WORDS 256 /* as many devices as one command takes */

/* A command line taken apart. */
struct args {
	const struct cmd *cmd;
	const char *opt[MAX_OPTS];   /* argument or "", NULL: not given */
	const char *word[MAX_WORDS]; /* what is no option, NULL: not given */
	char **rest;		     /* what stood behind "--", or NULL */
	int json;		     /* the answer is for programs */
};

struct cmd {
	const char *name;
	const char *needs; /* "--qmp SOCKET", for the usage line; or NULL */
	const char *words; /* "PF N", for the same */
	int min_words;
	int max_words;
	const char *rest; /* what stands behind the options; NULL: nothing */
	const char *help;
	const struct opt *opts; /* ended by one without a name; may be NULL */
	int no_json;		/* its output has a form of its own */
	const char *now; /* this is its old name, the new one: "reset VF" */
	int (*run)(const struct args *args);
};

/* Options of all commands, behind those of a command's own; ended the same way. */
enum {
	OPT_JSON = MAX_OPTS,
	OPT_PRETTY,
	OPT_HELP,
	END_OF_OPTS
};
extern const struct opt common_options[];

/* Those of them that a command has. */
const struct opt *common_options_of(const struct cmd *cmd);

/* The command behind "--" has run, or could not: the exit code is about that. */
extern int command_ran;

/* "Usage: sriovctl ..." */
void print_usage(const struct cmd *cmd, FILE *out);

/* Complain about the command line, and show how it is. Return: EXIT_USAGE */
int bad_usage(const struct args *args, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A decimal number in @min to @max, or a complaint that calls it @what.
 * Return: 0 or EXIT_USAGE
 */
int parse_number(const struct args *args, const char *what, const char *text,
		 unsigned int min, unsigned int max, unsigned int *number);

#endif /* CLI_ARGS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Command lines: how commands describe theirs, and what was given. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdio.h>

/* An option: of these getopt_long's table, help and completion are made. */
struct opt {
	const char *name;
	char letter;
	const char *arg; /* what its argument is called; NULL: it has none */
	const char *help;
};

#define MAX_OPTS  20
#define MAX_WORDS 24

/* A command line taken apart. */
struct args {
	const struct cmd *cmd;
	const char *opt[MAX_OPTS];   /* argument or "", NULL: not given */
	const char *word[MAX_WORDS]; /* what is no option, NULL: not given */
	char **rest;		     /* what stood behind "--", or NULL */
};

struct cmd {
	const char *name;
	const char *words; /* "PF N", for the usage line */
	int min_words;
	int max_words;
	const char *rest; /* what stands behind the options; NULL: nothing */
	const char *help;
	const struct opt *opts; /* ended by one without a name; may be NULL */
	int (*run)(const struct args *args);
};

/* "Usage: sriovctl ..." */
void print_usage(const struct cmd *cmd, FILE *out);

/* Complain about the command line. Return: EXIT_USAGE */
int bad_usage(const struct args *args, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A decimal number in @min to @max, or a complaint that calls it @what.
 * Return: 0 or EXIT_USAGE
 */
int parse_number(const struct args *args, const char *what, const char *text,
		 unsigned int min, unsigned int max, unsigned int *number);

#endif /* CLI_ARGS_H */

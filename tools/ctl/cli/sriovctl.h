/* SPDX-License-Identifier: GPL-2.0-only */
/* What the commands of sriovctl share: how they are described and fail. */
#ifndef SRIOVCTL_H
#define SRIOVCTL_H

#include "sriovbroker.h"

/* Exit codes, those of ip(8). */
enum {
	EXIT_USAGE = 1,	  /* the command line is wrong */
	EXIT_REFUSED = 2, /* the kernel or QEMU refused, or did not answer */
};

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
	/* For completion: prints words that may stand among the others, or NULL. */
	void (*print_words)(void);
	int (*run)(const struct args *args);
};

extern const struct cmd cmd_list;
extern const struct cmd cmd_enable;
extern const struct cmd cmd_disable;
extern const struct cmd cmd_bind;
extern const struct cmd cmd_clear;
extern const struct cmd cmd_lease;
extern const struct cmd cmd_revoke;
extern const struct cmd cmd_waiters;
extern const struct cmd cmd_cancel;
extern const struct cmd cmd_info;
extern const struct cmd cmd_reset;
extern const struct cmd cmd_attach;
extern const struct cmd cmd_detach;
extern const struct cmd cmd_swap;
extern const struct cmd cmd_drain;
extern const struct cmd cmd_guests;
extern const struct cmd cmd_run;
extern const struct cmd cmd_set;
extern const struct cmd cmd_show;
extern const struct cmd cmd_monitor;
extern const struct cmd cmd_metrics;

/* "sriovctl: ..." on stderr. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Complain about the command line. Return: EXIT_USAGE */
int bad_usage(const struct args *args, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Complain about the broker's last answer. Return: EXIT_REFUSED */
int refused(const struct sriovb *sb, int error);

/* Open the broker, or complain. Return: 0 or EXIT_REFUSED */
int open_broker(struct sriovb **sb);

/*
 * A decimal number in @min to @max, or a complaint that calls it @what.
 * Return: 0 or EXIT_USAGE
 */
int parse_number(const struct args *args, const char *what, const char *text,
		 unsigned int min, unsigned int max, unsigned int *number);

#endif /* SRIOVCTL_H */

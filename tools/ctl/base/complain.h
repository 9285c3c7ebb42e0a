/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is said of failures: a sentence on standard error for people, and with --json the
 * same, taken apart, in the next document. And the exit codes.
 */
#ifndef BASE_COMPLAIN_H
#define BASE_COMPLAIN_H

#include <json-c/json.h>
#include <sys/types.h>

/* The exit codes: the manual has this table, "sriovctl help --exit-codes" prints it. */
#define EXIT_CODES(X)                                                               \
	X(USAGE, 1, "usage", "The command line is wrong.")                          \
	X(REFUSED, 2, "refused",                                                    \
	  "The kernel, QEMU or a guest refused, or failed.")                        \
	X(BUSY, 3, "busy",                                                          \
	  "What is asked for is in use, or not free in that number.")               \
	X(NOT_FOUND, 4, "not-found", "What is named is not there.")                 \
	X(TIMEOUT, 5, "timeout", "It did not happen in time.")                      \
	X(NOT_PERMITTED, 6, "not-permitted", "The caller has no right to it.")      \
	X(PARTLY, 7, "partly", "Some of it was done, some was not.")                \
	X(OWN, 125, "own",                                                          \
	  "lease, run, maintenance: COMMAND was not started, whatever the reason.") \
	X(NOT_RUN, 126, "not-run",                                                  \
	  "lease, run, maintenance: the command could not be run.")                 \
	X(NO_COMMAND, 127, "no-command",                                            \
	  "lease, run, maintenance: there is no such command.")

enum {
#define X(name, code, reason, meaning) EXIT_##name = code,
	EXIT_CODES(X)
#undef X
};

/* A failure that more is known of than its sentence; zeroes besides the code will do. */
struct failure {
	int code; /* EXIT_* */
	const char
		*subject; /* device, guest, file: the sentence begins with it */
	const char *reason; /* a word for programs; NULL: that of the code */
	unsigned long long lease;
	pid_t pid;
};

/* In a sentence, between what was wrong and what to do about it. */
#define REMEDY "\x1e "

/* "sriovctl: SUBJECT: what was wrong; what to do". Return: the code */
int fail_with(const struct failure *failure, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int fail(int code, const char *subject, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Return: EXIT_REFUSED */
int no_memory(void);

/* The exit code for a negative errno. */
int exit_code_of(int error);

/* The same way, where nothing has failed. */
void note(const char *subject, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* From here on failures and notes are kept for documents. */
void report_for_programs(void);

/* Add what is kept, as "errors" and "notes", to a document, and forget it. */
void report_add_to(struct json_object *document);

/* Forget it: another process of ours, which has it as well, tells it. */
void report_forget(void);

/* As report_add_to(), the other way, of another process of ours. */
void report_take_from(struct json_object *document);

/* What no document has told yet gets one of its own. */
void report_rest(void);

/*
 * How it went with several: the worse of two codes, but EXIT_PARTLY for one that was done
 * and one that was not.
 */
struct outcome {
	int done;
	int code; /* of those that failed, the first */
};
void outcome_add(struct outcome *outcome, int code);
int outcome_code(const struct outcome *outcome);

#endif /* BASE_COMPLAIN_H */

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Starts a program that takes a VF's address and no descriptor, and ties the VF's lease
 * to it: anchored COMMAND... runs COMMAND... ADDRESS. This process does not wait for it:
 * the lease goes on without this one, and ends with that one.
 *
 *	cc -o anchored anchored.c $(pkg-config --cflags --libs libsriovbroker)
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sriovbroker.h>

/* What was wrong, in words, with the object that it is about. */
static void die(struct sriovb *sb, int err)
{
	char text[SRIOVB_ERROR_LEN];

	fprintf(stderr, "%s%s\n", sb ? "" : SRIOVB_DEVICE ": ",
		sriovb_strerror(sb, err, text, sizeof(text)));
	exit(1);
}

/* Runs COMMAND... ADDRESS when it is told to: by then the lease is tied to it. */
static void start(char **words, int num_words, const char *vf, int go)
{
	char **argv = calloc(num_words + 2, sizeof(*argv)), byte;
	int i;

	for (i = 0; argv && i < num_words; i++)
		argv[i] = words[i];
	if (argv && read(go, &byte, 1) == 1) {
		argv[num_words] = strdup(vf);
		execvp(argv[0], argv);
	}
	perror(words[0]);
	_exit(127);
}

int main(int argc, char **argv)
{
	struct sriov_broker_grant grant;
	char vf[SRIOVB_ADDR_LEN];
	struct sriovb *sb;
	int go[2], err;
	pid_t pid;

	if (argc < 2 || pipe2(go, O_CLOEXEC))
		return 1;
	err = sriovb_open(&sb);
	if (err)
		die(NULL, err);
	err = sriovb_lease(sb, NULL, &grant);
	if (err)
		die(sb, err);
	sriovb_format_addr(&grant.vf, vf);
	pid = fork();
	if (!pid) {
		close(go[1]);
		start(argv + 1, argc - 1, vf, go[0]);
	}
	err = sriovb_anchor(sb, grant.id, 0, syscall(SYS_pidfd_open, pid, 0));
	if (err)
		die(sb, err);
	if (write(go[1], "x", 1) != 1)
		return 1;
	printf("%s is leased until process %d ends\n", vf, (int)pid);
	return 0;
}

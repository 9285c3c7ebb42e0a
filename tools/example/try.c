// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * For a program that must not wait: it polls the broker's descriptor beside its others,
 * and tries again when something has happened. Its other one is standard input here,
 * whose end ends it.
 *
 *	cc -o try try.c $(pkg-config --cflags --libs libsriovbroker)
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
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

int main(void)
{
	const struct sriovb_request request = { .count = 1, .numa_node = -1 };
	struct pollfd fds[2] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .events = POLLIN },
	};
	struct sriov_broker_grant grant;
	char vf[SRIOVB_ADDR_LEN];
	struct sriovb *sb;
	char byte;
	int err = sriovb_open(&sb);

	if (err)
		die(NULL, err);
	setlinebuf(stdout);
	fds[1].fd = sriovb_fd(sb);
	for (;;) {
		err = sriovb_try_lease(sb, &request, &grant);
		if (!err)
			break;
		if (err != -EAGAIN && err != -EBUSY)
			die(sb, err);
		printf("none is free\n");
		if (poll(fds, 2, -1) < 0)
			return 1;
		if (fds[0].revents && read(STDIN_FILENO, &byte, 1) <= 0)
			return 2;
	}
	printf("%s is ours\n", sriovb_format_addr(&grant.vf, vf));
	return 0;
}

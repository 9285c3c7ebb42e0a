// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Leases a VF, and gives it up when an admin wants it back. It looks at the lease's
 * descriptor only; a program with an event loop polls that.
 *
 *	cc -o revoked revoked.c $(pkg-config --cflags --libs libsriovbroker)
 */
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

/* Return: 0: the lease is over, or is to be */
static int still_ours(int lease)
{
	struct sriov_broker_lease_event events[SRIOVB_LEASE_EVENTS];
	int n = sriovb_lease_events(lease, events, SRIOVB_LEASE_EVENTS, -1);
	int i;

	for (i = 0; i < n; i++) {
		if (events[i].type == SRIOV_BROKER_LEASE_EVENT_REVOKING)
			printf("%.*s wants it back, cause: %s\n",
			       SRIOV_BROKER_COMM_LEN, events[i].comm,
			       sriovb_strcause(events[i].cause));
		else if (events[i].type == SRIOV_BROKER_LEASE_EVENT_REVOKED)
			printf("it was taken\n");
		else
			continue; /* that this program has never heard of */
		return 0;
	}
	return n >= 0;
}

int main(void)
{
	struct sriov_broker_grant grant;
	char vf[SRIOVB_ADDR_LEN];
	struct sriovb *sb;
	int err = sriovb_open(&sb);

	if (err)
		die(NULL, err);
	err = sriovb_lease(sb, NULL, &grant);
	if (err)
		die(sb, err);
	setlinebuf(stdout);
	printf("%s is ours\n", sriovb_format_addr(&grant.vf, vf));
	while (still_ours(grant.fd))
		;
	/* Here a program lets go of the device. Then the descriptor goes. */
	close(grant.fd);
	printf("given back\n");
	return 0;
}

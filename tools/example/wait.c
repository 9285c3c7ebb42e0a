// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Leases a VF of one PF. Where none is free it waits: wait PF SECONDS.
 *
 *	cc -o wait wait.c $(pkg-config --cflags --libs libsriovbroker)
 */
#include <stdio.h>
#include <stdlib.h>

#include <sriovbroker.h>

/* What was wrong, in words, with the object that it is about. */
static void die(struct sriovb *sb, int err)
{
	char text[SRIOVB_ERROR_LEN];

	fprintf(stderr, "%s%s\n", sb ? "" : SRIOVB_DEVICE ": ",
		sriovb_strerror(sb, err, text, sizeof(text)));
	exit(1);
}

int main(int argc, char **argv)
{
	struct sriov_broker_selector pf = { 0 };
	struct sriovb_request request = {
		.selectors = &pf,
		.num_selectors = 1,
		.count = 1,
		.numa_node = -1,
		.label = "wait",
	};
	struct sriov_broker_grant grant;
	char vf[SRIOVB_ADDR_LEN];
	struct sriovb *sb;
	int err;

	if (argc != 3 || sriovb_parse_addr(argv[1], &pf.dev)) {
		fprintf(stderr, "Usage: wait PF SECONDS\n");
		return 1;
	}
	request.timeout_ms = atoi(argv[2]) * 1000;
	err = sriovb_open(&sb);
	if (err)
		die(NULL, err);
	/* Those that wait are served in the order in which they came. */
	err = sriovb_lease(sb, &request, &grant);
	if (err)
		die(sb, err);
	printf("%s is ours\n", sriovb_format_addr(&grant.vf, vf));
	/* The end of the program closes grant.fd, and so ends the lease. */
	return 0;
}

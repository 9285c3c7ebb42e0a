// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Leases two VFs of different PFs, of the NUMA node that this process runs on if there
 * are such. Both are leased or none.
 *
 *	cc -o numa numa.c $(pkg-config --cflags --libs libsriovbroker)
 */
#define _GNU_SOURCE
#include <sched.h>
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

int main(void)
{
	struct sriovb_request request = {
		.count = 2,
		.flags = SRIOV_BROKER_LEASE_DISTINCT_PFS,
		.label = "numa",
	};
	struct sriov_broker_grant grants[2];
	char vf[SRIOVB_ADDR_LEN], pf[SRIOVB_ADDR_LEN];
	unsigned int cpu, node;
	struct sriovb *sb;
	int err, i;

	if (getcpu(&cpu, &node)) {
		perror("getcpu");
		return 1;
	}
	/* With SRIOV_BROKER_LEASE_NUMA_STRICT: from no other. */
	request.numa_node = node;
	err = sriovb_open(&sb);
	if (err)
		die(NULL, err);
	err = sriovb_lease(sb, &request, grants);
	if (err)
		die(sb, err);
	for (i = 0; i < 2; i++)
		printf("%s of %s\n", sriovb_format_addr(&grants[i].vf, vf),
		       sriovb_format_addr(&grants[i].pf, pf));
	return 0;
}

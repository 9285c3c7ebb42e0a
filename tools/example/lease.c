// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Leases any VF, and holds it until standard input ends. The whole of what most programs
 * need.
 *
 *	cc -o lease lease.c $(pkg-config --cflags --libs libsriovbroker)
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
	printf("%s is ours until grant.fd is closed\n",
	       sriovb_format_addr(&grant.vf, vf));
	while (getchar() != EOF)
		;
	return 0;
}

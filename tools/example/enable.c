// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Gives a PF so many VFs, and says which; 0: takes them away. enable PF N. This needs
 * CAP_SYS_ADMIN.
 *
 *	cc -o enable enable.c $(pkg-config --cflags --libs libsriovbroker)
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

/* The parts of a failure, for a program that acts on them. */
static void explain(const struct sriovb *sb)
{
	const struct sriov_broker_why *why = sriovb_why(sb);
	const char *reason = sriovb_strreason(why->reason);

	if (why->lease_id)
		fprintf(stderr, "lease %llu of process %d is in the way\n",
			(unsigned long long)why->lease_id, why->pid);
	else if (reason)
		fprintf(stderr, "reason: %s\n", reason);
}

int main(int argc, char **argv)
{
	struct sriov_broker_addr pf;
	struct sriov_broker_vf *vfs;
	char vf[SRIOVB_ADDR_LEN];
	struct sriovb *sb;
	ssize_t n, i;
	int err;

	if (argc != 3 || sriovb_parse_addr(argv[1], &pf)) {
		fprintf(stderr, "Usage: enable PF N\n");
		return 1;
	}
	err = sriovb_open(&sb);
	if (err)
		die(NULL, err);
	/* One transaction: after an error all is as it was. */
	if (atoi(argv[2]))
		err = sriovb_enable(sb, &pf, atoi(argv[2]), NULL, 0);
	else
		err = sriovb_disable(sb, &pf, 0, 0);
	if (err) {
		explain(sb);
		die(sb, err);
	}
	n = sriovb_list_vfs(sb, &pf, &vfs);
	for (i = 0; i < n; i++)
		printf("%s\n", sriovb_format_addr(&vfs[i].addr, vf));
	free(vfs);
	sriovb_close(sb);
	return n < 0;
}

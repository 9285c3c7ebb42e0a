// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Shows all VFs, then what happens to them, without a gap between: events N.
 *
 *	cc -o events events.c $(pkg-config --cflags --libs libsriovbroker)
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

static void show_all(struct sriovb *sb)
{
	struct sriov_broker_vf *vfs;
	ssize_t n = sriovb_list_vfs(sb, NULL, &vfs), i;
	char vf[SRIOVB_ADDR_LEN];

	if (n < 0)
		die(sb, n);
	for (i = 0; i < n; i++)
		printf("%s is %s\n", sriovb_format_addr(&vfs[i].addr, vf),
		       sriovb_strstate(vfs[i].state));
	free(vfs);
}

static void show(const struct sriov_broker_event *event)
{
	char dev[SRIOVB_ADDR_LEN];

	printf("%s: %s",
	       sriovb_format_addr(event->vf.valid ? &event->vf : &event->pf,
				  dev),
	       sriovb_strevent(event->type));
	if (event->type == SRIOV_BROKER_EVENT_VF_STATE)
		printf(", %s", sriovb_strstate(event->state));
	printf("\n");
}

int main(int argc, char **argv)
{
	int left = argc > 1 ? atoi(argv[1]) : -1;
	struct sriov_broker_event event;
	struct sriovb *sb;
	int err = sriovb_open(&sb);

	if (err)
		die(NULL, err);
	/* The first call begins to listen; what is listed after it lacks nothing. */
	err = sriovb_next_event(sb, &event, 0);
	if (err < 0)
		die(sb, err);
	setlinebuf(stdout);
	show_all(sb);
	while (left--) {
		err = sriovb_next_event(sb, &event, -1);
		if (err < 0)
			die(sb, err);
		if (event.type == SRIOV_BROKER_EVENT_LOST)
			show_all(sb); /* this program was too slow */
		else
			show(&event);
	}
	sriovb_close(sb);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events, and those who read them.
 */
#ifndef SB_EVENT_H
#define SB_EVENT_H

#include <linux/fs.h>
#include <linux/poll.h>

#include "broker.h"

/* An open /dev/sriov_broker. */
struct sb_client {
	u64 seen; /* the pool's count when LEASE found nothing */

	wait_queue_head_t wait; /* woken by events */
	/* The rest is under sb_lock. */
	struct list_head holds; /* struct sb_hold, see net.c */
	struct list_head node;	/* among those who get events */
	struct sriov_broker_event *ring;
	unsigned int head; /* next to write */
	unsigned int tail; /* next to read */
	u64 lost;
};

/* event.c */
void sb_client_init(struct sb_client *client);
void sb_client_exit(struct sb_client *client);
ssize_t sb_client_read(struct file *file, char __user *to, size_t size, loff_t *pos);
__poll_t sb_client_poll(struct file *file, poll_table *pt);

/* genl.c */
void sb_genl_send(const struct sriov_broker_event *event);

#endif /* SB_EVENT_H */

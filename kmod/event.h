/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events, and those who read them.
 */
#ifndef VFB_EVENT_H
#define VFB_EVENT_H

#include <linux/fs.h>
#include <linux/poll.h>

#include "broker.h"

/* An open /dev/sriov_broker. */
struct vfb_client {
	u64 seen; /* the pool's count when LEASE found nothing */

	wait_queue_head_t wait; /* woken by events */
	/* The rest is under vfb_lock. */
	struct list_head holds; /* struct vfb_hold, see net.c */
	struct list_head node;	/* among those who get events */
	struct sriov_broker_event *ring;
	unsigned int head; /* next to write */
	unsigned int tail; /* next to read */
	u64 lost;
};

/* event.c */
void vfb_client_init(struct vfb_client *client);
void vfb_client_exit(struct vfb_client *client);
ssize_t vfb_client_read(struct file *file, char __user *to, size_t size, loff_t *pos);
__poll_t vfb_client_poll(struct file *file, poll_table *pt);

/* genl.c */
void vfb_genl_send(const struct sriov_broker_event *event);

#endif /* VFB_EVENT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events, and those who read them.
 */
#ifndef VFB_EVENT_H
#define VFB_EVENT_H

#include <linux/fs.h>
#include <linux/poll.h>

#include "broker.h"

/* How many events are remembered: so many a reader may be behind. */
#define VFB_EVENTS 512

/* How many readers one user may have. */
#define VFB_MAX_READERS 64

/* An event; what depends on its reader is not in @out yet. */
struct vfb_event {
	struct sriov_broker_event out;
	struct vfb_actor by;
	struct pid *lease_pid; /* counted; the lease's, or NULL */
	kuid_t lease_uid;
};

/* An open /dev/sriov_broker. */
struct vfb_client {
	struct vfb_user *user; /* counted: its opener */
	/* The rest is under vfb_lock. */
	struct list_head holds; /* struct vfb_hold, see net.c */
	u64 next;		/* event to read next, 0: none was asked for yet */
};

/* event.c */
int vfb_client_init(struct vfb_client *client, const struct cred *opener);
void vfb_client_exit(struct vfb_client *client);
ssize_t vfb_client_read(struct file *file, char __user *to, size_t size, loff_t *pos);
__poll_t vfb_client_poll(struct file *file, poll_table *pt);
bool vfb_event_after(u64 *last, struct vfb_event *event);
void vfb_event_put(struct vfb_event *event);
unsigned int vfb_event_recall(struct sriov_broker_event *events,
			      const struct sriov_broker_addr *dev);

#endif /* VFB_EVENT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Leases and requests for them, as the files of the module share them.
 */
#ifndef VFB_LEASE_H
#define VFB_LEASE_H

#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/wait.h>

#include "broker.h"

/* Something that the holder has not read yet. */
struct vfb_lease_news {
	u32 type; /* enum sriov_broker_lease_event_type, 0: nothing */
	u32 cause;
	u64 deadline_ns;
	struct vfb_actor by;
};

struct vfb_lease {
	u64 id;
	kuid_t uid;		   /* of the task that asked, as it is shown */
	struct vfb_vf *vf;	   /* counted; first of the group */
	struct module *owner;	   /* of the VF's driver, counted */
	wait_queue_head_t wait;	   /* woken by events */
	struct delayed_work grace; /* ends it when the grace has passed */

	/* While its VFs are taken, but not published yet. */
	struct work_struct probe;
	bool found_open; /* another one has a VF open */

	/* The rest is under vfb_lock. */
	unsigned int refs;
	struct vfb_user *user; /* counted; charged, NULL before it begins */
	struct list_head node; /* in the list of leases */
	bool resetting;	       /* by its holder */
	bool revoked;	       /* no longer the holder's */
	u64 deadline_ns;       /* of the grace, 0: none given */
	struct pid *pid;       /* counted */
	char label[SRIOV_BROKER_NAME_LEN];
	struct vfb_lease_news revoking;
	struct vfb_lease_news over;
};

/* How many selectors of requests that wait one user may have. */
#define VFB_MAX_WAITING 128

struct vfb_request {
	const struct sriov_broker_selector *sels;
	unsigned int num_sels;
	unsigned int flags; /* SRIOV_BROKER_LEASE_* */
	int numa_node;
	unsigned int count;
	unsigned int taken;	   /* vfb_lock */
	struct vfb_lease **leases; /* @count of them */
	struct vfb_user *user;	   /* the caller's; it is charged to */
	bool exempt;		   /* from the limits of users */

	/* Of one that waits; under vfb_lock. */
	struct list_head node;
	u64 id;
	u64 since_ns;
	int answer; /* 0: none yet, 1: served, or a negative errno */
	wait_queue_head_t wait;
};

/* lease.c */
bool vfb_label_ok(const char *label);
struct vfb_lease *vfb_lease_new(const char *label);
void vfb_lease_admit(struct vfb_request *req);
int vfb_lease_notice(u64 id, unsigned int grace_ms);
void vfb_lease_end(struct vfb_lease *lease);
void vfb_lease_undo(struct vfb_lease *lease);
void vfb_lease_renew(struct vfb_lease *lease);
void vfb_lease_free(struct vfb_lease *lease);

/* lease_fd.c */
struct file *vfb_lease_file(struct vfb_lease *lease);

/* pool.c */
int vfb_pool_take(struct vfb_request *req, s32 timeout_ms, struct vfb_why *why);
int vfb_pool_cancel(u64 id);

/* vfio.c */
struct file *vfb_vfio_open(struct vfb_vf *vf, bool cdev);

#endif /* VFB_LEASE_H */

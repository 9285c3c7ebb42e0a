/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The op tables of /dev/sriov_broker and of the lease descriptors, and the
 * function that runs them.
 */
#ifndef VFB_IOCTL_H
#define VFB_IOCTL_H

#include <linux/build_bug.h>
#include <linux/fs.h>
#include <linux/stddef.h>

#include "broker.h"

/* Room for any of the argument structs. */
union vfb_arg {
	u32 size;
	struct sriov_broker_info info;
	struct sriov_broker_list list;
	struct sriov_broker_enable enable;
	struct sriov_broker_disable disable;
	struct sriov_broker_bind bind;
	struct sriov_broker_lease lease;
	struct sriov_broker_clear clear;
	struct sriov_broker_lease_info lease_info;
	struct sriov_broker_lease_set lease_set;
	struct sriov_broker_lease_reset lease_reset;
	struct sriov_broker_lease_open lease_open;
	struct sriov_broker_revoke revoke;
	struct sriov_broker_net_hold net_hold;
	struct sriov_broker_cancel cancel;
};

/* One call of an op. */
struct vfb_call {
	union vfb_arg arg;
	struct vfb_why why;
	/* For the caller: installed when nothing can fail any more. */
	struct file *new_file;
	int new_fd;
};

struct vfb_ioctl {
	unsigned int cmd;
	unsigned int size;     /* of the struct as this module knows it */
	unsigned int min_size; /* up to the last field that a caller has to know */
	unsigned int why;      /* offset of its why pointer, 0: has none */
	bool admin;	       /* wants CAP_SYS_ADMIN */
	bool out;	       /* is copied back on success */
	int (*fn)(struct file *file, union vfb_arg *arg, struct vfb_why *why);
};

/* The two tables have number ranges of their own, of this size. */
#define VFB_IOCTL_INDEX(cmd) (_IOC_NR(cmd) & 0x3f)

/* clang-format off */
#define VFB_IOCTL(_cmd, _struct, _last, ...)					\
	[VFB_IOCTL_INDEX(_cmd)] = {						\
		.cmd = _cmd,							\
		.size = sizeof(struct _struct) + BUILD_BUG_ON_ZERO(		\
			sizeof(struct _struct) > sizeof(union vfb_arg)),		\
		.min_size = offsetofend(struct _struct, _last),			\
		__VA_ARGS__							\
	}
/* clang-format on */

long vfb_ioctl_run(const struct vfb_ioctl *table, unsigned int num, struct file *file,
		   unsigned int cmd, unsigned long uarg);

/* op.c */
int vfb_ioctl_enable(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_disable(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_bind(struct file *file, union vfb_arg *arg, struct vfb_why *why);

/* list.c */
int vfb_ioctl_info(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_list_pfs(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_list_vfs(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_list_waiters(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_history(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_stats(struct file *file, union vfb_arg *arg, struct vfb_why *why);

/* request.c */
int vfb_ioctl_lease(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_revoke(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_cancel(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_clear(struct file *file, union vfb_arg *arg, struct vfb_why *why);

/* net_hold.c */
int vfb_ioctl_net_hold(struct file *file, union vfb_arg *arg, struct vfb_why *why);

#endif /* VFB_IOCTL_H */

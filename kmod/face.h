/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What userspace sees: ioctls and the tables that they stand in, descriptors, lists, generic
 * netlink, the pfs parameter; and the ear, which hears the PCI bus.
 */
#ifndef VFB_FACE_H
#define VFB_FACE_H

#include <linux/build_bug.h>
#include <linux/stddef.h>

#include "flow.h"

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
	struct sriov_broker_anchor anchor;
	struct sriov_broker_release release;
	struct sriov_broker_pool pool;
	struct sriov_broker_cordon cordon;
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

/* ioctl.c */
long vfb_ioctl_run(const struct vfb_ioctl *table, unsigned int num, struct file *file,
		   unsigned int cmd, unsigned long uarg);

/* op.c */
void vfb_op_flush(void);
int vfb_ioctl_enable(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_disable(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_bind(struct file *file, union vfb_arg *arg, struct vfb_why *why);

/* request.c */
int vfb_ioctl_lease(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_revoke(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_cancel(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_anchor(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_release(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_clear(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_cordon(struct file *file, union vfb_arg *arg, struct vfb_why *why);

/* named_set.c */
int vfb_ioctl_pool_set(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_pool_get(struct file *file, union vfb_arg *arg, struct vfb_why *why);

/* lease_fd.c */
struct file *vfb_lease_file(struct vfb_lease *lease);
bool vfb_lease_has_file(u64 id);

/* net_hold.c */
int vfb_ioctl_net_hold(struct file *file, union vfb_arg *arg, struct vfb_why *why);
void vfb_net_release(struct vfb_client *client);

/* Fills in entries as far as there is room for; returns how many there are. */
typedef unsigned int (*vfb_take_fn)(void *entries, unsigned int room, struct vfb_pf *only);

/* list.c */
int vfb_ioctl_info(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_list_pfs(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_list_vfs(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_list_waiters(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_history(struct file *file, union vfb_arg *arg, struct vfb_why *why);
int vfb_ioctl_stats(struct file *file, union vfb_arg *arg, struct vfb_why *why);
unsigned int vfb_take_pfs(void *entries, unsigned int room, struct vfb_pf *only);
unsigned int vfb_take_vfs(void *entries, unsigned int room, struct vfb_pf *only);
void *vfb_picture(vfb_take_fn take, size_t entry, struct vfb_pf *only, unsigned int *num, u64 *seq);

/* genl.c */
int vfb_genl_register(void);
void vfb_genl_unregister(void);

/* pf_config.c */
#define VFB_SETTLE_MS 2000 /* for the driver of a PF that has just appeared */
#define VFB_LOSS_MS   3000 /* for another program to have the VFs that it wants */
void vfb_pf_config_work(struct work_struct *work);
void vfb_pf_config_apply(struct vfb_pf *pf, unsigned int delay_ms);
void vfb_pf_config_start(void);
void vfb_pf_config_stop(void);
bool vfb_pf_config_has(struct vfb_pf *pf);

/* aer.c */
void vfb_aer_start(void);
void vfb_aer_stop(void);

/* notify.c */
int vfb_notify_start(void);
void vfb_notify_stop(void);

#endif /* VFB_FACE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pictures of all PFs and VFs, as the ioctls and netlink dumps give them out.
 */
#ifndef VFB_LIST_H
#define VFB_LIST_H

#include "broker.h"

typedef unsigned int (*vfb_take_fn)(void *entries, unsigned int room, struct vfb_pf *only);

/* list.c */
unsigned int vfb_take_pfs(void *entries, unsigned int room, struct vfb_pf *only);
unsigned int vfb_take_vfs(void *entries, unsigned int room, struct vfb_pf *only);
unsigned int vfb_take_waiters(void *entries, unsigned int room, struct vfb_pf *only); /* pool.c */
int vfb_copy_entries(struct sriov_broker_list *p, const void *entries, size_t entry,
		     unsigned int num);
void *vfb_picture(vfb_take_fn take, size_t entry, struct vfb_pf *only, unsigned int *num, u64 *seq);

#endif /* VFB_LIST_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pictures of all PFs and VFs, as the ioctls and netlink dumps give them out.
 */
#ifndef SB_LIST_H
#define SB_LIST_H

#include "broker.h"

typedef unsigned int (*sb_take_fn)(void *entries, unsigned int room, struct sb_pf *only);

/* list.c */
unsigned int sb_take_pfs(void *entries, unsigned int room, struct sb_pf *only);
unsigned int sb_take_vfs(void *entries, unsigned int room, struct sb_pf *only);
int sb_copy_entries(struct sriov_broker_list *p, const void *entries, size_t entry,
		    unsigned int num);
void *sb_picture(sb_take_fn take, size_t entry, struct sb_pf *only, unsigned int *num, u64 *seq);

#endif /* SB_LIST_H */

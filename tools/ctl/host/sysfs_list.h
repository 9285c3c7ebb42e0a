/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PFs and VFs as sysfs shows them: what there is without the module, which alone knows
 * of states and leases.
 */
#ifndef HOST_SYSFS_LIST_H
#define HOST_SYSFS_LIST_H

#include <sys/types.h>

#include "sriovbroker.h"

/* What stands for a VF's state here; sriovb_strstate() says "?" to it. */
#define SYSFS_STATE_UNKNOWN UINT32_MAX

/* Arrays in the order of addresses, the caller's to free(). Return: how many, or -errno */
ssize_t sysfs_list_pfs(struct sriov_broker_pf **pfs);
ssize_t sysfs_list_vfs(struct sriov_broker_vf **vfs);

/* How many VFs of a PF there are just now; that can be asked while they come and go. */
unsigned int sysfs_count_vfs(const struct sriov_broker_addr *pf);

#endif /* HOST_SYSFS_LIST_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * These take the rescan-remove lock inside sriov_add_vfs() and sriov_del_vfs(), where
 * nothing that a compiler sees tells of it (05703271c3cd, of 6.18, and its backports;
 * undone after 6.19). There every caller that holds the lock, as sriov_configure's
 * callers must on all other kernels, deadlocks. 6.17 ended before that was undone.
 */
#include <linux/version.h>

/* clang-format off */
#define VFB_WITHIN(major, minor, first, last)				\
	(LINUX_VERSION_CODE >= KERNEL_VERSION(major, minor, first) &&	\
	 LINUX_VERSION_CODE <= KERNEL_VERSION(major, minor, last))
/* clang-format on */

#if VFB_WITHIN(6, 1, 157, 164) || VFB_WITHIN(6, 6, 113, 127) || VFB_WITHIN(6, 12, 54, 74) || \
	VFB_WITHIN(6, 17, 4, 255) || VFB_WITHIN(6, 18, 0, 15) || VFB_WITHIN(6, 19, 0, 5)
#error this kernel deadlocks when VFs come or go: update it (to 6.1.165, 6.6.128, 6.12.75, 6.18.16)
#endif

int vfb_probe(void);
int vfb_probe(void)
{
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * 6.1.157 to 6.1.164 and 6.12.54 to 6.12.74 take the rescan-remove lock inside
 * sriov_add_vfs() and sriov_del_vfs(), where nothing that a compiler sees tells
 * of it. There every caller that holds the lock, as sriov_configure's callers
 * must on all other kernels, deadlocks.
 */
#include <linux/version.h>

/* clang-format off */
#define VFB_WITHIN(major, minor, first, last)				\
	(LINUX_VERSION_CODE >= KERNEL_VERSION(major, minor, first) &&	\
	 LINUX_VERSION_CODE <= KERNEL_VERSION(major, minor, last))
/* clang-format on */

#if VFB_WITHIN(6, 1, 157, 164) || VFB_WITHIN(6, 12, 54, 74)
#error this kernel deadlocks when VFs come or go (6.1.157-164, 6.12.54-74): update it
#endif

int vfb_probe(void);
int vfb_probe(void)
{
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module is made for 6.1 and later, and its locks want guard(), which 6.1 got
 * with an update and the next ones with 6.5.
 */
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error this kernel is older than 6.1, the oldest that this module is made for
#elif !__has_include("linux/cleanup.h")
#error this kernel has no linux/cleanup.h, as 6.1 has with its updates, and 6.5: update it
#endif

int vfb_probe(void);
int vfb_probe(void)
{
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel that runs: its command line, its modules. */
#ifndef HOST_KERNEL_H
#define HOST_KERNEL_H

#include <stddef.h>

/* uname -r */
const char *kernel_release(void);

/* Is this word on the kernel's command line, "intel_iommu=on"? */
int kernel_was_told(const char *word);

/*
 * The rest of the last word of it that begins so, NULL: none does. Valid until the
 * next call.
 */
const char *kernel_option(const char *beginning);

/* A module, by its name with either of '-' and '_'. Return: 1 or 0 */
int module_is_there(const char *name);	   /* loaded, or built in */
int module_is_installed(const char *name); /* can be loaded, or is built in */

/* A parameter's value. Return: @buf or NULL */
const char *module_param(const char *module, const char *name, char *buf,
			 size_t len);

#endif /* HOST_KERNEL_H */

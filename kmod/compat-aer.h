/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's tracepoint of PCIe errors: what it calls a probe with has changed, which the
 * compile probes in kmod/compat/ find out. On a kernel that is none of these there is no
 * tracepoint here, and nothing is heard of errors.
 */
#ifndef VFB_COMPAT_AER_H
#define VFB_COMPAT_AER_H

#include <linux/aer.h>
#include <linux/tracepoint.h>

#include "compat-probed.h"

/* clang-format off */
#ifdef VFB_HAVE_AER_HEADER_LOG
#define VFB_AER_LOG struct aer_header_log_regs *log
#endif
#ifdef VFB_HAVE_AER_TLP_LOG
#define VFB_AER_LOG struct pcie_tlp_log *log
#endif
#ifdef VFB_HAVE_AER_BUS_TYPE
#define VFB_AER_LOG struct pcie_tlp_log *log, const char *bus
#endif

#ifdef VFB_AER_LOG
#define VFB_HAVE_AER 1
#else
#define VFB_AER_LOG void *log
#endif

/**
 * VFB_AER_PROBE - what a probe of the tracepoint is called with
 *
 * @name is the device's, @status bits of its status register, @severity AER_CORRECTABLE or
 * the like.
 */
#define VFB_AER_PROBE							\
	void *data, const char *name, const u32 status,			\
	const u8 severity, const u8 log_valid, VFB_AER_LOG
/* clang-format on */

static inline void vfb_aer_compare(struct tracepoint *tp, void *found)
{
	if (!strcmp(tp->name, "aer_event"))
		*(struct tracepoint **)found = tp;
}

/**
 * vfb_aer_find - look for the tracepoint of PCIe errors, which is not exported
 *
 * Context: may sleep.
 * Return: the tracepoint, or NULL.
 */
static inline struct tracepoint *vfb_aer_find(void)
{
	struct tracepoint *found = NULL;

#if defined(VFB_HAVE_AER) && defined(CONFIG_TRACEPOINTS)
	for_each_kernel_tracepoint(vfb_aer_compare, &found);
#endif
	return found;
}

#endif /* VFB_COMPAT_AER_H */

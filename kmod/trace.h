/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: what took how long. Events (event.c) say what has happened; these
 * are for perf and trace-cmd.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM sriov_broker

#if !defined(VFB_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VFB_TRACE_H

#include <linux/pci.h>
#include <linux/tracepoint.h>

/* clang-format off */
DECLARE_EVENT_CLASS(vfb_step,
	TP_PROTO(struct pci_dev *pdev, unsigned int num, int result, u64 ns),
	TP_ARGS(pdev, num, result, ns),
	TP_STRUCT__entry(
		__field(int, domain)
		__field(u16, bdf)
		__field(unsigned int, num)
		__field(int, result)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->domain = pci_domain_nr(pdev->bus);
		__entry->bdf = pci_dev_id(pdev);
		__entry->num = num;
		__entry->result = result;
		__entry->ns = ns;
	),
	/* As it is: perf and trace-cmd know no div_u64(). */
	TP_printk("%04x:%02x:%02x.%u num=%u result=%d took=%lluns",
		  __entry->domain, __entry->bdf >> 8, PCI_SLOT(__entry->bdf),
		  PCI_FUNC(__entry->bdf), __entry->num, __entry->result, __entry->ns)
);

#define VFB_STEP(name)								\
DEFINE_EVENT(vfb_step, name,							\
	TP_PROTO(struct pci_dev *pdev, unsigned int num, int result, u64 ns),	\
	TP_ARGS(pdev, num, result, ns))

VFB_STEP(vfb_enable);	/* a PF: num VFs; num is 0 for a disable */
VFB_STEP(vfb_configure);	/* a PF: of that, in the PF's driver and the PCI core */
VFB_STEP(vfb_bind);	/* a PF: num VFs to be at a driver */
VFB_STEP(vfb_lease);	/* a VF: num is the lease, cut to 32 bits */
VFB_STEP(vfb_return);	/* a VF: num is 0; result is the fault */
VFB_STEP(vfb_reset);	/* a VF: num is 0; result is the fault */
/* clang-format on */

#endif /* VFB_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

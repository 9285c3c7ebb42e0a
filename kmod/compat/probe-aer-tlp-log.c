// SPDX-License-Identifier: GPL-2.0-only
/* 6.12's has it in a struct of PCIe's. */
#include <linux/aer.h>
#include <ras/ras_event.h>

static void vfb_heard(void *data, const char *name, const u32 status, const u8 severity,
		      const u8 log_valid, struct pcie_tlp_log *log)
{
}

void vfb_probe(void);
void vfb_probe(void)
{
	check_trace_callback_type_aer_event(vfb_heard);
}

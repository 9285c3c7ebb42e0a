// SPDX-License-Identifier: GPL-2.0-only
/* 6.1's tracepoint of PCIe errors has the TLP's header in a struct of AER's own. */
#include <linux/aer.h>
#include <ras/ras_event.h>

static void vfb_heard(void *data, const char *name, const u32 status, const u8 severity,
		      const u8 log_valid, struct aer_header_log_regs *log)
{
}

void vfb_probe(void);
void vfb_probe(void)
{
	check_trace_callback_type_aer_event(vfb_heard);
}

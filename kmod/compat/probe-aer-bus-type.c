// SPDX-License-Identifier: GPL-2.0-only
/* 7.3's tells the kind of bus as well, for CXL has such errors too. */
#include <linux/aer.h>
#include <ras/ras_event.h>

static void vfb_heard(void *data, const char *name, const u32 status, const u8 severity,
		      const u8 log_valid, struct pcie_tlp_log *log, const char *bus)
{
}

void vfb_probe(void);
void vfb_probe(void)
{
	check_trace_callback_type_aer_event(vfb_heard);
}

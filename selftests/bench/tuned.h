/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the broker is compared with: the best that a program can do with sysfs
 * alone, in one process.  Nothing is looked up twice, no driver but the wanted
 * one ever probes, and the VFs' addresses are computed.
 */
#ifndef BENCH_TUNED_H
#define BENCH_TUNED_H

#include "broker.h"

/* Where the PF's VFs are; good while they are enabled. */
struct tuned {
	struct sriov_broker_addr pf;
	unsigned int offset, stride;
};

static inline void must(int err, const char *what)
{
	if (err)
		bail("%s: %s", what, strerror(err));
}

static inline void tuned_numvfs(struct sriov_broker_addr pf, unsigned int num)
{
	must(put(text(SYS_PCI "/%s/sriov_numvfs", name_of(pf)),
		 text("%u", num)),
	     "sriov_numvfs");
}

/* The PCI core's own work: VFs that no driver is offered. */
static inline void tuned_core(struct sriov_broker_addr pf, unsigned int num)
{
	must(put(text(SYS_PCI "/%s/sriov_drivers_autoprobe", name_of(pf)), "0"),
	     "sriov_drivers_autoprobe");
	tuned_numvfs(pf, num);
}

static inline struct tuned tuned_at(struct sriov_broker_addr pf)
{
	return (struct tuned){
		.pf = pf,
		.offset = get_number(
			text(SYS_PCI "/%s/sriov_offset", name_of(pf))),
		.stride = get_number(
			text(SYS_PCI "/%s/sriov_stride", name_of(pf))),
	};
}

static inline char *tuned_vf(const struct tuned *t, unsigned int index)
{
	struct sriov_broker_addr vf = t->pf;

	vf.bdf += t->offset + index * t->stride;
	return name_of(vf);
}

static inline void tuned_up(struct sriov_broker_addr pf, unsigned int num,
			    const char *driver)
{
	int fd = open("/sys/bus/pci/drivers_probe", O_WRONLY | O_CLOEXEC);
	struct tuned t;
	unsigned int i;

	tuned_core(pf, num);
	t = tuned_at(pf);
	for (i = 0; i < num; i++) {
		char *vf = tuned_vf(&t, i);

		must(set_override(vf, driver), vf);
		if (pwrite(fd, vf, strlen(vf), 0) < 0)
			bail("%s: drivers_probe: %m", vf);
	}
	close(fd);
}

static inline void tuned_down(struct sriov_broker_addr pf)
{
	tuned_numvfs(pf, 0);
	must(put(text(SYS_PCI "/%s/sriov_drivers_autoprobe", name_of(pf)), "1"),
	     "sriov_drivers_autoprobe");
}

static inline void tuned_reset(const char *vf)
{
	must(put(text(SYS_PCI "/%s/reset", vf), "1"), "reset");
}

/* A VF changes hands: taken from its driver, reset, bound again. */
static inline void tuned_turnover(const char *vf)
{
	must(unbind(vf), "unbind");
	tuned_reset(vf);
	must(probe(vf), "drivers_probe");
}

#endif /* BENCH_TUNED_H */

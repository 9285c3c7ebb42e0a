/* SPDX-License-Identifier: GPL-2.0-only */
/* What fakes of a configuration space have in common. */
#ifndef FAKE_H
#define FAKE_H

#include <linux/pci.h>

/* The device that a parameter names, "0000:01:00.0". Return: counted, or NULL */
static inline struct pci_dev *find_dev(const char *name)
{
	unsigned int domain, nr, slot, func;

	if (sscanf(name, "%x:%x:%x.%x", &domain, &nr, &slot, &func) != 4)
		return NULL;
	return pci_get_domain_bus_and_slot(domain, nr, PCI_DEVFN(slot, func));
}

/*
 * As struct pci_ops's read, of a device whose aligned 32 bits are what @fake makes of
 * the real ones.
 */
static inline int fake_config_read(struct pci_ops *real, struct pci_bus *bus,
				   unsigned int devfn, int where, int size,
				   u32 *val, u32 (*fake)(int where, u32 val))
{
	int ret = real->read(bus, devfn, where & ~3, 4, val);

	if (ret)
		return ret;
	*val = fake(where & ~3, *val) >> 8 * (where & 3);
	if (size < 4)
		*val &= (1 << 8 * size) - 1;
	return 0;
}

#endif /* FAKE_H */

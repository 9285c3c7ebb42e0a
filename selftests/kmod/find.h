/* SPDX-License-Identifier: GPL-2.0-only */
/* The device that a parameter names. */
#ifndef FIND_H
#define FIND_H

#include <linux/pci.h>

/* "0000:01:00.0". Return: counted, or NULL */
static inline struct pci_dev *find_dev(const char *name)
{
	unsigned int domain, nr, slot, func;

	if (sscanf(name, "%x:%x:%x.%x", &domain, &nr, &slot, &func) != 4)
		return NULL;
	return pci_get_domain_bus_and_slot(domain, nr, PCI_DEVFN(slot, func));
}

#endif /* FIND_H */

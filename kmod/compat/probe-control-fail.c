// SPDX-License-Identifier: GPL-2.0-only
/* Control: must not compile, or the probes' results mean nothing. */
#include <linux/pci.h>

int vfb_probe(struct pci_dev *pdev);
int vfb_probe(struct pci_dev *pdev)
{
	return pci_there_is_no_such_function(pdev);
}

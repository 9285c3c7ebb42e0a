// SPDX-License-Identifier: GPL-2.0-only
/* VF Resizable BAR, and the function that sets a size, since 6.17. */
#include <linux/pci.h>

int vfb_probe(struct pci_dev *pdev);
int vfb_probe(struct pci_dev *pdev)
{
	return pci_iov_vf_bar_set_size(pdev, PCI_IOV_RESOURCES, 0);
}

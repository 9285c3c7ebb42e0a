// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver for VFs that leaves DMA to its user, as vfio-pci does, and takes all
 * but one: that of the index in its parameter. Binds only by driver_override.
 */
#include <linux/module.h>
#include <linux/pci.h>

static int refuse = -1;
module_param(refuse, int, 0644);
MODULE_PARM_DESC(refuse,
		 "Index of the VF that is refused, with EILSEQ; -1 for none");

static int test_vf_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int index = pci_iov_vf_id(pdev);

	if (index < 0)
		return -ENODEV;
	return index == READ_ONCE(refuse) ? -EILSEQ : 0;
}

static const struct pci_device_id test_vf_ids[] = { {} };

static struct pci_driver test_vf_driver = {
	.name = "test_vf",
	.id_table = test_vf_ids,
	.probe = test_vf_probe,
	.driver_managed_dma = true,
};
module_pci_driver(test_vf_driver);

MODULE_DESCRIPTION("Tests: a driver that refuses one VF");
MODULE_LICENSE("GPL");

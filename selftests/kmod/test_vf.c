// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver for VFs that leaves DMA to its user, as vfio-pci does, and takes all
 * but one: that of the index in its parameter. It can be made to wait in its remove.
 * Binds only by driver_override, or by new_id.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/pci.h>

static int refuse = -1;
module_param(refuse, int, 0644);
MODULE_PARM_DESC(refuse, "Index of the VF that is refused; -1 for none");

static int with = EILSEQ;
module_param(with, int, 0644);
MODULE_PARM_DESC(with, "The errno that it is refused with");

static int probes;
module_param(probes, int, 0444);
MODULE_PARM_DESC(probes, "How often a VF was probed");

static bool stay;
module_param(stay, bool, 0644);
MODULE_PARM_DESC(stay, "Its remove waits, as vfio's does for a user");

static int test_vf_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int index = pci_iov_vf_id(pdev);

	WRITE_ONCE(probes, probes + 1);
	if (index < 0)
		return -ENODEV;
	return index == READ_ONCE(refuse) ? -READ_ONCE(with) : 0;
}

static void test_vf_remove(struct pci_dev *pdev)
{
	while (READ_ONCE(stay))
		msleep(20);
}

static const struct pci_device_id test_vf_ids[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_ANY_ID, PCI_ANY_ID) },
	{}
};

static struct pci_driver test_vf_driver = {
	.name = "test_vf",
	.id_table = test_vf_ids,
	.probe = test_vf_probe,
	.remove = test_vf_remove,
	.driver_managed_dma = true,
};
module_pci_driver(test_vf_driver);

MODULE_DESCRIPTION("Tests: a driver that refuses one VF");
MODULE_LICENSE("GPL");

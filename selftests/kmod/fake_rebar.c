// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the PF "dev" look as if it had the capability VF Resizable BAR, with BAR 0
 * of its VFs, which must be a 64-bit one, to be had in 1, 2, 4 or 8 MiB. It stands
 * between the PCI core and the device's configuration space, as aer_inject does,
 * so whatever reads that sees the same: the core, setpci, lspci, the broker.
 *
 * The device goes off the bus and comes back when this is loaded, and once more
 * when it is unloaded. Memory beyond the real, small BAR does nothing: no test may
 * touch that of a VF.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "fake.h"

#ifndef PCI_EXT_CAP_ID_VF_REBAR
#define PCI_EXT_CAP_ID_VF_REBAR 0x24
#endif

#define FAKE_POS   0xf00      /* where the device has nothing */
#define FAKE_SIZES (0xf << 4) /* 1, 2, 4, 8 MiB */
#define FAKE_MAX   3

static char *dev = "";
module_param(dev, charp, 0444);
MODULE_PARM_DESC(dev, "address of the PF");

static bool stubborn;
module_param(stubborn, bool, 0644);
MODULE_PARM_DESC(stubborn, "keep the size whatever is written");

static struct pci_bus *bus; /* counted */
static struct pci_ops *real;
static unsigned int devfn;
static int sriov, last;	   /* the SR-IOV capability, and the last one */
static unsigned int order; /* BAR 0 has 2^(20 + order) bytes */

static u32 fake_dword(int where, u32 val)
{
	u32 mask = ~((SZ_1M << READ_ONCE(order)) - 1);

	if (where == last)
		return (val & 0xfffff) | FAKE_POS << 20;
	if (where == FAKE_POS)
		return PCI_EXT_CAP_ID_VF_REBAR | 1 << 16;
	if (where == FAKE_POS + PCI_REBAR_CAP)
		return FAKE_SIZES;
	if (where == FAKE_POS + PCI_REBAR_CTRL)
		return 1 << PCI_REBAR_CTRL_NBAR_SHIFT |
		       READ_ONCE(order) << PCI_REBAR_CTRL_BAR_SHIFT;
	/* All that was written is there; what a larger one ignores is not. */
	if (where == sriov + PCI_SRIOV_BAR)
		return val & (mask | ~PCI_BASE_ADDRESS_MEM_MASK);
	return val;
}

static int fake_read(struct pci_bus *on, unsigned int fn, int where, int size,
		     u32 *val)
{
	if (on != bus || fn != devfn)
		return real->read(on, fn, where, size, val);
	return fake_config_read(real, on, fn, where, size, val, fake_dword);
}

static int fake_write(struct pci_bus *on, unsigned int fn, int where, int size,
		      u32 val)
{
	unsigned int wanted = (val & PCI_REBAR_CTRL_BAR_SIZE) >>
			      PCI_REBAR_CTRL_BAR_SHIFT;

	if (on != bus || fn != devfn || where < FAKE_POS ||
	    where >= FAKE_POS + PCI_REBAR_CTRL + 4)
		return real->write(on, fn, where, size, val);
	if (where == FAKE_POS + PCI_REBAR_CTRL && size == 4 &&
	    wanted <= FAKE_MAX && !stubborn)
		WRITE_ONCE(order, wanted);
	return 0;
}

static struct pci_ops fake_ops = { .read = fake_read, .write = fake_write };

static int find_caps(struct pci_dev *pdev)
{
	int pos = PCI_CFG_SPACE_SIZE, n;
	u32 head;

	sriov = pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_SRIOV);
	for (n = 0; n < 48 && pos; n++) {
		last = pos;
		pci_read_config_dword(pdev, pos, &head);
		pos = PCI_EXT_CAP_NEXT(head);
	}
	return sriov && !pos ? 0 : -ENODEV;
}

/* Off the bus; on again with other operations. */
static void replace(struct pci_ops *ops)
{
	struct pci_dev *pdev;

	pci_lock_rescan_remove();
	pdev = pci_get_slot(bus, devfn);
	if (pdev) {
		pci_stop_and_remove_bus_device(pdev);
		pci_dev_put(pdev);
	}
	pci_bus_set_ops(bus, ops);
	pci_rescan_bus(bus);
	pci_unlock_rescan_remove();
}

static int __init fake_rebar_init(void)
{
	struct pci_dev *pdev = find_dev(dev);
	int ret;

	if (!pdev)
		return -ENODEV;
	ret = find_caps(pdev);
	if (!ret) {
		bus = pdev->bus;
		real = bus->ops;
		devfn = pdev->devfn;
		get_device(&bus->dev);
	}
	pci_dev_put(pdev);
	if (!ret)
		replace(&fake_ops);
	return ret;
}

/* Nobody is within the operations: the bus's only device is off it. */
static void __exit fake_rebar_exit(void)
{
	replace(real);
	put_device(&bus->dev);
}

module_init(fake_rebar_init);
module_exit(fake_rebar_exit);

MODULE_DESCRIPTION("Tests: a PF with VF Resizable BAR");
MODULE_LICENSE("GPL");

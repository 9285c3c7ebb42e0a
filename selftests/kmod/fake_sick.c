// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the device "dev" look sick: a VF that, whatever it is told, does DMA or sends
 * interrupts, never ends what it has begun, or does not answer; or a PF whose VFs lie so
 * far apart that its bus has no numbers for them. It stands between the PCI core and the
 * device's configuration space, as aer_inject does, so whatever reads that sees the same.
 */
#include <linux/module.h>
#include <linux/pci.h>

#include "fake.h"

static char *dev = "";
module_param(dev, charp, 0444);
MODULE_PARM_DESC(dev, "address of the PF or VF");

static bool master;
module_param(master, bool, 0644);
MODULE_PARM_DESC(master, "its bus mastering is always on");

static bool msix;
module_param(msix, bool, 0644);
MODULE_PARM_DESC(msix, "its MSI-X is always enabled");

static bool pending;
module_param(pending, bool, 0644);
MODULE_PARM_DESC(pending, "it always has transactions pending");

static bool silent;
module_param(silent, bool, 0644);
MODULE_PARM_DESC(silent, "it does not answer");

static ushort stride;
module_param(stride, ushort, 0644);
MODULE_PARM_DESC(stride, "routing ids from VF to VF, 0: the device's");

static bool declines;
module_param(declines, bool, 0444);
MODULE_PARM_DESC(declines, "the first way to reset it declines when asked");

static struct pci_bus *bus; /* counted */
static struct pci_ops *real;
static unsigned int devfn;
/* Its capabilities, 0: it has none. */
static int sriov, msix_cap, pcie_cap;

static u32 sick_dword(int where, u32 val)
{
	u32 wanted = READ_ONCE(stride);

	if (READ_ONCE(silent))
		return ~0U;
	if (where == PCI_COMMAND && READ_ONCE(master))
		return val | PCI_COMMAND_MASTER;
	/* The upper half of these 32 bits. */
	if (msix_cap && where == msix_cap && READ_ONCE(msix))
		return val | PCI_MSIX_FLAGS_ENABLE << 16;
	if (pcie_cap && where == pcie_cap + PCI_EXP_DEVCTL &&
	    READ_ONCE(pending))
		return val | PCI_EXP_DEVSTA_TRPND << 16;
	if (sriov && where == sriov + PCI_SRIOV_VF_OFFSET && wanted)
		return (val & 0xffff) | wanted << 16;
	return val;
}

static int sick_read(struct pci_bus *on, unsigned int fn, int where, int size,
		     u32 *val)
{
	if (on != bus || fn != devfn)
		return real->read(on, fn, where, size, val);
	return fake_config_read(real, on, fn, where, size, val, sick_dword);
}

/* As the real ones but for that: some architectures' need the others of these. */
static struct pci_ops sick_ops;

static int __init fake_sick_init(void)
{
	struct pci_dev *pdev = find_dev(dev);

	if (!pdev)
		return -ENODEV;
	sriov = pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_SRIOV);
	msix_cap = pdev->msix_cap;
	pcie_cap = pdev->pcie_cap;
	devfn = pdev->devfn;
	bus = pdev->bus;
	get_device(&bus->dev);
	real = bus->ops;
	sick_ops = *real;
	sick_ops.read = sick_read;
	pci_bus_set_ops(bus, &sick_ops);
	/* "device_specific", of which the PCI core knows none, then what there is. */
	if (declines && pdev->reset_methods[0]) {
		memmove(pdev->reset_methods + 1, pdev->reset_methods,
			sizeof(pdev->reset_methods) - 1);
		pdev->reset_methods[0] = 1;
	}
	pci_dev_put(pdev);
	return 0;
}

static void __exit fake_sick_exit(void)
{
	pci_bus_set_ops(bus, real);
	put_device(&bus->dev);
}

module_init(fake_sick_init);
module_exit(fake_sick_exit);
MODULE_DESCRIPTION("Tests: a device with a sick configuration space");
MODULE_LICENSE("GPL");

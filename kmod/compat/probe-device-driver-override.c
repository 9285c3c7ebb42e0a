// SPDX-License-Identifier: GPL-2.0-only
/*
 * driver_override moved from struct pci_dev to struct device in 7.0, and with
 * device_set_driver_override() into 6.12.91.
 */
#include <linux/device.h>

int vfb_probe(struct device *dev);
int vfb_probe(struct device *dev)
{
	spin_lock(&dev->driver_override.lock);
	spin_unlock(&dev->driver_override.lock);
	return device_set_driver_override(dev, "");
}

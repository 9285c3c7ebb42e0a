// SPDX-License-Identifier: GPL-2.0-only
/* Since 6.19 a vfio driver tells of its regions by an operation of their own. */
#include <linux/vfio_pci_core.h>

extern const struct vfio_device_ops vfb_probe;
const struct vfio_device_ops vfb_probe = {
	.get_region_info_caps = vfio_pci_ioctl_get_region_info,
};

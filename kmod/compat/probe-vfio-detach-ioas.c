// SPDX-License-Identifier: GPL-2.0-only
/* Since 6.6, with the devices' own nodes, an address space can be left as well. */
#include <linux/vfio.h>

extern const struct vfio_device_ops vfb_probe;
const struct vfio_device_ops vfb_probe = {
	.detach_ioas = vfio_iommufd_physical_detach_ioas,
};

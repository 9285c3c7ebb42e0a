// SPDX-License-Identifier: GPL-2.0-only
/* Since 6.15 a PASID of a device can be attached by itself. */
#include <linux/vfio.h>

extern const struct vfio_device_ops vfb_probe;
const struct vfio_device_ops vfb_probe = {
	.pasid_attach_ioas = vfio_iommufd_physical_pasid_attach_ioas,
	.pasid_detach_ioas = vfio_iommufd_physical_pasid_detach_ioas,
};

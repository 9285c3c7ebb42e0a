// SPDX-License-Identifier: GPL-2.0-only
/* Since 6.2 a vfio driver may serve iommufd; where that is not built in, the names are NULL. */
#include <linux/vfio.h>

extern const struct vfio_device_ops vfb_probe;
const struct vfio_device_ops vfb_probe = {
	.bind_iommufd = vfio_iommufd_physical_bind,
	.unbind_iommufd = vfio_iommufd_physical_unbind,
	.attach_ioas = vfio_iommufd_physical_attach_ioas,
};

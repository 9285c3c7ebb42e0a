/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a vfio driver's operations are besides those that every supported kernel has,
 * as initializers. Found out by the compile probes in kmod/compat/.
 */
#ifndef VFB_COMPAT_VFIO_H
#define VFB_COMPAT_VFIO_H

#include <linux/vfio_pci_core.h>

#include "compat-probed.h"

/* clang-format off */
#ifdef VFB_HAVE_VFIO_IOMMUFD
#define VFB_OPS_IOMMUFD							\
	.bind_iommufd = vfio_iommufd_physical_bind,			\
	.unbind_iommufd = vfio_iommufd_physical_unbind,			\
	.attach_ioas = vfio_iommufd_physical_attach_ioas,
#else
#define VFB_OPS_IOMMUFD
#endif

#ifdef VFB_HAVE_VFIO_DETACH_IOAS
#define VFB_OPS_DETACH .detach_ioas = vfio_iommufd_physical_detach_ioas,
#else
#define VFB_OPS_DETACH
#endif

#ifdef VFB_HAVE_VFIO_PASID
#define VFB_OPS_PASID							\
	.pasid_attach_ioas = vfio_iommufd_physical_pasid_attach_ioas,	\
	.pasid_detach_ioas = vfio_iommufd_physical_pasid_detach_ioas,
#else
#define VFB_OPS_PASID
#endif

#ifdef VFB_HAVE_VFIO_MATCH_TOKEN_UUID
#define VFB_OPS_TOKEN .match_token_uuid = vfio_pci_core_match_token_uuid,
#else
#define VFB_OPS_TOKEN
#endif

#ifdef VFB_HAVE_VFIO_REGION_INFO_CAPS
#define VFB_OPS_REGION .get_region_info_caps = vfio_pci_ioctl_get_region_info,
#else
#define VFB_OPS_REGION
#endif

/* clang-format on */

#endif /* VFB_COMPAT_VFIO_H */

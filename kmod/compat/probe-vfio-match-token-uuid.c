// SPDX-License-Identifier: GPL-2.0-only
/* Since 6.17 vfio asks for the token by this; without it an open jumps to NULL. */
#include <linux/vfio_pci_core.h>

extern const struct vfio_device_ops vfb_probe;
const struct vfio_device_ops vfb_probe = {
	.match_token_uuid = vfio_pci_core_match_token_uuid,
};

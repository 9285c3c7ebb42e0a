/* SPDX-License-Identifier: GPL-2.0-only */
/* Who uses a VF without a lease. */
#ifndef VFIOUSER_H
#define VFIOUSER_H

#include <stddef.h>

#include "sriovbroker.h"

/* Room for what is said of him. */
#define VFIO_USER_LEN 64

/*
 * A process that has the VF open through vfio, by its descriptors, as
 * "process 123 (qemu-system-x86)". Return: @buf, or NULL: none can be seen.
 */
const char *vfio_user(const struct sriov_broker_addr *vf, char *buf,
		      size_t len);

#endif /* VFIOUSER_H */

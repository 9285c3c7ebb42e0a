/* SPDX-License-Identifier: GPL-2.0-only */
/* The users of a VF without a lease. */
#ifndef HOST_VFIO_USERS_H
#define HOST_VFIO_USERS_H

#include <stddef.h>
#include <sys/types.h>

#include "sriovbroker.h"

/* The group's node, that of a group without an IOMMU, the VF's own. */
#define VFIO_NODES 3

/* The numbers of the device nodes by which a VF can be used, 0: there is none. */
void vfio_nodes(const struct sriov_broker_addr *vf, dev_t nodes[VFIO_NODES]);

/* Is it the number of one of these? */
int vfio_is_node(const dev_t nodes[VFIO_NODES], dev_t device);

/* Room for what is said of the process. */
#define VFIO_USER_LEN 64

/*
 * A process that has the VF open through vfio, by its descriptors, as
 * "process 123 (qemu-system-x86)". Return: @buf, or NULL: none can be seen.
 */
const char *vfio_user(const struct sriov_broker_addr *vf, char *buf,
		      size_t len);

#endif /* HOST_VFIO_USERS_H */

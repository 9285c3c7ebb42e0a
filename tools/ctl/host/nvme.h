/* SPDX-License-Identifier: GPL-2.0-only */
/* The controllers that an NVMe PF's VFs are. */
#ifndef HOST_NVME_H
#define HOST_NVME_H

#include <json-c/json.h>

#include "sriovbroker.h"

/* What the PF says of a VF's secondary controller. */
struct nvme_vf {
	int known; /* the rest of this; or else it may be online or not */
	unsigned int index;	 /* of the VF */
	unsigned int controller; /* its id */
	int online;		 /* or else it does not answer */
	unsigned int queues;	 /* that it was assigned */
	unsigned int vectors;
	char pf[16]; /* the PF's controller: "nvme0" */
};

/*
 * That of VF @index of a PF. Each PF is asked once, which only root may, and only
 * through the host's driver.
 * Return: NULL: it has none, as all that are not NVMe
 */
const struct nvme_vf *nvme_vf(const struct sriov_broker_addr *pf,
			      unsigned int index);

/* Ask anew from here on. */
void nvme_forget(void);

#endif /* HOST_NVME_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* The controllers that an NVMe PF's VFs are. */
#ifndef NVME_H
#define NVME_H

#include <json-c/json.h>

#include "cli/sriovctl.h"

/* What the PF says of a VF's secondary controller. */
struct nvme_vf {
	unsigned int index;	 /* of the VF */
	unsigned int controller; /* its id */
	int online;		 /* or else it does not answer */
	unsigned int queues;	 /* that it was assigned */
	unsigned int vectors;
	char pf[16]; /* the PF's controller: "nvme0" */
};

/*
 * That of VF @index of a PF. Each PF is asked once, which only root may.
 * Return: NULL where that is not known, as of all that are not NVMe
 */
const struct nvme_vf *nvme_vf(const struct sriov_broker_addr *pf,
			      unsigned int index);

/* Add it as "nvme" to a JSON object, if it is known. */
void nvme_json(struct json_object *obj, const struct sriov_broker_vf *vf);

/*
 * Leave those VFs out of @selectors, which have room for
 * SRIOV_BROKER_MAX_SELECTORS, of which a guest would have no disk. With a complaint
 * if none is left. Return: 0 or EXIT_REFUSED
 */
int nvme_leave_out(struct sriovb *sb, struct sriov_broker_selector *selectors,
		   unsigned int *num_selectors);

#endif /* NVME_H */

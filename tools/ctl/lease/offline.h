/* SPDX-License-Identifier: GPL-2.0-only */
/* VFs that no guest could use: NVMe ones whose secondary controller is offline. */
#ifndef LEASE_OFFLINE_H
#define LEASE_OFFLINE_H

#include "sriovbroker.h"

/*
 * Leave those VFs out of @selectors, which have room for
 * SRIOV_BROKER_MAX_SELECTORS, of which a guest would have no disk. With a complaint
 * if none is left. Return: 0 or EXIT_REFUSED
 */
int offline_leave_out(struct sriovb *sb,
		      struct sriov_broker_selector *selectors,
		      unsigned int *num_selectors);

/* Say of a VF for a guest that it may be one. */
void offline_warn(const struct sriov_broker_grant *grant);

#endif /* LEASE_OFFLINE_H */

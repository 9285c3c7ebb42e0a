/* SPDX-License-Identifier: GPL-2.0-only */
/* A lease, as it is named on the command line: by its number, or by its VF. */
#ifndef CLI_LEASE_NAME_H
#define CLI_LEASE_NAME_H

#include "cli/args.h"
#include "sriovbroker.h"

/* The number of the lease that @args->word[@word] names. Return: 0 or an exit code. */
int lease_named(struct sriovb *sb, const struct args *args, int word,
		unsigned long long *lease);

/* The same, but the VF that it is on. Return: 0 or an exit code. */
int lease_vf_named(struct sriovb *sb, const struct args *args, int word,
		   struct sriov_broker_vf *vf);

/* The VF that is under lease @lease. Return: 1, 0: there is none, or -errno */
int find_lease(struct sriovb *sb, unsigned long long lease,
	       struct sriov_broker_vf *vf);

#endif /* CLI_LEASE_NAME_H */

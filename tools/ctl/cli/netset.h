/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VF's network attributes, asked of its PF's interface and told to it.
 */
#ifndef CLI_NETSET_H
#define CLI_NETSET_H

#include "cli/netattr.h"
#include "host/netinfo.h"

/* The VF that is meant. */
struct netvf {
	struct sriov_broker_addr vf;
	struct sriov_broker_addr pf;
	unsigned int index;
	unsigned long long lease_id; /* 0: it is not leased */
};

#define NETSET_FORCE (1U << 0) /* even a MAC that another VF has */

/*
 * Set attributes, all or none, or complain. Of a VF that is leased the kernel
 * remembers first what they were, and puts them back when the lease is over. One that
 * was not leased has to be so until they are set.
 * Return: 0 or an exit code; EXIT_PARTLY: they could not all be put back
 */
int netset_apply(const struct netvf *vf, const struct netattrs *attrs,
		 unsigned int flags);

/*
 * May a VF have the MAC of @attrs? Not if its PF or another VF has it, other than
 * number @besides. With a complaint. Return: 0 or EXIT_REFUSED
 */
int netset_check_mac(const struct netvf *vf, const struct netattrs *attrs,
		     unsigned int besides);

/* netset_apply() for leases of ours. Without any attribute nothing is done. */
int netset_apply_leases(const struct sriov_broker_grant *grants,
			unsigned int count, const struct netattrs *attrs);

#endif /* CLI_NETSET_H */

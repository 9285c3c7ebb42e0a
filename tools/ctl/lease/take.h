/* SPDX-License-Identifier: GPL-2.0-only */
/* Leases, taken by the words and options of a command. */
#ifndef LEASE_TAKE_H
#define LEASE_TAKE_H

#include "cli/args.h"
#include "sriovbroker.h"

/* As take_leases(), with the options; not only for a guest. */
int take_leases_by_options(struct sriovb *sb, const struct args *args,
			   const struct sriovb_request *request, int for_guest,
			   struct sriov_broker_grant *grants);

/*
 * Say what may keep a VF from being of use to a guest: its PF is down, so that it has no
 * link; it may be an NVMe controller that is offline.
 */
void warn_of(const struct sriov_broker_grant *grant);

/* How a lease was asked for: words about its refusal go by that. */
struct asked {
	const char *word;   /* the first device that was named; NULL: none */
	const char *device; /* vendor and device that were named; NULL: none */
	int can_wait;	    /* the command has --wait */
	struct sriov_broker_addr own; /* the VF that another is wanted for */
};

/* Say why sriovb_lease() has failed, and where VFs that fit are. Return: an exit code */
int not_granted(struct sriovb *sb, const struct sriovb_request *request,
		const struct asked *asked, int error);

/*
 * Lease VFs that fit the words of @args, or any, or complain. @request says the
 * rest. For a guest: none that could not work there. Return: 0, then the descriptors
 * are the caller's to close; or an exit code.
 */
int take_leases(struct sriovb *sb, const struct args *args,
		const struct sriovb_request *request,
		struct sriov_broker_grant *grants);

#endif /* LEASE_TAKE_H */

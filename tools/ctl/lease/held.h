/* SPDX-License-Identifier: GPL-2.0-only */
/* Leases that a command holds, and what its child is told of them. */
#ifndef LEASE_HELD_H
#define LEASE_HELD_H

#include "sriovbroker.h"

/* Leases that are held, and whether the command that runs under them inherits them. */
struct held {
	struct sriov_broker_grant *grants;
	unsigned int count;
	int inherit;
	int no_input; /* the end of standard input is not theirs */
};

/* The variable that names the descriptors that were inherited. */
#define FD_VARIABLE "SRIOV_LEASE_FD"

/* Put leases into the environment, as SRIOV_VF and others. */
void leases_to_environment(const struct held *held);

/* All the VFs' addresses, with @separator between; the caller's to free. */
char *lease_addresses(const struct held *held, char separator);

/* Print the same variables, as a shell takes them. Return: 0, or a complaint's exit code. */
int held_print_variables(const struct held *held);

#endif /* LEASE_HELD_H */

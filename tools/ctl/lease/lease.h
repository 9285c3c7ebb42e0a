/* SPDX-License-Identifier: GPL-2.0-only */
/* Leases that a command has taken, or inherited. */
#ifndef LEASE_LEASE_H
#define LEASE_LEASE_H

#include <json-c/json.h>

#include "cli/args.h"
#include "sriovbroker.h"

/* ---- take.c: which leases are wished for ---- */

/* Options of commands that lease, first of all in such a command's table. */
enum {
	WISH_COUNT,
	WISH_DEVICE,
	WISH_NUMA,
	WISH_STRICT,
	WISH_SPREAD,
	WISH_DISTINCT,
	WISH_WAIT,
	NUM_WISH_OPTS
};

/* clang-format off */
#define WISH_OPTIONS \
	[WISH_COUNT] = { "count", 'n', "N", "lease N VFs, or none (1)" }, \
	[WISH_DEVICE] = { "device", 'd', "ID", \
			 "only VFs of this vendor:device" }, \
	[WISH_NUMA] = { "numa", 'm', "NODE", "preferably on this NUMA node" }, \
	[WISH_STRICT] = { "numa-strict", 'M', NULL, "with --numa: on no other" }, \
	[WISH_SPREAD] = { "spread", 's', NULL, \
			 "from the PF with the fewest leased" }, \
	[WISH_DISTINCT] = { "distinct-pfs", 'p', NULL, "each from another PF" }, \
	[WISH_WAIT] = { "wait", 'w', "S", "wait S seconds, or \"forever\"" }
/* clang-format on */

/* What these options say of @wish. Return: 0 or an exit code. */
int parse_wish(const struct args *args, struct sriovb_request *wish);

/* As take_leases(), with the options; not only for a guest. */
int take_wish(struct sriovb *sb, const struct args *args,
	      const struct sriovb_request *wish, int for_guest,
	      struct sriov_broker_grant *grants);

/* Say so if a VF can have no link because its PF is down. */
void warn_if_down(const struct sriov_broker_addr *vf,
		  const struct sriov_broker_addr *pf);

/*
 * Lease VFs that fit the words of @args, or any, or complain. @wish says the
 * rest. For a guest: none that could not work there. Return: 0, then the descriptors are the caller's to close; or an exit
 * code.
 */
int take_leases(struct sriovb *sb, const struct args *args,
		const struct sriovb_request *wish,
		struct sriov_broker_grant *grants);

/* Leases that are held, and whether who runs under them inherits them. */
struct held {
	struct sriov_broker_grant *grants;
	unsigned int count;
	int inherit;
	int no_input; /* the end of standard input is not theirs */
};

/* ---- print.c: how leases are printed ---- */

/* Is there such an output? NULL: the one for people. */
int lease_output_ok(const char *output);

/* Print leases: "shell", "json", "qemu", "libvirt", NULL. */
int print_leases(const struct held *held, const char *output, int as_array);

/* Add what was leased to a JSON object. */
void lease_json(const struct sriov_broker_grant *grant,
		struct json_object *obj);

/* Put leases into the environment, as SRIOV_VF and others. */
void leases_to_environment(const struct held *held);

/* All the VFs' addresses, with @separator between; the caller's to free. */
char *lease_addresses(const struct held *held, char separator);

/* ---- hold.c: until when leases are held ---- */

/* From here on signals are read, not acted upon. Return: 0 or -1. */
int hold_signals(void);

/* Until end of input, if that counts, a signal, or the end of a lease. Return: exit code. */
int hold(const struct held *held);

/* While a command runs. Return: its exit code. */
int hold_for(const struct held *held, char **words);

/* The variable that names the descriptors that were inherited. */
#define FD_VARIABLE "SRIOV_LEASE_FD"

#endif /* LEASE_LEASE_H */

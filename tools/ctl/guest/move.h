/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest's VF to another PF: what drain and maintenance have in common. */
#ifndef GUEST_MOVE_H
#define GUEST_MOVE_H

#include "cli/args.h"
#include "guest/find.h"
#include "guest/swap.h"
#include "guest/unplug.h"

/* Where VFs go that leave a PF. */
struct destination {
	struct sriov_broker_addr from;
	struct sriov_broker_selector to[SRIOV_BROKER_MAX_SELECTORS];
	unsigned int num_to;
	int any_pf; /* none was named: VFs of the same kind alone will do */
	unsigned int lease_flags;  /* SRIOV_BROKER_LEASE_* */
	struct json_object *moved; /* for programs; NULL: people are told */
	struct unplug_opts opts;
};

/* "PF,PF", or all other PFs that are leased from. Return: 0 or an exit code */
int destination_parse(const struct args *args, const char *text,
		      struct destination *d);
int destination_find(struct sriovb *sb, struct destination *d);

/* Move what a guest has, and tell; or complain. Return: 0 or an exit code */
int move_vf(const struct destination *d, struct sriovb *sb,
	    const struct guest *g);

/* Is a VF in use, or may be? With a complaint. Return: an exit code, 0: it is not */
int complain_of_use(const struct sriov_broker_vf *vf);

#endif /* GUEST_MOVE_H */

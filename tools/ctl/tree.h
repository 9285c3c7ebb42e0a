/* SPDX-License-Identifier: GPL-2.0-only */
/* The answer of "sriovctl list" as a tree for people. */
#ifndef TREE_H
#define TREE_H

#include "netinfo.h"
#include "table.h"

/* What the network stack knows of a PF or VF; all empty where it knows nothing. */
struct netview {
	char name[IFNAMSIZ];
	char mac[MAC_LEN];
	const char *link; /* NULL: unknown */
	int known;
};

extern const struct column tree_columns[];

void tree_add_pf(struct table *table, const struct sriov_broker_pf *pf,
		 const struct netview *net);
void tree_add_vf(struct table *table, const struct sriov_broker_vf *vf,
		 const struct netview *net);

#endif /* TREE_H */

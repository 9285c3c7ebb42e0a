/* SPDX-License-Identifier: GPL-2.0-only */
/* Leases taken back from their holders, which are asked to let go first. */
#ifndef LEASE_TAKE_BACK_H
#define LEASE_TAKE_BACK_H

#include <json-c/json.h>

#include "sriovbroker.h"

/* Its VF, and what became of it. */
struct taken {
	struct sriov_broker_vf vf; /* as it was found, with its lease */
	int refused;		   /* by the broker, with words */
	int let_go;
};

/* Add what became of them, under a name, to a document. */
void taken_json(struct json_object *document, const char *name,
		const struct taken *taken, unsigned int num);

/*
 * Revoke the leases of these VFs, whose users are asked through vfio to let go, and have
 * @grace_s for that; and wait for it. @quiet: no word of success. Return: 0, or a
 * complaint's exit code: one did not let go, or was refused.
 */
int take_back(struct sriovb *sb, struct taken *taken, unsigned int num,
	      unsigned int grace_s, int quiet);

#endif /* LEASE_TAKE_BACK_H */

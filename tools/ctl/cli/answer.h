/* SPDX-License-Identifier: GPL-2.0-only */
/* What commands that change VFs answer to programs. */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include <json-c/json.h>

#include "cli/target.h"

/* Add "vfs", the VFs that it names as they are now, to a document. */
void target_json(struct json_object *document, struct sriovb *sb,
		 const struct target *target);

/* Print a PF as it is now, with its VFs. Return: 0 or an exit code */
int tell_pf(struct sriovb *sb, const struct sriov_broker_addr *pf);

#endif /* CLI_ANSWER_H */

// SPDX-License-Identifier: GPL-2.0-only
/* What commands that change VFs answer to programs. */
#include <stdlib.h>

#include "base/field.h"
#include "base/json.h"
#include "base/value.h"
#include "cli/answer.h"
#include "cli/target.h"
#include "host/facts.h"

void target_json(struct json_object *document, struct sriovb *sb,
		 const struct target *target)
{
	static const struct field fields[] = {
		{ "vf", NULL, offsetof(struct sriov_broker_vf, addr),
		  value_addr },
		{ "pf", NULL, offsetof(struct sriov_broker_vf, pf),
		  value_addr },
		VF_FIELDS(struct sriov_broker_vf, ),
		{ 0 },
	};
	struct json_object *array = json_object_new_array();
	struct sriov_broker_vf *vfs;
	ssize_t n = sriovb_list_vfs(sb, NULL, &vfs);
	ssize_t i;

	for (i = 0; i < n; i++) {
		const struct sriov_broker_vf *vf = &vfs[i];
		struct json_object *obj;

		if (!sriovb_same_addr(&vf->addr, &target->dev) &&
		    (!sriovb_same_addr(&vf->pf, &target->dev) ||
		     !target_has_index(target, vf->index)))
			continue;
		obj = json_object_new_object();
		fields_json(obj, fields, vf);
		json_object_array_add(array, obj);
	}
	if (n >= 0)
		free(vfs);
	json_object_object_add(document, "vfs", array);
}

int tell_pf(struct sriovb *sb, const struct sriov_broker_addr *pf)
{
	static const struct field fields[] = {
		{ "pf", NULL, offsetof(struct sriov_broker_pf, addr),
		  value_addr },
		PF_FIELDS(struct sriov_broker_pf, ),
		{ 0 },
	};
	struct json_object *document = json_document();
	struct sriov_broker_pf *pfs;
	ssize_t n = sriovb_list_pfs(sb, pf, &pfs);

	if (n > 0)
		fields_json(document, fields, pfs);
	if (n >= 0)
		free(pfs);
	target_json(document, sb, &(struct target){ .dev = *pf });
	return json_print(document);
}

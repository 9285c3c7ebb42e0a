// SPDX-License-Identifier: GPL-2.0-only
/* What JSON says of a VF wherever one is shown. */
#include "base/json.h"
#include "cli/vf_json.h"
#include "host/proc.h"

void json_lease(struct json_object *obj, const struct sriov_broker_vf *vf)
{
	struct json_object *lease = NULL;

	if (vf->lease_id) {
		lease = json_object_new_object();
		json_number(lease, "id", vf->lease_id);
		json_name(lease, "label", vf->lease_label);
		/* The process that leased it has ended: which one has the descriptor now? */
		json_number(lease, "pid",
			    vf->lease_pid ? vf->lease_pid :
					    proc_lease_holder(vf->lease_id));
		json_number(lease, "uid", vf->lease_uid);
	}
	json_object_object_add(obj, "lease", lease);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* What JSON says of a VF wherever one is shown. */
#ifndef CLI_VF_JSON_H
#define CLI_VF_JSON_H

#include <json-c/json.h>

#include "sriovbroker.h"

/* "lease" of a VF, null for none. */
void json_lease(struct json_object *obj, const struct sriov_broker_vf *vf);

#endif /* CLI_VF_JSON_H */

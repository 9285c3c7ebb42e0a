/* SPDX-License-Identifier: GPL-2.0-only */
/* How events are printed: as JSON, as a line for people. */
#ifndef CLI_EVENT_PRINT_H
#define CLI_EVENT_PRINT_H

#include "base/field.h"
#include "sriovbroker.h"

/* Add it to a JSON object. */
void event_json(struct json_object *obj,
		const struct sriov_broker_event *event);

/* One line, without its end, of a struct sriov_broker_event. */
void event_print(FILE *out, const void *event);

#endif /* CLI_EVENT_PRINT_H */

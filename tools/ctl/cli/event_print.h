/* SPDX-License-Identifier: GPL-2.0-only */
/* How events are printed: as JSON, as a line for people. */
#ifndef CLI_EVENT_PRINT_H
#define CLI_EVENT_PRINT_H

#include <json-c/json.h>

#include "sriovbroker.h"

struct json_object *event_json(const struct sriov_broker_event *event);

/* One line, for people. */
void event_print(const struct sriov_broker_event *event);

#endif /* CLI_EVENT_PRINT_H */

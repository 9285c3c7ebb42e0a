/* SPDX-License-Identifier: GPL-2.0-only */
/* All about one device, as a JSON object; and that for people. */
#ifndef CMD_SHOW_TEXT_H
#define CMD_SHOW_TEXT_H

#include <json-c/json.h>

/* Print it and give it up. */
void show_print(struct json_object *device);

#endif /* CMD_SHOW_TEXT_H */

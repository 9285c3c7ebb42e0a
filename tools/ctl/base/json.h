/* SPDX-License-Identifier: GPL-2.0-only */
/* How answers are printed: JSON for programs. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <json-c/json.h>

#include "sriovbroker.h"

/* Add to a JSON object; these never fail for want of anything but memory. */
void json_text(struct json_object *obj, const char *key, const char *text);
void json_number(struct json_object *obj, const char *key, int64_t number);
void json_addr(struct json_object *obj, const char *key,
	       const struct sriov_broker_addr *addr);

/* A stranger's words, at most @max bytes, as valid UTF-8. */
void json_words(struct json_object *obj, const char *key, const char *words,
		size_t max);

/* The same for a name from the kernel, which may have no end. */
void json_name(struct json_object *obj, const char *key, const char *name);

/* A PCI id, as "0x8086". */
void json_id(struct json_object *obj, const char *key, unsigned int id);

/* "driver", null for none. */
void json_driver(struct json_object *obj, const char *driver);

/* "iommu_group", null for none. */
void json_group(struct json_object *obj, int group);

/* Print it on one line and give it up. Return: 0, or a complaint's exit code. */
int json_print_line(struct json_object *obj);

/* Print it and give it up. Return: 0, or a complaint's exit code. */
int json_print(struct json_object *obj);

#endif /* BASE_JSON_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON for programs: documents, one a line. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <json-c/json.h>

#include "sriovbroker.h"

/* Of all documents; keys are added without its becoming another one. */
#define JSON_VERSION 1

/* An object with "version", for the others to be added to. */
struct json_object *json_document(void);

/*
 * Print a document, on one line unless json_pretty, and give it up.
 * Return: 0 or an exit code
 */
extern int json_pretty;
int json_print(struct json_object *document);

/* A text, of whatever bytes: names from the command line may be no UTF-8. NULL: null */
struct json_object *json_string(const char *text);

/* Add to a JSON object; these never fail for want of anything but memory. */
void json_text(struct json_object *obj, const char *key, const char *text);
void json_number(struct json_object *obj, const char *key, int64_t number);
void json_addr(struct json_object *obj, const char *key,
	       const struct sriov_broker_addr *addr);

/* A PCI id, as "0x8086". */
void json_id(struct json_object *obj, const char *key, unsigned int id);

#endif /* BASE_JSON_H */

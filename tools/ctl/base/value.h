/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of JSON, made of what a pointer leads to: for tables of fields. */
#ifndef BASE_VALUE_H
#define BASE_VALUE_H

#include <json-c/json.h>

struct json_object *value_u16(const void *number);
struct json_object *value_u32(const void *number);
struct json_object *value_s32(const void *number); /* also an int, a pid_t */
struct json_object *value_u64(const void *number);
struct json_object *value_lease(const void *id);    /* a u64, null for 0 */
struct json_object *value_bool(const void *number); /* an int */

/* A u16 that is a PCI id: "0x8086" */
struct json_object *value_id(const void *id);

/* struct sriov_broker_addr; null where there is none */
struct json_object *value_addr(const void *addr);

/* The kernel's char[SRIOV_BROKER_NAME_LEN], which may have no end. */
struct json_object *value_name(const void *name);
struct json_object *value_driver(const void *name); /* null for none */

/* The kernel's char[SRIOV_BROKER_COMM_LEN], the same of a process. */
struct json_object *value_comm(const void *comm);

/* A char[]: a stranger's words; null, or nothing at all, where it is empty. */
struct json_object *value_text(const void *text);
struct json_object *value_text_or_absent(const void *text);

/* The kernel's char[SRIOV_BROKER_CGROUP_LEN]; null where it is empty. */
struct json_object *value_cgroup(const void *path);

/* A const char *; null where it is. */
struct json_object *value_word(const void *word);

/* An __s32: null where it is negative. */
struct json_object *value_group(const void *group);

/* A __u32 of the kernel's SRIOV_BROKER_VF_FLAG_*. */
struct json_object *value_guarded(const void *flags);
struct json_object *value_implicit(const void *flags);
struct json_object *value_anchored(const void *flags);

/* A __u32 of the kernel's SRIOV_BROKER_PF_FLAG_*. */
struct json_object *value_cordoned(const void *flags);

/* __u32: enum sriov_broker_vf_state, enum sriov_broker_fault */
struct json_object *value_state(const void *state);
struct json_object *value_fault(const void *fault);

#endif /* BASE_VALUE_H */

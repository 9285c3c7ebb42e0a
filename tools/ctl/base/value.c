// SPDX-License-Identifier: GPL-2.0-only
/* Values of JSON, made of what a pointer leads to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/field.h"
#include "sriovbroker.h"
#include "base/text.h"
#include "base/value.h"

struct json_object *value_u16(const void *number)
{
	return json_object_new_int64(*(const __u16 *)number);
}

struct json_object *value_u32(const void *number)
{
	return json_object_new_int64(*(const __u32 *)number);
}

struct json_object *value_s32(const void *number)
{
	return json_object_new_int64(*(const __s32 *)number);
}

struct json_object *value_u64(const void *number)
{
	return json_object_new_int64(*(const __u64 *)number);
}

struct json_object *value_lease(const void *id)
{
	return *(const __u64 *)id ? value_u64(id) : NULL;
}

struct json_object *value_bool(const void *number)
{
	return json_object_new_boolean(*(const int *)number);
}

struct json_object *value_id(const void *id)
{
	char text[8];

	snprintf(text, sizeof(text), "0x%04x", *(const __u16 *)id);
	return json_object_new_string(text);
}

struct json_object *value_addr(const void *addr)
{
	const struct sriov_broker_addr *dev = addr;
	char text[SRIOVB_ADDR_LEN];

	return dev->valid ?
		       json_object_new_string(sriovb_format_addr(dev, text)) :
		       NULL;
}

/* At most @max bytes, valid UTF-8 or not. */
static struct json_object *words(const char *text, size_t max)
{
	char *copy = strndup(text, max);
	struct json_object *value = copy ? json_object_new_string(utf8(copy)) :
					   NULL;

	free(copy);
	return value;
}

struct json_object *value_name(const void *name)
{
	return words(name, SRIOV_BROKER_NAME_LEN);
}

struct json_object *value_comm(const void *comm)
{
	return words(comm, SRIOV_BROKER_COMM_LEN);
}

struct json_object *value_driver(const void *name)
{
	return *(const char *)name ? value_name(name) : NULL;
}

struct json_object *value_cgroup(const void *path)
{
	return *(const char *)path ? words(path, SRIOV_BROKER_CGROUP_LEN) :
				     NULL;
}

struct json_object *value_text(const void *text)
{
	return *(const char *)text ? words(text, strlen(text)) : NULL;
}

struct json_object *value_text_or_absent(const void *text)
{
	return *(const char *)text ? value_text(text) : FIELD_ABSENT;
}

struct json_object *value_word(const void *word)
{
	const char *text = *(const char *const *)word;

	return text ? json_object_new_string(text) : NULL;
}

struct json_object *value_group(const void *group)
{
	return *(const __s32 *)group < 0 ? NULL : value_s32(group);
}

static struct json_object *has(const void *flags, __u32 flag)
{
	return json_object_new_boolean(!!(*(const __u32 *)flags & flag));
}

struct json_object *value_guarded(const void *flags)
{
	return has(flags, SRIOV_BROKER_VF_FLAG_GUARDED);
}

struct json_object *value_implicit(const void *flags)
{
	return has(flags, SRIOV_BROKER_VF_FLAG_IMPLICIT);
}

struct json_object *value_anchored(const void *flags)
{
	return has(flags, SRIOV_BROKER_VF_FLAG_ANCHORED);
}

struct json_object *value_cordoned(const void *flags)
{
	return has(flags, SRIOV_BROKER_PF_FLAG_CORDONED);
}

struct json_object *value_state(const void *state)
{
	const char *text = sriovb_strstate(*(const __u32 *)state);

	return strcmp(text, "?") ? json_object_new_string(text) : NULL;
}

struct json_object *value_fault(const void *fault)
{
	const char *text = sriovb_strfault(*(const __u32 *)fault);

	return text ? json_object_new_string(text) : NULL;
}

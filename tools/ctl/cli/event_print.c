// SPDX-License-Identifier: GPL-2.0-only
/* How events are printed: as JSON, as a line for people. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/field.h"
#include "base/value.h"
#include "cli/event_print.h"

/* ---- fields ---- */

static struct json_object *type_of(const void *type)
{
	return json_object_new_string(sriovb_strevent(*(const __u32 *)type));
}

static struct json_object *time_of(const void *real_ns)
{
	char text[CLOCK_TEXT];

	return json_object_new_string(
		clock_text(*(const __u64 *)real_ns, text));
}

/* Whose doing it was; null: the kernel's own. */
static struct json_object *actor(const void *event)
{
	static const struct field fields[] = {
		{ "pid", NULL, offsetof(struct sriov_broker_event, pid),
		  value_s32 },
		{ "uid", NULL, offsetof(struct sriov_broker_event, uid),
		  value_u32 },
		{ "comm", NULL, offsetof(struct sriov_broker_event, comm),
		  value_comm },
		{ 0 },
	};
	const struct sriov_broker_event *e = event;
	struct json_object *by;

	if (e->uid == SRIOV_BROKER_NO_UID)
		return NULL;
	by = json_object_new_object();
	fields_json(by, fields, event);
	return by;
}

static struct json_object *label(const void *event)
{
	const struct sriov_broker_event *e = event;

	return e->lease_id ? value_name(e->lease_label) : FIELD_ABSENT;
}

static struct json_object *implicit(const void *event)
{
	const struct sriov_broker_event *e = event;

	return e->lease_id ? value_implicit(&e->flags) : FIELD_ABSENT;
}

static struct json_object *cgroup(const void *event)
{
	const struct sriov_broker_event *e = event;

	return e->lease_id ? value_cgroup(e->lease_cgroup) : FIELD_ABSENT;
}

/* Of VFs, that the PF has now, and had before. */
static int has_number(const struct sriov_broker_event *event)
{
	return event->type == SRIOV_BROKER_EVENT_PF_VFS ||
	       event->type == SRIOV_BROKER_EVENT_PF_REPLACED;
}

static struct json_object *num_vfs(const void *event)
{
	const struct sriov_broker_event *e = event;

	return has_number(e) ? value_u64(&e->value) : FIELD_ABSENT;
}

static struct json_object *had_vfs(const void *event)
{
	const struct sriov_broker_event *e = event;

	return has_number(e) ? value_u64(&e->old_value) : FIELD_ABSENT;
}

/* Why it was revoked, or looked at. */
static int has_cause(const struct sriov_broker_event *event)
{
	return event->type == SRIOV_BROKER_EVENT_LEASE_REVOKED ||
	       event->type == SRIOV_BROKER_EVENT_LEASE_DISTURBED;
}

static struct json_object *cause(const void *event)
{
	const struct sriov_broker_event *e = event;

	return has_cause(e) ?
		       json_object_new_string(sriovb_strcause(e->value)) :
		       FIELD_ABSENT;
}

/* Of PCIe errors. */
static struct json_object *severity(const void *event)
{
	const struct sriov_broker_event *e = event;
	const char *text = sriovb_strseverity(e->severity);

	return text ? json_object_new_string(text) : FIELD_ABSENT;
}

static struct json_object *num_errors(const void *event)
{
	const struct sriov_broker_event *e = event;

	return e->severity ? value_u64(&e->value) : FIELD_ABSENT;
}

static struct json_object *error_status(const void *event)
{
	const struct sriov_broker_event *e = event;

	return e->severity ? value_u32(&e->error_status) : FIELD_ABSENT;
}

/* Why a program could not open the VF. */
static const char *why_not(const struct sriov_broker_event *event)
{
	return event->type == SRIOV_BROKER_EVENT_OPEN_REFUSED ?
		       sriovb_strreason(event->value) :
		       NULL;
}

static struct json_object *reason(const void *event)
{
	const char *text = why_not(event);

	return text ? json_object_new_string(text) : FIELD_ABSENT;
}

#define AT(member) offsetof(struct sriov_broker_event, member)

static const struct field fields[] = {
	{ "event", NULL, AT(type), type_of },
	{ "seq", NULL, AT(seq), value_u64 },
	{ "time", NULL, AT(real_ns), time_of },
	{ "time_ns", NULL, AT(time_ns), value_u64 },
	{ "pf", NULL, AT(pf), value_addr },
	{ "by", NULL, 0, actor },
	{ 0 },
};

static const struct field vf_fields[] = {
	{ "vf", NULL, AT(vf), value_addr },
	{ "index", NULL, AT(index), value_u32 },
	{ "state", NULL, AT(state), value_state },
	{ "old_state", NULL, AT(old_state), value_state },
	{ "fault", NULL, AT(fault), value_fault },
	{ "lease", NULL, AT(lease_id), value_lease },
	{ "label", NULL, 0, label },
	{ "implicit", NULL, 0, implicit },
	{ "cgroup", NULL, 0, cgroup },
	{ 0 },
};

static const struct field more_fields[] = {
	{ "num_vfs", NULL, 0, num_vfs },
	{ "had_vfs", NULL, 0, had_vfs },
	{ "cause", NULL, 0, cause },
	{ "reason", NULL, 0, reason },
	{ "severity", NULL, 0, severity },
	{ "num_errors", NULL, 0, num_errors },
	{ "error_status", NULL, 0, error_status },
	{ 0 },
};

/* ---- all of them ---- */

void event_json(struct json_object *obj, const struct sriov_broker_event *event)
{
	fields_json(obj, fields, event);
	if (event->vf.valid)
		fields_json(obj, vf_fields, event);
	fields_json(obj, more_fields, event);
}

void event_print(FILE *out, const void *event)
{
	const struct sriov_broker_event *e = event;
	const char *fault = sriovb_strfault(e->fault);
	char when[CLOCK_TEXT], addr[SRIOVB_ADDR_LEN];

	fprintf(out, "%s %s %s", clock_text(e->real_ns, when),
		sriovb_format_addr(e->vf.valid ? &e->vf : &e->pf, addr),
		sriovb_strevent(e->type));
	if (has_number(e))
		fprintf(out, " %llu -> %llu", (unsigned long long)e->old_value,
			(unsigned long long)e->value);
	if (e->type == SRIOV_BROKER_EVENT_VF_STATE)
		fprintf(out, " %s -> %s", sriovb_strstate(e->old_state),
			sriovb_strstate(e->state));
	if (fault)
		fprintf(out, ": %s", fault);
	if (e->severity)
		fprintf(out, " %s, %llu of them, status 0x%x",
			sriovb_strseverity(e->severity),
			(unsigned long long)e->value, e->error_status);
	if (has_cause(e))
		fprintf(out, " (%s)", sriovb_strcause(e->value));
	if (why_not(e))
		fprintf(out, " (%s)", why_not(e));
	if (e->lease_id)
		fprintf(out, ", lease %llu", (unsigned long long)e->lease_id);
	if (e->uid != SRIOV_BROKER_NO_UID)
		fprintf(out, ", by %.*s (pid %d, uid %u)",
			SRIOV_BROKER_COMM_LEN, e->comm, e->pid, e->uid);
}

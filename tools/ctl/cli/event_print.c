// SPDX-License-Identifier: GPL-2.0-only
/* How events are printed: as JSON, as a line for people. */
#include <stdio.h>
#include <time.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/event_print.h"

#define NS 1000000000LL

static long long now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS + now.tv_nsec;
}

/* An event's time on the wall's clock, to the microsecond. */
static void format_time(const struct sriov_broker_event *event, int utc,
			char *buf, size_t len)
{
	long long ns = now_ns(CLOCK_REALTIME) - now_ns(CLOCK_MONOTONIC) +
		       (long long)event->time_ns;
	time_t seconds = ns / NS;
	struct tm tm;
	size_t used;

	if (utc)
		gmtime_r(&seconds, &tm);
	else
		localtime_r(&seconds, &tm);
	used = strftime(buf, len, utc ? "%FT%T" : "%T", &tm);
	snprintf(buf + used, len - used, ".%06d%s", (int)(ns % NS / 1000),
		 utc ? "Z" : "");
}

static int is_vf_event(const struct sriov_broker_event *event)
{
	return event->vf.valid;
}

/* Of VFs, that the PF has now, and had before. */
static int has_number(const struct sriov_broker_event *event)
{
	return event->type == SRIOV_BROKER_EVENT_PF_VFS ||
	       event->type == SRIOV_BROKER_EVENT_PF_REPLACED;
}

static void add_vf(struct json_object *obj,
		   const struct sriov_broker_event *event)
{
	json_addr(obj, "vf", &event->vf);
	json_number(obj, "index", event->index);
	json_text(obj, "state", sriovb_strstate(event->state));
	json_text(obj, "old_state", sriovb_strstate(event->old_state));
	json_text(obj, "fault", sriovb_strfault(event->fault));
	if (event->lease_id) {
		json_number(obj, "lease", event->lease_id);
		json_name(obj, "label", event->lease_label);
	} else {
		json_text(obj, "lease", NULL);
	}
}

/* Whose doing it was; null: the kernel's own. */
static void add_actor(struct json_object *obj,
		      const struct sriov_broker_event *event)
{
	struct json_object *by = NULL;

	if (event->uid != SRIOV_BROKER_NO_UID) {
		by = json_object_new_object();
		json_number(by, "pid", event->pid);
		json_number(by, "uid", event->uid);
		json_words(by, "comm", event->comm, sizeof(event->comm));
	}
	json_object_object_add(obj, "by", by);
}

struct json_object *event_json(const struct sriov_broker_event *event)
{
	struct json_object *obj = json_object_new_object();
	char when[40];

	format_time(event, 1, when, sizeof(when));
	json_text(obj, "event", sriovb_strevent(event->type));
	json_number(obj, "seq", event->seq);
	json_text(obj, "time", when);
	json_number(obj, "time_ns", event->time_ns);
	json_addr(obj, "pf", &event->pf);
	add_actor(obj, event);
	if (is_vf_event(event))
		add_vf(obj, event);
	if (has_number(event)) {
		json_number(obj, "num_vfs", event->value);
		json_number(obj, "had_vfs", event->old_value);
	}
	if (event->type == SRIOV_BROKER_EVENT_LEASE_REVOKED)
		json_text(obj, "cause", sriovb_strcause(event->value));
	return obj;
}

void event_print(const struct sriov_broker_event *event)
{
	const char *fault = sriovb_strfault(event->fault);
	char when[40], addr[SRIOVB_ADDR_LEN], by[SRIOV_BROKER_COMM_LEN + 1];

	format_time(event, 0, when, sizeof(when));
	printf("%s %s %s", when,
	       sriovb_format_addr(is_vf_event(event) ? &event->vf : &event->pf,
				  addr),
	       sriovb_strevent(event->type));
	if (has_number(event))
		printf(" %llu -> %llu", (unsigned long long)event->old_value,
		       (unsigned long long)event->value);
	if (event->type == SRIOV_BROKER_EVENT_VF_STATE)
		printf(" %s -> %s", sriovb_strstate(event->old_state),
		       sriovb_strstate(event->state));
	if (fault)
		printf(": %s", fault);
	if (event->type == SRIOV_BROKER_EVENT_LEASE_REVOKED)
		printf(" (%s)", sriovb_strcause(event->value));
	if (event->lease_id)
		printf(", lease %llu", (unsigned long long)event->lease_id);
	snprintf(by, sizeof(by), "%.*s", SRIOV_BROKER_COMM_LEN, event->comm);
	if (event->uid != SRIOV_BROKER_NO_UID)
		printf(", by %s (pid %d, uid %u)", printable(by), event->pid,
		       event->uid);
	putchar('\n');
}

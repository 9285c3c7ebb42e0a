// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl monitor: all PFs and VFs, then what happens to them, a line each.
 * Whoever reads it has the whole picture at any time: where events were lost it
 * gets a new one to begin from.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/complain.h"
#include "base/field.h"
#include "base/json.h"
#include "base/value.h"
#include "cli/args.h"
#include "cli/event_print.h"
#include "cli/report.h"
#include "cmd/commands.h"
#include "host/events.h"
#include "host/facts.h"

#define MAX_EVENTS    1000000000
#define MAX_TIMEOUT_S 86400

enum {
	OPT_EVENTS,
	OPT_TIMEOUT
};

static const struct opt options[] = {
	[OPT_EVENTS] = { "num-events", 0, "N", "end after N events" },
	[OPT_TIMEOUT] = { "idle-timeout", 0, "S",
			  "end when nothing happens for S seconds" },
	{ 0 },
};

struct monitor {
	int as_json;
	unsigned int left; /* events to show before the end, 0: no end */
	int timeout_ms;	   /* -1: none */
};

enum {
	ENOUGH = 1 /* what a handler returns to end it */
};

/* ---- PFs and VFs ---- */

static const struct field pf_fields[] = {
	{ "pf", NULL, offsetof(struct sriov_broker_pf, addr), value_addr },
	PF_FIELDS(struct sriov_broker_pf, ),
	{ 0 },
};

static const struct field vf_fields[] = {
	{ "pf", NULL, offsetof(struct sriov_broker_vf, pf), value_addr },
	{ "vf", NULL, offsetof(struct sriov_broker_vf, addr), value_addr },
	VF_FIELDS(struct sriov_broker_vf, ),
	/* As it is in the events that follow. */
	{ "lease", NULL, offsetof(struct sriov_broker_vf, lease_id),
	  value_lease },
	{ "holder", NULL, 0, vf_lease },
	{ 0 },
};

static void print_pf(FILE *out, const void *pf)
{
	const struct sriov_broker_pf *p = pf;
	char addr[SRIOVB_ADDR_LEN];

	fprintf(out, "%s PF, %u of %u VFs, driver %.*s%s",
		sriovb_format_addr(&p->addr, addr), p->num_vfs, p->total_vfs,
		SRIOV_BROKER_NAME_LEN, p->driver[0] ? p->driver : "none",
		p->flags & SRIOV_BROKER_PF_FLAG_CORDONED ? ", cordoned" : "");
}

static void print_vf(FILE *out, const void *vf)
{
	const struct sriov_broker_vf *v = vf;
	const char *fault = sriovb_strfault(v->fault);
	char addr[SRIOVB_ADDR_LEN], pf[SRIOVB_ADDR_LEN];

	fprintf(out, "%s VF %u of %s, %s%s%s",
		sriovb_format_addr(&v->addr, addr), v->index,
		sriovb_format_addr(&v->pf, pf), sriovb_strstate(v->state),
		fault ? ": " : "", fault ? fault : "");
	if (v->lease_id)
		fprintf(out, ", lease %llu", (unsigned long long)v->lease_id);
}

/* ---- a line each ---- */

static struct json_object *new_line(const char *what)
{
	struct json_object *obj = json_document();

	if (what)
		json_text(obj, "event", what);
	return obj;
}

static int put_text(void (*print)(FILE *out, const void *thing),
		    const void *thing)
{
	char *text = printed(print, thing);

	if (text)
		puts(text);
	free(text);
	return 0;
}

static int on_pf(const struct sriov_broker_pf *pf, void *arg)
{
	const struct monitor *monitor = arg;
	struct json_object *obj;

	if (!monitor->as_json)
		return put_text(print_pf, pf);
	obj = new_line("pf");
	fields_json(obj, pf_fields, pf);
	return json_print(obj);
}

static int on_vf(const struct sriov_broker_vf *vf, void *arg)
{
	const struct monitor *monitor = arg;
	struct json_object *obj;

	if (!monitor->as_json)
		return put_text(print_vf, vf);
	obj = new_line("vf");
	fields_json(obj, vf_fields, vf);
	return json_print(obj);
}

static int on_event(const struct sriov_broker_event *event, void *arg)
{
	struct monitor *monitor = arg;
	struct json_object *obj;
	int err;

	if (monitor->as_json) {
		obj = new_line(NULL);
		event_json(obj, event);
		err = json_print(obj);
	} else {
		err = put_text(event_print, event);
	}

	/* A reader that has gone away wants no more; main() tells of other ends. */
	if (err || ferror(stdout) || (monitor->left && !--monitor->left))
		return ENOUGH;
	return 0;
}

static int on_lost(void *arg)
{
	const struct monitor *monitor = arg;

	if (monitor->as_json)
		return json_print(new_line("lost"));
	puts("events were lost; this is how things are now:");
	return 0;
}

static int on_listed(uint64_t seq, void *arg)
{
	const struct monitor *monitor = arg;
	struct json_object *obj;

	if (!monitor->as_json)
		return 0;
	obj = new_line("listed");
	json_number(obj, "seq", seq);
	return json_print(obj);
}

static const struct event_handler handler = {
	.pf = on_pf,
	.vf = on_vf,
	.event = on_event,
	.lost = on_lost,
	.listed = on_listed,
};

/* ---- until when ---- */

/* Wait for news. Return: 0, or ENOUGH when it is time to end. */
static int wait_for_news(const struct monitor *monitor,
			 const struct events *events)
{
	struct pollfd fds[] = {
		{ .fd = events_fd(events), .events = POLLIN },
		/* A pipe without a reader says so. */
		{ .fd = STDOUT_FILENO },
	};
	int n;

	do
		n = poll(fds, 2, monitor->timeout_ms);
	while (n < 0 && errno == EINTR);
	return n <= 0 || fds[1].revents & (POLLERR | POLLHUP) ? ENOUGH : 0;
}

static int follow(struct monitor *monitor, struct events *events)
{
	int err = events_list(events, &handler, monitor);

	while (!err && !ferror(stdout)) {
		err = wait_for_news(monitor, events);
		if (!err)
			err = events_read(events, &handler, monitor);
	}
	return err;
}

/* A reader that has seen enough is no failure. */
static void forgive_reader(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	if (poll(&out, 1, 0) > 0 && out.revents & (POLLERR | POLLHUP)) {
		__fpurge(stdout);
		clearerr(stdout);
	}
}

static int failed(int error)
{
	switch (error) {
	case -ENOENT:
		return fail(EXIT_NOT_FOUND, NULL,
			    "no module to listen to" REMEDY
			    "load it: modprobe sriov_broker");
	case -ENODEV:
		return fail(EXIT_NOT_FOUND, NULL, "the module was unloaded");
	case -EPERM:
		return fail(EXIT_NOT_PERMITTED, NULL,
			    "this needs root (CAP_NET_ADMIN)");
	}
	return fail(exit_code_of(error), NULL, "generic netlink: %s",
		    strerror(-error));
}

static int run(const struct args *args)
{
	struct monitor monitor = {
		.as_json = args->json,
		.timeout_ms = -1,
	};
	struct events *events;
	unsigned int seconds;
	int ret = 0;

	if (args->opt[OPT_EVENTS])
		ret = parse_number(args, "--num-events", args->opt[OPT_EVENTS],
				   1, MAX_EVENTS, &monitor.left);
	if (!ret && args->opt[OPT_TIMEOUT]) {
		ret = parse_number(args, "--idle-timeout",
				   args->opt[OPT_TIMEOUT], 0, MAX_TIMEOUT_S,
				   &seconds);
		monitor.timeout_ms = seconds * 1000;
	}
	if (ret)
		return ret;
	ret = events_open(&events);
	if (ret)
		return failed(ret);
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	ret = follow(&monitor, events);
	events_close(events);
	forgive_reader();
	if (ret < 0)
		return failed(ret);
	return ret == ENOUGH ? 0 : ret;
}

const struct cmd cmd_monitor = {
	.name = "monitor",
	.words = "",
	.help = "Show all PFs and VFs, then what happens to them.",
	.opts = options,
	.run = run,
};

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
#include <string.h>
#include <unistd.h>

#include "base/complain.h"
#include "base/json.h"
#include "cli/args.h"
#include "cli/event_print.h"
#include "cli/vf_json.h"
#include "cmd/commands.h"
#include "host/events.h"

#define MAX_EVENTS    1000000000
#define MAX_TIMEOUT_S 86400

enum {
	OPT_JSON,
	OPT_EVENTS,
	OPT_TIMEOUT
};

static const struct opt options[] = {
	[OPT_JSON] = { "json", 'j', NULL, "JSON, one object a line" },
	[OPT_EVENTS] = { "num-events", 'n', "N", "end after N events" },
	[OPT_TIMEOUT] = { "idle-timeout", 't', "S",
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

/* ---- JSON ---- */

static struct json_object *new_line(const char *what)
{
	struct json_object *obj = json_object_new_object();

	json_text(obj, "event", what);
	return obj;
}

static int pf_line(const struct sriov_broker_pf *pf)
{
	struct json_object *obj = new_line("pf");

	json_addr(obj, "pf", &pf->addr);
	json_id(obj, "vendor", pf->vendor);
	json_id(obj, "device", pf->device);
	json_driver(obj, pf->driver);
	json_number(obj, "numa_node", pf->numa_node);
	json_number(obj, "total_vfs", pf->total_vfs);
	json_number(obj, "num_vfs", pf->num_vfs);
	return json_print_line(obj);
}

static int vf_line(const struct sriov_broker_vf *vf)
{
	struct json_object *obj = new_line("vf");

	json_addr(obj, "pf", &vf->pf);
	json_addr(obj, "vf", &vf->addr);
	json_number(obj, "index", vf->index);
	json_id(obj, "vendor", vf->vendor);
	json_id(obj, "device", vf->device);
	json_driver(obj, vf->driver);
	json_text(obj, "state", sriovb_strstate(vf->state));
	json_text(obj, "fault", sriovb_strfault(vf->fault));
	json_group(obj, vf->iommu_group);
	json_lease(obj, vf);
	return json_print_line(obj);
}

/* ---- for people ---- */

static int pf_text(const struct sriov_broker_pf *pf)
{
	char addr[SRIOVB_ADDR_LEN];

	printf("%s PF, %u of %u VFs, driver %.*s\n",
	       sriovb_format_addr(&pf->addr, addr), pf->num_vfs, pf->total_vfs,
	       SRIOV_BROKER_NAME_LEN, pf->driver[0] ? pf->driver : "none");
	return 0;
}

static int vf_text(const struct sriov_broker_vf *vf)
{
	const char *fault = sriovb_strfault(vf->fault);
	char addr[SRIOVB_ADDR_LEN], pf[SRIOVB_ADDR_LEN];

	printf("%s VF %u of %s, %s", sriovb_format_addr(&vf->addr, addr),
	       vf->index, sriovb_format_addr(&vf->pf, pf),
	       sriovb_strstate(vf->state));
	if (fault)
		printf(": %s", fault);
	if (vf->lease_id)
		printf(", lease %llu", (unsigned long long)vf->lease_id);
	putchar('\n');
	return 0;
}

/* ---- what the module tells ---- */

static int on_pf(const struct sriov_broker_pf *pf, void *arg)
{
	const struct monitor *monitor = arg;

	return monitor->as_json ? pf_line(pf) : pf_text(pf);
}

static int on_vf(const struct sriov_broker_vf *vf, void *arg)
{
	const struct monitor *monitor = arg;

	return monitor->as_json ? vf_line(vf) : vf_text(vf);
}

static int on_event(const struct sriov_broker_event *event, void *arg)
{
	struct monitor *monitor = arg;
	int err = 0;

	if (monitor->as_json)
		err = json_print_line(event_json(event));
	else
		event_print(event);

	/* A reader that has gone wants no more; other failures are told by main(). */
	if (err || ferror(stdout) || (monitor->left && !--monitor->left))
		return ENOUGH;
	return 0;
}

static int on_lost(void *arg)
{
	const struct monitor *monitor = arg;

	if (monitor->as_json)
		return json_print_line(new_line("lost"));
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
	return json_print_line(obj);
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
		complain(
			"no module to listen to; load it: modprobe sriov_broker");
		break;
	case -ENODEV:
		complain("the module was unloaded");
		break;
	case -EPERM:
		complain("this needs root (CAP_NET_ADMIN)");
		break;
	default:
		complain("generic netlink: %s", strerror(-error));
	}
	return EXIT_REFUSED;
}

static int run(const struct args *args)
{
	struct monitor monitor = {
		.as_json = !!args->opt[OPT_JSON],
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

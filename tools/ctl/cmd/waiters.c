// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl waiters: calls of LEASE that wait for a VF. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/report.h"
#include "cmd/commands.h"

enum {
	OPT_JSON
};

static const struct opt options[] = {
	[OPT_JSON] = { "json", 'j', NULL, "JSON, for programs" },
	{ 0 },
};

static unsigned long long seconds_since(unsigned long long ns)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec * 1000000000ULL + now.tv_nsec - ns) / 1000000000;
}

static struct json_object *waiter_json(const struct sriov_broker_waiter *w)
{
	struct json_object *obj = json_object_new_object();

	json_number(obj, "id", w->id);
	json_number(obj, "pid", w->pid);
	json_number(obj, "uid", w->uid);
	json_name(obj, "label", w->label);
	json_number(obj, "count", w->count);
	if (w->dev.valid)
		json_addr(obj, "device", &w->dev);
	else
		json_text(obj, "device", NULL);
	json_number(obj, "seconds", seconds_since(w->since_ns));
	return obj;
}

static int print_json(const struct sriov_broker_waiter *waiters, ssize_t n)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *array = json_object_new_array();
	ssize_t i;

	for (i = 0; i < n; i++)
		json_object_array_add(array, waiter_json(&waiters[i]));
	json_object_object_add(obj, "waiters", array);
	return json_print(obj);
}

static void print_waiter(const struct sriov_broker_waiter *w)
{
	char label[SRIOV_BROKER_NAME_LEN + 1], addr[SRIOVB_ADDR_LEN];

	snprintf(label, sizeof(label), "%.*s", SRIOV_BROKER_NAME_LEN, w->label);
	printf("%llu: %u VF%s%s%s for %s%s%sprocess %d of user %u, for %llu s\n",
	       (unsigned long long)w->id, w->count, w->count == 1 ? "" : "s",
	       w->dev.valid ? " of " : "",
	       w->dev.valid ? sriovb_format_addr(&w->dev, addr) : "",
	       label[0] ? "\"" : "", printable(label), label[0] ? "\", " : "",
	       w->pid, w->uid, seconds_since(w->since_ns));
}

static int waiters(const struct args *args)
{
	struct sriov_broker_waiter *waiters;
	struct sriovb *sb;
	ssize_t n, i;
	int ret = open_broker(&sb);

	if (ret)
		return ret;
	n = sriovb_list_waiters(sb, &waiters);
	if (n < 0)
		ret = refused(sb, n);
	else if (args->opt[OPT_JSON])
		ret = print_json(waiters, n);
	else
		for (i = 0; i < n; i++)
			print_waiter(&waiters[i]);
	free(waiters);
	sriovb_close(sb);
	return ret;
}

const struct cmd cmd_waiters = {
	.name = "waiters",
	.words = "",
	.help = "Show which calls wait for a VF.",
	.opts = options,
	.run = waiters,
};

// SPDX-License-Identifier: GPL-2.0-only
/* The answer of "sriovctl show" for people: a line a fact. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/size.h"
#include "base/text.h"
#include "cmd/show_text.h"

#define LAST_EVENTS 10 /* so many are shown of those that are known */

static struct json_object *get(struct json_object *obj, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(obj, key, &value);
	return value;
}

/* What is null or not there shows as nothing. */
static const char *text(struct json_object *obj, const char *key)
{
	struct json_object *value = get(obj, key);

	return value ? json_object_get_string(value) : "";
}

static long long number(struct json_object *obj, const char *key)
{
	return json_object_get_int64(get(obj, key));
}

static int is_true(struct json_object *obj, const char *key)
{
	return json_object_get_boolean(get(obj, key));
}

static void line(const char *name, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void line(const char *name, const char *fmt, ...)
{
	char buf[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(buf, sizeof(buf), fmt, args);
	va_end(args);
	/* A label is its author's. */
	printf("  %-14s %s\n", name, printable(buf));
}

/* The words of an array, with blanks between. */
static void print_words(const char *name, struct json_object *array)
{
	size_t i;

	printf("  %-14s", name);
	for (i = 0; i < json_object_array_length(array); i++)
		printf(" %s", json_object_get_string(
				      json_object_array_get_idx(array, i)));
	putchar('\n');
}

static void print_sizes(const char *name, struct json_object *array,
			long long now)
{
	char buf[24];
	size_t i;

	printf("  %-14s", name);
	for (i = 0; i < json_object_array_length(array); i++) {
		long long size = json_object_get_int64(
			json_object_array_get_idx(array, i));

		printf(" %s%s", size_text(size, buf, sizeof(buf)),
		       size == now ? " (used)" : "");
	}
	putchar('\n');
}

static void print_bars(const char *prefix, struct json_object *array)
{
	char name[16], size[24];
	size_t i;

	for (i = 0; i < json_object_array_length(array); i++) {
		struct json_object *bar = json_object_array_get_idx(array, i);

		snprintf(name, sizeof(name), "%s %s", prefix, text(bar, "bar"));
		line(name, "%s %s%s%s",
		     size_text(number(bar, "size"), size, sizeof(size)),
		     is_true(bar, "64bit") ? "64-bit " : "",
		     is_true(bar, "prefetchable") ? "prefetchable " : "",
		     strcmp(text(bar, "type"), "io") ? "memory" : "I/O ports");
	}
}

static void print_head(struct json_object *obj)
{
	struct json_object *pf = get(obj, "pf");

	printf("%s ", text(obj, "bdf"));
	if (pf)
		printf("VF %s of %s", text(obj, "index"), text(obj, "pf"));
	else
		printf("PF");
	/* "0x8086" is 8086 here, as lspci has it. */
	printf(", %s:%s\n", text(obj, "vendor") + 2, text(obj, "device") + 2);
}

static void print_lease(struct json_object *obj)
{
	struct json_object *lease = get(obj, "lease");

	if (!lease)
		return;
	line("lease", "%s%s%s%s%s%s", text(lease, "id"),
	     text(lease, "label")[0] ? " \"" : "", text(lease, "label"),
	     text(lease, "label")[0] ? "\"" : "",
	     number(lease, "pid") ? " of process " : "",
	     number(lease, "pid") ? text(lease, "pid") : "");
}

static void print_nvme(struct json_object *obj)
{
	struct json_object *nvme = get(obj, "nvme");

	if (nvme)
		line("controller", "%s, %s, %s queues, %s vectors",
		     text(nvme, "controller"),
		     is_true(nvme, "online") ? "online" : "offline",
		     text(nvme, "queues"), text(nvme, "vectors"));
}

static void print_pci(struct json_object *obj)
{
	struct json_object *link = get(obj, "pcie_link");

	line("driver", "%s", get(obj, "driver") ? text(obj, "driver") : "none");
	if (get(obj, "driver_override"))
		line("override", "%s", text(obj, "driver_override"));
	if (number(obj, "numa_node") >= 0)
		line("NUMA node", "%s", text(obj, "numa_node"));
	if (number(link, "width"))
		line("PCIe link", "%s x%s, can %s x%s", text(link, "speed"),
		     text(link, "width"), text(link, "max_speed"),
		     text(link, "max_width"));
	if (get(obj, "iommu_group")) {
		line("IOMMU group", "%s", text(obj, "iommu_group"));
		print_words("  together", get(obj, "iommu_group_devices"));
	}
	print_words("resets", get(obj, "reset_methods"));
	if (get(obj, "msix_vectors"))
		line("MSI-X vectors", "%s", text(obj, "msix_vectors"));
	print_bars("BAR", get(obj, "bars"));
}

static void print_sriov(struct json_object *obj)
{
	struct json_object *sriov = get(obj, "sriov");

	line("VFs", "%s of %s", text(obj, "num_vfs"), text(obj, "total_vfs"));
	if (!sriov) {
		line("SR-IOV", "only root may see more");
		return;
	}
	line("SR-IOV",
	     "total %s, initial %s, offset %s, stride %s, VF device %s",
	     text(sriov, "total_vfs"), text(sriov, "initial_vfs"),
	     text(sriov, "vf_offset"), text(sriov, "vf_stride"),
	     text(sriov, "vf_device") + 2);
	print_sizes("VF pages", get(sriov, "page_sizes"),
		    number(sriov, "page_size"));
	print_bars("VF BAR", get(sriov, "vf_bars"));
	if (number(sriov, "vf_msix_pool"))
		line("VF MSI-X pool", "%s vectors",
		     text(sriov, "vf_msix_pool"));
}

static void print_net(const char *name, struct json_object *net)
{
	int first = 1;

	if (!net)
		return;
	printf("  %-14s ", name);
	json_object_object_foreach(net, key, value) {
		const char *word = value ? json_object_get_string(value) :
					   "none";

		if (json_object_is_type(value, json_type_boolean))
			word = json_object_get_boolean(value) ? "on" : "off";
		printf("%s%s %s", first ? "" : ", ", key, word);
		first = 0;
	}
	putchar('\n');
}

static int is_offline(struct json_object *vf)
{
	struct json_object *nvme = get(vf, "nvme");

	return nvme && !is_true(nvme, "online");
}

static void print_vfs(struct json_object *array)
{
	char name[16];
	size_t i;

	for (i = 0; i < json_object_array_length(array); i++) {
		struct json_object *vf = json_object_array_get_idx(array, i);
		struct json_object *lease = get(vf, "lease");

		snprintf(name, sizeof(name), "VF %s", text(vf, "index"));
		line(name, "%s %s %s%s%s%s%s%s", text(vf, "bdf"),
		     get(vf, "driver") ? text(vf, "driver") : "no driver",
		     text(vf, "state"), text(vf, "fault")[0] ? ": " : "",
		     text(vf, "fault"), is_offline(vf) ? ", offline" : "",
		     lease ? ", lease " : "", lease ? text(lease, "id") : "");
		print_net("", get(vf, "net"));
	}
}

static void print_event(struct json_object *event)
{
	const char *device = text(event, get(event, "vf") ? "vf" : "pf");
	const char *what = text(event, "event");

	if (!strcmp(what, "vf-state"))
		line("event", "%.19sZ %s %s to %s", text(event, "time"), device,
		     text(event, "old_state"), text(event, "state"));
	else if (get(event, "num_vfs"))
		line("event", "%.19sZ %s %s %s", text(event, "time"), device,
		     what, text(event, "num_vfs"));
	else if (get(event, "lease"))
		line("event", "%.19sZ %s %s, lease %s", text(event, "time"),
		     device, what, text(event, "lease"));
	else
		line("event", "%.19sZ %s %s", text(event, "time"), device,
		     what);
}

static void print_events(struct json_object *array)
{
	size_t n = json_object_array_length(array);
	size_t i;

	for (i = n > LAST_EVENTS ? n - LAST_EVENTS : 0; i < n; i++)
		print_event(json_object_array_get_idx(array, i));
}

void show_print(struct json_object *device)
{
	const char *fault = text(device, "fault");

	print_head(device);
	if (get(device, "state"))
		line("state", "%s%s%s", text(device, "state"),
		     fault[0] ? ": " : "", fault);
	print_lease(device);
	print_nvme(device);
	if (get(device, "ifname"))
		line("interface", "%s %s %s", text(device, "ifname"),
		     text(device, "mac"), text(device, "link"));
	print_net("in its PF", get(device, "net"));
	print_pci(device);
	if (get(device, "total_vfs"))
		print_sriov(device);
	if (get(device, "vfs"))
		print_vfs(get(device, "vfs"));
	print_events(get(device, "events"));
	json_object_put(device);
}

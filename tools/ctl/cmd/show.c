// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl show: all about one PF or VF. What the module knows, what stands in
 * sysfs and in configuration space, what the network driver tells.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/pci_regs.h>

#include "base/complain.h"
#include "base/field.h"
#include "base/json.h"
#include "base/size.h"
#include "base/terminal.h"
#include "base/value.h"
#include "cli/args.h"
#include "cli/event_print.h"
#include "cli/netattr.h"
#include "cli/netset.h"
#include "cli/report.h"
#include "cli/table_opts.h"
#include "cli/target.h"
#include "cmd/commands.h"
#include "cmd/show.h"
#include "host/facts.h"
#include "host/nvme.h"
#include "host/pcidev.h"
#include "lease/inherited.h"

/* Newer than the oldest headers. */
#ifndef PCI_EXT_CAP_ID_VF_REBAR
#define PCI_EXT_CAP_ID_VF_REBAR 0x24
#endif

#define LAST_EVENTS 10 /* people are shown so many of those that are known */

/* What is shown, and of what; of a PF and of a VF the other's is zeroes. */
struct show {
	struct sriovb *sb;
	struct pf_facts pf; /* of a VF: its PF's, as far as the network goes */
	struct vf_facts vf;
	struct sriov_broker_addr addr;
	struct pcidev dev;
	unsigned int cap; /* where its SR-IOV capability stands; 0: not seen */
	int all;	  /* people see also what is as it is by default */
	int color;	  /* and states in colour */
	FILE *out;
	struct sriov_broker_pf *pfs;
	struct sriov_broker_vf *vfs;
	ssize_t num_pfs;
	ssize_t num_vfs;
	struct sriov_broker_event *events;
	ssize_t num_events;
};

static int is_vf(const struct show *show)
{
	return show->vf.vf.addr.valid;
}

/* ---- what sysfs tells of any device ---- */

static struct json_object *driver(const void *dev)
{
	char text[128];

	return json_string(pcidev_link(dev, "driver", text, sizeof(text)));
}

static void print_driver(FILE *out, const void *dev)
{
	char text[128];
	const char *name = pcidev_link(dev, "driver", text, sizeof(text));

	fputs(name ? name : "none", out);
}

static struct json_object * override(const void *dev)
{
	char text[128];
	char *value = pcidev_read(dev, "driver_override", text, sizeof(text));

	return value && value[0] && strcmp(value, "(null)") ?
		       json_string(value) :
		       NULL;
}

static struct json_object *numa_node(const void *dev)
{
	return json_object_new_int64(pcidev_number(dev, "numa_node", -1));
}

static void print_numa(FILE *out, const void *dev)
{
	long node = pcidev_number(dev, "numa_node", -1);

	if (node >= 0)
		fprintf(out, "%ld", node);
}

/* "2.5 GT/s PCIe" */
static struct json_object *link_of(const void *dev)
{
	struct json_object *link = json_object_new_object();
	char text[128];

	json_text(link, "speed",
		  pcidev_read(dev, "current_link_speed", text, sizeof(text)));
	json_number(link, "width", pcidev_number(dev, "current_link_width", 0));
	json_text(link, "max_speed",
		  pcidev_read(dev, "max_link_speed", text, sizeof(text)));
	json_number(link, "max_width", pcidev_number(dev, "max_link_width", 0));
	return link;
}

/* What it could do is of interest where that is more. */
static void print_link(FILE *out, const void *s)
{
	const struct show *show = s;
	const struct pcidev *dev = &show->dev;
	long width = pcidev_number(dev, "current_link_width", 0);
	long max_width = pcidev_number(dev, "max_link_width", 0);
	char speed[128], max[128];

	if (!width)
		return;
	if (!pcidev_read(dev, "current_link_speed", speed, sizeof(speed)))
		strcpy(speed, "?");
	if (!pcidev_read(dev, "max_link_speed", max, sizeof(max)))
		strcpy(max, "?");
	fprintf(out, "%s x%ld", speed, width);
	if (show->all || width != max_width || strcmp(speed, max))
		fprintf(out, ", can %s x%ld", max, max_width);
}

static struct json_object *group(const void *dev)
{
	char text[32];
	char *number = pcidev_link(dev, "iommu_group", text, sizeof(text));

	return number ? json_object_new_int(atoi(number)) : NULL;
}

static struct json_object *group_devices(const void *dev)
{
	struct json_object *devices = json_object_new_array();
	char **names;
	int n = pcidev_names(dev, "iommu_group/devices", &names);
	int i;

	for (i = 0; i < n; i++) {
		json_object_array_add(devices, json_string(names[i]));
		free(names[i]);
	}
	free(names);
	return devices;
}

static struct json_object *resets(const void *dev)
{
	struct json_object *methods = json_object_new_array();
	char text[128];
	char *rest = pcidev_read(dev, "reset_method", text, sizeof(text));
	char *word;

	while (rest && (word = strsep(&rest, " ")))
		if (word[0])
			json_object_array_add(methods, json_string(word));
	return methods;
}

/* The words of an array, with blanks between. */
static void print_array(FILE *out, struct json_object *array)
{
	size_t i;

	for (i = 0; i < json_object_array_length(array); i++)
		fprintf(out, "%s%s", i ? " " : "",
			json_object_get_string(
				json_object_array_get_idx(array, i)));
	json_object_put(array);
}

/* Those that it shares the group with, mostly none. */
static void print_group_devices(FILE *out, const void *s)
{
	const struct show *show = s;
	struct json_object *devices = group_devices(&show->dev);

	if (show->all || json_object_array_length(devices) > 1)
		print_array(out, devices);
	else
		json_object_put(devices);
}

static void print_resets(FILE *out, const void *dev)
{
	print_array(out, resets(dev));
}

/* Vectors of its MSI-X table, null where it has none or we may not look. */
static struct json_object *msix(const void *dev)
{
	unsigned int cap = pcidev_cap(dev, PCI_CAP_ID_MSIX);

	if (!cap)
		return NULL;
	return json_object_new_int((pcidev_word(dev, cap + PCI_MSIX_FLAGS) &
				    PCI_MSIX_FLAGS_QSIZE) +
				   1);
}

/* @share: so many VFs have a part of it */
static struct json_object *bars_json(const struct pcibar *bars,
				     unsigned int share)
{
	struct json_object *array = json_object_new_array();
	char text[24];
	int i;

	for (i = 0; i < PCI_BARS; i++) {
		struct json_object *obj;

		if (!bars[i].size)
			continue;
		obj = json_object_new_object();
		json_number(obj, "bar", i);
		json_number(obj, "size", bars[i].size / share);
		json_text(obj, "type", bars[i].is_io ? "io" : "memory");
		json_object_object_add(
			obj, "64bit",
			json_object_new_boolean(bars[i].is_64bit));
		json_object_object_add(
			obj, "prefetchable",
			json_object_new_boolean(bars[i].is_prefetchable));
		snprintf(text, sizeof(text), "0x%llx",
			 (unsigned long long)bars[i].start);
		json_text(obj, "address", bars[i].start ? text : NULL);
		json_object_array_add(array, obj);
	}
	return array;
}

static void print_bars(const struct show *show, const char *prefix,
		       const struct pcibar *bars, unsigned int share)
{
	char title[16], size[24];
	int i;

	for (i = 0; i < PCI_BARS; i++) {
		if (!bars[i].size)
			continue;
		snprintf(title, sizeof(title), "%s %d", prefix, i);
		field_line(show->out, title, NULL, "%s %s%s%s",
			   size_text(bars[i].size / share, size, sizeof(size)),
			   bars[i].is_64bit ? "64-bit " : "",
			   bars[i].is_prefetchable ? "prefetchable " : "",
			   bars[i].is_io ? "I/O ports" : "memory");
	}
}

static struct json_object *bars_of(const void *dev)
{
	return bars_json(((const struct pcidev *)dev)->bars, 1);
}

/* ---- the SR-IOV capability ---- */

static unsigned int cap_word(const struct show *show, unsigned int offset)
{
	return pcidev_word(&show->dev, show->cap + offset);
}

/* So many VFs share the capability's BARs. */
static unsigned int share(const struct show *show)
{
	unsigned int total = cap_word(show, PCI_SRIOV_TOTAL_VF);

	return total ? total : 1;
}

/* The size that a bit of the registers stands for. */
static long long page_size(unsigned int bits)
{
	return bits * 4096LL;
}

static struct json_object *page_sizes(unsigned int bits)
{
	struct json_object *array = json_object_new_array();
	int i;

	for (i = 0; i < 32; i++)
		if (bits >> i & 1)
			json_object_array_add(
				array,
				json_object_new_int64(page_size(1U << i)));
	return array;
}

/* Without CAP_SYS_ADMIN the kernel hides it. */
static struct json_object *capability(const void *s)
{
	const struct show *show = s;
	const struct pcidev *dev = &show->dev;
	struct json_object *obj;

	if (!show->cap)
		return NULL;
	obj = json_object_new_object();
	json_number(obj, "total_vfs", cap_word(show, PCI_SRIOV_TOTAL_VF));
	json_number(obj, "initial_vfs", cap_word(show, PCI_SRIOV_INITIAL_VF));
	json_number(obj, "num_vfs", cap_word(show, PCI_SRIOV_NUM_VF));
	json_number(obj, "vf_offset", cap_word(show, PCI_SRIOV_VF_OFFSET));
	json_number(obj, "vf_stride", cap_word(show, PCI_SRIOV_VF_STRIDE));
	json_id(obj, "vf_device", cap_word(show, PCI_SRIOV_VF_DID));
	json_object_object_add(
		obj, "page_sizes",
		page_sizes(pcidev_long(dev, show->cap + PCI_SRIOV_SUP_PGSIZE)));
	json_number(
		obj, "page_size",
		page_size(pcidev_long(dev, show->cap + PCI_SRIOV_SYS_PGSIZE)));
	json_object_object_add(obj, "vf_bars",
			       bars_json(dev->vf_bars, share(show)));
	json_object_object_add(obj, "vf_bars_resizable",
			       json_object_new_boolean(!!pcidev_ext_cap(
				       dev, PCI_EXT_CAP_ID_VF_REBAR)));
	json_number(obj, "vf_msix_pool",
		    pcidev_number(dev, "sriov_vf_total_msix", 0));
	return obj;
}

static void print_capability(FILE *out, const void *s)
{
	const struct show *show = s;

	if (!show->cap)
		fputs("only root may see more", out);
	else
		fprintf(out,
			"total %u, initial %u, offset %u, stride %u, VF device %04x",
			cap_word(show, PCI_SRIOV_TOTAL_VF),
			cap_word(show, PCI_SRIOV_INITIAL_VF),
			cap_word(show, PCI_SRIOV_VF_OFFSET),
			cap_word(show, PCI_SRIOV_VF_STRIDE),
			cap_word(show, PCI_SRIOV_VF_DID));
}

static void print_page_sizes(FILE *out, const void *s)
{
	const struct show *show = s;
	unsigned int can =
		pcidev_long(&show->dev, show->cap + PCI_SRIOV_SUP_PGSIZE);
	unsigned int now =
		pcidev_long(&show->dev, show->cap + PCI_SRIOV_SYS_PGSIZE);
	const char *separator = "";
	char text[24];
	int i;

	/* 4096 bytes, unless it was told otherwise. */
	if (now == 1 && !show->all)
		return;
	for (i = 0; show->cap && i < 32; i++) {
		if (!(can >> i & 1))
			continue;
		fprintf(out, "%s%s%s", separator,
			size_text(page_size(1U << i), text, sizeof(text)),
			now == 1U << i ? " (used)" : "");
		separator = " ";
	}
}

static void print_msix_pool(FILE *out, const void *s)
{
	const struct show *show = s;
	long pool = pcidev_number(&show->dev, "sriov_vf_total_msix", 0);

	if (show->cap && pool)
		fprintf(out, "%ld vectors", pool);
}

/* ---- network ---- */

/* The attributes that the PF's driver keeps of VF @index. Return: has it any? */
static int read_net(const struct show *show, unsigned int index,
		    struct netattrs *attrs)
{
	return show->pf.net.known &&
	       netinfo_read(&show->pf.netif, index, attrs);
}

static struct json_object *net_of(const struct show *show, unsigned int index)
{
	struct json_object *net;
	struct netattrs attrs;

	if (!read_net(show, index, &attrs))
		return NULL;
	net = json_object_new_object();
	netattr_json(net, &attrs);
	return net;
}

static struct json_object *vf_net(const void *show)
{
	return net_of(show, ((const struct show *)show)->vf.vf.index);
}

/* @all: also those that are as they are by default */
static void print_attrs(FILE *out, const struct show *show, unsigned int index,
			int all)
{
	const char *separator = "";
	struct netattrs attrs;
	char text[NETATTR_TEXT];
	int i;

	if (!read_net(show, index, &attrs))
		return;
	for (i = 0; i < NUM_NETATTRS; i++) {
		if (!netattr_has(&attrs, i) ||
		    (!all && netattr_is_default(&attrs, i)))
			continue;
		fprintf(out, "%s%s %s", separator, netattr_name(i),
			netattr_text(&attrs, i, text));
		separator = ", ";
	}
}

static void print_vf_net(FILE *out, const void *show)
{
	print_attrs(out, show, ((const struct show *)show)->vf.vf.index, 1);
}

/* Not what its PF knows of it, which has a line of its own. */
static void print_interface(FILE *out, const void *net)
{
	if (((const struct netfacts *)net)->ifname[0])
		net_print(out, net);
}

/* ---- lease, controller ---- */

static void print_lease(FILE *out, const void *vf)
{
	const struct sriov_broker_vf *v = vf;
	pid_t pid;

	if (!v->lease_id)
		return;
	fprintf(out, "%llu", (unsigned long long)v->lease_id);
	if (v->lease_label[0])
		fprintf(out, " \"%.*s\"", SRIOV_BROKER_NAME_LEN,
			v->lease_label);
	pid = vf_lease_pid(v);
	if (pid)
		fprintf(out, " of process %d", pid);
	if (v->flags & SRIOV_BROKER_VF_FLAG_IMPLICIT)
		fputs(", which opened it", out);
	if (v->flags & SRIOV_BROKER_VF_FLAG_ANCHORED)
		fputs(", until that ends", out);
	if (v->lease_cgroup[0] && strcmp(v->lease_cgroup, "/"))
		fprintf(out, ", in %.*s", SRIOV_BROKER_CGROUP_LEN,
			v->lease_cgroup);
}

static void print_nvme(FILE *out, const void *vf)
{
	const struct sriov_broker_vf *v = vf;
	const struct nvme_vf *nvme = nvme_vf(&v->pf, v->index);

	if (nvme && !nvme->known)
		fputs("not known whether online; root can ask, through the driver nvme",
		      out);
	else if (nvme)
		fprintf(out, "%u, %s, %u queues, %u vectors", nvme->controller,
			nvme->online ? "online" : "offline", nvme->queues,
			nvme->vectors);
}

static void print_line(const struct show *show, const char *title,
		       const char *color,
		       void (*print)(FILE *out, const void *thing),
		       const void *thing)
{
	char *text = printed(print, thing);

	if (text && text[0])
		field_line(show->out, title, color, "%s", text);
	free(text);
}

/* ---- the VFs of a PF ---- */

/* One of them, and whose it is. */
struct child {
	struct sriov_broker_vf vf;
	const struct show *show;
};

static struct json_object *child_net(const void *child)
{
	const struct child *c = child;

	return net_of(c->show, c->vf.index);
}

/* "vfio-pci free" */
static void print_child_state(FILE *out, const void *child)
{
	const struct sriov_broker_vf *vf = &((const struct child *)child)->vf;

	fprintf(out, "%.*s ", SRIOV_BROKER_NAME_LEN,
		vf->driver[0] ? vf->driver : "no driver");
	vf_print_state(out, vf);
	if (vf->pool[0])
		fprintf(out, ", pool %.*s", SRIOV_BROKER_NAME_LEN, vf->pool);
}

static void print_child(FILE *out, const void *child)
{
	const struct sriov_broker_vf *vf = &((const struct child *)child)->vf;
	char addr[SRIOVB_ADDR_LEN];

	fprintf(out, "%s ", sriovb_format_addr(&vf->addr, addr));
	print_child_state(out, child);
	if (vf->lease_id)
		fprintf(out, ", lease %llu", (unsigned long long)vf->lease_id);
}

static void print_child_net(FILE *out, const void *child)
{
	const struct child *c = child;

	print_attrs(out, c->show, c->vf.index, c->show->all);
}

#define CHILD(member) offsetof(struct child, vf.member)

static const struct field child_fields[] = {
	{ "bdf", NULL, CHILD(addr), value_addr },
	{ "index", NULL, CHILD(index), value_u32 },
	{ "driver", NULL, CHILD(driver), value_driver },
	{ "state", NULL, CHILD(state), value_state },
	{ "fault", NULL, CHILD(fault), value_fault },
	{ "pool", NULL, CHILD(pool), value_driver },
	{ "lease", NULL, offsetof(struct child, vf), vf_lease },
	{ "nvme", NULL, offsetof(struct child, vf), vf_nvme },
	{ "net", NULL, 0, child_net },
	{ 0 },
};

static struct json_object *children(const void *s)
{
	const struct show *show = s;
	struct json_object *array = json_object_new_array();
	struct json_object *obj;
	ssize_t i;

	for (i = 0; i < show->num_vfs; i++) {
		const struct child child = { show->vfs[i], show };

		if (!sriovb_same_addr(&child.vf.pf, &show->addr))
			continue;
		obj = json_object_new_object();
		fields_json(obj, child_fields, &child);
		json_object_array_add(array, obj);
	}
	return array;
}

static const char *color_of(const struct show *show,
			    const struct sriov_broker_vf *vf)
{
	char *state = show->color ? printed(vf_print_state, vf) : NULL;
	const char *color = state ? vf_state_color(state) : NULL;

	free(state);
	return color;
}

static int is_child(const struct show *show, const struct sriov_broker_vf *vf)
{
	return sriovb_same_addr(&vf->pf, &show->addr);
}

static void print_one(const struct show *show, const struct sriov_broker_vf *vf)
{
	const struct child child = { *vf, show };
	char title[16];

	snprintf(title, sizeof(title), "VF %u", vf->index);
	print_line(show, title, color_of(show, vf), print_child, &child);
	print_line(show, "", NULL, print_child_net, &child);
}

/* What is to be said of a VF of which there is nothing special to say, or NULL. */
static char *common_words(const struct show *show,
			  const struct sriov_broker_vf *vf)
{
	const struct child child = { *vf, show };
	char *net, *words = NULL;

	if (show->all || vf->lease_id || vf->fault)
		return NULL;
	net = printed(print_child_net, &child);
	if (net && !net[0])
		words = printed(print_child_state, &child);
	free(net);
	return words;
}

/* VFs of which the same is said, in the way that a command takes them: "0,2-5" */
struct range {
	unsigned int from;
	unsigned int to;
	unsigned int count; /* of all */
	char text[512];
};

static void range_end_run(struct range *range)
{
	size_t len = strlen(range->text);

	snprintf(range->text + len, sizeof(range->text) - len,
		 range->from == range->to ? "%s%u" : "%s%u-%u", len ? "," : "",
		 range->from, range->to);
}

static void range_add(struct range *range, unsigned int index)
{
	if (range->count++ && index != range->to + 1)
		range_end_run(range);
	if (range->count == 1 || index != range->to + 1)
		range->from = index;
	range->to = index;
}

/* In place of words that stand in an earlier VF's line. */
static char said[] = "";

/* All from @first on that have the same words, which are given up. */
static void print_common(const struct show *show, char **words, ssize_t first)
{
	struct range range = { 0 };
	char title[sizeof(range.text) + 8];
	char *text = words[first];
	ssize_t i;

	for (i = first; i < show->num_vfs; i++) {
		if (!words[i] || strcmp(words[i], text))
			continue;
		range_add(&range, show->vfs[i].index);
		if (i > first)
			free(words[i]);
		words[i] = said;
	}
	range_end_run(&range);
	snprintf(title, sizeof(title), "VF %s", range.text);
	if (range.count == 1)
		print_one(show, &show->vfs[first]);
	else
		field_line(show->out, title, color_of(show, &show->vfs[first]),
			   "%s", text);
	free(text);
}

static void print_children(const struct show *show)
{
	char **words = calloc(show->num_vfs + 1, sizeof(*words));
	ssize_t i;

	for (i = 0; words && i < show->num_vfs; i++)
		if (is_child(show, &show->vfs[i]))
			words[i] = common_words(show, &show->vfs[i]);
	for (i = 0; words && i < show->num_vfs; i++) {
		if (words[i] == said)
			continue;
		if (words[i])
			print_common(show, words, i);
		else if (is_child(show, &show->vfs[i]))
			print_one(show, &show->vfs[i]);
	}
	free(words);
}

/* ---- what has happened to it ---- */

static struct json_object *events(const void *s)
{
	const struct show *show = s;
	struct json_object *array = json_object_new_array();
	ssize_t i;

	for (i = 0; i < show->num_events; i++) {
		struct json_object *obj = json_object_new_object();

		event_json(obj, &show->events[i]);
		json_object_array_add(array, obj);
	}
	return array;
}

static void print_events(const struct show *show)
{
	ssize_t i = show->num_events - LAST_EVENTS;

	for (i = i > 0 ? i : 0; i < show->num_events; i++)
		print_line(show, "event", NULL, event_print, &show->events[i]);
}

/* ---- PF and VF ---- */

#define PCI offsetof(struct show, dev)

/* clang-format off */
#define PCI_FIELDS \
	{ "driver", "driver", PCI, driver, print_driver }, \
	{ "driver_override", "override", PCI, override }, \
	{ "numa_node", "NUMA node", PCI, numa_node, print_numa }, \
	{ "pcie_link", NULL, PCI, link_of }, \
	{ NULL, "PCIe link", 0, NULL, print_link }, \
	{ "iommu_group", "IOMMU group", PCI, group }, \
	{ "iommu_group_devices", NULL, PCI, group_devices }, \
	{ NULL, "  together", 0, NULL, print_group_devices }, \
	{ "reset_methods", "resets", PCI, resets, print_resets }, \
	{ "msix_vectors", "MSI-X vectors", PCI, msix }, \
	{ "bars", NULL, PCI, bars_of }
/* clang-format on */

static const struct field pf_fields[] = {
	{ "bdf", NULL, offsetof(struct show, addr), value_addr },
	{ "vendor", NULL, offsetof(struct show, pf.pf.vendor), value_id },
	{ "device", NULL, offsetof(struct show, pf.pf.device), value_id },
	NET_FIELDS(struct show, pf.net),
	{ NULL, "interface", offsetof(struct show, pf.net), NULL,
	  print_interface },
	PCI_FIELDS,
	{ 0 },
};

static void print_vfs(FILE *out, const void *pf)
{
	const struct sriov_broker_pf *p = pf;

	fprintf(out, "%u of %u%s", p->num_vfs, p->total_vfs,
		p->flags & SRIOV_BROKER_PF_FLAG_CORDONED ? ", cordoned" : "");
}

static const struct field sriov_fields[] = {
	{ "total_vfs", NULL, offsetof(struct show, pf.pf.total_vfs),
	  value_u16 },
	{ "num_vfs", NULL, offsetof(struct show, pf.pf.num_vfs), value_u16 },
	{ "cordoned", NULL, offsetof(struct show, pf.pf.flags),
	  value_cordoned },
	{ NULL, "VFs", offsetof(struct show, pf.pf), NULL, print_vfs },
	{ "sriov", "SR-IOV", 0, capability, print_capability },
	{ NULL, "VF pages", 0, NULL, print_page_sizes },
	{ NULL, "VF MSI-X pool", 0, NULL, print_msix_pool },
	{ "vfs", NULL, 0, children },
	{ 0 },
};

static const struct field vf_fields[] = {
	{ "bdf", NULL, offsetof(struct show, addr), value_addr },
	{ "pf", NULL, offsetof(struct show, vf.vf.pf), value_addr },
	{ "index", NULL, offsetof(struct show, vf.vf.index), value_u32 },
	{ "vendor", NULL, offsetof(struct show, vf.vf.vendor), value_id },
	{ "device", NULL, offsetof(struct show, vf.vf.device), value_id },
	{ "guarded", NULL, offsetof(struct show, vf.vf.flags), value_guarded },
	{ "state", NULL, offsetof(struct show, vf.vf.state), value_state },
	{ "fault", NULL, offsetof(struct show, vf.vf.fault), value_fault },
	{ NULL, "state", offsetof(struct show, vf.vf), NULL, vf_print_state,
	  vf_state_color },
	{ "pool", "pool", offsetof(struct show, vf.vf.pool), value_driver },
	{ "lease", "lease", offsetof(struct show, vf.vf), vf_lease,
	  print_lease },
	{ "nvme", "controller", offsetof(struct show, vf.vf), vf_nvme,
	  print_nvme },
	NET_FIELDS(struct show, vf.net),
	{ NULL, "interface", offsetof(struct show, vf.net), NULL,
	  print_interface },
	{ "net", "in its PF", 0, vf_net, print_vf_net },
	PCI_FIELDS,
	{ 0 },
};

static const struct field event_fields[] = {
	{ "events", NULL, 0, events },
	{ 0 },
};

static int print_json(const struct show *show)
{
	struct json_object *obj = json_document();

	fields_json(obj, is_vf(show) ? vf_fields : pf_fields, show);
	if (!is_vf(show))
		fields_json(obj, sriov_fields, show);
	fields_json(obj, event_fields, show);
	return json_print(obj);
}

static void print_head(const struct show *show)
{
	const struct sriov_broker_vf *vf = &show->vf.vf;
	char addr[SRIOVB_ADDR_LEN];

	fprintf(show->out, "%s ", sriovb_format_addr(&show->addr, addr));
	if (is_vf(show))
		fprintf(show->out, "VF %u of %s, %04x:%04x\n", vf->index,
			sriovb_format_addr(&vf->pf, addr), vf->vendor,
			vf->device);
	else
		fprintf(show->out, "PF, %04x:%04x\n", show->pf.pf.vendor,
			show->pf.pf.device);
}

static void print_all(const struct show *show)
{
	print_head(show);
	fields_print(show->out, is_vf(show) ? vf_fields : pf_fields, show,
		     show->color);
	print_bars(show, "BAR", show->dev.bars, 1);
	if (!is_vf(show)) {
		fields_print(show->out, sriov_fields, show, show->color);
		print_bars(show, "VF BAR", show->dev.vf_bars, share(show));
		print_children(show);
	}
	print_events(show);
}

static int print_text(struct show *show)
{
	char *text = NULL;
	size_t len;

	show->out = open_memstream(&text, &len);
	if (!show->out)
		return no_memory();
	print_all(show);
	if (fclose(show->out)) {
		free(text);
		return no_memory();
	}
	/* How wide letters are. */
	setlocale(LC_CTYPE, "");
	terminal_fit(text, terminal_width());
	fputs(text, stdout);
	free(text);
	return 0;
}

/* ---- the one that is meant ---- */

static const struct sriov_broker_pf *
find_pf(const struct show *show, const struct sriov_broker_addr *addr)
{
	ssize_t i;

	for (i = 0; i < show->num_pfs; i++)
		if (sriovb_same_addr(addr, &show->pfs[i].addr))
			return &show->pfs[i];
	return NULL;
}

/* Of a VF that of its PF as well, whose driver knows of it. Return: 1 if it is there */
static int find_device(struct show *show, const struct target *target)
{
	const struct sriov_broker_vf *vf = NULL;
	const struct sriov_broker_pf *pf;
	ssize_t i;

	for (i = 0; i < show->num_vfs && !vf; i++)
		if (target_is_vf(target, &show->vfs[i]))
			vf = &show->vfs[i];
	if (!vf && target->num_runs)
		return 0;
	pf = find_pf(show, vf ? &vf->pf : &target->dev);
	if (!vf && !pf)
		return 0;
	if (pf)
		pf_facts_get(&show->pf, pf);
	if (vf)
		vf_facts_get(&show->vf, vf, &show->pf);
	show->addr = vf ? vf->addr : pf->addr;
	return 1;
}

static int look_at(struct show *show)
{
	char name[SRIOVB_ADDR_LEN];
	int err = pcidev_open(&show->addr, &show->dev);

	if (err)
		return fail(exit_code_of(err),
			    sriovb_format_addr(&show->addr, name), "%s",
			    strerror(-err));
	show->cap = pcidev_ext_cap(&show->dev, PCI_EXT_CAP_ID_SRIOV);
	/* An older module does not remember. */
	show->num_events = sriovb_history(show->sb, &show->addr, &show->events);
	return 0;
}

static int find_and_look(struct show *show, const char *word,
			 const struct target *target)
{
	show->num_vfs = sriovb_list_vfs(show->sb, NULL, &show->vfs);
	if (show->num_vfs < 0)
		return refused(show->sb, show->num_vfs);
	show->num_pfs = sriovb_list_pfs(show->sb, NULL, &show->pfs);
	if (show->num_pfs < 0)
		return refused(show->sb, show->num_pfs);
	if (find_device(show, target))
		return look_at(show);
	return fail(EXIT_NOT_FOUND, word,
		    "neither a PF nor a VF that is there" REMEDY
		    "see sriovctl list");
}

/* ---- the broker itself ---- */

static struct json_object *abi(const void *info)
{
	const struct sriov_broker_info *i = info;
	char text[32];

	snprintf(text, sizeof(text), "%u.%u", i->abi_major, i->abi_minor);
	return json_string(text);
}

#define INFO(member) offsetof(struct sriov_broker_info, member)

static const struct field info_fields[] = {
	{ "abi", "ABI", 0, abi },
	{ "num_pfs", "PFs", INFO(num_pfs), value_u32 },
	{ "num_vfs", "VFs", INFO(num_vfs), value_u32 },
	{ "num_leases", "leases", INFO(num_leases), value_u32 },
	{ "num_waiters", "waiters", INFO(num_waiters), value_u32 },
	{ "driver", "default driver", INFO(driver), value_name },
	{ "max_readers", "most readers of a user", INFO(max_readers),
	  value_u32 },
	{ "max_waiting", "most waiting of a user", INFO(max_waiting),
	  value_u32 },
	{ "max_waiting_all", "most waiting", INFO(max_waiting_all), value_u32 },
	{ "max_pool_members", "most members of a pool", INFO(max_pool_members),
	  value_u32 },
	{ 0 },
};

int show_broker(const struct args *args)
{
	struct sriov_broker_info info;
	struct json_object *document;
	struct sriovb *sb;
	int ret = open_broker(&sb);

	if (ret)
		return ret;
	ret = sriovb_info(sb, &info);
	if (ret)
		ret = refused(sb, ret);
	sriovb_close(sb);
	if (ret)
		return ret;
	if (!args->json) {
		printf(SRIOVB_DEVICE "\n");
		fields_print(stdout, info_fields, &info, 0);
		return 0;
	}
	document = json_document();
	fields_json(document, info_fields, &info);
	return json_print(document);
}

/* ---- all of it ---- */

enum {
	OPT_LEASE,
	OPT_ALL,
	OPT_COLOR,
};

static const struct opt options[] = {
	[OPT_LEASE] = { "lease", 0, "FD", "the lease behind this descriptor" },
	[OPT_ALL] = { "all", 0, NULL, "also what is as it is by default" },
	[OPT_COLOR] = COLOR_OPTION,
	{ 0 },
};

static int show_device(const struct args *args)
{
	struct show show = { .all = !!args->opt[OPT_ALL] };
	struct target target;
	int ret = parse_one(args, args->word[0], &target);

	if (!ret)
		ret = parse_color(args, args->opt[OPT_COLOR], &show.color);
	if (!ret)
		ret = open_broker(&show.sb);
	if (ret)
		return ret;
	ret = find_and_look(&show, args->word[0], &target);
	if (!ret)
		ret = args->json ? print_json(&show) : print_text(&show);
	pf_facts_put(&show.pf);
	free(show.events);
	free(show.pfs);
	free(show.vfs);
	sriovb_close(show.sb);
	return ret;
}

int show_lease(const struct args *args, const char *option)
{
	int fd, ret = inherited_fd(args, option, &fd);

	return ret ? ret : inherited_print(fd, args->json);
}

static int run(const struct args *args)
{
	const char *lease = args->opt[OPT_LEASE];

	if (lease && args->word[0])
		return bad_usage(args, "a device or --lease, not both");
	if (lease)
		return show_lease(args, lease);
	return args->word[0] ? show_device(args) : show_broker(args);
}

const struct cmd cmd_show = {
	.name = "show",
	.words = "[PF|VF|PF#INDEX]",
	.max_words = 1,
	.help = "All about one PF or VF, a lease, or the broker.",
	.opts = options,
	.run = run,
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl show: all about one PF or VF. What the module knows, what stands in
 * sysfs and in configuration space, what the network driver tells. It is put
 * together as JSON; show_text.c makes of it what people read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/pci_regs.h>

#include "base/complain.h"
#include "base/json.h"
#include "cli/args.h"
#include "cli/event_print.h"
#include "cli/netattr.h"
#include "cli/netset.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cli/vf_json.h"
#include "cmd/commands.h"
#include "cmd/show_text.h"
#include "host/netinfo.h"
#include "host/nvme.h"
#include "host/pcidev.h"

/* Newer than the oldest headers. */
#ifndef PCI_EXT_CAP_ID_VF_REBAR
#define PCI_EXT_CAP_ID_VF_REBAR 0x24
#endif

enum {
	OPT_JSON
};

static const struct opt options[] = {
	[OPT_JSON] = { "json", 'j', NULL, "JSON, for programs" },
	{ 0 },
};

/* What is shown, and of what. */
struct show {
	struct sriovb *sb;
	struct sriov_broker_addr addr;
	struct pcidev dev;
	struct sriov_broker_pf *pfs;
	struct sriov_broker_vf *vfs;
	ssize_t num_pfs;
	ssize_t num_vfs;
	struct json_object *obj;
};

/* ---- what sysfs tells of any device ---- */

static void add_text(struct show *show, struct json_object *obj,
		     const char *key, const char *file)
{
	char text[128];

	json_text(obj, key, pcidev_read(&show->dev, file, text, sizeof(text)));
}

static void add_driver(struct show *show)
{
	char text[128];
	char *value = pcidev_link(&show->dev, "driver", text, sizeof(text));

	json_text(show->obj, "driver", value);
	value = pcidev_read(&show->dev, "driver_override", text, sizeof(text));
	json_text(show->obj, "driver_override",
		  value && value[0] && strcmp(value, "(null)") ? value : NULL);
}

/* "2.5 GT/s PCIe" */
static void add_link(struct show *show)
{
	struct json_object *link = json_object_new_object();

	add_text(show, link, "speed", "current_link_speed");
	json_number(link, "width",
		    pcidev_number(&show->dev, "current_link_width", 0));
	add_text(show, link, "max_speed", "max_link_speed");
	json_number(link, "max_width",
		    pcidev_number(&show->dev, "max_link_width", 0));
	json_object_object_add(show->obj, "pcie_link", link);
}

static void add_group(struct show *show)
{
	struct json_object *devices = json_object_new_array();
	char text[32], **names;
	char *group =
		pcidev_link(&show->dev, "iommu_group", text, sizeof(text));
	int n = pcidev_names(&show->dev, "iommu_group/devices", &names);
	int i;

	json_group(show->obj, group ? atoi(group) : -1);
	for (i = 0; i < n; i++) {
		json_object_array_add(
			devices,
			names[i] ? json_object_new_string(names[i]) : NULL);
		free(names[i]);
	}
	free(names);
	json_object_object_add(show->obj, "iommu_group_devices", devices);
}

static void add_resets(struct show *show)
{
	struct json_object *methods = json_object_new_array();
	char text[128];
	char *rest =
		pcidev_read(&show->dev, "reset_method", text, sizeof(text));
	char *word;

	while (rest && (word = strsep(&rest, " ")))
		if (word[0])
			json_object_array_add(methods,
					      json_object_new_string(word));
	json_object_object_add(show->obj, "reset_methods", methods);
}

/* Vectors of its MSI-X table, null where it has none or we may not look. */
static void add_msix(struct show *show)
{
	unsigned int cap = pcidev_cap(&show->dev, PCI_CAP_ID_MSIX);

	if (cap)
		json_number(show->obj, "msix_vectors",
			    (pcidev_word(&show->dev, cap + PCI_MSIX_FLAGS) &
			     PCI_MSIX_FLAGS_QSIZE) +
				    1);
	else
		json_text(show->obj, "msix_vectors", NULL);
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

static void add_pci(struct show *show)
{
	add_driver(show);
	json_number(show->obj, "numa_node",
		    pcidev_number(&show->dev, "numa_node", -1));
	add_link(show);
	add_group(show);
	add_resets(show);
	add_msix(show);
	json_object_object_add(show->obj, "bars", bars_json(show->dev.bars, 1));
}

/* ---- the SR-IOV capability ---- */

/* Sizes that a register's bits stand for: bit 0 is 4096. */
static struct json_object *page_sizes(unsigned int bits)
{
	struct json_object *array = json_object_new_array();
	int i;

	for (i = 0; i < 32; i++)
		if (bits >> i & 1)
			json_object_array_add(
				array, json_object_new_int64(4096LL << i));
	return array;
}

/* The size that a register's only bit stands for. */
static long long page_size(unsigned int bits)
{
	return bits * 4096LL;
}

static void add_vf_bars(struct show *show, struct json_object *obj,
			unsigned int total)
{
	int resizable = pcidev_ext_cap(&show->dev, PCI_EXT_CAP_ID_VF_REBAR) !=
			0;

	json_object_object_add(obj, "vf_bars",
			       bars_json(show->dev.vf_bars, total));
	json_object_object_add(obj, "vf_bars_resizable",
			       json_object_new_boolean(resizable));
}

static void add_capability(struct show *show)
{
	const struct pcidev *dev = &show->dev;
	unsigned int cap = pcidev_ext_cap(dev, PCI_EXT_CAP_ID_SRIOV);
	unsigned int total = pcidev_word(dev, cap + PCI_SRIOV_TOTAL_VF);
	struct json_object *obj;

	/* Without CAP_SYS_ADMIN the kernel hides it. */
	if (!cap) {
		json_object_object_add(show->obj, "sriov", NULL);
		return;
	}
	obj = json_object_new_object();
	json_number(obj, "total_vfs", total);
	json_number(obj, "initial_vfs",
		    pcidev_word(dev, cap + PCI_SRIOV_INITIAL_VF));
	json_number(obj, "num_vfs", pcidev_word(dev, cap + PCI_SRIOV_NUM_VF));
	json_number(obj, "vf_offset",
		    pcidev_word(dev, cap + PCI_SRIOV_VF_OFFSET));
	json_number(obj, "vf_stride",
		    pcidev_word(dev, cap + PCI_SRIOV_VF_STRIDE));
	json_id(obj, "vf_device", pcidev_word(dev, cap + PCI_SRIOV_VF_DID));
	json_object_object_add(
		obj, "page_sizes",
		page_sizes(pcidev_long(dev, cap + PCI_SRIOV_SUP_PGSIZE)));
	json_number(obj, "page_size",
		    page_size(pcidev_long(dev, cap + PCI_SRIOV_SYS_PGSIZE)));
	add_vf_bars(show, obj, total ? total : 1);
	json_number(obj, "vf_msix_pool",
		    pcidev_number(dev, "sriov_vf_total_msix", 0));
	json_object_object_add(show->obj, "sriov", obj);
}

/* ---- network ---- */

static void add_netif(struct show *show)
{
	struct netif netif;

	if (!netinfo_get(&show->addr, &netif))
		return;
	json_text(show->obj, "ifname", netif.name);
	json_text(show->obj, "mac", netif.mac[0] ? netif.mac : NULL);
	json_text(show->obj, "link", netif.state);
	netinfo_put(&netif);
}

/* "net": the attributes that the PF's driver keeps; null where it keeps none */
static void add_attributes(struct json_object *obj, const struct netif *pf,
			   unsigned int index)
{
	struct json_object *net = NULL;
	struct netattrs attrs;

	if (pf && netset_read(pf, index, &attrs)) {
		net = json_object_new_object();
		netattr_json(net, &attrs);
	}
	json_object_object_add(obj, "net", net);
}

/* ---- PF and VF ---- */

static void add_state(struct json_object *obj, const struct sriov_broker_vf *vf)
{
	json_text(obj, "state", sriovb_strstate(vf->state));
	json_text(obj, "fault", sriovb_strfault(vf->fault));
	json_lease(obj, vf);
	nvme_json(obj, vf);
}

static void add_vfs(struct show *show)
{
	struct json_object *array = json_object_new_array();
	struct netif netif;
	int has_net = netinfo_get(&show->addr, &netif);
	ssize_t i;

	for (i = 0; i < show->num_vfs; i++) {
		const struct sriov_broker_vf *vf = &show->vfs[i];
		struct json_object *obj;

		if (!sriovb_same_addr(&vf->pf, &show->addr))
			continue;
		obj = json_object_new_object();
		json_addr(obj, "bdf", &vf->addr);
		json_number(obj, "index", vf->index);
		json_driver(obj, vf->driver);
		add_state(obj, vf);
		add_attributes(obj, has_net ? &netif : NULL, vf->index);
		json_object_array_add(array, obj);
	}
	if (has_net)
		netinfo_put(&netif);
	json_object_object_add(show->obj, "vfs", array);
}

static void add_pf(struct show *show, const struct sriov_broker_pf *pf)
{
	json_id(show->obj, "vendor", pf->vendor);
	json_id(show->obj, "device", pf->device);
	add_pci(show);
	json_number(show->obj, "total_vfs", pf->total_vfs);
	json_number(show->obj, "num_vfs", pf->num_vfs);
	add_capability(show);
	add_netif(show);
	add_vfs(show);
}

static void add_vf(struct show *show, const struct sriov_broker_vf *vf)
{
	struct netif pf;
	int has_net = netinfo_get(&vf->pf, &pf);

	json_addr(show->obj, "pf", &vf->pf);
	json_number(show->obj, "index", vf->index);
	json_id(show->obj, "vendor", vf->vendor);
	json_id(show->obj, "device", vf->device);
	add_state(show->obj, vf);
	add_pci(show);
	add_netif(show);
	add_attributes(show->obj, has_net ? &pf : NULL, vf->index);
	if (has_net)
		netinfo_put(&pf);
}

/* What has happened to it of late; an older module does not remember. */
static void add_events(struct show *show)
{
	struct json_object *array = json_object_new_array();
	struct sriov_broker_event *events;
	ssize_t n = sriovb_history(show->sb, &show->addr, &events);
	ssize_t i;

	for (i = 0; i < n; i++)
		json_object_array_add(array, event_json(&events[i]));
	free(events);
	json_object_object_add(show->obj, "events", array);
}

/* ---- the one that is meant ---- */

static const struct sriov_broker_vf *listed_vf(const struct show *show,
					       const struct target *target)
{
	ssize_t i;

	for (i = 0; i < show->num_vfs; i++)
		if (target_is_vf(target, &show->vfs[i]))
			return &show->vfs[i];
	return NULL;
}

static const struct sriov_broker_pf *find_pf(const struct show *show,
					     const struct target *target)
{
	ssize_t i;

	for (i = 0; i < show->num_pfs && !target->num_runs; i++)
		if (sriovb_same_addr(&target->dev, &show->pfs[i].addr))
			return &show->pfs[i];
	return NULL;
}

static int show_device(struct show *show, const struct sriov_broker_pf *pf,
		       const struct sriov_broker_vf *vf)
{
	char name[SRIOVB_ADDR_LEN];
	int err;

	show->addr = vf ? vf->addr : pf->addr;
	err = pcidev_open(&show->addr, &show->dev);
	if (err) {
		complain("%s: %s", sriovb_format_addr(&show->addr, name),
			 strerror(-err));
		return EXIT_REFUSED;
	}
	show->obj = json_object_new_object();
	json_addr(show->obj, "bdf", &show->addr);
	if (vf)
		add_vf(show, vf);
	else
		add_pf(show, pf);
	add_events(show);
	return 0;
}

static int find_and_show(struct show *show, const char *word,
			 const struct target *target)
{
	const struct sriov_broker_vf *vf;
	const struct sriov_broker_pf *pf;

	show->num_vfs = sriovb_list_vfs(show->sb, NULL, &show->vfs);
	if (show->num_vfs < 0)
		return refused(show->sb, show->num_vfs);
	show->num_pfs = sriovb_list_pfs(show->sb, NULL, &show->pfs);
	if (show->num_pfs < 0)
		return refused(show->sb, show->num_pfs);
	vf = listed_vf(show, target);
	pf = find_pf(show, target);
	if (vf || pf)
		return show_device(show, pf, vf);
	complain("%s: neither a PF nor a VF that is there; see sriovctl list",
		 word);
	return EXIT_REFUSED;
}

static int run(const struct args *args)
{
	struct show show = { 0 };
	struct target target;
	int ret = parse_one(args, args->word[0], &target);

	if (!ret)
		ret = open_broker(&show.sb);
	if (ret)
		return ret;
	ret = find_and_show(&show, args->word[0], &target);
	if (!ret && args->opt[OPT_JSON])
		ret = json_print(show.obj);
	else if (!ret)
		show_print(show.obj);
	free(show.pfs);
	free(show.vfs);
	sriovb_close(show.sb);
	return ret;
}

const struct cmd cmd_show = {
	.name = "show",
	.words = "PF|VF|PF#INDEX",
	.min_words = 1,
	.max_words = 1,
	.help = "All about one PF or VF.",
	.opts = options,
	.run = run,
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl list: PFs and their VFs. It is what lspci -v and
 * ls -l /sys/bus/pci/devices/... were asked for: can the device do SR-IOV, how
 * many VFs does it have, which of them is whose. The answer is put together as
 * JSON; people get a tree made of that.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/complain.h"
#include "base/json.h"
#include "cli/args.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cli/vf_json.h"
#include "cmd/commands.h"
#include "cmd/list_tree.h"
#include "host/netinfo.h"
#include "host/nvme.h"

/* What was found, and what of it is to be shown. */
struct picture {
	struct sriov_broker_pf *pfs;
	struct sriov_broker_vf *vfs;
	ssize_t num_pfs;
	ssize_t num_vfs;
	struct target target;	     /* its runs choose VFs of a PF */
	struct sriov_broker_addr vf; /* if not 0: no other VF */
};

static void add_netif(struct json_object *obj, const struct netif *netif)
{
	json_text(obj, "ifname", netif->name);
	json_text(obj, "mac", netif->mac[0] ? netif->mac : NULL);
	json_text(obj, "link", netif->state);
}

/* Of a VF the host's own view counts, else what its PF says of it. */
static void add_vf_net(struct json_object *obj,
		       const struct sriov_broker_vf *vf, const struct netif *pf)
{
	struct netif own;
	struct vfnet net;

	if (netinfo_get(&vf->addr, &own)) {
		add_netif(obj, &own);
		netinfo_put(&own);
	} else if (pf && netinfo_vf(pf, vf->index, &net)) {
		json_text(obj, "mac", net.mac[0] ? net.mac : NULL);
		json_text(obj, "link", net.link);
	}
}

static struct json_object *vf_json(const struct sriov_broker_vf *vf,
				   const struct netif *pf)
{
	struct json_object *obj = json_object_new_object();

	json_addr(obj, "bdf", &vf->addr);
	json_number(obj, "index", vf->index);
	json_id(obj, "vendor", vf->vendor);
	json_id(obj, "device", vf->device);
	json_driver(obj, vf->driver);
	json_text(obj, "state", sriovb_strstate(vf->state));
	json_text(obj, "fault", sriovb_strfault(vf->fault));
	json_group(obj, vf->iommu_group);
	json_lease(obj, vf);
	nvme_json(obj, vf);
	add_vf_net(obj, vf, pf);
	return obj;
}

static int is_shown(const struct picture *pic, const struct sriov_broker_pf *pf,
		    const struct sriov_broker_vf *vf)
{
	if (!sriovb_same_addr(&vf->pf, &pf->addr))
		return 0;
	if (pic->vf.valid)
		return sriovb_same_addr(&vf->addr, &pic->vf);
	return target_has_index(&pic->target, vf->index);
}

static struct json_object *pf_json(const struct picture *pic,
				   const struct sriov_broker_pf *pf)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *vfs = json_object_new_array();
	struct netif netif;
	int has_net = netinfo_get(&pf->addr, &netif);
	ssize_t i;

	json_addr(obj, "bdf", &pf->addr);
	json_id(obj, "vendor", pf->vendor);
	json_id(obj, "device", pf->device);
	json_driver(obj, pf->driver);
	json_number(obj, "numa_node", pf->numa_node);
	json_number(obj, "total_vfs", pf->total_vfs);
	json_number(obj, "num_vfs", pf->num_vfs);
	if (has_net)
		add_netif(obj, &netif);
	for (i = 0; i < pic->num_vfs; i++)
		if (is_shown(pic, pf, &pic->vfs[i]))
			json_object_array_add(vfs,
					      vf_json(&pic->vfs[i],
						      has_net ? &netif : NULL));
	json_object_object_add(obj, "vfs", vfs);
	if (has_net)
		netinfo_put(&netif);
	return obj;
}

static struct json_object *picture_json(const struct picture *pic)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *pfs = json_object_new_array();
	ssize_t i;

	for (i = 0; i < pic->num_pfs; i++)
		json_object_array_add(pfs, pf_json(pic, &pic->pfs[i]));
	json_object_object_add(obj, "pfs", pfs);
	return obj;
}

/* If the device named is a VF, show its PF with that VF alone. */
static void narrow_to_vf(struct picture *pic)
{
	ssize_t i;

	for (i = 0; i < pic->num_vfs; i++) {
		if (!sriovb_same_addr(&pic->vfs[i].addr, &pic->target.dev))
			continue;
		pic->vf = pic->target.dev;
		pic->target.dev = pic->vfs[i].pf;
		return;
	}
}

/* Return: 0 or -errno */
static int take_picture(struct sriovb *sb, struct picture *pic)
{
	int all = !pic->target.dev.valid;

	pic->num_vfs = sriovb_list_vfs(sb, NULL, &pic->vfs);
	if (pic->num_vfs < 0)
		return pic->num_vfs;
	narrow_to_vf(pic);
	pic->num_pfs =
		sriovb_list_pfs(sb, all ? NULL : &pic->target.dev, &pic->pfs);
	return pic->num_pfs < 0 ? pic->num_pfs : 0;
}

enum {
	OPT_JSON
};

static const struct opt options[] = {
	[OPT_JSON] = { "json", 'j', NULL, "JSON, for programs" },
	{ 0 },
};

static int show(const struct picture *pic, int as_json)
{
	struct json_object *obj;

	if (!pic->num_pfs)
		complain("no device of this machine has SR-IOV");
	obj = picture_json(pic);
	if (as_json)
		return json_print(obj);
	return pic->num_pfs ? tree_print(obj) : (json_object_put(obj), 0);
}

static int run(const struct args *args)
{
	struct picture pic = { 0 };
	struct sriovb *sb;
	int ret = 0;

	if (args->word[0])
		ret = parse_target(args, args->word[0], &pic.target);
	if (!ret)
		ret = open_broker(&sb);
	if (ret)
		return ret;
	ret = take_picture(sb, &pic);
	ret = ret ? refused(sb, ret) : show(&pic, !!args->opt[OPT_JSON]);
	free(pic.pfs);
	free(pic.vfs);
	sriovb_close(sb);
	return ret;
}

const struct cmd cmd_list = {
	.name = "list",
	.words = "[PF|VF|PF#RANGE]",
	.max_words = 1,
	.help = "Show PFs and their VFs: driver, state, group, network, lease.",
	.opts = options,
	.run = run,
};

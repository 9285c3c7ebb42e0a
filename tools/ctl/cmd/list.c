// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl list: PFs and their VFs. It is what lspci -v and
 * ls -l /sys/bus/pci/devices/... were asked for: can the device do SR-IOV, how
 * many VFs does it have, which of them is whose.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/complain.h"
#include "base/field.h"
#include "base/json.h"
#include "base/value.h"
#include "cli/args.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"
#include "host/facts.h"

/* What was found, and what of it is to be shown. */
struct picture {
	struct sriov_broker_pf *pfs;
	struct sriov_broker_vf *vfs;
	ssize_t num_pfs;
	ssize_t num_vfs;
	struct target target;	     /* its runs choose VFs of a PF */
	struct sriov_broker_addr vf; /* if not 0: no other VF */
};

/* ---- what is told of each ---- */

static void print_vfs(FILE *out, const void *pf)
{
	const struct sriov_broker_pf *p = pf;

	fprintf(out, "%u/%u", p->num_vfs, p->total_vfs);
}

static void print_numa(FILE *out, const void *node)
{
	if (*(const __s32 *)node >= 0)
		fprintf(out, "%d", *(const __s32 *)node);
}

static void print_lease(FILE *out, const void *vf)
{
	const struct sriov_broker_vf *v = vf;
	pid_t pid;

	if (!v->lease_id)
		return;
	fprintf(out, "%llu%s", (unsigned long long)v->lease_id,
		v->lease_label[0] ? " " : "");
	name_print(out, v->lease_label);
	pid = vf_lease_pid(v);
	if (pid)
		fprintf(out, " pid %d", pid);
}

static const struct field pf_fields[] = {
	{ "bdf", "DEVICE", offsetof(struct pf_facts, pf.addr), value_addr },
	PF_FIELDS(struct pf_facts, pf.),
	{ NULL, "ID", offsetof(struct pf_facts, pf.vendor), NULL, ids_print },
	{ NULL, "VFS", offsetof(struct pf_facts, pf), NULL, print_vfs },
	{ NULL, "NUMA", offsetof(struct pf_facts, pf.numa_node), NULL,
	  print_numa },
	NET_FIELDS(struct pf_facts, net),
	{ NULL, "NETWORK", offsetof(struct pf_facts, net), NULL, net_print },
	{ 0 },
};

static const struct field vf_fields[] = {
	{ "bdf", "DEVICE", offsetof(struct vf_facts, vf.addr), value_addr },
	VF_FIELDS(struct vf_facts, vf.),
	{ NULL, "ID", offsetof(struct vf_facts, vf.vendor), NULL, ids_print },
	{ NULL, "STATE", offsetof(struct vf_facts, vf), NULL, vf_print_state },
	{ "lease", "LEASE", offsetof(struct vf_facts, vf), vf_lease,
	  print_lease },
	{ "nvme", NULL, offsetof(struct vf_facts, vf), vf_nvme },
	NET_FIELDS(struct vf_facts, net),
	{ NULL, "NETWORK", offsetof(struct vf_facts, net), NULL, net_print },
	{ 0 },
};

static const struct column columns[] = {
	{ "DEVICE", COLUMN_TREE },
	{ "VF", COLUMN_RIGHT },
	{ "ID", 0 },
	{ "VFS", COLUMN_RIGHT },
	{ "DRIVER", 0 },
	{ "STATE", 0 },
	{ "GROUP", COLUMN_RIGHT },
	{ "NUMA", COLUMN_RIGHT },
	{ "NETWORK", 0 },
	{ "LEASE", 0 },
	{ 0 },
};

/* ---- all of them ---- */

static int is_shown(const struct picture *pic, const struct sriov_broker_pf *pf,
		    const struct sriov_broker_vf *vf)
{
	if (!sriovb_same_addr(&vf->pf, &pf->addr))
		return 0;
	if (pic->vf.valid)
		return sriovb_same_addr(&vf->addr, &pic->vf);
	return target_has_index(&pic->target, vf->index);
}

static void add_pf(const struct picture *pic, const struct sriov_broker_pf *pf,
		   struct table *table)
{
	struct pf_facts facts;
	struct vf_facts vf;
	struct row row;
	ssize_t i;

	pf_facts_get(&facts, pf);
	row = table_add(table, NULL, pf_fields, &facts, "vfs");
	for (i = 0; i < pic->num_vfs; i++) {
		if (!is_shown(pic, pf, &pic->vfs[i]))
			continue;
		vf_facts_get(&vf, &pic->vfs[i], &facts);
		table_add(table, &row, vf_fields, &vf, NULL);
	}
	pf_facts_put(&facts);
}

static int list(const struct picture *pic, int as_json)
{
	struct table *table;
	ssize_t i;

	if (!pic->num_pfs)
		note(NULL, "no device of this machine has SR-IOV");
	if (!pic->num_pfs && !as_json)
		return 0;
	table = table_new(columns, as_json);
	for (i = 0; i < pic->num_pfs; i++)
		add_pf(pic, &pic->pfs[i], table);
	return table_print(table, "pfs");
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
	ret = ret ? refused(sb, ret) : list(&pic, args->json);
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
	.run = run,
};

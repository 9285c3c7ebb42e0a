// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl list: PFs and their VFs. It is what lspci -v and
 * ls -l /sys/bus/pci/devices/... were asked for: can the device do SR-IOV, how
 * many VFs does it have, which of them is whose.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "base/field.h"
#include "base/value.h"
#include "cli/args.h"
#include "cli/picture.h"
#include "cli/report.h"
#include "cli/table_opts.h"
#include "cli/watch.h"
#include "cmd/commands.h"
#include "cmd/list.h"
#include "host/facts.h"
#include "host/nvme.h"

/* ---- what is told of each ---- */

static void print_vfs(FILE *out, const void *pf)
{
	const struct sriov_broker_pf *p = pf;

	fprintf(out, "%u/%u", p->num_vfs, p->total_vfs);
}

static void print_cordoned(FILE *out, const void *flags)
{
	if (*(const __u32 *)flags & SRIOV_BROKER_PF_FLAG_CORDONED)
		fputs("cordoned", out);
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
	{ NULL, "STATE", offsetof(struct pf_facts, pf.flags), NULL,
	  print_cordoned },
	{ NULL, "NUMA", offsetof(struct pf_facts, pf.numa_node), NULL,
	  print_numa },
	NET_FIELDS(struct pf_facts, net),
	{ NULL, "NETWORK", offsetof(struct pf_facts, net), NULL, net_print },
	{ 0 },
};

const struct field list_vf_fields[] = {
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

#define POOL_COLUMN "POOL"

const struct column list_columns[] = {
	{ "DEVICE", COLUMN_TREE },
	{ "VF", COLUMN_RIGHT },
	{ "ID", 0 },
	{ "VFS", COLUMN_RIGHT },
	{ "DRIVER", COLUMN_CUT },
	{ "STATE", 0, vf_state_color },
	{ "GROUP", COLUMN_RIGHT },
	{ POOL_COLUMN, COLUMN_CUT },
	{ "NUMA", COLUMN_RIGHT },
	{ "NETWORK", COLUMN_CUT },
	{ "LEASE", COLUMN_CUT },
	{ 0 },
};

/* ---- all of them ---- */

struct list {
	struct sriovb *sb; /* NULL: there is no module to be asked */
	struct target target;
	struct picture pic;
	struct table_opts opts;
	int has_chosen;				/* the columns */
	struct column columns[MAX_COLUMNS + 2]; /* the table's */
	int as_json;
	char *last; /* what --watch has shown */
};

/* A PF comes with the first of its VFs that is shown, or by itself. */
static void add_vfs(const struct list *list, const struct pf_facts *pf,
		    struct table *table)
{
	const struct picture *pic = &list->pic;
	int choose = table_opts_choose(&list->opts);
	/* Of chosen VFs the PF is where they are, or nothing. */
	int has_row = choose && list->opts.look.is_flat && !list->as_json;
	struct row row = { 0 };
	struct vf_facts vf;
	ssize_t i;

	if (!choose)
		row = table_add(table, NULL, pf_fields, pf, "vfs");
	has_row |= !choose;
	for (i = 0; i < pic->num_vfs; i++) {
		if (!picture_has(pic, &pf->pf, &pic->vfs[i]))
			continue;
		vf_facts_get(&vf, &pic->vfs[i], pf);
		if (!table_opts_fit(&list->opts, &vf))
			continue;
		if (!has_row)
			row = table_add(table, NULL, pf_fields, pf, "vfs");
		has_row = 1;
		table_add(table, &row, list_vf_fields, &vf, NULL);
	}
}

/* Where there are no named pools there is no column of them, unless it is asked for. */
static void choose_columns(struct list *list)
{
	int has_pools = list->has_chosen;
	unsigned int n = 0, i;

	for (i = 0; i < list->pic.num_vfs; i++)
		has_pools |= list->pic.vfs[i].pool[0];
	for (i = 0; list->opts.columns[i].title; i++)
		if (has_pools ||
		    strcmp(list->opts.columns[i].title, POOL_COLUMN))
			list->columns[n++] = list->opts.columns[i];
	list->columns[n] = (struct column){ 0 };
}

/* Return: 0 or an exit code */
static int make_table(struct list *list, struct table **table)
{
	struct picture *pic = &list->pic;
	struct pf_facts pf;
	ssize_t i;
	int ret;

	nvme_forget();
	*pic = (struct picture){ .target = list->target };
	ret = picture_take(pic, list->sb);
	if (ret)
		return ret;
	if (!pic->num_pfs && !list->last)
		note(NULL, "no device of this machine has SR-IOV");
	choose_columns(list);
	*table = table_new(list->columns, list->as_json, &list->opts.look);
	for (i = 0; i < pic->num_pfs; i++) {
		pf_facts_get(&pf, &pic->pfs[i]);
		if (table_opts_fit_outer(&list->opts, &pf))
			add_vfs(list, &pf, *table);
		pf_facts_put(&pf);
	}
	return 0;
}

static int show_once(struct list *list)
{
	struct table *table;
	int ret = make_table(list, &table);

	if (!ret)
		ret = table_print(table, "pfs");
	picture_free(&list->pic);
	return ret;
}

/* ---- again and again ---- */

/* A document comes when it has something new in it. */
static int draw_json(struct list *list, struct table *table, char *text)
{
	int is_new = !list->last || strcmp(list->last, text);

	free(list->last);
	list->last = text;
	if (is_new)
		return table_print(table, "pfs");
	table_free(table);
	return 0;
}

static int draw(void *ctx)
{
	struct list *list = ctx;
	struct table *table;
	int ret = make_table(list, &table);
	char *text = ret ? NULL : table_text(table);

	picture_free(&list->pic);
	if (text && list->as_json)
		return draw_json(list, table, text);
	if (!ret)
		table_free(table);
	if (text)
		watch_show(&list->last, text);
	else if (!ret)
		ret = no_memory();
	return ret;
}

/* ---- the command ---- */

enum {
	OPT_WATCH,
	OPT_TABLE,
};

static const struct opt options[] = {
	[OPT_WATCH] = { "watch", 0, NULL,
			"go on, and show each change when it happens" },
	TABLE_OPTIONS(OPT_TABLE),
	[OPT_TABLE + NUM_TABLE_OPTS] = { 0 },
};

/* Return: 0 or an exit code */
static int open_if_loaded(struct list *list, int must)
{
	int err = sriovb_open(&list->sb);

	if (err != -ENOENT || must)
		return err ? refused(NULL, err) : 0;
	list->sb = NULL;
	note(NULL,
	     "the module is not loaded: this is what sysfs shows, without states and leases" REMEDY
	     "to load it: modprobe sriov_broker");
	return 0;
}

static int run(const struct args *args)
{
	struct list list = { .as_json = args->json };
	int again = !!args->opt[OPT_WATCH];
	int ret = 0;

	if (args->word[0])
		ret = parse_target(args, args->word[0], &list.target);
	if (!ret)
		ret = table_opts_parse(args, OPT_TABLE, list_columns,
				       list_vf_fields, pf_fields, &list.opts);
	if (ret)
		return ret;
	list.has_chosen = args->opt[OPT_TABLE + TABLE_OPT_COLUMNS] ||
			  args->opt[OPT_TABLE + TABLE_OPT_SORT];
	ret = open_if_loaded(&list, again);
	if (!ret)
		ret = again ? watch(list.sb, draw, &list) : show_once(&list);
	table_opts_free(&list.opts);
	free(list.last);
	sriovb_close(list.sb);
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

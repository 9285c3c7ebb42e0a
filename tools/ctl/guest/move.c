// SPDX-License-Identifier: GPL-2.0-only
/* A guest's VF to another PF. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "base/json.h"
#include "base/progress.h"
#include "base/text.h"
#include "cli/report.h"
#include "cli/target.h"
#include "guest/monitor.h"
#include "guest/move.h"
#include "host/vfio_users.h"
#include "qemu/vmm.h"

/* ---- where to ---- */

static int add_target(const struct args *args, const char *name,
		      struct destination *d)
{
	struct sriov_broker_addr pf;
	int err = parse_device(args, name, &pf);

	if (err)
		return err;
	if (sriovb_same_addr(&pf, &d->from))
		return bad_usage(args, "%s: that is the PF to be drained",
				 name);
	if (d->num_to == SRIOV_BROKER_MAX_SELECTORS)
		return bad_usage(args, "--to: more than %d PFs",
				 SRIOV_BROKER_MAX_SELECTORS);
	d->to[d->num_to++] = (struct sriov_broker_selector){ .dev = pf };
	return 0;
}

int destination_parse(const struct args *args, const char *text,
		      struct destination *d)
{
	char *names = strdup(text);
	char *rest = NULL;
	char *name;
	int err = 0;

	if (!names)
		return no_memory();
	for (name = strtok_r(names, ",", &rest); !err && name;
	     name = strtok_r(NULL, ",", &rest))
		err = add_target(args, name, d);
	free(names);
	if (!err && !d->num_to)
		err = bad_usage(args, "--to: missing argument: PF");
	return err;
}

/* All other PFs that are leased from. */
int destination_find(struct sriovb *sb, struct destination *d)
{
	struct sriov_broker_pf *pfs;
	ssize_t n = sriovb_list_pfs(sb, NULL, &pfs);
	ssize_t i;

	if (n < 0)
		return refused(sb, n);
	d->any_pf = 1;
	for (i = 0; i < n && d->num_to < SRIOV_BROKER_MAX_SELECTORS; i++)
		if (pfs[i].num_vfs &&
		    !(pfs[i].flags & SRIOV_BROKER_PF_FLAG_CORDONED) &&
		    !sriovb_same_addr(&pfs[i].addr, &d->from))
			d->to[d->num_to++] = (struct sriov_broker_selector){
				.dev = pfs[i].addr,
			};
	free(pfs);
	return 0;
}

/* ---- one VF ---- */

#define ASK_FOR_IT \
	REMEDY "to have its user asked for it: sriovctl detach %s, or drain --ask"

static int is_implicit(const struct guest *g)
{
	return !!(g->vf.flags & SRIOV_BROKER_VF_FLAG_IMPLICIT);
}

static int cannot_move(const struct guest *g)
{
	char vf[SRIOVB_ADDR_LEN];
	const struct failure failure = {
		.code = EXIT_REFUSED,
		.subject = sriovb_format_addr(&g->vf.addr, vf),
		.lease = g->vf.lease_id,
		.pid = g->pid,
	};

	if (is_implicit(g))
		return fail_with(
			&failure,
			"held by guest \"%s\", process %d, which has no lease to exchange: left" ASK_FOR_IT,
			g->name, g->pid, vf);
	if (g->file < 0 && !g->domain[0])
		return fail_with(
			&failure,
			"held by guest \"%s\", process %d, whose monitor is not known: left" ASK_FOR_IT,
			g->name, g->pid, vf);
	return fail_with(
		&failure,
		"held by guest \"%s\", process %d, under an id that is not known (is its monitor, %s, taken?): left" ASK_FOR_IT,
		g->name, g->pid, g->monitor[0] ? g->monitor : "libvirt's", vf);
}

/* For programs: what is now in the place of a VF. */
static void keep_moved(const struct destination *d, const struct guest *g,
		       const struct swap *s)
{
	struct json_object *obj = json_object_new_object();

	json_text(obj, "guest", g->name[0] ? g->name : NULL);
	fields_json(obj, swap_fields, s);
	json_object_array_add(d->moved, obj);
}

int move_vf(const struct destination *d, struct sriovb *sb,
	    const struct guest *g)
{
	struct sriov_broker_selector to[SRIOV_BROKER_MAX_SELECTORS];
	struct monitor monitor;
	struct swap s = {
		.sb = sb,
		.monitor = &monitor,
		.id = g->id,
		.selectors = to,
		.num_selectors = d->num_to,
		.lease_flags = d->lease_flags,
		.opts = &d->opts,
	};
	char where[VMM_NAME_LEN + 8] = "";
	unsigned int i;
	int ret;

	if (!g->id[0] || is_implicit(g))
		return cannot_move(g);
	for (i = 0; i < d->num_to; i++) {
		to[i] = d->to[i];
		to[i].vendor = d->any_pf ? g->vf.vendor : 0;
		to[i].device = d->any_pf ? g->vf.device : 0;
	}
	ret = monitor_open_guest(&monitor, g, d->opts.timeout_s * 1000);
	if (!ret)
		ret = swap_vf(&s);
	if (g->name[0])
		snprintf(where, sizeof(where), " of %s", g->name);
	progress_end();
	if (!ret && d->moved)
		keep_moved(d, g, &s);
	else if (!ret)
		swap_print(&s, printable(where));
	monitor_close(&monitor);
	return ret;
}

/* ---- what is left ---- */

int complain_of_use(const struct sriov_broker_vf *vf)
{
	char addr[SRIOVB_ADDR_LEN], user[VFIO_USER_LEN];

	sriovb_format_addr(&vf->addr, addr);
	switch (vf->state) {
	case SRIOV_BROKER_VF_LEASED:
		return fail_with(
			&(struct failure){ .code = EXIT_BUSY,
					   .subject = addr,
					   .reason = "leased",
					   .lease = vf->lease_id,
					   .pid = vf->lease_pid },
			"still leased as lease %llu \"%.*s\" by process %d",
			(unsigned long long)vf->lease_id, SRIOV_BROKER_NAME_LEN,
			vf->lease_label, vf->lease_pid);
	case SRIOV_BROKER_VF_HOST:
		return vf->driver[0] ? fail(EXIT_BUSY, addr,
					    "the host's own, with driver %.*s",
					    SRIOV_BROKER_NAME_LEN, vf->driver) :
				       0;
	case SRIOV_BROKER_VF_OPEN:
		return fail(EXIT_BUSY, addr,
			    "open to all, so that it may be in use");
	case SRIOV_BROKER_VF_DRAINING:
	case SRIOV_BROKER_VF_RESETTING:
		return fail(EXIT_BUSY, addr, "still %s",
			    sriovb_strstate(vf->state));
	case SRIOV_BROKER_VF_QUARANTINED:
		if (vf->fault != SRIOV_BROKER_FAULT_IN_USE)
			return 0;
		if (!vfio_user(&vf->addr, user, sizeof(user)))
			strcpy(user, "a process");
		return fail_with(
			&(struct failure){ .code = EXIT_BUSY,
					   .subject = addr,
					   .reason = "quarantined" },
			"in quarantine, since %s still has it open" REMEDY
			"end that, then sriovctl reset %s",
			user, addr);
	}
	return 0;
}

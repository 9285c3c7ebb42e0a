// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl drain: every guest's VF off a PF, so that it has no users any more.
 *
 * Which guests these are is found from the leases. VFs that others hold than
 * guests, or guests whose monitor is not known, are named and left.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json_util.h>

#include "base/complain.h"
#include "base/field.h"
#include "base/json.h"
#include "base/progress.h"
#include "base/text.h"
#include "base/wait.h"
#include "cli/args.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"
#include "guest/find.h"
#include "guest/monitor.h"
#include "guest/plug.h"
#include "guest/swap.h"
#include "guest/unplug.h"
#include "host/vfio_users.h"
#include "qemu/vmm.h"

#define CHILD_POLL_MS 100

enum {
	OPT_TO,
	OPT_PARALLEL,
	OPT_TIMEOUT
};

static const struct opt options[] = {
	[OPT_TO] = { "to", 'T', "PF,...", "where to (other PFs of the kind)" },
	[OPT_PARALLEL] = { "parallel", 0, NULL, "all guests at once" },
	[OPT_TIMEOUT] = { "timeout", 't', "S", "ask a guest for so long (30)" },
	{ 0 },
};

struct drain {
	const struct args *args;
	struct sriovb *sb;
	struct sriov_broker_addr pf;
	struct sriov_broker_selector to[SRIOV_BROKER_MAX_SELECTORS];
	unsigned int num_to;
	int any_pf; /* none was named: VFs of the same kind alone will do */
	struct unplug_opts opts;
	struct guest *guests;
	ssize_t num_guests;
	ssize_t used;		   /* VFs that were leased before */
	struct json_object *moved; /* for programs */
};

/* ---- where to ---- */

static int add_target(struct drain *d, const char *name)
{
	struct sriov_broker_addr pf;
	int err = parse_device(d->args, name, &pf);

	if (err)
		return err;
	if (sriovb_same_addr(&pf, &d->pf))
		return bad_usage(d->args, "%s: that is the PF to be drained",
				 name);
	if (d->num_to == SRIOV_BROKER_MAX_SELECTORS)
		return bad_usage(d->args, "--to: more than %d PFs",
				 SRIOV_BROKER_MAX_SELECTORS);
	d->to[d->num_to++] = (struct sriov_broker_selector){ .dev = pf };
	return 0;
}

static int parse_targets(struct drain *d, const char *text)
{
	char *names = strdup(text);
	char *rest = NULL;
	char *name;
	int err = 0;

	if (!names)
		return no_memory();
	for (name = strtok_r(names, ",", &rest); !err && name;
	     name = strtok_r(NULL, ",", &rest))
		err = add_target(d, name);
	free(names);
	if (!err && !d->num_to)
		err = bad_usage(d->args, "--to: missing argument: PF");
	return err;
}

/* All other PFs. */
static int find_targets(struct drain *d)
{
	struct sriov_broker_pf *pfs;
	ssize_t n = sriovb_list_pfs(d->sb, NULL, &pfs);
	ssize_t i;

	if (n < 0)
		return refused(d->sb, n);
	d->any_pf = 1;
	for (i = 0; i < n && d->num_to < SRIOV_BROKER_MAX_SELECTORS; i++)
		if (pfs[i].num_vfs && !sriovb_same_addr(&pfs[i].addr, &d->pf))
			d->to[d->num_to++] = (struct sriov_broker_selector){
				.dev = pfs[i].addr,
			};
	free(pfs);
	return 0;
}

/* ---- one VF ---- */

static int cannot_move(const struct guest *g)
{
	char vf[SRIOVB_ADDR_LEN];
	const struct failure failure = {
		.code = EXIT_REFUSED,
		.subject = sriovb_format_addr(&g->vf.addr, vf),
		.lease = g->vf.lease_id,
		.pid = g->pid,
	};

	if (g->file < 0 && !g->domain[0])
		return fail_with(
			&failure,
			"held by guest \"%s\", process %d, whose monitor is not known: left",
			g->name, g->pid);
	return fail_with(
		&failure,
		"held by guest \"%s\", process %d, under an id that is not known (is its monitor, %s, taken?): left",
		g->name, g->pid, g->monitor[0] ? g->monitor : "libvirt's");
}

/* For programs: what is now in the place of a VF. */
static void keep_moved(const struct drain *d, const struct guest *g,
		       const struct swap *s)
{
	struct json_object *obj = json_object_new_object();

	json_text(obj, "guest", g->name[0] ? g->name : NULL);
	fields_json(obj, swap_fields, s);
	json_object_array_add(d->moved, obj);
}

static int move(const struct drain *d, struct sriovb *sb, const struct guest *g)
{
	struct sriov_broker_selector to[SRIOV_BROKER_MAX_SELECTORS];
	struct monitor monitor;
	struct swap s = {
		.sb = sb,
		.monitor = &monitor,
		.id = g->id,
		.selectors = to,
		.num_selectors = d->num_to,
		.opts = &d->opts,
	};
	char where[VMM_NAME_LEN + 8] = "";
	unsigned int i;
	int ret;

	if (!g->id[0])
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
	if (!ret && d->args->json)
		keep_moved(d, g, &s);
	else if (!ret)
		swap_print(&s, printable(where));
	monitor_close(&monitor);
	return ret;
}

/* ---- all of them; what goes wrong is told, and seen in the end ---- */

static void one_after_another(const struct drain *d)
{
	ssize_t i;

	for (i = 0; i < d->num_guests && !wait_interrupted(); i++)
		move(d, d->sb, &d->guests[i]);
}

/* The VFs of one guest, which has one monitor, in a process of its own. */
static int move_guest(const struct drain *d, ssize_t first)
{
	struct sriovb *sb;
	struct outcome outcome = { 0 };
	ssize_t i;
	int ret = open_broker(&sb);

	if (ret)
		return ret;
	for (i = first; i < d->num_guests && !wait_interrupted(); i++)
		if (d->guests[i].pid == d->guests[first].pid)
			outcome_add(&outcome, move(d, sb, &d->guests[i]));
	sriovb_close(sb);
	return outcome_code(&outcome);
}

/* One guest's process, and where it says for programs what it has done. */
struct child {
	pid_t pid; /* 0: it has ended */
	int said;
};

/* In the child. */
static void say(const struct drain *d, int fd)
{
	struct json_object *document = json_document();

	json_object_object_add(document, "moved", d->moved);
	report_add_to(document);
	json_object_to_fd(fd, document, JSON_C_TO_STRING_PLAIN);
}

/* What it said is ours to say. */
static void hear(const struct drain *d, int fd)
{
	struct json_object *document, *moved;
	size_t i;

	lseek(fd, 0, SEEK_SET);
	document = json_object_from_fd(fd);
	close(fd);
	if (!document)
		return;
	if (json_object_object_get_ex(document, "moved", &moved))
		for (i = 0; i < json_object_array_length(moved); i++)
			json_object_array_add(
				d->moved,
				json_object_get(
					json_object_array_get_idx(moved, i)));
	report_take_from(document);
	json_object_put(document);
}

/* Return: how many have not ended. */
static ssize_t reap(struct child *children, ssize_t n)
{
	ssize_t i, left = 0;

	for (i = 0; i < n; i++) {
		/* An error: it was reaped for us, and it has ended too. */
		if (children[i].pid && waitpid(children[i].pid, NULL, WNOHANG))
			children[i].pid = 0;
		left += !!children[i].pid;
	}
	return left;
}

/* Guests, one a child. */
struct count {
	ssize_t left;
	ssize_t all;
};

static void say_guests(char *buf, size_t len, const void *ctx)
{
	const struct count *guests = ctx;

	snprintf(buf, len, "%zd of %zd guests are done",
		 guests->all - guests->left, guests->all);
}

/*
 * Until all our children have ended, not those that a shell has left us; told to
 * stop, we tell them, each time.
 */
static void await_children(const struct drain *d, struct child *children,
			   ssize_t n)
{
	struct count guests = { n, n };
	ssize_t i;

	progress("draining");
	progress_detail(say_guests, &guests);
	while ((guests.left = reap(children, n))) {
		progress_tick();
		if (!wait_ms(CHILD_POLL_MS))
			continue;
		for (i = 0; i < n; i++)
			if (children[i].pid)
				kill(children[i].pid, SIGTERM);
	}
	progress_end();
	for (i = 0; i < n; i++)
		if (children[i].said >= 0)
			hear(d, children[i].said);
}

static void be_child(const struct drain *d, ssize_t guest, int said)
{
	int ret;

	/* Signals come from us alone: two would be one too many. */
	setpgid(0, 0);
	/* Lines of several would overwrite each other. */
	progress_never();
	ret = move_guest(d, guest);
	if (said >= 0)
		say(d, said);
	_exit(ret);
}

static void side_by_side(const struct drain *d)
{
	struct child *children = calloc(d->num_guests + 1, sizeof(*children));
	ssize_t n = 0;
	ssize_t i;

	if (!children) {
		no_memory();
		return;
	}
	fflush(stdout);
	for (i = 0; i < d->num_guests && !wait_interrupted(); i++) {
		struct child *child = &children[n];

		if (i && d->guests[i].pid == d->guests[i - 1].pid)
			continue;
		child->said =
			d->args->json ? memfd_create("said", MFD_CLOEXEC) : -1;
		child->pid = fork();
		if (child->pid < 0)
			perror("sriovctl: fork");
		if (!child->pid)
			be_child(d, i, child->said);
		if (child->pid > 0)
			n++;
	}
	await_children(d, children, n);
	free(children);
}

/* ---- what is left ---- */

/* Is it in use, or may be? With a complaint. Return: an exit code, 0: it is not */
static int complain_of(const struct sriov_broker_vf *vf)
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

/* The VFs that are left, each with an error, and those that were moved. */
static int tell(const struct drain *d, ssize_t left, int code)
{
	struct json_object *document = json_document();
	int ret;

	json_addr(document, "pf", &d->pf);
	json_object_object_add(document, "moved", json_object_get(d->moved));
	json_number(document, "left", left);
	ret = json_print(document);
	return code ? code : ret;
}

/* VFs are left: some of them, or all, or it was not tried with all of them. */
static int code_for(const struct drain *d, ssize_t left)
{
	if (left < d->used)
		return EXIT_PARTLY;
	return wait_interrupted() ? EXIT_REFUSED : EXIT_BUSY;
}

static int report(struct drain *d)
{
	struct sriov_broker_vf *vfs;
	char pf[SRIOVB_ADDR_LEN];
	ssize_t n, i, left = 0;
	int ret = 0;

	/* What had left its guest may be on its way back. */
	if (!wait_interrupted())
		unplug_await_all(d->sb);
	n = sriovb_list_vfs(d->sb, &d->pf, &vfs);
	if (n < 0)
		return refused(d->sb, n);
	sriovb_format_addr(&d->pf, pf);
	for (i = 0; i < n; i++)
		left += !!complain_of(&vfs[i]);
	free(vfs);
	if (wait_interrupted())
		fail(EXIT_REFUSED, pf,
		     "interrupted" REMEDY "to go on: the same command again");
	if (left)
		ret = fail(code_for(d, left), pf, "%zd of its VFs are left",
			   left);
	if (d->args->json)
		return tell(d, left, ret);
	if (!left)
		printf("%s is drained: none of its VFs is used\n", pf);
	return ret;
}

static ssize_t count_leased(const struct drain *d)
{
	struct sriov_broker_vf *vfs;
	ssize_t n = sriovb_list_vfs(d->sb, &d->pf, &vfs);
	ssize_t i, leased = 0;

	for (i = 0; i < n; i++)
		leased += vfs[i].state == SRIOV_BROKER_VF_LEASED;
	if (n >= 0)
		free(vfs);
	return leased;
}

static int drain(struct drain *d)
{
	int ret = 0;

	if (!d->num_to)
		ret = find_targets(d);
	if (ret)
		return ret;
	d->used = count_leased(d);
	/* A guest whose monitor does not answer can't be moved. */
	d->num_guests = guests_find(d->sb, &d->pf, d->opts.timeout_s * 1000,
				    &d->guests);
	if (d->num_guests < 0)
		return refused(d->sb, d->num_guests);
	if (d->num_guests && !d->num_to) {
		guests_free(d->guests, d->num_guests);
		return fail(EXIT_NOT_FOUND, NULL,
			    "there is no other PF with VFs to go to" REMEDY
			    "enable some, or detach the guests' VFs");
	}
	if (d->args->opt[OPT_PARALLEL])
		side_by_side(d);
	else
		one_after_another(d);
	guests_free(d->guests, d->num_guests);
	return report(d);
}

static int run(const struct args *args)
{
	struct drain d = {
		.args = args,
		.opts = { UNPLUG_TIMEOUT_S, !!args->opt[OPT_TIMEOUT] },
	};
	int ret = parse_device(args, args->word[0], &d.pf);

	if (!ret && args->opt[OPT_TIMEOUT])
		ret = parse_number(args, "--timeout", args->opt[OPT_TIMEOUT], 1,
				   PLUG_MAX_TIMEOUT_S, &d.opts.timeout_s);
	if (!ret && args->opt[OPT_TO])
		ret = parse_targets(&d, args->opt[OPT_TO]);
	if (!ret)
		ret = open_broker(&d.sb);
	if (ret)
		return ret;
	wait_catch_signals();
	d.moved = json_object_new_array();
	ret = drain(&d);
	json_object_put(d.moved);
	sriovb_close(d.sb);
	return ret;
}

const struct cmd cmd_drain = {
	.name = "drain",
	.words = "PF",
	.min_words = 1,
	.max_words = 1,
	.help = "Move the VFs of all guests off a PF.",
	.opts = options,
	.run = run,
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl drain: every guest's VF off a PF, so that it has no users any more. It is
 * cordoned first, and stays so: what comes next is most likely to be done to the PF.
 *
 * Which guests these are is found from the leases. VFs that others hold than
 * guests are named and left, and so are those that can't be exchanged, since the guest's
 * monitor is not known or its QEMU has no lease to give back; with --ask the users of these
 * are asked through vfio to let go of them.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json_util.h>

#include "base/complain.h"
#include "base/json.h"
#include "base/progress.h"
#include "base/wait.h"
#include "cli/args.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"
#include "guest/find.h"
#include "guest/move.h"
#include "guest/plug.h"
#include "guest/unplug.h"
#include "lease/take_back.h"
#include "qemu/vmm.h"

#define CHILD_POLL_MS 100

enum {
	OPT_TO,
	OPT_ASK,
	OPT_PARALLEL,
	OPT_TIMEOUT
};

static const struct opt options[] = {
	[OPT_TO] = { "to", 'T', "PF,...", "where to (other PFs of the kind)" },
	[OPT_ASK] = { "ask", 0, NULL,
		      "have what can't be moved unplugged through vfio" },
	[OPT_PARALLEL] = { "parallel", 0, NULL, "all guests at once" },
	[OPT_TIMEOUT] = { "timeout", 't', "S", "ask a guest for so long (30)" },
	{ 0 },
};

struct drain {
	const struct args *args;
	struct sriovb *sb;
	struct destination d;
	struct guest *guests; /* that are moved */
	ssize_t num_guests;
	struct taken *asked; /* what can't be */
	unsigned int num_asked;
	ssize_t leased; /* VFs that were so before */
};

/* ---- all of them; what goes wrong is told, and seen in the end ---- */

static void one_after_another(const struct drain *d)
{
	ssize_t i;

	for (i = 0; i < d->num_guests && !wait_interrupted(); i++)
		move_vf(&d->d, d->sb, &d->guests[i]);
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
			outcome_add(&outcome,
				    move_vf(&d->d, sb, &d->guests[i]));
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

	json_object_object_add(document, "moved", d->d.moved);
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
				d->d.moved,
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
	report_forget();
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
			fail(EXIT_REFUSED, NULL, "fork: %s", strerror(errno));
		if (!child->pid)
			be_child(d, i, child->said);
		if (child->pid > 0)
			n++;
	}
	await_children(d, children, n);
	free(children);
}

/* ---- what can't be moved ---- */

/* Is there a monitor, and a lease that its QEMU could give back? */
static int can_be_moved(const struct guest *g)
{
	return g->id[0] && guest_holds(g->pid, g->vf.lease_id);
}

/* Take what can't be moved from the guests. Return: 0 or an exit code */
static int set_aside(struct drain *d)
{
	ssize_t i, kept = 0;

	d->asked = calloc(d->num_guests + 1, sizeof(*d->asked));
	if (!d->asked)
		return no_memory();
	for (i = 0; i < d->num_guests; i++) {
		const struct guest *g = &d->guests[i];

		if (can_be_moved(g)) {
			d->guests[kept++] = *g;
			continue;
		}
		if (g->file >= 0)
			close(g->file);
		/* A lease that is over was asked for by whatever ended it. */
		if (g->vf.state == SRIOV_BROKER_VF_LEASED)
			d->asked[d->num_asked++].vf = g->vf;
	}
	d->num_guests = kept;
	return 0;
}

/* All at once: it takes as long as the slowest. */
static void ask(const struct drain *d)
{
	if (d->num_asked && !wait_interrupted())
		take_back(d->sb, d->asked, d->num_asked, d->d.opts.timeout_s,
			  d->args->json);
}

/* ---- what is left ---- */

/* The VFs that are left, each with an error, and those that were moved. */
static int tell(const struct drain *d, ssize_t left, int code)
{
	struct json_object *document = json_document();
	int ret;

	json_addr(document, "pf", &d->d.from);
	json_object_object_add(document, "moved", json_object_get(d->d.moved));
	taken_json(document, "asked", d->asked, d->num_asked);
	json_number(document, "left", left);
	ret = json_print(document);
	return code ? code : ret;
}

static ssize_t count_leased(const struct drain *d)
{
	struct sriov_broker_vf *vfs;
	ssize_t n = sriovb_list_vfs(d->sb, &d->d.from, &vfs);
	ssize_t i, leased = 0;

	for (i = 0; i < n; i++)
		leased += vfs[i].state == SRIOV_BROKER_VF_LEASED;
	if (n >= 0)
		free(vfs);
	return leased;
}

/*
 * VFs are left: some of those that could go, or all, or it was not tried with all of
 * them. The host's, which are left as well, could not.
 */
static int code_for_left(const struct drain *d)
{
	if (count_leased(d) < d->leased)
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
	n = sriovb_list_vfs(d->sb, &d->d.from, &vfs);
	if (n < 0)
		return refused(d->sb, n);
	sriovb_format_addr(&d->d.from, pf);
	for (i = 0; i < n; i++)
		left += !!complain_of_use(&vfs[i]);
	free(vfs);
	if (wait_interrupted())
		fail(EXIT_REFUSED, pf,
		     "interrupted" REMEDY "to go on: the same command again");
	if (left)
		ret = fail(code_for_left(d), pf, "%zd of its VFs are left",
			   left);
	if (d->args->json)
		return tell(d, left, ret);
	if (!left)
		printf("%s is drained: none of its VFs is used\n", pf);
	return ret;
}

static int cordon(const struct drain *d)
{
	char pf[SRIOVB_ADDR_LEN];
	int err = sriovb_cordon(d->sb, &d->d.from, 0);

	if (err)
		return refused(d->sb, err);
	sriovb_format_addr(&d->d.from, pf);
	note(pf,
	     "cordoned: nothing new is leased from it" REMEDY
	     "to end that: sriovctl uncordon %s",
	     pf);
	return 0;
}

/* What is to be done. Return: 0 or an exit code */
static int plan(struct drain *d)
{
	int ret = 0;

	if (!d->d.num_to)
		ret = destination_find(d->sb, &d->d);
	if (!ret)
		ret = cordon(d);
	if (ret)
		return ret;
	d->leased = count_leased(d);
	/* A guest whose monitor does not answer can't be moved. */
	d->num_guests = guests_find(d->sb, &d->d.from,
				    d->d.opts.timeout_s * 1000, &d->guests);
	if (d->num_guests < 0)
		return refused(d->sb, d->num_guests);
	if (d->args->opt[OPT_ASK])
		ret = set_aside(d);
	if (!ret && d->num_guests && !d->d.num_to)
		ret = fail(EXIT_NOT_FOUND, NULL,
			   "there is no other PF with VFs to go to" REMEDY
			   "enable some, or detach the guests' VFs");
	return ret;
}

static int drain(struct drain *d)
{
	int ret = plan(d);

	if (!ret && d->args->opt[OPT_PARALLEL])
		side_by_side(d);
	else if (!ret)
		one_after_another(d);
	if (!ret) {
		ask(d);
		ret = report(d);
	}
	guests_free(d->guests, d->num_guests);
	free(d->asked);
	return ret;
}

static int run(const struct args *args)
{
	struct drain d = {
		.args = args,
		.d.opts = { UNPLUG_TIMEOUT_S, !!args->opt[OPT_TIMEOUT] },
	};
	int ret = parse_device(args, args->word[0], &d.d.from);

	if (!ret && args->opt[OPT_TIMEOUT])
		ret = parse_number(args, "--timeout", args->opt[OPT_TIMEOUT], 1,
				   PLUG_MAX_TIMEOUT_S, &d.d.opts.timeout_s);
	if (!ret && args->opt[OPT_TO])
		ret = destination_parse(args, args->opt[OPT_TO], &d.d);
	if (!ret)
		ret = open_broker(&d.sb);
	if (ret)
		return ret;
	wait_catch_signals();
	if (args->json)
		d.d.moved = json_object_new_array();
	ret = drain(&d);
	json_object_put(d.d.moved);
	sriovb_close(d.sb);
	return ret;
}

const struct cmd cmd_drain = {
	.name = "drain",
	.words = "PF",
	.min_words = 1,
	.max_words = 1,
	.help = "Cordon a PF, and move the VFs of all guests off it.",
	.opts = options,
	.run = run,
};

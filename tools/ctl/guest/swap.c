// SPDX-License-Identifier: GPL-2.0-only
/*
 * One VF of a guest for another.
 *
 * Break before make: the new VF is leased, and has its attributes, before the
 * old one is asked of the guest; QEMU keeps the old lease until the new VF is
 * in. So whatever fails in between, the old VF can go in again, under the id and
 * at the port that both have. QEMU's fdsets tell how far it came: a lease without
 * a device, or a device with two of them, is a swap that was cut short.
 *
 * Make before break: the new VF goes in under an id of its own, at another port,
 * and its lease says which one it is to replace. When the guest uses it the old
 * one goes out; when that does not work, the new one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/complain.h"
#include "base/field.h"
#include "base/value.h"
#include "cli/target.h"
#include "guest/find.h"
#include "guest/swap.h"
#include "guest/swap_attrs.h"
#include "guest/swap_old.h"
#include "lease/offline.h"
#include "lease/take.h"
#include "qemu/fdset.h"
#include "qemu/qmp.h"

/* ---- the VF that comes ---- */

static int lease_new(struct swap *s)
{
	struct sriov_broker_selector selectors[SRIOV_BROKER_MAX_SELECTORS];
	const struct asked asked = { .own = s->old_vf.addr };
	struct sriovb_request request = {
		.selectors = selectors,
		.num_selectors = s->num_selectors,
		.count = 1,
		.flags = s->lease_flags,
		.numa_node = -1,
		.label = s->old_vf.lease_label,
	};
	int err;

	memcpy(selectors, s->selectors, s->num_selectors * sizeof(*selectors));
	if (!s->num_selectors)
		selectors[request.num_selectors++] =
			(struct sriov_broker_selector){ .dev = s->old_vf.pf };
	err = offline_leave_out(s->sb, selectors, &request.num_selectors);
	if (err)
		return err;
	err = sriovb_lease(s->sb, &request, &s->grant);
	if (err) {
		s->grant.fd = -1;
		return not_granted(s->sb, &request, &asked, err);
	}
	warn_of(&s->grant);
	plug_take(&s->new, &s->grant);
	s->new.kept.instead_of = s->old.lease;
	s->new.kept.by_iommufd = s->by_iommufd;
	return 0;
}

/* Neither we nor QEMU want its lease. */
static void give_new_back(struct swap *s)
{
	int err;

	if (s->grant.fd < 0)
		return;
	close(s->grant.fd);
	s->grant.fd = -1;
	if (s->monitor->qmp.broken)
		return;
	err = fdset_drop_one(&s->monitor->qmp, s->new.id, s->new.kept.lease);
	if (err && err != -ENOENT)
		fail_with(&(struct failure){ .code = EXIT_REFUSED,
					     .subject = s->new.vf,
					     .lease = s->new.kept.lease },
			  "QEMU did not give lease %llu back: %s",
			  s->new.kept.lease, s->monitor->qmp.error);
}

/* ---- break before make ---- */

/*
 * A guest that makes use of the VF that goes will do so of another one, however slow
 * it is. Of one that does not, or has no driver, it can't be told when it has come to
 * the end of what it was asked.
 */
static int look_at_use(struct swap *s)
{
	enum guest_use use = GUEST_USES_IT;
	int err = 0;

	if (s->old.state != UNPLUG_GONE)
		err = qemu_guest_use(&s->monitor->qmp, s->id, &use);
	/* A guest may let go of it at any time. */
	if (err && err != -ENODEV)
		return swap_failed(s);
	if (err || use == GUEST_USES_IT)
		s->settle_s = s->opts->timeout_s;
	return 0;
}

/* Where the other one was. */
static int add_and_settle(struct swap *s, struct plug *plug)
{
	int err = plug_device_add(s->monitor, plug, PLUG_TIMEOUT_S);

	return err ? err : plug_settle(s->monitor, s->sb, plug, s->settle_s);
}

/* @code: that of what has failed before. Return: it, or that of what fails here */
static int put_old_back(struct swap *s, int code)
{
	struct plug old = {
		.kept = { .lease = s->old.lease,
			  .vf = s->old.vf,
			  .by_iommufd = s->by_iommufd },
		.fd = -1,
	};
	int err;

	/* Time has passed: its lease may have been revoked meanwhile. */
	err = swap_find_old_vf(s);
	if (err)
		return err;
	strcpy(old.id, s->id);
	strcpy(old.kept.bus, s->bus);
	sriovb_format_addr(&s->old.vf, old.vf);
	err = s->monitor->qmp.broken ? -EPROTO : add_and_settle(s, &old);
	if (!err) {
		fdset_unmark_swap(&s->monitor->qmp, s->id);
		note(s->id, "%s is plugged in again", old.vf);
		return code;
	}
	return fail(
		EXIT_PARTLY, s->id,
		"nor could %s be plugged in again: %s" REMEDY
		"to try once more: the same command, to give it up: sriovctl detach %s %s %s",
		old.vf, s->monitor->qmp.error, s->monitor->option,
		s->monitor->name, s->id);
}

static int plug_new_in(struct swap *s)
{
	int err = swap_carry_late(s);

	if (!err)
		err = plug_hand_over(s->monitor, &s->new);
	if (err)
		return err;
	err = add_and_settle(s, &s->new);
	if (!err)
		return 0;
	return fail(err == QMP_REFUSED ? EXIT_REFUSED : exit_code_of(err),
		    s->new.vf, "%s%s",
		    err == QMP_REFUSED ? "QEMU refused it: " : "",
		    s->monitor->qmp.error);
}

/* The old VF is out: the new one in, or the old one again. */
static int make(struct swap *s)
{
	int ret = plug_new_in(s);

	if (!ret)
		return 0;
	/* It may be in all the same: then two leases are kept, as they should. */
	if (s->new.in_doubt) {
		note(s->id, "to see what became of it: the same command again");
		close(s->grant.fd);
		return ret;
	}
	give_new_back(s);
	return put_old_back(s, ret);
}

static int return_old(struct swap *s)
{
	int err = fdset_drop_one(&s->monitor->qmp, s->id, s->old.lease);
	int ret;

	close(s->grant.fd);
	if (err && err != -ENOENT)
		return swap_failed(s);
	ret = unplug_await(s->monitor, s->sb, &s->old);
	if (!ret)
		swap_warn_of_mac(s);
	return ret;
}

/* Should the guest say no it keeps the VF; if it is only slow the mark stays. */
static int ask_for_old(struct swap *s)
{
	int ret = fdset_mark_swap(&s->monitor->qmp, s->id, s->old.lease) ?
			  swap_failed(s) :
			  0;

	if (ret)
		return ret;
	ret = unplug_from_guest(s->monitor, &s->old, 1, s->opts);
	if (ret && s->old.guest_refused)
		fdset_unmark_swap(&s->monitor->qmp, s->id);
	return ret;
}

static int break_then_make(struct swap *s)
{
	int ret;

	strcpy(s->new.id, s->id);
	strcpy(s->new.kept.bus, s->bus);
	ret = look_at_use(s);
	if (!ret)
		ret = lease_new(s);
	/* All that can be refused while the guest has its VF. */
	if (!ret)
		ret = swap_carry_early(s);
	if (!ret && s->old.state != UNPLUG_GONE)
		ret = ask_for_old(s);
	if (ret) {
		give_new_back(s);
		/* An earlier run has taken it out. */
		return s->old.state == UNPLUG_GONE ? put_old_back(s, ret) : ret;
	}
	ret = make(s);
	return ret ? ret : return_old(s);
}

/* ---- make before break ---- */

/* Is the new one in already, by a swap that was cut short? Return: 0 or an exit code */
static int find_made(struct swap *s, int *made)
{
	struct kept kept[FDSET_MAX];
	unsigned int n, i;
	char type[64];
	int err = qemu_device_type(&s->monitor->qmp, s->new.id, type,
				   sizeof(type));

	*made = 0;
	if (err == -ENOENT)
		return 0;
	if (err || fdset_list(&s->monitor->qmp, s->new.id, kept, FDSET_MAX, &n))
		return swap_failed(s);
	for (i = 0; i < n; i++) {
		if (kept[i].instead_of != s->old.lease)
			continue;
		s->new.kept = kept[i];
		sriovb_format_addr(&kept[i].vf, s->new.vf);
		*made = 1;
		return 0;
	}
	return fail(EXIT_BUSY, s->new.id,
		    "there is a device of this id, a %s, in the way", type);
}

/* The bus of the old one is taken. */
static int find_free_bus(struct swap *s)
{
	int ret = swap_choose_bus(s, "");

	if (!ret && !s->has_bus) {
		ret = fail(
			EXIT_BUSY, s->monitor->name,
			"no free hot-plug slot for the new VF while the old one is in" REMEDY
			"leave --make-before-break out");
	}
	strcpy(s->new.kept.bus, s->bus);
	return ret;
}

/* What a swap that was cut short may have left for its id. */
static int forget_new(struct swap *s)
{
	int err = fdset_drop_all(&s->monitor->qmp, s->sb, s->new.id, 0);

	return err && err != -ENOENT ? swap_failed(s) : 0;
}

static int make_new(struct swap *s)
{
	int ret = find_free_bus(s);

	if (!ret)
		ret = lease_new(s);
	if (ret)
		return ret;
	ret = swap_check_both(s);
	if (!ret)
		ret = swap_carry_all(s);
	if (!ret)
		ret = forget_new(s);
	if (!ret)
		ret = plug_in(s->monitor, &s->new, PLUG_TIMEOUT_S);
	/* Of the descriptor, QEMU's copy is left, or none. */
	close(s->grant.fd);
	s->new.fd = -1;
	return ret;
}

/* Return: @code */
static int take_new_out(struct swap *s, int code)
{
	const struct unplug_opts opts = { UNPLUG_UNDO_S, 1 };
	struct unplug new = { .id = s->new.id, .quiet = 1 };

	if (s->monitor->qmp.broken ||
	    unplug_all(s->monitor, s->sb, &new, 1, &opts))
		return fail(EXIT_PARTLY, s->id,
			    "it has %s as well" REMEDY
			    "to take that out: sriovctl detach %s %s %s",
			    s->new.id, s->monitor->option, s->monitor->name,
			    s->new.id);
	note(s->id, "%s is taken out again", s->new.vf);
	return code;
}

/*
 * The old one did not go. If the guest said no it keeps that; else it may let go
 * of it yet, and is to have one then.
 */
static int keep_both(const struct swap *s)
{
	return fail(
		EXIT_PARTLY, s->id,
		"it was asked for, so that the guest keeps %s too" REMEDY
		"to go on: the same command again; to undo: sriovctl detach %s %s %s",
		s->new.id, s->monitor->option, s->monitor->name, s->new.id);
}

static int make_then_break(struct swap *s)
{
	int made;
	int ret = find_made(s, &made);

	if (!ret && !made)
		ret = make_new(s);
	if (ret)
		return ret;
	if (s->old.state != UNPLUG_GONE) {
		ret = plug_await_guest(s->monitor, s->sb, &s->new,
				       s->opts->timeout_s);
		if (ret)
			return take_new_out(s, ret);
		ret = unplug_from_guest(s->monitor, &s->old, 1, s->opts);
		if (ret)
			return s->old.guest_refused ? take_new_out(s, ret) :
						      keep_both(s);
	}
	return unplug_return(s->monitor, s->sb, &s->old, 1);
}

/* ---- all of it ---- */

/* Is the VF that it has one of those that will do? */
static int is_chosen(const struct swap *s)
{
	unsigned int i;

	for (i = 0; i < s->num_selectors; i++)
		if (selector_fits(&s->selectors[i], &s->old_vf))
			return 1;
	return 0;
}

/* The device has what is wanted: an earlier run got so far. */
static int has_it(struct swap *s)
{
	if (s->old.state != UNPLUG_ASK)
		return 0;
	if (s->num_selectors ? !is_chosen(s) : !s->finished)
		return 0;
	if (!swap_has_attrs(s))
		return 0;
	s->finished = 1;
	strcpy(s->new.id, s->id);
	strcpy(s->new.kept.bus, s->bus);
	s->new.kept.lease = s->old.lease;
	s->new.kept.vf = s->old.vf;
	sriovb_format_addr(&s->old.vf, s->new.vf);
	return 1;
}

/*
 * The holder of the lease, such as sriovctl lease, is to end it: the VF would
 * not return to the pool, and could not be put back into the guest by us.
 */
static int check_kept(const struct swap *s)
{
	if (s->keeps_old)
		return 0;
	return fail_with(
		&(struct failure){ .code = EXIT_REFUSED,
				   .subject = s->id,
				   .lease = s->old.lease },
		"QEMU does not keep its VF's lease, lease %llu, so it can't be exchanged: left",
		s->old.lease);
}

/*
 * Which VF it has we know from QEMU, and one that was broken into could name
 * another guest's, whose MAC and VLAN would go to it. So it is to hold the lease by
 * the kernel's word, or to be the process that it was handed to.
 */
static int check_holder(const struct swap *s)
{
	pid_t pid = qmp_peer(&s->monitor->qmp);

	if (pid > 0 &&
	    (s->old_vf.lease_pid == pid || guest_holds(pid, s->old.lease)))
		return 0;
	return fail_with(
		&(struct failure){ .code = EXIT_REFUSED,
				   .subject = s->id,
				   .reason = "not-holder",
				   .lease = s->old.lease,
				   .pid = s->old_vf.lease_pid },
		"process %d at %s does not hold lease %llu, which is process %d's: left",
		pid, s->monitor->name, s->old.lease, s->old_vf.lease_pid);
}

int swap_vf(struct swap *s)
{
	int ret;

	s->grant.fd = s->new.fd = -1;
	if (s->make_first && fdset_next_id(s->id, s->new.id))
		return fail(EXIT_REFUSED, s->id,
			    "too long an id to make another of it");
	ret = swap_find_old(s);
	if (ret || has_it(s))
		return ret;
	s->finished = 0;
	ret = check_kept(s);
	if (!ret)
		ret = check_holder(s);
	if (ret)
		return ret;
	swap_choose_attrs(s);
	return s->make_first ? make_then_break(s) : break_then_make(s);
}

/* Was anything left to be done? */
static int was_needed(const struct swap *s)
{
	return !s->finished && !sriovb_same_addr(&s->old.vf, &s->new.kept.vf);
}

static struct json_object *instead_of(const void *swap)
{
	const struct swap *s = swap;

	return was_needed(s) ? value_addr(&s->old.vf) : FIELD_ABSENT;
}

const struct field swap_fields[] = {
	{ "id", NULL, offsetof(struct swap, new.id), value_text },
	{ "bus", NULL, offsetof(struct swap, new.kept.bus), value_text },
	{ "vf", NULL, offsetof(struct swap, new.vf), value_text },
	{ "lease", NULL, offsetof(struct swap, new.kept.lease), value_u64 },
	{ "instead_of", NULL, 0, instead_of },
	{ 0 },
};

void swap_print(const struct swap *s, const char *where)
{
	const struct kept *kept = &s->new.kept;
	char old[SRIOVB_ADDR_LEN];

	if (!was_needed(s))
		printf("%s%s has %s, lease %llu: nothing was left to do\n",
		       s->new.id, where, s->new.vf, kept->lease);
	else
		printf("%s attached as %s%s%s%s, lease %llu, instead of %s\n",
		       s->new.vf, s->new.id, where, kept->bus[0] ? " at " : "",
		       kept->bus, kept->lease,
		       sriovb_format_addr(&s->old.vf, old));
	fflush(stdout);
}

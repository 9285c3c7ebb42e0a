// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFs out of a running guest.
 *
 * device_del is a request to the guest, which may be booting, paused or
 * unwilling: it is repeated until QEMU says DEVICE_DELETED or time is up. Then
 * QEMU closes the lease's descriptor, the kernel resets the VF, and only when
 * it is back where it came from are we done. Begun again, it goes on where an
 * earlier run stopped.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/complain.h"
#include "base/progress.h"
#include "base/wait.h"
#include "cli/report.h"
#include "cli/target.h"
#include "guest/unplug.h"
#include "qemu/qemu.h"
#include "qemu/qmp.h"

/* A button pressed again within 5 s means "cancel" to the guest. */
#define REPEAT_MS 10000

#define RETURN_POLL_MS 50

/* Return: @code */
static int has_failed(struct unplug *u, int code)
{
	u->state = UNPLUG_FAILED;
	u->code = code;
	return code;
}

/* QEMU, or the way to it, failed us. */
static int qmp_failed(const struct monitor *m, struct unplug *u)
{
	return has_failed(u, monitor_failed_for(m, u->id));
}

/* ---- the broker's side ---- */

/* For drain and reset after the guest has let go, over and above --timeout. */
static int64_t return_deadline(void)
{
	return now_ms() + qmp_timeout_ms * 3LL / 2;
}

static int is_returning(const struct unplug *u,
			const struct sriov_broker_vf *vf)
{
	switch (vf->state) {
	case SRIOV_BROKER_VF_LEASED:
		return vf->lease_id == u->lease;
	case SRIOV_BROKER_VF_DRAINING:
	case SRIOV_BROKER_VF_RESETTING:
		return 1;
	}
	return 0;
}

static int report_returned(const struct unplug *u,
			   const struct sriov_broker_vf *vf)
{
	char addr[SRIOVB_ADDR_LEN];

	sriovb_format_addr(&vf->addr, addr);
	if (vf->state == SRIOV_BROKER_VF_QUARANTINED) {
		return fail_with(
			&(struct failure){ .code = EXIT_REFUSED,
					   .subject = addr,
					   .reason = "quarantined" },
			"out of the guest, but its return failed (%s)" REMEDY
			"to try again: sriovctl reset %s",
			sriovb_strfault(vf->fault), addr);
	}
	if (!u->quiet)
		printf("%s detached: %s is %s\n", u->id, addr,
		       vf->lease_id == u->lease || !vf->lease_id ?
			       sriovb_strstate(vf->state) :
			       "free, and leased again");
	return 0;
}

static int report_late(const struct monitor *m,
		       const struct sriov_broker_vf *vf)
{
	char addr[SRIOVB_ADDR_LEN];

	sriovb_format_addr(&vf->addr, addr);
	if (vf->state == SRIOV_BROKER_VF_LEASED)
		return fail_with(
			&(struct failure){ .code = EXIT_BUSY,
					   .subject = addr,
					   .reason = "leased",
					   .lease = vf->lease_id,
					   .pid = vf->lease_pid },
			"out of the guest, but still leased by process %d" REMEDY
			"was the lease handed over another monitor than %s?",
			vf->lease_pid, m->name);
	return fail(EXIT_TIMEOUT, addr,
		    "out of the guest, but still %s" REMEDY
		    "see sriovctl list %s",
		    sriovb_strstate(vf->state), addr);
}

static int report_interrupted(const struct unplug *u,
			      const struct sriov_broker_vf *vf)
{
	char addr[SRIOVB_ADDR_LEN];

	sriovb_format_addr(&vf->addr, addr);
	return fail(
		EXIT_REFUSED, u->id,
		"interrupted; out of the guest, its VF %s is still %s" REMEDY
		"to see what becomes of it: sriovctl list %s",
		addr, sriovb_strstate(vf->state), addr);
}

/* Until the VF is back where it was leased from. */
static int await_vf(const struct monitor *m, struct sriovb *sb,
		    const struct unplug *u)
{
	int64_t deadline = return_deadline();
	struct sriov_broker_vf vf;
	int found;

	for (;;) {
		found = find_vf_at(sb, &u->vf, &vf);
		if (found < 0)
			return refused(sb, found);
		if (!found) {
			if (!u->quiet)
				printf("%s detached; its VF is gone\n", u->id);
			return 0;
		}
		if (!is_returning(u, &vf))
			return report_returned(u, &vf);
		if (now_ms() > deadline)
			return report_late(m, &vf);
		progress_tick();
		if (wait_ms(RETURN_POLL_MS))
			return report_interrupted(u, &vf);
	}
}

int unplug_await(const struct monitor *m, struct sriovb *sb,
		 const struct unplug *u)
{
	int ret;

	progress("%s: waiting for its VF's reset", u->id);
	ret = await_vf(m, sb, u);
	progress_end();
	return ret;
}

void unplug_await_all(struct sriovb *sb)
{
	int64_t deadline = return_deadline();
	struct sriov_broker_vf *vfs;
	int returning = 1;
	ssize_t i, n;

	progress("waiting for VFs' resets");
	while (returning && now_ms() < deadline) {
		n = sriovb_list_vfs(sb, NULL, &vfs);
		if (n < 0)
			break;
		returning = 0;
		for (i = 0; i < n; i++)
			if (vfs[i].state == SRIOV_BROKER_VF_DRAINING ||
			    vfs[i].state == SRIOV_BROKER_VF_RESETTING)
				returning = 1;
		free(vfs);
		if (returning && wait_ms(RETURN_POLL_MS))
			break;
		progress_tick();
	}
	progress_end();
}

/* ---- which VF it is ---- */

/*
 * What QEMU keeps for it: all that is known of a device that is gone, or came by
 * descriptor. Of several a swap that was cut short has left, the newest is that
 * of a device which is there; of one which is gone, the oldest. What is another
 * command's is for a device that is about to come.
 */
static int identify_kept(struct monitor *m, struct sriovb *sb, struct unplug *u)
{
	struct kept kept[FDSET_MAX];
	unsigned int found, i;

	if (fdset_list(&m->qmp, u->id, kept, FDSET_MAX, &found))
		return qmp_failed(m, u);
	for (i = 0; i < found; i++) {
		if (fdset_is_anothers(&m->qmp, sb, &kept[i]))
			continue;
		u->vf = kept[i].vf;
		u->lease = kept[i].lease;
		if (u->state == UNPLUG_GONE)
			break;
	}
	return 0;
}

static int has_lease(const struct sriov_broker_vf *vf)
{
	return vf->state == SRIOV_BROKER_VF_LEASED ||
	       vf->state == SRIOV_BROKER_VF_DRAINING ||
	       vf->state == SRIOV_BROKER_VF_RESETTING;
}

/* A vfio-pci without a lease of ours is none of our business. */
static int identify_device(struct monitor *m, struct sriovb *sb,
			   struct unplug *u)
{
	struct sriov_broker_vf vf;
	int err = qemu_device_host(&m->qmp, u->id, &u->vf);
	int found, ret;

	/* A guest may let go at any time. */
	if (qmp_not_found(&m->qmp, err))
		u->state = UNPLUG_GONE;
	if (err && err != -EINVAL && u->state != UNPLUG_GONE)
		return qmp_failed(m, u);
	found = err ? 0 : find_vf_at(sb, &u->vf, &vf);
	if (found < 0)
		return has_failed(u, refused(sb, found));

	if (found && has_lease(&vf)) {
		u->lease = vf.lease_id;
		return 0;
	}
	/* One that came by descriptor does not know where from; or is gone. */
	ret = identify_kept(m, sb, u);
	if (ret || u->lease || u->state == UNPLUG_GONE)
		return ret;
	return has_failed(u, fail(EXIT_REFUSED, u->id,
				  "a vfio-pci, but not of a leased VF" REMEDY
				  "to take it out: device_del"));
}

int unplug_identify(struct monitor *m, struct sriovb *sb, struct unplug *u)
{
	char type[64];
	int err = qemu_device_type(&m->qmp, u->id, type, sizeof(type));

	u->state = UNPLUG_ASK;
	if (err == -ENOENT) {
		u->state = UNPLUG_GONE;
		return identify_kept(m, sb, u);
	}
	if (err)
		return qmp_failed(m, u);
	if (strcmp(type, "vfio-pci")) {
		return has_failed(u, fail(EXIT_REFUSED, u->id,
					  "a %s, not a leased VF", type));
	}
	return identify_device(m, sb, u);
}

/* ---- the guest's side ---- */

/* Is QEMU's "no" to device_del about another one that is under way? */
static int is_under_way(const char *words)
{
	return strstr(words, "already in the process of unplug") ||
	       strstr(words, "guest is busy");
}

/* Return: 0, even if QEMU refused; or -errno, and no other device is to be asked for */
static int ask(struct monitor *m, struct unplug *u)
{
	int err =
		qemu_call(&m->qmp, "device_del", qemu_args("id", u->id), NULL);

	u->state = UNPLUG_WAIT;
	u->again = now_ms() + REPEAT_MS;
	if (err < 0)
		return err;
	if (qmp_not_found(&m->qmp, err))
		u->state = UNPLUG_GONE;
	else if (err && !is_under_way(m->qmp.error))
		qmp_failed(m, u);
	return 0;
}

static int refused_by_guest(struct unplug *u)
{
	return has_failed(u, fail(EXIT_REFUSED, u->id,
				  "the guest refused to let go of it" REMEDY
				  "stop its use in the guest, then try again"));
}

static int give_up(struct monitor *m, struct unplug *u, unsigned int timeout_s)
{
	char status[64];

	if (u->guest_refused)
		return refused_by_guest(u);
	qemu_status(&m->qmp, status, sizeof(status));
	if (status[0] && strcmp(status, "running"))
		return has_failed(
			u,
			fail(EXIT_TIMEOUT, u->id,
			     "the guest did not let go in %u s, it is %s" REMEDY
			     "let it run, then try again",
			     timeout_s, status));
	return has_failed(
		u,
		fail(EXIT_TIMEOUT, u->id,
		     "the guest did not let go in %u s; it may be booting or have no hot-plug driver" REMEDY
		     "try again, with a longer --timeout",
		     timeout_s));
}

static int is_about(struct json_object *event, const char *name, const char *id)
{
	struct json_object *data = NULL;
	const char *device;

	if (strcmp(qmp_text(event, "event"), name))
		return 0;
	json_object_object_get_ex(event, "data", &data);
	device = qmp_text(data, "device");
	return device && !strcmp(device, id);
}

static void take_event(struct json_object *event, struct unplug *u,
		       const struct unplug_opts *opts)
{
	if (u->state != UNPLUG_WAIT && u->state != UNPLUG_ASK)
		return;
	if (is_about(event, "DEVICE_DELETED", u->id))
		u->state = UNPLUG_GONE;
	if (!is_about(event, "DEVICE_UNPLUG_GUEST_ERROR", u->id))
		return;
	u->guest_refused = 1;
	if (!opts->insist)
		refused_by_guest(u);
}

/* Until something happens, or a device is to be asked for again. */
static int await_event(struct monitor *m, struct unplug *all, unsigned int n,
		       const struct unplug_opts *opts, int64_t until)
{
	struct json_object *event;
	unsigned int i;
	int err;

	for (i = 0; i < n; i++)
		if (all[i].state == UNPLUG_WAIT && all[i].again < until)
			until = all[i].again;
	err = qmp_event(&m->qmp, until, &event);
	if (err == -ETIMEDOUT)
		return 0;
	if (err == -EINTR)
		snprintf(
			m->qmp.error, sizeof(m->qmp.error),
			"interrupted; the guest was asked and may still let go; to go on: the same command again");
	if (err)
		return err;
	for (i = 0; i < n; i++)
		take_event(event, &all[i], opts);
	json_object_put(event);
	return 0;
}

/* Ask for those whose time has come; how many have not let go in @left. */
static int ask_all(struct monitor *m, struct unplug *all, unsigned int n,
		   const struct unplug_opts *opts, int64_t deadline,
		   unsigned int *left)
{
	int64_t now = now_ms();
	unsigned int i;
	int err = 0;

	*left = 0;
	for (i = 0; !err && i < n; i++) {
		struct unplug *u = &all[i];

		if (u->state == UNPLUG_WAIT && now >= deadline)
			give_up(m, u, opts->timeout_s);
		else if (u->state == UNPLUG_WAIT && now >= u->again)
			u->state = UNPLUG_ASK;
		if (u->state == UNPLUG_ASK)
			err = ask(m, u);
		*left += u->state == UNPLUG_WAIT;
	}
	return err;
}

int unplug_from_guest(struct monitor *m, struct unplug *all, unsigned int n,
		      const struct unplug_opts *opts)
{
	int64_t deadline = now_ms() + opts->timeout_s * 1000LL;
	struct outcome outcome = { 0 };
	unsigned int i, left;
	int err;

	progress("%s: waiting for the guest to let go", all[0].id);
	do {
		err = ask_all(m, all, n, opts, deadline, &left);
		if (!err && left)
			err = await_event(m, all, n, opts, deadline);
	} while (!err && left);
	for (i = 0; i < n; i++) {
		if (err &&
		    (all[i].state == UNPLUG_WAIT || all[i].state == UNPLUG_ASK))
			qmp_failed(m, &all[i]);
		outcome_add(&outcome,
			    all[i].state == UNPLUG_FAILED ? all[i].code : 0);
	}
	progress_end();
	return outcome_code(&outcome);
}

/* ---- the devices are out of QEMU; now the leases ---- */

/* No more is known than the id. */
static int report_unknown(const struct monitor *m, struct sriovb *sb,
			  const struct unplug *u)
{
	/* What is wanted is so; most likely the other one has seen to it. */
	if (u->kept_none && m->waited) {
		if (!u->quiet)
			printf("%s is not in the guest, now that another sriovctl is done with that\n",
			       u->id);
		return 0;
	}
	if (u->kept_none) {
		return fail(
			EXIT_NOT_FOUND, u->id,
			"no such device, and no lease kept for one, in this QEMU" REMEDY
			"see sriovctl guests");
	}
	unplug_await_all(sb);
	if (!u->quiet)
		printf("%s detached: its device was gone, its lease is returned\n",
		       u->id);
	return 0;
}

static int return_one(struct monitor *m, struct sriovb *sb,
		      const struct unplug *u)
{
	if (u->vf.valid)
		return unplug_await(m, sb, u);
	return report_unknown(m, sb, u);
}

void unplug_tell_left(void *ctx, const struct kept *kept)
{
	char vf[SRIOVB_ADDR_LEN];

	(void)ctx;
	note(sriovb_format_addr(&kept->vf, vf),
	     "%s has left the guest; lease %llu is given back", kept->id,
	     kept->lease);
}

int unplug_return(struct monitor *m, struct sriovb *sb, struct unplug *all,
		  unsigned int n)
{
	struct outcome outcome = { 0 };
	unsigned int i;
	int err;

	/* All leases first: the VFs' resets then go side by side. */
	for (i = 0; i < n; i++) {
		if (all[i].state != UNPLUG_GONE)
			continue;
		err = fdset_drop_all(&m->qmp, sb, all[i].id, all[i].lease);
		all[i].kept_none = err == -ENOENT;
		if (err && err != -ENOENT)
			qmp_failed(m, &all[i]);
	}
	for (i = 0; i < n; i++) {
		if (all[i].state == UNPLUG_GONE)
			all[i].code = return_one(m, sb, &all[i]);
		outcome_add(&outcome, all[i].code);
	}
	return outcome_code(&outcome);
}

int unplug_all(struct monitor *m, struct sriovb *sb, struct unplug *all,
	       unsigned int n, const struct unplug_opts *opts)
{
	/* If so, this undoes what was interrupted, and is to be done. */
	int before = wait_interrupted();
	unsigned int i;

	for (i = 0; i < n; i++) {
		unplug_identify(m, sb, &all[i]);
		/* A swap that has given up does not get it back any more. */
		if (all[i].state == UNPLUG_ASK &&
		    fdset_unmark_swap(&m->qmp, all[i].id))
			qmp_failed(m, &all[i]);
	}
	if (!before && wait_interrupted()) {
		return fail(EXIT_REFUSED, m->name,
			    "interrupted; nothing was asked of the guest");
	}
	unplug_from_guest(m, all, n, opts);
	return unplug_return(m, sb, all, n);
}

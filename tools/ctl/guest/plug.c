// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VF into a running guest: hand QEMU the lease's descriptor, then device_add.
 * From then on QEMU holds the lease; when QEMU ends, however it does, the kernel
 * takes the VF back. If QEMU refuses, the lease is given back.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/complain.h"
#include "base/json.h"
#include "base/progress.h"
#include "guest/iommufd.h"
#include "guest/plug.h"
#include "guest/remedy.h"
#include "qemu/qmp.h"

/* How often the guest's doing is looked at. */
#define LOOK_MS 100

/* A guest with a driver for a device mostly makes use of it within this. */
#define SETTLE_MS 5000

void plug_take(struct plug *plug, const struct sriov_broker_grant *grant)
{
	plug->kept.lease = grant->id;
	plug->kept.vf = grant->vf;
	plug->fd = grant->fd;
	sriovb_format_addr(&grant->vf, plug->vf);
}

/*
 * What is kept for an id without a device, and was not given back as left: another
 * command, which the guest's lock does not hold up, is about to plug it in; or a swap was
 * cut short, and is to put it back.
 */
static int check_kept(struct monitor *m, const char *id)
{
	struct kept kept;
	unsigned int found;

	if (fdset_list(&m->qmp, id, &kept, 1, &found))
		return monitor_failed(m);
	if (!found)
		return 0;
	return fail_with(
		&(struct failure){
			.code = EXIT_BUSY, .subject = id, .lease = kept.lease },
		"lease %llu is kept for a device of this id: another sriovctl is about to plug that in, or a swap was cut short" REMEDY
		"choose another --id, or: sriovctl detach %s %s %s",
		kept.lease, m->option, m->name, id);
}

int plug_check_id(struct monitor *m, const struct plug *plug)
{
	char type[64];
	int err = qemu_device_type(&m->qmp, plug->id, type, sizeof(type));

	if (err == -ENOENT)
		return check_kept(m, plug->id);
	if (err)
		return monitor_failed(m);
	return fail(EXIT_BUSY, plug->id,
		    "there is a device of this id, a %s" REMEDY
		    "choose another --id",
		    type);
}

/*
 * That QEMU is the lease's holder is said when the device is there: until then ours is the
 * process that has to see to it, and fdset_drop_left() leaves it alone for that. Not more
 * than a courtesy otherwise: the lease is as good without.
 */
static void name_holder(const struct monitor *m, const struct plug *plug)
{
	pid_t pid = qmp_peer(&m->qmp);
	int pidfd = pid > 0 && plug->fd >= 0 ?
			    (int)syscall(SYS_pidfd_open, pid, 0) :
			    -1;

	if (pidfd < 0)
		return;
	sriovb_lease_set_holder(plug->fd, pidfd);
	close(pidfd);
}

/* From here on the lease is QEMU's as much as ours, or may be. */
static int hand_over(struct monitor *m, const struct plug *plug)
{
	int err = fdset_keep(&m->qmp, plug->id, &plug->kept, plug->fd);

	if (err < 0)
		name_holder(m, plug);
	return err;
}

int plug_hand_over(struct monitor *m, const struct plug *plug)
{
	return hand_over(m, plug) ? monitor_failed_for(m, plug->vf) : 0;
}

/* Refused, QEMU still has the device's descriptor. Its words are kept. */
static void forget_device(struct monitor *m, const struct plug *plug)
{
	char words[sizeof(m->qmp.error)];

	strcpy(words, m->qmp.error);
	iommufd_tidy(m, plug->id);
	strcpy(m->qmp.error, words);
}

int plug_device_add(struct monitor *m, struct plug *plug,
		    unsigned int timeout_s)
{
	struct json_object *obj = json_object_new_object();
	int err = 0;

	progress("%s: waiting for QEMU to plug it in", plug->vf);
	json_text(obj, "driver", "vfio-pci");
	json_text(obj, "id", plug->id);
	if (plug->kept.bus[0])
		json_text(obj, "bus", plug->kept.bus);
	if (plug->kept.by_iommufd)
		err = iommufd_prepare(m, plug, obj);
	else
		json_text(obj, "host", plug->vf);
	if (err)
		json_object_put(obj);
	else
		err = qmp_call(&m->qmp, "device_add", obj, -1, timeout_s * 1000,
			       NULL);
	if (err == QMP_REFUSED && plug->kept.by_iommufd)
		forget_device(m, plug);
	if (err != QMP_REFUSED)
		name_holder(m, plug);
	plug->in_doubt = err < 0;
	progress_end();
	return err;
}

/*
 * It can't be told whether QEMU has the descriptor, or will do the device_add yet:
 * leave the lease.
 */
static int in_doubt(const struct monitor *m, const struct plug *plug)
{
	int code = monitor_failed_for(m, plug->vf);

	fail_with(&(struct failure){ .code = code,
				     .subject = plug->vf,
				     .reason = "in-doubt",
				     .lease = plug->kept.lease },
		  "if QEMU lives it holds the lease" REMEDY
		  "to take it back: sriovctl detach %s %s %s",
		  m->option, m->name, plug->id);
	return code;
}

static int take_back(struct monitor *m, const struct plug *plug)
{
	char words[sizeof(m->qmp.error)];
	int err;

	strcpy(words, m->qmp.error);
	err = fdset_drop_one(&m->qmp, plug->id, plug->kept.lease);
	fail(EXIT_REFUSED, plug->vf, "QEMU refused it: %s", words);
	if (err)
		fail_with(&(struct failure){ .code = EXIT_REFUSED,
					     .subject = plug->vf,
					     .lease = plug->kept.lease },
			  "nor did it give the lease back: %s", m->qmp.error);
	tell_remedy(m, plug, words);
	return EXIT_REFUSED;
}

int plug_in(struct monitor *m, struct plug *plug, unsigned int timeout_s)
{
	int err = hand_over(m, plug);

	if (!err)
		err = plug_device_add(m, plug, timeout_s);
	else if (err == QMP_REFUSED)
		return monitor_failed_for(m, plug->vf);
	if (err == QMP_REFUSED)
		return take_back(m, plug);
	return err ? in_doubt(m, plug) : 0;
}

/* ---- what the guest does ---- */

/* @code: that of a failure; 0: it is none. Return: @code */
static int guest_is_late(struct monitor *m, const struct plug *plug,
			 unsigned int timeout_s, int code)
{
	static const char words[] =
		"plugged in, but the guest has not enabled it in %u s%s%s" REMEDY
		"%s";
	const char *todo = "it may be booting, or have no driver for it";
	const char *is = "";
	char status[64];

	qemu_status(&m->qmp, status, sizeof(status));
	if (!strcmp(status, "running"))
		status[0] = '\0';
	if (status[0]) {
		is = ", it is ";
		todo = "let it run";
	}
	if (code)
		return fail(code, plug->id, words, timeout_s, is, status, todo);
	note(plug->id, words, timeout_s, is, status, todo);
	return 0;
}

/* Let a moment pass. What happens meanwhile shows in QEMU's state. */
static int let_pass(struct monitor *m)
{
	int64_t end = now_ms() + LOOK_MS;
	struct json_object *event;
	int err;

	for (;;) {
		err = qmp_event(&m->qmp, end, &event);
		if (err == -ETIMEDOUT)
			return 0;
		if (err == -EINTR)
			snprintf(m->qmp.error, sizeof(m->qmp.error),
				 "interrupted; it stays plugged in");
		if (err)
			return err;
		json_object_put(event);
	}
}

/* Its lease may have been revoked by now, and the VF be another's. */
static int plug_again(struct monitor *m, struct sriovb *sb, struct plug *plug)
{
	pid_t holder;

	if (fdset_has_lease(sb, &plug->kept, &holder))
		return plug_device_add(m, plug, PLUG_TIMEOUT_S);
	snprintf(
		m->qmp.error, sizeof(m->qmp.error),
		"the guest has let go of it, and its lease %llu has ended; it is not plugged in again",
		plug->kept.lease);
	return -ESTALE;
}

/*
 * A guest that was asked twice to let go of what was in a slot does so twice, where
 * hot-plug is ACPI's: the second time it is the new device. So that goes in again,
 * until the guest, which does one after another, has come to make use of it.
 */
static int look_after(struct monitor *m, struct sriovb *sb, struct plug *plug,
		      int64_t until, enum guest_use *use)
{
	int err;

	*use = GUEST_NOT_YET;
	do {
		err = qemu_guest_use(&m->qmp, plug->id, use);
		if (err == -ENODEV)
			err = plug_again(m, sb, plug);
		if (!err && *use == GUEST_NOT_YET)
			err = let_pass(m);
	} while (!err && *use == GUEST_NOT_YET && now_ms() < until);
	return err;
}

int plug_settle(struct monitor *m, struct sriovb *sb, struct plug *plug,
		unsigned int timeout_s)
{
	enum guest_use use;
	int err;

	progress("%s: waiting for the guest to take it", plug->id);
	err = look_after(
		m, sb, plug,
		now_ms() + (timeout_s ? timeout_s * 1000LL : SETTLE_MS), &use);
	progress_end();
	if (!err && timeout_s && use == GUEST_NOT_YET)
		guest_is_late(m, plug, timeout_s, 0);
	/* It is in, and what the guest does with it later is left to be seen. */
	if (err == -EINTR && !plug->in_doubt)
		return 0;
	plug->in_doubt = err < 0 && err != -ESTALE;
	return err;
}

int plug_await_guest(struct monitor *m, struct sriovb *sb, struct plug *plug,
		     unsigned int timeout_s)
{
	enum guest_use use;
	int err;

	progress("%s: waiting for the guest to enable it", plug->id);
	err = look_after(m, sb, plug, now_ms() + timeout_s * 1000LL, &use);
	progress_end();
	if (err)
		return monitor_failed_for(m, plug->id);
	if (use == GUEST_NOT_YET)
		return guest_is_late(m, plug, timeout_s, EXIT_TIMEOUT);
	if (use == GUEST_UNKNOWN) {
		return fail(
			EXIT_REFUSED, plug->id,
			"plugged in; whether the guest has enabled it can't be known, for it has no memory to be mapped");
	}
	return 0;
}

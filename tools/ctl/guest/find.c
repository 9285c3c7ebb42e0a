// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests that hold leased VFs, found from the leases.
 *
 * Whoever has a lease's descriptor, or the VF's vfio group, open holds the VF;
 * a holder is a guest if it has a machine of KVM's, or is a QEMU. Its QEMU knows
 * the device's id: it is asked over its monitor, for no longer than that takes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/progress.h"
#include "base/wait.h"
#include "guest/find.h"
#include "guest/lock.h"
#include "guest/unplug.h"
#include "host/proc.h"
#include "host/vfio_users.h"
#include "qemu/fdset.h"
#include "qemu/libvirt.h"
#include "qemu/qmp.h"

int guests_ask_ms = 2000;

/* Where the link of a lease's descriptor in /proc leads. */
#define LEASE_LINK "anon_inode:[sriov_broker:lease]"

/* The VFs that are looked for, and the guests found so far. */
struct search {
	struct sriovb *sb;
	struct sriov_broker_vf *vfs;
	size_t num_vfs;
	dev_t (*nodes)[VFIO_NODES]; /* of each of them */
	unsigned char *held;	    /* by the process that is being looked at */
	pid_t pid;
	int is_guest;
	int ask_ms; /* how long to wait for a monitor */
	struct guest *guests;
	size_t num_guests;
	int error;
};

/* ---- which process holds what ---- */

static void note_lease(struct search *s, int fd)
{
	char text[32];
	size_t i;

	if (proc_fdinfo(s->pid, fd, "lease", text, sizeof(text)))
		return;
	for (i = 0; i < s->num_vfs; i++)
		if (s->vfs[i].lease_id == strtoull(text, NULL, 10))
			s->held[i] = 1;
}

/* By what it has open: a name of such a node is anybody's to give to a file. */
static void note_device(struct search *s, int fd)
{
	dev_t device;
	size_t i;

	if (proc_fd_device(s->pid, fd, &device))
		return;
	for (i = 0; i < s->num_vfs; i++)
		if (vfio_is_node(s->nodes[i], device))
			s->held[i] = 1;
}

static void look_at_fd(void *ctx, int fd, const char *target)
{
	struct search *s = ctx;

	if (target[0] == '/')
		note_device(s, fd);
	else if (!strcmp(target, LEASE_LINK))
		note_lease(s, fd);
	else if (!strcmp(target, "anon_inode:kvm-vm"))
		s->is_guest = 1;
}

/* Another user's descriptors can't be seen, but the lease tells a process. */
static void note_pid(struct search *s)
{
	size_t i;

	for (i = 0; i < s->num_vfs; i++)
		if (s->vfs[i].lease_pid == s->pid)
			s->held[i] = 1;
}

/* ---- its id in the guest ---- */

static void note_id(void *ctx, const char *id,
		    const struct sriov_broker_addr *host)
{
	struct search *s = ctx;
	size_t i = s->num_guests;

	/* Anybody's word; none of ours, nor of QEMU's. */
	if (!qemu_id_ok(id))
		return;
	while (i-- && s->guests[i].pid == s->pid)
		if (sriovb_same_addr(&s->guests[i].vf.addr, host))
			snprintf(s->guests[i].id, sizeof(s->guests[i].id), "%s",
				 id);
}

int guest_monitor(pid_t pid, const struct vmm *vmm, int ask_ms, struct qmp *qmp)
{
	int err = -ENOENT;

	*qmp = (struct qmp){ .fd = -1 };
	if (vmm->libvirt)
		err = libvirt_open(qmp, vmm->name, pid, ask_ms);
	else if (vmm->file >= 0 && !vmm->taken)
		err = qmp_open_file(qmp, vmm->file, ask_ms);
	return !err && qmp_peer(qmp) != pid ? -ESRCH : err;
}

/* The lease has ended, so that it is this guest's no more; others say for themselves. */
static void note_left(void *ctx, const struct kept *kept)
{
	struct search *s = ctx;
	size_t i = 0, n = 0;

	unplug_tell_left(NULL, kept);
	for (; i < s->num_guests; i++)
		if (s->guests[i].pid != s->pid ||
		    s->guests[i].vf.lease_id != kept->lease)
			s->guests[n++] = s->guests[i];
		else if (s->guests[i].file >= 0)
			close(s->guests[i].file);
	s->num_guests = n;
}

/* Unless another command is at work on it: a device may be about to come. */
static void drop_left(struct search *s, struct qmp *qmp)
{
	pid_t holder;
	int lock = guest_lock(s->pid, 0, &holder);

	if (lock < 0)
		return;
	fdset_drop_left(qmp, s->sb, note_left, s);
	close(lock);
}

/* Return: is it the process's monitor, or, to be known by libvirt, its domain? */
static int ask_monitor(struct search *s, const struct vmm *vmm)
{
	struct qmp qmp;
	int err, is_its;

	if (wait_interrupted())
		return 1;
	err = guest_monitor(s->pid, vmm, s->ask_ms, &qmp);
	is_its = err != -ESRCH;
	/* A device's word counts for more than what was meant for one. */
	if (!err)
		err = fdset_each(&qmp, note_id, s);
	if (!err)
		err = qemu_each_vf(&qmp, note_id, s);
	if (!err)
		drop_left(s, &qmp);
	qmp_close(&qmp);
	return is_its;
}

/* ---- processes ---- */

/* The name of a domain and the path of a monitor are the process's word. */
static void forget_monitor(struct search *s)
{
	size_t i = s->num_guests;

	while (i-- && s->guests[i].pid == s->pid) {
		struct guest *guest = &s->guests[i];

		guest->monitor[0] = guest->domain[0] = '\0';
		if (guest->file >= 0)
			close(guest->file);
		guest->file = -1;
	}
}

static int add_guest(struct search *s, const struct vmm *vmm,
		     const struct sriov_broker_vf *vf)
{
	struct guest *more =
		reallocarray(s->guests, s->num_guests + 1, sizeof(*s->guests));

	if (!more)
		return -ENOMEM;
	s->guests = more;
	more += s->num_guests++;
	*more = (struct guest){ .vf = *vf, .pid = s->pid, .file = -1 };
	strcpy(more->name, vmm->name);
	strcpy(more->monitor, vmm->monitor);
	if (vmm->libvirt)
		strcpy(more->domain, vmm->name);
	else if (vmm->file >= 0)
		more->file = fcntl(vmm->file, F_DUPFD_CLOEXEC, 0);
	return 0;
}

static void look_at(void *ctx, pid_t pid)
{
	struct search *s = ctx;
	struct vmm vmm;
	size_t i;

	s->pid = pid;
	s->is_guest = 0;
	memset(s->held, 0, s->num_vfs);
	if (proc_each_fd(pid, look_at_fd, s))
		note_pid(s);
	if (s->error || !memchr(s->held, 1, s->num_vfs) ||
	    (!s->is_guest && !vmm_is_qemu(pid)))
		return;
	vmm_look(pid, &vmm);
	for (i = 0; i < s->num_vfs && !s->error; i++)
		if (s->held[i])
			s->error = add_guest(s, &vmm, &s->vfs[i]);
	if (!s->error && !ask_monitor(s, &vmm))
		forget_monitor(s);
	if (vmm.file >= 0)
		close(vmm.file);
}

/* ---- all of it ---- */

/* Leave those that are held. Return: how many. */
static size_t keep_held(struct sriov_broker_vf *vfs, ssize_t n)
{
	size_t kept = 0;
	ssize_t i;

	for (i = 0; i < n; i++)
		if (vfs[i].state == SRIOV_BROKER_VF_LEASED ||
		    vfs[i].state == SRIOV_BROKER_VF_DRAINING)
			vfs[kept++] = vfs[i];
	return kept;
}

static int search(struct search *s)
{
	size_t i;
	int err;

	s->held = malloc(s->num_vfs);
	s->nodes = calloc(s->num_vfs, sizeof(*s->nodes));
	if (!s->held || !s->nodes)
		return -ENOMEM;
	for (i = 0; i < s->num_vfs; i++)
		vfio_nodes(&s->vfs[i].addr, s->nodes[i]);
	err = proc_each(look_at, s);
	return s->error ? s->error : err;
}

static ssize_t find(struct sriovb *sb, struct sriov_broker_vf *vfs,
		    size_t num_vfs, int ask_ms, struct guest **guests)
{
	struct search s = {
		.sb = sb,
		.vfs = vfs,
		.num_vfs = num_vfs,
		.ask_ms = ask_ms,
	};
	int err = num_vfs ? search(&s) : 0;

	free(s.held);
	free(s.nodes);
	*guests = s.guests;
	if (!err)
		return s.num_guests;
	guests_free(s.guests, s.num_guests);
	*guests = NULL;
	return err;
}

void guests_free(struct guest *guests, ssize_t n)
{
	ssize_t i;

	for (i = 0; i < n; i++)
		if (guests[i].file >= 0)
			close(guests[i].file);
	free(guests);
}

ssize_t guests_find(struct sriovb *sb, const struct sriov_broker_addr *pf,
		    int ask_ms, struct guest **guests)
{
	struct sriov_broker_vf *vfs;
	ssize_t n = sriovb_list_vfs(sb, pf, &vfs);

	*guests = NULL;
	progress("asking guests for their VFs");
	if (n >= 0)
		n = find(sb, vfs, keep_held(vfs, n), ask_ms, guests);
	progress_end();
	free(vfs);
	return n;
}

/* ---- one lease ---- */

struct holder {
	pid_t pid;
	unsigned long long lease;
	int holds;
};

static void look_for_lease(void *ctx, int fd, const char *target)
{
	struct holder *holder = ctx;
	char text[32];

	if (!strcmp(target, LEASE_LINK) &&
	    !proc_fdinfo(holder->pid, fd, "lease", text, sizeof(text)) &&
	    strtoull(text, NULL, 10) == holder->lease)
		holder->holds = 1;
}

int guest_holds(pid_t pid, unsigned long long lease)
{
	struct holder holder = { .pid = pid, .lease = lease };

	proc_each_fd(pid, look_for_lease, &holder);
	return holder.holds;
}

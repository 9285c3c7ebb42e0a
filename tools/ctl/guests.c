// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests that hold leased VFs, found from the leases.
 *
 * Whoever has a lease's descriptor, or the VF's vfio group, open holds the VF;
 * a holder is a guest if it has a machine of KVM's, or is a QEMU. Its QEMU knows
 * the device's id: it is asked over its monitor, for no longer than that takes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guests.h"
#include "keep.h"
#include "libvirt.h"
#include "proc.h"
#include "progress.h"

/* Where the link of a lease's descriptor in /proc leads. */
#define LEASE_LINK "anon_inode:[sriov_broker:lease]"

/* The VFs that are looked for, and the guests found so far. */
struct search {
	struct sriov_broker_vf *vfs;
	size_t num_vfs;
	unsigned char *held; /* by the process that is being looked at */
	pid_t pid;
	int is_guest;
	int ask_ms; /* how long to wait for a monitor */
	struct guest *guests;
	size_t num_guests;
	int error;
};

/* ---- who holds what ---- */

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

static void note_group(struct search *s, const char *number)
{
	size_t i;

	for (i = 0; i < s->num_vfs; i++)
		if (s->vfs[i].iommu_group >= 0 &&
		    s->vfs[i].iommu_group == atoi(number))
			s->held[i] = 1;
}

static void look_at_fd(void *ctx, int fd, const char *target)
{
	struct search *s = ctx;

	if (!strcmp(target, LEASE_LINK))
		note_lease(s, fd);
	else if (!strncmp(target, "/dev/vfio/", 10) && target[10] >= '0' &&
		 target[10] <= '9')
		note_group(s, target + 10);
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

static void ask_monitor(struct search *s, const struct vmm *vmm)
{
	struct qmp qmp;
	int err;

	if (qmp_interrupted())
		return;
	if (vmm->libvirt)
		err = libvirt_open(&qmp, vmm->name, s->ask_ms);
	else if (vmm->monitor[0] && !vmm->taken)
		err = qmp_open_within(&qmp, vmm->monitor, s->ask_ms);
	else
		return;
	/* A device's word counts for more than what was meant for one. */
	if (!err)
		err = keep_each(&qmp, note_id, s);
	if (!err)
		qemu_each_vf(&qmp, note_id, s);
	qmp_close(&qmp);
}

/* ---- processes ---- */

static int add_guest(struct search *s, const struct vmm *vmm,
		     const struct sriov_broker_vf *vf)
{
	struct guest *more =
		reallocarray(s->guests, s->num_guests + 1, sizeof(*s->guests));

	if (!more)
		return -ENOMEM;
	s->guests = more;
	more += s->num_guests++;
	*more = (struct guest){ .vf = *vf, .pid = s->pid };
	strcpy(more->name, vmm->name);
	strcpy(more->monitor, vmm->monitor);
	if (vmm->libvirt)
		strcpy(more->domain, vmm->name);
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
	if (!s->error)
		ask_monitor(s, &vmm);
}

/* ---- all of it ---- */

/* Leave those that somebody has. Return: how many. */
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

static ssize_t find(struct sriov_broker_vf *vfs, size_t num_vfs, int ask_ms,
		    struct guest **guests)
{
	struct search s = {
		.vfs = vfs,
		.num_vfs = num_vfs,
		.ask_ms = ask_ms,
	};
	int err;

	*guests = NULL;
	if (!num_vfs)
		return 0;
	s.held = malloc(num_vfs);
	if (!s.held)
		return -ENOMEM;
	err = proc_each(look_at, &s);
	free(s.held);
	if (s.error || err) {
		free(s.guests);
		return s.error ? s.error : err;
	}
	*guests = s.guests;
	return s.num_guests;
}

ssize_t guests_find(struct sriovb *sb, const struct sriov_broker_addr *pf,
		    int ask_ms, struct guest **guests)
{
	struct sriov_broker_vf *vfs;
	ssize_t n = sriovb_list_vfs(sb, pf, &vfs);

	*guests = NULL;
	qmp_waiting = progress_tick;
	progress("asking guests for their VFs");
	if (n >= 0)
		n = find(vfs, keep_held(vfs, n), ask_ms, guests);
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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VF that a swap takes away: which it is, at which port, and what an earlier swap
 * that was cut short has left of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "cli/report.h"
#include "cli/target.h"
#include "guest/monitor.h"
#include "guest/swap_old.h"
#include "guest/unplug.h"
#include "qemu/fdset.h"
#include "qemu/qemu.h"
#include "qemu/qmp.h"

int swap_failed(const struct swap *s)
{
	return monitor_failed_for(s->monitor, s->id);
}

int swap_find_old_vf(struct swap *s)
{
	const struct monitor *m = s->monitor;
	char vf[SRIOVB_ADDR_LEN];
	int found = find_vf_at(s->sb, &s->old.vf, &s->old_vf);

	if (found < 0)
		return refused(s->sb, found);
	sriovb_format_addr(&s->old.vf, vf);
	if (!found || !s->old_vf.lease_id)
		return fail_with(&(struct failure){ .code = EXIT_NOT_FOUND,
						    .subject = s->id,
						    .reason = "lease-ended",
						    .lease = s->old.lease },
				 "the lease of its VF, %s, has ended" REMEDY
				 "sriovctl detach %s %s %s, then attach",
				 vf, m->option, m->name, s->id);
	if (s->old_vf.lease_id != s->old.lease)
		return fail_with(
			&(struct failure){ .code = EXIT_BUSY,
					   .subject = s->id,
					   .reason = "lease-ended",
					   .lease = s->old_vf.lease_id,
					   .pid = s->old_vf.lease_pid },
			"its lease %llu has ended, and %s is another's, under lease %llu" REMEDY
			"sriovctl detach %s %s %s, then attach",
			s->old.lease, vf,
			(unsigned long long)s->old_vf.lease_id, m->option,
			m->name, s->id);
	return 0;
}

/* More ports than a machine has. */
#define MAX_PORTS 256

int swap_choose_bus(struct swap *s, const char *wanted)
{
	char(*buses)[QEMU_ID_LEN] = calloc(MAX_PORTS, sizeof(*buses));
	unsigned int found, i;
	int err;

	if (!buses)
		return no_memory();
	err = qemu_free_buses(&s->monitor->qmp, buses, MAX_PORTS, &found);
	s->has_bus = found > 0;
	if (found)
		strcpy(s->bus, buses[0]);
	for (i = 0; i < found; i++)
		if (!strcmp(buses[i], wanted))
			strcpy(s->bus, wanted);
	free(buses);
	return err ? swap_failed(s) : 0;
}

/* Where the device is, or was. A guest may let go of it at any time. */
static int find_bus(struct swap *s, const struct kept *kept)
{
	int err;

	if (s->old.state == UNPLUG_ASK) {
		err = qemu_device_bus(&s->monitor->qmp, s->id, s->bus,
				      sizeof(s->bus));
		s->has_bus = !err;
		s->by_iommufd = !err &&
				qemu_by_iommufd(&s->monitor->qmp, s->id);
		if (!qmp_not_found(&s->monitor->qmp, err))
			return err ? swap_failed(s) : 0;
		s->old.state = UNPLUG_GONE;
	}
	s->by_iommufd = kept && kept->by_iommufd;
	err = swap_choose_bus(s, kept ? kept->bus : "");
	if (err || s->has_bus)
		return err;
	return fail(
		EXIT_BUSY, s->id,
		"the device is gone, and there is no free hot-plug slot for another");
}

/*
 * A device with a second lease: a swap that was cut short. If the device
 * has the newer VF all that is left to do is to let the old one go; else the
 * newer lease is of no use.
 */
static int tidy_device(struct swap *s, const struct kept *kept, unsigned int n)
{
	struct unplug old = { .id = s->id, .quiet = 1 };
	unsigned int i;
	int err, ret;

	if (n < 2)
		return 0;
	for (i = 0; i < n; i++) {
		if (kept[i].lease == s->old.lease ||
		    fdset_is_anothers(&s->monitor->qmp, s->sb, &kept[i]))
			continue;
		err = fdset_drop_one(&s->monitor->qmp, s->id, kept[i].lease);
		if (err && err != -ENOENT)
			return swap_failed(s);
		if (s->old.state == UNPLUG_ASK && kept[i].lease < s->old.lease)
			s->finished = 1;
		old.vf = kept[i].vf;
		old.lease = kept[i].lease;
		ret = unplug_await(s->monitor, s->sb, &old);
		if (ret)
			return ret;
	}
	return 0;
}

/* Has the new one come, to be there before the old one went? */
static int is_made_for(struct swap *s, unsigned long long lease)
{
	struct kept kept[FDSET_MAX];
	unsigned int n, i;

	if (!s->make_first ||
	    fdset_list(&s->monitor->qmp, s->new.id, kept, FDSET_MAX, &n))
		return 0;
	for (i = 0; i < n; i++)
		if (kept[i].instead_of == lease)
			return 1;
	return 0;
}

/* It has left, and not because we asked: what an admin took out stays out. */
static int give_old_back(struct swap *s)
{
	int ret = unplug_return(s->monitor, s->sb, &s->old, 1);

	return ret ? ret :
		     fail(EXIT_NOT_FOUND, s->id,
			  "the device has left the guest, and not for a swap; its VF is given back" REMEDY
			  "to get another: attach");
}

/* What is kept under a lease, or else the oldest; NULL: there is nothing. */
static const struct kept *kept_for(const struct kept *kept, unsigned int n,
				   unsigned long long lease)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (kept[i].lease == lease)
			return &kept[i];
	return n ? kept : NULL;
}

int swap_find_old(struct swap *s)
{
	struct kept kept[FDSET_MAX];
	unsigned int n;
	int ret;

	s->old = (struct unplug){ .id = s->id, .quiet = 1 };
	ret = unplug_identify(s->monitor, s->sb, &s->old);
	if (ret)
		return ret;
	if (fdset_list(&s->monitor->qmp, s->id, kept, FDSET_MAX, &n))
		return swap_failed(s);
	s->keeps_old = n &&
		       kept_for(kept, n, s->old.lease)->lease == s->old.lease;
	if (s->old.state == UNPLUG_GONE && !n) {
		return fail(
			EXIT_NOT_FOUND, s->id,
			"no such device, and no lease kept for one, in this QEMU" REMEDY
			"see sriovctl guests");
	}
	if (s->old.state == UNPLUG_GONE && fdset_is_left(kept, n, s->id) &&
	    !is_made_for(s, s->old.lease))
		return give_old_back(s);
	ret = swap_find_old_vf(s);
	if (!ret)
		ret = find_bus(s, kept_for(kept, n, s->old.lease));
	return ret ? ret : tidy_device(s, kept, n);
}

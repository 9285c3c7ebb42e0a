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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/complain.h"
#include "cli/netset.h"
#include "cli/report.h"
#include "cli/target.h"
#include "guest/find.h"
#include "guest/swap.h"
#include "host/netinfo.h"
#include "lease/offline.h"
#include "lease/take.h"
#include "qemu/fdset.h"
#include "qemu/qmp.h"

static int qmp_failed(const struct swap *s)
{
	return monitor_failed_for(s->monitor, s->id);
}

/* ---- the VF that goes ---- */

/*
 * The VF that goes. It must be the guest's still: a lease that QEMU keeps may have
 * been revoked, and the VF leased to another. Return: 0 or EXIT_REFUSED
 */
static int find_old_vf(struct swap *s)
{
	const struct monitor *m = s->monitor;
	char vf[SRIOVB_ADDR_LEN];
	int found = find_vf_at(s->sb, &s->old.vf, &s->old_vf);

	if (found < 0)
		return refused(s->sb, found);
	sriovb_format_addr(&s->old.vf, vf);
	if (!found || !s->old_vf.lease_id)
		complain(
			"%s: the lease of its VF, %s, has ended; sriovctl detach %s %s %s, then attach",
			s->id, vf, m->option, m->name, s->id);
	else if (s->old_vf.lease_id != s->old.lease)
		complain(
			"%s: its lease %llu has ended, and %s is another's, under lease %llu; sriovctl detach %s %s %s, then attach",
			s->id, s->old.lease, vf,
			(unsigned long long)s->old_vf.lease_id, m->option,
			m->name, s->id);
	else
		return 0;
	return EXIT_REFUSED;
}

/* More ports than a machine has. */
#define MAX_PORTS 256

/* The port it was at, if that is free, or another one. */
static int choose_bus(struct swap *s, const char *wanted)
{
	char(*buses)[QEMU_ID_LEN] = calloc(MAX_PORTS, sizeof(*buses));
	unsigned int found, i;
	int err;

	if (!buses) {
		complain("out of memory");
		return EXIT_REFUSED;
	}
	err = qemu_free_buses(&s->monitor->qmp, buses, MAX_PORTS, &found);
	s->has_bus = found > 0;
	if (found)
		strcpy(s->bus, buses[0]);
	for (i = 0; i < found; i++)
		if (!strcmp(buses[i], wanted))
			strcpy(s->bus, wanted);
	free(buses);
	return err ? qmp_failed(s) : 0;
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
			return err ? qmp_failed(s) : 0;
		s->old.state = UNPLUG_GONE;
	}
	s->by_iommufd = kept && kept->by_iommufd;
	err = choose_bus(s, kept ? kept->bus : "");
	if (err || s->has_bus)
		return err;
	complain(
		"%s: the device is gone, and there is no free hot-plug slot for another",
		s->id);
	return EXIT_REFUSED;
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
	int err = 0;

	if (n < 2)
		return 0;
	err = fdset_drop_others(&s->monitor->qmp, s->id, s->old.lease);
	if (err && err != -ENOENT)
		return qmp_failed(s);
	for (i = 0; i < n; i++) {
		if (kept[i].lease == s->old.lease)
			continue;
		if (s->old.state == UNPLUG_ASK && kept[i].lease < s->old.lease)
			s->finished = 1;
		old.vf = kept[i].vf;
		old.lease = kept[i].lease;
		if (unplug_await(s->monitor, s->sb, &old))
			return EXIT_REFUSED;
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
	if (unplug_return(s->monitor, s->sb, &s->old, 1))
		return EXIT_REFUSED;
	complain(
		"%s: the device has left the guest, and not for a swap; its VF is given back, to get another: attach",
		s->id);
	return EXIT_REFUSED;
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

static int find_old(struct swap *s)
{
	struct kept kept[FDSET_MAX];
	unsigned int n;

	s->old = (struct unplug){ .id = s->id, .quiet = 1 };
	if (unplug_identify(s->monitor, s->sb, &s->old))
		return EXIT_REFUSED;
	if (fdset_list(&s->monitor->qmp, s->id, kept, FDSET_MAX, &n))
		return qmp_failed(s);
	s->keeps_old = n &&
		       kept_for(kept, n, s->old.lease)->lease == s->old.lease;
	if (s->old.state == UNPLUG_GONE && !n) {
		complain(
			"%s: no such device, and no lease kept for one, in this QEMU",
			s->id);
		return EXIT_REFUSED;
	}
	if (s->old.state == UNPLUG_GONE && fdset_is_left(kept, n, s->id) &&
	    !is_made_for(s, s->old.lease))
		return give_old_back(s);
	if (find_old_vf(s))
		return EXIT_REFUSED;
	if (find_bus(s, kept_for(kept, n, s->old.lease)))
		return EXIT_REFUSED;
	return tidy_device(s, kept, n);
}

/* ---- what its PF does for it ---- */

/* Return: 1 if the PF's driver keeps any */
static int read_attrs(const struct sriov_broker_addr *pf, unsigned int index,
		      struct netattrs *attrs)
{
	struct netif netif;
	int has;

	*attrs = (struct netattrs){ 0 };
	if (!netinfo_get(pf, &netif))
		return 0;
	has = netset_read(&netif, index, attrs);
	netinfo_put(&netif);
	return has;
}

/* Is it asked for, and as the value? */
static int asks_for(const struct swap *s, enum netattr attr, uint64_t value)
{
	return s->attrs && netattr_has(s->attrs, attr) &&
	       s->attrs->value[attr] == value;
}

/* The old VF's, and those that were asked for. */
static void choose_attrs(struct swap *s)
{
	uint64_t mac;
	int i;

	read_attrs(&s->old_vf.pf, s->old_vf.index, &s->carried);
	mac = s->carried.value[NETATTR_MAC];
	/* None was set: the guest made one up. */
	if (!mac)
		s->carried.has &= ~(1U << NETATTR_MAC);
	s->other_mac = s->attrs && netattr_has(s->attrs, NETATTR_MAC) &&
		       !asks_for(s, NETATTR_MAC, mac);
	/* No VLAN has neither. */
	if (asks_for(s, NETATTR_VLAN, 0))
		s->carried.has &= ~(1U << NETATTR_QOS | 1U << NETATTR_PROTO);
	for (i = 0; s->attrs && i < NUM_NETATTRS; i++) {
		if (!netattr_has(s->attrs, i))
			continue;
		s->carried.has |= 1U << i;
		s->carried.value[i] = s->attrs->value[i];
	}
}

static int on_same_pf(const struct swap *s)
{
	return sriovb_same_addr(&s->old_vf.pf, &s->grant.pf);
}

#define THE_MAC	  (1U << NETATTR_MAC)
#define ALL_ATTRS ((1U << NUM_NETATTRS) - 1)

static struct netvf new_netvf(const struct swap *s)
{
	return (struct netvf){
		.vf = s->grant.vf,
		.pf = s->grant.pf,
		.index = s->grant.index,
		.lease_id = s->grant.id,
	};
}

/*
 * To the new VF, those of a set as far as they are others than it has. What its
 * driver does not know of is left, but for what makes the guest's address.
 */
static int carry_attrs(struct swap *s, unsigned int set)
{
	const unsigned int needed = THE_MAC | 1U << NETATTR_VLAN |
				    (s->attrs ? s->attrs->has : 0);
	const struct netvf vf = new_netvf(s);
	struct netattrs have, want = s->carried;
	int i;

	want.has &= set;
	if (read_attrs(&s->grant.pf, s->grant.index, &have))
		want.has &= have.has | needed;
	for (i = 0; i < NUM_NETATTRS; i++)
		if (netattr_has(&have, i) && have.value[i] == want.value[i])
			want.has &= ~(1U << i);
	/* The old VF's MAC is two VFs' until that is back, and is meant to be. */
	return want.has ? netset_apply(&vf, &want,
				       s->other_mac ? 0 : NETSET_FORCE) :
			  0;
}

/*
 * All that the new VF can have while the guest has the old one, so that what is
 * refused costs the guest nothing. Two VFs of a PF can't both have its MAC.
 */
static int carry_attrs_early(struct swap *s)
{
	const struct netvf vf = new_netvf(s);
	int ret;

	if (!on_same_pf(s))
		return carry_attrs(s, ALL_ATTRS);
	ret = s->other_mac ?
		      netset_check_mac(&vf, &s->carried, s->old_vf.index) :
		      0;
	return ret ? ret : carry_attrs(s, ALL_ATTRS & ~THE_MAC);
}

/* The old VF, back in the pool, may have its MAC from somebody else than us. */
static void warn_of_mac(const struct swap *s)
{
	char vf[SRIOVB_ADDR_LEN], mac[NETATTR_TEXT];
	struct netattrs now;

	if (!on_same_pf(s) || !netattr_has(&s->carried, NETATTR_MAC) ||
	    !read_attrs(&s->old_vf.pf, s->old_vf.index, &now) ||
	    now.value[NETATTR_MAC] != s->carried.value[NETATTR_MAC])
		return;
	complain(
		"%s: note that it still has the MAC %s, which is now in use on %s; give it another: sriovctl set",
		sriovb_format_addr(&s->old_vf.addr, vf),
		netattr_text(&now, NETATTR_MAC, mac), s->new.vf);
}

/* ---- the VF that comes ---- */

static int lease_new(struct swap *s)
{
	struct sriov_broker_selector selectors[SRIOV_BROKER_MAX_SELECTORS];
	struct sriovb_request request = {
		.selectors = selectors,
		.num_selectors = s->num_selectors,
		.count = 1,
		.numa_node = -1,
		.label = s->old_vf.lease_label,
	};
	int err;

	memcpy(selectors, s->selectors, s->num_selectors * sizeof(*selectors));
	if (!s->num_selectors)
		selectors[request.num_selectors++] =
			(struct sriov_broker_selector){ .dev = s->old_vf.pf };
	if (offline_leave_out(s->sb, selectors, &request.num_selectors))
		return EXIT_REFUSED;
	err = sriovb_lease(s->sb, &request, &s->grant);
	if (err) {
		s->grant.fd = -1;
		return refused(s->sb, err);
	}
	warn_if_down(&s->grant.vf, &s->grant.pf);
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
		complain("%s: QEMU did not give lease %llu back: %s", s->new.vf,
			 s->new.kept.lease, s->monitor->qmp.error);
}

/* ---- break before make ---- */

/*
 * A guest that makes use of the VF that goes will do so of another one, however slow
 * it is. Of one that does not, or has no driver, nobody can tell when it has come to
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
		return qmp_failed(s);
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

static int put_old_back(struct swap *s)
{
	struct plug old = {
		.kept = { .lease = s->old.lease,
			  .vf = s->old.vf,
			  .by_iommufd = s->by_iommufd },
		.fd = -1,
	};
	int err;

	/* Time has passed: its lease may have been revoked meanwhile. */
	if (find_old_vf(s))
		return EXIT_REFUSED;
	strcpy(old.id, s->id);
	strcpy(old.kept.bus, s->bus);
	sriovb_format_addr(&s->old.vf, old.vf);
	err = s->monitor->qmp.broken ? -EPROTO : add_and_settle(s, &old);
	if (!err) {
		fdset_unmark_swap(&s->monitor->qmp, s->id);
		complain("%s: %s is plugged in again", s->id, old.vf);
		return EXIT_REFUSED;
	}
	complain(
		"%s: nor could %s be plugged in again: %s; to try once more: the same command, to give it up: sriovctl detach %s %s %s",
		s->id, old.vf, s->monitor->qmp.error, s->monitor->option,
		s->monitor->name, s->id);
	return EXIT_REFUSED;
}

static int plug_new_in(struct swap *s)
{
	int err = on_same_pf(s) ? carry_attrs(s, THE_MAC) : 0;

	if (!err)
		err = plug_hand_over(s->monitor, &s->new);
	if (err)
		return err;
	err = add_and_settle(s, &s->new);
	if (!err)
		return 0;
	complain("%s: %s%s", s->new.vf,
		 err == QMP_REFUSED ? "QEMU refused it: " : "",
		 s->monitor->qmp.error);
	return EXIT_REFUSED;
}

/* The old VF is out: the new one in, or the old one again. */
static int make(struct swap *s)
{
	if (!plug_new_in(s))
		return 0;
	/* It may be in all the same: then two leases are kept, as they should. */
	if (s->new.in_doubt) {
		complain("%s: to see what became of it: the same command again",
			 s->id);
		close(s->grant.fd);
		return EXIT_REFUSED;
	}
	give_new_back(s);
	return put_old_back(s);
}

static int return_old(struct swap *s)
{
	int err = fdset_drop_others(&s->monitor->qmp, s->id, s->new.kept.lease);
	int ret;

	close(s->grant.fd);
	if (err && err != -ENOENT)
		return qmp_failed(s);
	ret = unplug_await(s->monitor, s->sb, &s->old);
	if (!ret)
		warn_of_mac(s);
	return ret;
}

/* Should the guest say no it keeps the VF; if it is only slow the mark stays. */
static int ask_for_old(struct swap *s)
{
	int ret = fdset_mark_swap(&s->monitor->qmp, s->id, s->old.lease) ?
			  qmp_failed(s) :
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
		ret = carry_attrs_early(s);
	if (!ret && s->old.state != UNPLUG_GONE)
		ret = ask_for_old(s);
	if (ret) {
		give_new_back(s);
		/* An earlier run has taken it out. */
		return s->old.state == UNPLUG_GONE ? put_old_back(s) : ret;
	}
	ret = make(s);
	return ret ? ret : return_old(s);
}

/* ---- make before break ---- */

/*
 * Is the new one in already, by a swap that was cut short?
 * Return: 1, 0, or -1 after a complaint
 */
static int is_made(struct swap *s)
{
	struct kept kept[FDSET_MAX];
	unsigned int n, i;
	char type[64];
	int err = qemu_device_type(&s->monitor->qmp, s->new.id, type,
				   sizeof(type));

	if (err == -ENOENT)
		return 0;
	if (err ||
	    fdset_list(&s->monitor->qmp, s->new.id, kept, FDSET_MAX, &n)) {
		qmp_failed(s);
		return -1;
	}
	for (i = 0; i < n; i++) {
		if (kept[i].instead_of != s->old.lease)
			continue;
		s->new.kept = kept[i];
		sriovb_format_addr(&kept[i].vf, s->new.vf);
		return 1;
	}
	complain("%s: there is a device of this id, a %s, in the way",
		 s->new.id, type);
	return -1;
}

/* The bus of the old one is taken. */
static int find_free_bus(struct swap *s)
{
	int ret = choose_bus(s, "");

	if (!ret && !s->has_bus) {
		complain(
			"%s: no free hot-plug slot for the new VF while the old one is in; leave --make-before-break out",
			s->monitor->name);
		ret = EXIT_REFUSED;
	}
	strcpy(s->new.kept.bus, s->bus);
	return ret;
}

/* Two VFs of a PF can't both have a MAC. */
static int check_two(const struct swap *s)
{
	char mac[NETATTR_TEXT];

	if (!on_same_pf(s) || !netattr_has(&s->carried, NETATTR_MAC))
		return 0;
	complain(
		"%s: two VFs of a PF can't both have its MAC, %s; name another PF with --to, or leave --make-before-break out",
		s->id, netattr_text(&s->carried, NETATTR_MAC, mac));
	return EXIT_REFUSED;
}

static int make_new(struct swap *s)
{
	int ret = find_free_bus(s);

	if (!ret)
		ret = lease_new(s);
	if (ret)
		return ret;
	ret = check_two(s);
	if (!ret)
		ret = carry_attrs(s, ALL_ATTRS);
	if (!ret)
		ret = plug_in(s->monitor, &s->new, PLUG_TIMEOUT_S);
	/* Of the descriptor, QEMU's copy is left, or none. */
	close(s->grant.fd);
	s->new.fd = -1;
	return ret;
}

static int take_new_out(struct swap *s)
{
	const struct unplug_opts opts = { UNPLUG_TIMEOUT_S, 1 };
	struct unplug new = { .id = s->new.id, .quiet = 1 };

	if (s->monitor->qmp.broken ||
	    unplug_all(s->monitor, s->sb, &new, 1, &opts))
		complain(
			"%s: it has %s as well; to take that out: sriovctl detach %s %s %s",
			s->id, s->new.id, s->monitor->option, s->monitor->name,
			s->new.id);
	else
		complain("%s: %s is taken out again", s->id, s->new.vf);
	return EXIT_REFUSED;
}

/*
 * The old one did not go. If the guest said no it keeps that; else it may let go
 * of it yet, and is to have one then.
 */
static int keep_both(const struct swap *s)
{
	complain(
		"%s: it was asked for, so that the guest keeps %s too; to go on: the same command again; to undo: sriovctl detach %s %s %s",
		s->id, s->new.id, s->monitor->option, s->monitor->name,
		s->new.id);
	return EXIT_REFUSED;
}

static int make_then_break(struct swap *s)
{
	int made = is_made(s);
	int ret = 0;

	if (made < 0)
		return EXIT_REFUSED;
	if (!made)
		ret = make_new(s);
	if (ret)
		return ret;
	if (s->old.state != UNPLUG_GONE) {
		ret = plug_await_guest(s->monitor, s->sb, &s->new,
				       s->opts->timeout_s);
		if (ret)
			return take_new_out(s);
		if (unplug_from_guest(s->monitor, &s->old, 1, s->opts))
			return s->old.guest_refused ? take_new_out(s) :
						      keep_both(s);
	}
	return unplug_return(s->monitor, s->sb, &s->old, 1);
}

/* ---- all of it ---- */

int selectors_have(const struct sriov_broker_selector *selectors,
		   unsigned int num_selectors, const struct sriov_broker_vf *vf)
{
	unsigned int i;

	for (i = 0; i < num_selectors; i++) {
		const struct sriov_broker_selector *s = &selectors[i];

		if (sriovb_same_addr(&s->dev, &vf->addr))
			return 1;
		if (sriovb_same_addr(&s->dev, &vf->pf) &&
		    vf->index >= s->first &&
		    (!s->count || vf->index - s->first < s->count))
			return 1;
	}
	return 0;
}

static int has_attrs(const struct swap *s)
{
	struct netattrs have;
	int i;

	if (!s->attrs || !s->attrs->has)
		return 1;
	read_attrs(&s->old_vf.pf, s->old_vf.index, &have);
	for (i = 0; i < NUM_NETATTRS; i++)
		if (netattr_has(s->attrs, i) &&
		    (!netattr_has(&have, i) || !asks_for(s, i, have.value[i])))
			return 0;
	return 1;
}

/* The device has what is wanted: an earlier run got so far. */
static int has_it(struct swap *s)
{
	if (s->old.state != UNPLUG_ASK)
		return 0;
	if (s->num_selectors ? !selectors_have(s->selectors, s->num_selectors,
					       &s->old_vf) :
			       !s->finished)
		return 0;
	if (!has_attrs(s))
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
 * Who keeps the lease instead, such as sriovctl lease, is to end it: the VF would
 * not return to the pool, and could not be put back into the guest by us.
 */
static int check_kept(const struct swap *s)
{
	if (s->keeps_old)
		return 0;
	complain(
		"%s: QEMU does not keep its VF's lease, lease %llu, so it can't be exchanged: left",
		s->id, s->old.lease);
	return EXIT_REFUSED;
}

/*
 * Which VF it has we know from QEMU, and one that was broken into could name
 * another guest's, whose MAC and VLAN would go to it. So it is to hold the lease by
 * the kernel's word, or to be whom that was handed to.
 */
static int check_holder(const struct swap *s)
{
	pid_t pid = qmp_peer(&s->monitor->qmp);

	if (pid > 0 &&
	    (s->old_vf.lease_pid == pid || guest_holds(pid, s->old.lease)))
		return 0;
	complain(
		"%s: process %d at %s does not hold lease %llu, which is process %d's: left",
		s->id, pid, s->monitor->name, s->old.lease,
		s->old_vf.lease_pid);
	return EXIT_REFUSED;
}

int swap_vf(struct swap *s)
{
	int ret;

	s->grant.fd = s->new.fd = -1;
	if (s->make_first && fdset_next_id(s->id, s->new.id)) {
		complain("%s: too long an id to make another of it", s->id);
		return EXIT_REFUSED;
	}
	ret = find_old(s);
	if (ret || has_it(s))
		return ret;
	s->finished = 0;
	if (check_kept(s) || check_holder(s))
		return EXIT_REFUSED;
	choose_attrs(s);
	return s->make_first ? make_then_break(s) : break_then_make(s);
}

int swap_was_needed(const struct swap *s)
{
	return !s->finished && !sriovb_same_addr(&s->old.vf, &s->new.kept.vf);
}

void swap_print(const struct swap *s, const char *where)
{
	const struct kept *kept = &s->new.kept;
	char old[SRIOVB_ADDR_LEN];

	if (!swap_was_needed(s))
		printf("%s%s has %s, lease %llu: nothing was left to do\n",
		       s->new.id, where, s->new.vf, kept->lease);
	else
		printf("%s attached as %s%s%s%s, lease %llu, instead of %s\n",
		       s->new.vf, s->new.id, where, kept->bus[0] ? " at " : "",
		       kept->bus, kept->lease,
		       sriovb_format_addr(&s->old.vf, old));
	fflush(stdout);
}

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

static int qmp_failed(const struct exchange *x)
{
	return monitor_failed_for(x->monitor, x->id);
}

/* ---- the VF that goes ---- */

/*
 * The VF that goes. It must be the guest's still: a lease that QEMU keeps may have
 * been revoked, and the VF leased to another. Return: 0 or EXIT_REFUSED
 */
static int find_old_vf(struct exchange *x)
{
	const struct monitor *m = x->monitor;
	char vf[SRIOVB_ADDR_LEN];
	int found = find_vf_at(x->sb, &x->old.vf, &x->old_vf);

	if (found < 0)
		return refused(x->sb, found);
	sriovb_format_addr(&x->old.vf, vf);
	if (!found || !x->old_vf.lease_id)
		complain(
			"%s: the lease of its VF, %s, has ended; sriovctl detach %s %s %s, then attach",
			x->id, vf, m->option, m->name, x->id);
	else if (x->old_vf.lease_id != x->old.lease)
		complain(
			"%s: its lease %llu has ended, and %s is another's, under lease %llu; sriovctl detach %s %s %s, then attach",
			x->id, x->old.lease, vf,
			(unsigned long long)x->old_vf.lease_id, m->option,
			m->name, x->id);
	else
		return 0;
	return EXIT_REFUSED;
}

/* More ports than a machine has. */
#define MAX_PORTS 256

/* The port it was at, if that is free, or another one. */
static int choose_bus(struct exchange *x, const char *wanted)
{
	char(*buses)[QEMU_ID_LEN] = calloc(MAX_PORTS, sizeof(*buses));
	unsigned int found, i;
	int err;

	if (!buses) {
		complain("out of memory");
		return EXIT_REFUSED;
	}
	err = qemu_free_buses(&x->monitor->qmp, buses, MAX_PORTS, &found);
	x->has_bus = found > 0;
	if (found)
		strcpy(x->bus, buses[0]);
	for (i = 0; i < found; i++)
		if (!strcmp(buses[i], wanted))
			strcpy(x->bus, wanted);
	free(buses);
	return err ? qmp_failed(x) : 0;
}

/* Where the device is, or was. A guest may let go of it at any time. */
static int find_bus(struct exchange *x, const struct kept *kept)
{
	int err;

	if (x->old.state == UNPLUG_ASK) {
		err = qemu_device_bus(&x->monitor->qmp, x->id, x->bus,
				      sizeof(x->bus));
		x->has_bus = !err;
		x->by_iommufd = !err &&
				qemu_by_iommufd(&x->monitor->qmp, x->id);
		if (!qmp_not_found(&x->monitor->qmp, err))
			return err ? qmp_failed(x) : 0;
		x->old.state = UNPLUG_GONE;
	}
	x->by_iommufd = kept && kept->by_iommufd;
	err = choose_bus(x, kept ? kept->bus : "");
	if (err || x->has_bus)
		return err;
	complain(
		"%s: the device is gone, and there is no free hot-plug slot for another",
		x->id);
	return EXIT_REFUSED;
}

/*
 * A device with a second lease: an exchange that was cut short. If the device
 * has the newer VF all that is left to do is to let the old one go; else the
 * newer lease is of no use.
 */
static int tidy_device(struct exchange *x, const struct kept *kept,
		       unsigned int n)
{
	struct unplug old = { .id = x->id, .quiet = 1 };
	unsigned int i;
	int err = 0;

	if (n < 2)
		return 0;
	err = keep_only(&x->monitor->qmp, x->id, x->old.lease);
	if (err && err != -ENOENT)
		return qmp_failed(x);
	for (i = 0; i < n; i++) {
		if (kept[i].lease == x->old.lease)
			continue;
		if (x->old.state == UNPLUG_ASK && kept[i].lease < x->old.lease)
			x->finished = 1;
		old.vf = kept[i].vf;
		old.lease = kept[i].lease;
		if (unplug_await(x->monitor, x->sb, &old))
			return EXIT_REFUSED;
	}
	return 0;
}

/* Has the new one come, to be there before the old one went? */
static int is_made_for(struct exchange *x, unsigned long long lease)
{
	struct kept kept[KEEP_MAX];
	unsigned int n, i;

	if (!x->make_first ||
	    keep_list(&x->monitor->qmp, x->new.id, kept, KEEP_MAX, &n))
		return 0;
	for (i = 0; i < n; i++)
		if (kept[i].instead_of == lease)
			return 1;
	return 0;
}

/* It has left, and not because we asked: what an admin took out stays out. */
static int give_old_back(struct exchange *x)
{
	if (unplug_return(x->monitor, x->sb, &x->old, 1))
		return EXIT_REFUSED;
	complain(
		"%s: the device has left the guest, and not for a swap; its VF is given back, to get another: attach",
		x->id);
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

static int find_old(struct exchange *x)
{
	struct kept kept[KEEP_MAX];
	unsigned int n;

	x->old = (struct unplug){ .id = x->id, .quiet = 1 };
	if (unplug_identify(x->monitor, x->sb, &x->old))
		return EXIT_REFUSED;
	if (keep_list(&x->monitor->qmp, x->id, kept, KEEP_MAX, &n))
		return qmp_failed(x);
	x->keeps_old = n &&
		       kept_for(kept, n, x->old.lease)->lease == x->old.lease;
	if (x->old.state == UNPLUG_GONE && !n) {
		complain(
			"%s: no such device, and no lease kept for one, in this QEMU",
			x->id);
		return EXIT_REFUSED;
	}
	if (x->old.state == UNPLUG_GONE && keep_is_left(kept, n, x->id) &&
	    !is_made_for(x, x->old.lease))
		return give_old_back(x);
	if (find_old_vf(x))
		return EXIT_REFUSED;
	if (find_bus(x, kept_for(kept, n, x->old.lease)))
		return EXIT_REFUSED;
	return tidy_device(x, kept, n);
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
static int asks_for(const struct exchange *x, enum netattr attr, uint64_t value)
{
	return x->attrs && netattr_has(x->attrs, attr) &&
	       x->attrs->value[attr] == value;
}

/* The old VF's, and those that were asked for. */
static void choose_attrs(struct exchange *x)
{
	uint64_t mac;
	int i;

	read_attrs(&x->old_vf.pf, x->old_vf.index, &x->carried);
	mac = x->carried.value[NETATTR_MAC];
	/* None was set: the guest made one up. */
	if (!mac)
		x->carried.has &= ~(1U << NETATTR_MAC);
	x->other_mac = x->attrs && netattr_has(x->attrs, NETATTR_MAC) &&
		       !asks_for(x, NETATTR_MAC, mac);
	/* No VLAN has neither. */
	if (asks_for(x, NETATTR_VLAN, 0))
		x->carried.has &= ~(1U << NETATTR_QOS | 1U << NETATTR_PROTO);
	for (i = 0; x->attrs && i < NUM_NETATTRS; i++) {
		if (!netattr_has(x->attrs, i))
			continue;
		x->carried.has |= 1U << i;
		x->carried.value[i] = x->attrs->value[i];
	}
}

static int on_same_pf(const struct exchange *x)
{
	return sriovb_same_addr(&x->old_vf.pf, &x->grant.pf);
}

#define THE_MAC	  (1U << NETATTR_MAC)
#define ALL_ATTRS ((1U << NUM_NETATTRS) - 1)

static struct netvf new_netvf(const struct exchange *x)
{
	return (struct netvf){
		.vf = x->grant.vf,
		.pf = x->grant.pf,
		.index = x->grant.index,
		.lease_id = x->grant.id,
	};
}

/*
 * To the new VF, those of a set as far as they are others than it has. What its
 * driver does not know of is left, but for what makes the guest's address.
 */
static int carry_attrs(struct exchange *x, unsigned int set)
{
	const unsigned int needed = THE_MAC | 1U << NETATTR_VLAN |
				    (x->attrs ? x->attrs->has : 0);
	const struct netvf vf = new_netvf(x);
	struct netattrs have, want = x->carried;
	int i;

	want.has &= set;
	if (read_attrs(&x->grant.pf, x->grant.index, &have))
		want.has &= have.has | needed;
	for (i = 0; i < NUM_NETATTRS; i++)
		if (netattr_has(&have, i) && have.value[i] == want.value[i])
			want.has &= ~(1U << i);
	/* The old VF's MAC is two VFs' until that is back, and is meant to be. */
	return want.has ? netset_apply(&vf, &want,
				       x->other_mac ? 0 : NETSET_FORCE) :
			  0;
}

/*
 * All that the new VF can have while the guest has the old one, so that what is
 * refused costs the guest nothing. Two VFs of a PF can't both have its MAC.
 */
static int carry_attrs_early(struct exchange *x)
{
	const struct netvf vf = new_netvf(x);
	int ret;

	if (!on_same_pf(x))
		return carry_attrs(x, ALL_ATTRS);
	ret = x->other_mac ?
		      netset_check_mac(&vf, &x->carried, x->old_vf.index) :
		      0;
	return ret ? ret : carry_attrs(x, ALL_ATTRS & ~THE_MAC);
}

/* The old VF, back in the pool, may have its MAC from somebody else than us. */
static void warn_of_mac(const struct exchange *x)
{
	char vf[SRIOVB_ADDR_LEN], mac[NETATTR_TEXT];
	struct netattrs now;

	if (!on_same_pf(x) || !netattr_has(&x->carried, NETATTR_MAC) ||
	    !read_attrs(&x->old_vf.pf, x->old_vf.index, &now) ||
	    now.value[NETATTR_MAC] != x->carried.value[NETATTR_MAC])
		return;
	complain(
		"%s: note that it still has the MAC %s, which is now in use on %s; give it another: sriovctl set",
		sriovb_format_addr(&x->old_vf.addr, vf),
		netattr_text(&now, NETATTR_MAC, mac), x->new.vf);
}

/* ---- the VF that comes ---- */

static int lease_new(struct exchange *x)
{
	struct sriov_broker_selector selectors[SRIOV_BROKER_MAX_SELECTORS];
	struct sriovb_request wish = {
		.selectors = selectors,
		.num_selectors = x->num_selectors,
		.count = 1,
		.numa_node = -1,
		.label = x->old_vf.lease_label,
	};
	int err;

	memcpy(selectors, x->selectors, x->num_selectors * sizeof(*selectors));
	if (!x->num_selectors)
		selectors[wish.num_selectors++] =
			(struct sriov_broker_selector){ .dev = x->old_vf.pf };
	if (offline_leave_out(x->sb, selectors, &wish.num_selectors))
		return EXIT_REFUSED;
	err = sriovb_lease(x->sb, &wish, &x->grant);
	if (err) {
		x->grant.fd = -1;
		return refused(x->sb, err);
	}
	warn_if_down(&x->grant.vf, &x->grant.pf);
	plug_take(&x->new, &x->grant);
	x->new.kept.instead_of = x->old.lease;
	x->new.kept.by_iommufd = x->by_iommufd;
	return 0;
}

/* Neither we nor QEMU want its lease. */
static void give_new_back(struct exchange *x)
{
	int err;

	if (x->grant.fd < 0)
		return;
	close(x->grant.fd);
	x->grant.fd = -1;
	if (x->monitor->qmp.broken)
		return;
	err = keep_not(&x->monitor->qmp, x->new.id, x->new.kept.lease);
	if (err && err != -ENOENT)
		complain("%s: QEMU did not give lease %llu back: %s", x->new.vf,
			 x->new.kept.lease, x->monitor->qmp.error);
}

/* ---- break before make ---- */

/*
 * A guest that makes use of the VF that goes will do so of another one, however slow
 * it is. Of one that does not, or has no driver, nobody can tell when it has come to
 * the end of what it was asked.
 */
static int look_at_use(struct exchange *x)
{
	enum guest_use use = GUEST_USES_IT;
	int err = 0;

	if (x->old.state != UNPLUG_GONE)
		err = qemu_guest_use(&x->monitor->qmp, x->id, &use);
	/* A guest may let go of it at any time. */
	if (err && err != -ENODEV)
		return qmp_failed(x);
	if (err || use == GUEST_USES_IT)
		x->settle_s = x->patience->timeout_s;
	return 0;
}

/* Where the other one was. */
static int add_and_settle(struct exchange *x, struct plug *plug)
{
	int err = plug_device_add(x->monitor, plug, PLUG_TIMEOUT_S);

	return err ? err : plug_settle(x->monitor, x->sb, plug, x->settle_s);
}

static int put_old_back(struct exchange *x)
{
	struct plug old = {
		.kept = { .lease = x->old.lease,
			  .vf = x->old.vf,
			  .by_iommufd = x->by_iommufd },
		.fd = -1,
	};
	int err;

	/* Time has passed: its lease may have been revoked meanwhile. */
	if (find_old_vf(x))
		return EXIT_REFUSED;
	strcpy(old.id, x->id);
	strcpy(old.kept.bus, x->bus);
	sriovb_format_addr(&x->old.vf, old.vf);
	err = x->monitor->qmp.broken ? -EPROTO : add_and_settle(x, &old);
	if (!err) {
		keep_unmark(&x->monitor->qmp, x->id);
		complain("%s: %s is plugged in again", x->id, old.vf);
		return EXIT_REFUSED;
	}
	complain(
		"%s: nor could %s be plugged in again: %s; to try once more: the same command, to give it up: sriovctl detach %s %s %s",
		x->id, old.vf, x->monitor->qmp.error, x->monitor->option,
		x->monitor->name, x->id);
	return EXIT_REFUSED;
}

static int plug_new_in(struct exchange *x)
{
	int err = on_same_pf(x) ? carry_attrs(x, THE_MAC) : 0;

	if (!err)
		err = plug_hand_over(x->monitor, &x->new);
	if (err)
		return err;
	err = add_and_settle(x, &x->new);
	if (!err)
		return 0;
	complain("%s: %s%s", x->new.vf,
		 err == QMP_REFUSED ? "QEMU refused it: " : "",
		 x->monitor->qmp.error);
	return EXIT_REFUSED;
}

/* The old VF is out: the new one in, or the old one again. */
static int make(struct exchange *x)
{
	if (!plug_new_in(x))
		return 0;
	/* It may be in all the same: then two leases are kept, as they should. */
	if (x->new.in_doubt) {
		complain("%s: to see what became of it: the same command again",
			 x->id);
		close(x->grant.fd);
		return EXIT_REFUSED;
	}
	give_new_back(x);
	return put_old_back(x);
}

static int return_old(struct exchange *x)
{
	int err = keep_only(&x->monitor->qmp, x->id, x->new.kept.lease);
	int ret;

	close(x->grant.fd);
	if (err && err != -ENOENT)
		return qmp_failed(x);
	ret = unplug_await(x->monitor, x->sb, &x->old);
	if (!ret)
		warn_of_mac(x);
	return ret;
}

/* Should the guest say no it keeps the VF; if it is only slow the mark stays. */
static int ask_for_old(struct exchange *x)
{
	int ret = keep_mark_swap(&x->monitor->qmp, x->id, x->old.lease) ?
			  qmp_failed(x) :
			  0;

	if (ret)
		return ret;
	ret = unplug_from_guest(x->monitor, &x->old, 1, x->patience);
	if (ret && x->old.guest_refused)
		keep_unmark(&x->monitor->qmp, x->id);
	return ret;
}

static int break_then_make(struct exchange *x)
{
	int ret;

	strcpy(x->new.id, x->id);
	strcpy(x->new.kept.bus, x->bus);
	ret = look_at_use(x);
	if (!ret)
		ret = lease_new(x);
	/* All that can be refused while the guest has its VF. */
	if (!ret)
		ret = carry_attrs_early(x);
	if (!ret && x->old.state != UNPLUG_GONE)
		ret = ask_for_old(x);
	if (ret) {
		give_new_back(x);
		/* An earlier run has taken it out. */
		return x->old.state == UNPLUG_GONE ? put_old_back(x) : ret;
	}
	ret = make(x);
	return ret ? ret : return_old(x);
}

/* ---- make before break ---- */

/*
 * Is the new one in already, by an exchange that was cut short?
 * Return: 1, 0, or -1 after a complaint
 */
static int is_made(struct exchange *x)
{
	struct kept kept[KEEP_MAX];
	unsigned int n, i;
	char type[64];
	int err = qemu_device_type(&x->monitor->qmp, x->new.id, type,
				   sizeof(type));

	if (err == -ENOENT)
		return 0;
	if (err || keep_list(&x->monitor->qmp, x->new.id, kept, KEEP_MAX, &n)) {
		qmp_failed(x);
		return -1;
	}
	for (i = 0; i < n; i++) {
		if (kept[i].instead_of != x->old.lease)
			continue;
		x->new.kept = kept[i];
		sriovb_format_addr(&kept[i].vf, x->new.vf);
		return 1;
	}
	complain("%s: there is a device of this id, a %s, in the way",
		 x->new.id, type);
	return -1;
}

/* The bus of the old one is taken. */
static int find_free_bus(struct exchange *x)
{
	int ret = choose_bus(x, "");

	if (!ret && !x->has_bus) {
		complain(
			"%s: no free hot-plug slot for the new VF while the old one is in; leave --make-before-break out",
			x->monitor->name);
		ret = EXIT_REFUSED;
	}
	strcpy(x->new.kept.bus, x->bus);
	return ret;
}

/* Two VFs of a PF can't both have a MAC. */
static int check_two(const struct exchange *x)
{
	char mac[NETATTR_TEXT];

	if (!on_same_pf(x) || !netattr_has(&x->carried, NETATTR_MAC))
		return 0;
	complain(
		"%s: two VFs of a PF can't both have its MAC, %s; name another PF with --to, or leave --make-before-break out",
		x->id, netattr_text(&x->carried, NETATTR_MAC, mac));
	return EXIT_REFUSED;
}

static int make_new(struct exchange *x)
{
	int ret = find_free_bus(x);

	if (!ret)
		ret = lease_new(x);
	if (ret)
		return ret;
	ret = check_two(x);
	if (!ret)
		ret = carry_attrs(x, ALL_ATTRS);
	if (!ret)
		ret = plug_in(x->monitor, &x->new, PLUG_TIMEOUT_S);
	/* Of the descriptor, QEMU's copy is left, or none. */
	close(x->grant.fd);
	x->new.fd = -1;
	return ret;
}

static int take_new_out(struct exchange *x)
{
	const struct patience patience = { UNPLUG_TIMEOUT_S, 1 };
	struct unplug new = { .id = x->new.id, .quiet = 1 };

	if (x->monitor->qmp.broken ||
	    unplug_all(x->monitor, x->sb, &new, 1, &patience))
		complain(
			"%s: it has %s as well; to take that out: sriovctl detach %s %s %s",
			x->id, x->new.id, x->monitor->option, x->monitor->name,
			x->new.id);
	else
		complain("%s: %s is taken out again", x->id, x->new.vf);
	return EXIT_REFUSED;
}

/*
 * The old one did not go. If the guest said no it keeps that; else it may let go
 * of it yet, and is to have one then.
 */
static int keep_both(const struct exchange *x)
{
	complain(
		"%s: it was asked for, so that the guest keeps %s too; to go on: the same command again; to undo: sriovctl detach %s %s %s",
		x->id, x->new.id, x->monitor->option, x->monitor->name,
		x->new.id);
	return EXIT_REFUSED;
}

static int make_then_break(struct exchange *x)
{
	int made = is_made(x);
	int ret = 0;

	if (made < 0)
		return EXIT_REFUSED;
	if (!made)
		ret = make_new(x);
	if (ret)
		return ret;
	if (x->old.state != UNPLUG_GONE) {
		ret = plug_await_guest(x->monitor, x->sb, &x->new,
				       x->patience->timeout_s);
		if (ret)
			return take_new_out(x);
		if (unplug_from_guest(x->monitor, &x->old, 1, x->patience))
			return x->old.guest_refused ? take_new_out(x) :
						      keep_both(x);
	}
	return unplug_return(x->monitor, x->sb, &x->old, 1);
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

static int has_attrs(const struct exchange *x)
{
	struct netattrs have;
	int i;

	if (!x->attrs || !x->attrs->has)
		return 1;
	read_attrs(&x->old_vf.pf, x->old_vf.index, &have);
	for (i = 0; i < NUM_NETATTRS; i++)
		if (netattr_has(x->attrs, i) &&
		    (!netattr_has(&have, i) || !asks_for(x, i, have.value[i])))
			return 0;
	return 1;
}

/* The device has what is wanted: an earlier run got so far. */
static int has_it(struct exchange *x)
{
	if (x->old.state != UNPLUG_ASK)
		return 0;
	if (x->num_selectors ? !selectors_have(x->selectors, x->num_selectors,
					       &x->old_vf) :
			       !x->finished)
		return 0;
	if (!has_attrs(x))
		return 0;
	x->finished = 1;
	strcpy(x->new.id, x->id);
	strcpy(x->new.kept.bus, x->bus);
	x->new.kept.lease = x->old.lease;
	x->new.kept.vf = x->old.vf;
	sriovb_format_addr(&x->old.vf, x->new.vf);
	return 1;
}

/*
 * Who keeps the lease instead, such as sriovctl lease, is to end it: the VF would
 * not return to the pool, and could not be put back into the guest by us.
 */
static int check_kept(const struct exchange *x)
{
	if (x->keeps_old)
		return 0;
	complain(
		"%s: QEMU does not keep its VF's lease, lease %llu, so it can't be exchanged: left",
		x->id, x->old.lease);
	return EXIT_REFUSED;
}

/*
 * Which VF it has we know from QEMU, and one that was broken into could name
 * another guest's, whose MAC and VLAN would go to it. So it is to hold the lease by
 * the kernel's word, or to be whom that was handed to.
 */
static int check_holder(const struct exchange *x)
{
	pid_t pid = qmp_peer(&x->monitor->qmp);

	if (pid > 0 &&
	    (x->old_vf.lease_pid == pid || guest_holds(pid, x->old.lease)))
		return 0;
	complain(
		"%s: process %d at %s does not hold lease %llu, which is process %d's: left",
		x->id, pid, x->monitor->name, x->old.lease,
		x->old_vf.lease_pid);
	return EXIT_REFUSED;
}

int exchange(struct exchange *x)
{
	int ret;

	x->grant.fd = x->new.fd = -1;
	if (x->make_first && keep_next_id(x->id, x->new.id)) {
		complain("%s: too long an id to make another of it", x->id);
		return EXIT_REFUSED;
	}
	ret = find_old(x);
	if (ret || has_it(x))
		return ret;
	x->finished = 0;
	if (check_kept(x) || check_holder(x))
		return EXIT_REFUSED;
	choose_attrs(x);
	return x->make_first ? make_then_break(x) : break_then_make(x);
}

int exchange_was_needed(const struct exchange *x)
{
	return !x->finished && !sriovb_same_addr(&x->old.vf, &x->new.kept.vf);
}

void exchange_print(const struct exchange *x, const char *where)
{
	const struct kept *kept = &x->new.kept;
	char old[SRIOVB_ADDR_LEN];

	if (!exchange_was_needed(x))
		printf("%s%s has %s, lease %llu: nothing was left to do\n",
		       x->new.id, where, x->new.vf, kept->lease);
	else
		printf("%s attached as %s%s%s%s, lease %llu, instead of %s\n",
		       x->new.vf, x->new.id, where, kept->bus[0] ? " at " : "",
		       kept->bus, kept->lease,
		       sriovb_format_addr(&x->old.vf, old));
	fflush(stdout);
}

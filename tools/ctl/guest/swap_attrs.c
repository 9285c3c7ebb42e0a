// SPDX-License-Identifier: GPL-2.0-only
/*
 * The network attributes that the new VF of a swap gets: those of the old one, and those
 * that were asked for.
 */

#include "base/complain.h"
#include "cli/netattr.h"
#include "cli/netset.h"
#include "guest/swap_attrs.h"
#include "host/netinfo.h"

/* Return: 1 if the PF's driver keeps any */
static int read_attrs(const struct sriov_broker_addr *pf, unsigned int index,
		      struct netattrs *attrs)
{
	struct netif netif;
	int has;

	*attrs = (struct netattrs){ 0 };
	if (!netinfo_get(pf, &netif))
		return 0;
	has = netinfo_read(&netif, index, attrs);
	netinfo_put(&netif);
	return has;
}

/* Is it asked for, and as the value? */
static int asks_for(const struct swap *s, enum netattr attr, uint64_t value)
{
	return s->attrs && netattr_has(s->attrs, attr) &&
	       s->attrs->value[attr] == value;
}

void swap_choose_attrs(struct swap *s)
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

int swap_carry_early(struct swap *s)
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

int swap_carry_late(struct swap *s)
{
	return on_same_pf(s) ? carry_attrs(s, THE_MAC) : 0;
}

int swap_carry_all(struct swap *s)
{
	return carry_attrs(s, ALL_ATTRS);
}

void swap_warn_of_mac(const struct swap *s)
{
	char vf[SRIOVB_ADDR_LEN], mac[NETATTR_TEXT];
	struct netattrs now;

	if (!on_same_pf(s) || !netattr_has(&s->carried, NETATTR_MAC) ||
	    !read_attrs(&s->old_vf.pf, s->old_vf.index, &now) ||
	    now.value[NETATTR_MAC] != s->carried.value[NETATTR_MAC])
		return;
	note(sriovb_format_addr(&s->old_vf.addr, vf),
	     "note that it still has the MAC %s, which is now in use on %s" REMEDY
	     "give it another: sriovctl set",
	     netattr_text(&now, NETATTR_MAC, mac), s->new.vf);
}

int swap_check_both(const struct swap *s)
{
	char mac[NETATTR_TEXT];

	if (!on_same_pf(s) || !netattr_has(&s->carried, NETATTR_MAC))
		return 0;
	return fail(
		EXIT_REFUSED, s->id,
		"two VFs of a PF can't both have its MAC, %s" REMEDY
		"name another PF with --to, or leave --make-before-break out",
		netattr_text(&s->carried, NETATTR_MAC, mac));
}

int swap_has_attrs(const struct swap *s)
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

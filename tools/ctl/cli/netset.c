// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VF's network attributes, asked of its PF's interface and told to it over
 * rtnetlink: IFLA_VFINFO_LIST. libnl-route reads them all. Of what it writes
 * the VLAN's protocol is missing, and errors lose their errno; so the messages
 * that set are put together here, one for each of the driver's operations, that
 * it can be told which of them was refused.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/sriov.h>

#include "base/complain.h"
#include "cli/netset.h"
#include "cli/report.h"
#include "cli/target.h"

#define BIT(attr) (1U << NETATTR_##attr)

/* ---- asked ---- */

static void put(struct netattrs *attrs, enum netattr attr, uint64_t value)
{
	attrs->has |= 1U << attr;
	attrs->value[attr] = value;
}

static uint64_t mac_number(struct nl_addr *addr)
{
	const unsigned char *mac = nl_addr_get_binary_addr(addr);
	uint64_t value = 0;
	int i;

	for (i = 0; i < ETH_ALEN; i++)
		value = value << 8 | mac[i];
	return value;
}

/* InfiniBand's longer ones are not for us to set. */
static void read_mac(struct nl_addr *addr, unsigned int len,
		     struct netattrs *attrs)
{
	if (addr && len >= ETH_ALEN && nl_addr_get_len(addr) >= ETH_ALEN)
		put(attrs, NETATTR_MAC, mac_number(addr));
}

static void read_vlan(struct rtnl_link_vf *vf, struct netattrs *attrs)
{
	nl_vf_vlans_t *vlans;

	if (rtnl_link_vf_get_vlans(vf, &vlans) < 0)
		return;
	if (vlans->size > 0) {
		put(attrs, NETATTR_VLAN, vlans->vlans[0].vf_vlan);
		put(attrs, NETATTR_QOS, vlans->vlans[0].vf_vlan_qos);
		put(attrs, NETATTR_PROTO, vlans->vlans[0].vf_vlan_proto);
	}
	rtnl_link_vf_vlan_put(vlans);
}

/* No limit at all is no answer to libnl. */
static void read_rates(struct rtnl_link_vf *vf, struct netattrs *attrs)
{
	struct nl_vf_rate rate = { 0 };

	if (rtnl_link_vf_get_rate(vf, &rate) < 0)
		rate.api = RTNL_LINK_VF_RATE_API_UNSPEC;
	put(attrs, NETATTR_MIN_RATE, rate.min_tx_rate);
	put(attrs, NETATTR_MAX_RATE,
	    rate.api == RTNL_LINK_VF_RATE_API_OLD ? rate.rate :
						    rate.max_tx_rate);
}

static const struct {
	enum netattr attr;
	int (*get)(struct rtnl_link_vf *vf, uint32_t *value);
} numbers[] = {
	{ NETATTR_SPOOFCHK, rtnl_link_vf_get_spoofchk },
	{ NETATTR_TRUST, rtnl_link_vf_get_trust },
	{ NETATTR_STATE, rtnl_link_vf_get_linkstate },
	{ NETATTR_RSS_QUERY, rtnl_link_vf_get_rss_query_en },
};

int netset_read(const struct netif *netif, unsigned int index,
		struct netattrs *attrs)
{
	struct rtnl_link_vf *vf = rtnl_link_vf_get(netif->link, index);
	struct nl_addr *pf_mac = rtnl_link_get_addr(netif->link);
	struct nl_addr *mac = NULL;
	uint32_t value;
	size_t i;

	*attrs = (struct netattrs){ 0 };
	if (!vf)
		return 0;
	rtnl_link_vf_get_addr(vf, &mac);
	/* As long as its PF's: what the kernel sends has room for any. */
	read_mac(mac, pf_mac ? nl_addr_get_len(pf_mac) : 0, attrs);
	read_vlan(vf, attrs);
	read_rates(vf, attrs);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].get(vf, &value) >= 0)
			put(attrs, numbers[i].attr, value);
	rtnl_link_vf_put(vf);
	return attrs->has != 0;
}

/* ---- told ---- */

static int put_mac(struct nl_msg *msg, unsigned int index, const uint64_t *v)
{
	struct ifla_vf_mac mac = { .vf = index };
	int i;

	for (i = 0; i < ETH_ALEN; i++)
		mac.mac[i] = v[NETATTR_MAC] >> 8 * (ETH_ALEN - 1 - i);
	return nla_put(msg, IFLA_VF_MAC, sizeof(mac), &mac);
}

static int put_vlan(struct nl_msg *msg, unsigned int index, const uint64_t *v)
{
	struct ifla_vf_vlan_info vlan = {
		.vf = index,
		.vlan = v[NETATTR_VLAN],
		.qos = v[NETATTR_QOS],
		.vlan_proto = htons(v[NETATTR_PROTO]),
	};
	struct nlattr *list = nla_nest_start(msg, IFLA_VF_VLAN_LIST);
	int err = list ? 0 : -NLE_NOMEM;

	if (!err)
		err = nla_put(msg, IFLA_VF_VLAN_INFO, sizeof(vlan), &vlan);
	return err ? err : nla_nest_end(msg, list);
}

static int put_rates(struct nl_msg *msg, unsigned int index, const uint64_t *v)
{
	struct ifla_vf_rate rate = {
		.vf = index,
		.min_tx_rate = v[NETATTR_MIN_RATE],
		.max_tx_rate = v[NETATTR_MAX_RATE],
	};

	return nla_put(msg, IFLA_VF_RATE, sizeof(rate), &rate);
}

static int put_spoofchk(struct nl_msg *msg, unsigned int index,
			const uint64_t *v)
{
	struct ifla_vf_spoofchk spoofchk = { index, v[NETATTR_SPOOFCHK] };

	return nla_put(msg, IFLA_VF_SPOOFCHK, sizeof(spoofchk), &spoofchk);
}

static int put_trust(struct nl_msg *msg, unsigned int index, const uint64_t *v)
{
	struct ifla_vf_trust trust = { index, v[NETATTR_TRUST] };

	return nla_put(msg, IFLA_VF_TRUST, sizeof(trust), &trust);
}

static int put_state(struct nl_msg *msg, unsigned int index, const uint64_t *v)
{
	struct ifla_vf_link_state state = { index, v[NETATTR_STATE] };

	return nla_put(msg, IFLA_VF_LINK_STATE, sizeof(state), &state);
}

static int put_rss_query(struct nl_msg *msg, unsigned int index,
			 const uint64_t *v)
{
	struct ifla_vf_rss_query_en query = { index, v[NETATTR_RSS_QUERY] };

	return nla_put(msg, IFLA_VF_RSS_QUERY_EN, sizeof(query), &query);
}

/* The operations of a driver, in the order in which they are called. */
static const struct operation {
	unsigned int attrs; /* what it sets at once */
	int (*put)(struct nl_msg *msg, unsigned int index, const uint64_t *v);
} operations[] = {
	{ BIT(MAC), put_mac },
	{ BIT(VLAN) | BIT(QOS) | BIT(PROTO), put_vlan },
	{ BIT(MIN_RATE) | BIT(MAX_RATE), put_rates },
	{ BIT(SPOOFCHK), put_spoofchk },
	{ BIT(TRUST), put_trust },
	{ BIT(STATE), put_state },
	{ BIT(RSS_QUERY), put_rss_query },
};

#define NUM_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

/* A VF, its PF's interface, what was and what shall be. */
struct attr_txn {
	struct sriovb *sb;
	const struct netvf *vf;
	const struct netattrs *want;
	unsigned int flags;
	unsigned int besides; /* a VF that may have the MAC; -1U: none */
	struct netif netif;
	struct netattrs old;
	struct netattrs new; /* whole operations */
	char name[SRIOVB_ADDR_LEN];
	char driver[SRIOV_BROKER_NAME_LEN];
	char words[NETINFO_WORDS]; /* the driver's, of the last refusal */
};

static int fill_message(struct nl_msg *msg, const struct attr_txn *txn,
			const struct operation *operation, const uint64_t *v)
{
	struct ifinfomsg link = {
		.ifi_index = rtnl_link_get_ifindex(txn->netif.link),
	};
	struct nlattr *list, *info;
	int err = nlmsg_append(msg, &link, sizeof(link), NLMSG_ALIGNTO);

	if (err)
		return err;
	list = nla_nest_start(msg, IFLA_VFINFO_LIST);
	info = list ? nla_nest_start(msg, IFLA_VF_INFO) : NULL;
	if (!info)
		return -NLE_NOMEM;
	err = operation->put(msg, txn->vf->index, v);
	if (err)
		return err;
	nla_nest_end(msg, info);
	nla_nest_end(msg, list);
	return 0;
}

/* One of the driver's operations. Return: 0 or -errno */
static int operate(struct attr_txn *txn, const struct operation *operation,
		   const uint64_t *v)
{
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_SETLINK, 0);
	int err = -ENOMEM;

	if (msg && !fill_message(msg, txn, operation, v))
		err = netinfo_tell(msg, txn->words);
	nlmsg_free(msg);
	return err;
}

/* ---- a MAC is one VF's ---- */

/* Which PF or VF has the MAC besides our VF? Return: its name, or NULL */
static const char *mac_owner(const struct attr_txn *txn, char *buf, size_t len)
{
	uint64_t mac = txn->want->value[NETATTR_MAC];
	struct nl_addr *own = rtnl_link_get_addr(txn->netif.link);
	struct netattrs other;
	uint32_t num_vfs = 0;
	unsigned int i;

	if (!netattr_has(txn->want, NETATTR_MAC) || !mac ||
	    txn->flags & NETSET_FORCE)
		return NULL;
	if (own && nl_addr_get_len(own) == ETH_ALEN && mac_number(own) == mac) {
		snprintf(buf, len, "its PF, %s,", txn->netif.name);
		return buf;
	}
	rtnl_link_get_num_vf(txn->netif.link, &num_vfs);
	for (i = 0; i < num_vfs; i++) {
		if (i == txn->vf->index || i == txn->besides ||
		    !netset_read(&txn->netif, i, &other) ||
		    other.value[NETATTR_MAC] != mac)
			continue;
		snprintf(buf, len, "VF %u of %s", i, txn->netif.name);
		return buf;
	}
	return NULL;
}

/* Return: 0 or EXIT_REFUSED */
static int check_mac(const struct attr_txn *txn)
{
	char owner[64], mac[NETATTR_TEXT];

	if (!mac_owner(txn, owner, sizeof(owner)))
		return 0;
	return fail(EXIT_BUSY, txn->name,
		    "%s has the MAC %s already" REMEDY
		    "only sriovctl set --force gives it to two",
		    owner, netattr_text(txn->want, NETATTR_MAC, mac));
}

/* ---- all or none ---- */

/* The names and values that were asked of an operation. */
static void describe(const struct attr_txn *txn,
		     const struct operation *operation, char *buf, size_t len)
{
	char value[NETATTR_TEXT];
	size_t used = 0;
	int i;

	for (i = 0; i < NUM_NETATTRS && used < len; i++)
		if (netattr_has(txn->want, i) && operation->attrs >> i & 1)
			used += snprintf(buf + used, len - used, "%s%s %s",
					 used ? " " : "", netattr_name(i),
					 netattr_text(txn->want, i, value));
}

static int operation_failed(const struct attr_txn *txn,
			    const struct operation *operation, int error)
{
	const char *state = txn->netif.state;
	char what[128] = "";

	describe(txn, operation, what, sizeof(what));
	switch (error) {
	case -EPERM:
		return fail(EXIT_NOT_PERMITTED, txn->name,
			    "%s: this needs root (CAP_NET_ADMIN)", what);
	case -EOPNOTSUPP:
	case -EPROTONOSUPPORT:
		return fail(EXIT_REFUSED, txn->name,
			    "%s: the PF's driver, %s, can't do that%s%s", what,
			    txn->driver, txn->words[0] ? ": " : "", txn->words);
	}
	return fail(exit_code_of(error), txn->name,
		    "%s: the PF's driver, %s, refused: %s%s%s%s%s%s%s", what,
		    txn->driver, strerror(-error), txn->words[0] ? ": " : "",
		    txn->words, strcmp(state, "up") ? REMEDY "note that " : "",
		    strcmp(state, "up") ? txn->netif.name : "",
		    strcmp(state, "up") ? " is " : "",
		    strcmp(state, "up") ? state : "");
}

/* Back to what was, of the operations before @end. */
static void undo(struct attr_txn *txn, size_t end)
{
	size_t i;

	for (i = end; i-- > 0;) {
		if (!(operations[i].attrs & txn->new.has) ||
		    !(operations[i].attrs & txn->old.has))
			continue;
		if (operate(txn, &operations[i], txn->old.value))
			fail(EXIT_PARTLY, txn->name,
			     "could not be set back" REMEDY
			     "see sriovctl show %s",
			     txn->name);
	}
}

static int set_all(struct attr_txn *txn)
{
	size_t i;
	int err;

	for (i = 0; i < NUM_OPERATIONS; i++) {
		if (!(operations[i].attrs & txn->new.has))
			continue;
		err = operate(txn, &operations[i], txn->new.value);
		if (err) {
			err = operation_failed(txn, &operations[i], err);
			undo(txn, i);
			return err;
		}
	}
	return 0;
}

/*
 * An operation sets several: those that were not named keep their values. No VLAN
 * is none whatever its priority was.
 */
static void complete(struct attr_txn *txn)
{
	size_t i;
	int attr;

	txn->new = *txn->want;
	if (netattr_has(&txn->new, NETATTR_VLAN) &&
	    !txn->new.value[NETATTR_VLAN]) {
		if (!netattr_has(&txn->new, NETATTR_QOS))
			put(&txn->new, NETATTR_QOS, 0);
		if (!netattr_has(&txn->new, NETATTR_PROTO))
			put(&txn->new, NETATTR_PROTO, ETH_P_8021Q);
	}
	for (i = 0; i < NUM_OPERATIONS; i++)
		for (attr = 0; attr < NUM_NETATTRS; attr++)
			if (operations[i].attrs & txn->want->has &&
			    operations[i].attrs >> attr & 1 &&
			    !netattr_has(&txn->new, attr))
				put(&txn->new, attr, txn->old.value[attr]);
}

static void find_driver(struct attr_txn *txn)
{
	struct sriov_broker_pf *pfs;
	ssize_t n = sriovb_list_pfs(txn->sb, &txn->vf->pf, &pfs);

	if (n > 0)
		memcpy(txn->driver, pfs[0].driver, sizeof(txn->driver));
	txn->driver[sizeof(txn->driver) - 1] = '\0';
	free(pfs);
}

/* Ask the PF's interface, again if we did before. Return: 0 or EXIT_REFUSED */
static int look(struct attr_txn *txn, struct netattrs *attrs)
{
	char pf[SRIOVB_ADDR_LEN];

	netinfo_put(&txn->netif);
	if (!netinfo_get(&txn->vf->pf, &txn->netif)) {
		sriovb_format_addr(&txn->vf->pf, pf);
		if (netinfo_is_elsewhere(&txn->vf->pf))
			return fail(
				EXIT_REFUSED, txn->name,
				"the interface of its PF, %s, is in another network namespace" REMEDY
				"use sriovctl there (ip netns exec)",
				pf);
		return fail(
			EXIT_REFUSED, txn->name,
			"its PF, %s, has no network interface, so there are no attributes to set",
			pf);
	}
	if (netset_read(&txn->netif, txn->vf->index, attrs))
		return 0;
	return fail(
		EXIT_REFUSED, txn->name,
		"the PF's driver, %s, keeps no network attributes for its VFs",
		txn->driver);
}

/* The lease we set them for may have ended before. Return: 0 or EXIT_REFUSED */
static int check_lease(const struct attr_txn *txn)
{
	const struct netvf *vf = txn->vf;
	struct sriov_broker_vf now;
	int found = find_vf_at(txn->sb, &vf->vf, &now);

	if (found < 0)
		return refused(txn->sb, found);
	if (found && now.lease_id == vf->lease_id)
		return 0;
	return fail_with(
		&(struct failure){ .code = EXIT_NOT_FOUND,
				   .subject = txn->name,
				   .lease = vf->lease_id },
		"lease %llu has ended, and the attributes are put back with it",
		vf->lease_id);
}

static int apply(struct attr_txn *txn)
{
	struct netattrs now;
	int err = look(txn, &txn->old);

	if (!err)
		err = check_mac(txn);
	if (err)
		return err;
	if (txn->vf->lease_id) {
		err = sriovb_net_hold(txn->sb, &txn->vf->vf, txn->vf->lease_id);
		if (err)
			return refused(txn->sb, err);
	}
	complete(txn);
	err = set_all(txn);
	if (err)
		return err;
	/* Whoever gave another VF this MAC at the same time finds out too. */
	err = look(txn, &now);
	if (!err)
		err = check_mac(txn);
	if (err)
		undo(txn, NUM_OPERATIONS);
	else if (txn->vf->lease_id)
		err = check_lease(txn);
	return err;
}

/* @what is done with the PF's interface at hand. */
static int with_txn(struct attr_txn *txn, int (*what)(struct attr_txn *txn))
{
	/* Our own, for the VF does not return before it is closed. */
	int err = open_broker(&txn->sb);

	if (err)
		return err;
	sriovb_format_addr(&txn->vf->vf, txn->name);
	find_driver(txn);
	err = what(txn);
	netinfo_put(&txn->netif);
	sriovb_close(txn->sb);
	return err;
}

int netset_apply(const struct netvf *vf, const struct netattrs *attrs,
		 unsigned int flags)
{
	struct attr_txn txn = {
		.vf = vf,
		.want = attrs,
		.flags = flags,
		.besides = -1U,
	};

	return with_txn(&txn, apply);
}

static int look_and_check_mac(struct attr_txn *txn)
{
	int err = look(txn, &txn->old);

	return err ? err : check_mac(txn);
}

int netset_check_mac(const struct netvf *vf, const struct netattrs *attrs,
		     unsigned int besides)
{
	struct attr_txn txn = { .vf = vf, .want = attrs, .besides = besides };

	return with_txn(&txn, look_and_check_mac);
}

int netset_apply_leases(const struct sriov_broker_grant *grants,
			unsigned int count, const struct netattrs *attrs)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && attrs->has && i < count; i++) {
		struct netvf vf = {
			.vf = grants[i].vf,
			.pf = grants[i].pf,
			.index = grants[i].index,
			.lease_id = grants[i].id,
		};

		err = netset_apply(&vf, attrs, 0);
	}
	return err;
}

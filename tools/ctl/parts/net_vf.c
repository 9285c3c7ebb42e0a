// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VF's network attributes, asked of its PF's interface and told to it over
 * rtnetlink: IFLA_VFINFO_LIST. libnl-route would read them, but takes longer to load than
 * all else together; and of what it writes the VLAN's protocol is missing, and errors lose
 * their errno. A message that sets is of one of the driver's operations, that it can be
 * told which of them was refused.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "parts/net_sock.h"
#include "parts/net_vf.h"

#define BIT(attr)  (1U << NETATTR_##attr)
#define NUM(array) (sizeof(array) / sizeof((array)[0]))

/* ---- asked ---- */

static void put(struct netattrs *attrs, enum netattr attr, uint64_t value)
{
	attrs->has |= 1U << attr;
	attrs->value[attr] = value;
}

uint64_t net_mac_number(const unsigned char *mac)
{
	uint64_t value = 0;
	int i;

	for (i = 0; i < ETH_ALEN; i++)
		value = value << 8 | mac[i];
	return value;
}

void net_mac_text(const unsigned char *mac, int len, char *text)
{
	int i, is_set = 0;

	text[0] = '\0';
	for (i = 0; i < len && 3 * i + 3 <= MAC_LEN; i++) {
		snprintf(text + 3 * i - !!i, 4, i ? ":%02x" : "%02x", mac[i]);
		is_set |= mac[i];
	}
	if (!is_set)
		text[0] = '\0';
}

/* What is shorter than the kernel's own is none. */
static struct nla_policy policy[IFLA_VF_MAX + 1] = {
	[IFLA_VF_MAC] = { .minlen = sizeof(struct ifla_vf_mac) },
	[IFLA_VF_VLAN_LIST] = { .type = NLA_NESTED },
	[IFLA_VF_RATE] = { .minlen = sizeof(struct ifla_vf_rate) },
	[IFLA_VF_SPOOFCHK] = { .minlen = sizeof(struct ifla_vf_spoofchk) },
	[IFLA_VF_TRUST] = { .minlen = sizeof(struct ifla_vf_trust) },
	[IFLA_VF_LINK_STATE] = { .minlen = sizeof(struct ifla_vf_link_state) },
	[IFLA_VF_RSS_QUERY_EN] = { .minlen = sizeof(
					   struct ifla_vf_rss_query_en) },
};

/* A VF that the driver does not answer for is left out. Return: is it there? */
static int find_vf(const struct netif *netif, unsigned int index,
		   struct nlattr **tb)
{
	struct nlattr *vf, *mac;
	int left;

	nla_for_each_attr(vf, netif->vfs, netif->vfs_len, left) {
		mac = nla_find(nla_data(vf), nla_len(vf), IFLA_VF_MAC);
		/* Each of its attributes begins with its number. */
		if (mac && nla_get_u32(mac) == index)
			return nla_parse_nested(tb, IFLA_VF_MAX, vf, policy) >=
				       0 &&
			       tb[IFLA_VF_MAC];
	}
	return 0;
}

int net_vf(const struct netif *netif, unsigned int index, struct vfnet *vfnet)
{
	static const char *const names[] = {
		[IFLA_VF_LINK_STATE_AUTO] = "auto",
		[IFLA_VF_LINK_STATE_ENABLE] = "enable",
		[IFLA_VF_LINK_STATE_DISABLE] = "disable",
	};
	struct nlattr *tb[IFLA_VF_MAX + 1];
	const struct ifla_vf_link_state *link;
	const struct ifla_vf_mac *mac;

	if (!find_vf(netif, index, tb))
		return 0;
	mac = nla_data(tb[IFLA_VF_MAC]);
	net_mac_text(mac->mac, ETH_ALEN, vfnet->mac);
	link = tb[IFLA_VF_LINK_STATE] ? nla_data(tb[IFLA_VF_LINK_STATE]) : NULL;
	vfnet->link = link && link->link_state < NUM(names) ?
			      names[link->link_state] :
			      NULL;
	return 1;
}

static void read_vlan(struct nlattr *list, struct netattrs *attrs)
{
	struct nlattr *attr = list ? nla_find(nla_data(list), nla_len(list),
					      IFLA_VF_VLAN_INFO) :
				     NULL;
	const struct ifla_vf_vlan_info *vlan = attr ? nla_data(attr) : NULL;

	if (!vlan || nla_len(attr) < (int)sizeof(*vlan))
		return;
	put(attrs, NETATTR_VLAN, vlan->vlan);
	put(attrs, NETATTR_QOS, vlan->qos);
	put(attrs, NETATTR_PROTO, ntohs(vlan->vlan_proto));
}

static void read_rates(struct nlattr *attr, struct netattrs *attrs)
{
	const struct ifla_vf_rate *rate = attr ? nla_data(attr) : NULL;

	if (!rate)
		return;
	put(attrs, NETATTR_MIN_RATE, rate->min_tx_rate);
	put(attrs, NETATTR_MAX_RATE, rate->max_tx_rate);
}

/* What is the VF's number and another one. */
static const struct {
	int from;
	enum netattr attr;
} numbers[] = {
	{ IFLA_VF_SPOOFCHK, NETATTR_SPOOFCHK },
	{ IFLA_VF_TRUST, NETATTR_TRUST },
	{ IFLA_VF_LINK_STATE, NETATTR_STATE },
	{ IFLA_VF_RSS_QUERY_EN, NETATTR_RSS_QUERY },
};

int net_read_vf(const struct netif *netif, unsigned int index,
		struct netattrs *attrs)
{
	struct nlattr *tb[IFLA_VF_MAX + 1];
	const struct ifla_vf_mac *mac;
	size_t i;

	*attrs = (struct netattrs){ 0 };
	if (!find_vf(netif, index, tb))
		return 0;
	mac = nla_data(tb[IFLA_VF_MAC]);
	/* As long as its PF's: what the kernel sends has room for any. */
	if (netif->mac_len >= ETH_ALEN)
		put(attrs, NETATTR_MAC, net_mac_number(mac->mac));
	read_vlan(tb[IFLA_VF_VLAN_LIST], attrs);
	read_rates(tb[IFLA_VF_RATE], attrs);
	for (i = 0; i < NUM(numbers); i++) {
		struct nlattr *attr = tb[numbers[i].from];
		const struct ifla_vf_trust *number = attr ? nla_data(attr) :
							    NULL;

		/* Of what its driver can't do the kernel says -1. */
		if (number && number->setting != UINT32_MAX)
			put(attrs, numbers[i].attr, number->setting);
	}
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

/* The operations of a driver. */
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

static int fill_message(struct nl_msg *msg, const struct netif *netif,
			unsigned int index, const struct operation *operation,
			const uint64_t *v)
{
	struct ifinfomsg link = {
		.ifi_index = netif->index,
	};
	struct nlattr *list, *info;
	int err = nlmsg_append(msg, &link, sizeof(link), NLMSG_ALIGNTO);

	if (err)
		return err;
	list = nla_nest_start(msg, IFLA_VFINFO_LIST);
	info = list ? nla_nest_start(msg, IFLA_VF_INFO) : NULL;
	if (!info)
		return -NLE_NOMEM;
	err = operation->put(msg, index, v);
	if (err)
		return err;
	nla_nest_end(msg, info);
	nla_nest_end(msg, list);
	return 0;
}

static const struct operation *find_operation(unsigned int attrs)
{
	size_t i = 0;

	while (i < NUM(operations) && operations[i].attrs != attrs)
		i++;
	return i < NUM(operations) ? &operations[i] : NULL;
}

int net_write_vf(const struct netif *netif, unsigned int index,
		 unsigned int attrs, const uint64_t *values, char *words)
{
	const struct operation *operation = find_operation(attrs);
	struct nl_msg *msg = operation ? nlmsg_alloc_simple(RTM_SETLINK, 0) :
					 NULL;
	int err = operation ? -ENOMEM : -EINVAL;

	words[0] = '\0';
	if (msg && !fill_message(msg, netif, index, operation, values))
		err = net_tell(msg, words);
	nlmsg_free(msg);
	return err;
}

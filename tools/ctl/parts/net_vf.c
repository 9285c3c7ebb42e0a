// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VF's network attributes, asked of its PF's interface and told to it over
 * rtnetlink: IFLA_VFINFO_LIST. libnl-route reads them all. Of what it writes
 * the VLAN's protocol is missing, and errors lose their errno; so the messages
 * that set are put together here, one for each of the driver's operations, that
 * it can be told which of them was refused.
 */
#include <errno.h>
#include <string.h>

#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/sriov.h>

#include "parts/net_sock.h"
#include "parts/net_vf.h"

#define BIT(attr) (1U << NETATTR_##attr)

/* ---- asked ---- */

static void put(struct netattrs *attrs, enum netattr attr, uint64_t value)
{
	attrs->has |= 1U << attr;
	attrs->value[attr] = value;
}

uint64_t net_mac_number(struct nl_addr *addr)
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
		put(attrs, NETATTR_MAC, net_mac_number(addr));
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

int net_read_vf(const struct netif *netif, unsigned int index,
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

#define NUM_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static int fill_message(struct nl_msg *msg, const struct netif *netif,
			unsigned int index, const struct operation *operation,
			const uint64_t *v)
{
	struct ifinfomsg link = {
		.ifi_index = rtnl_link_get_ifindex(netif->link),
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

	while (i < NUM_OPERATIONS && operations[i].attrs != attrs)
		i++;
	return i < NUM_OPERATIONS ? &operations[i] : NULL;
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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family: the events for whoever listens, and dumps of PFs,
 * VFs and leases to begin from. Documentation/netlink/sriov_broker.yaml says the
 * same for machines.
 */
#include <linux/slab.h>
#include <net/genetlink.h>

#include "event.h"
#include "list.h"

#define SB_BDF 16 /* room for 0000:00:00.0, and some domain beyond 16 bits */

static struct genl_family sb_genl;

static const struct genl_multicast_group sb_genl_groups[] = {
	{ .name = SRIOV_BROKER_NL_EVENTS, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

static int sb_put_addr(struct sk_buff *skb, int attr, const struct sriov_broker_addr *addr)
{
	char name[SB_BDF];

	snprintf(name, sizeof(name), "%04x:%02x:%02x.%u", addr->domain, addr->bdf >> 8,
		 PCI_SLOT(addr->bdf), PCI_FUNC(addr->bdf));
	return nla_put_string(skb, attr, name);
}

static int sb_put_u64(struct sk_buff *skb, int attr, u64 val)
{
	return nla_put_u64_64bit(skb, attr, val, SRIOV_BROKER_NL_ATTR_PAD);
}

static int sb_put_event_vf(struct sk_buff *skb, const struct sriov_broker_event *event)
{
	if (!event->vf.domain && !event->vf.bdf)
		return 0;
	return sb_put_addr(skb, SRIOV_BROKER_NL_ATTR_VF, &event->vf)			  ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_INDEX, event->index)	  ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_STATE, event->state)	  ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_OLD_STATE, event->old_state) ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_FAULT, event->fault)	  ?:
		       sb_put_u64(skb, SRIOV_BROKER_NL_ATTR_LEASE_ID, event->lease_id);
}

static int sb_put_event(struct sk_buff *skb, const struct sriov_broker_event *event)
{
	return sb_put_u64(skb, SRIOV_BROKER_NL_ATTR_SEQ, event->seq)		  ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_TYPE, event->type)	  ?:
		       sb_put_u64(skb, SRIOV_BROKER_NL_ATTR_TIME, event->time_ns) ?:
		       sb_put_addr(skb, SRIOV_BROKER_NL_ATTR_PF, &event->pf)	  ?:
		       sb_put_u64(skb, SRIOV_BROKER_NL_ATTR_VALUE, event->value)  ?:
		       sb_put_event_vf(skb, event);
}

/**
 * sb_genl_send - send an event to those who listen
 * @event: the event
 *
 * Without memory the event is lost to them; its number tells them so.
 *
 * Context: sb_lock held.
 */
void sb_genl_send(const struct sriov_broker_event *event)
{
	struct sk_buff *skb;
	void *head;

	if (!genl_has_listeners(&sb_genl, &init_net, 0))
		return;
	skb = genlmsg_new(NLMSG_DEFAULT_SIZE / 4, GFP_ATOMIC);
	if (!skb)
		return;
	head = genlmsg_put(skb, 0, 0, &sb_genl, 0, SRIOV_BROKER_NL_CMD_EVENT);
	if (!head || sb_put_event(skb, event)) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, head);
	genlmsg_multicast(&sb_genl, skb, 0, 0, GFP_ATOMIC);
}

/* A dump: one picture, taken when it starts, sent in as many parts as it takes. */
struct sb_dump {
	void *entries; /* owned */
	unsigned int num;
	unsigned int next;
	u64 seq;
};

static struct sb_dump *sb_dump_of(struct netlink_callback *cb)
{
	return *(struct sb_dump **)cb->ctx;
}

static int sb_dump_start(struct netlink_callback *cb, sb_take_fn take, size_t entry)
{
	struct sb_dump *dump = kzalloc(sizeof(*dump), GFP_KERNEL);

	if (!dump)
		return -ENOMEM;
	dump->entries = sb_picture(take, entry, NULL, &dump->num, &dump->seq);
	if (!dump->entries) {
		kfree(dump);
		return -ENOMEM;
	}
	*(struct sb_dump **)cb->ctx = dump;
	return 0;
}

static int sb_dump_done(struct netlink_callback *cb)
{
	struct sb_dump *dump = sb_dump_of(cb);

	kvfree(dump->entries);
	kfree(dump);
	return 0;
}

static int sb_put_pf(struct sk_buff *skb, const struct sriov_broker_pf *pf)
{
	return sb_put_addr(skb, SRIOV_BROKER_NL_ATTR_PF, &pf->addr)		       ?:
		       nla_put_u16(skb, SRIOV_BROKER_NL_ATTR_VENDOR, pf->vendor)       ?:
		       nla_put_u16(skb, SRIOV_BROKER_NL_ATTR_DEVICE, pf->device)       ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_TOTAL_VFS, pf->total_vfs) ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_NUM_VFS, pf->num_vfs)     ?:
		       nla_put_s32(skb, SRIOV_BROKER_NL_ATTR_NUMA_NODE, pf->numa_node) ?:
		       nla_put_string(skb, SRIOV_BROKER_NL_ATTR_DRIVER, pf->driver);
}

static int sb_put_lease(struct sk_buff *skb, const struct sriov_broker_vf *vf)
{
	if (!vf->lease_id)
		return 0;
	return sb_put_u64(skb, SRIOV_BROKER_NL_ATTR_LEASE_ID, vf->lease_id)	       ?:
		       nla_put_s32(skb, SRIOV_BROKER_NL_ATTR_LEASE_PID, vf->lease_pid) ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_LEASE_UID, vf->lease_uid) ?:
		       nla_put_string(skb, SRIOV_BROKER_NL_ATTR_LEASE_LABEL, vf->lease_label);
}

static int sb_put_vf(struct sk_buff *skb, const struct sriov_broker_vf *vf)
{
	return sb_put_addr(skb, SRIOV_BROKER_NL_ATTR_PF, &vf->pf)			   ?:
		       sb_put_addr(skb, SRIOV_BROKER_NL_ATTR_VF, &vf->addr)		   ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_INDEX, vf->index)		   ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_STATE, vf->state)		   ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_FAULT, vf->fault)		   ?:
		       nla_put_s32(skb, SRIOV_BROKER_NL_ATTR_IOMMU_GROUP, vf->iommu_group) ?:
		       nla_put_u16(skb, SRIOV_BROKER_NL_ATTR_VENDOR, vf->vendor)	   ?:
		       nla_put_u16(skb, SRIOV_BROKER_NL_ATTR_DEVICE, vf->device)	   ?:
		       nla_put_string(skb, SRIOV_BROKER_NL_ATTR_DRIVER, vf->driver)	   ?:
		       sb_put_lease(skb, vf);
}

/* True: it does not fit into this part any more. */
static bool sb_dump_one(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	struct sb_dump *dump = sb_dump_of(cb);
	void *head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &sb_genl,
				 NLM_F_MULTI, cmd);
	int ret = -EMSGSIZE;

	if (!head)
		return true;
	ret = sb_put_u64(skb, SRIOV_BROKER_NL_ATTR_SEQ, dump->seq);
	if (!ret && cmd == SRIOV_BROKER_NL_CMD_PF_GET)
		ret = sb_put_pf(skb, (struct sriov_broker_pf *)dump->entries + dump->next);
	else if (!ret)
		ret = sb_put_vf(skb, (struct sriov_broker_vf *)dump->entries + dump->next);
	if (ret) {
		genlmsg_cancel(skb, head);
		return true;
	}
	genlmsg_end(skb, head);
	return false;
}

static int sb_dump_more(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	struct sb_dump *dump = sb_dump_of(cb);
	struct sriov_broker_vf *vfs = dump->entries;

	for (; dump->next < dump->num; dump->next++) {
		if (cmd == SRIOV_BROKER_NL_CMD_LEASE_GET && !vfs[dump->next].lease_id)
			continue;
		if (sb_dump_one(skb, cb, cmd))
			break;
	}
	return skb->len;
}

static int sb_genl_pfs_start(struct netlink_callback *cb)
{
	return sb_dump_start(cb, sb_take_pfs, sizeof(struct sriov_broker_pf));
}

static int sb_genl_pfs(struct sk_buff *skb, struct netlink_callback *cb)
{
	return sb_dump_more(skb, cb, SRIOV_BROKER_NL_CMD_PF_GET);
}

static int sb_genl_vfs_start(struct netlink_callback *cb)
{
	return sb_dump_start(cb, sb_take_vfs, sizeof(struct sriov_broker_vf));
}

static int sb_genl_vfs(struct sk_buff *skb, struct netlink_callback *cb)
{
	return sb_dump_more(skb, cb, SRIOV_BROKER_NL_CMD_VF_GET);
}

static int sb_genl_leases(struct sk_buff *skb, struct netlink_callback *cb)
{
	return sb_dump_more(skb, cb, SRIOV_BROKER_NL_CMD_LEASE_GET);
}

static const struct genl_ops sb_genl_ops[] = {
	{
		.cmd = SRIOV_BROKER_NL_CMD_PF_GET,
		.flags = GENL_ADMIN_PERM,
		.start = sb_genl_pfs_start,
		.dumpit = sb_genl_pfs,
		.done = sb_dump_done,
	},
	{
		.cmd = SRIOV_BROKER_NL_CMD_VF_GET,
		.flags = GENL_ADMIN_PERM,
		.start = sb_genl_vfs_start,
		.dumpit = sb_genl_vfs,
		.done = sb_dump_done,
	},
	{
		.cmd = SRIOV_BROKER_NL_CMD_LEASE_GET,
		.flags = GENL_ADMIN_PERM,
		.start = sb_genl_vfs_start,
		.dumpit = sb_genl_leases,
		.done = sb_dump_done,
	},
};

/* No command takes an attribute. */
static const struct nla_policy sb_genl_policy[SRIOV_BROKER_NL_ATTR_PAD + 1] = {};

static struct genl_family sb_genl = {
	.name = SRIOV_BROKER_NL_FAMILY,
	.version = SRIOV_BROKER_NL_VERSION,
	.maxattr = SRIOV_BROKER_NL_ATTR_PAD,
	.policy = sb_genl_policy,
	.module = THIS_MODULE,
	.ops = sb_genl_ops,
	.n_ops = ARRAY_SIZE(sb_genl_ops),
	.mcgrps = sb_genl_groups,
	.n_mcgrps = ARRAY_SIZE(sb_genl_groups),
};

/**
 * sb_genl_register - make the family known
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int sb_genl_register(void)
{
	return genl_register_family(&sb_genl);
}

/**
 * sb_genl_unregister - and unknown
 *
 * Context: may sleep.
 */
void sb_genl_unregister(void)
{
	genl_unregister_family(&sb_genl);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family: the events for its listeners, and dumps of PFs,
 * VFs and leases to begin from. Documentation/netlink/sriov_broker.yaml says the
 * same for machines.
 */
#include <linux/slab.h>
#include <net/genetlink.h>

#include "face.h"

static struct genl_family vfb_genl;

static const struct genl_multicast_group vfb_genl_groups[] = {
	{ .name = SRIOV_BROKER_NL_EVENTS, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

static int vfb_put_addr(struct sk_buff *skb, int attr, const struct sriov_broker_addr *addr)
{
	char name[VFB_ADDR_LEN];

	return nla_put_string(skb, attr, vfb_addr_str(name, addr));
}

static int vfb_put_u64(struct sk_buff *skb, int attr, u64 val)
{
	return nla_put_u64_64bit(skb, attr, val, SRIOV_BROKER_NL_ATTR_PAD);
}

/* As the initial namespaces know them. */
static int vfb_put_process(struct sk_buff *skb, int pid_attr, struct pid *pid, int uid_attr,
			   kuid_t uid)
{
	return nla_put_s32(skb, pid_attr, pid_nr(pid)) ?:
		       nla_put_u32(skb, uid_attr, from_kuid(&init_user_ns, uid));
}

static int vfb_put_event_lease(struct sk_buff *skb, const struct vfb_event *event)
{
	int ret;

	if (!event->out.lease_id)
		return 0;
	ret = vfb_put_process(skb, SRIOV_BROKER_NL_ATTR_LEASE_PID, event->lease_pid,
			      SRIOV_BROKER_NL_ATTR_LEASE_UID, event->lease_uid);
	if (ret)
		return ret;
	return nla_put_string(skb, SRIOV_BROKER_NL_ATTR_LEASE_LABEL, event->out.lease_label) ?:
		       nla_put_string(skb, SRIOV_BROKER_NL_ATTR_LEASE_CGROUP,
				      event->out.lease_cgroup);
}

static int vfb_put_event_vf(struct sk_buff *skb, const struct vfb_event *event)
{
	const struct sriov_broker_event *out = &event->out;

	if (!out->vf.valid)
		return 0;
	return vfb_put_addr(skb, SRIOV_BROKER_NL_ATTR_VF, &out->vf)			?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_INDEX, out->index)		?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_STATE, out->state)		?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_OLD_STATE, out->old_state) ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_FAULT, out->fault)		?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_FLAGS, out->flags)		?:
		       vfb_put_u64(skb, SRIOV_BROKER_NL_ATTR_LEASE_ID, out->lease_id)	?:
		       vfb_put_event_lease(skb, event);
}

static int vfb_put_actor(struct sk_buff *skb, const struct vfb_actor *by)
{
	int ret;

	if (!by->pid)
		return 0;
	ret = vfb_put_process(skb, SRIOV_BROKER_NL_ATTR_PID, by->pid, SRIOV_BROKER_NL_ATTR_UID,
			      by->uid);
	return ret ?: nla_put_string(skb, SRIOV_BROKER_NL_ATTR_COMM, by->comm);
}

static int vfb_put_error(struct sk_buff *skb, const struct sriov_broker_event *out)
{
	if (out->type != SRIOV_BROKER_EVENT_PCI_ERROR)
		return 0;
	return nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_SEVERITY, out->severity) ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_ERROR_STATUS, out->error_status);
}

static int vfb_put_event(struct sk_buff *skb, const struct vfb_event *event)
{
	const struct sriov_broker_event *out = &event->out;

	return vfb_put_u64(skb, SRIOV_BROKER_NL_ATTR_SEQ, out->seq)			?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_TYPE, out->type)		?:
		       vfb_put_u64(skb, SRIOV_BROKER_NL_ATTR_TIME, out->time_ns)	?:
		       vfb_put_u64(skb, SRIOV_BROKER_NL_ATTR_REAL_TIME, out->real_ns)	?:
		       vfb_put_addr(skb, SRIOV_BROKER_NL_ATTR_PF, &out->pf)		?:
		       vfb_put_u64(skb, SRIOV_BROKER_NL_ATTR_VALUE, out->value)		?:
		       vfb_put_u64(skb, SRIOV_BROKER_NL_ATTR_OLD_VALUE, out->old_value) ?:
		       vfb_put_error(skb, out)						?:
		       vfb_put_actor(skb, &event->by)					?:
		       vfb_put_event_vf(skb, event);
}

/* Without memory the event is lost to the listeners; the numbers tell them so. */
static void vfb_genl_send(const struct vfb_event *event)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE / 4, GFP_KERNEL);
	void *head;

	if (!skb)
		return;
	head = genlmsg_put(skb, 0, 0, &vfb_genl, 0, SRIOV_BROKER_NL_CMD_EVENT);
	if (!head || vfb_put_event(skb, event)) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, head);
	genlmsg_multicast(&vfb_genl, skb, 0, 0, GFP_KERNEL);
}

static void vfb_genl_send_all(struct work_struct *work)
{
	static u64 last; /* that was sent; no two of this work run at once */
	struct vfb_event event;

	while (vfb_event_after(&last, &event)) {
		if (genl_has_listeners(&vfb_genl, &init_net, 0))
			vfb_genl_send(&event);
		vfb_event_put(&event);
	}
}

static DECLARE_WORK(vfb_genl_work, vfb_genl_send_all);

/* A dump: one picture, taken when it starts, sent in as many parts as it takes. */
struct vfb_dump {
	void *entries; /* owned */
	unsigned int num;
	unsigned int next;
	u64 seq;
};

static struct vfb_dump *vfb_dump_of(struct netlink_callback *cb)
{
	return *(struct vfb_dump **)cb->ctx;
}

static int vfb_dump_start(struct netlink_callback *cb, vfb_take_fn take, size_t entry)
{
	struct vfb_dump *dump = kzalloc(sizeof(*dump), GFP_KERNEL);

	if (!dump)
		return -ENOMEM;
	dump->entries = vfb_picture(take, entry, NULL, &dump->num, &dump->seq);
	if (!dump->entries) {
		kfree(dump);
		return -ENOMEM;
	}
	*(struct vfb_dump **)cb->ctx = dump;
	return 0;
}

static int vfb_dump_done(struct netlink_callback *cb)
{
	struct vfb_dump *dump = vfb_dump_of(cb);

	kvfree(dump->entries);
	kfree(dump);
	return 0;
}

static int vfb_put_pf(struct sk_buff *skb, const struct sriov_broker_pf *pf)
{
	return vfb_put_addr(skb, SRIOV_BROKER_NL_ATTR_PF, &pf->addr)		       ?:
		       nla_put_u16(skb, SRIOV_BROKER_NL_ATTR_VENDOR, pf->vendor)       ?:
		       nla_put_u16(skb, SRIOV_BROKER_NL_ATTR_DEVICE, pf->device)       ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_TOTAL_VFS, pf->total_vfs) ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_NUM_VFS, pf->num_vfs)     ?:
		       nla_put_s32(skb, SRIOV_BROKER_NL_ATTR_NUMA_NODE, pf->numa_node) ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_FLAGS, pf->flags)	       ?:
		       nla_put_string(skb, SRIOV_BROKER_NL_ATTR_DRIVER, pf->driver);
}

static int vfb_put_lease(struct sk_buff *skb, const struct sriov_broker_vf *vf)
{
	if (vf->lease_uid == SRIOV_BROKER_NO_UID)
		return 0;
	/* Of one that has ended, while its VF is not back, the holder is told alone. */
	if (vf->lease_id && vfb_put_u64(skb, SRIOV_BROKER_NL_ATTR_LEASE_ID, vf->lease_id))
		return -EMSGSIZE;
	return nla_put_s32(skb, SRIOV_BROKER_NL_ATTR_LEASE_PID, vf->lease_pid)		      ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_LEASE_UID, vf->lease_uid)	      ?:
		       nla_put_string(skb, SRIOV_BROKER_NL_ATTR_LEASE_LABEL, vf->lease_label) ?:
		       nla_put_string(skb, SRIOV_BROKER_NL_ATTR_LEASE_CGROUP, vf->lease_cgroup);
}

static int vfb_put_vf(struct sk_buff *skb, const struct sriov_broker_vf *vf)
{
	return vfb_put_addr(skb, SRIOV_BROKER_NL_ATTR_PF, &vf->pf)			   ?:
		       vfb_put_addr(skb, SRIOV_BROKER_NL_ATTR_VF, &vf->addr)		   ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_INDEX, vf->index)		   ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_STATE, vf->state)		   ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_FAULT, vf->fault)		   ?:
		       nla_put_s32(skb, SRIOV_BROKER_NL_ATTR_IOMMU_GROUP, vf->iommu_group) ?:
		       nla_put_u16(skb, SRIOV_BROKER_NL_ATTR_VENDOR, vf->vendor)	   ?:
		       nla_put_u16(skb, SRIOV_BROKER_NL_ATTR_DEVICE, vf->device)	   ?:
		       nla_put_string(skb, SRIOV_BROKER_NL_ATTR_DRIVER, vf->driver)	   ?:
		       nla_put_u32(skb, SRIOV_BROKER_NL_ATTR_FLAGS, vf->flags)		   ?:
		       nla_put_string(skb, SRIOV_BROKER_NL_ATTR_POOL, vf->pool)		   ?:
		       vfb_put_lease(skb, vf);
}

/* True: it does not fit into this part any more. */
static bool vfb_dump_one(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	struct vfb_dump *dump = vfb_dump_of(cb);
	void *head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &vfb_genl,
				 NLM_F_MULTI, cmd);
	int ret = -EMSGSIZE;

	if (!head)
		return true;
	ret = vfb_put_u64(skb, SRIOV_BROKER_NL_ATTR_SEQ, dump->seq);
	if (!ret && cmd == SRIOV_BROKER_NL_CMD_PF_GET)
		ret = vfb_put_pf(skb, (struct sriov_broker_pf *)dump->entries + dump->next);
	else if (!ret)
		ret = vfb_put_vf(skb, (struct sriov_broker_vf *)dump->entries + dump->next);
	if (ret) {
		genlmsg_cancel(skb, head);
		return true;
	}
	genlmsg_end(skb, head);
	return false;
}

static int vfb_dump_more(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	struct vfb_dump *dump = vfb_dump_of(cb);
	struct sriov_broker_vf *vfs = dump->entries;

	for (; dump->next < dump->num; dump->next++) {
		if (cmd == SRIOV_BROKER_NL_CMD_LEASE_GET && !vfs[dump->next].lease_id)
			continue;
		if (vfb_dump_one(skb, cb, cmd))
			break;
	}
	return skb->len;
}

static int vfb_genl_pfs_start(struct netlink_callback *cb)
{
	return vfb_dump_start(cb, vfb_take_pfs, sizeof(struct sriov_broker_pf));
}

static int vfb_genl_pfs(struct sk_buff *skb, struct netlink_callback *cb)
{
	return vfb_dump_more(skb, cb, SRIOV_BROKER_NL_CMD_PF_GET);
}

static int vfb_genl_vfs_start(struct netlink_callback *cb)
{
	return vfb_dump_start(cb, vfb_take_vfs, sizeof(struct sriov_broker_vf));
}

static int vfb_genl_vfs(struct sk_buff *skb, struct netlink_callback *cb)
{
	return vfb_dump_more(skb, cb, SRIOV_BROKER_NL_CMD_VF_GET);
}

static int vfb_genl_leases(struct sk_buff *skb, struct netlink_callback *cb)
{
	return vfb_dump_more(skb, cb, SRIOV_BROKER_NL_CMD_LEASE_GET);
}

static const struct genl_ops vfb_genl_ops[] = {
	{
		.cmd = SRIOV_BROKER_NL_CMD_PF_GET,
		.flags = GENL_ADMIN_PERM,
		.start = vfb_genl_pfs_start,
		.dumpit = vfb_genl_pfs,
		.done = vfb_dump_done,
	},
	{
		.cmd = SRIOV_BROKER_NL_CMD_VF_GET,
		.flags = GENL_ADMIN_PERM,
		.start = vfb_genl_vfs_start,
		.dumpit = vfb_genl_vfs,
		.done = vfb_dump_done,
	},
	{
		.cmd = SRIOV_BROKER_NL_CMD_LEASE_GET,
		.flags = GENL_ADMIN_PERM,
		.start = vfb_genl_vfs_start,
		.dumpit = vfb_genl_leases,
		.done = vfb_dump_done,
	},
};

/* No command takes an attribute. */
static const struct nla_policy vfb_genl_policy[SRIOV_BROKER_NL_ATTR_PAD + 1] = {};

static struct genl_family vfb_genl = {
	.name = SRIOV_BROKER_NL_FAMILY,
	.version = SRIOV_BROKER_NL_VERSION,
	.maxattr = SRIOV_BROKER_NL_ATTR_PAD,
	.policy = vfb_genl_policy,
	.module = THIS_MODULE,
	.ops = vfb_genl_ops,
	.n_ops = ARRAY_SIZE(vfb_genl_ops),
	.mcgrps = vfb_genl_groups,
	.n_mcgrps = ARRAY_SIZE(vfb_genl_groups),
};

/**
 * vfb_genl_register - make the family known
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vfb_genl_register(void)
{
	int ret = genl_register_family(&vfb_genl);

	if (!ret)
		vfb_event_wake(&vfb_genl_work);
	return ret;
}

/**
 * vfb_genl_unregister - and unknown
 *
 * Context: may sleep.
 */
void vfb_genl_unregister(void)
{
	/* The last events, and none after them: there is nothing left to tell of. */
	vfb_event_wake(NULL);
	flush_work(&vfb_genl_work);
	genl_unregister_family(&vfb_genl);
}

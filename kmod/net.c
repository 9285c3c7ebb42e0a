// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network attributes of VFs: MAC, VLAN and the like, which the PF's driver keeps
 * and no reset of the VF touches.
 *
 * They are set by others, over rtnetlink. A client that does that to a leased VF says so
 * before (NET_HOLD): what the attributes were when it was leased is put back on the
 * return path. When it was leased, for a holder may give the VF a MAC of its own,
 * which is not to be the next one's. And the VF does not come back while such a
 * client may still be about to set one.
 */
#define dev_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "compat.h"
#include "mech.h"

/* A child of the PF's device: is it the interface that knows the PF's VFs? */
static int vfb_is_netdev(struct device *dev, void *found)
{
	struct net_device *netdev;

	if (!dev->class || strcmp(dev->class->name, "net"))
		return 0;
	netdev = to_net_dev(dev);
	if (netdev->reg_state != NETREG_REGISTERED || !netdev->netdev_ops->ndo_get_vf_config)
		return 0;
	*(struct net_device **)found = netdev;
	return 1;
}

/**
 * vfb_net_lock - take rtnl, and find the interface of a PF that knows its VFs
 * @pf: the PF
 *
 * Context: may sleep as long as another has rtnl.
 * Return: the interface, or NULL: there is none, and rtnl is not taken.
 */
struct net_device *vfb_net_lock(struct vfb_pf *pf)
{
	struct net_device *netdev = NULL;

	rtnl_lock();
	device_for_each_child(&pf->pdev->dev, &netdev, vfb_is_netdev);
	if (netdev)
		vfb_netdev_lock(netdev);
	else
		rtnl_unlock();
	return netdev;
}

/**
 * vfb_net_unlock - and release it
 * @netdev: what vfb_net_lock() returned
 *
 * Context: after vfb_net_lock().
 */
void vfb_net_unlock(struct net_device *netdev)
{
	vfb_netdev_unlock(netdev);
	rtnl_unlock();
}

/**
 * vfb_net_get - read a VF's attributes
 * @netdev: what vfb_net_lock() returned
 * @index: the VF's number on its PF
 * @info: filled; what a driver does not tell is what the network stack would show
 *
 * Context: rtnl held.
 * Return: 0, or the negative errno of the PF's driver.
 */
int vfb_net_get(struct net_device *netdev, unsigned int index, struct ifla_vf_info *info)
{
	ASSERT_RTNL();
	memset(info, 0, sizeof(*info));
	info->vf = index;
	info->spoofchk = -1;
	info->rss_query_en = -1;
	info->trusted = -1;
	info->vlan_proto = htons(ETH_P_8021Q);
	return netdev->netdev_ops->ndo_get_vf_config(netdev, index, info);
}

static int vfb_net_set_mac(struct net_device *netdev, struct ifla_vf_info *was,
			   const struct ifla_vf_info *now)
{
	const struct net_device_ops *ops = netdev->netdev_ops;

	if (!memcmp(was->mac, now->mac, sizeof(was->mac)))
		return 0;
	return ops->ndo_set_vf_mac ? ops->ndo_set_vf_mac(netdev, was->vf, was->mac) : -EOPNOTSUPP;
}

static int vfb_net_set_vlan(struct net_device *netdev, struct ifla_vf_info *was,
			    const struct ifla_vf_info *now)
{
	const struct net_device_ops *ops = netdev->netdev_ops;

	if (was->vlan == now->vlan && was->qos == now->qos && was->vlan_proto == now->vlan_proto)
		return 0;
	if (!ops->ndo_set_vf_vlan)
		return -EOPNOTSUPP;
	return ops->ndo_set_vf_vlan(netdev, was->vf, was->vlan, was->qos, was->vlan_proto);
}

static int vfb_net_set_rate(struct net_device *netdev, struct ifla_vf_info *was,
			    const struct ifla_vf_info *now)
{
	const struct net_device_ops *ops = netdev->netdev_ops;

	if (was->min_tx_rate == now->min_tx_rate && was->max_tx_rate == now->max_tx_rate)
		return 0;
	if (!ops->ndo_set_vf_rate)
		return -EOPNOTSUPP;
	return ops->ndo_set_vf_rate(netdev, was->vf, was->min_tx_rate, was->max_tx_rate);
}

/* One of the attributes that are on or off. */
static int vfb_net_set_bool(struct net_device *netdev, unsigned int index, u32 was, u32 now,
			    int (*set)(struct net_device *netdev, int vf, bool on))
{
	if (was == now || was == (u32)-1)
		return 0;
	return set ? set(netdev, index, was) : -EOPNOTSUPP;
}

static int vfb_net_set_link(struct net_device *netdev, struct ifla_vf_info *was,
			    const struct ifla_vf_info *now)
{
	const struct net_device_ops *ops = netdev->netdev_ops;

	if (was->linkstate == now->linkstate)
		return 0;
	if (!ops->ndo_set_vf_link_state)
		return -EOPNOTSUPP;
	return ops->ndo_set_vf_link_state(netdev, was->vf, was->linkstate);
}

static int vfb_net_set_bools(struct net_device *netdev, struct ifla_vf_info *was,
			     const struct ifla_vf_info *now)
{
	const struct net_device_ops *ops = netdev->netdev_ops;
	int ret = vfb_net_set_bool(netdev, was->vf, was->spoofchk, now->spoofchk,
				   ops->ndo_set_vf_spoofchk);

	if (ret)
		return ret;
	return vfb_net_set_bool(netdev, was->vf, was->rss_query_en, now->rss_query_en,
				ops->ndo_set_vf_rss_query_en);
}

static int vfb_net_set(struct net_device *netdev, struct ifla_vf_info *was,
		       const struct ifla_vf_info *now)
{
	const struct net_device_ops *ops = netdev->netdev_ops;
	int ret;

	ASSERT_RTNL();
	/* Trust first: without it a driver may refuse other changes. */
	ret = vfb_net_set_bool(netdev, was->vf, was->trusted, now->trusted, ops->ndo_set_vf_trust);
	if (!ret)
		ret = vfb_net_set_mac(netdev, was, now);
	if (!ret)
		ret = vfb_net_set_vlan(netdev, was, now);
	if (!ret)
		ret = vfb_net_set_rate(netdev, was, now);
	if (!ret)
		ret = vfb_net_set_bools(netdev, was, now);
	if (!ret)
		ret = vfb_net_set_link(netdev, was, now);
	return ret;
}

static bool vfb_net_same(const struct ifla_vf_info *a, const struct ifla_vf_info *b)
{
	return !memcmp(a->mac, b->mac, sizeof(a->mac)) && a->vlan == b->vlan && a->qos == b->qos &&
	       a->vlan_proto == b->vlan_proto && a->min_tx_rate == b->min_tx_rate &&
	       a->max_tx_rate == b->max_tx_rate && a->spoofchk == b->spoofchk &&
	       a->trusted == b->trusted && a->rss_query_en == b->rss_query_en &&
	       a->linkstate == b->linkstate;
}

/* The driver says yes to much: what counts is what it shows then. */
static int vfb_net_try(struct net_device *netdev, struct ifla_vf_info *was)
{
	struct ifla_vf_info now;
	int ret = vfb_net_get(netdev, was->vf, &now);

	if (!ret)
		ret = vfb_net_set(netdev, was, &now);
	if (!ret)
		ret = vfb_net_get(netdev, was->vf, &now);
	if (!ret && !vfb_net_same(was, &now))
		ret = -EIO;
	return ret;
}

/*
 * Some drivers report a MAC of all zeroes, but take none: it stands for one that was never
 * set, so another that is no device's does as well.
 */
static void vfb_net_replace_mac(struct net_device *netdev, struct ifla_vf_info *was)
{
	struct ifla_vf_info now;

	if (!is_zero_ether_addr(was->mac) || vfb_net_get(netdev, was->vf, &now) ||
	    is_zero_ether_addr(now.mac))
		return;
	eth_random_addr(was->mac);
}

/* The PF's driver may be busy with the VF's reset, which is just over, for a second. */
#define VFB_NET_TRIES	  12
#define VFB_NET_FEW_TRIES 2
#define VFB_NET_PAUSE_MS  100

/**
 * vfb_net_put_back - set a VF's attributes to what they were
 * @vf: the VF
 * @was: what they were; another MAC may be put in place of one that was never set
 * @patient: the PF's driver may be busy with it
 *
 * Context: may sleep, a second and more; takes rtnl.
 * Return: 0, or the negative errno of the PF's driver; -EIO: it did otherwise than it
 * said.
 */
int vfb_net_put_back(struct vfb_vf *vf, struct ifla_vf_info *was, bool patient)
{
	unsigned int tries, limit = patient ? VFB_NET_TRIES : VFB_NET_FEW_TRIES;
	struct net_device *netdev;
	int ret = 0;

	for (tries = 0; tries < limit; tries++) {
		netdev = vfb_net_lock(vf->pf);
		if (!netdev)
			return -ENODEV;
		ret = vfb_net_try(netdev, was);
		if (ret && tries == (limit - 1) / 2)
			vfb_net_replace_mac(netdev, was);
		vfb_net_unlock(netdev);
		if (!ret || READ_ONCE(vf->gone))
			break;
		msleep(VFB_NET_PAUSE_MS);
	}
	return ret;
}

static void vfb_net_forget_now(struct vfb_vf *vf)
{
	guard(mutex)(&vfb_lock);
	vfb_net_forget(vf);
}

/**
 * vfb_net_wanted - is anything to be put back of a VF's attributes
 * @vf: the VF
 * @was: filled, if so: what the pool has of the VF, or what its lease found, if that was to
 *	be changed
 *
 * Context: takes vfb_lock.
 * Return: true if so: what the VF has now is its user's.
 */
bool vfb_net_wanted(struct vfb_vf *vf, struct ifla_vf_info *was)
{
	const struct vfb_net *net;

	mutex_lock(&vfb_lock);
	net = vf->net_pool ?: vf->net_asked ? vf->net : NULL;
	if (net)
		*was = net->was;
	mutex_unlock(&vfb_lock);
	return net;
}

/**
 * vfb_net_is_wanted - is anything to be put back of a group's network attributes
 * @group: the group, on the return path
 *
 * Context: takes vfb_lock.
 * Return: true if so.
 */
bool vfb_net_is_wanted(struct vfb_group *group)
{
	struct ifla_vf_info was;
	bool wanted = false;
	struct vfb_vf *vf;

	for (vf = vfb_group_next(group, NULL); vf; vf = vfb_group_next(group, vf))
		wanted |= vfb_net_wanted(vf, &was);
	return wanted;
}

/**
 * vfb_net_restore - put a VF's network attributes back, if a client was to change them
 * @vf: the VF, on the return path; no client holds it
 *
 * Context: may sleep; takes rtnl, so nothing may be held that its holders wait for.
 * Return: SRIOV_BROKER_FAULT_NONE or SRIOV_BROKER_FAULT_NET.
 */
enum sriov_broker_fault vfb_net_restore(struct vfb_vf *vf)
{
	struct ifla_vf_info was;
	int ret;

	if (READ_ONCE(vf->gone))
		return SRIOV_BROKER_FAULT_NONE;
	if (!vfb_net_wanted(vf, &was)) {
		vfb_net_forget_now(vf);
		return SRIOV_BROKER_FAULT_NONE;
	}
	ret = vfb_net_put_back(vf, &was, true);
	if (ret && !READ_ONCE(vf->gone)) {
		pci_warn(vf->pdev, "network attributes not put back: %pe\n", ERR_PTR(ret));
		return SRIOV_BROKER_FAULT_NET;
	}
	vfb_net_forget_now(vf);
	return SRIOV_BROKER_FAULT_NONE;
}

/**
 * vfb_net_forget - nothing is to be put back
 * @vf: the VF, which is not being restored
 *
 * Context: vfb_lock held.
 */
void vfb_net_forget(struct vfb_vf *vf)
{
	lockdep_assert_held(&vfb_lock);
	kfree(vf->net);
	vf->net = NULL;
	vf->net_asked = false;
}

/**
 * vfb_net_note - note what a VF has, to be put back on each return
 * @netdev: its PF's, from vfb_net_lock()
 * @vf: the VF, which no other program can have
 *
 * Context: may sleep.
 * Return: the note, for kfree(); or NULL: nothing will be put back, as the log says.
 */
struct vfb_net *vfb_net_note(struct net_device *netdev, struct vfb_vf *vf)
{
	struct vfb_net *net = kzalloc(sizeof(*net), GFP_KERNEL);

	if (net && !vfb_net_get(netdev, vf->index, &net->was))
		return net;
	pci_warn(vf->pdev, "its attributes can't be read: nothing will be put back\n");
	kfree(net);
	return NULL;
}

/* What one has that is out is its user's, not the pool's. */
static void vfb_net_remember_one(struct net_device *netdev, struct vfb_vf *vf)
{
	struct vfb_net *net = vfb_net_note(netdev, vf);
	bool missed = false;

	mutex_lock(&vfb_lock);
	if (vfb_vf_is_guarded(vf) && vf->state == SRIOV_BROKER_VF_FREE)
		swap(vf->net_pool, net);
	else
		missed = vfb_vf_is_guarded(vf) && !vf->net_pool;
	mutex_unlock(&vfb_lock);
	if (missed)
		pci_warn(vf->pdev, "in use: what it has now is its user's, and not put back\n");
	kfree(net);
}

/**
 * vfb_net_remember_pool - note what a PF's free guarded VFs are to get back on each return
 * @pf: the PF
 *
 * Of one that is not free nothing is noted: that may be its user's. So may what one has that this
 * operation has put into the pool: of that it was noted before (vfb_move_vfs()).
 *
 * Context: may sleep; pf->op held; takes rtnl.
 */
void vfb_net_remember_pool(struct vfb_pf *pf)
{
	struct net_device *netdev = vfb_net_lock(pf);
	struct vfb_vf *vf;
	unsigned int i;

	if (!netdev)
		return;
	for (i = 0; i < pf->slots; i++) {
		vf = vfb_pf_vf(pf, i);
		if (!vf)
			continue;
		if (!vf->net_noted)
			vfb_net_remember_one(netdev, vf);
		vfb_vf_put(vf);
	}
	vfb_net_unlock(netdev);
}

/**
 * vfb_net_forget_pool - and forget it
 * @pf: the PF
 *
 * Context: takes vfb_lock.
 */
void vfb_net_forget_pool(struct vfb_pf *pf)
{
	unsigned int i;

	mutex_lock(&vfb_lock);
	for (i = 0; i < pf->slots; i++) {
		if (!pf->vfs[i])
			continue;
		kfree(pf->vfs[i]->net_pool);
		pf->vfs[i]->net_pool = NULL;
	}
	mutex_unlock(&vfb_lock);
}

/**
 * vfb_net_is_held - may a client be about to change a VF's network attributes
 * @group: the VF's group
 *
 * Context: takes vfb_lock.
 * Return: true: then it must not be free yet.
 */
bool vfb_net_is_held(struct vfb_group *group)
{
	struct vfb_vf *vf;
	bool held = false;

	guard(mutex)(&vfb_lock);
	list_for_each_entry(vf, &group->vfs, group_node)
		held |= vf->net_holds;
	return held;
}

static u64 vfb_net_lease(struct vfb_vf *vf)
{
	lockdep_assert_held(&vfb_lock);
	return vf->group->lease ? vfb_lease_id(vf->group->lease) : 0;
}

/* The lease may have ended meanwhile; then only a client that holds the VF knows. */
static bool vfb_net_is_of(struct vfb_vf *vf, u64 lease)
{
	u64 now = vfb_net_lease(vf);

	return now ? now == lease : vf->net_holds;
}

/* Remember what the attributes are, unless that was done for the lease already. */
static int vfb_net_remember(struct vfb_vf *vf, u64 lease)
{
	struct net_device *netdev;
	int ret = -EOPNOTSUPP;
	struct vfb_net *net;

	if (READ_ONCE(vf->net))
		return 0;
	net = kzalloc(sizeof(*net), GFP_KERNEL);
	if (!net)
		return -ENOMEM;
	netdev = vfb_net_lock(vf->pf);
	if (netdev) {
		ret = vfb_net_get(netdev, vf->index, &net->was);
		mutex_lock(&vfb_lock);
		if (!ret && !vf->net && vfb_net_is_of(vf, lease))
			swap(vf->net, net);
		mutex_unlock(&vfb_lock);
		vfb_net_unlock(netdev);
	}
	kfree(net);
	return ret;
}

/* A look at a VF's attributes, for whose end its caller need not wait. */
struct vfb_net_ask {
	struct kref ref;
	struct work_struct work;
	struct completion done;
	struct vfb_vf *vf; /* counted */
	u64 lease;
	int ret;
};

static void vfb_net_ask_release(struct kref *ref)
{
	struct vfb_net_ask *ask = container_of(ref, struct vfb_net_ask, ref);

	vfb_vf_put(ask->vf);
	kfree(ask);
}

static void vfb_net_ask_work(struct work_struct *work)
{
	struct vfb_net_ask *ask = container_of(work, struct vfb_net_ask, work);

	ask->ret = vfb_net_remember(ask->vf, ask->lease);
	complete(&ask->done);
	kref_put(&ask->ref, vfb_net_ask_release);
}

/* One of its two references is the worker's. */
static struct vfb_net_ask *vfb_net_ask_new(struct vfb_vf *vf, u64 lease)
{
	struct vfb_net_ask *ask = kzalloc(sizeof(*ask), GFP_KERNEL);

	if (!ask)
		return NULL;
	kref_init(&ask->ref);
	kref_get(&ask->ref);
	INIT_WORK(&ask->work, vfb_net_ask_work);
	init_completion(&ask->done);
	kref_get(&vf->ref);
	ask->vf = vf;
	ask->lease = lease;
	return ask;
}

/**
 * vfb_net_look_work - look at the network attributes that a VF's lease finds
 * @work: the VF's
 *
 * Context: a worker; may sleep as long as another has rtnl.
 */
void vfb_net_look_work(struct work_struct *work)
{
	struct vfb_vf *vf = container_of(work, struct vfb_vf, look);
	u64 lease;

	mutex_lock(&vfb_lock);
	lease = vfb_net_lease(vf);
	mutex_unlock(&vfb_lock);
	if (lease)
		vfb_net_remember(vf, lease);
	vfb_vf_put(vf);
}

/**
 * vfb_net_begin - look at the network attributes that a lease finds
 * @group: the group that was leased
 *
 * In the background, for another program may have rtnl for long; and one after another,
 * or those that wait for it would be in the way of all other work on VFs. Many leases of
 * a VF meanwhile are looked at once: only the last one can have it still. Should a NET_HOLD
 * be faster, it looks itself.
 *
 * Context: may sleep; takes vfb_lock.
 */
void vfb_net_begin(struct vfb_group *group)
{
	struct vfb_vf *vf;

	for (vf = vfb_group_next(group, NULL); vf; vf = vfb_group_next(group, vf)) {
		if (vf->pf->pdev->class >> 16 != PCI_BASE_CLASS_NETWORK)
			continue;
		kref_get(&vf->ref);
		if (!queue_work(vfb_net_wq, &vf->look))
			vfb_vf_put(vf);
	}
}

/**
 * vfb_net_remember_killable - remember what a VF's network attributes are
 * @vf: the VF, which the caller keeps from coming back
 * @lease: number of the lease that finds them so; done before for that: nothing happens
 *
 * Context: may sleep as long as another has rtnl, but can be killed.
 * Return: 0; -EOPNOTSUPP: the PF has no interface that tells; -EINTR; or a negative errno
 * of the PF's driver.
 */
int vfb_net_remember_killable(struct vfb_vf *vf, u64 lease)
{
	struct vfb_net_ask *ask = vfb_net_ask_new(vf, lease);
	int ret = -EINTR;

	if (!ask)
		return -ENOMEM;
	queue_work(vfb_put_wq, &ask->work);
	if (!wait_for_completion_killable(&ask->done))
		ret = ask->ret;
	kref_put(&ask->ref, vfb_net_ask_release);
	return ret;
}

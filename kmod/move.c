// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moving VFs between drivers, many side by side. A move goes through phases;
 * each is done for all VFs before the next begins, and if one fails for one VF,
 * all go back to where they were.
 */
#define dev_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>

#include "compat.h"
#include "flow.h"

struct vfb_move {
	struct work_struct work;
	struct vfb_moves *all;
	struct vfb_vf *vf; /* counted */
	int err;
	/* Where it was. */
	enum sriov_broker_vf_state state;
	enum sriov_broker_fault fault;
	bool managed;
	bool guarded;
	struct vfb_use use; /* by the host, that stands in the way */
	char driver[SRIOV_BROKER_NAME_LEN];
	bool has_override;   /* its override is known, and may have been changed since */
	char *override;	     /* owned */
	struct vfb_net *net; /* owned; what each return is to put back, or NULL */
};

struct vfb_moves {
	struct vfb_pf *pf;	     /* the caller's; awake as long as we are */
	const struct vfb_driver *to; /* NULL: to no driver at all */
	unsigned int flags;	     /* VFB_MOVE_* */
	int (*phase)(struct vfb_move *m);
	unsigned int num;
	struct vfb_move move[] __counted_by(num);
};

static bool vfb_is_bound(struct vfb_vf *vf, const char *name)
{
	guard(mutex)(&vfb_lock);
	return !strcmp(vf->driver, name);
}

/* May this VF be moved? Notes in @why what is against it. */
static int vfb_may_move(struct vfb_vf *vf, const struct vfb_driver *to, struct vfb_why *why)
{
	lockdep_assert_held(&vfb_lock);
	/* A client that holds it may still set its attributes, which the next holder would find. */
	if (to && to->managed && vf->net_holds)
		return vfb_why_fail(why, -EBUSY, SRIOV_BROKER_WHY_IN_USE, &vf->addr);
	/*
	 * Not one of the lease's VFs, but the fence is down for its holder: it may leave
	 * the bus, but not enter the pool or get another driver.
	 */
	if (to && vf->state == SRIOV_BROKER_VF_HOST && vf->group->lease) {
		vfb_why_set_holder(why, vf->group->lease);
		return vfb_why_fail(why, -EBUSY, SRIOV_BROKER_WHY_GROUP, &vf->addr);
	}
	switch (vf->state) {
	case SRIOV_BROKER_VF_HOST:
	case SRIOV_BROKER_VF_FREE:
	case SRIOV_BROKER_VF_OPEN:
		return 0;
	case SRIOV_BROKER_VF_QUARANTINED:
		if (!to || !to->managed)
			return 0;
		fallthrough;
	default:
		return vfb_why_fail_vf(why, vf);
	}
}

/* The fence is the group's: no other operation, on another PF, may have a VF of it. */
static int vfb_check_movers(struct vfb_moves *all, struct vfb_why *why)
{
	struct vfb_vf *peer;
	unsigned int i;

	lockdep_assert_held(&vfb_lock);
	for (i = 0; i < all->num; i++)
		list_for_each_entry(peer, &all->move[i].vf->group->vfs, group_node)
			if (peer->moving && peer->pf != all->pf)
				return vfb_why_fail(why, -EBUSY, SRIOV_BROKER_WHY_PF_BUSY,
						    &peer->pf->addr);
	return 0;
}

/*
 * With the fence down, every other VF of the group that is in the pool has to be one that
 * does without, and with it up one that does with.
 */
static int vfb_check_peers(struct vfb_moves *all, struct vfb_why *why)
{
	bool pooled = all->to->managed, guarded = vfb_guards(all->to->name);
	struct vfb_vf *peer;
	unsigned int i;

	lockdep_assert_held(&vfb_lock);
	for (i = 0; i < all->num; i++)
		list_for_each_entry(peer, &all->move[i].vf->group->vfs, group_node)
			if (peer->state != SRIOV_BROKER_VF_HOST &&
			    (!pooled || vfb_vf_is_guarded(peer) != guarded)) {
				vfb_why_fail_vf(why, peer);
				why->reason = SRIOV_BROKER_WHY_GROUP;
				return -EBUSY;
			}
	return 0;
}

static void vfb_take_one(struct vfb_moves *all, struct vfb_vf *vf)
{
	struct vfb_move *m = &all->move[all->num++];

	lockdep_assert_held(&vfb_lock);
	kref_get(&vf->ref);
	m->all = all;
	m->vf = vf;
	m->state = vf->state;
	m->fault = vf->fault;
	m->managed = vf->managed;
	/* In quarantine it has a fence as any other. */
	m->guarded = vfb_vf_is_guarded(vf) && vf->state != SRIOV_BROKER_VF_QUARANTINED;
	strscpy(m->driver, vf->driver, sizeof(m->driver));
	vf->moving = true;
	vfb_vf_state(vf, SRIOV_BROKER_VF_HOST, SRIOV_BROKER_FAULT_NONE);
}

static void vfb_untake_all(struct vfb_moves *all)
{
	unsigned int i;

	lockdep_assert_held(&vfb_lock);
	for (i = 0; i < all->num; i++) {
		struct vfb_move *m = &all->move[i];

		m->vf->moving = false;
		if (m->vf->gone)
			vfb_group_account(m->vf->group);
		else
			vfb_vf_state(m->vf, m->state, m->fault);
	}
}

static void vfb_moves_free(struct vfb_moves *all)
{
	unsigned int i;

	for (i = 0; i < all->num; i++) {
		kfree(all->move[i].override);
		kfree(all->move[i].net);
		vfb_vf_put(all->move[i].vf);
	}
	pm_runtime_put(&all->pf->pdev->dev);
	kvfree(all);
}

/* The state of VFs of this PF that are on a driver that leaves DMA to its user. */
static enum sriov_broker_vf_state vfb_pooled(struct vfb_pf *pf)
{
	return pf->open ? SRIOV_BROKER_VF_OPEN : SRIOV_BROKER_VF_FREE;
}

/* Is there nothing to do for this VF? */
static bool vfb_is_there(struct vfb_vf *vf, const struct vfb_driver *to, unsigned int flags)
{
	lockdep_assert_held(&vfb_lock);
	if (vf->state == SRIOV_BROKER_VF_HOST)
		return (flags & VFB_MOVE_OURS) || (to && !to->drv && vf->driver[0] && !vf->managed);
	if (!to || !to->managed || vf->state == SRIOV_BROKER_VF_QUARANTINED)
		return false;
	if (vf->state == SRIOV_BROKER_VF_FREE || vf->state == SRIOV_BROKER_VF_OPEN)
		return vf->state == vfb_pooled(vf->pf) && !strcmp(vf->driver, to->name);
	/* A holder has it, or has had it: that is where it will be when it is back. */
	return !vf->pf->open && !strcmp(vf->target, to->name);
}

/*
 * Takes the VFs from @first on out of all others' reach: LEASE does not see
 * them any more, and the notifier lets them be. VFs that are on @to already and
 * in the pool stay as they are.
 */
static int vfb_take(struct vfb_moves *all, struct vfb_pf *pf, unsigned int first,
		    unsigned int count, unsigned int flags, struct vfb_why *why)
{
	const struct vfb_driver *to = all->to;
	unsigned int i;
	int ret = 0;

	guard(mutex)(&vfb_lock);
	for (i = first; i < first + count && !ret; i++) {
		struct vfb_vf *vf = pf->vfs[i];

		if (!vf)
			continue;
		if (vfb_is_there(vf, to, flags))
			continue;
		ret = vfb_may_move(vf, to, why);
		if (!ret)
			vfb_take_one(all, vf);
	}
	if (!ret)
		ret = vfb_check_movers(all, why);
	/* VFs that leave the bus leave the fence to those that stay. */
	if (!ret && to)
		ret = vfb_check_peers(all, why);
	if (ret)
		vfb_untake_all(all);
	return ret;
}

static struct vfb_moves *vfb_moves_new(struct vfb_pf *pf, unsigned int first, unsigned int count,
				       const struct vfb_driver *to, unsigned int flags,
				       struct vfb_why *why)
{
	struct vfb_moves *all = kvzalloc(struct_size(all, move, count), GFP_KERNEL);
	struct vfb_vf *vf;
	unsigned int i;
	int ret;

	if (!all)
		return ERR_PTR(-ENOMEM);
	all->to = to;
	all->pf = pf;
	all->flags = flags;
	/* VFs of a PF that sleeps are dead. */
	pm_runtime_get_sync(&pf->pdev->dev);
	/* Before they are taken: it shows which of them share a fence. */
	for (i = first; i < first + count; i++) {
		vf = vfb_pf_vf(pf, i);
		if (!vf)
			continue;
		vfb_group_learn(vf);
		vfb_vf_put(vf);
	}
	ret = vfb_take(all, pf, first, count, flags, why);
	if (ret) {
		vfb_moves_free(all);
		return ERR_PTR(ret);
	}
	return all;
}

static void vfb_move_work(struct work_struct *work)
{
	struct vfb_move *m = container_of(work, struct vfb_move, work);

	m->err = m->all->phase(m);
}

/* Runs one phase for all, side by side. Returns the first that failed, or NULL. */
static struct vfb_move *vfb_phase(struct vfb_moves *all, int (*phase)(struct vfb_move *m))
{
	struct vfb_move *failed = NULL;
	unsigned int i;

	all->phase = phase;
	for (i = 0; i < all->num; i++) {
		INIT_WORK(&all->move[i].work, vfb_move_work);
		queue_work(vfb_step_wq, &all->move[i].work);
	}
	for (i = 0; i < all->num; i++) {
		flush_work(&all->move[i].work);
		if (all->move[i].err && !failed)
			failed = &all->move[i];
	}
	return failed;
}

/* How long to try for a VF's lock. */
#define VFB_CLOSE_TRIES	   200
#define VFB_CLOSE_PAUSE_MS 25

/* No user of vfio may have the VF, nor get it from here on. */
static int vfb_close_managed(struct vfb_vf *vf)
{
	int ret = vfb_group_fence(vf->group);
	unsigned int i;

	/* The fence does not tell of a node that is merely open; vfio would wait for it. */
	if (!ret && vfb_vfio_node_is_open(vf->pdev))
		ret = -EBUSY;
	if (ret)
		return ret;
	/*
	 * An unbinding by hand waits for the VF's user with its lock held, and a taker of the
	 * lock waits as well. Nothing else tells of it: vfio's node is gone by then, and without
	 * an IOMMU there is no fence.
	 */
	for (i = 0; i < VFB_CLOSE_TRIES; i++) {
		if (device_trylock(&vf->pdev->dev)) {
			device_unlock(&vf->pdev->dev);
			return 0;
		}
		msleep(VFB_CLOSE_PAUSE_MS);
	}
	return -EBUSY;
}

/* No user may have it open when its driver goes, nor open it from here on. */
static int vfb_phase_close(struct vfb_move *m)
{
	int ret = m->managed ? vfb_close_managed(m->vf) : 0;
	char *override;

	/* Nor may the host use it, unless that is what is wanted. */
	if (!m->managed && m->driver[0] && !(m->all->flags & (VFB_MOVE_USED | VFB_MOVE_FRESH)))
		vfb_host_use(m->vf, &m->use);
	if (m->use.reason)
		ret = -EBUSY;
	if (ret)
		return ret;
	/* Only now: this may take the lock that an unbinding holds while it waits for a user. */
	override = vfb_override_get(m->vf->pdev);
	if (IS_ERR(override))
		return PTR_ERR(override);
	m->override = override;
	m->has_override = true;
	return 0;
}

static int vfb_phase_release(struct vfb_move *m)
{
	const struct vfb_driver *to = m->all->to;
	int ret;

	if (to && to->drv && vfb_is_bound(m->vf, to->name))
		return 0;
	ret = vfb_override_set(m->vf->pdev, VFB_OVERRIDE_NONE);
	if (!ret)
		vfb_release(m->vf);
	return ret;
}

static int vfb_phase_fence(struct vfb_move *m)
{
	const struct vfb_driver *to = m->all->to;

	/* No fence that is up for nothing: the VF's user would have all memory. */
	if (to && vfb_driver_wants_iommu(to) && !m->vf->group->iommu)
		return -EOPNOTSUPP;
	return vfb_group_fence(m->vf->group);
}

static int vfb_phase_unfence(struct vfb_move *m)
{
	vfb_group_unfence(m->vf->group);
	return 0;
}

/* Open, but a VF of another PF in the group may be in the pool. */
static int vfb_phase_open(struct vfb_move *m)
{
	vfb_group_unfence_if_unpooled(m->vf->group);
	return 0;
}

static int vfb_phase_attach(struct vfb_move *m)
{
	const struct vfb_driver *to = m->all->to;

	/* Before vfio-pci can suspend it, and not in the way of the host's driver. */
	if (to->managed)
		vfb_vf_pm_get(m->vf);
	else
		vfb_vf_pm_put(m->vf);
	if (to->drv && vfb_is_bound(m->vf, to->name))
		return vfb_override_set(m->vf->pdev, to->managed ? to->name : "");
	return vfb_attach(m->vf, to);
}

static int vfb_phase_reset(struct vfb_move *m)
{
	enum sriov_broker_fault fault;
	int ret = vfb_reset(m->vf, &fault);

	return ret == -EAGAIN ? -EBUSY : fault ? -EIO : 0;
}

/* Back to the driver it had. What fails here is left with no driver. */
static int vfb_phase_back(struct vfb_move *m)
{
	struct vfb_driver from;
	int ret;

	if (!vfb_is_bound(m->vf, m->driver))
		vfb_release(m->vf);
	if (m->state == SRIOV_BROKER_VF_HOST)
		vfb_vf_pm_put(m->vf);
	else
		vfb_vf_pm_get(m->vf);
	if (m->state == SRIOV_BROKER_VF_HOST || m->state == SRIOV_BROKER_VF_OPEN || m->guarded)
		vfb_group_unfence_if_unpooled(m->vf->group);

	/* Unbound by hand, a moment before we took it. */
	if (m->state == SRIOV_BROKER_VF_FREE && !m->driver[0])
		return -ENODEV;
	if (m->driver[0] && !vfb_is_bound(m->vf, m->driver)) {
		ret = vfb_driver_get(&from, m->driver, false);
		if (!ret)
			ret = vfb_attach(m->vf, &from);
		vfb_driver_put(&from);
		if (ret)
			return ret;
	}
	/* The host's, on vfio by hand: a reset has narrowed it, or to be bound again. */
	if (m->state == SRIOV_BROKER_VF_HOST)
		vfb_vf_try_widen(m->vf);
	return m->has_override ? vfb_override_set(m->vf->pdev, m->override ?: "") : 0;
}

/*
 * Last, when no other VF of the move takes the fence of their group down any more.
 * One in quarantine may be there because a user has it open.
 */
static int vfb_phase_refence(struct vfb_move *m)
{
	int ret = m->err;

	if (m->guarded)
		return ret;
	if (!ret && m->state == SRIOV_BROKER_VF_FREE)
		ret = vfb_group_fence(m->vf->group);
	else if (!ret && m->state == SRIOV_BROKER_VF_QUARANTINED)
		vfb_group_fence(m->vf->group);
	return ret;
}

/* VFs that lost their way are the host's: nothing of ours is left on them. */
static void vfb_release_failed(struct vfb_moves *all)
{
	unsigned int i;

	for (i = 0; i < all->num; i++) {
		struct vfb_vf *vf = all->move[i].vf;

		if (!all->move[i].err || READ_ONCE(vf->gone))
			continue;
		vfb_override_set(vf->pdev, "");
		vfb_vf_pm_put(vf);
		vfb_group_unfence_if_unused(vf->group);
	}
}

/*
 * The VFs are in their states again: a waiter for them has been passed over
 * meanwhile. Frees @all.
 */
static void vfb_move_end(struct vfb_moves *all)
{
	vfb_release_failed(all);
	vfb_return_wake(); /* an open of a guarded one waits for this */
	vfb_pool_kick();
	vfb_pf_update_protection(all->pf);
	vfb_moves_free(all);
}

/* Frees @all. */
static void vfb_move_back(struct vfb_moves *all)
{
	unsigned int i;

	vfb_phase(all, vfb_phase_back);
	vfb_phase(all, vfb_phase_refence);
	for (i = 0; i < all->num; i++) {
		struct vfb_move *m = &all->move[i];

		if (!m->err || m->vf->gone)
			continue;
		pci_warn(m->vf->pdev, "can't go back to driver '%s': %pe\n", m->driver,
			 ERR_PTR(m->err));
		m->state = SRIOV_BROKER_VF_HOST;
	}
	scoped_guard(mutex, &vfb_lock)
		vfb_untake_all(all);
	vfb_move_end(all);
}

static int vfb_move_fail(struct vfb_why *why, struct vfb_move *m, u32 reason,
			 const struct vfb_driver *driver)
{
	m->err = vfb_errno_of(m->err);
	why->error = -m->err;
	strscpy(why->driver, driver ? driver->name : m->driver, sizeof(why->driver));
	return vfb_why_fail(why, m->err, reason, &m->vf->addr);
}

static int vfb_close_fail(struct vfb_why *why, struct vfb_move *m)
{
	u32 reason = m->err == -EBUSY ? SRIOV_BROKER_WHY_IN_USE : SRIOV_BROKER_WHY_NONE;

	if (m->use.reason) {
		reason = m->use.reason;
		strscpy(why->label, m->use.name, sizeof(why->label));
	}
	return vfb_move_fail(why, m, reason, NULL);
}

static int vfb_fence_fail(struct vfb_why *why, struct vfb_move *m)
{
	u32 reason = m->err == -EBUSY ? SRIOV_BROKER_WHY_GROUP : SRIOV_BROKER_WHY_NONE;

	if (m->err == -EOPNOTSUPP)
		return vfb_move_fail(why, m, SRIOV_BROKER_WHY_NO_IOMMU, m->all->to);
	return vfb_move_fail(why, m, reason, NULL);
}

/* Another one has the VF's lock; or the device is at fault. */
static int vfb_reset_fail(struct vfb_why *why, struct vfb_move *m)
{
	u32 reason = m->err == -EBUSY ? SRIOV_BROKER_WHY_IN_USE : SRIOV_BROKER_WHY_RESET;

	return vfb_move_fail(why, m, reason, NULL);
}

static int vfb_move_phases(struct vfb_moves *all, struct vfb_pf *pf, unsigned int flags,
			   struct vfb_why *why)
{
	const struct vfb_driver *to = all->to;
	struct vfb_move *m;

	m = vfb_phase(all, vfb_phase_close);
	if (m)
		return vfb_close_fail(why, m);
	m = vfb_phase(all, vfb_phase_release);
	if (m)
		return vfb_move_fail(why, m, SRIOV_BROKER_WHY_NONE, NULL);
	m = vfb_phase(all, to->managed ? vfb_phase_fence : vfb_phase_unfence);
	if (m)
		return vfb_fence_fail(why, m);
	m = vfb_phase(all, vfb_phase_attach);
	if (m)
		return vfb_move_fail(why, m, SRIOV_BROKER_WHY_PROBE, to);
	m = to->managed && !(flags & VFB_MOVE_FRESH) ? vfb_phase(all, vfb_phase_reset) : NULL;
	if (m)
		return vfb_reset_fail(why, m);
	if ((pf->open && to->managed) || vfb_guards(to->name))
		vfb_phase(all, vfb_phase_open);
	return 0;
}

/* What each return is to put back: noted before a holder can have the VFs, and change it. */
static void vfb_move_note(struct vfb_moves *all)
{
	struct net_device *netdev;
	unsigned int i;

	lockdep_assert_held(&all->pf->op);
	if (!all->pf->restore || !vfb_guards(all->to->name))
		return;
	netdev = vfb_net_lock(all->pf);
	if (!netdev)
		return;
	for (i = 0; i < all->num; i++)
		all->move[i].net = vfb_net_note(netdev, all->move[i].vf);
	vfb_net_unlock(netdev);
}

/* Frees @all. */
static void vfb_move_settle(struct vfb_moves *all)
{
	unsigned int i;

	vfb_move_note(all);
	mutex_lock(&vfb_lock);
	for (i = 0; i < all->num; i++) {
		struct vfb_move *m = &all->move[i];
		struct vfb_vf *vf = m->vf;

		vf->moving = false;
		if (vf->gone)
			continue;
		strscpy(vf->target, all->to->name, sizeof(vf->target));
		vfb_net_forget(vf); /* its attributes are the admin's from here on */
		swap(vf->net_pool, m->net);
		vf->net_noted = true;
		/* Unbound by hand since, when it was not in the pool yet. */
		if (all->to->managed && !vfb_vf_on_target_driver(vf))
			m->err = -ENODEV;
		else if (all->to->managed)
			vfb_vf_state(vf, vfb_pooled(vf->pf), SRIOV_BROKER_FAULT_NONE);
	}
	/* What was in quarantine for its last holder is so no more. */
	for (i = 0; i < all->num; i++)
		vfb_group_account(all->move[i].vf->group);
	mutex_unlock(&vfb_lock);
	vfb_move_end(all);
}

/**
 * vfb_move_vfs - move VFs of a PF to a driver
 * @pf: the PF
 * @first: index of the first VF
 * @count: how many; those that do not exist are passed over
 * @to: the driver
 * @flags: VFB_MOVE_FRESH: the VFs have just been born: no reset, and no way back;
 *	VFB_MOVE_OURS: let VFs be that are the host's; VFB_MOVE_USED: also VFs that the
 *	host uses
 * @why: says which VF failed, and how
 *
 * With a driver that leaves DMA to its user they end up in the pool. On failure
 * all are where they were, unless VFB_MOVE_FRESH.
 *
 * Context: may sleep; pf->op held.
 * Return: 0 or a negative errno.
 */
int vfb_move_vfs(struct vfb_pf *pf, unsigned int first, unsigned int count,
		 const struct vfb_driver *to, unsigned int flags, struct vfb_why *why)
{
	struct vfb_moves *all;
	int ret;

	lockdep_assert_held(&pf->op);
	all = vfb_moves_new(pf, first, count, to, flags, why);
	if (IS_ERR(all))
		return PTR_ERR(all);
	ret = vfb_move_phases(all, pf, flags, why);
	if (!ret) {
		vfb_move_settle(all);
	} else if (!(flags & VFB_MOVE_FRESH)) {
		vfb_move_back(all);
	} else {
		scoped_guard(mutex, &vfb_lock)
			vfb_untake_all(all);
		vfb_moves_free(all);
	}
	return ret;
}

/**
 * vfb_strip_vfs - take all VFs of a PF from their drivers and users' reach
 * @pf: the PF
 * @flags: VFB_MOVE_USED or 0
 * @why: says which VF stands in the way
 *
 * What comes before disabling VFs: no user has one open, none has a driver, and
 * none will get one that matters: the fence is up, unless a device of the same group
 * is the host's. On failure all are where they were.
 *
 * Context: may sleep; pf->op held.
 * Return: what to give to vfb_stripped_free(), or to vfb_unstrip_vfs(), or an
 * ERR_PTR.
 */
struct vfb_moves *vfb_strip_vfs(struct vfb_pf *pf, unsigned int flags, struct vfb_why *why)
{
	struct vfb_moves *all;
	struct vfb_move *m;
	int ret;

	lockdep_assert_held(&pf->op);
	all = vfb_moves_new(pf, 0, pf->slots, NULL, flags, why);
	if (IS_ERR(all))
		return all;

	m = vfb_phase(all, vfb_phase_close);
	if (m) {
		ret = vfb_close_fail(why, m);
		goto back;
	}
	m = vfb_phase(all, vfb_phase_release);
	if (m) {
		ret = vfb_move_fail(why, m, SRIOV_BROKER_WHY_NONE, NULL);
		goto back;
	}
	vfb_phase(all, vfb_phase_fence);
	return all;

back:
	vfb_move_back(all);
	return ERR_PTR(ret);
}

/**
 * vfb_unstrip_vfs - undo vfb_strip_vfs()
 * @all: what it returned; freed
 *
 * Context: may sleep; pf->op held.
 */
void vfb_unstrip_vfs(struct vfb_moves *all)
{
	vfb_move_back(all);
}

/**
 * vfb_stripped_free - end of what vfb_strip_vfs() began: the VFs are gone
 * @all: what it returned; freed
 *
 * Context: may sleep.
 */
void vfb_stripped_free(struct vfb_moves *all)
{
	unsigned int i;

	/* A group's last VF has taken the fence with it, but others may have VFs left. */
	for (i = 0; i < all->num; i++)
		vfb_group_unfence_if_unused(all->move[i].vf->group);
	vfb_moves_free(all);
}

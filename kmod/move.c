// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moving VFs between drivers, many side by side. A move goes through phases;
 * each is done for all VFs before the next begins, and if one fails for one VF,
 * all go back to where they were.
 */
#include <linux/pm_runtime.h>
#include <linux/slab.h>

#include "broker.h"
#include "compat.h"
#include "net.h"

struct sb_move {
	struct work_struct work;
	struct sb_moves *all;
	struct sb_vf *vf; /* counted */
	int err;
	/* Where it was. */
	enum sriov_broker_vf_state state;
	enum sriov_broker_fault fault;
	bool managed;
	char driver[SRIOV_BROKER_NAME_LEN];
	bool has_override; /* its override is known, and may have been changed since */
	char *override;	   /* owned */
};

struct sb_moves {
	struct sb_pf *pf;	    /* the caller's; awake as long as we are */
	const struct sb_driver *to; /* NULL: to no driver at all */
	int (*phase)(struct sb_move *m);
	unsigned int num;
	struct sb_move move[] __counted_by(num);
};

static bool sb_is_bound(struct sb_vf *vf, const char *name)
{
	bool ret;

	spin_lock(&sb_lock);
	ret = !strcmp(vf->driver, name);
	spin_unlock(&sb_lock);
	return ret;
}

/* May this VF be moved? Notes in @why what is against it. */
static int sb_may_move(struct sb_vf *vf, const struct sb_driver *to, struct sb_why *why)
{
	lockdep_assert_held(&sb_lock);
	/* Who holds it may still set its attributes, which the next holder would find. */
	if (to && to->managed && vf->net_holds)
		return sb_refuse(why, -EBUSY, SRIOV_BROKER_WHY_IN_USE, &vf->addr);
	/* Not one of the lease's VFs, but the fence is down for its holder. */
	if (vf->state == SRIOV_BROKER_VF_HOST && vf->group->lease) {
		sb_lease_blame(why, vf->group->lease);
		return sb_refuse(why, -EBUSY, SRIOV_BROKER_WHY_GROUP, &vf->addr);
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
		return sb_refuse_vf(why, vf);
	}
}

/* With the fence down, every other VF of the group has to be out of the pool. */
static int sb_check_peers(struct sb_moves *all, struct sb_why *why)
{
	struct sb_vf *peer;
	unsigned int i;

	lockdep_assert_held(&sb_lock);
	for (i = 0; i < all->num; i++)
		list_for_each_entry(peer, &all->move[i].vf->group->vfs, group_node)
			if (peer->state != SRIOV_BROKER_VF_HOST) {
				sb_refuse_vf(why, peer);
				why->reason = SRIOV_BROKER_WHY_GROUP;
				return -EBUSY;
			}
	return 0;
}

static void sb_take_one(struct sb_moves *all, struct sb_vf *vf)
{
	struct sb_move *m = &all->move[all->num++];

	lockdep_assert_held(&sb_lock);
	kref_get(&vf->ref);
	m->all = all;
	m->vf = vf;
	m->state = vf->state;
	m->fault = vf->fault;
	m->managed = vf->managed;
	strscpy(m->driver, vf->driver, sizeof(m->driver));
	vf->moving = true;
	sb_vf_state(vf, SRIOV_BROKER_VF_HOST, SRIOV_BROKER_FAULT_NONE);
}

static void sb_untake_all(struct sb_moves *all)
{
	unsigned int i;

	lockdep_assert_held(&sb_lock);
	for (i = 0; i < all->num; i++) {
		struct sb_move *m = &all->move[i];

		m->vf->moving = false;
		if (m->vf->gone)
			continue;
		sb_vf_state(m->vf, m->state, m->fault);
	}
}

static void sb_moves_free(struct sb_moves *all)
{
	unsigned int i;

	for (i = 0; i < all->num; i++) {
		kfree(all->move[i].override);
		sb_vf_put(all->move[i].vf);
	}
	pm_runtime_put(&all->pf->pdev->dev);
	kvfree(all);
}

/* The state of VFs of this PF that are on a driver that leaves DMA to its user. */
static enum sriov_broker_vf_state sb_pooled(struct sb_pf *pf)
{
	return pf->open ? SRIOV_BROKER_VF_OPEN : SRIOV_BROKER_VF_FREE;
}

/* Is there nothing to do for this VF? */
static bool sb_is_there(struct sb_vf *vf, const struct sb_driver *to, unsigned int flags)
{
	lockdep_assert_held(&sb_lock);
	if (vf->state == SRIOV_BROKER_VF_HOST)
		return (flags & SB_MOVE_OURS) || (to && !to->drv && vf->driver[0] && !vf->managed);
	if (!to || !to->managed || vf->state == SRIOV_BROKER_VF_QUARANTINED)
		return false;
	if (vf->state == SRIOV_BROKER_VF_FREE || vf->state == SRIOV_BROKER_VF_OPEN)
		return vf->state == sb_pooled(vf->pf) && !strcmp(vf->driver, to->name);
	/* Somebody has it, or has had it: that is where it will be when it is back. */
	return !vf->pf->open && !strcmp(vf->target, to->name);
}

/*
 * Takes the VFs from @first on out of everybody's reach: LEASE does not see
 * them any more, and the notifier lets them be. VFs that are on @to already and
 * in the pool stay as they are.
 */
static int sb_take(struct sb_moves *all, struct sb_pf *pf, unsigned int first, unsigned int count,
		   unsigned int flags, struct sb_why *why)
{
	const struct sb_driver *to = all->to;
	unsigned int i;
	int ret = 0;

	spin_lock(&sb_lock);
	for (i = first; i < first + count && !ret; i++) {
		struct sb_vf *vf = pf->vfs[i];

		if (!vf)
			continue;
		if (sb_is_there(vf, to, flags))
			continue;
		ret = sb_may_move(vf, to, why);
		if (!ret)
			sb_take_one(all, vf);
	}
	/* VFs that leave the bus leave the fence to those that stay. */
	if (!ret && to && !to->managed)
		ret = sb_check_peers(all, why);
	if (ret)
		sb_untake_all(all);
	spin_unlock(&sb_lock);
	return ret;
}

static struct sb_moves *sb_moves_new(struct sb_pf *pf, unsigned int first, unsigned int count,
				     const struct sb_driver *to, unsigned int flags,
				     struct sb_why *why)
{
	struct sb_moves *all = kvzalloc(struct_size(all, move, count), GFP_KERNEL);
	int ret;

	if (!all)
		return ERR_PTR(-ENOMEM);
	all->to = to;
	all->pf = pf;
	/* VFs of a PF that sleeps are dead. */
	pm_runtime_get_sync(&pf->pdev->dev);
	ret = sb_take(all, pf, first, count, flags, why);
	if (ret) {
		sb_moves_free(all);
		return ERR_PTR(ret);
	}
	return all;
}

static void sb_move_work(struct work_struct *work)
{
	struct sb_move *m = container_of(work, struct sb_move, work);

	m->err = m->all->phase(m);
}

/* Runs one phase for all, side by side. Returns the first that failed, or NULL. */
static struct sb_move *sb_phase(struct sb_moves *all, int (*phase)(struct sb_move *m))
{
	struct sb_move *failed = NULL;
	unsigned int i;

	all->phase = phase;
	for (i = 0; i < all->num; i++) {
		INIT_WORK(&all->move[i].work, sb_move_work);
		queue_work(sb_wq, &all->move[i].work);
	}
	for (i = 0; i < all->num; i++) {
		flush_work(&all->move[i].work);
		if (all->move[i].err && !failed)
			failed = &all->move[i];
	}
	return failed;
}

/* Nobody may have it open when its driver goes, nor open it from here on. */
static int sb_phase_close(struct sb_move *m)
{
	int ret = m->managed ? sb_group_fence(m->vf->group) : 0;
	char *override;

	/* The fence does not tell of a node that is merely open; vfio would wait for it. */
	if (!ret && m->managed && sb_vfio_node_is_open(m->vf->pdev))
		ret = -EBUSY;
	if (ret)
		return ret;
	/* Only now: this may take the lock that an unbinding holds while it waits for a user. */
	override = sb_override_get(m->vf->pdev);
	if (IS_ERR(override))
		return PTR_ERR(override);
	m->override = override;
	m->has_override = true;
	return 0;
}

static int sb_phase_release(struct sb_move *m)
{
	const struct sb_driver *to = m->all->to;
	int ret;

	if (to && to->drv && sb_is_bound(m->vf, to->name))
		return 0;
	ret = sb_override_set(m->vf->pdev, SB_HOLD);
	if (!ret)
		sb_release(m->vf);
	return ret;
}

static int sb_phase_fence(struct sb_move *m)
{
	return sb_group_fence(m->vf->group);
}

static int sb_phase_unfence(struct sb_move *m)
{
	sb_group_unfence(m->vf->group);
	return 0;
}

/* Open, but a VF of another PF in the group may be in the pool. */
static int sb_phase_relax(struct sb_move *m)
{
	sb_group_relax(m->vf->group);
	return 0;
}

static int sb_phase_attach(struct sb_move *m)
{
	const struct sb_driver *to = m->all->to;

	/* Before vfio-pci can suspend it, and not in the way of the host's driver. */
	if (to->managed)
		sb_vf_wake(m->vf);
	else
		sb_vf_doze(m->vf);
	if (to->drv && sb_is_bound(m->vf, to->name))
		return sb_override_set(m->vf->pdev, to->managed ? to->name : "");
	return sb_attach(m->vf, to);
}

static int sb_phase_reset(struct sb_move *m)
{
	return sb_reset(m->vf) ? -EIO : 0;
}

/* Back to the driver it had. What fails here is left with no driver. */
static int sb_phase_back(struct sb_move *m)
{
	struct sb_driver from;
	int ret;

	if (!sb_is_bound(m->vf, m->driver))
		sb_release(m->vf);
	if (m->state == SRIOV_BROKER_VF_HOST)
		sb_vf_doze(m->vf);
	else
		sb_vf_wake(m->vf);
	if (m->state == SRIOV_BROKER_VF_HOST || m->state == SRIOV_BROKER_VF_OPEN)
		sb_group_relax(m->vf->group);

	/* Unbound by hand, a moment before we took it. */
	if (m->state == SRIOV_BROKER_VF_FREE && !m->driver[0])
		return -ENODEV;
	if (m->driver[0] && !sb_is_bound(m->vf, m->driver)) {
		ret = sb_driver_get(&from, m->driver, false);
		if (!ret)
			ret = sb_attach(m->vf, &from);
		sb_driver_put(&from);
		if (ret)
			return ret;
	}
	return m->has_override ? sb_override_set(m->vf->pdev, m->override ?: "") : 0;
}

/*
 * Last, when no other VF of the move takes the fence of their group down any more.
 * One in quarantine may be there because somebody has it open.
 */
static int sb_phase_refence(struct sb_move *m)
{
	int ret = m->err;

	if (!ret && m->state == SRIOV_BROKER_VF_FREE)
		ret = sb_group_fence(m->vf->group);
	else if (!ret && m->state == SRIOV_BROKER_VF_QUARANTINED)
		sb_group_fence(m->vf->group);
	return ret;
}

/* VFs that lost their way are the host's: nothing of ours is left on them. */
static void sb_strand(struct sb_moves *all)
{
	unsigned int i;

	for (i = 0; i < all->num; i++) {
		struct sb_vf *vf = all->move[i].vf;

		if (!all->move[i].err || READ_ONCE(vf->gone))
			continue;
		sb_override_set(vf->pdev, "");
		sb_vf_doze(vf);
		sb_group_abandon(vf->group);
	}
}

/*
 * The VFs are in their states again: who waited for them has been passed over
 * meanwhile. Frees @all.
 */
static void sb_move_end(struct sb_moves *all)
{
	sb_strand(all);
	sb_pool_kick();
	sb_pf_follow(all->pf);
	sb_moves_free(all);
}

/* Frees @all. */
static void sb_move_back(struct sb_moves *all)
{
	unsigned int i;

	sb_phase(all, sb_phase_back);
	sb_phase(all, sb_phase_refence);
	for (i = 0; i < all->num; i++) {
		struct sb_move *m = &all->move[i];

		if (!m->err || m->vf->gone)
			continue;
		pci_warn(m->vf->pdev, SB_NAME ": can't go back to driver '%s': %d\n", m->driver,
			 m->err);
		m->state = SRIOV_BROKER_VF_HOST;
	}
	spin_lock(&sb_lock);
	sb_untake_all(all);
	spin_unlock(&sb_lock);
	sb_move_end(all);
}

static int sb_move_refuse(struct sb_why *why, struct sb_move *m, u32 reason,
			  const struct sb_driver *driver)
{
	why->error = -m->err;
	strscpy(why->driver, driver ? driver->name : m->driver, sizeof(why->driver));
	return sb_refuse(why, m->err, reason, &m->vf->addr);
}

static int sb_close_refuse(struct sb_why *why, struct sb_move *m)
{
	u32 reason = m->err == -EBUSY ? SRIOV_BROKER_WHY_IN_USE : SRIOV_BROKER_WHY_NONE;

	return sb_move_refuse(why, m, reason, NULL);
}

static int sb_move_phases(struct sb_moves *all, struct sb_pf *pf, unsigned int flags,
			  struct sb_why *why)
{
	const struct sb_driver *to = all->to;
	struct sb_move *m;

	m = sb_phase(all, sb_phase_close);
	if (m)
		return sb_close_refuse(why, m);
	m = sb_phase(all, sb_phase_release);
	if (m)
		return sb_move_refuse(why, m, SRIOV_BROKER_WHY_NONE, NULL);
	m = sb_phase(all, to->managed ? sb_phase_fence : sb_phase_unfence);
	if (m)
		return sb_move_refuse(why, m, SRIOV_BROKER_WHY_GROUP, NULL);
	m = sb_phase(all, sb_phase_attach);
	if (m)
		return sb_move_refuse(why, m, SRIOV_BROKER_WHY_PROBE, to);
	m = to->managed && !(flags & SB_MOVE_FRESH) ? sb_phase(all, sb_phase_reset) : NULL;
	if (m)
		return sb_move_refuse(why, m, SRIOV_BROKER_WHY_RESET, NULL);
	if (pf->open && to->managed)
		sb_phase(all, sb_phase_relax);
	return 0;
}

/* Frees @all. */
static void sb_move_settle(struct sb_moves *all)
{
	unsigned int i;

	spin_lock(&sb_lock);
	for (i = 0; i < all->num; i++) {
		struct sb_move *m = &all->move[i];
		struct sb_vf *vf = m->vf;

		vf->moving = false;
		if (vf->gone)
			continue;
		strscpy(vf->target, all->to->name, sizeof(vf->target));
		sb_net_forget(vf); /* its attributes are the admin's from here on */
		/* Unbound by hand since, when it was not in the pool yet. */
		if (all->to->managed && !sb_vf_is_whole(vf))
			m->err = -ENODEV;
		else if (all->to->managed)
			sb_vf_state(vf, sb_pooled(vf->pf), SRIOV_BROKER_FAULT_NONE);
	}
	spin_unlock(&sb_lock);
	sb_move_end(all);
}

/**
 * sb_move_vfs - move VFs of a PF to a driver
 * @pf: the PF
 * @first: index of the first VF
 * @count: how many; those that do not exist are passed over
 * @to: the driver
 * @flags: SB_MOVE_FRESH: the VFs have just been born: no reset, and no way back;
 *	SB_MOVE_OURS: let VFs be that are the host's
 * @why: says which VF failed, and how
 *
 * With a driver that leaves DMA to its user they end up in the pool. On failure
 * all are where they were, unless SB_MOVE_FRESH.
 *
 * Context: may sleep; pf->op held.
 * Return: 0 or a negative errno.
 */
int sb_move_vfs(struct sb_pf *pf, unsigned int first, unsigned int count,
		const struct sb_driver *to, unsigned int flags, struct sb_why *why)
{
	struct sb_moves *all;
	int ret;

	lockdep_assert_held(&pf->op);
	all = sb_moves_new(pf, first, count, to, flags, why);
	if (IS_ERR(all))
		return PTR_ERR(all);
	ret = sb_move_phases(all, pf, flags, why);
	if (!ret) {
		sb_move_settle(all);
	} else if (!(flags & SB_MOVE_FRESH)) {
		sb_move_back(all);
	} else {
		spin_lock(&sb_lock);
		sb_untake_all(all);
		spin_unlock(&sb_lock);
		sb_moves_free(all);
	}
	return ret;
}

/**
 * sb_strip_vfs - take all VFs of a PF from their drivers and users' reach
 * @pf: the PF
 * @why: says which VF stands in the way
 *
 * What comes before disabling VFs: nobody has one open, none has a driver, and
 * none will get one that matters: the fence is up, unless a device of the same group
 * is the host's. On failure all are where they were.
 *
 * Context: may sleep; pf->op held.
 * Return: what to give to sb_stripped_free(), or to sb_unstrip_vfs(), or an
 * ERR_PTR.
 */
struct sb_moves *sb_strip_vfs(struct sb_pf *pf, struct sb_why *why)
{
	struct sb_moves *all;
	struct sb_move *m;
	int ret;

	lockdep_assert_held(&pf->op);
	all = sb_moves_new(pf, 0, pf->slots, NULL, 0, why);
	if (IS_ERR(all))
		return all;

	m = sb_phase(all, sb_phase_close);
	if (m) {
		ret = sb_close_refuse(why, m);
		goto back;
	}
	m = sb_phase(all, sb_phase_release);
	if (m) {
		ret = sb_move_refuse(why, m, SRIOV_BROKER_WHY_NONE, NULL);
		goto back;
	}
	sb_phase(all, sb_phase_fence);
	return all;

back:
	sb_move_back(all);
	return ERR_PTR(ret);
}

/**
 * sb_unstrip_vfs - undo sb_strip_vfs()
 * @all: what it returned; freed
 *
 * Context: may sleep; pf->op held.
 */
void sb_unstrip_vfs(struct sb_moves *all)
{
	sb_move_back(all);
}

/**
 * sb_stripped_free - end of what sb_strip_vfs() began: the VFs are gone
 * @all: what it returned; freed
 *
 * Context: may sleep.
 */
void sb_stripped_free(struct sb_moves *all)
{
	unsigned int i;

	/* A group's last VF has taken the fence with it, but others may have VFs left. */
	for (i = 0; i < all->num; i++)
		sb_group_abandon(all->move[i].vf->group);
	sb_moves_free(all);
}

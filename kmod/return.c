// SPDX-License-Identifier: GPL-2.0-only
/*
 * The return path: from the end of a lease back into the pool.
 *
 * Each group walks it by itself, in a worker, so that many come back in the time
 * of one: wait until vfio has let go (the fence can be put up), bind each VF to the
 * driver that it belongs on if its holder has changed that, reset it and look at the
 * outcome, put its network attributes back. Then it is free; if anything fails it goes
 * into quarantine.
 *
 * A VF of the group that is the host's was not leased, having come later: it is let be.
 */
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "compat.h"
#include "ioctl.h"
#include "net.h"
#include "stats.h"

/* How long to wait at most before looking again whether vfio has let go. */
#define SB_DRAIN_POLL_MS 50

static bool sb_stopping;

/* Woken whenever a group has come to the end of the path. */
static DECLARE_WAIT_QUEUE_HEAD(sb_return_wq);
static atomic_t sb_returning; /* groups on the return path */

static bool sb_is_returning(const struct sb_vf *vf)
{
	return READ_ONCE(vf->state) != SRIOV_BROKER_VF_HOST;
}

static void sb_group_state(struct sb_group *group, enum sriov_broker_vf_state state,
			   enum sriov_broker_fault fault)
{
	struct sb_vf *vf;

	lockdep_assert_held(&sb_lock);
	list_for_each_entry(vf, &group->vfs, group_node)
		if (sb_is_returning(vf))
			sb_vf_state(vf, state, fault);
}

/* A driver that does DMA for the host keeps the fence down: it is the holder's. */
static void sb_evict(struct sb_group *group)
{
	struct sb_vf *vf;
	bool evict;

	for (vf = sb_group_next(group, NULL); vf; vf = sb_group_next(group, vf)) {
		spin_lock(&sb_lock);
		evict = vf->driver[0] && !vf->managed && !vf->gone && sb_is_returning(vf);
		spin_unlock(&sb_lock);
		if (evict)
			sb_release(vf);
	}
}

/* The holder may have changed it alone, for a probe to come. */
static void sb_restore_override(struct sb_vf *vf, const char *target)
{
	char *now = sb_override_get(vf->pdev);

	if (IS_ERR(now))
		return;
	if (strcmp(now ?: "", target))
		sb_override_set(vf->pdev, target);
	kfree(now);
}

/* Back on the driver that the VF belongs on, whatever the holder did. */
static enum sriov_broker_fault sb_rebind(struct sb_vf *vf)
{
	char target[SRIOV_BROKER_NAME_LEN];
	struct sb_driver to;
	bool there, ours;
	int ret;

	spin_lock(&sb_lock);
	ours = !vf->gone && sb_is_returning(vf);
	there = sb_vf_is_whole(vf);
	strscpy(target, vf->target, sizeof(target));
	spin_unlock(&sb_lock);
	if (ours && there)
		sb_restore_override(vf, target);
	if (!ours || there)
		return SRIOV_BROKER_FAULT_NONE;

	sb_release(vf);
	ret = sb_driver_get(&to, target, false);
	if (!ret)
		ret = sb_attach(vf, &to);
	sb_driver_put(&to);
	return ret ? SRIOV_BROKER_FAULT_DRIVER : SRIOV_BROKER_FAULT_NONE;
}

static enum sriov_broker_fault sb_clean(struct sb_group *group)
{
	enum sriov_broker_fault fault = SRIOV_BROKER_FAULT_NONE;
	struct sb_vf *vf;

	for (vf = sb_group_next(group, NULL); vf; vf = sb_group_next(group, vf)) {
		if (!sb_is_returning(vf))
			continue;
		if (!fault)
			fault = sb_rebind(vf);
		if (!fault)
			fault = sb_reset(vf);
		/* Once more: an unbinding by hand may have had the lock that it waited for. */
		if (!fault)
			fault = sb_rebind(vf);
		if (!fault)
			fault = sb_net_restore(vf);
	}
	return fault;
}

/* All of a group is free, or none is. Returns what keeps it from that, after all. */
static enum sriov_broker_fault sb_return_settle(struct sb_group *group,
						enum sriov_broker_fault fault)
{
	struct sb_vf *vf;

	spin_lock(&sb_lock);
	list_for_each_entry(vf, &group->vfs, group_node)
		if (!fault && sb_is_returning(vf) && !sb_vf_is_whole(vf))
			fault = SRIOV_BROKER_FAULT_DRIVER;
	sb_group_state(group, fault ? SRIOV_BROKER_VF_QUARANTINED : SRIOV_BROKER_VF_FREE, fault);
	spin_unlock(&sb_lock);
	return fault;
}

static void sb_return_end(struct sb_group *group, enum sriov_broker_fault fault)
{
	u64 took = ktime_get_ns() - group->return_ns; /* from here on it may be leased again */
	struct sb_vf *vf;

	fault = sb_return_settle(group, fault);
	for (vf = sb_group_next(group, NULL); vf; vf = sb_group_next(group, vf)) {
		if (fault)
			pci_warn(vf->pdev, SB_NAME ": in quarantine, fault %d\n", fault);
		sb_took(SRIOV_BROKER_STAT_RETURN, vf->pdev, 0, fault, took);
		sb_pf_follow(vf->pf);
	}
	if (!fault)
		sb_pool_kick();
	atomic_dec(&sb_returning);
	wake_up_all(&sb_return_wq);
	sb_group_put(group);
}

static void sb_return_work(struct work_struct *work)
{
	struct sb_group *group = container_of(to_delayed_work(work), struct sb_group, ret);
	unsigned long now = jiffies, pause;
	int ret;

	sb_evict(group);
	ret = sb_group_fence(group);
	if (!ret && (sb_vfio_is_open(group) || sb_net_is_held(group)))
		ret = -EBUSY;
	if (ret == -EBUSY && !READ_ONCE(sb_stopping) && time_before(now, group->drain_until)) {
		/* A process that exits lets go at once, a guest may take its time. */
		pause = 1 + (now - group->drain_since) / 4;
		queue_delayed_work(sb_wq, &group->ret,
				   min(pause, msecs_to_jiffies(SB_DRAIN_POLL_MS)));
		return;
	}
	if (ret) {
		sb_return_end(group,
			      ret == -EBUSY ? SRIOV_BROKER_FAULT_OPEN : SRIOV_BROKER_FAULT_FENCE);
		return;
	}
	spin_lock(&sb_lock);
	sb_group_state(group, SRIOV_BROKER_VF_RESETTING, SRIOV_BROKER_FAULT_NONE);
	spin_unlock(&sb_lock);
	sb_return_end(group, sb_clean(group));
}

/**
 * sb_return_init - prepare a new group for the return path
 * @group: the group
 *
 * Context: any.
 */
void sb_return_init(struct sb_group *group)
{
	INIT_DELAYED_WORK(&group->ret, sb_return_work);
}

/**
 * sb_return_start - send a group through the return path
 * @group: the group; its VFs are LEASED or QUARANTINED
 *
 * Context: sb_lock held.
 */
void sb_return_start(struct sb_group *group)
{
	lockdep_assert_held(&sb_lock);
	group->lease = NULL;
	sb_group_state(group, SRIOV_BROKER_VF_DRAINING, SRIOV_BROKER_FAULT_NONE);
	group->return_ns = ktime_get_ns();
	group->drain_since = jiffies;
	group->drain_until = jiffies + sb_param_drain();
	kref_get(&group->ref);
	atomic_inc(&sb_returning);
	queue_delayed_work(sb_wq, &group->ret, 0);
}

/**
 * sb_return_flush - wait for all groups that are on the return path
 *
 * Those that vfio still has open are not waited for: they go into quarantine.
 *
 * Context: module exit, no lease is out; may sleep for the time of a reset, and
 * SB_DRAIN_POLL_MS.
 */
void sb_return_flush(void)
{
	/* Each looks again soon, sees this, and ends; also those of VFs that have left the bus. */
	WRITE_ONCE(sb_stopping, true);
	wait_event(sb_return_wq, !atomic_read(&sb_returning));
}

static bool sb_pf_is_out(struct sb_pf *pf)
{
	bool out;

	spin_lock(&sb_lock);
	out = pf->nr_out;
	spin_unlock(&sb_lock);
	return out;
}

/**
 * sb_return_wait - wait for all VFs of a PF to come back
 * @pf: the PF
 * @timeout_ms: how long at most
 *
 * Context: may sleep; waits for users, so no lock may be held.
 */
void sb_return_wait(struct sb_pf *pf, unsigned int timeout_ms)
{
	wait_event_timeout(sb_return_wq, !sb_pf_is_out(pf), msecs_to_jiffies(timeout_ms));
}

/* What could not be put back is left as it is: the admin says so. */
static void sb_forget_net(struct sb_group *group, enum sriov_broker_fault fault)
{
	struct sb_vf *vf;

	lockdep_assert_held(&sb_lock);
	if (fault != SRIOV_BROKER_FAULT_NET)
		return;
	list_for_each_entry(vf, &group->vfs, group_node)
		if (vf->net && vf->net->failed)
			sb_net_forget(vf);
}

/* ioctl(SRIOV_BROKER_CLEAR) */
int sb_ioctl_clear(struct file *file, union sb_arg *arg, struct sb_why *why)
{
	struct sriov_broker_clear *p = &arg->clear;
	struct sb_vf *vf;
	int ret = 0;

	if (p->flags || p->vf.reserved)
		return -EOPNOTSUPP;

	vf = sb_vf_find(&p->vf);
	if (!vf)
		return sb_vf_missing(&p->vf, why);
	spin_lock(&sb_lock);
	if (vf->gone) {
		ret = sb_refuse(why, -ENODEV, SRIOV_BROKER_WHY_NO_DEVICE, &p->vf);
	} else if (vf->moving || vf->state != SRIOV_BROKER_VF_QUARANTINED) {
		sb_refuse_vf(why, vf);
		ret = -EINVAL;
	} else {
		sb_forget_net(vf->group, vf->fault);
		sb_return_start(vf->group);
	}
	spin_unlock(&sb_lock);
	if (!ret)
		sb_group_follow(vf->group);
	sb_vf_put(vf);
	return ret;
}

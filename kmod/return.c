// SPDX-License-Identifier: GPL-2.0-only
/*
 * The return path: from the end of a lease back into the pool.
 *
 * Each group walks it by itself, in a worker, so that many come back in the time
 * of one: wait until vfio has let go (the fence can be put up), bind each VF to the
 * driver that it belongs on if its holder has changed that, reset it and look at the
 * outcome, put its network attributes back. Then it is free; if anything fails it goes
 * into quarantine. One that is there since its user did not let go comes back by itself
 * when that has happened.
 *
 * A VF of the group that is the host's was not leased, having come later: it is let be.
 */
#define dev_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/slab.h>

#include "compat.h"
#include "flow.h"

/* How long to wait at most before looking again whether vfio has let go. */
#define VFB_DRAIN_POLL_MS 50

/* And when it has not in time, and the VF is in quarantine for it. */
#define VFB_STRAY_POLL_MS 1000

/* How long to wait before trying again for a lock that was not to be had. */
#define VFB_RETRY_MS 1000

static bool vfb_stopping;

/* Woken whenever a group has come to the end of the path. */
static DECLARE_WAIT_QUEUE_HEAD(vfb_return_wq);

static const char *const vfb_fault_names[] = {
	[SRIOV_BROKER_FAULT_IN_USE] = "its user does not let go",
	[SRIOV_BROKER_FAULT_RESET] = "the reset failed",
	[SRIOV_BROKER_FAULT_CHECK] = "it does not look reset",
	[SRIOV_BROKER_FAULT_DRIVER] = "it is not on its driver",
	[SRIOV_BROKER_FAULT_FENCE] = "the IOMMU group can't be claimed",
	[SRIOV_BROKER_FAULT_NET] = "its network attributes can't be put back",
	[SRIOV_BROKER_FAULT_SILENT] = "it does not answer",
};

/* A driver that does DMA for the host keeps the fence down: it is the holder's. */
static void vfb_evict(struct vfb_group *group)
{
	struct vfb_vf *vf;
	bool evict;

	for (vf = vfb_group_next(group, NULL); vf; vf = vfb_group_next(group, vf)) {
		mutex_lock(&vfb_lock);
		evict = vf->driver[0] && !vf->managed && !vf->gone && vfb_is_returning(vf);
		mutex_unlock(&vfb_lock);
		if (evict)
			vfb_release(vf);
	}
}

/* Back on the driver that the VF belongs on, whatever the holder did. */
static enum sriov_broker_fault vfb_rebind(struct vfb_vf *vf)
{
	char target[SRIOV_BROKER_NAME_LEN], *now;
	struct vfb_driver to;
	bool there, ours;
	int ret;

	mutex_lock(&vfb_lock);
	ours = !vf->gone && vfb_is_returning(vf);
	there = vfb_vf_on_target_driver(vf);
	strscpy(target, vf->target, sizeof(target));
	mutex_unlock(&vfb_lock);
	if (ours && there) {
		/* The holder may have changed the override alone, for a probe to come. */
		now = vfb_override_get(vf->pdev);
		if (!IS_ERR(now) && strcmp(now ?: "", target))
			vfb_override_set(vf->pdev, target);
		if (!IS_ERR(now))
			kfree(now);
	}
	if (!ours || there)
		return SRIOV_BROKER_FAULT_NONE;

	vfb_release(vf);
	ret = vfb_driver_get(&to, target, false);
	if (!ret)
		ret = vfb_attach(vf, &to);
	vfb_driver_put(&to);
	return ret ? SRIOV_BROKER_FAULT_DRIVER : SRIOV_BROKER_FAULT_NONE;
}

/* Returns -EAGAIN where a VF's lock is not to be had; then it is to be called again. */
static int vfb_clean(struct vfb_group *group, enum sriov_broker_fault *fault)
{
	struct vfb_vf *vf;
	int ret = 0;

	*fault = SRIOV_BROKER_FAULT_NONE;
	for (vf = vfb_group_next(group, NULL); vf; vf = vfb_group_next(group, vf)) {
		if (!vfb_is_returning(vf) || *fault || ret)
			continue;
		*fault = vfb_rebind(vf);
		if (!*fault)
			ret = vfb_reset(vf, fault);
		/* Once more: an unbinding by hand may have had the lock that it waited for. */
		if (!ret && !*fault)
			*fault = vfb_rebind(vf);
	}
	return ret;
}

/* What follows is another return, with a reference of its own. */
static void vfb_return_over(struct vfb_group *group)
{
	lockdep_assert_held(&vfb_lock);
	group->returning = false;
	group->stray = SRIOV_BROKER_FAULT_NONE;
	/* CLEAR may have sent it on its way once more, while it was. */
	cancel_delayed_work(&group->ret);
}

/*
 * A VF that an operation had, and could not move, has joined the others since; or CLEAR has sent
 * the group on its way once more.
 */
static bool vfb_return_missed_one(struct vfb_group *group)
{
	struct vfb_vf *vf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(vf, &group->vfs, group_node)
		if (vfb_is_returning(vf) && vf->state != SRIOV_BROKER_VF_RESETTING)
			return true;
	return false;
}

/* Counted before the new state can be seen: a program that sees it free may ask for the count. */
static void vfb_return_state(struct vfb_group *group, enum sriov_broker_fault fault)
{
	u64 took = ktime_get_ns() - group->return_ns;
	struct vfb_vf *vf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(vf, &group->vfs, group_node)
		vfb_stats_record(SRIOV_BROKER_STAT_RETURN, vf->pdev, 0, fault, took);
	vfb_group_state(group, fault ? SRIOV_BROKER_VF_QUARANTINED : SRIOV_BROKER_VF_FREE, fault);
	group->stray = fault;
}

/*
 * All of a group is free, or none is. Returns the fault that keeps it from that, after all, or
 * -EAGAIN: it goes from the beginning.
 */
static int vfb_return_settle(struct vfb_group *group, int fault)
{
	struct vfb_vf *vf;

	guard(mutex)(&vfb_lock);
	if (!fault && vfb_return_missed_one(group)) {
		vfb_group_return(group);
		queue_delayed_work(vfb_wq, &group->ret, 0);
		return -EAGAIN;
	}
	list_for_each_entry(vf, &group->vfs, group_node)
		if (!fault && vfb_is_returning(vf) && !vfb_vf_on_target_driver(vf))
			fault = SRIOV_BROKER_FAULT_DRIVER;
	vfb_return_state(group, fault);
	if (!fault)
		vfb_return_over(group);
	/* Before another one comes: the waiters were here first. */
	vfb_pool_serve();
	return fault;
}

/* What follows from where it has ended, or in which quarantine it is looked at further. */
static void vfb_return_report(struct vfb_group *group, enum sriov_broker_fault fault)
{
	struct vfb_vf *vf;

	for (vf = vfb_group_next(group, NULL); vf; vf = vfb_group_next(group, vf)) {
		if (fault && vfb_is_returning(vf))
			pci_warn(vf->pdev, "quarantined: %s\n", vfb_fault_names[fault]);
		vfb_pf_update_protection(vf->pf);
	}
	wake_up_all(&vfb_return_wq);
}

static void vfb_return_put(struct vfb_group *group)
{
	atomic_dec(&vfb_groups_returning);
	wake_up_all(&vfb_return_wq);
	vfb_group_put(group);
}

/* It is on no way any more, unless CLEAR has just sent it on its way again. */
static void vfb_return_quit(struct vfb_group *group)
{
	bool over;

	mutex_lock(&vfb_lock);
	over = group->stray;
	if (over)
		vfb_return_over(group);
	mutex_unlock(&vfb_lock);
	if (over)
		vfb_return_put(group);
}

/*
 * A group in quarantine has a fence, guarded or not: no program's memory is to be within its
 * reach, and the next driver that is bound by hand must not open it to all. A guarded one
 * had none, and a program may have the group, and wait for a device of it: then once more.
 */
static void vfb_return_keep(struct vfb_group *group)
{
	if (vfb_group_refence(group) == -EBUSY && !READ_ONCE(vfb_stopping))
		queue_delayed_work(vfb_wq, &group->ret, msecs_to_jiffies(VFB_STRAY_POLL_MS));
	else
		vfb_return_quit(group);
}

static void vfb_return_end(struct vfb_group *group, int fault)
{
	fault = vfb_return_settle(group, fault);
	if (fault < 0)
		return;
	vfb_return_report(group, fault);
	if (fault)
		vfb_return_keep(group);
	else
		vfb_return_put(group);
}

/* Its user had time enough: from here on there is no hurry. */
static void vfb_return_stray(struct vfb_group *group)
{
	mutex_lock(&vfb_lock);
	vfb_return_state(group, SRIOV_BROKER_FAULT_IN_USE);
	mutex_unlock(&vfb_lock);
	vfb_return_report(group, SRIOV_BROKER_FAULT_IN_USE);
}

/* It is still open: look again. */
static void vfb_return_later(struct vfb_group *group, bool stray)
{
	unsigned long now = jiffies, pause = msecs_to_jiffies(VFB_STRAY_POLL_MS);

	if (READ_ONCE(vfb_stopping)) {
		vfb_return_end(group, SRIOV_BROKER_FAULT_IN_USE);
		return;
	}
	if (!stray && time_before(now, group->drain_until))
		/* A process that exits lets go at once, a guest may take its time. */
		pause = min(1 + (now - group->drain_since) / 4,
			    msecs_to_jiffies(VFB_DRAIN_POLL_MS));
	else if (!stray)
		vfb_return_stray(group);
	queue_delayed_work(vfb_wq, &group->ret, pause);
}

/* A lock was not to be had, which is no fault of the device's: from the beginning. */
static void vfb_return_again(struct vfb_group *group)
{
	if (READ_ONCE(vfb_stopping))
		vfb_return_end(group, SRIOV_BROKER_FAULT_RESET);
	else
		queue_delayed_work(vfb_wq, &group->ret, msecs_to_jiffies(VFB_RETRY_MS));
}

/* Has vfio let go? No process can open it again from here on. */
static int vfb_return_close(struct vfb_group *group, bool stray)
{
	int ret;

	mutex_lock(&vfb_lock);
	if (vfb_group_is_guarded(group)) {
		/*
		 * Its driver lets no process in before it is free, and tells when the last one has
		 * left. Whoever has the group alone may go on: it will have to ask again. To
		 * look at vfio's node would be to wait for an open that waits for us.
		 */
		ret = stray ? vfb_group_is_stray(group) : 0;
		if (!ret && vfb_group_is_opened(group))
			ret = -EBUSY;
		mutex_unlock(&vfb_lock);
		return ret;
	}
	mutex_unlock(&vfb_lock);
	if (!stray)
		vfb_evict(group);
	ret = stray ? vfb_group_refence(group) : vfb_group_fence(group);
	return !ret && vfb_vfio_is_open(group) ? -EBUSY : ret;
}

static int vfb_return_fence(struct vfb_group *group, bool stray)
{
	int ret = vfb_return_close(group, stray);

	if (!ret && vfb_net_is_held(group))
		ret = -EBUSY;
	if (ret)
		return ret;
	guard(mutex)(&vfb_lock);
	if (stray)
		ret = vfb_group_is_stray(group);
	if (ret)
		return ret;
	group->stray = SRIOV_BROKER_FAULT_NONE;
	vfb_group_state(group, SRIOV_BROKER_VF_RESETTING, SRIOV_BROKER_FAULT_NONE);
	return 0;
}

static void vfb_return_leave(struct vfb_group *group, enum sriov_broker_fault fault)
{
	/* A holder may have had another driver on a guarded one, which wanted the fence. */
	if (!fault)
		vfb_group_unfence_if_unused(group);
	vfb_return_end(group, fault);
}

/* The last step, which may wait long for rtnl: that is not to keep other work on VFs. */
static void vfb_return_restore(struct vfb_group *group)
{
	enum sriov_broker_fault fault = SRIOV_BROKER_FAULT_NONE;
	struct vfb_vf *vf;

	if (!group->clean && vfb_net_is_wanted(group)) {
		group->clean = true;
		mod_delayed_work(vfb_put_wq, &group->ret, 0);
		return;
	}
	group->clean = false;
	for (vf = vfb_group_next(group, NULL); vf; vf = vfb_group_next(group, vf))
		if (vfb_is_returning(vf) && !fault)
			fault = vfb_net_restore(vf);
	vfb_return_leave(group, fault);
}

/**
 * vfb_return_work - a step of a group on the return path
 * @work: the group's
 *
 * Context: a worker; may sleep for the time of a reset.
 */
void vfb_return_work(struct work_struct *work)
{
	struct vfb_group *group = container_of(to_delayed_work(work), struct vfb_group, ret);
	enum sriov_broker_fault stray = READ_ONCE(group->stray), fault = SRIOV_BROKER_FAULT_FENCE;
	int ret;

	if (stray && stray != SRIOV_BROKER_FAULT_IN_USE) {
		vfb_return_keep(group);
		return;
	}
	if (group->clean) {
		vfb_return_restore(group);
		return;
	}
	ret = vfb_return_fence(group, stray);
	if (ret == -EBUSY)
		vfb_return_later(group, stray);
	else if (ret == -ESTALE)
		vfb_return_quit(group);
	else if (!ret && vfb_clean(group, &fault))
		vfb_return_again(group);
	else if (fault)
		vfb_return_leave(group, fault);
	else
		vfb_return_restore(group);
}

/**
 * vfb_return_flush - wait for all groups that are on the return path
 *
 * Those that vfio still has open are not waited for: they go into quarantine.
 *
 * Context: module exit, no lease is out; may sleep for the time of a reset, and
 * VFB_STRAY_POLL_MS.
 */
void vfb_return_flush(void)
{
	/* Each looks again soon, sees this, and ends; also those of VFs that have left the bus. */
	WRITE_ONCE(vfb_stopping, true);
	wait_event(vfb_return_wq, !atomic_read(&vfb_groups_returning));
}

/**
 * vfb_return_wake - a VF has left the bus: its return need not be waited for
 *
 * Context: any.
 */
void vfb_return_wake(void)
{
	wake_up_all(&vfb_return_wq);
}

/**
 * vfb_return_wait_vf - wait for a VF that is on its way back, or that an operation has
 * @vf: the VF
 * @busy: is it so still; without vfb_lock
 * @timeout: how long at most, in jiffies
 *
 * Context: may sleep, but can be killed.
 * Return: what is left of the time, 0: nothing; or -ERESTARTSYS.
 */
long vfb_return_wait_vf(struct vfb_vf *vf, bool (*busy)(const struct vfb_vf *vf), long timeout)
{
	return wait_event_killable_timeout(vfb_return_wq, !busy(vf), timeout);
}

/**
 * vfb_return_wait - wait for all VFs of a PF to come back
 * @pf: the PF
 * @timeout_ms: how long at most
 *
 * Context: may sleep; waits for users, so no lock may be held.
 */
void vfb_return_wait(struct vfb_pf *pf, unsigned int timeout_ms)
{
	wait_event_timeout(vfb_return_wq, !READ_ONCE(pf->nr_out), msecs_to_jiffies(timeout_ms));
}

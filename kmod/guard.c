// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guarded VFs: those on sriov_broker_vfio. Opening one through vfio, by whatever program,
 * is an implicit lease: chosen, charged and shown as any other, but without a descriptor.
 * The last close ends it.
 *
 * Such a VF has no fence. What keeps it apart is the driver, which asks here before it
 * opens: no process has an open device of a VF that is not leased. A group that is merely
 * attached to a container has a device in it that is reset and can't do DMA.
 *
 * The driver asks with locks of vfio held, which others wait for that open or close the
 * group. So what is waited for here is the return path only, a bounded time, and not while
 * a device of the group is open: its close would wait for this.
 */
#define dev_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/export.h>
#include <linux/sched/signal.h>

#include "face.h"
#include "guard.h"

/* How long an open waits for a VF to come back. A reset takes a tenth of a second. */
#define VFB_OPEN_WAIT_MS 10000

/* Is or descends this task from a process? */
static bool vfb_descends_from(const struct pid *pid)
{
	struct task_struct *task;
	bool found = false;

	rcu_read_lock();
	for (task = current; task->pid && !found; task = rcu_dereference(task->real_parent))
		found = task_tgid(task) == pid;
	rcu_read_unlock();
	return found;
}

/*
 * May this task open what is leased by descriptor? Without vfb_lock: its table of
 * descriptors has a lock of its own.
 */
static bool vfb_guard_is_holder(u64 lease_id, struct pid *pid)
{
	return (pid && vfb_descends_from(pid)) || vfb_lease_has_file(lease_id);
}

/*
 * It comes back by itself, or an operation is about to be done with it. What takes a PF's driver
 * off waits for each that is about to open a VF: there is nothing to come back to.
 */
static bool vfb_guard_must_wait(const struct vfb_vf *vf)
{
	u32 state = READ_ONCE(vf->state);

	return READ_ONCE(vf->moving) ||
	       (!READ_ONCE(vf->pf->leaving) &&
		(state == SRIOV_BROKER_VF_DRAINING || state == SRIOV_BROKER_VF_RESETTING));
}

/* What is found out about a VF ahead of a try, without vfb_lock. */
struct vfb_guard_look {
	u64 holder;			   /* its lease by descriptor, if that is this task's */
	struct sriov_broker_addr stranger; /* in its group */
};

static int vfb_guard_try(struct vfb_vf *vf, struct vfb_request *req,
			 const struct vfb_guard_look *look, struct vfb_why *why)
{
	struct vfb_group *group = vf->group;
	struct vfb_lease *lease = group->lease;
	int ret = 0;

	lockdep_assert_held(&vfb_lock);
	if (vf->gone)
		return vfb_why_fail(why, -ENODEV, SRIOV_BROKER_WHY_NO_DEVICE, &vf->addr);
	if (vfb_guard_must_wait(vf))
		return vfb_why_fail(why, -EBUSY, SRIOV_BROKER_WHY_RETURNING, &vf->addr);
	/* Bound to the driver by another hand than ours: as on any driver of vfio. */
	if (vf->state == SRIOV_BROKER_VF_HOST || vf->state == SRIOV_BROKER_VF_OPEN)
		goto opened;
	/* Another device of a group that one user has as a whole. */
	if (lease && lease->implicit)
		goto opened;
	if (lease && lease->id == look->holder) {
		lease->used = true;
		goto opened;
	}
	if (lease)
		return vfb_why_fail_vf(why, vf);
	if (look->stranger.valid)
		return vfb_why_fail(why, -EBUSY, SRIOV_BROKER_WHY_GROUP, &look->stranger);
	ret = vfb_pool_try(req, why);
	if (ret)
		return ret;
	group->implicit = req->leases[0];
	req->leases[0] = NULL;
opened:
	vf->opened = true;
	return 0;
}

/* What the VF's lease is, if it is one by descriptor, and whether this task has it. */
static u64 vfb_guard_holds(struct vfb_vf *vf)
{
	struct pid *pid = NULL;
	u64 id = 0;

	mutex_lock(&vfb_lock);
	if (vf->group->lease && !vf->group->lease->implicit) {
		id = vf->group->lease->id;
		pid = get_pid(vf->group->lease->pid);
	}
	mutex_unlock(&vfb_lock);
	if (id && !vfb_guard_is_holder(id, pid))
		id = 0;
	put_pid(pid);
	return id;
}

/* Until the VF is this task's, or it is known that it will not be. */
static int vfb_guard_take(struct vfb_vf *vf, struct vfb_request *req, struct vfb_why *why)
{
	long left = msecs_to_jiffies(VFB_OPEN_WAIT_MS);
	bool wait;
	int ret;

	for (;;) {
		struct vfb_guard_look look = { .holder = vfb_guard_holds(vf) };

		vfb_group_stranger(vf->group, &look.stranger);
		mutex_lock(&vfb_lock);
		ret = vfb_guard_try(vf, req, &look, why);
		wait = ret == -EBUSY && why->reason == SRIOV_BROKER_WHY_RETURNING &&
		       !vfb_group_is_opened(vf->group);
		mutex_unlock(&vfb_lock);
		if (!wait || !left)
			return ret;
		left = vfb_return_wait_vf(vf, vfb_guard_must_wait, left);
		if (left < 0)
			return -EINTR;
		vfb_why_clear(why);
	}
}

/*
 * A program that tries a VF again and again does not fill the log, nor the history, nor does it
 * keep from them that another VF was refused.
 */
static void vfb_guard_refused(struct vfb_vf *vf, int ret, const struct vfb_why *why)
{
	char comm[SRIOV_BROKER_COMM_LEN];

	if (ret == -EINTR || !__ratelimit(&vf->refusals))
		return;
	vfb_comm(comm);
	pci_warn(vf->pdev, "not opened for %s (pid %d, uid %u): %pe, it %s\n", comm,
		 task_tgid_nr(current), from_kuid(&init_user_ns, current_uid()), ERR_PTR(ret),
		 vfb_why_words(why));
	mutex_lock(&vfb_lock);
	vfb_event_vf(vf, SRIOV_BROKER_EVENT_OPEN_REFUSED, vf->state, vf->group->owner, why->reason);
	mutex_unlock(&vfb_lock);
}

static int vfb_guard_lease(struct vfb_vf *vf, struct vfb_lease *lease, struct vfb_user *user)
{
	struct sriov_broker_selector sel = { .dev = vf->addr };
	struct vfb_request req = {
		.sels = &sel,
		.num_sels = 1,
		.numa_node = NUMA_NO_NODE,
		.count = 1,
		.leases = &lease,
		.user = user,
		.exempt = ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE),
		.pool = "",
		.cred = current_cred(),
		.admin = ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN),
	};
	struct vfb_why why = { .uid = INVALID_UID };
	struct vfb_lease *mine = lease;
	u64 start = ktime_get_ns();
	int ret = vfb_guard_take(vf, &req, &why);

	if (ret)
		vfb_guard_refused(vf, ret, &why);
	if (ret || !lease)
		vfb_stats_record(SRIOV_BROKER_STAT_LEASE, vf->pdev, mine->id, ret,
				 ktime_get_ns() - start);
	put_pid(why.pid);
	vfb_lease_free(lease); /* if it was not needed */
	return ret;
}

/**
 * vfb_guard_open - a program is about to open a guarded VF: may it
 * @pdev: the VF
 *
 * Context: vfio's locks of the device and its group held; may sleep, but no longer than
 * VFB_OPEN_WAIT_MS; can be killed; takes vfb_lock.
 * Return: the VF, for vfb_guard_close(), or an ERR_PTR.
 */
struct vfb_vf *vfb_guard_open(struct pci_dev *pdev)
{
	struct vfb_user *user;
	struct vfb_lease *lease;
	struct vfb_vf *vf = vfb_vf_of(pdev);
	int ret = -ENOMEM;

	if (!vf)
		return ERR_PTR(-ENODEV);
	lease = vfb_lease_new_implicit();
	user = vfb_user_get(current_cred());
	if (lease && user)
		ret = vfb_guard_lease(vf, lease, user);
	else
		vfb_lease_free(lease);
	if (user) {
		mutex_lock(&vfb_lock);
		vfb_user_put(user);
		mutex_unlock(&vfb_lock);
	}
	if (ret) {
		vfb_vf_put(vf);
		return ERR_PTR(ret);
	}
	vfb_group_update_protection(vf->group);
	return vf;
}
EXPORT_SYMBOL_GPL(vfb_guard_open);

/**
 * vfb_guard_close - a guarded VF has been closed
 * @vf: what vfb_guard_open() returned
 *
 * Context: vfio's locks of the device and its group held; may sleep; takes vfb_lock.
 */
void vfb_guard_close(struct vfb_vf *vf)
{
	struct vfb_group *group = vf->group;
	struct vfb_lease *lease = NULL;

	mutex_lock(&vfb_lock);
	vf->opened = false;
	if (!vfb_group_is_opened(group)) {
		swap(lease, group->implicit);
		vfb_group_closed(group);
	}
	if (lease)
		vfb_lease_unhold(lease); /* nothing else does */
	mutex_unlock(&vfb_lock);
	if (lease)
		vfb_lease_bury(lease);
	vfb_group_update_protection(group);
	vfb_vf_put(vf);
}
EXPORT_SYMBOL_GPL(vfb_guard_close);

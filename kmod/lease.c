// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases: how they begin, what their holders are told, and how they end.
 *
 * The holder of the descriptor has the VF: it can be duplicated, inherited, and
 * passed over a socket. The last close, by whatever death, sends the VF through
 * the return path.
 */
#include <linux/cred.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "compat.h"
#include "objects.h"

static LIST_HEAD(vfb_leases);	    /* vfb_lock */
static u64 vfb_last_id;		    /* vfb_lock */
static unsigned int vfb_num_leases; /* vfb_lock; that are out */
static unsigned int vfb_num_taken;  /* vfb_lock; whose VFs are not back yet */

/* The control group of a process. Parts of the tree may be another's, with names of any kind. */
static void vfb_cgroup_of(struct pid *pid, char *path)
{
	struct task_struct *task;

	path[0] = '\0';
	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	if (task)
		vfb_cgroup_path(task, path, SRIOV_BROKER_CGROUP_LEN);
	rcu_read_unlock();
	vfb_text_clean(path);
}

/**
 * vfb_lease_count - number of leases that are out
 *
 * Context: vfb_lock held.
 * Return: the number.
 */
unsigned int vfb_lease_count(void)
{
	lockdep_assert_held(&vfb_lock);
	return vfb_num_leases;
}

/**
 * vfb_lease_num_taken - number of leases whose VFs are not back yet
 *
 * Context: vfb_lock held.
 * Return: the number.
 */
unsigned int vfb_lease_num_taken(void)
{
	lockdep_assert_held(&vfb_lock);
	return vfb_num_taken;
}

/**
 * vfb_lease_id - number of a lease
 * @lease: the lease
 *
 * Context: any.
 * Return: the number.
 */
u64 vfb_lease_id(const struct vfb_lease *lease)
{
	return lease->id;
}

/**
 * vfb_lease_is_over - has a lease been revoked
 * @lease: the lease, which the caller has a reference to
 *
 * Context: takes vfb_lock.
 */
bool vfb_lease_is_over(struct vfb_lease *lease)
{
	guard(mutex)(&vfb_lock);
	return lease->revoked;
}

/**
 * vfb_lease_show - what a list tells of a VF's lease, or its last one
 * @out: the VF's entry, to be added to
 * @lease: the lease
 *
 * Context: vfb_lock held; in the task that asks.
 */
void vfb_lease_show(struct sriov_broker_vf *out, struct vfb_lease *lease)
{
	lockdep_assert_held(&vfb_lock);
	out->lease_id = lease->revoked ? 0 : lease->id;
	out->lease_pid = vfb_live_pid_nr(lease->pid);
	out->lease_uid = vfb_uid_nr(lease->uid);
	strscpy(out->lease_label, lease->label, sizeof(out->lease_label));
	strscpy(out->lease_cgroup, lease->cgroup, sizeof(out->lease_cgroup));
	out->flags |= vfb_lease_flags(lease);
}

/**
 * vfb_why_set_holder - note that a lease stands in the way
 * @why: where to note it
 * @lease: the lease
 *
 * Context: vfb_lock held.
 */
void vfb_why_set_holder(struct vfb_why *why, struct vfb_lease *lease)
{
	lockdep_assert_held(&vfb_lock);
	why->lease_id = lease->revoked ? 0 : lease->id;
	put_pid(why->pid); /* one that stood in the way before */
	why->pid = get_pid(lease->pid);
	why->uid = lease->uid;
	strscpy(why->label, lease->label, sizeof(why->label));
	strscpy(why->cgroup, lease->cgroup, sizeof(why->cgroup));
}

/* The descriptor has a reference, and so has the group until its VFs are back. */
static void vfb_lease_put(struct vfb_lease *lease)
{
	lockdep_assert_held(&vfb_lock);
	if (--lease->refs)
		return;
	if (lease->user)
		vfb_user_put(lease->user);
	put_pid(lease->disturbed.by.pid);
	put_pid(lease->revoking.by.pid);
	put_pid(lease->over.by.pid);
	put_pid(lease->pid);
	kfree(lease);
}

/**
 * vfb_lease_free - drop a lease that has not begun, or is over
 * @lease: the lease, or NULL
 *
 * Context: may sleep; takes vfb_lock.
 */
void vfb_lease_free(struct vfb_lease *lease)
{
	struct vfb_vf *vf;

	if (!lease)
		return;
	mutex_lock(&vfb_lock);
	vf = lease->vf;
	lease->vf = NULL; /* the lease itself may last, as its group's owner */
	vfb_lease_put(lease);
	mutex_unlock(&vfb_lock);
	if (vf)
		vfb_vf_put(vf);
}

/**
 * vfb_lease_discharge - what is wrong with what was leased is not its user's doing
 * @group: the group
 *
 * From here on its last lease is charged to its user no more, but still shown.
 *
 * Context: vfb_lock held.
 */
void vfb_lease_discharge(struct vfb_group *group)
{
	struct vfb_lease *owner = group->owner;

	lockdep_assert_held(&vfb_lock);
	if (!owner || !owner->charged)
		return;
	owner->charged = false;
	owner->user->leases--;
	vfb_num_taken--;
}

/**
 * vfb_lease_back - what was leased is back, or no longer the pool's
 * @group: the group
 *
 * From here on its last lease is charged to its user no more, and not shown.
 *
 * Context: vfb_lock held.
 */
void vfb_lease_back(struct vfb_group *group)
{
	struct vfb_lease *owner = group->owner;

	lockdep_assert_held(&vfb_lock);
	if (!owner)
		return;
	vfb_lease_discharge(group);
	group->owner = NULL;
	vfb_lease_put(owner);
}

static void vfb_lease_begin(struct vfb_lease *lease, struct vfb_user *user)
{
	struct vfb_vf *vf = lease->vf;

	lockdep_assert_held(&vfb_lock);
	lease->id = ++vfb_last_id;
	list_add_tail(&lease->node, &vfb_leases);
	vfb_num_leases++;
	lease->refs++;
	vf->group->owner = lease;
	if (!lease->user)
		user->refs++;
	lease->user = user;
	lease->charged = true;
	user->leases++;
	vfb_num_taken++;
	vf->pf->nr_reserved--;
	list_for_each_entry(vf, &lease->vf->group->vfs, group_node)
		vfb_vf_state(vf, SRIOV_BROKER_VF_LEASED, SRIOV_BROKER_FAULT_NONE);
	vf = lease->vf;
	vfb_event_vf(vf, SRIOV_BROKER_EVENT_LEASE_GRANTED, vf->state, lease, 0);
}

/**
 * vfb_lease_admit - the leases of a request have VFs reserved: they begin
 * @req: the request
 *
 * Context: vfb_lock held.
 */
void vfb_lease_admit(struct vfb_request *req)
{
	unsigned int i;

	lockdep_assert_held(&vfb_lock);
	for (i = 0; i < req->count; i++)
		vfb_lease_begin(req->leases[i], req->user);
}

/* Something for the holder to read; in place of what was not read yet. */
static void vfb_lease_note(struct vfb_lease *lease, struct vfb_lease_news *news, u32 type,
			   u32 cause, u64 deadline_ns)
{
	lockdep_assert_held(&vfb_lock);
	put_pid(news->by.pid);
	vfb_actor_now(&news->by);
	news->cause = cause;
	news->deadline_ns = deadline_ns;
	WRITE_ONCE(news->type, type);
	wake_up_all(&lease->wait);
}

/**
 * vfb_lease_disturbed - tell a lease's holder of an error, or a reset, that its VF may feel
 * @lease: the lease
 * @cause: enum sriov_broker_lease_cause
 * @fault: what is to be seen of its VFs now, or SRIOV_BROKER_FAULT_NONE
 *
 * Context: vfb_lock held.
 */
void vfb_lease_disturbed(struct vfb_lease *lease, u32 cause, enum sriov_broker_fault fault)
{
	struct vfb_lease_news *news = &lease->disturbed;

	lockdep_assert_held(&vfb_lock);
	if (lease->revoked)
		return;
	news->fault = fault;
	vfb_lease_note(lease, news, SRIOV_BROKER_LEASE_EVENT_DISTURBED, cause, ktime_get_ns());
}

/**
 * vfb_lease_revoke - take a lease from its holder
 * @lease: the lease
 * @cause: enum sriov_broker_lease_cause
 *
 * The descriptor stays, to be closed. If the VFs are still there they go to the
 * return path, where they drain until vfio's user lets go.
 *
 * Context: vfb_lock held.
 */
void vfb_lease_revoke(struct vfb_lease *lease, u32 cause)
{
	struct vfb_group *group = lease->vf->group;

	lockdep_assert_held(&vfb_lock);
	if (lease->revoked)
		return;
	lease->revoked = true;
	vfb_lease_note(lease, &lease->over, SRIOV_BROKER_LEASE_EVENT_REVOKED, cause,
		       ktime_get_ns());
	vfb_event_vf(lease->vf, SRIOV_BROKER_EVENT_LEASE_REVOKED, lease->vf->state, lease, cause);
	if (lease->anchor)
		vfb_anchor_untie(lease);
	if (group->lease != lease)
		return;
	vfb_group_ask(group);
	vfb_group_return(group);
}

static void vfb_lease_grace_work(struct work_struct *work)
{
	struct vfb_lease *lease = container_of(to_delayed_work(work), struct vfb_lease, grace);

	guard(mutex)(&vfb_lock);
	vfb_lease_revoke(lease, SRIOV_BROKER_LEASE_CAUSE_ADMIN);
}

/**
 * vfb_lease_new - a lease for the caller, which has no VF yet
 * @label: its label
 *
 * Context: system call; may sleep.
 * Return: the lease, for vfb_lease_free(), or NULL when out of memory.
 */
struct vfb_lease *vfb_lease_new(const char *label)
{
	struct vfb_lease *lease = kzalloc(sizeof(*lease), GFP_KERNEL_ACCOUNT);

	if (!lease)
		return NULL;
	lease->refs = 1;
	lease->holds = 1;
	init_waitqueue_head(&lease->wait);
	INIT_DELAYED_WORK(&lease->grace, vfb_lease_grace_work);
	lease->pid = get_task_pid(current, PIDTYPE_TGID);
	lease->uid = current_uid();
	strscpy(lease->label, label, sizeof(lease->label));
	vfb_cgroup_of(lease->pid, lease->cgroup);
	return lease;
}

/**
 * vfb_lease_new_implicit - a lease for the caller's program, which is about to open a VF
 *
 * Context: system call; may sleep.
 * Return: the lease, for vfb_lease_free(), or NULL when out of memory.
 */
struct vfb_lease *vfb_lease_new_implicit(void)
{
	struct vfb_lease *lease;
	char comm[SRIOV_BROKER_COMM_LEN];

	vfb_comm(comm);
	lease = vfb_lease_new(comm);
	if (lease)
		lease->implicit = true;
	return lease;
}

/* Gives the holder notice. A later call can only shorten what is left. */
static void vfb_lease_notice_one(struct vfb_lease *lease, unsigned int grace_ms)
{
	u64 deadline = ktime_get_ns() + (u64)grace_ms * NSEC_PER_MSEC;

	lockdep_assert_held(&vfb_lock);
	if (lease->revoked)
		return;
	if (!grace_ms) {
		vfb_lease_revoke(lease, SRIOV_BROKER_LEASE_CAUSE_ADMIN);
		return;
	}
	if (lease->deadline_ns && lease->deadline_ns <= deadline)
		return;
	lease->deadline_ns = deadline;
	vfb_lease_note(lease, &lease->revoking, SRIOV_BROKER_LEASE_EVENT_REVOKING,
		       SRIOV_BROKER_LEASE_CAUSE_ADMIN, deadline);
	mod_delayed_work(vfb_wq, &lease->grace, msecs_to_jiffies(grace_ms));
	vfb_group_ask(lease->vf->group);
}

/**
 * vfb_lease_notice - give a lease's holder notice that it will be revoked
 * @id: number of the lease
 * @grace_ms: what the holder has left, 0: it is revoked now
 *
 * Context: takes vfb_lock.
 * Return: 0, or -ENOENT: no such lease is out.
 */
int vfb_lease_notice(u64 id, unsigned int grace_ms)
{
	struct vfb_lease *lease;

	mutex_lock(&vfb_lock);
	lease = vfb_lease_find(id);
	if (lease)
		vfb_lease_notice_one(lease, grace_ms);
	mutex_unlock(&vfb_lock);
	return lease ? 0 : -ENOENT;
}

/**
 * vfb_lease_find - find a lease that is out
 * @id: its number
 *
 * Context: vfb_lock held.
 * Return: the lease, without a reference, or NULL.
 */
struct vfb_lease *vfb_lease_find(u64 id)
{
	struct vfb_lease *lease;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(lease, &vfb_leases, node)
		if (lease->id == id)
			return lease;
	return NULL;
}

static void vfb_lease_unlist(struct vfb_lease *lease)
{
	lockdep_assert_held(&vfb_lock);
	vfb_num_leases--;
	list_del(&lease->node);
	lease->revoked = true; /* a grace period that ends now does nothing */
	vfb_event_vf(lease->vf, SRIOV_BROKER_EVENT_LEASE_ENDED, lease->vf->state, lease, 0);
}

/**
 * vfb_lease_unhold - one that holds a lease does so no more; the last of them ends it
 * @lease: the lease
 *
 * Its VFs go back at once: none that comes next finds a lease that is about to end.
 *
 * Context: vfb_lock held.
 * Return: true: it has ended, for vfb_lease_bury().
 */
bool vfb_lease_unhold(struct vfb_lease *lease)
{
	struct vfb_group *group = lease->vf->group;

	lockdep_assert_held(&vfb_lock);
	if (--lease->holds)
		return false;
	vfb_lease_unlist(lease);
	if (group->lease == lease)
		vfb_group_return(group);
	return true;
}

/**
 * vfb_lease_bury - what is left to do for a lease that has ended
 * @lease: the lease, which is the caller's no more
 *
 * Context: may sleep; takes vfb_lock.
 */
void vfb_lease_bury(struct vfb_lease *lease)
{
	/* Off the list, so that no REVOKE can begin another one. */
	cancel_delayed_work_sync(&lease->grace);
	module_put(lease->owner);
	vfb_lease_free(lease);
}

/**
 * vfb_lease_drop - both
 * @lease: the lease, which is the caller's no more
 *
 * At the end its VFs go back.
 *
 * Context: may sleep; takes vfb_lock.
 */
void vfb_lease_drop(struct vfb_lease *lease)
{
	bool over;

	mutex_lock(&vfb_lock);
	over = vfb_lease_unhold(lease);
	mutex_unlock(&vfb_lock);
	if (over)
		vfb_lease_bury(lease);
}

/**
 * vfb_lease_free_ref - drop a mere reference to a lease
 * @lease: the lease
 *
 * Context: takes vfb_lock.
 */
void vfb_lease_free_ref(struct vfb_lease *lease)
{
	mutex_lock(&vfb_lock);
	vfb_lease_put(lease);
	mutex_unlock(&vfb_lock);
}

/**
 * vfb_lease_set_pid - another process is shown as a lease's
 * @lease: the lease
 * @pid: the process
 *
 * Context: vfb_lock held.
 */
void vfb_lease_set_pid(struct vfb_lease *lease, struct pid *pid)
{
	lockdep_assert_held(&vfb_lock);
	put_pid(lease->pid);
	lease->pid = get_pid(pid);
	vfb_cgroup_of(pid, lease->cgroup);
}

/*
 * Are a group's VFs as they were when a lease took them? The process that asks for the lease
 * may open a guarded one meanwhile, and an event tells of the lease, by which a client may
 * hold one.
 */
static bool vfb_group_is_untouched(struct vfb_group *group)
{
	struct vfb_vf *vf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(vf, &group->vfs, group_node)
		if (!vfb_vf_on_target_driver(vf) || vf->opened || vf->net_holds || vf->net_asked)
			return false;
	return true;
}

/* How long LEASE passes a guarded group over whose node it has found open. */
#define VFB_PARK_TIME HZ

/**
 * vfb_lease_undo - the end of a lease that was not given to its caller yet
 * @lease: the lease, for vfb_lease_renew()
 *
 * Its VFs go back into the pool as they came, if they are as they were; else on the
 * return path. So do those that are open, but for guarded ones: what has their node open
 * may open them as well, and on the return path nothing would wait for its close.
 *
 * Context: vfb_lock held.
 */
void vfb_lease_undo(struct vfb_lease *lease)
{
	struct vfb_group *group = lease->vf->group;
	struct vfb_vf *vf;

	lockdep_assert_held(&vfb_lock);
	vfb_lease_unlist(lease);
	/* A user that has it open is not the one that it was leased for. */
	if (group->owner == lease)
		vfb_lease_back(group);
	if (group->lease != lease) /* revoked meanwhile: it is on its way back */
		return;
	if (lease->used || !vfb_group_is_untouched(group) ||
	    (lease->found_open && !vfb_group_is_guarded(group))) {
		vfb_group_return(group);
		return;
	}
	if (lease->found_open)
		group->parked_until = get_jiffies_64() + VFB_PARK_TIME;
	group->lease = NULL;
	list_for_each_entry(vf, &group->vfs, group_node)
		vfb_vf_state(vf, SRIOV_BROKER_VF_FREE, SRIOV_BROKER_FAULT_NONE);
}

/**
 * vfb_lease_renew - make a lease as good as new
 * @lease: what vfb_lease_undo() has ended: nothing points to it any more
 *
 * Context: may sleep; takes vfb_lock.
 */
void vfb_lease_renew(struct vfb_lease *lease)
{
	struct vfb_vf *vf;

	mutex_lock(&vfb_lock);
	vf = lease->vf;
	lease->vf = NULL;
	lease->deadline_ns = 0;
	lease->revoked = false;
	lease->used = false;
	put_pid(lease->disturbed.by.pid);
	put_pid(lease->revoking.by.pid);
	put_pid(lease->over.by.pid);
	lease->disturbed = (struct vfb_lease_news){};
	lease->revoking = (struct vfb_lease_news){};
	lease->over = (struct vfb_lease_news){};
	mutex_unlock(&vfb_lock);
	vfb_vf_put(vf);
}

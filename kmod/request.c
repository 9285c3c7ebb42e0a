// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests about the pool and its leases: LEASE, REVOKE, CANCEL, CORDON, CLEAR.
 *
 * LEASE takes VFs out of the pool, waits for them if need be, and makes a descriptor of
 * each. That is all or nothing: what can fail has been done before the first of them is
 * installed.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "face.h"

/* In a worker, which may open the node. */
static void vfb_lease_probe(struct work_struct *work)
{
	struct vfb_lease *lease = container_of(work, struct vfb_lease, probe);

	lease->found_open = vfb_vfio_is_open(lease->vf->group);
	lease->found_strange = vfb_group_look(lease->vf->group);
}

/*
 * Has a VF been opened while it was free? Its fence is still up, or its driver lets none in, so
 * nothing was done with it; but with the fence down that descriptor would be as good as the
 * holder's. Or would its holder get a device that is no VF of ours?
 */
static bool vfb_any_unfit(struct vfb_request *req)
{
	bool unfit = false;
	unsigned int i;

	for (i = 0; i < req->count; i++)
		queue_work(vfb_wq, &req->leases[i]->probe);
	for (i = 0; i < req->count; i++) {
		flush_work(&req->leases[i]->probe);
		unfit |= req->leases[i]->found_open || req->leases[i]->found_strange;
	}
	return unfit;
}

/* As if they had not been taken. Returns one that was found open. */
static struct sriov_broker_addr vfb_lease_undo_all(struct vfb_request *req)
{
	struct sriov_broker_addr open = {};
	unsigned int i;

	mutex_lock(&vfb_lock);
	for (i = 0; i < req->count; i++) {
		if (req->leases[i]->found_open)
			open = req->leases[i]->vf->addr;
		vfb_lease_undo(req->leases[i]);
	}
	vfb_pool_serve();
	mutex_unlock(&vfb_lock);
	for (i = 0; i < req->count; i++) {
		struct vfb_lease *lease = req->leases[i];

		cancel_delayed_work_sync(&lease->grace);
		vfb_group_update_protection(lease->vf->group);
		vfb_lease_renew(lease);
	}
	return open;
}

/* VFs that are fit to be lent. Each try that fails takes one out of the choice. */
static int vfb_lease_take(struct vfb_request *req, s32 timeout_ms, struct vfb_why *why)
{
	u64 start = ktime_get_ns();
	struct sriov_broker_addr open;
	s32 left = timeout_ms;
	int ret;

	ret = vfb_pool_take(req, timeout_ms, why);
	while (!ret && vfb_any_unfit(req)) {
		open = vfb_lease_undo_all(req);
		if (timeout_ms > 0)
			left = max_t(s64, 0,
				     timeout_ms -
					     (s64)div_u64(ktime_get_ns() - start, NSEC_PER_MSEC));
		ret = vfb_pool_take(req, left, why);
		if (timeout_ms > 0 && !left && (ret == -EAGAIN || ret == -EBUSY))
			return vfb_pool_timed_out(req, why);
		if (why->reason == SRIOV_BROKER_WHY_RETURNING && !vfb_addr_cmp(&why->dev, &open))
			why->reason = SRIOV_BROKER_WHY_IN_USE;
	}
	return ret;
}

/* The driver's module stays as long as the lease does. */
static void vfb_lease_pin(struct vfb_lease *lease)
{
	char name[SRIOV_BROKER_NAME_LEN];
	struct vfb_driver d;

	scoped_guard(mutex, &vfb_lock)
		strscpy(name, lease->vf->driver, sizeof(name));
	if (!vfb_driver_get(&d, name, false) && d.drv)
		lease->owner = d.drv->owner;
}

static void vfb_fill_grant(struct sriov_broker_grant *grant, struct vfb_lease *lease)
{
	struct vfb_vf *vf = lease->vf, *peer;

	grant->iommu_group = vfb_group_id(vf->group);
	grant->vf = vf->addr;
	grant->pf = vf->pf->addr;
	grant->index = vf->index;
	grant->id = lease->id;
	guard(mutex)(&vfb_lock);
	list_for_each_entry(peer, &vf->group->vfs, group_node)
		grant->group_vfs++;
	strscpy(grant->driver, vf->driver, sizeof(grant->driver));
}

/*
 * Gives a lease that has its VF a file, and tells userspace of it. From here on
 * the lease belongs to the file: whatever fails later, dropping that ends it.
 * Returns the file, or an ERR_PTR: then the lease has ended.
 */
static struct file *vfb_lease_publish(struct vfb_lease *lease, struct sriov_broker_lease *p, int fd,
				      void __user *to, u64 start)
{
	struct sriov_broker_grant grant = { .fd = fd };
	size_t size = min_t(size_t, sizeof(grant), p->grant_size);
	struct file *file;

	vfb_group_update_protection(lease->vf->group);
	vfb_lease_pin(lease);
	vfb_group_unfence_for_lease(lease->vf->group, lease);
	vfb_net_begin(lease->vf->group);

	file = vfb_lease_file(lease);
	if (IS_ERR(file)) {
		vfb_lease_drop(lease);
		return file;
	}
	vfb_fill_grant(&grant, lease);
	vfb_stats_record(SRIOV_BROKER_STAT_LEASE, lease->vf->pdev, lease->id, 0,
			 ktime_get_ns() - start);
	if (copy_to_user(to, &grant, size) || clear_user(to + size, p->grant_size - size)) {
		fput(file);
		return ERR_PTR(-EFAULT);
	}
	return file;
}

/* A descriptor that is reserved, and the file that will be behind it. */
struct vfb_slot {
	int fd;
	struct file *file;
};

static void vfb_slots_free(struct vfb_slot *slots, unsigned int num)
{
	unsigned int i;

	for (i = 0; i < num; i++) {
		if (slots[i].fd >= 0)
			put_unused_fd(slots[i].fd);
		if (slots[i].file)
			fput(slots[i].file);
	}
	kfree(slots);
}

/* For vfb_slots_free(), or an ERR_PTR. */
static struct vfb_slot *vfb_slots_new(unsigned int num, int flags)
{
	struct vfb_slot *slots = kcalloc(num, sizeof(*slots), GFP_KERNEL);
	unsigned int i;

	if (!slots)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < num; i++) {
		slots[i].fd = get_unused_fd_flags(flags);
		if (slots[i].fd < 0) {
			int ret = slots[i].fd;

			vfb_slots_free(slots, i);
			return ERR_PTR(ret);
		}
	}
	return slots;
}

/*
 * All leases get their descriptors, or none does: installing them is the last
 * thing, and can't fail. Whatever happens, the leases are used up.
 */
static int vfb_lease_publish_all(struct vfb_request *req, struct sriov_broker_lease *p,
				 struct vfb_slot *slots, u64 start)
{
	void __user *to = u64_to_user_ptr(p->grants);
	unsigned int i;
	int ret = 0;

	for (i = 0; i < req->count; i++) {
		struct vfb_lease *lease = req->leases[i];
		struct file *file;

		req->leases[i] = NULL;
		if (ret) {
			vfb_lease_drop(lease);
			continue;
		}
		file = vfb_lease_publish(lease, p, slots[i].fd, to + (size_t)i * p->grant_size,
					 start);
		if (IS_ERR(file))
			ret = PTR_ERR(file);
		else
			slots[i].file = file;
	}
	for (i = 0; !ret && i < req->count; i++) {
		fd_install(slots[i].fd, slots[i].file);
		slots[i] = (struct vfb_slot){ .fd = -1 };
	}
	return ret;
}

/* The selectors, for kfree(), or an ERR_PTR. None at all means any VF. */
static struct sriov_broker_selector *vfb_get_selectors(struct sriov_broker_lease *p)
{
	struct sriov_broker_selector *sels;
	const void __user *from;
	unsigned int i;
	int ret = 0;

	if (p->num_selectors > SRIOV_BROKER_MAX_SELECTORS)
		return ERR_PTR(-EINVAL);
	if (p->num_selectors &&
	    (p->selector_size < offsetofend(struct sriov_broker_selector, reserved2) ||
	     p->selector_size > PAGE_SIZE))
		return ERR_PTR(-EINVAL);
	sels = kcalloc(max(p->num_selectors, 1U), sizeof(*sels), GFP_KERNEL);
	if (!sels)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < p->num_selectors && !ret; i++) {
		from = u64_to_user_ptr(p->selectors + (u64)i * p->selector_size);
		ret = copy_struct_from_user(&sels[i], sizeof(*sels), from, p->selector_size);
		if (!ret && (sels[i].flags || sels[i].reserved || sels[i].reserved2))
			ret = -EOPNOTSUPP;
		if (!ret)
			ret = vfb_addr_check(&sels[i].dev, false);
		/* The indices of what? */
		if (!ret && !sels[i].dev.valid && (sels[i].first || sels[i].count))
			ret = -EINVAL;
	}
	if (ret) {
		kfree(sels);
		return ERR_PTR(ret);
	}
	p->num_selectors = max(p->num_selectors, 1U);
	return sels;
}

/* What is named has to be there, and has to have what is asked of it. */
static int vfb_check_selector(const struct sriov_broker_selector *sel, struct vfb_why *why)
{
	unsigned int have;
	struct vfb_vf *vf;
	struct vfb_pf *pf;
	int ret = 0;

	if (!sel->dev.valid)
		return 0;
	vf = vfb_vf_find(&sel->dev);
	if (vf) {
		vfb_vf_put(vf);
		return sel->first || sel->count > 1 ?
			       vfb_why_fail(why, -EINVAL, SRIOV_BROKER_WHY_IS_VF, &sel->dev) :
			       0;
	}
	pf = vfb_pf_find(&sel->dev, why);
	if (IS_ERR(pf))
		return PTR_ERR(pf);
	have = pci_num_vf(pf->pdev);
	if ((sel->first || sel->count) && (sel->first >= have || sel->count > have - sel->first)) {
		why->value = have;
		ret = vfb_why_fail(why, -ERANGE, SRIOV_BROKER_WHY_NO_INDEX, &pf->addr);
	}
	vfb_pf_put(pf);
	return ret;
}

static int vfb_lease_check(struct sriov_broker_lease *p)
{
	if (p->flags & ~(SRIOV_BROKER_LEASE_NO_CLOEXEC | SRIOV_BROKER_LEASE_SPREAD |
			 SRIOV_BROKER_LEASE_DISTINCT_PFS | SRIOV_BROKER_LEASE_NUMA_STRICT |
			 SRIOV_BROKER_LEASE_CORDONED))
		return -EOPNOTSUPP;
	if (p->flags & SRIOV_BROKER_LEASE_CORDONED && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!p->count || p->count > SRIOV_BROKER_MAX_LEASES || !vfb_label_ok(p->label) ||
	    p->timeout_ms < -1 || p->numa_node < -1)
		return -EINVAL;
	if (p->flags & SRIOV_BROKER_LEASE_NUMA_STRICT && p->numa_node < 0)
		return -EINVAL;
	if (strnlen(p->pool, sizeof(p->pool)) == sizeof(p->pool) ||
	    (p->pool[0] && !vfb_name_ok(p->pool)))
		return -EINVAL;
	/* Less would not even tell the descriptor and its VF. */
	if (p->grant_size < offsetofend(struct sriov_broker_grant, vf) || p->grant_size > PAGE_SIZE)
		return -EINVAL;
	return 0;
}

static struct vfb_lease **vfb_leases_new(struct sriov_broker_lease *p)
{
	struct vfb_lease **leases = kcalloc(p->count, sizeof(*leases), GFP_KERNEL);
	unsigned int i;

	for (i = 0; leases && i < p->count; i++) {
		leases[i] = vfb_lease_new(p->label);
		if (leases[i]) {
			INIT_WORK(&leases[i]->probe, vfb_lease_probe);
			continue;
		}
		while (i--)
			vfb_lease_free(leases[i]);
		kfree(leases);
		return NULL;
	}
	return leases;
}

static int vfb_lease_run(struct vfb_request *req, struct sriov_broker_lease *p,
			 struct vfb_slot *slots, struct vfb_why *why)
{
	u64 start = ktime_get_ns();
	unsigned int i;
	int ret = 0;

	for (i = 0; i < req->num_sels && !ret; i++)
		ret = vfb_check_selector(&req->sels[i], why);
	if (ret)
		return ret;
	req->leases = vfb_leases_new(p);
	if (!req->leases)
		return -ENOMEM;
	ret = vfb_lease_take(req, p->timeout_ms, why);
	if (ret)
		vfb_stats_record(SRIOV_BROKER_STAT_LEASE, NULL, 0, ret, ktime_get_ns() - start);
	else
		ret = vfb_lease_publish_all(req, p, slots, start);
	for (i = 0; i < req->count; i++)
		vfb_lease_free(req->leases[i]);
	kfree(req->leases);
	return ret;
}

int vfb_ioctl_lease(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_lease *p = &arg->lease;
	int flags = p->flags & SRIOV_BROKER_LEASE_NO_CLOEXEC ? 0 : O_CLOEXEC;
	struct vfb_client *client = file->private_data;
	struct vfb_request req = {
		.flags = p->flags,
		.numa_node = p->numa_node,
		.count = p->count,
		.user = client->user,
		.pool = p->pool,
		.cred = file->f_cred,
	};
	struct sriov_broker_selector *sels;
	struct vfb_slot *slots;
	int ret = vfb_lease_check(p);

	if (ret)
		return ret;
	sels = vfb_get_selectors(p);
	if (IS_ERR(sels))
		return PTR_ERR(sels);
	req.sels = sels;
	req.num_sels = p->num_selectors;
	req.exempt = ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE);
	req.admin = ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);
	/* Before there is anything to give back: a reset for each VF. */
	slots = vfb_slots_new(p->count, flags);
	if (IS_ERR(slots)) {
		ret = PTR_ERR(slots);
	} else {
		ret = vfb_lease_run(&req, p, slots, why);
		vfb_slots_free(slots, p->count);
	}
	kfree(sels);
	return ret;
}

/* ioctl(SRIOV_BROKER_REVOKE) */
int vfb_ioctl_revoke(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_revoke *p = &arg->revoke;
	int ret;

	if (p->flags || p->reserved)
		return -EOPNOTSUPP;
	if (p->grace_ms > SRIOV_BROKER_MAX_GRACE_MS)
		return -EINVAL;
	why->lease_id = p->lease_id;
	ret = vfb_check_instance(p->instance, why);
	if (ret)
		return ret;
	ret = vfb_lease_notice(p->lease_id, p->grace_ms);
	return ret ? vfb_why_fail(why, ret, SRIOV_BROKER_WHY_NO_LEASE, NULL) : 0;
}

/* A lease by its number, if it is the caller's, or the caller an admin; or an ERR_PTR. */
static struct vfb_lease *vfb_own_lease(struct vfb_client *client, u64 id, struct vfb_why *why)
{
	struct vfb_lease *lease = vfb_lease_find(id);
	int ret = 0;

	lockdep_assert_held(&vfb_lock);
	why->lease_id = id;
	if (!lease || lease->revoked)
		ret = vfb_why_fail(why, -ENOENT, SRIOV_BROKER_WHY_NO_LEASE, NULL);
	else if ((client->user != lease->user || !uid_eq(current_uid(), lease->uid)) &&
		 !capable(CAP_SYS_ADMIN))
		ret = vfb_why_fail(why, -EPERM, SRIOV_BROKER_WHY_NOT_LEASER, &lease->vf->addr);
	return ret ? ERR_PTR(ret) : lease;
}

/* Ties the lease; leaves in @anchor what is not needed, or no more. */
static int vfb_anchor_lease(struct vfb_client *client, struct sriov_broker_anchor *p,
			    struct vfb_anchor **anchor, struct pid *pid, struct vfb_why *why)
{
	struct vfb_lease *lease = vfb_own_lease(client, p->lease_id, why);
	int ret;

	lockdep_assert_held(&vfb_lock);
	if (IS_ERR(lease))
		return PTR_ERR(lease);
	if (lease->implicit)
		return vfb_why_fail(why, -EOPNOTSUPP, SRIOV_BROKER_WHY_IMPLICIT, &lease->vf->addr);
	/* Not given to its caller yet. */
	if (!lease->published)
		return vfb_why_fail(why, -ENOENT, SRIOV_BROKER_WHY_NO_LEASE, NULL);
	ret = vfb_anchor_tie(lease, anchor);
	if (!ret && pid)
		vfb_lease_set_pid(lease, pid);
	return ret;
}

/* ioctl(SRIOV_BROKER_ANCHOR) */
int vfb_ioctl_anchor(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_anchor *p = &arg->anchor;
	struct vfb_anchor *anchor;
	struct file *until;
	struct pid *pid;
	int ret;

	if (p->flags || p->reserved)
		return -EOPNOTSUPP;
	ret = vfb_check_instance(p->instance, why);
	if (ret)
		return ret;
	until = fget(p->fd);
	if (!until)
		return -EBADF;
	pid = vfb_file_pid(until);
	anchor = vfb_anchor_new(until);
	ret = PTR_ERR_OR_ZERO(anchor);
	/* To be shown with a process it takes what SET_PID takes. */
	if (!ret && pid)
		ret = kill_pid(pid, 0, 0);
	if (ret == -ESRCH)
		vfb_why_fail(why, ret, SRIOV_BROKER_WHY_ANCHOR_OVER, NULL);
	if (!ret) {
		mutex_lock(&vfb_lock);
		ret = vfb_anchor_lease(file->private_data, p, &anchor, pid, why);
		mutex_unlock(&vfb_lock);
	}
	if (!IS_ERR_OR_NULL(anchor))
		vfb_anchor_free(anchor);
	put_pid(pid);
	return ret;
}

/* ioctl(SRIOV_BROKER_RELEASE) */
int vfb_ioctl_release(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_release *p = &arg->release;
	struct vfb_anchor *anchor = NULL;
	struct vfb_lease *lease;
	int ret;

	if (p->flags)
		return -EOPNOTSUPP;
	ret = vfb_check_instance(p->instance, why);
	if (ret)
		return ret;
	mutex_lock(&vfb_lock);
	lease = vfb_own_lease(file->private_data, p->lease_id, why);
	ret = PTR_ERR_OR_ZERO(lease);
	if (!ret)
		anchor = vfb_anchor_take(lease);
	if (!ret && !anchor)
		ret = vfb_why_fail(why, -EINVAL, SRIOV_BROKER_WHY_NO_ANCHOR, &lease->vf->addr);
	mutex_unlock(&vfb_lock);
	if (ret)
		return ret;
	vfb_lease_drop(lease);
	vfb_anchor_free(anchor);
	return 0;
}

/* ioctl(SRIOV_BROKER_CANCEL) */
int vfb_ioctl_cancel(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_cancel *p = &arg->cancel;
	int ret;

	if (p->flags)
		return -EOPNOTSUPP;
	ret = vfb_check_instance(p->instance, why);
	if (ret)
		return ret;
	ret = vfb_pool_cancel(p->waiter_id);
	return ret ? vfb_why_fail(why, ret, SRIOV_BROKER_WHY_NO_WAITER, NULL) : 0;
}

/* ioctl(SRIOV_BROKER_CORDON) */
int vfb_ioctl_cordon(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_cordon *p = &arg->cordon;
	bool on = !(p->flags & SRIOV_BROKER_CORDON_END);
	struct vfb_pf *pf;
	int ret = 0;

	if (p->flags & ~SRIOV_BROKER_CORDON_END)
		return -EOPNOTSUPP;
	pf = vfb_pf_find(&p->pf, why);
	if (IS_ERR(pf))
		return PTR_ERR(pf);
	mutex_lock(&vfb_lock);
	if (pf->gone) {
		ret = vfb_why_fail(why, -ENODEV, SRIOV_BROKER_WHY_NO_DEVICE, &pf->addr);
	} else if (pf->cordoned != on) {
		pf->cordoned = on;
		vfb_event_pf(pf,
			     on ? SRIOV_BROKER_EVENT_PF_CORDONED : SRIOV_BROKER_EVENT_PF_UNCORDONED,
			     0, 0);
		vfb_pool_serve();
	}
	mutex_unlock(&vfb_lock);
	vfb_pf_put(pf);
	return ret;
}

/* ioctl(SRIOV_BROKER_CLEAR) */
int vfb_ioctl_clear(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_clear *p = &arg->clear;
	struct vfb_vf *vf;
	int ret = vfb_addr_check(&p->vf, true);

	if (p->flags)
		return -EOPNOTSUPP;
	if (ret)
		return ret;
	vf = vfb_vf_find(&p->vf);
	if (!vf)
		return vfb_vf_missing(&p->vf, why);
	mutex_lock(&vfb_lock);
	if (vf->gone)
		ret = vfb_why_fail(why, -ENODEV, SRIOV_BROKER_WHY_NO_DEVICE, &p->vf);
	else if (vf->moving || vf->state != SRIOV_BROKER_VF_QUARANTINED)
		ret = vfb_why_fail(why, -EINVAL, SRIOV_BROKER_WHY_NOT_QUARANTINED, &p->vf);
	else
		vfb_group_return(vf->group);
	mutex_unlock(&vfb_lock);
	if (!ret)
		vfb_group_update_protection(vf->group);
	vfb_vf_put(vf);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operations on PFs: ENABLE, DISABLE, BIND. They take locks of the PCI core
 * that others may hold for long, and whose waiters can't be killed. So they run in a
 * worker, and a caller that waits for it can be killed; then the operation ends without
 * its caller.
 */
#include <linux/capability.h>
#include <linux/completion.h>
#include <linux/slab.h>

#include "face.h"

struct vfb_op {
	struct kref ref;
	struct work_struct work;
	struct work_struct force_work;
	struct completion done;
	int (*fn)(struct vfb_op *op);
	struct vfb_pf *pf; /* counted */
	unsigned int first;
	unsigned int num;
	unsigned int timeout_ms;
	bool force;
	unsigned int flags; /* VFB_MAY_LOAD and the others */
	char driver[SRIOV_BROKER_NAME_LEN];
	int ret;
	struct vfb_why why;
	struct vfb_acting acting;
};

/**
 * vfb_op_flush - wait for operations whose callers were killed
 *
 * Context: module exit: nothing begins one any more; may sleep, long.
 */
void vfb_op_flush(void)
{
	/* In this order: what waits for users goes on to the other queue. */
	flush_workqueue(vfb_step_wq);
	flush_workqueue(vfb_op_wq);
}

static void vfb_op_release(struct kref *ref)
{
	struct vfb_op *op = container_of(ref, struct vfb_op, ref);

	put_pid(op->why.pid);
	put_pid(op->acting.actor.pid);
	vfb_pf_put(op->pf);
	kfree(op);
}

static void vfb_op_work(struct work_struct *work)
{
	struct vfb_op *op = container_of(work, struct vfb_op, work);

	vfb_acting_begin(&op->acting);
	scoped_guard(mutex, &op->pf->op) {
		op->ret = op->fn(op);
		/* What an admin wanted is there: what pfs says is not tried again. */
		if (!op->ret)
			op->pf->config_tries = 0;
	}
	if (op->force)
		vfb_pf_force_end(op->pf);
	vfb_acting_end(&op->acting);
	complete(&op->done);
	kref_put(&op->ref, vfb_op_release);
}

/*
 * Users are waited for before the lock is taken, never under it; and where a suspend need
 * not wait for them.
 */
static void vfb_op_force_work(struct work_struct *work)
{
	struct vfb_op *op = container_of(work, struct vfb_op, force_work);

	vfb_acting_begin(&op->acting);
	vfb_pf_force_begin(op->pf, op->timeout_ms);
	vfb_acting_end(&op->acting);
	queue_work(vfb_op_wq, &op->work);
}

static struct vfb_op *vfb_op_new(struct vfb_pf *pf, int (*fn)(struct vfb_op *op))
{
	struct vfb_op *op = kzalloc(sizeof(*op), GFP_KERNEL);

	if (!op) {
		vfb_pf_put(pf);
		return NULL;
	}
	kref_init(&op->ref);
	INIT_WORK(&op->work, vfb_op_work);
	INIT_WORK(&op->force_work, vfb_op_force_work);
	init_completion(&op->done);
	vfb_acting_init(&op->acting);
	op->pf = pf;
	op->fn = fn;
	op->flags = capable(CAP_SYS_MODULE) ? VFB_MAY_LOAD : 0;
	op->why.uid = INVALID_UID;
	return op;
}

/* Runs it and drops the caller's reference. */
static int vfb_op_run(struct vfb_op *op, struct vfb_why *why)
{
	int ret = -EINTR;

	kref_get(&op->ref);
	if (op->force)
		queue_work(vfb_step_wq, &op->force_work);
	else
		queue_work(vfb_op_wq, &op->work);
	/* The machine may be suspended meanwhile, and the operation with it. */
	if (!wait_for_completion_state(&op->done, TASK_KILLABLE | TASK_FREEZABLE)) {
		*why = op->why;
		op->why.pid = NULL;
		ret = op->ret;
	}
	kref_put(&op->ref, vfb_op_release);
	return ret;
}

/* A driver's name from userspace. Empty means the default, where there is one. */
static int vfb_op_driver(struct vfb_op *op, const char *name, bool may_default)
{
	if (strnlen(name, SRIOV_BROKER_NAME_LEN) == SRIOV_BROKER_NAME_LEN)
		return -EINVAL;
	if (!name[0] && may_default)
		vfb_param_driver(op->driver);
	else
		strscpy(op->driver, name, sizeof(op->driver));
	return vfb_name_ok(op->driver) ? 0 : -EINVAL;
}

static int vfb_op_enable(struct vfb_op *op)
{
	u64 start = ktime_get_ns();
	int ret = vfb_pf_enable(op->pf, op->num, op->driver, op->flags, &op->why);

	vfb_stats_record(SRIOV_BROKER_STAT_ENABLE, op->pf->pdev, op->num, ret,
			 ktime_get_ns() - start);
	return ret;
}

/* ioctl(SRIOV_BROKER_ENABLE) */
int vfb_ioctl_enable(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_enable *p = &arg->enable;
	bool guarded = p->flags & SRIOV_BROKER_ENABLE_GUARDED;
	struct vfb_pf *pf;
	struct vfb_op *op;
	int ret;

	if (p->flags & ~(SRIOV_BROKER_ENABLE_OPEN | SRIOV_BROKER_ENABLE_FROM_HOST |
			 SRIOV_BROKER_ENABLE_GUARDED | SRIOV_BROKER_ENABLE_RESTORE) ||
	    p->reserved)
		return -EOPNOTSUPP;
	if (guarded ? p->flags & SRIOV_BROKER_ENABLE_OPEN || p->driver[0] :
		      p->flags & SRIOV_BROKER_ENABLE_RESTORE)
		return -EINVAL;
	pf = vfb_pf_find(&p->pf, why);
	if (IS_ERR(pf))
		return PTR_ERR(pf);
	op = vfb_op_new(pf, vfb_op_enable);
	if (!op)
		return -ENOMEM;
	op->flags |= VFB_TAKE_PF;
	if (op->flags & VFB_MAY_LOAD)
		op->flags |= VFB_LOAD_PF;
	if (p->flags & SRIOV_BROKER_ENABLE_OPEN)
		op->flags |= VFB_OPEN;
	if (p->flags & SRIOV_BROKER_ENABLE_FROM_HOST)
		op->flags |= VFB_FROM_HOST;
	if (p->flags & SRIOV_BROKER_ENABLE_RESTORE)
		op->flags |= VFB_RESTORE;
	op->num = p->num_vfs;
	ret = vfb_op_driver(op, guarded ? VFB_GUARD : p->driver, true);
	if (ret) {
		kref_put(&op->ref, vfb_op_release);
		return ret;
	}
	return vfb_op_run(op, why);
}

static int vfb_op_disable(struct vfb_op *op)
{
	u64 start = ktime_get_ns();
	int ret = vfb_pf_disable(op->pf, op->flags, &op->why);

	vfb_stats_record(SRIOV_BROKER_STAT_DISABLE, op->pf->pdev, 0, ret, ktime_get_ns() - start);
	return ret;
}

/* ioctl(SRIOV_BROKER_DISABLE) */
int vfb_ioctl_disable(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_disable *p = &arg->disable;
	struct vfb_pf *pf;
	struct vfb_op *op;

	if (p->flags & ~(SRIOV_BROKER_DISABLE_FORCE | SRIOV_BROKER_DISABLE_FROM_HOST) ||
	    p->reserved)
		return -EOPNOTSUPP;
	if (p->timeout_ms > (p->flags & SRIOV_BROKER_DISABLE_FORCE ? SRIOV_BROKER_MAX_FORCE_MS : 0))
		return -EINVAL;
	pf = vfb_pf_find(&p->pf, why);
	if (IS_ERR(pf))
		return PTR_ERR(pf);
	op = vfb_op_new(pf, vfb_op_disable);
	if (!op)
		return -ENOMEM;
	op->force = p->flags & SRIOV_BROKER_DISABLE_FORCE;
	if (p->flags & SRIOV_BROKER_DISABLE_FROM_HOST)
		op->flags |= VFB_FROM_HOST;
	op->timeout_ms = p->timeout_ms;
	return vfb_op_run(op, why);
}

static int vfb_op_bind(struct vfb_op *op)
{
	unsigned int have = pci_num_vf(op->pf->pdev);
	unsigned int num = op->num ?: have - min(op->first, have);
	u64 start = ktime_get_ns();
	int ret = vfb_pf_bind(op->pf, op->first, op->num, op->driver, op->flags, &op->why);

	vfb_stats_record(SRIOV_BROKER_STAT_BIND, op->pf->pdev, num, ret, ktime_get_ns() - start);
	return ret;
}

/* The PF and the range of indices that BIND speaks of. */
static struct vfb_pf *vfb_bind_range(struct sriov_broker_bind *p, struct vfb_why *why)
{
	struct vfb_vf *vf = vfb_vf_find(&p->dev);
	struct vfb_pf *pf;

	if (!vf)
		return vfb_pf_find(&p->dev, why);
	pf = vf->pf;
	kref_get(&pf->ref);
	if (p->first || p->count > 1) {
		vfb_pf_put(pf);
		pf = ERR_PTR(vfb_why_fail(why, -EINVAL, SRIOV_BROKER_WHY_IS_VF, &p->dev));
	}
	p->first = vf->index;
	p->count = 1;
	vfb_vf_put(vf);
	return pf;
}

/* ioctl(SRIOV_BROKER_BIND) */
int vfb_ioctl_bind(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_bind *p = &arg->bind;
	struct vfb_pf *pf;
	struct vfb_op *op;
	int ret;

	if (p->flags & ~SRIOV_BROKER_BIND_FROM_HOST)
		return -EOPNOTSUPP;
	ret = vfb_addr_check(&p->dev, true);
	if (ret)
		return ret;
	pf = vfb_bind_range(p, why);
	if (IS_ERR(pf))
		return PTR_ERR(pf);
	op = vfb_op_new(pf, vfb_op_bind);
	if (!op)
		return -ENOMEM;
	op->first = p->first;
	op->num = p->count;
	if (p->flags & SRIOV_BROKER_BIND_FROM_HOST)
		op->flags |= VFB_FROM_HOST;
	ret = vfb_op_driver(op, p->driver, false);
	if (ret) {
		kref_put(&op->ref, vfb_op_release);
		return ret;
	}
	return vfb_op_run(op, why);
}

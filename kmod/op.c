// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operations on PFs: ENABLE, DISABLE, BIND, VF_BAR. They take locks of the PCI core
 * that somebody else may hold for long, and whose waiters can't be killed. So
 * they run in a worker, and the caller waits for it in a way that he can be
 * killed from; then the operation ends without him.
 */
#include <linux/capability.h>
#include <linux/completion.h>
#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "ioctl.h"
#include "stats.h"

struct vfb_op {
	struct kref ref;
	struct work_struct work;
	struct completion done;
	int (*fn)(struct vfb_op *op);
	struct vfb_pf *pf; /* counted */
	unsigned int first;
	unsigned int num;
	unsigned int timeout_ms;
	bool force;
	bool open;
	bool may_load;
	char driver[SRIOV_BROKER_NAME_LEN];
	u64 bytes;
	struct vfb_vf_bar bar;
	int ret;
	struct vfb_why why;
};

struct workqueue_struct *vfb_op_wq;

/**
 * vfb_op_init - get ready for operations
 *
 * Return: 0 or a negative errno.
 */
int vfb_op_init(void)
{
	vfb_op_wq = alloc_workqueue(VFB_NAME "_op", WQ_UNBOUND, 0);
	return vfb_op_wq ? 0 : -ENOMEM;
}

/**
 * vfb_op_exit - wait for operations whose callers were killed
 *
 * Context: may sleep, long.
 */
void vfb_op_exit(void)
{
	destroy_workqueue(vfb_op_wq);
}

static void vfb_op_release(struct kref *ref)
{
	struct vfb_op *op = container_of(ref, struct vfb_op, ref);

	put_pid(op->why.pid);
	vfb_pf_put(op->pf);
	kfree(op);
}

static void vfb_op_work(struct work_struct *work)
{
	struct vfb_op *op = container_of(work, struct vfb_op, work);

	/* Users are waited for before the lock is taken, never under it. */
	if (op->force)
		vfb_pf_force_begin(op->pf, op->timeout_ms);
	mutex_lock(&op->pf->op);
	op->ret = op->fn(op);
	mutex_unlock(&op->pf->op);
	if (op->force)
		vfb_pf_force_end(op->pf);
	complete(&op->done);
	kref_put(&op->ref, vfb_op_release);
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
	init_completion(&op->done);
	op->pf = pf;
	op->fn = fn;
	op->may_load = capable(CAP_SYS_MODULE);
	op->why.uid = INVALID_UID;
	return op;
}

/* Runs it; the caller's reference stays, for him to read the answer. */
static int vfb_op_wait(struct vfb_op *op, struct vfb_why *why)
{
	kref_get(&op->ref);
	queue_work(vfb_op_wq, &op->work);
	if (wait_for_completion_killable(&op->done))
		return -EINTR;
	*why = op->why;
	op->why.pid = NULL;
	return op->ret;
}

/* Runs it and drops the caller's reference. */
static int vfb_op_run(struct vfb_op *op, struct vfb_why *why)
{
	int ret = vfb_op_wait(op, why);

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
	int ret = vfb_pf_enable(op->pf, op->num, op->driver, op->open, op->may_load, &op->why);

	vfb_took(SRIOV_BROKER_STAT_ENABLE, op->pf->pdev, op->num, ret, ktime_get_ns() - start);
	return ret;
}

/* ioctl(SRIOV_BROKER_ENABLE) */
int vfb_ioctl_enable(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_enable *p = &arg->enable;
	struct vfb_pf *pf;
	struct vfb_op *op;
	int ret;

	if (p->flags & ~SRIOV_BROKER_ENABLE_OPEN || p->reserved)
		return -EOPNOTSUPP;
	pf = vfb_pf_find(&p->pf, why);
	if (IS_ERR(pf))
		return PTR_ERR(pf);
	op = vfb_op_new(pf, vfb_op_enable);
	if (!op)
		return -ENOMEM;
	op->open = p->flags & SRIOV_BROKER_ENABLE_OPEN;
	op->num = p->num_vfs;
	ret = vfb_op_driver(op, p->driver, true);
	if (ret) {
		kref_put(&op->ref, vfb_op_release);
		return ret;
	}
	return vfb_op_run(op, why);
}

static int vfb_op_disable(struct vfb_op *op)
{
	u64 start = ktime_get_ns();
	int ret = vfb_pf_disable(op->pf, &op->why);

	vfb_took(SRIOV_BROKER_STAT_DISABLE, op->pf->pdev, 0, ret, ktime_get_ns() - start);
	return ret;
}

/* ioctl(SRIOV_BROKER_DISABLE) */
int vfb_ioctl_disable(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_disable *p = &arg->disable;
	struct vfb_pf *pf;
	struct vfb_op *op;

	if (p->flags & ~SRIOV_BROKER_DISABLE_FORCE || p->reserved)
		return -EOPNOTSUPP;
	if (p->timeout_ms > (p->flags ? SRIOV_BROKER_MAX_FORCE_MS : 0))
		return -EINVAL;
	pf = vfb_pf_find(&p->pf, why);
	if (IS_ERR(pf))
		return PTR_ERR(pf);
	op = vfb_op_new(pf, vfb_op_disable);
	if (!op)
		return -ENOMEM;
	op->force = p->flags & SRIOV_BROKER_DISABLE_FORCE;
	op->timeout_ms = p->timeout_ms;
	return vfb_op_run(op, why);
}

static int vfb_op_bind(struct vfb_op *op)
{
	unsigned int have = pci_num_vf(op->pf->pdev);
	unsigned int num = op->num ?: have - min(op->first, have);
	u64 start = ktime_get_ns();
	int ret = vfb_pf_bind(op->pf, op->first, op->num, op->driver, op->may_load, &op->why);

	vfb_took(SRIOV_BROKER_STAT_BIND, op->pf->pdev, num, ret, ktime_get_ns() - start);
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
		pf = ERR_PTR(vfb_refuse(why, -EINVAL, SRIOV_BROKER_WHY_IS_VF, &p->dev));
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

	if (p->flags || p->dev.reserved)
		return -EOPNOTSUPP;
	pf = vfb_bind_range(p, why);
	if (IS_ERR(pf))
		return PTR_ERR(pf);
	op = vfb_op_new(pf, vfb_op_bind);
	if (!op)
		return -ENOMEM;
	op->first = p->first;
	op->num = p->count;
	ret = vfb_op_driver(op, p->driver, false);
	if (ret) {
		kref_put(&op->ref, vfb_op_release);
		return ret;
	}
	return vfb_op_run(op, why);
}

/* Only configuration space is read: nothing to be hung up in, so without a worker. */
static int vfb_vf_bar_ask(struct vfb_pf *pf, unsigned int bar, struct vfb_vf_bar *now,
			  struct vfb_why *why)
{
	int ret;

	if (mutex_lock_killable(&pf->op))
		return -EINTR;
	ret = vfb_pf_vf_bar(pf, bar, 0, now, why);
	mutex_unlock(&pf->op);
	return ret;
}

static int vfb_op_vf_bar(struct vfb_op *op)
{
	return vfb_pf_vf_bar(op->pf, op->first, op->bytes, &op->bar, &op->why);
}

static int vfb_vf_bar_resize(struct vfb_pf *pf, unsigned int bar, u64 bytes, struct vfb_vf_bar *now,
			     struct vfb_why *why)
{
	struct vfb_op *op = vfb_op_new(pf, vfb_op_vf_bar);
	int ret;

	if (!op)
		return -ENOMEM;
	op->first = bar;
	op->bytes = bytes;
	ret = vfb_op_wait(op, why);
	if (!ret)
		*now = op->bar;
	kref_put(&op->ref, vfb_op_release);
	return ret;
}

/* ioctl(SRIOV_BROKER_VF_BAR) */
int vfb_ioctl_vf_bar(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_vf_bar *p = &arg->vf_bar;
	struct vfb_vf_bar now;
	struct vfb_pf *pf;
	int ret;

	if (p->bytes && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (p->flags || p->reserved || p->sizes || p->num_vfs || p->reserved2)
		return -EOPNOTSUPP;
	if (p->bar >= PCI_SRIOV_NUM_BARS)
		return -EINVAL;
	if (p->bytes && (p->bytes < SZ_1M || !is_power_of_2(p->bytes)))
		return -EINVAL;
	pf = vfb_pf_find(&p->pf, why);
	if (IS_ERR(pf))
		return PTR_ERR(pf);
	if (p->bytes) {
		ret = vfb_vf_bar_resize(pf, p->bar, p->bytes, &now, why); /* has our reference */
	} else {
		ret = vfb_vf_bar_ask(pf, p->bar, &now, why);
		vfb_pf_put(pf);
	}
	if (ret)
		return ret;
	p->bytes = now.bytes;
	p->sizes = now.sizes;
	p->num_vfs = now.num_vfs;
	return 0;
}

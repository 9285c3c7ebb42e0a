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

struct sb_op {
	struct kref ref;
	struct work_struct work;
	struct completion done;
	int (*fn)(struct sb_op *op);
	struct sb_pf *pf; /* counted */
	unsigned int first;
	unsigned int num;
	unsigned int timeout_ms;
	bool force;
	bool open;
	bool may_load;
	char driver[SRIOV_BROKER_NAME_LEN];
	u64 bytes;
	struct sb_vf_bar bar;
	int ret;
	struct sb_why why;
};

struct workqueue_struct *sb_op_wq;

/**
 * sb_op_init - get ready for operations
 *
 * Return: 0 or a negative errno.
 */
int sb_op_init(void)
{
	sb_op_wq = alloc_workqueue(SB_NAME "_op", WQ_UNBOUND, 0);
	return sb_op_wq ? 0 : -ENOMEM;
}

/**
 * sb_op_exit - wait for operations whose callers were killed
 *
 * Context: may sleep, long.
 */
void sb_op_exit(void)
{
	destroy_workqueue(sb_op_wq);
}

static void sb_op_release(struct kref *ref)
{
	struct sb_op *op = container_of(ref, struct sb_op, ref);

	put_pid(op->why.pid);
	sb_pf_put(op->pf);
	kfree(op);
}

static void sb_op_work(struct work_struct *work)
{
	struct sb_op *op = container_of(work, struct sb_op, work);

	/* Users are waited for before the lock is taken, never under it. */
	if (op->force)
		sb_pf_force_begin(op->pf, op->timeout_ms);
	mutex_lock(&op->pf->op);
	op->ret = op->fn(op);
	mutex_unlock(&op->pf->op);
	if (op->force)
		sb_pf_force_end(op->pf);
	complete(&op->done);
	kref_put(&op->ref, sb_op_release);
}

static struct sb_op *sb_op_new(struct sb_pf *pf, int (*fn)(struct sb_op *op))
{
	struct sb_op *op = kzalloc(sizeof(*op), GFP_KERNEL);

	if (!op) {
		sb_pf_put(pf);
		return NULL;
	}
	kref_init(&op->ref);
	INIT_WORK(&op->work, sb_op_work);
	init_completion(&op->done);
	op->pf = pf;
	op->fn = fn;
	op->may_load = capable(CAP_SYS_MODULE);
	op->why.uid = INVALID_UID;
	return op;
}

/* Runs it; the caller's reference stays, for him to read the answer. */
static int sb_op_wait(struct sb_op *op, struct sb_why *why)
{
	kref_get(&op->ref);
	queue_work(sb_op_wq, &op->work);
	if (wait_for_completion_killable(&op->done))
		return -EINTR;
	*why = op->why;
	op->why.pid = NULL;
	return op->ret;
}

/* Runs it and drops the caller's reference. */
static int sb_op_run(struct sb_op *op, struct sb_why *why)
{
	int ret = sb_op_wait(op, why);

	kref_put(&op->ref, sb_op_release);
	return ret;
}

/* A driver's name from userspace. Empty means the default, where there is one. */
static int sb_op_driver(struct sb_op *op, const char *name, bool may_default)
{
	if (strnlen(name, SRIOV_BROKER_NAME_LEN) == SRIOV_BROKER_NAME_LEN)
		return -EINVAL;
	if (!name[0] && may_default)
		sb_param_driver(op->driver);
	else
		strscpy(op->driver, name, sizeof(op->driver));
	return sb_name_ok(op->driver) ? 0 : -EINVAL;
}

static int sb_op_enable(struct sb_op *op)
{
	u64 start = ktime_get_ns();
	int ret = sb_pf_enable(op->pf, op->num, op->driver, op->open, op->may_load, &op->why);

	sb_took(SRIOV_BROKER_STAT_ENABLE, op->pf->pdev, op->num, ret, ktime_get_ns() - start);
	return ret;
}

/* ioctl(SRIOV_BROKER_ENABLE) */
int sb_ioctl_enable(struct file *file, union sb_arg *arg, struct sb_why *why)
{
	struct sriov_broker_enable *p = &arg->enable;
	struct sb_pf *pf;
	struct sb_op *op;
	int ret;

	if (p->flags & ~SRIOV_BROKER_ENABLE_OPEN || p->reserved)
		return -EOPNOTSUPP;
	pf = sb_pf_find(&p->pf, why);
	if (IS_ERR(pf))
		return PTR_ERR(pf);
	op = sb_op_new(pf, sb_op_enable);
	if (!op)
		return -ENOMEM;
	op->open = p->flags & SRIOV_BROKER_ENABLE_OPEN;
	op->num = p->num_vfs;
	ret = sb_op_driver(op, p->driver, true);
	if (ret) {
		kref_put(&op->ref, sb_op_release);
		return ret;
	}
	return sb_op_run(op, why);
}

static int sb_op_disable(struct sb_op *op)
{
	u64 start = ktime_get_ns();
	int ret = sb_pf_disable(op->pf, &op->why);

	sb_took(SRIOV_BROKER_STAT_DISABLE, op->pf->pdev, 0, ret, ktime_get_ns() - start);
	return ret;
}

/* ioctl(SRIOV_BROKER_DISABLE) */
int sb_ioctl_disable(struct file *file, union sb_arg *arg, struct sb_why *why)
{
	struct sriov_broker_disable *p = &arg->disable;
	struct sb_pf *pf;
	struct sb_op *op;

	if (p->flags & ~SRIOV_BROKER_DISABLE_FORCE || p->reserved)
		return -EOPNOTSUPP;
	if (p->timeout_ms > (p->flags ? SRIOV_BROKER_MAX_FORCE_MS : 0))
		return -EINVAL;
	pf = sb_pf_find(&p->pf, why);
	if (IS_ERR(pf))
		return PTR_ERR(pf);
	op = sb_op_new(pf, sb_op_disable);
	if (!op)
		return -ENOMEM;
	op->force = p->flags & SRIOV_BROKER_DISABLE_FORCE;
	op->timeout_ms = p->timeout_ms;
	return sb_op_run(op, why);
}

static int sb_op_bind(struct sb_op *op)
{
	unsigned int have = pci_num_vf(op->pf->pdev);
	unsigned int num = op->num ?: have - min(op->first, have);
	u64 start = ktime_get_ns();
	int ret = sb_pf_bind(op->pf, op->first, op->num, op->driver, op->may_load, &op->why);

	sb_took(SRIOV_BROKER_STAT_BIND, op->pf->pdev, num, ret, ktime_get_ns() - start);
	return ret;
}

/* The PF and the range of indices that BIND speaks of. */
static struct sb_pf *sb_bind_range(struct sriov_broker_bind *p, struct sb_why *why)
{
	struct sb_vf *vf = sb_vf_find(&p->dev);
	struct sb_pf *pf;

	if (!vf)
		return sb_pf_find(&p->dev, why);
	pf = vf->pf;
	kref_get(&pf->ref);
	if (p->first || p->count > 1) {
		sb_pf_put(pf);
		pf = ERR_PTR(sb_refuse(why, -EINVAL, SRIOV_BROKER_WHY_IS_VF, &p->dev));
	}
	p->first = vf->index;
	p->count = 1;
	sb_vf_put(vf);
	return pf;
}

/* ioctl(SRIOV_BROKER_BIND) */
int sb_ioctl_bind(struct file *file, union sb_arg *arg, struct sb_why *why)
{
	struct sriov_broker_bind *p = &arg->bind;
	struct sb_pf *pf;
	struct sb_op *op;
	int ret;

	if (p->flags || p->dev.reserved)
		return -EOPNOTSUPP;
	pf = sb_bind_range(p, why);
	if (IS_ERR(pf))
		return PTR_ERR(pf);
	op = sb_op_new(pf, sb_op_bind);
	if (!op)
		return -ENOMEM;
	op->first = p->first;
	op->num = p->count;
	ret = sb_op_driver(op, p->driver, false);
	if (ret) {
		kref_put(&op->ref, sb_op_release);
		return ret;
	}
	return sb_op_run(op, why);
}

/* Only configuration space is read: nothing to be hung up in, so without a worker. */
static int sb_vf_bar_ask(struct sb_pf *pf, unsigned int bar, struct sb_vf_bar *now,
			 struct sb_why *why)
{
	int ret;

	if (mutex_lock_killable(&pf->op))
		return -EINTR;
	ret = sb_pf_vf_bar(pf, bar, 0, now, why);
	mutex_unlock(&pf->op);
	return ret;
}

static int sb_op_vf_bar(struct sb_op *op)
{
	return sb_pf_vf_bar(op->pf, op->first, op->bytes, &op->bar, &op->why);
}

static int sb_vf_bar_resize(struct sb_pf *pf, unsigned int bar, u64 bytes, struct sb_vf_bar *now,
			    struct sb_why *why)
{
	struct sb_op *op = sb_op_new(pf, sb_op_vf_bar);
	int ret;

	if (!op)
		return -ENOMEM;
	op->first = bar;
	op->bytes = bytes;
	ret = sb_op_wait(op, why);
	if (!ret)
		*now = op->bar;
	kref_put(&op->ref, sb_op_release);
	return ret;
}

/* ioctl(SRIOV_BROKER_VF_BAR) */
int sb_ioctl_vf_bar(struct file *file, union sb_arg *arg, struct sb_why *why)
{
	struct sriov_broker_vf_bar *p = &arg->vf_bar;
	struct sb_vf_bar now;
	struct sb_pf *pf;
	int ret;

	if (p->bytes && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (p->flags || p->reserved || p->sizes || p->num_vfs || p->reserved2)
		return -EOPNOTSUPP;
	if (p->bar >= PCI_SRIOV_NUM_BARS)
		return -EINVAL;
	if (p->bytes && (p->bytes < SZ_1M || !is_power_of_2(p->bytes)))
		return -EINVAL;
	pf = sb_pf_find(&p->pf, why);
	if (IS_ERR(pf))
		return PTR_ERR(pf);
	if (p->bytes) {
		ret = sb_vf_bar_resize(pf, p->bar, p->bytes, &now, why); /* has our reference */
	} else {
		ret = sb_vf_bar_ask(pf, p->bar, &now, why);
		sb_pf_put(pf);
	}
	if (ret)
		return ret;
	p->bytes = now.bytes;
	p->sizes = now.sizes;
	p->num_vfs = now.num_vfs;
	return 0;
}

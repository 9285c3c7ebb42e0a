// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ground: the lock, the lists and the queues that all files share, addresses of PCI
 * devices, the reason that a failing operation gives, and the PCI core's locks around a
 * change to a PF.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "core.h"

u64 vfb_instance;
DEFINE_MUTEX(vfb_lock); /* the state, see core.h */
LIST_HEAD(vfb_pfs);
bool vfb_live;
struct workqueue_struct *vfb_wq;
struct workqueue_struct *vfb_op_wq;
struct workqueue_struct *vfb_step_wq;
struct workqueue_struct *vfb_net_wq;
struct workqueue_struct *vfb_put_wq;

/* How many threads wait for rtnl at most, but for one that looks. */
#define VFB_RTNL_WAITERS 16

/**
 * vfb_wq_init - make the queues
 *
 * As many at once as a big machine has VFs: most of them sleep. Nothing is done to a
 * device while the machine is suspended; what is a step of something that has begun goes
 * on, or the suspend would wait for that in vain. What may wait long for rtnl does so one
 * by one, or a few at once where a PF's driver makes them wait, and is in the way of no
 * other work.
 *
 * Context: module init; may sleep.
 * Return: 0 or a negative errno.
 */
int vfb_wq_init(void)
{
	vfb_wq = alloc_workqueue(VFB_NAME, WQ_UNBOUND | WQ_FREEZABLE, WQ_MAX_ACTIVE);
	vfb_op_wq = alloc_workqueue(VFB_NAME "_op", WQ_UNBOUND | WQ_FREEZABLE, 0);
	vfb_step_wq = alloc_workqueue(VFB_NAME "_step", WQ_UNBOUND, WQ_MAX_ACTIVE);
	vfb_net_wq = alloc_ordered_workqueue(VFB_NAME "_net", WQ_FREEZABLE);
	vfb_put_wq = alloc_workqueue(VFB_NAME "_put", WQ_UNBOUND | WQ_FREEZABLE, VFB_RTNL_WAITERS);
	if (vfb_wq && vfb_op_wq && vfb_step_wq && vfb_net_wq && vfb_put_wq)
		return 0;
	vfb_wq_exit();
	return -ENOMEM;
}

/**
 * vfb_wq_exit - and do away with them
 *
 * Context: nothing queues work any more; may sleep.
 */
void vfb_wq_exit(void)
{
	struct workqueue_struct *wqs[] = { vfb_op_wq, vfb_net_wq, vfb_put_wq, vfb_step_wq, vfb_wq };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wqs); i++)
		if (wqs[i])
			destroy_workqueue(wqs[i]);
}

/**
 * vfb_addr - address of a PCI device, as userspace is told
 * @pdev: the device
 *
 * Context: any.
 * Return: the address.
 */
struct sriov_broker_addr vfb_addr(struct pci_dev *pdev)
{
	return (struct sriov_broker_addr){
		.domain = pci_domain_nr(pdev->bus),
		.bdf = pci_dev_id(pdev),
		.valid = 1,
	};
}

/**
 * vfb_addr_str - an address as lspci -D prints it
 * @str: filled; room for VFB_ADDR_LEN characters
 * @addr: the address
 *
 * Context: any.
 * Return: @str.
 */
char *vfb_addr_str(char *str, const struct sriov_broker_addr *addr)
{
	snprintf(str, VFB_ADDR_LEN, "%04x:%02x:%02x.%u", addr->domain, addr->bdf >> 8,
		 PCI_SLOT(addr->bdf), PCI_FUNC(addr->bdf));
	return str;
}

/**
 * vfb_addr_cmp - order of two addresses
 * @a: one
 * @b: the other
 *
 * Context: any.
 * Return: less than, equal to, or more than 0.
 */
int vfb_addr_cmp(const struct sriov_broker_addr *a, const struct sriov_broker_addr *b)
{
	if (a->domain != b->domain)
		return a->domain < b->domain ? -1 : 1;
	if (a->bdf != b->bdf)
		return (int)a->bdf - (int)b->bdf;
	return (int)a->valid - (int)b->valid;
}

/**
 * vfb_addr_check - is what userspace gave an address
 * @addr: what it gave
 * @wanted: it has to name a device
 *
 * Context: any.
 * Return: 0 or a negative errno.
 */
int vfb_addr_check(const struct sriov_broker_addr *addr, bool wanted)
{
	if (addr->valid > 1)
		return -EOPNOTSUPP;
	return !addr->valid && (wanted || addr->domain || addr->bdf) ? -EINVAL : 0;
}

/**
 * vfb_why_fail - note why an operation fails
 * @why: where to note it
 * @err: the negative errno to answer with
 * @reason: enum sriov_broker_reason
 * @dev: the device that it is about, or NULL
 *
 * Context: any.
 * Return: @err.
 */
int vfb_why_fail(struct vfb_why *why, int err, u32 reason, const struct sriov_broker_addr *dev)
{
	why->reason = reason;
	if (dev)
		why->dev = *dev;
	return err;
}

/**
 * vfb_why_clear - forget why an operation fails
 * @why: where that is noted
 *
 * Context: any.
 */
void vfb_why_clear(struct vfb_why *why)
{
	put_pid(why->pid);
	*why = (struct vfb_why){ .uid = INVALID_UID };
}

/**
 * vfb_errno_of - what is told of an errno that a driver has answered
 * @err: the negative errno
 *
 * Context: any.
 * Return: @err, or -EIO in place of one that user space does not know.
 */
int vfb_errno_of(int err)
{
	return err <= -ERESTARTSYS ? -EIO : err;
}

/**
 * vfb_why_words - what is the matter with the device that a reason names, for the log
 * @why: the reason
 *
 * Context: any.
 * Return: words that go behind the device's name.
 */
const char *vfb_why_words(const struct vfb_why *why)
{
	static const char *const words[] = {
		[SRIOV_BROKER_WHY_TOO_MANY] = "has fewer",
		[SRIOV_BROKER_WHY_NO_SRIOV_DRIVER] = "has a driver without SR-IOV",
		[SRIOV_BROKER_WHY_PF_BUSY] = "is busy",
		[SRIOV_BROKER_WHY_PF_REFUSED] = "has a driver that refuses",
		[SRIOV_BROKER_WHY_PF_SHORT] = "was given fewer",
		[SRIOV_BROKER_WHY_ORPHANS] = "is in the way, without its PF",
		[SRIOV_BROKER_WHY_NO_IOMMU] = "has no IOMMU",
		[SRIOV_BROKER_WHY_NO_MMIO] = "has no memory for their BARs",
		[SRIOV_BROKER_WHY_NO_BUS] = "has too few bus numbers",
		[SRIOV_BROKER_WHY_NO_DRIVER] = "would need that driver",
		[SRIOV_BROKER_WHY_PROBE] = "is refused by its driver",
		[SRIOV_BROKER_WHY_LEASED] = "is leased",
		[SRIOV_BROKER_WHY_IN_USE] = "is in use",
		[SRIOV_BROKER_WHY_RETURNING] = "is on its way back",
		[SRIOV_BROKER_WHY_QUARANTINED] = "is in quarantine",
		[SRIOV_BROKER_WHY_NOT_POOLED] = "is the host's",
		[SRIOV_BROKER_WHY_GROUP] = "shares an IOMMU group that is in use",
		[SRIOV_BROKER_WHY_ASSIGNED] = "has a VF that is assigned",
		[SRIOV_BROKER_WHY_RESET] = "could not be reset",
		[SRIOV_BROKER_WHY_QUOTA] = "would be one lease too many of the user",
		[SRIOV_BROKER_WHY_LIMIT] = "would be one lease too many",
		[SRIOV_BROKER_WHY_HOST_NET] = "is used by the host",
		[SRIOV_BROKER_WHY_HOST_DISK] = "is used by the host",
		[SRIOV_BROKER_WHY_PF_VFIO] = "belongs to a user of vfio",
		[SRIOV_BROKER_WHY_NO_PF_DRIVER] = "has no driver",
		[SRIOV_BROKER_WHY_NOT_ALLOWED] = "is in a pool that the user may not lease from",
		[SRIOV_BROKER_WHY_PF_CORDONED] = "is cordoned",
	};

	return (why->reason < ARRAY_SIZE(words) ? words[why->reason] : NULL) ?: "failed";
}

/**
 * vfb_check_instance - is a lease's id of this load of the module
 * @instance: what the caller says that it is of, or 0
 * @why: says why not
 *
 * Context: any.
 * Return: 0 or -ESTALE.
 */
int vfb_check_instance(u64 instance, struct vfb_why *why)
{
	if (!instance || instance == vfb_instance)
		return 0;
	return vfb_why_fail(why, -ESTALE, SRIOV_BROKER_WHY_OTHER_LOAD, NULL);
}

/**
 * vfb_uid_nr - a user, as the caller knows it
 * @uid: the user
 *
 * Context: in the task that asks.
 * Return: its number, or SRIOV_BROKER_NO_UID.
 */
u32 vfb_uid_nr(kuid_t uid)
{
	return uid_valid(uid) ? from_kuid_munged(current_user_ns(), uid) : SRIOV_BROKER_NO_UID;
}

/**
 * vfb_live_pid_nr - a process, as the caller knows it
 * @pid: the process, or NULL
 *
 * One that has ended is no answer to whose a VF is, even if it was not reaped yet.
 *
 * Context: in the task that asks.
 * Return: its number; 0: it has ended, or is not to be seen from there.
 */
int vfb_live_pid_nr(struct pid *pid)
{
	struct task_struct *task;
	bool live;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	live = task && atomic_read(&task->signal->live);
	rcu_read_unlock();
	return live ? pid_vnr(pid) : 0;
}

/**
 * vfb_param_locked - may the caller not change parameters
 *
 * The file's mode lets a root without capabilities, as one in a container is. When the
 * module is loaded its loader has set them.
 *
 * Context: a parameter is set.
 * Return: true: it is to be refused with -EPERM.
 */
bool vfb_param_locked(void)
{
	return READ_ONCE(vfb_live) && !capable(CAP_SYS_ADMIN);
}

/**
 * vfb_name_ok - may this be a driver's name
 * @name: a string that ends
 *
 * Context: any.
 * Return: true for what drivers are called: letters, digits, '-', '_', '.'.
 */
bool vfb_name_ok(const char *name)
{
	/* To isalnum() letters of Latin-1 are some, too. */
	if (!isalnum(*name))
		return false;
	for (; *name; name++)
		if (!isascii(*name) || (!isalnum(*name) && !strchr("-_.", *name)))
			return false;
	return true;
}

/**
 * vfb_read_records - read() of a descriptor that gives records of one size
 * @file: the descriptor
 * @to: the caller's buffer
 * @size: its size
 * @from: where the records come from
 *
 * Context: system call; waits for the first one, unless that is not wanted.
 * Return: bytes of whole records, 0 when there will be none any more, or a negative errno.
 */
ssize_t vfb_read_records(struct file *file, char __user *to, size_t size,
			 const struct vfb_records *from)
{
	void *source = file->private_data;
	size_t done = 0;
	int ret;

	while (size - done >= from->size) {
		ret = from->next(source, from->record);
		if (ret == -EAGAIN && !done && !(file->f_flags & O_NONBLOCK)) {
			ret = wait_event_interruptible(*from->wait, from->has_news(source));
			if (ret)
				return ret;
			continue;
		}
		if (ret <= 0)
			return done ?: ret;
		if (copy_to_user(to + done, from->record, from->size))
			return done ?: -EFAULT;
		done += from->size;
	}
	return done;
}

/* How long to try for the PF's lock, which its driver or removal may hold. */
#define VFB_PF_LOCK_TRIES    200
#define VFB_PF_LOCK_PAUSE_MS 25

/**
 * vfb_pf_lock - take the PCI core's locks for a change to a PF
 * @pf: the PF
 *
 * The PCI core's sriov_numvfs takes the PF's lock, then rescan-remove; its hot
 * removal takes them the other way round. Only trying for the second is safe
 * against both.
 *
 * Context: may sleep: a bounded time for the PF's lock, for rescan-remove as long as
 * its holder takes; pf->op held.
 * Return: 0 or -EBUSY.
 */
int vfb_pf_lock(struct vfb_pf *pf)
{
	int i;

	for (i = 0; i < VFB_PF_LOCK_TRIES; i++) {
		pci_lock_rescan_remove();
		if (device_trylock(&pf->pdev->dev))
			return 0;
		pci_unlock_rescan_remove();
		msleep(VFB_PF_LOCK_PAUSE_MS);
	}
	return -EBUSY;
}

/**
 * vfb_pf_unlock - and release them
 * @pf: the PF
 *
 * Context: after vfb_pf_lock().
 */
void vfb_pf_unlock(struct vfb_pf *pf)
{
	device_unlock(&pf->pdev->dev);
	pci_unlock_rescan_remove();
}

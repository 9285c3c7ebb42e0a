// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases: the choice of a VF, and the descriptor that stands for it.
 *
 * Whoever has the descriptor has the VF: it can be duplicated, inherited, and
 * passed over a socket. The last close, by whatever death, sends the VF through
 * the return path.
 */
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "event.h"
#include "ioctl.h"
#include "lease.h"
#include "net.h"
#include "stats.h"

static LIST_HEAD(vfb_leases);	    /* vfb_lock */
static u64 vfb_last_id;		    /* vfb_lock */
static unsigned int vfb_num_leases; /* vfb_lock; that are out */
static unsigned int vfb_num_taken;  /* vfb_lock; whose VFs are not back yet */

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
}

/**
 * vfb_lease_tell - what an event tells of a lease
 * @lease: the lease
 * @event: the event, to be added to
 *
 * Context: vfb_lock held.
 */
void vfb_lease_tell(const struct vfb_lease *lease, struct vfb_event *event)
{
	lockdep_assert_held(&vfb_lock);
	event->out.lease_id = lease->id;
	strscpy(event->out.lease_label, lease->label, sizeof(event->out.lease_label));
	event->lease_pid = get_pid(lease->pid);
	event->lease_uid = lease->uid;
}

/**
 * vfb_lease_blame - note that a lease stands in the way
 * @why: where to note it
 * @lease: the lease
 *
 * Context: vfb_lock held.
 */
void vfb_lease_blame(struct vfb_why *why, struct vfb_lease *lease)
{
	lockdep_assert_held(&vfb_lock);
	why->lease_id = lease->revoked ? 0 : lease->id;
	put_pid(why->pid); /* one who stood in the way before */
	why->pid = get_pid(lease->pid);
	why->uid = lease->uid;
	strscpy(why->label, lease->label, sizeof(why->label));
}

/* The descriptor has a reference, and so has the group until its VFs are back. */
static void vfb_lease_put(struct vfb_lease *lease)
{
	lockdep_assert_held(&vfb_lock);
	if (--lease->refs)
		return;
	if (lease->user)
		vfb_user_put(lease->user);
	put_pid(lease->revoking.by.pid);
	put_pid(lease->over.by.pid);
	put_pid(lease->pid);
	kfree(lease);
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
	group->owner = NULL;
	owner->user->leases--;
	vfb_num_taken--;
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

/* Ends */

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
	if (group->lease == lease)
		vfb_return_start(group);
}

static void vfb_lease_grace_work(struct work_struct *work)
{
	struct vfb_lease *lease = container_of(to_delayed_work(work), struct vfb_lease, grace);

	mutex_lock(&vfb_lock);
	vfb_lease_revoke(lease, SRIOV_BROKER_LEASE_CAUSE_ADMIN);
	mutex_unlock(&vfb_lock);
}

/* Gives the holder notice. A later call can only shorten what he has left. */
static void vfb_lease_notice(struct vfb_lease *lease, unsigned int grace_ms)
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
}

/* ioctl(SRIOV_BROKER_REVOKE) */
int vfb_ioctl_revoke(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_revoke *p = &arg->revoke;
	struct vfb_lease *lease;
	int ret;

	if (p->flags || p->reserved)
		return -EOPNOTSUPP;
	if (p->grace_ms > SRIOV_BROKER_MAX_GRACE_MS)
		return -EINVAL;
	why->lease_id = p->lease_id;
	ret = vfb_check_instance(p->instance, why);
	if (ret)
		return ret;
	ret = -ENOENT;
	mutex_lock(&vfb_lock);
	list_for_each_entry(lease, &vfb_leases, node) {
		if (lease->id != p->lease_id)
			continue;
		vfb_lease_notice(lease, p->grace_ms);
		ret = 0;
		break;
	}
	mutex_unlock(&vfb_lock);
	return ret ? vfb_refuse(why, ret, SRIOV_BROKER_WHY_NO_LEASE, NULL) : 0;
}

static void vfb_lease_free(struct vfb_lease *lease)
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

static void vfb_lease_unlist(struct vfb_lease *lease)
{
	lockdep_assert_held(&vfb_lock);
	vfb_num_leases--;
	list_del(&lease->node);
	lease->revoked = true; /* a grace period that ends now does nothing */
	vfb_event_vf(lease->vf, SRIOV_BROKER_EVENT_LEASE_ENDED, lease->vf->state, lease, 0);
}

/* The end of a lease: its VFs go back. */
static void vfb_lease_end(struct vfb_lease *lease)
{
	struct vfb_group *group = lease->vf->group;

	mutex_lock(&vfb_lock);
	vfb_lease_unlist(lease);
	if (group->lease == lease)
		vfb_return_start(group);
	mutex_unlock(&vfb_lock);
	/* Off the list, so that no REVOKE can begin another one. */
	cancel_delayed_work_sync(&lease->grace);
	module_put(lease->owner);
	vfb_lease_free(lease);
}

/* The descriptor */

static int vfb_lease_info(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct vfb_lease *lease = file->private_data;
	struct sriov_broker_lease_info *info = &arg->lease_info;
	struct vfb_vf *vf = lease->vf, *peer;

	if (info->flags)
		return -EOPNOTSUPP;

	mutex_lock(&vfb_lock);
	if (lease->revoked) {
		mutex_unlock(&vfb_lock);
		return -ENODEV;
	}
	*info = (struct sriov_broker_lease_info){
		.size = info->size,
		.id = lease->id,
		.instance = vfb_instance,
		.pf = vf->pf->addr,
		.vf = vf->addr,
		.index = vf->index,
		.state = vf->state,
		.iommu_group = vfb_group_id(vf->group),
		.pid = vfb_live_pid_nr(lease->pid),
		.uid = vfb_uid_nr(lease->uid),
	};
	list_for_each_entry(peer, &vf->group->vfs, group_node)
		info->group_vfs++;
	strscpy(info->label, lease->label, sizeof(info->label));
	strscpy(info->driver, vf->driver, sizeof(info->driver));
	mutex_unlock(&vfb_lock);
	return 0;
}

/* Length of the UTF-8 character at @s, which ends with a zero; 0: it is none. */
static size_t vfb_utf8_char(const u8 *s)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4, i;

	for (i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than need be, surrogates, and what is beyond Unicode. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f) || s[0] > 0xf4)
		return 0;
	return len;
}

/* Valid UTF-8 that can be shown on any terminal, and with an end. */
static bool vfb_label_ok(const char *label)
{
	const u8 *s = label;
	size_t len;

	if (strnlen(label, SRIOV_BROKER_NAME_LEN) == SRIOV_BROKER_NAME_LEN)
		return false;
	for (; *s; s += len) {
		len = vfb_utf8_char(s);
		/* C0, DEL; C1, which are controls as well. */
		if (!len || s[0] < ' ' || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0))
			return false;
	}
	return true;
}

static int vfb_lease_set(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct vfb_lease *lease = file->private_data;
	struct sriov_broker_lease_set *set = &arg->lease_set;
	bool set_label = set->flags & SRIOV_BROKER_SET_LABEL;
	bool set_pid = set->flags & SRIOV_BROKER_SET_PID;
	struct pid *pid = NULL;
	int ret = 0;

	if (set->flags & ~(SRIOV_BROKER_SET_LABEL | SRIOV_BROKER_SET_PID) || set->reserved)
		return -EOPNOTSUPP;
	if (!set->flags || (!set_pid && set->pidfd) || (!set_label && set->label[0]) ||
	    !vfb_label_ok(set->label))
		return -EINVAL;
	if (set_pid) {
		pid = vfb_pidfd_pid(set->pidfd);
		if (IS_ERR(pid))
			return PTR_ERR(pid);
		/* Of its own process, or of one that it may signal: not of anybody's. */
		ret = kill_pid(pid, 0, 0);
		if (ret) {
			put_pid(pid);
			return ret;
		}
	}

	mutex_lock(&vfb_lock);
	if (lease->revoked) {
		ret = -ENODEV;
	} else {
		if (set_label)
			strscpy(lease->label, set->label, sizeof(lease->label));
		if (set_pid)
			swap(lease->pid, pid);
	}
	mutex_unlock(&vfb_lock);
	put_pid(pid);
	return ret;
}

/**
 * vfb_lease_is_over - has a lease been revoked
 * @lease: the lease, which the caller has a reference to
 *
 * Context: takes vfb_lock.
 */
bool vfb_lease_is_over(struct vfb_lease *lease)
{
	bool over;

	mutex_lock(&vfb_lock);
	over = lease->revoked;
	mutex_unlock(&vfb_lock);
	return over;
}

/* One at a time: there is nothing in a second one, and it would wait for the first. */
static int vfb_lease_reset_begin(struct vfb_lease *lease)
{
	int ret = 0;

	mutex_lock(&vfb_lock);
	if (lease->resetting)
		ret = -EAGAIN;
	lease->resetting = true;
	mutex_unlock(&vfb_lock);
	return ret;
}

/* Not under a driver's user, which has vfio's own reset. */
static int vfb_lease_reset(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct vfb_lease *lease = file->private_data;
	struct vfb_vf *vf;
	int ret;

	if (arg->lease_reset.flags)
		return -EOPNOTSUPP;
	ret = vfb_lease_reset_begin(lease);
	if (ret)
		return ret;
	for (vf = vfb_group_next(lease->vf->group, NULL); vf;
	     vf = vfb_group_next(lease->vf->group, vf))
		/* Some may be the host's: they have joined the group since. */
		if (!ret && READ_ONCE(vf->state) != SRIOV_BROKER_VF_HOST)
			ret = vfb_reset_leased(vf, lease);
	WRITE_ONCE(lease->resetting, false);
	return !ret && vfb_lease_is_over(lease) ? -ENODEV : ret;
}

static int vfb_lease_open(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct vfb_lease *lease = file->private_data;
	struct sriov_broker_lease_open *p = &arg->lease_open;
	struct vfb_call *call = container_of(arg, struct vfb_call, arg);
	struct file *vfio;
	int fd;

	if (p->flags & ~SRIOV_BROKER_OPEN_CDEV || p->reserved)
		return -EOPNOTSUPP;
	if (vfb_lease_is_over(lease))
		return -ENODEV;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	vfio = vfb_vfio_open(lease->vf, p->flags & SRIOV_BROKER_OPEN_CDEV);
	if (IS_ERR(vfio)) {
		put_unused_fd(fd);
		return PTR_ERR(vfio);
	}
	/* Lost while we opened it: it may be the next holder's. */
	if (vfb_lease_is_over(lease)) {
		fput(vfio);
		put_unused_fd(fd);
		return -ENODEV;
	}
	p->fd = fd;
	call->new_fd = fd;
	call->new_file = vfio;
	return 0;
}

static const struct vfb_ioctl vfb_lease_ioctls[] = {
	VFB_IOCTL(SRIOV_BROKER_LEASE_INFO, sriov_broker_lease_info, driver, .out = true,
		  .fn = vfb_lease_info),
	VFB_IOCTL(SRIOV_BROKER_LEASE_SET, sriov_broker_lease_set, label, .fn = vfb_lease_set),
	VFB_IOCTL(SRIOV_BROKER_LEASE_RESET, sriov_broker_lease_reset, flags, .fn = vfb_lease_reset),
	VFB_IOCTL(SRIOV_BROKER_LEASE_OPEN, sriov_broker_lease_open, reserved, .out = true,
		  .fn = vfb_lease_open),
};

static long vfb_lease_ioctl(struct file *file, unsigned int cmd, unsigned long uarg)
{
	return vfb_ioctl_run(vfb_lease_ioctls, ARRAY_SIZE(vfb_lease_ioctls), file, cmd, uarg);
}

static int vfb_lease_release(struct inode *inode, struct file *file)
{
	vfb_lease_end(file->private_data);
	return 0;
}

/*
 * Takes what is to be read next; ahead of the end comes the notice, if there was one.
 * 1: got one; 0: the lease is over and all are read; -EAGAIN: none yet.
 */
static int vfb_lease_next_news(struct vfb_lease *lease, struct vfb_lease_news *news)
{
	struct vfb_lease_news *from;
	int ret;

	mutex_lock(&vfb_lock);
	from = lease->revoking.type ? &lease->revoking : &lease->over;
	*news = *from;
	from->by.pid = NULL;
	WRITE_ONCE(from->type, 0);
	ret = news->type ? 1 : lease->revoked ? 0 : -EAGAIN;
	mutex_unlock(&vfb_lock);
	return ret;
}

static int vfb_lease_get_event(struct vfb_lease *lease, struct sriov_broker_lease_event *event)
{
	struct vfb_lease_news news;
	int ret = vfb_lease_next_news(lease, &news);

	*event = (struct sriov_broker_lease_event){
		.size = sizeof(*event),
		.type = news.type,
		.cause = news.cause,
		.lease_id = lease->id,
		.deadline_ns = news.deadline_ns,
		.pid = pid_vnr(news.by.pid),
		.uid = vfb_uid_nr(news.by.uid),
	};
	strscpy(event->comm, news.by.comm, sizeof(event->comm));
	put_pid(news.by.pid);
	return ret;
}

/* The condition of a wait, so without the lock. */
static bool vfb_lease_has_news(struct vfb_lease *lease)
{
	return READ_ONCE(lease->revoking.type) || READ_ONCE(lease->revoked);
}

static ssize_t vfb_lease_read(struct file *file, char __user *to, size_t size, loff_t *pos)
{
	struct vfb_lease *lease = file->private_data;
	struct sriov_broker_lease_event event;
	size_t done = 0;
	int ret;

	if (size < SRIOV_BROKER_EVENT_ROOM)
		return -EINVAL;
	while (size - done >= sizeof(event)) {
		ret = vfb_lease_get_event(lease, &event);
		if (ret == -EAGAIN && !done && !(file->f_flags & O_NONBLOCK)) {
			ret = wait_event_interruptible(lease->wait, vfb_lease_has_news(lease));
			if (ret)
				return ret;
			continue;
		}
		if (ret <= 0)
			return done ?: ret;
		if (copy_to_user(to + done, &event, sizeof(event)))
			return done ?: -EFAULT;
		done += sizeof(event);
	}
	return done;
}

static __poll_t vfb_lease_poll(struct file *file, poll_table *pt)
{
	struct vfb_lease *lease = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &lease->wait, pt);
	mutex_lock(&vfb_lock);
	if (lease->revoking.type || lease->over.type)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLPRI;
	if (lease->revoked)
		mask |= EPOLLHUP | EPOLLERR;
	mutex_unlock(&vfb_lock);
	return mask;
}

static const char *const vfb_state_names[] = {
	[SRIOV_BROKER_VF_HOST] = "host",	   [SRIOV_BROKER_VF_FREE] = "free",
	[SRIOV_BROKER_VF_LEASED] = "leased",	   [SRIOV_BROKER_VF_DRAINING] = "draining",
	[SRIOV_BROKER_VF_RESETTING] = "resetting", [SRIOV_BROKER_VF_QUARANTINED] = "quarantined",
	[SRIOV_BROKER_VF_OPEN] = "open",
};

static void vfb_lease_fdinfo(struct seq_file *m, struct file *file)
{
	struct vfb_lease *lease = file->private_data;
	struct vfb_vf *vf = lease->vf;
	char label[SRIOV_BROKER_NAME_LEN];
	const char *state;

	mutex_lock(&vfb_lock);
	if (vf->gone)
		state = "gone";
	else
		state = lease->revoked ? "revoked" : vfb_state_names[vf->state];
	strscpy(label, lease->label, sizeof(label));
	mutex_unlock(&vfb_lock);

	seq_printf(m, "pf:\t%s\n", pci_name(vf->pf->pdev));
	seq_printf(m, "vf:\t%s\n", pci_name(vf->pdev));
	seq_printf(m, "index:\t%u\n", vf->index);
	seq_printf(m, "lease:\t%llu\n", lease->id);
	seq_printf(m, "state:\t%s\n", state);
	seq_printf(m, "label:\t%s\n", label);
}

static const struct file_operations vfb_lease_fops = {
	.owner = THIS_MODULE,
	.release = vfb_lease_release,
	.unlocked_ioctl = vfb_lease_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.read = vfb_lease_read,
	.poll = vfb_lease_poll,
	.show_fdinfo = vfb_lease_fdinfo,
	.llseek = noop_llseek,
};

/* ioctl(SRIOV_BROKER_LEASE) */

/* In a worker, which may open the node. */
static void vfb_lease_probe(struct work_struct *work)
{
	struct vfb_lease *lease = container_of(work, struct vfb_lease, probe);

	lease->found_open = vfb_vfio_is_open(lease->vf->group);
}

/*
 * Has a VF been opened while it was free? Its fence is still up, so nothing was done with
 * it; but with the fence down that descriptor would be as good as the holder's.
 */
static bool vfb_any_open(struct vfb_request *req)
{
	bool open = false;
	unsigned int i;

	for (i = 0; i < req->count; i++)
		queue_work(vfb_wq, &req->leases[i]->probe);
	for (i = 0; i < req->count; i++) {
		flush_work(&req->leases[i]->probe);
		open |= req->leases[i]->found_open;
	}
	return open;
}

static bool vfb_group_is_whole(struct vfb_group *group)
{
	struct vfb_vf *vf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(vf, &group->vfs, group_node)
		if (!vfb_vf_is_whole(vf))
			return false;
	return true;
}

/* Back into the pool as it came, if it is as it was; else on the return path. */
static void vfb_lease_undo(struct vfb_lease *lease)
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
	if (lease->found_open || !vfb_group_is_whole(group)) {
		vfb_return_start(group);
		return;
	}
	group->lease = NULL;
	list_for_each_entry(vf, &group->vfs, group_node)
		vfb_vf_state(vf, SRIOV_BROKER_VF_FREE, SRIOV_BROKER_FAULT_NONE);
}

/* As good as new. Nothing points to it any more, and its grace does not run. */
static void vfb_lease_renew(struct vfb_lease *lease)
{
	struct vfb_vf *vf;

	mutex_lock(&vfb_lock);
	vf = lease->vf;
	lease->vf = NULL;
	lease->deadline_ns = 0;
	lease->revoked = false;
	put_pid(lease->revoking.by.pid);
	put_pid(lease->over.by.pid);
	lease->revoking = (struct vfb_lease_news){};
	lease->over = (struct vfb_lease_news){};
	mutex_unlock(&vfb_lock);
	vfb_vf_put(vf);
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
		vfb_group_follow(lease->vf->group);
		vfb_lease_renew(lease);
	}
	return open;
}

/* VFs that no other has open. Each try that fails takes one out of the pool. */
static int vfb_lease_take(struct vfb_request *req, s32 timeout_ms, struct vfb_why *why)
{
	u64 start = ktime_get_ns();
	struct sriov_broker_addr open;
	s32 left = timeout_ms;
	int ret;

	ret = vfb_pool_take(req, timeout_ms, why);
	while (!ret && vfb_any_open(req)) {
		open = vfb_lease_undo_all(req);
		if (timeout_ms > 0)
			left = max_t(s64, 0,
				     timeout_ms -
					     (s64)div_u64(ktime_get_ns() - start, NSEC_PER_MSEC));
		ret = vfb_pool_take(req, left, why);
		if (why->reason == SRIOV_BROKER_WHY_RETURNING && !vfb_addr_cmp(&why->dev, &open))
			why->reason = SRIOV_BROKER_WHY_IN_USE;
	}
	return ret;
}

static struct vfb_lease *vfb_lease_new(const char *label)
{
	struct vfb_lease *lease = kzalloc(sizeof(*lease), GFP_KERNEL_ACCOUNT);

	if (!lease)
		return NULL;
	lease->refs = 1;
	init_waitqueue_head(&lease->wait);
	INIT_WORK(&lease->probe, vfb_lease_probe);
	INIT_DELAYED_WORK(&lease->grace, vfb_lease_grace_work);
	lease->pid = get_task_pid(current, PIDTYPE_TGID);
	lease->uid = current_uid();
	strscpy(lease->label, label, sizeof(lease->label));
	return lease;
}

/* The driver's module stays as long as the lease does. */
static void vfb_lease_pin(struct vfb_lease *lease)
{
	char name[SRIOV_BROKER_NAME_LEN];
	struct vfb_driver d;

	mutex_lock(&vfb_lock);
	strscpy(name, lease->vf->driver, sizeof(name));
	mutex_unlock(&vfb_lock);
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
	mutex_lock(&vfb_lock);
	list_for_each_entry(peer, &vf->group->vfs, group_node)
		grant->group_vfs++;
	strscpy(grant->driver, vf->driver, sizeof(grant->driver));
	mutex_unlock(&vfb_lock);
}

/*
 * Gives a lease that has its VF a file, and tells userspace of it. From here on
 * the lease belongs to the file: whatever fails later, dropping that ends it.
 * Returns the file, or an ERR_PTR: then the lease has ended.
 */
static struct file *vfb_lease_publish(struct vfb_lease *lease, struct sriov_broker_lease *p, int fd,
				      void __user *to, u64 start, struct vfb_why *why)
{
	struct sriov_broker_grant grant = { .fd = fd };
	size_t size = min_t(size_t, sizeof(grant), p->grant_size);
	struct file *file;
	int ret;

	vfb_group_follow(lease->vf->group);
	vfb_lease_pin(lease);
	ret = vfb_group_lend(lease->vf->group, lease, why);
	if (ret) {
		vfb_lease_end(lease);
		return ERR_PTR(ret);
	}
	vfb_net_begin(lease->vf->group);

	file = anon_inode_getfile("[sriov_broker:lease]", &vfb_lease_fops, lease, O_RDWR);
	if (IS_ERR(file)) {
		vfb_lease_end(lease);
		return file;
	}
	vfb_fill_grant(&grant, lease);
	vfb_took(SRIOV_BROKER_STAT_LEASE, lease->vf->pdev, lease->id, 0, ktime_get_ns() - start);
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
				 struct vfb_slot *slots, u64 start, struct vfb_why *why)
{
	void __user *to = u64_to_user_ptr(p->grants);
	unsigned int i;
	int ret = 0;

	for (i = 0; i < req->count; i++) {
		struct vfb_lease *lease = req->leases[i];
		struct file *file;

		req->leases[i] = NULL;
		if (ret) {
			vfb_lease_end(lease);
			continue;
		}
		file = vfb_lease_publish(lease, p, slots[i].fd, to + (size_t)i * p->grant_size,
					 start, why);
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

static int vfb_get_selector(struct sriov_broker_selector *sel, u64 from, u32 size)
{
	int ret = copy_struct_from_user(sel, sizeof(*sel), u64_to_user_ptr(from), size);

	if (ret)
		return ret;
	if (sel->flags || sel->reserved || sel->reserved2)
		return -EOPNOTSUPP;
	return vfb_addr_check(&sel->dev, false);
}

/* The selectors, for kfree(), or an ERR_PTR. None at all means any VF. */
static struct sriov_broker_selector *vfb_get_selectors(struct sriov_broker_lease *p)
{
	struct sriov_broker_selector *sels;
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
	for (i = 0; i < p->num_selectors && !ret; i++)
		ret = vfb_get_selector(&sels[i], p->selectors + (u64)i * p->selector_size,
				       p->selector_size);
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
			       vfb_refuse(why, -EINVAL, SRIOV_BROKER_WHY_IS_VF, &sel->dev) :
			       0;
	}
	pf = vfb_pf_find(&sel->dev, why);
	if (IS_ERR(pf))
		return PTR_ERR(pf);
	have = pci_num_vf(pf->pdev);
	if ((sel->first || sel->count) && (sel->first >= have || sel->count > have - sel->first)) {
		why->value = have;
		ret = vfb_refuse(why, -ERANGE, SRIOV_BROKER_WHY_NO_INDEX, &pf->addr);
	}
	vfb_pf_put(pf);
	return ret;
}

static int vfb_lease_check(struct sriov_broker_lease *p)
{
	if (p->flags & ~(SRIOV_BROKER_LEASE_NO_CLOEXEC | SRIOV_BROKER_LEASE_SPREAD |
			 SRIOV_BROKER_LEASE_DISTINCT_PFS | SRIOV_BROKER_LEASE_NUMA_STRICT))
		return -EOPNOTSUPP;
	if (!p->count || p->count > SRIOV_BROKER_MAX_LEASES || !vfb_label_ok(p->label) ||
	    p->timeout_ms < -1 || p->numa_node < -1)
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
		if (leases[i])
			continue;
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
		vfb_took(SRIOV_BROKER_STAT_LEASE, NULL, 0, ret, ktime_get_ns() - start);
	else
		ret = vfb_lease_publish_all(req, p, slots, start, why);
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

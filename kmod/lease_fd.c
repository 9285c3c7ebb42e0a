// SPDX-License-Identifier: GPL-2.0-only
/*
 * A lease's descriptor: what its holder can do with it, ask of it, and is told by it.
 */
#include <linux/anon_inodes.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "compat.h"
#include "face.h"

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
		/* Of its own process, or of one that it may signal: not of any. */
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
			vfb_lease_set_pid(lease, pid);
	}
	mutex_unlock(&vfb_lock);
	put_pid(pid);
	return ret;
}

/* Not under a driver's user, which has vfio's own reset. */
static int vfb_lease_reset(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct vfb_lease *lease = file->private_data;
	struct vfb_vf *vf;
	int ret = 0;

	if (arg->lease_reset.flags)
		return -EOPNOTSUPP;
	/* One at a time: there is nothing in a second one, and it would wait for the first. */
	mutex_lock(&vfb_lock);
	if (lease->resetting)
		ret = -EAGAIN;
	lease->resetting = true;
	mutex_unlock(&vfb_lock);
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
	vfb_lease_drop(file->private_data);
	return 0;
}

/* 1: got one; 0: the lease is over and all are read; -EAGAIN: none yet. */
static int vfb_lease_next(void *source, void *record)
{
	struct sriov_broker_lease_event *event = record;
	struct vfb_lease_news news, *from;
	struct vfb_lease *lease = source;
	int ret;

	mutex_lock(&vfb_lock);
	/* Ahead of the end comes the notice, if there was one. */
	from = lease->disturbed.type ? &lease->disturbed :
	       lease->revoking.type  ? &lease->revoking :
				       &lease->over;
	news = *from;
	from->by.pid = NULL;
	WRITE_ONCE(from->type, 0);
	ret = news.type ? 1 : lease->revoked ? 0 : -EAGAIN;
	mutex_unlock(&vfb_lock);
	*event = (struct sriov_broker_lease_event){
		.size = sizeof(*event),
		.type = news.type,
		.cause = news.cause,
		.fault = news.fault,
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
static bool vfb_lease_has_news(void *source)
{
	struct vfb_lease *lease = source;

	return READ_ONCE(lease->disturbed.type) || READ_ONCE(lease->revoking.type) ||
	       READ_ONCE(lease->revoked);
}

static ssize_t vfb_lease_read(struct file *file, char __user *to, size_t size, loff_t *pos)
{
	struct vfb_lease *lease = file->private_data;
	struct sriov_broker_lease_event event;
	const struct vfb_records from = {
		.size = sizeof(event),
		.record = &event,
		.wait = &lease->wait,
		.next = vfb_lease_next,
		.has_news = vfb_lease_has_news,
	};

	if (size < SRIOV_BROKER_EVENT_ROOM)
		return -EINVAL;
	return vfb_read_records(file, to, size, &from);
}

static __poll_t vfb_lease_poll(struct file *file, poll_table *pt)
{
	struct vfb_lease *lease = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &lease->wait, pt);
	guard(mutex)(&vfb_lock);
	if (lease->disturbed.type)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (lease->revoking.type || lease->over.type)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLPRI;
	if (lease->revoked)
		mask |= EPOLLHUP | EPOLLERR;
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
	char label[SRIOV_BROKER_NAME_LEN], cgroup[SRIOV_BROKER_CGROUP_LEN];
	const char *state;

	mutex_lock(&vfb_lock);
	if (vf->gone)
		state = "gone";
	else
		state = lease->revoked ? "revoked" : vfb_state_names[vf->state];
	strscpy(label, lease->label, sizeof(label));
	strscpy(cgroup, lease->cgroup, sizeof(cgroup));
	mutex_unlock(&vfb_lock);

	seq_printf(m, "pf:\t%s\n", pci_name(vf->pf->pdev));
	seq_printf(m, "vf:\t%s\n", pci_name(vf->pdev));
	seq_printf(m, "index:\t%u\n", vf->index);
	seq_printf(m, "lease:\t%llu\n", lease->id);
	seq_printf(m, "state:\t%s\n", state);
	seq_printf(m, "label:\t%s\n", label);
	seq_printf(m, "cgroup:\t%s\n", cgroup);
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

static int vfb_is_file_of(const void *id, struct file *file, unsigned int fd)
{
	const struct vfb_lease *lease = file->private_data;

	return file->f_op == &vfb_lease_fops && lease->id == *(const u64 *)id;
}

/**
 * vfb_lease_has_file - has this task a descriptor of a lease
 * @id: number of the lease
 *
 * Context: any task; takes the lock of its table of descriptors.
 * Return: true if so.
 */
bool vfb_lease_has_file(u64 id)
{
	return current->files && iterate_fd(current->files, 0, vfb_is_file_of, &id);
}

/**
 * vfb_lease_file - the file that stands for a lease
 * @lease: the lease, which belongs to the file from here on: its last close ends it
 *
 * Context: may sleep.
 * Return: the file, or an ERR_PTR: then the lease is still the caller's.
 */
struct file *vfb_lease_file(struct vfb_lease *lease)
{
	struct file *file;

	file = anon_inode_getfile("[sriov_broker:lease]", &vfb_lease_fops, lease, O_RDWR);
	if (!IS_ERR(file)) {
		mutex_lock(&vfb_lock);
		lease->published = true;
		mutex_unlock(&vfb_lock);
	}
	return file;
}

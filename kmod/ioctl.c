// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a system call to an op and back: sizes, permissions, and the reason that
 * a failing op gives (struct vfb_why).
 */
#include <linux/capability.h>
#include <linux/file.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "face.h"

/* Tells userspace. What it does not take is lost: the errno matters more. */
static void vfb_why_tell(u64 uptr, const struct vfb_why *why)
{
	struct sriov_broker_why out = {
		.reason = why->reason,
		.dev = why->dev,
		.error = why->error,
		.pid = vfb_live_pid_nr(why->pid),
		.uid = vfb_uid_nr(why->uid),
		.value = why->value,
		.lease_id = why->lease_id,
	};
	void __user *to = u64_to_user_ptr(uptr);
	u32 size;

	if (get_user(size, (u32 __user *)to) || size < sizeof(size))
		return;
	if (size > sizeof(out)) {
		if (size > PAGE_SIZE || clear_user(to + sizeof(out), size - sizeof(out)))
			return;
	}
	out.size = size;
	strscpy(out.label, why->label, sizeof(out.label));
	strscpy(out.driver, why->driver, sizeof(out.driver));
	strscpy(out.cgroup, why->cgroup, sizeof(out.cgroup));
	if (copy_to_user(to, &out, min_t(size_t, size, sizeof(out))))
		pr_debug("a caller's struct sriov_broker_why can't be written\n");
}

/* The last step: from here on userspace has the descriptor. */
static long vfb_call_end(struct vfb_call *call, long ret)
{
	if (!call->new_file)
		return ret;
	if (ret < 0) {
		put_unused_fd(call->new_fd);
		fput(call->new_file);
	} else {
		fd_install(call->new_fd, call->new_file);
	}
	return ret;
}

static long vfb_ioctl_call(const struct vfb_ioctl *op, struct file *file, void __user *uarg)
{
	struct vfb_call *call;
	u32 usize;
	long ret;

	if (get_user(usize, (u32 __user *)uarg))
		return -EFAULT;
	if (usize < op->min_size)
		return -EINVAL;
	if (usize > PAGE_SIZE)
		return -E2BIG;
	if (op->admin && !capable(CAP_SYS_ADMIN))
		return -EPERM;

	call = kzalloc(sizeof(*call), GFP_KERNEL);
	if (!call)
		return -ENOMEM;
	ret = copy_struct_from_user(&call->arg, op->size, uarg, usize);
	if (ret)
		goto free;

	call->why.uid = INVALID_UID;
	ret = op->fn(file, &call->arg, &call->why);
	if ((ret < 0 || call->why.reason) && op->why)
		vfb_why_tell(*(u64 *)((void *)&call->arg + op->why), &call->why);
	if (ret >= 0 && op->out && copy_to_user(uarg, &call->arg, min(usize, op->size)))
		ret = -EFAULT;
	ret = vfb_call_end(call, ret);
	put_pid(call->why.pid);
free:
	kfree(call);
	return ret;
}

/**
 * vfb_ioctl_run - run the op of an ioctl
 * @table: ops by number, some may be missing
 * @num: size of @table
 * @file: the open file
 * @cmd: the ioctl's number
 * @uarg: its argument
 *
 * Context: system call.
 * Return: what the op returned, or a negative errno.
 */
long vfb_ioctl_run(const struct vfb_ioctl *table, unsigned int num, struct file *file,
		   unsigned int cmd, unsigned long uarg)
{
	unsigned int nr = VFB_IOCTL_INDEX(cmd);

	if (nr >= num)
		return -ENOTTY;
	nr = array_index_nospec(nr, num);
	if (!table[nr].fn || table[nr].cmd != cmd)
		return -ENOTTY;
	return vfb_ioctl_call(&table[nr], file, (void __user *)uarg);
}

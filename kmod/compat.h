/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the supported kernels, under one name each. Nothing else
 * in the module knows that there is more than one kernel. The VFB_HAVE_ macros
 * come from the compile probes in kmod/compat/.
 */
#ifndef VFB_COMPAT_H
#define VFB_COMPAT_H

#include <linux/cgroup.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/file.h>
#include <linux/fs_struct.h>
#include <linux/magic.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/pid.h>
#include <linux/pidfd.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat-probed.h"

#ifdef VFB_HAVE_NETDEV_LOCK_OPS
#include <net/netdev_lock.h>
#endif

/**
 * vfb_override_set - set or clear a device's driver_override
 * @pdev: the device
 * @name: a driver's name, or "" to clear
 *
 * Context: may sleep; may take the device's lock, so it must not be held.
 * Return: 0 or a negative errno.
 */
static inline int vfb_override_set(struct pci_dev *pdev, const char *name)
{
#ifdef VFB_HAVE_DEVICE_DRIVER_OVERRIDE
	return device_set_driver_override(&pdev->dev, name);
#else
	return driver_set_override(&pdev->dev, &pdev->driver_override, name, strlen(name));
#endif
}

/**
 * vfb_override_get - copy a device's driver_override
 * @pdev: the device
 *
 * Context: may sleep; may take the device's lock, so it must not be held.
 * Return: a copy for the caller to free, NULL: there is none, or an ERR_PTR.
 */
static inline char *vfb_override_get(struct pci_dev *pdev)
{
	const char *now;
	char *name;

#ifdef VFB_HAVE_DEVICE_DRIVER_OVERRIDE
	spin_lock(&pdev->dev.driver_override.lock);
	now = pdev->dev.driver_override.name;
	name = kstrdup(now, GFP_ATOMIC);
	spin_unlock(&pdev->dev.driver_override.lock);
#else
	device_lock(&pdev->dev);
	now = pdev->driver_override;
	name = kstrdup(now, GFP_KERNEL);
	device_unlock(&pdev->dev);
#endif
	return now && !name ? ERR_PTR(-ENOMEM) : name;
}

/**
 * vfb_override_clear_if - clear a device's driver_override if it is ours
 * @pdev: the device
 * @name: what we set
 *
 * Context: may sleep; may take the device's lock, so it must not be held.
 */
static inline void vfb_override_clear_if(struct pci_dev *pdev, const char *name)
{
	char *now = vfb_override_get(pdev);

	if (IS_ERR(now))
		return;
	if (now && !strcmp(now, name))
		vfb_override_set(pdev, "");
	kfree(now);
}

/**
 * vfb_open_as_init - open a file as init would
 * @path: its path, from the host's root
 * @flags: O_RDWR and the like
 *
 * Context: a kernel thread; may sleep.
 * Return: the file, or an ERR_PTR.
 */
static inline struct file *vfb_open_as_init(const char *path, int flags)
{
	struct file *file = NULL;

#ifdef VFB_HAVE_SCOPED_INIT_FS
	scoped_with_init_fs()
#endif
		file = filp_open(path, flags, 0);
	return file;
}

/**
 * vfb_netdev_lock - take the lock that an interface's driver may want besides rtnl
 * @netdev: the interface
 *
 * Context: rtnl held; may sleep.
 */
static inline void vfb_netdev_lock(struct net_device *netdev)
{
#ifdef VFB_HAVE_NETDEV_LOCK_OPS
	netdev_lock_ops(netdev);
#endif
}

/**
 * vfb_netdev_unlock - and drop it
 * @netdev: the interface
 *
 * Context: rtnl held.
 */
static inline void vfb_netdev_unlock(struct net_device *netdev)
{
#ifdef VFB_HAVE_NETDEV_LOCK_OPS
	netdev_unlock_ops(netdev);
#endif
}

/**
 * vfb_cgroup_path - path of a task's control group, of version 2
 * @task: the task
 * @path: where to put it; left alone where the kernel has no control groups
 * @len: room there
 *
 * Context: rcu_read_lock() held.
 */
static inline void vfb_cgroup_path(struct task_struct *task, char *path, size_t len)
{
#ifdef CONFIG_CGROUPS
	cgroup_path(task_dfl_cgroup(task), path, len);
#endif
}

#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446 /* no file has it before 6.9 */
#endif
#ifndef PIDFD_THREAD
#define PIDFD_THREAD 0
#endif

/**
 * vfb_is_thread_pidfd - is a file a pidfd of a thread, which since 6.9 there are
 * @file: the file
 *
 * Context: any.
 * Return: true if it is; it ends before its process does.
 */
static inline bool vfb_is_thread_pidfd(const struct file *file)
{
	return file_inode(file)->i_sb->s_magic == PID_FS_MAGIC && file->f_flags & PIDFD_THREAD;
}

/**
 * vfb_file_pid - the process that a file stands for, if it is a pidfd
 * @file: the file
 *
 * What a pidfd is made of is exported by no kernel: since 6.9 it is a file of a file
 * system of its own, before an anonymous inode, whose name no user can give.
 *
 * Context: any.
 * Return: the process, counted, or NULL: it is no pidfd, or one of a thread alone.
 */
static inline struct pid *vfb_file_pid(struct file *file)
{
	if (vfb_is_thread_pidfd(file))
		return NULL;
	if (file_inode(file)->i_sb->s_magic == PID_FS_MAGIC)
		return get_pid(file_inode(file)->i_private);
	if (file_inode(file)->i_sb->s_magic == ANON_INODE_FS_MAGIC &&
	    !strcmp(file->f_path.dentry->d_name.name, "[pidfd]"))
		return get_pid(file->private_data);
	return NULL;
}

/**
 * vfb_pidfd_pid - the process that a pidfd stands for
 * @fd: the descriptor
 *
 * Context: a task with descriptors.
 * Return: the process, counted, or an ERR_PTR: -EBADF: it is no pidfd.
 */
static inline struct pid *vfb_pidfd_pid(int fd)
{
	struct file *file = fget(fd);
	struct pid *pid = file ? vfb_file_pid(file) : NULL;

	if (file)
		fput(file);
	return pid ?: ERR_PTR(-EBADF);
}

#endif /* VFB_COMPAT_H */

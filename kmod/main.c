// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriov_broker: enables SR-IOV VFs, moves them between drivers, and leases them
 * to processes, by file descriptor. Here: the device node, and the module's
 * coming and going.
 */
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "event.h"
#include "ioctl.h"
#include "lease.h"
#include "net.h"
#include "stats.h"

DEFINE_SPINLOCK(sb_lock);
LIST_HEAD(sb_pfs);
struct workqueue_struct *sb_wq;

static const struct sb_ioctl sb_dev_ioctls[] = {
	SB_IOCTL(SRIOV_BROKER_INFO, sriov_broker_info, driver, .out = true, .fn = sb_ioctl_info),
	SB_IOCTL(SRIOV_BROKER_LIST_PFS, sriov_broker_list, why, .out = true,
		 .fn = sb_ioctl_list_pfs, .why = offsetof(struct sriov_broker_list, why)),
	SB_IOCTL(SRIOV_BROKER_LIST_VFS, sriov_broker_list, why, .out = true,
		 .fn = sb_ioctl_list_vfs, .why = offsetof(struct sriov_broker_list, why)),
	SB_IOCTL(SRIOV_BROKER_ENABLE, sriov_broker_enable, why, .admin = true,
		 .fn = sb_ioctl_enable, .why = offsetof(struct sriov_broker_enable, why)),
	SB_IOCTL(SRIOV_BROKER_DISABLE, sriov_broker_disable, why, .admin = true,
		 .fn = sb_ioctl_disable, .why = offsetof(struct sriov_broker_disable, why)),
	SB_IOCTL(SRIOV_BROKER_BIND, sriov_broker_bind, why, .admin = true, .fn = sb_ioctl_bind,
		 .why = offsetof(struct sriov_broker_bind, why)),
	SB_IOCTL(SRIOV_BROKER_LEASE, sriov_broker_lease, label, .fn = sb_ioctl_lease,
		 .why = offsetof(struct sriov_broker_lease, why)),
	SB_IOCTL(SRIOV_BROKER_CLEAR, sriov_broker_clear, why, .admin = true, .fn = sb_ioctl_clear,
		 .why = offsetof(struct sriov_broker_clear, why)),
	SB_IOCTL(SRIOV_BROKER_REVOKE, sriov_broker_revoke, why, .admin = true,
		 .fn = sb_ioctl_revoke, .why = offsetof(struct sriov_broker_revoke, why)),
	SB_IOCTL(SRIOV_BROKER_NET_HOLD, sriov_broker_net_hold, why, .admin = true,
		 .fn = sb_ioctl_net_hold, .why = offsetof(struct sriov_broker_net_hold, why)),
	SB_IOCTL(SRIOV_BROKER_VF_BAR, sriov_broker_vf_bar, why, .out = true, .fn = sb_ioctl_vf_bar,
		 .why = offsetof(struct sriov_broker_vf_bar, why)),
	SB_IOCTL(SRIOV_BROKER_STATS, sriov_broker_list, why, .out = true, .fn = sb_ioctl_stats),
	SB_IOCTL(SRIOV_BROKER_HISTORY, sriov_broker_list, why, .out = true, .fn = sb_ioctl_history),
};

static long sb_dev_ioctl(struct file *file, unsigned int cmd, unsigned long uarg)
{
	return sb_ioctl_run(sb_dev_ioctls, ARRAY_SIZE(sb_dev_ioctls), file, cmd, uarg);
}

static int sb_dev_open(struct inode *inode, struct file *file)
{
	struct sb_client *client = kzalloc(sizeof(*client), GFP_KERNEL_ACCOUNT);

	if (!client)
		return -ENOMEM;
	sb_client_init(client);
	file->private_data = client;
	return 0;
}

static int sb_dev_release(struct inode *inode, struct file *file)
{
	sb_net_release(file->private_data);
	sb_client_exit(file->private_data);
	kfree(file->private_data);
	return 0;
}

static __poll_t sb_dev_poll(struct file *file, poll_table *pt)
{
	struct sb_client *client = file->private_data;
	__poll_t mask = sb_client_poll(file, pt);

	if (sb_pool_poll(file, &client->seen, pt))
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

static const struct file_operations sb_dev_fops = {
	.owner = THIS_MODULE,
	.open = sb_dev_open,
	.release = sb_dev_release,
	.read = sb_client_read,
	.poll = sb_dev_poll,
	.unlocked_ioctl = sb_dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice sb_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = SB_NAME,
	.fops = &sb_dev_fops,
	.mode = 0660,
};

static int __init sb_init(void)
{
	int ret;

	/* As many at once as a big machine has VFs: most of them sleep. */
	sb_wq = alloc_workqueue(SB_NAME, WQ_UNBOUND, WQ_MAX_ACTIVE);
	if (!sb_wq)
		return -ENOMEM;
	ret = sb_event_init();
	if (ret)
		goto destroy_wq;
	ret = sb_op_init();
	if (ret)
		goto exit_event;
	ret = sb_pfdrv_register();
	if (ret)
		goto exit_op;
	ret = sb_genl_register();
	if (ret)
		goto unregister_pfdrv;
	ret = sb_notify_start();
	if (ret)
		goto unregister_genl;
	ret = misc_register(&sb_dev);
	if (ret)
		goto stop_notify;
	sb_stats_init();
	/* Those that were left when there was no broker. */
	sb_orphan_clean();
	sb_wish_start();
	return 0;

stop_notify:
	sb_notify_stop();
	sb_orphan_stop();
unregister_genl:
	sb_genl_unregister();
unregister_pfdrv:
	sb_pfdrv_unregister();
exit_op:
	sb_op_exit();
exit_event:
	sb_event_exit();
destroy_wq:
	destroy_workqueue(sb_wq);
	return ret;
}

/*
 * No descriptor is open any more, so there is no lease; what may still be under
 * way is the return of the last ones, and operations whose caller was killed.
 */
static void __exit sb_exit(void)
{
	misc_deregister(&sb_dev);
	sb_stats_exit();
	sb_wish_stop();
	sb_op_exit();
	sb_return_flush();
	sb_pf_leave_all();
	/* While PFs and VFs are known: it looks whether they are in use. */
	sb_pfdrv_unregister();
	sb_notify_stop();
	sb_orphan_stop();
	sb_genl_unregister();
	destroy_workqueue(sb_wq);
	sb_event_exit();
}

module_init(sb_init);
module_exit(sb_exit);

MODULE_DESCRIPTION("SR-IOV broker: VFs enabled, bound, and leased by file descriptor");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriov_broker: enables SR-IOV VFs, moves them between drivers, and leases them
 * to processes, by file descriptor. Here: the device node, and the module's
 * coming and going.
 */
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "face.h"

static const struct vfb_ioctl vfb_dev_ioctls[] = {
	/* No more than what is the same in every major number. */
	VFB_IOCTL(SRIOV_BROKER_INFO, sriov_broker_info, abi_minor, .out = true,
		  .fn = vfb_ioctl_info),
	VFB_IOCTL(SRIOV_BROKER_LIST_PFS, sriov_broker_list, why, .out = true,
		  .fn = vfb_ioctl_list_pfs, .why = offsetof(struct sriov_broker_list, why)),
	VFB_IOCTL(SRIOV_BROKER_LIST_VFS, sriov_broker_list, why, .out = true,
		  .fn = vfb_ioctl_list_vfs, .why = offsetof(struct sriov_broker_list, why)),
	VFB_IOCTL(SRIOV_BROKER_ENABLE, sriov_broker_enable, why, .admin = true,
		  .fn = vfb_ioctl_enable, .why = offsetof(struct sriov_broker_enable, why)),
	VFB_IOCTL(SRIOV_BROKER_DISABLE, sriov_broker_disable, why, .admin = true,
		  .fn = vfb_ioctl_disable, .why = offsetof(struct sriov_broker_disable, why)),
	VFB_IOCTL(SRIOV_BROKER_BIND, sriov_broker_bind, why, .admin = true, .fn = vfb_ioctl_bind,
		  .why = offsetof(struct sriov_broker_bind, why)),
	VFB_IOCTL(SRIOV_BROKER_LEASE, sriov_broker_lease, pool, .fn = vfb_ioctl_lease,
		  .why = offsetof(struct sriov_broker_lease, why)),
	VFB_IOCTL(SRIOV_BROKER_CLEAR, sriov_broker_clear, why, .admin = true, .fn = vfb_ioctl_clear,
		  .why = offsetof(struct sriov_broker_clear, why)),
	VFB_IOCTL(SRIOV_BROKER_REVOKE, sriov_broker_revoke, why, .admin = true,
		  .fn = vfb_ioctl_revoke, .why = offsetof(struct sriov_broker_revoke, why)),
	VFB_IOCTL(SRIOV_BROKER_NET_HOLD, sriov_broker_net_hold, why, .admin = true,
		  .fn = vfb_ioctl_net_hold, .why = offsetof(struct sriov_broker_net_hold, why)),
	VFB_IOCTL(SRIOV_BROKER_LIST_WAITERS, sriov_broker_list, why, .out = true,
		  .fn = vfb_ioctl_list_waiters, .why = offsetof(struct sriov_broker_list, why)),
	VFB_IOCTL(SRIOV_BROKER_CANCEL, sriov_broker_cancel, why, .admin = true,
		  .fn = vfb_ioctl_cancel, .why = offsetof(struct sriov_broker_cancel, why)),
	VFB_IOCTL(SRIOV_BROKER_ANCHOR, sriov_broker_anchor, why, .fn = vfb_ioctl_anchor,
		  .why = offsetof(struct sriov_broker_anchor, why)),
	VFB_IOCTL(SRIOV_BROKER_RELEASE, sriov_broker_release, why, .fn = vfb_ioctl_release,
		  .why = offsetof(struct sriov_broker_release, why)),
	VFB_IOCTL(SRIOV_BROKER_POOL_SET, sriov_broker_pool, why, .admin = true,
		  .fn = vfb_ioctl_pool_set, .why = offsetof(struct sriov_broker_pool, why)),
	VFB_IOCTL(SRIOV_BROKER_POOL_GET, sriov_broker_pool, why, .out = true,
		  .fn = vfb_ioctl_pool_get, .why = offsetof(struct sriov_broker_pool, why)),
	VFB_IOCTL(SRIOV_BROKER_CORDON, sriov_broker_cordon, why, .admin = true,
		  .fn = vfb_ioctl_cordon, .why = offsetof(struct sriov_broker_cordon, why)),
	VFB_IOCTL(SRIOV_BROKER_STATS, sriov_broker_list, why, .out = true, .fn = vfb_ioctl_stats,
		  .why = offsetof(struct sriov_broker_list, why)),
	VFB_IOCTL(SRIOV_BROKER_HISTORY, sriov_broker_list, why, .out = true,
		  .fn = vfb_ioctl_history, .why = offsetof(struct sriov_broker_list, why)),
};

static long vfb_dev_ioctl(struct file *file, unsigned int cmd, unsigned long uarg)
{
	return vfb_ioctl_run(vfb_dev_ioctls, ARRAY_SIZE(vfb_dev_ioctls), file, cmd, uarg);
}

static int vfb_dev_open(struct inode *inode, struct file *file)
{
	struct vfb_client *client = kzalloc(sizeof(*client), GFP_KERNEL_ACCOUNT);

	if (!client)
		return -ENOMEM;
	if (vfb_client_init(client, file->f_cred)) {
		kfree(client);
		return -ENOMEM;
	}
	file->private_data = client;
	return 0;
}

static int vfb_dev_release(struct inode *inode, struct file *file)
{
	vfb_net_release(file->private_data);
	vfb_client_exit(file->private_data);
	kfree(file->private_data);
	return 0;
}

static const struct file_operations vfb_dev_fops = {
	.owner = THIS_MODULE,
	.open = vfb_dev_open,
	.release = vfb_dev_release,
	.read = vfb_client_read,
	.poll = vfb_client_poll,
	.unlocked_ioctl = vfb_dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice vfb_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = VFB_NAME,
	.fops = &vfb_dev_fops,
	.mode = 0660,
};

static int __init vfb_init(void)
{
	int ret;

	vfb_instance = get_random_u64() ?: 1;
	ret = vfb_wq_init();
	if (ret)
		return ret;
	ret = vfb_event_init();
	if (ret)
		goto exit_wq;
	ret = vfb_pfdrv_register();
	if (ret)
		goto exit_event;
	ret = vfb_group_register();
	if (ret)
		goto unregister_pfdrv;
	ret = vfb_genl_register();
	if (ret)
		goto unregister_group;
	ret = vfb_notify_start();
	if (ret)
		goto unregister_genl;
	ret = misc_register(&vfb_dev);
	if (ret)
		goto stop_notify;
	/* Those that were left when there was no broker. */
	vfb_orphan_clean();
	vfb_pf_config_start();
	vfb_aer_start();
	return 0;

stop_notify:
	vfb_notify_stop();
	vfb_orphan_stop();
unregister_genl:
	vfb_genl_unregister();
unregister_group:
	vfb_group_unregister();
unregister_pfdrv:
	vfb_pfdrv_unregister();
exit_event:
	vfb_event_exit();
exit_wq:
	vfb_wq_exit();
	return ret;
}

/*
 * No descriptor is open any more, so there is no lease; what may still be under
 * way is the return of the last ones, and operations whose caller was killed.
 */
static void __exit vfb_exit(void)
{
	misc_deregister(&vfb_dev);
	vfb_pool_stop();
	vfb_aer_stop();
	vfb_errors_stop();
	vfb_pf_config_stop();
	vfb_op_flush();
	vfb_ask_flush();
	vfb_return_flush();
	vfb_pf_leave_all();
	/* While PFs and VFs are known: it looks whether they are in use. */
	vfb_pfdrv_unregister();
	vfb_notify_stop();
	vfb_named_exit();
	vfb_group_unregister();
	vfb_orphan_stop();
	vfb_genl_unregister();
	vfb_wq_exit();
	vfb_event_exit();
}

module_init(vfb_init);
module_exit(vfb_exit);

MODULE_DESCRIPTION("SR-IOV broker: VFs enabled, bound, and leased by file descriptor");
MODULE_AUTHOR("the sriov_broker authors");
MODULE_VERSION(VFB_VERSION);
MODULE_LICENSE("GPL");

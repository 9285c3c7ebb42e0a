// SPDX-License-Identifier: GPL-2.0-only
/*
 * Has the lock of the PCI device "dev" from when this is loaded to when it is unloaded,
 * as a driver's remove that takes its time does. Without one: the network stack's rtnl.
 */
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/rtnetlink.h>
#include <linux/workqueue.h>

#include "fake.h"

static char *dev = "";
module_param(dev, charp, 0444);
MODULE_PARM_DESC(dev, "address of the device; none: rtnl");

static struct pci_dev *pdev; /* counted; NULL: rtnl */
static DECLARE_COMPLETION(locked);
static DECLARE_COMPLETION(enough);

static void hold(struct work_struct *work)
{
	if (pdev)
		device_lock(&pdev->dev);
	else
		rtnl_lock();
	complete(&locked);
	wait_for_completion(&enough);
	if (pdev)
		device_unlock(&pdev->dev);
	else
		rtnl_unlock();
}

static DECLARE_WORK(holder, hold);

static int __init fake_lock_init(void)
{
	pdev = find_dev(dev);
	if (!pdev && dev[0])
		return -ENODEV;
	queue_work(system_unbound_wq, &holder);
	wait_for_completion(&locked);
	return 0;
}

static void __exit fake_lock_exit(void)
{
	complete(&enough);
	flush_work(&holder);
	pci_dev_put(pdev);
}

module_init(fake_lock_init);
module_exit(fake_lock_exit);

MODULE_DESCRIPTION("Tests: a lock that is not to be had");
MODULE_LICENSE("GPL");

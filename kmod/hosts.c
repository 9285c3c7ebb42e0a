// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host does with its VFs: does it use the interface or the disk of one? And
 * whether a PF is its user's, through vfio.
 *
 * All is found from the VF's struct device: what its driver has made are children of it,
 * also an interface that was lent to another network namespace. Not seen: a disk that is
 * put together elsewhere, as the heads of NVMe's multipath are, RDMA, and what a driver
 * gives to programs by a character device.
 */
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>

#include "core.h"

static bool vfb_is_of_class(const struct device *dev, const char *name)
{
	return dev->class && !strcmp(dev->class->name, name);
}

static void vfb_look_at_net(struct net_device *netdev, struct vfb_use *use)
{
	ASSERT_RTNL();
	if (netdev->reg_state != NETREG_REGISTERED)
		return;
	if (!(netdev->flags & IFF_UP) && net_eq(dev_net(netdev), &init_net) &&
	    !netdev_has_any_upper_dev(netdev))
		return;
	use->reason = SRIOV_BROKER_WHY_HOST_NET;
	strscpy(use->name, netdev->name, sizeof(use->name));
}

/*
 * A user that opens a partition has the disk open as well. With NVMe's multipath what is
 * opened is a head, which belongs to the subsystem; below the VF is one path to it, which
 * is never opened. Only nvme-core knows whether the head has others, the PF's for one: an
 * open head says nothing of the VF.
 */
static void vfb_look_at_disk(struct device *dev, struct vfb_use *use)
{
	struct gendisk *disk;

	if (!dev->type || strcmp(dev->type->name, "disk"))
		return;
	disk = dev_to_disk(dev);
	if (!disk_openers(disk))
		return;
	use->reason = SRIOV_BROKER_WHY_HOST_DISK;
	strscpy(use->name, disk->disk_name, sizeof(use->name));
}

/* A disk is the child of a controller, of a SCSI device, ...: some steps down, not many. */
static int vfb_look_at(struct device *dev, void *data)
{
	struct vfb_use *use = data;

	if (vfb_is_of_class(dev, "net"))
		vfb_look_at_net(to_net_dev(dev), use);
	else if (vfb_is_of_class(dev, "block"))
		vfb_look_at_disk(dev, use);
	return use->reason ? 1 : device_for_each_child(dev, use, vfb_look_at);
}

/* udev looks into each new disk, for a moment. */
#define VFB_DISK_TRIES	  5
#define VFB_DISK_PAUSE_MS 100

/**
 * vfb_host_use - find out whether the host uses a VF
 * @vf: the VF, on a driver of the host's
 * @use: filled; its reason is SRIOV_BROKER_WHY_NONE where the host does not
 *
 * Nothing keeps the host from beginning to, a moment later.
 *
 * Context: may sleep; takes rtnl.
 */
void vfb_host_use(struct vfb_vf *vf, struct vfb_use *use)
{
	unsigned int tries;

	for (tries = 0; tries < VFB_DISK_TRIES; tries++) {
		if (tries)
			msleep(VFB_DISK_PAUSE_MS);
		use->reason = SRIOV_BROKER_WHY_NONE;
		rtnl_lock();
		device_for_each_child(&vf->pdev->dev, use, vfb_look_at);
		rtnl_unlock();
		if (use->reason != SRIOV_BROKER_WHY_HOST_DISK)
			return;
	}
}

static int vfb_is_vfio_dev(struct device *dev, void *unused)
{
	return vfb_is_of_class(dev, "vfio-dev");
}

/**
 * vfb_is_vfios - is a device on a driver of vfio
 * @pdev: the device
 *
 * Context: may sleep.
 * Return: true if so.
 */
bool vfb_is_vfios(struct pci_dev *pdev)
{
	return device_for_each_child(&pdev->dev, NULL, vfb_is_vfio_dev);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio's device nodes, opened on behalf of a lease's holder, or to see whether
 * a user has one open. It is done in a worker, which sees the host's file
 * system and may open them, whatever the caller may.
 */
#include <linux/file.h>
#include <linux/iommu.h>
#include <linux/slab.h>
#include <linux/vfio.h>

#include "compat.h"
#include "mech.h"

#define VFB_VFIO_PATH 40

struct vfb_vfio_open {
	struct kref ref;
	struct work_struct work;
	struct completion done;
	char path[VFB_VFIO_PATH];
	struct file *file; /* owned; may be an ERR_PTR */
};

static void vfb_vfio_open_release(struct kref *ref)
{
	struct vfb_vfio_open *o = container_of(ref, struct vfb_vfio_open, ref);

	if (!IS_ERR_OR_NULL(o->file))
		fput(o->file);
	kfree(o);
}

static void vfb_vfio_open_work(struct work_struct *work)
{
	struct vfb_vfio_open *o = container_of(work, struct vfb_vfio_open, work);

	o->file = vfb_open_as_init(o->path, O_RDWR);
	complete(&o->done);
	kref_put(&o->ref, vfb_vfio_open_release);
}

/* The vfio device is the child of class vfio-dev; it may have a node of its own. */
static bool vfb_vfio_has_cdev(struct device *dev)
{
	return dev->class && !strcmp(dev->class->name, "vfio-dev") && dev->devt;
}

static int vfb_vfio_find_cdev(struct device *dev, void *data)
{
	struct vfb_vfio_open *o = data;

	if (!vfb_vfio_has_cdev(dev))
		return 0;
	snprintf(o->path, sizeof(o->path), "/dev/vfio/devices/%s", dev_name(dev));
	return 1;
}

/**
 * vfb_vfio_open - open a VF's vfio group, or the VF's own node
 * @vf: the VF
 * @cdev: the VF's own
 *
 * Context: may sleep; can be killed.
 * Return: the file, which the caller owns, or an ERR_PTR: -EOPNOTSUPP: there is no
 * such node; -EBUSY: the group is open already; -EINTR.
 */
struct file *vfb_vfio_open(struct vfb_vf *vf, bool cdev)
{
	struct vfb_vfio_open *o = kzalloc(sizeof(*o), GFP_KERNEL);
	struct file *file = ERR_PTR(-EINTR);

	if (!o)
		return ERR_PTR(-ENOMEM);
	kref_init(&o->ref);
	INIT_WORK(&o->work, vfb_vfio_open_work);
	init_completion(&o->done);
	if (cdev)
		device_for_each_child(&vf->pdev->dev, o, vfb_vfio_find_cdev);
	else if (vf->group->iommu)
		snprintf(o->path, sizeof(o->path), "/dev/vfio/%d", vfb_group_id(vf->group));
	if (!o->path[0]) {
		file = ERR_PTR(-EOPNOTSUPP);
		goto put;
	}

	kref_get(&o->ref);
	queue_work(vfb_wq, &o->work);
	if (wait_for_completion_killable(&o->done))
		goto put;
	file = o->file;
	o->file = NULL;
	/* vfio's word for a group without a device, and the path's for none. */
	if (file == ERR_PTR(-ENODEV) || file == ERR_PTR(-ENOENT))
		file = ERR_PTR(-EOPNOTSUPP);
put:
	kref_put(&o->ref, vfb_vfio_open_release);
	return file;
}

struct vfb_vfio_request {
	const struct device_driver *drv; /* its module is counted */
	unsigned int count;
};

static int vfb_vfio_request(struct device *dev, void *data)
{
	const struct vfb_vfio_request *r = data;
	struct vfio_device *vdev;

	if (!dev->class || strcmp(dev->class->name, "vfio-dev"))
		return 0;
	vdev = container_of(dev, struct vfio_device, device);
	if (READ_ONCE(vdev->dev->driver) == r->drv && vdev->ops->request)
		vdev->ops->request(vdev, r->count);
	return 1;
}

/**
 * vfb_vfio_ask - ask a VF's user, through vfio, to let go of it
 * @vf: the VF
 * @count: how often that was done before
 *
 * It is what vfio does when a driver is unbound from a device that is open, on any driver
 * of vfio: the user's eventfd for requests is signalled. QEMU unplugs the device from its
 * guest then. A user that has none hears nothing.
 *
 * Context: may sleep; takes vfb_lock.
 */
void vfb_vfio_ask(struct vfb_vf *vf, unsigned int count)
{
	struct vfb_vfio_request r = { .count = count };
	char name[SRIOV_BROKER_NAME_LEN];
	struct vfb_driver d;

	mutex_lock(&vfb_lock);
	strscpy(name, vf->driver, sizeof(name));
	mutex_unlock(&vfb_lock);
	if (!name[0] || vfb_driver_get(&d, name, false))
		return;
	r.drv = d.drv;
	device_for_each_child(&vf->pdev->dev, &r, vfb_vfio_request);
	vfb_driver_put(&d);
}

/*
 * A node of the VF's own can be open by many, and none of them is seen until it
 * binds it to an iommufd. But vfio counts them: 1 is its driver.
 */
static int vfb_vfio_cdev_is_open(struct device *dev, void *unused)
{
	if (!vfb_vfio_has_cdev(dev))
		return 0;
	return refcount_read(&container_of(dev, struct vfio_device, device)->refcount) > 1;
}

/**
 * vfb_vfio_node_is_open - has a user a device's own vfio node open
 * @pdev: the device
 *
 * A user that has its group open is not seen.
 *
 * Context: may sleep.
 */
bool vfb_vfio_node_is_open(struct pci_dev *pdev)
{
	return device_for_each_child(&pdev->dev, NULL, vfb_vfio_cdev_is_open);
}

/**
 * vfb_vfio_is_open - has a user a group's vfio node open, or one of its VFs'
 * @group: the group, fenced
 *
 * The fence tells whether the group is used. It does not tell of a descriptor that is
 * merely open, kept by the last holder for when the fence comes down again.
 *
 * Context: a worker; may sleep.
 * Return: true if so.
 */
bool vfb_vfio_is_open(struct vfb_group *group)
{
	char path[VFB_VFIO_PATH];
	struct file *file;
	struct vfb_vf *vf;
	bool open = false;

	for (vf = vfb_group_next(group, NULL); vf; vf = vfb_group_next(group, vf))
		open |= vfb_vfio_node_is_open(vf->pdev);
	if (open || !group->iommu)
		return open;
	snprintf(path, sizeof(path), "/dev/vfio/%d", vfb_group_id(group));
	file = vfb_open_as_init(path, O_RDWR);
	/* No such node, or one without a device. Of any other error nothing is known. */
	if (IS_ERR(file))
		return PTR_ERR(file) != -ENOENT && PTR_ERR(file) != -ENODEV &&
		       PTR_ERR(file) != -ENXIO;
	/* At once: a group can be opened only once, and the next is waiting. */
	__fput_sync(file);
	return false;
}

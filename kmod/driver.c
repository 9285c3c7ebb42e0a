// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers that VFs are bound to: found by name, their modules loaded and held,
 * attached to a VF.
 */
#define dev_fmt(fmt) KBUILD_MODNAME ": " fmt
#define pr_fmt(fmt)  KBUILD_MODNAME ": " fmt

#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "compat.h"
#include "core.h"

static char vfb_driver_param[SRIOV_BROKER_NAME_LEN] = "vfio-pci";

/**
 * vfb_param_driver - the default target driver
 * @name: room for SRIOV_BROKER_NAME_LEN characters
 *
 * Context: any; takes vfb_lock.
 */
void vfb_param_driver(char *name)
{
	guard(mutex)(&vfb_lock);
	strscpy(name, vfb_driver_param, SRIOV_BROKER_NAME_LEN);
}

static int vfb_driver_param_set(const char *val, const struct kernel_param *kp)
{
	char name[SRIOV_BROKER_NAME_LEN];

	if (vfb_param_locked())
		return -EPERM;
	if (strscpy(name, val, sizeof(name)) < 0 || !vfb_name_ok(strim(name))) {
		pr_err("%s: '%.64s' is not a driver's name\n", kp->name, val);
		return -EINVAL;
	}
	guard(mutex)(&vfb_lock);
	strscpy(vfb_driver_param, strim(name), sizeof(vfb_driver_param));
	return 0;
}

static int vfb_driver_param_get(char *buf, const struct kernel_param *kp)
{
	char name[SRIOV_BROKER_NAME_LEN];

	vfb_param_driver(name);
	return sysfs_emit(buf, "%s\n", name);
}

static const struct kernel_param_ops vfb_driver_param_ops = {
	.set = vfb_driver_param_set,
	.get = vfb_driver_param_get,
};
module_param_cb(driver, &vfb_driver_param_ops, NULL, 0644);
MODULE_PARM_DESC(driver, "driver that VFs are bound to where none is named (default: vfio-pci)");

/*
 * The bus's list keeps a driver alive while we look at it, which driver_find()
 * does not; once its module is counted it stays.
 */
static int vfb_driver_match(struct device_driver *drv, void *data)
{
	struct vfb_driver *d = data;

	if (strcmp(drv->name, d->name) || !try_module_get(drv->owner))
		return 0;
	d->drv = drv;
	d->managed = to_pci_driver(drv)->driver_managed_dma;
	return 1;
}

/**
 * vfb_driver_get - find a driver, and load its module if need be
 * @d: filled; vfb_driver_put() when done with it
 * @name: its name, or VFB_HOST for whatever the host would choose
 * @may_load: the caller may have any module loaded
 *
 * The drivers that leave a device to its user are loaded for every caller
 * that may bind devices.
 *
 * Context: may sleep, and waits for modprobe.
 * Return: 0, -ENOENT: there is no such driver, -EINVAL: that can't be a name.
 */
int vfb_driver_get(struct vfb_driver *d, const char *name, bool may_load)
{
	memset(d, 0, sizeof(*d));
	if (!vfb_name_ok(name))
		return -EINVAL;
	strscpy(d->name, name, sizeof(d->name));
	if (!strcmp(name, VFB_HOST) || bus_for_each_drv(&pci_bus_type, NULL, d, vfb_driver_match))
		return 0;

	if (may_load || !strcmp(name, "vfio-pci") || !strcmp(name, "pci-stub") ||
	    vfb_guards(name)) {
		request_module("%s", name);
		if (bus_for_each_drv(&pci_bus_type, NULL, d, vfb_driver_match))
			return 0;
	}
	return -ENOENT;
}

/**
 * vfb_driver_put - let go of a driver
 * @d: what vfb_driver_get() filled
 *
 * Context: any.
 */
void vfb_driver_put(struct vfb_driver *d)
{
	if (d->drv)
		module_put(d->drv->owner);
	d->drv = NULL;
}

/**
 * vfb_driver_wants_iommu - does a driver need an IOMMU to be of use
 * @d: the driver
 *
 * vfio's drivers do: without, a user that opens a VF can read and write all memory. A
 * stub gives its devices to no user.
 *
 * Context: any.
 * Return: true if so.
 */
bool vfb_driver_wants_iommu(const struct vfb_driver *d)
{
	return d->managed && strcmp(d->name, "pci-stub");
}

/**
 * vfb_release - take a VF's driver off it
 * @vf: the VF
 *
 * Its user must be known to be away, or this waits for it.
 *
 * Context: may sleep; takes the VF's device lock.
 */
void vfb_release(struct vfb_vf *vf)
{
	device_release_driver(&vf->pdev->dev);
}

/*
 * The driver lacks something that is still to come. Only what a probe of the bus's own finds so
 * is tried again then, by whatever driver fits; of those that fit now it is to find this one.
 */
static void vfb_attach_later(struct pci_dev *pdev, const char *driver)
{
	if (vfb_override_set(pdev, driver))
		return;
	if (device_attach(&pdev->dev) < 0)
		dev_warn(&pdev->dev, "%s is not tried again\n", driver);
	vfb_override_set(pdev, "");
}

/* Ends the walk over the drivers when the device has one, whatever has bound it. */
static int vfb_try_hosts(struct device_driver *drv, void *data)
{
	struct device *dev = data;
	int ret;

	if (!pci_bus_type.match(dev, drv))
		return 0;
	if (to_pci_driver(drv)->driver_managed_dma) {
		dev_warn(dev, "%s was given its ids, but is no driver of the host's\n", drv->name);
		return 0;
	}
	ret = device_driver_attach(drv, dev);
	dev_dbg(dev, "host's driver %s: %pe\n", drv->name, ERR_PTR(ret));
	if (ret == -EAGAIN) /* device_driver_attach()'s word for -EPROBE_DEFER */
		vfb_attach_later(to_pci_dev(dev), drv->name);
	return !!READ_ONCE(dev->driver);
}

/*
 * The host's choice: as device_attach(), the first driver that fits and takes the VF, but
 * never one that leaves DMA to its user. Such a one was given the VF's ids by new_id: the
 * VF would be called the host's, and be open to all through vfio.
 */
static void vfb_attach_hosts(struct vfb_vf *vf)
{
	bus_for_each_drv(&pci_bus_type, NULL, &vf->pdev->dev, vfb_try_hosts);
}

/**
 * vfb_attach - bind a VF that has no driver
 * @vf: the VF
 * @to: the driver, or the host's choice, which may be none
 *
 * Context: may sleep; takes the VF's device lock.
 * Return: 0, also where the host has no driver for it, or the negative errno of the
 * driver's probe.
 */
int vfb_attach(struct vfb_vf *vf, const struct vfb_driver *to)
{
	struct mutex *bind = &vf->group->bind; /* the VF may change its group meanwhile */
	struct device *dev = &vf->pdev->dev;
	int ret = vfb_override_set(vf->pdev, to->drv ? to->name : "");

	if (ret)
		return ret;
	mutex_lock(bind);
	if (to->drv)
		ret = device_driver_attach(to->drv, dev);
	else
		vfb_attach_hosts(vf);
	mutex_unlock(bind);
	/* It keeps a VF from the host's drivers; one that has such a driver needs none. */
	if (!ret && to->drv && !to->managed)
		ret = vfb_override_set(vf->pdev, "");
	return ret;
}

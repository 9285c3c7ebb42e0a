// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriov_broker_vfio: the vfio driver of guarded VFs, a module of its own, for it needs
 * vfio. All that it does to a device is vfio-pci-core's doing; what it adds is that the
 * broker is asked before a VF opens, and told when it has been closed.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched/signal.h>
#include <linux/vfio_pci_core.h>

#include "compat-vfio.h"
#include "guard.h"

struct vfb_guarded {
	struct vfio_pci_core_device core; /* first: vfio allocates and frees it */
	struct vfb_vf *vf;		  /* counted; while the device is open */
};

/* How often vfio may find the lock of the device, or of its bridge, taken. */
#define VFB_OPEN_TRIES	  400
#define VFB_OPEN_PAUSE_MS 25

/*
 * vfio resets the device before its user has it, and gives up at once where a lock for that
 * is not to be had: as when another VF behind the same bridge is opened at the same time.
 */
static int vfb_guarded_enable(struct vfio_pci_core_device *core)
{
	unsigned int tries;
	int ret;

	for (tries = 0; tries < VFB_OPEN_TRIES; tries++) {
		ret = vfio_pci_core_enable(core);
		if (ret != -EAGAIN)
			return ret;
		if (fatal_signal_pending(current))
			return -EINTR;
		msleep(VFB_OPEN_PAUSE_MS);
	}
	return ret;
}

static int vfb_guarded_open(struct vfio_device *vdev)
{
	struct vfb_guarded *g = container_of(vdev, struct vfb_guarded, core.vdev);
	struct vfb_vf *vf = vfb_guard_open(g->core.pdev);
	int ret;

	if (IS_ERR(vf))
		return PTR_ERR(vf);
	ret = vfb_guarded_enable(&g->core);
	if (ret) {
		vfb_guard_close(vf);
		return ret;
	}
	g->vf = vf;
	vfio_pci_core_finish_enable(&g->core);
	return 0;
}

static void vfb_guarded_close(struct vfio_device *vdev)
{
	struct vfb_guarded *g = container_of(vdev, struct vfb_guarded, core.vdev);

	vfio_pci_core_close_device(vdev);
	/* Last: from here on it may be reset, and opened by another. */
	vfb_guard_close(g->vf);
	g->vf = NULL;
}

/* clang-format off */
static const struct vfio_device_ops vfb_guarded_ops = {
	.name = KBUILD_MODNAME,
	.init = vfio_pci_core_init_dev,
	.release = vfio_pci_core_release_dev,
	.open_device = vfb_guarded_open,
	.close_device = vfb_guarded_close,
	.ioctl = vfio_pci_core_ioctl,
	.device_feature = vfio_pci_core_ioctl_feature,
	.read = vfio_pci_core_read,
	.write = vfio_pci_core_write,
	.mmap = vfio_pci_core_mmap,
	.request = vfio_pci_core_request,
	.match = vfio_pci_core_match,
	VFB_OPS_IOMMUFD
	VFB_OPS_DETACH
	VFB_OPS_PASID
	VFB_OPS_TOKEN
	VFB_OPS_REGION
};

/* clang-format on */

static int vfb_guarded_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct vfb_guarded *g;
	int ret;

	/* The broker knows of nothing else. */
	if (!pdev->is_virtfn)
		return -ENODEV;
	g = vfio_alloc_device(vfb_guarded, core.vdev, &pdev->dev, &vfb_guarded_ops);
	if (IS_ERR(g))
		return PTR_ERR(g);
	dev_set_drvdata(&pdev->dev, &g->core);
	ret = vfio_pci_core_register_device(&g->core);
	if (ret)
		vfio_put_device(&g->core.vdev);
	return ret;
}

static void vfb_guarded_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	vfio_pci_core_unregister_device(core);
	vfio_put_device(&core->vdev);
}

/* By override only, as vfio-pci: no VF comes to it unasked. */
static const struct pci_device_id vfb_guarded_ids[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_ANY_ID, PCI_ANY_ID) },
	{}
};

static struct pci_driver vfb_guarded_driver = {
	.name = KBUILD_MODNAME,
	.id_table = vfb_guarded_ids,
	.probe = vfb_guarded_probe,
	.remove = vfb_guarded_remove,
	.err_handler = &vfio_pci_core_err_handlers,
	.driver_managed_dma = true,
};
module_pci_driver(vfb_guarded_driver);

MODULE_DESCRIPTION("SR-IOV broker: vfio driver of VFs whose opening is a lease");
MODULE_AUTHOR("the sriov_broker authors");
MODULE_VERSION(VFB_VERSION);
MODULE_LICENSE("GPL");

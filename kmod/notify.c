// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the PCI bus tells: devices that come and go, drivers that are bound and
 * unbound, by whomever.
 */
#include <linux/notifier.h>
#include <linux/pm_runtime.h>

#include "broker.h"

static int vfb_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);

	if (!pdev->is_physfn && !pdev->is_virtfn)
		return NOTIFY_DONE;

	switch (action) {
	case BUS_NOTIFY_ADD_DEVICE:
		vfb_pf_add(pdev);
		vfb_vf_add(pdev);
		break;
	case BUS_NOTIFY_DEL_DEVICE:
		vfb_vf_del(pdev);
		vfb_pf_del(pdev);
		break;
	case BUS_NOTIFY_BOUND_DRIVER:
		vfb_pf_driver(pdev, pdev->dev.driver->name);
		vfb_vf_bound(pdev, pdev->dev.driver->name,
			     to_pci_driver(pdev->dev.driver)->driver_managed_dma);
		break;
	case BUS_NOTIFY_DRIVER_NOT_BOUND:
		vfb_vf_tried(pdev);
		break;
	case BUS_NOTIFY_UNBIND_DRIVER:
		vfb_pf_unbind(pdev);
		break;
	case BUS_NOTIFY_UNBOUND_DRIVER:
		vfb_pf_driver(pdev, "");
		vfb_vf_unbound(pdev);
		break;
	}
	return NOTIFY_DONE;
}

/* After vfio-pci's own, which captures VFs of the PFs that it has. */
static struct notifier_block vfb_nb = {
	.notifier_call = vfb_notify,
	.priority = -1,
};

/**
 * vfb_notify_start - begin to follow the bus, and take in what is there
 *
 * Context: module init; takes the rescan-remove lock.
 * Return: 0 or a negative errno.
 */
int vfb_notify_start(void)
{
	struct pci_dev *pdev = NULL;
	int ret = bus_register_notifier(&pci_bus_type, &vfb_nb);

	if (ret)
		return ret;

	/* Under the lock, so that nothing leaves between finding and adding. */
	pci_lock_rescan_remove();
	for_each_pci_dev(pdev) {
		if (!pdev->is_physfn)
			continue;
		/* In deep sleep it has no configuration space. */
		pm_runtime_get_sync(&pdev->dev);
		vfb_pf_add(pdev);
		pm_runtime_put(&pdev->dev);
	}
	for_each_pci_dev(pdev)
		vfb_vf_add(pdev);
	pci_unlock_rescan_remove();
	return 0;
}

/**
 * vfb_notify_stop - stop following the bus, and forget all PFs and VFs
 *
 * Context: module exit; may sleep.
 */
void vfb_notify_stop(void)
{
	struct vfb_pf *pf;
	struct vfb_vf *vf;

	/* Under the lock, so that nothing leaves without our knowing. */
	pci_lock_rescan_remove();
	bus_unregister_notifier(&pci_bus_type, &vfb_nb);
	/* Orphans too, whose PF has left the bus before. */
	while ((vf = vfb_vf_first())) {
		vfb_vf_del(vf->pdev);
		vfb_vf_put(vf);
	}
	while ((pf = vfb_pf_next(NULL))) {
		vfb_pf_del(pf->pdev);
		vfb_pf_put(pf);
	}
	pci_unlock_rescan_remove();
	/* The tidying of VFs that were unbound just now. */
	flush_workqueue(vfb_wq);
}

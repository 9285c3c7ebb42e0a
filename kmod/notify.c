// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the PCI bus tells: devices that come and go, drivers that are bound and unbound,
 * by whatever program. The PFs and VFs note it; what follows from that on the floors above
 * theirs is called from here.
 */
#include <linux/notifier.h>
#include <linux/pm_runtime.h>

#include "face.h"

static void vfb_pf_came(struct pci_dev *pdev)
{
	struct vfb_pf *pf = vfb_pf_add(pdev);

	if (!pf)
		return;
	vfb_pf_config_apply(pf, VFB_SETTLE_MS);
	vfb_pf_put(pf);
}

static void vfb_pf_went(struct vfb_pf *pf)
{
	if (vfb_pf_del(pf))
		vfb_orphan_clean();
}

static void vfb_pf_driver_changed(struct vfb_pf *pf, const char *name)
{
	vfb_pf_driver(pf, name);
	vfb_pool_kick();
	/* Ours comes and goes within what is done to the PF. */
	if (name[0] && !vfb_pfdrv_is(name))
		vfb_pf_config_apply(pf, 0);
}

static void vfb_notify_pf(struct vfb_pf *pf, unsigned long action)
{
	switch (action) {
	case BUS_NOTIFY_DEL_DEVICE:
		vfb_pf_went(pf);
		break;
	case BUS_NOTIFY_BOUND_DRIVER:
		vfb_pf_driver_changed(pf, pf->pdev->dev.driver->name);
		break;
	case BUS_NOTIFY_UNBIND_DRIVER:
		/* Before the leases end, and what they have had set is put back. */
		if (vfb_pf_config_has(pf))
			vfb_kept_unbind(pf);
		vfb_pf_unbind(pf);
		vfb_return_wake();
		break;
	case BUS_NOTIFY_UNBOUND_DRIVER:
		vfb_pf_driver_changed(pf, "");
		break;
	}
}

static void vfb_vf_went(struct vfb_vf *vf)
{
	bool emptied = vfb_vf_del(vf);

	vfb_return_wake();
	if (emptied)
		vfb_pf_config_apply(vf->pf, VFB_LOSS_MS);
	vfb_pool_kick(); /* its user may have another one */
}

static void vfb_notify_vf(struct vfb_vf *vf, unsigned long action)
{
	struct device_driver *drv = vf->pdev->dev.driver;

	switch (action) {
	case BUS_NOTIFY_DEL_DEVICE:
		vfb_vf_went(vf);
		break;
	case BUS_NOTIFY_BOUND_DRIVER:
		vfb_vf_bound(vf, drv->name, to_pci_driver(drv)->driver_managed_dma);
		break;
	case BUS_NOTIFY_DRIVER_NOT_BOUND:
		/* The IOMMU has told its group with that. */
		vfb_group_find(vf);
		break;
	case BUS_NOTIFY_UNBOUND_DRIVER:
		vfb_vf_unbound(vf);
		break;
	}
}

static int vfb_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);
	struct vfb_pf *pf = pdev->is_physfn ? vfb_pf_of(pdev) : NULL;
	struct vfb_vf *vf = pdev->is_virtfn ? vfb_vf_of(pdev) : NULL;

	if (action == BUS_NOTIFY_ADD_DEVICE) {
		vfb_pf_came(pdev);
		vfb_vf_add(pdev);
	}
	if (pf) {
		vfb_notify_pf(pf, action);
		vfb_pf_put(pf);
	}
	if (vf) {
		vfb_notify_vf(vf, action);
		vfb_vf_put(vf);
	}
	if (action == BUS_NOTIFY_UNBOUND_DRIVER && vfb_group_unbound(pdev))
		vfb_pool_kick();
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
	int ret;

	vfb_pf_config_fn = vfb_pf_config_work;
	vfb_pf_look_fn = vfb_pf_look_work;
	vfb_vf_look_fn = vfb_net_look_work;
	vfb_group_return_fn = vfb_return_work;
	vfb_group_ask_fn = vfb_ask_work;
	ret = bus_register_notifier(&pci_bus_type, &vfb_nb);
	if (ret)
		return ret;

	/* Under the lock, so that nothing leaves between finding and adding. */
	pci_lock_rescan_remove();
	for_each_pci_dev(pdev) {
		if (!pdev->is_physfn)
			continue;
		/* In deep sleep it has no configuration space. */
		pm_runtime_get_sync(&pdev->dev);
		vfb_pf_came(pdev);
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
		vfb_vf_try_widen(vf);
		vfb_vf_went(vf);
		vfb_vf_put(vf);
	}
	while ((pf = vfb_pf_next(NULL))) {
		vfb_pf_went(pf);
		vfb_pf_put(pf);
	}
	pci_unlock_rescan_remove();
	/* The tidying of VFs that were unbound just now. */
	flush_workqueue(vfb_wq);
}

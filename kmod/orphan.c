// SPDX-License-Identifier: GPL-2.0-only
/*
 * Orphans: VFs whose PF has left the bus. Some PF drivers leave them behind when
 * the PF is removed; nothing can be enabled where they are, and some kernels
 * crash over them. They are removed here, once they have no user.
 */
#include <linux/iommu.h>

#include "flow.h"

/* How long to wait before looking again whether an orphan's user has let go. */
#define VFB_ORPHAN_POLL_MS 1000

static void vfb_orphan_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(vfb_orphan_dwork, vfb_orphan_work);
static bool vfb_orphan_stopped;		    /* vfb_lock */
static struct work_struct *vfb_orphan_next; /* vfb_lock; queued when none is left */

static bool vfb_is_orphan(struct pci_dev *pdev)
{
	return pdev->is_virtfn && !device_is_registered(&pci_physfn(pdev)->dev);
}

/**
 * vfb_orphan_find - is there an orphan in the way of a PF's VFs
 * @pf: the PF
 * @addr: filled with the address of the first
 *
 * Context: may sleep.
 * Return: 1 if there is, 0 if not.
 */
int vfb_orphan_find(struct pci_dev *pf, struct sriov_broker_addr *addr)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		/* Where the PF's own VFs would be: on its bus, or one of those behind that. */
		if (!vfb_is_orphan(pdev) || pci_domain_nr(pdev->bus) != pci_domain_nr(pf->bus) ||
		    pdev->bus->number < pf->bus->number ||
		    pdev->bus->number > pf->bus->busn_res.end)
			continue;
		*addr = vfb_addr(pdev);
		pci_dev_put(pdev);
		return 1;
	}
	return 0;
}

/*
 * Its user would be waited for with the PCI core's lock held. So the fence has to
 * be up, or there is no way to use the device through vfio, and its driver off. And
 * no user may have its node open, which its driver would wait for.
 */
static void vfb_orphan_take_off(struct pci_dev *pdev)
{
	device_release_driver(&pdev->dev);
	pci_lock_rescan_remove();
	pci_stop_and_remove_bus_device(pdev);
	pci_unlock_rescan_remove();
}

/* It is in use: other operations on its group, and opens of it, go on till it is tried again. */
static void vfb_orphan_let_be(struct vfb_vf *vf)
{
	mutex_lock(&vfb_lock);
	vf->moving = false;
	vfb_group_account(vf->group);
	mutex_unlock(&vfb_lock);
	vfb_return_wake();
}

/* One that we knew when its PF was there. */
static bool vfb_orphan_remove_vf(struct vfb_vf *vf)
{
	bool busy;

	mutex_lock(&vfb_lock);
	busy = vf->moving ||
	       (vf->state >= SRIOV_BROKER_VF_LEASED && vf->state <= SRIOV_BROKER_VF_RESETTING);
	if (!busy)
		vf->moving = true;
	mutex_unlock(&vfb_lock);
	if (busy)
		return false;
	if ((vf->managed && vfb_group_fence(vf->group)) || vfb_vfio_node_is_open(vf->pdev)) {
		vfb_orphan_let_be(vf);
		return false;
	}
	vfb_orphan_take_off(vf->pdev);
	return true;
}

/* One from before the module was loaded: what vfb_group_fence() does, by hand. */
static bool vfb_orphan_remove_stranger(struct pci_dev *pdev)
{
	struct iommu_group *iommu = vfb_iommu_group(&pdev->dev);
	bool claimed = iommu && !iommu_group_claim_dma_owner(iommu, pdev);
	bool unused = claimed || !iommu || !pci_is_enabled(pdev);

	/* A driver that does DMA for the host has no user to wait for. */
	if (!unused && device_trylock(&pdev->dev)) {
		unused = pdev->dev.driver && !to_pci_driver(pdev->dev.driver)->driver_managed_dma;
		device_unlock(&pdev->dev);
	}
	unused = unused && !vfb_vfio_node_is_open(pdev);
	if (unused)
		device_release_driver(&pdev->dev);
	/* Before it is removed: the IOMMU core wants its groups back unclaimed. */
	if (claimed)
		iommu_group_release_dma_owner(iommu);
	iommu_group_put(iommu);
	if (unused)
		vfb_orphan_take_off(pdev);
	return unused;
}

static bool vfb_orphan_remove(struct pci_dev *pdev)
{
	struct sriov_broker_addr addr = vfb_addr(pdev);
	struct vfb_vf *vf = vfb_vf_find(&addr);
	bool removed;

	if (!vf)
		return vfb_orphan_remove_stranger(pdev);
	removed = vfb_orphan_remove_vf(vf);
	vfb_vf_put(vf);
	return removed;
}

static void vfb_orphan_work(struct work_struct *work)
{
	bool again = false, removed = false;
	struct pci_dev *pdev = NULL;

	/* A removal of the PF that is under way holds it to its end. */
	pci_lock_rescan_remove();
	pci_unlock_rescan_remove();

	for_each_pci_dev(pdev) {
		if (!vfb_is_orphan(pdev))
			continue;
		if (vfb_orphan_remove(pdev))
			removed = true;
		else
			again = true;
	}
	guard(mutex)(&vfb_lock);
	if (removed && !again && vfb_orphan_next)
		queue_work(vfb_op_wq, vfb_orphan_next);
	if (again && !vfb_orphan_stopped)
		queue_delayed_work(vfb_wq, &vfb_orphan_dwork, msecs_to_jiffies(VFB_ORPHAN_POLL_MS));
}

/**
 * vfb_orphan_wake - have a work item queued when the last orphan has been removed
 * @work: the work item; NULL: no more
 *
 * Context: takes vfb_lock.
 */
void vfb_orphan_wake(struct work_struct *work)
{
	guard(mutex)(&vfb_lock);
	vfb_orphan_next = work;
}

/**
 * vfb_orphan_clean - have the orphans removed, in the background
 *
 * Context: any, the bus notifier too; takes vfb_lock.
 */
void vfb_orphan_clean(void)
{
	guard(mutex)(&vfb_lock);
	if (!vfb_orphan_stopped)
		mod_delayed_work(vfb_wq, &vfb_orphan_dwork, 0);
}

/**
 * vfb_orphan_stop - no more of that, once what is to be done now is done
 *
 * Context: module exit; may sleep.
 */
void vfb_orphan_stop(void)
{
	mutex_lock(&vfb_lock);
	vfb_orphan_stopped = true;
	mutex_unlock(&vfb_lock);
	flush_delayed_work(&vfb_orphan_dwork);
}

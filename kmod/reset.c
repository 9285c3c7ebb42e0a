// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resetting a VF between two owners, and looking whether it worked. vfio's own
 * reset at the last close is no more than a try, whose failure is not told.
 */
#include <linux/delay.h>
#include <linux/pm_runtime.h>
#include <linux/sched/signal.h>

#include "mech.h"

/* How long to try for the VF's lock, which its driver's remove may hold. */
#define VFB_VF_LOCK_TRIES    200
#define VFB_VF_LOCK_PAUSE_MS 25

/*
 * Not pci_reset_function(): it takes the bridge's lock too, so that VFs of one
 * PF would be reset one after another.
 */
static bool vfb_vf_lock(struct vfb_vf *vf, bool killable)
{
	int i;

	for (i = 0; i < VFB_VF_LOCK_TRIES; i++) {
		if (killable && fatal_signal_pending(current))
			return false;
		if (pci_dev_trylock(vf->pdev))
			return true;
		msleep(VFB_VF_LOCK_PAUSE_MS);
	}
	return false;
}

/**
 * vfb_answers - does a device answer
 * @pdev: the device, which is awake
 *
 * What identifies a VF is all ones by specification, this register's reserved bits are not.
 *
 * Context: any.
 * Return: false: its configuration space reads as ones.
 */
bool vfb_answers(struct pci_dev *pdev)
{
	u32 command;

	pci_read_config_dword(pdev, PCI_COMMAND, &command);
	return !PCI_POSSIBLE_ERROR(command);
}

/**
 * vfb_look - has a VF still what its driver, or the driver's user, has set up
 * @vf: the VF, which may be in use
 *
 * What the kernel has noted of bus mastering and interrupts is compared with what the device
 * says; that may change under the comparison, if its user is just changing it.
 *
 * Context: may sleep.
 * Return: SRIOV_BROKER_FAULT_SILENT, STATE_LOST, or NONE: nothing is to be seen.
 */
enum sriov_broker_fault vfb_look(struct vfb_vf *vf)
{
	enum sriov_broker_fault fault = SRIOV_BROKER_FAULT_NONE;
	struct pci_dev *pdev = vf->pdev;
	u16 command = 0, msix = 0;

	pm_runtime_get_sync(&pdev->dev);
	pci_read_config_word(pdev, PCI_COMMAND, &command);
	if (pdev->msix_cap)
		pci_read_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, &msix);
	if (!vfb_answers(pdev))
		fault = SRIOV_BROKER_FAULT_SILENT;
	else if ((pdev->is_busmaster && !(command & PCI_COMMAND_MASTER)) ||
		 (pdev->msix_enabled && !(msix & PCI_MSIX_FLAGS_ENABLE)))
		fault = SRIOV_BROKER_FAULT_STATE_LOST;
	pm_runtime_put(&pdev->dev);
	return fault;
}

/* Does it answer, has it nothing under way, and can it neither DMA nor interrupt? */
static bool vfb_looks_reset(struct pci_dev *pdev)
{
	u16 status, command, msix = 0;

	if (pcie_capability_read_word(pdev, PCI_EXP_DEVSTA, &status) || PCI_POSSIBLE_ERROR(status))
		return false;
	if (!pci_is_pcie(pdev) || (status & PCI_EXP_DEVSTA_TRPND))
		return false;
	pci_read_config_word(pdev, PCI_COMMAND, &command);
	if (PCI_POSSIBLE_ERROR(command) || (command & PCI_COMMAND_MASTER))
		return false;
	if (pdev->msix_cap)
		pci_read_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, &msix);
	return !(msix & PCI_MSIX_FLAGS_ENABLE);
}

static enum sriov_broker_fault vfb_reset_locked(struct vfb_vf *vf)
{
	struct pci_dev *pdev = vf->pdev;

	device_lock_assert(&pdev->dev);
	/* Going: there will be no next owner. */
	if (READ_ONCE(vf->gone) || !device_is_registered(&pdev->dev))
		return SRIOV_BROKER_FAULT_NONE;

	/* The PCI core would wait for it for a minute. */
	if (!vfb_answers(pdev))
		return SRIOV_BROKER_FAULT_SILENT;
	/*
	 * The reset restores what it finds, and the last owner may have left the
	 * device in any state: nothing of that is to survive.
	 */
	pci_clear_master(pdev);
	/* Once more: an admin may have written the default of them. */
	vfb_vf_narrow(vf);
	if (pci_reset_function_locked(pdev))
		return SRIOV_BROKER_FAULT_RESET;
	return vfb_looks_reset(pdev) ? SRIOV_BROKER_FAULT_NONE : SRIOV_BROKER_FAULT_CHECK;
}

/* Returns -EAGAIN where the VF's lock can't be had: nothing is known to be wrong with it. */
static int vfb_reset_for(struct vfb_vf *vf, struct vfb_lease *lease, enum sriov_broker_fault *fault)
{
	struct device *pf_dev = &vf->pf->pdev->dev, *dev = &vf->pdev->dev;
	u64 start = ktime_get_ns();
	int refused = 0;

	*fault = SRIOV_BROKER_FAULT_NONE;
	/* The VF's parent is the bridge: nothing else wakes the PF. */
	pm_runtime_get_sync(pf_dev);
	pm_runtime_get_sync(dev);
	if (vfb_vf_lock(vf, lease)) {
		/*
		 * May a holder still have it reset? Asked with the lock held, which the return path
		 * takes after the lease has ended, and before the VF has a next owner. A driver's
		 * user has that driver's own reset.
		 */
		if (lease && vfb_lease_is_over(lease))
			refused = -ENODEV;
		else if (lease && pci_is_enabled(vf->pdev))
			refused = -EBUSY;
		else
			*fault = vfb_reset_locked(vf);
		pci_dev_unlock(vf->pdev);
	} else {
		refused = lease && fatal_signal_pending(current) ? -EINTR : -EAGAIN;
	}
	pm_runtime_put(dev);
	pm_runtime_put(pf_dev);
	if (refused)
		return refused;
	vfb_stats_record(SRIOV_BROKER_STAT_RESET, vf->pdev, 0, *fault, ktime_get_ns() - start);
	if (*fault) {
		scoped_guard(mutex, &vfb_lock)
			vfb_event_reset_failed(vf, *fault);
	}
	return 0;
}

/**
 * vfb_reset - reset a VF, and check that it is reset
 * @vf: the VF, which no user has open, nor can open
 * @fault: what is wrong; SRIOV_BROKER_FAULT_NONE also for a VF that is leaving the bus
 *
 * Context: may sleep: a function level reset takes 100 ms, a broken device up to
 * a minute; takes the VF's device lock.
 * Return: 0; -EAGAIN: the VF's lock was not to be had.
 */
int vfb_reset(struct vfb_vf *vf, enum sriov_broker_fault *fault)
{
	return vfb_reset_for(vf, NULL, fault);
}

/**
 * vfb_reset_leased - the same, for the holder of a lease
 * @vf: a VF of the lease
 * @lease: the lease, which may be revoked at any time
 *
 * Context: as vfb_reset(); takes vfb_lock.
 * Return: 0; -ENODEV: the lease is over; -EBUSY: a driver's user has the VF; -EIO:
 * the reset failed; -EAGAIN: another one has the VF's lock; -EINTR: the holder is being
 * killed.
 */
int vfb_reset_leased(struct vfb_vf *vf, struct vfb_lease *lease)
{
	enum sriov_broker_fault fault;
	int ret = vfb_lease_is_over(lease) ? -ENODEV : vfb_reset_for(vf, lease, &fault);

	if (ret)
		return ret;
	return fault ? -EIO : 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PF driver of our own, for PFs that have none. It makes the PCI core clean up
 * on every way that a PF can go, gives pci_enable_sriov() one known caller, and brings
 * VFs back after a reset that an error was answered with.
 */
#define dev_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "compat.h"
#include "flow.h"

static int vfb_pfdrv_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct pci_saved_state *saved;

	/* Taken now: when there has been an error it may be too late. */
	pci_save_state(pdev);
	saved = pci_store_saved_state(pdev);
	if (!saved)
		return -ENOMEM;
	pci_set_drvdata(pdev, saved);
	return 0;
}

/* Is a VF open? Those that are not are fenced, so that they can't be opened any more. */
static bool vfb_pfdrv_is_used(struct vfb_pf *pf)
{
	bool managed, used = false;
	struct vfb_vf *vf;
	unsigned int i;

	for (i = 0; i < pf->slots && !used; i++) {
		vf = vfb_pf_vf(pf, i);
		if (!vf)
			continue;
		mutex_lock(&vfb_lock);
		managed = vf->managed;
		mutex_unlock(&vfb_lock);
		/* The fence does not tell of a node that is merely open. */
		used = managed && (vfb_group_fence(vf->group) || vfb_vfio_node_is_open(vf->pdev));
		vfb_vf_put(vf);
	}
	return used;
}

/*
 * On unload the broker has taken the VFs away, but not what is in use: disabling that
 * would wait for its user with the PF's lock held, or take it from the host. Then the
 * VFs stay on; if the device is pulled, as orphans, which go when their users do.
 */
static void vfb_pfdrv_remove(struct pci_dev *pdev)
{
	struct vfb_pf *pf = vfb_pf_of(pdev);
	struct vfb_vf *vf;
	unsigned int i;

	kfree(pci_get_drvdata(pdev));
	if (!pf || !(pf->stay || vfb_pfdrv_is_used(pf))) {
		pci_disable_sriov(pdev);
		if (pf)
			vfb_pf_put(pf);
		return;
	}
	pci_warn(pdev, "VFs stay on, one is in use\n");
	/* Those that were fenced just now, and need not be. */
	for (i = 0; i < pf->slots; i++) {
		vf = vfb_pf_vf(pf, i);
		if (!vf)
			continue;
		vfb_group_unfence_if_unused(vf->group);
		vfb_vf_put(vf);
	}
	vfb_pf_put(pf);
}

/* It uses nothing of the PF that an error could have spoilt: so the link's state decides. */
static pci_ers_result_t vfb_pfdrv_error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	switch (state) {
	case pci_channel_io_normal:
		return PCI_ERS_RESULT_CAN_RECOVER;
	case pci_channel_io_frozen:
		return PCI_ERS_RESULT_NEED_RESET;
	default:
		return PCI_ERS_RESULT_DISCONNECT;
	}
}

static pci_ers_result_t vfb_pfdrv_mmio_enabled(struct pci_dev *pdev)
{
	return PCI_ERS_RESULT_RECOVERED;
}

/* With the configuration space the PCI core restores the VFs, which the reset has put out. */
static pci_ers_result_t vfb_pfdrv_slot_reset(struct pci_dev *pdev)
{
	if (!pci_load_saved_state(pdev, pci_get_drvdata(pdev)))
		pci_restore_state(pdev);
	vfb_pf_was_reset(pdev);
	return PCI_ERS_RESULT_RECOVERED;
}

static const struct pci_error_handlers vfb_pfdrv_errors = {
	.error_detected = vfb_pfdrv_error_detected,
	.mmio_enabled = vfb_pfdrv_mmio_enabled,
	.slot_reset = vfb_pfdrv_slot_reset,
	.reset_done = vfb_pf_was_reset,
};

/* Nothing matches by itself: vfb_pfdrv_take() attaches by name. */
static const struct pci_device_id vfb_pfdrv_ids[] = { {} };

static struct pci_driver vfb_pfdrv = {
	.name = VFB_PFDRV,
	.id_table = vfb_pfdrv_ids,
	.probe = vfb_pfdrv_probe,
	.remove = vfb_pfdrv_remove,
	.sriov_configure = pci_sriov_configure_simple,
	.err_handler = &vfb_pfdrv_errors,
	/* It does none: a PF that shares its VFs' group is not in their way. */
	.driver_managed_dma = true,
};

/**
 * vfb_pfdrv_register - register the PF driver
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vfb_pfdrv_register(void)
{
	return pci_register_driver(&vfb_pfdrv);
}

static bool vfb_pfdrv_has(struct vfb_pf *pf)
{
	guard(mutex)(&vfb_lock);
	return vfb_pfdrv_is(pf->driver);
}

/*
 * The PF gets the driver that the host chooses; not with VFs on, which that might reset,
 * and not where it would be in the way of another PF's VFs.
 */
static void vfb_pfdrv_give_back(struct vfb_pf *pf)
{
	device_release_driver(&pf->pdev->dev);
	if (pci_num_vf(pf->pdev))
		return;
	if (vfb_group_is_pooled(pf->pdev))
		pci_warn(pf->pdev, "without a driver: its IOMMU group is in use\n");
	else if (device_attach(&pf->pdev->dev) < 0)
		pci_warn(pf->pdev, "the host's driver did not take it back\n");
}

/**
 * vfb_pfdrv_unregister - unregister it, and give back the PFs that it has
 *
 * Context: may sleep; takes device locks.
 */
void vfb_pfdrv_unregister(void)
{
	struct vfb_pf *pf;

	for (pf = vfb_pf_next(NULL); pf; pf = vfb_pf_next(pf))
		if (vfb_pfdrv_has(pf))
			vfb_pfdrv_give_back(pf);
	pci_unregister_driver(&vfb_pfdrv);
}

/**
 * vfb_pfdrv_load - have the module loaded that is made for a PF
 * @pf: the PF, which has no driver
 *
 * Its ids are those that udev would ask by. Has it been loaded already, and the PF
 * no driver even so, nothing happens: an admin wants it thus.
 *
 * Context: may sleep, and waits for modprobe; pf->op held.
 */
void vfb_pfdrv_load(struct vfb_pf *pf)
{
	struct pci_dev *pdev = pf->pdev;

	request_module("pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X", pdev->vendor, pdev->device,
		       pdev->subsystem_vendor, pdev->subsystem_device, pdev->class >> 16 & 0xff,
		       pdev->class >> 8 & 0xff, pdev->class & 0xff);
}

/**
 * vfb_pfdrv_take - bind a PF that has no driver to ours
 * @pf: the PF
 *
 * A PF that has a driver is left alone.
 *
 * Context: may sleep; pf->op held; takes the PF's device lock.
 * Return: 0 or a negative errno.
 */
int vfb_pfdrv_take(struct vfb_pf *pf)
{
	char *was;
	int ret;

	lockdep_assert_held(&pf->op);
	mutex_lock(&vfb_lock);
	ret = pf->driver[0] ? -EEXIST : 0;
	mutex_unlock(&vfb_lock);
	if (ret)
		return 0;

	/* The override is what makes it match; one that is bound needs it no more. */
	was = vfb_override_get(pf->pdev);
	if (IS_ERR(was))
		return PTR_ERR(was);
	ret = vfb_override_set(pf->pdev, VFB_PFDRV);
	if (!ret) {
		ret = device_driver_attach(&vfb_pfdrv.driver, &pf->pdev->dev);
		vfb_override_set(pf->pdev, was ?: "");
	}
	kfree(was);
	if (!ret)
		pci_info(pf->pdev, "has no driver: on %s until its last VF goes\n", VFB_PFDRV);
	/* Another driver came first: then that one is asked. */
	return ret == -EBUSY ? 0 : ret;
}

/**
 * vfb_pfdrv_drop - leave a PF that vfb_pfdrv_take() took
 * @pf: the PF, without VFs
 * @probe: give it to the host's choice; else it has no driver, as it was found
 *
 * A PF that has another driver is left alone.
 *
 * Context: may sleep; pf->op held; takes the PF's device lock.
 */
void vfb_pfdrv_drop(struct vfb_pf *pf, bool probe)
{
	lockdep_assert_held(&pf->op);
	if (!vfb_pfdrv_has(pf))
		return;
	if (probe)
		vfb_pfdrv_give_back(pf);
	else
		device_release_driver(&pf->pdev->dev);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PF driver of our own, for PFs that have none. It makes the PCI core clean up
 * on every way that a PF can go, and gives pci_enable_sriov() one known caller.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "broker.h"
#include "compat.h"

#define SB_PFDRV_NAME "sriov_broker_pf"

static int sb_pfdrv_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return 0;
}

/* Somebody has the VF open, or else nobody can open it any more. */
static bool sb_pfdrv_vf_is_used(struct sb_vf *vf)
{
	bool managed;

	spin_lock(&sb_lock);
	managed = vf->managed;
	spin_unlock(&sb_lock);
	return managed && (sb_group_fence(vf->group) || sb_vfio_node_is_open(vf->pdev));
}

static bool sb_pfdrv_is_used(struct sb_pf *pf)
{
	bool used = false;
	struct sb_vf *vf;
	unsigned int i;

	for (i = 0; i < pf->slots && !used; i++) {
		vf = sb_pf_vf(pf, i);
		if (!vf)
			continue;
		used = sb_pfdrv_vf_is_used(vf);
		sb_vf_put(vf);
	}
	return used;
}

/* What sb_pfdrv_is_used() has fenced, and need not be. */
static void sb_pfdrv_unfence(struct sb_pf *pf)
{
	struct sb_vf *vf;
	unsigned int i;

	for (i = 0; i < pf->slots; i++) {
		vf = sb_pf_vf(pf, i);
		if (!vf)
			continue;
		sb_group_abandon(vf->group);
		sb_vf_put(vf);
	}
}

/*
 * On unload the broker has taken the VFs away, but not what is in use: disabling that
 * would wait for its user with the PF's lock held. Then the VFs stay on; if the device
 * is pulled, as orphans, which go when their users do.
 */
static void sb_pfdrv_remove(struct pci_dev *pdev)
{
	struct sb_pf *pf = sb_pf_of(pdev);

	if (pf && sb_pfdrv_is_used(pf)) {
		pci_warn(pdev, SB_NAME ": VFs stay on, one is in use\n");
		sb_pfdrv_unfence(pf);
	} else {
		pci_disable_sriov(pdev);
	}
	if (pf)
		sb_pf_put(pf);
}

/* Nothing matches by itself: sb_pfdrv_take() attaches by name. */
static const struct pci_device_id sb_pfdrv_ids[] = { {} };

static struct pci_driver sb_pfdrv = {
	.name = SB_PFDRV_NAME,
	.id_table = sb_pfdrv_ids,
	.probe = sb_pfdrv_probe,
	.remove = sb_pfdrv_remove,
	.sriov_configure = pci_sriov_configure_simple,
	/* It does none: a PF that shares its VFs' group is not in their way. */
	.driver_managed_dma = true,
};

/**
 * sb_pfdrv_is - is this our PF driver
 * @name: a driver's name
 *
 * Context: any.
 * Return: true if so.
 */
bool sb_pfdrv_is(const char *name)
{
	return !strcmp(name, SB_PFDRV_NAME);
}

/**
 * sb_pfdrv_register - register the PF driver
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int sb_pfdrv_register(void)
{
	return pci_register_driver(&sb_pfdrv);
}

/**
 * sb_pfdrv_unregister - unregister it, and leave the PFs that it has
 *
 * Context: may sleep; takes device locks.
 */
void sb_pfdrv_unregister(void)
{
	pci_unregister_driver(&sb_pfdrv);
}

/**
 * sb_pfdrv_take - bind a PF that has no driver to ours
 * @pf: the PF
 *
 * A PF that has a driver is left alone.
 *
 * Context: may sleep; pf->op held; takes the PF's device lock.
 * Return: 0 or a negative errno.
 */
int sb_pfdrv_take(struct sb_pf *pf)
{
	char *was;
	int ret;

	lockdep_assert_held(&pf->op);
	spin_lock(&sb_lock);
	ret = pf->driver[0] ? -EEXIST : 0;
	spin_unlock(&sb_lock);
	if (ret)
		return 0;

	/* The override is what makes it match; one that is bound needs it no more. */
	was = sb_override_get(pf->pdev);
	if (IS_ERR(was))
		return PTR_ERR(was);
	ret = sb_override_set(pf->pdev, SB_PFDRV_NAME);
	if (!ret) {
		ret = device_driver_attach(&sb_pfdrv.driver, &pf->pdev->dev);
		sb_override_set(pf->pdev, was ?: "");
	}
	kfree(was);
	/* Somebody else's driver came first: then that one is asked. */
	return ret == -EBUSY ? 0 : ret;
}

/**
 * sb_pfdrv_drop - leave a PF that sb_pfdrv_take() took
 * @pf: the PF, without VFs
 *
 * A PF that has another driver is left alone.
 *
 * Context: may sleep; pf->op held; takes the PF's device lock.
 */
void sb_pfdrv_drop(struct sb_pf *pf)
{
	bool ours;

	lockdep_assert_held(&pf->op);
	spin_lock(&sb_lock);
	ours = sb_pfdrv_is(pf->driver);
	spin_unlock(&sb_lock);
	if (ours)
		device_release_driver(&pf->pdev->dev);
}

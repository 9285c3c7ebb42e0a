// SPDX-License-Identifier: GPL-2.0-only
/*
 * What VFs have of their PF (MAC, VLAN, ...), kept over a time when there are no VFs: from
 * one number of them to another, and over an unbinding of the PF's driver where the pfs
 * parameter brings them back.
 */
#define dev_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>

#include "mech.h"

struct vfb_kept {
	unsigned int num;
	struct {
		struct ifla_vf_info was;
		bool known;
	} vf[] __counted_by(num);
};

static void vfb_kept_fill(struct vfb_kept *kept, struct vfb_pf *pf)
{
	struct net_device *netdev = vfb_net_lock(pf);
	struct vfb_vf *vf;
	unsigned int i;
	bool known;

	if (!netdev)
		return;
	for (i = 0; i < kept->num; i++) {
		vf = vfb_pf_vf(pf, i);
		/* What a lease's holder, or an opener's manager, has set is not the VF's own. */
		known = vf && vfb_net_wanted(vf, &kept->vf[i].was);
		if (vf)
			vfb_vf_put(vf);
		kept->vf[i].known = known || !vfb_net_get(netdev, i, &kept->vf[i].was);
	}
	vfb_net_unlock(netdev);
}

/**
 * vfb_kept_take - note what a PF's VFs have
 * @pf: the PF
 *
 * Context: may sleep; takes rtnl and vfb_lock.
 * Return: the note, for vfb_kept_free(); NULL where there is nothing to note; or an
 * ERR_PTR.
 */
struct vfb_kept *vfb_kept_take(struct vfb_pf *pf)
{
	unsigned int num = pci_num_vf(pf->pdev);
	struct vfb_kept *kept;

	if (!num || pf->pdev->class >> 16 != PCI_BASE_CLASS_NETWORK)
		return NULL;
	kept = kvzalloc(struct_size(kept, vf, num), GFP_KERNEL);
	if (!kept)
		return ERR_PTR(-ENOMEM);
	kept->num = num;
	vfb_kept_fill(kept, pf);
	return kept;
}

/**
 * vfb_kept_restore - give the VFs back what they had
 * @kept: what vfb_kept_take() returned
 * @pf: their PF
 * @num: VFs that it has now, which may be fewer or more
 * @why: says how many have lost it, and which first
 *
 * Context: may sleep; takes rtnl and vfb_lock.
 */
void vfb_kept_restore(struct vfb_kept *kept, struct vfb_pf *pf, unsigned int num,
		      struct vfb_why *why)
{
	unsigned int i, lost = 0;
	struct vfb_vf *vf;
	int ret;

	for (i = 0; kept && i < min(num, kept->num); i++) {
		vf = kept->vf[i].known ? vfb_pf_vf(pf, i) : NULL;
		if (!vf)
			continue;
		/* One that refuses may refuse them all, and they may be many. */
		ret = vfb_net_put_back(vf, &kept->vf[i].was, !lost);
		if (ret) {
			pci_warn(vf->pdev, "network attributes are lost: %pe\n", ERR_PTR(ret));
			if (!lost++)
				vfb_why_fail(why, 0, SRIOV_BROKER_WHY_NET_LOST, &vf->addr);
		}
		vfb_vf_put(vf);
	}
	if (lost)
		why->value = lost;
}

/**
 * vfb_kept_free - forget a note
 * @kept: what vfb_kept_take() returned, also if that is an ERR_PTR
 *
 * Context: may sleep.
 */
void vfb_kept_free(struct vfb_kept *kept)
{
	if (!IS_ERR(kept))
		kvfree(kept);
}

/**
 * vfb_kept_return - keep a note that was taken, but not used
 * @pf: the PF
 * @kept: the note, which the PF owns from here on; one that came meanwhile is newer
 *
 * Context: may sleep; takes vfb_lock.
 */
void vfb_kept_return(struct vfb_pf *pf, struct vfb_kept *kept)
{
	mutex_lock(&vfb_lock);
	if (!pf->kept)
		swap(pf->kept, kept);
	mutex_unlock(&vfb_lock);
	vfb_kept_free(kept);
}

/**
 * vfb_kept_unbind - a PF's driver goes, and with it what it knows of the VFs
 * @pf: the PF
 *
 * Context: bus notifier, with the PF's lock held; takes rtnl, as its driver will, and
 * vfb_lock.
 */
void vfb_kept_unbind(struct vfb_pf *pf)
{
	struct vfb_kept *kept = NULL;

	/* A driver might wait for the answer of a device that was pulled. */
	if (pci_device_is_present(pf->pdev))
		kept = vfb_kept_take(pf);
	if (IS_ERR_OR_NULL(kept))
		return;
	/* What was kept when the driver went before that is older. */
	scoped_guard(mutex, &vfb_lock)
		swap(pf->kept, kept);
	vfb_kept_free(kept);
}

/**
 * vfb_kept_at_unbind - what a PF's VFs had when its driver went
 * @pf: the PF
 *
 * Context: takes vfb_lock.
 * Return: the note, for vfb_kept_free(), or NULL. It is told only once.
 */
struct vfb_kept *vfb_kept_at_unbind(struct vfb_pf *pf)
{
	struct vfb_kept *kept = NULL;

	guard(mutex)(&vfb_lock);
	swap(pf->kept, kept);
	return kept;
}

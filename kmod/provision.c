// SPDX-License-Identifier: GPL-2.0-only
/*
 * Provisioning: VFs on, moved, and off again.
 *
 * Enabling is one transaction: the VFs are captured at birth (an override that names no
 * driver), then bound side by side; if anything fails they go again. Disabling
 * first takes the VFs from their drivers with no lock of the PCI core held, and
 * only when that has shown that they have no user lets the core remove them.
 */
#define dev_fmt(fmt) KBUILD_MODNAME ": " fmt
#define pr_fmt(fmt)  KBUILD_MODNAME ": " fmt

#include <linux/iommu.h>
#include <linux/moduleparam.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "flow.h"

/* A VF BAR without memory; kernels forget the whole resource when there is none for it. */
static bool vfb_lacks_mmio(struct pci_dev *pdev, int pos)
{
	bool has = false;
	u32 bar;
	int i;

	for (i = 0; i < PCI_SRIOV_NUM_BARS; i++) {
		struct resource *res = &pdev->resource[PCI_IOV_RESOURCES + i];

		pci_read_config_dword(pdev, pos + PCI_SRIOV_BAR + 4 * i, &bar);
		if (!res->parent && (res->flags || bar))
			return true;
		has |= !!res->parent;
		if (bar & PCI_BASE_ADDRESS_MEM_TYPE_64)
			i++; /* the next is its upper half */
	}
	return !has;
}

/* sriov_enable() says ENOMEM for all of these: which is it that is missing? */
static u32 vfb_why_enomem(struct vfb_pf *pf, unsigned int num)
{
	struct pci_dev *pdev = pf->pdev;
	int pos = pf->sriov_cap;
	u16 offset, stride;
	unsigned int last;

	if (vfb_lacks_mmio(pdev, pos))
		return SRIOV_BROKER_WHY_NO_MMIO;
	pci_read_config_word(pdev, pos + PCI_SRIOV_VF_OFFSET, &offset);
	pci_read_config_word(pdev, pos + PCI_SRIOV_VF_STRIDE, &stride);
	last = (pci_dev_id(pdev) + offset + stride * (num - 1)) >> 8;
	if (last > pdev->bus->busn_res.end)
		return SRIOV_BROKER_WHY_NO_BUS;
	return SRIOV_BROKER_WHY_PF_REFUSED;
}

static int vfb_configure_failed(struct vfb_pf *pf, unsigned int num, int err, struct vfb_why *why)
{
	u32 reason = SRIOV_BROKER_WHY_PF_REFUSED;

	if (err == -ENOMEM)
		reason = vfb_why_enomem(pf, num);
	if (err == -EPERM && pci_vfs_assigned(pf->pdev))
		reason = SRIOV_BROKER_WHY_ASSIGNED;
	if (reason == SRIOV_BROKER_WHY_NO_BUS)
		err = -ENOSPC;
	err = vfb_errno_of(err);
	why->error = -err;
	return vfb_why_fail(why, err, reason, &pf->addr);
}

/* Another bound a VF since we took the drivers off: the PCI core would wait for its user. */
static int vfb_check_stripped(struct vfb_pf *pf, struct vfb_why *why)
{
	unsigned int i;
	int ret = 0;

	guard(mutex)(&vfb_lock);
	for (i = 0; i < pf->slots && !ret; i++)
		if (pf->vfs[i] && pf->vfs[i]->managed)
			ret = vfb_why_fail(why, -EBUSY, SRIOV_BROKER_WHY_IN_USE, &pf->vfs[i]->addr);
	return ret;
}

/*
 * Asks the PF's driver for VFs, which are captured, or for none. What appears at any
 * other time is another program's, and let be.
 */
static int vfb_call_driver(struct vfb_pf *pf, unsigned int num)
{
	struct pci_dev *pdev = pf->pdev;
	int ret;

	device_lock_assert(&pdev->dev);
	mutex_lock(&vfb_lock);
	pf->configuring = true;
	vfb_loss_forget(pf);
	pf->capture_err = 0;
	mutex_unlock(&vfb_lock);

	ret = pdev->driver->sriov_configure(pdev, num);

	mutex_lock(&vfb_lock);
	pf->configuring = false;
	mutex_unlock(&vfb_lock);
	return ret;
}

/* The rules of the PCI core's sriov_numvfs_store(). */
static int vfb_configure_locked(struct vfb_pf *pf, unsigned int num, struct vfb_why *why)
{
	struct pci_dev *pdev = pf->pdev;
	unsigned int have = pci_num_vf(pdev);
	int ret;

	device_lock_assert(&pdev->dev);
	if (pf->gone || !device_is_registered(&pdev->dev))
		return vfb_why_fail(why, -ENODEV, SRIOV_BROKER_WHY_NO_DEVICE, &pf->addr);
	if (!num && !have)
		return 0;
	if (num && have) /* another was here between two of our steps */
		return vfb_why_fail(why, -EBUSY, SRIOV_BROKER_WHY_PF_BUSY, &pf->addr);
	if (!num && vfb_check_stripped(pf, why))
		return -EBUSY;
	if (num > pci_sriov_get_totalvfs(pdev)) {
		why->value = pci_sriov_get_totalvfs(pdev);
		return vfb_why_fail(why, -ERANGE, SRIOV_BROKER_WHY_TOO_MANY, &pf->addr);
	}
	if (pdev->driver)
		strscpy(why->driver, pdev->driver->name, sizeof(why->driver));
	if (!pdev->driver || !pdev->driver->sriov_configure)
		return vfb_why_fail(why, -EOPNOTSUPP, SRIOV_BROKER_WHY_NO_SRIOV_DRIVER, &pf->addr);

	ret = vfb_call_driver(pf, num);
	if (ret < 0)
		return vfb_configure_failed(pf, num, ret, why);
	if (pci_num_vf(pdev) == num)
		return 0;
	why->value = pci_num_vf(pdev);
	if (num)
		vfb_call_driver(pf, 0);
	return vfb_why_fail(why, -ENOSPC, SRIOV_BROKER_WHY_PF_SHORT, &pf->addr);
}

/* Tells the PF's driver how many VFs to have: @num, from none; or none. */
static int vfb_configure(struct vfb_pf *pf, unsigned int num, struct vfb_why *why)
{
	struct device *dev = &pf->pdev->dev;
	u64 start = ktime_get_ns();
	int ret;

	/* A driver does not expect to be told in its sleep; igb is corrupted by it. */
	pm_runtime_get_sync(dev);
	ret = vfb_pf_lock(pf);
	if (!ret) {
		ret = vfb_configure_locked(pf, num, why);
		vfb_pf_unlock(pf);
	} else {
		vfb_why_fail(why, ret, SRIOV_BROKER_WHY_PF_BUSY, &pf->addr);
	}
	pm_runtime_put(dev);
	vfb_stats_record(SRIOV_BROKER_STAT_CONFIGURE, pf->pdev, num, ret, ktime_get_ns() - start);
	return ret;
}

/* A number of VFs is there, as it was asked for. */
static void vfb_tell_vfs(struct vfb_pf *pf, unsigned int old, unsigned int num)
{
	guard(mutex)(&vfb_lock);
	vfb_event_pf(pf, SRIOV_BROKER_EVENT_PF_VFS, old, num);
}

/* An orphan's slot on the bus is taken, and the PCI core trips over it. */
static int vfb_check_orphans(struct vfb_pf *pf, struct vfb_why *why)
{
	struct sriov_broker_addr addr;

	if (!vfb_orphan_find(pf->pdev, &addr))
		return 0;
	vfb_orphan_clean();
	return vfb_why_fail(why, -EBUSY, SRIOV_BROKER_WHY_ORPHANS, &addr);
}

/* Single VFs can be removed by hand, until the next enabling. */
static bool vfb_vfs_missing(struct vfb_pf *pf, unsigned int num)
{
	bool missing = false;
	unsigned int i;

	guard(mutex)(&vfb_lock);
	for (i = 0; i < num; i++)
		missing |= !pf->vfs[i];
	return missing;
}

static unsigned int vfb_move_flags(unsigned int flags)
{
	return flags & VFB_FROM_HOST ? VFB_MOVE_USED : 0;
}

/* All VFs go; a PF that has our driver keeps it. */
static int vfb_destroy(struct vfb_pf *pf, unsigned int flags, struct vfb_why *why)
{
	unsigned int old = pci_num_vf(pf->pdev);
	struct vfb_moves *stripped;
	int ret;

	stripped = vfb_strip_vfs(pf, vfb_move_flags(flags), why);
	if (IS_ERR(stripped))
		return PTR_ERR(stripped);
	/* Its driver may have gone and left the VFs on. */
	ret = vfb_pfdrv_take(pf);
	if (ret)
		vfb_why_fail(why, ret, SRIOV_BROKER_WHY_NONE, &pf->addr);
	else
		ret = vfb_configure(pf, 0, why);
	if (ret) {
		vfb_unstrip_vfs(stripped);
		return ret;
	}
	vfb_stripped_free(stripped);
	pf->ours = false;
	vfb_tell_vfs(pf, old, 0);
	return 0;
}

/* A PF that has no driver gets one, if that is how the operation is meant. */
static int vfb_provide_driver(struct vfb_pf *pf, unsigned int flags, struct vfb_why *why)
{
	int ret;

	if (flags & VFB_LOAD_PF && !READ_ONCE(pf->driver[0]))
		vfb_pfdrv_load(pf);
	if (!(flags & VFB_TAKE_PF))
		return 0;
	ret = vfb_pfdrv_take(pf);
	return ret ? vfb_why_fail(why, ret, SRIOV_BROKER_WHY_NONE, &pf->addr) : 0;
}

/* VFs that have just been born, and are held, go where they belong. */
static int vfb_settle(struct vfb_pf *pf, unsigned int num, const struct vfb_driver *to,
		      struct vfb_why *why)
{
	int ret;

	mutex_lock(&vfb_lock);
	ret = pf->capture_err;
	mutex_unlock(&vfb_lock);
	if (!ret && vfb_vfs_missing(pf, num))
		ret = -ENODEV;
	if (ret)
		return vfb_why_fail(why, ret, SRIOV_BROKER_WHY_NONE, &pf->addr);
	return vfb_move_vfs(pf, 0, num, to, VFB_MOVE_FRESH, why);
}

/*
 * From no VFs to some. @kept: what those had that were there before, or NULL; put back
 * before one can be leased.
 */
static int vfb_create(struct vfb_pf *pf, unsigned int num, const struct vfb_driver *to,
		      unsigned int flags, struct vfb_kept *kept, struct vfb_why *why)
{
	struct vfb_why undo = {}, lost = {};
	int ret = vfb_provide_driver(pf, flags, why);

	if (ret)
		return ret;
	ret = vfb_configure(pf, num, why);
	if (ret) {
		vfb_pfdrv_drop(pf, false);
		return ret;
	}
	vfb_kept_restore(kept, pf, num, &lost);
	ret = vfb_settle(pf, num, to, why);
	if (ret) {
		/* The host may use one already that was to be its own. */
		if (vfb_destroy(pf, VFB_FROM_HOST, &undo)) {
			pci_warn(pf->pdev, "VFs that failed can't be disabled\n");
			pf->ours = true;
			vfb_tell_vfs(pf, 0, num);
		} else {
			vfb_pfdrv_drop(pf, false);
		}
		put_pid(undo.pid);
		return ret;
	}
	/* Said of a success only. */
	if (lost.reason) {
		vfb_why_fail(why, 0, lost.reason, &lost.dev);
		why->value = lost.value;
	}
	pf->ours = true;
	vfb_tell_vfs(pf, 0, num);
	return 0;
}

/* Where a VF was: the name of its driver, or VFB_HOST. */
struct vfb_place {
	char driver[SRIOV_BROKER_NAME_LEN];
};

static struct vfb_place *vfb_places(struct vfb_pf *pf, unsigned int num)
{
	struct vfb_place *places = kvcalloc(num, sizeof(*places), GFP_KERNEL);
	unsigned int i;

	if (!places)
		return NULL;
	guard(mutex)(&vfb_lock);
	for (i = 0; i < num; i++) {
		struct vfb_vf *vf = pf->vfs[i];
		bool host = !vf || vf->state == SRIOV_BROKER_VF_HOST;

		strscpy(places[i].driver, host ? VFB_HOST : vf->target, sizeof(places[i].driver));
	}
	return places;
}

/* Puts each VF, just born and held, where its predecessor was. */
static int vfb_move_to_places(struct vfb_pf *pf, const struct vfb_place *places, unsigned int num,
			      struct vfb_why *why)
{
	unsigned int first, end;
	struct vfb_driver to;
	int ret, err = 0;

	for (first = 0; first < num; first = end) {
		for (end = first + 1; end < num; end++)
			if (strcmp(places[first].driver, places[end].driver))
				break;
		ret = vfb_driver_get(&to, places[first].driver, false);
		if (!ret)
			ret = vfb_move_vfs(pf, first, end - first, &to, VFB_MOVE_FRESH, why);
		vfb_driver_put(&to);
		err = err ?: ret;
	}
	return err;
}

static void vfb_bring_back(struct vfb_pf *pf, const struct vfb_place *places, unsigned int num,
			   struct vfb_kept *kept)
{
	struct vfb_why why = {};
	int ret = vfb_pfdrv_take(pf);

	if (!ret)
		ret = vfb_configure(pf, num, &why);
	if (ret) {
		vfb_pfdrv_drop(pf, false);
	} else {
		vfb_kept_restore(kept, pf, num, &why);
		ret = vfb_move_to_places(pf, places, num, &why);
		vfb_tell_vfs(pf, 0, num);
	}
	if (ret)
		pci_warn(pf->pdev, "can't bring its %u VFs back: %pe\n", num, ERR_PTR(ret));
	put_pid(why.pid);
}

/* How the PF's VFs are meant. */
static unsigned int vfb_pf_modes(struct vfb_pf *pf)
{
	return (pf->open ? VFB_OPEN : 0) | (pf->restore ? VFB_RESTORE : 0);
}

static void vfb_pf_mode(struct vfb_pf *pf, unsigned int flags)
{
	pf->open = flags & VFB_OPEN;
	pf->restore = flags & VFB_RESTORE;
}

/*
 * A client that holds one sets attributes by its index, which the next VF there would have. Of one
 * that is leased the holder is told instead.
 */
static int vfb_check_net_holds(struct vfb_pf *pf, struct vfb_why *why)
{
	unsigned int i;

	guard(mutex)(&vfb_lock);
	for (i = 0; i < pf->slots; i++)
		if (pf->vfs[i] && pf->vfs[i]->net_holds &&
		    pf->vfs[i]->state != SRIOV_BROKER_VF_LEASED)
			return vfb_why_fail(why, -EBUSY, SRIOV_BROKER_WHY_IN_USE,
					    &pf->vfs[i]->addr);
	return 0;
}

/* From one number of VFs to another goes through none; back if it fails. */
static int vfb_recreate(struct vfb_pf *pf, unsigned int num, const struct vfb_driver *to,
			unsigned int flags, struct vfb_why *why)
{
	unsigned int had = pci_num_vf(pf->pdev);
	struct vfb_place *places = vfb_places(pf, had);
	struct vfb_kept *kept;
	bool ours = pf->ours;
	unsigned int was;
	int ret;

	if (!places)
		return -ENOMEM;
	kept = vfb_kept_take(pf);
	ret = PTR_ERR_OR_ZERO(kept) ?: vfb_check_net_holds(pf, why);
	was = vfb_pf_modes(pf);
	if (!ret)
		ret = vfb_destroy(pf, flags, why);
	if (ret)
		goto free;
	vfb_pf_mode(pf, flags);
	ret = vfb_create(pf, num, to, flags, kept, why);
	if (ret) {
		vfb_pf_mode(pf, was);
		vfb_bring_back(pf, places, had, kept);
		pf->ours = ours;
	}
free:
	vfb_kept_free(kept);
	kvfree(places);
	return ret;
}

static int vfb_find_driver(struct vfb_pf *pf, struct vfb_driver *to, const char *name,
			   unsigned int flags, struct vfb_why *why)
{
	struct device *dev = &pf->pdev->dev;
	int ret = vfb_driver_get(to, name, flags & VFB_MAY_LOAD);

	strscpy(why->driver, name, sizeof(why->driver));
	if (ret == -ENOENT)
		return vfb_why_fail(why, ret, SRIOV_BROKER_WHY_NO_DRIVER, &pf->addr);
	if (ret)
		return ret;
	/* Of a PF that was never bound nothing need be known yet; its VFs are looked at later. */
	if (vfb_driver_wants_iommu(to) && dev->driver && !device_iommu_mapped(dev)) {
		vfb_driver_put(to);
		return vfb_why_fail(why, -EOPNOTSUPP, SRIOV_BROKER_WHY_NO_IOMMU, &pf->addr);
	}
	why->driver[0] = '\0';
	if (!vfb_is_vfios(pf->pdev))
		return 0;
	/*
	 * Opening its VFs through vfio wants a token, which the PF's user has; and they are not to
	 * be trusted by the host's drivers either.
	 */
	vfb_driver_put(to);
	scoped_guard(mutex, &vfb_lock)
		strscpy(why->driver, pf->driver, sizeof(why->driver));
	return vfb_why_fail(why, -EOPNOTSUPP, SRIOV_BROKER_WHY_PF_VFIO, &pf->addr);
}

/* From what there is to @num VFs on @to. */
static int vfb_make(struct vfb_pf *pf, unsigned int num, const struct vfb_driver *to,
		    unsigned int flags, struct vfb_kept *kept, struct vfb_why *why)
{
	unsigned int have = pci_num_vf(pf->pdev);
	unsigned int was = vfb_pf_modes(pf);
	unsigned int i;
	int ret;

	scoped_guard(mutex, &vfb_lock)
		for (i = 0; i < pf->slots; i++)
			if (pf->vfs[i])
				pf->vfs[i]->net_noted = false;
	if (have && (have != num || vfb_vfs_missing(pf, num))) {
		ret = vfb_recreate(pf, num, to, flags, why);
	} else {
		vfb_pf_mode(pf, flags);
		ret = have ? vfb_move_vfs(pf, 0, num, to, vfb_move_flags(flags), why) :
			     vfb_create(pf, num, to, flags, kept, why);
		if (ret)
			vfb_pf_mode(pf, was);
	}
	if (ret)
		return ret;
	/*
	 * What VFs are to get back that were there already: what they have when an admin says so,
	 * not when pfs= finds that all is as it wants, for then a user may have set it since.
	 */
	if (!pf->restore)
		vfb_net_forget_pool(pf);
	else if (!(flags & VFB_KEPT) || !(was & VFB_RESTORE))
		vfb_net_remember_pool(pf);
	return 0;
}

/**
 * vfb_pf_enable - make a PF have a number of VFs, all bound to a driver
 * @pf: the PF
 * @num: the number
 * @driver: name of the driver, or VFB_HOST
 * @flags: VFB_OPEN and the others
 * @why: says what went wrong; of a success, what was lost (SRIOV_BROKER_WHY_NET_LOST)
 *
 * Context: may sleep, long; pf->op held.
 * Return: 0, or a negative errno: then all is as it was.
 */
int vfb_pf_enable(struct vfb_pf *pf, unsigned int num, const char *driver, unsigned int flags,
		  struct vfb_why *why)
{
	unsigned int total = pci_sriov_get_totalvfs(pf->pdev);
	struct vfb_kept *kept;
	struct vfb_driver to;
	int ret;

	lockdep_assert_held(&pf->op);
	if (pf->gone)
		return vfb_why_fail(why, -ENODEV, SRIOV_BROKER_WHY_NO_DEVICE, &pf->addr);
	if (!num)
		return vfb_why_fail(why, -EINVAL, SRIOV_BROKER_WHY_NO_VFS, &pf->addr);
	if (num > total) {
		why->value = total;
		return vfb_why_fail(why, -ERANGE, SRIOV_BROKER_WHY_TOO_MANY, &pf->addr);
	}
	ret = vfb_find_driver(pf, &to, driver, flags, why);
	if (ret)
		return ret;
	ret = vfb_check_orphans(pf, why);
	if (!ret) {
		kept = vfb_kept_at_unbind(pf);
		ret = vfb_make(pf, num, &to, flags, flags & VFB_KEPT ? kept : NULL, why);
		if (ret && flags & VFB_KEPT)
			vfb_kept_return(pf, kept); /* it is tried again */
		else
			vfb_kept_free(kept);
	}
	vfb_driver_put(&to);
	vfb_pf_update_protection(pf);
	return ret;
}

/**
 * vfb_pf_disable - take all VFs of a PF away
 * @pf: the PF
 * @flags: VFB_FROM_HOST or 0
 * @why: says what went wrong
 *
 * Context: may sleep, long, but waits for no user; pf->op held.
 * Return: 0, or a negative errno: then all is as it was.
 */
int vfb_pf_disable(struct vfb_pf *pf, unsigned int flags, struct vfb_why *why)
{
	int ret;

	lockdep_assert_held(&pf->op);
	if (pf->gone)
		return vfb_why_fail(why, -ENODEV, SRIOV_BROKER_WHY_NO_DEVICE, &pf->addr);
	if (!pci_num_vf(pf->pdev))
		return 0;
	ret = vfb_destroy(pf, flags, why);
	if (!ret)
		vfb_pfdrv_drop(pf, true);
	return ret;
}

/**
 * vfb_pf_force_begin - revoke all leases on a PF and wait for their users
 * @pf: the PF
 * @timeout_ms: how long to wait at most
 *
 * Until vfb_pf_force_end() nothing of the PF is leased.
 *
 * Context: may sleep; waits for users, so no lock may be held.
 */
void vfb_pf_force_begin(struct vfb_pf *pf, unsigned int timeout_ms)
{
	struct vfb_vf *vf;
	unsigned int i;

	mutex_lock(&vfb_lock);
	pf->closing++;
	for (i = 0; i < pf->slots; i++) {
		vf = pf->vfs[i];
		/* One of the host's may share the group of another PF's leased ones. */
		if (vf && vf->group->lease && vf->state != SRIOV_BROKER_VF_HOST)
			vfb_lease_revoke(vf->group->lease, SRIOV_BROKER_LEASE_CAUSE_DISABLE);
	}
	mutex_unlock(&vfb_lock);
	vfb_return_wait(pf, timeout_ms);
}

/**
 * vfb_pf_force_end - let the PF be leased from again
 * @pf: the PF
 *
 * Context: takes vfb_lock.
 */
void vfb_pf_force_end(struct vfb_pf *pf)
{
	scoped_guard(mutex, &vfb_lock)
		pf->closing--;
	vfb_pool_kick();
}

/**
 * vfb_pf_bind - move VFs of a PF to a driver
 * @pf: the PF
 * @first: index of the first VF
 * @count: how many, 0 for all from @first on
 * @driver: name of the driver, or VFB_HOST
 * @flags: VFB_MAY_LOAD, VFB_FROM_HOST
 * @why: says what went wrong
 *
 * Context: may sleep; pf->op held.
 * Return: 0, or a negative errno: then all is as it was.
 */
int vfb_pf_bind(struct vfb_pf *pf, unsigned int first, unsigned int count, const char *driver,
		unsigned int flags, struct vfb_why *why)
{
	unsigned int have = pci_num_vf(pf->pdev);
	struct vfb_driver to;
	int ret;

	lockdep_assert_held(&pf->op);
	if (pf->gone)
		return vfb_why_fail(why, -ENODEV, SRIOV_BROKER_WHY_NO_DEVICE, &pf->addr);
	if (first >= have || count > have - first) {
		why->value = have;
		return vfb_why_fail(why, -ERANGE, SRIOV_BROKER_WHY_NO_INDEX, &pf->addr);
	}
	ret = vfb_find_driver(pf, &to, driver, flags, why);
	if (ret)
		return ret;
	ret = vfb_move_vfs(pf, first, count ?: have - first, &to, vfb_move_flags(flags), why);
	vfb_driver_put(&to);
	return ret;
}

/*
 * restore: VFs that the broker enabled are disabled, others go back to the host.
 * keep: all stay on and bound as they are, but for those of PFs that have no
 * driver of their own.
 */
static bool vfb_keep;

static int vfb_unload_set(const char *val, const struct kernel_param *kp)
{
	static const char *const names[] = { "restore", "keep", NULL };
	int i = sysfs_match_string(names, val);

	if (vfb_param_locked())
		return -EPERM;
	if (i < 0) {
		pr_err("%s: '%.64s' is neither restore nor keep\n", kp->name, val);
		return -EINVAL;
	}
	vfb_keep = i;
	return 0;
}

static int vfb_unload_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", vfb_keep ? "keep" : "restore");
}

static const struct kernel_param_ops vfb_unload_ops = {
	.set = vfb_unload_set,
	.get = vfb_unload_get,
};
module_param_cb(unload, &vfb_unload_ops, NULL, 0644);
MODULE_PARM_DESC(unload, "what VFs do when the module goes: restore (default) or keep");

static void vfb_pf_leave(struct vfb_pf *pf)
{
	struct vfb_driver host = { .name = VFB_HOST };
	char name[VFB_ADDR_LEN];
	struct vfb_why why = {};
	bool taken;
	int ret;

	mutex_lock(&vfb_lock);
	taken = vfb_pfdrv_is(pf->driver);
	mutex_unlock(&vfb_lock);
	/* Our PF driver goes with us, and its VFs with it: nothing to keep. */
	if (vfb_keep && !taken)
		return;
	guard(mutex)(&pf->op);
	if (pf->ours)
		ret = vfb_pf_disable(pf, 0, &why);
	else
		ret = vfb_move_vfs(pf, 0, pf->slots, &host, VFB_MOVE_OURS, &why);
	if (!why.reason)
		why.dev = pf->addr;
	if (ret)
		pci_warn(pf->pdev, "can't be left as it was found: %pe, %s %s\n", ERR_PTR(ret),
			 vfb_addr_str(name, &why.dev), vfb_why_words(&why));
	pf->stay = ret;
	put_pid(why.pid);
}

/**
 * vfb_pf_leave_all - put everything back as it was found
 *
 * VFs that we enabled go; others that we took go back to the host.
 *
 * Context: module exit; may sleep, long.
 */
void vfb_pf_leave_all(void)
{
	struct vfb_pf *pf;

	for (pf = vfb_pf_next(NULL); pf; pf = vfb_pf_next(pf))
		vfb_pf_leave(pf);
}

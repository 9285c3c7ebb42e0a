// SPDX-License-Identifier: GPL-2.0-only
/*
 * PFs: which there are, what is known of each, and what follows from the use of
 * their VFs: a write protected sriov_numvfs attribute, and no suspend. What is done
 * to them is in provision.c.
 */
#define dev_fmt(fmt) KBUILD_MODNAME ": " fmt
#define pr_fmt(fmt)  KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/kstrtox.h>
#include <linux/moduleparam.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "objects.h"

work_func_t vfb_pf_config_fn;
work_func_t vfb_pf_look_fn;

/**
 * vfb_pf_lookup - find a PF by its address
 * @addr: the address
 *
 * Context: vfb_lock held.
 * Return: the PF, without a reference, or NULL.
 */
struct vfb_pf *vfb_pf_lookup(const struct sriov_broker_addr *addr)
{
	struct vfb_pf *pf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(pf, &vfb_pfs, node)
		if (!vfb_addr_cmp(&pf->addr, addr))
			return pf;
	return NULL;
}

/* Why there is no PF at @addr. */
static int vfb_pf_missing(const struct sriov_broker_addr *addr, struct vfb_why *why)
{
	struct pci_dev *pdev =
		pci_get_domain_bus_and_slot(addr->domain, addr->bdf >> 8, addr->bdf & 0xff);
	int ret;

	if (!pdev)
		ret = vfb_why_fail(why, -ENODEV, SRIOV_BROKER_WHY_NO_DEVICE, addr);
	else if (pdev->is_virtfn)
		ret = vfb_why_fail(why, -EINVAL, SRIOV_BROKER_WHY_IS_VF, addr);
	else
		ret = vfb_why_fail(why, -EOPNOTSUPP, SRIOV_BROKER_WHY_NOT_PF, addr);
	pci_dev_put(pdev);
	return ret;
}

/**
 * vfb_vf_missing - note why there is no VF at an address
 * @addr: the address
 * @why: where to note it
 *
 * Context: takes vfb_lock.
 * Return: a negative errno.
 */
int vfb_vf_missing(const struct sriov_broker_addr *addr, struct vfb_why *why)
{
	guard(mutex)(&vfb_lock);
	return vfb_pf_lookup(addr) ? vfb_why_fail(why, -EINVAL, SRIOV_BROKER_WHY_IS_PF, addr) :
				     vfb_why_fail(why, -ENODEV, SRIOV_BROKER_WHY_NO_DEVICE, addr);
}

/**
 * vfb_pf_find - find a PF by its address
 * @addr: the address
 * @why: says what is there instead
 *
 * Context: may sleep; takes vfb_lock.
 * Return: the PF with a reference, or an ERR_PTR.
 */
struct vfb_pf *vfb_pf_find(const struct sriov_broker_addr *addr, struct vfb_why *why)
{
	int ret = vfb_addr_check(addr, true);
	struct vfb_pf *pf;

	if (ret)
		return ERR_PTR(ret);
	mutex_lock(&vfb_lock);
	pf = vfb_pf_lookup(addr);
	if (pf)
		kref_get(&pf->ref);
	mutex_unlock(&vfb_lock);
	return pf ?: ERR_PTR(vfb_pf_missing(addr, why));
}

/**
 * vfb_pf_of - find the PF that a PCI device is
 * @pdev: the device
 *
 * Context: takes vfb_lock.
 * Return: the PF with a reference, or NULL if @pdev is none that is tracked.
 */
struct vfb_pf *vfb_pf_of(struct pci_dev *pdev)
{
	struct vfb_pf *pf;

	guard(mutex)(&vfb_lock);
	list_for_each_entry(pf, &vfb_pfs, node) {
		if (pf->pdev == pdev) {
			kref_get(&pf->ref);
			return pf;
		}
	}
	return NULL;
}

/**
 * vfb_pf_next - go through all PFs
 * @pf: where we are, or NULL to begin; its reference is dropped
 *
 * Context: may sleep; takes vfb_lock.
 * Return: the PF that comes next by address, with a reference, or NULL.
 */
struct vfb_pf *vfb_pf_next(struct vfb_pf *pf)
{
	struct vfb_pf *it, *next = NULL;

	mutex_lock(&vfb_lock);
	list_for_each_entry(it, &vfb_pfs, node) {
		if (!pf || vfb_addr_cmp(&it->addr, &pf->addr) > 0) {
			kref_get(&it->ref);
			next = it;
			break;
		}
	}
	mutex_unlock(&vfb_lock);
	if (pf)
		vfb_pf_put(pf);
	return next;
}

/**
 * vfb_pf_vf - the VF in a slot of a PF
 * @pf: the PF
 * @index: the slot, below pf->slots
 *
 * Context: takes vfb_lock.
 * Return: the VF with a reference, or NULL if there is none.
 */
struct vfb_vf *vfb_pf_vf(struct vfb_pf *pf, unsigned int index)
{
	struct vfb_vf *vf;

	guard(mutex)(&vfb_lock);
	vf = pf->vfs[index];
	if (vf)
		kref_get(&vf->ref);
	return vf;
}

static void vfb_pf_free(struct vfb_pf *pf)
{
	mutex_destroy(&pf->op);
	mutex_destroy(&pf->protect_lock);
	kvfree(pf->kept);
	put_pid(pf->loss.by.pid);
	bitmap_free(pf->free);
	kvfree(pf->vfs);
	kvfree(pf->named);
	pci_dev_put(pf->pdev);
	kfree(pf);
}

static void vfb_pf_release(struct kref *ref)
{
	vfb_pf_free(container_of(ref, struct vfb_pf, ref));
}

/**
 * vfb_pf_put - drop a reference to a PF
 * @pf: the PF
 *
 * Context: may sleep.
 */
void vfb_pf_put(struct vfb_pf *pf)
{
	kref_put(&pf->ref, vfb_pf_release);
}

/* From the capability: a PF driver may lower the number that the PCI core tells. */
static u16 vfb_pf_cap(struct pci_dev *pdev, int pos, int reg)
{
	u16 val = 0;

	if (pos)
		pci_read_config_word(pdev, pos + reg, &val);
	return PCI_POSSIBLE_ERROR(val) ? 0 : val;
}

static struct vfb_pf *vfb_pf_alloc(struct pci_dev *pdev)
{
	int pos = pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_SRIOV);
	unsigned int slots = vfb_pf_cap(pdev, pos, PCI_SRIOV_TOTAL_VF);
	struct vfb_pf *pf;

	if (!slots)
		return NULL;
	pf = kzalloc(sizeof(*pf), GFP_KERNEL);
	if (!pf)
		return NULL;

	kref_init(&pf->ref);
	mutex_init(&pf->op);
	mutex_init(&pf->protect_lock);
	pf->pdev = pci_dev_get(pdev);
	pf->addr = vfb_addr(pdev);
	pf->slots = slots;
	pf->sriov_cap = pos;
	pf->vf_device = vfb_pf_cap(pdev, pos, PCI_SRIOV_VF_DID);
	INIT_DELAYED_WORK(&pf->config, vfb_pf_config_fn);
	INIT_DELAYED_WORK(&pf->look, vfb_pf_look_fn);
	pf->vfs = kvcalloc(slots, sizeof(*pf->vfs), GFP_KERNEL);
	pf->named = kvcalloc(slots, sizeof(*pf->named), GFP_KERNEL);
	pf->free = bitmap_zalloc(slots, GFP_KERNEL);
	if (!pf->vfs || !pf->named || !pf->free) {
		vfb_pf_free(pf);
		return NULL;
	}
	return pf;
}

/* Keeps the list in the order of addresses. False: it is there already. */
static bool vfb_pf_insert(struct vfb_pf *new)
{
	struct device_driver *drv = READ_ONCE(new->pdev->dev.driver);
	struct list_head *at = &vfb_pfs;
	struct vfb_pf *pf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(pf, &vfb_pfs, node) {
		int cmp = vfb_addr_cmp(&pf->addr, &new->addr);

		if (!cmp)
			return false;
		if (cmp > 0) {
			at = &pf->node;
			break;
		}
	}
	/* Under the lock: what changes from here on the notifier tells. */
	strscpy(new->driver, drv ? drv->name : "", sizeof(new->driver));
	list_add_tail(&new->node, at);
	vfb_named_mark(new);
	vfb_event_pf(new, SRIOV_BROKER_EVENT_PF_ADDED, 0, 0);
	return true;
}

/**
 * vfb_pf_add - a PCI device has appeared: track it if it is a PF
 * @pdev: the device
 *
 * Context: bus notifier, or the first scan; may sleep.
 * Return: the PF with a reference, or NULL: it is none, or was known.
 */
struct vfb_pf *vfb_pf_add(struct pci_dev *pdev)
{
	struct vfb_pf *pf;
	bool added;

	if (!pdev->is_physfn)
		return NULL;
	pf = vfb_pf_alloc(pdev);
	if (!pf) {
		pci_warn(pdev, "not tracked: out of memory, or no VFs\n");
		return NULL;
	}
	mutex_lock(&vfb_lock);
	added = vfb_pf_insert(pf);
	if (added)
		kref_get(&pf->ref); /* the list has the first */
	mutex_unlock(&vfb_lock);
	if (added)
		return pf;
	vfb_pf_put(pf);
	return NULL;
}

/*
 * The PF's driver goes: no holder can count on its VFs any more. It has to be able
 * to disable them, or it would leave orphans.
 */
static void vfb_pf_end_leases(struct vfb_pf *pf)
{
	unsigned int i;

	lockdep_assert_held(&vfb_lock);
	pf->leaving = true;
	for (i = 0; i < pf->slots; i++) {
		struct vfb_vf *vf = pf->vfs[i];

		if (!vf)
			continue;
		/* One of the host's may share the group of another PF's leased ones. */
		if (vf->group->lease && vf->state != SRIOV_BROKER_VF_HOST)
			vfb_lease_revoke(vf->group->lease, SRIOV_BROKER_LEASE_CAUSE_PF);
		pci_clear_dev_assigned(vf->pdev);
	}
}

/**
 * vfb_pf_unbind - a PF is about to lose its driver: its leases end
 * @pf: the PF
 *
 * Context: bus notifier, with the PF's lock held; takes vfb_lock.
 */
void vfb_pf_unbind(struct vfb_pf *pf)
{
	guard(mutex)(&vfb_lock);
	/* What pfs says is done when it is back, whatever took the VFs before. */
	vfb_loss_forget(pf);
	vfb_pf_end_leases(pf);
}

static const struct attribute vfb_numvfs_attr = { .name = "sriov_numvfs" };

/* N: not at all; Y: PFs that a VF is leased from; all: also those whose VFs are all free. */
enum {
	VFB_PROTECT_N,
	VFB_PROTECT_Y,
	VFB_PROTECT_ALL
};

static unsigned int vfb_protect = VFB_PROTECT_Y;

static int vfb_protect_set(const char *val, const struct kernel_param *kp)
{
	bool yes;

	if (sysfs_streq(val, "all")) {
		vfb_protect = VFB_PROTECT_ALL;
		return 0;
	}
	if (kstrtobool(val, &yes)) {
		pr_err("%s: '%.64s' is neither Y, N nor all\n", kp->name, val);
		return -EINVAL;
	}
	vfb_protect = yes ? VFB_PROTECT_Y : VFB_PROTECT_N;
	return 0;
}

static int vfb_protect_get(char *buf, const struct kernel_param *kp)
{
	static const char *const names[] = { "N", "Y", "all" };

	return sysfs_emit(buf, "%s\n", names[vfb_protect]);
}

static const struct kernel_param_ops vfb_protect_ops = {
	.set = vfb_protect_set,
	.get = vfb_protect_get,
};
module_param_cb(protect, &vfb_protect_ops, NULL, 0444);
MODULE_PARM_DESC(protect, "refuse writes to sriov_numvfs: N, Y: under leases, all: always");

/**
 * vfb_param_protect - whether sriov_numvfs is write-protected under leases
 *
 * Return: true if so.
 */
bool vfb_param_protect(void)
{
	return vfb_protect != VFB_PROTECT_N;
}

/**
 * vfb_param_protect_all - whether that is so of every PF that has VFs of the broker's
 *
 * Return: true if so.
 */
bool vfb_param_protect_all(void)
{
	return vfb_protect == VFB_PROTECT_ALL;
}

/* VFs are dead while their PF sleeps, and nothing in the PCI core wakes it for them. */
static void vfb_pf_keep_awake(struct vfb_pf *pf, bool want)
{
	lockdep_assert_held(&pf->protect_lock);
	if (want == pf->awake)
		return;
	pf->awake = want;
	if (want)
		pm_runtime_get_sync(&pf->pdev->dev);
	else
		pm_runtime_put(&pf->pdev->dev);
}

/**
 * vfb_pf_del - a PF is leaving the bus: forget it
 * @pf: the PF; the caller's reference stays
 *
 * Context: bus notifier; may sleep.
 * Return: true: it leaves VFs behind.
 */
bool vfb_pf_del(struct vfb_pf *pf)
{
	bool orphans = false;
	unsigned int i;

	/* From here on its attributes go, and none may be just changed. */
	mutex_lock(&pf->protect_lock);
	mutex_lock(&vfb_lock);
	pf->gone = true;
	list_del_init(&pf->node);
	vfb_named_mark(pf);
	vfb_event_pf(pf, SRIOV_BROKER_EVENT_PF_REMOVED, 0, 0);
	vfb_pf_end_leases(pf);
	for (i = 0; i < pf->slots; i++) {
		if (!pf->vfs[i])
			continue;
		orphans = true;
		if (pf->vfs[i]->state == SRIOV_BROKER_VF_FREE)
			vfb_vf_state(pf->vfs[i], SRIOV_BROKER_VF_HOST, SRIOV_BROKER_FAULT_NONE);
	}
	mutex_unlock(&vfb_lock);
	vfb_pf_keep_awake(pf, false);
	mutex_unlock(&pf->protect_lock);
	vfb_pf_put(pf); /* the list's */
	return orphans;
}

/**
 * vfb_pf_driver - a PF's driver changes: note it
 * @pf: the PF
 * @name: name of the driver, "" for none
 *
 * Context: bus notifier; takes vfb_lock.
 */
void vfb_pf_driver(struct vfb_pf *pf, const char *name)
{
	guard(mutex)(&vfb_lock);
	strscpy(pf->driver, name, sizeof(pf->driver));
	pf->leaving = false;
}

/**
 * vfb_pf_update_protection - make a PF follow what its VFs are used for
 * @pf: the PF
 *
 * Its sriov_numvfs attribute and its power state. To be called after a VF's state
 * has changed.
 *
 * Context: may sleep; takes pf->protect_lock and vfb_lock; may resume the PF.
 */
void vfb_pf_update_protection(struct vfb_pf *pf)
{
	bool used, locked, gone;

	guard(mutex)(&pf->protect_lock);
	mutex_lock(&vfb_lock);
	used = pf->nr_out || pf->nr_open;
	locked = used || (vfb_param_protect_all() && (pf->nr_pool || pf->ours));
	gone = pf->gone;
	mutex_unlock(&vfb_lock);
	if (gone) /* and its attributes with it */
		return;
	vfb_pf_keep_awake(pf, used);
	/*
	 * Root may not write to sriov_numvfs then: drivers that do not look at the VFs' ASSIGNED
	 * flag would pull them from under a guest, and the writer would hang in the kernel.
	 */
	if (vfb_param_protect() && locked != pf->protected &&
	    !sysfs_chmod_file(&pf->pdev->dev.kobj, &vfb_numvfs_attr, locked ? 0444 : 0644))
		pf->protected = locked;
}

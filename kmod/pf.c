// SPDX-License-Identifier: GPL-2.0-only
/*
 * PFs: which there are, what is known of each, and what follows from the use of
 * their VFs: a write protected sriov_numvfs attribute, and no suspend. What is done
 * to them is in provision.c.
 */
#include <linux/bitmap.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "broker.h"

/**
 * sb_addr - address of a PCI device, as userspace is told
 * @pdev: the device
 *
 * Context: any.
 * Return: the address.
 */
struct sriov_broker_addr sb_addr(struct pci_dev *pdev)
{
	return (struct sriov_broker_addr){
		.domain = pci_domain_nr(pdev->bus),
		.bdf = pci_dev_id(pdev),
	};
}

/**
 * sb_addr_cmp - order of two addresses
 * @a: one
 * @b: the other
 *
 * Context: any.
 * Return: less than, equal to, or more than 0.
 */
int sb_addr_cmp(const struct sriov_broker_addr *a, const struct sriov_broker_addr *b)
{
	if (a->domain != b->domain)
		return a->domain < b->domain ? -1 : 1;
	return (int)a->bdf - (int)b->bdf;
}

static struct sb_pf *sb_pf_lookup(const struct sriov_broker_addr *addr)
{
	struct sb_pf *pf;

	lockdep_assert_held(&sb_lock);
	list_for_each_entry(pf, &sb_pfs, node)
		if (!sb_addr_cmp(&pf->addr, addr))
			return pf;
	return NULL;
}

/* Why there is no PF at @addr. */
static int sb_pf_missing(const struct sriov_broker_addr *addr, struct sb_why *why)
{
	struct pci_dev *pdev =
		pci_get_domain_bus_and_slot(addr->domain, addr->bdf >> 8, addr->bdf & 0xff);
	int ret;

	if (!pdev)
		ret = sb_refuse(why, -ENODEV, SRIOV_BROKER_WHY_NO_DEVICE, addr);
	else if (pdev->is_virtfn)
		ret = sb_refuse(why, -EINVAL, SRIOV_BROKER_WHY_IS_VF, addr);
	else
		ret = sb_refuse(why, -EOPNOTSUPP, SRIOV_BROKER_WHY_NOT_PF, addr);
	pci_dev_put(pdev);
	return ret;
}

/**
 * sb_vf_missing - note why there is no VF at an address
 * @addr: the address
 * @why: where to note it
 *
 * Context: takes sb_lock.
 * Return: a negative errno.
 */
int sb_vf_missing(const struct sriov_broker_addr *addr, struct sb_why *why)
{
	bool is_pf;

	spin_lock(&sb_lock);
	is_pf = sb_pf_lookup(addr);
	spin_unlock(&sb_lock);
	return is_pf ? sb_refuse(why, -EINVAL, SRIOV_BROKER_WHY_IS_PF, addr) :
		       sb_refuse(why, -ENODEV, SRIOV_BROKER_WHY_NO_DEVICE, addr);
}

/**
 * sb_pf_find - find a PF by its address
 * @addr: the address
 * @why: says what is there instead
 *
 * Context: may sleep; takes sb_lock.
 * Return: the PF with a reference, or an ERR_PTR.
 */
struct sb_pf *sb_pf_find(const struct sriov_broker_addr *addr, struct sb_why *why)
{
	struct sb_pf *pf;

	if (addr->reserved)
		return ERR_PTR(-EOPNOTSUPP);

	spin_lock(&sb_lock);
	pf = sb_pf_lookup(addr);
	if (pf)
		kref_get(&pf->ref);
	spin_unlock(&sb_lock);
	return pf ?: ERR_PTR(sb_pf_missing(addr, why));
}

/**
 * sb_pf_of - find the PF that a PCI device is
 * @pdev: the device
 *
 * Context: takes sb_lock.
 * Return: the PF with a reference, or NULL if @pdev is none that is tracked.
 */
struct sb_pf *sb_pf_of(struct pci_dev *pdev)
{
	struct sb_pf *pf, *found = NULL;

	spin_lock(&sb_lock);
	list_for_each_entry(pf, &sb_pfs, node) {
		if (pf->pdev == pdev) {
			kref_get(&pf->ref);
			found = pf;
			break;
		}
	}
	spin_unlock(&sb_lock);
	return found;
}

/**
 * sb_pf_next - go through all PFs
 * @pf: where we are, or NULL to begin; its reference is dropped
 *
 * Context: may sleep; takes sb_lock.
 * Return: the PF that comes next by address, with a reference, or NULL.
 */
struct sb_pf *sb_pf_next(struct sb_pf *pf)
{
	struct sb_pf *it, *next = NULL;

	spin_lock(&sb_lock);
	list_for_each_entry(it, &sb_pfs, node) {
		if (!pf || sb_addr_cmp(&it->addr, &pf->addr) > 0) {
			kref_get(&it->ref);
			next = it;
			break;
		}
	}
	spin_unlock(&sb_lock);
	if (pf)
		sb_pf_put(pf);
	return next;
}

/**
 * sb_pf_vf - the VF in a slot of a PF
 * @pf: the PF
 * @index: the slot, below pf->slots
 *
 * Context: takes sb_lock.
 * Return: the VF with a reference, or NULL if there is none.
 */
struct sb_vf *sb_pf_vf(struct sb_pf *pf, unsigned int index)
{
	struct sb_vf *vf;

	spin_lock(&sb_lock);
	vf = pf->vfs[index];
	if (vf)
		kref_get(&vf->ref);
	spin_unlock(&sb_lock);
	return vf;
}

static void sb_pf_free(struct sb_pf *pf)
{
	mutex_destroy(&pf->op);
	mutex_destroy(&pf->protect_lock);
	bitmap_free(pf->free);
	kvfree(pf->vfs);
	pci_dev_put(pf->pdev);
	kfree(pf);
}

static void sb_pf_release(struct kref *ref)
{
	sb_pf_free(container_of(ref, struct sb_pf, ref));
}

/**
 * sb_pf_put - drop a reference to a PF
 * @pf: the PF
 *
 * Context: may sleep.
 */
void sb_pf_put(struct sb_pf *pf)
{
	kref_put(&pf->ref, sb_pf_release);
}

/* From the capability: a PF driver may lower the number that the PCI core tells. */
static u16 sb_pf_cap(struct pci_dev *pdev, int pos, int reg)
{
	u16 val = 0;

	if (pos)
		pci_read_config_word(pdev, pos + reg, &val);
	return PCI_POSSIBLE_ERROR(val) ? 0 : val;
}

static struct sb_pf *sb_pf_alloc(struct pci_dev *pdev)
{
	int pos = pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_SRIOV);
	unsigned int slots = sb_pf_cap(pdev, pos, PCI_SRIOV_TOTAL_VF);
	struct sb_pf *pf;

	if (!slots)
		return NULL;
	pf = kzalloc(sizeof(*pf), GFP_KERNEL);
	if (!pf)
		return NULL;

	kref_init(&pf->ref);
	mutex_init(&pf->op);
	mutex_init(&pf->protect_lock);
	pf->pdev = pci_dev_get(pdev);
	pf->addr = sb_addr(pdev);
	pf->slots = slots;
	pf->sriov_cap = pos;
	pf->vf_device = sb_pf_cap(pdev, pos, PCI_SRIOV_VF_DID);
	sb_wish_init(pf);
	pf->vfs = kvcalloc(slots, sizeof(*pf->vfs), GFP_KERNEL);
	pf->free = bitmap_zalloc(slots, GFP_KERNEL);
	if (!pf->vfs || !pf->free) {
		sb_pf_free(pf);
		return NULL;
	}
	return pf;
}

/* Keeps the list in the order of addresses. False: it is there already. */
static bool sb_pf_insert(struct sb_pf *new)
{
	struct device_driver *drv = READ_ONCE(new->pdev->dev.driver);
	struct list_head *at = &sb_pfs;
	struct sb_pf *pf;

	lockdep_assert_held(&sb_lock);
	list_for_each_entry(pf, &sb_pfs, node) {
		int cmp = sb_addr_cmp(&pf->addr, &new->addr);

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
	sb_event_pf(new, SRIOV_BROKER_EVENT_PF_ADDED, 0);
	return true;
}

/**
 * sb_pf_add - a PCI device has appeared: track it if it is a PF
 * @pdev: the device
 *
 * Context: bus notifier, or the first scan; may sleep.
 */
void sb_pf_add(struct pci_dev *pdev)
{
	struct sb_pf *pf;
	bool added;

	if (!pdev->is_physfn)
		return;
	pf = sb_pf_alloc(pdev);
	if (!pf) {
		pci_warn(pdev, SB_NAME ": not tracked: out of memory, or no VFs\n");
		return;
	}
	spin_lock(&sb_lock);
	added = sb_pf_insert(pf);
	spin_unlock(&sb_lock);
	if (added)
		sb_wish_apply(pf, SB_SETTLE_MS);
	else
		sb_pf_put(pf);
}

/*
 * The PF's driver goes: nobody can count on its VFs any more. It has to be able
 * to disable them, or it would leave orphans.
 */
static void sb_pf_abandon(struct sb_pf *pf)
{
	unsigned int i;

	lockdep_assert_held(&sb_lock);
	pf->leaving = true;
	for (i = 0; i < pf->slots; i++) {
		struct sb_vf *vf = pf->vfs[i];

		if (!vf)
			continue;
		if (vf->group->lease)
			sb_lease_revoke(vf->group->lease, SRIOV_BROKER_LEASE_CAUSE_PF);
		pci_clear_dev_assigned(vf->pdev);
	}
}

/**
 * sb_pf_unbind - a PCI device is about to lose its driver: note it if it is a PF
 * @pdev: the device
 *
 * Context: bus notifier, with the device's lock held; takes sb_lock.
 */
void sb_pf_unbind(struct pci_dev *pdev)
{
	struct sb_pf *pf = sb_pf_of(pdev);

	if (!pf)
		return;
	spin_lock(&sb_lock);
	sb_pf_abandon(pf);
	spin_unlock(&sb_lock);
	sb_pf_put(pf);
}

static const struct attribute sb_numvfs_attr = { .name = "sriov_numvfs" };

/*
 * While VFs are leased root may not write to sriov_numvfs: drivers that do not look
 * at the VFs' ASSIGNED flag would pull them from under a guest, and the writer
 * would hang in the kernel.
 */
static void sb_pf_protect(struct sb_pf *pf, bool want)
{
	lockdep_assert_held(&pf->protect_lock);
	if (!sb_param_protect() || want == pf->protected)
		return;
	if (!sysfs_chmod_file(&pf->pdev->dev.kobj, &sb_numvfs_attr, want ? 0444 : 0644))
		pf->protected = want;
}

/* VFs are dead while their PF sleeps, and nothing in the PCI core wakes it for them. */
static void sb_pf_wake(struct sb_pf *pf, bool want)
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
 * sb_pf_del - a PCI device is leaving the bus: forget it if it is a PF
 * @pdev: the device
 *
 * Context: bus notifier; may sleep.
 */
void sb_pf_del(struct pci_dev *pdev)
{
	struct sb_pf *pf = sb_pf_of(pdev);
	bool orphans = false;
	unsigned int i;

	if (!pf)
		return;
	/* From here on its attributes go: nobody may be changing one. */
	mutex_lock(&pf->protect_lock);
	spin_lock(&sb_lock);
	pf->gone = true;
	list_del_init(&pf->node);
	sb_event_pf(pf, SRIOV_BROKER_EVENT_PF_REMOVED, 0);
	sb_pf_abandon(pf);
	for (i = 0; i < pf->slots; i++) {
		if (!pf->vfs[i])
			continue;
		orphans = true;
		if (pf->vfs[i]->state == SRIOV_BROKER_VF_FREE)
			sb_vf_state(pf->vfs[i], SRIOV_BROKER_VF_HOST, SRIOV_BROKER_FAULT_NONE);
	}
	spin_unlock(&sb_lock);
	sb_pf_wake(pf, false);
	mutex_unlock(&pf->protect_lock);
	if (orphans)
		sb_orphan_clean();
	sb_pf_put(pf); /* ours */
	sb_pf_put(pf); /* the list's */
}

/**
 * sb_pf_driver - the driver of a PCI device changes: note it if it is a PF
 * @pdev: the device
 * @name: name of the driver, "" for none
 *
 * Context: bus notifier.
 */
void sb_pf_driver(struct pci_dev *pdev, const char *name)
{
	struct sb_pf *pf = sb_pf_of(pdev);

	if (!pf)
		return;
	spin_lock(&sb_lock);
	strscpy(pf->driver, name, sizeof(pf->driver));
	pf->leaving = false;
	spin_unlock(&sb_lock);
	sb_pool_kick();
	if (name[0] && !sb_pfdrv_is(name))
		sb_wish_apply(pf, 0);
	sb_pf_put(pf);
}

/**
 * sb_pf_follow - make a PF follow what its VFs are used for
 * @pf: the PF
 *
 * Its sriov_numvfs attribute and its power state. To be called after a VF's state
 * has changed.
 *
 * Context: may sleep; takes pf->protect_lock and sb_lock; may resume the PF.
 */
void sb_pf_follow(struct sb_pf *pf)
{
	bool used, gone;

	mutex_lock(&pf->protect_lock);
	spin_lock(&sb_lock);
	used = pf->nr_out || pf->nr_open;
	gone = pf->gone;
	spin_unlock(&sb_lock);
	if (!gone) {
		sb_pf_wake(pf, used);
		sb_pf_protect(pf, used);
	}
	mutex_unlock(&pf->protect_lock);
}

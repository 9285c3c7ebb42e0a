// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFs: their birth and death as the bus tells of them, their driver, and their
 * state (see the diagram in core.h).
 */
#define dev_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hashtable.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>

#include "compat.h"
#include "objects.h"

work_func_t vfb_vf_look_fn;

/* All VFs by address. Under vfb_lock. */
static DEFINE_HASHTABLE(vfb_vfs, 9);

static u32 vfb_vf_key(const struct sriov_broker_addr *addr)
{
	return addr->domain << 16 ^ addr->bdf;
}

/**
 * vfb_vf_lookup - find a VF by its address
 * @addr: the address
 *
 * Context: vfb_lock held.
 * Return: the VF, without a reference, or NULL.
 */
struct vfb_vf *vfb_vf_lookup(const struct sriov_broker_addr *addr)
{
	struct vfb_vf *vf;

	lockdep_assert_held(&vfb_lock);
	hash_for_each_possible(vfb_vfs, vf, hash, vfb_vf_key(addr))
		if (!vfb_addr_cmp(&vf->addr, addr))
			return vf;
	return NULL;
}

/**
 * vfb_vf_find - find a VF by its address
 * @addr: the address
 *
 * Context: takes vfb_lock.
 * Return: the VF with a reference, or NULL.
 */
struct vfb_vf *vfb_vf_find(const struct sriov_broker_addr *addr)
{
	struct vfb_vf *vf;

	guard(mutex)(&vfb_lock);
	vf = vfb_vf_lookup(addr);
	if (vf)
		kref_get(&vf->ref);
	return vf;
}

/**
 * vfb_vf_of - find the VF that a PCI device is
 * @pdev: the device
 *
 * Context: takes vfb_lock.
 * Return: the VF with a reference, or NULL if @pdev is none that is tracked.
 */
struct vfb_vf *vfb_vf_of(struct pci_dev *pdev)
{
	struct sriov_broker_addr addr = vfb_addr(pdev);
	struct vfb_vf *vf = pdev->is_virtfn ? vfb_vf_find(&addr) : NULL;

	if (vf && vf->pdev != pdev) {
		vfb_vf_put(vf);
		vf = NULL;
	}
	return vf;
}

/**
 * vfb_vf_first - any VF that is known
 *
 * Context: takes vfb_lock.
 * Return: a VF, with a reference, or NULL.
 */
struct vfb_vf *vfb_vf_first(void)
{
	struct vfb_vf *vf;
	int bucket;

	guard(mutex)(&vfb_lock);
	hash_for_each(vfb_vfs, bucket, vf, hash) {
		kref_get(&vf->ref);
		return vf;
	}
	return NULL;
}

static void vfb_vf_release(struct kref *ref)
{
	struct vfb_vf *vf = container_of(ref, struct vfb_vf, ref);

	if (vf->group)
		vfb_group_put(vf->group);
	if (vf->first_group)
		vfb_group_put(vf->first_group);
	vfb_pf_put(vf->pf);
	pci_dev_put(vf->pdev);
	put_pid(vf->unbound_by.pid);
	kfree(vf->net);
	kfree(vf->net_pool);
	kfree(vf);
}

/**
 * vfb_vf_put - drop a reference to a VF
 * @vf: the VF
 *
 * Context: may sleep.
 */
void vfb_vf_put(struct vfb_vf *vf)
{
	kref_put(&vf->ref, vfb_vf_release);
}

/* Not the host's. */
static bool vfb_is_pooled(const struct vfb_vf *vf)
{
	return !vf->gone && vf->state != SRIOV_BROKER_VF_HOST;
}

/* Leased, or not back yet. */
static bool vfb_is_out(const struct vfb_vf *vf)
{
	return !vf->gone && vf->state >= SRIOV_BROKER_VF_LEASED &&
	       vf->state <= SRIOV_BROKER_VF_RESETTING;
}

/* Open to all, or still open in the hands of its last holder. */
static bool vfb_is_open(const struct vfb_vf *vf)
{
	if (vf->gone)
		return false;
	return vf->state == SRIOV_BROKER_VF_OPEN ||
	       (vf->state == SRIOV_BROKER_VF_QUARANTINED && vf->fault == SRIOV_BROKER_FAULT_IN_USE);
}

/* Leased, not back yet, or on a move that may end where it began: in quarantine. */
static bool vfb_is_taken(const struct vfb_vf *vf)
{
	return vfb_is_out(vf) ||
	       (!vf->gone && (vf->moving || vf->state == SRIOV_BROKER_VF_QUARANTINED));
}

/* The same, but not in quarantine for a fault that is not its last user's. */
static bool vfb_is_charged(const struct vfb_vf *vf)
{
	return vfb_is_taken(vf) &&
	       (vf->state != SRIOV_BROKER_VF_QUARANTINED || vf->fault == SRIOV_BROKER_FAULT_IN_USE);
}

/**
 * vfb_group_account - end a group's last lease, or the charge for it, if it is time
 * @group: the group
 *
 * vfb_vf_state() does. To be called as well where a move ends and no state changes.
 *
 * Context: vfb_lock held.
 */
void vfb_group_account(struct vfb_group *group)
{
	bool taken = false, charged = false;
	struct vfb_vf *vf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(vf, &group->vfs, group_node) {
		taken |= vfb_is_taken(vf);
		charged |= vfb_is_charged(vf);
	}
	if (!charged)
		vfb_lease_discharge(group);
	if (!taken)
		vfb_lease_back(group);
}

/**
 * vfb_vf_state - put a VF into a state
 * @vf: the VF
 * @state: the state
 * @fault: what is wrong with it, if it is QUARANTINED
 *
 * Keeps what follows from it: whether LEASE may take the VF, whether the PF
 * driver is told that a guest may have it, and the PF's count of such VFs.
 *
 * Context: vfb_lock held. vfb_pf_update_protection() is to be called once it is dropped.
 */
void vfb_vf_state(struct vfb_vf *vf, enum sriov_broker_vf_state state,
		  enum sriov_broker_fault fault)
{
	enum sriov_broker_vf_state old = vf->state;
	struct vfb_pf *pf = vf->pf;
	bool assign;

	lockdep_assert_held(&vfb_lock);
	vf->state = state;
	vf->fault = fault;
	vf->seen = SRIOV_BROKER_FAULT_NONE;
	/* In one step each: vfb_return_wait() reads without the lock. */
	WRITE_ONCE(pf->nr_out, pf->nr_out - vf->counted_out + vfb_is_out(vf));
	pf->nr_open += vfb_is_open(vf) - vf->counted_open;
	pf->nr_pool += vfb_is_pooled(vf) - vf->counted_pool;
	vf->counted_out = vfb_is_out(vf);
	vf->counted_open = vfb_is_open(vf);
	vf->counted_pool = vfb_is_pooled(vf);

	/* May the PF's driver not disable it? When it goes it has to, or it would leave orphans. */
	if (vfb_param_protect_all())
		assign = vf->counted_pool;
	else
		assign = vfb_param_protect() && (vf->counted_out || vf->counted_open);
	if (assign && !pf->leaving)
		pci_set_dev_assigned(vf->pdev);
	else
		pci_clear_dev_assigned(vf->pdev);

	if (!vf->gone && pf->vfs[vf->index] == vf) {
		assign_bit(vf->index, pf->free, state == SRIOV_BROKER_VF_FREE);
		if (state != old)
			vfb_event_vf(vf, SRIOV_BROKER_EVENT_VF_STATE, old, vf->group->owner, 0);
	}
	vfb_group_account(vf->group);
}

/**
 * vfb_why_fail_vf - note that a VF stands in the way, and whose it is
 * @why: where to note it
 * @vf: the VF
 *
 * Context: vfb_lock held.
 * Return: -EBUSY.
 */
int vfb_why_fail_vf(struct vfb_why *why, struct vfb_vf *vf)
{
	struct vfb_lease *lease = vf->group->owner;

	lockdep_assert_held(&vfb_lock);

	switch (vf->state) {
	case SRIOV_BROKER_VF_LEASED:
		why->reason = SRIOV_BROKER_WHY_LEASED;
		break;
	case SRIOV_BROKER_VF_DRAINING:
	case SRIOV_BROKER_VF_RESETTING:
		why->reason = SRIOV_BROKER_WHY_RETURNING;
		break;
	case SRIOV_BROKER_VF_QUARANTINED:
		why->reason = SRIOV_BROKER_WHY_QUARANTINED;
		break;
	case SRIOV_BROKER_VF_HOST:
		why->reason = SRIOV_BROKER_WHY_NOT_POOLED;
		break;
	case SRIOV_BROKER_VF_OPEN:
		why->reason = SRIOV_BROKER_WHY_OPEN_POOL;
		break;
	case SRIOV_BROKER_VF_FREE:
		why->reason = SRIOV_BROKER_WHY_GROUP;
		break;
	}
	why->dev = vf->addr;
	strscpy(why->driver, vf->driver, sizeof(why->driver));
	if (lease)
		vfb_why_set_holder(why, lease);
	return -EBUSY;
}

/**
 * vfb_vf_pm_get - keep a VF from being suspended
 * @vf: the VF, which is or will be in the pool
 *
 * vfio-pci puts an idle device to D3hot: every reset, unbinding and opening
 * would begin with waking it, which takes 10 ms and more.
 *
 * Context: takes vfb_lock.
 */
void vfb_vf_pm_get(struct vfb_vf *vf)
{
	bool was;

	mutex_lock(&vfb_lock);
	was = vf->awake;
	vf->awake = true;
	mutex_unlock(&vfb_lock);
	if (!was)
		pm_runtime_get_noresume(&vf->pdev->dev);
}

/**
 * vfb_vf_pm_put - let a VF be suspended again
 * @vf: the VF, which is no longer in the pool
 *
 * Context: takes vfb_lock.
 */
void vfb_vf_pm_put(struct vfb_vf *vf)
{
	bool was;

	mutex_lock(&vfb_lock);
	was = vf->awake;
	vf->awake = false;
	mutex_unlock(&vfb_lock);
	if (was)
		pm_runtime_put_noidle(&vf->pdev->dev);
}

/**
 * vfb_vf_on_target_driver - does a VF have the driver that it belongs on
 * @vf: the VF
 *
 * Context: vfb_lock held.
 */
bool vfb_vf_on_target_driver(const struct vfb_vf *vf)
{
	lockdep_assert_held(&vfb_lock);
	return !strcmp(vf->driver, vf->target);
}

/*
 * The driver of a free VF was taken off by hand: the fence stays up, so that no other user
 * gets it, and an admin has to say what becomes of it. Or off one that was open to all:
 * that is the host's from here on, and what we left in driver_override would bring it
 * back at the next probe.
 */
static void vfb_vf_tidy(struct work_struct *work)
{
	struct vfb_vf *vf = container_of(work, struct vfb_vf, tidy);
	struct vfb_acting by = {};
	bool hosts, lost;

	/* A removal of the device that is under way holds it to its end, but for a PF driver's. */
	pci_lock_rescan_remove();
	pci_unlock_rescan_remove();

	/* It is told as the doing of what took the driver off. The counted pid goes with it. */
	scoped_guard(mutex, &vfb_lock) {
		by.actor = vf->unbound_by;
		vf->unbound_by = (struct vfb_actor){ .uid = INVALID_UID };
	}
	vfb_acting_begin(&by);
	mutex_lock(&vfb_lock);
	lost = vf->state == SRIOV_BROKER_VF_FREE && !vfb_vf_on_target_driver(vf) && !vf->moving &&
	       !vf->gone && !vf->pf->leaving;
	if (lost) {
		vfb_vf_state(vf, SRIOV_BROKER_VF_QUARANTINED, SRIOV_BROKER_FAULT_DRIVER);
		vfb_group_keep(vf->group, SRIOV_BROKER_FAULT_DRIVER);
	}
	hosts = vf->state == SRIOV_BROKER_VF_HOST && !vf->moving && !vf->gone;
	mutex_unlock(&vfb_lock);
	vfb_acting_end(&by);
	if (lost && by.actor.pid)
		pci_warn(vf->pdev, "quarantined: %s (pid %d) took its driver off\n", by.actor.comm,
			 pid_nr(by.actor.pid));
	else if (lost)
		pci_warn(vf->pdev, "quarantined: its driver was taken off\n");
	put_pid(by.actor.pid);
	if (hosts)
		vfb_override_clear_if(vf->pdev, vf->target);
	vfb_vf_put(vf);
}

static struct vfb_vf *vfb_vf_alloc(struct pci_dev *pdev, struct vfb_pf *pf)
{
	struct vfb_vf *vf = kzalloc(sizeof(*vf), GFP_KERNEL);
	u16 stride = 0;

	if (!vf)
		return NULL;
	kref_init(&vf->ref);
	kref_get(&pf->ref);
	vf->pf = pf;
	vf->pdev = pci_dev_get(pdev);
	vf->addr = vfb_addr(pdev);
	/* A PF whose only VF is on need have no stride, which pci_iov_vf_id() would divide by. */
	pci_read_config_word(pf->pdev, pf->sriov_cap + PCI_SRIOV_VF_STRIDE, &stride);
	vf->index = stride ? pci_iov_vf_id(pdev) : 0;
	INIT_LIST_HEAD(&vf->group_node);
	INIT_WORK(&vf->tidy, vfb_vf_tidy);
	INIT_WORK(&vf->look, vfb_vf_look_fn);
	ratelimit_state_init(&vf->refusals, 10 * HZ, 10);
	vf->group = vfb_group_join(vf);
	if (!vf->group) {
		vfb_vf_put(vf);
		return NULL;
	}
	return vf;
}

/* In the PCI core's table of ways those that reset all of a bus come last: "bus", "cxl_bus". */
#define VFB_RESET_BUS	 6
#define VFB_RESETS_KNOWN 8

/* Those of a VF's ways, in their order, that reset nothing but the VF. */
static void vfb_resets_of_its_own(const u8 *methods, u8 *own)
{
	unsigned int n = 0, i;

	memset(own, 0, PCI_NUM_RESET_METHODS);
	for (i = 0; i < PCI_NUM_RESET_METHODS && methods[i]; i++) {
		/* Of a table that has grown nothing is known but that the best comes first. */
		if (i && PCI_NUM_RESET_METHODS > VFB_RESETS_KNOWN)
			break;
		if (methods[i] < VFB_RESET_BUS)
			own[n++] = methods[i];
	}
}

/**
 * vfb_vf_narrow - leave a VF those of its ways to be reset that reset nothing else
 * @vf: the VF
 *
 * Where one fails, as while the PF is being reset, the PCI core goes on with the next one. Of a
 * device in a slot of pciehp, which since 7.3 is every VF behind it, the last is a reset of the
 * bus: PF and other VFs lose their configuration, which nothing puts back. A user of vfio could
 * have that done as well.
 *
 * Context: the VF's device lock held.
 */
void vfb_vf_narrow(struct vfb_vf *vf)
{
	u8 *methods = vf->pdev->reset_methods, own[PCI_NUM_RESET_METHODS];

	device_lock_assert(&vf->pdev->dev);
	vfb_resets_of_its_own(methods, own);
	if (!memcmp(methods, own, sizeof(own)))
		return;
	memcpy(vf->resets, methods, sizeof(vf->resets));
	memcpy(methods, own, sizeof(own));
}

/* One that is the pool's no more has all of its ways again, unless they were written to. */
static void vfb_vf_widen(struct vfb_vf *vf)
{
	u8 *methods = vf->pdev->reset_methods, own[PCI_NUM_RESET_METHODS];

	device_lock_assert(&vf->pdev->dev);
	vfb_resets_of_its_own(vf->resets, own);
	if (vf->resets[0] && !memcmp(methods, own, sizeof(own)))
		memcpy(methods, vf->resets, sizeof(vf->resets));
	vf->resets[0] = 0;
}

/**
 * vfb_vf_try_widen - give a VF all of its ways to be reset again
 * @vf: the VF, which is the pool's no more, and may have its driver still
 *
 * Where an unbinding has its lock, and waits for a user, it stays as it is.
 *
 * Context: any but atomic; the VF's device lock not held.
 */
void vfb_vf_try_widen(struct vfb_vf *vf)
{
	if (!device_trylock(&vf->pdev->dev))
		return;
	vfb_vf_widen(vf);
	device_unlock(&vf->pdev->dev);
}

/* False: there is one already, or no room for it. */
static bool vfb_vf_insert(struct vfb_vf *vf)
{
	struct device_driver *drv = READ_ONCE(vf->pdev->dev.driver);
	struct vfb_pf *pf = vf->pf;

	lockdep_assert_held(&vfb_lock);
	if (pf->gone || vf->index >= pf->slots || pf->vfs[vf->index])
		return false;
	/* Under the lock: what changes from here on the notifier tells. */
	if (drv) {
		strscpy(vf->driver, drv->name, sizeof(vf->driver));
		vf->managed = to_pci_driver(drv)->driver_managed_dma;
	}
	pf->vfs[vf->index] = vf;
	hash_add(vfb_vfs, &vf->hash, vfb_vf_key(&vf->addr));
	vfb_event_vf(vf, SRIOV_BROKER_EVENT_VF_ADDED, vf->state, NULL, 0);
	return true;
}

/**
 * vfb_vf_add - a PCI device has appeared: track it if it is a VF
 * @pdev: the device
 *
 * If its PF is being enabled by us, the VF is captured: no driver will probe it.
 *
 * Context: bus notifier, before the device is probed, or the first scan; may
 * sleep; takes group->fence and vfb_lock.
 */
void vfb_vf_add(struct pci_dev *pdev)
{
	struct vfb_pf *pf = pdev->is_virtfn ? vfb_pf_of(pci_physfn(pdev)) : NULL;
	struct vfb_vf *vf;
	bool capture, added;
	int ret = 0;

	if (!pf)
		return;

	mutex_lock(&vfb_lock);
	capture = pf->configuring;
	mutex_unlock(&vfb_lock);
	if (capture)
		ret = vfb_override_set(pdev, VFB_OVERRIDE_NONE);

	vf = vfb_vf_alloc(pdev, pf);
	mutex_lock(&vfb_lock);
	added = vf && vfb_vf_insert(vf);
	if (capture && (ret || !added))
		pf->capture_err = ret ?: -ENOMEM;
	mutex_unlock(&vfb_lock);

	if (vf && !added) {
		vfb_group_leave(vf);
		vfb_vf_put(vf);
	} else if (vf) {
		vfb_group_find(vf); /* bound since we looked, before the notifier knew it */
	}
	vfb_pf_put(pf);
}

/*
 * The next VFs may be root's own, and are not to be taken for ours. Returns whether that
 * was the last one, and something is to be said or done: another program took ours away,
 * or the PF has our driver, for nothing now.
 */
static bool vfb_pf_emptied(struct vfb_pf *pf)
{
	unsigned int i;

	lockdep_assert_held(&vfb_lock);
	for (i = 0; i < pf->slots; i++)
		if (pf->vfs[i])
			return false;
	pf->ours = false;
	pf->open = false;
	pf->restore = false;
	if (pf->configuring || pf->leaving || pf->gone)
		return false;
	pf->loss.all = pf->loss.had;
	return pf->loss.all || vfb_pfdrv_is(pf->driver);
}

/**
 * vfb_vf_del - a VF is leaving the bus: forget it
 * @vf: the VF; the caller's reference stays
 *
 * Context: bus notifier; may sleep; takes group->fence, pf->protect_lock and vfb_lock.
 * Return: true: it was its PF's last, and something is to be said or done about that.
 */
bool vfb_vf_del(struct vfb_vf *vf)
{
	bool emptied;

	mutex_lock(&vfb_lock);
	vfb_loss_note(vf);
	vf->gone = true;
	/* A VF of the host's may share the group of leased ones. */
	if (vf->group->lease && vf->state != SRIOV_BROKER_VF_HOST)
		vfb_lease_revoke(vf->group->lease, SRIOV_BROKER_LEASE_CAUSE_VF);
	vfb_vf_state(vf, SRIOV_BROKER_VF_HOST, SRIOV_BROKER_FAULT_NONE);
	clear_bit(vf->index, vf->pf->free);
	vf->pf->vfs[vf->index] = NULL;
	hash_del(&vf->hash);
	emptied = vfb_pf_emptied(vf->pf);
	vfb_event_vf(vf, SRIOV_BROKER_EVENT_VF_REMOVED, vf->state, NULL, 0);
	mutex_unlock(&vfb_lock);

	vfb_vf_pm_put(vf);
	vfb_group_leave(vf);
	/* Others of a shared one may need no fence without it. */
	vfb_group_unfence_if_unused(vf->group);
	vfb_pf_update_protection(vf->pf);
	vfb_vf_put(vf); /* the table's */
	return emptied;
}

/**
 * vfb_vf_bound - a driver was bound to a VF: note it
 * @vf: the VF
 * @name: name of the driver
 * @managed: the driver leaves DMA to its user
 *
 * A free VF that had been unbound by hand, and is in quarantine for that, goes the
 * return path: what was done to it meanwhile is not known.
 *
 * Context: bus notifier, with the device's lock held; takes vfb_lock.
 */
void vfb_vf_bound(struct vfb_vf *vf, const char *name, bool managed)
{
	bool back;

	vfb_group_find(vf);
	mutex_lock(&vfb_lock);
	strscpy(vf->driver, name, sizeof(vf->driver));
	vf->managed = managed;
	/* It may be the host's own, which we have not put there. */
	if (managed && (vf->moving || vf->state != SRIOV_BROKER_VF_HOST))
		vfb_vf_narrow(vf);
	/* Was its driver taken off by hand while it was free, and this is that one again? */
	back = vf->state == SRIOV_BROKER_VF_FREE ||
	       (vf->state == SRIOV_BROKER_VF_QUARANTINED && vf->fault == SRIOV_BROKER_FAULT_DRIVER);
	back = back && !vf->moving && !vf->pf->leaving && vfb_vf_on_target_driver(vf);
	if (back)
		vfb_group_return(vf->group);
	mutex_unlock(&vfb_lock);
	if (back)
		vfb_group_update_protection(vf->group);
}

/**
 * vfb_vf_unbound - a VF has lost its driver: note it
 * @vf: the VF
 *
 * A free VF that is unbound by hand can't be leased any more.
 *
 * Context: bus notifier, with the device's lock held; may sleep; takes
 * group->fence and vfb_lock.
 */
void vfb_vf_unbound(struct vfb_vf *vf)
{
	bool was_free, was_open, was_kept;

	mutex_lock(&vfb_lock);
	vf->driver[0] = '\0';
	vf->managed = false;
	vfb_vf_widen(vf);
	was_free = vf->state == SRIOV_BROKER_VF_FREE && !vf->moving;
	was_open = vf->state == SRIOV_BROKER_VF_OPEN && !vf->moving;
	was_kept = vf->state == SRIOV_BROKER_VF_QUARANTINED && !vf->moving;
	if (was_free) {
		clear_bit(vf->index, vf->pf->free);
		put_pid(vf->unbound_by.pid);
		vfb_actor_now(&vf->unbound_by);
	}
	if (was_open)
		vfb_vf_state(vf, SRIOV_BROKER_VF_HOST, SRIOV_BROKER_FAULT_NONE);
	mutex_unlock(&vfb_lock);

	if (was_open) {
		vfb_vf_pm_put(vf);
		vfb_group_unfence_if_unused(vf->group);
		vfb_pf_update_protection(vf->pf);
	}
	/* A guarded one had none: the next driver bound by hand must not open it to all. */
	if ((was_free || was_kept) && !READ_ONCE(vf->pf->leaving))
		vfb_group_fence(vf->group);
	/* Not here: it may take the device's lock, and waits for a removal of the device. */
	if (was_free || was_open) {
		kref_get(&vf->ref);
		if (!queue_work(vfb_wq, &vf->tidy))
			vfb_vf_put(vf);
	}
}

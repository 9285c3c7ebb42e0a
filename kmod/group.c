// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups: the VFs that share an IOMMU group, and the fence around them, which
 * is the group's DMA ownership.
 *
 * Most IOMMUs tell a device's group when it appears on the bus. Others (arm64's SMMU,
 * on 6.1 and 6.12) do when a driver is tried on it for the first time: till then such a
 * VF is in a group of its own here, without IOMMU, and then moves over.
 */
#define dev_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hashtable.h>
#include <linux/iommu.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "objects.h"

work_func_t vfb_group_return_fn;
atomic_t vfb_groups_returning;
work_func_t vfb_group_ask_fn;
atomic_t vfb_groups_asking;
DECLARE_WAIT_QUEUE_HEAD(vfb_group_ask_wq);

/* Groups that have an IOMMU group, by its number. Under vfb_lock. */
static DEFINE_HASHTABLE(vfb_groups, 8);

static int vfb_drain_set(const char *val, const struct kernel_param *kp)
{
	return vfb_param_locked() ? -EPERM : param_set_uint_minmax(val, kp, 1, 3600);
}

static const struct kernel_param_ops vfb_drain_ops = {
	.set = vfb_drain_set,
	.get = param_get_uint,
};

static unsigned int vfb_drain = 30;
module_param_cb(drain_timeout, &vfb_drain_ops, &vfb_drain, 0644);
MODULE_PARM_DESC(drain_timeout,
		 "seconds that vfio may keep a returned VF open, 1 to 3600 (default: 30)");

static struct vfb_group *vfb_group_lookup(struct iommu_group *iommu)
{
	struct vfb_group *group;

	lockdep_assert_held(&vfb_lock);
	hash_for_each_possible(vfb_groups, group, hash, iommu_group_id(iommu))
		if (group->iommu == iommu)
			return group;
	return NULL;
}

static void vfb_group_release(struct kref *ref)
{
	struct vfb_group *group = container_of(ref, struct vfb_group, ref);

	mutex_destroy(&group->fence);
	mutex_destroy(&group->bind);
	iommu_group_put(group->iommu);
	kfree(group);
}

/**
 * vfb_group_put - drop a reference to a group
 * @group: the group
 *
 * Context: may sleep.
 */
void vfb_group_put(struct vfb_group *group)
{
	kref_put(&group->ref, vfb_group_release);
}

/* Takes over the reference to @iommu, also where it fails. */
static struct vfb_group *vfb_group_alloc(struct iommu_group *iommu)
{
	struct vfb_group *group = kzalloc(sizeof(*group), GFP_KERNEL);

	if (!group) {
		iommu_group_put(iommu);
		return NULL;
	}
	kref_init(&group->ref);
	mutex_init(&group->fence);
	mutex_init(&group->bind);
	INIT_LIST_HEAD(&group->vfs);
	INIT_HLIST_NODE(&group->hash);
	group->iommu = iommu;
	INIT_DELAYED_WORK(&group->ret, vfb_group_return_fn);
	INIT_DELAYED_WORK(&group->ask, vfb_group_ask_fn);
	return group;
}

/**
 * vfb_iommu_group - the IOMMU group of a device
 * @dev: the device
 *
 * vfio's no-iommu mode makes groups that have no IOMMU behind them: there is nothing in
 * them to claim, and the IOMMU core would trip over it.
 *
 * Context: any.
 * Return: the group, with a reference, or NULL.
 */
struct iommu_group *vfb_iommu_group(struct device *dev)
{
	return dev->iommu && dev->iommu->iommu_dev ? iommu_group_get(dev) : NULL;
}

/* Puts a VF into the group that there is already, or into @new; returns which, with a reference. */
static struct vfb_group *vfb_group_enter(struct vfb_vf *vf, struct vfb_group *new)
{
	struct vfb_group *group = new->iommu ? vfb_group_lookup(new->iommu) : NULL;

	lockdep_assert_held(&vfb_lock);
	if (!group) {
		group = new;
		if (new->iommu)
			hash_add(vfb_groups, &new->hash, iommu_group_id(new->iommu));
	}
	kref_get(&group->ref);
	list_add_tail(&vf->group_node, &group->vfs);
	return group;
}

/**
 * vfb_group_join - put a new VF into its group
 * @vf: the VF, not yet in any
 *
 * Context: may sleep; takes vfb_lock.
 * Return: the group, with a reference, or NULL when out of memory.
 */
struct vfb_group *vfb_group_join(struct vfb_vf *vf)
{
	struct vfb_group *group, *new = vfb_group_alloc(vfb_iommu_group(&vf->pdev->dev));

	if (!new)
		return NULL;
	mutex_lock(&vfb_lock);
	group = vfb_group_enter(vf, new);
	mutex_unlock(&vfb_lock);
	vfb_group_put(new);
	return group;
}

/**
 * vfb_group_find - look for the group of a VF that had none when it appeared
 * @vf: the VF, on which a driver was tried
 *
 * That happens once, and before the VF is in the pool: so the group that it leaves has
 * no other VF, no claim and no lease. Others may look at it just now, so it lives as
 * long as the VF.
 *
 * Context: bus notifier; may sleep; takes vfb_lock.
 */
void vfb_group_find(struct vfb_vf *vf)
{
	struct iommu_group *iommu = vf->group->iommu ? NULL : vfb_iommu_group(&vf->pdev->dev);
	struct vfb_group *new;

	if (!iommu)
		return;
	new = vfb_group_alloc(iommu);
	if (!new)
		return; /* what needs the fence will be refused */
	mutex_lock(&vfb_lock);
	if (!vf->gone && !vf->group->iommu) {
		list_del(&vf->group_node);
		vf->first_group = vf->group;
		vf->group = vfb_group_enter(vf, new);
	}
	mutex_unlock(&vfb_lock);
	vfb_group_put(new);
}

static int vfb_no_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return -ENODEV;
}

static const struct pci_device_id vfb_no_ids[] = { {} };

/* Fits no device. It claims nothing for the host when it is tried. */
static struct pci_driver vfb_no_driver = {
	.name = VFB_NAME "_none",
	.id_table = vfb_no_ids,
	.probe = vfb_no_probe,
	.driver_managed_dma = true,
};

/**
 * vfb_group_learn - have the IOMMU tell a VF's group, if it has not yet
 * @vf: the VF
 *
 * So that the fence is up before the VF is bound, and not after: a driver that fits no
 * device is tried on it.
 *
 * Context: may sleep; takes the VF's device lock.
 */
void vfb_group_learn(struct vfb_vf *vf)
{
	struct device *dev = &vf->pdev->dev;
	int ret;

	if (vf->group->iommu || !device_iommu_mapped(&vf->pf->pdev->dev))
		return;
	ret = device_driver_attach(&vfb_no_driver.driver, dev);
	dev_dbg(dev, "IOMMU group %d, %pe\n", vfb_group_id(vf->group), ERR_PTR(ret));
}

/**
 * vfb_group_register - get ready for vfb_group_learn()
 *
 * Return: 0 or a negative errno.
 */
int vfb_group_register(void)
{
	return pci_register_driver(&vfb_no_driver);
}

/**
 * vfb_group_unregister - and undo that
 */
void vfb_group_unregister(void)
{
	pci_unregister_driver(&vfb_no_driver);
}

static void vfb_unfence_locked(struct vfb_group *group)
{
	lockdep_assert_held(&group->fence);
	if (group->fenced && group->iommu)
		iommu_group_release_dma_owner(group->iommu);
	group->fenced = false;
}

/**
 * vfb_group_leave - take a VF that is leaving the bus out of its group
 * @vf: the VF
 *
 * The last one takes the fence down: the IOMMU core wants its groups back
 * unclaimed. The VF's reference to the group stays.
 *
 * Context: bus notifier; may sleep; takes group->fence and vfb_lock.
 */
void vfb_group_leave(struct vfb_vf *vf)
{
	struct vfb_group *group = vf->group;
	bool last;

	guard(mutex)(&group->fence);
	mutex_lock(&vfb_lock);
	list_del_init(&vf->group_node);
	last = list_empty(&group->vfs);
	if (last)
		hash_del(&group->hash);
	mutex_unlock(&vfb_lock);
	if (last) {
		group->dead = true;
		vfb_unfence_locked(group);
	}
}

/**
 * vfb_is_returning - does a VF come back with its group
 * @vf: a VF of a group that is on the return path
 *
 * Context: any.
 * Return: false: it is the host's, having come later.
 */
bool vfb_is_returning(const struct vfb_vf *vf)
{
	return READ_ONCE(vf->state) != SRIOV_BROKER_VF_HOST;
}

/**
 * vfb_group_state - put those VFs of a group that come back into a state
 * @group: the group, which is on the return path
 * @state: the state
 * @fault: what is wrong, if it is QUARANTINED
 *
 * Context: vfb_lock held, as for vfb_vf_state().
 */
void vfb_group_state(struct vfb_group *group, enum sriov_broker_vf_state state,
		     enum sriov_broker_fault fault)
{
	struct vfb_vf *vf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(vf, &group->vfs, group_node)
		if (vfb_is_returning(vf))
			vfb_vf_state(vf, state, fault);
}

/* On the return path, a step of which is due now. */
static void vfb_group_step(struct vfb_group *group)
{
	lockdep_assert_held(&vfb_lock);
	if (!group->returning) {
		group->returning = true;
		kref_get(&group->ref);
		atomic_inc(&vfb_groups_returning);
	}
	mod_delayed_work(vfb_wq, &group->ret, 0);
}

/**
 * vfb_group_return - send a group through the return path
 * @group: the group; its VFs are LEASED, QUARANTINED or FREE
 *
 * Context: vfb_lock held.
 */
void vfb_group_return(struct vfb_group *group)
{
	bool under_way = group->returning && !group->stray;

	lockdep_assert_held(&vfb_lock);
	group->lease = NULL;
	group->stray = SRIOV_BROKER_FAULT_NONE;
	group->clean = false; /* one of its VFs may come that was not reset with the others */
	group->parked_until = 0;
	vfb_group_state(group, SRIOV_BROKER_VF_DRAINING, SRIOV_BROKER_FAULT_NONE);
	group->return_ns = ktime_get_ns();
	group->drain_since = jiffies;
	group->drain_until = jiffies + READ_ONCE(vfb_drain) * HZ;
	/* A step that runs, on another queue even, sees it at its end, and takes the next one. */
	if (!under_way)
		vfb_group_step(group);
}

/**
 * vfb_group_keep - have the fence put up around a group as soon as it can
 * @group: the group; free, but for VFs that are in quarantine
 * @fault: what they are there for
 *
 * A program may have the group just now, by another VF of it.
 *
 * Context: vfb_lock held.
 */
void vfb_group_keep(struct vfb_group *group, enum sriov_broker_fault fault)
{
	lockdep_assert_held(&vfb_lock);
	/* Its way back ends with the fence up, and has its own to keep. */
	if (group->returning)
		return;
	group->stray = fault;
	vfb_group_step(group);
}

/**
 * vfb_group_closed - no guarded VF of a group is open any more
 * @group: the group
 *
 * If that is what its return path waits for it goes on at once. Later steps wait for no user, and
 * the last is on another queue: one more would run beside it.
 *
 * Context: vfb_lock held.
 */
void vfb_group_closed(struct vfb_group *group)
{
	bool waits = group->stray;
	struct vfb_vf *vf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(vf, &group->vfs, group_node)
		waits |= vf->state == SRIOV_BROKER_VF_DRAINING;
	if (group->returning && waits)
		mod_delayed_work(vfb_wq, &group->ret, 0);
}

/**
 * vfb_group_ask - begin to ask a group's user to let go, now
 * @group: the group, whose lease has notice, or is revoked
 *
 * Context: vfb_lock held.
 */
void vfb_group_ask(struct vfb_group *group)
{
	lockdep_assert_held(&vfb_lock);
	group->asks = 0;
	group->ask_next = jiffies;
	kref_get(&group->ref);
	atomic_inc(&vfb_groups_asking);
	if (mod_delayed_work(vfb_wq, &group->ask, 0))
		vfb_group_ask_end(group); /* what was queued before has these as well */
}

/**
 * vfb_group_ask_end - and ask it no more
 * @group: the group
 *
 * Context: its work, or vfb_group_ask().
 */
void vfb_group_ask_end(struct vfb_group *group)
{
	atomic_dec(&vfb_groups_asking);
	wake_up_all(&vfb_group_ask_wq);
	vfb_group_put(group);
}

/**
 * vfb_group_next - go through a group's VFs
 * @group: the group
 * @prev: where we are, or NULL to begin; its reference is dropped
 *
 * There is one, but on platforms that don't isolate devices from each other. Some
 * may come twice, if one leaves the bus meanwhile.
 *
 * Context: may sleep; takes vfb_lock.
 * Return: the VF that comes next, with a reference, or NULL.
 */
struct vfb_vf *vfb_group_next(struct vfb_group *group, struct vfb_vf *prev)
{
	struct vfb_vf *vf, *next = NULL;
	bool take;

	mutex_lock(&vfb_lock);
	/* One that has left meanwhile tells no place: from the beginning, rather than miss any. */
	take = !prev || list_empty(&prev->group_node);
	list_for_each_entry(vf, &group->vfs, group_node) {
		if (take) {
			kref_get(&vf->ref);
			next = vf;
			break;
		}
		take = vf == prev;
	}
	mutex_unlock(&vfb_lock);
	if (prev)
		vfb_vf_put(prev);
	return next;
}

/**
 * vfb_group_id - number of a group's IOMMU group
 * @group: the group
 *
 * Context: any.
 * Return: the number, -1 where there is no IOMMU.
 */
int vfb_group_id(struct vfb_group *group)
{
	return group->iommu ? iommu_group_id(group->iommu) : -1;
}

/**
 * vfb_group_is_pooled - are VFs in a device's IOMMU group out of the host's hands
 * @pdev: the device, no VF
 *
 * Context: takes vfb_lock.
 * Return: true: a driver that does DMA for the host would be in their way.
 */
bool vfb_group_is_pooled(struct pci_dev *pdev)
{
	struct iommu_group *iommu = vfb_iommu_group(&pdev->dev);
	struct vfb_group *group;
	bool pooled = false;
	struct vfb_vf *vf;

	if (!iommu)
		return false;
	mutex_lock(&vfb_lock);
	group = vfb_group_lookup(iommu);
	if (group)
		list_for_each_entry(vf, &group->vfs, group_node)
			pooled |= vf->moving || vf->state != SRIOV_BROKER_VF_HOST;
	mutex_unlock(&vfb_lock);
	iommu_group_put(iommu);
	return pooled;
}

/**
 * vfb_group_is_guarded - are all VFs of a group that are in the pool on the guarding driver
 * @group: the group
 *
 * Context: vfb_lock held.
 * Return: true if so, and there are any.
 */
bool vfb_group_is_guarded(struct vfb_group *group)
{
	bool guarded = false;
	struct vfb_vf *vf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(vf, &group->vfs, group_node) {
		if (vf->state == SRIOV_BROKER_VF_HOST)
			continue;
		if (!vfb_vf_is_guarded(vf))
			return false;
		guarded = true;
	}
	return guarded;
}

/**
 * vfb_group_is_opened - has a program a guarded VF of a group open
 * @group: the group
 *
 * Context: vfb_lock held.
 * Return: true if so.
 */
bool vfb_group_is_opened(struct vfb_group *group)
{
	struct vfb_vf *vf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(vf, &group->vfs, group_node)
		if (vf->opened)
			return true;
	return false;
}

static int vfb_fence_locked(struct vfb_group *group)
{
	bool leased;
	int ret = 0;

	lockdep_assert_held(&group->fence);
	/* Under a lease it would keep the holder out; one of the host's may be about to leave. */
	mutex_lock(&vfb_lock);
	leased = group->lease;
	mutex_unlock(&vfb_lock);
	if (group->dead)
		ret = -ENODEV;
	else if (leased)
		ret = -EBUSY;
	else if (!group->fenced && group->iommu)
		ret = iommu_group_claim_dma_owner(group->iommu, group);
	if (ret == -EPERM) /* the IOMMU core's word for a group in use */
		ret = -EBUSY;
	if (!ret)
		group->fenced = true;
	return ret;
}

/**
 * vfb_group_fence - put the fence up
 * @group: the group
 *
 * Context: may sleep; takes group->fence and vfb_lock. Never waits for a user.
 * Return: 0, also if it is up already; -EBUSY: the group is leased, or a user has a
 * device of it, through vfio or a driver that does DMA for the host; -ENODEV: the
 * group is gone; or another negative errno of the IOMMU's driver.
 */
int vfb_group_fence(struct vfb_group *group)
{
	guard(mutex)(&group->fence);
	return vfb_fence_locked(group);
}

/**
 * vfb_group_is_stray - is a group still in quarantine for what its return path has found
 * @group: the group
 *
 * Context: vfb_lock held.
 * Return: 0: it is; -EBUSY: an operation has its VFs just now; -ESTALE: it is not.
 */
int vfb_group_is_stray(struct vfb_group *group)
{
	int ret = -ESTALE;
	struct vfb_vf *vf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(vf, &group->vfs, group_node) {
		if (vf->moving)
			return -EBUSY;
		if (vf->state == SRIOV_BROKER_VF_QUARANTINED && vf->fault == group->stray)
			ret = 0;
	}
	return ret;
}

/**
 * vfb_group_refence - put the fence up again if a stray's user has let go
 * @group: the group
 *
 * Until then an operation may take its VFs, and the fence down, at any time.
 *
 * Context: as vfb_group_fence(); takes vfb_lock.
 * Return: as vfb_group_is_stray(), or as vfb_group_fence().
 */
int vfb_group_refence(struct vfb_group *group)
{
	int ret;

	guard(mutex)(&group->fence);
	mutex_lock(&vfb_lock);
	ret = vfb_group_is_stray(group);
	mutex_unlock(&vfb_lock);
	if (!ret)
		ret = vfb_fence_locked(group);
	return ret;
}

/**
 * vfb_group_unfence - take the fence down
 * @group: the group, whose VFs an operation has
 *
 * Context: may sleep; takes group->fence.
 */
void vfb_group_unfence(struct vfb_group *group)
{
	guard(mutex)(&group->fence);
	vfb_unfence_locked(group);
}

/* A look for what else can be opened with a group. */
struct vfb_stranger {
	struct vfb_group *group;
	struct sriov_broker_addr addr;
};

/* A device on a driver of vfio that is none of the group's VFs. */
static int vfb_is_stranger(struct device *dev, void *data)
{
	struct vfb_stranger *s = data;
	bool known = false;
	struct vfb_vf *vf;

	if (!dev_is_pci(dev) || !vfb_is_vfios(to_pci_dev(dev)))
		return 0;
	mutex_lock(&vfb_lock);
	list_for_each_entry(vf, &s->group->vfs, group_node)
		known |= &vf->pdev->dev == dev;
	mutex_unlock(&vfb_lock);
	if (known)
		return 0;
	s->addr = vfb_addr(to_pci_dev(dev));
	return 1;
}

/**
 * vfb_group_stranger - look for a stranger: a device that is no VF, but opens with the group
 * @group: the group
 * @addr: its address, if there is one
 *
 * Context: may sleep; takes the IOMMU group's lock and vfb_lock.
 * Return: true: there is one, so the group can't be lent.
 */
bool vfb_group_stranger(struct vfb_group *group, struct sriov_broker_addr *addr)
{
	struct vfb_stranger found = { .group = group };
	bool strange = group->iommu &&
		       iommu_group_for_each_dev(group->iommu, &found, vfb_is_stranger);

	*addr = found.addr;
	return strange;
}

/**
 * vfb_group_look - the same, and note it
 * @group: the group, which the caller has reserved
 *
 * What is found stays noted until a device of the group loses its driver.
 *
 * Context: as vfb_group_stranger().
 * Return: as vfb_group_stranger().
 */
bool vfb_group_look(struct vfb_group *group)
{
	struct sriov_broker_addr stranger;
	bool strange;

	/* Noted before the look: one that goes after it is seen takes the note back. */
	scoped_guard(mutex, &vfb_lock)
		group->strange = true;
	strange = vfb_group_stranger(group, &stranger);
	guard(mutex)(&vfb_lock);
	group->strange &= strange;
	group->stranger = stranger;
	return strange;
}

/**
 * vfb_group_unbound - a device has lost its driver: it is no stranger any more
 * @pdev: the device
 *
 * Context: bus notifier; takes vfb_lock.
 * Return: true: it was one, and its group may be lent again.
 */
bool vfb_group_unbound(struct pci_dev *pdev)
{
	struct iommu_group *iommu = vfb_iommu_group(&pdev->dev);
	struct vfb_group *group;
	bool was = false;

	if (!iommu)
		return false;
	mutex_lock(&vfb_lock);
	group = vfb_group_lookup(iommu);
	if (group)
		swap(was, group->strange);
	mutex_unlock(&vfb_lock);
	iommu_group_put(iommu);
	return was;
}

/**
 * vfb_group_unfence_for_lease - take the fence down for a lease
 * @group: the group
 * @lease: the lease
 *
 * Nothing happens if the lease has been revoked meanwhile: its VFs may be on
 * their way back, or free already.
 *
 * Context: may sleep; takes group->fence and vfb_lock.
 */
void vfb_group_unfence_for_lease(struct vfb_group *group, struct vfb_lease *lease)
{
	bool has;

	guard(mutex)(&group->fence);
	mutex_lock(&vfb_lock);
	has = group->lease == lease;
	mutex_unlock(&vfb_lock);
	if (has)
		vfb_unfence_locked(group);
}

/* Its driver, or its being open to all, does without; but nothing does in quarantine. */
static bool vfb_needs_fence(const struct vfb_vf *vf)
{
	lockdep_assert_held(&vfb_lock);
	if (vf->state == SRIOV_BROKER_VF_QUARANTINED)
		return true;
	return vf->state != SRIOV_BROKER_VF_HOST && vf->state != SRIOV_BROKER_VF_OPEN &&
	       !vfb_vf_is_guarded(vf);
}

static void vfb_unfence_unneeded(struct vfb_group *group, bool moving)
{
	bool needed = false;
	struct vfb_vf *vf;

	guard(mutex)(&group->fence);
	mutex_lock(&vfb_lock);
	list_for_each_entry(vf, &group->vfs, group_node)
		needed |= (moving && vf->moving) || vfb_needs_fence(vf);
	mutex_unlock(&vfb_lock);
	if (!needed)
		vfb_unfence_locked(group);
}

/**
 * vfb_group_unfence_if_unused - take the fence down if nothing of the group needs it
 * @group: the group
 *
 * Context: may sleep; takes group->fence and vfb_lock.
 */
void vfb_group_unfence_if_unused(struct vfb_group *group)
{
	vfb_unfence_unneeded(group, true);
}

/**
 * vfb_group_unfence_if_unpooled - the same for VFs that an operation has
 * @group: the group, of whose VFs those that an operation has need no fence now
 *
 * Context: may sleep; takes group->fence and vfb_lock.
 */
void vfb_group_unfence_if_unpooled(struct vfb_group *group)
{
	vfb_unfence_unneeded(group, false);
}

/**
 * vfb_group_update_protection - vfb_pf_update_protection() for each PF that has VFs in a group
 * @group: the group
 *
 * Context: as vfb_pf_update_protection().
 */
void vfb_group_update_protection(struct vfb_group *group)
{
	struct vfb_vf *vf;

	for (vf = vfb_group_next(group, NULL); vf; vf = vfb_group_next(group, vf))
		vfb_pf_update_protection(vf->pf);
}

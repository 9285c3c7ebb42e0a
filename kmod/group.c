// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups: the VFs that share an IOMMU group, and the fence around them, which
 * is the group's DMA ownership.
 */
#include <linux/hashtable.h>
#include <linux/iommu.h>
#include <linux/slab.h>

#include "broker.h"

/* Groups that have an IOMMU group, by its number. Under sb_lock. */
static DEFINE_HASHTABLE(sb_groups, 8);

static struct sb_group *sb_group_lookup(struct iommu_group *iommu)
{
	struct sb_group *group;

	lockdep_assert_held(&sb_lock);
	hash_for_each_possible(sb_groups, group, hash, iommu_group_id(iommu))
		if (group->iommu == iommu)
			return group;
	return NULL;
}

static void sb_group_release(struct kref *ref)
{
	struct sb_group *group = container_of(ref, struct sb_group, ref);

	mutex_destroy(&group->fence);
	mutex_destroy(&group->bind);
	iommu_group_put(group->iommu);
	kfree(group);
}

/**
 * sb_group_put - drop a reference to a group
 * @group: the group
 *
 * Context: may sleep.
 */
void sb_group_put(struct sb_group *group)
{
	kref_put(&group->ref, sb_group_release);
}

static struct sb_group *sb_group_alloc(struct iommu_group *iommu)
{
	struct sb_group *group = kzalloc(sizeof(*group), GFP_KERNEL);

	if (!group)
		return NULL;
	kref_init(&group->ref);
	mutex_init(&group->fence);
	mutex_init(&group->bind);
	INIT_LIST_HEAD(&group->vfs);
	INIT_HLIST_NODE(&group->hash);
	group->iommu = iommu;
	sb_return_init(group);
	return group;
}

/**
 * sb_group_join - put a new VF into its group
 * @vf: the VF, not yet in any
 *
 * Context: may sleep; takes sb_lock.
 * Return: the group, with a reference, or NULL when out of memory.
 */
struct sb_group *sb_group_join(struct sb_vf *vf)
{
	struct iommu_group *iommu = iommu_group_get(&vf->pdev->dev);
	struct sb_group *new = sb_group_alloc(iommu);
	struct sb_group *group = NULL;

	if (!new) {
		iommu_group_put(iommu);
		return NULL;
	}

	spin_lock(&sb_lock);
	if (iommu)
		group = sb_group_lookup(iommu);
	if (group) {
		kref_get(&group->ref);
	} else {
		group = new;
		new = NULL;
		if (iommu)
			hash_add(sb_groups, &group->hash, iommu_group_id(iommu));
	}
	list_add_tail(&vf->group_node, &group->vfs);
	spin_unlock(&sb_lock);

	if (new)
		sb_group_put(new);
	return group;
}

static void sb_unfence_locked(struct sb_group *group)
{
	lockdep_assert_held(&group->fence);
	if (group->fenced && group->iommu)
		iommu_group_release_dma_owner(group->iommu);
	group->fenced = false;
}

/**
 * sb_group_leave - take a VF that is leaving the bus out of its group
 * @vf: the VF
 *
 * The last one takes the fence down: the IOMMU core wants its groups back
 * unclaimed. The VF's reference to the group stays.
 *
 * Context: bus notifier; may sleep; takes group->fence and sb_lock.
 */
void sb_group_leave(struct sb_vf *vf)
{
	struct sb_group *group = vf->group;
	bool last;

	mutex_lock(&group->fence);
	spin_lock(&sb_lock);
	list_del_init(&vf->group_node);
	last = list_empty(&group->vfs);
	if (last)
		hash_del(&group->hash);
	spin_unlock(&sb_lock);
	if (last) {
		group->dead = true;
		sb_unfence_locked(group);
	}
	mutex_unlock(&group->fence);
}

/**
 * sb_group_next - go through a group's VFs
 * @group: the group
 * @prev: where we are, or NULL to begin; its reference is dropped
 *
 * There is one, but on platforms that don't isolate devices from each other. Some
 * may come twice, if one leaves the bus meanwhile.
 *
 * Context: may sleep; takes sb_lock.
 * Return: the VF that comes next, with a reference, or NULL.
 */
struct sb_vf *sb_group_next(struct sb_group *group, struct sb_vf *prev)
{
	struct sb_vf *vf, *next = NULL;
	bool take;

	spin_lock(&sb_lock);
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
	spin_unlock(&sb_lock);
	if (prev)
		sb_vf_put(prev);
	return next;
}

/**
 * sb_group_id - number of a group's IOMMU group
 * @group: the group
 *
 * Context: any.
 * Return: the number, -1 where there is no IOMMU.
 */
int sb_group_id(struct sb_group *group)
{
	return group->iommu ? iommu_group_id(group->iommu) : -1;
}

/**
 * sb_group_fence - put the fence up
 * @group: the group
 *
 * Context: may sleep; takes group->fence. Never waits for a user.
 * Return: 0, also if it is up already; -EBUSY: somebody uses a device of the
 * group, through vfio or a driver that does DMA for the host; -ENODEV: the
 * group is gone; or another negative errno of the IOMMU's driver.
 */
int sb_group_fence(struct sb_group *group)
{
	int ret = 0;

	mutex_lock(&group->fence);
	if (group->dead)
		ret = -ENODEV;
	else if (!group->fenced && group->iommu)
		ret = iommu_group_claim_dma_owner(group->iommu, group);
	if (ret == -EPERM) /* the IOMMU core's word for a group in use */
		ret = -EBUSY;
	if (!ret)
		group->fenced = true;
	mutex_unlock(&group->fence);
	return ret;
}

/**
 * sb_group_unfence - take the fence down
 * @group: the group, whose VFs an operation has
 *
 * Context: may sleep; takes group->fence.
 */
void sb_group_unfence(struct sb_group *group)
{
	mutex_lock(&group->fence);
	sb_unfence_locked(group);
	mutex_unlock(&group->fence);
}

/**
 * sb_group_lend - take the fence down for a lease
 * @group: the group
 * @lease: the lease
 *
 * Nothing happens if the lease has been revoked meanwhile: its VFs may be on
 * their way back, or free already.
 *
 * Context: may sleep; takes group->fence and sb_lock.
 */
void sb_group_lend(struct sb_group *group, struct sb_lease *lease)
{
	bool has;

	mutex_lock(&group->fence);
	spin_lock(&sb_lock);
	has = group->lease == lease;
	spin_unlock(&sb_lock);
	if (has)
		sb_unfence_locked(group);
	mutex_unlock(&group->fence);
}

static void sb_unfence_unneeded(struct sb_group *group, bool moving)
{
	bool needed = false;
	struct sb_vf *vf;

	mutex_lock(&group->fence);
	spin_lock(&sb_lock);
	list_for_each_entry(vf, &group->vfs, group_node)
		needed |= (moving && vf->moving) ||
			  (vf->state != SRIOV_BROKER_VF_HOST && vf->state != SRIOV_BROKER_VF_OPEN);
	spin_unlock(&sb_lock);
	if (!needed)
		sb_unfence_locked(group);
	mutex_unlock(&group->fence);
}

/**
 * sb_group_abandon - take the fence down if nothing of the group needs it
 * @group: the group
 *
 * Context: may sleep; takes group->fence and sb_lock.
 */
void sb_group_abandon(struct sb_group *group)
{
	sb_unfence_unneeded(group, true);
}

/**
 * sb_group_relax - the same for VFs that an operation has
 * @group: the group, of whose VFs those that an operation has need no fence now
 *
 * Context: may sleep; takes group->fence and sb_lock.
 */
void sb_group_relax(struct sb_group *group)
{
	sb_unfence_unneeded(group, false);
}

/**
 * sb_group_follow - sb_pf_follow() for each PF that has VFs in a group
 * @group: the group
 *
 * Context: as sb_pf_follow().
 */
void sb_group_follow(struct sb_group *group)
{
	struct sb_vf *vf;

	for (vf = sb_group_next(group, NULL); vf; vf = sb_group_next(group, vf))
		sb_pf_follow(vf->pf);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Named pools: VFs that only some users may lease, or no more of than so many at once. A pool
 * names them by the address of their PF and their index, so it is there before they are, and
 * still when they come back. A VF is in one pool at most.
 *
 * A pool does not change: another one takes its place. Whether a VF may be leased is asked
 * often, so each PF has an array of the pools that its slots are in.
 */
#include <linux/bsearch.h>
#include <linux/cred.h>
#include <linux/slab.h>

#include "core.h"

static LIST_HEAD(vfb_nameds); /* by name; vfb_lock */

/**
 * vfb_named_new - a pool without any content, for the caller to fill in
 * @name: its name
 * @num_members: how many members there is to be room for
 * @num_uids: the same of users
 * @num_gids: the same of groups
 *
 * Context: may sleep.
 * Return: the pool, for vfb_named_put(), or NULL when out of memory.
 */
struct vfb_named *vfb_named_new(const char *name, unsigned int num_members, unsigned int num_uids,
				unsigned int num_gids)
{
	struct vfb_named *named;
	size_t size = struct_size(named, members, num_members);

	named = kvzalloc(size + num_uids * sizeof(*named->uids) + num_gids * sizeof(*named->gids),
			 GFP_KERNEL_ACCOUNT);
	if (!named)
		return NULL;
	kref_init(&named->ref);
	INIT_LIST_HEAD(&named->node);
	strscpy(named->name, name, sizeof(named->name));
	named->num_members = num_members;
	named->num_uids = num_uids;
	named->num_gids = num_gids;
	named->uids = (void *)named + size;
	named->gids = (void *)(named->uids + num_uids);
	return named;
}

static void vfb_named_release(struct kref *ref)
{
	kvfree(container_of(ref, struct vfb_named, ref));
}

/**
 * vfb_named_put - drop a reference to a pool
 * @named: the pool
 *
 * Context: any but atomic.
 */
void vfb_named_put(struct vfb_named *named)
{
	kref_put(&named->ref, vfb_named_release);
}

/**
 * vfb_named_find - find a pool
 * @name: its name
 *
 * Context: vfb_lock held.
 * Return: the pool, without a reference, or NULL.
 */
struct vfb_named *vfb_named_find(const char *name)
{
	struct vfb_named *named;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(named, &vfb_nameds, node)
		if (!strcmp(named->name, name))
			return named;
	return NULL;
}

/**
 * vfb_named_next - find the pool that comes after a name
 * @name: the name, of a pool or not; "": the first
 *
 * Context: vfb_lock held.
 * Return: the pool, without a reference, or NULL.
 */
struct vfb_named *vfb_named_next(const char *name)
{
	struct vfb_named *named;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(named, &vfb_nameds, node)
		if (strcmp(named->name, name) > 0)
			return named;
	return NULL;
}

/* Where a member's indices end. */
static u32 vfb_member_end(const struct sriov_broker_pool_member *member)
{
	return member->count ? member->first + member->count : U32_MAX;
}

static bool vfb_members_meet(const struct sriov_broker_pool_member *a,
			     const struct sriov_broker_pool_member *b)
{
	return !vfb_addr_cmp(&a->pf, &b->pf) && a->first < vfb_member_end(b) &&
	       b->first < vfb_member_end(a);
}

/* Does a pool have a VF that another one has already? */
static int vfb_named_check(const struct vfb_named *new, const struct vfb_named *other,
			   struct vfb_why *why)
{
	const struct sriov_broker_pool_member *a, *b;

	for (a = new->members; a < new->members + new->num_members; a++) {
		for (b = other->members; b < other->members + other->num_members; b++) {
			if (!vfb_members_meet(a, b))
				continue;
			why->value = max(a->first, b->first);
			strscpy(why->label, other->name, sizeof(why->label));
			return vfb_why_fail(why, -EEXIST, SRIOV_BROKER_WHY_POOL_OVERLAP, &a->pf);
		}
	}
	return 0;
}

/**
 * vfb_named_mark - note of a PF what pools its slots are in
 * @pf: the PF
 *
 * Context: vfb_lock held.
 */
void vfb_named_mark(struct vfb_pf *pf)
{
	const struct sriov_broker_pool_member *m;
	struct vfb_named *named;
	u32 i;

	lockdep_assert_held(&vfb_lock);
	memset(pf->named, 0, pf->slots * sizeof(*pf->named));
	if (pf->gone)
		return;
	list_for_each_entry(named, &vfb_nameds, node)
		for (m = named->members; m < named->members + named->num_members; m++)
			if (!vfb_addr_cmp(&m->pf, &pf->addr))
				for (i = m->first; i < min(vfb_member_end(m), pf->slots); i++)
					pf->named[i] = named;
}

static void vfb_named_mark_all(void)
{
	struct vfb_pf *pf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(pf, &vfb_pfs, node)
		vfb_named_mark(pf);
}

/**
 * vfb_named_set - put a pool in place of the one that has its name, or do away with that
 * @new: the pool, whose reference is the list's from then on; without members: none
 * @why: says why not
 *
 * Context: vfb_lock held.
 * Return: 0 or a negative errno: nothing has changed.
 */
int vfb_named_set(struct vfb_named *new, struct vfb_why *why)
{
	struct vfb_named *old = vfb_named_find(new->name), *other, *next;
	int ret;

	lockdep_assert_held(&vfb_lock);
	if (!old && !new->num_members) {
		strscpy(why->label, new->name, sizeof(why->label));
		return vfb_why_fail(why, -ENOENT, SRIOV_BROKER_WHY_NO_POOL, NULL);
	}
	list_for_each_entry(other, &vfb_nameds, node) {
		ret = other == old ? 0 : vfb_named_check(new, other, why);
		if (ret)
			return ret;
	}
	next = vfb_named_next(new->name);
	if (old)
		list_del(&old->node);
	if (new->num_members)
		list_add_tail(&new->node, next ? &next->node : &vfb_nameds);
	/* From here on nothing points to the old one. */
	vfb_named_mark_all();
	if (old)
		vfb_named_put(old);
	if (!new->num_members)
		vfb_named_put(new);
	return 0;
}

/**
 * vfb_named_exit - do away with all pools
 *
 * Context: module exit: there are no PFs any more.
 */
void vfb_named_exit(void)
{
	struct vfb_named *named, *next;

	list_for_each_entry_safe(named, next, &vfb_nameds, node)
		vfb_named_put(named);
}

/**
 * vfb_named_of - the pool that a VF is in
 * @vf: the VF
 *
 * Context: vfb_lock held.
 * Return: the pool, without a reference, or NULL.
 */
struct vfb_named *vfb_named_of(const struct vfb_vf *vf)
{
	lockdep_assert_held(&vfb_lock);
	return vf->pf->named[vf->index];
}

static int vfb_gid_cmp(const void *key, const void *elem)
{
	kgid_t a = *(const kgid_t *)key, b = *(const kgid_t *)elem;

	return gid_gt(a, b) ? 1 : gid_lt(a, b) ? -1 : 0;
}

/* As in_group_p(), which speaks of the current task only. */
static bool vfb_in_group(const struct cred *cred, kgid_t gid)
{
	const struct group_info *info = cred->group_info;

	return gid_eq(cred->fsgid, gid) ||
	       bsearch(&gid, info->gid, info->ngroups, sizeof(gid), vfb_gid_cmp);
}

/**
 * vfb_named_allows - does a pool let a user lease
 * @named: the pool
 * @cred: the user
 *
 * Context: any.
 * Return: true if so.
 */
bool vfb_named_allows(const struct vfb_named *named, const struct cred *cred)
{
	unsigned int i;

	if (named->anyone)
		return true;
	for (i = 0; i < named->num_uids; i++)
		if (uid_eq(cred->fsuid, named->uids[i]))
			return true;
	for (i = 0; i < named->num_gids; i++)
		if (vfb_in_group(cred, named->gids[i]))
			return true;
	return false;
}

/*
 * Does a lease of the group count, which is out, not back yet, or about to begin? Only a
 * request of @user itself can be at that, for it is under one holding of the lock.
 */
static bool vfb_group_counts(const struct vfb_group *group, const struct vfb_user *user)
{
	if (!group->owner)
		return group->lease;
	return group->owner->charged && (!user || group->owner->user == user);
}

/* A lease counts once, whatever its group has of the pool. */
static bool vfb_is_first_of(const struct vfb_named *named, const struct vfb_vf *vf)
{
	struct vfb_vf *peer;

	list_for_each_entry(peer, &vf->group->vfs, group_node)
		if (vfb_named_of(peer) == named)
			return peer == vf;
	return false;
}

/**
 * vfb_named_leases - number of leases of a pool
 * @named: the pool
 * @user: only those of this user; NULL: all
 *
 * Context: vfb_lock held.
 * Return: those that are out, and whose VFs are not back yet.
 */
unsigned int vfb_named_leases(const struct vfb_named *named, const struct vfb_user *user)
{
	unsigned int num = 0, i;
	struct vfb_pf *pf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(pf, &vfb_pfs, node)
		for (i = 0; i < pf->slots; i++)
			if (pf->named[i] == named && pf->vfs[i] &&
			    vfb_group_counts(pf->vfs[i]->group, user) &&
			    vfb_is_first_of(named, pf->vfs[i]))
				num++;
	return num;
}

/**
 * vfb_named_is_full - would more leases go over a pool's limits
 * @named: the pool
 * @user: the user that they are for
 * @exempt: its own limit does not count
 * @more: how many
 * @limit: filled with what the limit is
 *
 * Context: vfb_lock held.
 * Return: SRIOV_BROKER_WHY_LIMIT, SRIOV_BROKER_WHY_QUOTA, or SRIOV_BROKER_WHY_NONE.
 */
u32 vfb_named_is_full(const struct vfb_named *named, const struct vfb_user *user, bool exempt,
		      unsigned int more, unsigned int *limit)
{
	lockdep_assert_held(&vfb_lock);
	*limit = named->max_leases;
	if (*limit && vfb_named_leases(named, NULL) + more > *limit)
		return SRIOV_BROKER_WHY_LIMIT;
	*limit = exempt ? 0 : named->max_leases_per_user;
	if (*limit && vfb_named_leases(named, user) + more > *limit)
		return SRIOV_BROKER_WHY_QUOTA;
	return SRIOV_BROKER_WHY_NONE;
}

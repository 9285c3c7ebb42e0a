// SPDX-License-Identifier: GPL-2.0-only
/*
 * Permits: what named pools have to say to a request, the right to lease from one and the limits of
 * how much.
 *
 * A pool that has said no is noted in the request: it is not asked again for its next VF, and is
 * what the request fails for.
 */
#include "mech.h"

/**
 * vfb_permit_right - may a request's user lease from a pool
 * @req: the request
 * @named: the pool, or NULL
 *
 * Context: vfb_lock held.
 */
bool vfb_permit_right(struct vfb_request *req, const struct vfb_named *named)
{
	lockdep_assert_held(&vfb_lock);
	if (!named || req->admin)
		return true;
	if (named == req->denied)
		return false;
	if (vfb_named_allows(named, req->cred))
		return true;
	req->denied = named;
	return false;
}

/* Is there room for one lease more in a pool? */
static bool vfb_has_room(struct vfb_request *req, const struct vfb_named *named)
{
	unsigned int limit;

	if (!named)
		return true;
	if (named == req->full)
		return false;
	/* To ask it is to count its leases, and there may be many VFs to choose from. */
	if (named == req->roomy)
		return true;
	if (vfb_named_is_full(named, req->user, req->exempt, 1, &limit)) {
		req->full = named;
		return false;
	}
	req->roomy = named;
	return true;
}

/**
 * vfb_permit_fits - is a pool what a request asks for
 * @req: the request
 * @named: the pool, or NULL
 *
 * Context: any.
 */
bool vfb_permit_fits(const struct vfb_request *req, const struct vfb_named *named)
{
	return !req->pool[0] || (named && !strcmp(named->name, req->pool));
}

/**
 * vfb_permit_vf - may a request have a VF, by its pool and those of what is leased with it
 * @req: the request
 * @vf: the VF, which is free
 *
 * Context: vfb_lock held.
 */
bool vfb_permit_vf(struct vfb_request *req, struct vfb_vf *vf)
{
	struct vfb_vf *peer;

	lockdep_assert_held(&vfb_lock);
	if (!vfb_permit_fits(req, vfb_named_of(vf)))
		return false;
	list_for_each_entry(peer, &vf->group->vfs, group_node) {
		struct vfb_named *named = vfb_named_of(peer);

		if (!vfb_permit_right(req, named) || !vfb_has_room(req, named))
			return false;
	}
	return true;
}

/**
 * vfb_permit_deny - a request fails for want of a right
 * @req: the request
 * @named: the pool that it has no right to
 * @why: filled in
 *
 * Context: vfb_lock held.
 * Return: -EACCES.
 */
int vfb_permit_deny(const struct vfb_request *req, const struct vfb_named *named,
		    struct vfb_why *why)
{
	strscpy(why->label, named->name, sizeof(why->label));
	return vfb_why_fail(why, -EACCES, SRIOV_BROKER_WHY_NOT_ALLOWED,
			    req->num_sels == 1 ? &req->sels[0].dev : NULL);
}

/**
 * vfb_permit_check - is the named pool there, and may the request's user lease from it
 * @req: the request
 * @why: says why not
 *
 * Context: vfb_lock held.
 * Return: 0 or a negative errno.
 */
int vfb_permit_check(struct vfb_request *req, struct vfb_why *why)
{
	struct vfb_named *named = req->pool[0] ? vfb_named_find(req->pool) : NULL;

	lockdep_assert_held(&vfb_lock);
	req->denied = NULL;
	if (req->pool[0] && !named) {
		strscpy(why->label, req->pool, sizeof(why->label));
		return vfb_why_fail(why, -ENOENT, SRIOV_BROKER_WHY_NO_POOL, NULL);
	}
	return vfb_permit_right(req, named) ? 0 : vfb_permit_deny(req, named, why);
}

/**
 * vfb_permit_full - a request fails for a limit
 * @named: the pool whose limit it is; NULL: the module's
 * @reason: SRIOV_BROKER_WHY_LIMIT or SRIOV_BROKER_WHY_QUOTA
 * @limit: what it is
 * @why: filled in; it may be NULL
 *
 * Context: any.
 * Return: -EDQUOT.
 */
int vfb_permit_full(const struct vfb_named *named, u32 reason, unsigned int limit,
		    struct vfb_why *why)
{
	if (!why)
		return -EDQUOT;
	why->value = limit;
	strscpy(why->label, named ? named->name : "", sizeof(why->label));
	return vfb_why_fail(why, -EDQUOT, reason, NULL);
}

/**
 * vfb_permit_over - would a request go over what a pool may lease out
 * @req: the request
 * @named: the pool
 * @more: leases that it would have of it
 * @why: says what is full; it may be NULL
 *
 * Context: vfb_lock held.
 * Return: 0 or -EDQUOT.
 */
int vfb_permit_over(const struct vfb_request *req, const struct vfb_named *named, unsigned int more,
		    struct vfb_why *why)
{
	unsigned int limit;
	u32 reason = vfb_named_is_full(named, req->user, req->exempt, more, &limit);

	return reason ? vfb_permit_full(named, reason, limit, why) : 0;
}

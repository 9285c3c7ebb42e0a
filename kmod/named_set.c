// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls about named pools: POOL_SET, POOL_GET.
 */
#include <linux/cred.h>
#include <linux/uaccess.h>

#include "face.h"

/* No name is asked of POOL_GET where it is the first that is wanted. */
static bool vfb_pool_name_ok(const char *name)
{
	return strnlen(name, SRIOV_BROKER_NAME_LEN) < SRIOV_BROKER_NAME_LEN && vfb_name_ok(name);
}

static int vfb_pool_check(const struct sriov_broker_pool *p)
{
	bool anyone = p->flags & SRIOV_BROKER_POOL_ANYONE;

	if (p->flags & ~SRIOV_BROKER_POOL_ANYONE || p->reserved)
		return -EOPNOTSUPP;
	if (!vfb_pool_name_ok(p->name))
		return -EINVAL;
	if (p->num_members > SRIOV_BROKER_POOL_MAX || p->num_uids > SRIOV_BROKER_POOL_MAX ||
	    p->num_gids > SRIOV_BROKER_POOL_MAX)
		return -EINVAL;
	if (anyone && (p->num_uids || p->num_gids))
		return -EINVAL;
	if (!p->num_members)
		return anyone || p->num_uids || p->num_gids || p->max_leases ||
				       p->max_leases_per_user ?
			       -EINVAL :
			       0;
	if (p->member_size < offsetofend(struct sriov_broker_pool_member, count) ||
	    p->member_size > PAGE_SIZE)
		return -EINVAL;
	return 0;
}

/* A PF may be absent, but what is there in its place has to be one. */
static int vfb_check_member(const struct sriov_broker_pool_member *member, struct vfb_why *why)
{
	struct vfb_pf *pf;
	int ret;

	if (member->count > U32_MAX - member->first)
		return -EINVAL;
	pf = vfb_pf_find(&member->pf, why);
	ret = PTR_ERR_OR_ZERO(pf);
	if (!ret)
		vfb_pf_put(pf);
	if (ret != -ENODEV)
		return ret;
	vfb_why_clear(why);
	return 0;
}

static int vfb_get_members(struct vfb_named *named, const struct sriov_broker_pool *p,
			   struct vfb_why *why)
{
	const void __user *from = u64_to_user_ptr(p->members);
	unsigned int i;
	int ret = 0;

	for (i = 0; i < named->num_members && !ret; i++) {
		ret = copy_struct_from_user(&named->members[i], sizeof(named->members[i]), from,
					    p->member_size);
		if (!ret)
			ret = vfb_check_member(&named->members[i], why);
		from += p->member_size;
	}
	return ret;
}

static int vfb_get_ids(struct vfb_named *named, const struct sriov_broker_pool *p)
{
	const u32 __user *uids = u64_to_user_ptr(p->uids), *gids = u64_to_user_ptr(p->gids);
	unsigned int i;
	u32 id;

	for (i = 0; i < named->num_uids; i++) {
		if (get_user(id, uids + i))
			return -EFAULT;
		named->uids[i] = make_kuid(current_user_ns(), id);
		if (!uid_valid(named->uids[i]))
			return -EINVAL;
	}
	for (i = 0; i < named->num_gids; i++) {
		if (get_user(id, gids + i))
			return -EFAULT;
		named->gids[i] = make_kgid(current_user_ns(), id);
		if (!gid_valid(named->gids[i]))
			return -EINVAL;
	}
	return 0;
}

/* ioctl(SRIOV_BROKER_POOL_SET) */
int vfb_ioctl_pool_set(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_pool *p = &arg->pool;
	struct vfb_named *named;
	int ret = vfb_pool_check(p);

	if (ret)
		return ret;
	named = vfb_named_new(p->name, p->num_members, p->num_uids, p->num_gids);
	if (!named)
		return -ENOMEM;
	named->anyone = p->flags & SRIOV_BROKER_POOL_ANYONE;
	named->max_leases = p->max_leases;
	named->max_leases_per_user = p->max_leases_per_user;
	ret = vfb_get_members(named, p, why) ?: vfb_get_ids(named, p);
	if (!ret) {
		mutex_lock(&vfb_lock);
		ret = vfb_named_set(named, why);
		if (!ret)
			vfb_pool_recheck();
		mutex_unlock(&vfb_lock);
	}
	if (ret)
		vfb_named_put(named);
	return ret;
}

/* As far as there is room; the numbers are those that there are. */
static int vfb_put_members(const struct vfb_named *named, const struct sriov_broker_pool *p)
{
	size_t known = min_t(size_t, sizeof(named->members[0]), p->member_size);
	void __user *to = u64_to_user_ptr(p->members);
	unsigned int i;

	for (i = 0; i < min(named->num_members, p->num_members); i++) {
		if (copy_to_user(to, &named->members[i], known) ||
		    clear_user(to + known, p->member_size - known))
			return -EFAULT;
		to += p->member_size;
	}
	return 0;
}

static int vfb_put_ids(const struct vfb_named *named, const struct sriov_broker_pool *p)
{
	u32 __user *uids = u64_to_user_ptr(p->uids), *gids = u64_to_user_ptr(p->gids);
	struct user_namespace *ns = current_user_ns();
	unsigned int i;

	for (i = 0; i < min(named->num_uids, p->num_uids); i++)
		if (put_user(from_kuid_munged(ns, named->uids[i]), uids + i))
			return -EFAULT;
	for (i = 0; i < min(named->num_gids, p->num_gids); i++)
		if (put_user(from_kgid_munged(ns, named->gids[i]), gids + i))
			return -EFAULT;
	return 0;
}

/* The pool that is asked for, with a reference, or an ERR_PTR. */
static struct vfb_named *vfb_pool_asked(struct sriov_broker_pool *p, struct vfb_why *why)
{
	struct vfb_named *named;

	guard(mutex)(&vfb_lock);
	named = p->flags & SRIOV_BROKER_POOL_NEXT ? vfb_named_next(p->name) :
						    vfb_named_find(p->name);
	if (!named) {
		strscpy(why->label, p->name, sizeof(why->label));
		return ERR_PTR(vfb_why_fail(why, -ENOENT, SRIOV_BROKER_WHY_NO_POOL, NULL));
	}
	kref_get(&named->ref);
	p->leases = vfb_named_leases(named, NULL);
	return named;
}

/* ioctl(SRIOV_BROKER_POOL_GET) */
int vfb_ioctl_pool_get(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_pool *p = &arg->pool;
	struct vfb_named *named;
	int ret;

	if (p->flags & ~SRIOV_BROKER_POOL_NEXT || p->reserved)
		return -EOPNOTSUPP;
	if (!vfb_pool_name_ok(p->name) && (!(p->flags & SRIOV_BROKER_POOL_NEXT) || p->name[0]))
		return -EINVAL;
	if (p->num_members &&
	    (p->member_size < sizeof(struct sriov_broker_addr) || p->member_size > PAGE_SIZE))
		return -EINVAL;
	named = vfb_pool_asked(p, why);
	if (IS_ERR(named))
		return PTR_ERR(named);
	ret = vfb_put_members(named, p) ?: vfb_put_ids(named, p);
	p->flags = named->anyone ? SRIOV_BROKER_POOL_ANYONE : 0;
	strscpy(p->name, named->name, sizeof(p->name));
	p->num_members = named->num_members;
	p->num_uids = named->num_uids;
	p->num_gids = named->num_gids;
	p->max_leases = named->max_leases;
	p->max_leases_per_user = named->max_leases_per_user;
	vfb_named_put(named);
	return ret;
}

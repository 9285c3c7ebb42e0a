// SPDX-License-Identifier: GPL-2.0-only
/*
 * Users, as far as something is charged to them: leases, places in the queue, readers of
 * events. Charged is the user that opened the device, not the one that the caller is now; and
 * where it was opened in a user namespace, the user that made that, or the outermost of
 * those around it: in it one user can be as many as there are subordinate ids.
 */
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "core.h"

static DEFINE_HASHTABLE(vfb_users, 6); /* vfb_lock */

/* One that no user can have more of than the admin gave. */
static kuid_t vfb_user_charged(const struct cred *cred)
{
	struct user_namespace *ns;
	kuid_t uid = cred->uid;

	for (ns = cred->user_ns; ns != &init_user_ns; ns = ns->parent)
		uid = ns->owner;
	return uid;
}

/**
 * vfb_user_get - the account that a task's doing is charged to
 * @cred: the task's credentials
 *
 * Context: may sleep; takes vfb_lock.
 * Return: the account, for vfb_user_put(), or NULL when out of memory.
 */
struct vfb_user *vfb_user_get(const struct cred *cred)
{
	struct vfb_user *new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT), *user;
	kuid_t uid = vfb_user_charged(cred);

	if (!new)
		return NULL;
	new->uid = uid;
	guard(mutex)(&vfb_lock);
	hash_for_each_possible(vfb_users, user, hash, __kuid_val(uid)) {
		if (!uid_eq(user->uid, uid))
			continue;
		/* Not needed after all; it could not have been made under the lock. */
		kfree(new);
		user->refs++;
		return user;
	}
	hash_add(vfb_users, &new->hash, __kuid_val(uid));
	new->refs = 1;
	return new;
}

/**
 * vfb_user_put - done with a user's account
 * @user: the account
 *
 * Context: vfb_lock held.
 */
void vfb_user_put(struct vfb_user *user)
{
	lockdep_assert_held(&vfb_lock);
	if (--user->refs)
		return;
	hash_del(&user->hash);
	kfree(user);
}

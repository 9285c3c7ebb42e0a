// SPDX-License-Identifier: GPL-2.0-only
/*
 * NET_HOLD: a client says that it is about to set network attributes of a leased VF. Till
 * it closes the device the VF does not come back, and what the attributes were is known.
 */
#include <linux/slab.h>

#include "face.h"

/* A client that may be about to set attributes of a VF. */
struct vfb_hold {
	struct list_head node; /* vfb_lock; in client->holds */
	struct vfb_vf *vf;     /* counted */
};

/* The VF, held, if it is under the lease; or an ERR_PTR. */
static struct vfb_hold *vfb_hold_vf(struct vfb_client *client, struct sriov_broker_net_hold *p,
				    struct vfb_why *why)
{
	struct vfb_hold *hold = kzalloc(sizeof(*hold), GFP_KERNEL_ACCOUNT);
	struct vfb_vf *vf = vfb_vf_find(&p->vf);
	int ret = 0;

	why->lease_id = p->lease_id;
	if (!vf || !hold)
		ret = vf ? -ENOMEM : vfb_vf_missing(&p->vf, why);
	if (ret)
		goto free;

	hold->vf = vf;
	mutex_lock(&vfb_lock);
	if (!vf->group->lease || vfb_lease_id(vf->group->lease) != p->lease_id)
		ret = vfb_why_fail(why, -ENOENT, SRIOV_BROKER_WHY_NO_LEASE, &p->vf);
	if (!ret) {
		list_add(&hold->node, &client->holds);
		vf->net_holds++;
	}
	mutex_unlock(&vfb_lock);
	if (!ret)
		return hold;
free:
	if (vf)
		vfb_vf_put(vf);
	kfree(hold);
	return ERR_PTR(ret);
}

static void vfb_hold_end(struct vfb_hold *hold)
{
	struct vfb_vf *vf = hold->vf;

	mutex_lock(&vfb_lock);
	list_del(&hold->node);
	vf->net_holds--;
	mutex_unlock(&vfb_lock);
	vfb_vf_put(vf);
	kfree(hold);
}

/**
 * vfb_net_release - a client is gone: it will set nothing any more
 * @client: the client, which is used no more
 *
 * Context: may sleep; takes vfb_lock.
 */
void vfb_net_release(struct vfb_client *client)
{
	struct vfb_hold *hold, *next;

	list_for_each_entry_safe(hold, next, &client->holds, node)
		vfb_hold_end(hold);
}

/* ioctl(SRIOV_BROKER_NET_HOLD) */
int vfb_ioctl_net_hold(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_net_hold *p = &arg->net_hold;
	struct vfb_client *client = file->private_data;
	struct vfb_hold *hold;
	int ret = vfb_addr_check(&p->vf, true);

	if (p->flags)
		return -EOPNOTSUPP;
	if (!ret)
		ret = vfb_check_instance(p->instance, why);
	if (ret)
		return ret;
	hold = vfb_hold_vf(client, p, why);
	if (IS_ERR(hold))
		return PTR_ERR(hold);
	ret = vfb_net_remember_killable(hold->vf, p->lease_id);
	if (ret) {
		why->error = -ret;
		vfb_why_fail(why, ret,
			     ret == -EOPNOTSUPP ? SRIOV_BROKER_WHY_NO_NETDEV :
						  SRIOV_BROKER_WHY_NONE,
			     &hold->vf->pf->addr);
		vfb_hold_end(hold);
		return ret;
	}
	WRITE_ONCE(hold->vf->net_asked, true);
	return 0;
}

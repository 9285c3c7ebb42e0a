/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network attributes of VFs that their PF's driver keeps.
 */
#ifndef VFB_NET_H
#define VFB_NET_H

#include <linux/if_link.h>

#include "broker.h"

/* A VF's attributes as its lease found them. */
struct vfb_net {
	struct ifla_vf_info was;
};

struct vfb_client;

/* net.c */
void vfb_net_begin(struct vfb_group *group);
int vfb_net_remember_killable(struct vfb_vf *vf, u64 lease);
bool vfb_net_is_held(struct vfb_group *group);
enum sriov_broker_fault vfb_net_restore(struct vfb_vf *vf);
void vfb_net_forget(struct vfb_vf *vf);

/* net_hold.c */
void vfb_net_release(struct vfb_client *client);

/* kept.c */
struct vfb_kept *vfb_kept_take(struct vfb_pf *pf);
void vfb_kept_restore(struct vfb_kept *kept, struct vfb_pf *pf, unsigned int num,
		      struct vfb_why *why);
void vfb_kept_free(struct vfb_kept *kept);
void vfb_kept_store(struct vfb_pf *pf, struct vfb_kept *kept);
void vfb_kept_return(struct vfb_pf *pf, struct vfb_kept *kept);
void vfb_kept_unbind(struct vfb_pf *pf);
struct vfb_kept *vfb_kept_at_unbind(struct vfb_pf *pf);

/* of net.c, for that */
struct net_device *vfb_net_lock(struct vfb_pf *pf);
void vfb_net_unlock(struct net_device *netdev);
int vfb_net_get(struct net_device *netdev, unsigned int index, struct ifla_vf_info *info);
int vfb_net_put_back(struct vfb_vf *vf, struct ifla_vf_info *was, bool patient);

#endif /* VFB_NET_H */

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
	bool failed; /* it could not be put back */
};

struct vfb_client;

/* net.c */
void vfb_net_init(struct vfb_vf *vf);
void vfb_net_begin(struct vfb_group *group);
void vfb_net_release(struct vfb_client *client);
bool vfb_net_is_held(struct vfb_group *group);
enum sriov_broker_fault vfb_net_restore(struct vfb_vf *vf);
void vfb_net_forget(struct vfb_vf *vf);

#endif /* VFB_NET_H */

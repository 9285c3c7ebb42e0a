/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network attributes of VFs that their PF's driver keeps.
 */
#ifndef SB_NET_H
#define SB_NET_H

#include <linux/if_link.h>

#include "broker.h"

/* A VF's attributes as its lease found them. */
struct sb_net {
	struct ifla_vf_info was;
	bool failed; /* it could not be put back */
};

struct sb_client;

/* net.c */
void sb_net_init(struct sb_vf *vf);
void sb_net_begin(struct sb_group *group);
void sb_net_release(struct sb_client *client);
bool sb_net_is_held(struct sb_group *group);
enum sriov_broker_fault sb_net_restore(struct sb_vf *vf);
void sb_net_forget(struct sb_vf *vf);

#endif /* SB_NET_H */

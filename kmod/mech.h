/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done to a single VF, and the choice of one: reset, vfio, network attributes, the
 * pool.
 */
#ifndef VFB_MECH_H
#define VFB_MECH_H

#include <linux/if_link.h>

#include "objects.h"

struct net_device;

/* A VF's attributes as its lease found them. */
struct vfb_net {
	struct ifla_vf_info was;
};

/* reset.c */
bool vfb_answers(struct pci_dev *pdev);
enum sriov_broker_fault vfb_look(struct vfb_vf *vf);
int vfb_reset(struct vfb_vf *vf, enum sriov_broker_fault *fault);
int vfb_reset_leased(struct vfb_vf *vf, struct vfb_lease *lease);

/* vfio.c */
void vfb_vfio_ask(struct vfb_vf *vf, unsigned int count);
bool vfb_vfio_node_is_open(struct pci_dev *pdev);
bool vfb_vfio_is_open(struct vfb_group *group);
struct file *vfb_vfio_open(struct vfb_vf *vf, bool cdev);

/* net.c */
void vfb_net_begin(struct vfb_group *group);
int vfb_net_remember_killable(struct vfb_vf *vf, u64 lease);
bool vfb_net_is_held(struct vfb_group *group);
void vfb_net_look_work(struct work_struct *work);
bool vfb_net_wanted(struct vfb_vf *vf, struct ifla_vf_info *was);
bool vfb_net_is_wanted(struct vfb_group *group);
enum sriov_broker_fault vfb_net_restore(struct vfb_vf *vf);
void vfb_net_forget(struct vfb_vf *vf);
struct vfb_net *vfb_net_note(struct net_device *netdev, struct vfb_vf *vf);
void vfb_net_remember_pool(struct vfb_pf *pf);
void vfb_net_forget_pool(struct vfb_pf *pf);
struct net_device *vfb_net_lock(struct vfb_pf *pf);
void vfb_net_unlock(struct net_device *netdev);
int vfb_net_get(struct net_device *netdev, unsigned int index, struct ifla_vf_info *info);
int vfb_net_put_back(struct vfb_vf *vf, struct ifla_vf_info *was, bool patient);

/* kept.c */
struct vfb_kept *vfb_kept_take(struct vfb_pf *pf);
void vfb_kept_restore(struct vfb_kept *kept, struct vfb_pf *pf, unsigned int num,
		      struct vfb_why *why);
void vfb_kept_free(struct vfb_kept *kept);
void vfb_kept_return(struct vfb_pf *pf, struct vfb_kept *kept);
void vfb_kept_unbind(struct vfb_pf *pf);
struct vfb_kept *vfb_kept_at_unbind(struct vfb_pf *pf);

/* permit.c */
bool vfb_permit_right(struct vfb_request *req, const struct vfb_named *named);
bool vfb_permit_fits(const struct vfb_request *req, const struct vfb_named *named);
bool vfb_permit_vf(struct vfb_request *req, struct vfb_vf *vf);
int vfb_permit_deny(const struct vfb_request *req, const struct vfb_named *named,
		    struct vfb_why *why);
int vfb_permit_check(struct vfb_request *req, struct vfb_why *why);
int vfb_permit_full(const struct vfb_named *named, u32 reason, unsigned int limit,
		    struct vfb_why *why);
int vfb_permit_over(const struct vfb_request *req, const struct vfb_named *named, unsigned int more,
		    struct vfb_why *why);

/* pool.c */
void vfb_pool_kick(void);
void vfb_pool_serve(void);
void vfb_pool_recheck(void);
void vfb_pool_stop(void);
unsigned int vfb_pool_waiters(void);
int vfb_pool_try(struct vfb_request *req, struct vfb_why *why);
int vfb_pool_take(struct vfb_request *req, s32 timeout_ms, struct vfb_why *why);
int vfb_pool_timed_out(const struct vfb_request *req, struct vfb_why *why);
int vfb_pool_cancel(u64 id);
unsigned int vfb_take_waiters(void *entries, unsigned int room, struct vfb_pf *only);

#endif /* VFB_MECH_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the objects' floor offers: PFs, VFs, groups, leases, and all that changes the state
 * of one. Its files are the only ones that may call one another in circles.
 */
#ifndef VFB_OBJECTS_H
#define VFB_OBJECTS_H

#include "core.h"

/* How many selectors of requests that wait one user may have. */
#define VFB_MAX_WAITING 128

/* And all users together: each VF that comes free is compared with them. */
#define VFB_MAX_WAITING_ALL 1024

struct vfb_request {
	const struct sriov_broker_selector *sels;
	unsigned int num_sels;
	unsigned int flags; /* SRIOV_BROKER_LEASE_* */
	int numa_node;
	unsigned int count;
	unsigned int taken;		   /* vfb_lock */
	struct sriov_broker_addr stranger; /* vfb_lock; for which a free VF was passed over */
	struct sriov_broker_addr cordoned; /* vfb_lock; the same, a PF */
	bool parked;			   /* vfb_lock; one was passed over whose node is open */
	struct vfb_lease **leases;	   /* @count of them */
	struct vfb_user *user;		   /* the caller's; it is charged to */
	bool exempt;			   /* from the limits of users */

	/* Of named pools. */
	const char *pool;		/* the one to lease from, "": any or none */
	const struct cred *cred;	/* whose rights they look at */
	bool admin;			/* may lease from any */
	const struct vfb_named *denied; /* vfb_lock; VFs of it were passed over: no right */
	const struct vfb_named *full;	/* vfb_lock; the same: no more leases */
	const struct vfb_named *roomy;	/* vfb_lock; has room for one more */

	/* Of one that waits; under vfb_lock. */
	struct list_head node;
	u64 id;
	u64 since_ns;
	int answer; /* 0: none yet, 1: served, or a negative errno */
	struct vfb_why *why;
	wait_queue_head_t wait;
};

/* pf.c */
extern work_func_t vfb_pf_config_fn; /* does the config of each PF */
extern work_func_t vfb_pf_look_fn;   /* looks at the VFs of each after an error */
struct vfb_pf *vfb_pf_lookup(const struct sriov_broker_addr *addr);
bool vfb_param_protect(void);
bool vfb_param_protect_all(void);
struct vfb_pf *vfb_pf_find(const struct sriov_broker_addr *addr, struct vfb_why *why);
int vfb_vf_missing(const struct sriov_broker_addr *addr, struct vfb_why *why);
struct vfb_pf *vfb_pf_of(struct pci_dev *pdev);
struct vfb_pf *vfb_pf_next(struct vfb_pf *pf);
struct vfb_vf *vfb_pf_vf(struct vfb_pf *pf, unsigned int index);
void vfb_pf_put(struct vfb_pf *pf);
struct vfb_pf *vfb_pf_add(struct pci_dev *pdev);
bool vfb_pf_del(struct vfb_pf *pf);
void vfb_pf_unbind(struct vfb_pf *pf);
void vfb_pf_driver(struct vfb_pf *pf, const char *name);
void vfb_pf_update_protection(struct vfb_pf *pf);

/* vf.c */
extern work_func_t vfb_vf_look_fn; /* looks at what each VF's lease finds */
void vfb_vf_add(struct pci_dev *pdev);
bool vfb_vf_del(struct vfb_vf *vf);
void vfb_vf_bound(struct vfb_vf *vf, const char *name, bool managed);
void vfb_vf_unbound(struct vfb_vf *vf);
void vfb_vf_narrow(struct vfb_vf *vf);
void vfb_vf_try_widen(struct vfb_vf *vf);
bool vfb_vf_on_target_driver(const struct vfb_vf *vf);
int vfb_why_fail_vf(struct vfb_why *why, struct vfb_vf *vf);
void vfb_vf_pm_get(struct vfb_vf *vf);
void vfb_vf_pm_put(struct vfb_vf *vf);
struct vfb_vf *vfb_vf_of(struct pci_dev *pdev);
struct vfb_vf *vfb_vf_find(const struct sriov_broker_addr *addr);
struct vfb_vf *vfb_vf_first(void);
struct vfb_vf *vfb_vf_lookup(const struct sriov_broker_addr *addr);
void vfb_vf_put(struct vfb_vf *vf);
void vfb_group_account(struct vfb_group *group);
void vfb_vf_state(struct vfb_vf *vf, enum sriov_broker_vf_state state,
		  enum sriov_broker_fault fault);

/* group.c */
extern work_func_t vfb_group_return_fn;		/* takes each group through the return path */
extern atomic_t vfb_groups_returning;		/* groups on it */
extern work_func_t vfb_group_ask_fn;		/* asks the users of each group to let go */
extern atomic_t vfb_groups_asking;		/* groups that it is at */
extern struct wait_queue_head vfb_group_ask_wq; /* woken when that changes */
struct iommu_group *vfb_iommu_group(struct device *dev);
struct vfb_group *vfb_group_join(struct vfb_vf *vf);
void vfb_group_find(struct vfb_vf *vf);
void vfb_group_learn(struct vfb_vf *vf);
int vfb_group_register(void);
void vfb_group_unregister(void);
void vfb_group_leave(struct vfb_vf *vf);
void vfb_group_put(struct vfb_group *group);
int vfb_group_id(struct vfb_group *group);
bool vfb_is_returning(const struct vfb_vf *vf);
void vfb_group_state(struct vfb_group *group, enum sriov_broker_vf_state state,
		     enum sriov_broker_fault fault);
void vfb_group_return(struct vfb_group *group);
void vfb_group_keep(struct vfb_group *group, enum sriov_broker_fault fault);
void vfb_group_closed(struct vfb_group *group);
void vfb_group_ask(struct vfb_group *group);
void vfb_group_ask_end(struct vfb_group *group);
struct vfb_vf *vfb_group_next(struct vfb_group *group, struct vfb_vf *prev);
bool vfb_group_is_pooled(struct pci_dev *pdev);
bool vfb_group_is_guarded(struct vfb_group *group);
bool vfb_group_is_opened(struct vfb_group *group);
int vfb_group_fence(struct vfb_group *group);
int vfb_group_refence(struct vfb_group *group);
int vfb_group_is_stray(struct vfb_group *group);
void vfb_group_unfence(struct vfb_group *group);
bool vfb_group_stranger(struct vfb_group *group, struct sriov_broker_addr *addr);
bool vfb_group_look(struct vfb_group *group);
bool vfb_group_unbound(struct pci_dev *pdev);
void vfb_group_unfence_for_lease(struct vfb_group *group, struct vfb_lease *lease);
void vfb_group_unfence_if_unused(struct vfb_group *group);
void vfb_group_unfence_if_unpooled(struct vfb_group *group);
void vfb_group_update_protection(struct vfb_group *group);

/* lease.c */
unsigned int vfb_lease_count(void);
unsigned int vfb_lease_num_taken(void);
u64 vfb_lease_id(const struct vfb_lease *lease);
bool vfb_lease_is_over(struct vfb_lease *lease);
void vfb_lease_show(struct sriov_broker_vf *out, struct vfb_lease *lease);
void vfb_why_set_holder(struct vfb_why *why, struct vfb_lease *lease);
void vfb_lease_revoke(struct vfb_lease *lease, u32 cause);
void vfb_lease_disturbed(struct vfb_lease *lease, u32 cause, enum sriov_broker_fault fault);
void vfb_lease_discharge(struct vfb_group *group);
void vfb_lease_back(struct vfb_group *group);
struct vfb_lease *vfb_lease_new(const char *label);
struct vfb_lease *vfb_lease_new_implicit(void);
void vfb_lease_admit(struct vfb_request *req);
int vfb_lease_notice(u64 id, unsigned int grace_ms);
struct vfb_lease *vfb_lease_find(u64 id);
bool vfb_lease_unhold(struct vfb_lease *lease);
void vfb_lease_bury(struct vfb_lease *lease);
void vfb_lease_drop(struct vfb_lease *lease);
void vfb_lease_free_ref(struct vfb_lease *lease);
void vfb_lease_set_pid(struct vfb_lease *lease, struct pid *pid);
void vfb_lease_undo(struct vfb_lease *lease);
void vfb_lease_renew(struct vfb_lease *lease);
void vfb_lease_free(struct vfb_lease *lease);

/* anchor.c */
struct vfb_anchor *vfb_anchor_new(struct file *file);
void vfb_anchor_free(struct vfb_anchor *anchor);
int vfb_anchor_tie(struct vfb_lease *lease, struct vfb_anchor **anchor);
struct vfb_anchor *vfb_anchor_take(struct vfb_lease *lease);
void vfb_anchor_untie(struct vfb_lease *lease);

#endif /* VFB_OBJECTS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The broker's objects, what guards them, and the functions that the files of
 * the module share.
 *
 * Objects
 * -------
 * A PF (struct vfb_pf) lives from the day the module sees the PCI device to the
 * day it is deleted from the bus. It has a slot for every VF the device can have.
 *
 * A VF (struct vfb_vf) lives from BUS_NOTIFY_ADD_DEVICE, within the enabling of
 * VFs, to BUS_NOTIFY_DEL_DEVICE. It is in one state (enum sriov_broker_vf_state):
 *
 *	          BIND, ENABLE           LEASE
 *	   HOST ----------------> FREE ----------> LEASED
 *	    ^  <----------------   ^                  | last close, REVOKE
 *	    |        BIND          | reset checked    v
 *	    |                  RESETTING <-------- DRAINING <--- CLEAR
 *	    |                      |                  |            |
 *	    |   BIND               v                  v            |
 *	    '--------------- QUARANTINED <------------'            |
 *	                           '-------------------------------'
 *
 * or OPEN in place of FREE, on a PF that is enabled open: bound, but not fenced and
 * not leased out. From any of them it can be gone, with its PF or by itself. In FREE
 * the fence of its group is up; in LEASED it is down; RESETTING begins when it is up
 * again. DRAINING means that somebody still has the VF open through vfio, or is about
 * to change its network attributes. Who takes the driver off a FREE VF by hand sends it
 * to QUARANTINED, with the fence up, from where it goes the return path when it is bound
 * again; off an OPEN one, to HOST.
 *
 * A group (struct vfb_group) is an IOMMU group, as far as it has VFs in it, or a
 * single VF that has none. The fence is its DMA ownership, claimed by us: as
 * long as it is, nobody can open its devices through vfio, nor bind a driver
 * that does DMA for the host. VFs are leased by the group.
 *
 * Where the IOMMU tells a VF's group no earlier than when a driver is tried on it
 * (arm64's SMMU, on 6.1 and 6.12), the VF changes its group object once, in the
 * notification of that, under vfb_lock. Till then it was HOST: nothing was claimed for
 * it and nothing leased. A move into the pool begins with trying one that fits nothing
 * (vfb_group_learn), so that the fence is up before the VF is bound; a VF that is without
 * an IOMMU even then is refused, unless its driver gives it to nobody (pci-stub).
 *
 * A lease (struct vfb_lease) lives as long as a file: from the ioctl to the last
 * close. It covers the VFs of one group. When the file goes, the group is sent
 * through the return path (return.c), which ends in FREE or QUARANTINED; the
 * lease itself is no more by then.
 *
 * References: a VF holds its PF and its group; a lease holds its VF; each holds
 * a reference to its PCI device. So none of them is freed under a user; what has
 * left the bus is marked gone.
 *
 * Locks
 * -----
 * In this order, each taken before those beneath it:
 *
 *	pf->op		one operation at a time on a PF (enable, disable, bind)
 *	rescan-remove	the PCI core's; only around sriov_configure
 *	PF's device	only around these, and by trylock only: removal
 *			of devices takes these two in the order above, the PCI
 *			core's own sriov_numvfs the other way round
 *	group->bind	binding the group's VFs, one after another
 *	VF's device	by the driver core and around a reset
 *	group->fence	claiming and releasing of the group's DMA ownership
 *	pf->protect_lock	the mode of the PF's sriov_numvfs attribute, and whether it
 *			may be suspended
 *	rtnl		the network stack's, and under it the interface's: to read and
 *			put back a VF's attributes, and to see whether the host uses its
 *			interface; with none of the above but pf->op, and the PF's device
 *			when its driver goes; a PF driver may take it when it is woken,
 *			under any of them
 *	vfb_lock		all state that the bus notifier touches. The innermost: no
 *			lock of another is taken under it, nothing is waited for
 *	vfb_stats_lock	a spinlock, a leaf: counters
 *
 * The notifier is called by the PCI core with the rescan-remove lock, and often
 * a device's lock, held, also from within our own sriov_configure call. So it
 * takes nothing but group->fence, pf->protect_lock and vfb_lock; on 6.1 also the lock
 * of a VF that is just being added, and rtnl where a PF's driver goes. Nothing waits
 * for a user with any of these locks held: who has a VF open is found out by claiming
 * the fence, which fails at once.
 *
 * vfb_lock is a mutex, so the condition of a wait_event() can't take it: what a
 * sleeper is woken for is read there with READ_ONCE(), and looked at again under the
 * lock once awake.
 */
#ifndef VFB_BROKER_H
#define VFB_BROKER_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pid.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <linux/sriov_broker.h>

#define VFB_NAME  "sriov_broker"
#define VFB_HOST  "host"	      /* the driver the host would choose */
#define VFB_HOLD  "sriov_broker_hold" /* an override that names no driver */
#define VFB_PFDRV "sriov_broker_pf"   /* our driver of PFs that have none */

struct cred;
struct file;
struct iommu_group;
struct vfb_event;
struct vfb_kept;
struct vfb_lease;
struct vfb_net;

/* Whose doing something is, as events name it. */
struct vfb_actor {
	struct pid *pid; /* counted; NULL: none, the kernel did it by itself */
	kuid_t uid;
	char comm[SRIOV_BROKER_COMM_LEN];
};

/* A worker that does something for a task, which is the actor then. */
struct vfb_acting {
	struct list_head node; /* vfb_lock; while it is at it */
	struct task_struct *worker;
	struct vfb_actor actor;
};

/* What a failing operation tells beside its errno; see sriov_broker_why. */
struct vfb_why {
	u32 reason;
	int error;
	struct sriov_broker_addr dev;
	u64 value;
	u64 lease_id;
	struct pid *pid; /* counted */
	kuid_t uid;
	char label[SRIOV_BROKER_NAME_LEN];
	char driver[SRIOV_BROKER_NAME_LEN];
};

/* VFs that another program has taken away, until that has been told. */
struct vfb_loss {
	unsigned int had;     /* how many, 0: nothing to tell */
	bool all;	      /* they were the last that there were */
	struct vfb_actor who; /* its pid is counted here */
	char driver[SRIOV_BROKER_NAME_LEN];
};

/* What is charged to a user; all under vfb_lock. */
struct vfb_user {
	struct hlist_node hash;
	kuid_t uid;
	unsigned int refs;
	unsigned int leases;  /* whose VFs are not back yet */
	unsigned int waiting; /* selectors of requests in the queue */
	unsigned int readers; /* of events */
};

struct vfb_pf {
	struct kref ref;
	struct pci_dev *pdev; /* counted */
	struct sriov_broker_addr addr;
	unsigned int slots; /* TotalVFs of the hardware */
	int sriov_cap;	    /* offset of the capability */
	u16 vf_device;	    /* PCI device id of its VFs; the vendor is its own */

	/* Serializes enable, disable, bind. */
	struct mutex op;
	/*
	 * Both are set under op, and false again when the last VF has left the bus.
	 * ours: the VFs were enabled by us, unloading disables them.
	 * open: what is bound to a driver that leaves DMA to its user is open.
	 */
	bool ours;
	bool open;
	bool stay;    /* op; unloading: VFs in use stay on */
	bool waiting; /* op; the log has said that pfs waits for its driver */
	/* op; pfs has put right what another program did, so often since then. */
	unsigned int amends;
	unsigned long amends_since; /* jiffies */

	/* Does what the pfs parameter asks for this PF. */
	struct delayed_work config;

	/* Guards these two, and the attribute's mode and the PM reference they stand for. */
	struct mutex protect_lock;
	bool protected;
	bool awake;

	/* The rest is under vfb_lock. */
	struct list_head node; /* in vfb_pfs, by address */
	bool gone;	       /* left the bus */
	bool leaving;	       /* its driver goes */
	unsigned int closing;  /* forced DISABLEs under way */
	bool configuring;      /* within our own call of its driver's sriov_configure */
	bool capture;	       /* hold VFs at birth; only within that */
	int capture_err;       /* a VF could not be held */
	struct vfb_kept *kept; /* owned; what its VFs had when its driver went, or NULL */
	unsigned int nr_out;   /* VFs leased, and not yet back */
	unsigned int nr_open;  /* VFs open to all */
	unsigned int nr_pool;  /* VFs that are not the host's */
	struct vfb_loss loss;
	unsigned int nr_reserved; /* VFs about to be leased; 0 outside the lock */
	char driver[SRIOV_BROKER_NAME_LEN];
	unsigned long *free; /* slots that LEASE may take */
	struct vfb_vf **vfs; /* by index, NULL: no such VF */
};

struct vfb_vf {
	struct kref ref;
	struct pci_dev *pdev;	       /* counted */
	struct vfb_pf *pf;	       /* counted */
	struct vfb_group *group;       /* counted; changes once at most, under vfb_lock */
	struct vfb_group *first_group; /* counted; the one before, or NULL */
	struct sriov_broker_addr addr;
	unsigned int index;
	struct work_struct tidy; /* after an unbinding by hand */

	/* The rest is under vfb_lock. */
	struct list_head group_node; /* in group->vfs */
	struct hlist_node hash;	     /* in the table by address */
	enum sriov_broker_vf_state state;
	enum sriov_broker_fault fault;
	bool gone;			    /* left the bus */
	bool counted_out;		    /* in pf->nr_out */
	bool counted_open;		    /* in pf->nr_open */
	bool counted_pool;		    /* in pf->nr_pool */
	bool moving;			    /* an operation has it */
	bool managed;			    /* driver leaves DMA to its user */
	bool awake;			    /* kept from being suspended */
	unsigned int net_holds;		    /* clients about to change attributes */
	struct vfb_net *net;		    /* owned; attributes a lease found, or NULL */
	bool net_asked;			    /* to put these back */
	char driver[SRIOV_BROKER_NAME_LEN]; /* that it is bound to */
	char target[SRIOV_BROKER_NAME_LEN]; /* that it belongs on */
};

struct vfb_group {
	struct kref ref;
	struct iommu_group *iommu; /* counted, may be NULL */

	/* Guards fenced, dead, and the claim that they stand for. */
	struct mutex fence;
	bool fenced;
	bool dead; /* has no VFs left */

	/* Held while one of the VFs is bound: 6.1's vfio warns when two at once make its group. */
	struct mutex bind;

	/* The return path; the rest belongs to the one return that is under way. */
	struct delayed_work ret;
	u64 return_ns;		   /* when it began */
	unsigned long drain_since; /* jiffies */
	unsigned long drain_until;

	/* The rest is under vfb_lock. */
	struct hlist_node hash; /* in the table of groups */
	struct list_head vfs;
	struct vfb_lease *lease; /* that is out; not counted */
	struct vfb_lease *owner; /* counted: that, or the last one, until all VFs are back */
	bool returning;		 /* on the return path */
	bool stray;		 /* in quarantine there, until its user lets go */
};

/* A driver to move VFs to; .drv is NULL for the host's own choice. */
struct vfb_driver {
	char name[SRIOV_BROKER_NAME_LEN];
	struct device_driver *drv; /* its module is counted */
	bool managed;		   /* leaves DMA to its user */
};

extern u64 vfb_instance; /* of this load of the module, not 0 */
extern struct mutex vfb_lock;
extern struct list_head vfb_pfs;	     /* vfb_lock */
extern bool vfb_live;			     /* vfb_lock; between load and unload */
extern struct workqueue_struct *vfb_wq;	     /* work on single VFs */
extern struct workqueue_struct *vfb_op_wq;   /* work on PFs */
extern struct workqueue_struct *vfb_step_wq; /* steps that work on PFs waits for */

/* A set of VFs under way from one driver to another; see move.c. */
struct vfb_moves;
#define VFB_MOVE_FRESH BIT(0) /* just born: no reset, no way back */
#define VFB_MOVE_OURS  BIT(1) /* let VFs be that are the host's */
#define VFB_MOVE_MANAGED \
	BIT(2)		     /* let VFs be whose driver does DMA for the host, or that have none */
#define VFB_MOVE_USED BIT(3) /* also those that the host uses */

/* How an operation on a PF is meant. */
#define VFB_OPEN      BIT(0) /* leave its VFs open to all, out of the pool */
#define VFB_MAY_LOAD  BIT(1) /* the caller may have any module loaded */
#define VFB_FROM_HOST BIT(2) /* take VFs that the host uses */
#define VFB_TAKE_PF   BIT(3) /* a PF without a driver gets ours */
#define VFB_LOAD_PF   BIT(4) /* its own module is asked for first */
#define VFB_KEPT      BIT(5) /* VFs get what they had when the PF's driver went */

/* What the host uses a VF for. */
struct vfb_use {
	u32 reason;			  /* SRIOV_BROKER_WHY_HOST_*, or NONE */
	char name[SRIOV_BROKER_NAME_LEN]; /* of the interface or disk */
};

/* core.c */
int vfb_wq_init(void);
void vfb_wq_exit(void);
struct sriov_broker_addr vfb_addr(struct pci_dev *pdev);
int vfb_addr_cmp(const struct sriov_broker_addr *a, const struct sriov_broker_addr *b);
int vfb_addr_check(const struct sriov_broker_addr *addr, bool wanted);
int vfb_refuse(struct vfb_why *why, int err, u32 reason, const struct sriov_broker_addr *dev);
int vfb_check_instance(u64 instance, struct vfb_why *why);
u32 vfb_uid_nr(kuid_t uid);
int vfb_live_pid_nr(struct pid *pid);
bool vfb_param_locked(void);
bool vfb_name_ok(const char *name);
int vfb_pf_lock(struct vfb_pf *pf);
void vfb_pf_unlock(struct vfb_pf *pf);

/* user.c */
struct vfb_user *vfb_user_get(const struct cred *cred);
void vfb_user_put(struct vfb_user *user);

/* event.c */
int vfb_event_init(void);
void vfb_event_exit(void);
void vfb_event_wake(struct work_struct *work);
void vfb_acting_init(struct vfb_acting *acting);
void vfb_acting_begin(struct vfb_acting *acting);
void vfb_acting_end(struct vfb_acting *acting);
void vfb_actor_now(struct vfb_actor *actor);
u64 vfb_event_seq(void);
void vfb_event_pf(struct vfb_pf *pf, u32 type, u64 old, u64 value);
void vfb_event_replaced(struct vfb_pf *pf, const struct vfb_loss *loss, unsigned int now);
void vfb_event_vf(struct vfb_vf *vf, u32 type, u32 old, const struct vfb_lease *lease, u64 value);
void vfb_event_reset_failed(struct vfb_vf *vf, enum sriov_broker_fault fault);

/* genl.c */
int vfb_genl_register(void);
void vfb_genl_unregister(void);

/* op.c */
void vfb_op_flush(void);

/* pf.c */
extern work_func_t vfb_pf_config_fn; /* does the config of each PF */
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
void vfb_pf_follow(struct vfb_pf *pf);

/* provision.c */
int vfb_pf_enable(struct vfb_pf *pf, unsigned int num, const char *driver, unsigned int flags,
		  struct vfb_why *why);
int vfb_pf_disable(struct vfb_pf *pf, unsigned int flags, struct vfb_why *why);
void vfb_pf_force_begin(struct vfb_pf *pf, unsigned int timeout_ms);
void vfb_pf_force_end(struct vfb_pf *pf);
int vfb_pf_bind(struct vfb_pf *pf, unsigned int first, unsigned int count, const char *driver,
		unsigned int flags, struct vfb_why *why);
void vfb_pf_leave_all(void);

/* pf_config.c */
#define VFB_SETTLE_MS 2000 /* for the driver of a PF that has just appeared */
#define VFB_LOSS_MS   3000 /* for another program to have the VFs that it wants */
void vfb_pf_config_work(struct work_struct *work);
void vfb_pf_config_apply(struct vfb_pf *pf, unsigned int delay_ms);
void vfb_pf_config_start(void);
void vfb_pf_config_stop(void);
bool vfb_pf_config_has(struct vfb_pf *pf);

/* loss.c */
void vfb_loss_note(struct vfb_vf *vf);
void vfb_loss_forget(struct vfb_pf *pf);
bool vfb_loss_tell(struct vfb_pf *pf);

/* orphan.c */
int vfb_orphan_find(struct pci_dev *pf, struct sriov_broker_addr *addr);
void vfb_orphan_clean(void);
void vfb_orphan_wake(struct work_struct *work);
void vfb_orphan_stop(void);

/* pfdrv.c */
static inline bool vfb_pfdrv_is(const char *name)
{
	return !strcmp(name, VFB_PFDRV);
}

int vfb_pfdrv_register(void);
void vfb_pfdrv_unregister(void);
void vfb_pfdrv_load(struct vfb_pf *pf);
int vfb_pfdrv_take(struct vfb_pf *pf);
void vfb_pfdrv_drop(struct vfb_pf *pf, bool probe);

/* vf.c */
void vfb_vf_add(struct pci_dev *pdev);
bool vfb_vf_del(struct vfb_vf *vf);
void vfb_vf_bound(struct vfb_vf *vf, const char *name, bool managed);
void vfb_vf_unbound(struct vfb_vf *vf);
bool vfb_vf_is_whole(const struct vfb_vf *vf);
int vfb_refuse_vf(struct vfb_why *why, struct vfb_vf *vf);
void vfb_vf_wake(struct vfb_vf *vf);
void vfb_vf_doze(struct vfb_vf *vf);
struct vfb_vf *vfb_vf_of(struct pci_dev *pdev);
struct vfb_vf *vfb_vf_find(const struct sriov_broker_addr *addr);
struct vfb_vf *vfb_vf_first(void);
struct vfb_vf *vfb_vf_lookup(const struct sriov_broker_addr *addr);
void vfb_vf_put(struct vfb_vf *vf);
void vfb_group_account(struct vfb_group *group);
void vfb_vf_state(struct vfb_vf *vf, enum sriov_broker_vf_state state,
		  enum sriov_broker_fault fault);

/* group.c */
extern work_func_t vfb_group_return_fn; /* takes each group through the return path */
extern atomic_t vfb_groups_returning;	/* groups on it */
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
struct vfb_vf *vfb_group_next(struct vfb_group *group, struct vfb_vf *prev);
bool vfb_group_is_pooled(struct pci_dev *pdev);
int vfb_group_fence(struct vfb_group *group);
int vfb_group_refence(struct vfb_group *group);
int vfb_group_is_stray(struct vfb_group *group);
void vfb_group_unfence(struct vfb_group *group);
int vfb_group_lend(struct vfb_group *group, struct vfb_lease *lease, struct vfb_why *why);
void vfb_group_abandon(struct vfb_group *group);
void vfb_group_relax(struct vfb_group *group);
void vfb_group_follow(struct vfb_group *group);

/* driver.c */
void vfb_param_driver(char *name);
int vfb_driver_get(struct vfb_driver *d, const char *name, bool may_load);
void vfb_driver_put(struct vfb_driver *d);
bool vfb_driver_wants_iommu(const struct vfb_driver *d);
void vfb_release(struct vfb_vf *vf);
int vfb_attach(struct vfb_vf *vf, const struct vfb_driver *to);

/* move.c */
int vfb_move_vfs(struct vfb_pf *pf, unsigned int first, unsigned int count,
		 const struct vfb_driver *to, unsigned int flags, struct vfb_why *why);
struct vfb_moves *vfb_strip_vfs(struct vfb_pf *pf, unsigned int flags, struct vfb_why *why);
void vfb_unstrip_vfs(struct vfb_moves *all);
void vfb_stripped_free(struct vfb_moves *all);

/* hosts.c */
void vfb_host_use(struct vfb_vf *vf, struct vfb_use *use);
bool vfb_is_vfios(struct pci_dev *pdev);

/* notify.c */
int vfb_notify_start(void);
void vfb_notify_stop(void);

/* lease.c */
unsigned int vfb_lease_count(void);
unsigned int vfb_lease_num_taken(void);
u64 vfb_lease_id(const struct vfb_lease *lease);
bool vfb_lease_is_over(struct vfb_lease *lease);
void vfb_lease_show(struct sriov_broker_vf *out, struct vfb_lease *lease);
void vfb_lease_blame(struct vfb_why *why, struct vfb_lease *lease);
void vfb_lease_revoke(struct vfb_lease *lease, u32 cause);
void vfb_lease_back(struct vfb_group *group);

/* pool.c */
void vfb_pool_kick(void);
void vfb_pool_serve(void);
unsigned int vfb_pool_waiters(void);

/* vfio.c */
bool vfb_vfio_node_is_open(struct pci_dev *pdev);
bool vfb_vfio_is_open(struct vfb_group *group);

/* return.c */
void vfb_return_work(struct work_struct *work);
void vfb_return_flush(void);
void vfb_return_wake(void);
void vfb_return_wait(struct vfb_pf *pf, unsigned int timeout_ms);

/* reset.c */
int vfb_reset(struct vfb_vf *vf, enum sriov_broker_fault *fault);
int vfb_reset_leased(struct vfb_vf *vf, struct vfb_lease *lease);

#endif /* VFB_BROKER_H */

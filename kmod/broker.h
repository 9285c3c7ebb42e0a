/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The broker's objects, what guards them, and the functions that the files of
 * the module share.
 *
 * Objects
 * -------
 * A PF (struct sb_pf) lives from the day the module sees the PCI device to the
 * day it is deleted from the bus. It has a slot for every VF the device can have.
 *
 * A VF (struct sb_vf) lives from BUS_NOTIFY_ADD_DEVICE, within the enabling of
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
 * to QUARANTINED, with the fence up; off an OPEN one, to HOST.
 *
 * A group (struct sb_group) is an IOMMU group, as far as it has VFs in it, or a
 * single VF that has none. The fence is its DMA ownership, claimed by us: as
 * long as it is, nobody can open its devices through vfio, nor bind a driver
 * that does DMA for the host. VFs are leased by the group.
 *
 * A lease (struct sb_lease) lives as long as a file: from the ioctl to the last
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
 *	pf->op		one operation at a time on a PF (enable, disable, bind, VF BARs)
 *	rescan-remove	the PCI core's; only around sriov_configure, and the setting of
 *			a VF BAR's size
 *	PF's device	only around these, and by trylock only: removal
 *			of devices takes these two in the order above, the PCI
 *			core's own sriov_numvfs the other way round
 *	group->bind	binding the group's VFs, one after another
 *	VF's device	by the driver core and around a reset
 *	group->fence	claiming and releasing of the group's DMA ownership
 *	pf->protect_lock	the mode of the PF's sriov_numvfs attribute, and whether it
 *			may be suspended
 *	rtnl		the network stack's, and under it the interface's: to read and
 *			put back a VF's attributes, with none of the above; a PF driver
 *			may take it when it is woken, under any of them
 *	sb_lock		a spinlock: all state that the bus notifier touches.
 *			Nothing is called under it that may sleep.
 *	sb_stats_lock	a leaf: counters
 *
 * The notifier is called by the PCI core with the rescan-remove lock, and often
 * a device's lock, held, also from within our own sriov_configure call. So it
 * takes nothing but group->fence, pf->protect_lock and sb_lock; on 6.1 also the lock
 * of a VF that is just being added. Nothing waits for a user with any of these locks
 * held: who has a VF open is found out by claiming the fence, which fails at once.
 */
#ifndef SB_BROKER_H
#define SB_BROKER_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pid.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <linux/sriov_broker.h>

#define SB_NAME "sriov_broker"
#define SB_HOST "host"		    /* the driver the host would choose */
#define SB_HOLD "sriov_broker_hold" /* an override that names no driver */

struct file;
struct sb_lease;
struct sb_net;

/* What a failing operation tells beside its errno; see sriov_broker_why. */
struct sb_why {
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

struct sb_pf {
	struct kref ref;
	struct pci_dev *pdev; /* counted */
	struct sriov_broker_addr addr;
	unsigned int slots; /* TotalVFs of the hardware */
	int sriov_cap;	    /* offset of the capability */
	u16 vf_device;	    /* PCI device id of its VFs; the vendor is its own */

	/* Serializes enable, disable, bind, and the size of VF BARs. */
	struct mutex op;
	/*
	 * Both are set under op, and false again when the last VF has left the bus.
	 * ours: the VFs were enabled by us, unloading disables them.
	 * open: what is bound to a driver that leaves DMA to its user is open.
	 */
	bool ours;
	bool open;

	/* Does what the pfs parameter asks for this PF. */
	struct delayed_work wish;

	/* Guards these two, and the attribute's mode and the PM reference they stand for. */
	struct mutex protect_lock;
	bool protected;
	bool awake;

	/* The rest is under sb_lock. */
	struct list_head node;	  /* in sb_pfs, by address */
	bool gone;		  /* left the bus */
	bool leaving;		  /* its driver goes */
	unsigned int closing;	  /* forced DISABLEs under way */
	bool capture;		  /* hold VFs at birth */
	int capture_err;	  /* a VF could not be held */
	unsigned int nr_out;	  /* VFs leased, and not yet back */
	unsigned int nr_open;	  /* VFs open to all */
	unsigned int nr_reserved; /* VFs about to be leased; 0 outside the lock */
	char driver[SRIOV_BROKER_NAME_LEN];
	unsigned long *free; /* slots that LEASE may take */
	struct sb_vf **vfs;  /* by index, NULL: no such VF */
};

struct sb_vf {
	struct kref ref;
	struct pci_dev *pdev;	/* counted */
	struct sb_pf *pf;	/* counted */
	struct sb_group *group; /* counted */
	struct sriov_broker_addr addr;
	unsigned int index;
	struct work_struct tidy;     /* after an unbinding by hand */
	struct work_struct net_look; /* remembers attributes for a lease */

	/* The rest is under sb_lock. */
	struct list_head group_node; /* in group->vfs */
	struct hlist_node hash;	     /* in the table by address */
	enum sriov_broker_vf_state state;
	enum sriov_broker_fault fault;
	bool gone;			    /* left the bus */
	bool counted_out;		    /* in pf->nr_out */
	bool counted_open;		    /* in pf->nr_open */
	bool moving;			    /* an operation has it */
	bool managed;			    /* driver leaves DMA to its user */
	bool awake;			    /* kept from being suspended */
	u64 spoken_for;			    /* the round of the pool in which it was */
	unsigned int net_holds;		    /* clients about to change attributes */
	struct sb_net *net;		    /* owned; attributes a lease found, or NULL */
	bool net_asked;			    /* to put these back */
	char driver[SRIOV_BROKER_NAME_LEN]; /* that it is bound to */
	char target[SRIOV_BROKER_NAME_LEN]; /* that it belongs on */
};

struct sb_group {
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

	/* The rest is under sb_lock. */
	struct hlist_node hash; /* in the table of groups */
	struct list_head vfs;
	struct sb_lease *lease; /* not counted */
};

/* A driver to move VFs to; .drv is NULL for the host's own choice. */
struct sb_driver {
	char name[SRIOV_BROKER_NAME_LEN];
	struct device_driver *drv; /* its module is counted */
	bool managed;		   /* leaves DMA to its user */
};

extern spinlock_t sb_lock;
extern struct list_head sb_pfs;		  /* sb_lock */
extern struct workqueue_struct *sb_wq;	  /* work on single VFs */
extern struct workqueue_struct *sb_op_wq; /* work on PFs, which waits for that */

/* A set of VFs under way from one driver to another; see move.c. */
struct sb_moves;
#define SB_MOVE_FRESH BIT(0) /* just born: no reset, no way back */
#define SB_MOVE_OURS  BIT(1) /* let VFs be that are the host's */

/* params.c */
void sb_param_driver(char *name);
unsigned long sb_param_drain(void);
bool sb_param_protect(void);
bool sb_param_keep(void);
unsigned int sb_param_max_leases(void);
unsigned int sb_param_max_leases_per_user(void);
bool sb_name_ok(const char *name);

/* ioctl.c */
int sb_refuse(struct sb_why *why, int err, u32 reason, const struct sriov_broker_addr *dev);
int sb_refuse_vf(struct sb_why *why, struct sb_vf *vf);

/* event.c */
int sb_event_init(void);
void sb_event_exit(void);
void sb_event(struct sriov_broker_event *event);
u64 sb_event_seq(void);
void sb_event_pf(struct sb_pf *pf, u32 type, u64 value);
void sb_event_vf(struct sb_vf *vf, u32 type, u32 old, u64 lease_id, u64 value);
void sb_event_reset_failed(struct sb_vf *vf, enum sriov_broker_fault fault);

/* genl.c */
int sb_genl_register(void);
void sb_genl_unregister(void);

/* op.c */
int sb_op_init(void);
void sb_op_exit(void);

/* pf.c */
struct sriov_broker_addr sb_addr(struct pci_dev *pdev);
int sb_addr_cmp(const struct sriov_broker_addr *a, const struct sriov_broker_addr *b);
struct sb_pf *sb_pf_find(const struct sriov_broker_addr *addr, struct sb_why *why);
int sb_vf_missing(const struct sriov_broker_addr *addr, struct sb_why *why);
struct sb_pf *sb_pf_of(struct pci_dev *pdev);
struct sb_pf *sb_pf_next(struct sb_pf *pf);
struct sb_vf *sb_pf_vf(struct sb_pf *pf, unsigned int index);
void sb_pf_put(struct sb_pf *pf);
void sb_pf_add(struct pci_dev *pdev);
void sb_pf_del(struct pci_dev *pdev);
void sb_pf_unbind(struct pci_dev *pdev);
void sb_pf_driver(struct pci_dev *pdev, const char *name);
void sb_pf_follow(struct sb_pf *pf);

/* provision.c */
int sb_pf_lock(struct sb_pf *pf);
void sb_pf_unlock(struct sb_pf *pf);
int sb_pf_enable(struct sb_pf *pf, unsigned int num, const char *driver, bool open, bool may_load,
		 struct sb_why *why);
int sb_pf_disable(struct sb_pf *pf, struct sb_why *why);
void sb_pf_force_begin(struct sb_pf *pf, unsigned int timeout_ms);
void sb_pf_force_end(struct sb_pf *pf);
int sb_pf_bind(struct sb_pf *pf, unsigned int first, unsigned int count, const char *driver,
	       bool may_load, struct sb_why *why);
void sb_pf_leave_all(void);

/* bar.c */
struct sb_vf_bar {
	u64 sizes;	      /* that it can have, bit n: 2^(20 + n) bytes */
	u64 bytes;	      /* that it has */
	unsigned int num_vfs; /* that there is memory for */
};

int sb_pf_vf_bar(struct sb_pf *pf, unsigned int bar, u64 bytes, struct sb_vf_bar *now,
		 struct sb_why *why);
unsigned int sb_pf_bar_room(struct sb_pf *pf);

/* wish.c */
#define SB_SETTLE_MS 2000 /* for the driver of a PF that has just appeared */
void sb_wish_init(struct sb_pf *pf);
void sb_wish_apply(struct sb_pf *pf, unsigned int delay_ms);
void sb_wish_all(unsigned int settle_ms);
void sb_wish_start(void);
void sb_wish_stop(void);

/* orphan.c */
int sb_orphan_find(struct pci_dev *pf, struct sriov_broker_addr *addr);
void sb_orphan_clean(void);
void sb_orphan_stop(void);

/* pfdrv.c */
bool sb_pfdrv_is(const char *name);
int sb_pfdrv_register(void);
void sb_pfdrv_unregister(void);
int sb_pfdrv_take(struct sb_pf *pf);
void sb_pfdrv_drop(struct sb_pf *pf);

/* vf.c */
void sb_vf_add(struct pci_dev *pdev);
void sb_vf_del(struct pci_dev *pdev);
void sb_vf_bound(struct pci_dev *pdev, const char *name, bool managed);
void sb_vf_unbound(struct pci_dev *pdev);
bool sb_vf_is_whole(const struct sb_vf *vf);
void sb_vf_wake(struct sb_vf *vf);
void sb_vf_doze(struct sb_vf *vf);
struct sb_vf *sb_vf_find(const struct sriov_broker_addr *addr);
struct sb_vf *sb_vf_first(void);
struct sb_vf *sb_vf_lookup(const struct sriov_broker_addr *addr);
void sb_vf_put(struct sb_vf *vf);
void sb_vf_state(struct sb_vf *vf, enum sriov_broker_vf_state state, enum sriov_broker_fault fault);

/* group.c */
struct sb_group *sb_group_join(struct sb_vf *vf);
void sb_group_leave(struct sb_vf *vf);
void sb_group_put(struct sb_group *group);
int sb_group_id(struct sb_group *group);
struct sb_vf *sb_group_next(struct sb_group *group, struct sb_vf *prev);
int sb_group_fence(struct sb_group *group);
void sb_group_unfence(struct sb_group *group);
void sb_group_lend(struct sb_group *group, struct sb_lease *lease);
void sb_group_abandon(struct sb_group *group);
void sb_group_relax(struct sb_group *group);
void sb_group_follow(struct sb_group *group);

/* driver.c */
int sb_driver_get(struct sb_driver *d, const char *name, bool may_load);
void sb_driver_put(struct sb_driver *d);
void sb_release(struct sb_vf *vf);
int sb_attach(struct sb_vf *vf, const struct sb_driver *to);

/* move.c */
int sb_move_vfs(struct sb_pf *pf, unsigned int first, unsigned int count,
		const struct sb_driver *to, unsigned int flags, struct sb_why *why);
struct sb_moves *sb_strip_vfs(struct sb_pf *pf, struct sb_why *why);
void sb_unstrip_vfs(struct sb_moves *all);
void sb_stripped_free(struct sb_moves *all);

/* notify.c */
int sb_notify_start(void);
void sb_notify_stop(void);

/* lease.c */
unsigned int sb_lease_count(void);
u64 sb_lease_id(const struct sb_lease *lease);
bool sb_lease_is_over(struct sb_lease *lease);
void sb_lease_show(struct sriov_broker_vf *out, struct sb_lease *lease);
void sb_lease_blame(struct sb_why *why, struct sb_lease *lease);
void sb_lease_revoke(struct sb_lease *lease, u32 cause);

/* pool.c */
void sb_pool_kick(void);
unsigned int sb_pool_waiters(void);

/* vfio.c */
bool sb_vfio_node_is_open(struct pci_dev *pdev);
bool sb_vfio_is_open(struct sb_group *group);

/* return.c */
void sb_return_init(struct sb_group *group);
void sb_return_start(struct sb_group *group);
void sb_return_flush(void);
void sb_return_wait(struct sb_pf *pf, unsigned int timeout_ms);

/* reset.c */
enum sriov_broker_fault sb_reset(struct sb_vf *vf);
int sb_reset_leased(struct sb_vf *vf, struct sb_lease *lease);

#endif /* SB_BROKER_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The broker's objects, what guards them, and which file may call which; and what the two lowest
 * floors offer.
 *
 * Floors
 * ------
 * Each file stands on a floor. Calls go down, or to a file of the same floor, and never up.
 * What is above learns of a thing by what is returned to it, by a work item whose function
 * it has given, or by an event. The files of a floor do not call one another in circles, but
 * for the objects', which know one another and keep all state, under one lock.
 *
 *	7 ear and door	notify aer main vfio_guard
 *	6 faces		ioctl op request named_set lease_fd net_hold list genl pf_config guard
 *	5 flows		provision move return ask orphan pfdrv errors
 *	4 one VF	reset vfio net kept permit pool
 *	3 objects	pf vf group lease anchor
 *	2 ledger	event stats user named loss
 *	1 ground	core driver hosts text trace
 *
 * What a floor offers stands in its header: core.h (1 and 2), objects.h, mech.h (4), flow.h,
 * face.h (6 and 7). A file includes that of its own floor, which includes those beneath.
 * "make lint" reads this table, and the symbols of what was built: selftests/vm/floors.
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
 * again. DRAINING means that a user still has the VF open through vfio, or is about to
 * change its network attributes. A FREE VF whose driver is taken off by hand goes to
 * QUARANTINED, with the fence up, and from there the return path when it is bound again;
 * an OPEN one goes to HOST. A FREE VF that an error or a reset of its PF may have disturbed
 * goes the return path as well, but for an error that is not fatal, after which it answers.
 *
 * A group (struct vfb_group) is an IOMMU group, as far as it has VFs in it, or a
 * single VF that has none. The fence is its DMA ownership, claimed by us: as
 * long as it is, its devices can neither be opened through vfio nor bound to a driver
 * that does DMA for the host. VFs are leased by the group.
 *
 * A guarded VF, on our own driver of vfio, has no fence in any state: a program that opens
 * it leases it by that (guard.c), so the driver does what the fence does elsewhere, and
 * knows whether it is open. A group is guarded as a whole, or is not. One that LEASE finds
 * with vfio's node open, and no device, stays FREE for the program that has the node; LEASE
 * passes it over for a second.
 *
 * Where the IOMMU tells a VF's group no earlier than when a driver is tried on it
 * (arm64's SMMU, on 6.1 and 6.12), the VF changes its group object once, in the
 * notification of that, under vfb_lock. Till then it was HOST: nothing was claimed for
 * it and nothing leased. A move into the pool begins with trying one that fits nothing
 * (vfb_group_learn), so that the fence is up before the VF is bound; a VF that is without
 * an IOMMU even then is refused, unless its driver gives it to no user (pci-stub).
 *
 * A lease (struct vfb_lease) lives as long as a file: from the ioctl to the last
 * close; an anchored one, until its anchor has ended as well; an implicit one, from the
 * open of a guarded VF to its last close. It covers the VFs of one group. When it ends, the
 * group is sent
 * through the return path (return.c), which ends in FREE or QUARANTINED; the
 * lease itself is no more by then.
 *
 * A named pool (struct vfb_named) lives from POOL_SET to the next one of its name. It knows
 * VFs by PF's address and index alone; each PF has in an array what pools its slots are in.
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
 *	vfb_aer_lock	a raw spinlock, a leaf, in any context: errors that are to be told
 *
 * The notifier is called by the PCI core with the rescan-remove lock, and often
 * a device's lock, held, also from within our own sriov_configure call. So it
 * takes nothing but group->fence, pf->protect_lock and vfb_lock; on 6.1 also the lock
 * of a VF that is just being added, and rtnl where a PF's driver goes. Nothing waits
 * for a user with any of these locks held: whether a VF is open is found out by claiming
 * its fence, which fails at once.
 *
 * vfb_lock is a mutex, so the condition of a wait_event() can't take it: what a
 * sleeper is woken for is read there with READ_ONCE(), and looked at again under the
 * lock once awake.
 */
#ifndef VFB_CORE_H
#define VFB_CORE_H

#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/ratelimit.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <linux/sriov_broker.h>

#define VFB_NAME	  "sriov_broker"
#define VFB_HOST	  "host"	      /* the driver the host would choose */
#define VFB_OVERRIDE_NONE "sriov_broker_hold" /* an override that names no driver */
#define VFB_PFDRV	  "sriov_broker_pf"   /* our driver of PFs that have none */
#define VFB_GUARD	  "sriov_broker_vfio" /* our driver of guarded VFs, a module of that name */

#define VFB_ADDR_LEN 18 /* room for ffffffff:00:00.0 */

struct cred;
struct iommu_group;
struct vfb_kept;
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
	char cgroup[SRIOV_BROKER_CGROUP_LEN];
};

/* VFs that another program has taken away, until that has been told. */
struct vfb_loss {
	unsigned int had;    /* how many, 0: nothing to tell */
	bool all;	     /* they were the last that there were */
	struct vfb_actor by; /* its pid is counted here */
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

/* A named pool. All but its references stays as it was made. */
struct vfb_named {
	struct kref ref;
	struct list_head node; /* vfb_lock; by name */
	char name[SRIOV_BROKER_NAME_LEN];
	bool anyone;		 /* may lease from it */
	unsigned int max_leases; /* 0: no limit, as of the next */
	unsigned int max_leases_per_user;
	unsigned int num_uids;
	unsigned int num_gids;
	kuid_t *uids; /* behind the members, in the same memory; and groups behind these */
	kgid_t *gids;
	unsigned int num_members;
	struct sriov_broker_pool_member members[];
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
	 * restore: guarded VFs get their network attributes back on the return path.
	 */
	bool ours;
	bool open;
	bool restore;
	bool stay;		   /* op; unloading: VFs in use stay on */
	bool waiting;		   /* op; the log has said that pfs waits for its driver */
	bool config_due;	   /* vfb_lock; what pfs says is to be done, not only tried again */
	unsigned int config_tries; /* op; of what pfs says, while another was in the way */
	/* op; pfs has put right what another program did, so often since then. */
	unsigned int amends;
	unsigned long amends_since; /* jiffies */

	/* Does what the pfs parameter asks for this PF. */
	struct delayed_work config;

	/* Looks at its VFs after an error. */
	struct delayed_work look;

	/* Guards these two, and the attribute's mode and the PM reference they stand for. */
	struct mutex protect_lock;
	bool protected;
	bool awake;

	/* The rest is under vfb_lock. */
	struct list_head node; /* in vfb_pfs, by address */
	bool gone;	       /* left the bus */
	bool leaving;	       /* its driver goes */
	bool cordoned;	       /* nothing new is leased from it */
	unsigned int closing;  /* forced DISABLEs under way */
	bool configuring;      /* our own call of its sriov_configure: VFs are captured */
	int capture_err;       /* a VF could not be captured */
	struct vfb_kept *kept; /* owned; what its VFs had when its driver went, or NULL */
	unsigned int nr_out;   /* VFs leased, and not yet back */
	unsigned int nr_open;  /* VFs open to all */
	unsigned int nr_pool;  /* VFs that are not the host's */
	struct vfb_loss loss;
	unsigned long look_until; /* jiffies; VFs are looked at after an error */
	unsigned int nr_reserved; /* VFs about to be leased; 0 outside the lock */
	char driver[SRIOV_BROKER_NAME_LEN];
	unsigned long *free;	  /* slots that LEASE may take */
	struct vfb_vf **vfs;	  /* by index, NULL: no such VF */
	struct vfb_named **named; /* by index: the pool that the VF is in, or NULL */
};

struct vfb_vf {
	struct kref ref;
	struct pci_dev *pdev;	       /* counted */
	struct vfb_pf *pf;	       /* counted */
	struct vfb_group *group;       /* counted; changes once at most, under vfb_lock */
	struct vfb_group *first_group; /* counted; the one before, or NULL */
	struct sriov_broker_addr addr;
	unsigned int index;
	struct work_struct tidy;	 /* after an unbinding by hand */
	struct work_struct look;	 /* at the network attributes that its lease finds */
	struct ratelimit_state refusals; /* to open it, that are told of */

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
	bool opened;			    /* through sriov_broker_vfio */
	bool managed;			    /* driver leaves DMA to its user */
	bool awake;			    /* kept from being suspended */
	u32 trouble;			    /* SRIOV_BROKER_LEASE_CAUSE_*: is looked at for it */
	unsigned int troubles;		    /* so often that was set */
	bool hurt;			    /* by more than a lost transaction: to be reset */
	u8 resets[PCI_NUM_RESET_METHODS];   /* what vfb_vf_narrow() has taken from; device lock */
	enum sriov_broker_fault seen;	    /* so, while it is leased, and that was told */
	unsigned int net_holds;		    /* clients about to change attributes */
	struct vfb_net *net;		    /* owned; attributes a lease found, or NULL */
	bool net_asked;			    /* to put these back */
	struct vfb_net *net_pool;	    /* owned; those to put back on each return, or NULL */
	bool net_noted;			    /* pf->op; by the operation that has moved it */
	struct vfb_actor unbound_by;	    /* took its driver off while it was free */
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
	bool clean; /* but for its network attributes */

	/* Its user is asked to let go; the rest belongs to the one asking that is under way. */
	struct delayed_work ask;
	unsigned int asks;	/* so far */
	unsigned long ask_next; /* jiffies */
	bool ask_open;		/* it was open when it was looked at last */

	/* The rest is under vfb_lock. */
	struct hlist_node hash; /* in the table of groups */
	struct list_head vfs;
	struct vfb_lease *lease;       /* that is out; not counted */
	struct vfb_lease *owner;       /* counted: that, or the last one, until all VFs are back */
	struct vfb_lease *implicit;    /* owned: begun by an open, until the last close; or NULL */
	bool returning;		       /* on the return path */
	enum sriov_broker_fault stray; /* in quarantine there for that, until its user lets go */
	bool strange;		       /* a user of it would have @stranger as well */
	struct sriov_broker_addr stranger;
	u64 parked_until; /* jiffies: LEASE passes it over, for a program has its node open */
};

/* Something that the holder has not read yet. */
struct vfb_lease_news {
	u32 type; /* enum sriov_broker_lease_event_type, 0: nothing */
	u32 cause;
	u32 fault;
	u64 deadline_ns;
	struct vfb_actor by;
};

struct vfb_anchor;

struct vfb_lease {
	u64 id;
	kuid_t uid;		   /* of the task that asked, as it is shown */
	struct vfb_vf *vf;	   /* counted; first of the group */
	struct module *owner;	   /* of the VF's driver, counted */
	wait_queue_head_t wait;	   /* woken by events */
	struct delayed_work grace; /* ends it when the grace has passed */

	/* While its VFs are taken, but not published yet. */
	struct work_struct probe;
	bool found_open;    /* another one has a VF open */
	bool used;	    /* a guarded VF was opened under it */
	bool found_strange; /* its user would have another device as well */

	/* The rest is under vfb_lock. */
	unsigned int refs;
	unsigned int holds;	   /* its file, an open, its anchor: the last one ends it */
	struct vfb_anchor *anchor; /* counted, or NULL */
	struct vfb_user *user;	   /* counted; NULL before it begins */
	bool charged;		   /* to that, and to all */
	struct list_head node;	   /* in the list of leases */
	bool resetting;		   /* by its holder */
	bool revoked;		   /* no longer the holder's */
	bool implicit;		   /* begun by an open; it has no file */
	bool published;		   /* has its file */
	u64 deadline_ns;	   /* of the grace, 0: none given */
	struct pid *pid;	   /* counted */
	char label[SRIOV_BROKER_NAME_LEN];
	char cgroup[SRIOV_BROKER_CGROUP_LEN]; /* of the process, when it was asked for */
	struct vfb_lease_news disturbed;
	struct vfb_lease_news revoking;
	struct vfb_lease_news over;
};

/* How many events are remembered: so many a reader may be behind. */
#define VFB_EVENTS 512

/* How many readers one user may have. */
#define VFB_MAX_READERS 64

/* An event; what depends on its reader is not in @out yet. */
struct vfb_event {
	struct sriov_broker_event out;
	struct vfb_actor by;
	struct pid *lease_pid; /* counted; the lease's, or NULL */
	kuid_t lease_uid;
};

/* PCIe errors of one device, of the same severity. */
struct vfb_error {
	struct sriov_broker_addr dev;
	u32 severity; /* enum sriov_broker_severity */
	u32 status;   /* bits of the AER status register */
	u64 count;
};

/* An open /dev/sriov_broker. */
struct vfb_client {
	struct vfb_user *user; /* counted: its opener */
	/* The rest is under vfb_lock. */
	struct list_head holds; /* struct vfb_hold, see net_hold.c */
	u64 next;		/* event to read next, 0: none was asked for yet */
};

/* What read() gives: records of one descriptor, the file's private_data. */
struct vfb_records {
	size_t size;				 /* of one */
	void *record;				 /* room for it */
	wait_queue_head_t *wait;		 /* woken by news */
	int (*next)(void *source, void *record); /* 1; 0: the end; or -EAGAIN: none yet */
	bool (*has_news)(void *source);		 /* is there one, or the end; without a lock */
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
extern struct workqueue_struct *vfb_net_wq;  /* looks at network attributes, one by one */
extern struct workqueue_struct *vfb_put_wq;  /* what is waited for, and waits for rtnl */

/* What the host uses a VF for. */
struct vfb_use {
	u32 reason;			  /* SRIOV_BROKER_WHY_HOST_*, or NONE */
	char name[SRIOV_BROKER_NAME_LEN]; /* of the interface or disk */
};

/* core.c */
int vfb_wq_init(void);
void vfb_wq_exit(void);
struct sriov_broker_addr vfb_addr(struct pci_dev *pdev);
char *vfb_addr_str(char *str, const struct sriov_broker_addr *addr);
int vfb_addr_cmp(const struct sriov_broker_addr *a, const struct sriov_broker_addr *b);
int vfb_addr_check(const struct sriov_broker_addr *addr, bool wanted);
int vfb_why_fail(struct vfb_why *why, int err, u32 reason, const struct sriov_broker_addr *dev);
void vfb_why_clear(struct vfb_why *why);
int vfb_errno_of(int err);
const char *vfb_why_words(const struct vfb_why *why);
int vfb_check_instance(u64 instance, struct vfb_why *why);
u32 vfb_uid_nr(kuid_t uid);
int vfb_live_pid_nr(struct pid *pid);
bool vfb_param_locked(void);
bool vfb_name_ok(const char *name);
ssize_t vfb_read_records(struct file *file, char __user *to, size_t size,
			 const struct vfb_records *from);
int vfb_pf_lock(struct vfb_pf *pf);
void vfb_pf_unlock(struct vfb_pf *pf);

/* Is this our PF driver? @name is a driver's. */
static inline bool vfb_pfdrv_is(const char *name)
{
	return !strcmp(name, VFB_PFDRV);
}

/* Is this the driver that asks before it opens a VF? @name is a driver's. */
static inline bool vfb_guards(const char *name)
{
	return !strcmp(name, VFB_GUARD);
}

/* Is a VF on that? Under vfb_lock. */
static inline bool vfb_vf_is_guarded(const struct vfb_vf *vf)
{
	return vfb_guards(vf->driver);
}

/* Of what kind a lease is: SRIOV_BROKER_VF_FLAG_*. Under vfb_lock. */
static inline u32 vfb_lease_flags(const struct vfb_lease *lease)
{
	return (lease->implicit ? SRIOV_BROKER_VF_FLAG_IMPLICIT : 0) |
	       (lease->anchor ? SRIOV_BROKER_VF_FLAG_ANCHORED : 0);
}

/* driver.c */
void vfb_param_driver(char *name);
int vfb_driver_get(struct vfb_driver *d, const char *name, bool may_load);
void vfb_driver_put(struct vfb_driver *d);
bool vfb_driver_wants_iommu(const struct vfb_driver *d);
void vfb_release(struct vfb_vf *vf);
int vfb_attach(struct vfb_vf *vf, const struct vfb_driver *to);

/* hosts.c */
void vfb_host_use(struct vfb_vf *vf, struct vfb_use *use);
bool vfb_is_vfios(struct pci_dev *pdev);

/* text.c */
bool vfb_label_ok(const char *label);
void vfb_text_clean(char *text);
void vfb_comm(char *name);

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
void vfb_event_error(struct vfb_pf *pf, struct vfb_vf *vf, const struct vfb_error *error);
void vfb_event_disturbed(struct vfb_vf *vf, enum sriov_broker_fault fault, u32 cause);
int vfb_client_init(struct vfb_client *client, const struct cred *opener);
void vfb_client_exit(struct vfb_client *client);
ssize_t vfb_client_read(struct file *file, char __user *to, size_t size, loff_t *pos);
__poll_t vfb_client_poll(struct file *file, poll_table *pt);
bool vfb_event_after(u64 *last, struct vfb_event *event);
void vfb_event_put(struct vfb_event *event);
unsigned int vfb_event_recall(struct sriov_broker_event *events,
			      const struct sriov_broker_addr *dev);

/* stats.c */
void vfb_stats_record(enum sriov_broker_stat_kind kind, struct pci_dev *pdev, unsigned int num,
		      int result, u64 ns);
struct sriov_broker_stat *vfb_stats_picture(void);

/* user.c */
struct vfb_user *vfb_user_get(const struct cred *cred);
void vfb_user_put(struct vfb_user *user);

/* named.c */
struct vfb_named *vfb_named_new(const char *name, unsigned int num_members, unsigned int num_uids,
				unsigned int num_gids);
void vfb_named_put(struct vfb_named *named);
struct vfb_named *vfb_named_find(const char *name);
struct vfb_named *vfb_named_next(const char *name);
void vfb_named_mark(struct vfb_pf *pf);
int vfb_named_set(struct vfb_named *new, struct vfb_why *why);
void vfb_named_exit(void);
struct vfb_named *vfb_named_of(const struct vfb_vf *vf);
bool vfb_named_allows(const struct vfb_named *named, const struct cred *cred);
unsigned int vfb_named_leases(const struct vfb_named *named, const struct vfb_user *user);
u32 vfb_named_is_full(const struct vfb_named *named, const struct vfb_user *user, bool exempt,
		      unsigned int more, unsigned int *limit);

/* loss.c */
void vfb_loss_note(struct vfb_vf *vf);
void vfb_loss_forget(struct vfb_pf *pf);
bool vfb_loss_tell(struct vfb_pf *pf);

#endif /* VFB_CORE_H */

/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Userspace interface of sriov_broker: the ioctls of /dev/sriov_broker and
 * of the lease descriptors that it hands out.
 */
#ifndef _UAPI_LINUX_SRIOV_BROKER_H
#define _UAPI_LINUX_SRIOV_BROKER_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define SRIOV_BROKER_TYPE      0xBD
#define SRIOV_BROKER_ABI_MAJOR 2
#define SRIOV_BROKER_ABI_MINOR 0

/**
 * DOC: General ioctl format
 *
 * Every ioctl takes a pointer to a structure whose first __u32 is its size.
 * A newer program may pass a larger structure to an older kernel, as long as
 * what that kernel does not know is zero; an older program's smaller structure
 * is taken as if the rest were zero. The numbers do not change when a
 * structure grows. The layout is the same for 32 and 64 bit programs.
 *
 * Common errnos:
 *
 *  - ENOTTY: there is no such ioctl.
 *  - E2BIG: the structure is larger than the kernel's and what is beyond is
 *    not zero, or it is larger than a page.
 *  - EINVAL: the structure is too small, a field has a value that can never
 *    be right, or a string has no end.
 *  - EOPNOTSUPP: an unknown flag is set, a reserved field is not zero, or the
 *    device can't do what is asked.
 *  - EFAULT: a pointer is bad.
 *  - EPERM: the caller lacks CAP_SYS_ADMIN in the initial user namespace, or what the
 *    ioctl says.
 *  - ENODEV: there is no such PCI device, or it is gone.
 *  - EBUSY: a user, a lease or another operation stands in the way; nothing was
 *    changed.
 *  - EINTR: a fatal signal came before the answer. The operation ends by
 *    itself, either done or undone.
 *  - ENOMEM: out of memory. EMFILE, ENFILE: the process, or the system, can have no
 *    more descriptors (LEASE, LEASE_OPEN).
 *
 * A call that fails has changed nothing, or has undone what it changed.
 * Where an ioctl has a @why pointer, a failure fills the struct
 * sriov_broker_why it points to, so that the caller can name the device, its
 * holder and the reason instead of an errno.
 */

/**
 * DOC: What stays, and what may change
 *
 * INFO reports a major and a minor number of the ABI. Another major number is
 * another ABI, of which a program knows nothing but INFO's first 16 bytes, up to
 * @abi_minor; a call with that @size is always taken.
 *
 * Within a major number these stay as they are: the numbers of ioctls; the offset,
 * size, unit and meaning of each field; the meaning of each flag and of each number
 * of a state, fault, reason, cause, kind or type of event; the errno of each reason;
 * which right a call wants; and what a call does whose new fields and flags are zero.
 * Of generic netlink: the numbers of commands and attributes, and the type and meaning
 * of each attribute.
 *
 * A higher minor number may bring: ioctls; flags; fields at the end of structures,
 * of entries of lists and of records that read() gives; bits in fields that are 0 on
 * output so far; netlink commands, and attributes in messages that have not had them;
 * numbers at the end of an enumeration, and so a state, reason or event that a program
 * has never heard of; higher limits than those of this header, never lower ones.
 *
 * A program asks for what it needs: by @abi_minor, or by trying. ENOTTY: no such
 * ioctl. EOPNOTSUPP: no such flag. E2BIG: a field that is not zero is not known. A
 * field that the kernel does not know is 0 on output, and so is one beyond the size
 * of the caller.
 *
 * A program that meets a number which it does not know does the following. A reason:
 * go by the errno; the reason only says more. A state: the VF can't be leased, and
 * neither can it be counted on to be the host's. A fault, a cause: it is there, that
 * is all that is known. An event: pass it over by its @size; what it tells can be
 * listed. A kernel may give a failure a reason that an older one left at NONE, but
 * never takes a number for something else.
 *
 * What the kernel log, tracepoints and /proc/PID/fdinfo say is for people, and no
 * part of this; of fdinfo the keys that Documentation/sriov_broker.rst lists are.
 */

/* Numbers of the ioctls of /dev/sriov_broker. */
enum {
	SRIOV_BROKER_CMD_INFO = 0x00,
	SRIOV_BROKER_CMD_LIST_PFS = 0x01,
	SRIOV_BROKER_CMD_LIST_VFS = 0x02,
	SRIOV_BROKER_CMD_ENABLE = 0x03,
	SRIOV_BROKER_CMD_DISABLE = 0x04,
	SRIOV_BROKER_CMD_BIND = 0x05,
	SRIOV_BROKER_CMD_LEASE = 0x06,
	SRIOV_BROKER_CMD_CLEAR = 0x07,
	SRIOV_BROKER_CMD_REVOKE = 0x08,
	SRIOV_BROKER_CMD_NET_HOLD = 0x09,
	SRIOV_BROKER_CMD_STATS = 0x0a,
	SRIOV_BROKER_CMD_HISTORY = 0x0b,
	SRIOV_BROKER_CMD_LIST_WAITERS = 0x0c,
	SRIOV_BROKER_CMD_CANCEL = 0x0d,
	SRIOV_BROKER_CMD_ANCHOR = 0x0e,
	SRIOV_BROKER_CMD_RELEASE = 0x0f,
	SRIOV_BROKER_CMD_POOL_SET = 0x10,
	SRIOV_BROKER_CMD_POOL_GET = 0x11,
	SRIOV_BROKER_CMD_CORDON = 0x12,
};

/* Numbers of the ioctls of a lease descriptor. */
enum {
	SRIOV_BROKER_CMD_LEASE_INFO = 0x40,
	SRIOV_BROKER_CMD_LEASE_SET = 0x41,
	SRIOV_BROKER_CMD_LEASE_RESET = 0x42,
	SRIOV_BROKER_CMD_LEASE_OPEN = 0x43,
};

/* Room for the name of a driver or a pool, or a label, the ending zero included. */
#define SRIOV_BROKER_NAME_LEN 64

/* Room for the name of a thread, the ending zero included. */
#define SRIOV_BROKER_COMM_LEN 16

/* Room for the path of a control group, the ending zero included; a longer one is cut. */
#define SRIOV_BROKER_CGROUP_LEN 256

/*
 * In place of a user where there is none. One that the namespace of the caller does not
 * know is its overflow uid instead, 65534.
 */
#define SRIOV_BROKER_NO_UID 0xffffffffU

/**
 * struct sriov_broker_addr - address of a PCI device
 * @domain: PCI domain (segment), 0 on most machines
 * @bdf: bus number << 8 | device number << 3 | function number
 * @valid: 1: this is the address of a device, 0000:00:00.0 as well. 0: it is none:
 *	"any" or "none", then the others are 0, too (else EINVAL). Of more than 1:
 *	EOPNOTSUPP
 */
struct sriov_broker_addr {
	__u32 domain;
	__u16 bdf;
	__u16 valid;
};

/**
 * enum sriov_broker_reason - why a call failed, in detail; in parentheses the errno
 * @SRIOV_BROKER_WHY_NONE: no more is known than the errno says
 * @SRIOV_BROKER_WHY_NO_DEVICE: there is no PCI device at @dev, or, where a VF is
 *	wanted, one that is neither a VF nor a PF (ENODEV)
 * @SRIOV_BROKER_WHY_NOT_PF: @dev has no SR-IOV capability (EOPNOTSUPP)
 * @SRIOV_BROKER_WHY_IS_VF: @dev is a VF where a PF is wanted (EINVAL)
 * @SRIOV_BROKER_WHY_IS_PF: @dev is a PF where a VF is wanted (EINVAL)
 * @SRIOV_BROKER_WHY_NO_VFS: 0 VFs asked; DISABLE does that (EINVAL)
 * @SRIOV_BROKER_WHY_TOO_MANY: more VFs asked than the PF has, which is
 *	@value (ERANGE)
 * @SRIOV_BROKER_WHY_NO_INDEX: the PF has no VF of such an index; @value VFs
 *	are enabled (ERANGE)
 * @SRIOV_BROKER_WHY_NO_SRIOV_DRIVER: the PF's driver, @driver, can't enable
 *	VFs: it has no sriov_configure (EOPNOTSUPP)
 * @SRIOV_BROKER_WHY_PF_BUSY: another operation holds the PF or the PCI core's
 *	locks (EBUSY)
 * @SRIOV_BROKER_WHY_PF_REFUSED: the PF's driver, @driver, or the PCI core
 *	answered @error when told to set the number of VFs (that errno)
 * @SRIOV_BROKER_WHY_PF_SHORT: the PF's driver enabled no more than @value VFs;
 *	they were disabled again (ENOSPC)
 * @SRIOV_BROKER_WHY_ORPHANS: @dev is a VF that an earlier life of the PF left
 *	behind (EBUSY)
 * @SRIOV_BROKER_WHY_NO_IOMMU: @driver needs an IOMMU for @dev, and there is
 *	none, or it is off (EOPNOTSUPP)
 * @SRIOV_BROKER_WHY_NO_MMIO: the platform gave the PF's VFs no memory for
 *	their BARs (ENOMEM)
 * @SRIOV_BROKER_WHY_NO_BUS: there are too few bus numbers behind the PF's
 *	bridge for that many VFs (ENOSPC)
 * @SRIOV_BROKER_WHY_NO_DRIVER: no driver of the name @driver is loaded or can
 *	be loaded (ENOENT)
 * @SRIOV_BROKER_WHY_PROBE: @driver refused @dev with @error (that errno)
 * @SRIOV_BROKER_WHY_LEASED: @dev is leased, see @lease_id, @label, @pid, @uid
 *	(EBUSY)
 * @SRIOV_BROKER_WHY_IN_USE: @dev, which is not leased, is held by a user of
 *	vfio or by its driver (EBUSY)
 * @SRIOV_BROKER_WHY_RETURNING: @dev was leased and is on its way back: it
 *	drains or is being reset (EBUSY)
 * @SRIOV_BROKER_WHY_QUARANTINED: @dev is in quarantine (EBUSY)
 * @SRIOV_BROKER_WHY_NOT_POOLED: @dev is with the host, not in the pool
 *	(EBUSY)
 * @SRIOV_BROKER_WHY_POOL_EMPTY: no VF that was asked for is free (EAGAIN)
 * @SRIOV_BROKER_WHY_TOO_FEW: fewer VFs fit than were asked for, if all that the PFs
 *	can have were enabled: @value (ENOSPC)
 * @SRIOV_BROKER_WHY_GROUP: @dev shares its IOMMU group with a device that
 *	stands in the way (EBUSY)
 * @SRIOV_BROKER_WHY_ASSIGNED: the PF's driver keeps the VFs since one of them
 *	is assigned to a guest (EPERM)
 * @SRIOV_BROKER_WHY_RESET: @dev could not be reset (EIO)
 * @SRIOV_BROKER_WHY_OPEN_POOL: @dev is open to all, not leased out (EBUSY)
 * @SRIOV_BROKER_WHY_QUOTA: the user has @value leases, which is all that one user may
 *	have (EDQUOT); where @label is not empty: of the pool of that name
 * @SRIOV_BROKER_WHY_LIMIT: @value leases are out, which is all there may be
 *	(EDQUOT); where @label is not empty: of the pool of that name
 * @SRIOV_BROKER_WHY_TIMEOUT: no VF that was asked for became free in time
 *	(ETIMEDOUT)
 * @SRIOV_BROKER_WHY_NO_LEASE: there is no lease @lease_id (ENOENT), or not on
 *	@dev
 * @SRIOV_BROKER_WHY_NO_NETDEV: no network interface of the PF @dev knows of its
 *	VFs (EOPNOTSUPP)
 * @SRIOV_BROKER_WHY_OTHER_LOAD: @instance is not that of this module's load, so the
 *	id next to it is another lease's (ESTALE)
 * @SRIOV_BROKER_WHY_HOST_NET: the host uses @dev: its network interface, whose
 *	name is in @label, is up, beneath another interface, or in another network
 *	namespace than the initial one (EBUSY)
 * @SRIOV_BROKER_WHY_HOST_DISK: the host uses @dev: its disk, whose name is in
 *	@label, is open (EBUSY)
 * @SRIOV_BROKER_WHY_PF_VFIO: the PF @dev is on @driver, a driver of vfio: its VFs
 *	open only with the token of the PF's user (EOPNOTSUPP)
 * @SRIOV_BROKER_WHY_NET_LOST: said of a call that has succeeded: the network
 *	attributes of @value VFs, the first of which is @dev, could not be put
 *	back as they were (0)
 * @SRIOV_BROKER_WHY_QUEUE_FULL: nothing that was asked for is free, and no more
 *	requests may wait: a user's may have @value selectors; 0: those of all users
 *	together are too many (EAGAIN)
 * @SRIOV_BROKER_WHY_CANCELLED: an admin ended the wait (ECANCELED)
 * @SRIOV_BROKER_WHY_NO_WAITER: no request of that id waits (ENOENT)
 * @SRIOV_BROKER_WHY_NOT_QUARANTINED: @dev is not in quarantine; see LIST_VFS for where
 *	it is (EINVAL)
 * @SRIOV_BROKER_WHY_NO_PF_DRIVER: the PF @dev has no driver, so its VFs are not leased
 *	out (EBUSY)
 * @SRIOV_BROKER_WHY_NOT_LEASER: lease @lease_id is another user's (EPERM)
 * @SRIOV_BROKER_WHY_IMPLICIT: lease @lease_id was begun by an open of its VF, and lasts
 *	as long as that (EOPNOTSUPP)
 * @SRIOV_BROKER_WHY_NO_ANCHOR: lease @lease_id is not anchored (EINVAL)
 * @SRIOV_BROKER_WHY_ANCHOR_OVER: what the lease was to be tied to has ended (ESRCH)
 * @SRIOV_BROKER_WHY_NOT_ALLOWED: the user may not lease from the pool @label, which
 *	what was asked for is in (EACCES)
 * @SRIOV_BROKER_WHY_NO_POOL: there is no pool of the name @label (ENOENT)
 * @SRIOV_BROKER_WHY_POOL_OVERLAP: VF @value of the PF @dev is in the pool @label
 *	already (EEXIST)
 * @SRIOV_BROKER_WHY_PF_CORDONED: the PF @dev is cordoned: nothing is leased from it until
 *	that is ended; see CORDON (EBUSY)
 */
enum sriov_broker_reason {
	SRIOV_BROKER_WHY_NONE = 0,
	SRIOV_BROKER_WHY_NO_DEVICE = 1,
	SRIOV_BROKER_WHY_NOT_PF = 2,
	SRIOV_BROKER_WHY_IS_VF = 3,
	SRIOV_BROKER_WHY_IS_PF = 4,
	SRIOV_BROKER_WHY_NO_VFS = 5,
	SRIOV_BROKER_WHY_TOO_MANY = 6,
	SRIOV_BROKER_WHY_NO_INDEX = 7,
	SRIOV_BROKER_WHY_NO_SRIOV_DRIVER = 8,
	SRIOV_BROKER_WHY_PF_BUSY = 9,
	SRIOV_BROKER_WHY_PF_REFUSED = 10,
	SRIOV_BROKER_WHY_PF_SHORT = 11,
	SRIOV_BROKER_WHY_ORPHANS = 12,
	SRIOV_BROKER_WHY_NO_IOMMU = 13,
	SRIOV_BROKER_WHY_NO_MMIO = 14,
	SRIOV_BROKER_WHY_NO_BUS = 15,
	SRIOV_BROKER_WHY_NO_DRIVER = 16,
	SRIOV_BROKER_WHY_PROBE = 17,
	SRIOV_BROKER_WHY_LEASED = 18,
	SRIOV_BROKER_WHY_IN_USE = 19,
	SRIOV_BROKER_WHY_RETURNING = 20,
	SRIOV_BROKER_WHY_QUARANTINED = 21,
	SRIOV_BROKER_WHY_NOT_POOLED = 22,
	SRIOV_BROKER_WHY_POOL_EMPTY = 23,
	SRIOV_BROKER_WHY_TOO_FEW = 24,
	SRIOV_BROKER_WHY_GROUP = 25,
	SRIOV_BROKER_WHY_ASSIGNED = 26,
	SRIOV_BROKER_WHY_RESET = 27,
	SRIOV_BROKER_WHY_OPEN_POOL = 28,
	SRIOV_BROKER_WHY_QUOTA = 29,
	SRIOV_BROKER_WHY_LIMIT = 30,
	SRIOV_BROKER_WHY_TIMEOUT = 31,
	SRIOV_BROKER_WHY_NO_LEASE = 32,
	SRIOV_BROKER_WHY_NO_NETDEV = 33,
	SRIOV_BROKER_WHY_OTHER_LOAD = 34,
	SRIOV_BROKER_WHY_HOST_NET = 35,
	SRIOV_BROKER_WHY_HOST_DISK = 36,
	SRIOV_BROKER_WHY_PF_VFIO = 37,
	SRIOV_BROKER_WHY_NET_LOST = 38,
	SRIOV_BROKER_WHY_QUEUE_FULL = 39,
	SRIOV_BROKER_WHY_CANCELLED = 40,
	SRIOV_BROKER_WHY_NO_WAITER = 41,
	SRIOV_BROKER_WHY_NOT_QUARANTINED = 42,
	SRIOV_BROKER_WHY_NO_PF_DRIVER = 43,
	SRIOV_BROKER_WHY_NOT_LEASER = 44,
	SRIOV_BROKER_WHY_IMPLICIT = 45,
	SRIOV_BROKER_WHY_NO_ANCHOR = 46,
	SRIOV_BROKER_WHY_ANCHOR_OVER = 47,
	SRIOV_BROKER_WHY_NOT_ALLOWED = 48,
	SRIOV_BROKER_WHY_NO_POOL = 49,
	SRIOV_BROKER_WHY_POOL_OVERLAP = 50,
	SRIOV_BROKER_WHY_PF_CORDONED = 51,
};

/**
 * struct sriov_broker_why - what a failing ioctl adds to its errno
 * @size: in: sizeof(struct sriov_broker_why); the kernel writes no more than
 *	that, and zeroes what it does not know
 * @reason: out: enum sriov_broker_reason
 * @dev: out: the device that stands in the way; @valid is 0 where none does
 * @error: out: the errno (positive) of what lies below, 0 where there is none
 * @pid: out: the holder's process in the caller's PID namespace; 0: there is none, it
 *	has ended, or is not to be seen from there
 * @uid: out: the holder's user in the caller's user namespace, or SRIOV_BROKER_NO_UID
 * @reserved: out: 0
 * @value: out: a number that goes with @reason
 * @lease_id: out: the lease that stands in the way, 0 where none does. Of a lease that
 *	has ended, while its VF is not back yet, it is 0 as well, but @pid, @uid and @label
 *	are told
 * @label: out: that lease's label; or the name of what else @reason speaks of
 * @driver: out: name of the driver that @reason speaks of
 * @cgroup: out: control group of the holder's process when it took the lease, as in
 *	struct sriov_broker_vf
 *
 * Filled when the ioctl fails, and when one that has succeeded has something to say
 * (NET_LOST). It is left alone where the size is wrong, the arguments could not be read,
 * or the right to call is lacking (EPERM).
 */
struct sriov_broker_why {
	__u32 size;
	__u32 reason;
	struct sriov_broker_addr dev;
	__s32 error;
	__s32 pid;
	__u32 uid;
	__u32 reserved;
	__aligned_u64 value;
	__aligned_u64 lease_id;
	char label[SRIOV_BROKER_NAME_LEN];
	char driver[SRIOV_BROKER_NAME_LEN];
	char cgroup[SRIOV_BROKER_CGROUP_LEN];
};

/**
 * struct sriov_broker_info - ioctl(SRIOV_BROKER_INFO)
 * @size: sizeof(struct sriov_broker_info), or less; no less than 16
 * @flags: must be 0
 * @abi_major: out: SRIOV_BROKER_ABI_MAJOR; another number is another ABI
 * @abi_minor: out: SRIOV_BROKER_ABI_MINOR; grows with what is added
 * @instance: out: a number that this load of the module has drawn, never 0. Ids of
 *	leases begin anew with each load: a program that keeps one keeps this with it
 * @num_pfs: out: PFs known
 * @num_vfs: out: VFs that exist, the broker's or not
 * @num_leases: out: leases that are out; one that was revoked until its last descriptor
 *	is closed
 * @num_waiters: out: calls of LEASE that wait for a VF
 * @max_selectors: out: selectors that one call of LEASE may have
 * @max_leases: out: leases that one call may ask for
 * @max_grace_ms: out: the longest grace of REVOKE, in milliseconds
 * @max_force_ms: out: the longest wait of DISABLE, in milliseconds
 * @history_events: out: events that are remembered for HISTORY, of all devices together
 * @stat_kinds: out: entries of the answer of STATS
 * @max_readers: out: descriptors of the device that one user may read events from;
 *	CAP_SYS_RESOURCE goes beyond
 * @max_waiting: out: selectors that the requests of one user that wait may have
 *	together; CAP_SYS_RESOURCE goes beyond
 * @driver: out: the default target driver of ENABLE
 * @max_waiting_all: out: the same as @max_waiting, of all users together
 * @max_pool_members: out: members that a named pool may have; and as many users, and groups
 *
 * Tells what this module is, and how far its limits go. Needs nothing but the open
 * device.
 */
struct sriov_broker_info {
	__u32 size;
	__u32 flags;
	__u32 abi_major;
	__u32 abi_minor;
	__aligned_u64 instance;
	__u32 num_pfs;
	__u32 num_vfs;
	__u32 num_leases;
	__u32 num_waiters;
	__u32 max_selectors;
	__u32 max_leases;
	__u32 max_grace_ms;
	__u32 max_force_ms;
	__u32 history_events;
	__u32 stat_kinds;
	__u32 max_readers;
	__u32 max_waiting;
	char driver[SRIOV_BROKER_NAME_LEN];
	__u32 max_waiting_all;
	__u32 max_pool_members;
};
#define SRIOV_BROKER_INFO _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_INFO)

/* Bits of @flags of struct sriov_broker_pf: how its VFs were enabled, and CORDON. */
#define SRIOV_BROKER_PF_FLAG_OPEN     (1U << 0) /* ENABLE_OPEN */
#define SRIOV_BROKER_PF_FLAG_RESTORE  (1U << 1) /* ENABLE_RESTORE */
#define SRIOV_BROKER_PF_FLAG_CORDONED (1U << 2) /* nothing is leased from it */

/**
 * struct sriov_broker_pf - one PF in the answer of LIST_PFS
 * @addr: address
 * @vendor: PCI vendor id
 * @device: PCI device id
 * @total_vfs: VFs that the PF can have under its present driver
 * @num_vfs: VFs that are enabled
 * @numa_node: NUMA node, -1 where it has none
 * @flags: SRIOV_BROKER_PF_FLAG_*
 * @driver: driver it is bound to, empty for none
 */
struct sriov_broker_pf {
	struct sriov_broker_addr addr;
	__u16 vendor;
	__u16 device;
	__u16 total_vfs;
	__u16 num_vfs;
	__s32 numa_node;
	__u32 flags;
	char driver[SRIOV_BROKER_NAME_LEN];
};

/**
 * enum sriov_broker_vf_state - where a VF is in its life
 * @SRIOV_BROKER_VF_HOST: the host's: the broker does not lease it
 * @SRIOV_BROKER_VF_FREE: in the pool, clean, fenced, ready to be leased
 * @SRIOV_BROKER_VF_LEASED: a lease holds it
 * @SRIOV_BROKER_VF_DRAINING: its lease ended while vfio still has it open
 * @SRIOV_BROKER_VF_RESETTING: being reset on its way back to the pool
 * @SRIOV_BROKER_VF_QUARANTINED: its return failed; CLEAR tries once more
 * @SRIOV_BROKER_VF_OPEN: bound by the broker, but open to all: neither fenced nor
 *	leased out
 */
enum sriov_broker_vf_state {
	SRIOV_BROKER_VF_HOST = 0,
	SRIOV_BROKER_VF_FREE = 1,
	SRIOV_BROKER_VF_LEASED = 2,
	SRIOV_BROKER_VF_DRAINING = 3,
	SRIOV_BROKER_VF_RESETTING = 4,
	SRIOV_BROKER_VF_QUARANTINED = 5,
	SRIOV_BROKER_VF_OPEN = 6,
};

/**
 * enum sriov_broker_fault - why a VF is in quarantine, or what is wrong with it
 * @SRIOV_BROKER_FAULT_NONE: it is not
 * @SRIOV_BROKER_FAULT_IN_USE: a user of vfio, or a caller of NET_HOLD, did not let go of
 *	it in time
 * @SRIOV_BROKER_FAULT_RESET: the reset failed, or the device has none
 * @SRIOV_BROKER_FAULT_CHECK: the reset was said to have worked, but the device
 *	does not look like it
 * @SRIOV_BROKER_FAULT_DRIVER: its driver could not be bound again, or was taken off by
 *	hand while the VF was free
 * @SRIOV_BROKER_FAULT_FENCE: the group's DMA ownership could not be claimed
 * @SRIOV_BROKER_FAULT_NET: the PF's driver did not put the VF's network
 *	attributes back (see NET_HOLD). CLEAR tries again, and the VF is back in
 *	quarantine if that fails, too; BIND to the host leaves them as they are
 * @SRIOV_BROKER_FAULT_SILENT: the VF does not answer: its configuration space reads as
 *	ones, as when its PF has lost its VFs. No reset reaches it
 * @SRIOV_BROKER_FAULT_STATE_LOST: of a VF that is leased, never in quarantine: it answers,
 *	but what its driver had set up, bus mastering or MSI-X, is gone
 */
enum sriov_broker_fault {
	SRIOV_BROKER_FAULT_NONE = 0,
	SRIOV_BROKER_FAULT_IN_USE = 1,
	SRIOV_BROKER_FAULT_RESET = 2,
	SRIOV_BROKER_FAULT_CHECK = 3,
	SRIOV_BROKER_FAULT_DRIVER = 4,
	SRIOV_BROKER_FAULT_FENCE = 5,
	SRIOV_BROKER_FAULT_NET = 6,
	SRIOV_BROKER_FAULT_SILENT = 7,
	SRIOV_BROKER_FAULT_STATE_LOST = 8,
};

/* Bits of @flags of struct sriov_broker_vf, and of events that are about a VF. */
/* On the driver sriov_broker_vfio: whoever opens it through vfio has a lease by that. */
#define SRIOV_BROKER_VF_FLAG_GUARDED  (1U << 0)
/* Its lease is such a one: it has no descriptor, and ends with the last close of the VF. */
#define SRIOV_BROKER_VF_FLAG_IMPLICIT (1U << 1)
/* Its lease is tied to something that it ends with; see ANCHOR. */
#define SRIOV_BROKER_VF_FLAG_ANCHORED (1U << 2)

/**
 * struct sriov_broker_vf - one VF in the answer of LIST_VFS
 * @addr: address
 * @pf: its PF
 * @index: its number on the PF, from 0
 * @state: enum sriov_broker_vf_state
 * @iommu_group: number of its IOMMU group, -1 where it has none; with some IOMMUs (arm64's)
 *	a VF has none before a driver is bound for the first time
 * @fault: enum sriov_broker_fault
 * @vendor: PCI vendor id
 * @device: PCI device id
 * @lease_pid: the lease's process in the caller's PID namespace; 0: it has ended, is
 *	not to be seen from there, or there is no lease
 * @lease_uid: user that leased it, in the caller's user namespace, or
 *	SRIOV_BROKER_NO_UID
 * @flags: SRIOV_BROKER_VF_FLAG_*
 * @lease_id: the lease, 0 for none; never used twice in one load of the module
 * @lease_label: its label; of an implicit lease: the name of the program
 * @driver: driver the VF is bound to, empty for none
 * @lease_cgroup: control group (version 2) of the lease's process when it took the lease,
 *	from the root of the hierarchy on; empty for none
 * @pool: the named pool that it is in, empty for none; see POOL_SET
 *
 * When the lease of a VF has ended @lease_id is 0, while @lease_pid, @lease_uid,
 * @lease_label and @lease_cgroup go on to name it until the VF is free again, or the host's.
 */
struct sriov_broker_vf {
	struct sriov_broker_addr addr;
	struct sriov_broker_addr pf;
	__u32 index;
	__u32 state;
	__s32 iommu_group;
	__u32 fault;
	__u16 vendor;
	__u16 device;
	__s32 lease_pid;
	__u32 lease_uid;
	__u32 flags;
	__aligned_u64 lease_id;
	char lease_label[SRIOV_BROKER_NAME_LEN];
	char driver[SRIOV_BROKER_NAME_LEN];
	char lease_cgroup[SRIOV_BROKER_CGROUP_LEN];
	char pool[SRIOV_BROKER_NAME_LEN];
};

/**
 * struct sriov_broker_list - ioctl(SRIOV_BROKER_LIST_PFS and the like)
 * @size: sizeof(struct sriov_broker_list)
 * @flags: must be 0
 * @pf: LIST_VFS: only this PF's VFs; none: those of all PFs.
 *	LIST_PFS: only this PF; none: all.
 *	HISTORY: only what is about this PF or VF; none: all.
 *	STATS, LIST_WAITERS: must be 0
 * @entry_size: sizeof(struct sriov_broker_pf, _vf, _event, _stat or _waiter) as the
 *	caller knows it. The kernel writes that many bytes an entry, zeroing what
 *	it does not know
 * @count: in: entries that fit into @entries. out: entries that there are,
 *	which may be more: ask again with a larger array. HISTORY: the newest
 *	that fit
 * @entries: array to fill, may be NULL when @count is 0
 * @why: pointer to a struct sriov_broker_why, or 0
 *
 * One consistent picture, ordered by address and index. Needs nothing but the
 * open device.
 *
 * Of the reasons: NO_DEVICE, NOT_PF, IS_VF; of HISTORY, STATS and LIST_WAITERS none.
 */
struct sriov_broker_list {
	__u32 size;
	__u32 flags;
	struct sriov_broker_addr pf;
	__u32 entry_size;
	__u32 count;
	__aligned_u64 entries;
	__aligned_u64 why;
};
#define SRIOV_BROKER_LIST_PFS _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_LIST_PFS)
#define SRIOV_BROKER_LIST_VFS _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_LIST_VFS)

/**
 * struct sriov_broker_waiter - one request in the answer of LIST_WAITERS
 * @id: the request's number, never used twice in one load of the module
 * @since_ns: since when it waits, by CLOCK_BOOTTIME
 * @pid: its process in the caller's PID namespace, 0 where it is not to be seen from
 *	there
 * @uid: its user, in the caller's user namespace
 * @count: VFs that it asks for
 * @flags: 0
 * @dev: the PF or VF that it asks for, where that is one or any; else none
 * @label: what the leases are for
 * @pool: the named pool that it asks for, empty for none
 *
 * In the order in which they came.
 */
struct sriov_broker_waiter {
	__aligned_u64 id;
	__aligned_u64 since_ns;
	__s32 pid;
	__u32 uid;
	__u32 count;
	__u32 flags;
	struct sriov_broker_addr dev;
	char label[SRIOV_BROKER_NAME_LEN];
	char pool[SRIOV_BROKER_NAME_LEN];
};
/* Needs nothing but the open device. */
#define SRIOV_BROKER_LIST_WAITERS \
	_IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_LIST_WAITERS)

/**
 * struct sriov_broker_cancel - ioctl(SRIOV_BROKER_CANCEL)
 * @size: sizeof(struct sriov_broker_cancel)
 * @flags: must be 0
 * @waiter_id: the request's number, of LIST_WAITERS
 * @instance: that of the load which the id is of, or 0: not to be checked
 * @why: pointer to a struct sriov_broker_why, or 0
 *
 * Ends the wait of a call of LEASE, which answers ECANCELED. Needs CAP_SYS_ADMIN.
 *
 * Of the reasons: NO_WAITER, OTHER_LOAD.
 */
struct sriov_broker_cancel {
	__u32 size;
	__u32 flags;
	__aligned_u64 waiter_id;
	__aligned_u64 instance;
	__aligned_u64 why;
};
#define SRIOV_BROKER_CANCEL _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_CANCEL)

/**
 * enum sriov_broker_stat_kind - what STATS counts, in the order of its answer
 * @SRIOV_BROKER_STAT_ENABLE: ENABLE
 * @SRIOV_BROKER_STAT_DISABLE: DISABLE
 * @SRIOV_BROKER_STAT_CONFIGURE: of these, the PF's driver and the PCI core
 * @SRIOV_BROKER_STAT_BIND: BIND
 * @SRIOV_BROKER_STAT_LEASE: leases granted; failed: calls of LEASE refused
 * @SRIOV_BROKER_STAT_WAIT: calls of LEASE that waited; failed: in vain
 * @SRIOV_BROKER_STAT_RETURN: returns of VFs, from the end of the lease to the
 *	pool; failed: to quarantine
 * @SRIOV_BROKER_STAT_RESET: resets of VFs
 * @SRIOV_BROKER_STAT_KINDS: how many kinds this header knows; INFO tells how many the
 *	kernel does
 */
enum sriov_broker_stat_kind {
	SRIOV_BROKER_STAT_ENABLE = 0,
	SRIOV_BROKER_STAT_DISABLE = 1,
	SRIOV_BROKER_STAT_CONFIGURE = 2,
	SRIOV_BROKER_STAT_BIND = 3,
	SRIOV_BROKER_STAT_LEASE = 4,
	SRIOV_BROKER_STAT_WAIT = 5,
	SRIOV_BROKER_STAT_RETURN = 6,
	SRIOV_BROKER_STAT_RESET = 7,
	SRIOV_BROKER_STAT_KINDS = 8,
};

#define SRIOV_BROKER_STAT_BUCKETS  12
/* Nanoseconds: what bucket i counts took less; the last has no such bound. */
#define SRIOV_BROKER_STAT_BOUND(i) (16384ULL << (2 * (i)))

/**
 * struct sriov_broker_stat - one kind in the answer of STATS
 * @count: how often it was done since the module was loaded, or failed
 * @failed: how often of these it failed
 * @total_ns: what all took together, in nanoseconds
 * @max_ns: what the slowest took, in nanoseconds
 * @slowest: PF or VF of the slowest, or none
 * @buckets: how often it took less than SRIOV_BROKER_STAT_BOUND(i), and not
 *	less than the bound before
 */
struct sriov_broker_stat {
	__aligned_u64 count;
	__aligned_u64 failed;
	__aligned_u64 total_ns;
	__aligned_u64 max_ns;
	struct sriov_broker_addr slowest;
	__aligned_u64 buckets[SRIOV_BROKER_STAT_BUCKETS];
};
/* Needs nothing but the open device. */
#define SRIOV_BROKER_STATS _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_STATS)

/* struct sriov_broker_event, oldest first; INFO tells how many are remembered. */
#define SRIOV_BROKER_HISTORY _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_HISTORY)

/* Leave the VFs open to all, unfenced, not leased out. */
#define SRIOV_BROKER_ENABLE_OPEN      (1U << 0)
/* Take VFs from the host although it uses them. */
#define SRIOV_BROKER_ENABLE_FROM_HOST (1U << 1)
/* Bind the VFs to sriov_broker_vfio: to open one through vfio is to lease it. */
#define SRIOV_BROKER_ENABLE_GUARDED   (1U << 2)
/* With GUARDED: put network attributes back whenever a VF comes back. */
#define SRIOV_BROKER_ENABLE_RESTORE   (1U << 3)

/**
 * struct sriov_broker_enable - ioctl(SRIOV_BROKER_ENABLE)
 * @size: sizeof(struct sriov_broker_enable)
 * @flags: SRIOV_BROKER_ENABLE_*
 * @pf: the PF
 * @num_vfs: VFs it shall have, 1 up to its total_vfs
 * @reserved: must be 0
 * @driver: driver to bind them to; "host": the driver that the host would
 *	choose; empty: the module's default; with GUARDED it must be empty (EINVAL)
 * @why: pointer to a struct sriov_broker_why, or 0
 *
 * One transaction: when it returns 0 the PF has @num_vfs VFs, each bound to
 * @driver and, if that driver leaves DMA to its user (vfio-pci, pci-stub), in
 * the pool. On any error the PF is as it was. No host driver ever probes a VF
 * that is meant for another one. What is already there is a success. Another
 * number of VFs than there are now is reached through none, if none is in use, be
 * it by the host (HOST_NET, HOST_DISK), which FROM_HOST does not ask. What is set of
 * a VF through its PF (MAC, VLAN and the like) is put back to a VF that is there
 * before and after (of one with RESTORE, what it had when it entered the pool); what
 * could not be is told by the reason NET_LOST. Needs CAP_SYS_ADMIN.
 *
 * A PF that has no driver gets the one that its ids name, if that can be loaded
 * (CAP_SYS_MODULE); else one of the module's own, until its last VF goes.
 *
 * With OPEN the VFs are for other means of handing them out: bound, shown as open,
 * neither fenced nor leased out, yet not disabled while in use.
 *
 * With GUARDED any program may open a VF through vfio that may open vfio's node, and has
 * an implicit lease by that: shown and counted as any lease is, and begun only where the
 * VF is free. An open of one that is being reset waits for that, up to ten seconds; any
 * other that can't be fails: EBUSY, or EDQUOT where the user has as many leases as it may
 * have, or EACCES where it may not lease from the VF's pool (POOL_SET); the event
 * OPEN_REFUSED says why. The last close ends the lease, and the VF goes
 * the return path. LEASE takes free ones as of any pool; such a one is then opened by
 * processes only that have the lease's descriptor, or that are, or descend from, the
 * process that the lease is shown with. Network attributes are left as their manager
 * sets them; with RESTORE the return path puts back what they were when the VF entered
 * the pool, or since then at an ENABLE with RESTORE that found it free. GUARDED goes not
 * with OPEN, RESTORE not without GUARDED (EINVAL). The flag is short for the driver's name,
 * which BIND takes as well.
 *
 * Of the reasons: NO_DEVICE, NOT_PF, IS_VF, NO_VFS, TOO_MANY, NO_SRIOV_DRIVER,
 * PF_BUSY, PF_REFUSED, PF_SHORT, ORPHANS, NO_IOMMU, NO_MMIO, NO_BUS, NO_DRIVER,
 * PROBE, RESET, QUARANTINED, PF_VFIO, NET_LOST, and those of DISABLE.
 */
struct sriov_broker_enable {
	__u32 size;
	__u32 flags;
	struct sriov_broker_addr pf;
	__u32 num_vfs;
	__u32 reserved;
	char driver[SRIOV_BROKER_NAME_LEN];
	__aligned_u64 why;
};
#define SRIOV_BROKER_ENABLE _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_ENABLE)

/* Take leases away from their holders. */
#define SRIOV_BROKER_DISABLE_FORCE     (1U << 0)
/* Take VFs from the host although it uses them. */
#define SRIOV_BROKER_DISABLE_FROM_HOST (1U << 1)

/* The longest that a call waits for users to let go, in milliseconds. */
#define SRIOV_BROKER_MAX_FORCE_MS 60000

/**
 * struct sriov_broker_disable - ioctl(SRIOV_BROKER_DISABLE)
 * @size: sizeof(struct sriov_broker_disable)
 * @flags: SRIOV_BROKER_DISABLE_*
 * @pf: the PF
 * @timeout_ms: with FORCE: how long to wait for users to let go, in
 *	milliseconds, up to SRIOV_BROKER_MAX_FORCE_MS; else must be 0
 * @reserved: must be 0
 * @why: pointer to a struct sriov_broker_why, or 0
 *
 * Takes all VFs of the PF away. Never waits for a user: with a lease out, or a
 * VF open through vfio without one, it answers EBUSY; without FROM_HOST also with
 * one that the host uses (HOST_NET, HOST_DISK). With FORCE leases are
 * revoked first, and their users have @timeout_ms to let go; if one has not by
 * then, the answer is EBUSY as well, and the leases stay revoked. No VFs is a
 * success. Needs CAP_SYS_ADMIN.
 *
 * Of the reasons: NO_DEVICE, NOT_PF, IS_VF, NO_SRIOV_DRIVER, PF_BUSY,
 * PF_REFUSED, ASSIGNED, LEASED, IN_USE, RETURNING, GROUP, HOST_NET, HOST_DISK.
 */
struct sriov_broker_disable {
	__u32 size;
	__u32 flags;
	struct sriov_broker_addr pf;
	__u32 timeout_ms;
	__u32 reserved;
	__aligned_u64 why;
};
#define SRIOV_BROKER_DISABLE _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_DISABLE)

/* Take VFs from the host although it uses them. */
#define SRIOV_BROKER_BIND_FROM_HOST (1U << 0)

/**
 * struct sriov_broker_bind - ioctl(SRIOV_BROKER_BIND)
 * @size: sizeof(struct sriov_broker_bind)
 * @flags: 0 or SRIOV_BROKER_BIND_FROM_HOST
 * @dev: a VF, or a PF for VFs of it
 * @first: with a PF: index of the first VF to move; with a VF: must be 0
 * @count: with a PF: how many, 0 for all from @first on; with a VF: 0 or 1
 * @driver: where to: a driver's name, or "host" for the host's own choice
 * @why: pointer to a struct sriov_broker_why, or 0
 *
 * Moves VFs to another driver, side by side; its module is loaded if need be.
 * If one VF fails, all go back where they were. No VF may be leased, in use or
 * on its way back; without FROM_HOST the host's use counts too (HOST_NET,
 * HOST_DISK). A VF that enters the pool is reset first. "host" is never a driver
 * that leaves DMA to its user, whatever ids such a one was given (new_id); it leaves
 * no driver_override behind, nor does a driver that does DMA for the host. Needs
 * CAP_SYS_ADMIN.
 *
 * Of the reasons: NO_DEVICE, NOT_PF, IS_VF, NO_INDEX, PF_BUSY, NO_IOMMU, NO_DRIVER,
 * PROBE, LEASED, IN_USE, RETURNING, QUARANTINED, GROUP, RESET, HOST_NET, HOST_DISK,
 * PF_VFIO.
 */
struct sriov_broker_bind {
	__u32 size;
	__u32 flags;
	struct sriov_broker_addr dev;
	__u32 first;
	__u32 count;
	char driver[SRIOV_BROKER_NAME_LEN];
	__aligned_u64 why;
};
#define SRIOV_BROKER_BIND _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_BIND)

/**
 * struct sriov_broker_selector - which VFs a lease may be on
 * @flags: must be 0
 * @first: with a PF in @dev: lowest index; without a device must be 0 (EINVAL)
 * @count: with a PF in @dev: how many indices from @first on, 0 for all; without a device
 *	must be 0 (EINVAL)
 * @reserved: must be 0
 * @dev: a PF, a VF, or none for any
 * @vendor: PCI vendor id of the VF, 0 for any
 * @device: PCI device id of the VF, 0 for any
 * @reserved2: must be 0
 */
struct sriov_broker_selector {
	__u32 flags;
	__u32 first;
	__u32 count;
	__u32 reserved;
	struct sriov_broker_addr dev;
	__u16 vendor;
	__u16 device;
	__u32 reserved2;
};

/**
 * struct sriov_broker_grant - one lease in the answer of LEASE
 * @fd: its descriptor. The last close of it, and of all its copies, ends the
 *	lease
 * @iommu_group: number of the VF's IOMMU group, -1 where it has none
 * @vf: the VF
 * @pf: its PF
 * @index: its number on the PF
 * @group_vfs: VFs that this lease covers: 1, or all of a shared IOMMU group
 * @id: the lease's number, never used twice in one load of the module
 * @driver: driver the VF is bound to
 */
struct sriov_broker_grant {
	__s32 fd;
	__s32 iommu_group;
	struct sriov_broker_addr vf;
	struct sriov_broker_addr pf;
	__u32 index;
	__u32 group_vfs;
	__aligned_u64 id;
	char driver[SRIOV_BROKER_NAME_LEN];
};

/* Let the descriptors be inherited through exec. */
#define SRIOV_BROKER_LEASE_NO_CLOEXEC	(1U << 0)
/* From the PF with the fewest VFs leased; else from the one with the most. */
#define SRIOV_BROKER_LEASE_SPREAD	(1U << 1)
/* Each from another PF. */
#define SRIOV_BROKER_LEASE_DISTINCT_PFS (1U << 2)
/* Not from another NUMA node than the one that was named, which then has to be (EINVAL). */
#define SRIOV_BROKER_LEASE_NUMA_STRICT	(1U << 3)
/* From a cordoned PF as well; needs CAP_SYS_ADMIN. */
#define SRIOV_BROKER_LEASE_CORDONED	(1U << 4)

/* At least so many in one call; INFO tells whether it may be more. */
#define SRIOV_BROKER_MAX_SELECTORS 64
#define SRIOV_BROKER_MAX_LEASES	   512

/**
 * struct sriov_broker_lease - ioctl(SRIOV_BROKER_LEASE)
 * @size: sizeof(struct sriov_broker_lease)
 * @flags: SRIOV_BROKER_LEASE_*
 * @num_selectors: elements of @selectors, 0 for any VF; at most
 *	SRIOV_BROKER_MAX_SELECTORS
 * @count: leases wanted, 1 to SRIOV_BROKER_MAX_LEASES: all or none
 * @selectors: array of struct sriov_broker_selector; a VF that fits one of
 *	them will do
 * @grants: array of @count struct sriov_broker_grant to fill
 * @selector_size: sizeof(struct sriov_broker_selector) as the caller knows it; what is
 *	beyond the kernel's must be 0 (E2BIG). Not looked at where there are none
 * @grant_size: sizeof(struct sriov_broker_grant) as the caller knows it. The kernel
 *	writes that many bytes a grant, zeroing what it does not know
 * @timeout_ms: how long to wait, in milliseconds: 0 not at all, -1 for ever. Requests for
 *	one VF are served in the order in which they came; one for several when all that it
 *	wants is free at once, and it holds nothing back until then
 * @why: pointer to a struct sriov_broker_why, or 0
 * @numa_node: preferred NUMA node of the PF, -1 for any; with NUMA_STRICT no
 *	other will do
 * @label: what the leases are for; every user can see it; may be empty. Valid UTF-8
 *	without control characters (else EINVAL), as any label
 * @pool: a named pool that the VFs are to be of; empty: of any, or of none
 *
 * Takes free VFs out of the pool and returns a descriptor for each, which stands
 * for it. The fence around a VF is lifted while the lease lasts. Needs nothing
 * but the open device.
 *
 * A VF whose vfio group or node is open already is passed over, and drains until it is
 * closed; with IN_USE where it is the one that was named. A guarded one stays free, since
 * the program that has it so may open it by that, and is passed over for a second; a
 * request that waits looks again then. One whose IOMMU group has a device on a driver of
 * vfio that is no VF is passed over, too; where nothing else fits, GROUP names that device.
 * So is a VF of a named pool that the user may not lease from, or that has as many leases
 * out as it may; see POOL_SET. A request that for want of a right can never be served
 * fails: EACCES, also while it waits.
 *
 * EAGAIN, ETIMEDOUT: no fitting VF is free, or not enough. ENOSPC: there will never be
 * as many. EINTR: a signal came, and nothing was leased. A wait without limit ends so only
 * where a handler has run: stopped and continued, or frozen and thawed, it goes on, at the
 * end of the line; a limited one fails by that, too. ECANCELED: an admin has ended the
 * wait. EFAULT: also where @grants can't be written. After a failure what stands in
 * @grants means nothing. A lease is charged to the user that opened the device, or, where
 * that was in a user namespace, to the owner of the outermost one below the initial; from
 * its beginning until its VFs are free again or the admin has taken them, or they are in
 * quarantine for a fault that is not OPEN.
 *
 * Of the reasons: NO_DEVICE, NOT_PF, IS_VF, NO_INDEX, LEASED, RETURNING, QUARANTINED,
 * NOT_POOLED, OPEN_POOL (these five only where a single VF was named, and not
 * waited for), GROUP, IN_USE, PF_BUSY, NO_PF_DRIVER, PF_CORDONED, POOL_EMPTY, TIMEOUT,
 * TOO_FEW, QUOTA, LIMIT, QUEUE_FULL, CANCELLED, NOT_ALLOWED, NO_POOL.
 */
struct sriov_broker_lease {
	__u32 size;
	__u32 flags;
	__u32 num_selectors;
	__u32 count;
	__aligned_u64 selectors;
	__aligned_u64 grants;
	__u32 selector_size;
	__u32 grant_size;
	__aligned_u64 why;
	__s32 timeout_ms;
	__s32 numa_node;
	char label[SRIOV_BROKER_NAME_LEN];
	char pool[SRIOV_BROKER_NAME_LEN];
};
#define SRIOV_BROKER_LEASE _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_LEASE)

/* Let the PF be leased from again. */
#define SRIOV_BROKER_CORDON_END (1U << 0)

/**
 * struct sriov_broker_cordon - ioctl(SRIOV_BROKER_CORDON)
 * @size: sizeof(struct sriov_broker_cordon)
 * @flags: 0 or SRIOV_BROKER_CORDON_END
 * @pf: the PF
 * @why: pointer to a struct sriov_broker_why, or 0
 *
 * From its return on nothing new is leased from the PF, neither by LEASE nor by an open of
 * a guarded VF, until a call with CORDON_END: such a request fails with PF_CORDONED, or
 * waits, if it may; but for an admin's LEASE with the flag CORDONED. Leases that are out
 * stay, and so do VFs that are open to all. A cordon outlasts DISABLE, ENABLE and the PF's
 * driver; it goes with the PF or the module. It waits for nothing. What is so already is a
 * success. Needs CAP_SYS_ADMIN.
 *
 * Of the reasons: NO_DEVICE, NOT_PF, IS_VF.
 */
struct sriov_broker_cordon {
	__u32 size;
	__u32 flags;
	struct sriov_broker_addr pf;
	__aligned_u64 why;
};
#define SRIOV_BROKER_CORDON _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_CORDON)

/**
 * struct sriov_broker_clear - ioctl(SRIOV_BROKER_CLEAR)
 * @size: sizeof(struct sriov_broker_clear)
 * @flags: must be 0
 * @vf: a VF in quarantine
 * @why: pointer to a struct sriov_broker_why, or 0
 *
 * Sends the VF through the return path once more: drain, reset, check. Does not
 * wait for the outcome. EINVAL: it is not in quarantine. Needs CAP_SYS_ADMIN.
 *
 * Of the reasons: NO_DEVICE, IS_PF, NOT_QUARANTINED.
 */
struct sriov_broker_clear {
	__u32 size;
	__u32 flags;
	struct sriov_broker_addr vf;
	__aligned_u64 why;
};
#define SRIOV_BROKER_CLEAR _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_CLEAR)

/* The longest grace that a holder can be given, in milliseconds. */
#define SRIOV_BROKER_MAX_GRACE_MS 600000

/**
 * struct sriov_broker_revoke - ioctl(SRIOV_BROKER_REVOKE)
 * @size: sizeof(struct sriov_broker_revoke)
 * @flags: must be 0
 * @lease_id: the lease
 * @instance: that of the load which the id is of, or 0: not to be checked
 * @grace_ms: time for the holder to end it, in milliseconds, up to
 *	SRIOV_BROKER_MAX_GRACE_MS
 * @reserved: must be 0
 * @why: pointer to a struct sriov_broker_why, or 0
 *
 * Takes a lease from its holder, which is told at once, by an event on the lease's
 * descriptor, and has @grace_ms; then the descriptor answers ENODEV, polls as
 * HUP|ERR, and the VF goes back, as soon as vfio lets go of it. Does not wait for
 * any of that. A second call can shorten the grace; of a lease that has been taken already
 * it does nothing, until the lease has ended. Needs CAP_SYS_ADMIN.
 *
 * Of the reasons: NO_LEASE, OTHER_LOAD.
 */
struct sriov_broker_revoke {
	__u32 size;
	__u32 flags;
	__aligned_u64 lease_id;
	__aligned_u64 instance;
	__u32 grace_ms;
	__u32 reserved;
	__aligned_u64 why;
};
#define SRIOV_BROKER_REVOKE _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_REVOKE)

/**
 * struct sriov_broker_anchor - ioctl(SRIOV_BROKER_ANCHOR)
 * @size: sizeof(struct sriov_broker_anchor)
 * @flags: must be 0
 * @lease_id: the lease
 * @instance: that of the load which the id is of, or 0: not to be checked
 * @fd: what it is tied to: a pidfd of a process, or a pipe, UNIX socket, eventfd or timerfd,
 *	which polls readable or hung up at its end
 * @reserved: must be 0
 * @why: pointer to a struct sriov_broker_why, or 0
 *
 * Ties a lease to something else than its descriptor: it lasts until that has ended,
 * though no process has the descriptor, and until the descriptor is closed, though that
 * has ended. A lease has one anchor at most; another one takes the place of the first. With
 * a pidfd the lease is shown with that process, which the caller must be allowed to signal
 * (EPERM). A process has ended when its last thread has; exec and fork change nothing. A
 * lease that is revoked is anchored no more. The module can't be unloaded meanwhile.
 *
 * What it is tied to stays open for the kernel: an eventfd ends by being written to, not by
 * its last close.
 *
 * For the user that leased, and for CAP_SYS_ADMIN. EBADF: no descriptor. EINVAL: none of
 * those above, for what a process serves (FUSE), or what polls other files (epoll), may
 * never answer, and a signalfd tells the kernel of no signal; or one that is woken by more
 * than one queue. ELOOP: another lease is tied to the other end of the same pipe, or of the
 * same connection of UNIX sockets, so that the two would keep each other for ever. Of other
 * connections that is not seen.
 *
 * Of the reasons: NO_LEASE, OTHER_LOAD, NOT_LEASER, IMPLICIT, ANCHOR_OVER.
 */
struct sriov_broker_anchor {
	__u32 size;
	__u32 flags;
	__aligned_u64 lease_id;
	__aligned_u64 instance;
	__s32 fd;
	__u32 reserved;
	__aligned_u64 why;
};
#define SRIOV_BROKER_ANCHOR _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_ANCHOR)

/**
 * struct sriov_broker_release - ioctl(SRIOV_BROKER_RELEASE)
 * @size: sizeof(struct sriov_broker_release)
 * @flags: must be 0
 * @lease_id: the lease
 * @instance: that of the load which the id is of, or 0: not to be checked
 * @why: pointer to a struct sriov_broker_why, or 0
 *
 * Takes the anchor from a lease. It ends by that, if no process has its descriptor. The
 * VF is on its way back then; it drains while vfio has it open. For the user that leased,
 * and for CAP_SYS_ADMIN.
 *
 * Of the reasons: NO_LEASE, OTHER_LOAD, NOT_LEASER, NO_ANCHOR.
 */
struct sriov_broker_release {
	__u32 size;
	__u32 flags;
	__aligned_u64 lease_id;
	__aligned_u64 instance;
	__aligned_u64 why;
};
#define SRIOV_BROKER_RELEASE _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_RELEASE)

/* Every user may lease from the pool. */
#define SRIOV_BROKER_POOL_ANYONE (1U << 0)
/* POOL_GET: not the pool of that name, but the next by name. */
#define SRIOV_BROKER_POOL_NEXT	 (1U << 1)

/* At least so many members, users, and groups a pool may have; INFO tells whether more. */
#define SRIOV_BROKER_POOL_MAX 256

/**
 * struct sriov_broker_pool_member - VFs of a PF that are in a named pool
 * @pf: address of the PF
 * @first: lowest index
 * @count: how many indices from @first on, 0 for all; @first + @count is no more than
 *	0xffffffff
 */
struct sriov_broker_pool_member {
	struct sriov_broker_addr pf;
	__u32 first;
	__u32 count;
};

/**
 * struct sriov_broker_pool - ioctl(SRIOV_BROKER_POOL_SET, SRIOV_BROKER_POOL_GET)
 * @size: sizeof(struct sriov_broker_pool)
 * @flags: POOL_SET: SRIOV_BROKER_POOL_ANYONE. POOL_GET: in: 0 or SRIOV_BROKER_POOL_NEXT.
 *	out: those that were set
 * @name: letters, digits, '-', '_', '.'; a letter or digit first. With NEXT it may be
 *	empty: the first. out: the pool's
 * @num_members: elements of @members, up to SRIOV_BROKER_POOL_MAX. POOL_SET: 0 does away
 *	with the pool; then @num_uids, @num_gids, @max_leases, @max_leases_per_user and
 *	@flags have to be 0 (EINVAL), and sizes and arrays are not looked at.
 *	POOL_GET: in: how many there is room for. out: how many there are, which may be more
 * @num_uids: the same of @uids; with ANYONE it must be 0 (EINVAL)
 * @num_gids: the same of @gids
 * @member_size: sizeof(struct sriov_broker_pool_member) as the caller knows it
 * @members: array of struct sriov_broker_pool_member
 * @uids: array of __u32: users that may lease, in the caller's user namespace
 * @gids: array of __u32: groups whose members may lease, the same
 * @max_leases: leases of its VFs that may be out at once, 0: no limit
 * @max_leases_per_user: leases of its VFs that one user may have, 0: no limit;
 *	CAP_SYS_RESOURCE goes beyond
 * @leases: POOL_GET: out: those that count. POOL_SET does not look at it
 * @reserved: must be 0
 * @why: pointer to a struct sriov_broker_why, or 0
 *
 * POOL_SET makes a named pool, or puts this in place of what the pool of that name was. It
 * is kept until the module is unloaded. A PF need not be there, and may go and come back:
 * its address counts. A VF is in one pool at most (POOL_OVERLAP), and one that is in none
 * may be leased by every user, as far as no other reason is against it.
 *
 * From a pool lease users that it lists, members of groups that it lists, and callers with
 * CAP_SYS_ADMIN; with ANYONE all do. With LEASE the user is the one that opened the device,
 * with its groups at that time, in the sense of rights of files (the effective ones);
 * where a guarded VF is opened through vfio it is the caller of that. VFs that are leased
 * together (an IOMMU group) want the right of each one's pool. Rights and limits are looked
 * at when a lease begins: those that are out stay. A request that waits and has lost the
 * right is answered with EACCES, or ENOENT where its pool is gone.
 *
 * POOL_SET needs CAP_SYS_ADMIN; POOL_GET nothing but the open device. ENOENT: there is no
 * such pool, or with NEXT: none after it.
 *
 * Of the reasons: NO_POOL, POOL_OVERLAP, NOT_PF, IS_VF.
 */
struct sriov_broker_pool {
	__u32 size;
	__u32 flags;
	char name[SRIOV_BROKER_NAME_LEN];
	__u32 num_members;
	__u32 num_uids;
	__u32 num_gids;
	__u32 member_size;
	__aligned_u64 members;
	__aligned_u64 uids;
	__aligned_u64 gids;
	__u32 max_leases;
	__u32 max_leases_per_user;
	__u32 leases;
	__u32 reserved;
	__aligned_u64 why;
};
#define SRIOV_BROKER_POOL_SET _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_POOL_SET)
#define SRIOV_BROKER_POOL_GET _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_POOL_GET)

/**
 * struct sriov_broker_net_hold - ioctl(SRIOV_BROKER_NET_HOLD)
 * @size: sizeof(struct sriov_broker_net_hold)
 * @flags: must be 0
 * @vf: a VF that is leased
 * @lease_id: its lease
 * @instance: that of the load which the id is of, or 0: not to be checked
 * @why: pointer to a struct sriov_broker_why, or 0
 *
 * For a program about to change network attributes of a leased VF through its PF
 * (ip link set PF vf N ...: MAC, VLAN, QoS, rates, spoof check, trust, link state,
 * RSS query). When the lease has ended, however it has, what they were at its
 * beginning is put back before the VF is free again; where the PF's driver refuses,
 * the VF goes to quarantine. Of a lease without such a call nothing is put back.
 *
 * The VF does not return before every descriptor of /dev/sriov_broker that asked
 * is closed, so that no attribute of the next holder's VF is set by it. That is
 * waited for as long as for vfio (parameter drain_timeout), then the VF goes to
 * quarantine. Meanwhile ENABLE of another number of VFs is EBUSY (IN_USE); DISABLE is
 * not, and with it the promise ends. Needs CAP_SYS_ADMIN.
 *
 * Of the reasons: NO_DEVICE, IS_PF, NO_LEASE, OTHER_LOAD, NO_NETDEV.
 */
struct sriov_broker_net_hold {
	__u32 size;
	__u32 flags;
	struct sriov_broker_addr vf;
	__aligned_u64 lease_id;
	__aligned_u64 instance;
	__aligned_u64 why;
};
#define SRIOV_BROKER_NET_HOLD _IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_NET_HOLD)

/**
 * struct sriov_broker_lease_info - ioctl(lease, SRIOV_BROKER_LEASE_INFO)
 * @size: sizeof(struct sriov_broker_lease_info)
 * @flags: must be 0
 * @id: out: the lease's number
 * @instance: out: of the load that the number is of, as INFO has it
 * @pf: out: the PF
 * @vf: out: the VF
 * @index: out: its number on the PF
 * @state: out: enum sriov_broker_vf_state of the VF
 * @iommu_group: out: number of its IOMMU group, -1 where it has none
 * @pid: out: the process the lease is accounted to, in the caller's PID namespace; 0:
 *	it has ended, or is not to be seen from there
 * @uid: out: the user that leased it, in the caller's user namespace
 * @group_vfs: out: VFs that this lease covers
 * @label: out: the lease's label
 * @driver: out: driver the VF is bound to
 *
 * ENODEV: the lease was revoked, or the VF is gone.
 */
struct sriov_broker_lease_info {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__aligned_u64 instance;
	struct sriov_broker_addr pf;
	struct sriov_broker_addr vf;
	__u32 index;
	__u32 state;
	__s32 iommu_group;
	__s32 pid;
	__u32 uid;
	__u32 group_vfs;
	char label[SRIOV_BROKER_NAME_LEN];
	char driver[SRIOV_BROKER_NAME_LEN];
};
#define SRIOV_BROKER_LEASE_INFO \
	_IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_LEASE_INFO)

/* What LEASE_SET changes. */
#define SRIOV_BROKER_SET_LABEL (1U << 0)
#define SRIOV_BROKER_SET_PID   (1U << 1)

/**
 * struct sriov_broker_lease_set - ioctl(lease, SRIOV_BROKER_LEASE_SET)
 * @size: sizeof(struct sriov_broker_lease_set)
 * @flags: SRIOV_BROKER_SET_LABEL, SRIOV_BROKER_SET_PID: what to change, at
 *	least one
 * @pidfd: with SET_PID: a pidfd of the process that holds the lease from now on
 *	(set by the one that passed the descriptor on); else must be 0
 * @reserved: must be 0
 * @label: with SET_LABEL: the new label; else must be empty
 *
 * Changes what is shown about the lease, nothing else. EBADF: no pidfd, nor another
 * descriptor. EPERM: a process that the caller may not signal. ESRCH: it has ended.
 * ENODEV: the lease was revoked, or the VF is gone.
 */
struct sriov_broker_lease_set {
	__u32 size;
	__u32 flags;
	__s32 pidfd;
	__u32 reserved;
	char label[SRIOV_BROKER_NAME_LEN];
};
#define SRIOV_BROKER_LEASE_SET \
	_IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_LEASE_SET)

/**
 * struct sriov_broker_lease_reset - ioctl(lease, SRIOV_BROKER_LEASE_RESET)
 * @size: sizeof(struct sriov_broker_lease_reset)
 * @flags: must be 0
 *
 * Resets the lease's VFs now, as between two owners. EBUSY: one is open through
 * vfio, whose VFIO_DEVICE_RESET is the way then. EAGAIN: another reset of the lease is
 * under way, or another one has the VF's lock. EIO: the reset failed, or the device does
 * not look reset. ENODEV: the lease was revoked, or the VF is gone.
 */
struct sriov_broker_lease_reset {
	__u32 size;
	__u32 flags;
};
#define SRIOV_BROKER_LEASE_RESET \
	_IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_LEASE_RESET)

/* The VF's own character device instead of its group's. */
#define SRIOV_BROKER_OPEN_CDEV (1U << 0)

/**
 * struct sriov_broker_lease_open - ioctl(lease, SRIOV_BROKER_LEASE_OPEN)
 * @size: sizeof(struct sriov_broker_lease_open)
 * @flags: 0: /dev/vfio/GROUP; SRIOV_BROKER_OPEN_CDEV: /dev/vfio/devices/vfioN,
 *	where the kernel has it
 * @fd: out: the descriptor, close-on-exec
 * @reserved: must be 0
 *
 * Opens the VF's vfio device for the holder, whatever its user, and whatever it sees
 * of the file system: the lease is the permission. EBUSY: the group is open
 * already. EOPNOTSUPP: the VF's driver is not one of vfio's, or there is no such
 * device node. ENODEV: the lease was revoked, or the VF is gone.
 */
struct sriov_broker_lease_open {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__u32 reserved;
};
#define SRIOV_BROKER_LEASE_OPEN \
	_IO(SRIOV_BROKER_TYPE, SRIOV_BROKER_CMD_LEASE_OPEN)

/**
 * enum sriov_broker_lease_event_type - what has happened to a lease
 * @SRIOV_BROKER_LEASE_EVENT_REVOKING: an admin takes it back at @deadline_ns
 * @SRIOV_BROKER_LEASE_EVENT_REVOKED: it is over
 * @SRIOV_BROKER_LEASE_EVENT_DISTURBED: it goes on, but its VF may have lost what it was
 *	doing, by an error or a reset: see @cause and @fault
 */
enum sriov_broker_lease_event_type {
	SRIOV_BROKER_LEASE_EVENT_REVOKING = 1,
	SRIOV_BROKER_LEASE_EVENT_REVOKED = 2,
	SRIOV_BROKER_LEASE_EVENT_DISTURBED = 3,
};

/**
 * enum sriov_broker_lease_cause - why it has
 * @SRIOV_BROKER_LEASE_CAUSE_ADMIN: REVOKE
 * @SRIOV_BROKER_LEASE_CAUSE_DISABLE: a forced DISABLE of the PF
 * @SRIOV_BROKER_LEASE_CAUSE_PF: the PF loses its driver or leaves the bus
 * @SRIOV_BROKER_LEASE_CAUSE_VF: the VF left the bus
 * @SRIOV_BROKER_LEASE_CAUSE_VF_ERROR: the VF has reported a PCIe error that could not be
 *	corrected
 * @SRIOV_BROKER_LEASE_CAUSE_PF_ERROR: the PF has, or a port above it
 * @SRIOV_BROKER_LEASE_CAUSE_PF_RESET: the PF was reset, and its VFs with it
 */
enum sriov_broker_lease_cause {
	SRIOV_BROKER_LEASE_CAUSE_ADMIN = 1,
	SRIOV_BROKER_LEASE_CAUSE_DISABLE = 2,
	SRIOV_BROKER_LEASE_CAUSE_PF = 3,
	SRIOV_BROKER_LEASE_CAUSE_VF = 4,
	SRIOV_BROKER_LEASE_CAUSE_VF_ERROR = 5,
	SRIOV_BROKER_LEASE_CAUSE_PF_ERROR = 6,
	SRIOV_BROKER_LEASE_CAUSE_PF_RESET = 7,
};

/*
 * The least room that read() of events is given, be it of the device or of a lease: no
 * record is larger within this major number of the ABI.
 */
#define SRIOV_BROKER_EVENT_ROOM 1024

/**
 * struct sriov_broker_lease_event - a record of what read() on a lease descriptor gives
 * @size: of this record; the next one begins so many bytes after it
 * @type: enum sriov_broker_lease_event_type
 * @cause: enum sriov_broker_lease_cause
 * @pid: the process that it was done by, in the reader's PID namespace; 0: none, or it
 *	is not to be seen from there
 * @lease_id: the lease
 * @deadline_ns: REVOKING: when it ends, by CLOCK_MONOTONIC; REVOKED: when it ended;
 *	DISTURBED: when its VF was looked at
 * @uid: that process's user in the reader's user namespace, or SRIOV_BROKER_NO_UID
 * @fault: DISTURBED: enum sriov_broker_fault: SILENT, STATE_LOST, or NONE: nothing is to be
 *	seen. Of several VFs the worst. Else NONE
 * @comm: that process's name, empty where there is none; a byte that could not be in a
 *	label is '?'
 *
 * poll() says POLLPRI beside POLLIN where a REVOKING or REVOKED is to be read, and not for
 * DISTURBED alone. Of those that were not read yet only the last one is kept.
 *
 * One or more whole records a read, which fails with EAGAIN, or waits, where
 * there is none, and gives 0 when the lease is over and all are read. EINVAL:
 * the buffer is smaller than SRIOV_BROKER_EVENT_ROOM.
 */
struct sriov_broker_lease_event {
	__u32 size;
	__u32 type;
	__u32 cause;
	__s32 pid;
	__aligned_u64 lease_id;
	__aligned_u64 deadline_ns;
	__u32 uid;
	__u32 fault;
	char comm[SRIOV_BROKER_COMM_LEN];
};

/**
 * enum sriov_broker_event_type - what has happened
 * @SRIOV_BROKER_EVENT_LOST: @value events before this one were lost, since the
 *	reader was too slow: list again
 * @SRIOV_BROKER_EVENT_PF_ADDED: a PF is there
 * @SRIOV_BROKER_EVENT_PF_REMOVED: a PF is gone
 * @SRIOV_BROKER_EVENT_PF_VFS: the broker has made a PF have @value VFs; it had
 *	@old_value
 * @SRIOV_BROKER_EVENT_VF_ADDED: a VF is there
 * @SRIOV_BROKER_EVENT_VF_REMOVED: a VF is gone
 * @SRIOV_BROKER_EVENT_VF_STATE: a VF went from @old_state to @state
 * @SRIOV_BROKER_EVENT_LEASE_GRANTED: lease @lease_id on a VF began
 * @SRIOV_BROKER_EVENT_LEASE_ENDED: nothing holds it any more: neither a descriptor nor an
 *	anchor, nor the open device of one without a descriptor. Of one that was revoked
 *	it comes after LEASE_REVOKED, maybe long after, and the VF may have another lease
 *	by then: go by @lease_id
 * @SRIOV_BROKER_EVENT_LEASE_REVOKED: it was taken from its holder; @value is
 *	enum sriov_broker_lease_cause
 * @SRIOV_BROKER_EVENT_RESET_FAILED: a VF could not be reset; @value is
 *	enum sriov_broker_fault
 * @SRIOV_BROKER_EVENT_PF_REPLACED: another program, @pid and @comm, has taken away
 *	@old_value VFs of a PF that the broker had enabled, or that were in the pool; the
 *	PF has @value VFs now
 * @SRIOV_BROKER_EVENT_OPEN_REFUSED: the process @pid was not let open a guarded VF;
 *	@value is enum sriov_broker_reason. A lease in the way is the event's lease. No more
 *	than some are told in a time
 * @SRIOV_BROKER_EVENT_PF_CORDONED: nothing new is leased from a PF; see CORDON
 * @SRIOV_BROKER_EVENT_PF_UNCORDONED: it is again
 * @SRIOV_BROKER_EVENT_PCI_ERROR: a PF, or where @vf is one that VF, has reported PCIe errors
 *	(AER), @value of them, of the same @severity; or a port above the PF has, then none
 *	that was corrected. One event a second, device and severity
 * @SRIOV_BROKER_EVENT_PF_RESET: a PF was reset, and its VFs with it. Only of PFs on the
 *	broker's own driver: the kernel tells a PF's driver of it, and nothing else
 * @SRIOV_BROKER_EVENT_LEASE_DISTURBED: a VF that is leased was looked at after one of these
 *	two, and has @fault; @value is enum sriov_broker_lease_cause
 */
enum sriov_broker_event_type {
	SRIOV_BROKER_EVENT_LOST = 1,
	SRIOV_BROKER_EVENT_PF_ADDED = 2,
	SRIOV_BROKER_EVENT_PF_REMOVED = 3,
	SRIOV_BROKER_EVENT_PF_VFS = 4,
	SRIOV_BROKER_EVENT_VF_ADDED = 5,
	SRIOV_BROKER_EVENT_VF_REMOVED = 6,
	SRIOV_BROKER_EVENT_VF_STATE = 7,
	SRIOV_BROKER_EVENT_LEASE_GRANTED = 8,
	SRIOV_BROKER_EVENT_LEASE_ENDED = 9,
	SRIOV_BROKER_EVENT_LEASE_REVOKED = 10,
	SRIOV_BROKER_EVENT_RESET_FAILED = 11,
	SRIOV_BROKER_EVENT_PF_REPLACED = 12,
	SRIOV_BROKER_EVENT_OPEN_REFUSED = 13,
	SRIOV_BROKER_EVENT_PF_CORDONED = 14,
	SRIOV_BROKER_EVENT_PF_UNCORDONED = 15,
	SRIOV_BROKER_EVENT_PCI_ERROR = 16,
	SRIOV_BROKER_EVENT_PF_RESET = 17,
	SRIOV_BROKER_EVENT_LEASE_DISTURBED = 18,
};

/**
 * enum sriov_broker_severity - of a PCIe error
 * @SRIOV_BROKER_SEVERITY_NONE: it is no such event
 * @SRIOV_BROKER_SEVERITY_CORRECTABLE: the hardware has corrected it
 * @SRIOV_BROKER_SEVERITY_NONFATAL: a transaction was lost, the link works
 * @SRIOV_BROKER_SEVERITY_FATAL: the link does not; the kernel resets it
 */
enum sriov_broker_severity {
	SRIOV_BROKER_SEVERITY_NONE = 0,
	SRIOV_BROKER_SEVERITY_CORRECTABLE = 1,
	SRIOV_BROKER_SEVERITY_NONFATAL = 2,
	SRIOV_BROKER_SEVERITY_FATAL = 3,
};

/**
 * struct sriov_broker_event - a record of what read() on /dev/sriov_broker gives
 * @size: of this record; the next one begins so many bytes after it. In the answer of
 *	HISTORY: sizeof(struct sriov_broker_event) as the kernel knows it
 * @type: enum sriov_broker_event_type
 * @seq: number of the event since the module was loaded, without gaps but for
 *	those that LOST tells of
 * @time_ns: when, by CLOCK_BOOTTIME: goes on while the machine is suspended, and is not set
 * @pf: the PF
 * @vf: the VF, none where it is about a PF
 * @index: number of the VF on its PF, where it is about a VF
 * @state: enum sriov_broker_vf_state
 * @old_state: enum sriov_broker_vf_state
 * @fault: enum sriov_broker_fault
 * @lease_id: the lease that it is about, or that the VF had last; 0 for none
 * @value: a number that goes with @type
 * @old_value: with PF_VFS and PF_REPLACED: that number before the event; else 0
 * @pid: the process that it was done by, in the reader's PID namespace; 0: none (the
 *	kernel did it by itself), or it is not to be seen from there. It may have ended
 *	since
 * @uid: that process's user in the reader's user namespace, or SRIOV_BROKER_NO_UID
 * @comm: that process's name, empty where there is none; a byte that could not be in a
 *	label is '?'
 * @lease_pid: with @lease_id: the lease's process, in the reader's PID namespace, as @pid
 * @lease_uid: with @lease_id: its user, as @uid
 * @lease_label: with @lease_id: its label
 * @lease_cgroup: with @lease_id: its control group, as in struct sriov_broker_vf
 * @flags: SRIOV_BROKER_VF_FLAG_*, where it is about a VF
 * @severity: with PCI_ERROR: enum sriov_broker_severity; else 0
 * @real_ns: when, by CLOCK_REALTIME as it was set then: the time to show, whatever has
 *	become of that clock since
 * @error_status: with PCI_ERROR: the bits of the device's AER status register, correctable or
 *	not, of all the errors that it tells of; else 0
 * @reserved: 0
 *
 * A descriptor gets events from its first read() or poll() for input on. One or
 * more whole records a read, which fails with EAGAIN, or waits, where there is
 * none. EINVAL: the buffer is smaller than SRIOV_BROKER_EVENT_ROOM. EDQUOT, and
 * POLLERR: the user has as many readers as INFO allows. The same events are sent to
 * the multicast group of the generic netlink family.
 */
struct sriov_broker_event {
	__u32 size;
	__u32 type;
	__aligned_u64 seq;
	__aligned_u64 time_ns;
	struct sriov_broker_addr pf;
	struct sriov_broker_addr vf;
	__u32 index;
	__u32 state;
	__u32 old_state;
	__u32 fault;
	__aligned_u64 lease_id;
	__aligned_u64 value;
	__aligned_u64 old_value;
	__s32 pid;
	__u32 uid;
	char comm[SRIOV_BROKER_COMM_LEN];
	__s32 lease_pid;
	__u32 lease_uid;
	char lease_label[SRIOV_BROKER_NAME_LEN];
	char lease_cgroup[SRIOV_BROKER_CGROUP_LEN];
	__u32 flags;
	__u32 severity;
	__aligned_u64 real_ns;
	__u32 error_status;
	__u32 reserved;
};

/* The generic netlink family; Documentation/netlink/sriov_broker.yaml. */
#define SRIOV_BROKER_NL_FAMILY	"sriov_broker"
#define SRIOV_BROKER_NL_VERSION 1
#define SRIOV_BROKER_NL_EVENTS	"events" /* the multicast group */

/**
 * enum sriov_broker_nl_cmd - commands of the family; they, and joining the group, want
 *	CAP_NET_ADMIN
 * @SRIOV_BROKER_NL_CMD_UNSPEC: none
 * @SRIOV_BROKER_NL_CMD_PF_GET: dump: all PFs
 * @SRIOV_BROKER_NL_CMD_VF_GET: dump: all VFs, each with its lease
 * @SRIOV_BROKER_NL_CMD_EVENT: sent to the group: an event
 * @SRIOV_BROKER_NL_CMD_LEASE_GET: dump: the VFs that are leased
 */
enum sriov_broker_nl_cmd {
	SRIOV_BROKER_NL_CMD_UNSPEC = 0,
	SRIOV_BROKER_NL_CMD_PF_GET = 1,
	SRIOV_BROKER_NL_CMD_VF_GET = 2,
	SRIOV_BROKER_NL_CMD_EVENT = 3,
	SRIOV_BROKER_NL_CMD_LEASE_GET = 4,
};

/**
 * enum sriov_broker_nl_attr - attributes of the family's messages
 * @SRIOV_BROKER_NL_ATTR_UNSPEC: none
 * @SRIOV_BROKER_NL_ATTR_PAD: alignment
 * @SRIOV_BROKER_NL_ATTR_SEQ: u64: of an event; of a dump: the last event that
 *	the picture has in it
 * @SRIOV_BROKER_NL_ATTR_TYPE: u32: enum sriov_broker_event_type
 * @SRIOV_BROKER_NL_ATTR_TIME: u64: nanoseconds, CLOCK_BOOTTIME
 * @SRIOV_BROKER_NL_ATTR_PF: string: address of the PF, as lspci -D has it
 * @SRIOV_BROKER_NL_ATTR_VF: string: address of the VF
 * @SRIOV_BROKER_NL_ATTR_INDEX: u32: number of the VF on its PF
 * @SRIOV_BROKER_NL_ATTR_STATE: u32: enum sriov_broker_vf_state
 * @SRIOV_BROKER_NL_ATTR_OLD_STATE: u32: the same, before
 * @SRIOV_BROKER_NL_ATTR_FAULT: u32: enum sriov_broker_fault
 * @SRIOV_BROKER_NL_ATTR_LEASE_ID: u64: the lease
 * @SRIOV_BROKER_NL_ATTR_VALUE: u64: number that goes with the event
 * @SRIOV_BROKER_NL_ATTR_VENDOR: u16: PCI vendor id
 * @SRIOV_BROKER_NL_ATTR_DEVICE: u16: PCI device id
 * @SRIOV_BROKER_NL_ATTR_TOTAL_VFS: u32: VFs that a PF can have
 * @SRIOV_BROKER_NL_ATTR_NUM_VFS: u32: VFs that it has
 * @SRIOV_BROKER_NL_ATTR_NUMA_NODE: s32: -1 for none
 * @SRIOV_BROKER_NL_ATTR_DRIVER: string: driver, empty for none
 * @SRIOV_BROKER_NL_ATTR_IOMMU_GROUP: s32: -1 for none
 * @SRIOV_BROKER_NL_ATTR_LEASE_PID: s32: process of the lease; of a dump in the namespace of
 *	the one that asks, of an event in the initial one
 * @SRIOV_BROKER_NL_ATTR_LEASE_UID: u32: user of the lease, the same
 * @SRIOV_BROKER_NL_ATTR_LEASE_LABEL: string: label of the lease
 * @SRIOV_BROKER_NL_ATTR_PID: s32: process that an event was done by, in the initial PID
 *	namespace; not there if it was none
 * @SRIOV_BROKER_NL_ATTR_UID: u32: its user, in the initial user namespace
 * @SRIOV_BROKER_NL_ATTR_COMM: string: its name
 * @SRIOV_BROKER_NL_ATTR_OLD_VALUE: u64: with an event that changes VALUE: what it was
 *	before, else 0
 * @SRIOV_BROKER_NL_ATTR_FLAGS: u32: SRIOV_BROKER_VF_FLAG_*, or SRIOV_BROKER_PF_FLAG_*
 * @SRIOV_BROKER_NL_ATTR_LEASE_CGROUP: string: control group of the lease's process
 * @SRIOV_BROKER_NL_ATTR_POOL: string: named pool of the VF, empty for none
 * @SRIOV_BROKER_NL_ATTR_REAL_TIME: u64: nanoseconds, CLOCK_REALTIME as it was set then
 * @SRIOV_BROKER_NL_ATTR_SEVERITY: u32: enum sriov_broker_severity
 * @SRIOV_BROKER_NL_ATTR_ERROR_STATUS: u32: bits of the AER status register
 */
enum sriov_broker_nl_attr {
	SRIOV_BROKER_NL_ATTR_UNSPEC = 0,
	SRIOV_BROKER_NL_ATTR_PAD = 1,
	SRIOV_BROKER_NL_ATTR_SEQ = 2,
	SRIOV_BROKER_NL_ATTR_TYPE = 3,
	SRIOV_BROKER_NL_ATTR_TIME = 4,
	SRIOV_BROKER_NL_ATTR_PF = 5,
	SRIOV_BROKER_NL_ATTR_VF = 6,
	SRIOV_BROKER_NL_ATTR_INDEX = 7,
	SRIOV_BROKER_NL_ATTR_STATE = 8,
	SRIOV_BROKER_NL_ATTR_OLD_STATE = 9,
	SRIOV_BROKER_NL_ATTR_FAULT = 10,
	SRIOV_BROKER_NL_ATTR_LEASE_ID = 11,
	SRIOV_BROKER_NL_ATTR_VALUE = 12,
	SRIOV_BROKER_NL_ATTR_VENDOR = 13,
	SRIOV_BROKER_NL_ATTR_DEVICE = 14,
	SRIOV_BROKER_NL_ATTR_TOTAL_VFS = 15,
	SRIOV_BROKER_NL_ATTR_NUM_VFS = 16,
	SRIOV_BROKER_NL_ATTR_NUMA_NODE = 17,
	SRIOV_BROKER_NL_ATTR_DRIVER = 18,
	SRIOV_BROKER_NL_ATTR_IOMMU_GROUP = 19,
	SRIOV_BROKER_NL_ATTR_LEASE_PID = 20,
	SRIOV_BROKER_NL_ATTR_LEASE_UID = 21,
	SRIOV_BROKER_NL_ATTR_LEASE_LABEL = 22,
	SRIOV_BROKER_NL_ATTR_PID = 23,
	SRIOV_BROKER_NL_ATTR_UID = 24,
	SRIOV_BROKER_NL_ATTR_COMM = 25,
	SRIOV_BROKER_NL_ATTR_OLD_VALUE = 26,
	SRIOV_BROKER_NL_ATTR_FLAGS = 27,
	SRIOV_BROKER_NL_ATTR_LEASE_CGROUP = 28,
	SRIOV_BROKER_NL_ATTR_POOL = 29,
	SRIOV_BROKER_NL_ATTR_REAL_TIME = 30,
	SRIOV_BROKER_NL_ATTR_SEVERITY = 31,
	SRIOV_BROKER_NL_ATTR_ERROR_STATUS = 32,
};

#endif /* _UAPI_LINUX_SRIOV_BROKER_H */

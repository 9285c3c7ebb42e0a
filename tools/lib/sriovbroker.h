/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libsriovbroker: /dev/sriov_broker for C programs.
 *
 * A lease in five lines:
 *
 *	struct sriov_broker_grant vf;
 *	struct sriovb *sb;
 *	int fd = sriovb_open(&sb);
 *	if (!fd)
 *		fd = sriovb_lease(sb, NULL, 0, "my program", &vf);
 *
 * If fd is not negative, the VF at vf.vf is this program's until fd, and every
 * copy of it, is closed. The kernel then resets the VF and takes it back.
 *
 * Every function that can fail returns a negative errno; sriovb_strerror() makes a
 * sentence of it. The structures and their units are those of the kernel's
 * <linux/sriov_broker.h>. A handle is for one thread at a time; descriptors of
 * leases know no such limit.
 */
#ifndef SRIOVBROKER_H
#define SRIOVBROKER_H

#include <stddef.h>
#include <sys/types.h>

#include <linux/sriov_broker.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SRIOVB_DEVICE "/dev/sriov_broker"

/* An open SRIOVB_DEVICE, and what is known of its last failure. */
struct sriovb;

/* Room for an address as text, "0000:01:00.0"; domains may have 8 digits. */
#define SRIOVB_ADDR_LEN 20

/* Room that is enough for any sentence of sriovb_strerror(). */
#define SRIOVB_ERROR_LEN 512

/**
 * sriovb_open - open the broker and see that it speaks our ABI
 * @sb: where to put the handle; the caller's to sriovb_close()
 *
 * Return: 0; -ENOENT: the module is not loaded; -EACCES: not allowed;
 * -EPROTONOSUPPORT: the module's ABI is another one.
 */
int sriovb_open(struct sriovb **sb);

/* sriovb_close - close the broker; leases stay. NULL is fine. */
void sriovb_close(struct sriovb *sb);

/**
 * sriovb_strerror - a sentence that says which object, what was wrong, what to do
 * @sb: the handle whose last call failed; NULL after a failed sriovb_open()
 * @error: what that call returned
 * @buf: where to put the sentence, one line without its end
 * @len: room there, SRIOVB_ERROR_LEN is enough
 *
 * Return: @buf
 */
const char *sriovb_strerror(const struct sriovb *sb, int error, char *buf,
			    size_t len);

/* sriovb_why - the kernel's reason for the last failure; valid until the next call */
const struct sriov_broker_why *sriovb_why(const struct sriovb *sb);

/* sriovb_info - what the module is. Return: 0 or -errno. */
int sriovb_info(struct sriovb *sb, struct sriov_broker_info *info);

/**
 * sriovb_list_pfs - the PFs of the machine
 * @pf: only this one; NULL: all
 * @pfs: where to put the array; the caller's to free(); NULL when empty
 *
 * Return: number of elements or -errno.
 */
ssize_t sriovb_list_pfs(struct sriovb *sb, const struct sriov_broker_addr *pf,
			struct sriov_broker_pf **pfs);

/**
 * sriovb_list_vfs - the VFs of one PF, or of all
 * @pf: only this one's; NULL: all PFs'
 * @vfs: where to put the array; the caller's to free(); NULL when empty
 *
 * Return: number of elements or -errno.
 */
ssize_t sriovb_list_vfs(struct sriovb *sb, const struct sriov_broker_addr *pf,
			struct sriov_broker_vf **vfs);

/**
 * sriovb_stats - counters and durations since the module was loaded
 * @stats: where to put them, by enum sriov_broker_stat_kind
 *
 * Return: 0 or -errno.
 */
int sriovb_stats(struct sriovb *sb,
		 struct sriov_broker_stat stats[SRIOV_BROKER_STAT_KINDS]);

/**
 * sriovb_history - the last events
 * @dev: only those about this PF or VF; NULL: all
 * @events: where to put the array, oldest first; the caller's to free(); NULL
 *	when empty
 *
 * Return: number of elements or -errno.
 */
ssize_t sriovb_history(struct sriovb *sb, const struct sriov_broker_addr *dev,
		       struct sriov_broker_event **events);

/**
 * sriovb_enable - give a PF so many VFs, bound to a driver
 * @driver: its name, "host" for the host's choice, NULL for the module's default
 * @flags: SRIOV_BROKER_ENABLE_*
 *
 * Return: 0 or -errno; then nothing has changed. A success of which sriovb_why() has
 * a reason, SRIOV_BROKER_WHY_NET_LOST, is one all the same.
 */
int sriovb_enable(struct sriovb *sb, const struct sriov_broker_addr *pf,
		  unsigned int num_vfs, const char *driver, unsigned int flags);

/* sriovb_disable - take all VFs of a PF away. Return: 0 or -errno. */
int sriovb_disable(struct sriovb *sb, const struct sriov_broker_addr *pf);

/**
 * sriovb_disable_force - the same, revoking leases first, and whatever the host uses
 * @timeout_ms: for their users to let go, up to SRIOV_BROKER_MAX_FORCE_MS
 *
 * Return: 0 or -errno, -EBUSY: a user did not let go; the leases stay revoked.
 */
int sriovb_disable_force(struct sriovb *sb, const struct sriov_broker_addr *pf,
			 unsigned int timeout_ms);

/**
 * sriovb_bind - move VFs to another driver
 * @dev: a VF, with @first and @count 0; or a PF
 * @first: with a PF, index of the first VF
 * @count: with a PF, number of VFs, 0 for all from @first on
 * @driver: its name, or "host" for the host's choice
 * @flags: 0 or SRIOV_BROKER_BIND_FROM_HOST
 *
 * Return: 0 or -errno; then all are where they were.
 */
int sriovb_bind(struct sriovb *sb, const struct sriov_broker_addr *dev,
		unsigned int first, unsigned int count, const char *driver,
		unsigned int flags);

/* sriovb_clear - try the return of a VF in quarantine again. Return: 0 or -errno. */
int sriovb_clear(struct sriovb *sb, const struct sriov_broker_addr *vf);

/**
 * sriovb_lease - lease one free VF
 * @selectors: the VFs that will do
 * @num_selectors: how many, 0: any VF
 * @label: what the lease is for, NULL for nothing; shown to everybody; cut at
 *	SRIOV_BROKER_NAME_LEN - 1 bytes
 * @grant: what was leased
 *
 * Return: the lease's descriptor, close-on-exec, the caller's to close; or
 * -errno, -EAGAIN: nothing that was asked for is free now.
 */
int sriovb_lease(struct sriovb *sb,
		 const struct sriov_broker_selector *selectors,
		 unsigned int num_selectors, const char *label,
		 struct sriov_broker_grant *grant);

/* What leases are asked for. Zeroes besides @count and @numa_node will do. */
struct sriovb_wish {
	const struct sriov_broker_selector *selectors; /* VFs that will do */
	unsigned int num_selectors;		       /* 0: any VF */
	unsigned int count;			       /* so many, or none */
	unsigned int flags; /* SRIOV_BROKER_LEASE_* */
	int numa_node;	    /* of the PF, preferred; -1: any */
	int timeout_ms;	    /* to wait, 0: not, -1: for ever */
	const char *label;  /* NULL: none */
};

/**
 * sriovb_lease_many - lease VFs, all that are wished for or none
 * @grants: room for @wish->count; the descriptors in it are the caller's to close
 *
 * Waits if @wish says so; a fatal signal ends that.
 *
 * Return: 0 or -errno, -EAGAIN: not so many are free now; -ETIMEDOUT: nor were
 * they in time; -ENOSPC: there will never be so many.
 */
int sriovb_lease_many(struct sriovb *sb, const struct sriovb_wish *wish,
		      struct sriov_broker_grant *grants);

/**
 * sriovb_revoke - take a lease from its holder
 * @instance: that of the load of the module which the lease is of, as sriovb_info()
 *	told it then; 0: the number is of the present one
 * @grace_ms: for the holder to end it himself, up to SRIOV_BROKER_MAX_GRACE_MS
 *
 * Return: 0 or -errno; does not wait for the VF's return. -ESTALE: another instance.
 */
int sriovb_revoke(struct sriovb *sb, unsigned long long lease,
		  unsigned long long instance, unsigned int grace_ms);

/**
 * sriovb_net_hold - before changing a leased VF's network attributes through its PF
 * @vf: the VF
 * @lease: its lease
 *
 * When the lease has ended the kernel puts back what they were when it began;
 * until sriovb_close() the VF does not return, so close soon.
 *
 * Return: 0 or -errno, -ENOENT: the lease has ended; -EOPNOTSUPP: no network
 * interface of the PF knows of its VFs.
 */
int sriovb_net_hold(struct sriovb *sb, const struct sriov_broker_addr *vf,
		    unsigned long long lease);

/* sriovb_lease_info - what a lease's descriptor stands for. Return: 0 or -errno. */
int sriovb_lease_info(int lease, struct sriov_broker_lease_info *info);

/* sriovb_lease_set_label - rename a lease. Return: 0 or -errno. */
int sriovb_lease_set_label(int lease, const char *label);

/**
 * sriovb_lease_set_holder - tell which process holds it from now on
 * @pidfd: a pidfd of it: it is the caller, or one that the caller may signal
 *
 * Return: 0 or -errno, -EPERM: another one; -ESRCH: it has ended.
 */
int sriovb_lease_set_holder(int lease, int pidfd);

/**
 * sriovb_lease_reset - reset a lease's VF now
 *
 * Return: 0 or -errno, -EBUSY: it is open through vfio; -EIO: it failed.
 */
int sriovb_lease_reset(int lease);

/**
 * sriovb_lease_open - open the vfio device of a lease's VF
 * @flags: 0: its group; SRIOV_BROKER_OPEN_CDEV: its own device node
 *
 * Return: the descriptor, close-on-exec, the caller's to close; or -errno.
 */
int sriovb_lease_open(int lease, unsigned int flags);

/**
 * sriovb_parse_addr - read an address, "0000:01:00.0" or "01:00.0"
 *
 * Return: 0 or -EINVAL.
 */
int sriovb_parse_addr(const char *text, struct sriov_broker_addr *addr);

/**
 * sriovb_format_addr - write an address as "0000:01:00.0"
 * @buf: room for SRIOVB_ADDR_LEN bytes
 *
 * Return: @buf
 */
const char *sriovb_format_addr(const struct sriov_broker_addr *addr, char *buf);

/* sriovb_same_addr - do the two name the same device? */
int sriovb_same_addr(const struct sriov_broker_addr *a,
		     const struct sriov_broker_addr *b);

/**
 * sriovb_utf8 - make valid UTF-8 of what may be anything, such as a lease's label
 * @text: changed in place, "?" for each byte that is none
 *
 * Return: @text
 */
char *sriovb_utf8(char *text);

/**
 * sriovb_printable - the same, for a terminal, which shall not obey it
 * @text: changed in place, "?" for each byte of a control character, C1 as well
 *
 * Return: @text
 */
char *sriovb_printable(char *text);

/* sriovb_strstate - name of an enum sriov_broker_vf_state, "?" if unknown */
const char *sriovb_strstate(unsigned int state);

/* sriovb_strfault - name of an enum sriov_broker_fault, NULL for none */
const char *sriovb_strfault(unsigned int fault);

#ifdef __cplusplus
}
#endif

#endif /* SRIOVBROKER_H */

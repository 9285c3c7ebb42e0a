/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libsriovbroker: /dev/sriov_broker for C programs.
 *
 * A lease, and what it takes to find out why there is none:
 *
 *	struct sriov_broker_grant vf;
 *	char text[SRIOVB_ERROR_LEN];
 *	struct sriovb *sb;
 *	int err = sriovb_open(&sb);
 *
 *	if (!err)
 *		err = sriovb_lease(sb, NULL, &vf);
 *	if (err)
 *		errx(1, "%s", sriovb_strerror(sb, err, text, sizeof(text)));
 *
 * From then on the VF at vf.vf is this program's until vf.fd, and every copy of it, is
 * closed. The kernel then resets the VF and takes it back.
 *
 * Every function that can fail returns a negative errno; sriovb_strerror() makes a
 * sentence of it. The structures and their units are those of the kernel's
 * <linux/sriov_broker.h>. A handle is for one thread at a time; descriptors of
 * leases know no such limit.
 *
 * The kernel's structures may grow at their ends. So the functions that fill them are
 * told how large the caller's are, by an inline function each: a program goes on to
 * work with a newer library. Other languages call what is behind it, NAME_sized().
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

/* What sriovb_abi() returns of a module whose ABI is that one. */
#define SRIOVB_ABI(major, minor) ((unsigned int)(major) << 16 | (minor))

/* An open broker, the events read and not yet asked for, and its last failure. */
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

/* sriovb_open_path - the same, where the device has another name */
int sriovb_open_path(struct sriovb **sb, const char *path);

/* sriovb_close - close the broker; leases stay. NULL is fine. */
void sriovb_close(struct sriovb *sb);

/* sriovb_abi - the ABI of the module, to be compared with SRIOVB_ABI(2, 0) */
unsigned int sriovb_abi(const struct sriovb *sb);

/**
 * sriovb_fd - the broker's descriptor, for poll(); it stays the handle's
 *
 * It is readable when sriovb_next_event() has something to return that it has not
 * read yet. It does not block on read.
 */
int sriovb_fd(const struct sriovb *sb);

/**
 * sriovb_strerror - a sentence that says which object, and what was wrong
 * @sb: the handle whose last call failed; NULL after a failed sriovb_open()
 * @error: what that call returned
 * @buf: where to put the sentence, one line without its end
 * @len: room there, SRIOVB_ERROR_LEN is enough
 *
 * What to do about it is the program's to say; sriovb_why() has the parts. Labels and
 * names of others are in it, without control characters.
 *
 * Return: @buf
 */
const char *sriovb_strerror(const struct sriovb *sb, int error, char *buf,
			    size_t len);

/* sriovb_why - the kernel's reason for the last failure; valid until the next call */
const struct sriov_broker_why *sriovb_why(const struct sriovb *sb);

/**
 * sriovb_subject - the device that the last failure is about
 *
 * Return: the one in the way, or else the one that was asked for; where there is
 * neither, its @valid is 0. Valid until the next call.
 */
const struct sriov_broker_addr *sriovb_subject(const struct sriovb *sb);

/* sriovb_info - what the module is. Return: 0 or -errno. */
int sriovb_info_sized(struct sriovb *sb, struct sriov_broker_info *info,
		      size_t size);
static inline int sriovb_info(struct sriovb *sb, struct sriov_broker_info *info)
{
	return sriovb_info_sized(sb, info, sizeof(*info));
}

/**
 * sriovb_list_pfs - the PFs of the machine
 * @pf: only this one; NULL: all
 * @pfs: where to put the array; the caller's to free(); NULL when empty
 *
 * Return: number of elements or -errno.
 */
ssize_t sriovb_list_pfs_sized(struct sriovb *sb,
			      const struct sriov_broker_addr *pf,
			      struct sriov_broker_pf **pfs, size_t size);
static inline ssize_t sriovb_list_pfs(struct sriovb *sb,
				      const struct sriov_broker_addr *pf,
				      struct sriov_broker_pf **pfs)
{
	return sriovb_list_pfs_sized(sb, pf, pfs, sizeof(**pfs));
}

/**
 * sriovb_list_vfs - the VFs of one PF, or of all
 * @pf: only this one's; NULL: all PFs'
 * @vfs: where to put the array; the caller's to free(); NULL when empty
 *
 * Return: number of elements or -errno.
 */
ssize_t sriovb_list_vfs_sized(struct sriovb *sb,
			      const struct sriov_broker_addr *pf,
			      struct sriov_broker_vf **vfs, size_t size);
static inline ssize_t sriovb_list_vfs(struct sriovb *sb,
				      const struct sriov_broker_addr *pf,
				      struct sriov_broker_vf **vfs)
{
	return sriovb_list_vfs_sized(sb, pf, vfs, sizeof(**vfs));
}

/**
 * sriovb_stats - counters and durations since the module was loaded
 * @stats: where to put them, by enum sriov_broker_stat_kind; zeroes for the kinds
 *	that the module does not count
 *
 * Return: 0 or -errno.
 */
int sriovb_stats_sized(struct sriovb *sb, struct sriov_broker_stat *stats,
		       unsigned int num, size_t size);
static inline int
sriovb_stats(struct sriovb *sb,
	     struct sriov_broker_stat stats[SRIOV_BROKER_STAT_KINDS])
{
	return sriovb_stats_sized(sb, stats, SRIOV_BROKER_STAT_KINDS,
				  sizeof(*stats));
}

/**
 * sriovb_history - the last events
 * @dev: only those about this PF or VF; NULL: all
 * @events: where to put the array, oldest first; the caller's to free(); NULL
 *	when empty
 *
 * Return: number of elements or -errno.
 */
ssize_t sriovb_history_sized(struct sriovb *sb,
			     const struct sriov_broker_addr *dev,
			     struct sriov_broker_event **events, size_t size);
static inline ssize_t sriovb_history(struct sriovb *sb,
				     const struct sriov_broker_addr *dev,
				     struct sriov_broker_event **events)
{
	return sriovb_history_sized(sb, dev, events, sizeof(**events));
}

/**
 * sriovb_next_event - the next thing that has happened
 * @event: where to put it; its @size is what the kernel's had, which may be more
 * @timeout_ms: how long to wait for one, 0: not at all, -1: for ever
 *
 * The first call begins to listen: what happened before is not told, and can be
 * listed afterwards. When sriovb_fd() is readable, call this until it returns 0, for
 * one read() may bring several. SRIOV_BROKER_EVENT_LOST: list again.
 *
 * Return: 1: there is one; 0: there is none; or -errno, -EINTR: a signal came first.
 */
int sriovb_next_event_sized(struct sriovb *sb, struct sriov_broker_event *event,
			    size_t size, int timeout_ms);
static inline int sriovb_next_event(struct sriovb *sb,
				    struct sriov_broker_event *event,
				    int timeout_ms)
{
	return sriovb_next_event_sized(sb, event, sizeof(*event), timeout_ms);
}

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

/**
 * sriovb_disable - take all VFs of a PF away
 * @flags: SRIOV_BROKER_DISABLE_*
 * @timeout_ms: with SRIOV_BROKER_DISABLE_FORCE: for the users of leases that are revoked to
 *	let go, up to SRIOV_BROKER_MAX_FORCE_MS; else 0
 *
 * Return: 0 or -errno, -EBUSY: with FORCE, a user did not let go; the leases stay revoked.
 */
int sriovb_disable(struct sriovb *sb, const struct sriov_broker_addr *pf,
		   unsigned int flags, unsigned int timeout_ms);

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

/**
 * sriovb_cordon - have nothing new leased from a PF
 * @flags: 0; SRIOV_BROKER_CORDON_END: have it leased from again
 *
 * Return: 0, also where that is so already, or -errno.
 */
int sriovb_cordon(struct sriovb *sb, const struct sriov_broker_addr *pf,
		  unsigned int flags);

/* sriovb_clear - try the return of a VF in quarantine again. Return: 0 or -errno. */
int sriovb_clear(struct sriovb *sb, const struct sriov_broker_addr *vf);

/* What leases are asked for. Zeroes besides @count and @numa_node will do. */
struct sriovb_request {
	const struct sriov_broker_selector *selectors; /* VFs that will do */
	unsigned int num_selectors;		       /* 0: any VF */
	unsigned int count;			       /* so many, or none */
	unsigned int flags; /* SRIOV_BROKER_LEASE_* */
	int numa_node;	    /* of the PF, preferred; -1: any */
	int timeout_ms;	    /* to wait, 0: not, -1: for ever */
	const char *label;  /* shown to all, so valid UTF-8 without control
			       characters; cut at 63 bytes; NULL: none */
	const char *pool;   /* only of this named pool; NULL: of any, or none */
};

/**
 * sriovb_lease - lease VFs, all that are asked for or none
 * @request: what is asked for; NULL: any one VF
 * @grants: room for @request->count; the descriptors in it, close-on-exec, are the
 *	caller's to close
 *
 * Waits if @request says so; a fatal signal ends that.
 *
 * Return: 0 or -errno, -EAGAIN: not so many are free now; -EBUSY: nor is the one VF
 * that was asked for; -ETIMEDOUT: nor were they in time; -ENOSPC: there will never be
 * so many.
 */
int sriovb_lease_sized(struct sriovb *sb, const struct sriovb_request *request,
		       size_t request_size, size_t selector_size,
		       struct sriov_broker_grant *grants, size_t grant_size);
static inline int sriovb_lease(struct sriovb *sb,
			       const struct sriovb_request *request,
			       struct sriov_broker_grant *grants)
{
	return sriovb_lease_sized(sb, request, sizeof(*request),
				  sizeof(struct sriov_broker_selector), grants,
				  sizeof(*grants));
}

/**
 * sriovb_try_lease - the same for a program that must not wait
 *
 * As sriovb_lease() with a timeout of 0. After -EAGAIN or -EBUSY call it again when
 * sriovb_fd() is readable: then something has happened, which may have made a VF free.
 * It takes the handle's events for that; a program that wants to see them opens
 * another handle. Such a call has no place in the queue: those that wait in
 * sriovb_lease() are served before it.
 */
int sriovb_try_lease_sized(struct sriovb *sb,
			   const struct sriovb_request *request,
			   size_t request_size, size_t selector_size,
			   struct sriov_broker_grant *grants,
			   size_t grant_size);
static inline int sriovb_try_lease(struct sriovb *sb,
				   const struct sriovb_request *request,
				   struct sriov_broker_grant *grants)
{
	return sriovb_try_lease_sized(sb, request, sizeof(*request),
				      sizeof(struct sriov_broker_selector),
				      grants, sizeof(*grants));
}

/**
 * sriovb_list_waiters - calls that wait for a VF
 * @waiters: where to put the array, in the order in which they came; the caller's to
 *	free(); NULL when empty
 *
 * Return: number of elements or -errno.
 */
ssize_t sriovb_list_waiters_sized(struct sriovb *sb,
				  struct sriov_broker_waiter **waiters,
				  size_t size);
static inline ssize_t sriovb_list_waiters(struct sriovb *sb,
					  struct sriov_broker_waiter **waiters)
{
	return sriovb_list_waiters_sized(sb, waiters, sizeof(**waiters));
}

/**
 * sriovb_cancel - end the wait of one of them, which fails with -ECANCELED
 * @waiter: its id
 * @instance: as with sriovb_revoke()
 *
 * Return: 0 or -errno, -ENOENT: it does not wait any more.
 */
int sriovb_cancel(struct sriovb *sb, unsigned long long waiter,
		  unsigned long long instance);

/**
 * sriovb_revoke - take a lease from its holder
 * @instance: that of the load of the module which the lease is of, as sriovb_info()
 *	told it then; 0: the number is of the present one
 * @grace_ms: for the holder to end it, up to SRIOV_BROKER_MAX_GRACE_MS
 *
 * Return: 0 or -errno; does not wait for the VF's return. -ESTALE: another instance.
 */
int sriovb_revoke(struct sriovb *sb, unsigned long long lease,
		  unsigned long long instance, unsigned int grace_ms);

/**
 * sriovb_anchor - tie a lease to a process, or to what polls at its end
 * @instance: as with sriovb_revoke()
 * @fd: a pidfd of the process; or a pipe, UNIX socket, eventfd or timerfd; the kernel keeps
 *	what it stands for, so it may be closed
 *
 * The lease lasts until that has ended, though its descriptor is closed. What it was
 * tied to before counts no more.
 *
 * Return: 0 or -errno, -EPERM: the lease is another user's, or the process is one that
 * the caller may not signal; -ESRCH: it has ended; -EINVAL: it can't be waited for;
 * -ELOOP: another lease is tied to the other end of that pipe or socket.
 */
int sriovb_anchor(struct sriovb *sb, unsigned long long lease,
		  unsigned long long instance, int fd);

/**
 * sriovb_release - untie it again, which ends it, if its descriptor is closed
 * @instance: as with sriovb_revoke()
 *
 * Return: 0 or -errno, -EPERM: the lease is another user's; -EINVAL: it is not tied.
 */
int sriovb_release(struct sriovb *sb, unsigned long long lease,
		   unsigned long long instance);

/**
 * sriovb_pool_set - make a named pool, change it, or do away with it
 * @pool: as SRIOV_BROKER_POOL_SET wants it; without members it goes. Its @size,
 *	@member_size and @why need not be set
 *
 * Return: 0 or -errno; then nothing has changed. -EEXIST: another pool has one of the
 * VFs, sriovb_why() says which.
 */
int sriovb_pool_set_sized(struct sriovb *sb,
			  const struct sriov_broker_pool *pool, size_t size,
			  size_t member_size);
static inline int sriovb_pool_set(struct sriovb *sb,
				  const struct sriov_broker_pool *pool)
{
	return sriovb_pool_set_sized(sb, pool, sizeof(*pool),
				     sizeof(struct sriov_broker_pool_member));
}

/**
 * sriovb_pool_get - what a named pool is
 * @name: its name; with SRIOV_BROKER_POOL_NEXT in @flags: the one before it, NULL or
 *	"": the first is wanted
 * @pool: where to put it, with what its pointers lead to in the same block; the
 *	caller's to free()
 *
 * Return: 0 or -errno, -ENOENT: there is none, or none after it.
 */
int sriovb_pool_get_sized(struct sriovb *sb, const char *name,
			  unsigned int flags, struct sriov_broker_pool **pool,
			  size_t size, size_t member_size);
static inline int sriovb_pool_get(struct sriovb *sb, const char *name,
				  unsigned int flags,
				  struct sriov_broker_pool **pool)
{
	return sriovb_pool_get_sized(sb, name, flags, pool, sizeof(**pool),
				     sizeof(struct sriov_broker_pool_member));
}

/**
 * sriovb_net_hold - before changing a leased VF's network attributes through its PF
 * @vf: the VF
 * @lease: its lease
 * @instance: of the load of the module that the lease is of, 0: not to be checked
 *
 * When the lease has ended the kernel puts back what they were when it began;
 * until sriovb_close() the VF does not return, so close soon.
 *
 * Return: 0 or -errno, -ENOENT: the lease has ended; -ESTALE: it is of another load;
 * -EOPNOTSUPP: no network interface of the PF knows of its VFs.
 */
int sriovb_net_hold(struct sriovb *sb, const struct sriov_broker_addr *vf,
		    unsigned long long lease, unsigned long long instance);

/* sriovb_lease_info - what a lease's descriptor stands for. Return: 0 or -errno. */
int sriovb_lease_info_sized(int lease, struct sriov_broker_lease_info *info,
			    size_t size);
static inline int sriovb_lease_info(int lease,
				    struct sriov_broker_lease_info *info)
{
	return sriovb_lease_info_sized(lease, info, sizeof(*info));
}

/* Room that is enough for the events of a lease that come at once. */
#define SRIOVB_LEASE_EVENTS 16

/**
 * sriovb_lease_events - what has happened to a lease since the last call
 * @events: where to put them
 * @max: room there, SRIOVB_LEASE_EVENTS is enough; what has none is not told again
 * @timeout_ms: how long to wait for something, 0: not at all, -1: for ever
 *
 * One thread reads a descriptor's events: of several the one that comes too late waits
 * for the next event, whatever @timeout_ms is, unless the descriptor is O_NONBLOCK.
 *
 * A lease's descriptor can be polled: POLLIN: there are events; POLLPRI: one that says that
 * it ends; POLLHUP: it is over.
 *
 * Return: number of events; 0: there is none; or -errno, -ENODEV: the lease is over,
 * and all has been told; -EINTR: a signal came first.
 */
int sriovb_lease_events_sized(int lease,
			      struct sriov_broker_lease_event *events,
			      unsigned int max, size_t size, int timeout_ms);
static inline int sriovb_lease_events(int lease,
				      struct sriov_broker_lease_event *events,
				      unsigned int max, int timeout_ms)
{
	return sriovb_lease_events_sized(lease, events, max, sizeof(*events),
					 timeout_ms);
}

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

/* sriovb_strstate - name of an enum sriov_broker_vf_state, "?" if unknown */
const char *sriovb_strstate(unsigned int state);

/* sriovb_strfault - name of an enum sriov_broker_fault, NULL for none, "?" if unknown */
const char *sriovb_strfault(unsigned int fault);

/* sriovb_strreason - name of an enum sriov_broker_reason, NULL for none, "?" if unknown */
const char *sriovb_strreason(unsigned int reason);

/* sriovb_strevent - name of an enum sriov_broker_event_type, "?" if unknown */
const char *sriovb_strevent(unsigned int type);

/* sriovb_strcause - name of an enum sriov_broker_lease_cause, "?" if unknown */
const char *sriovb_strcause(unsigned int cause);

/* sriovb_strseverity - name of an enum sriov_broker_severity, NULL for none, "?" if unknown */
const char *sriovb_strseverity(unsigned int severity);

#ifdef __cplusplus
}
#endif

#endif /* SRIOVBROKER_H */

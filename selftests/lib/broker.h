/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ioctls of /dev/sriov_broker, one thin function each, written from the
 * header alone: the tests do not use the project's library, so that they are a
 * witness of their own.  All return 0 or a positive errno.
 */
#ifndef SELFTESTS_BROKER_H
#define SELFTESTS_BROKER_H

#include <linux/sriov_broker.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sysfs.h"
#include "tap.h"

#define NODE	"/dev/sriov_broker"
#define MODULE	"sriov_broker"
#define MAX_VFS 1024
#define LONG_MS \
	60000 /* what is waited for comes much sooner, also on a slow machine */

static const struct sriov_broker_addr no_addr;
static int broker = -1;
static pid_t broker_owner;

/* Addresses */

/* Lives until 64 more have been made. */
static inline char *name_of(struct sriov_broker_addr a)
{
	static _Thread_local char ring[64][24];
	static _Thread_local unsigned int at;
	char *name = ring[at++ % 64];

	snprintf(name, sizeof(ring[0]), "%04x:%02x:%02x.%x", a.domain,
		 a.bdf >> 8, a.bdf >> 3 & 0x1f, a.bdf & 7);
	return name;
}

static inline bool same_addr(struct sriov_broker_addr a,
			     struct sriov_broker_addr b)
{
	return a.domain == b.domain && a.bdf == b.bdf && a.valid == b.valid;
}

static inline struct sriov_broker_addr addr_of(const char *name)
{
	unsigned int domain, bus, dev, fn;
	struct sriov_broker_addr a = {};

	if (sscanf(name, "%x:%x:%x.%x", &domain, &bus, &dev, &fn) == 4) {
		a.domain = domain;
		a.bdf = bus << 8 | dev << 3 | fn;
		a.valid = 1;
	}
	return a;
}

/* The n-th PCI device of that kind, a PF; all zero: there is none. */
static inline struct sriov_broker_addr find_device(const char *vendor,
						   const char *device, int n)
{
	unsigned int bus;

	for (bus = 0; bus < 256; bus++) {
		char *name = text("0000:%02x:00.0", bus);

		if (strcmp(get(text(SYS_PCI "/%s/vendor", name)), vendor) ||
		    strcmp(get(text(SYS_PCI "/%s/device", name)), device) ||
		    !exists(text(SYS_PCI "/%s/sriov_totalvfs", name)))
			continue;
		if (!n--)
			return addr_of(name);
	}
	return no_addr;
}

static inline struct sriov_broker_addr find_igb(int n)
{
	return find_device("0x8086", "0x10c9", n);
}

static inline struct sriov_broker_addr find_nvme(int n)
{
	return find_device("0x1b36", "0x0010", n);
}

/* The first of that kind, without which there is nothing to test. */
static inline struct sriov_broker_addr need_igb(void)
{
	struct sriov_broker_addr pf = find_igb(0);

	if (same_addr(pf, no_addr))
		bail("the machine has no igb PF");
	return pf;
}

static inline struct sriov_broker_addr need_nvme(void)
{
	struct sriov_broker_addr pf = find_nvme(0);

	if (same_addr(pf, no_addr))
		bail("the machine has no nvme PF");
	return pf;
}

/* Of any kind. */
static inline struct sriov_broker_addr need_pf(void)
{
	struct sriov_broker_addr pf = find_igb(0);

	return same_addr(pf, no_addr) ? need_nvme() : pf;
}

/* A PCI device without SR-IOV: a root port. */
static inline struct sriov_broker_addr find_port(void)
{
	unsigned int slot, fn;

	for (slot = 1; slot < 32; slot++)
		for (fn = 0; fn < 8; fn++) {
			char *name = text("0000:00:%02x.%x", slot, fn);

			if (!strcmp(get(text(SYS_PCI "/%s/class", name)),
				    "0x060400"))
				return addr_of(name);
		}
	return no_addr;
}

/* Two PFs of one IOMMU group, taken off their driver; false: there are none, which is said. */
static inline bool take_twins(struct sriov_broker_addr twin[2], char dev[2][16])
{
	int n;

	twin[0] = twin[1] = find_igb(1);
	if (same_addr(twin[0], no_addr)) {
		skip("the machine has none", "two PFs in one group");
		return false;
	}
	twin[1].bdf++;
	for (n = 0; n < 2; n++) {
		snprintf(dev[n], sizeof(dev[n]), "%s", name_of(twin[n]));
		is(unbind(dev[n]), 0, "twins: a PF loses its driver");
	}
	if (iommu_group_of(dev[0]) != iommu_group_of(dev[1]))
		bail("the twins have a group each");
	return true;
}

/* As sysfs has it. */
static inline int numvfs(struct sriov_broker_addr pf)
{
	return get_number(text(SYS_PCI "/%s/sriov_numvfs", name_of(pf)));
}

static inline struct sriov_broker_addr vf_at(struct sriov_broker_addr pf,
					     int index)
{
	return addr_of(
		link_name(text(SYS_PCI "/%s/virtfn%d", name_of(pf), index)));
}

/* Descriptors */

/* The number of the next one. */
static inline int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* How many there may be. Returns how many before. */
static inline rlim_t set_room(rlim_t num)
{
	struct rlimit limit;
	rlim_t before;

	getrlimit(RLIMIT_NOFILE, &limit);
	before = limit.rlim_cur;
	limit.rlim_cur = num;
	setrlimit(RLIMIT_NOFILE, &limit);
	return before;
}

/* As many as there are, and @more. */
static inline rlim_t room_for(int more)
{
	return set_room(next_fd() + more);
}

/* The ioctls */

static inline int call(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) ? errno : 0;
}

static inline void *why_init(struct sriov_broker_why *why)
{
	if (why) {
		memset(why, 0x5a, sizeof(*why));
		why->size = sizeof(*why);
		why->reason = ~0U;
	}
	return why;
}

static inline int info(struct sriov_broker_info *p)
{
	*p = (struct sriov_broker_info){ .size = sizeof(*p) };
	return call(broker, SRIOV_BROKER_INFO, p);
}

static inline int list_pfs(struct sriov_broker_addr pf,
			   struct sriov_broker_pf *pfs, unsigned int *num)
{
	struct sriov_broker_list p = {
		.size = sizeof(p),
		.pf = pf,
		.entry_size = sizeof(*pfs),
		.count = *num,
		.entries = (uintptr_t)pfs,
	};
	int err = call(broker, SRIOV_BROKER_LIST_PFS, &p);

	*num = p.count;
	return err;
}

static inline int list_vfs(struct sriov_broker_addr pf,
			   struct sriov_broker_vf *vfs, unsigned int *num)
{
	struct sriov_broker_list p = {
		.size = sizeof(p),
		.pf = pf,
		.entry_size = sizeof(*vfs),
		.count = *num,
		.entries = (uintptr_t)vfs,
	};
	int err = call(broker, SRIOV_BROKER_LIST_VFS, &p);

	*num = p.count;
	return err;
}

static inline int enable_flags(struct sriov_broker_addr pf, unsigned int num,
			       const char *driver, unsigned int flags,
			       struct sriov_broker_why *why)
{
	struct sriov_broker_enable p = {
		.size = sizeof(p),
		.flags = flags,
		.pf = pf,
		.num_vfs = num,
		.why = (uintptr_t)why_init(why),
	};

	strncpy(p.driver, driver, sizeof(p.driver) - 1);
	return call(broker, SRIOV_BROKER_ENABLE, &p);
}

static inline int enable(struct sriov_broker_addr pf, unsigned int num,
			 const char *driver, struct sriov_broker_why *why)
{
	return enable_flags(pf, num, driver, 0, why);
}

static inline int enable_guarded(struct sriov_broker_addr pf, unsigned int num,
				 struct sriov_broker_why *why)
{
	return enable_flags(pf, num, "", SRIOV_BROKER_ENABLE_GUARDED, why);
}

static inline int disable_flags(struct sriov_broker_addr pf, unsigned int flags,
				unsigned int ms, struct sriov_broker_why *why)
{
	struct sriov_broker_disable p = {
		.size = sizeof(p),
		.flags = flags,
		.pf = pf,
		.timeout_ms = ms,
		.why = (uintptr_t)why_init(why),
	};

	return call(broker, SRIOV_BROKER_DISABLE, &p);
}

static inline int disable(struct sriov_broker_addr pf,
			  struct sriov_broker_why *why)
{
	return disable_flags(pf, 0, 0, why);
}

/* Leases are taken from their holders; @ms for those to let go. */
static inline int disable_force(struct sriov_broker_addr pf, unsigned int ms,
				struct sriov_broker_why *why)
{
	return disable_flags(pf, SRIOV_BROKER_DISABLE_FORCE, ms, why);
}

static inline int bind_flags(struct sriov_broker_addr dev, unsigned int first,
			     unsigned int count, const char *driver,
			     unsigned int flags, struct sriov_broker_why *why)
{
	struct sriov_broker_bind p = {
		.size = sizeof(p),
		.flags = flags,
		.dev = dev,
		.first = first,
		.count = count,
		.why = (uintptr_t)why_init(why),
	};

	strncpy(p.driver, driver, sizeof(p.driver) - 1);
	return call(broker, SRIOV_BROKER_BIND, &p);
}

static inline int bind_vfs(struct sriov_broker_addr dev, unsigned int first,
			   unsigned int count, const char *driver,
			   struct sriov_broker_why *why)
{
	return bind_flags(dev, first, count, driver, 0, why);
}

/*
 * @pool: its name, "": any or none
 * @timeout_ms: how long to wait for a VF: 0 not at all, less: as long as it takes
 */
static inline int lease_from(const char *pool, int timeout_ms,
			     struct sriov_broker_addr dev, unsigned int first,
			     unsigned int count, const char *label,
			     struct sriov_broker_grant *grant,
			     struct sriov_broker_why *why)
{
	struct sriov_broker_selector sel = {
		.dev = dev,
		.first = first,
		.count = count,
	};
	struct sriov_broker_lease p = {
		.size = sizeof(p),
		.num_selectors = 1,
		.count = 1,
		.selectors = (uintptr_t)&sel,
		.selector_size = sizeof(sel),
		.grants = (uintptr_t)grant,
		.grant_size = sizeof(*grant),
		.timeout_ms = timeout_ms,
		.numa_node = -1,
		.why = (uintptr_t)why_init(why),
	};

	memset(grant, 0, sizeof(*grant));
	grant->fd = -1;
	strncpy(p.label, label, sizeof(p.label) - 1);
	strncpy(p.pool, pool, sizeof(p.pool) - 1);
	return call(broker, SRIOV_BROKER_LEASE, &p);
}

static inline int lease_within(int timeout_ms, struct sriov_broker_addr dev,
			       unsigned int first, unsigned int count,
			       const char *label,
			       struct sriov_broker_grant *grant,
			       struct sriov_broker_why *why)
{
	return lease_from("", timeout_ms, dev, first, count, label, grant, why);
}

static inline int lease_range(struct sriov_broker_addr dev, unsigned int first,
			      unsigned int count, const char *label,
			      struct sriov_broker_grant *grant,
			      struct sriov_broker_why *why)
{
	return lease_within(0, dev, first, count, label, grant, why);
}

static inline int lease(struct sriov_broker_addr dev, const char *label,
			struct sriov_broker_grant *grant,
			struct sriov_broker_why *why)
{
	return lease_range(dev, 0, 0, label, grant, why);
}

/* @flags: 0, or SRIOV_BROKER_CORDON_END */
static inline int cordon(struct sriov_broker_addr pf, unsigned int flags,
			 struct sriov_broker_why *why)
{
	struct sriov_broker_cordon p = {
		.size = sizeof(p),
		.flags = flags,
		.pf = pf,
		.why = (uintptr_t)why_init(why),
	};

	return call(broker, SRIOV_BROKER_CORDON, &p);
}

static inline int clear(struct sriov_broker_addr vf,
			struct sriov_broker_why *why)
{
	struct sriov_broker_clear p = {
		.size = sizeof(p),
		.vf = vf,
		.why = (uintptr_t)why_init(why),
	};

	return call(broker, SRIOV_BROKER_CLEAR, &p);
}

/* Has a holder's VF reset. */
static inline int lease_reset(int fd)
{
	struct sriov_broker_lease_reset p = { .size = sizeof(p) };

	return call(fd, SRIOV_BROKER_LEASE_RESET, &p);
}

static inline int revoke_lease(__u64 id, unsigned int grace_ms,
			       struct sriov_broker_why *why)
{
	struct sriov_broker_revoke p = {
		.size = sizeof(p),
		.lease_id = id,
		.grace_ms = grace_ms,
		.why = (uintptr_t)why_init(why),
	};

	return call(broker, SRIOV_BROKER_REVOKE, &p);
}

/* What the caller has not set is set: the sizes. */
static inline int pool_set(struct sriov_broker_pool *p,
			   struct sriov_broker_why *why)
{
	p->size = sizeof(*p);
	if (!p->member_size)
		p->member_size = sizeof(struct sriov_broker_pool_member);
	p->why = (uintptr_t)why_init(why);
	return call(broker, SRIOV_BROKER_POOL_SET, p);
}

static inline int pool_get(struct sriov_broker_pool *p, unsigned int flags,
			   struct sriov_broker_why *why)
{
	p->size = sizeof(*p);
	p->flags = flags;
	p->member_size = sizeof(struct sriov_broker_pool_member);
	p->why = (uintptr_t)why_init(why);
	return call(broker, SRIOV_BROKER_POOL_GET, p);
}

/* On a descriptor of its own: what it holds it holds until it is closed. */
static inline int net_hold(int fd, struct sriov_broker_addr vf, __u64 id,
			   struct sriov_broker_why *why)
{
	struct sriov_broker_net_hold p = {
		.size = sizeof(p),
		.vf = vf,
		.lease_id = id,
		.why = (uintptr_t)why_init(why),
	};

	return call(fd, SRIOV_BROKER_NET_HOLD, &p);
}

static inline int lease_info(int fd, struct sriov_broker_lease_info *p)
{
	*p = (struct sriov_broker_lease_info){ .size = sizeof(*p) };
	return call(fd, SRIOV_BROKER_LEASE_INFO, p);
}

/* A descriptor of a process; -1: there is no such process. */
static inline int pidfd_of(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

static inline int lease_set(int fd, unsigned int flags, const char *label,
			    int pidfd)
{
	struct sriov_broker_lease_set p = {
		.size = sizeof(p),
		.flags = flags,
		.pidfd = pidfd,
	};

	strncpy(p.label, label, sizeof(p.label) - 1);
	return call(fd, SRIOV_BROKER_LEASE_SET, &p);
}

/*
 * Records of events that a read() gave, one after another, whatever their length; those
 * that are of this header's length or more are copied to @to.  Return: how many
 */
static inline unsigned int records(const char *from, ssize_t len, void *to,
				   size_t size, unsigned int room)
{
	unsigned int num = 0;
	__u32 step = 0;

	for (; len >= (ssize_t)size; from += step, len -= step) {
		memcpy(&step, from, sizeof(step));
		if (step < size || step > (size_t)len)
			bail("a record of %u bytes, of %zd", step, len);
		if (num < room)
			memcpy((char *)to + num++ * size, from, size);
	}
	if (len > 0)
		bail("%zd bytes after the last record", len);
	return num;
}

/* The events of a lease.  Return: how many; 0: it is over; -errno */
static inline int lease_events(int fd, struct sriov_broker_lease_event *events,
			       unsigned int room)
{
	char buf[SRIOV_BROKER_EVENT_ROOM];
	ssize_t len = read(fd, buf, sizeof(buf));

	return len < 0 ? -errno :
			 (int)records(buf, len, events, sizeof(*events), room);
}

/* What the tests want to know of a list */

static inline struct sriov_broker_vf vf_now(struct sriov_broker_addr vf)
{
	static _Thread_local struct sriov_broker_vf vfs[MAX_VFS];
	unsigned int num = MAX_VFS, i;

	if (!list_vfs(no_addr, vfs, &num))
		for (i = 0; i < num && i < MAX_VFS; i++)
			if (same_addr(vfs[i].addr, vf))
				return vfs[i];
	return (struct sriov_broker_vf){ .state = ~0U };
}

static inline unsigned int state_of(struct sriov_broker_addr vf)
{
	return vf_now(vf).state;
}

static inline bool comes_to(struct sriov_broker_addr vf, unsigned int state)
{
	return eventually(LONG_MS, state_of(vf) == state);
}

/* A VF's reset waits for its lock, as a step that is tried again and again. */
static inline bool reset_waits(struct sriov_broker_addr vf)
{
	return comes_to(vf, SRIOV_BROKER_VF_RESETTING) &&
	       eventually(5000,
			  !system("grep -qs vfb_reset /proc/[0-9]*/stack"));
}

/* VFs of a PF, or of all, that are in that state. */
static inline unsigned int count_state(struct sriov_broker_addr pf,
				       unsigned int state)
{
	static struct sriov_broker_vf vfs[MAX_VFS];
	unsigned int num = MAX_VFS, i, n = 0;

	if (list_vfs(pf, vfs, &num))
		return ~0U;
	for (i = 0; i < num && i < MAX_VFS; i++)
		n += vfs[i].state == state;
	return n;
}

static inline bool comes_back(struct sriov_broker_addr pf)
{
	return eventually(LONG_MS, count_state(pf, SRIOV_BROKER_VF_FREE) ==
					   (unsigned int)numvfs(pf));
}

static inline struct sriov_broker_stat stat_of(unsigned int kind)
{
	struct sriov_broker_stat all[SRIOV_BROKER_STAT_KINDS] = {};
	struct sriov_broker_list p = {
		.size = sizeof(p),
		.entry_size = sizeof(all[0]),
		.count = SRIOV_BROKER_STAT_KINDS,
		.entries = (uintptr_t)all,
	};

	if (call(broker, SRIOV_BROKER_STATS, &p))
		bail("no statistics");
	return all[kind];
}

/* The events that are kept of a device, or of all, as many as fit. Returns how many there are. */
static inline unsigned int history(struct sriov_broker_addr dev,
				   struct sriov_broker_event *events,
				   unsigned int count)
{
	struct sriov_broker_list p = {
		.size = sizeof(p),
		.pf = dev,
		.entry_size = sizeof(*events),
		.count = count,
		.entries = (uintptr_t)events,
	};

	return call(broker, SRIOV_BROKER_HISTORY, &p) ? 0 : p.count;
}

/* Just so many requests wait for VFs. */
static inline bool are_waiting(unsigned int num)
{
	struct sriov_broker_info i;

	return !info(&i) && i.num_waiters == num;
}

static inline bool so_many_wait(unsigned int num)
{
	return eventually(LONG_MS, are_waiting(num));
}

/* The newest event of a type about a VF; none: all zero. */
static inline struct sriov_broker_event last_event(struct sriov_broker_addr dev,
						   unsigned int type)
{
	static struct sriov_broker_event events[1024];
	struct sriov_broker_event last = {};
	unsigned int n = history(dev, events, 1024), i;

	for (i = 0; i < n && i < 1024; i++)
		if (events[i].type == type)
			last = events[i];
	return last;
}

/*
 * Everything that must not change when a call fails: what the broker lists and
 * what sysfs says of the same devices.  To be freed.
 */
static inline char *snapshot(void)
{
	static struct sriov_broker_vf vfs[MAX_VFS];
	static struct sriov_broker_pf pfs[64];
	unsigned int nv = MAX_VFS, np = 64, i;
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	if (list_pfs(no_addr, pfs, &np) || list_vfs(no_addr, vfs, &nv))
		fprintf(f, "no list\n");
	for (i = 0; i < np; i++) {
		char *dev = name_of(pfs[i].addr);

		fprintf(f, "%s %u/%u %s flags %x: %s override '%s' numvfs %s\n",
			dev, pfs[i].num_vfs, pfs[i].total_vfs, pfs[i].driver,
			pfs[i].flags, driver_of(dev), override_of(dev),
			get(text(SYS_PCI "/%s/sriov_numvfs", dev)));
	}
	for (i = 0; i < nv; i++) {
		char *dev = name_of(vfs[i].addr);

		fprintf(f, "%s %u state %u fault %u %s lease %llu %d %u '%s'",
			dev, vfs[i].index, vfs[i].state, vfs[i].fault,
			vfs[i].driver, vfs[i].lease_id, vfs[i].lease_pid,
			vfs[i].lease_uid, vfs[i].lease_label);
		fprintf(f, ": %s override '%s'\n", driver_of(dev),
			override_of(dev));
	}
	fclose(f);
	return out;
}

/* One point: all is as in @before, which is freed. */
static inline bool unchanged(char *before, const char *name)
{
	char *after = snapshot();
	bool same = ok(!strcmp(before, after), "%s: nothing has changed", name);

	if (!same)
		fprintf(stderr, "before:\n%safter:\n%s", before, after);
	free(before);
	free(after);
	return same;
}

/* One point: the call ended with @err, for @reason, which is about @dev. */
static inline bool refused(int got, int err, const struct sriov_broker_why *why,
			   unsigned int reason, struct sriov_broker_addr dev,
			   const char *name)
{
	bool good = got == err && why->reason == reason &&
		    same_addr(why->dev, dev);

	ok(good, "%s", name);
	if (!good)
		diag("got %s, reason %u, dev %s, error %d, driver '%.64s'; wanted %s, reason %u, dev %s",
		     strerrorname_np(got) ?: "success", why->reason,
		     name_of(why->dev), why->error, why->driver,
		     strerrorname_np(err), reason, name_of(dev));
	return good;
}

/* One point: the call succeeded. */
static inline bool worked(int got, const struct sriov_broker_why *why,
			  const char *name)
{
	ok(!got, "%s", name);
	if (got)
		diag("got %s, reason %u, dev %s, error %d, driver '%.64s'",
		     strerrorname_np(got), why->reason, name_of(why->dev),
		     why->error, why->driver);
	return !got;
}

/* The module */

static inline const char *module_path(void)
{
	return getenv("KO") ?: "/mnt/sriov_broker.ko";
}

/* All VFs off, and the module out: as it was before. */
static inline void broker_end(void)
{
	static struct sriov_broker_pf pfs[64];
	unsigned int num = 64, i;
	int fd;

	if (getpid() != broker_owner || broker < 0)
		return;
	for (fd = broker + 1; fd < 1024; fd++)
		close(fd);
	if (!list_pfs(no_addr, pfs, &num))
		for (i = 0; i < num && i < 64; i++)
			if (pfs[i].num_vfs)
				(void)eventually(LONG_MS,
						 !disable(pfs[i].addr, NULL));
	close(broker);
	broker = -1;
	/* It uses the other one, and is loaded when it is asked for. */
	if (have_module(MODULE "_vfio") && remove_module(MODULE "_vfio"))
		fprintf(stderr, "the vfio driver can't be removed: %m\n");
	if (remove_module(MODULE))
		fprintf(stderr, "the module can't be removed: %m\n");
}

/* Load the module, and have it removed at exit. */
static inline void broker_begin(const char *params)
{
	int err;

	err = insert_module(module_path(), params);
	if (err)
		bail("%s: %s", module_path(), strerror(err));
	broker = open(NODE, O_RDWR | O_CLOEXEC);
	if (broker < 0)
		bail(NODE ": %m");
	broker_owner = getpid();
	atexit(broker_end);
}

#endif /* SELFTESTS_BROKER_H */

// SPDX-License-Identifier: LGPL-2.1-or-later
/* The ioctls of /dev/sriov_broker. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

/* Between two looks at a list the machine may gain devices; not for ever. */
#define LIST_ATTEMPTS 16

/* Of a pool as later programs may have it. */
#define POOL_ROOM 1024

static int check_abi(struct sriovb *sb)
{
	struct sriov_broker_info info;
	/* So much of it every major number takes, and no more is known of another one. */
	int err = sriovb_info_sized(
		sb, &info, offsetof(struct sriov_broker_info, instance));

	if (err)
		return err;
	if (info.abi_major != SRIOV_BROKER_ABI_MAJOR)
		return -EPROTONOSUPPORT;
	sb->abi = SRIOVB_ABI(info.abi_major, info.abi_minor);
	return 0;
}

int sriovb_open(struct sriovb **sb)
{
	return sriovb_open_path(sb, SRIOVB_DEVICE);
}

int sriovb_open_path(struct sriovb **out, const char *path)
{
	struct sriovb *sb = calloc(1, sizeof(*sb));
	int err;

	*out = NULL;
	if (!sb)
		return -ENOMEM;
	/* Reads of events must not block; ioctls wait if they are told to. */
	sb->fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	err = sb->fd < 0 ? -errno : check_abi(sb);
	if (err) {
		sriovb_close(sb);
		return err;
	}
	*out = sb;
	return 0;
}

void sriovb_close(struct sriovb *sb)
{
	if (!sb)
		return;
	if (sb->fd >= 0)
		close(sb->fd);
	free(sb);
}

unsigned int sriovb_abi(const struct sriovb *sb)
{
	return sb->abi;
}

int sriovb_fd(const struct sriovb *sb)
{
	return sb->fd;
}

const struct sriov_broker_why *sriovb_why(const struct sriovb *sb)
{
	return &sb->why;
}

const struct sriov_broker_addr *sriovb_subject(const struct sriovb *sb)
{
	return sb->why.dev.valid ? &sb->why.dev : &sb->asked.dev;
}

/* Cut, ended with a zero, and nothing behind it. */
static void copy_name(char *to, const char *from)
{
	memset(to, 0, SRIOV_BROKER_NAME_LEN);
	if (from)
		memcpy(to, from, strnlen(from, SRIOV_BROKER_NAME_LEN - 1));
}

/* The same, but cut between two characters. */
static void copy_label(char *to, const char *from)
{
	size_t n = from ? strnlen(from, SRIOV_BROKER_NAME_LEN - 1) : 0;

	/* What follows in a character begins with the bits 10. */
	while (n && (from[n] & 0xc0) == 0x80)
		n--;
	memset(to, 0, SRIOV_BROKER_NAME_LEN);
	if (n)
		memcpy(to, from, n);
}

/* The name of a driver or a pool is never cut: what is left may be another's. */
static int copy_whole(char *to, const char *from)
{
	if (from && strlen(from) >= SRIOV_BROKER_NAME_LEN)
		return -ENAMETOOLONG;
	copy_name(to, from);
	return 0;
}

uintptr_t sriovb_begin(struct sriovb *sb, const struct sriov_broker_addr *dev,
		       unsigned int number, const char *driver)
{
	sb->asked = (struct asked){ .number = number };
	if (dev)
		sb->asked.dev = *dev;
	copy_name(sb->asked.driver, driver);
	sb->why = (struct sriov_broker_why){ .size = sizeof(sb->why) };
	return (uintptr_t)&sb->why;
}

int sriovb_call(int fd, unsigned long request, void *arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

int sriovb_info_sized(struct sriovb *sb, struct sriov_broker_info *info,
		      size_t size)
{
	sriovb_begin(sb, NULL, 0, NULL);
	memset(info, 0, size);
	info->size = size;
	return sriovb_call(sb->fd, SRIOV_BROKER_INFO, info);
}

/* A list grows while we ask: take what there is room for, ask again for more. */
static ssize_t list(struct sriovb *sb, unsigned long request,
		    const struct sriov_broker_addr *pf, size_t entry_size,
		    void **entries)
{
	uint32_t room = 64;
	int tries;

	*entries = NULL;
	for (tries = 0; tries < LIST_ATTEMPTS; tries++) {
		void *array = calloc(room, entry_size);
		struct sriov_broker_list arg = {
			.size = sizeof(arg),
			.entry_size = entry_size,
			.count = room,
			.entries = (uintptr_t)array,
			.why = sriovb_begin(sb, pf, 0, NULL),
		};
		int err;

		if (!array)
			return -ENOMEM;
		if (pf)
			arg.pf = *pf;
		err = sriovb_call(sb->fd, request, &arg);
		if (!err && arg.count && arg.count <= room) {
			*entries = array;
			return arg.count;
		}
		free(array);
		if (err || !arg.count)
			return err;
		room = arg.count + arg.count / 8;
	}
	return -EAGAIN;
}

ssize_t sriovb_list_pfs_sized(struct sriovb *sb,
			      const struct sriov_broker_addr *pf,
			      struct sriov_broker_pf **pfs, size_t size)
{
	void *entries;
	ssize_t n = list(sb, SRIOV_BROKER_LIST_PFS, pf, size, &entries);

	*pfs = entries;
	return n;
}

ssize_t sriovb_list_vfs_sized(struct sriovb *sb,
			      const struct sriov_broker_addr *pf,
			      struct sriov_broker_vf **vfs, size_t size)
{
	void *entries;
	ssize_t n = list(sb, SRIOV_BROKER_LIST_VFS, pf, size, &entries);

	*vfs = entries;
	return n;
}

/* An older module has fewer kinds: what it does not count is 0. */
int sriovb_stats_sized(struct sriovb *sb, struct sriov_broker_stat *stats,
		       unsigned int num, size_t size)
{
	struct sriov_broker_list arg = {
		.size = sizeof(arg),
		.entry_size = size,
		.count = num,
		.entries = (uintptr_t)stats,
		.why = sriovb_begin(sb, NULL, 0, NULL),
	};

	memset(stats, 0, num * size);
	return sriovb_call(sb->fd, SRIOV_BROKER_STATS, &arg);
}

ssize_t sriovb_history_sized(struct sriovb *sb,
			     const struct sriov_broker_addr *dev,
			     struct sriov_broker_event **events, size_t size)
{
	void *entries;
	ssize_t n = list(sb, SRIOV_BROKER_HISTORY, dev, size, &entries);

	*events = entries;
	return n;
}

int sriovb_enable(struct sriovb *sb, const struct sriov_broker_addr *pf,
		  unsigned int num_vfs, const char *driver, unsigned int flags)
{
	struct sriov_broker_enable arg = {
		.size = sizeof(arg),
		.flags = flags,
		.pf = *pf,
		.num_vfs = num_vfs,
		.why = sriovb_begin(sb, pf, num_vfs, driver),
	};

	if (copy_whole(arg.driver, driver))
		return -ENAMETOOLONG;
	return sriovb_call(sb->fd, SRIOV_BROKER_ENABLE, &arg);
}

int sriovb_disable(struct sriovb *sb, const struct sriov_broker_addr *pf,
		   unsigned int flags, unsigned int timeout_ms)
{
	struct sriov_broker_disable arg = {
		.size = sizeof(arg),
		.flags = flags,
		.pf = *pf,
		.timeout_ms = timeout_ms,
		.why = sriovb_begin(sb, pf, 0, NULL),
	};

	return sriovb_call(sb->fd, SRIOV_BROKER_DISABLE, &arg);
}

int sriovb_bind(struct sriovb *sb, const struct sriov_broker_addr *dev,
		unsigned int first, unsigned int count, const char *driver,
		unsigned int flags)
{
	struct sriov_broker_bind arg = {
		.size = sizeof(arg),
		.flags = flags,
		.dev = *dev,
		.first = first,
		.count = count,
		.why = sriovb_begin(sb, dev, count ? first + count - 1 : first,
				    driver),
	};

	if (copy_whole(arg.driver, driver))
		return -ENAMETOOLONG;
	return sriovb_call(sb->fd, SRIOV_BROKER_BIND, &arg);
}

int sriovb_cordon(struct sriovb *sb, const struct sriov_broker_addr *pf,
		  unsigned int flags)
{
	struct sriov_broker_cordon arg = {
		.size = sizeof(arg),
		.flags = flags,
		.pf = *pf,
		.why = sriovb_begin(sb, pf, 0, NULL),
	};

	return sriovb_call(sb->fd, SRIOV_BROKER_CORDON, &arg);
}

int sriovb_clear(struct sriovb *sb, const struct sriov_broker_addr *vf)
{
	struct sriov_broker_clear arg = {
		.size = sizeof(arg),
		.vf = *vf,
		.why = sriovb_begin(sb, vf, 0, NULL),
	};

	return sriovb_call(sb->fd, SRIOV_BROKER_CLEAR, &arg);
}

/* The selectors' common part, which is all of them that we know. */
static struct sriov_broker_addr selected(const struct sriovb_request *request,
					 unsigned int i, size_t size,
					 unsigned int *last)
{
	const char *all = (const char *)request->selectors;
	const struct sriov_broker_selector *s = (const void *)(all + i * size);

	*last = s->count ? s->first + s->count - 1 : 0;
	return s->dev;
}

/* For sentences: the device named last. */
static uintptr_t begin_lease(struct sriovb *sb,
			     const struct sriovb_request *request, size_t size)
{
	struct sriov_broker_addr dev = { 0 };
	unsigned int last;

	if (request->num_selectors)
		dev = selected(request, request->num_selectors - 1, size,
			       &last);
	return sriovb_begin(sb, &dev, 0, NULL);
}

/* The highest index that was asked of the device in the way, or of the last. */
static void note_index(struct sriovb *sb, const struct sriovb_request *request,
		       size_t size)
{
	const struct sriov_broker_addr *dev = sriovb_subject(sb);
	struct sriov_broker_addr other;
	unsigned int i, last;

	for (i = 0; i < request->num_selectors; i++) {
		other = selected(request, i, size, &last);
		if (sriovb_same_addr(&other, dev) && last > sb->asked.number)
			sb->asked.number = last;
	}
}

/* How large the caller's structures are. */
struct sizes {
	size_t selector;
	size_t grant;
};

static int request_leases(struct sriovb *sb,
			  const struct sriovb_request *request,
			  struct sriov_broker_grant *grants,
			  const struct sizes *sizes)
{
	struct sriov_broker_lease arg = {
		.size = sizeof(arg),
		.flags = request->flags,
		.num_selectors = request->num_selectors,
		.count = request->count,
		.selectors = (uintptr_t)request->selectors,
		.grants = (uintptr_t)grants,
		.selector_size = sizes->selector,
		.grant_size = sizes->grant,
		.timeout_ms = request->timeout_ms,
		.why = begin_lease(sb, request, sizes->selector),
		.numa_node = request->numa_node,
	};
	int err;

	if (copy_whole(arg.pool, request->pool))
		return -ENAMETOOLONG;
	copy_label(arg.label, request->label);
	memset(grants, 0, request->count * sizes->grant);
	err = sriovb_call(sb->fd, SRIOV_BROKER_LEASE, &arg);
	if (err)
		note_index(sb, request, sizes->selector);
	return err;
}

/*
 * The request as we know it. What a newer program asks for beyond that we could only
 * leave out, so it has to be zero, as it is with the kernel.
 */
static int copy_request(struct sriovb *sb, struct sriovb_request *to,
			const struct sriovb_request *from, size_t size)
{
	const char *byte = (const char *)from;
	size_t i;

	sriovb_begin(sb, NULL, 0, NULL);
	*to = (struct sriovb_request){ .count = 1, .numa_node = -1 };
	if (!from)
		return 0;
	for (i = sizeof(*to); i < size; i++)
		if (byte[i])
			return -E2BIG;
	memcpy(to, from, size < sizeof(*to) ? size : sizeof(*to));
	return 0;
}

int sriovb_lease_sized(struct sriovb *sb, const struct sriovb_request *request,
		       size_t request_size, size_t selector_size,
		       struct sriov_broker_grant *grants, size_t grant_size)
{
	const struct sizes sizes = { selector_size, grant_size };
	struct sriovb_request known;
	int err = copy_request(sb, &known, request, request_size);

	return err ? err : request_leases(sb, &known, grants, &sizes);
}

int sriovb_try_lease_sized(struct sriovb *sb,
			   const struct sriovb_request *request,
			   size_t request_size, size_t selector_size,
			   struct sriov_broker_grant *grants, size_t grant_size)
{
	const struct sizes sizes = { selector_size, grant_size };
	struct sriov_broker_event event;
	struct sriovb_request known;
	int err = copy_request(sb, &known, request, request_size);

	if (err)
		return err;
	known.timeout_ms = 0;
	/* First, so that what happens from now on makes the descriptor readable. */
	do
		err = sriovb_next_event(sb, &event, 0);
	while (err > 0);
	return err ? err : request_leases(sb, &known, grants, &sizes);
}

int sriovb_anchor(struct sriovb *sb, unsigned long long lease,
		  unsigned long long instance, int fd)
{
	struct sriov_broker_anchor arg = {
		.size = sizeof(arg),
		.lease_id = lease,
		.instance = instance,
		.fd = fd,
		.why = sriovb_begin(sb, NULL, 0, NULL),
	};

	return sriovb_call(sb->fd, SRIOV_BROKER_ANCHOR, &arg);
}

int sriovb_release(struct sriovb *sb, unsigned long long lease,
		   unsigned long long instance)
{
	struct sriov_broker_release arg = {
		.size = sizeof(arg),
		.lease_id = lease,
		.instance = instance,
		.why = sriovb_begin(sb, NULL, 0, NULL),
	};

	return sriovb_call(sb->fd, SRIOV_BROKER_RELEASE, &arg);
}

int sriovb_pool_set_sized(struct sriovb *sb,
			  const struct sriov_broker_pool *pool, size_t size,
			  size_t member_size)
{
	_Alignas(struct sriov_broker_pool) char room[POOL_ROOM];
	struct sriov_broker_pool *arg = (void *)room;

	if (size > sizeof(room))
		return -E2BIG;
	memcpy(room, pool, size);
	arg->size = size;
	arg->member_size = member_size;
	arg->why = sriovb_begin(sb, NULL, 0, NULL);
	return sriovb_call(sb->fd, SRIOV_BROKER_POOL_SET, arg);
}

/* One block: the pool, and behind it what it has room for. */
static struct sriov_broker_pool *new_pool(const struct sriov_broker_pool *has,
					  size_t size, size_t member_size)
{
	size_t members = (size + 7) & ~(size_t)7;
	size_t uids = members + has->num_members * member_size;
	size_t gids = uids + has->num_uids * sizeof(uint32_t);
	char *block = calloc(1, gids + has->num_gids * sizeof(uint32_t));
	struct sriov_broker_pool *pool = (void *)block;

	if (!pool)
		return NULL;
	pool->size = size;
	pool->num_members = has->num_members;
	pool->num_uids = has->num_uids;
	pool->num_gids = has->num_gids;
	pool->member_size = member_size;
	pool->members = (uintptr_t)(block + members);
	pool->uids = (uintptr_t)(block + uids);
	pool->gids = (uintptr_t)(block + gids);
	return pool;
}

int sriovb_pool_get_sized(struct sriovb *sb, const char *name,
			  unsigned int flags, struct sriov_broker_pool **out,
			  size_t size, size_t member_size)
{
	struct sriov_broker_pool has = { 0 };
	int tries;

	*out = NULL;
	for (tries = 0; tries < LIST_ATTEMPTS; tries++) {
		struct sriov_broker_pool *pool =
			new_pool(&has, size, member_size);
		int err;

		if (!pool)
			return -ENOMEM;
		pool->flags = flags;
		pool->why = sriovb_begin(sb, NULL, 0, NULL);
		err = copy_whole(pool->name, name);
		if (!err)
			err = sriovb_call(sb->fd, SRIOV_BROKER_POOL_GET, pool);
		if (!err && pool->num_members <= has.num_members &&
		    pool->num_uids <= has.num_uids &&
		    pool->num_gids <= has.num_gids) {
			*out = pool;
			return 0;
		}
		has.num_members = pool->num_members;
		has.num_uids = pool->num_uids;
		has.num_gids = pool->num_gids;
		free(pool);
		if (err)
			return err;
	}
	return -EAGAIN;
}

int sriovb_net_hold(struct sriovb *sb, const struct sriov_broker_addr *vf,
		    unsigned long long lease, unsigned long long instance)
{
	struct sriov_broker_net_hold arg = {
		.size = sizeof(arg),
		.vf = *vf,
		.lease_id = lease,
		.instance = instance,
		.why = sriovb_begin(sb, vf, 0, NULL),
	};

	return sriovb_call(sb->fd, SRIOV_BROKER_NET_HOLD, &arg);
}

int sriovb_revoke(struct sriovb *sb, unsigned long long lease,
		  unsigned long long instance, unsigned int grace_ms)
{
	struct sriov_broker_revoke arg = {
		.size = sizeof(arg),
		.lease_id = lease,
		.instance = instance,
		.grace_ms = grace_ms,
		.why = sriovb_begin(sb, NULL, 0, NULL),
	};

	return sriovb_call(sb->fd, SRIOV_BROKER_REVOKE, &arg);
}

ssize_t sriovb_list_waiters_sized(struct sriovb *sb,
				  struct sriov_broker_waiter **waiters,
				  size_t size)
{
	void *entries;
	ssize_t n = list(sb, SRIOV_BROKER_LIST_WAITERS, NULL, size, &entries);

	*waiters = entries;
	return n;
}

int sriovb_cancel(struct sriovb *sb, unsigned long long waiter,
		  unsigned long long instance)
{
	struct sriov_broker_cancel arg = {
		.size = sizeof(arg),
		.waiter_id = waiter,
		.instance = instance,
		.why = sriovb_begin(sb, NULL, 0, NULL),
	};

	return sriovb_call(sb->fd, SRIOV_BROKER_CANCEL, &arg);
}

int sriovb_lease_info_sized(int lease, struct sriov_broker_lease_info *info,
			    size_t size)
{
	memset(info, 0, size);
	info->size = size;
	return sriovb_call(lease, SRIOV_BROKER_LEASE_INFO, info);
}

int sriovb_lease_set_label(int lease, const char *label)
{
	struct sriov_broker_lease_set arg = {
		.size = sizeof(arg),
		.flags = SRIOV_BROKER_SET_LABEL,
	};

	copy_label(arg.label, label);
	return sriovb_call(lease, SRIOV_BROKER_LEASE_SET, &arg);
}

int sriovb_lease_set_holder(int lease, int pidfd)
{
	struct sriov_broker_lease_set arg = {
		.size = sizeof(arg),
		.flags = SRIOV_BROKER_SET_PID,
		.pidfd = pidfd,
	};

	return sriovb_call(lease, SRIOV_BROKER_LEASE_SET, &arg);
}

int sriovb_lease_reset(int lease)
{
	struct sriov_broker_lease_reset arg = { .size = sizeof(arg) };

	return sriovb_call(lease, SRIOV_BROKER_LEASE_RESET, &arg);
}

int sriovb_lease_open(int lease, unsigned int flags)
{
	struct sriov_broker_lease_open arg = {
		.size = sizeof(arg),
		.flags = flags,
	};
	int err = sriovb_call(lease, SRIOV_BROKER_LEASE_OPEN, &arg);

	return err ? err : arg.fd;
}

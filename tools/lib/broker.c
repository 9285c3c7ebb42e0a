// SPDX-License-Identifier: LGPL-2.1-or-later
/* The ioctls of /dev/sriov_broker. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

/* Between two looks at a list the machine may gain devices; not for ever. */
#define LIST_ATTEMPTS 16

static int check_abi(struct sriovb *sb)
{
	struct sriov_broker_info info;
	int err = sriovb_info(sb, &info);

	if (err)
		return err;
	if (info.abi_major != SRIOV_BROKER_ABI_MAJOR)
		return -EPROTONOSUPPORT;
	return 0;
}

int sriovb_open(struct sriovb **out)
{
	struct sriovb *sb = calloc(1, sizeof(*sb));
	int err;

	*out = NULL;
	if (!sb)
		return -ENOMEM;
	sb->fd = open(SRIOVB_DEVICE, O_RDWR | O_CLOEXEC);
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

const struct sriov_broker_why *sriovb_why(const struct sriovb *sb)
{
	return &sb->why;
}

/* Cut, ended with a zero, and nothing behind it. */
static void copy_name(char *to, const char *from)
{
	memset(to, 0, SRIOV_BROKER_NAME_LEN);
	if (from)
		memcpy(to, from, strnlen(from, SRIOV_BROKER_NAME_LEN - 1));
}

/* A driver's name is never cut: what is left may be another driver. */
static int copy_driver(char *to, const char *from)
{
	if (from && strlen(from) >= SRIOV_BROKER_NAME_LEN)
		return -ENAMETOOLONG;
	copy_name(to, from);
	return 0;
}

/* Remember what is asked; return the address of an empty reason. */
static uintptr_t begin(struct sriovb *sb, enum sriovb_op op,
		       const struct sriov_broker_addr *dev, unsigned int number,
		       const char *driver)
{
	sb->request = (struct sriovb_request){ .op = op, .number = number };
	if (dev)
		sb->request.dev = *dev;
	copy_name(sb->request.driver, driver);
	sb->why = (struct sriov_broker_why){ .size = sizeof(sb->why) };
	return (uintptr_t)&sb->why;
}

static int call(int fd, unsigned long request, void *arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

int sriovb_info(struct sriovb *sb, struct sriov_broker_info *info)
{
	begin(sb, SRIOVB_OP_NONE, NULL, 0, NULL);
	*info = (struct sriov_broker_info){ .size = sizeof(*info) };
	return call(sb->fd, SRIOV_BROKER_INFO, info);
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
			.why = begin(sb, SRIOVB_OP_LIST, pf, 0, NULL),
		};
		int err;

		if (!array)
			return -ENOMEM;
		if (pf)
			arg.pf = *pf;
		err = call(sb->fd, request, &arg);
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

ssize_t sriovb_list_pfs(struct sriovb *sb, const struct sriov_broker_addr *pf,
			struct sriov_broker_pf **pfs)
{
	void *entries;
	ssize_t n =
		list(sb, SRIOV_BROKER_LIST_PFS, pf, sizeof(**pfs), &entries);

	*pfs = entries;
	return n;
}

ssize_t sriovb_list_vfs(struct sriovb *sb, const struct sriov_broker_addr *pf,
			struct sriov_broker_vf **vfs)
{
	void *entries;
	ssize_t n =
		list(sb, SRIOV_BROKER_LIST_VFS, pf, sizeof(**vfs), &entries);

	*vfs = entries;
	return n;
}

/* An older module has fewer kinds: what it does not count is 0. */
int sriovb_stats(struct sriovb *sb,
		 struct sriov_broker_stat stats[SRIOV_BROKER_STAT_KINDS])
{
	struct sriov_broker_list arg = {
		.size = sizeof(arg),
		.entry_size = sizeof(*stats),
		.count = SRIOV_BROKER_STAT_KINDS,
		.entries = (uintptr_t)stats,
		.why = begin(sb, SRIOVB_OP_NONE, NULL, 0, NULL),
	};

	memset(stats, 0, SRIOV_BROKER_STAT_KINDS * sizeof(*stats));
	return call(sb->fd, SRIOV_BROKER_STATS, &arg);
}

ssize_t sriovb_history(struct sriovb *sb, const struct sriov_broker_addr *dev,
		       struct sriov_broker_event **events)
{
	void *entries;
	ssize_t n =
		list(sb, SRIOV_BROKER_HISTORY, dev, sizeof(**events), &entries);

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
		.why = begin(sb, SRIOVB_OP_ENABLE, pf, num_vfs, driver),
	};

	if (copy_driver(arg.driver, driver))
		return -ENAMETOOLONG;
	return call(sb->fd, SRIOV_BROKER_ENABLE, &arg);
}

static int disable(struct sriovb *sb, const struct sriov_broker_addr *pf,
		   uint32_t flags, unsigned int timeout_ms)
{
	struct sriov_broker_disable arg = {
		.size = sizeof(arg),
		.flags = flags,
		.pf = *pf,
		.timeout_ms = timeout_ms,
		.why = begin(sb, SRIOVB_OP_DISABLE, pf, 0, NULL),
	};

	return call(sb->fd, SRIOV_BROKER_DISABLE, &arg);
}

int sriovb_disable(struct sriovb *sb, const struct sriov_broker_addr *pf)
{
	return disable(sb, pf, 0, 0);
}

int sriovb_disable_force(struct sriovb *sb, const struct sriov_broker_addr *pf,
			 unsigned int timeout_ms)
{
	return disable(sb, pf,
		       SRIOV_BROKER_DISABLE_FORCE |
			       SRIOV_BROKER_DISABLE_FROM_HOST,
		       timeout_ms);
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
		.why = begin(sb, SRIOVB_OP_BIND, dev,
			     count ? first + count - 1 : first, driver),
	};

	if (copy_driver(arg.driver, driver))
		return -ENAMETOOLONG;
	return call(sb->fd, SRIOV_BROKER_BIND, &arg);
}

int sriovb_clear(struct sriovb *sb, const struct sriov_broker_addr *vf)
{
	struct sriov_broker_clear arg = {
		.size = sizeof(arg),
		.vf = *vf,
		.why = begin(sb, SRIOVB_OP_CLEAR, vf, 0, NULL),
	};

	return call(sb->fd, SRIOV_BROKER_CLEAR, &arg);
}

/* For sentences: the device named last. */
static uintptr_t begin_lease(struct sriovb *sb, const struct sriovb_wish *wish)
{
	unsigned int n = wish->num_selectors;

	return begin(sb, SRIOVB_OP_LEASE,
		     n ? &wish->selectors[n - 1].dev : NULL, 0, NULL);
}

/* The highest index that was asked of the device in the way, or of the last. */
static void note_index(struct sriovb *sb, const struct sriovb_wish *wish)
{
	const struct sriov_broker_addr *dev = &sb->why.dev;
	const struct sriov_broker_selector *s;
	unsigned int i, last;

	if (!dev->valid)
		dev = &sb->request.dev;
	for (i = 0; i < wish->num_selectors; i++) {
		s = &wish->selectors[i];
		last = s->count ? s->first + s->count - 1 : 0;
		if (sriovb_same_addr(&s->dev, dev) && last > sb->request.number)
			sb->request.number = last;
	}
}

int sriovb_lease_many(struct sriovb *sb, const struct sriovb_wish *wish,
		      struct sriov_broker_grant *grants)
{
	struct sriov_broker_lease arg = {
		.size = sizeof(arg),
		.flags = wish->flags,
		.num_selectors = wish->num_selectors,
		.count = wish->count,
		.selectors = (uintptr_t)wish->selectors,
		.grants = (uintptr_t)grants,
		.selector_size = sizeof(*wish->selectors),
		.grant_size = sizeof(*grants),
		.timeout_ms = wish->timeout_ms,
		.why = begin_lease(sb, wish),
		.numa_node = wish->numa_node,
	};
	int err;

	copy_name(arg.label, wish->label);
	memset(grants, 0, wish->count * sizeof(*grants));
	err = call(sb->fd, SRIOV_BROKER_LEASE, &arg);
	if (err)
		note_index(sb, wish);
	return err;
}

int sriovb_lease(struct sriovb *sb,
		 const struct sriov_broker_selector *selectors,
		 unsigned int num_selectors, const char *label,
		 struct sriov_broker_grant *grant)
{
	struct sriovb_wish wish = {
		.selectors = selectors,
		.num_selectors = num_selectors,
		.count = 1,
		.numa_node = -1,
		.label = label,
	};
	int err = sriovb_lease_many(sb, &wish, grant);

	return err ? err : grant->fd;
}

int sriovb_net_hold(struct sriovb *sb, const struct sriov_broker_addr *vf,
		    unsigned long long lease)
{
	struct sriov_broker_net_hold arg = {
		.size = sizeof(arg),
		.vf = *vf,
		.lease_id = lease,
		.why = begin(sb, SRIOVB_OP_NET_HOLD, vf, 0, NULL),
	};

	return call(sb->fd, SRIOV_BROKER_NET_HOLD, &arg);
}

int sriovb_revoke(struct sriovb *sb, unsigned long long lease,
		  unsigned long long instance, unsigned int grace_ms)
{
	struct sriov_broker_revoke arg = {
		.size = sizeof(arg),
		.lease_id = lease,
		.instance = instance,
		.grace_ms = grace_ms,
		.why = begin(sb, SRIOVB_OP_REVOKE, NULL, 0, NULL),
	};

	return call(sb->fd, SRIOV_BROKER_REVOKE, &arg);
}

int sriovb_lease_info(int lease, struct sriov_broker_lease_info *info)
{
	*info = (struct sriov_broker_lease_info){ .size = sizeof(*info) };
	return call(lease, SRIOV_BROKER_LEASE_INFO, info);
}

int sriovb_lease_set_label(int lease, const char *label)
{
	struct sriov_broker_lease_set arg = {
		.size = sizeof(arg),
		.flags = SRIOV_BROKER_SET_LABEL,
	};

	copy_name(arg.label, label);
	return call(lease, SRIOV_BROKER_LEASE_SET, &arg);
}

int sriovb_lease_set_holder(int lease, int pidfd)
{
	struct sriov_broker_lease_set arg = {
		.size = sizeof(arg),
		.flags = SRIOV_BROKER_SET_PID,
		.pidfd = pidfd,
	};

	return call(lease, SRIOV_BROKER_LEASE_SET, &arg);
}

int sriovb_lease_reset(int lease)
{
	struct sriov_broker_lease_reset arg = { .size = sizeof(arg) };

	return call(lease, SRIOV_BROKER_LEASE_RESET, &arg);
}

int sriovb_lease_open(int lease, unsigned int flags)
{
	struct sriov_broker_lease_open arg = {
		.size = sizeof(arg),
		.flags = flags,
	};
	int err = call(lease, SRIOV_BROKER_LEASE_OPEN, &arg);

	return err ? err : arg.fd;
}

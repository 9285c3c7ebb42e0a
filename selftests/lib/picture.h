/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When the world has moved: is the broker's picture of it the right one, and
 * have the holders of leases been told?
 */
#ifndef SELFTESTS_PICTURE_H
#define SELFTESTS_PICTURE_H

#include <poll.h>

#include "broker.h"

/* Virtual functions of any PF that sysfs has. */
static inline int vfs_in_sysfs(void)
{
	DIR *dir = opendir(SYS_PCI);
	struct dirent *e;
	int num = 0;

	if (!dir)
		return -1;
	while ((e = readdir(dir)))
		num += exists(text(SYS_PCI "/%s/physfn", e->d_name));
	closedir(dir);
	return num;
}

/* The broker lists what sysfs has, with the same drivers. */
static inline bool picture_is_right(void)
{
	static struct sriov_broker_vf vfs[MAX_VFS];
	unsigned int num = MAX_VFS, i;
	struct sriov_broker_info p;

	if (list_vfs(no_addr, vfs, &num) || (int)num != vfs_in_sysfs() ||
	    info(&p) || p.num_vfs != num)
		return false;
	for (i = 0; i < num; i++) {
		char *dev = name_of(vfs[i].addr);

		if (!exists(text(SYS_PCI "/%s", dev)) ||
		    strcmp(driver_of(dev), vfs[i].driver) ||
		    strcmp(link_name(text(SYS_PCI "/%s/physfn", dev)),
			   name_of(vfs[i].pf)))
			return false;
	}
	return true;
}

static inline void check_picture(const char *after)
{
	char *now;

	if (ok(eventually(LONG_MS, picture_is_right()),
	       "%s: the list is what sysfs has", after))
		return;
	now = snapshot();
	fprintf(stderr, "%s: %d VFs in sysfs, listed:\n%s", after,
		vfs_in_sysfs(), now);
	free(now);
}

static inline bool poll_says_gone(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1 &&
	       (p.revents & (POLLHUP | POLLERR)) == (POLLHUP | POLLERR);
}

/* The holder of a lease is told, and can do no more than close it. */
static inline void check_told(int fd, unsigned int cause, const char *after)
{
	struct sriov_broker_lease_event e = {};
	struct sriov_broker_lease_info i;

	ok(poll_says_gone(fd, LONG_MS), "%s: poll says HUP and ERR", after);
	is(lease_info(fd, &i), ENODEV, "%s: the lease answers ENODEV", after);
	is(lease_set(fd, SRIOV_BROKER_SET_LABEL, "x", 0), ENODEV, "%s: to all",
	   after);
	ok(lease_events(fd, &e, 1) == 1 &&
		   e.type == SRIOV_BROKER_LEASE_EVENT_REVOKED &&
		   e.cause == cause,
	   "%s: an event says why", after);
	is(e.cause, cause, "%s: cause", after);
	is(lease_events(fd, &e, 1), 0, "%s: and no more", after);
}

#endif /* SELFTESTS_PICTURE_H */

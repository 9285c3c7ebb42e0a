// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a lease can ask for, and what an admin can do about it: gangs, several
 * PFs, waiting in order, quota, revocation with a grace, the VF's vfio
 * descriptor out of the lease, a reset on demand.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "broker.h"
#include "steps.h"
#include "vfio.h"

#define IGB_VFS	    7
#define NVME_VFS    4
#define NUM_THREADS 16

static struct sriov_broker_addr igb, nvme;
static struct sriov_broker_why why;

static struct {
	int order[4], next;
	volatile int stop;
} *shared;

/* A lease of @count VFs, by the selectors. */
static int ask(struct sriov_broker_selector *sels, unsigned int num,
	       unsigned int count, unsigned int flags, int timeout_ms,
	       struct sriov_broker_grant *g)
{
	struct sriov_broker_lease p = {
		.size = sizeof(p),
		.flags = flags,
		.num_selectors = num,
		.count = count,
		.selectors = (uintptr_t)sels,
		.selector_size = sizeof(*sels),
		.grants = (uintptr_t)g,
		.grant_size = sizeof(*g),
		.timeout_ms = timeout_ms,
		.numa_node = -1,
		.why = (uintptr_t)why_init(&why),
	};

	return call(broker, SRIOV_BROKER_LEASE, &p);
}

static int ask_pf(struct sriov_broker_addr pf, unsigned int count,
		  int timeout_ms, struct sriov_broker_grant *g)
{
	struct sriov_broker_selector sel = { .dev = pf };

	return ask(&sel, 1, count, 0, timeout_ms, g);
}

static void give_back(struct sriov_broker_grant *g, unsigned int num)
{
	while (num--)
		close(g[num].fd);
	comes_back(igb);
	comes_back(nvme);
}

/* All or none. */
static void test_gang(void)
{
	struct sriov_broker_grant g[IGB_VFS + 1], one;
	unsigned int i, seen = 0, ids = 1;
	char *before;

	is(ask_pf(igb, IGB_VFS, 0, g), 0, "a gang of all VFs of a PF");
	for (i = 0; i < IGB_VFS; i++) {
		seen |= 1U << g[i].index;
		ids &= !i || g[i].id != g[i - 1].id;
	}
	is(seen, (1 << IGB_VFS) - 1, "each VF once");
	ok(ids, "each lease with an id of its own");
	give_back(g, IGB_VFS);

	is(lease(vf_at(igb, 3), "", &one, NULL), 0, "one of them is out");
	before = snapshot();
	is(ask_pf(igb, IGB_VFS, 0, g), EAGAIN, "a gang of all gets none");
	is(why.reason, SRIOV_BROKER_WHY_POOL_EMPTY, "since not all are free");
	unchanged(before, "a gang that got none");
	before = snapshot();
	is(ask_pf(igb, IGB_VFS + 1, 0, g), ENOSPC, "8 of 7");
	is(why.reason, SRIOV_BROKER_WHY_TOO_FEW, "are more than there are");
	is(why.value, IGB_VFS, "which the answer says");
	unchanged(before, "a gang that can't be");
	is(ask_pf(igb, IGB_VFS - 1, 0, g), 0, "the six others");
	close(one.fd);
	give_back(g, IGB_VFS - 1);
}

/* No descriptors left in the middle of a gang: none is leased. */
static void test_gang_undone(void)
{
	struct sriov_broker_grant g[IGB_VFS];
	int fd = next_fd(), err;
	rlim_t before = room_for(3);

	err = ask_pf(igb, IGB_VFS, 0, g);
	set_room(before);
	is(err, EMFILE, "a gang with room for 3 descriptors");
	ok(comes_back(igb), "leases nothing");
	is(next_fd(), fd, "and leaves no descriptor open");
}

static void test_selectors(void)
{
	struct sriov_broker_selector two[] = { { .dev = vf_at(igb, 2) },
					       { .dev = vf_at(nvme, 1) } };
	struct sriov_broker_selector intel = { .vendor = 0x8086 };
	struct sriov_broker_selector absent = { .vendor = 0x1234 };
	struct sriov_broker_selector twice[] = { { .dev = igb },
						 { .dev = igb } };
	struct sriov_broker_selector both[] = { two[0], two[0] };
	struct sriov_broker_grant g[IGB_VFS + 1];
	struct sriov_broker_vf vf;

	is(ask(two, 2, 2, 0, 0, g), 0, "two VFs by name");
	ok((same_addr(g[0].vf, two[0].dev) && same_addr(g[1].vf, two[1].dev)) ||
		   (same_addr(g[1].vf, two[0].dev) &&
		    same_addr(g[0].vf, two[1].dev)),
	   "are those two");
	give_back(g, 2);

	is(ask(NULL, 0, 2, SRIOV_BROKER_LEASE_DISTINCT_PFS, 0, g), 0,
	   "two from different PFs");
	ok(!same_addr(g[0].pf, g[1].pf), "are so");
	give_back(g, 2);
	is(ask(NULL, 0, 3, SRIOV_BROKER_LEASE_DISTINCT_PFS, 0, g), ENOSPC,
	   "three from different PFs there can't be");

	is(ask(twice, 2, IGB_VFS + 1, 0, 0, g), ENOSPC,
	   "more than a PF has, the PF named twice");
	is(ask(two, 1, 2, 0, 0, g), ENOSPC, "two of one VF there can't be");
	is(ask(both, 2, 2, 0, 0, g), EAGAIN, "nor where it is named twice");

	is(ask(NULL, 0, 4, SRIOV_BROKER_LEASE_SPREAD, 0, g), 0, "four, spread");
	is(count_state(igb, SRIOV_BROKER_VF_LEASED), 2, "are two and two");
	give_back(g, 4);
	is(ask(NULL, 0, 4, 0, 0, g), 0, "four, packed");
	ok(same_addr(g[0].pf, g[1].pf) && same_addr(g[1].pf, g[2].pf) &&
		   same_addr(g[2].pf, g[3].pf),
	   "are from one PF");
	give_back(g, 4);

	is(ask(&intel, 1, 1, 0, 0, g), 0, "one of a vendor");
	ok(same_addr(g[0].pf, igb), "is of that vendor");
	vf = vf_now(g[0].vf);
	is(vf.vendor, 0x8086, "as is listed");
	give_back(g, 1);
	is(ask(&absent, 1, 1, 0, 0, g), ENOSPC, "one of a vendor not here");
	is(ask(&(struct sriov_broker_selector){ .dev = igb, .first = 5 }, 1, 2,
	       SRIOV_BROKER_LEASE_NO_CLOEXEC, 0, g),
	   0, "two from index 5 on, to be inherited");
	ok(!fcntl(g[0].fd, F_GETFD) && !fcntl(g[1].fd, F_GETFD),
	   "are not close-on-exec");
	give_back(g, 2);
}

/* The n-th waiter: notes when it was served. */
static void wait_in_line(int n, const struct sriov_broker_grant *others)
{
	struct sriov_broker_grant g;
	int i;

	/* What the parent gives back must not live on here. */
	for (i = 0; i < IGB_VFS; i++)
		close(others[i].fd);

	if (ask_pf(igb, 1, -1, &g))
		_exit(1);
	shared->order[shared->next] = n; /* one at a time is served */
	__atomic_fetch_add(&shared->next, 1, __ATOMIC_SEQ_CST);
	sleep_ms(200);
	_exit(0);
}

static void test_waiting(void)
{
	struct sriov_broker_grant g[IGB_VFS], more;
	pid_t pid[3];
	int i;

	is(ask_pf(igb, IGB_VFS, 0, g), 0, "all VFs of a PF are out");
	is(ask_pf(igb, 1, 300, &more), ETIMEDOUT, "waiting 300 ms for one");
	is(why.reason, SRIOV_BROKER_WHY_TIMEOUT, "ends so");
	is(ask_pf(igb, 1, 0, &more), EAGAIN, "not waiting ends at once");

	memset(shared, 0, sizeof(*shared));
	for (i = 0; i < 3; i++) {
		pid[i] = fork();
		if (!pid[i])
			wait_in_line(i + 1, g);
		if (!so_many_wait(i + 1))
			bail("waiter %d does not wait", i + 1);
	}
	kill(pid[1], SIGKILL);
	waitpid(pid[1], &i, 0);
	ok(WIFSIGNALED(i), "a waiter can be killed");
	close(g[0].fd);
	ok(eventually(LONG_MS, shared->next >= 1), "one comes back");
	is(shared->order[0], 1, "the first in line has it");
	waitpid(pid[0], NULL, 0);
	ok(eventually(LONG_MS, shared->next == 2), "and gives it back");
	is(shared->order[1], 3, "the next that is alive has it");
	waitpid(pid[2], NULL, 0);
	ok(eventually(LONG_MS, !ask_pf(igb, 1, 0, &g[0])),
	   "then any request gets it again");
	give_back(g, IGB_VFS);
}

static int set_param(const char *name, const char *value)
{
	return put(text("/sys/module/" MODULE "/parameters/%s", name), value);
}

/* Charged is the user that opened the device. */
static void become_nobody(void)
{
	if (setresuid(65534, 65534, 65534))
		_exit(99);
	broker = open(NODE, O_RDWR | O_CLOEXEC);
	if (broker < 0)
		_exit(98);
}

static void test_quota(void)
{
	struct sriov_broker_grant g[3];
	int status;
	pid_t pid;

	is(set_param("max_leases", "2"), 0, "no more than 2 leases");
	is(ask(NULL, 0, 3, 0, 0, g), EDQUOT, "3 at once");
	is(why.reason, SRIOV_BROKER_WHY_LIMIT, "are too many");
	is(why.value, 2, "as the answer says");
	is(ask(NULL, 0, 2, 0, 0, g), 0, "2 are not");
	is(ask(NULL, 0, 1, 0, 0, &g[2]), EDQUOT, "a third is");
	give_back(g, 2);
	is(set_param("max_leases", "0"), 0, "as many as there are");

	is(set_param("max_leases_per_user", "1"), 0, "one for each user");
	pid = fork();
	if (!pid) {
		become_nobody();
		status = ask(NULL, 0, 1, 0, 0, g) ||
			 ask(NULL, 0, 1, 0, 0, &g[1]) != EDQUOT ||
			 why.reason != SRIOV_BROKER_WHY_QUOTA || why.value != 1;
		_exit(status);
	}
	waitpid(pid, &status, 0);
	is(WEXITSTATUS(status), 0, "the user nobody gets one, and no second");
	comes_back(igb);
	is(ask(NULL, 0, 2, 0, 0, g), 0, "root is exempt");
	give_back(g, 2);
	is(set_param("max_leases_per_user", "0"), 0, "as before");
}

/* Waits for a VF as the user nobody, in a child that then keeps it. */
static pid_t nobody_waits(const struct sriov_broker_grant *others)
{
	struct sriov_broker_grant g;
	pid_t pid = fork();
	int i;

	if (pid)
		return pid;
	/* What the parent gives back must not live on here. */
	for (i = 0; i < IGB_VFS; i++)
		close(others[i].fd);
	become_nobody();
	if (!ask_pf(igb, 1, -1, &g))
		__atomic_fetch_add(&shared->next, 1, __ATOMIC_SEQ_CST);
	pause();
	_exit(0);
}

/* A user that may have no more is in no other's way; and in line again when it may. */
static void test_quota_waiting(void)
{
	struct sriov_broker_grant g[IGB_VFS];
	pid_t pid[2];
	int i;

	is(set_param("max_leases_per_user", "1"), 0, "one for each user");
	is(ask_pf(igb, IGB_VFS, 0, g), 0, "all VFs of a PF are root's");
	memset(shared, 0, sizeof(*shared));
	for (i = 0; i < 2; i++) {
		pid[i] = nobody_waits(g);
		ok(so_many_wait(i + 1), "no waiters, for %d", i + 1);
	}
	close(g[0].fd);
	ok(eventually(LONG_MS, shared->next == 1), "one is served");
	close(g[1].fd);
	ok(comes_to(g[1].vf, SRIOV_BROKER_VF_FREE),
	   "the other may have no more: the next VF stays free");
	is(ask_pf(igb, 1, 0, &g[1]), 0, "the next in line gets it");
	close(g[1].fd);
	ok(comes_to(g[1].vf, SRIOV_BROKER_VF_FREE), "and gives it back");
	is(set_param("max_leases_per_user", "0"), 0, "as many as it likes");
	ok(eventually(LONG_MS, shared->next == 2), "the other is served too");
	for (i = 0; i < 2; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
	give_back(g + 2, IGB_VFS - 2);
}

/* A DISABLE that fails has VFs in its hands for a moment; a waiter is served after it. */
static void test_waiting_beside_disable(void)
{
	struct sriov_broker_grant g;
	struct vfio v;
	char dev[16];
	pid_t pid;
	int i, err = 0;

	strcpy(dev, name_of(vf_at(igb, 6)));
	is(bind_vfs(igb, 6, 1, "host", NULL), 0, "one VF is the host's");
	unbind(dev);
	set_override(dev, "vfio-pci");
	probe(dev);
	is(vfio_open(&v, dev), 0, "and a process has it open");
	pid = fork();
	if (!pid) {
		vfio_close(&v);
		for (i = 0; i < 30 && !err; i++) {
			err = ask_pf(igb, 1, -1, &g);
			close(g.fd);
		}
		_exit(err);
	}
	while (!waitpid(pid, &i, WNOHANG)) {
		if (disable(igb, &why) != EBUSY)
			err++;
		usleep(1000);
	}
	is(err, 0, "disabling is refused, again and again");
	is(WEXITSTATUS(i), 0, "and a request made meanwhile misses nothing");
	vfio_close(&v);
	unbind(dev);
	set_override(dev, "\n");
	is(bind_vfs(igb, 6, 1, "vfio-pci", &why), 0,
	   "the VF is the pool's again");
	ok(comes_back(igb), "all are free");
}

static void test_revoke(void)
{
	struct sriov_broker_lease_event e[2] = {};
	struct sriov_broker_lease_info i;
	struct sriov_broker_grant g;
	struct pollfd p = { .events = POLLIN };
	struct timespec now;
	__u64 deadline;

	lease(vf_at(igb, 1), "", &g, NULL);
	p.fd = g.fd;
	is(revoke_lease(g.id, 600000, &why), 0,
	   "revoked, with ten minutes' grace");
	is(poll(&p, 1, LONG_MS), 1, "the holder is told at once");
	is(p.revents & (POLLHUP | POLLERR), 0, "it is not over");
	clock_gettime(CLOCK_MONOTONIC, &now);
	is(lease_events(g.fd, e, 2), 1, "an event");
	ok(e[0].type == SRIOV_BROKER_LEASE_EVENT_REVOKING &&
		   e[0].cause == SRIOV_BROKER_LEASE_CAUSE_ADMIN &&
		   e[0].lease_id == g.id && e[0].pid == getpid() && !e[0].uid &&
		   !strncmp(e[0].comm, "pool", 4) &&
		   e[0].deadline_ns >
			   now.tv_sec * 1000000000ULL + now.tv_nsec &&
		   e[0].deadline_ns <
			   (now.tv_sec + 600) * 1000000000ULL + now.tv_nsec,
	   "says until when, and by which process");
	is(lease_info(g.fd, &i), 0, "until then it is the holder's");
	deadline = e[0].deadline_ns;
	is(revoke_lease(g.id, 50, &why), 0, "made shorter");
	p.events = 0;
	ok(poll(&p, 1, LONG_MS) == 1 && (p.revents & POLLHUP) &&
		   (p.revents & POLLERR),
	   "then HUP and ERR");
	is(lease_info(g.fd, &i), ENODEV, "and ENODEV");
	is(lease_events(g.fd, e, 2), 2, "and two events");
	ok(e[0].type == SRIOV_BROKER_LEASE_EVENT_REVOKING &&
		   e[0].deadline_ns < deadline,
	   "that it is sooner");
	is(e[1].type, SRIOV_BROKER_LEASE_EVENT_REVOKED, "that it is over");
	ok(comes_to(g.vf, SRIOV_BROKER_VF_FREE),
	   "the VF goes back while the descriptor is open");
	is(revoke_lease(g.id, 0, &why), 0, "revoked once more is the same");
	close(g.fd);
	is(revoke_lease(g.id, 0, &why), ENOENT,
	   "closed, there is no such lease");
	is(why.reason, SRIOV_BROKER_WHY_NO_LEASE, "as the answer says");
	is(revoke_lease(g.id, SRIOV_BROKER_MAX_GRACE_MS + 1, &why), EINVAL,
	   "too long a grace");
}

/* A late close of a revoked lease does not hit the next owner. */
static void test_late_close(void)
{
	struct sriov_broker_grant first, second;
	struct sriov_broker_lease_info i;

	lease(vf_at(igb, 1), "first", &first, NULL);
	revoke_lease(first.id, 0, NULL);
	ok(comes_to(first.vf, SRIOV_BROKER_VF_FREE), "revoked, it is free");
	is(lease(first.vf, "second", &second, &why), 0, "it has a new holder");
	close(first.fd);
	sleep_ms(200);
	is(lease_info(second.fd, &i), 0, "the first one's close does nothing");
	is(state_of(second.vf), SRIOV_BROKER_VF_LEASED, "it is leased");
	close(second.fd);
	comes_back(igb);
}

/* A grace that is made shorter; and a holder that has the VF open. */
static void test_revoke_open(void)
{
	struct sriov_broker_grant g;
	struct pollfd p = { .events = 0 };
	struct vfio v;

	lease(vf_at(igb, 1), "", &g, NULL);
	p.fd = g.fd;
	is(vfio_open(&v, name_of(g.vf)), 0, "a holder has the VF open");
	is(revoke_lease(g.id, 600000, NULL), 0, "ten minutes' grace");
	is(poll(&p, 1, 100), 0, "are not over");
	is(revoke_lease(g.id, 50, NULL), 0, "made shorter");
	is(poll(&p, 1, LONG_MS), 1, "are");
	ok(comes_to(g.vf, SRIOV_BROKER_VF_DRAINING), "the VF drains");
	vfio_close(&v);
	ok(comes_to(g.vf, SRIOV_BROKER_VF_FREE), "let go, it is free");
	close(g.fd);
}

static void test_force(void)
{
	struct sriov_broker_grant g[2];
	struct pollfd p = { .events = 0 };
	struct vfio v;

	/* The one in use is the first: the other may be on its way back yet. */
	lease(vf_at(igb, 2), "", &g[0], NULL);
	lease(vf_at(igb, 1), "stubborn", &g[1], NULL);
	is(vfio_open(&v, name_of(g[1].vf)), 0, "one of two holders uses it");
	is(disable_force(igb, 500, &why), EBUSY,
	   "a forced disable ends, though it stays in use");
	ok(same_addr(why.dev, g[1].vf), "the answer names the VF in use");
	is(numvfs(igb), IGB_VFS, "all VFs are there");
	p.fd = g[0].fd;
	ok(poll(&p, 1, 0) == 1 && p.revents & POLLHUP, "the leases are over");
	vfio_close(&v);
	is(disable_force(igb, 40000, &why), 0, "let go, it works");
	is(numvfs(igb), 0, "there are none");
	close(g[0].fd);
	close(g[1].fd);
	worked(enable(igb, IGB_VFS, "vfio-pci", &why), &why, "enabled again");

	lease(vf_at(igb, 0), "", &g[0], NULL);
	is(disable_force(igb, 40000, &why), 0,
	   "a holder that uses nothing does not delay it");
	close(g[0].fd);
	worked(enable(igb, IGB_VFS, "vfio-pci", &why), &why, "enabled again");
}

/*
 * VFs are to go, which waits for the user of one; told is its holder. Until then none of the
 * others is leased: it would be waited for as well.
 */
static void none_is_leased(const struct sriov_broker_grant *used,
			   const char *name)
{
	struct sriov_broker_grant g;
	struct pollfd p = { .fd = used->fd, .events = 0 };

	is(poll(&p, 1, LONG_MS), 1,
	   "%s: the holder of one that is used is told", name);
	is(state_of(vf_at(igb, 3)), SRIOV_BROKER_VF_FREE,
	   "%s: another one is free", name);
	refused(lease(vf_at(igb, 3), "", &g, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_PF_BUSY, igb,
		text("%s: but not leased", name));
}

static void test_closing(void)
{
	struct sriov_broker_grant g;
	struct vfio v;
	int status;
	pid_t pid;

	lease(vf_at(igb, 0), "", &g, NULL);
	is(vfio_open(&v, name_of(g.vf)), 0, "closing: a VF is used");
	pid = fork();
	if (!pid) {
		vfio_close(&v);
		_exit(disable_force(igb, SRIOV_BROKER_MAX_FORCE_MS, NULL));
	}
	none_is_leased(&g, "closing");
	vfio_close(&v);
	close(g.fd);
	waitpid(pid, &status, 0);
	is(status, 0, "closing: let go, it ends");
	worked(enable(igb, IGB_VFS, "vfio-pci", &why), &why,
	       "closing: enabled again");
}

/* The PF's driver goes, which takes the VFs with it. */
static void test_leaving(void)
{
	struct sriov_broker_grant g;
	char dev[16];
	struct vfio v;
	int status;
	pid_t pid;

	strcpy(dev, name_of(igb));
	/* The first, for they go in their order. */
	lease(vf_at(igb, 0), "", &g, NULL);
	is(vfio_open(&v, name_of(g.vf)), 0, "leaving: a VF is used");
	pid = fork();
	if (!pid) {
		vfio_close(&v);
		_exit(unbind(dev));
	}
	none_is_leased(&g, "leaving");
	vfio_close(&v);
	close(g.fd);
	waitpid(pid, &status, 0);
	is(status, 0, "leaving: let go, the driver is gone");
	is(bind_to(dev, "igb"), 0, "leaving: and there again");
	worked(enable(igb, IGB_VFS, "vfio-pci", &why), &why,
	       "leaving: enabled again");
}

static int open_group(int fd, unsigned int flags, int *group)
{
	struct sriov_broker_lease_open p = { .size = sizeof(p),
					     .flags = flags,
					     .fd = -1 };
	int err = call(fd, SRIOV_BROKER_LEASE_OPEN, &p);

	*group = p.fd;
	return err;
}

/* An unprivileged holder that sees no /dev at all gets its VF. */
static int as_prisoner(int fd, const char *dev)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int container = open("/dev/vfio/vfio", O_RDWR);
	char empty[] = "/tmp/prison-XXXXXX";
	int group, device;

	if (chroot(mkdtemp(empty)) || chdir("/") ||
	    setresuid(65534, 65534, 65534))
		return 1;
	if (open(text("/dev/vfio/%s", "vfio"), O_RDWR) >= 0)
		return 2;
	if (open_group(fd, 0, &group))
		return 3;
	if (fcntl(group, F_GETFD) != FD_CLOEXEC)
		return 4;
	if (ioctl(group, VFIO_GROUP_GET_STATUS, &status) ||
	    !(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return 5;
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return 6;
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, dev);
	return device < 0 ? 7 : 0;
}

/* A device's own vfio node, or -1. */
static int open_node(const char *dev)
{
	const char *node = first_in(text(SYS_PCI "/%s/vfio-dev", dev));

	return node ? open(text("/dev/vfio/devices/%s", node),
			   O_RDWR | O_CLOEXEC) :
		      -1;
}

/* A process has a free VF's node open, without using it: its driver would wait. */
static void test_node_kept(struct sriov_broker_addr vf)
{
	int fd = open_node(name_of(vf));

	if (fd < 0) {
		skip("there are no nodes of VFs on this kernel",
		     "no move of a VF whose node is open");
		return;
	}
	is(bind_vfs(vf, 0, 0, "host", &why), EBUSY,
	   "no move of a VF whose node is open");
	is(why.reason, SRIOV_BROKER_WHY_IN_USE, "as it says");
	is(disable(igb, &why), EBUSY, "no disable");
	ok(same_addr(why.dev, vf), "for this VF");
	is(state_of(vf), SRIOV_BROKER_VF_FREE, "it stays free");
	close(fd);
	is(bind_vfs(vf, 0, 0, "host", &why), 0, "closed, it can be moved");
	is(bind_vfs(vf, 0, 0, "vfio-pci", &why), 0, "and back");
}

static void test_lease_open(void)
{
	struct sriov_broker_grant g;
	int group, other, status, err;
	pid_t pid;

	lease(vf_at(igb, 5), "", &g, NULL);
	pid = fork();
	if (!pid)
		_exit(as_prisoner(g.fd, name_of(g.vf)));
	waitpid(pid, &status, 0);
	is(WEXITSTATUS(status), 0,
	   "the user nobody, in a chroot, opens its VF through the lease");
	ok(eventually(LONG_MS, !open_group(g.fd, 0, &group)),
	   "the group's descriptor");
	ok(strstr(link_name(text("/proc/self/fd/%d", group)),
		  text("%d", g.iommu_group)),
	   "is that of the VF's group");
	is(open_group(g.fd, 0, &other), EBUSY, "and there is one of it");
	close(group);
	err = open_group(g.fd, SRIOV_BROKER_OPEN_CDEV, &other);
	if (exists("/dev/vfio/devices"))
		is(err, 0, "the VF's own node");
	else
		is(err, EOPNOTSUPP, "there are no nodes of VFs on this kernel");
	if (!err)
		close(other);

	ok(eventually(LONG_MS, !open_group(g.fd, 0, &group)), "once more");
	close(g.fd);
	ok(comes_to(g.vf, SRIOV_BROKER_VF_DRAINING),
	   "a group kept open keeps the VF from its next owner");
	close(group);
	ok(comes_to(g.vf, SRIOV_BROKER_VF_FREE), "closed, it is free");

	lease(vf_at(igb, 5), "", &g, NULL);
	if (open_group(g.fd, SRIOV_BROKER_OPEN_CDEV, &other)) {
		skip("there are no nodes of VFs on this kernel",
		     "one kept open keeps the VF from its next owner");
		close(g.fd);
	} else {
		close(g.fd);
		ok(comes_to(g.vf, SRIOV_BROKER_VF_DRAINING),
		   "its own node kept open keeps the VF as well");
		close(other);
	}
	ok(comes_to(g.vf, SRIOV_BROKER_VF_FREE), "closed, it is free again");
	test_node_kept(g.vf);

	lease(vf_at(igb, 5), "", &g, NULL);
	revoke_lease(g.id, 0, NULL);
	is(open_group(g.fd, 0, &group), ENODEV,
	   "a revoked lease opens nothing");
	close(g.fd);
	comes_back(igb);
}

static void *reset_always(void *lease)
{
	int *fd = lease;

	while (lease_reset(*fd) != ENODEV)
		;
	return NULL;
}

/* Resets that a holder has under way do not keep the broker from taking the VF back. */
static void test_reset_storm(void)
{
	struct sriov_broker_grant g;
	pthread_t threads[NUM_THREADS];
	unsigned int i;

	lease(vf_at(igb, 5), "", &g, NULL);
	for (i = 0; i < NUM_THREADS; i++)
		if (pthread_create(&threads[i], NULL, reset_always, &g.fd))
			bail("no thread");
	sleep_ms(300);
	is(revoke_lease(g.id, 0, NULL), 0, "revoked amid resets");
	ok(comes_to(g.vf, SRIOV_BROKER_VF_FREE), "the VF comes back free");
	for (i = 0; i < NUM_THREADS; i++)
		pthread_join(threads[i], NULL);
	ok(true, "and all resets have ended with the lease");
	close(g.fd);
	comes_back(igb);
}

/* A grace that begins while the holder closes: neither may hit what is freed. */
static void test_revoke_races_close(void)
{
	struct sriov_broker_grant g;
	int status, i, failed = 0;
	pid_t pid;

	shared->stop = 0;
	lease(vf_at(igb, 1), "", &g, NULL);
	pid = fork();
	if (!pid) {
		unsigned long long id = g.id;

		close(g.fd);
		while (!shared->stop)
			if (!revoke_lease(id, 1, NULL) ||
			    !revoke_lease(id + 1, 1, NULL))
				id++;
		_exit(0);
	}
	close(g.fd);
	comes_back(igb);
	for (i = 0; i < 40; i++) {
		if (lease_within(LONG_MS, vf_at(igb, 1 + i % 5), 0, 0, "", &g,
				 NULL))
			failed++;
		else
			close(g.fd);
	}
	comes_back(igb);
	shared->stop = 1;
	waitpid(pid, &status, 0);
	is(failed, 0, "leases whose end is raced by a revoke with a grace");
	sleep_ms(100); /* a timer that was left would fire now */
	ok(comes_back(igb), "all are free after that");
}

static void test_reset_now(void)
{
	struct sriov_broker_grant g;
	struct vfio v;

	lease(vf_at(igb, 5), "", &g, NULL);
	is(lease_reset(g.fd), 0, "a reset on demand");
	is(vfio_open(&v, name_of(g.vf)), 0, "opened");
	is(lease_reset(g.fd), EBUSY, "not while it is open");
	vfio_close(&v);
	is(lease_reset(g.fd), 0, "closed, again");
	revoke_lease(g.id, 0, NULL);
	is(lease_reset(g.fd), ENODEV, "nor when it is revoked");
	close(g.fd);
	comes_back(igb);
}

/* Leases a VF whose lock is not to be had from then on. */
static bool lease_locked(struct sriov_broker_grant *g)
{
	lease(vf_at(igb, 5), "", g, NULL);
	if (!insert_module("kmod/fake_lock.ko", text("dev=%s", name_of(g->vf))))
		return true;
	close(g->fd);
	comes_back(igb);
	return false;
}

static void unlock_and_end(struct sriov_broker_grant *g)
{
	remove_module("fake_lock");
	ok(comes_to(g->vf, SRIOV_BROKER_VF_FREE),
	   "over: its lock is to be had: the VF is free");
	close(g->fd);
}

static bool is_in_msleep(pid_t pid)
{
	return !system(text("grep -qs msleep /proc/%d/stack", pid));
}

/* Returns what became of a holder's reset that waited for the VF's lock when the lease ended. */
static int reset_at_the_end(void)
{
	struct sriov_broker_grant g;
	int status;
	pid_t pid;

	if (!lease_locked(&g))
		return ENODEV;
	pid = fork();
	if (!pid)
		_exit(lease_reset(g.fd));
	if (!eventually(5000, is_in_msleep(pid)))
		diag("the reset is not seen to wait");
	is(revoke_lease(g.id, 0, NULL), 0, "over: a lease ends, amid a reset");
	remove_module("fake_lock");
	waitpid(pid, &status, 0);
	close(g.fd);
	comes_back(igb);
	return WEXITSTATUS(status);
}

/* A VF may have its next owner: it is not reset for one that it had. */
static void test_reset_over(void)
{
	struct sriov_broker_grant g;
	int try, err = EAGAIN;
	__u64 resets = 0;

	if (!lease_locked(&g)) {
		skip("no fake_lock.ko", "a reset as the lease ends");
		return;
	}
	revoke_lease(g.id, 0, NULL);
	is(lease_reset(g.fd), ENODEV, "over: a reset does not wait for the VF");
	unlock_and_end(&g);

	/* It is tried for during five seconds, which on a slow machine may be over too soon. */
	for (try = 0; try < 5 && err == EAGAIN; try++) {
		resets = stat_of(SRIOV_BROKER_STAT_RESET).count;
		err = reset_at_the_end();
		resets = stat_of(SRIOV_BROKER_STAT_RESET).count - resets;
	}
	is(err, ENODEV, "over: one that waited is refused");
	is(resets, 1, "over: the VF was reset once, for its way back");
}

int main(void)
{
	igb = need_igb();
	nvme = need_nvme();
	shared = share(sizeof(*shared));
	broker_begin("");
	if (!worked(enable(igb, IGB_VFS, "vfio-pci", &why), &why, "7 VFs") ||
	    !worked(enable(nvme, NVME_VFS, "vfio-pci", &why), &why, "4 VFs"))
		return done();

	test_gang();
	test_gang_undone();
	test_selectors();
	test_waiting();
	test_quota();
	test_quota_waiting();
	test_waiting_beside_disable();
	test_revoke();
	test_late_close();
	test_revoke_open();
	test_force();
	test_closing();
	test_leaving();
	test_lease_open();
	test_reset_now();
	test_reset_over();
	test_reset_storm();
	test_revoke_races_close();
	ok(comes_back(igb) && comes_back(nvme), "all are back");
	return done();
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is not there, and copies from and to userspace that fail: each call
 * is made with its first such place failing, then its second, until there is none
 * left. It succeeds, or says why not and has changed nothing. What the calls have
 * done by workers is tried by chance: one of their allocations fails.
 *
 * Needs CONFIG_FAULT_INJECTION and its failslab, as the debug kernel has them.
 */
#define _GNU_SOURCE
#include <dirent.h>

#include "broker.h"

#define NUM	2
#define MOST	400 /* places of a call: far more than it has */
#define ROUNDS	24
#define DEBUGFS "/sys/kernel/debug"

static struct sriov_broker_addr pf;
static struct sriov_broker_why why;
static int nth_fd;

/* Let the n-th place fail from here on, in this thread. */
static void arm(unsigned int nth)
{
	char buf[16];
	int len = snprintf(buf, sizeof(buf), "%u", nth);

	/* Taking it back may be what fails. */
	while (pwrite(nth_fd, buf, len, 0) != len)
		;
}

/* No more of that. Return: whether one has failed. */
static bool disarm(void)
{
	char buf[16] = "";
	/* EFAULT: this is the one. */
	bool hit = pread(nth_fd, buf, sizeof(buf) - 1, 0) > 0 && !atoi(buf);

	arm(0);
	return hit;
}

/* The calls: what is tried, and how it is undone when it has succeeded. */

static struct sriov_broker_grant grant;
static int opened;

static int try_enable(void)
{
	return enable(pf, NUM, "vfio-pci", &why);
}

static int try_disable(void)
{
	return disable(pf, &why);
}

static int try_bind(void)
{
	return bind_vfs(pf, 0, 0, "pci-stub", &why);
}

static int undo_bind(void)
{
	return bind_vfs(pf, 0, 0, "vfio-pci", &why);
}

static int try_lease(void)
{
	return lease(pf, "fails", &grant, &why);
}

static int undo_lease(void)
{
	return close(grant.fd) || !comes_back(pf);
}

static int try_gang(void)
{
	static struct sriov_broker_grant gang[NUM];
	struct sriov_broker_selector sel = { .dev = pf };
	struct sriov_broker_lease p = {
		.size = sizeof(p),
		.num_selectors = 1,
		.count = NUM,
		.selectors = (uintptr_t)&sel,
		.selector_size = sizeof(sel),
		.grants = (uintptr_t)gang,
		.grant_size = sizeof(gang[0]),
		.numa_node = -1,
	};
	int err = call(broker, SRIOV_BROKER_LEASE, &p), i;

	for (i = 0; !err && i < NUM; i++)
		close(gang[i].fd);
	return err;
}

static int undo_gang(void)
{
	return !comes_back(pf);
}

static int try_set(void)
{
	return lease_set(grant.fd, SRIOV_BROKER_SET_LABEL, "set", 0);
}

static int undo_set(void)
{
	return lease_set(grant.fd, SRIOV_BROKER_SET_LABEL, "fails", 0);
}

static int try_open(void)
{
	struct sriov_broker_lease_open p = { .size = sizeof(p) };
	int err = call(grant.fd, SRIOV_BROKER_LEASE_OPEN, &p);

	opened = p.fd;
	return err;
}

static int undo_open(void)
{
	return close(opened);
}

static int try_pool(void)
{
	struct sriov_broker_pool_member member = { .pf = pf };
	__u32 ids[] = { 1, 2 };
	struct sriov_broker_pool p = {
		.name = "fails",
		.num_members = 1,
		.members = (uintptr_t)&member,
		.num_uids = 2,
		.uids = (uintptr_t)ids,
		.num_gids = 2,
		.gids = (uintptr_t)ids,
	};

	return pool_set(&p, &why);
}

static int undo_pool(void)
{
	struct sriov_broker_pool p = { .name = "fails" };

	return pool_set(&p, &why);
}

static int try_hold(void)
{
	int fd = open(NODE, O_RDWR | O_CLOEXEC), err;

	if (fd < 0)
		return errno;
	err = net_hold(fd, grant.vf, grant.id, &why);
	close(fd);
	return err;
}

static int try_cordon(void)
{
	return cordon(pf, 0, &why);
}

static int undo_cordon(void)
{
	return cordon(pf, SRIOV_BROKER_CORDON_END, &why);
}

static int try_list(void)
{
	static struct sriov_broker_vf vfs[2 * NUM];
	unsigned int num = 2 * NUM;

	return list_vfs(pf, vfs, &num);
}

static int undo_nothing(void)
{
	return 0;
}

/*
 * One failing call has changed nothing; a failed lease may have had its VF, which
 * then comes back.
 */
static bool no_change(const char *before, int fd, const char *name, int n)
{
	char *after = NULL;
	bool same = eventually(LONG_MS, (free(after), after = snapshot(),
					 !strcmp(before, after)));

	if (!same)
		diag("%s, %d: before:\n%safter:\n%s", name, n, before, after);
	free(after);
	if (next_fd() == fd)
		return same;
	diag("%s, %d: a descriptor is left open", name, n);
	return false;
}

/* Three points: a call with each of its places failing in turn. */
static void sweep(const char *name, int (*try)(void), int (*undo)(void))
{
	unsigned int n, failed = 0, changed = 0, odd = 0;
	bool hit = true;

	for (n = 1; n <= MOST && hit; n++) {
		char *before = snapshot();
		int fd = next_fd(), err;

		arm(n);
		err = try();
		hit = disarm();
		if (err) {
			failed++;
			changed += !no_change(before, fd, name, n);
			if (err != ENOMEM && err != EFAULT) {
				odd++;
				diag("%s, %u: %s", name, n,
				     strerrorname_np(err));
			}
		} else if (undo()) {
			bail("%s, %u: can't be undone", name, n);
		}
		free(before);
	}
	ok(!hit, "%s: with no more than %d places to fail", name, MOST);
	diag("%s: %u places, failed at %u of them", name, n - 2, failed);
	is(changed, 0, "%s: failed, it changes nothing", name);
	is(odd, 0, "%s: and says what was missing", name);
}

/* Of a call's work that is done elsewhere: the threads that do it, by their names. */
static void let_workers_fail(bool fail)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;

	while (proc && (e = readdir(proc)))
		if (!strncmp(get(text("/proc/%s/comm", e->d_name)), "kworker",
			     7))
			put(text("/proc/%s/make-it-fail", e->d_name),
			    fail ? "1" : "0");
	if (proc)
		closedir(proc);
}

static void failslab(const char *what, const char *value)
{
	if (put(text(DEBUGFS "/failslab/%s", what), value))
		bail("failslab/%s can't be set", what);
}

/*
 * One allocation of any worker fails, an early one or a late one. Not for ENABLE:
 * the PCI core warns where it can't add a VF for want of memory.
 */
static void by_chance(const char *name, int (*try)(void), int (*undo)(void))
{
	unsigned int n, failed = 0, hits = 0, changed = 0;

	failslab("task-filter", "Y");
	let_workers_fail(true);
	for (n = 1; n <= ROUNDS; n++) {
		char *before = snapshot();
		int fd = next_fd(), err;

		failslab("interval", text("%u", n * n));
		failslab("times", "1");
		failslab("probability", "100");
		err = try();
		failslab("probability", "0");
		hits += !get_number(DEBUGFS "/failslab/times");
		if (err) {
			failed++;
			changed += !no_change(before, fd, name, n);
		} else if (undo()) {
			bail("%s, %u: can't be undone", name, n);
		}
		free(before);
	}
	let_workers_fail(false);
	failslab("task-filter", "N");
	diag("%s, by workers: %u of %u times an allocation failed, and %u calls with that",
	     name, hits, ROUNDS, failed);
	ok(hits, "%s, by workers: allocations have failed", name);
	is(changed, 0, "%s, by workers: failed, it changes nothing", name);
}

/* Whether this kernel can; then what is to fail does so in silence. */
static bool can_fail(void)
{
	static const char *const kinds[] = { "failslab", "fail_page_alloc",
					     "fail_usercopy" };
	unsigned int i;

	nth_fd = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_fd < 0 || !exists(DEBUGFS "/failslab"))
		return false;
	failslab("ignore-gfp-wait", "N");
	put(DEBUGFS "/fail_page_alloc/ignore-gfp-wait", "N");
	for (i = 0; i < 3; i++)
		put(text(DEBUGFS "/%s/verbose", kinds[i]), "0");
	return true;
}

int main(void)
{
	if (!can_fail()) {
		printf("1..0 # SKIP no /proc/self/fail-nth, or no failslab: CONFIG_FAULT_INJECTION is off\n");
		return 0;
	}
	pf = need_igb();
	modprobe("pci-stub");
	broker_begin("");

	sweep("enable", try_enable, try_disable);
	if (!worked(try_enable(), &why, "2 VFs"))
		return done();
	sweep("bind", try_bind, undo_bind);
	sweep("cordon", try_cordon, undo_cordon);
	sweep("list", try_list, undo_nothing);
	sweep("lease", try_lease, undo_lease);
	sweep("a gang", try_gang, undo_gang);
	sweep("pool", try_pool, undo_pool);
	if (!worked(try_lease(), &why, "one leased"))
		return done();
	sweep("set", try_set, undo_set);
	sweep("open", try_open, undo_open);
	sweep("hold", try_hold, undo_nothing);
	close(grant.fd);
	comes_back(pf);
	by_chance("bind", try_bind, undo_bind);
	sweep("disable", try_disable, try_enable);
	worked(disable(pf, &why), &why, "disable");
	return done();
}

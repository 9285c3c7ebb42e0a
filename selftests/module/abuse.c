// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases in the hands of users that want more than their share, and of users that mean no
 * harm and do it: quotas, the queue, readers of events, VFs that are kept open after
 * their lease, or opened before it.  Any user that may open the device may try all this.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/time.h>

#include "broker.h"
#include "steps.h"
#include "vfio.h"

#define VFS	   7
#define NOBODY	   65534
#define DRAIN_S	   2
#define PARAM(dir) "/sys/module/" MODULE "/parameters/" dir

static struct sriov_broker_addr pf;
static struct sriov_broker_why why;

/* What a child tells. */
static struct shared {
	struct steps steps;
	int err[VFS + 1];
	struct sriov_broker_grant g[VFS];
} *shared;

/* Opens the device as that user: the user that opens it is charged. */
static void become(uid_t uid)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) ||
	    setresuid(uid, uid, uid))
		_exit(99);
	broker = open(NODE, O_RDWR | O_CLOEXEC);
	if (broker < 0)
		_exit(98);
}

/* A child that is user @uid; the exit status of @fn is its own. */
static pid_t as_user(uid_t uid, int (*fn)(void))
{
	pid_t pid;
	int fd;

	fflush(stdout);
	memset(shared, 0, sizeof(*shared));
	pid = fork();
	if (pid)
		return pid;
	/* What its parent gives back must not live on here. */
	for (fd = broker; fd < 1024; fd++)
		close(fd);
	become(uid);
	_exit(fn());
}

/* The device of a leased VF, through the group that the lease gave. */
static int use(const struct sriov_broker_grant *g, struct vfio *v)
{
	struct sriov_broker_lease_open p = { .size = sizeof(p) };
	int err = call(g->fd, SRIOV_BROKER_LEASE_OPEN, &p);

	return err ? err : vfio_use(v, p.fd, name_of(g->vf));
}

static bool all_free(void)
{
	int i;

	for (i = 0; i < VFS; i++)
		if (!comes_to(vf_at(pf, i), SRIOV_BROKER_VF_FREE))
			return false;
	return true;
}

/* ---- quotas ---- */

static int keep_it_open(void)
{
	struct sriov_broker_grant g, more;
	struct vfio v;

	shared->err[0] = lease(pf, "thief", &g, NULL);
	shared->g[0] = g;
	shared->err[1] = use(&g, &v);
	close(g.fd);
	/* Out of the list, but not of the hand. */
	shared->err[2] = lease(pf, "thief", &more, &why);
	shared->err[3] = why.reason;
	at_step(1);
	/* Quarantined meanwhile. */
	shared->err[4] = lease(pf, "thief", &more, NULL);
	vfio_close(&v);
	at_step(2);
	shared->err[5] = lease(pf, "thief", &more, NULL);
	return 0;
}

static void test_quota(void)
{
	struct sriov_broker_vf vf;
	pid_t pid;

	/* There is to be time to look at what drains. */
	put(PARAM("drain_timeout"), "15");
	put(PARAM("max_leases_per_user"), "1");
	pid = as_user(NOBODY, keep_it_open);
	ok(comes_to_step(1), "quota: one lease");
	is(shared->err[0], 0, "quota: is had");
	is(shared->err[1], 0, "quota: its VF is used");
	is(shared->err[2], EDQUOT,
	   "quota: a lease that is closed counts while its VF is open");
	is(shared->err[3], SRIOV_BROKER_WHY_QUOTA, "quota: as the answer says");

	vf = vf_now(shared->g[0].vf);
	ok(!vf.lease_id && vf.lease_uid == NOBODY && vf.lease_pid == pid &&
		   !strcmp(vf.lease_label, "thief"),
	   "its VF drains, and is shown as its");
	is(disable(pf, &why), EBUSY, "which a refusal tells as well");
	ok(why.reason == SRIOV_BROKER_WHY_RETURNING && !why.lease_id &&
		   why.uid == NOBODY && why.pid == pid &&
		   !strcmp(why.label, "thief"),
	   "with its process, user and label");

	ok(comes_to(shared->g[0].vf, SRIOV_BROKER_VF_QUARANTINED),
	   "after the time to drain it is quarantined");
	vf = vf_now(shared->g[0].vf);
	ok(vf.fault == SRIOV_BROKER_FAULT_IN_USE && vf.lease_pid == pid,
	   "and still shown so");
	let_go(1);
	ok(comes_to_step(2), "its user lets go");
	is(shared->err[4], EDQUOT, "quota: in quarantine it counts, too");
	ok(comes_to(shared->g[0].vf, SRIOV_BROKER_VF_FREE),
	   "then it comes back by itself");
	vf = vf_now(shared->g[0].vf);
	ok(vf.lease_uid == SRIOV_BROKER_NO_UID && !vf.lease_label[0],
	   "and is no holder's");
	let_go(2);
	is(ends(pid), 0, "its user has ended");
	is(shared->err[5], 0, "quota: and could have another one");
	ok(all_free(), "quota: all are free");
	put(PARAM("max_leases_per_user"), "0");
	put(PARAM("drain_timeout"), text("%d", DRAIN_S));
}

static int lease_twice(void)
{
	struct sriov_broker_grant g;

	shared->err[0] = lease(pf, "victim", &g, NULL);
	shared->g[0] = g;
	at_step(1);
	close(g.fd);
	at_step(2);
	shared->err[1] = lease(pf, "victim", &g, NULL);
	return 0;
}

/* What is wrong with a VF by itself is not its last user's to pay for. */
static void test_quota_fault(void)
{
	pid_t pid = as_user(NOBODY, lease_twice);
	char attr[96];

	put(PARAM("max_leases_per_user"), "1");
	comes_to_step(1);
	is(shared->err[0], 0, "fault: one lease");
	snprintf(attr, sizeof(attr), SYS_PCI "/%s/reset_method",
		 name_of(shared->g[0].vf));
	if (put(attr, "\n")) {
		skip("reset methods can't be taken away", "a reset that fails");
		let_go(2);
		ends(pid);
		put(PARAM("max_leases_per_user"), "0");
		return;
	}
	let_go(1);
	comes_to_step(2);
	ok(comes_to(shared->g[0].vf, SRIOV_BROKER_VF_QUARANTINED),
	   "fault: its VF can't be reset");
	is(vf_now(shared->g[0].vf).lease_uid, NOBODY,
	   "fault: which is shown as its");
	let_go(2);
	is(ends(pid), 0, "fault: its user leases once more");
	is(shared->err[1], 0, "fault: and may, for it was not its doing");
	put(attr, "default\n");
	put(PARAM("max_leases_per_user"), "0");
	is(clear(shared->g[0].vf, NULL), 0, "fault: cleared");
	ok(all_free(), "fault: all are free");
}

static int take_all_open(void)
{
	struct vfio v;
	int i;

	for (i = 0; i < VFS; i++) {
		shared->err[i] = lease(pf, "all", &shared->g[i], NULL) ||
				 use(&shared->g[i], &v);
		close(shared->g[i].fd);
	}
	at_step(1);
	return 0;
}

/* A pool that a user has emptied fills up when that user is gone, whatever way it goes. */
static void test_heals(void)
{
	pid_t pid = as_user(NOBODY, take_all_open);
	int i, err = 0;

	comes_to_step(1);
	for (i = 0; i < VFS; i++)
		err += shared->err[i];
	is(err, 0, "heal: all VFs are kept open");
	for (i = 0, err = 0; i < VFS; i++)
		err += !comes_to(vf_at(pf, i), SRIOV_BROKER_VF_QUARANTINED);
	is(err, 0, "heal: all are quarantined for it");
	is(bind_vfs(pf, 6, 1, "host", &why), EBUSY, "heal: one can't be moved");
	is(vf_now(vf_at(pf, 6)).lease_uid, NOBODY,
	   "heal: which leaves it charged to its user");
	is(clear(vf_at(pf, 5), NULL), 0,
	   "heal: one is sent on its way by hand");
	ok(comes_to(vf_at(pf, 5), SRIOV_BROKER_VF_QUARANTINED),
	   "heal: in vain, for it is still open");
	kill(pid, SIGKILL);
	ends(pid);
	ok(all_free(), "heal: all come back when their user is killed");
}

static int many_uids(void)
{
	struct sriov_broker_grant g;
	int i;

	/* Each opens the device anew. */
	if (unshare(CLONE_NEWUSER))
		return 77;
	at_step(1);
	if (setresuid(0, 0, 0))
		return 97;
	for (i = 1; i <= 3; i++) {
		if (setresuid(i, i, 0))
			return 96;
		broker = open(NODE, O_RDWR | O_CLOEXEC);
		if (broker < 0)
			return 94;
		shared->err[i] = lease(pf, "sub", &g, NULL);
		if (setresuid(0, 0, 0))
			return 95;
	}
	return 0;
}

/* As many users as there are subordinate ids are one. */
static void test_subordinate(void)
{
	int status;
	pid_t pid;

	put(PARAM("max_leases_per_user"), "1");
	pid = as_user(1000, many_uids);
	if (comes_to_step(1) &&
	    !put(text("/proc/%d/uid_map", pid), "0 100000 10"))
		let_go(1);
	else
		kill(pid, SIGKILL);
	status = ends(pid);
	if (status == 77) {
		skip("no user namespaces", "subordinate ids");
	} else {
		is(status, 0, "subordinate ids");
		is(shared->err[1], 0, "the first of them has a lease");
		is(shared->err[2], EDQUOT, "the second is the same user");
		is(shared->err[3], EDQUOT, "the third, too");
	}
	put(PARAM("max_leases_per_user"), "0");
	all_free();
}

/* ---- the queue ---- */

static int ask(unsigned int sels, unsigned int count, int timeout,
	       struct sriov_broker_grant *g, struct sriov_broker_why *reason)
{
	struct sriov_broker_selector sel[SRIOV_BROKER_MAX_SELECTORS];
	struct sriov_broker_lease p = {
		.size = sizeof(p),
		.num_selectors = sels,
		.count = count,
		.selectors = (uintptr_t)sel,
		.selector_size = sizeof(sel[0]),
		.grants = (uintptr_t)g,
		.grant_size = sizeof(*g),
		.timeout_ms = timeout,
		.numa_node = -1,
		.why = (uintptr_t)why_init(reason),
		.label = "queue",
	};
	unsigned int i;

	for (i = 0; i < SRIOV_BROKER_MAX_SELECTORS; i++)
		sel[i] = (struct sriov_broker_selector){ .dev = pf };
	return call(broker, SRIOV_BROKER_LEASE, &p);
}

static int wait_for_gang(void)
{
	struct sriov_broker_grant g[VFS];

	return ask(1, VFS, -1, g, &why);
}

static unsigned int waiters(struct sriov_broker_waiter *all, unsigned int room)
{
	struct sriov_broker_list p = {
		.size = sizeof(p),
		.entry_size = sizeof(*all),
		.count = room,
		.entries = (uintptr_t)all,
	};

	return call(broker, SRIOV_BROKER_LIST_WAITERS, &p) ? 0 : p.count;
}

static int cancel(__u64 id)
{
	struct sriov_broker_cancel p = {
		.size = sizeof(p),
		.waiter_id = id,
		.why = (uintptr_t)why_init(&why),
	};

	return call(broker, SRIOV_BROKER_CANCEL, &p);
}

/* A waiter for all holds nothing back. */
static void test_head_of_line(void)
{
	struct sriov_broker_grant g[2];
	pid_t pid;

	is(lease(pf, "", &g[0], NULL), 0, "line: one VF is out");
	pid = as_user(NOBODY, wait_for_gang);
	ok(so_many_wait(1), "line: a gang of all waits, for ever");
	is(lease(pf, "", &g[1], NULL), 0, "line: one of the others can be had");
	close(g[1].fd);
	ok(comes_to(g[1].vf, SRIOV_BROKER_VF_FREE), "line: it comes back");
	ok(so_many_wait(1), "line: the gang waits on");
	close(g[0].fd);
	is(ends(pid), 0, "line: and has all when all are free");
	ok(all_free(), "line: all come back");
}

static void test_cancel(void)
{
	struct sriov_broker_waiter w[4];
	struct sriov_broker_grant g;
	pid_t pid;

	lease(pf, "", &g, NULL);
	pid = as_user(NOBODY, wait_for_gang);
	ok(so_many_wait(1), "cancel: a gang waits");
	is(waiters(w, 4), 1, "cancel: it is listed");
	ok(w[0].pid == pid && w[0].uid == NOBODY && w[0].count == VFS &&
		   same_addr(w[0].dev, pf) && !strcmp(w[0].label, "queue"),
	   "cancel: with process, user, and what for");
	is(cancel(w[0].id + 1), ENOENT, "cancel: another one");
	is(why.reason, SRIOV_BROKER_WHY_NO_WAITER, "cancel: waits not");
	is(cancel(w[0].id), 0, "cancel: that one");
	is(why.reason, ~0U, "cancel: of a success nothing is said");
	is(ends(pid), ECANCELED, "cancel: its call ends so");
	is(waiters(w, 4), 0, "cancel: none waits");
	close(g.fd);
	all_free();
}

static void *wait_in_thread(void *at)
{
	struct sriov_broker_grant g[VFS];
	struct sriov_broker_why reason;

	*(int *)at = ask(SRIOV_BROKER_MAX_SELECTORS, VFS, -1, g, &reason) ?: -1;
	return NULL;
}

static int fill_queue(void)
{
	struct sriov_broker_grant g[VFS];
	struct sriov_broker_info now;
	unsigned int fit, i;
	pthread_t thread;

	info(&now);
	fit = now.max_waiting / SRIOV_BROKER_MAX_SELECTORS;
	for (i = 0; i < fit && i < VFS; i++) {
		pthread_create(&thread, NULL, wait_in_thread, &shared->err[i]);
		so_many_wait(i + 1);
	}
	shared->err[VFS] = ask(SRIOV_BROKER_MAX_SELECTORS, VFS, 1000, g, &why);
	shared->g[0].id = why.reason;
	shared->g[0].index = why.value == now.max_waiting;
	at_step(1);
	_exit(0); /* the threads wait for ever */
}

static void test_queue_full(void)
{
	struct sriov_broker_grant g[VFS];
	pid_t pid;

	lease(pf, "", &g[0], NULL);
	pid = as_user(NOBODY, fill_queue);
	ok(comes_to_step(1), "full: a user waits as often as it may");
	is(shared->err[VFS], EAGAIN, "full: once more is refused at once");
	is(shared->g[0].id, SRIOV_BROKER_WHY_QUEUE_FULL, "full: and says why");
	ok(shared->g[0].index, "full: with the number that may");
	is(ask(SRIOV_BROKER_MAX_SELECTORS, VFS, 10, g + 1, &why), ETIMEDOUT,
	   "full: another user may wait");
	let_go(1);
	is(ends(pid), 0, "full: its user ends");
	ok(so_many_wait(0), "full: none waits");
	close(g[0].fd);
	all_free();
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* A handler that has run ends the wait, also one that would have a read() restarted. */
static void test_signal(void)
{
	struct sigaction act = { .sa_handler = on_alarm,
				 .sa_flags = SA_RESTART };
	struct itimerval again = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct itimerval never = {};
	struct sriov_broker_grant g[VFS];
	int err;

	lease(pf, "", &g[0], NULL);
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &again, NULL);
	err = ask(1, VFS, 30000, g, &why);
	setitimer(ITIMER_REAL, &never, NULL);
	is(err, EINTR, "signal: a handler ends the wait");
	ok(so_many_wait(0), "signal: none waits any more");
	is(lease(pf, "", &g[1], NULL), 0, "signal: nothing was taken");
	close(g[1].fd);
	close(g[0].fd);
	all_free();
}

static __u64 waiter(void)
{
	struct sriov_broker_waiter w = {};

	return waiters(&w, 1) == 1 ? w.id : 0;
}

/* No handler runs, and so a wait without limit goes on, as another waiter. */
static void test_stopped(void)
{
	struct sriov_broker_grant g;
	int status = 0;
	pid_t pid;
	__u64 id;

	lease(pf, "", &g, NULL);
	pid = as_user(NOBODY, wait_for_gang);
	ok(so_many_wait(1), "stop: a gang waits");
	id = waiter();
	kill(pid, SIGSTOP);
	is(waitpid(pid, &status, WUNTRACED), pid, "stop: it is stopped");
	ok(WIFSTOPPED(status), "stop: and not ended");
	kill(pid, SIGCONT);
	ok(eventually(LONG_MS, waiter() > id), "stop: it waits once more");
	close(g.fd);
	is(ends(pid), 0, "stop: and gets what it waits for");
	all_free();
}

/* Without room for descriptors no VF is taken, which would have to be reset. */
static void test_no_room(void)
{
	__u64 returns = stat_of(SRIOV_BROKER_STAT_RETURN).count;
	struct sriov_broker_grant g[VFS];
	rlim_t before = room_for(3);
	int err = ask(1, VFS, 0, g, &why);

	set_room(before);
	is(err, EMFILE, "room: 7 leases, and room for 3 descriptors");
	ok(all_free(), "room: all are free");
	is(stat_of(SRIOV_BROKER_STAT_RETURN).count, returns,
	   "room: and none has ever been away");
}

/* ---- readers of events ---- */

static int read_by_many(void)
{
	struct sriov_broker_info now;
	char buf[SRIOV_BROKER_EVENT_ROOM];
	struct pollfd p = { .events = POLLIN };
	int last = -1;
	unsigned int i;

	info(&now);
	for (i = 0; i <= now.max_readers; i++) {
		p.fd = open(NODE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		if (p.fd < 0 || poll(&p, 1, 0) < 0)
			return 97;
		if (p.revents & POLLERR)
			break;
		last = p.fd;
	}
	shared->err[0] = i - now.max_readers;
	shared->err[1] = read(p.fd, buf, sizeof(buf)) < 0 ? errno : 0;
	close(last);
	shared->err[2] = read(p.fd, buf, sizeof(buf)) < 0 ? errno : 0;
	at_step(1);
	return 0;
}

static void test_readers(void)
{
	int fd = open(NODE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	char buf[SRIOV_BROKER_EVENT_ROOM];
	pid_t pid = as_user(NOBODY, read_by_many);

	ok(comes_to_step(1), "readers: a user has as many as it may");
	is(shared->err[0], 0, "readers: that is what INFO says");
	is(shared->err[1], EDQUOT, "readers: one more reads nothing");
	is(shared->err[2], EAGAIN, "readers: until another one is closed");
	is(read(fd, buf, sizeof(buf)) < 0 ? errno : 0, EAGAIN,
	   "readers: another user is none of them");
	let_go(1);
	is(ends(pid), 0, "readers: its user ends");
	close(fd);
}

/* ---- resets ---- */

#define RESETS 40

static int reset_fd, resets[RESETS];

static void *reset_in_thread(void *at)
{
	*(int *)at = lease_reset(reset_fd);
	return NULL;
}

static void test_resets(void)
{
	__u64 failed = stat_of(SRIOV_BROKER_STAT_RESET).failed;
	struct sriov_broker_grant g;
	pthread_t threads[RESETS];
	int i, good = 0, again = 0;

	lease(pf, "", &g, NULL);
	reset_fd = g.fd;
	for (i = 0; i < RESETS; i++)
		pthread_create(&threads[i], NULL, reset_in_thread, &resets[i]);
	for (i = 0; i < RESETS; i++) {
		pthread_join(threads[i], NULL);
		good += !resets[i];
		again += resets[i] == EAGAIN;
	}
	ok(good, "resets: of many at once, one is done");
	is(good + again, RESETS, "resets: the others are to try again");
	is(stat_of(SRIOV_BROKER_STAT_RESET).failed, failed,
	   "resets: none has failed");
	close(g.fd);
	all_free();
}

/* Another reset, in a child: is it refused, or does it wait for the lock as well? */
static bool is_refused(int fd)
{
	bool ended = false;
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(lease_reset(fd));
	(void)eventually(
		LONG_MS,
		(ended = waitpid(pid, &status, WNOHANG) == pid) ||
			!system(text("grep -qs msleep /proc/%d/stack", pid)));
	if (!ended) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return ended && WEXITSTATUS(status) == EAGAIN;
}

/* A process has the VF's lock for long: that is no fault of the device's. */
static void test_locked(void)
{
	__u64 failed = stat_of(SRIOV_BROKER_STAT_RESET).failed;
	struct sriov_broker_grant g;
	pthread_t thread;
	bool second;

	lease(pf, "", &g, NULL);
	if (insert_module("kmod/fake_lock.ko", text("dev=%s", name_of(g.vf)))) {
		skip("no fake_lock.ko", "a lock that can't be had");
		close(g.fd);
		return;
	}
	reset_fd = g.fd;
	resets[0] = -1;
	pthread_create(&thread, NULL, reset_in_thread, &resets[0]);
	ok(eventually(LONG_MS,
		      !system(text("grep -q vfb_reset /proc/%d/task/*/stack",
				   getpid())) ||
			      __atomic_load_n(&resets[0], __ATOMIC_SEQ_CST) !=
				      -1),
	   "lock: without it, a reset waits");
	second = is_refused(g.fd);
	/* It is tried for during five seconds. */
	if (__atomic_load_n(&resets[0], __ATOMIC_SEQ_CST) == -1)
		ok(second, "lock: a second one does not");
	else
		skip("this machine is too slow", "lock: a second one does not");
	pthread_join(thread, NULL);
	is(resets[0], EAGAIN, "lock: and is to be tried again");
	close(g.fd);
	/* Longer than it is tried for. */
	sleep_ms(8000);
	ok(state_of(g.vf) != SRIOV_BROKER_VF_QUARANTINED,
	   "lock: without it a VF is not quarantined");
	remove_module("fake_lock");
	ok(comes_to(g.vf, SRIOV_BROKER_VF_FREE), "lock: with it, it is reset");
	is(stat_of(SRIOV_BROKER_STAT_RESET).failed, failed,
	   "lock: no reset has failed");
}

/* ---- opened before the lease ---- */

/* To look at the VF takes longer than there is time. */
static void test_parked_late(struct sriov_broker_addr vf)
{
	int group = iommu_group_of(name_of(vf));
	struct sriov_broker_grant g = { .fd = -1 };
	int fd = open(text("/dev/vfio/%d", group), O_RDWR | O_CLOEXEC);

	refused(lease_within(1, vf, 0, 0, "", &g, &why), ETIMEDOUT, &why,
		SRIOV_BROKER_WHY_TIMEOUT, vf,
		"parked: by name, its time is over");
	close(fd);
	ok(all_free(), "parked: all are free again");

	fd = open(text("/dev/vfio/%d", group), O_RDWR | O_CLOEXEC);
	is(lease_within(1, pf, 3, 2, "", &g, &why), 0,
	   "parked: of two the other one is had, late");
	close(g.fd);
	close(fd);
	ok(all_free(), "parked: and all are free once more");
}

static void test_parked(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 3);
	struct sriov_broker_grant g[VFS];
	int fd = open(text("/dev/vfio/%d", iommu_group_of(name_of(vf))),
		      O_RDWR | O_CLOEXEC);
	unsigned int i, seen = 0, state;

	ok(fd >= 0, "parked: a free VF's group is opened");
	is(ask(1, VFS - 1, 0, g, &why), 0, "parked: six VFs");
	for (i = 0; i < VFS - 1; i++) {
		seen |= same_addr(g[i].vf, vf);
		close(g[i].fd);
	}
	is(seen, 0, "parked: are others");
	for (i = 0; i < VFS; i++)
		if (i != 3)
			comes_to(vf_at(pf, i), SRIOV_BROKER_VF_FREE);
	ok(state_of(vf) != SRIOV_BROKER_VF_LEASED,
	   "parked: that one is not leased");
	ok(eventually(LONG_MS, (state = state_of(vf)) == SRIOV_BROKER_VF_FREE ||
				       state == SRIOV_BROKER_VF_QUARANTINED),
	   "parked: nor lost");
	close(fd);
	ok(comes_to(vf, SRIOV_BROKER_VF_FREE),
	   "parked: it is free when that is closed");

	fd = open(text("/dev/vfio/%d", iommu_group_of(name_of(vf))),
		  O_RDWR | O_CLOEXEC);
	refused(lease(vf, "", &g[0], &why), EBUSY, &why,
		SRIOV_BROKER_WHY_IN_USE, vf, "parked: by name it is in use");
	close(fd);
	ok(all_free(), "parked: all are free");
	test_parked_late(vf);
}

/* ---- what is shown ---- */

static int pose(void)
{
	struct sriov_broker_grant g;
	int init = pidfd_of(1), own = pidfd_of(getpid());
	pid_t pid;

	lease(pf, "", &g, NULL);
	shared->g[0] = g;
	shared->err[0] = lease_set(g.fd, SRIOV_BROKER_SET_PID, "", init);
	shared->err[1] = lease_set(g.fd, SRIOV_BROKER_SET_PID, "", own);
	pid = fork();
	if (!pid) {
		at_step(1);
		_exit(0);
	}
	return 0;
}

static void test_pids(void)
{
	struct sriov_broker_vf vf;
	pid_t pid = as_user(NOBODY, pose);

	is(ends(pid), 0, "pid: the leaser has ended, its child has not");
	ok(comes_to_step(1), "pid: that one has the descriptor");
	is(shared->err[0], EPERM, "pid: no process poses as init");
	is(shared->err[1], 0, "pid: but as itself");
	vf = vf_now(shared->g[0].vf);
	ok(vf.lease_id && !vf.lease_pid && vf.lease_uid == NOBODY,
	   "pid: a process that has ended is shown as none");
	let_go(1);
	all_free();
}

/* Its leaser has ended, and nothing has collected it. */
static void test_zombie(void)
{
	struct sriov_broker_grant g;
	int pipe_fd[2];
	char byte;
	pid_t pid;

	if (pipe(pipe_fd))
		bail("pipe: %m");
	memset(shared, 0, sizeof(*shared));
	pid = fork();
	if (!pid) {
		close(pipe_fd[0]);
		lease(pf, "", &shared->g[0], NULL);
		if (!fork()) {
			at_step(1);
			_exit(0);
		}
		_exit(0);
	}
	close(pipe_fd[1]);
	comes_to_step(1);
	g = shared->g[0];
	(void)eventually(LONG_MS, !vf_now(g.vf).lease_pid);
	is(vf_now(g.vf).lease_pid, 0, "pid: nor one that is a zombie");
	let_go(1);
	ends(pid);
	(void)!read(pipe_fd[0], &byte, 1);
	close(pipe_fd[0]);
	all_free();
}

static void test_labels(void)
{
	static const struct {
		const char *label, *name;
		int err;
	} labels[] = {
		{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xa7", "three scripts",
		  0 },
		{ "\xc2\xa0", "the first after C1", 0 },
		{ "a\tb", "a tab", EINVAL },
		{ "\x1b[31m", "an escape", EINVAL },
		{ "\x7f", "DEL", EINVAL },
		{ "\xc2\x9b"
		  "31m",
		  "C1's CSI", EINVAL },
		{ "\x9b"
		  "31m",
		  "that as a byte", EINVAL },
		{ "cut \xe2\x82", "a character cut", EINVAL },
		{ "\xc0\xaf", "one too long", EINVAL },
		{ "\xe0\x80\xaf", "one longer", EINVAL },
		{ "\xed\xa0\x80", "a surrogate", EINVAL },
		{ "\xf4\x90\x80\x80", "beyond Unicode", EINVAL },
		{ "\xff", "no UTF-8 at all", EINVAL },
	};
	struct sriov_broker_grant g, more;
	unsigned int i;

	lease(pf, "", &g, NULL);
	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		int err = lease(pf, labels[i].label, &more, NULL);

		is(err, labels[i].err, "label: %s", labels[i].name);
		if (!err)
			close(more.fd);
		is(lease_set(g.fd, SRIOV_BROKER_SET_LABEL, labels[i].label, 0),
		   labels[i].err, "label: %s, set", labels[i].name);
	}
	close(g.fd);
	all_free();
}

int main(void)
{
	pf = need_igb();
	shared = share(sizeof(*shared));
	steps = &shared->steps;
	broker_begin(text("drain_timeout=%d", DRAIN_S));
	if (!worked(enable(pf, VFS, "vfio-pci", &why), &why, "7 VFs") ||
	    chmod(NODE, 0666))
		return done();
	test_quota();
	test_quota_fault();
	test_heals();
	test_subordinate();
	test_head_of_line();
	test_cancel();
	test_queue_full();
	test_signal();
	test_stopped();
	test_no_room();
	test_readers();
	test_resets();
	test_locked();
	test_parked();
	test_pids();
	test_zombie();
	test_labels();
	return done();
}

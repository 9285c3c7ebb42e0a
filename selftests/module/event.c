// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every transition is an event: what a reader of the device is told, in which
 * order, and what becomes of it when the reader is too slow.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>

#include "broker.h"

#define KEPT	    2048
#define MAX_HISTORY 4096 /* more than the kernel has */

static struct sriov_broker_addr pf;
static struct sriov_broker_why why;
static int reader;

/* What came since the last forget(), or the beginning. */
static struct sriov_broker_event kept[KEPT];
static unsigned int num;
static __u64 last_seq;
static unsigned int gaps;

static void take(void)
{
	char buf[16 * SRIOV_BROKER_EVENT_ROOM];
	unsigned int n;
	ssize_t len;

	while ((len = read(reader, buf, sizeof(buf))) > 0) {
		n = records(buf, len, &kept[num], sizeof(kept[0]), KEPT - num);
		for (; n; n--, num++) {
			if (last_seq &&
			    kept[num].type != SRIOV_BROKER_EVENT_LOST)
				gaps += kept[num].seq != last_seq + 1;
			last_seq = kept[num].seq;
		}
	}
}

static void forget(void)
{
	take();
	num = 0;
}

/* The place of an event of that kind about that device, or -1. */
static int find(unsigned int type, struct sriov_broker_addr dev, int from)
{
	unsigned int i;

	for (i = from < 0 ? 0 : from; i < num; i++)
		if (kept[i].type == type &&
		    (same_addr(kept[i].vf, dev) ||
		     (!kept[i].vf.valid && same_addr(kept[i].pf, dev))))
			return i;
	return -1;
}

static bool comes(unsigned int type, struct sriov_broker_addr dev)
{
	return eventually(LONG_MS, (take(), find(type, dev, 0) >= 0));
}

/* One point: the VF went through these states, in this order, and no others. */
static void went(struct sriov_broker_addr vf, const unsigned int *states,
		 const char *name)
{
	unsigned int i, n = 0;
	bool good = true;

	take();
	for (i = 0; i < num; i++) {
		if (kept[i].type != SRIOV_BROKER_EVENT_VF_STATE ||
		    !same_addr(kept[i].vf, vf))
			continue;
		good &= kept[i].old_state == states[n] &&
			kept[i].state == states[n + 1];
		if (!good)
			diag("%s: %u -> %u, wanted %u -> %u", name,
			     kept[i].old_state, kept[i].state, states[n],
			     states[n + 1]);
		if (states[n + 1] == ~0U)
			break;
		n++;
	}
	ok(good && states[n + 1] == ~0U, "%s: its states are events, in order",
	   name);
}

#define HOST	    SRIOV_BROKER_VF_HOST
#define FREE	    SRIOV_BROKER_VF_FREE
#define LEASED	    SRIOV_BROKER_VF_LEASED
#define DRAINING    SRIOV_BROKER_VF_DRAINING
#define RESETTING   SRIOV_BROKER_VF_RESETTING
#define QUARANTINED SRIOV_BROKER_VF_QUARANTINED
#define WENT(vf, name, ...) \
	went(vf, (const unsigned int[]){ __VA_ARGS__, ~0U }, name)

static void test_manners(void)
{
	struct pollfd p = { .fd = reader, .events = POLLIN };
	char buf[SRIOV_BROKER_EVENT_ROOM];

	is(read(reader, buf, sizeof(buf) - 1) < 0 ? errno : 0, EINVAL,
	   "a buffer too small for what an event may become");
	is(read(reader, buf, sizeof(buf)) < 0 ? errno : 0, EAGAIN,
	   "nothing has happened");
	is(poll(&p, 1, 0), 0, "poll says so, too");
}

static void test_enable(void)
{
	struct sriov_broker_addr vf;
	int at;

	forget();
	if (!worked(enable(pf, 2, "vfio-pci", &why), &why, "enable"))
		return;
	vf = vf_at(pf, 1);
	take();
	at = find(SRIOV_BROKER_EVENT_VF_ADDED, vf, 0);
	ok(at >= 0 && kept[at].index == 1 && same_addr(kept[at].pf, pf),
	   "enable: a VF is there");
	WENT(vf, "enable", HOST, FREE);
	at = find(SRIOV_BROKER_EVENT_PF_VFS, pf, 0);
	ok(at >= 0 && kept[at].value == 2 && !kept[at].old_value,
	   "enable: the PF has 2 VFs, and had none");
	ok(at >= 0 && kept[at].pid == getpid() &&
		   !strncmp(kept[at].comm, "event", 5),
	   "enable: by which process, though a worker has done it");
}

static void test_lease(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 0);
	struct sriov_broker_grant g;
	int granted, ended;

	forget();
	lease(vf, "named", &g, NULL);
	close(g.fd);
	comes_to(vf, FREE);
	WENT(vf, "lease", FREE, LEASED, DRAINING, RESETTING, FREE);
	granted = find(SRIOV_BROKER_EVENT_LEASE_GRANTED, vf, 0);
	ended = find(SRIOV_BROKER_EVENT_LEASE_ENDED, vf, granted);
	ok(granted >= 0 && kept[granted].lease_id == g.id, "lease: granted");
	ok(granted >= 0 && kept[granted].pid == getpid() &&
		   !kept[granted].uid &&
		   !strncmp(kept[granted].comm, "event", 5) &&
		   kept[granted].lease_pid == getpid() &&
		   !strcmp(kept[granted].lease_label, "named"),
	   "lease: to which process, and as what");
	ok(ended > granted && kept[ended].lease_id == g.id, "lease: ended");
}

/* A process may call itself anything: what is told of it any terminal can show. */
static void test_name(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 0);
	struct sriov_broker_grant g;
	int at, status = 0;
	pid_t pid;

	forget();
	fflush(stdout);
	pid = fork();
	if (!pid) {
		/* A letter, an escape, C1's CSI as a character and a byte that is none. */
		prctl(PR_SET_NAME, "\xc3\xa9\x1b[m\xc2\x9b\xff");
		_exit(lease(vf, "", &g, NULL));
	}
	waitpid(pid, &status, 0);
	is(status, 0, "name: a process of a strange one leases");
	comes_to(vf, FREE);
	take();
	at = find(SRIOV_BROKER_EVENT_LEASE_GRANTED, vf, 0);
	ok(at >= 0 && kept[at].pid == pid &&
		   !strcmp(kept[at].comm, "\xc3\xa9?[m???"),
	   "name: it is told as what can be shown");
}

static void test_revoke(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 0);
	struct sriov_broker_grant g;
	int at;

	forget();
	lease(vf, "", &g, NULL);
	is(revoke_lease(g.id, 0, &why), 0, "revoke: a lease");
	is(why.reason, ~0U, "revoke: of a success nothing is said");
	comes_to(vf, FREE);
	take();
	at = find(SRIOV_BROKER_EVENT_LEASE_REVOKED, vf, 0);
	ok(at >= 0 && kept[at].lease_id == g.id &&
		   kept[at].value == SRIOV_BROKER_LEASE_CAUSE_ADMIN,
	   "revoke: the event says which and by which process");
	close(g.fd);
}

static void test_quarantine(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 0);
	struct sriov_broker_grant g;
	char attr[96];
	int at;

	snprintf(attr, sizeof(attr), SYS_PCI "/%s/reset_method", name_of(vf));
	forget();
	lease(vf, "", &g, NULL);
	if (put(attr, "\n")) {
		skip("reset methods can't be taken away", "a reset that fails");
		close(g.fd);
		return;
	}
	close(g.fd);
	comes_to(vf, QUARANTINED);
	WENT(vf, "quarantine", FREE, LEASED, DRAINING, RESETTING, QUARANTINED);
	at = find(SRIOV_BROKER_EVENT_RESET_FAILED, vf, 0);
	ok(at >= 0 && !kept[at].pid && kept[at].uid == SRIOV_BROKER_NO_UID &&
		   !kept[at].comm[0],
	   "quarantine: that was no process's doing");
	ok(at >= 0, "quarantine: the reset has failed");
	is(at < 0 ? 0 : kept[at].fault, SRIOV_BROKER_FAULT_RESET,
	   "quarantine: and says how");
	put(attr, "default\n");
	forget();
	clear(vf, NULL);
	comes_to(vf, FREE);
	WENT(vf, "clear", QUARANTINED, DRAINING, RESETTING, FREE);
}

static void *unbind_aside(void *name)
{
	prctl(PR_SET_NAME, "aside");
	unbind(name);
	return NULL;
}

static void test_unbind(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 0);
	pthread_t thread;
	int at;

	forget();
	if (!pthread_create(&thread, NULL, unbind_aside, name_of(vf)))
		pthread_join(thread, NULL);
	comes_to(vf, QUARANTINED);
	WENT(vf, "unbind", FREE, QUARANTINED);
	at = find(SRIOV_BROKER_EVENT_VF_STATE, vf, 0);
	ok(at >= 0 && kept[at].pid == getpid() &&
		   !strncmp(kept[at].comm, "event", 5),
	   "unbind: by which process, though a thread of it did it");
	clear(vf, NULL);
	comes_to(vf, FREE);
}

static void test_remove(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 1);

	forget();
	put(text(SYS_PCI "/%s/remove", name_of(pf)), "1");
	ok(comes(SRIOV_BROKER_EVENT_VF_REMOVED, vf), "remove: the VF is gone");
	ok(comes(SRIOV_BROKER_EVENT_PF_REMOVED, pf), "remove: the PF is gone");
	forget();
	put("/sys/bus/pci/rescan", "1");
	ok(comes(SRIOV_BROKER_EVENT_PF_ADDED, pf), "rescan: the PF is there");
	(void)eventually(LONG_MS, driver_of(name_of(pf))[0]);
	worked(enable(pf, 2, "vfio-pci", &why), &why, "rescan: 2 VFs");
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* A reader that waits: woken by an event, or by a signal. */
static void test_waiting(void)
{
	struct sigaction act = { .sa_handler = on_alarm };
	struct itimerval again = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct itimerval never = {};
	struct pollfd p = { .events = POLLIN };
	char buf[SRIOV_BROKER_EVENT_ROOM];
	struct sriov_broker_event e;
	struct sriov_broker_grant g;
	int fd = open(NODE, O_RDWR | O_CLOEXEC), status, err;
	pid_t pid;

	sigaction(SIGALRM, &act, NULL);
	/* More than one: the first may come before it waits. */
	setitimer(ITIMER_REAL, &again, NULL);
	err = read(fd, buf, sizeof(buf)) < 0 ? errno : 0;
	setitimer(ITIMER_REAL, &never, NULL);
	is(err, EINTR, "a signal ends the waiting");
	pid = fork();
	if (!pid)
		_exit(!records(buf, read(fd, buf, sizeof(buf)), &e, sizeof(e),
			       1) ||
		      e.type != SRIOV_BROKER_EVENT_VF_STATE);
	p.fd = reader;
	forget();
	sleep_ms(300);
	lease(vf_at(pf, 0), "", &g, NULL);
	is(poll(&p, 1, LONG_MS), 1, "poll wakes up");
	waitpid(pid, &status, 0);
	is(WEXITSTATUS(status), 0, "and so does the reader");
	close(g.fd);
	comes_to(vf_at(pf, 0), FREE);
	close(fd);
}

/* More than is kept for a reader: it learns how many it has lost. */
static void test_lost(void)
{
	struct sriov_broker_grant g, other;
	__u64 before, first = 0, lost = 0;
	unsigned int i;

	forget();
	before = last_seq;
	gaps = 0;
	for (i = 0; i < 60; i++) {
		lease(vf_at(pf, 0), "", &g, NULL);
		lease(vf_at(pf, 1), "", &other, NULL);
		close(g.fd);
		close(other.fd);
		comes_to(g.vf, FREE);
		comes_to(other.vf, FREE);
	}
	take();
	for (i = 0; i < num; i++) {
		if (kept[i].type == SRIOV_BROKER_EVENT_LOST)
			lost += kept[i].value;
		else if (!first)
			first = kept[i].seq;
	}
	ok(lost, "lost: a slow reader is told");
	is(kept[0].type, SRIOV_BROKER_EVENT_LOST, "lost: before all else");
	is(first, before + lost + 1, "lost: and how many");
	is(gaps, 0, "lost: nothing else is missing");
	is(last_seq - before, lost + num - 1, "lost: the numbers add up");
}

/* What the kernel remembers is what a reader was told. */
static void test_history(void)
{
	static struct sriov_broker_event events[MAX_HISTORY];
	struct sriov_broker_addr vf = vf_at(pf, 0);
	struct sriov_broker_grant g;
	unsigned int i, n, had, wrong = 0;

	forget();
	lease(vf, "", &g, NULL);
	close(g.fd);
	comes_to(vf, FREE);
	take();
	n = history(vf, events, MAX_HISTORY);
	ok(num && n >= num, "history: all that a reader was told, and more");
	for (i = 0; i < num && num <= n; i++)
		wrong += memcmp(&events[n - num + i], &kept[i],
				sizeof(kept[i])) != 0;
	is(wrong, 0, "history: the same events, in their order");
	for (i = 0, wrong = 0; i < n; i++)
		wrong += !same_addr(events[i].vf, vf);
	is(wrong, 0, "history: of a VF, its own");
	memset(events, 0, 2 * sizeof(events[0]));
	is(history(vf, events, 1), n, "history: asked for one, all are told");
	ok(num && !memcmp(&events[0], &kept[num - 1], sizeof(events[0])) &&
		   !events[1].seq,
	   "history: and the newest is given");
	had = history(no_addr, events, MAX_HISTORY);
	ok(had <= MAX_HISTORY && had >= history(pf, events, 0) && had >= n,
	   "history: of all devices");
	is(history(addr_of("0000:ff:1f.7"), events, 1), 0, "history: of none");
}

static __s64 clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void step_clock(int hours)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += 3600 * hours;
	is(clock_settime(CLOCK_REALTIME, &now), 0, "clock: set %d h on", hours);
}

/* One point: what a lease and its end have told of was between now and now, by both. */
static void told_by_both_clocks(struct sriov_broker_addr vf, const char *name)
{
	__s64 boot = clock_ns(CLOCK_BOOTTIME), real = clock_ns(CLOCK_REALTIME);
	struct sriov_broker_grant g;
	unsigned int i, wrong = 0;

	forget();
	lease(vf, "", &g, NULL);
	close(g.fd);
	comes_to(vf, FREE);
	take();
	for (i = 0; i < num; i++)
		wrong += (__s64)kept[i].time_ns < boot ||
			 (__s64)kept[i].time_ns > clock_ns(CLOCK_BOOTTIME) ||
			 (__s64)kept[i].real_ns < real ||
			 (__s64)kept[i].real_ns > clock_ns(CLOCK_REALTIME);
	ok(num && !wrong, "clock: %s: each event has its time, by both clocks",
	   name);
}

/* The wall's clock is set after an event: what it said then is what is told. */
static void test_clock(void)
{
	static struct sriov_broker_event was[MAX_HISTORY], now[MAX_HISTORY];
	struct sriov_broker_addr vf = vf_at(pf, 1);
	unsigned int n;

	told_by_both_clocks(vf, "as it is");
	n = history(no_addr, was, MAX_HISTORY);
	step_clock(2);
	is(history(no_addr, now, MAX_HISTORY), n, "clock: the same events");
	is(memcmp(was, now, n * sizeof(was[0])), 0,
	   "clock: what was then is told as it was");
	told_by_both_clocks(vf, "set on");
	step_clock(-2);
	told_by_both_clocks(vf, "set back");
}

static bool stats(struct sriov_broker_stat *all)
{
	struct sriov_broker_list p = {
		.size = sizeof(p),
		.entry_size = sizeof(*all),
		.count = SRIOV_BROKER_STAT_KINDS,
		.entries = (uintptr_t)all,
	};

	return !call(broker, SRIOV_BROKER_STATS, &p) &&
	       p.count == SRIOV_BROKER_STAT_KINDS;
}

static bool adds_up(const struct sriov_broker_stat *stat)
{
	__u64 sum = 0;
	int i;

	for (i = 0; i < SRIOV_BROKER_STAT_BUCKETS; i++)
		sum += stat->buckets[i];
	return sum == stat->count && stat->failed <= stat->count &&
	       stat->max_ns <= stat->total_ns;
}

static void test_stats(void)
{
	struct sriov_broker_stat was[SRIOV_BROKER_STAT_KINDS],
		now[SRIOV_BROKER_STAT_KINDS];
	struct sriov_broker_addr vf = vf_at(pf, 1);
	struct sriov_broker_grant g;
	int i, wrong = 0;

	ok(stats(was), "stats: asked for");
	lease(vf, "", &g, NULL);
	lease(vf, "", &(struct sriov_broker_grant){}, NULL);
	close(g.fd);
	comes_to(vf, FREE);
	ok(stats(now), "stats: asked again");
	is(now[SRIOV_BROKER_STAT_LEASE].count -
		   was[SRIOV_BROKER_STAT_LEASE].count,
	   2, "stats: two more were to be leased");
	is(now[SRIOV_BROKER_STAT_LEASE].failed -
		   was[SRIOV_BROKER_STAT_LEASE].failed,
	   1, "stats: of which one was refused");
	is(now[SRIOV_BROKER_STAT_RETURN].count -
		   was[SRIOV_BROKER_STAT_RETURN].count,
	   1, "stats: one has come back");
	is(now[SRIOV_BROKER_STAT_RESET].count -
		   was[SRIOV_BROKER_STAT_RESET].count,
	   1, "stats: after a reset");
	ok(now[SRIOV_BROKER_STAT_RESET].failed > 0,
	   "stats: one has failed before");
	for (i = 0; i < SRIOV_BROKER_STAT_KINDS; i++)
		wrong += !adds_up(&now[i]);
	is(wrong, 0, "stats: each adds up");
}

static void test_disable(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 0);
	int at;

	forget();
	worked(disable(pf, &why), &why, "disable");
	take();
	ok(find(SRIOV_BROKER_EVENT_VF_REMOVED, vf, 0) >= 0,
	   "disable: a VF is gone");
	at = find(SRIOV_BROKER_EVENT_PF_VFS, pf, 0);
	ok(at >= 0 && !kept[at].value && kept[at].old_value == 2,
	   "disable: the PF has none, and had 2");
}

int main(void)
{
	pf = need_igb();
	broker_begin("");
	reader = open(NODE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	test_manners();
	test_enable();
	if (numvfs(pf) != 2)
		return done();
	test_lease();
	test_name();
	test_revoke();
	test_quarantine();
	test_unbind();
	test_remove();
	test_waiting();
	test_history();
	test_clock();
	test_stats();
	is(gaps, 0, "no number was missing so far");
	test_lost();
	test_disable();
	return done();
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PF that is suspended when it is not needed: while one of its VFs is used it is
 * awake, and whatever is done to its VFs wakes it.  And a machine that is suspended,
 * whatever waits for VFs.
 */
#define _GNU_SOURCE
#include "monitor.h"
#include "picture.h"
#include "vfio.h"

static struct sriov_broker_addr pf;
static struct sriov_broker_why why;

static bool is_suspended(void)
{
	return !strcmp(
		get(text(SYS_PCI "/%s/power/runtime_status", name_of(pf))),
		"suspended");
}

/* igb suspends a PF that has had no link for 5 s. */
static bool falls_asleep(void)
{
	return eventually(LONG_MS, is_suspended());
}

static void test_used(void)
{
	struct sriov_broker_grant g;
	struct vfio v;
	size_t size;
	volatile __u32 *bar;

	is(lease(vf_at(pf, 0), "", &g, &why), 0, "used: a lease on its VF");
	ok(!is_suspended(), "used: wakes the PF");
	is(vfio_open(&v, name_of(g.vf)), 0, "used: the VF is opened");
	bar = vfio_map(&v, 0, &size);
	/* Longer than the driver waits before it suspends the PF. */
	sleep_ms(6500);
	ok(!is_suspended(), "used: which stays awake as long as the lease");
	ok(bar && bar[2] != ~0U, "used: for its VF answers");
	munmap((void *)bar, size);
	vfio_close(&v);
	close(g.fd);
	ok(comes_back(pf), "used: the VF comes back");
	ok(falls_asleep(), "used: and the PF falls asleep again");
	check_picture("used");
}

static void test_provisioning(void)
{
	is(count_state(pf, SRIOV_BROKER_VF_FREE), 2,
	   "asleep: its VFs are in the pool");
	worked(bind_vfs(pf, 1, 1, "pci-stub", &why), &why,
	       "asleep: a VF is moved");
	worked(disable(pf, &why), &why, "asleep: disable");
	check_picture("disabled asleep");
	ok(falls_asleep(), "without VFs it falls asleep");
	worked(enable(pf, 3, "vfio-pci", &why), &why, "asleep: enable");
	is(count_state(pf, SRIOV_BROKER_VF_FREE), 3, "asleep: in the pool");
	check_picture("enabled asleep");
	ok(falls_asleep(), "with free VFs it falls asleep");
}

/* Sleep is to end with the freezing of all tasks. If that can't be, the point is skipped. */
static bool freezer_only(const char *point)
{
	/* What keeps a VF's lock for five seconds may take four times as long on a slow host. */
	put("/sys/power/pm_freeze_timeout", "120000");
	if (!put("/sys/power/pm_test", "freezer"))
		return true;
	skip("this kernel has no pm_test (CONFIG_PM_DEBUG)", point);
	return false;
}

/* A waiter for a VF, for days perhaps, does not keep the machine from being suspended. */
static void test_freezer(void)
{
	struct sriov_broker_grant g;
	int status = 0;
	pid_t pid;

	if (!freezer_only("suspend while a waiter waits"))
		return;
	is(lease(vf_at(pf, 2), "", &g, &why), 0, "frozen: a lease");
	pid = fork();
	if (!pid) {
		close(g.fd);
		_exit(lease_within(-1, vf_at(pf, 2), 0, 0, "", &g, NULL));
	}
	ok(so_many_wait(1), "frozen: a waiter for that VF");
	put("/sys/module/suspend/parameters/pm_test_delay", "1");
	is(put("/sys/power/state", "freeze"), 0,
	   "frozen: the waiter is, and all others");
	put("/sys/power/pm_test", "none");
	ok(are_waiting(1), "frozen: then it waits again");
	close(g.fd);
	waitpid(pid, &status, 0);
	is(status, 0, "frozen: and gets it");
	ok(comes_back(pf), "frozen: it comes back");
}

/* A part of the kernel's log: before, in, or after a sleep. */
enum phase {
	BEFORE,
	ASLEEP,
	AFTER,
	NEVER
};

/* In which of them that word was said first, in the log from here on. */
static enum phase when_said(int log, const char *word)
{
	enum phase now = BEFORE;
	char line[8192];
	ssize_t len;

	while ((len = read(log, line, sizeof(line) - 1)) >= 0 ||
	       errno == EPIPE) {
		line[len > 0 ? len : 0] = '\0';
		if (strstr(line, word))
			return now;
		if (strstr(line, "suspend debug: Waiting"))
			now = ASLEEP;
		if (strstr(line, "Restarting tasks"))
			now = AFTER;
	}
	return NEVER;
}

/* The time that a user has to let go passes while the machine sleeps: it wakes first. */
static void test_return(void)
{
	const char *name =
		"asleep: nothing was done to it before the machine woke";
	long long begun, slept;
	enum phase when;
	struct sriov_broker_grant g;
	struct vfio v;
	int log;

	if (!freezer_only("suspend while a VF is on its way back"))
		return;
	/* Long enough for what comes before the freezing, and shorter than the sleep. */
	put("/sys/module/" MODULE "/parameters/drain_timeout", "4");
	put("/sys/module/suspend/parameters/pm_test_delay", "8");
	is(lease(vf_at(pf, 2), "", &g, &why), 0, "asleep: a lease");
	is(vfio_open(&v, name_of(g.vf)), 0, "asleep: its VF is opened");
	log = log_open();
	begun = now_ms();
	close(g.fd);
	is(put("/sys/power/state", "freeze"), 0,
	   "asleep: the lease ends, and the machine sleeps");
	slept = now_ms() - begun;
	put("/sys/power/pm_test", "none");
	ok(comes_to(g.vf, SRIOV_BROKER_VF_QUARANTINED),
	   "asleep: then it is in quarantine");
	when = when_said(log, "quarantined: ");
	/* It sleeps for eight seconds; what comes before may have taken too long. */
	if (when != AFTER && slept > 11000)
		skip("this machine is too slow", name);
	else
		is(when, AFTER, "%s", name);
	close(log);
	vfio_close(&v);
	put("/sys/module/" MODULE "/parameters/drain_timeout", "30");
	(void)clear(g.vf, NULL);
	ok(comes_back(pf), "asleep: let go, it comes back");
}

/*
 * Another program takes the VFs away, which pfs has put right three seconds later; and the machine
 * is sent to sleep.
 */
static enum phase when_put_right(struct sriov_broker_addr nvme)
{
	int log = log_open();
	enum phase when;

	is(put(text(SYS_PCI "/%s/sriov_numvfs", name_of(nvme)), "0"), 0,
	   "pfs: the VFs are taken away");
	is(put("/sys/power/state", "freeze"), 0, "pfs: the machine sleeps");
	ok(eventually(LONG_MS, count_state(nvme, SRIOV_BROKER_VF_FREE) == 2),
	   "pfs: then they are there again");
	/* As the PCI core greets a VF of nvme. */
	when = when_said(log, "[1b36:0010]");
	close(log);
	return when;
}

/* What is to be done to a PF is not done in the sleep, in which the PF may be anything. */
static void test_pfs(void)
{
	struct sriov_broker_addr nvme = need_nvme();
	enum phase when = BEFORE;
	int tries;

	if (!freezer_only("suspend while pfs is to be put right"))
		return;
	put("/sys/module/suspend/parameters/pm_test_delay", "8");
	worked(enable(nvme, 2, "vfio-pci", &why), &why, "pfs: 2 VFs");
	put("/sys/module/" MODULE "/parameters/pfs",
	    text("%s=2", name_of(nvme)));
	/* On a slow host it is done before all is frozen. More often is not put right. */
	for (tries = 0; tries < 3 && when == BEFORE; tries++)
		when = when_put_right(nvme);
	put("/sys/power/pm_test", "none");
	put("/sys/module/" MODULE "/parameters/pfs", "\n");
	worked(disable(nvme, &why), &why, "pfs: disable");
	if (when == BEFORE)
		skip("it was done before, each time", "pfs: done in no sleep");
	else
		is(when, AFTER, "pfs: by a machine that was awake");
}

/* A VF's own is awaited after a reset of the PF, but not by the machine that is to sleep. */
static void test_look(void)
{
	struct sriov_broker_grant g;

	is(lease(vf_at(pf, 0), "", &g, &why), 0, "look: a lease");
	if (insert_module("kmod/fake_lock.ko", text("dev=%s", name_of(g.vf)))) {
		skip("no fake_lock.ko", "suspend while a VF is being reset");
		close(g.fd);
		return;
	}
	close(g.fd);
	if (!reset_waits(g.vf)) {
		skip("here its override is under the lock of a device",
		     "suspend while a VF is being reset");
	} else if (freezer_only("suspend while a VF is being reset")) {
		is(put(text(SYS_PCI "/%s/reset", name_of(pf)), "1"), 0,
		   "look: its PF is reset, while it waits for its own");
		ok(eventually(LONG_MS,
			      last_event(pf, SRIOV_BROKER_EVENT_PF_RESET).seq),
		   "look: an event tells of it");
		is(put("/sys/power/state", "freeze"), 0,
		   "look: the machine sleeps all the same");
		is(state_of(g.vf), SRIOV_BROKER_VF_RESETTING,
		   "look: the VF is where it was");
		put("/sys/power/pm_test", "none");
	}
	remove_module("fake_lock");
	ok(comes_back(pf), "look: it comes back");
}

/* A PF without a driver is on ours, which hears of resets. */
static void test_reset(void)
{
	char driver[64];

	worked(disable(pf, &why), &why, "reset: the VFs go");
	strcpy(driver, driver_of(name_of(pf)));
	put(text(SYS_PCI "/%s/power/control", name_of(pf)), "on");
	unbind(name_of(pf));
	worked(enable(pf, 2, "vfio-pci", &why), &why, "reset: VFs");
	test_look();
	worked(disable(pf, &why), &why, "reset: they go");
	bind_to(name_of(pf), driver);
}

/* Out of the bus and in again. */
static void test_removed(void)
{
	struct sriov_broker_grant g;

	lease(vf_at(pf, 1), "", &g, NULL);
	is(put(text(SYS_PCI "/%s/remove", name_of(pf)), "1"), 0,
	   "removed: kept awake, the PF is removed");
	check_told(g.fd, SRIOV_BROKER_LEASE_CAUSE_PF, "removed");
	check_picture("removed");
	close(g.fd);
	is(put("/sys/bus/pci/rescan", "1"), 0, "removed: rescan");
	ok(eventually(LONG_MS, driver_of(name_of(pf))[0]),
	   "removed: it has its driver");
	worked(enable(pf, 2, "vfio-pci", &why), &why, "removed: enable");
}

int main(void)
{
	pf = find_igb(1);
	if (same_addr(pf, no_addr))
		bail("no igb");
	modprobe("vfio-pci");
	modprobe("pci-stub");
	monitor_begin();
	broker_begin("");
	worked(enable(pf, 2, "vfio-pci", &why), &why, "2 VFs");
	/* igb wakes an interface that is up without the lock that this wants. */
	is(system(text("ip link set $(ls " SYS_PCI "/%s/net) down",
		       name_of(pf))),
	   0, "its interface is down");
	ok(monitor_says("set_link", "\"name\":\"igb1\",\"up\":false"),
	   "the link is lost");
	is(put(text(SYS_PCI "/%s/power/control", name_of(pf)), "auto"), 0,
	   "the PF may be suspended");
	if (!ok(falls_asleep(), "and is"))
		return done();
	test_used();
	test_provisioning();
	test_freezer();
	test_return();
	test_pfs();
	test_removed();
	test_reset();
	monitor_says("set_link", "\"name\":\"igb1\",\"up\":true");
	return done();
}

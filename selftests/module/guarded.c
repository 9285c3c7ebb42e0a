// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guarded VFs: a program that knows nothing of the broker opens one through vfio, and has a
 * lease by that.  Here the program is this one and its children, in a container's clothes
 * as well.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "child.h"
#include "vfio.h"

#define VFS	    4
#define NOBODY	    65534
#define DRIVER	    "sriov_broker_vfio"
#define PARAM(name) "/sys/module/" MODULE "/parameters/" name
#define GUARDED	    SRIOV_BROKER_VF_FLAG_GUARDED
#define IMPLICIT    SRIOV_BROKER_VF_FLAG_IMPLICIT

static struct sriov_broker_addr pf, vf;
static struct sriov_broker_why why;

static int guard(unsigned int flags)
{
	return enable_flags(pf, VFS, "", SRIOV_BROKER_ENABLE_GUARDED | flags,
			    &why);
}

static char *name(int index)
{
	return name_of(vf_at(pf, index));
}

static void test_args(void)
{
	struct sriov_broker_pf entry;
	unsigned int num = 1;

	is(enable_flags(pf, VFS, "vfio-pci", SRIOV_BROKER_ENABLE_GUARDED, &why),
	   EINVAL, "guarded, and another driver");
	is(enable_flags(pf, VFS, "",
			SRIOV_BROKER_ENABLE_GUARDED | SRIOV_BROKER_ENABLE_OPEN,
			&why),
	   EINVAL, "guarded, and open to all");
	is(enable_flags(pf, VFS, "", SRIOV_BROKER_ENABLE_RESTORE, &why), EINVAL,
	   "restored, but not guarded");
	is(numvfs(pf), 0, "nothing is enabled by that");
	if (!worked(guard(0), &why, "guarded VFs"))
		bail("nothing to go on with");
	vf = vf_at(pf, 0);
	is(count_state(pf, SRIOV_BROKER_VF_FREE), VFS, "all are free");
	ok(!strcmp(driver_of(name(0)), DRIVER),
	   "on the driver of guarded ones");
	is(vf_now(vf).flags, GUARDED, "and shown so");
	ok(!list_pfs(pf, &entry, &num) && !entry.flags,
	   "the PF has no flag of its own");
	ok(!guard(0), "once more is a success");
}

/* A control group of this process's own, whose name is not fit to be shown. */
static const char *enter_cgroup(void)
{
	const char *dir = "/tmp/cgroup", *pod = "/tmp/cgroup/pod\x7f";

	mkdir(dir, 0755);
	/* They may be there from a test before in this machine. */
	mount("none", dir, "cgroup2", 0, NULL);
	mkdir(pod, 0755);
	if (put(text("%s/cgroup.procs", pod), "0"))
		bail("no control group: %m");
	return "/pod?";
}

static void test_owner(void)
{
	const char *cgroup = enter_cgroup();
	struct sriov_broker_event event;
	struct sriov_broker_grant g;
	struct sriov_broker_vf now;
	struct sriov_broker_info in;
	unsigned long long had = stat_of(SRIOV_BROKER_STAT_RESET).count;
	struct vfio v, w;
	char *before;

	is(vfio_open(&v, name(0)), 0, "a program opens one through vfio");
	now = vf_now(vf);
	is(now.state, SRIOV_BROKER_VF_LEASED, "it is leased by that");
	is(now.flags, GUARDED | IMPLICIT, "implicitly");
	is(now.lease_pid, getpid(), "to the process");
	is(now.lease_uid, 0, "of the user");
	ok(!strcmp(now.lease_label, "guarded"), "by the program's name");
	ok(!strcmp(now.lease_cgroup, cgroup), "in its control group, %s",
	   cgroup);
	info(&in);
	is(in.num_leases, 1, "one lease is out");
	event = last_event(vf, SRIOV_BROKER_EVENT_LEASE_GRANTED);
	ok(event.lease_id == now.lease_id && event.lease_pid == getpid() &&
		   event.flags == (GUARDED | IMPLICIT) &&
		   !strcmp(event.lease_cgroup, cgroup),
	   "an event has told that");
	is(vfio_open(&w, name(0)), EBUSY,
	   "a second open of the group is vfio's to refuse");

	before = snapshot();
	refused(disable(pf, &why), EBUSY, &why, SRIOV_BROKER_WHY_LEASED, vf,
		"DISABLE");
	ok(why.pid == getpid() && why.uid == 0 &&
		   !strcmp(why.label, "guarded") &&
		   why.lease_id == now.lease_id && !strcmp(why.cgroup, cgroup),
	   "which names the holder");
	refused(bind_vfs(vf, 0, 0, "vfio-pci", &why), EBUSY, &why,
		SRIOV_BROKER_WHY_LEASED, vf, "BIND");
	refused(lease(vf, "other", &g, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_LEASED, vf, "LEASE");
	ok(put(text(SYS_PCI "/%s/sriov_numvfs", name_of(pf)), "0"),
	   "nor does sysfs take it away");
	ok(remove_module(DRIVER), "nor the driver's module");
	unchanged(before, "a VF in use");

	vfio_close(&v);
	ok(comes_back(pf), "closed, it comes back");
	ok(stat_of(SRIOV_BROKER_STAT_RESET).count > had, "reset");
	is(last_event(vf, SRIOV_BROKER_EVENT_LEASE_ENDED).lease_id,
	   now.lease_id, "the lease has ended, as an event tells");
	is(vf_now(vf).lease_id, 0, "and is not shown any more");
}

static void test_again(void)
{
	struct vfio v;
	int i, err = 0;

	for (i = 0; i < 5 && !err; i++) {
		err = vfio_open(&v, name(0));
		if (!err)
			vfio_close(&v);
	}
	is(err, 0, "opened at once after each close, it waits for the reset");

	is(vfio_open(&v, name(0)), 0, "opened");
	close(v.device);
	ok(comes_to(vf, SRIOV_BROKER_VF_FREE),
	   "its device is closed, the group is not: free");
	v.device = ioctl(v.group, VFIO_GROUP_GET_DEVICE_FD, name(0));
	ok(v.device >= 0, "the device is opened again");
	is(vf_now(vf).state, SRIOV_BROKER_VF_LEASED, "which is another lease");
	close(v.device);
	v.device = ioctl(v.group, VFIO_GROUP_GET_DEVICE_FD, name(0));
	ok(v.device >= 0, "and again, at once");
	vfio_close(&v);
	ok(comes_back(pf), "it comes back");
}

/* All VFs at once. */
static void *open_close(void *arg)
{
	struct vfio v;
	long i, err = 0;

	for (i = 0; i < 3 && !err; i++) {
		err = vfio_open(&v, (char *)arg);
		if (!err)
			vfio_close(&v);
	}
	return (void *)err;
}

static void test_together(void)
{
	pthread_t threads[VFS];
	char names[VFS][16];
	void *err;
	int i;

	for (i = 0; i < VFS; i++) {
		strcpy(names[i], name(i));
		pthread_create(&threads[i], NULL, open_close, names[i]);
	}
	for (i = 0; i < VFS; i++) {
		pthread_join(threads[i], &err);
		is((long)err, 0, "VF %d is opened and closed beside the others",
		   i);
	}
	ok(comes_back(pf), "all come back");
}

static int open_and_wait(void)
{
	struct vfio v;

	shared->err[0] = vfio_open(&v, name_of(vf));
	at_step(1);
	return 0;
}

static int as_nobody(void)
{
	struct sriov_broker_grant g;
	struct vfio v, w;

	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return 99;
	/* LEASE is charged to the user that opened the device. */
	broker = open(NODE, O_RDWR | O_CLOEXEC);
	if (broker < 0)
		return 98;
	shared->err[0] = vfio_open(&v, name_of(vf_at(pf, 0)));
	shared->err[1] = vfio_open(&w, name_of(vf_at(pf, 1)));
	shared->err[2] = lease(pf, "too many", &g, NULL);
	at_step(1);
	return 0;
}

static void test_quota(void)
{
	struct vfio v;
	pid_t pid;
	int i;

	for (i = 0; i < VFS; i++)
		chmod(text("/dev/vfio/%d", iommu_group_of(name(i))), 0666);
	chmod("/dev/vfio/vfio", 0666);
	chmod(NODE, 0666);
	put(PARAM("max_leases_per_user"), "1");
	pid = child(as_nobody);
	ok(comes_to_step(1), "a user opens two");
	is(shared->err[0], 0, "may have one");
	is(shared->err[1], EDQUOT, "but no other");
	is(shared->err[2], EDQUOT, "nor lease one");
	is(vf_now(vf).lease_uid, NOBODY, "the one is its own");
	is(last_event(vf_at(pf, 1), SRIOV_BROKER_EVENT_OPEN_REFUSED).value,
	   SRIOV_BROKER_WHY_QUOTA, "an event has told of the other");
	is(last_event(vf_at(pf, 1), SRIOV_BROKER_EVENT_OPEN_REFUSED).pid, pid,
	   "and by which process");
	let_go(1);
	ends(pid);
	put(PARAM("max_leases_per_user"), "0");

	put(PARAM("max_leases"), "1");
	pid = child(open_and_wait);
	comes_to_step(1);
	is(vfio_open(&v, name(1)), EDQUOT, "no more than there may be of all");
	let_go(1);
	ends(pid);
	put(PARAM("max_leases"), "0");
	ok(comes_back(pf), "all come back");
}

/* ---- leases by descriptor ---- */

/* The lease is a child's; its own children try. */
static int lease_and_open(void)
{
	struct sriov_broker_lease_open p = { .size = sizeof(p) };
	struct sriov_broker_grant g;
	struct vfio v;
	pid_t pid;

	shared->err[0] = lease(vf, "mine", &g, NULL);
	shared->id = g.id;
	at_step(1); /* the parent tries */
	shared->err[1] = vfio_open(&v, name_of(vf));
	vfio_close(&v);
	shared->err[2] = call(g.fd, SRIOV_BROKER_LEASE_OPEN, &p) ?:
				 vfio_use(&v, p.fd, name_of(vf));
	vfio_close(&v);
	pid = fork();
	if (!pid) {
		close(g.fd); /* a descendant, without the descriptor */
		shared->err[3] = vfio_open(&v, name_of(vf));
		_exit(0);
	}
	ends(pid);
	pid = fork();
	if (!pid) {
		if (fork())
			_exit(0);
		/* Init's by now or soon; but it has the descriptor. */
		while (getppid() != 1)
			usleep(1000);
		shared->err[4] = vfio_open(&v, name_of(vf));
		vfio_close(&v);
		close(g.fd);
		shared->err[5] = vfio_open(&v, name_of(vf));
		at_step(2);
		_exit(0);
	}
	ends(pid);
	comes_to_step(2);
	let_go(2);
	at_step(3);
	return 0;
}

static void test_explicit(void)
{
	pid_t pid = child(lease_and_open);
	struct sriov_broker_event event;
	int logs = log_open();
	struct vfio v;

	ok(comes_to_step(1) && !shared->err[0], "one is leased by descriptor");
	is(vf_now(vf).flags, GUARDED, "which is no implicit lease");
	is(vfio_open(&v, name(0)), EBUSY,
	   "root has nothing to do with it, and can't open it");
	event = last_event(vf, SRIOV_BROKER_EVENT_OPEN_REFUSED);
	ok(event.value == SRIOV_BROKER_WHY_LEASED && event.pid == getpid() &&
		   event.lease_id == shared->id && event.lease_pid == pid,
	   "an event tells why");
	is(log_count(logs, name(0), "is leased"), 1, "and so does the log");
	let_go(1);
	ok(comes_to_step(3), "the holder tries");
	is(shared->err[1], 0, "it may, by path");
	is(shared->err[2], 0, "and by its lease");
	is(shared->err[3], 0, "and its child, without the descriptor");
	is(shared->err[4], 0, "and a stranger that has it");
	is(shared->err[5], EBUSY, "but no longer when it has closed that");
	is(state_of(vf), SRIOV_BROKER_VF_LEASED, "it is leased all the time");
	let_go(3);
	ends(pid);
	ok(comes_back(pf), "and free when the holder has ended");
	is(vfio_open(&v, name(0)), 0, "then it is whose opens it");
	vfio_close(&v);
	ok(comes_back(pf), "and comes back");
	close(logs);
}

static int lease_two(void)
{
	struct sriov_broker_grant g;

	shared->err[0] = lease(vf_at(pf, 0), "one", &g, NULL) ?:
				 lease(vf_at(pf, 1), "two", &g, NULL);
	at_step(1);
	return 0;
}

/* A program that tries one VF again and again hides no other VF's refusal. */
static void test_loud(void)
{
	pid_t pid = child(lease_two);
	int logs = log_open(), tries = 100, told, i;
	struct vfio v;

	ok(comes_to_step(1) && !shared->err[0], "two are leased");
	for (i = 0; i < tries && vfio_open(&v, name(0)) == EBUSY; i++)
		;
	is(i, tries, "a program tries one of them again and again");
	told = log_count(logs, name(0), "is leased");
	ok(told < tries, "of which the log tells some: %d", told);
	is(vfio_open(&v, name(1)), EBUSY, "and once the other");
	is(log_count(logs, name(1), "is leased"), 1, "of which it tells");
	is(last_event(vf_at(pf, 1), SRIOV_BROKER_EVENT_OPEN_REFUSED).value,
	   SRIOV_BROKER_WHY_LEASED, "and so does an event");
	let_go(1);
	ends(pid);
	ok(comes_back(pf), "both come back");
	close(logs);
}

static void test_outlive(void)
{
	struct sriov_broker_grant g;
	struct vfio v;

	worked(lease(vf, "short", &g, &why), &why, "a lease");
	is(vfio_open(&v, name(0)), 0, "its VF opened");
	close(g.fd);
	is(state_of(vf), SRIOV_BROKER_VF_DRAINING,
	   "closed before the device, it drains");
	vfio_close(&v);
	ok(comes_back(pf), "until that is closed");

	worked(lease(vf, "strange", &g, &why), &why, "another");
	unbind(name(0));
	set_override(name(0), "vfio-pci");
	is(probe(name(0)), 0, "its holder binds it elsewhere");
	close(g.fd);
	ok(comes_back(pf), "it comes back");
	ok(!strcmp(driver_of(name(0)), DRIVER), "to its driver");
	is(vfio_open(&v, name(0)), 0, "and opens");
	vfio_close(&v);
	ok(comes_back(pf), "and comes back once more");
}

/* ---- taken away ---- */

static void test_revoke(void)
{
	struct sriov_broker_vf now;
	struct vfio v;
	__u64 id;

	is(vfio_open(&v, name(0)), 0, "one is opened");
	id = vf_now(vf).lease_id;
	worked(revoke_lease(id, 0, &why), &why, "and taken back");
	now = vf_now(vf);
	is(now.state, SRIOV_BROKER_VF_DRAINING, "it drains");
	ok(!now.lease_id && now.lease_pid == getpid(),
	   "and is known whose it was");
	refused(disable_force(pf, 100, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_RETURNING, vf,
		"a forced DISABLE does not wait for ever");
	vfio_close(&v);
	ok(comes_back(pf), "closed, it comes back");

	is(vfio_open(&v, name(0)), 0, "one is opened");
	id = vf_now(vf).lease_id;
	worked(revoke_lease(id, LONG_MS, &why), &why, "its user has notice");
	is(state_of(vf), SRIOV_BROKER_VF_LEASED, "and the VF so far");
	vfio_close(&v);
	ok(comes_back(pf), "and lets go");
	refused(revoke_lease(id, 0, &why), ENOENT, &why,
		SRIOV_BROKER_WHY_NO_LEASE, no_addr,
		"there is no lease any more");
}

static void test_stray(void)
{
	struct vfio v;

	put(PARAM("drain_timeout"), "1");
	is(vfio_open(&v, name(0)), 0, "one is opened");
	revoke_lease(vf_now(vf).lease_id, 0, &why);
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED),
	   "it is not given back in time");
	is(vf_now(vf).fault, SRIOV_BROKER_FAULT_IN_USE, "for it is open");
	vfio_close(&v);
	ok(comes_back(pf), "closed at last, it comes back by itself");
	put(PARAM("drain_timeout"), "30");
}

/* ---- drivers ---- */

static void test_drivers(void)
{
	struct vfio v;

	if (!worked(enable(pf, VFS, "vfio-pci", &why), &why,
		    "not guarded any more"))
		return;
	is(vf_now(vf).flags, 0, "nor shown so");
	is(vfio_open(&v, name(0)), EPERM, "the fence is up");
	ok(comes_back(pf) && !guard(0), "guarded again");
	is(vfio_open(&v, name(0)), 0, "and down");
	vfio_close(&v);
	ok(comes_back(pf), "it comes back");

	worked(bind_vfs(pf, 1, 2, "vfio-pci", &why), &why,
	       "two of them are bound elsewhere");
	is(vfio_open(&v, name(1)), EPERM, "these have a fence");
	is(vfio_open(&v, name(3)), 0, "the others have not");
	vfio_close(&v);
	worked(bind_vfs(pf, 1, 2, DRIVER, &why), &why,
	       "back, by the driver's name");
	ok(comes_back(pf), "all are free");

	unbind(name(0));
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED),
	   "unbound by hand, it is in quarantine");
	set_override(name(0), "vfio-pci");
	bind_to(name(0), "vfio-pci");
	is(vfio_open(&v, name(0)), EPERM,
	   "bound to vfio-pci by hand, it has a fence");
	unbind(name(0));
	set_override(name(0), DRIVER);
	bind_to(name(0), DRIVER);
	ok(comes_to(vf, SRIOV_BROKER_VF_FREE), "bound again, it is free");
	is(vfio_open(&v, name(0)), 0, "and opens");
	vfio_close(&v);
	ok(comes_back(pf), "and comes back");
}

static struct vfio opener; /* has the group open */

static int lease_and_wait(void)
{
	struct sriov_broker_grant g;

	vfio_close(&opener); /* that is the parent's */
	shared->err[0] = lease_within(LONG_MS, vf, 0, 0, "patient", &g, NULL);
	at_step(1);
	return 0;
}

/* The number of the VF's last lease, be it one that was not given out. */
static unsigned long long last_granted(void)
{
	return last_event(vf, SRIOV_BROKER_EVENT_LEASE_GRANTED).lease_id;
}

/* A request waits for the VF: it looks now and then, and does nothing to it. */
static void test_group_waits(void)
{
	unsigned long long had = stat_of(SRIOV_BROKER_STAT_RESET).count,
			   tries = last_granted();
	struct sriov_broker_grant g;
	pid_t pid;

	ok(lease_within(2500, vf, 0, 0, "late", &g, &why),
	   "a request that waits does not get it either");
	tries = last_granted() - tries;
	ok(tries && tries <= 4, "it looks once a second, not more often: %llu",
	   tries);
	pid = child(lease_and_wait);
	ok(so_many_wait(1), "another one waits");
	vfio_close(&opener);
	ok(comes_to_step(1), "the program closes the group");
	is(shared->err[0], 0, "then that one has its lease");
	is(stat_of(SRIOV_BROKER_STAT_RESET).count, had,
	   "none of that has reset the VF");
	let_go(1);
	ends(pid);
	ok(comes_back(pf), "it comes back");
}

/* A program has the group, and comes for the device. */
static void test_group_open(void)
{
	struct sriov_broker_grant g;
	int group = open(text("/dev/vfio/%d", iommu_group_of(name(0))),
			 O_RDWR | O_CLOEXEC);

	ok(group >= 0, "a program opens the group alone");
	is(state_of(vf), SRIOV_BROKER_VF_FREE, "which is no lease");
	refused(lease(vf, "late", &g, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_IN_USE, vf, "LEASE passes it over");
	is(state_of(vf), SRIOV_BROKER_VF_FREE, "and it is free still");
	is(vfio_use(&opener, group, name(0)), 0,
	   "the device is the program's all the same");
	close(opener.device);
	opener.device = -1;
	ok(comes_back(pf), "it closes the device: that comes back");
	test_group_waits();
}

/* Two VFs of one request, in a thread: the opener below is its process. */
static void *lease_both(void *err)
{
	struct sriov_broker_selector sel = { .dev = pf, .count = 2 };
	struct sriov_broker_grant g[2];
	struct sriov_broker_lease p = {
		.size = sizeof(p),
		.num_selectors = 1,
		.count = 2,
		.selectors = (uintptr_t)&sel,
		.selector_size = sizeof(sel),
		.grants = (uintptr_t)g,
		.grant_size = sizeof(g[0]),
		.numa_node = -1,
	};

	*(int *)err = call(broker, SRIOV_BROKER_LEASE, &p);
	return NULL;
}

/* Is there something to read? */
static bool tells(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* What has come to @held is refused: that node can't be opened, as if it were open. */
static void refuse_open(int held)
{
	struct fanotify_event_metadata event = { .fd = -1 };
	struct fanotify_response answer = { .response = FAN_DENY };

	if (read(held, &event, sizeof(event)) < 0)
		diag("no event: %m");
	answer.fd = event.fd;
	if (write(held, &answer, sizeof(answer)) < 0)
		diag("no answer: %m");
	close(event.fd);
}

/*
 * The broker looks at the nodes of both, has done so with the first one, and is kept at the
 * second one's. Meanwhile the first one is opened and closed.
 */
static void open_in_lease(int looks, int held)
{
	int err = 0;
	pthread_t thread;
	struct vfio v;

	if (pthread_create(&thread, NULL, lease_both, &err))
		bail("no thread");
	ok(eventually(LONG_MS, tells(held) && tells(looks)),
	   "undone: a request has two, and looks at them");
	ok(eventually(LONG_MS, !vfio_open(&v, name(0))),
	   "undone: its process opens one");
	is(vf_now(vf).flags, GUARDED, "undone: by that lease");
	vfio_close(&v);
	refuse_open(held);
	pthread_join(thread, NULL);
	is(err, EAGAIN, "undone: the other is not fit: none is leased");
}

/* A lease that does not come to be was used even so. */
static void test_undone(void)
{
	unsigned long long had = stat_of(SRIOV_BROKER_STAT_RETURN).count;
	char first[32], second[32];
	int looks = inotify_init1(IN_CLOEXEC);
	int held = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY);

	strcpy(first, text("/dev/vfio/%d", iommu_group_of(name(0))));
	strcpy(second, text("/dev/vfio/%d", iommu_group_of(name(1))));
	/* A file, for of a node's opening some kernels ask no listener. */
	is(rename(second, "/dev/vfio/second"), 0, "undone: a node goes");
	close(open(second, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	if (fanotify_mark(held, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD,
			  second)) {
		skip("no CONFIG_FANOTIFY_ACCESS_PERMISSIONS",
		     "a lease that is undone");
	} else {
		inotify_add_watch(looks, first, IN_CLOSE);
		open_in_lease(looks, held);
		ok(comes_back(pf), "undone: both are free");
		is(stat_of(SRIOV_BROKER_STAT_RETURN).count - had, 1,
		   "undone: what was opened has gone the return path");
	}
	close(looks);
	close(held);
	is(rename("/dev/vfio/second", second), 0, "undone: and is back");
}

/* ---- a container ---- */

static void map_ids(const char *file, uid_t id)
{
	put("/proc/self/setgroups", "deny");
	put(text("/proc/self/%s", file), text("0 %u 1", id));
}

static int contained(void)
{
	const char *dir = "/tmp/container";
	int group = iommu_group_of(name_of(vf));
	struct stat st;
	struct vfio v;
	pid_t pid;

	/* What a runtime makes: nodes of its own, in a mount of its own. */
	mkdir(dir, 0755);
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", dir, "tmpfs", 0, NULL) ||
	    stat(text("/dev/vfio/%d", group), &st) ||
	    mknod(text("%s/group", dir), S_IFCHR | 0666, st.st_rdev) ||
	    stat("/dev/vfio/vfio", &st) ||
	    mknod(text("%s/vfio", dir), S_IFCHR | 0666, st.st_rdev))
		return 97;
	chmod(text("%s/group", dir), 0666);
	chmod(text("%s/vfio", dir), 0666);
	if (setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY) || prctl(PR_SET_DUMPABLE, 1) ||
	    unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET))
		return 96;
	map_ids("uid_map", NOBODY);
	map_ids("gid_map", NOBODY);
	pid = fork();
	if (pid) {
		shared->pid = pid;
		return ends(pid);
	}
	/* The test compares with it. */
	while (!__atomic_load_n(&shared->pid, __ATOMIC_SEQ_CST))
		usleep(1000);
	prctl(PR_SET_NAME, "dpdk\xff-\napp");
	v.group = open(text("%s/group", dir), O_RDWR | O_CLOEXEC);
	v.container = open(text("%s/vfio", dir), O_RDWR | O_CLOEXEC);
	if (v.group < 0 || v.container < 0 ||
	    ioctl(v.group, VFIO_GROUP_SET_CONTAINER, &v.container) ||
	    ioctl(v.container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return 95;
	v.device = ioctl(v.group, VFIO_GROUP_GET_DEVICE_FD, name_of(vf));
	shared->err[0] = v.device < 0 ? errno : 0;
	at_step(1);
	return 0;
}

static void test_container(void)
{
	pid_t pid = child(contained);
	struct sriov_broker_vf now;

	ok(comes_to_step(1), "a container has nodes of its own");
	is(shared->err[0], 0, "and opens a VF by them");
	now = vf_now(vf);
	is(now.state, SRIOV_BROKER_VF_LEASED, "which is leased");
	is(now.lease_pid, shared->pid, "to its process, as the host knows it");
	is(now.lease_uid, NOBODY, "and its user");
	ok(!strcmp(now.lease_label, "dpdk?-?app"),
	   "whose name is made fit to be shown: %s", now.lease_label);
	kill(shared->pid, SIGKILL);
	ends(pid);
	ok(comes_back(pf), "it comes back when the container ends");
}

/* ---- network attributes ---- */

static char *mac_of(int index)
{
	static char mac[64];
	FILE *f = popen(text("ip -j link show $(ls " SYS_PCI
			     "/%s/net) | jq -r '.[0].vfinfo_list[%d].address'",
			     name_of(pf), index),
			"r");

	mac[0] = '\0';
	if (!f || !fgets(mac, sizeof(mac), f))
		diag("the VF's MAC can't be read");
	if (f)
		pclose(f);
	mac[strcspn(mac, "\n")] = '\0';
	return mac;
}

static void set_mac(int index, const char *mac)
{
	if (system(text("ip link set $(ls " SYS_PCI "/%s/net) vf %d mac %s",
			name_of(pf), index, mac)))
		diag("the VF's MAC can't be set");
}

static void open_once(void)
{
	struct vfio v;

	is(vfio_open(&v, name(0)), 0, "opened, and closed");
	vfio_close(&v);
	ok(comes_back(pf), "it comes back");
}

static const char mine[] = "02:00:00:00:00:11", other[] = "02:00:00:00:00:22",
		  third[] = "02:00:00:00:00:33";

static void restores(const char *when)
{
	set_mac(0, other);
	open_once();
	ok(!strcmp(mac_of(0), mine), "%s: its MAC is put back: %s", when,
	   mac_of(0));
}

/* The admin has set it of a free one, and says that it is to stay. */
static void test_noted_anew(void)
{
	set_mac(0, third);
	worked(guard(SRIOV_BROKER_ENABLE_RESTORE), &why, "as it is now");
	set_mac(0, other);
	open_once();
	ok(!strcmp(mac_of(0), third), "its new MAC is put back: %s", mac_of(0));
	set_mac(0, mine);
	worked(guard(SRIOV_BROKER_ENABLE_RESTORE), &why, "as it was");
}

/* pfs finds its VFs as it wants them: what a program has just set for a user is not the pool's. */
static void test_not_noted(void)
{
	unsigned long long had = stat_of(SRIOV_BROKER_STAT_ENABLE).count;

	set_mac(0, other);
	put(PARAM("pfs"), text("%s=%d:guarded:restore", name_of(pf), VFS));
	ok(eventually(LONG_MS, stat_of(SRIOV_BROKER_STAT_ENABLE).count > had),
	   "pfs asks for what there is");
	open_once();
	ok(!strcmp(mac_of(0), mine), "and notes no MAC anew: %s", mac_of(0));
	put(PARAM("pfs"), "\n");
}

/* From one number to another all VFs are new ones, and so they are if that fails. */
static void test_new_attributes(void)
{
	worked(enable_flags(pf, VFS - 1, "",
			    SRIOV_BROKER_ENABLE_GUARDED |
				    SRIOV_BROKER_ENABLE_RESTORE,
			    &why),
	       &why, "another number, to be restored");
	restores("another number");
	modprobe("virtio_pci");
	is(enable(pf, VFS, "virtio-pci", &why), ENODEV,
	   "yet another, which their driver refuses");
	restores("and back");
}

/* Leases VF 0 as soon as it can, and holds it through step 1. */
static int wait_for_it(void)
{
	struct sriov_broker_grant g;

	shared->err[0] = lease_within(LONG_MS, vf, 0, 0, "", &g, NULL);
	at_step(1);
	return 0;
}

/* Whoever waits has it the moment it is in the pool. */
static void test_waited_for(void)
{
	pid_t pid;

	worked(bind_vfs(vf, 0, 0, "host", &why), &why, "it is the host's");
	set_mac(0, mine);
	pid = child(wait_for_it);
	ok(so_many_wait(1), "it is waited for");
	worked(guard(SRIOV_BROKER_ENABLE_RESTORE), &why,
	       "it enters the pool, to be restored");
	ok(comes_to_step(1) && !shared->err[0], "and is leased at once");
	set_mac(0, other);
	let_go(1);
	ends(pid);
	ok(comes_back(pf), "waited for: it comes back");
	ok(!strcmp(mac_of(0), mine), "waited for: its MAC is put back: %s",
	   mac_of(0));
}

/* What its user has set is not the pool's, though the pool has nothing else to put back. */
static void test_in_use(void)
{
	struct vfio v;

	worked(guard(0), &why, "not to be restored, for now");
	is(vfio_open(&v, name(0)), 0, "it is opened");
	set_mac(0, other);
	worked(guard(SRIOV_BROKER_ENABLE_RESTORE), &why,
	       "to be restored, while it is open");
	vfio_close(&v);
	ok(comes_back(pf), "in use: it comes back");
	worked(bind_vfs(vf_at(pf, 1), 0, 0, "vfio-pci", &why), &why,
	       "another one leaves the guarded ones");
	worked(bind_vfs(vf_at(pf, 1), 0, 0, DRIVER, &why), &why,
	       "and joins them again");
	set_mac(0, third);
	open_once();
	ok(!strcmp(mac_of(0), third), "in use: not its last user's MAC: %s",
	   mac_of(0));
	set_mac(0, mine);
	worked(guard(SRIOV_BROKER_ENABLE_RESTORE), &why, "as it was, again");
}

static void test_attributes(void)
{
	struct sriov_broker_pf entry;
	unsigned int num = 1;

	if (!same_addr(pf, find_igb(0)))
		return skip("the PF has no such attributes",
			    "network attributes");
	set_mac(0, mine);
	open_once();
	ok(!strcmp(mac_of(0), mine), "its MAC is left alone");
	worked(guard(SRIOV_BROKER_ENABLE_RESTORE), &why, "to be restored");
	ok(!list_pfs(pf, &entry, &num) &&
		   entry.flags == SRIOV_BROKER_PF_FLAG_RESTORE,
	   "as the PF says");
	restores("entered");
	test_noted_anew();
	test_waited_for();
	test_in_use();
	test_not_noted();
	test_new_attributes();
	worked(guard(0), &why, "not to be restored");
	set_mac(0, other);
	open_once();
	ok(!strcmp(mac_of(0), other), "its MAC is left alone again");
}

static void test_end(void)
{
	pid_t pid = child(open_and_wait);

	comes_to_step(1);
	kill(pid, SIGSTOP);
	ok(disable_force(pf, 100, &why),
	   "a forced DISABLE fails while it is open");
	kill(pid, SIGKILL);
	ends(pid);
	ok(comes_back(pf), "it comes back");
	worked(disable(pf, &why), &why, "nothing is in the way any more");
	is(remove_module(DRIVER), 0, "the driver can be unloaded");
}

int main(void)
{
	pf = need_pf();
	children_begin();
	modprobe("vfio-pci");
	broker_begin("");
	test_args();
	test_owner();
	test_again();
	test_together();
	opener_dies(pf, vf, open_and_wait);
	test_quota();
	test_explicit();
	test_loud();
	test_outlive();
	test_revoke();
	test_stray();
	test_drivers();
	test_group_open();
	test_undone();
	test_container();
	test_attributes();
	test_end();
	return done();
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases: one owner a VF, whatever races; the descriptor and all its copies;
 * every way to end it; the fence around the pool; what stands in no holder's way
 * and what does while a lease is out.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>

#include "broker.h"
#include "steps.h"
#include "vfio.h"

#define TOTAL	7
#define ROUNDS	40
#define DEATHS	1000
#define HOLDERS 4

static struct sriov_broker_addr pf;
static struct sriov_broker_why why;

/* What processes share here. */
static struct {
	int go, done;
	int err[2];
	unsigned int reason[2];
	__u64 id;
	int value;
} *shared;

static bool is_leased(struct sriov_broker_addr vf)
{
	return state_of(vf) == SRIOV_BROKER_VF_LEASED;
}

static bool comes_free(struct sriov_broker_addr vf)
{
	return comes_to(vf, SRIOV_BROKER_VF_FREE);
}

static unsigned int num_leases(void)
{
	struct sriov_broker_info i;

	return info(&i) ? ~0U : i.num_leases;
}

static int numvfs_mode(void)
{
	struct stat st;

	stat(text(SYS_PCI "/%s/sriov_numvfs", name_of(pf)), &st);
	return st.st_mode & 0777;
}

/* Two processes and one VF. */
static void contend(int me, struct sriov_broker_addr dev)
{
	struct sriov_broker_grant g;
	struct sriov_broker_why w;

	__atomic_add_fetch(&shared->go, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&shared->go, __ATOMIC_SEQ_CST) < 2)
		sched_yield();
	shared->err[me] = lease(dev, "racer", &g, &w);
	shared->reason[me] = w.reason;
	if (!shared->err[me])
		shared->id = g.id;
	/* It is not given back before the other one has tried. */
	__atomic_add_fetch(&shared->done, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&shared->done, __ATOMIC_SEQ_CST) < 2)
		sched_yield();
	_exit(0);
}

static bool race(struct sriov_broker_addr dev, int err, unsigned int reason)
{
	int i, lost;

	memset(shared, 0, sizeof(*shared));
	for (i = 0; i < 2; i++)
		if (!fork())
			contend(i, dev);
	while (wait(NULL) > 0)
		;
	lost = !!shared->err[1];
	return !shared->err[!lost] && shared->err[lost] == err &&
	       shared->reason[lost] == reason;
}

static void test_race(void)
{
	struct sriov_broker_addr vf;
	int i, good = 0, fresh = 0;
	__u64 last = 0;

	if (!worked(enable(pf, 1, "vfio-pci", &why), &why, "one VF"))
		return;
	vf = vf_at(pf, 0);
	for (i = 0; i < ROUNDS; i++) {
		if (i % 2)
			good += race(pf, EAGAIN, SRIOV_BROKER_WHY_POOL_EMPTY);
		else
			good += race(vf, EBUSY, SRIOV_BROKER_WHY_LEASED);
		fresh += shared->id > last;
		last = shared->id;
		if (!comes_free(vf))
			break;
	}
	is(good, ROUNDS, "two processes race for the last VF: one gets it");
	is(fresh, ROUNDS, "every lease has a new id");
	is(num_leases(), 0, "no lease is left");
	worked(disable(pf, &why), &why, "disable");
}

/* The holder is what others are told; nothing that would pull it away works. */
static void test_holder(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 2);
	struct sriov_broker_grant g, other;
	struct sriov_broker_lease_info i;
	char *before;

	is(numvfs_mode(), 0644, "root may write sriov_numvfs");
	if (!worked(lease(vf, "a guest", &g, &why), &why, "lease a VF"))
		return;
	ok(fcntl(g.fd, F_GETFD) == FD_CLOEXEC, "it is close-on-exec");
	ok(same_addr(g.vf, vf) && g.index == 2, "it is the one that was named");
	is(lease_info(g.fd, &i), 0, "LEASE_INFO");
	ok(i.id == g.id && same_addr(i.vf, vf) && same_addr(i.pf, pf) &&
		   i.index == 2 && i.state == SRIOV_BROKER_VF_LEASED &&
		   i.pid == getpid() && !i.uid && i.group_vfs == 1 &&
		   !strcmp(i.label, "a guest") &&
		   !strcmp(i.driver, "vfio-pci") &&
		   i.iommu_group == iommu_group_of(name_of(vf)),
	   "LEASE_INFO tells all of it");

	before = snapshot();
	refused(lease(vf, "", &other, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_LEASED, vf, "a leased VF can't be leased");
	ok(!strcmp(why.label, "a guest") && why.pid == getpid() && !why.uid &&
		   why.lease_id == g.id,
	   "the answer names lease, label, process and user");
	refused(disable(pf, &why), EBUSY, &why, SRIOV_BROKER_WHY_LEASED, vf,
		"disable with a lease out");
	ok(!strcmp(why.label, "a guest") && why.pid == getpid() &&
		   why.lease_id == g.id,
	   "the answer names them, too");
	refused(enable(pf, 3, "vfio-pci", &why), EBUSY, &why,
		SRIOV_BROKER_WHY_LEASED, vf, "another number");
	refused(enable(pf, TOTAL, "pci-stub", &why), EBUSY, &why,
		SRIOV_BROKER_WHY_LEASED, vf, "another driver for all");
	refused(bind_vfs(vf, 0, 0, "pci-stub", &why), EBUSY, &why,
		SRIOV_BROKER_WHY_LEASED, vf, "bind of a leased VF");
	refused(bind_vfs(pf, 0, 0, "host", &why), EBUSY, &why,
		SRIOV_BROKER_WHY_LEASED, vf, "bind of a range with it");
	refused(clear(vf, &why), EINVAL, &why, SRIOV_BROKER_WHY_NOT_QUARANTINED,
		vf, "clear of a VF that is not in quarantine");
	worked(enable(pf, TOTAL, "vfio-pci", &why), &why,
	       "enable again with a lease out is a success");
	unchanged(before, "with a lease out");

	is(numvfs_mode(), 0444, "root may not write sriov_numvfs");
	is(put(text(SYS_PCI "/%s/sriov_numvfs", name_of(pf)), "0"), EACCES,
	   "root's 0 is refused");
	is(numvfs(pf), TOTAL, "all VFs are on");
	close(g.fd);
	ok(comes_free(vf), "the VF is given back");
	ok(eventually(LONG_MS, numvfs_mode() == 0644),
	   "root may write sriov_numvfs again");
	is(lease(vf, "", &other, &why), 0, "another holder");
	ok(other.id > g.id, "has another id");
	close(other.fd);
	comes_free(vf);
}

static void test_choice(void)
{
	struct sriov_broker_grant g[TOTAL], more;
	struct sriov_broker_addr bridge = find_port();
	struct sriov_broker_addr none = { .bdf = 0xfff8, .valid = 1 };
	int i, got = 0, distinct = 0;

	is(lease_range(pf, 3, 2, "", &g[0], &why), 0, "lease from a range");
	is(lease_range(pf, 3, 2, "", &g[1], &why), 0, "and another");
	ok(g[0].index + g[1].index == 7 && g[0].index != g[1].index,
	   "both are of the range");
	is(lease_range(pf, 3, 2, "", &more, &why), EAGAIN,
	   "there is no third one");
	for (i = 2; i < TOTAL; i++)
		got += !lease(i % 2 ? pf : no_addr, "", &g[i], &why);
	is(got, TOTAL - 2, "the rest by PF, or without a word");
	for (i = 0; i < TOTAL; i++)
		distinct |= 1 << g[i].index;
	is(distinct, (1 << TOTAL) - 1, "every VF has been leased once");
	refused(lease(pf, "", &more, &why), EAGAIN, &why,
		SRIOV_BROKER_WHY_POOL_EMPTY, pf, "no more on this PF");
	is(lease(no_addr, "", &more, &why), EAGAIN, "nor on any");
	is(num_leases(), TOTAL, "the leases are counted");
	for (i = 0; i < TOTAL; i++)
		close(g[i].fd);
	ok(comes_back(pf), "all come back");

	refused(lease(none, "", &more, &why), ENODEV, &why,
		SRIOV_BROKER_WHY_NO_DEVICE, none, "lease of an unknown VF");
	refused(lease(bridge, "", &more, &why), EOPNOTSUPP, &why,
		SRIOV_BROKER_WHY_NOT_PF, bridge, "lease of a bridge");
	refused(lease_range(pf, TOTAL, 1, "", &more, &why), ERANGE, &why,
		SRIOV_BROKER_WHY_NO_INDEX, pf, "index 7 of 7");
	is(bind_vfs(pf, 0, 1, "host", &why), 0, "a VF for the host");
	refused(lease(vf_at(pf, 0), "", &more, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_NOT_POOLED, vf_at(pf, 0),
		"can't be leased by name");
	is(lease_range(pf, 0, 1, "", &more, &why), EAGAIN, "nor by its index");
	is(bind_vfs(pf, 0, 1, "vfio-pci", &why), 0, "back into the pool");
}

/* The copies of a descriptor: only the last close ends the lease. */
static void test_copies(struct sriov_broker_addr vf)
{
	struct sriov_broker_grant g;
	pid_t pid;
	int two;

	lease(vf, "", &g, NULL);
	two = dup(g.fd);
	close(g.fd);
	sleep_ms(50);
	ok(is_leased(vf), "dup: the first close does not end it");
	close(two);
	ok(comes_free(vf), "dup: the last one does");

	lease(vf, "", &g, NULL);
	pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	close(g.fd);
	sleep_ms(50);
	ok(is_leased(vf), "fork: the child has it, too");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(comes_free(vf), "fork: it ends with the child");
}

static void lease_and_exec(struct sriov_broker_addr vf, bool keep)
{
	struct sriov_broker_grant g;

	if (lease(vf, "", &g, NULL))
		_exit(1);
	if (keep)
		fcntl(g.fd, F_SETFD, 0);
	execlp("sleep", "sleep", "1000", NULL);
	_exit(1);
}

static void test_exec(struct sriov_broker_addr vf)
{
	int keep;
	pid_t pid;

	for (keep = 0; keep < 2; keep++) {
		pid = fork();
		if (!pid)
			lease_and_exec(vf, keep);
		(void)eventually(LONG_MS,
				 !strcmp(get(text("/proc/%d/comm", pid)),
					 "sleep"));
		if (keep)
			ok(is_leased(vf), "exec: it stays if asked to");
		else
			ok(comes_free(vf), "exec: it ends");
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		ok(comes_free(vf), "exec: nothing is left at the end");
	}
}

static void test_sigkill(struct sriov_broker_addr vf)
{
	struct sriov_broker_grant g;
	int status;
	pid_t pid = fork();

	if (!pid) {
		lease(vf, "doomed", &g, NULL);
		pause();
	}
	ok(eventually(LONG_MS, is_leased(vf)), "SIGKILL: a process has it");
	is(vf_now(vf).lease_pid, pid, "SIGKILL: it is shown");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	ok(comes_free(vf), "SIGKILL: the VF comes back");
	is(num_leases(), 0, "SIGKILL: no lease is left");
}

static void send_fd(int sock, int fd)
{
	char byte = 0, room[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = room,
			      .msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	sendmsg(sock, &msg, 0);
}

static int receive_fd(int sock)
{
	char byte, room[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = room,
			      .msg_controllen = sizeof(room) };
	int fd = -1;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&msg))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return fd;
}

/* Passed over a socket whose sender dies; the first time no process receives it. */
static void test_socket(struct sriov_broker_addr vf)
{
	struct sriov_broker_grant g;
	struct sriov_broker_lease_info i;
	int sock[2], fd, received;

	for (received = 0; received < 2; received++) {
		pid_t pid;

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, sock))
			bail("socketpair: %m");
		pid = fork();
		if (!pid) {
			close(sock[0]);
			lease(vf, "passed on", &g, NULL);
			send_fd(sock[1], g.fd);
			raise(SIGKILL);
		}
		close(sock[1]);
		waitpid(pid, NULL, 0);
		sleep_ms(50);
		ok(is_leased(vf), "SCM_RIGHTS: on its way the lease lives");
		if (received) {
			fd = receive_fd(sock[0]);
			is(lease_info(fd, &i), 0,
			   "SCM_RIGHTS: the receiver has it");
			is(lease_set(fd, SRIOV_BROKER_SET_PID, "",
				     pidfd_of(getpid())),
			   0, "SCM_RIGHTS: and says so");
			is(vf_now(vf).lease_pid, getpid(),
			   "SCM_RIGHTS: which is shown");
			close(sock[0]);
			sleep_ms(50);
			ok(is_leased(vf), "SCM_RIGHTS: the socket is closed");
			close(fd);
		} else {
			close(sock[0]);
		}
		ok(comes_free(vf), "SCM_RIGHTS: %s",
		   received ? "and given back" : "never received, it ends");
	}
}

/* A line of the lease's fdinfo. */
static bool fdinfo_has(int fd, const char *line)
{
	char *path = text("/proc/self/fdinfo/%d", fd);
	char room[1024];
	FILE *f = fopen(path, "r");
	bool found = false;

	while (f && fgets(room, sizeof(room), f))
		found |= !strncmp(room, line, strlen(line)) &&
			 room[strlen(line)] == '\n';
	if (f)
		fclose(f);
	return found;
}

static void test_show(struct sriov_broker_addr vf)
{
	struct sriov_broker_grant g;
	struct sriov_broker_lease_info i;
	struct pollfd p = { .events = POLLIN };
	pid_t pid;

	lease(vf, "one", &g, NULL);
	is(lease_set(g.fd, SRIOV_BROKER_SET_LABEL, "two words", 0), 0,
	   "the label is set");
	ok(!strcmp(vf_now(vf).lease_label, "two words"), "it is listed");
	is(vf_now(vf).lease_id, g.id, "with the id");
	ok(fdinfo_has(g.fd, text("vf:\t%s", name_of(vf))) &&
		   fdinfo_has(g.fd, text("pf:\t%s", name_of(pf))) &&
		   fdinfo_has(g.fd, text("index:\t%u", g.index)) &&
		   fdinfo_has(g.fd, text("lease:\t%llu", g.id)) &&
		   fdinfo_has(g.fd, "state:\tleased") &&
		   fdinfo_has(g.fd, "label:\ttwo words"),
	   "fdinfo tells VF, PF, index, id, state and label");
	ok(strstr(link_name(text("/proc/self/fd/%d", g.fd)), "sriov_broker"),
	   "the descriptor's name says what it is");
	p.fd = g.fd;
	is(poll(&p, 1, 0), 0, "poll has nothing to say");
	is(lease_set(g.fd, SRIOV_BROKER_SET_LABEL, "", 0), 0,
	   "the label is emptied");
	ok(!vf_now(vf).lease_label[0], "that is listed");

	pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	is(lease_set(g.fd, SRIOV_BROKER_SET_PID | SRIOV_BROKER_SET_LABEL, "x",
		     pidfd_of(pid)),
	   0, "pid and label at once");
	ok(!lease_info(g.fd, &i) && i.pid == pid && !strcmp(i.label, "x"),
	   "LEASE_INFO says so");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(is_leased(vf), "that process's death ends nothing");
	close(g.fd);
	comes_free(vf);
}

/* In namespaces of its own: pids and users are translated, or not to be seen. */
static void namespaced(struct sriov_broker_addr leased)
{
	struct sriov_broker_grant g;
	struct sriov_broker_vf vf;

	if (unshare(CLONE_NEWUSER | CLONE_NEWPID) ||
	    put("/proc/self/uid_map", "1000 0 1"))
		_exit(99);
	if (fork()) {
		int status;

		wait(&status);
		_exit(WEXITSTATUS(status));
	}
	vf = vf_now(leased);
	shared->value = (vf.lease_pid != 0) | (vf.lease_uid != 1000) << 1;
	if (!lease(no_addr, "", &g, NULL)) {
		vf = vf_now(g.vf);
		shared->value |= (vf.lease_pid != 1) << 2;
	} else {
		shared->value |= 8;
	}
	_exit(0);
}

static void test_namespaces(struct sriov_broker_addr vf)
{
	struct sriov_broker_grant g;
	int status;
	pid_t pid;

	lease(vf, "", &g, NULL);
	shared->value = -1;
	pid = fork();
	if (!pid)
		namespaced(vf);
	waitpid(pid, &status, 0);
	if (WEXITSTATUS(status) == 99) {
		skip("no namespaces", "pids and users in namespaces");
	} else {
		ok(!(shared->value & 1), "another namespace's pid is 0");
		ok(!(shared->value & 2), "a user is as seen there");
		ok(!(shared->value & 12), "one's own pid is as seen there");
	}
	close(g.fd);
	ok(comes_back(pf), "all come back");
}

/* Nor one without any holder since it came into the pool. */
static void test_never_leased(struct sriov_broker_addr vf)
{
	struct vfio v;

	is(vfio_open(&v, name_of(vf)), EPERM,
	   "root can't open a VF that was never leased");
}

/* Its group open, and no more: the holder may still get the VF by that. */
static void test_group_open(struct sriov_broker_addr vf)
{
	struct sriov_broker_grant g;
	int group;

	lease(vf, "", &g, NULL);
	group = open(text("/dev/vfio/%d", iommu_group_of(name_of(vf))),
		     O_RDWR | O_CLOEXEC);
	ok(group >= 0, "the group of a leased one can be opened");
	close(g.fd);
	ok(comes_to(vf, SRIOV_BROKER_VF_DRAINING), "given back, it drains");
	sleep_ms(1000);
	is(state_of(vf), SRIOV_BROKER_VF_DRAINING,
	   "for as long as its group is open");
	close(group);
	ok(comes_free(vf), "closed, it comes back");
}

/* The fence: a process without a lease can't open a VF of the pool, not even root. */
static void test_fence(struct sriov_broker_addr vf)
{
	struct sriov_broker_grant g;
	struct vfio v;
	char *dev = name_of(vf);

	is(vfio_open(&v, dev), EPERM, "root can't open a free VF");
	is(v.step, 3, "its group can't be put into a container");
	is(state_of(vf), SRIOV_BROKER_VF_FREE, "it is still free");
	lease(vf, "", &g, NULL);
	is(vfio_open(&v, name_of(vf)), 0, "leased, it can be opened");
	refused(disable(pf, &why), EBUSY, &why, SRIOV_BROKER_WHY_LEASED, vf,
		"disable of a VF that is leased and open");
	vfio_close(&v);
	is(vfio_open(&v, name_of(vf)), 0, "and once more");
	vfio_close(&v);
	close(g.fd);
	ok(comes_free(vf), "given back");
	is(vfio_open(&v, name_of(vf)), EPERM, "the fence is up again");
	test_group_open(vf);
}

static void set_drain(const char *seconds)
{
	put("/sys/module/" MODULE "/parameters/drain_timeout", seconds);
}

/* vfio still has it open when the lease ends. */
static void test_drain(struct sriov_broker_addr vf)
{
	struct sriov_broker_grant g, other;
	struct vfio v;
	char *before;

	lease(vf, "", &g, NULL);
	is(vfio_open(&v, name_of(vf)), 0, "opened");
	close(g.fd);
	ok(comes_to(vf, SRIOV_BROKER_VF_DRAINING), "the lease ends: it drains");
	before = snapshot();
	refused(disable(pf, &why), EBUSY, &why, SRIOV_BROKER_WHY_RETURNING, vf,
		"disable of a draining VF");
	refused(lease(vf, "", &other, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_RETURNING, vf, "lease of a draining VF");
	refused(bind_vfs(vf, 0, 0, "pci-stub", &why), EBUSY, &why,
		SRIOV_BROKER_WHY_RETURNING, vf, "bind of a draining VF");
	unchanged(before, "a draining VF");
	is(numvfs_mode(), 0444, "sriov_numvfs is still protected");
	vfio_close(&v);
	ok(comes_free(vf), "vfio lets go: it is free");
	ok(eventually(LONG_MS, numvfs_mode() == 0644),
	   "and not protected any more");
}

static void test_quarantine(struct sriov_broker_addr vf)
{
	struct sriov_broker_grant g, other;
	struct vfio v;

	set_drain("1");
	lease(vf, "", &g, NULL);
	is(vfio_open(&v, name_of(vf)), 0, "opened");
	close(g.fd);
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED),
	   "not let go in time: quarantine");
	is(vf_now(vf).fault, SRIOV_BROKER_FAULT_IN_USE, "for being open");
	is(numvfs_mode(), 0444, "root's writes to sriov_numvfs stay refused");
	refused(lease(vf, "", &other, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_QUARANTINED, vf, "lease of it");
	refused(bind_vfs(vf, 0, 0, "pci-stub", &why), EBUSY, &why,
		SRIOV_BROKER_WHY_QUARANTINED, vf, "bind of it to pci-stub");
	is(bind_vfs(vf, 0, 0, "host", &why), EBUSY, "bind of it to the host");
	is(disable(pf, &why), EBUSY, "disable with it open");
	is(clear(vf, &why), 0, "cleared while still open");
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED), "it drains, in vain");
	vfio_close(&v);
	ok(comes_free(vf), "closed, it comes back by itself");
	ok(eventually(LONG_MS, numvfs_mode() == 0644), "root may write again");
	is(lease(vf, "", &g, &why), 0, "and can be leased");
	close(g.fd);
	comes_free(vf);
	set_drain("30");
}

/* Takes and gives back until killed. */
static void hold_for_ever(void)
{
	struct sriov_broker_grant g;

	for (;;) {
		if (lease(pf, "short", &g, NULL))
			sched_yield();
		else if (g.id % 3)
			close(g.fd);
	}
}

static void test_deaths(void)
{
	/* A kernel that checks everything takes half a minute for a hundred. */
	int deaths = exists("/sys/kernel/debug/kmemleak") ? DEATHS / 10 :
							    DEATHS;
	pid_t pid[HOLDERS];
	int i, n;

	srand(1);
	for (i = 0; i < deaths; i += HOLDERS) {
		for (n = 0; n < HOLDERS; n++) {
			pid[n] = fork();
			if (!pid[n])
				hold_for_ever();
		}
		for (n = 0; n < HOLDERS; n++) {
			usleep(rand() % 5000);
			kill(pid[n], SIGKILL);
			waitpid(pid[n], NULL, 0);
		}
	}
	ok(comes_back(pf), "%d holders killed at any point: all VFs are back",
	   deaths);
	is(num_leases(), 0, "and no lease is left");
}

/* All are given back: how many were seen at their reset at a time. */
static unsigned int resets_together(void)
{
	struct sriov_broker_grant g[TOTAL];
	unsigned int now, most = 0;
	int i;

	for (i = 0; i < TOTAL; i++)
		lease(pf, "", &g[i], NULL);
	for (i = 0; i < TOTAL; i++)
		close(g[i].fd);
	(void)eventually(LONG_MS,
			 (now = count_state(pf, SRIOV_BROKER_VF_RESETTING),
			  most = now > most ? now : most,
			  count_state(pf, SRIOV_BROKER_VF_FREE) == TOTAL));
	return most;
}

/* This machine's host may have others: what it does not show once it does in three times. */
static void test_together(void)
{
	unsigned int most = 0;
	int try;

	for (try = 1; try <= 3 && most < 2; try++) {
		most = resets_together();
		diag("%u at a time", most);
	}
	ok(most >= 2, "seven come back side by side");
}

/* The module stays for a lease alone: no process has its node open. */
static void test_unload(void)
{
	struct sriov_broker_lease_info i;
	struct sriov_broker_grant g;

	if (!worked(enable(pf, 2, "vfio-pci", &why), &why, "2 VFs") ||
	    !worked(lease(vf_at(pf, 1), "", &g, &why), &why, "one leased"))
		return;
	close(broker);
	is(remove_module(MODULE), EWOULDBLOCK, "a lease keeps the module");
	is(lease_info(g.fd, &i), 0, "and goes on");
	is(numvfs(pf), 2, "with all VFs");
	close(g.fd);
	is(remove_module(MODULE), 0, "the lease is over: the module goes");
	is(numvfs(pf), 0, "and its VFs");
	is(insert_module(module_path(), ""), 0, "it comes again");
	broker = open(NODE, O_RDWR | O_CLOEXEC);
}

int main(void)
{
	struct sriov_broker_addr vf;

	pf = need_igb();
	shared = share(sizeof(*shared));
	broker_begin("");

	test_race();
	if (!worked(enable(pf, TOTAL, "vfio-pci", &why), &why, "7 VFs"))
		return done();
	vf = vf_at(pf, 4);
	test_never_leased(vf);
	test_holder();
	test_choice();
	test_copies(vf);
	test_exec(vf);
	test_sigkill(vf);
	test_socket(vf);
	test_show(vf);
	test_namespaces(vf);
	test_fence(vf);
	test_drain(vf);
	test_quarantine(vf);
	test_deaths();
	test_together();
	worked(disable(pf, &why), &why, "nothing stands in the way of disable");
	test_unload();
	return done();
}

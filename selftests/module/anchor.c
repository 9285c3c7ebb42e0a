// SPDX-License-Identifier: GPL-2.0-only
/*
 * Anchored leases: a lease lasts as long as what it is tied to, a process or anything else
 * that polls at its end, and no process has its descriptor.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "broker.h"
#include "vfio.h"

#define VFS    3
#define NOBODY 65534

static struct sriov_broker_addr pf, vf;
static struct sriov_broker_why why;
static __u64 instance;

static int anchor(__u64 id, int fd)
{
	struct sriov_broker_anchor p = {
		.size = sizeof(p),
		.lease_id = id,
		.instance = instance,
		.fd = fd,
		.why = (uintptr_t)why_init(&why),
	};

	return call(broker, SRIOV_BROKER_ANCHOR, &p);
}

static int release(__u64 id)
{
	struct sriov_broker_release p = {
		.size = sizeof(p),
		.lease_id = id,
		.instance = instance,
		.why = (uintptr_t)why_init(&why),
	};

	return call(broker, SRIOV_BROKER_RELEASE, &p);
}

/* A lease, whose descriptor is in @fd; its number. */
static __u64 take(int *fd)
{
	struct sriov_broker_grant g;

	if (!worked(lease(vf, "anchored", &g, &why), &why, "a lease"))
		bail("nothing to go on with");
	*fd = g.fd;
	return g.id;
}

/* The same, tied to @until and to nothing else. */
static __u64 take_until(int until, const char *name)
{
	int fd;
	__u64 id = take(&fd);

	if (!worked(anchor(id, until), &why, name))
		close(fd);
	close(fd);
	return id;
}

static bool is_out(__u64 id)
{
	return vf_now(vf).lease_id == id;
}

/* It ended, and the VF is back. */
static void ended(__u64 id, const char *name)
{
	ok(eventually(LONG_MS, !is_out(id)), "%s: it has ended", name);
	ok(comes_back(pf), "and the VF is back");
}

static void stays(__u64 id, const char *name)
{
	sleep_ms(300); /* nothing is to happen in it */
	ok(is_out(id), "%s: it stays", name);
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (!pid) {
		pause();
		_exit(0);
	}
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_process(void)
{
	pid_t pid = sleeper();
	int pidfd = pidfd_of(pid);
	__u64 id = take_until(pidfd, "it is tied to a process");
	struct sriov_broker_vf now = vf_now(vf);

	stays(id, "its descriptor is closed");
	ok(now.flags & SRIOV_BROKER_VF_FLAG_ANCHORED, "and shown as anchored");
	is(now.lease_pid, pid, "with the process");
	refused(disable(pf, &why), EBUSY, &why, SRIOV_BROKER_WHY_LEASED, vf,
		"DISABLE");
	close(pidfd);
	stays(id, "the pidfd is closed, too");
	end(pid);
	ended(id, "the process is killed");
}

/* What the process does meanwhile. */
static void test_exec(void)
{
	int go[2], pidfd;
	char byte = 0;
	pid_t pid;
	__u64 id;

	if (pipe(go))
		bail("pipe: %m");
	pid = fork();
	if (!pid) {
		/* Forks, and becomes another program. */
		if (read(go[0], &byte, 1) == 1 && fork() >= 0)
			execlp("sleep", "sleep", "1000", NULL);
		_exit(1);
	}
	pidfd = pidfd_of(pid);
	id = take_until(pidfd, "it is tied to a process that");
	if (write(go[1], &byte, 1) != 1)
		bail("write: %m");
	ok(eventually(LONG_MS,
		      !strcmp(get(text("/proc/%d/comm", pid)), "sleep")),
	   "forks and becomes another program");
	stays(id, "it has");
	kill(pid, SIGKILL);
	ended(id, "it is dead, but not reaped");
	waitpid(pid, NULL, 0);
	if (system("pkill -x sleep"))
		diag("its child has gone by itself");
	close(pidfd);
	close(go[0]);
	close(go[1]);
}

static void test_others(void)
{
	int p[2], s[2], e = eventfd(0, EFD_CLOEXEC);
	uint64_t one = 1;
	__u64 id;

	if (pipe2(p, O_CLOEXEC) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s))
		bail("no pipe: %m");
	id = take_until(p[0], "it is tied to a pipe");
	close(p[0]);
	stays(id, "the pipe is open");
	close(p[1]);
	ended(id, "its other end is closed");

	id = take_until(s[0], "it is tied to a socket");
	close(s[0]);
	stays(id, "the socket is open");
	close(s[1]);
	ended(id, "its peer is closed");

	id = take_until(e, "it is tied to an eventfd");
	stays(id, "nothing was signalled");
	if (write(e, &one, sizeof(one)) < 0)
		diag("eventfd: %m");
	ended(id, "it was signalled");
	is(anchor(1, e), ESRCH, "to what is over nothing is tied");
	is(why.reason, SRIOV_BROKER_WHY_ANCHOR_OVER, "which is the reason");
	close(e);
}

/* It tells of the signals of the task that polls it, which would be a worker. */
static void test_signalfd(void)
{
	sigset_t set;
	int fd, s;
	__u64 id = take(&fd);

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	s = signalfd(-1, &set, SFD_CLOEXEC);
	is(anchor(id, s), EINVAL, "it can't be tied to a signalfd");
	close(s);
	close(fd);
	ended(id, "closed");
}

/* Each lease would keep the end open that the other one waits for. */
static void circle(const char *name, int a, int b)
{
	struct sriov_broker_grant other;
	__u64 id = take_until(a, text("%s: it is tied to one end", name));

	worked(lease(vf_at(pf, 1), "the other", &other, &why), &why,
	       "another lease");
	is(anchor(other.id, b), ELOOP, "%s: that is not to the other end",
	   name);
	worked(anchor(other.id, a), &why, "but to the same one");
	is(anchor(id, b), ELOOP, "%s: nor is the first, from then on", name);
	close(other.fd);
	close(a);
	close(b);
	ended(id, name);
}

static void test_circles(void)
{
	int s[2], p[2], q[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) ||
	    pipe2(p, O_CLOEXEC) || pipe2(q, O_CLOEXEC))
		bail("no pipe: %m");
	circle("a socket", s[0], s[1]);
	circle("a pipe, read", p[0], p[1]);
	circle("a pipe, written", q[1], q[0]);
}

static void test_refused(void)
{
	int fd, file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	int tty = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int polls = epoll_create1(EPOLL_CLOEXEC);
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	/* PIDFD_THREAD, which is O_EXCL */
	int thread = syscall(SYS_pidfd_open, gettid(), O_EXCL);
	struct sriov_broker_anchor p = { .size = sizeof(p), .flags = 1 };
	int e = eventfd(0, EFD_CLOEXEC), self = pidfd_of(getpid());
	__u64 id = take(&fd);
	char *before = snapshot();
	struct vfio v;

	is(anchor(id, fd), EINVAL, "not to itself");
	is(anchor(id, broker), EINVAL, "nor to the broker");
	is(anchor(id, file), EINVAL, "nor to what can't be waited for");
	is(anchor(id, polls), EINVAL, "nor to what polls other files");
	is(anchor(id, netlink), EINVAL, "nor to a socket that is no UNIX one");
	if (thread < 0)
		skip("this kernel has no pidfds of threads",
		     "nor to a thread alone");
	else
		is(anchor(id, thread), EINVAL, "nor to a thread alone");
	if (tty < 0)
		skip("there is no terminal", "nor to what has two queues");
	else
		is(anchor(id, tty), EINVAL, "nor to what has two queues");
	is(anchor(id, -1), EBADF, "nor to nothing");
	is(call(broker, SRIOV_BROKER_ANCHOR, &p), EOPNOTSUPP,
	   "there are no flags");
	refused(anchor(id + 1000, e), ENOENT, &why, SRIOV_BROKER_WHY_NO_LEASE,
		no_addr, "there is no such lease");
	instance++;
	refused(anchor(id, e), ESTALE, &why, SRIOV_BROKER_WHY_OTHER_LOAD,
		no_addr, "nor one of that load");
	instance--;
	refused(release(id), EINVAL, &why, SRIOV_BROKER_WHY_NO_ANCHOR, vf,
		"it is tied to nothing that could be taken from it");
	unchanged(before, "all that");
	close(fd);
	ended(id, "closed");

	worked(bind_vfs(vf, 0, 0, "sriov_broker_vfio", &why), &why,
	       "its VF is guarded");
	is(vfio_open(&v, name_of(vf)), 0, "and opened");
	refused(anchor(vf_now(vf).lease_id, self), EOPNOTSUPP, &why,
		SRIOV_BROKER_WHY_IMPLICIT, vf, "such a lease can't be tied");
	vfio_close(&v);
	ok(comes_back(pf), "it comes back");
	worked(bind_vfs(vf, 0, 0, "vfio-pci", &why), &why,
	       "and is not guarded any more");
	close(self);
	close(e);
	close(file);
	close(polls);
	if (thread >= 0)
		close(thread);
	if (tty >= 0)
		close(tty);
}

/* As another user: what the errno was. */
static int as_nobody(int (*fn)(__u64 id, int fd), __u64 id, int fd)
{
	int status;
	pid_t pid;

	fflush(stdout);
	chmod(NODE, 0666);
	pid = fork();
	if (!pid) {
		if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
		    setresuid(NOBODY, NOBODY, NOBODY))
			_exit(199);
		broker = open(NODE, O_RDWR | O_CLOEXEC);
		_exit(fn(id, fd));
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static int release_it(__u64 id, int fd)
{
	(void)fd;
	return release(id);
}

static int own_lease_until(__u64 id, int fd)
{
	struct sriov_broker_grant g;
	int err = lease(vf_at(pf, 1), "another user's", &g, &why),
	    e = eventfd(0, 0);

	(void)id;
	if (err)
		return err;
	/* Its own lease: to an eventfd yes, to a process of root's no. */
	return anchor(g.id, e) ?: anchor(g.id, fd);
}

static void test_users(void)
{
	pid_t pid = sleeper();
	int pidfd = pidfd_of(pid), e = eventfd(0, EFD_CLOEXEC);
	__u64 id = take_until(pidfd, "a lease of root's is tied");

	is(as_nobody(anchor, id, e), EPERM,
	   "another user can't tie it to anything else");
	is(as_nobody(release_it, id, -1), EPERM, "nor release it");
	is(as_nobody(own_lease_until, 0, pidfd), EPERM,
	   "nor tie its own to a process of root's");
	stays(id, "all that");
	/* What it did tie ends with its descriptor of the eventfd. */
	ok(eventually(LONG_MS, vf_now(vf_at(pf, 1)).lease_id),
	   "its own is out");
	worked(release(vf_now(vf_at(pf, 1)).lease_id), &why,
	       "which root can release");
	end(pid);
	ended(id, "the process is dead");
	close(pidfd);
	close(e);
}

static void test_again(void)
{
	pid_t a = sleeper(), b = sleeper();
	int fa = pidfd_of(a), fb = pidfd_of(b), fd;
	__u64 id = take_until(fa, "it is tied to one process");

	worked(anchor(id, fb), &why, "and then to another");
	is(vf_now(vf).lease_pid, b, "which is shown");
	end(a);
	stays(id, "the first has ended");
	end(b);
	ended(id, "and the second");
	close(fa);
	close(fb);

	a = sleeper();
	fa = pidfd_of(a);
	id = take(&fd);
	worked(anchor(id, fa), &why, "its descriptor is open as well");
	end(a);
	stays(id, "the process has ended");
	ok(eventually(LONG_MS,
		      !(vf_now(vf).flags & SRIOV_BROKER_VF_FLAG_ANCHORED)),
	   "it is not anchored any more");
	close(fd);
	ended(id, "and the descriptor is closed");
	close(fa);

	a = sleeper();
	fa = pidfd_of(a);
	id = take_until(fa, "it is tied");
	worked(release(id), &why, "and released");
	is(is_out(id), 0, "it has ended at once");
	ended(id, "released");
	refused(release(id), ENOENT, &why, SRIOV_BROKER_WHY_NO_LEASE, no_addr,
		"once");

	id = take_until(fa, "it is tied");
	worked(revoke_lease(id, 0, &why), &why, "and revoked");
	ended(id, "revoked");
	end(a);
	close(fa);
}

static void test_unload(void)
{
	pid_t pid = sleeper();
	int pidfd = pidfd_of(pid);
	__u64 id = take_until(pidfd, "it is tied");

	close(broker);
	ok(remove_module(MODULE),
	   "with that the module can't be unloaded, though it is not open");
	broker = open(NODE, O_RDWR | O_CLOEXEC);
	end(pid);
	ended(id, "the process is dead");
	close(pidfd);
}

int main(void)
{
	struct sriov_broker_info in;

	pf = need_pf();
	modprobe("vfio-pci");
	broker_begin("");
	if (!worked(enable(pf, VFS, "vfio-pci", &why), &why, "VFs"))
		return done();
	vf = vf_at(pf, 0);
	info(&in);
	instance = in.instance;
	test_process();
	test_exec();
	test_others();
	test_signalfd();
	test_circles();
	test_refused();
	test_users();
	test_again();
	test_unload();
	return done();
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Revocations that reach the user: vfio's own request is signalled, on any driver of vfio,
 * while the time of grace runs and while the VF drains.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "broker.h"
#include "vfio.h"

#define VFS	    2
#define PARAM(name) "/sys/module/" MODULE "/parameters/" name
#define NOT_YET	    600000 /* a grace that is not waited for */

static struct sriov_broker_addr pf, vf;
static struct sriov_broker_why why;
static bool guarded;

/* A user: a lease, unless it is implicit, and the device. */
struct user {
	struct vfio v;
	int lease, asked;
	uint64_t times; /* that it was asked, and we have not looked at */
	__u64 id;
};

static bool begin(struct user *u, bool listens)
{
	struct sriov_broker_lease_open p = { .size = sizeof(p) };
	struct sriov_broker_grant g = { .fd = -1 };
	int err = 0;

	if (!guarded)
		err = lease(vf, "asked", &g, NULL)		      ?:
			      call(g.fd, SRIOV_BROKER_LEASE_OPEN, &p) ?:
			      vfio_use(&u->v, p.fd, name_of(vf));
	else
		err = vfio_open(&u->v, name_of(vf));
	u->times = 0;
	u->lease = g.fd;
	u->asked = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	u->id = vf_now(vf).lease_id;
	if (!err && listens)
		err = vfio_signal(&u->v, VFIO_PCI_REQ_IRQ_INDEX, u->asked);
	return is(err, 0, "a user has the VF%s",
		  listens ? ", and listens" : "");
}

static bool is_asked(struct user *u, uint64_t times)
{
	uint64_t more;

	if (read(u->asked, &more, sizeof(more)) == sizeof(more))
		u->times += more;
	if (u->times < times)
		return false;
	u->times = 0;
	return true;
}

static void end(struct user *u)
{
	close(u->asked);
	if (u->lease >= 0)
		close(u->lease);
	ok(comes_back(pf), "the VF is back");
}

static void test_grace(void)
{
	struct sriov_broker_lease_event e[2];
	struct user u;

	if (!begin(&u, true))
		return;
	sleep_ms(300);
	ok(!is_asked(&u, 1), "it is not asked without a reason");
	worked(revoke_lease(u.id, NOT_YET, &why), &why,
	       "the lease is to be revoked");
	ok(eventually(LONG_MS, is_asked(&u, 1)), "the user is asked");
	is(state_of(vf), SRIOV_BROKER_VF_LEASED, "and has the VF still");
	ok(eventually(LONG_MS, is_asked(&u, 1)), "it is asked again");
	vfio_close(&u.v);
	ok(comes_to(vf, SRIOV_BROKER_VF_FREE),
	   "it lets go, and need not wait for the rest");
	if (!guarded) {
		is(lease_events(u.lease, e, 2), 2, "its lease tells");
		ok(e[0].type == SRIOV_BROKER_LEASE_EVENT_REVOKING &&
			   e[1].type == SRIOV_BROKER_LEASE_EVENT_REVOKED &&
			   e[1].deadline_ns < e[0].deadline_ns,
		   "that it was over before its time");
	}
	end(&u);
}

static void test_at_once(void)
{
	struct user u;

	if (!begin(&u, true))
		return;
	worked(revoke_lease(u.id, 0, &why), &why, "the lease is revoked");
	ok(eventually(LONG_MS, is_asked(&u, 1)),
	   "the user is asked all the same");
	is(state_of(vf), SRIOV_BROKER_VF_DRAINING, "while the VF drains");
	vfio_close(&u.v);
	end(&u);
}

static void test_deaf(void)
{
	struct user u;

	if (!begin(&u, false))
		return;
	worked(revoke_lease(u.id, 500, &why), &why,
	       "the lease of one that does not listen");
	ok(comes_to(vf, SRIOV_BROKER_VF_DRAINING),
	   "it is over in its time, and drains");
	vfio_close(&u.v);
	end(&u);
}

/* One that does not listen until its VF is given up: the next user has its time all the same. */
static void test_stray(void)
{
	struct user u;

	if (!begin(&u, false))
		return;
	put(PARAM("drain_timeout"), "1");
	worked(revoke_lease(u.id, 500, &why), &why,
	       "the lease of one that never listens");
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED),
	   "its VF is in quarantine");
	put(PARAM("drain_timeout"), "30");
	vfio_close(&u.v);
	end(&u);
}

/* One that closes and goes on with the lease before it is asked. */
static void test_closed(void)
{
	struct user u;

	if (guarded || !begin(&u, true))
		return;
	vfio_close(&u.v);
	worked(revoke_lease(u.id, NOT_YET, &why), &why,
	       "a lease whose VF is not open");
	sleep_ms(500);
	is(state_of(vf), SRIOV_BROKER_VF_LEASED, "has its time");
	end(&u);
}

/* A child that lets go when it is asked. */
static void test_disable(void)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	if (pipe(ready))
		bail("pipe: %m");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct pollfd p = { .events = POLLIN };
		struct user u;

		close(1); /* its points are not ours */
		if (!begin(&u, true))
			_exit(1);
		p.fd = u.asked;
		if (write(ready[1], &byte, 1) != 1)
			_exit(2);
		if (poll(&p, 1, LONG_MS) != 1)
			_exit(3);
		vfio_close(&u.v);
		pause();
		_exit(0);
	}
	is(read(ready[0], &byte, 1), 1, "a user has a VF, and would let go");
	worked(disable_force(pf, LONG_MS, &why), &why,
	       "a forced DISABLE asks it, and succeeds");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready[0]);
	close(ready[1]);
}

static void all(const char *driver)
{
	diag("on %s", driver);
	if (!worked(enable(pf, VFS, driver, &why), &why, "VFs"))
		return;
	vf = vf_at(pf, 0);
	test_grace();
	test_at_once();
	test_deaf();
	test_stray();
	test_closed();
	test_disable();
}

int main(void)
{
	pf = need_pf();
	modprobe("vfio-pci");
	broker_begin("");
	all("vfio-pci");
	guarded = true;
	all("sriov_broker_vfio");
	return done();
}

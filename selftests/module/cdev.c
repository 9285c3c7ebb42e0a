// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guarded VFs by nodes of their own and IOMMUFD, in place of a group and a container.
 */
#define _GNU_SOURCE
#include <signal.h>

#include "child.h"
#include "vfio.h"

#define VFS	 2
#define GUARDED	 SRIOV_BROKER_VF_FLAG_GUARDED
#define IMPLICIT SRIOV_BROKER_VF_FLAG_IMPLICIT

static struct sriov_broker_addr pf, vf;
static struct sriov_broker_why why;
static int iommufd;

/* Opened and bound; -1: errno says why not. */
static int use(void)
{
	int fd = node_open(name_of(vf)), err = fd < 0 ? errno : 0;

	if (!err)
		err = node_bind(fd, iommufd);
	if (err && fd >= 0)
		close(fd);
	errno = err;
	return err ? -1 : fd;
}

static void test_owner(void)
{
	struct sriov_broker_grant g;
	struct sriov_broker_vf now;
	struct vfio v;
	int fd = node_open(name_of(vf)), other;

	ok(fd >= 0, "a program opens the node");
	is(state_of(vf), SRIOV_BROKER_VF_FREE, "which is no lease");
	refused(lease(vf, "late", &g, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_IN_USE, vf, "LEASE passes it over");
	is(node_bind(fd, iommufd), 0, "it is bound to an iommufd");
	now = vf_now(vf);
	is(now.state, SRIOV_BROKER_VF_LEASED, "and leased by that");
	is(now.flags, GUARDED | IMPLICIT, "implicitly");
	is(now.lease_pid, getpid(), "to the process");
	other = node_open(name_of(vf));
	is(node_bind(other, iommufd), EINVAL,
	   "a second user is vfio's to refuse");
	close(other);
	is(vfio_open(&v, name_of(vf)), EBUSY, "and so is one of the group");
	refused(disable(pf, &why), EBUSY, &why, SRIOV_BROKER_WHY_LEASED, vf,
		"DISABLE");
	refused(lease(vf, "other", &g, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_LEASED, vf, "LEASE");
	is(vf_now(vf).lease_id, now.lease_id, "it is the same lease still");
	close(fd);
	ok(comes_back(pf), "closed, it comes back");
	is(last_event(vf, SRIOV_BROKER_EVENT_LEASE_ENDED).lease_id,
	   now.lease_id, "the lease has ended, as an event tells");
}

static void test_again(void)
{
	struct vfio v;
	int i, fd = 0;

	for (i = 0; i < 4 && fd >= 0; i++) {
		fd = use();
		if (fd >= 0)
			close(fd);
	}
	ok(fd >= 0, "used at once after each close, it waits for the reset");
	is(vfio_open(&v, name_of(vf)), 0, "by its group then");
	vfio_close(&v);
	fd = use();
	ok(fd >= 0, "and by its node again");
	close(fd);
	ok(comes_back(pf), "it comes back");
}

static int use_and_wait(void)
{
	shared->err[0] = use() < 0 ? errno : 0;
	at_step(1);
	return 0;
}

static int lease_and_use(void)
{
	struct sriov_broker_lease_open p = {
		.size = sizeof(p),
		.flags = SRIOV_BROKER_OPEN_CDEV,
	};
	struct sriov_broker_grant g;

	shared->err[0] = lease(vf, "mine", &g, NULL);
	at_step(1); /* the parent tries */
	shared->err[1] = call(g.fd, SRIOV_BROKER_LEASE_OPEN, &p) ?:
				 node_bind(p.fd, iommufd);
	at_step(2);
	return 0;
}

static void test_explicit(void)
{
	pid_t pid = child(lease_and_use);

	ok(comes_to_step(1) && !shared->err[0], "one is leased by descriptor");
	is(use() < 0 ? errno : 0, EBUSY, "which keeps root from it");
	is(last_event(vf, SRIOV_BROKER_EVENT_OPEN_REFUSED).value,
	   SRIOV_BROKER_WHY_LEASED, "as an event tells");
	let_go(1);
	ok(comes_to_step(2), "its holder tries");
	is(shared->err[1], 0, "and may");
	let_go(2);
	ends(pid);
	ok(comes_back(pf), "it comes back");
}

static void test_revoke(void)
{
	int fd = use();

	worked(revoke_lease(vf_now(vf).lease_id, 0, &why), &why,
	       "a lease is taken back");
	is(state_of(vf), SRIOV_BROKER_VF_DRAINING, "it drains");
	close(fd);
	ok(comes_back(pf), "closed, it comes back");
}

/* What is to be tested, or no. */
static bool begin(void)
{
	if (!exists("/dev/vfio/devices")) {
		skip("this kernel has no CONFIG_VFIO_DEVICE_CDEV",
		     "guarded VFs by their nodes");
		return false;
	}
	modprobe("iommufd");
	iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	return ok(iommufd >= 0, "there is an iommufd");
}

int main(void)
{
	pf = need_pf();
	children_begin();
	modprobe("vfio-pci");
	broker_begin("");
	if (!worked(enable_guarded(pf, VFS, &why), &why, "guarded VFs"))
		return done();
	vf = vf_at(pf, 0);
	if (begin()) {
		test_owner();
		test_again();
		opener_dies(pf, vf, use_and_wait);
		test_explicit();
		test_revoke();
	}
	worked(disable(pf, &why), &why, "nothing is in the way any more");
	return done();
}

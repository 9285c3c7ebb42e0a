// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guarded VFs that share an IOMMU group: its first open leases all of them, its last close
 * ends that, and one user has them all.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "broker.h"
#include "vfio.h"

#define VFS	    3
#define ROUNDS	    25
#define PARAM(name) "/sys/module/" MODULE "/parameters/" name

static struct sriov_broker_addr pf;
static struct sriov_broker_why why;

static char *name(int index)
{
	return name_of(vf_at(pf, index));
}

static int device(struct vfio *v, int index)
{
	return ioctl(v->group, VFIO_GROUP_GET_DEVICE_FD, name(index));
}

/* Does a fence keep all programs out? */
static bool is_shut(int index)
{
	struct vfio v;
	int err = vfio_open(&v, name(index));

	if (!err) {
		vfio_close(&v);
		/* The fence is tried for once a second, and can't be had while we try. */
		sleep_ms(2500);
	}
	return err == EPERM;
}

static void test_together(void)
{
	struct sriov_broker_info i;
	struct vfio v;
	int second;
	__u64 id;

	is(vfio_open(&v, name(0)), 0, "a program opens one");
	is(count_state(pf, SRIOV_BROKER_VF_LEASED), VFS, "all are leased");
	id = vf_now(vf_at(pf, 0)).lease_id;
	second = device(&v, 1);
	ok(second >= 0, "it opens another");
	info(&i);
	ok(i.num_leases == 1 && vf_now(vf_at(pf, 1)).lease_id == id,
	   "which is the same lease");
	close(v.device);
	v.device = -1;
	is(vf_now(vf_at(pf, 0)).lease_id, id, "closed, it is leased still");
	close(second);
	vfio_close(&v);
	ok(comes_back(pf), "with the last one all come back");
}

/* What would wait for a close, and keep it from happening, is refused. */
static void test_no_wait(void)
{
	struct sriov_broker_addr second = vf_at(pf, 1);
	long long begun;
	struct vfio v;
	int fd;

	is(vfio_open(&v, name(0)), 0, "revoked: one is open");
	fd = device(&v, 1);
	ok(fd >= 0, "revoked: and another");
	worked(revoke_lease(vf_now(second).lease_id, 0, &why), &why,
	       "revoked: the lease is taken back");
	close(fd);
	begun = now_ms();
	fd = device(&v, 1);
	ok(fd < 0 && errno == EBUSY,
	   "revoked: closed, that one can't be opened");
	/* VFB_OPEN_WAIT_MS */
	ok(now_ms() - begun < 10000, "revoked: which is not waited for");
	is(last_event(second, SRIOV_BROKER_EVENT_OPEN_REFUSED).value,
	   SRIOV_BROKER_WHY_RETURNING,
	   "revoked: for the first one is still open");
	vfio_close(&v);
	ok(comes_back(pf), "revoked: all come back");
}

/* One is closed while another one opens, by the group or by nodes of their own. */
struct race {
	pthread_barrier_t start;
	struct vfio v;
	int iommufd; /* -1: by the group */
	int fd;	     /* of the other */
};

static void *open_other(void *arg)
{
	struct race *r = arg;

	pthread_barrier_wait(&r->start);
	if (r->iommufd < 0) {
		r->fd = device(&r->v, 1);
		return NULL;
	}
	r->fd = node_open(name(1));
	if (r->fd >= 0 && node_bind(r->fd, r->iommufd)) {
		close(r->fd);
		r->fd = -1;
	}
	return NULL;
}

/* Which of these failed; 0: none. */
static int race_once(struct race *r)
{
	int first = r->iommufd < 0 ? device(&r->v, 0) : node_open(name(0));
	struct sriov_broker_vf now;
	pthread_t thread;

	if (first < 0 || (r->iommufd >= 0 && node_bind(first, r->iommufd)))
		return 1;
	if (pthread_create(&thread, NULL, open_other, r))
		bail("no thread");
	pthread_barrier_wait(&r->start);
	close(first);
	pthread_join(thread, NULL);
	if (r->fd < 0)
		return 2;
	now = vf_now(vf_at(pf, 1));
	close(r->fd);
	return now.state == SRIOV_BROKER_VF_LEASED && now.lease_id ? 0 : 3;
}

static void race(struct race *r, const char *by)
{
	int i, failed = 0;

	pthread_barrier_init(&r->start, NULL, 2);
	for (i = 0; i < ROUNDS && !failed; i++)
		failed = race_once(r);
	is(failed, 0,
	   "%s: one closed while another one opens, that has a lease", by);
	if (failed)
		diag("round %d: %s", i,
		     failed == 1 ? "the first is not opened" :
		     failed == 2 ? "nor the other" :
				   "the other has no lease");
	ok(comes_back(pf), "%s: all come back", by);
}

static void test_race(void)
{
	struct race r = { .iommufd = -1 };

	is(vfio_open(&r.v, name(2)), 0, "group: opened");
	close(r.v.device);
	r.v.device = -1;
	race(&r, "group");
	vfio_close(&r.v);
	if (!exists("/dev/vfio/devices")) {
		skip("this kernel has no CONFIG_VFIO_DEVICE_CDEV",
		     "nodes: one closed while another one opens");
		return;
	}
	modprobe("iommufd");
	r.iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	ok(r.iommufd >= 0, "nodes: there is an iommufd");
	race(&r, "nodes");
	close(r.iommufd);
}

/* Another one is in the program's hands, and with it the group: there is no fence yet. */
static void test_driver_lost(void)
{
	struct sriov_broker_addr lost = vf_at(pf, 1);
	struct vfio v;

	is(vfio_open(&v, name(0)), 0, "lost: a program opens one");
	close(v.device);
	v.device = -1;
	ok(comes_back(pf), "lost: it closes the device, but not the group");
	is(unbind(name(1)), 0, "lost: another one's driver is taken off");
	ok(comes_to(lost, SRIOV_BROKER_VF_QUARANTINED),
	   "lost: that one is in quarantine");
	set_override(name(1), "vfio-pci");
	bind_to(name(1), "vfio-pci");
	ok(!strcmp(driver_of(name(1)), "vfio-pci"), "lost: on vfio-pci");
	vfio_close(&v);
	ok(eventually(LONG_MS, is_shut(1)),
	   "lost: the program gone, no other one gets it");
	unbind(name(1));
	set_override(name(1), "sriov_broker_vfio");
	bind_to(name(1), "sriov_broker_vfio");
	ok(comes_back(pf), "lost: with its driver it is free");
	is(vfio_open(&v, name(1)), 0, "lost: and opens");
	vfio_close(&v);
	ok(comes_back(pf), "lost: and comes back");
}

/* A PF on vfio-pci would be the program's as well. */
static void test_stranger(struct sriov_broker_addr stranger)
{
	struct sriov_broker_addr vf = vf_at(pf, 0);
	char dev[16];
	struct vfio v;

	strcpy(dev, name_of(stranger));
	set_override(dev, "vfio-pci");
	is(probe(dev), 0, "stranger: another PF is on vfio-pci");
	is(vfio_open(&v, name(0)), EBUSY, "stranger: the VF is not opened");
	is(v.step, 5, "stranger: by its driver's refusal");
	is(last_event(vf, SRIOV_BROKER_EVENT_OPEN_REFUSED).value,
	   SRIOV_BROKER_WHY_GROUP, "stranger: for its group's sake");
	is(state_of(vf), SRIOV_BROKER_VF_FREE, "stranger: it is free");
	is(unbind(dev), 0, "stranger: it goes");
	set_override(dev, "\n");
	is(vfio_open(&v, name(0)), 0, "stranger: then the VF is opened");
	vfio_close(&v);
	ok(comes_back(pf), "stranger: and comes back");
}

static void test_twins(void)
{
	struct sriov_broker_addr twin[2];
	char dev[2][16];

	if (!take_twins(twin, dev))
		return;
	pf = twin[0];
	if (worked(enable_guarded(pf, 1, &why), &why, "twins: a guarded VF"))
		test_stranger(twin[1]);
	worked(disable(pf, &why), &why, "twins: disable");
	bind_to(dev[1], "igb");
	ok(eventually(LONG_MS, !strcmp(driver_of(dev[0]), "igb")) &&
		   !strcmp(driver_of(dev[1]), "igb"),
	   "twins: both are the host's again");
}

int main(void)
{
	char dev[16];

	pf = need_nvme();
	modprobe("vfio-pci");
	broker_begin("");
	strcpy(dev, name_of(pf));
	is(unbind(dev), 0, "the PF loses its driver");
	if (!worked(enable_guarded(pf, VFS, &why), &why, "its VFs are guarded"))
		return done();
	if (iommu_group_of(name(0)) != iommu_group_of(name(1)))
		bail("the VFs have a group each on this machine");
	test_together();
	test_no_wait();
	test_race();
	test_driver_lost();
	worked(disable(pf, &why), &why, "disable");
	ok(eventually(LONG_MS, !strcmp(driver_of(dev), "nvme")),
	   "the PF has its driver again");
	test_twins();
	return done();
}

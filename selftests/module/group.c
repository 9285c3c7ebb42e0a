// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFs that share an IOMMU group, with each other and with their PF: a platform
 * whose bridge does not keep functions apart.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <pthread.h>

#include "broker.h"
#include "steps.h"
#include "vfio.h"

#define VFS    3
#define NOBODY 65534

static struct sriov_broker_addr pf;
static struct sriov_broker_why why;

/* The host's nvme driver does DMA in the same group. */
static void test_pf_in_the_way(void)
{
	char *before = snapshot();
	int err = enable(pf, VFS, "vfio-pci", &why);

	is(err, EBUSY, "the PF's own driver stands in the way");
	is(why.reason, SRIOV_BROKER_WHY_GROUP, "for the group's sake");
	unchanged(before, "a group that is the host's");
}

static void test_lease(void)
{
	struct sriov_broker_grant g, other;
	char *before;
	struct vfio v;

	is(lease(vf_at(pf, 1), "all", &g, &why), 0, "lease one VF");
	is(g.group_vfs, VFS, "the answer says that it is three");
	is(count_state(pf, SRIOV_BROKER_VF_LEASED), VFS, "all are leased");
	is(vf_now(vf_at(pf, 0)).lease_id, g.id, "to the same lease");
	before = snapshot();
	is(lease(vf_at(pf, 0), "", &other, &why), EBUSY,
	   "a peer can't be leased");
	is(why.lease_id, g.id, "the answer names the lease");
	is(lease(pf, "", &other, &why), EAGAIN, "nor any of the PF");
	refused(disable(pf, &why), EBUSY, &why, SRIOV_BROKER_WHY_LEASED,
		vf_at(pf, 0), "nor disabled");
	unchanged(before, "a leased group");
	is(vfio_open(&v, name_of(vf_at(pf, 2))), 0, "the holder opens a peer");
	close(g.fd);
	ok(comes_to(vf_at(pf, 0), SRIOV_BROKER_VF_DRAINING),
	   "given back, all of them drain");
	vfio_close(&v);
	ok(comes_back(pf), "let go, all are free");
	is(vfio_open(&v, name_of(vf_at(pf, 2))), EPERM, "and fenced");
}

static int wait_as_nobody(void)
{
	struct sriov_broker_grant g;

	close(broker);
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return 99;
	broker = open(NODE, O_RDWR | O_CLOEXEC);
	return lease_within(LONG_MS, vf_at(pf, 0), 0, 0, "", &g, NULL);
}

/* A peer's pool has no place for a user: that one need not wait, for it comes with the VF. */
static void test_right_of_peer(void)
{
	struct sriov_broker_pool_member peer = { .pf = pf,
						 .first = 1,
						 .count = 1 };
	struct sriov_broker_pool p = { .name = "theirs",
				       .num_members = 1,
				       .members = (uintptr_t)&peer };
	__u32 other = NOBODY - 1;
	struct sriov_broker_grant g;
	pid_t pid;

	p.num_uids = 1;
	p.uids = (uintptr_t)&other;
	chmod(NODE, 0666);
	worked(lease(pf, "", &g, &why), &why, "right: the group is leased");
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(wait_as_nobody());
	ok(so_many_wait(1), "right: a user waits for one of it");
	worked(pool_set(&p, &why), &why,
	       "right: another one is put out of that user's reach");
	is(ends(pid), EACCES, "right: which ends the waiting");
	p.num_members = 0;
	p.num_uids = 0;
	worked(pool_set(&p, &why), &why, "right: the pool goes");
	close(g.fd);
	ok(comes_back(pf), "right: all are free");
}

/* The fence is the group's: no member leaves the pool alone. */
static void test_bind(void)
{
	char *before = snapshot();
	int err = bind_vfs(vf_at(pf, 0), 0, 0, "host", &why);

	is(err, EBUSY, "one VF can't go to the host by itself");
	is(why.reason, SRIOV_BROKER_WHY_GROUP, "for its group's sake");
	unchanged(before, "bind in a group");
	worked(bind_vfs(pf, 0, 0, "pci-stub", &why), &why,
	       "all to pci-stub, together");
	is(count_state(pf, SRIOV_BROKER_VF_FREE), VFS, "they are in the pool");
}

/* Nor is one leased whose peer is in quarantine, having lost its driver. */
static void test_peer_unbound(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 0), peer = vf_at(pf, 1);
	struct sriov_broker_grant g;
	char dev[16];

	strcpy(dev, name_of(peer));
	is(unbind(dev), 0, "unbound: one VF loses its driver");
	ok(comes_to(peer, SRIOV_BROKER_VF_QUARANTINED),
	   "unbound: it is in quarantine");
	is(state_of(vf), SRIOV_BROKER_VF_FREE, "unbound: another one is free");
	refused(lease(vf, "", &g, &why), EBUSY, &why, SRIOV_BROKER_WHY_GROUP,
		peer, "unbound: but not leased, for the group's sake");
	is(clear(peer, &why), 0, "unbound: cleared");
	ok(comes_back(pf), "unbound: all are free");
}

/* Two PFs whose VFs are all in one group. */
static struct sriov_broker_addr twin[2];

/* A second PF's VFs can't join a leased group: then there are none. */
static void test_second_pf(void)
{
	struct sriov_broker_grant g;
	char *before, *again;

	if (!worked(enable(twin[0], 2, "vfio-pci", &why), &why,
		    "twins: one has VFs") ||
	    !worked(lease(vf_at(twin[0], 0), "", &g, &why), &why,
		    "twins: they are leased"))
		return;
	before = snapshot();
	is(enable(twin[1], 2, "vfio-pci", &why), EBUSY,
	   "twins: the other's can't join the pool");
	is(why.lease_id, g.id, "twins: the answer names the lease");
	is(numvfs(twin[1]), 0, "twins: none of them is left on");
	unchanged(before, "twins: a second PF refused");
	again = snapshot();

	is(enable(twin[1], 2, "host", &why), EBUSY,
	   "twins: nor can the host have them");
	ok(why.reason == SRIOV_BROKER_WHY_GROUP && why.lease_id == g.id,
	   "twins: for the group's sake, whose lease is named");
	unchanged(again, "twins: the host refused");
	put(text(SYS_PCI "/%s/sriov_drivers_autoprobe", name_of(twin[1])), "0");
	set_override(name_of(twin[1]), "sriov_broker_pf");
	is(probe(name_of(twin[1])), 0, "twins: it has a driver");
	set_override(name_of(twin[1]), "\n");
	is(put(text(SYS_PCI "/%s/sriov_numvfs", name_of(twin[1])), "2"), 0,
	   "twins: root makes two, without a driver");
	worked(disable_force(twin[1], 1000, &why), &why,
	       "twins: they go, by force");
	is(state_of(g.vf), SRIOV_BROKER_VF_LEASED, "twins: the lease lasts");
	ok(!driver_of(name_of(twin[1]))[0],
	   "twins: no driver of the host is in its way");
	is(lease_set(g.fd, SRIOV_BROKER_SET_LABEL, "x", 0), 0,
	   "twins: and is the holder's");
	close(g.fd);
	ok(comes_back(twin[0]), "twins: given back");
	worked(disable(twin[0], &why), &why, "twins: disable");
}

/* A group is leased as a whole, so from none of its PFs when one is cordoned. */
static void test_cordoned_peer(void)
{
	struct sriov_broker_grant g;

	worked(enable(twin[0], 1, "vfio-pci", &why), &why, "cordon: a VF");
	worked(enable(twin[1], 1, "vfio-pci", &why), &why,
	       "cordon: and one of the other PF");
	worked(cordon(twin[1], 0, &why), &why, "cordon: that is cordoned");
	refused(lease(twin[0], "", &g, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_PF_CORDONED, twin[1],
		"cordon: none is leased, for the other's sake");
	worked(cordon(twin[1], SRIOV_BROKER_CORDON_END, &why), &why,
	       "cordon: it ends");
	worked(lease(twin[0], "", &g, &why), &why, "cordon: both are leased");
	close(g.fd);
	ok(comes_back(twin[0]), "cordon: and back");
	worked(disable(twin[1], &why), &why, "cordon: disable");
	worked(disable(twin[0], &why), &why, "cordon: disable the other");
}

/* One VF of the first PF, or else of the second. */
static int lease_of_two(struct sriov_broker_addr first,
			struct sriov_broker_addr second,
			struct sriov_broker_grant *g)
{
	struct sriov_broker_selector sels[] = { { .dev = first },
						{ .dev = second } };
	struct sriov_broker_lease p = {
		.size = sizeof(p),
		.num_selectors = 2,
		.count = 1,
		.selectors = (uintptr_t)sels,
		.selector_size = sizeof(sels[0]),
		.grants = (uintptr_t)g,
		.grant_size = sizeof(*g),
		.numa_node = -1,
		.why = (uintptr_t)why_init(&why),
	};

	return call(broker, SRIOV_BROKER_LEASE, &p);
}

/* The VFs of another group are leased meanwhile, also where that one comes first. */
static void test_beside_stranger(void)
{
	struct sriov_broker_grant g;
	char dev[16];

	strcpy(dev, name_of(pf));
	is(unbind(dev), 0, "beside: another PF loses its driver");
	worked(enable(pf, 1, "vfio-pci", &why), &why, "beside: it has a VF");
	is(lease_of_two(twin[0], pf, &g), 0, "beside: a VF of two is leased");
	ok(same_addr(g.pf, pf), "beside: that of the other group");
	refused(lease_of_two(twin[0], pf, &g), EBUSY, &why,
		SRIOV_BROKER_WHY_GROUP, twin[1],
		"beside: then none is left but the stranger's");
	close(g.fd);
	ok(comes_back(pf), "beside: it is free again");
	worked(disable(pf, &why), &why, "beside: disable");
}

/* A waiter gets its VF when the stranger goes. */
static void test_after_stranger(const char *dev)
{
	struct sriov_broker_addr vf = vf_at(twin[0], 0);
	struct sriov_broker_grant g;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(lease_within(LONG_MS, vf, 0, 0, "", &g, NULL));
	ok(so_many_wait(1), "after: a VF beside a stranger is waited for");
	is(unbind(dev), 0, "after: it goes");
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && !WEXITSTATUS(status),
	   "after: the waiter has had its VF");
	ok(comes_back(twin[0]), "after: given back");
}

/* A group is opened with all that is in it, not with the VFs alone. */
static void test_stranger(void)
{
	struct sriov_broker_grant g;
	struct vfio v;
	char dev[16];
	__u64 before;

	strcpy(dev, name_of(twin[1]));
	worked(enable(twin[0], 1, "vfio-pci", &why), &why, "stranger: a VF");
	set_override(dev, "vfio-pci");
	is(probe(dev), 0, "stranger: the other PF is on vfio-pci");
	before = stat_of(SRIOV_BROKER_STAT_RESET).count;
	refused(lease(vf_at(twin[0], 0), "", &g, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_GROUP, twin[1],
		"stranger: the VF's holder would have it as well");
	is(state_of(vf_at(twin[0], 0)), SRIOV_BROKER_VF_FREE,
	   "stranger: the VF is free");
	is(stat_of(SRIOV_BROKER_STAT_RESET).count, before,
	   "stranger: without a reset, for it was not lent");
	is(vfio_open(&v, dev), EPERM, "stranger: and fenced, as that is");
	test_beside_stranger();
	test_after_stranger(dev);
	set_override(dev, "\n");
	worked(lease(vf_at(twin[0], 0), "", &g, &why), &why,
	       "stranger: then the VF can be leased");
	close(g.fd);
	ok(comes_back(twin[0]), "stranger: given back");
	worked(disable(twin[0], &why), &why, "stranger: disable");
}

static int moves;

/* To and fro: the one that finds the other at it is refused. */
static void *move_vfs(void *dev)
{
	struct sriov_broker_addr addr = *(struct sriov_broker_addr *)dev;
	int i;

	for (i = 0; i < 8; i++) {
		if (!bind_vfs(addr, 0, 0, i % 2 ? "vfio-pci" : "host", NULL))
			__atomic_fetch_add(&moves, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* One point: what is free is fenced. */
static void free_are_fenced(const char *when)
{
	unsigned int i, n, open = 0, num = 0;
	struct vfio v;

	for (n = 0; n < 2; n++) {
		for (i = 0; i < (unsigned int)numvfs(twin[n]); i++) {
			char *dev = name_of(vf_at(twin[n], i));

			if (state_of(vf_at(twin[n], i)) != SRIOV_BROKER_VF_FREE)
				continue;
			num++;
			if (vfio_open(&v, dev))
				continue;
			open++;
			vfio_close(&v);
		}
	}
	is(open, 0, "%s: of %u that are free none is open to all", when, num);
}

static void test_two_operations(void)
{
	pthread_t thread[2];
	int i, n;

	remove_module("igbvf");
	for (n = 0; n < 2; n++)
		worked(enable(twin[n], 1, "vfio-pci", &why), &why,
		       text("at once: a VF of PF %d", n));
	for (i = 0; i < 3; i++) {
		for (n = 0; n < 2; n++)
			if (pthread_create(&thread[n], NULL, move_vfs,
					   &twin[n]))
				bail("no thread");
		for (n = 0; n < 2; n++)
			pthread_join(thread[n], NULL);
		free_are_fenced("at once");
	}
	diag("%d moves", moves);
	for (n = 0; n < 2; n++)
		worked(disable(twin[n], &why), &why, "at once: disable");
}

static void test_twins(void)
{
	char dev[2][16];

	if (!take_twins(twin, dev))
		return;
	test_second_pf();
	unbind(dev[0]); /* the last one was given back to igb */
	test_stranger();
	unbind(dev[0]); /* the last one was given back to igb */
	test_cordoned_peer();
	unbind(dev[0]); /* the last one was given back to igb */
	test_two_operations();
	ok(eventually(LONG_MS, !strcmp(driver_of(dev[1]), "igb")),
	   "twins: the last one is the host's again");
	is(bind_to(dev[0], "igb"), 0, "twins: the other by hand");
}

int main(void)
{
	struct sriov_broker_addr vf;
	char dev[16];

	pf = need_nvme();
	broker_begin("");
	strcpy(dev, name_of(pf));
	test_pf_in_the_way();

	is(unbind(dev), 0, "the PF loses its driver");
	if (!worked(enable(pf, VFS, "vfio-pci", &why), &why,
		    "then its VFs go to the pool"))
		return done();
	vf = vf_at(pf, 0);
	if (iommu_group_of(name_of(vf)) !=
	    iommu_group_of(name_of(vf_at(pf, 1))))
		bail("the VFs have a group each on this machine");
	test_lease();
	test_right_of_peer();
	test_bind();
	test_peer_unbound();
	worked(disable(pf, &why), &why, "disable");
	ok(eventually(LONG_MS, !strcmp(driver_of(dev), "nvme")),
	   "the PF has its driver again");
	test_twins();
	return done();
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFs that share an IOMMU group, with each other and with their PF: a platform
 * whose bridge does not keep functions apart.
 */
#define _GNU_SOURCE
#include "broker.h"
#include "vfio.h"

#define VFS 3

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

int main(void)
{
	struct sriov_broker_addr vf;
	char dev[16];

	pf = find_nvme(0);
	if (same_addr(pf, no_addr))
		bail("the machine has no nvme PF");
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
	test_bind();
	worked(disable(pf, &why), &why, "disable");
	is(bind_to(dev, "nvme"), 0, "the PF has its driver again");
	return done();
}

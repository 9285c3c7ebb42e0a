// SPDX-License-Identifier: GPL-2.0-only
/*
 * A machine without IOMMU: vfio-pci can't be had, which is said and changes
 * nothing; the rest works. And a PF whose VFs get no memory there.
 */
#define _GNU_SOURCE
#include "broker.h"

static struct sriov_broker_addr pf;
static struct sriov_broker_why why;

static void test_refused(void)
{
	char *before = snapshot();

	refused(enable(pf, 2, "vfio-pci", &why), EOPNOTSUPP, &why,
		SRIOV_BROKER_WHY_NO_IOMMU, pf, "vfio-pci wants an IOMMU");
	ok(!strcmp(why.driver, "vfio-pci"), "the answer names the driver");
	unchanged(before, "enable without IOMMU");
}

static void test_stub(void)
{
	struct sriov_broker_grant g;
	char *before;

	if (!worked(enable(pf, 2, "pci-stub", &why), &why, "pci-stub does not"))
		return;
	is(count_state(pf, SRIOV_BROKER_VF_FREE), 2, "its VFs are in the pool");
	is(lease(pf, "", &g, &why), 0, "lease");
	is(g.iommu_group, -1, "there is no group");
	is(g.group_vfs, 1, "a VF is by itself");
	is(disable(pf, &why), EBUSY, "disable with a lease out");
	close(g.fd);
	ok(comes_back(pf), "given back");
	before = snapshot();
	refused(bind_vfs(pf, 0, 0, "vfio-pci", &why), EOPNOTSUPP, &why,
		SRIOV_BROKER_WHY_NO_IOMMU, pf, "bind to vfio-pci");
	unchanged(before, "bind without IOMMU");
	worked(enable(pf, 3, "host", &why), &why, "three for the host");
	is(count_state(pf, SRIOV_BROKER_VF_HOST), 3, "are the host's");
	worked(disable(pf, &why), &why, "disable");
}

/*
 * vfio's no-iommu mode, where vfio-pci takes the VFs, and a PF that nothing is known of
 * before its VFs are there: they do not come into the pool, where no fence would be.
 */
static void test_unsafe(void)
{
	struct sriov_broker_addr nvme = find_nvme(0);
	const char *mode =
		"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode";
	char *before;

	modprobe("vfio-pci");
	is(unbind(name_of(nvme)), 0, "a PF loses its driver");
	before = snapshot();
	is(enable(nvme, 2, "vfio-pci", &why), EOPNOTSUPP,
	   "no driver was bound to the PF: its VFs tell that there is no IOMMU");
	is(why.reason, SRIOV_BROKER_WHY_NO_IOMMU, "which the answer says");
	unchanged(before, "enable of a PF without a driver");
	if (put(mode, "1")) {
		skip("the kernel has no no-iommu mode",
		     "a driver that takes VFs without IOMMU");
	} else {
		before = snapshot();
		is(enable(nvme, 2, "vfio-pci", &why), EOPNOTSUPP,
		   "vfio-pci would take them now");
		is(why.reason, SRIOV_BROKER_WHY_NO_IOMMU, "it is no reason to");
		unchanged(before, "enable in no-iommu mode");
		put(mode, "0");
	}
	is(bind_to(name_of(nvme), "nvme"), 0, "the PF has its driver again");
}

/* VFs that the platform has no memory for. */
static void test_no_mmio(void)
{
	struct sriov_broker_addr tight = find_nvme(1);
	char *before;

	/* A line a resource: after the device's own those of its VFs' BARs. */
	if (system(text("sed -n 8,13p " SYS_PCI
			"/%s/resource | grep -q '^0x0*[1-9a-f]'",
			name_of(tight))) == 0) {
		skip("this firmware has memory for them",
		     "VFs that there is no memory for");
		return;
	}
	before = snapshot();
	refused(enable(tight, 127, "pci-stub", &why), ENOMEM, &why,
		SRIOV_BROKER_WHY_NO_MMIO, tight,
		"VFs that there is no memory for");
	unchanged(before, "enable without memory");
	before = snapshot();
	refused(enable(tight, 1, "pci-stub", &why), ENOMEM, &why,
		SRIOV_BROKER_WHY_NO_MMIO, tight, "nor for one");
	unchanged(before, "enable one without memory");
}

int main(void)
{
	pf = need_igb();
	if (iommu_group_of(name_of(pf)) >= 0)
		bail("the machine has an IOMMU");
	broker_begin("");
	test_refused();
	test_stub();
	test_unsafe();
	test_no_mmio();
	return done();
}

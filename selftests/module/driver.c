// SPDX-License-Identifier: GPL-2.0-only
/*
 * One VF that its driver refuses: what was to be done to many is undone for all,
 * and the answer names that one. And what becomes of a leased VF whose holder has
 * bound it elsewhere.
 */
#define _GNU_SOURCE
#include "broker.h"

#define TOTAL	7
#define REFUSED 4
#define DRIVER	"test_vf" /* kmod/test_vf.c */

static struct sriov_broker_addr pf;
static struct sriov_broker_why why;

static void refuse(int index)
{
	if (put("/sys/module/" DRIVER "/parameters/refuse", text("%d", index)))
		bail(DRIVER " can't be told");
}

/* One point: a call ended so for the one VF, which has that address. */
static void refused_for(int err, struct sriov_broker_addr vf, const char *name)
{
	refused(err, EILSEQ, &why, SRIOV_BROKER_WHY_PROBE, vf, name);
	ok(why.error == EILSEQ && !strcmp(why.driver, DRIVER),
	   "%s: the answer says what its driver did", name);
}

/* ENOTSUPP is the kernel's own; no program knows it. */
static void test_kernels_own(void)
{
	struct sriov_broker_addr vf = vf_at(pf, REFUSED);

	put("/sys/module/" DRIVER "/parameters/with", "524");
	refused(bind_vfs(vf, 0, 0, DRIVER, &why), EIO, &why,
		SRIOV_BROKER_WHY_PROBE, vf,
		"refused with an errno of no program's");
	is(why.error, EIO, "which the answer has as well");
	put("/sys/module/" DRIVER "/parameters/with", text("%d", EILSEQ));
}

/* VFs of the PF that are on that driver, as sysfs has it. */
static unsigned int num_on(const char *driver)
{
	unsigned int i, num = 0;

	for (i = 0; i < (unsigned int)numvfs(pf); i++)
		num += !strcmp(driver_of(name_of(vf_at(pf, i))), driver);
	return num;
}

/* The address that the VF has each time. */
static struct sriov_broker_addr address_of(unsigned int index)
{
	struct sriov_broker_addr vf = no_addr;

	if (worked(enable(pf, TOTAL, DRIVER, &why), &why,
		   "all VFs on the tests' driver"))
		vf = vf_at(pf, index);
	is(count_state(pf, SRIOV_BROKER_VF_FREE), TOTAL, "are in the pool");
	worked(disable(pf, &why), &why, "and off again");
	return vf;
}

static void test_enable(void)
{
	struct sriov_broker_addr vf = address_of(REFUSED);
	char *before = snapshot();

	refuse(REFUSED);
	refused_for(enable(pf, TOTAL, DRIVER, &why), vf, "enable, one refused");
	unchanged(before, "enable, one refused");
	is(numvfs(pf), 0, "enable, one refused: there are no VFs");

	if (!worked(enable(pf, 3, "vfio-pci", &why), &why, "3 VFs"))
		return;
	before = snapshot();
	refused_for(enable(pf, TOTAL, DRIVER, &why), vf, "another number");
	unchanged(before, "another number");
	worked(enable(pf, REFUSED, DRIVER, &why), &why, "all before that one");
	is(num_on(DRIVER), REFUSED, "are on it");
	worked(disable(pf, &why), &why, "disable");
}

/* From three drivers, one of them the host's. */
static void test_bind(void)
{
	struct sriov_broker_addr vf;
	char *before;

	if (!worked(enable(pf, TOTAL, "vfio-pci", &why), &why, "7 VFs"))
		return;
	vf = vf_at(pf, REFUSED);
	worked(bind_vfs(pf, 2, 1, "pci-stub", &why), &why, "one on pci-stub");
	worked(bind_vfs(pf, 5, 1, "host", &why), &why, "one with the host");
	before = snapshot();
	refused_for(bind_vfs(pf, 1, 5, DRIVER, &why), vf, "bind of a range");
	unchanged(before, "bind of a range");
	before = snapshot();
	refused_for(bind_vfs(vf, 0, 0, DRIVER, &why), vf, "bind of that one");
	test_kernels_own();
	unchanged(before, "bind of that one");
	before = snapshot();
	refused_for(enable(pf, TOTAL, DRIVER, &why), vf, "enable as they are");
	unchanged(before, "enable as they are");

	worked(bind_vfs(pf, 1, 3, DRIVER, &why), &why, "a range without it");
	is(num_on(DRIVER), 3, "is on the driver");
	refuse(-1);
	worked(bind_vfs(pf, 1, 5, DRIVER, &why), &why, "refused no more");
	is(num_on(DRIVER), 5, "all are on the driver");
	is(num_on("vfio-pci"), 2, "the others are where they were");
	worked(disable(pf, &why), &why, "disable");
}

/* The holder takes the VF's driver off and puts another one there. */
static bool rebind(struct sriov_broker_addr vf, const char *driver)
{
	char dev[16];

	strcpy(dev, name_of(vf));
	return !unbind(dev) && !set_override(dev, driver) && !probe(dev) &&
	       !strcmp(driver_of(dev), driver);
}

/* The VF's own driver does not take it back. */
static void test_return_refused(void)
{
	struct sriov_broker_grant g;
	struct sriov_broker_vf vf;

	if (!worked(enable(pf, TOTAL, DRIVER, &why), &why, "7 VFs"))
		return;
	if (!worked(lease(vf_at(pf, REFUSED), "", &g, &why), &why,
		    "one leased"))
		return;
	ok(rebind(g.vf, "pci-stub"), "its holder binds it elsewhere");
	refuse(REFUSED);
	close(g.fd);
	ok(comes_to(g.vf, SRIOV_BROKER_VF_QUARANTINED),
	   "given back, but refused by its driver: quarantine");
	vf = vf_now(g.vf);
	is(vf.fault, SRIOV_BROKER_FAULT_DRIVER, "for its driver");
	is(count_state(pf, SRIOV_BROKER_VF_FREE), TOTAL - 1,
	   "the others are free");
	refused(lease(g.vf, "", &g, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_QUARANTINED, vf.addr, "it is not leased");
	is(clear(vf.addr, &why), 0, "cleared, and still refused");
	ok(eventually(LONG_MS, state_of(vf.addr) != SRIOV_BROKER_VF_DRAINING) &&
		   comes_to(vf.addr, SRIOV_BROKER_VF_QUARANTINED),
	   "it is in quarantine again");
	refuse(-1);
	is(clear(vf.addr, &why), 0, "cleared, refused no more");
	ok(comes_to(vf.addr, SRIOV_BROKER_VF_FREE), "it is free");
	is(num_on(DRIVER), TOTAL, "on its driver");
	worked(disable(pf, &why), &why, "disable");
}

/* A driver that does DMA for the host: the fence can't be put up beneath it. */
static void test_return_host(void)
{
	struct sriov_broker_grant g;
	char dev[16];

	modprobe("igbvf");
	if (!worked(enable(pf, 2, "vfio-pci", &why), &why, "2 VFs") ||
	    !worked(lease(vf_at(pf, 1), "", &g, &why), &why, "one leased"))
		return;
	strcpy(dev, name_of(g.vf));
	ok(rebind(g.vf, "igbvf"), "its holder gives it to the host's driver");
	ok(eventually(LONG_MS, first_in(text(SYS_PCI "/%s/net", dev))),
	   "it is a network interface");
	is(state_of(g.vf), SRIOV_BROKER_VF_LEASED, "and leased");
	close(g.fd);
	ok(comes_to(g.vf, SRIOV_BROKER_VF_FREE), "given back, it is free");
	ok(!strcmp(driver_of(dev), "vfio-pci"), "on vfio-pci");
	ok(!strcmp(override_of(dev), "vfio-pci"), "with the override of that");
	ok(!exists(text(SYS_PCI "/%s/net", dev)), "and no interface");
	worked(lease(g.vf, "", &g, &why), &why, "it can be leased again");
	close(g.fd);
	comes_back(pf);
	worked(bind_vfs(pf, 0, 0, "host", &why), &why, "to the host");
	ok(!override_of(dev)[0], "no override is left");
	worked(disable(pf, &why), &why, "disable");
}

/* A holder may also leave the driver, and a trap for the next probe. */
static void test_return_override(void)
{
	struct sriov_broker_grant g;
	char dev[16];

	if (!worked(enable(pf, 1, "vfio-pci", &why), &why, "1 VF") ||
	    !worked(lease(vf_at(pf, 0), "", &g, &why), &why, "leased"))
		return;
	strcpy(dev, name_of(g.vf));
	is(set_override(dev, "igbvf"), 0,
	   "its holder changes the override alone");
	close(g.fd);
	ok(comes_to(g.vf, SRIOV_BROKER_VF_FREE), "given back, it is free");
	ok(!strcmp(override_of(dev), "vfio-pci"), "with the override it had");
	worked(disable(pf, &why), &why, "disable");
}

/* In quarantine it is fenced, also after a move that failed has put it back there. */
static void test_quarantine_fence(void)
{
	struct sriov_broker_addr vf;
	char dev[16];

	modprobe("igbvf");
	modprobe("virtio_pci");
	if (!worked(enable(pf, 2, "vfio-pci", &why), &why, "2 VFs"))
		return;
	vf = vf_at(pf, 0);
	strcpy(dev, name_of(vf));
	is(unbind(dev), 0, "a free VF is unbound by hand");
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED), "it is in quarantine");
	ok(bind_vfs(pf, 0, 0, "virtio-pci", &why) != 0 &&
		   why.reason == SRIOV_BROKER_WHY_PROBE,
	   "a host's driver refuses both");
	is(state_of(vf), SRIOV_BROKER_VF_QUARANTINED, "it is still there");
	is(set_override(dev, "igbvf"), 0, "root names a host's driver for it");
	probe(dev);
	ok(!driver_of(dev)[0], "which the fence keeps out");
	is(state_of(vf_at(pf, 1)), SRIOV_BROKER_VF_FREE,
	   "the other one is free");
	is(clear(vf, &why), 0, "cleared");
	ok(comes_to(vf, SRIOV_BROKER_VF_FREE), "it is free too");
	worked(disable(pf, &why), &why, "disable");
}

/* Root unbinds a VF, and that waits for a user: the broker does not. */
static void test_unbind_waits(void)
{
	struct sriov_broker_addr vf;
	char dev[16];
	pid_t pid;

	if (!worked(enable(pf, 2, DRIVER, &why), &why, "waits: 2 VFs"))
		return;
	vf = vf_at(pf, 1);
	strcpy(dev, name_of(vf));
	put("/sys/module/" DRIVER "/parameters/stay", "1");
	pid = fork();
	if (!pid)
		_exit(unbind(dev));
	ok(eventually(LONG_MS, !system(text("grep -q test_vf_remove "
					    "/proc/%d/stack",
					    pid))),
	   "waits: one is being unbound by hand");
	refused(disable(pf, &why), EBUSY, &why, SRIOV_BROKER_WHY_IN_USE, vf,
		"waits: disable does not wait for that");
	refused(bind_vfs(vf, 0, 0, "pci-stub", &why), EBUSY, &why,
		SRIOV_BROKER_WHY_IN_USE, vf, "waits: nor does bind");
	is(waitpid(pid, NULL, WNOHANG), 0, "waits: it still is");
	put("/sys/module/" DRIVER "/parameters/stay", "0");
	waitpid(pid, NULL, 0);
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED),
	   "waits: unbound, it is in quarantine");
	worked(disable(pf, &why), &why, "waits: disable");
}

/* Root has told vfio-pci of the VFs' ids, as driverctl does: the host's choice is it now. */
static void test_new_id(void)
{
	char ids[32];
	struct sriov_broker_vf vf;
	unsigned int i;
	int probes;

	remove_module("igbvf");
	if (!worked(enable(pf, 2, "vfio-pci", &why), &why, "ids: 2 VFs"))
		return;
	vf = vf_now(vf_at(pf, 0));
	sprintf(ids, "%04x %04x", vf.vendor, vf.device);
	is(put("/sys/bus/pci/drivers/vfio-pci/new_id", ids), 0,
	   "ids: vfio-pci is told them");
	/* Another of that kind, which tells whether it ever had a VF, were it for a moment. */
	is(put("/sys/bus/pci/drivers/" DRIVER "/new_id", ids), 0,
	   "ids: " DRIVER " as well");
	probes = get_number("/sys/module/" DRIVER "/parameters/probes");
	modprobe("igbvf");
	worked(bind_vfs(pf, 0, 0, "host", &why), &why, "ids: to the host");
	is(num_on("igbvf"), 2, "ids: is to a driver of the host");
	worked(disable(pf, &why), &why, "ids: off");
	worked(enable(pf, 2, "host", &why), &why, "ids: born for the host");
	is(num_on("igbvf"), 2, "ids: they are on a driver of the host");
	for (i = 0; i < 2; i++)
		is(state_of(vf_at(pf, i)), SRIOV_BROKER_VF_HOST,
		   "ids: VF %u is the host's", i);
	worked(disable(pf, &why), &why, "ids: off again");
	remove_module("igbvf");
	worked(enable(pf, 2, "host", &why), &why,
	       "ids: the host has none but vfio-pci");
	is(num_on("vfio-pci"), 0, "ids: it is not that");
	is(num_on("igbvf"), 0, "ids: nor any");
	is(get_number("/sys/module/" DRIVER "/parameters/probes"), probes,
	   "ids: and no such driver has ever had one");
	is(put("/sys/bus/pci/drivers/" DRIVER "/remove_id", ids), 0,
	   "ids: " DRIVER " forgets them");
	worked(disable(pf, &why), &why, "ids: off for good");
	is(put("/sys/bus/pci/drivers/vfio-pci/remove_id", ids), 0,
	   "ids: vfio-pci forgets them");
	modprobe("igbvf");
}

/* The host's driver is not ready when a VF is given to it: it has it later. */
static void test_late(void)
{
	struct sriov_broker_vf vf;
	char ids[32], dev[16];

	remove_module("igbvf");
	if (insert_module("kmod/test_late.ko", "")) {
		skip("no test_late.ko", "a driver that is not ready");
		return;
	}
	if (!worked(enable(pf, 2, "vfio-pci", &why), &why, "late: 2 VFs"))
		return;
	strcpy(dev, name_of(vf_at(pf, 0)));
	vf = vf_now(vf_at(pf, 0));
	sprintf(ids, "%04x %04x", vf.vendor, vf.device);
	is(put("/sys/bus/pci/drivers/test_late/new_id", ids), 0,
	   "late: a driver of the host's is told their ids");
	worked(bind_vfs(vf.addr, 0, 0, "host", &why), &why,
	       "late: one is the host's");
	ok(!driver_of(dev)[0] && !override_of(dev)[0],
	   "late: but its driver is not ready");
	put("/sys/module/test_late/parameters/late", "0");
	/* What the kernel takes for a sign that others may be ready as well. */
	worked(bind_vfs(pf, 1, 1, "pci-stub", &why), &why,
	       "late: another VF has a driver");
	ok(eventually(LONG_MS, !strcmp(driver_of(dev), "test_late")),
	   "late: then it is, and has it");
	is(state_of(vf.addr), SRIOV_BROKER_VF_HOST, "late: for the host");
	worked(disable(pf, &why), &why, "late: disable");
	is(remove_module("test_late"), 0, "late: the driver goes");
	modprobe("igbvf");
}

int main(void)
{
	int err;

	pf = need_igb();
	modprobe("pci-stub");
	err = insert_module("kmod/" DRIVER ".ko", "");
	if (err)
		bail("kmod/" DRIVER ".ko: %s", strerror(err));
	broker_begin("");

	test_enable();
	test_bind();
	test_return_refused();
	test_return_host();
	test_return_override();
	test_quarantine_fence();
	test_unbind_waits();
	test_new_id();
	test_late();
	is(remove_module(DRIVER), 0, "nothing holds the driver's module");
	return done();
}

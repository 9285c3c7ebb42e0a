// SPDX-License-Identifier: GPL-2.0-only
/*
 * ENABLE, DISABLE and BIND: VFs on, moved, and off again, and everything that
 * may be against it.  What the broker says is compared with sysfs each time.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>

#include "broker.h"
#include "caps.h"
#include "steps.h"
#include "vfio.h"

#define TOTAL 7

static struct sriov_broker_addr pf;
static struct sriov_broker_why why;
static int kernel_log;

/* One point: that many VFs, all of them on the driver, as sysfs and the broker see it. */
static bool all_on(unsigned int num, const char *driver, unsigned int state)
{
	const char *override = state == SRIOV_BROKER_VF_HOST ? "" : driver;
	struct sriov_broker_vf vfs[16];
	unsigned int listed = 16, i;
	bool good = !list_vfs(pf, vfs, &listed) && listed == num &&
		    numvfs(pf) == (int)num;

	for (i = 0; i < num && good; i++) {
		char *dev = name_of(vf_at(pf, i));

		good = vfs[i].index == i && vfs[i].state == state &&
		       same_addr(vfs[i].addr, vf_at(pf, i)) &&
		       same_addr(vfs[i].pf, pf) &&
		       !strcmp(vfs[i].driver, driver) &&
		       !strcmp(driver_of(dev), driver) &&
		       !strcmp(override_of(dev), override) &&
		       vfs[i].iommu_group == iommu_group_of(dev) &&
		       vfs[i].vendor ==
			       get_number(text(SYS_PCI "/%s/vendor", dev)) &&
		       vfs[i].device ==
			       get_number(text(SYS_PCI "/%s/device", dev));
		if (!good)
			diag("VF %u, %s: listed on '%s' in state %u; sysfs: on '%s', override '%s'",
			     i, dev, vfs[i].driver, vfs[i].state,
			     driver_of(dev), override_of(dev));
	}
	ok(good, "%u VFs, all on %s%s", num, driver[0] ? driver : "no driver",
	   state == SRIOV_BROKER_VF_FREE ? ", in the pool" : "");
	if (!good)
		diag("%u listed, sriov_numvfs %d", listed, numvfs(pf));
	return good;
}

static bool goes_to(unsigned int num, const char *driver)
{
	return worked(enable(pf, num, driver, &why), &why,
		      text("enable %u on %s", num, driver));
}

static void all_off(void)
{
	worked(disable(pf, &why), &why, "disable");
	is(numvfs(pf), 0, "sysfs has no VFs");
}

static void test_refusals(void)
{
	struct sriov_broker_addr none = { .bdf = 0xfff8, .valid = 1 };
	struct sriov_broker_addr domain = pf;
	struct sriov_broker_addr bridge = find_port();
	char *before = snapshot();

	domain.domain = 7;
	refused(enable(none, 1, "", &why), ENODEV, &why,
		SRIOV_BROKER_WHY_NO_DEVICE, none, "an unknown PF");
	refused(disable(none, &why), ENODEV, &why, SRIOV_BROKER_WHY_NO_DEVICE,
		none, "disable of an unknown PF");
	refused(bind_vfs(none, 0, 0, "vfio-pci", &why), ENODEV, &why,
		SRIOV_BROKER_WHY_NO_DEVICE, none, "bind of an unknown device");
	refused(enable(domain, 1, "", &why), ENODEV, &why,
		SRIOV_BROKER_WHY_NO_DEVICE, domain, "a PF in another domain");
	refused(enable(bridge, 1, "", &why), EOPNOTSUPP, &why,
		SRIOV_BROKER_WHY_NOT_PF, bridge, "a bridge is not a PF");
	refused(disable(bridge, &why), EOPNOTSUPP, &why,
		SRIOV_BROKER_WHY_NOT_PF, bridge, "nor to disable");
	refused(bind_vfs(bridge, 0, 0, "vfio-pci", &why), EOPNOTSUPP, &why,
		SRIOV_BROKER_WHY_NOT_PF, bridge, "nor to bind");
	refused(enable(pf, 0, "", &why), EINVAL, &why, SRIOV_BROKER_WHY_NO_VFS,
		pf, "0 VFs");
	refused(enable(pf, TOTAL + 1, "", &why), ERANGE, &why,
		SRIOV_BROKER_WHY_TOO_MANY, pf, "8 VFs of 7");
	is(why.value, TOTAL, "the answer says how many there are");
	refused(enable(pf, ~0U, "", &why), ERANGE, &why,
		SRIOV_BROKER_WHY_TOO_MANY, pf, "4 billion VFs of 7");
	refused(enable(pf, 2, "no-such-driver", &why), ENOENT, &why,
		SRIOV_BROKER_WHY_NO_DRIVER, pf, "an unknown driver");
	ok(!strcmp(why.driver, "no-such-driver"), "the answer names it");
	refused(bind_vfs(pf, 0, 0, "vfio-pci", &why), ERANGE, &why,
		SRIOV_BROKER_WHY_NO_INDEX, pf,
		"bind of VFs that are not there");
	worked(disable(pf, &why), &why, "disable of no VFs is a success");
	unchanged(before, "refusals");
}

/* Born in the pool, with the host's own driver loaded and waiting. */
static void test_birth(void)
{
	unsigned int i, nets = 0;

	modprobe("igbvf");
	log_count(kernel_log, "", "");
	if (!goes_to(TOTAL, "") ||
	    !all_on(TOTAL, "vfio-pci", SRIOV_BROKER_VF_FREE))
		return;
	for (i = 0; i < TOTAL; i++)
		nets += exists(text(SYS_PCI "/%s/net", name_of(vf_at(pf, i))));
	is(nets, 0, "no VF has a network interface");
	is(log_count(kernel_log, "igbvf 0000:", ""), 0,
	   "igbvf, which is loaded, never saw one");
}

static void test_again(void)
{
	char *before = snapshot();
	struct sriov_broker_addr vf = vf_at(pf, 0);
	__u64 seq;

	goes_to(TOTAL, "vfio-pci");
	unchanged(before, "enable again");
	seq = last_event(pf, SRIOV_BROKER_EVENT_VF_REMOVED).seq;
	before = snapshot();
	refused(enable(vf, 1, "", &why), EINVAL, &why, SRIOV_BROKER_WHY_IS_VF,
		vf, "a VF is not a PF");
	refused(disable(vf, &why), EINVAL, &why, SRIOV_BROKER_WHY_IS_VF, vf,
		"nor to disable");
	refused(enable(pf, TOTAL + 1, "", &why), ERANGE, &why,
		SRIOV_BROKER_WHY_TOO_MANY, pf, "8 VFs of 7, with 7 on");
	unchanged(before, "refusals with VFs on");
	is(last_event(pf, SRIOV_BROKER_EVENT_VF_REMOVED).seq, seq,
	   "for which none of them went");
}

static void test_numbers(void)
{
	goes_to(TOTAL, "pci-stub");
	all_on(TOTAL, "pci-stub", SRIOV_BROKER_VF_FREE);
	goes_to(3, "vfio-pci");
	all_on(3, "vfio-pci", SRIOV_BROKER_VF_FREE);
	goes_to(5, "vfio-pci");
	all_on(5, "vfio-pci", SRIOV_BROKER_VF_FREE);
}

/* One point: a VF is where it should be. */
static void vf_on(unsigned int index, const char *driver, unsigned int state)
{
	struct sriov_broker_vf vf = vf_now(vf_at(pf, index));
	char *dev = name_of(vf_at(pf, index));
	const char *override = state == SRIOV_BROKER_VF_HOST ? "" : driver;

	ok(vf.state == state && !strcmp(vf.driver, driver) &&
		   !strcmp(driver_of(dev), driver) &&
		   !strcmp(override_of(dev), override),
	   "VF %u is on %s", index, driver);
	if (vf.state != state || strcmp(driver_of(dev), driver))
		diag("it is listed on '%s' in state %u; sysfs: on '%s', override '%s'",
		     vf.driver, vf.state, driver_of(dev), override_of(dev));
}

/* From 5 VFs on vfio-pci to one on igbvf, two on pci-stub, two on vfio-pci. */
static void test_bind(void)
{
	log_count(kernel_log, "", "");
	worked(bind_vfs(pf, 1, 2, "pci-stub", &why), &why, "bind a range");
	worked(bind_vfs(vf_at(pf, 0), 0, 1, "host", &why), &why,
	       "bind a VF to the host's driver");
	vf_on(0, "igbvf", SRIOV_BROKER_VF_HOST);
	vf_on(1, "pci-stub", SRIOV_BROKER_VF_FREE);
	vf_on(2, "pci-stub", SRIOV_BROKER_VF_FREE);
	vf_on(3, "vfio-pci", SRIOV_BROKER_VF_FREE);
	ok(exists(text(SYS_PCI "/%s/net", name_of(vf_at(pf, 0)))),
	   "the host's VF has a network interface");
	ok(log_count(kernel_log, "igbvf 0000:", "") > 0,
	   "and igbvf's probe is in the log");

	worked(bind_vfs(pf, 2, 0, "vfio-pci", &why), &why,
	       "bind from an index on");
	vf_on(1, "pci-stub", SRIOV_BROKER_VF_FREE);
	vf_on(2, "vfio-pci", SRIOV_BROKER_VF_FREE);
	worked(bind_vfs(vf_at(pf, 2), 0, 0, "pci-stub", &why), &why,
	       "bind one VF");
}

static void test_bind_refusals(void)
{
	char *before = snapshot();
	struct sriov_broker_addr vf = vf_at(pf, 3);

	refused(bind_vfs(pf, 5, 1, "vfio-pci", &why), ERANGE, &why,
		SRIOV_BROKER_WHY_NO_INDEX, pf, "index 5 of 5");
	is(why.value, 5, "the answer says how many there are");
	refused(bind_vfs(pf, 3, 3, "vfio-pci", &why), ERANGE, &why,
		SRIOV_BROKER_WHY_NO_INDEX, pf, "three from index 3 of 5");
	refused(bind_vfs(pf, 1, ~0U, "vfio-pci", &why), ERANGE, &why,
		SRIOV_BROKER_WHY_NO_INDEX, pf, "4 billion from index 1");
	refused(bind_vfs(vf, 1, 0, "vfio-pci", &why), EINVAL, &why,
		SRIOV_BROKER_WHY_IS_VF, vf, "an index within a VF");
	refused(bind_vfs(vf, 0, 2, "vfio-pci", &why), EINVAL, &why,
		SRIOV_BROKER_WHY_IS_VF, vf, "two from a VF on");
	is(bind_vfs(vf, 0, 0, "", NULL), EINVAL, "bind to no name");
	refused(bind_vfs(vf, 0, 0, "no-such-driver", &why), ENOENT, &why,
		SRIOV_BROKER_WHY_NO_DRIVER, pf, "bind to an unknown driver");
	unchanged(before, "bind's refusals");
}

/* virtio-pci takes no igb VF. */
static void test_probe_fails(void)
{
	char *before = snapshot();
	struct sriov_broker_addr vf = vf_at(pf, 3);

	modprobe("virtio_pci");
	refused(bind_vfs(vf, 0, 0, "virtio-pci", &why), ENODEV, &why,
		SRIOV_BROKER_WHY_PROBE, vf, "a driver that refuses");
	ok(why.error == ENODEV && !strcmp(why.driver, "virtio-pci"),
	   "the answer names it and its errno");
	unchanged(before, "one VF that a driver refused");

	before = snapshot();
	is(bind_vfs(pf, 0, 0, "virtio-pci", &why), ENODEV,
	   "a driver that refuses all, from three drivers");
	is(why.reason, SRIOV_BROKER_WHY_PROBE, "for its probe");
	unchanged(before, "VFs of three drivers that one refused");

	before = snapshot();
	is(enable(pf, 7, "virtio-pci", &why), ENODEV,
	   "another number on a driver that refuses");
	is(why.reason, SRIOV_BROKER_WHY_PROBE, "for its probe");
	unchanged(before, "another number that a driver refused");

	all_off();
	before = snapshot();
	is(enable(pf, 3, "virtio-pci", &why), ENODEV,
	   "enable on a driver that refuses");
	ok(why.reason == SRIOV_BROKER_WHY_PROBE && why.dev.bdf > pf.bdf &&
		   !strcmp(why.driver, "virtio-pci"),
	   "the answer names the VF and the driver");
	unchanged(before, "enable that a driver refused");
	refused(bind_vfs(why.dev, 0, 0, "vfio-pci", &why), ENODEV, &why,
		SRIOV_BROKER_WHY_NO_DEVICE, why.dev, "and that VF is gone");
}

static void test_host(void)
{
	goes_to(2, "host");
	all_on(2, "igbvf", SRIOV_BROKER_VF_HOST);
	goes_to(2, "vfio-pci");
	all_on(2, "vfio-pci", SRIOV_BROKER_VF_FREE);
	goes_to(2, "host");
	all_on(2, "igbvf", SRIOV_BROKER_VF_HOST);
	worked(bind_vfs(pf, 0, 0, "host", &why), &why,
	       "bind to host what is the host's");
	all_off();
}

/* A module that is not loaded is loaded; vfio-pci was, by test_birth(). */
static void test_loading(void)
{
	remove_module("pci_stub");
	if (have_module("pci_stub")) {
		skip("pci-stub can't be removed", "a driver is loaded");
		return;
	}
	goes_to(1, "pci-stub");
	ok(have_module("pci_stub"), "pci-stub was loaded for it");
	all_off();
}

/* A child without CAP_SYS_MODULE does it. Returns its exit status. */
static int without_right(int (*fn)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(drop_cap(CAP_SYS_MODULE) ? 255 : fn());
	return ends(pid);
}

static bool lacks_driver(int err, const char *driver)
{
	return err == ENOENT && why.reason == SRIOV_BROKER_WHY_NO_DRIVER &&
	       !strcmp(why.driver, driver);
}

static int enable_unloaded(void)
{
	return !lacks_driver(enable(pf, 2, "igbvf", &why), "igbvf");
}

static int bind_unloaded(void)
{
	return !lacks_driver(bind_vfs(pf, 0, 0, "igbvf", &why), "igbvf");
}

static int enable_stub(void)
{
	return enable(pf, 1, "pci-stub", NULL);
}

/* A caller that may not load modules has none loaded, but for those that pool VFs are on. */
static void test_loading_denied(void)
{
	char *before;

	remove_module("igbvf");
	remove_module("pci_stub");
	if (have_module("igbvf") || have_module("pci_stub")) {
		skip("these can't be removed", "modules that are not loaded");
		return;
	}
	before = snapshot();
	is(without_right(enable_unloaded), 0,
	   "without CAP_SYS_MODULE: ENABLE says that there is no igbvf");
	unchanged(before, "ENABLE on a driver that is not loaded");
	is(without_right(enable_stub), 0,
	   "without CAP_SYS_MODULE: pci-stub is loaded even so");
	all_on(1, "pci-stub", SRIOV_BROKER_VF_FREE);
	before = snapshot();
	is(without_right(bind_unloaded), 0,
	   "without CAP_SYS_MODULE: BIND says that there is no igbvf");
	unchanged(before, "BIND to a driver that is not loaded");
	ok(!have_module("igbvf"), "igbvf is not loaded");
	worked(bind_vfs(pf, 0, 0, "igbvf", &why), &why,
	       "with CAP_SYS_MODULE it is");
	all_off();
}

/* VFs that root made by hand are taken over. */
static void test_takeover(void)
{
	char attr[64], autoprobe[64];

	snprintf(attr, sizeof(attr), SYS_PCI "/%s/sriov_numvfs", name_of(pf));
	snprintf(autoprobe, sizeof(autoprobe),
		 SYS_PCI "/%s/sriov_drivers_autoprobe", name_of(pf));

	is(put(attr, "3"), 0, "root enables 3 VFs in sysfs");
	all_on(3, "igbvf", SRIOV_BROKER_VF_HOST);
	goes_to(3, "vfio-pci");
	all_on(3, "vfio-pci", SRIOV_BROKER_VF_FREE);
	all_off();

	is(put(autoprobe, "0"), 0, "drivers_autoprobe off");
	goes_to(3, "vfio-pci");
	all_on(3, "vfio-pci", SRIOV_BROKER_VF_FREE);
	all_off();
	is(put(attr, "2"), 0, "root enables 2 VFs in sysfs");
	all_on(2, "", SRIOV_BROKER_VF_HOST);
	all_off();
	is(put(autoprobe, "1"), 0, "drivers_autoprobe on");
}

/* Opened through vfio by a process that has no lease. */
static void test_in_use(void)
{
	struct sriov_broker_addr vf;
	struct vfio v;
	char *before, *dev;

	if (!goes_to(3, "host"))
		return;
	vf = vf_at(pf, 1);
	dev = name_of(vf);
	unbind(dev);
	set_override(dev, "vfio-pci");
	probe(dev);
	is(vfio_open(&v, dev), 0, "root opens a VF that is not the broker's");
	dev = name_of(vf);
	before = snapshot();
	/* None of these waits for the user, which goes after them only. */
	refused(disable(pf, &why), EBUSY, &why, SRIOV_BROKER_WHY_IN_USE, vf,
		"disable of a VF in use");
	refused(enable(pf, 4, "vfio-pci", &why), EBUSY, &why,
		SRIOV_BROKER_WHY_IN_USE, vf, "another number");
	refused(enable(pf, 3, "pci-stub", &why), EBUSY, &why,
		SRIOV_BROKER_WHY_IN_USE, vf, "another driver for all");
	refused(bind_vfs(vf, 0, 0, "pci-stub", &why), EBUSY, &why,
		SRIOV_BROKER_WHY_IN_USE, vf, "bind of a VF in use");
	refused(bind_vfs(pf, 0, 0, "pci-stub", &why), EBUSY, &why,
		SRIOV_BROKER_WHY_IN_USE, vf, "bind of a range with it");
	unchanged(before, "a VF in use");
	vfio_close(&v);
	goes_to(3, "vfio-pci");
	all_on(3, "vfio-pci", SRIOV_BROKER_VF_FREE);
	all_off();
}

static void *enable_three(void *err)
{
	*(int *)err = enable(pf, 3, "vfio-pci", NULL);
	return NULL;
}

/* Two at once, and one whose caller is killed. */
static void test_callers(void)
{
	pthread_t thread[2];
	int err[2], i, status;
	pid_t pid;

	for (i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, enable_three, &err[i]);
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	ok(!err[0] && !err[1], "two callers that want the same");
	all_on(3, "vfio-pci", SRIOV_BROKER_VF_FREE);
	all_off();

	pid = fork();
	if (!pid) {
		enable(pf, 3, "vfio-pci", NULL);
		pause(); /* the caller may be through before the signal comes */
	}
	sleep_ms(100);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status), "a caller can be killed in the middle");
	worked(enable(pf, 3, "vfio-pci", &why), &why,
	       "what it began does not stand in the way");
	all_on(3, "vfio-pci", SRIOV_BROKER_VF_FREE);
	all_off();
}

/* One point: whatever came of it, no VF is held by an override without an owner. */
static void none_held(const char *when)
{
	int i, num = numvfs(pf), held = 0;

	for (i = 0; i < num; i++)
		held += !strcmp(override_of(name_of(vf_at(pf, i))),
				MODULE "_hold");
	is(held, 0, "%s: of %d VFs none is held", when, num);
}

/* Root enables VFs in sysfs while we do: one of the two is too late, and harms nothing. */
static void test_race(void)
{
	char attr[64];
	int after, err, status;
	pid_t pid;

	snprintf(attr, sizeof(attr), SYS_PCI "/%s/sriov_numvfs", name_of(pf));
	for (after = 0; after <= 120; after += 20) {
		pid = fork();
		if (!pid)
			_exit(put(attr, text("%d", TOTAL)) != 0);
		sleep_ms(after);
		err = enable(pf, TOTAL, "vfio-pci", &why);
		waitpid(pid, &status, 0);
		none_held(text("root's VFs, ours %d ms after", after));
		ok(!err || (err == EBUSY &&
			    why.reason == SRIOV_BROKER_WHY_PF_BUSY),
		   "root's VFs, ours %d ms after: had, or refused", after);
		worked(disable(pf, &why), &why, "disable");
	}
}

static bool pf_is_bare(void)
{
	char *dev = name_of(pf);
	struct sriov_broker_pf listed;
	unsigned int num = 1;

	return !driver_of(dev)[0] && !override_of(dev)[0] &&
	       !list_pfs(pf, &listed, &num) && num == 1 && !listed.driver[0];
}

/* A PF whose driver is not loaded gets that. */
static void test_pf_module(void)
{
	char dev[16];

	strcpy(dev, name_of(pf));
	is(remove_module("igb"), 0, "the PF's driver is not loaded");
	ok(pf_is_bare(), "so it has none");
	goes_to(2, "vfio-pci");
	all_on(2, "vfio-pci", SRIOV_BROKER_VF_FREE);
	ok(!strcmp(driver_of(dev), "igb"), "its own was loaded for it");
	all_off();
}

static int enable_two(void)
{
	return enable(pf, 2, "vfio-pci", NULL);
}

/* Nor has a PF its driver loaded by a caller that may not: it is served by ours. */
static void test_pf_module_denied(void)
{
	char dev[16];

	strcpy(dev, name_of(pf));
	is(remove_module("igb"), 0, "the PF's driver is not loaded once more");
	is(without_right(enable_two), 0,
	   "without CAP_SYS_MODULE: ENABLE has VFs of it");
	all_on(2, "vfio-pci", SRIOV_BROKER_VF_FREE);
	ok(!have_module("igb"), "its own driver was not loaded for it");
	ok(!strncmp(driver_of(dev), MODULE, strlen(MODULE)),
	   "the module's own has it");
	all_off();
	is(modprobe("igb"), 0, "igb is loaded");
	ok(eventually(LONG_MS, !strcmp(driver_of(dev), "igb")),
	   "and has the PF");
}

/* A PF that has no driver: it gets the module's own, until its last VF has gone. */
static void test_pf_driver(void)
{
	char dev[16], *before;

	strcpy(dev, name_of(pf));
	is(unbind(dev), 0, "the PF loses its driver");
	ok(pf_is_bare(), "and is listed so");
	log_count(kernel_log, "", "");
	goes_to(3, "vfio-pci");
	all_on(3, "vfio-pci", SRIOV_BROKER_VF_FREE);
	ok(!strncmp(driver_of(dev), MODULE, strlen(MODULE)),
	   "the module's own driver has the PF");
	ok(log_count(kernel_log, MODULE, "no driver") > 0, "the log says so");
	goes_to(2, "vfio-pci");
	all_on(2, "vfio-pci", SRIOV_BROKER_VF_FREE);
	all_off();
	ok(eventually(LONG_MS, !strcmp(driver_of(dev), "igb")),
	   "without VFs the host's driver has it again");
	ok(!override_of(dev)[0], "no override is left behind");

	unbind(dev);
	goes_to(2, "host");
	is(put(text(SYS_PCI "/%s/sriov_numvfs", dev), "0"), 0,
	   "root takes the VFs away");
	ok(eventually(LONG_MS, !strcmp(driver_of(dev), "igb")),
	   "then it is given back as well");

	unbind(dev);
	before = snapshot();
	is(enable(pf, 2, "virtio-pci", &why), ENODEV,
	   "enable without a PF driver, refused by the VFs' driver");
	unchanged(before, "a PF without driver");
	is(bind_to(dev, "igb"), 0, "igb is bound again");
}

static void pf_goes_to(const char *driver)
{
	char dev[16];

	strcpy(dev, name_of(pf));
	unbind(dev);
	set_override(dev, driver[0] ? driver : "\n");
	probe(dev);
	ok(!strcmp(driver_of(dev), driver[0] ? driver : "igb"),
	   "the PF goes to %s", driver_of(dev));
}

/* A PF whose driver can't have VFs, or has them for its own user. */
static void test_pf_refuses(void)
{
	char *before;

	pf_goes_to("pci-stub");
	before = snapshot();
	refused(enable(pf, 2, "vfio-pci", &why), EOPNOTSUPP, &why,
		SRIOV_BROKER_WHY_NO_SRIOV_DRIVER, pf,
		"a PF driver without sriov_configure");
	ok(!strcmp(why.driver, "pci-stub"), "the answer names it");
	unchanged(before, "a PF on pci-stub");

	put("/sys/module/vfio_pci/parameters/enable_sriov", "1");
	pf_goes_to("vfio-pci");
	before = snapshot();
	refused(enable(pf, 2, "vfio-pci", &why), EOPNOTSUPP, &why,
		SRIOV_BROKER_WHY_PF_VFIO, pf, "a PF that vfio's user has");
	ok(!strcmp(why.driver, "vfio-pci"), "the answer names the driver");
	unchanged(before, "a PF on vfio-pci");
	is(put(text(SYS_PCI "/%s/sriov_numvfs", name_of(pf)), "2"), 0,
	   "its user has VFs made");
	before = snapshot();
	refused(bind_vfs(pf, 0, 0, "vfio-pci", &why), EOPNOTSUPP, &why,
		SRIOV_BROKER_WHY_PF_VFIO, pf, "which can't be bound");
	refused(bind_vfs(pf, 0, 0, "pci-stub", &why), EOPNOTSUPP, &why,
		SRIOV_BROKER_WHY_PF_VFIO, pf, "to nothing of the pool");
	refused(enable(pf, 2, "vfio-pci", &why), EOPNOTSUPP, &why,
		SRIOV_BROKER_WHY_PF_VFIO, pf, "nor enabled as they are");
	unchanged(before, "the VFs of a PF on vfio-pci");
	all_off();
	put("/sys/module/vfio_pci/parameters/enable_sriov", "0");
	pf_goes_to("");
	goes_to(2, "vfio-pci");
	all_on(2, "vfio-pci", SRIOV_BROKER_VF_FREE);
	all_off();
}

/* The other kind of PF: nvme, whose driver uses the PCI core's helper. */
static void test_nvme(void)
{
	struct sriov_broker_addr igb = pf;

	pf = find_nvme(0);
	if (same_addr(pf, no_addr)) {
		skip("there is no nvme PF", "an nvme PF");
	} else {
		goes_to(4, "vfio-pci");
		all_on(4, "vfio-pci", SRIOV_BROKER_VF_FREE);
		goes_to(2, "pci-stub");
		all_on(2, "pci-stub", SRIOV_BROKER_VF_FREE);
		all_off();
	}
	pf = igb;
}

/* The module goes: its VFs are off, root's are back with the host. */
static void test_unload(void)
{
	struct sriov_broker_addr nvme = find_nvme(0), vf;

	goes_to(3, "vfio-pci");
	is(put(text(SYS_PCI "/%s/sriov_numvfs", name_of(nvme)), "2"), 0,
	   "root enables two VFs of another PF");
	worked(bind_vfs(nvme, 0, 0, "vfio-pci", &why), &why,
	       "which go to the pool");
	vf = vf_at(nvme, 0);
	is(remove_module(MODULE), EWOULDBLOCK,
	   "the module stays while its node is open");
	close(broker);
	broker = -1;
	is(remove_module(MODULE), 0, "then it goes");
	is(numvfs(pf), 0, "its own VFs are off");
	is(numvfs(nvme), 2, "root's are on");
	ok(strcmp(driver_of(name_of(vf)), "vfio-pci") &&
		   !override_of(name_of(vf))[0],
	   "and the host's, without override");
	is(put(text(SYS_PCI "/%s/sriov_numvfs", name_of(nvme)), "0"), 0,
	   "root disables them");
}

int main(void)
{
	pf = need_igb();
	broker_begin("");
	kernel_log = log_open();

	test_refusals();
	test_birth();
	test_again();
	test_numbers();
	test_bind();
	test_bind_refusals();
	test_probe_fails();
	test_host();
	test_loading();
	test_loading_denied();
	test_takeover();
	test_in_use();
	test_callers();
	test_race();
	test_pf_module();
	test_pf_module_denied();
	test_pf_driver();
	test_pf_refuses();
	test_nvme();
	test_unload();
	return done();
}

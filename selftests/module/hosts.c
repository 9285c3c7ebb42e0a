// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFs that the host uses: an interface that is up, enslaved, or lent to another
 * network namespace, a disk that is open. Nothing takes them away unasked.
 */
#define _GNU_SOURCE
#include "picture.h"

#define VFS  3
#define USED 1
#define DISK "test_disk" /* kmod/test_disk.c */

static struct sriov_broker_addr pf, vf;
static struct sriov_broker_why why;
static char name[64]; /* of what of the VF is used */
static int kernel_log;

/* One point: what was to be done to the VF is refused for that use. */
static void refused_for(int err, unsigned int reason, const char *what)
{
	refused(err, EBUSY, &why, reason, vf, what);
	ok(!strncmp(why.label, name, sizeof(why.label)),
	   "%s: the answer names %s", what, name);
}

/* Everything that would take the VF away. */
static void all_refused(unsigned int reason, const char *use)
{
	char *before = snapshot();

	refused_for(enable(pf, VFS + 1, "vfio-pci", &why), reason,
		    text("%s: another number", use));
	refused_for(enable(pf, VFS, "vfio-pci", &why), reason,
		    text("%s: another driver", use));
	refused_for(bind_vfs(vf, 0, 0, "vfio-pci", &why), reason,
		    text("%s: bind of it", use));
	refused_for(bind_vfs(pf, 0, 0, "pci-stub", &why), reason,
		    text("%s: bind of all", use));
	refused_for(disable(pf, &why), reason, text("%s: disable", use));
	refused_for(disable_force(pf, 0, &why), reason,
		    text("%s: disable that takes leases", use));
	unchanged(before, use);
}

/* The others are free to go. */
static void others_move(const char *use)
{
	worked(bind_vfs(pf, 0, 1, "vfio-pci", &why), &why,
	       text("%s: a VF beside it is bound", use));
	worked(bind_vfs(pf, 0, 1, "host", &why), &why,
	       text("%s: and goes back", use));
}

static bool ip(const char *what)
{
	return !system(text("ip %s", what));
}

/* The interface of the VF, which udev may rename when it has just come. */
static bool find_interface(void)
{
	char *found = NULL;

	system("udevadm settle 2>/dev/null");
	if (!eventually(LONG_MS, (found = first_in(text(SYS_PCI "/%s/net",
							name_of(vf))))))
		return false;
	strcpy(name, found);
	return true;
}

static bool begin(void)
{
	if (!worked(enable(pf, VFS, "host", &why), &why, "VFs for the host"))
		return false;
	vf = vf_at(pf, USED);
	return ok(find_interface(), "with interfaces");
}

static void test_up(void)
{
	ok(ip(text("link set %s up", name)), "up: the interface");
	all_refused(SRIOV_BROKER_WHY_HOST_NET, "up");
	others_move("up");
	ok(ip(text("link set %s down", name)), "up: down again");
}

static void test_enslaved(void)
{
	ok(ip("link add hosts0 type bridge"), "enslaved: a bridge");
	diag("%s", get(text("/sys/class/net/%s/address", name)));
	/* The VF's driver gives the PF's a tenth of a second to answer. */
	ok(eventually(LONG_MS,
		      ip(text("link set %s address 02:00:00:00:00:05", name))),
	   "enslaved: the interface has a MAC");
	ok(ip(text("link set %s master hosts0", name)),
	   "enslaved: the interface is its port");
	ok(ip(text("link set %s down", name)), "enslaved: and down");
	all_refused(SRIOV_BROKER_WHY_HOST_NET, "enslaved");
	ok(ip("link del hosts0"), "enslaved: the bridge is gone");
}

/* Not to be seen from here, and not up either. */
static void test_namespace(void)
{
	ok(ip("netns add hosts"), "lent: a namespace");
	ok(ip(text("link set %s netns hosts", name)),
	   "lent: the interface is in it");
	all_refused(SRIOV_BROKER_WHY_HOST_NET, "lent");
	ok(ip(text("-n hosts link set %s netns 1", name)), "lent: it is back");
	ok(ip("netns del hosts"), "lent: the namespace is gone");
}

/* Asked for in so many words. */
static void test_forced(void)
{
	ok(ip(text("link set %s up", name)), "forced: it is up");
	worked(bind_flags(vf, 0, 0, "vfio-pci", SRIOV_BROKER_BIND_FROM_HOST,
			  &why),
	       &why, "forced: bind takes it");
	is(state_of(vf), SRIOV_BROKER_VF_FREE, "forced: into the pool");
	worked(enable(pf, VFS + 1, "host", &why), &why,
	       "then another number can be had");
	find_interface();
	ok(ip(text("link set %s up", name)), "forced: up once more");
	worked(enable_flags(pf, VFS, "host", SRIOV_BROKER_ENABLE_FROM_HOST,
			    &why),
	       &why, "forced: another number takes it");
	find_interface();
	ok(ip(text("link set %s up", name)), "forced: up for the last time");
	worked(disable_flags(pf, SRIOV_BROKER_DISABLE_FROM_HOST, 0, &why), &why,
	       "forced: disable takes it");
	is(numvfs(pf), 0, "forced: there are none");
}

/* The parameter asks for nothing in such words. */
static void test_pfs(void)
{
	if (!begin())
		return;
	ok(ip(text("link set %s up", name)), "pfs: an interface is up");
	put("/sys/module/" MODULE "/parameters/pfs",
	    text("%s=%u:vfio-pci", name_of(pf), VFS + 1));
	sleep_ms(2000);
	is(numvfs(pf), VFS, "pfs: its VF stays");
	ok(exists(text("/sys/class/net/%s", name)), "pfs: and the interface");
	put("/sys/module/" MODULE "/parameters/pfs", "");
	ok(ip(text("link set %s down", name)), "pfs: it is down");
	worked(disable(pf, &why), &why, "pfs: disable");
}

static void test_disk(void)
{
	int err = insert_module("kmod/" DISK ".ko", ""), fd;

	if (err)
		bail("kmod/" DISK ".ko: %s", strerror(err));
	if (!worked(enable(pf, VFS, DISK, &why), &why, "VFs that are disks"))
		return;
	vf = vf_at(pf, USED);
	snprintf(name, sizeof(name), "%s_%d", DISK, USED);
	fd = open(text("/dev/%s", name), O_RDONLY | O_CLOEXEC);
	ok(fd >= 0, "disk: it is opened");
	all_refused(SRIOV_BROKER_WHY_HOST_DISK, "disk");
	close(fd);
	worked(disable(pf, &why), &why, "disk: closed, it can go");
	is(remove_module(DISK), 0, "disk: and its driver");
}

static bool pfs_says(unsigned int num, const char *how)
{
	log_count(kernel_log, "", "");
	return !put("/sys/module/" MODULE "/parameters/pfs",
		    num ? text("%s=%u:vfio-pci%s", name_of(pf), num, how) :
			  "\n");
}

/* The log names the VF for whose use that can't be. */
static bool pfs_can_not(void)
{
	return eventually(LONG_MS,
			  log_count(kernel_log, "pfs: enabling", name_of(vf)));
}

/* igb takes its VFs along when it is unbound, interface or not: then nothing is used any more. */
static void test_pf_unbound(void)
{
	char dev[16];

	if (!begin())
		return;
	strcpy(dev, name_of(pf));
	ok(ip(text("link set %s up", name)), "unbound: an interface is up");
	ok(pfs_says(VFS + 1, "") && pfs_can_not(),
	   "unbound: pfs wants other VFs, and can't have them");
	is(unbind(dev), 0, "unbound: the PF's driver is, by hand");
	ok(!numvfs(pf) && !exists(text("/sys/class/net/%s", name)),
	   "unbound: its VFs are gone with it, and the interface");
	check_picture("unbound");
	is(bind_to(dev, "igb"), 0, "unbound: it is bound again");
	ok(eventually(LONG_MS,
		      count_state(pf, SRIOV_BROKER_VF_FREE) == VFS + 1),
	   "unbound: then pfs has what it wants");
	check_picture("bound again");
	pfs_says(0, "");
	worked(disable(pf, &why), &why, "unbound: disable");
	ok(ip(text("link set %s up", first_in(text(SYS_PCI "/%s/net", dev)))),
	   "unbound: the PF's interface is up again");
}

/* nvme leaves its VFs where they are: what the host uses is not touched, with a driver or not. */
static void test_left_on(void)
{
	char dev[16];
	int fd;

	strcpy(dev, name_of(pf));
	fd = open(text("/dev/%s", name), O_RDONLY | O_CLOEXEC);
	ok(fd >= 0, "left on: a disk is opened");
	is(unbind(dev), 0, "left on: the PF's driver is unbound by hand");
	is(numvfs(pf), VFS, "left on: its VFs are there");
	is(count_state(pf, SRIOV_BROKER_VF_HOST), VFS, "left on: the host's");
	check_picture("left on");
	all_refused(SRIOV_BROKER_WHY_HOST_DISK, "left on");
	ok(pfs_says(VFS, ":nodriver") && pfs_can_not(),
	   "left on: pfs wants them, and can't have them");
	ok(pfs_says(VFS + 1, "") && !bind_to(dev, "nvme") && pfs_can_not(),
	   "left on: nor others, when the driver has been bound again");
	is(numvfs(pf), VFS, "left on: they are as many");
	ok(!strcmp(driver_of(name_of(vf)), DISK),
	   "left on: and that one is with the host");
	check_picture("left on, bound again");
	close(fd);
	ok(pfs_says(VFS + 1, ""), "left on: it is closed, pfs is written");
	ok(eventually(LONG_MS,
		      count_state(pf, SRIOV_BROKER_VF_FREE) == VFS + 1),
	   "left on: then it has what it wants");
	pfs_says(0, "");
	worked(disable(pf, &why), &why, "left on: disable");
}

static void test_nvme_unbound(void)
{
	struct sriov_broker_addr igb = pf;

	pf = find_nvme(0);
	if (same_addr(pf, no_addr)) {
		skip("there is no nvme PF", "VFs that are left on");
	} else if (!insert_module("kmod/" DISK ".ko", "") &&
		   worked(enable(pf, VFS, DISK, &why), &why,
			  "left on: VFs that are disks")) {
		vf = vf_at(pf, USED);
		snprintf(name, sizeof(name), "%s_%d", DISK, USED);
		test_left_on();
		is(remove_module(DISK), 0, "left on: the disks' driver goes");
	}
	pf = igb;
}

/* Nor does the module take them along. */
static void test_unload(void)
{
	if (!begin())
		return;
	ok(ip(text("link set %s up", name)), "unload: an interface is up");
	close(broker);
	broker = -1;
	is(remove_module(MODULE), 0, "unload: the module goes");
	is(numvfs(pf), VFS, "unload: its VFs stay");
	ok(exists(text("/sys/class/net/%s", name)),
	   "unload: and the interface");
	is(put(text(SYS_PCI "/%s/sriov_numvfs", name_of(pf)), "0"), 0,
	   "unload: root takes them away");
}

int main(void)
{
	pf = need_igb();
	modprobe("igbvf");
	modprobe("vfio-pci");
	modprobe("pci-stub");
	broker_begin("");
	kernel_log = log_open();
	/* Else its VFs' interfaces have no MAC. */
	ok(ip(text("link set %s up",
		   first_in(text(SYS_PCI "/%s/net", name_of(pf))))),
	   "the PF's interface is up");
	if (!begin())
		return done();
	test_up();
	test_enslaved();
	test_namespace();
	test_forced();
	test_pfs();
	test_disk();
	test_pf_unbound();
	test_nvme_unbound();
	test_unload();
	return done();
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The world moves underneath: PFs are removed, rescanned, unbound, pulled, and
 * root writes to sysfs.  After each of it the broker's picture is sysfs's,
 * holders have been told, nothing is stuck, and the next enable works.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "picture.h"
#include "vfio.h"

static struct sriov_broker_addr pf;
static struct sriov_broker_why why;
static char pf_name[16];

/* sysfs's files of the PF */
static char *attr(const char *name)
{
	return text(SYS_PCI "/%s/%s", pf_name, name);
}

static int rescan(void)
{
	return put("/sys/bus/pci/rescan", "1");
}

static bool has_driver(void)
{
	return driver_of(pf_name)[0];
}

static void set_drain(void)
{
	if (put("/sys/module/" MODULE "/parameters/drain_timeout", "30"))
		bail("no drain_timeout");
}

static bool begin(unsigned int num)
{
	return worked(enable(pf, num, "vfio-pci", &why), &why,
		      text("%u VFs", num));
}

static void end(const char *after)
{
	ok(eventually(LONG_MS, has_driver()), "%s: the PF has its driver",
	   after);
	worked(enable(pf, 2, "vfio-pci", &why), &why,
	       text("%s: VFs can be enabled", after));
	is(count_state(pf, SRIOV_BROKER_VF_FREE), 2, "%s: in the pool", after);
	worked(disable(pf, &why), &why, text("%s: and disabled", after));
}

/* One after the other: removed, and found again. */
static void remove_and_find(const char *what, int fd)
{
	struct sriov_broker_pf listed;
	unsigned int num = 1;

	is(put(attr("remove"), "1"), 0, "%s: sysfs removes the PF", what);
	ok(!exists(text(SYS_PCI "/%s", pf_name)), "%s: it is gone", what);
	if (fd >= 0)
		check_told(fd, SRIOV_BROKER_LEASE_CAUSE_PF, what);
	check_picture(what);
	is(list_pfs(pf, &listed, &num), ENODEV, "%s: the broker knows it",
	   what);
	refused(enable(pf, 1, "vfio-pci", &why), ENODEV, &why,
		SRIOV_BROKER_WHY_NO_DEVICE, pf,
		text("%s: nothing can be enabled", what));
	ok(eventually(LONG_MS, !vfs_in_sysfs()), "%s: no orphans are left",
	   what);
	is(rescan(), 0, "%s: rescan", what);
	check_picture(what);
}

static void test_remove(void)
{
	if (!begin(3))
		return;
	remove_and_find("PF removed", -1);
	end("PF removed");
}

static void test_remove_leased(void)
{
	struct sriov_broker_grant g[2];
	struct sriov_broker_info i;

	if (!begin(3))
		return;
	lease(vf_at(pf, 1), "doomed", &g[0], NULL);
	lease(vf_at(pf, 2), "doomed, too", &g[1], NULL);
	remove_and_find("PF removed under leases", g[0].fd);
	ok(poll_says_gone(g[1].fd, 0), "the second holder is told, too");
	close(broker);
	is(remove_module(MODULE), EWOULDBLOCK,
	   "the module stays while dead leases are open");
	broker = open(NODE, O_RDWR | O_CLOEXEC);
	end("PF removed under leases");
	close(g[0].fd);
	close(g[1].fd);
	ok(!info(&i) && !i.num_leases, "closed, they are no more");
	close(broker);
	is(remove_module(MODULE), 0, "and the module goes");
	is(insert_module(module_path(), ""), 0, "it comes again");
	broker = open(NODE, O_RDWR | O_CLOEXEC);
	set_drain();
}

static void unbind_and_bind(const char *what, int fd)
{
	struct sriov_broker_grant g;
	char driver[32];

	strcpy(driver, driver_of(pf_name));
	is(unbind(pf_name), 0, "%s: sysfs unbinds the PF's driver", what);
	if (fd >= 0)
		check_told(fd, SRIOV_BROKER_LEASE_CAUSE_PF, what);
	check_picture(what);
	/* Some drivers leave them on: dead, until it is there again. */
	if (numvfs(pf)) {
		refused(lease(pf, "", &g, &why), EBUSY, &why,
			SRIOV_BROKER_WHY_NO_PF_DRIVER, pf,
			text("%s: VFs that it left on are not leased", what));
		refused(lease(vf_at(pf, 2), "", &g, &why), EBUSY, &why,
			SRIOV_BROKER_WHY_NO_PF_DRIVER, pf,
			text("%s: nor by name", what));
	}
	is(bind_to(pf_name, driver), 0, "%s: and binds it again", what);
	check_picture(what);
}

static void test_unbind(void)
{
	struct sriov_broker_grant g;

	if (!begin(3))
		return;
	unbind_and_bind("PF unbound", -1);
	end("PF unbound");

	if (!begin(3))
		return;
	lease(vf_at(pf, 0), "", &g, NULL);
	unbind_and_bind("PF unbound under a lease", g.fd);
	close(g.fd);
	comes_back(
		pf); /* some drivers leave the VFs, and this one is being reset */
	end("PF unbound under a lease");
}

/* Tenants come and go all the time, and don't know what is done to the PF. */
static bool let_be;

static void *lease_always(void *granted)
{
	struct sriov_broker_grant g;

	while (!__atomic_load_n(&let_be, __ATOMIC_RELAXED)) {
		if (lease(pf, "", &g, NULL))
			continue;
		__atomic_fetch_add((unsigned int *)granted, 1,
				   __ATOMIC_RELAXED);
		close(g.fd);
	}
	return NULL;
}

static void test_unbind_busy(void)
{
	struct sriov_broker_info i;
	unsigned int granted = 0;
	char driver[32];
	pthread_t thread;
	int n;

	strcpy(driver, driver_of(pf_name));
	let_be = false;
	if (pthread_create(&thread, NULL, lease_always, &granted))
		bail("no thread");
	for (n = 1; n <= 2; n++) {
		begin(3);
		ok(eventually(LONG_MS, __atomic_exchange_n(&granted, 0,
							   __ATOMIC_RELAXED)),
		   "PF unbound, leased all the time, %d: it is leased", n);
		is(unbind(pf_name), 0,
		   "PF unbound, leased all the time, %d: it goes", n);
		is(bind_to(pf_name, driver), 0,
		   "PF unbound, leased all the time, %d: and comes", n);
	}
	__atomic_store_n(&let_be, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	ok(!info(&i) && !i.num_leases,
	   "PF unbound, leased all the time: no lease is left");
	ok(comes_back(pf), "PF unbound, leased all the time: all are back");
	check_picture("PF unbound, leased all the time");
	end("PF unbound, leased all the time");
}

/* sriov_numvfs: refused while a lease is out, noticed else. */
static void test_numvfs(void)
{
	struct sriov_broker_grant g;

	if (!begin(3))
		return;
	lease(vf_at(pf, 0), "", &g, NULL);
	is(put(attr("sriov_numvfs"), "0"), EACCES,
	   "numvfs: 0 is refused with a lease out");
	chmod(attr("sriov_numvfs"), 0644);
	is(put(attr("sriov_numvfs"), "0"), EPERM,
	   "numvfs: also where root has changed the mode");
	is(numvfs(pf), 3, "numvfs: all are there");
	is(state_of(g.vf), SRIOV_BROKER_VF_LEASED, "numvfs: and leased");
	close(g.fd);
	ok(comes_back(pf), "numvfs: given back");
	is(put(attr("sriov_numvfs"), "0"), 0, "numvfs: then 0 works");
	check_picture("numvfs 0");
	is(put(attr("sriov_numvfs"), "2"), 0, "numvfs: root enables 2");
	check_picture("numvfs 2");
	is(count_state(pf, SRIOV_BROKER_VF_HOST), 2, "numvfs: the host's");
	is(put(attr("sriov_numvfs"), "0"), 0, "numvfs: and disables them");
	check_picture("numvfs 0 again");
	end("numvfs");
}

/* A pool VF that root unbinds is in no pool until an admin says whose it is. */
static void test_vf_unbound(void)
{
	const char *hosts = strcmp(driver_of(pf_name), "igb") ? "nvme" :
								"igbvf";
	struct sriov_broker_grant g;
	struct sriov_broker_addr vf;
	char dev[16];

	modprobe(hosts);
	if (!begin(3))
		return;
	vf = vf_at(pf, 1);
	strcpy(dev, name_of(vf));
	is(unbind(dev), 0, "unbind: sysfs unbinds a free VF");
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED),
	   "unbind: it left the pool");
	check_picture("unbind");
	is(lease(vf, "", &g, &why), EBUSY, "unbind: it can't be leased");
	is(why.reason, SRIOV_BROKER_WHY_QUARANTINED,
	   "unbind: it is in quarantine");
	set_override(dev, "\n");
	probe(dev);
	ok(!driver_of(dev)[0], "unbind: no driver of the host gets it");
	set_override(dev, hosts);
	probe(dev);
	ok(!driver_of(dev)[0], "unbind: not by name either");
	worked(clear(vf, &why), &why, "unbind: CLEAR brings it back");
	ok(comes_to(vf, SRIOV_BROKER_VF_FREE), "unbind: it is free");
	ok(!strcmp(driver_of(dev), "vfio-pci"), "unbind: with its driver");
	is(unbind(dev), 0, "unbind: once more");
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED),
	   "unbind: and out of the pool");
	worked(bind_vfs(vf, 0, 0, "host", &why), &why,
	       "unbind: BIND gives it to the host");
	ok(!override_of(dev)[0], "unbind: no override is left behind");
	worked(bind_vfs(vf, 0, 0, "vfio-pci", &why), &why,
	       "unbind: BIND brings it back");
	is(state_of(vf), SRIOV_BROKER_VF_FREE, "unbind: it is free");

	set_override(dev, "pci-stub");
	is(state_of(vf), SRIOV_BROKER_VF_FREE,
	   "override: writing it does nothing by itself");
	is(unbind(dev), 0, "override: unbound");
	is(probe(dev), 0, "override: and probed");
	ok(!strcmp(driver_of(dev), "pci-stub"), "override: root has its way");
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED),
	   "override: it left the pool");
	check_picture("override");
	is(enable(pf, 3, "vfio-pci", &why), EBUSY,
	   "override: ENABLE lets it be");
	is(why.reason, SRIOV_BROKER_WHY_QUARANTINED, "override: and says why");
	worked(clear(vf, &why), &why, "override: CLEAR puts it right");
	ok(comes_to(vf, SRIOV_BROKER_VF_FREE), "override: it is free");
	ok(!strcmp(driver_of(dev), "vfio-pci"), "override: with its driver");
	is(count_state(pf, SRIOV_BROKER_VF_FREE), 3, "override: all free");
	worked(disable(pf, &why), &why, "override: disable");
}

/* Off its driver and on again, as driverctl and dpdk-devbind do: it has been elsewhere. */
static void test_vf_rebound(void)
{
	struct sriov_broker_addr vf;
	char dev[16];
	__u64 before;

	if (!begin(2))
		return;
	vf = vf_at(pf, 0);
	strcpy(dev, name_of(vf));
	before = stat_of(SRIOV_BROKER_STAT_RETURN).count;
	is(unbind(dev), 0, "rebound: sysfs unbinds a free VF");
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED),
	   "rebound: it left the pool");
	is(bind_to(dev, "vfio-pci"), 0, "rebound: sysfs binds it again");
	ok(comes_to(vf, SRIOV_BROKER_VF_FREE), "rebound: it is back");
	is(stat_of(SRIOV_BROKER_STAT_RETURN).count - before, 1,
	   "rebound: by the return path");
	is(system(text("cd /sys/bus/pci/drivers/vfio-pci && "
		       "echo %s >unbind && echo %s >bind",
		       dev, dev)),
	   0, "rebound: at once");
	ok(eventually(LONG_MS,
		      stat_of(SRIOV_BROKER_STAT_RETURN).count - before == 2) &&
		   comes_to(vf, SRIOV_BROKER_VF_FREE),
	   "rebound: it is back, by the return path");
	check_picture("rebound");
	worked(disable(pf, &why), &why, "rebound: disable");
}

/* Root unbinds a leased VF, and binds it elsewhere: it comes back as it was. */
static void test_leased_unbound(void)
{
	struct sriov_broker_grant g;
	char dev[16];

	if (!begin(2))
		return;
	lease(vf_at(pf, 1), "", &g, NULL);
	strcpy(dev, name_of(g.vf));
	is(unbind(dev), 0, "leased: sysfs unbinds it");
	set_override(dev, "pci-stub");
	probe(dev);
	ok(!strcmp(driver_of(dev), "pci-stub"),
	   "leased: and binds it elsewhere");
	is(state_of(g.vf), SRIOV_BROKER_VF_LEASED, "leased: it stays leased");
	check_picture("leased");
	close(g.fd);
	ok(comes_to(g.vf, SRIOV_BROKER_VF_FREE), "leased: it comes back");
	ok(!strcmp(driver_of(dev), "vfio-pci") &&
		   !strcmp(override_of(dev), "vfio-pci"),
	   "leased: on its driver, with its override");
	worked(disable(pf, &why), &why, "leased: disable");
}

/* A single VF is removed. */
static void test_vf_removed(void)
{
	struct sriov_broker_grant g;
	struct sriov_broker_addr vf;

	if (!begin(3))
		return;
	vf = vf_at(pf, 2);
	if (!exists(text(SYS_PCI "/%s/remove", name_of(vf)))) {
		skip("sysfs has no file to remove a VF", "VF removed");
		worked(disable(pf, &why), &why, "VF removed: disable");
		return;
	}
	is(put(text(SYS_PCI "/%s/remove", name_of(vf)), "1"), 0,
	   "VF removed: sysfs removes a free one");
	check_picture("VF removed");
	is(lease(vf, "", &g, &why), ENODEV, "VF removed: it can't be leased");
	lease(vf_at(pf, 0), "", &g, NULL);
	is(put(text(SYS_PCI "/%s/remove", name_of(g.vf)), "1"), 0,
	   "VF removed: sysfs removes a leased one");
	check_told(g.fd, SRIOV_BROKER_LEASE_CAUSE_VF, "VF removed");
	check_picture("leased VF removed");
	close(g.fd);
	is(count_state(pf, SRIOV_BROKER_VF_FREE), 1, "VF removed: one is left");
	worked(disable(pf, &why), &why, "VF removed: disable");
	end("VF removed");
}

static void *disable_it(void *done)
{
	int err = disable_force(pf, SRIOV_BROKER_MAX_FORCE_MS, NULL);

	__atomic_store_n((int *)done, err ?: -1, __ATOMIC_RELEASE);
	return NULL;
}

/* A disable waits for a VF that is being set, and that leaves the bus instead. */
static void test_awaited_removed(void)
{
	struct sriov_broker_grant g;
	pthread_t thread;
	int fd, done = 0;

	if (strcmp(driver_of(pf_name), "igb"))
		return;
	if (!begin(2))
		return;
	lease(vf_at(pf, 1), "", &g, NULL);
	fd = open(NODE, O_RDWR | O_CLOEXEC);
	is(net_hold(fd, g.vf, g.id, &why), 0, "awaited: a VF is held");
	if (pthread_create(&thread, NULL, disable_it, &done))
		bail("no thread");
	ok(poll_says_gone(g.fd, LONG_MS), "awaited: its lease is revoked");
	is(state_of(g.vf), SRIOV_BROKER_VF_DRAINING, "awaited: it drains");
	is(unbind(pf_name), 0, "awaited: its PF's driver takes it along");
	ok(eventually(SRIOV_BROKER_MAX_FORCE_MS / 2,
		      __atomic_load_n(&done, __ATOMIC_ACQUIRE)),
	   "awaited: disable does not wait for the hold");
	pthread_join(thread, NULL);
	is(done, -1, "awaited: and succeeds");
	close(fd);
	close(g.fd);
	is(bind_to(pf_name, "igb"), 0, "awaited: the PF has its driver again");
	end("awaited");
}

/* QEMU has the VF open when its PF goes: it is told, and lets go. */
static void test_open_unbound(void)
{
	struct sriov_broker_grant g;
	struct vfio v;
	int status;
	pid_t pid;

	if (!begin(2))
		return;
	lease(vf_at(pf, 0), "", &g, NULL);
	is(vfio_open(&v, name_of(g.vf)), 0, "open: the lease's VF");
	pid = fork();
	if (!pid) {
		vfio_close(&v);
		close(g.fd);
		_exit(put(attr("remove"), "1"));
	}
	ok(poll_says_gone(g.fd, LONG_MS), "open: the holder is told");
	vfio_close(&v);
	close(g.fd);
	ok(eventually(LONG_MS, waitpid(pid, &status, WNOHANG) == pid),
	   "open: the user lets go, the removal goes on");
	check_picture("open");
	ok(eventually(LONG_MS, !vfs_in_sysfs()), "open: no orphans are left");
	rescan();
	end("open");
}

/*
 * nvme leaves its VFs behind when its PF is removed. One that a user has open
 * stays an orphan, and nothing is enabled where it is, until the user lets go.
 */
static void test_orphan(void)
{
	struct sriov_broker_grant g;
	struct sriov_broker_addr vf;
	struct vfio v;
	int status;
	pid_t pid;

	if (!begin(2))
		return;
	vf = vf_at(pf, 1);
	lease(vf, "", &g, NULL);
	is(vfio_open(&v, name_of(vf)), 0, "orphan: the lease's VF is opened");
	pid = fork();
	if (!pid) {
		vfio_close(&v);
		close(g.fd);
		_exit(put(attr("remove"), "1"));
	}
	ok(poll_says_gone(g.fd, LONG_MS), "orphan: the holder is told");
	ok(eventually(LONG_MS, waitpid(pid, &status, WNOHANG) == pid),
	   "orphan: the removal does not wait for the user");
	ok(eventually(LONG_MS, vfs_in_sysfs() == 1) &&
		   exists(text(SYS_PCI "/%s", name_of(vf))),
	   "orphan: of its VFs the one that is open is left");
	is(rescan(), 0, "orphan: rescan");
	ok(eventually(LONG_MS, has_driver()), "orphan: the PF is back");
	refused(enable(pf, 2, "vfio-pci", &why), EBUSY, &why,
		SRIOV_BROKER_WHY_ORPHANS, vf, "orphan: nothing is enabled");
	is(numvfs(pf), 0, "orphan: there are no VFs of this PF");
	worked(enable(find_igb(0), 1, "vfio-pci", &why), &why,
	       "orphan: it is not in another PF's way");
	worked(disable(find_igb(0), &why), &why, "orphan: disable");
	/* Its PF does not know it any more: vfio's reset would wait a minute for it. */
	put(text(SYS_PCI "/%s/reset_method", name_of(vf)), "\n");
	vfio_close(&v);
	close(g.fd);
	ok(eventually(LONG_MS, !vfs_in_sysfs()), "orphan: let go, it is gone");
	end("orphan");
}

/* The module goes in the middle of it all and comes again. */
static void test_reload(void)
{
	is(put(attr("sriov_numvfs"), "2"), 0, "reload: root enables 2 VFs");
	close(broker);
	is(remove_module(MODULE), 0, "reload: the module goes");
	is(numvfs(pf), 2, "reload: root's VFs stay");
	is(insert_module(module_path(), ""), 0, "reload: it comes again");
	broker = open(NODE, O_RDWR | O_CLOEXEC);
	check_picture("reload");
	worked(disable(pf, &why), &why, "reload: disable");
}

/* VFs are on their way back when their PF leaves, and then the module does. */
static void test_unload_after_remove(void)
{
	struct sriov_broker_grant g[2];

	if (!begin(3))
		return;
	lease(vf_at(pf, 0), "", &g[0], NULL);
	lease(vf_at(pf, 1), "", &g[1], NULL);
	close(g[0].fd);
	is(put(attr("remove"), "1"), 0, "unloaded: the PF is removed");
	close(g[1].fd);
	close(broker);
	is(remove_module(MODULE), 0, "unloaded: the module goes at once");
	is(rescan(), 0, "unloaded: rescan");
	is(insert_module(module_path(), ""), 0, "unloaded: it comes again");
	broker = open(NODE, O_RDWR | O_CLOEXEC);
	check_picture("unloaded");
	end("unloaded");
}

/*
 * The PCI core itself never frees an nvme PF that is removed with its VFs on:
 * kmemleak would report that, with or without us.
 */
static bool can_remove(void)
{
	if (strcmp(driver_of(pf_name), "nvme") ||
	    !exists("/sys/kernel/debug/kmemleak"))
		return true;
	skip("this kernel leaks such a PF, and kmemleak would tell",
	     "an nvme PF is removed");
	return false;
}

static void test_all(struct sriov_broker_addr addr, const char *kind)
{
	if (same_addr(addr, no_addr)) {
		skip("there is none", "an %s PF", kind);
		return;
	}
	pf = addr;
	strcpy(pf_name, name_of(pf));
	diag("%s %s", kind, pf_name);
	if (can_remove()) {
		test_remove();
		test_remove_leased();
		test_open_unbound();
		if (!strcmp(driver_of(pf_name), "nvme"))
			test_orphan();
		test_unload_after_remove();
	}
	test_unbind();
	test_unbind_busy();
	test_numvfs();
	test_vf_unbound();
	test_vf_rebound();
	test_leased_unbound();
	test_vf_removed();
	test_awaited_removed();
	test_reload();
}

int main(void)
{
	struct sriov_broker_addr igb = find_igb(0), nvme = find_nvme(0);

	modprobe("pci-stub");
	broker_begin("");
	set_drain();
	test_all(igb, "igb");
	test_all(nvme, "nvme");
	return done();
}

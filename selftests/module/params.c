// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's parameters: what a bad value says in the log, and what the good
 * ones do, at load, when written, and when PFs and drivers come and go.
 */
#define _GNU_SOURCE
#include "broker.h"
#include "caps.h"
#include "child.h"
#include "vfio.h"

#define PARAMS "/sys/module/" MODULE "/parameters/"

static struct sriov_broker_addr igb, nvme;
static struct sriov_broker_why why;
static int kernel_log;

static int unload(void)
{
	if (broker >= 0)
		close(broker);
	broker = -1;
	return have_module(MODULE) ? remove_module(MODULE) : 0;
}

static int load(const char *params)
{
	int err = unload() ?: insert_module(module_path(), params);

	if (!err)
		broker = open(NODE, O_RDWR | O_CLOEXEC);
	return err;
}

/* A load that fails, and a line in the log with the bad part in it. */
static void bad(const char *params, const char *part)
{
	int err;

	log_count(kernel_log, "", "");
	err = load(params);
	is(err, EINVAL, "%s: the load fails", params);
	ok(log_count(kernel_log, MODULE, part) > 0, "%s: the log says '%s'",
	   params, part);
	ok(!have_module(MODULE), "%s: nothing is loaded", params);
	if (!err)
		unload();
}

static void test_bad(void)
{
	bad("driver=../x", "../x");
	bad("driver=", "driver");
	bad("pfs=0000:01:00.0", "0000:01:00.0");
	bad("pfs=0000:01:00.0=7,banana=3", "banana=3");
	bad("pfs=0000:01:00.0=0", "0000:01:00.0=0");
	bad("pfs=0000:01:00.0=x", "0000:01:00.0=x");
	bad("pfs=0000:01:00.0=-1", "0000:01:00.0=-1");
	bad("pfs=0000:01:00.0=3:no/driver", "no/driver");
	bad("pfs=0000:01:20.0=3", "0000:01:20.0=3");
	bad("pfs=0000:01:00.0=3,0000:01:00.0=4", "twice");
	bad("pfs=0000:01:00.0=3,,", "pfs");
	bad("pfs=0000:01:00.0=3:open:vfio-pci:open", "vfio-pci");
	bad("pfs=0000:01:00.0=3:vfio-pci:pci-stub", "pci-stub");
	bad("pfs=0000:01:00.0=3:", "0000:01:00.0=3");
	bad("drain_timeout=0", "drain_timeout");
	bad("drain_timeout=3601", "drain_timeout");
	bad("drain_timeout=x", "drain_timeout");
	bad("unload=sometimes", "sometimes");
	bad("protect=maybe", "maybe");
}

/* One point: so many VFs, all on that driver. */
static bool on(struct sriov_broker_addr pf, int num, const char *driver)
{
	int i, good = numvfs(pf) == num;

	for (i = 0; i < num && good; i++)
		good = !strcmp(driver_of(name_of(vf_at(pf, i))), driver);
	return good;
}

static void becomes(struct sriov_broker_addr pf, int num, const char *driver,
		    const char *when)
{
	ok(eventually(LONG_MS, on(pf, num, driver) &&
				       count_state(pf, SRIOV_BROKER_VF_FREE) ==
					       (unsigned int)num),
	   "%s: %d VFs on %s, in the pool", when, num, driver);
}

static void test_pfs_at_load(void)
{
	char *params =
		text("driver=pci-stub pfs=%s=3,%s=2:vfio-pci,0000:77:00.0=4",
		     name_of(igb), name_of(nvme));
	struct sriov_broker_info i;

	is(load(params), 0, "a load with pfs, one of which is not there");
	ok(on(igb, 3, "pci-stub"),
	   "the first has its VFs on the default driver");
	ok(on(nvme, 2, "vfio-pci"), "the second on its own");
	is(count_state(no_addr, SRIOV_BROKER_VF_FREE), 5, "all in the pool");
	ok(!info(&i) && !strcmp(i.driver, "pci-stub"),
	   "INFO tells the default driver");
	ok(strstr(get(PARAMS "pfs"), text("%s=3", name_of(igb))),
	   "the parameter can be read");
}

/* The PFs' coming and going, with the parameter of test_pfs_at_load(). */
static void test_pfs_later(void)
{
	char name[16];

	strcpy(name, name_of(igb));
	put(text(SYS_PCI "/%s/remove", name), "1");
	ok(!exists(text(SYS_PCI "/%s", name)), "the PF is removed");
	put("/sys/bus/pci/rescan", "1");
	becomes(igb, 3, "pci-stub", "found again");
	worked(disable(igb, &why), &why, "an admin disables them");
	sleep_ms(3000);
	is(numvfs(igb), 0, "and that is it");
	is(unbind(name), 0, "the PF's driver is unbound");
	is(bind_to(name, "igb"), 0, "and bound again");
	becomes(igb, 3, "pci-stub", "bound again");
}

static void test_written(void)
{
	char *before = snapshot();

	log_count(kernel_log, "", "");
	is(put(PARAMS "pfs", "0000:01:00.0"), EINVAL,
	   "a bad value can't be written");
	ok(log_count(kernel_log, MODULE, "0000:01:00.0") > 0,
	   "the log says so");
	is(put(PARAMS "driver", "a/b"), EINVAL, "nor a bad driver");
	is(put(PARAMS "drain_timeout", "0"), EINVAL, "nor no time to drain");
	is(put(PARAMS "unload", "x"), EINVAL, "nor a bad unload");
	unchanged(before, "bad values");

	is(put(PARAMS "driver", "vfio-pci\n"), 0, "the default is changed");
	ok(!strcmp(get(PARAMS "driver"), "vfio-pci"), "and read");
	is(put(PARAMS "pfs", text("%s=4", name_of(igb))), 0, "pfs is written");
	becomes(igb, 4, "vfio-pci", "written");
	is(numvfs(nvme), 2, "a PF that is no longer named keeps its VFs");
	is(put(PARAMS "pfs", "\n"), 0, "pfs is emptied");
	ok(!get(PARAMS "pfs")[0], "and reads so");
	is(unload(), 0, "the module goes");
	ok(!numvfs(igb) && !numvfs(nvme), "and its VFs with it");
}

/* A driver that comes late finds its device, and then has VFs. */
static void test_late(void)
{
	char dev[16];

	strcpy(dev, name_of(igb));
	is(unbind(dev), 0, "late: the PF has no driver");
	log_count(kernel_log, "", "");
	is(load(text("pfs=%s=3", dev)), 0, "late: a load");
	ok(log_count(kernel_log, MODULE, "wait") > 0,
	   "late: the log says what is waited for");
	sleep_ms(3000);
	ok(!driver_of(dev)[0] && !numvfs(igb), "late: the PF is let be");
	is(bind_to(dev, "igb"), 0, "late: its driver comes");
	becomes(igb, 3, "vfio-pci", "late");
	worked(disable(igb, &why), &why, "late: disable");
	is(unbind(dev), 0, "nodriver: the PF has no driver");
	is(put(PARAMS "pfs", text("%s=2:nodriver", dev)), 0,
	   "nodriver: it is to have none");
	becomes(igb, 2, "vfio-pci", "nodriver");
	ok(!strncmp(driver_of(dev), MODULE, strlen(MODULE)),
	   "nodriver: on the module's own driver");
	ok(strstr(get(PARAMS "pfs"), ":nodriver"), "nodriver: it reads so");
	put(PARAMS "pfs", "\n");
	is(unload(), 0, "nodriver: the module goes");
	ok(eventually(LONG_MS, !strcmp(driver_of(dev), "igb")),
	   "nodriver: the host's driver has the PF again");
}

/*
 * A child without a capability, as @user, writes a parameter. Returns how that ended: 0 or an
 * errno.
 */
static int put_without(unsigned int cap, uid_t user, const char *name,
		       const char *value)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(setresuid(user, user, user) || drop_cap(cap) ?
			      255 :
			      put(text(PARAMS "%s", name), value));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* Root without capabilities may have the files, not what they do; and so with any other mode. */
static void test_caps(void)
{
	static const char *const names[] = {
		"pfs",		 "driver",     "unload",
		"drain_timeout", "max_leases", "max_leases_per_user"
	};
	static const char *const values[] = {
		"0000:77:00.0=1", "pci-stub", "keep", "7", "7", "7"
	};
	unsigned int i;
	char was[64];

	is(load(""), 0, "caps: a load");
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		strcpy(was, get(text(PARAMS "%s", names[i])));
		is(put_without(CAP_SYS_ADMIN, 0, names[i], values[i]), EPERM,
		   "caps: %s can't be written without them", names[i]);
		ok(!strcmp(get(text(PARAMS "%s", names[i])), was),
		   "caps: %s is as it was", names[i]);
	}
	chmod(PARAMS "pfs", 0666);
	is(put_without(CAP_SYS_ADMIN, 65534, "pfs", values[0]), EPERM,
	   "caps: nor by a user that may open the file");
	chmod(PARAMS "pfs", 0644);
	is(unload(), 0, "caps: the module goes");
}

/* A writer that may not load modules has none loaded, but for those that VFs of a pool are on. */
static void test_may_load(void)
{
	char dev[16];

	strcpy(dev, name_of(igb));
	remove_module("igbvf");
	if (have_module("igbvf")) {
		skip("igbvf can't be removed", "modules: pfs loads one");
		return;
	}
	is(load(""), 0, "modules: a load");
	log_count(kernel_log, "", "");
	is(put_without(CAP_SYS_MODULE, 0, "pfs", text("%s=2:igbvf", dev)), 0,
	   "modules: pfs is written without CAP_SYS_MODULE");
	ok(eventually(LONG_MS, log_count(kernel_log, "igbvf failed", dev)),
	   "modules: the log says that it can't be had");
	ok(!have_module("igbvf"), "modules: igbvf is not loaded");
	is(numvfs(igb), 0, "modules: and there are no VFs");
	is(put_without(CAP_SYS_MODULE, 0, "pfs", text("%s=2:pci-stub", dev)), 0,
	   "modules: pci-stub is asked for so");
	becomes(igb, 2, "pci-stub", "modules: which needs no such right");
	is(put(PARAMS "pfs", text("%s=2:igbvf", dev)), 0,
	   "modules: written with CAP_SYS_MODULE");
	ok(eventually(LONG_MS, on(igb, 2, "igbvf")),
	   "modules: igbvf is loaded, and has the VFs");
	is(put(PARAMS "pfs", "\n"), 0, "modules: pfs is emptied");
	worked(disable(igb, &why), &why, "modules: disable");
	is(unload(), 0, "modules: the module goes");
}

static void test_open(void)
{
	struct sriov_broker_grant g;
	struct sriov_broker_addr vf;
	struct vfio v;

	is(load(text("pfs=%s=2:vfio-pci:open", name_of(igb))), 0,
	   "a load with an open PF");
	vf = vf_at(igb, 0);
	is(state_of(vf), SRIOV_BROKER_VF_OPEN, "its VFs are open");
	is(lease(vf, "", &g, &why), EBUSY, "they are not leased out");
	is(why.reason, SRIOV_BROKER_WHY_OPEN_POOL, "for being open");
	is(vfio_open(&v, name_of(vf)), 0, "any user may open them");
	refused(disable(igb, &why), EBUSY, &why, SRIOV_BROKER_WHY_IN_USE, vf,
		"but not disable one in use");
	vfio_close(&v);
	worked(disable(igb, &why), &why, "then they are disabled");
}

static void test_keep(void)
{
	struct sriov_broker_addr vf;

	is(load(text("unload=keep pfs=%s=2", name_of(igb))), 0,
	   "a load with unload=keep");
	ok(on(igb, 2, "vfio-pci"), "with its VFs");
	vf = vf_at(igb, 0);
	is(unload(), 0, "the module goes");
	ok(on(igb, 2, "vfio-pci"), "the VFs stay on and bound");
	ok(!strcmp(override_of(name_of(vf)), "vfio-pci"),
	   "with their override");
	is(load(""), 0, "it comes again");
	is(state_of(vf), SRIOV_BROKER_VF_HOST, "they are not its own");
	worked(enable(igb, 2, "vfio-pci", &why), &why, "until it is told");
	is(state_of(vf), SRIOV_BROKER_VF_FREE, "then they are in the pool");
	worked(disable(igb, &why), &why, "and can be disabled");
}

static void test_protect(void)
{
	struct sriov_broker_grant g;
	struct stat st;

	is(load(text("protect=0 pfs=%s=1", name_of(igb))), 0,
	   "a load without protection");
	is(lease(igb, "", &g, &why), 0, "a lease");
	stat(text(SYS_PCI "/%s/sriov_numvfs", name_of(igb)), &st);
	is(st.st_mode & 0777, 0644, "sriov_numvfs keeps its mode");
	is(put(text(SYS_PCI "/%s/sriov_numvfs", name_of(igb)), "0"), 0,
	   "root's 0 goes through");
	is(lease_set(g.fd, SRIOV_BROKER_SET_LABEL, "x", 0), ENODEV,
	   "the lease is over");
	close(g.fd);
	is(unload(), 0, "the module goes");
}

static bool late; /* the broker may have looked amidst that */

/*
 * Root, by the hand of "sh": another number in sysfs. The broker looks three seconds after the
 * last of its VFs has gone; on a slow host that is before the new ones come.
 */
static int take_over(struct sriov_broker_addr pf, int num)
{
	long long begun = now_ms();
	int err = system(text("cd " SYS_PCI "/%s && echo 0 >sriov_numvfs && "
			      "echo %d >sriov_numvfs",
			      name_of(pf), num));

	late = now_ms() - begun > 2500;
	return err;
}

/* The event that tells of it, of all that there are. */
static bool told_of(struct sriov_broker_addr pf, unsigned int had,
		    unsigned int now)
{
	char buf[SRIOV_BROKER_EVENT_ROOM];
	struct sriov_broker_event *e = (void *)buf;
	ssize_t len;

	while ((len = read(broker, buf, sizeof(buf))) > 0) {
		for (; len > 0; len -= e->size, e = (void *)e + e->size)
			if (e->type == SRIOV_BROKER_EVENT_PF_REPLACED)
				return same_addr(e->pf, pf) &&
				       e->old_value == had && e->value == now &&
				       !e->index && e->pid && !e->uid &&
				       !strcmp(e->comm, "sh");
		e = (void *)buf;
	}
	return false;
}

/* A pool that another program replaces. */
static void test_replaced(void)
{
	char buf[SRIOV_BROKER_EVENT_ROOM];
	int said = 0, err;
	bool told;

	is(load(""), 0, "replaced: a load");
	fcntl(broker, F_SETFL, O_NONBLOCK);
	if (read(broker, buf, sizeof(buf)) >= 0)
		diag("an event before any");
	worked(enable(igb, 5, "vfio-pci", &why), &why, "replaced: 5 VFs");
	log_count(kernel_log, "", "");
	is(take_over(igb, 3), 0, "replaced: root takes them, and has 3");
	told = eventually(LONG_MS, told_of(igb, 5, 3));
	if (!told && late) {
		skip("this machine is too slow", "replaced: event and log");
	} else {
		ok(told, "replaced: an event tells of it");
		/* After the event. */
		ok(eventually(LONG_MS,
			      (said += log_count(
				       kernel_log,
				       "had 5 VFs on vfio-pci, has 3 now: sh ",
				       "pid")) == 1),
		   "replaced: and the log, by name");
	}
	is(count_state(igb, SRIOV_BROKER_VF_HOST), 3,
	   "replaced: they are the host's");
	log_count(kernel_log, "", "");
	worked(disable(igb, &why), &why, "replaced: disable");
	worked(enable(igb, 2, "vfio-pci", &why), &why, "replaced: 2 VFs");
	worked(disable(igb, &why), &why, "replaced: taken by ourselves");
	sleep_ms(4000);
	is(log_count(kernel_log, "took them", ""), 0,
	   "replaced: of which nothing is said");

	put(PARAMS "pfs", text("%s=4", name_of(igb)));
	becomes(igb, 4, "vfio-pci", "amended: pfs says 4");
	err = take_over(igb, 3);
	if (err && late)
		skip("this machine is too slow", "amended: root has 3");
	else
		is(err, 0, "amended: root has 3");
	becomes(igb, 4, "vfio-pci", "amended: but pfs says 4");
	is(put(text(SYS_PCI "/%s/sriov_numvfs", name_of(igb)), "0"), 0,
	   "amended: root has none");
	becomes(igb, 4, "vfio-pci", "amended: but pfs says 4");
	is(unload(), 0, "amended: the module goes");
}

#define MANY 50

static int root_makes_many(void)
{
	return put(text(SYS_PCI "/%s/sriov_numvfs", name_of(nvme)),
		   text("%d", MANY));
}

/* What pfs says is looked at while root's VFs are made, which the PCI core counts at the end only. */
static void race(const char *when)
{
	char first[64], last[64];
	pid_t pid;

	snprintf(first, sizeof(first), SYS_PCI "/%s/virtfn0", name_of(nvme));
	snprintf(last, sizeof(last), SYS_PCI "/%s/virtfn%d", name_of(nvme),
		 MANY - 1);
	pid = child(root_makes_many);
	ok(eventually(LONG_MS, exists(first)), "%s: root's first VF is there",
	   when);
	is(put(PARAMS "pfs", text("%s=2", name_of(nvme))), 0, "%s: pfs says 2",
	   when);
	if (exists(last))
		skip("this machine is too slow",
		     "%s: before the last one is there", when);
	else
		ok(true, "%s: before the last one is there", when);
	is(ends(pid), 0, "%s: root has all of them", when);
}

static void test_raced(void)
{
	is(load(""), 0, "raced: a load");
	race("raced");
	becomes(nvme, 2, "vfio-pci", "raced: then what pfs says");
	is(unload(), 0, "raced: the module goes");

	is(load(""), 0, "outdone: a load");
	race("outdone");
	worked(enable(nvme, 3, "vfio-pci", &why), &why,
	       "outdone: an admin wants 3");
	sleep_ms(5000);
	is(numvfs(nvme), 3, "outdone: which pfs does not undo");
	is(unload(), 0, "outdone: the module goes");
}

static void test_protect_all(void)
{
	char attr[64];
	struct stat st;

	snprintf(attr, sizeof(attr), SYS_PCI "/%s/sriov_numvfs", name_of(igb));
	is(load("protect=all"), 0, "all: a load");
	ok(!strcmp(get(PARAMS "protect"), "all"), "all: it reads so");
	worked(enable(igb, 2, "vfio-pci", &why), &why, "all: 2 VFs");
	is(put(attr, "0"), EACCES, "all: root's 0 is refused, none is leased");
	chmod(attr, 0644);
	is(put(attr, "0"), EPERM, "all: also where the mode was changed");
	worked(enable(igb, 3, "host", &why), &why, "all: 3 for the host");
	is(put(attr, "0"), EACCES, "all: which are the broker's as well");
	worked(enable(igb, 2, "pci-stub", &why), &why, "all: we may");
	worked(disable(igb, &why), &why, "all: and disable");
	is(put(attr, "2"), 0, "all: then root may");
	is(put(attr, "0"), 0, "all: and root's own are not the broker's");
	worked(enable(igb, 2, "vfio-pci", &why), &why, "all: 2 again");
	is(unload(), 0, "all: the module goes");
	stat(attr, &st);
	is(st.st_mode & 0777, 0644, "all: the mode is as it was");
	is(load("protect=N"), 0, "none: a load");
	ok(!strcmp(get(PARAMS "protect"), "N"), "none: it reads so");
	worked(enable(igb, 2, "vfio-pci", &why), &why, "none: 2 VFs");
	snprintf(attr, sizeof(attr), SYS_PCI "/%s/remove",
		 name_of(vf_at(igb, 1)));
	if (access(attr, W_OK))
		skip("sysfs has no file to remove a VF",
		     "none: one goes by hand");
	else
		is(put(attr, "1"), 0, "none: one goes by hand");
	put(PARAMS "pfs", text("%s=3", name_of(igb)));
	becomes(igb, 3, "vfio-pci", "none: and has no part in what pfs says");
	is(unload(), 0, "none: the module goes");
}

int main(void)
{
	igb = need_igb();
	nvme = need_nvme();
	kernel_log = log_open();
	broker_owner = getpid();
	atexit(broker_end);
	children_begin();

	test_bad();
	test_pfs_at_load();
	test_pfs_later();
	test_written();
	test_late();
	test_caps();
	test_may_load();
	test_open();
	test_keep();
	test_protect();
	test_replaced();
	test_raced();
	test_protect_all();
	return done();
}

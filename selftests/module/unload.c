// SPDX-License-Identifier: GPL-2.0-only
/*
 * PFs that have no driver but ours, with a VF that a process has open through vfio
 * without a lease: nothing waits for that user, neither a DISABLE, nor the unloading of the
 * module, nor the unbinding of the PF; and all goes on when the user has let go.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/wait.h>

#include "picture.h"
#include "vfio.h"

static struct sriov_broker_addr pf;
static struct sriov_broker_why why;
static char pf_name[16];

static int enable_open(unsigned int num)
{
	struct sriov_broker_enable p = {
		.size = sizeof(p),
		.flags = SRIOV_BROKER_ENABLE_OPEN,
		.pf = pf,
		.num_vfs = num,
		.driver = "vfio-pci",
		.why = (uintptr_t)why_init(&why),
	};

	return call(broker, SRIOV_BROKER_ENABLE, &p);
}

/* Runs it in a child: its errno, or -1 if it has not returned in time. */
static int bounded(int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(fn());
	if (!eventually(LONG_MS, waitpid(pid, &status, WNOHANG) == pid)) {
		kill(pid, SIGKILL);
		return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int do_disable(void)
{
	return disable(pf, NULL);
}

static int do_unload(void)
{
	close(broker);
	return remove_module(MODULE);
}

static int do_unbind(void)
{
	return unbind(pf_name);
}

/* Two points: without VFs the PF is the host's again; and has no driver once more. */
static void given_back(const char *after)
{
	ok(eventually(LONG_MS, !strcmp(driver_of(pf_name), "nvme")),
	   "%s: the PF is given back to the host", after);
	is(unbind(pf_name), 0, "%s: its driver is taken off", after);
}

/* The driver that the PF has of its own leaves VFs on when it goes. */
static void test_failed_disable(void)
{
	struct vfio v;

	worked(enable_open(2), &why, "failed: 2 VFs, open to all");
	is(vfio_open(&v, name_of(vf_at(pf, 0))), 0, "failed: one is in use");
	is(unbind(pf_name), 0, "failed: the PF's driver goes");
	is(numvfs(pf), 2, "failed: the VFs are still on");
	is(bounded(do_disable), EBUSY, "failed: DISABLE is refused");
	ok(!driver_of(pf_name)[0], "failed: the PF is left as it was");
	ok(!override_of(pf_name)[0], "failed: without an override");
	check_picture("failed");
	vfio_close(&v);
	is(bounded(do_disable), 0,
	   "failed: DISABLE works when the user has let go");
	is(numvfs(pf), 0, "failed: no VFs");
	given_back("failed");
}

static void test_unload(void)
{
	struct vfio v;

	worked(enable_open(2), &why, "unload: 2 VFs of a PF without driver");
	ok(!override_of(pf_name)[0], "unload: the PF needs no override");
	is(vfio_open(&v, name_of(vf_at(pf, 1))), 0, "unload: one is in use");
	close(broker);
	is(bounded(do_unload), 0, "unload: does not wait for that");
	ok(!exists("/sys/module/" MODULE), "unload: the module is gone");
	ok(vfio_config(&v, PCI_VENDOR_ID) > 0, "unload: the VF can be used on");
	is(numvfs(pf), 2, "unload: the VFs are on");
	is(insert_module(module_path(), ""), 0, "unload: loaded again");
	broker = open(NODE, O_RDWR | O_CLOEXEC);
	check_picture("loaded again");
	is(bounded(do_disable), EBUSY, "unload: they are still not disabled");
	vfio_close(&v);
	worked(enable(pf, 3, "vfio-pci", &why), &why,
	       "unload: 3 VFs when the user has let go");
	is(count_state(pf, SRIOV_BROKER_VF_FREE), 3, "unload: in the pool");
	worked(disable(pf, &why), &why, "unload: and off");
	given_back("unload");
}

static void test_unbind(void)
{
	struct vfio v;

	worked(enable_open(2), &why, "unbind: 2 VFs");
	is(vfio_open(&v, name_of(vf_at(pf, 0))), 0, "unbind: one is in use");
	is(bounded(do_unbind), 0, "unbind: our driver goes, and does not wait");
	is(numvfs(pf), 2, "unbind: the VFs are on");
	check_picture("unbind");
	vfio_close(&v);
	worked(disable(pf, &why), &why, "unbind: off when the user has let go");
	given_back("unbind");
	worked(enable(pf, 2, "vfio-pci", &why), &why, "unbind: on again");
	is(unbind(pf_name), 0, "unbind: no user has one");
	is(numvfs(pf), 0, "unbind: then the VFs go with it");
	check_picture("unbind, unused");
}

/* VFs that root enables after ours have gone are root's, and not open. */
static void test_roots_own(void)
{
	char numvfs_path[64];

	snprintf(numvfs_path, sizeof(numvfs_path), SYS_PCI "/%s/sriov_numvfs",
		 pf_name);
	is(enable_open(3), 0, "3 open VFs");
	worked(disable(pf, &why), &why, "are disabled");
	is(put(numvfs_path, "2"), 0, "root enables two");
	worked(bind_vfs(pf, 0, 0, "vfio-pci", &why), &why, "on vfio-pci");
	is(count_state(pf, SRIOV_BROKER_VF_FREE), 2, "they are in the pool");
	worked(enable(pf, 3, "vfio-pci", &why), &why,
	       "3 of ours in their place");
	is(put(numvfs_path, "0"), 0, "which root disables");
	is(put(numvfs_path, "2"), 0, "and enables two");
	close(broker);
	broker = -1;
	is(remove_module(MODULE), 0, "the module goes");
	is(numvfs(pf), 2, "root's VFs are still on");
	is(put(numvfs_path, "0"), 0, "until root disables them");
	broker_begin("");
}

int main(void)
{
	pf = need_nvme();
	strcpy(pf_name, name_of(pf));
	broker_begin("");
	test_roots_own();
	test_failed_disable();
	test_unload();
	test_unbind();
	is(probe(pf_name), 0, "the PF is probed");
	ok(eventually(LONG_MS, !strcmp(driver_of(pf_name), "nvme")),
	   "and has its driver again");
	return done();
}

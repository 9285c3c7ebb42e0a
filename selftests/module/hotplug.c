// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PF is pulled out of its slot and pushed in again, through the monitor of the
 * QEMU that this machine runs in: with no lease out, with one, and with a VF in
 * use.
 */
#define _GNU_SOURCE
#include <sys/eventfd.h>

#include "monitor.h"
#include "picture.h"
#include "vfio.h"

#define DEVICE "igb1"

static struct sriov_broker_addr pf;
static struct sriov_broker_why why;

static bool is_there(void)
{
	return driver_of(name_of(pf))[0];
}

/*
 * QEMU refuses while the slot's power indicator blinks: after a push the guest is at
 * that for a while longer than the driver takes to bind.  Asked once more than it takes, it
 * says that the device is going, or has gone: that is what was wanted.
 */
static bool pull(void)
{
	return eventually(LONG_MS,
			  monitor_says("device_del", "\"id\":\"" DEVICE "\"") ||
				  strstr(monitor_answer, "process of unplug") ||
				  strstr(monitor_answer, "DeviceNotFound"));
}

/* QEMU takes its time after the guest has let go. */
static bool push(void)
{
	return eventually(LONG_MS,
			  monitor_says("device_add",
				       "\"driver\":\"igb\",\"id\":\"" DEVICE
				       "\",\"bus\":\"port-" DEVICE
				       "\",\"netdev\":\"net-" DEVICE
				       "\",\"romfile\":\"\""));
}

static bool begin(void)
{
	return worked(enable(pf, 3, "vfio-pci", &why), &why, "3 VFs");
}

static void push_and_check(const char *what)
{
	ok(eventually(LONG_MS, !exists(text(SYS_PCI "/%s", name_of(pf)))),
	   "%s: it is gone", what);
	ok(eventually(LONG_MS, !vfs_in_sysfs()), "%s: no orphans are left",
	   what);
	check_picture(what);
	if (!ok(push(), "%s: pushed in again", what))
		return;
	ok(eventually(LONG_MS, is_there()), "%s: it is there", what);
	check_picture(what);
	worked(enable(pf, 2, "vfio-pci", &why), &why,
	       text("%s: VFs can be enabled", what));
	is(count_state(pf, SRIOV_BROKER_VF_FREE), 2, "%s: in the pool", what);
	worked(disable(pf, &why), &why, text("%s: and disabled", what));
}

static void test_pull(void)
{
	if (!begin())
		return;
	ok(pull(), "pulled");
	push_and_check("pulled");
}

static void test_pull_leased(void)
{
	struct sriov_broker_grant g;

	if (!begin())
		return;
	lease(vf_at(pf, 1), "", &g, NULL);
	ok(pull(), "pulled under a lease");
	/* A slot is emptied from the bus's end, where the VFs are. */
	check_told(g.fd, SRIOV_BROKER_LEASE_CAUSE_VF, "pulled under a lease");
	push_and_check("pulled under a lease");
	close(g.fd);
}

/* The user is told by vfio while the removal waits for it. */
static void test_pull_open(void)
{
	struct sriov_broker_grant g;
	struct pollfd request = { .events = POLLIN };
	struct vfio v;

	if (!begin())
		return;
	lease(vf_at(pf, 1), "", &g, NULL);
	is(vfio_open(&v, name_of(g.vf)), 0, "a VF is in use");
	request.fd = eventfd(0, EFD_CLOEXEC);
	is(vfio_signal(&v, VFIO_PCI_REQ_IRQ_INDEX, request.fd), 0,
	   "its user wants to be asked for it");
	ok(pull(), "pulled in use");
	is(poll(&request, 1, LONG_MS), 1, "pulled in use: the user is asked");
	ok(!poll_says_gone(g.fd, 0), "pulled in use: the lease goes on");
	vfio_close(&v);
	check_told(g.fd, SRIOV_BROKER_LEASE_CAUSE_VF, "pulled in use");
	close(request.fd);
	close(g.fd);
	push_and_check("pulled in use");
}

int main(void)
{
	pf = find_igb(1);
	if (same_addr(pf, no_addr))
		bail("the machine has no PF to pull");
	/*
	 * pciehp takes its own locks in both orders, and the PCI core never frees
	 * a PF whose VFs were removed one by one: with or without us.
	 */
	if (exists("/sys/kernel/debug/kmemleak")) {
		skip("this kernel would report its own pciehp and PCI core",
		     "a PF is pulled");
		return done();
	}
	modprobe("vfio-pci");
	broker_begin("");
	monitor_begin();
	test_pull();
	test_pull_leased();
	test_pull_open();
	return done();
}

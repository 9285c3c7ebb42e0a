// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guarded VFs in quarantine.  As long as they have their driver, that lets no program in;
 * but a program that merely has their group would have its memory within a sick device's
 * reach, and another driver would let all in: so there is a fence.
 */
#define _GNU_SOURCE
#include "broker.h"
#include "vfio.h"

#define VFS    2
#define DRIVER "sriov_broker_vfio"
#define SICK   "fake_sick" /* kmod/fake_sick.c: no reset helps it */

static struct sriov_broker_addr pf, vf;
static struct sriov_broker_why why;
static char name[16]; /* the VF's */

static void be_sick(bool sick)
{
	put("/sys/module/" SICK "/parameters/master", sick ? "1" : "0");
}

/*
 * What opening it through vfio ends with: EBUSY where its driver refuses, EPERM where the
 * fence does.  With pauses, for a program that has the group keeps the fence from going up.
 */
static int try_open(void)
{
	struct vfio v;
	int err, i;

	for (i = 0; i < 20; i++) {
		err = vfio_open(&v, name);
		if (!err)
			vfio_close(&v);
		if (err != EBUSY)
			break;
		sleep_ms(2500);
	}
	return err;
}

/* A program closes the device, but not the group, and the reset fails. */
static bool falls_sick(struct vfio *v)
{
	if (!is(vfio_open(v, name), 0, "a program opens it"))
		return false;
	be_sick(true);
	close(v->device);
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED),
	   "it closes the device, whose reset fails");
	is(vf_now(vf).fault, SRIOV_BROKER_FAULT_CHECK, "which is seen");
	v->device = ioctl(v->group, VFIO_GROUP_GET_DEVICE_FD, name);
	ok(v->device < 0 && errno == EBUSY,
	   "it has the group still, but gets no device by that");
	return true;
}

static void gets_well(void)
{
	be_sick(false);
	worked(clear(vf, &why), &why, "well again, it is cleared");
	ok(comes_to(vf, SRIOV_BROKER_VF_FREE), "it is free");
	is(try_open(), 0, "and opens");
	ok(comes_back(pf), "and comes back");
}

/* The fence goes up as soon as it can. */
static void test_program_stays(void)
{
	struct vfio v;

	if (!falls_sick(&v))
		return;
	vfio_close(&v);
	is(try_open(), EPERM, "when it has let go, there is a fence");
	gets_well();
}

/* Its driver is gone, and another one there, before the program has let go. */
static void test_driver_lost(void)
{
	struct vfio v;

	if (!falls_sick(&v))
		return;
	is(unbind(name), 0, "its driver is taken off");
	set_override(name, "vfio-pci");
	bind_to(name, "vfio-pci");
	vfio_close(&v);
	ok(!strcmp(driver_of(name), "vfio-pci"), "it is on vfio-pci");
	is(try_open(), EPERM, "which lets no program in");
	gets_well();
	ok(!strcmp(driver_of(name), DRIVER), "it is on its driver");
}

/* An operation that fails leaves the fence as it was. */
static void test_move_fails(void)
{
	char *other = name_of(vf_at(pf, 1));
	struct vfio v;
	int group;

	if (!falls_sick(&v))
		return;
	vfio_close(&v);
	is(try_open(), EPERM, "when it has let go, there is a fence");
	is(vfio_open(&v, other), 0, "another VF is opened");
	close(v.device);
	v.device = -1;
	ok(comes_to(vf_at(pf, 1), SRIOV_BROKER_VF_FREE),
	   "and its device closed, but not its group");
	refused(disable(pf, &why), EBUSY, &why, SRIOV_BROKER_WHY_IN_USE,
		vf_at(pf, 1), "which DISABLE can't have");
	is(state_of(vf), SRIOV_BROKER_VF_QUARANTINED,
	   "the sick one is in quarantine");
	group = open(text("/dev/vfio/%d", iommu_group_of(name)),
		     O_RDWR | O_CLOEXEC);
	ok(ioctl(group, VFIO_GROUP_SET_CONTAINER, &v.container) &&
		   errno == EPERM,
	   "and has its fence");
	close(group);
	vfio_close(&v);
	gets_well();
}

int main(void)
{
	pf = need_pf();
	modprobe("vfio-pci");
	broker_begin("");
	if (!worked(enable_guarded(pf, VFS, &why), &why, "guarded VFs"))
		return done();
	vf = vf_at(pf, 0);
	strcpy(name, name_of(vf));
	if (insert_module("kmod/" SICK ".ko", text("dev=%s", name))) {
		skip("no " SICK ".ko", "a VF that no reset helps");
		return done();
	}
	test_program_stays();
	test_driver_lost();
	test_move_fails();
	is(remove_module(SICK), 0, "the fake is gone");
	worked(disable(pf, &why), &why, "nothing is in the way any more");
	return done();
}

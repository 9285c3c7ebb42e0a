// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Leases any VF, maps its BAR 0 through vfio, and reads the first registers.
 *
 *	cc -o bar0 bar0.c $(pkg-config --cflags --libs libsriovbroker)
 */
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <sriovbroker.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* The lease opens the group: it needs no right to /dev/vfio/GROUP. */
static int open_device(int lease, const char *vf)
{
	int container = open("/dev/vfio/vfio", O_RDWR);
	int group = sriovb_lease_open(lease, 0);

	if (container < 0 || group < 0 ||
	    ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU))
		die("vfio");
	return ioctl(group, VFIO_GROUP_GET_DEVICE_FD, vf);
}

int main(void)
{
	struct vfio_region_info bar = { .argsz = sizeof(bar) };
	char vf[SRIOVB_ADDR_LEN], error[SRIOVB_ERROR_LEN];
	const struct sriovb_request request = {
		.count = 1,
		.numa_node = -1,
		.label = "bar0",
	};
	struct sriov_broker_grant grant;
	volatile unsigned int *regs;
	struct sriovb *sb;
	int err = sriovb_open(&sb);
	int device;

	if (!err)
		err = sriovb_lease(sb, &request, &grant);
	if (err) {
		fprintf(stderr, "%s%s\n", sb ? "" : SRIOVB_DEVICE ": ",
			sriovb_strerror(sb, err, error, sizeof(error)));
		return 1;
	}
	device = open_device(grant.fd, sriovb_format_addr(&grant.vf, vf));
	if (device < 0 || ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &bar))
		die(vf);
	regs = mmap(NULL, bar.size, PROT_READ, MAP_SHARED, device, bar.offset);
	if (regs == MAP_FAILED)
		die("BAR 0");
	printf("%s: BAR 0 has %llu bytes, begins with %08x %08x %08x\n", vf,
	       (unsigned long long)bar.size, regs[0], regs[1], regs[2]);
	return 0;
}

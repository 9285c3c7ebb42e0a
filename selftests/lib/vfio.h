/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Using a VF through vfio, as QEMU does.
 */
#ifndef SELFTESTS_VFIO_H
#define SELFTESTS_VFIO_H

#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "sysfs.h"

struct vfio {
	int container, group, device;
	int step; /* of the opening, where it failed */
};

static inline void vfio_close(struct vfio *v)
{
	close(v->device);
	close(v->group);
	close(v->container);
}

/*
 * With the group's descriptor, which it has from then on.  0, or the errno of the step that
 * failed: 1 container, 2 group, 3 set, 4 IOMMU, 5 device.
 */
static inline int vfio_use(struct vfio *v, int group, const char *dev)
{
	int err = errno; /* of the group's opening, where that failed */

	*v = (struct vfio){ .group = group, .device = -1, .step = 2 };
	v->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (v->container < 0)
		v->step = 1;
	else
		errno = err;
	if (v->step == 1 || v->group < 0)
		goto fail;
	v->step++;
	if (ioctl(v->group, VFIO_GROUP_SET_CONTAINER, &v->container))
		goto fail;
	v->step++;
	if (ioctl(v->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		goto fail;
	v->step++;
	v->device = ioctl(v->group, VFIO_GROUP_GET_DEVICE_FD, dev);
	if (v->device < 0)
		goto fail;
	return 0;
fail:
	err = errno;
	vfio_close(v);
	return err;
}

static inline int vfio_open(struct vfio *v, const char *dev)
{
	return vfio_use(v,
			open(text("/dev/vfio/%d", iommu_group_of(dev)),
			     O_RDWR | O_CLOEXEC),
			dev);
}

static inline struct vfio_region_info vfio_region(struct vfio *v, int index)
{
	struct vfio_region_info r = { .argsz = sizeof(r), .index = index };

	if (ioctl(v->device, VFIO_DEVICE_GET_REGION_INFO, &r))
		r.size = 0;
	return r;
}

/* Configuration space, 16 bits at a time. */
static inline int vfio_config(struct vfio *v, int at)
{
	__u64 base = vfio_region(v, VFIO_PCI_CONFIG_REGION_INDEX).offset;
	__u16 value;

	return pread(v->device, &value, 2, base + at) == 2 ? value : -1;
}

static inline int vfio_set_config(struct vfio *v, int at, __u16 value)
{
	__u64 base = vfio_region(v, VFIO_PCI_CONFIG_REGION_INDEX).offset;

	return pwrite(v->device, &value, 2, base + at) == 2 ? 0 : errno;
}

/* An interrupt that is to be told to an eventfd. */
static inline int vfio_signal(struct vfio *v, int irq, int eventfd)
{
	char buf[sizeof(struct vfio_irq_set) + sizeof(eventfd)];
	struct vfio_irq_set *set = (void *)buf;

	*set = (struct vfio_irq_set){
		.argsz = sizeof(buf),
		.flags = VFIO_IRQ_SET_DATA_EVENTFD |
			 VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = irq,
		.count = 1,
	};
	memcpy(set->data, &eventfd, sizeof(eventfd));
	return ioctl(v->device, VFIO_DEVICE_SET_IRQS, set) ? errno : 0;
}

/* A BAR's memory, or NULL. */
static inline volatile __u32 *vfio_map(struct vfio *v, int bar, size_t *size)
{
	struct vfio_region_info r = vfio_region(v, bar);
	void *at = mmap(NULL, r.size, PROT_READ | PROT_WRITE, MAP_SHARED,
			v->device, r.offset);

	*size = r.size;
	return at == MAP_FAILED ? NULL : at;
}

/* A device's own node, which the kernel has or has not; -1: errno says why not. */
static inline int node_open(const char *dev)
{
	char *name = first_in(text(SYS_PCI "/%s/vfio-dev", dev));

	if (!name) {
		errno = ENODEV;
		return -1;
	}
	return open(text("/dev/vfio/devices/%s", name), O_RDWR | O_CLOEXEC);
}

/* Bound to an iommufd the device is open.  0 or an errno. */
static inline int node_bind(int node, int iommufd)
{
	/* VFIO_DEVICE_BIND_IOMMUFD, of Linux 6.6. */
	struct {
		__u32 argsz, flags;
		__s32 iommufd;
		__u32 devid;
	} bind = { .argsz = sizeof(bind), .iommufd = iommufd };

	return ioctl(node, _IO(VFIO_TYPE, VFIO_BASE + 18), &bind) ? errno : 0;
}

#endif /* SELFTESTS_VFIO_H */

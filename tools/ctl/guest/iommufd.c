// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that go to QEMU by descriptor: an iommufd, and the VF's own device
 * node, which the lease opens. QEMU then needs neither /dev/vfio nor sysfs. One
 * iommufd object serves all our devices of a QEMU, for as long as that lives:
 * QEMU does not close an iommufd that it was given, so that each new object would
 * leave one behind. Nor does it close the device that it was given if it refuses
 * device_add early on: what is likely to be refused is to be found before.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/complain.h"
#include "base/json.h"
#include "guest/iommufd.h"
#include "qemu/qemu.h"
#include "qemu/qmp.h"

#define IOMMU_NODE    "/dev/iommu"
#define IOMMU_OBJECT  "sriov-iommufd"
#define IOMMU_FD_NAME "sriov_broker-iommu"

static int has_iommufd(const struct qmp *qmp)
{
	return qmp->major >= 9;
}

int iommufd_check(struct monitor *m)
{
	if (!has_iommufd(&m->qmp))
		return fail(
			EXIT_REFUSED, m->name,
			"this is QEMU %d.%d, which has no iommufd (9.0 has)" REMEDY
			"leave --iommufd out",
			m->qmp.major, m->qmp.minor);

	if (access(IOMMU_NODE, R_OK | W_OK))
		return fail(
			exit_code_of(-errno), IOMMU_NODE,
			"%s" REMEDY
			"the kernel needs CONFIG_IOMMUFD and its module iommufd, or leave --iommufd out",
			strerror(errno));

	return 0;
}

static int send_fd(struct qmp *qmp, const char *name, int fd)
{
	return qmp_call(qmp, "getfd", qemu_args("fdname", name), fd,
			qmp->timeout_ms, NULL);
}

static void forget_fd(struct qmp *qmp, const char *name)
{
	qemu_call(qmp, "closefd", qemu_args("fdname", name), NULL);
}

/* Is our object there? Return: 1, 0, or -errno */
static int has_object(struct qmp *qmp)
{
	struct json_object *array;
	int found = 0;
	size_t i;

	if (qemu_list(qmp, "qom-list", qemu_args("path", "/objects"), &array))
		return -EPROTO;
	for (i = 0; i < json_object_array_length(array); i++) {
		const char *name =
			qmp_text(json_object_array_get_idx(array, i), "name");

		if (name && !strcmp(name, IOMMU_OBJECT))
			found = 1;
	}
	json_object_put(array);
	return found;
}

static int add_object(struct qmp *qmp, int fd)
{
	struct json_object *args = qemu_args("qom-type", "iommufd");
	int ret = send_fd(qmp, IOMMU_FD_NAME, fd);

	if (ret) {
		json_object_put(args);
		return ret;
	}
	json_text(args, "id", IOMMU_OBJECT);
	json_text(args, "fd", IOMMU_FD_NAME);
	ret = qemu_call(qmp, "object-add", args, NULL);
	if (ret == QMP_REFUSED) {
		char words[sizeof(qmp->error)];

		strcpy(words, qmp->error);
		forget_fd(qmp, IOMMU_FD_NAME);
		strcpy(qmp->error, words);
	}
	return ret;
}

static int need_object(struct qmp *qmp)
{
	int fd, ret = has_object(qmp);

	if (ret)
		return ret < 0 ? ret : 0;
	fd = open(IOMMU_NODE, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		snprintf(qmp->error, sizeof(qmp->error), "%s: %s", IOMMU_NODE,
			 strerror(errno));
		return QMP_REFUSED;
	}
	ret = add_object(qmp, fd);
	close(fd);
	return ret;
}

static void device_name(const char *id, char *name, size_t len)
{
	snprintf(name, len, "sriov_broker-%s+device", id);
}

/* Of a VF whose lease QEMU has, not we: to root its device node is open. */
static int open_node(const char *vf)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int fd = -ENOENT;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", vf);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/dev/vfio/devices/%s",
			 entry->d_name);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
		break;
	}
	closedir(dir);
	return fd;
}

static int open_device(const struct plug *plug)
{
	if (plug->fd < 0)
		return open_node(plug->vf);
	return sriovb_lease_open(plug->fd, SRIOV_BROKER_OPEN_CDEV);
}

static int send_device(struct qmp *qmp, const struct plug *plug,
		       const char *name)
{
	int fd = open_device(plug);
	int ret;

	if (fd < 0) {
		snprintf(
			qmp->error, sizeof(qmp->error),
			"its device node can't be opened: %s; the kernel needs CONFIG_VFIO_DEVICE_CDEV, or leave --iommufd out",
			strerror(-fd));
		return QMP_REFUSED;
	}
	ret = send_fd(qmp, name, fd);
	close(fd);
	return ret;
}

int iommufd_prepare(struct monitor *m, const struct plug *plug,
		    struct json_object *args)
{
	char name[QEMU_ID_LEN + 32];
	int ret = need_object(&m->qmp);

	device_name(plug->id, name, sizeof(name));
	if (!ret)
		ret = send_device(&m->qmp, plug, name);
	if (ret)
		return ret;
	json_text(args, "fd", name);
	json_text(args, "iommufd", IOMMU_OBJECT);
	return 0;
}

void iommufd_tidy(struct monitor *m, const char *id)
{
	char name[QEMU_ID_LEN + 32];

	device_name(id, name, sizeof(name));
	forget_fd(&m->qmp, name);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The users of a VF without a lease: the process that has its IOMMU group, or its own
 * device node, open. The kernel knows that there is one, not which.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "host/pcidev.h"
#include "host/proc.h"
#include "host/vfio_users.h"

/* ---- a VF's device nodes ---- */

/* The number that a file of sysfs has, "244:3"; 0: there is none. */
static dev_t read_number(const char *path)
{
	unsigned int major, minor;
	FILE *file = fopen(path, "re");
	int n = file ? fscanf(file, "%u:%u", &major, &minor) : 0;

	if (file)
		fclose(file);
	return n == 2 ? makedev(major, minor) : 0;
}

static dev_t group_node(const char *prefix, const char *group)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/vfio/%s%s/dev", prefix, group);
	return read_number(path);
}

static dev_t own_node(const struct pcidev *dev)
{
	char path[128];
	char **names;
	dev_t node = 0;
	int n = pcidev_names(dev, "vfio-dev", &names);
	int i;

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/vfio-dev/%s/dev", dev->dir,
			 names[i] ? names[i] : "");
		node = read_number(path);
		free(names[i]);
	}
	free(names);
	return node;
}

void vfio_nodes(const struct sriov_broker_addr *vf, dev_t nodes[VFIO_NODES])
{
	struct pcidev dev = { .config_len = 0 };
	char addr[SRIOVB_ADDR_LEN], group[16];

	memset(nodes, 0, VFIO_NODES * sizeof(*nodes));
	snprintf(dev.dir, sizeof(dev.dir), "/sys/bus/pci/devices/%s",
		 sriovb_format_addr(vf, addr));
	if (pcidev_link(&dev, "iommu_group", group, sizeof(group))) {
		nodes[0] = group_node("", group);
		nodes[1] = group_node("noiommu-", group);
	}
	nodes[2] = own_node(&dev);
}

int vfio_is_node(const dev_t nodes[VFIO_NODES], dev_t device)
{
	int i;

	for (i = 0; i < VFIO_NODES; i++)
		if (nodes[i] && nodes[i] == device)
			return 1;
	return 0;
}

/* ---- a process that has one of them open ---- */

struct search {
	dev_t nodes[VFIO_NODES];
	pid_t pid; /* that is being looked at */
	pid_t found;
};

static void look_at_fd(void *ctx, int fd, const char *target)
{
	struct search *s = ctx;
	dev_t device;

	if (target[0] == '/' && !proc_fd_device(s->pid, fd, &device) &&
	    vfio_is_node(s->nodes, device))
		s->found = s->pid;
}

static void look_at(void *ctx, pid_t pid)
{
	struct search *s = ctx;

	s->pid = pid;
	if (!s->found)
		proc_each_fd(pid, look_at_fd, s);
}

const char *vfio_user(const struct sriov_broker_addr *vf, char *buf, size_t len)
{
	struct search s = { 0 };
	size_t text_len;
	char *comm;

	vfio_nodes(vf, s.nodes);
	proc_each(look_at, &s);
	if (!s.found)
		return NULL;
	comm = proc_read(s.found, "comm", &text_len);
	snprintf(buf, len, "process %d (%.*s)", s.found,
		 comm ? (int)strcspn(comm, "\n") : 1, comm ? comm : "?");
	free(comm);
	return buf;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who uses a VF without a lease: the process that has its IOMMU group, or its own
 * device node, open. The kernel knows that there is one, not who.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcidev.h"
#include "proc.h"
#include "vfiouser.h"

struct search {
	char nodes[3][64]; /* what may be open */
	pid_t pid;	   /* that is being looked at */
	pid_t found;
};

static void look_at_fd(void *ctx, int fd, const char *target)
{
	struct search *s = ctx;
	int i;

	(void)fd;
	for (i = 0; i < 3; i++)
		if (s->nodes[i][0] && !strcmp(target, s->nodes[i]))
			s->found = s->pid;
}

static void look_at(void *ctx, pid_t pid)
{
	struct search *s = ctx;

	s->pid = pid;
	if (!s->found)
		proc_each_fd(pid, look_at_fd, s);
}

static void find_nodes(const struct sriov_broker_addr *vf, struct search *s)
{
	struct pcidev dev;
	char group[16];
	char **names;
	int n, i;

	if (pcidev_open(vf, &dev))
		return;
	if (pcidev_link(&dev, "iommu_group", group, sizeof(group))) {
		snprintf(s->nodes[0], sizeof(s->nodes[0]), "/dev/vfio/%s",
			 group);
		snprintf(s->nodes[1], sizeof(s->nodes[1]),
			 "/dev/vfio/noiommu-%s", group);
	}
	n = pcidev_names(&dev, "vfio-dev", &names);
	for (i = 0; i < n; i++) {
		snprintf(s->nodes[2], sizeof(s->nodes[2]),
			 "/dev/vfio/devices/%s", names[i] ? names[i] : "");
		free(names[i]);
	}
	free(names);
}

const char *vfio_user(const struct sriov_broker_addr *vf, char *buf, size_t len)
{
	struct search s = { 0 };
	size_t text_len;
	char *comm;

	find_nodes(vf, &s);
	proc_each(look_at, &s);
	if (!s.found)
		return NULL;
	comm = proc_read(s.found, "comm", &text_len);
	snprintf(buf, len, "process %d (%.*s)", s.found,
		 comm ? (int)strcspn(comm, "\n") : 1, comm ? comm : "?");
	free(comm);
	return buf;
}

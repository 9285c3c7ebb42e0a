// SPDX-License-Identifier: GPL-2.0-only
/* PFs and VFs as sysfs shows them, for where there is no module to be asked. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/pcidev.h"
#include "host/sysfs_list.h"

#define DEVICES "/sys/bus/pci/devices"
#define VF_LINK "virtfn" /* and the VF's index */

static unsigned int read_id(const struct pcidev *dev, const char *file)
{
	char text[16];

	/* "0x8086" */
	return pcidev_read(dev, file, text, sizeof(text)) ?
		       strtoul(text, NULL, 16) :
		       0;
}

static void read_driver(const struct pcidev *dev, char *driver)
{
	if (!pcidev_link(dev, "driver", driver, SRIOV_BROKER_NAME_LEN))
		driver[0] = '\0';
}

/* sriov_numvfs would do, but waits until the device's lock is free. */
unsigned int sysfs_count_vfs(const struct sriov_broker_addr *pf)
{
	unsigned int count = 0;
	struct pcidev dev;
	char **names;
	int n, i;

	pcidev_at(pf, &dev);
	n = pcidev_names(&dev, ".", &names);
	for (i = 0; i < n; i++) {
		count += names[i] &&
			 !strncmp(names[i], VF_LINK, strlen(VF_LINK));
		free(names[i]);
	}
	free(names);
	return count;
}

/* Return: 1 if the device has SR-IOV */
static int read_pf(const char *name, struct sriov_broker_pf *pf)
{
	struct sriov_broker_addr addr;
	struct pcidev dev;
	long total;

	if (sriovb_parse_addr(name, &addr))
		return 0;
	pcidev_at(&addr, &dev);
	total = pcidev_number(&dev, "sriov_totalvfs", -1);
	if (total < 0)
		return 0;
	*pf = (struct sriov_broker_pf){
		.addr = addr,
		.vendor = read_id(&dev, "vendor"),
		.device = read_id(&dev, "device"),
		.total_vfs = total,
		.num_vfs = sysfs_count_vfs(&addr),
		.numa_node = pcidev_number(&dev, "numa_node", -1),
	};
	read_driver(&dev, pf->driver);
	return 1;
}

ssize_t sysfs_list_pfs(struct sriov_broker_pf **pfs)
{
	struct dirent **entries;
	int n = scandir(DEVICES, &entries, NULL, alphasort);
	ssize_t found = 0;
	int i;

	*pfs = NULL;
	if (n < 0)
		return -errno;
	*pfs = calloc(n + 1, sizeof(**pfs));
	for (i = 0; i < n; i++) {
		if (*pfs && read_pf(entries[i]->d_name, *pfs + found))
			found++;
		free(entries[i]);
	}
	free(entries);
	return *pfs ? found : -ENOMEM;
}

/* Return: 1 if @link is one to a VF */
static int read_vf(const struct sriov_broker_pf *pf,
		   const struct pcidev *pf_dev, const char *link,
		   struct sriov_broker_vf *vf)
{
	struct pcidev dev;
	char text[64];

	*vf = (struct sriov_broker_vf){
		.pf = pf->addr,
		.state = SYSFS_STATE_UNKNOWN,
		.lease_uid = SRIOV_BROKER_NO_UID,
	};
	if (sscanf(link, VF_LINK "%u", &vf->index) != 1 ||
	    !pcidev_link(pf_dev, link, text, sizeof(text)) ||
	    sriovb_parse_addr(text, &vf->addr))
		return 0;
	pcidev_at(&vf->addr, &dev);
	vf->vendor = read_id(&dev, "vendor");
	vf->device = read_id(&dev, "device");
	vf->iommu_group = pcidev_link(&dev, "iommu_group", text, sizeof(text)) ?
				  atoi(text) :
				  -1;
	read_driver(&dev, vf->driver);
	return 1;
}

static int by_index(const void *a, const void *b)
{
	const struct sriov_broker_vf *left = a, *right = b;

	return (left->index > right->index) - (left->index < right->index);
}

/* Add those of one PF to the @n that there are. Return: how many then, or -ENOMEM */
static ssize_t add_vfs(const struct sriov_broker_pf *pf,
		       struct sriov_broker_vf **vfs, ssize_t n)
{
	struct sriov_broker_vf *more;
	struct pcidev dev;
	char **names;
	ssize_t found = n;
	int num_names, i;

	pcidev_at(&pf->addr, &dev);
	num_names = pcidev_names(&dev, ".", &names);
	more = reallocarray(*vfs, n + num_names + 1, sizeof(**vfs));
	if (more)
		*vfs = more;
	for (i = 0; i < num_names; i++) {
		if (more && names[i] &&
		    read_vf(pf, &dev, names[i], more + found))
			found++;
		free(names[i]);
	}
	free(names);
	if (!more)
		return -ENOMEM;
	qsort(more + n, found - n, sizeof(*more), by_index);
	return found;
}

ssize_t sysfs_list_vfs(struct sriov_broker_vf **vfs)
{
	struct sriov_broker_pf *pfs;
	ssize_t num_pfs = sysfs_list_pfs(&pfs);
	ssize_t n = num_pfs < 0 ? num_pfs : 0;
	ssize_t i;

	*vfs = NULL;
	for (i = 0; n >= 0 && i < num_pfs; i++)
		n = add_vfs(&pfs[i], vfs, n);
	free(pfs);
	if (n < 0) {
		free(*vfs);
		*vfs = NULL;
	}
	return n;
}

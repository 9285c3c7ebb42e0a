// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the network stack knows of PFs and VFs, by the part that asks it. A device that has
 * no interface by sysfs, as a disk, is not asked for at all.
 */
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/need.h"
#include "host/netinfo.h"

static const struct net_part *net(void)
{
	static const struct net_part *part;

	if (!part)
		part = need_part("net", sizeof(*part));
	return part;
}

int netinfo_device(const char *name, struct sriov_broker_addr *dev)
{
	return net()->device(name, dev);
}

/* ---- in another network namespace ---- */

/*
 * A device with an interface has a directory for them, in which sysfs shows those of one
 * network namespace.
 */
static int is_elsewhere(const char *dir)
{
	char pattern[PATH_MAX];
	struct stat net;
	glob_t paths;
	int empty;

	snprintf(pattern, sizeof(pattern), "%s/net", dir);
	if (stat(pattern, &net))
		return 0;
	snprintf(pattern, sizeof(pattern), "%s/net/*", dir);
	empty = glob(pattern, 0, NULL, &paths) == GLOB_NOMATCH;
	globfree(&paths);
	return empty;
}

int netinfo_is_elsewhere(const struct sriov_broker_addr *dev)
{
	char dir[64], addr[SRIOVB_ADDR_LEN];

	snprintf(dir, sizeof(dir), "/sys/bus/pci/devices/%s",
		 sriovb_format_addr(dev, addr));
	return is_elsewhere(dir);
}

int netinfo_elsewhere(char *pf)
{
	glob_t paths;
	int found = 0;
	size_t i;

	if (glob("/sys/bus/pci/devices/*/sriov_totalvfs", 0, NULL, &paths))
		paths.gl_pathc = 0;
	for (i = 0; i < paths.gl_pathc && !found; i++) {
		char *dir = dirname(paths.gl_pathv[i]);

		found = is_elsewhere(dir);
		if (found)
			snprintf(pf, SRIOVB_ADDR_LEN, "%s",
				 strrchr(dir, '/') + 1);
	}
	globfree(&paths);
	return found;
}

/* ---- asked ---- */

/* The first path in the directories that a device has for interfaces. Return: is there one? */
static int find_path(const struct sriov_broker_addr *dev, const char *tail,
		     char *path)
{
	static const char *const dirs[] = {
		"/sys/bus/pci/devices/%s/net%s",
		"/sys/bus/pci/devices/%s/virtio*/net%s",
	};
	char addr[SRIOVB_ADDR_LEN], pattern[128];
	int found = 0;
	unsigned int i;

	sriovb_format_addr(dev, addr);
	for (i = 0; !found && i < 2; i++) {
		glob_t paths;

		snprintf(pattern, sizeof(pattern), dirs[i], addr, tail);
		found = !glob(pattern, 0, NULL, &paths);
		if (found)
			snprintf(path, PATH_MAX, "%s", paths.gl_pathv[0]);
		globfree(&paths);
	}
	return found;
}

int netinfo_is_down(const struct sriov_broker_addr *dev, char *name)
{
	char path[PATH_MAX];
	unsigned int flags = IFF_UP;
	FILE *file = find_path(dev, "/*/flags", path) ? fopen(path, "re") :
							NULL;

	if (!file)
		return 0;
	if (fscanf(file, "%x", &flags) != 1)
		flags = IFF_UP;
	fclose(file);
	snprintf(name, IFNAMSIZ, "%s", basename(dirname(path)));
	return !(flags & IFF_UP);
}

int netinfo_get(const struct sriov_broker_addr *dev, struct netif *netif)
{
	char path[PATH_MAX];

	return find_path(dev, "", path) && net()->get(dev, netif);
}

void netinfo_put(struct netif *netif)
{
	if (netif->vfs)
		net()->put(netif);
}

int netinfo_vf(const struct netif *netif, unsigned int index,
	       struct vfnet *vfnet)
{
	return net()->vf(netif, index, vfnet);
}

int netinfo_read(const struct netif *netif, unsigned int index,
		 struct netattrs *attrs)
{
	return net()->read(netif, index, attrs);
}

int netinfo_write(const struct netif *netif, unsigned int index,
		  unsigned int attrs, const uint64_t *values, char *words)
{
	return net()->write(netif, index, attrs, values, words);
}

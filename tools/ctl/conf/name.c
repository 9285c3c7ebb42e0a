// SPDX-License-Identifier: GPL-2.0-only
/* Which PF is meant: by what it is called in a file. */
#include <ctype.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/pci_regs.h>
#include <linux/sockios.h>

#include "conf/name.h"
#include "host/files.h"
#include "host/netinfo.h"
#include "host/pcidev.h"
#include "host/sysfs_list.h"

static const char *const keys[NUM_NAMES] = {
	[NAME_ADDRESS] = "address", [NAME_INTERFACE] = "interface",
	[NAME_MAC] = "mac",	    [NAME_DEVICE] = "device",
	[NAME_SERIAL] = "serial",   [NAME_PATH] = "path",
};

const char *conf_name_key(enum conf_name name)
{
	return keys[name];
}

/* ---- what a PF is called ---- */

/* The MAC that the device came with: a bond gives its interfaces another one. */
static const char *permanent_mac(const char *ifname, char *buf)
{
	struct {
		struct ethtool_perm_addr head;
		unsigned char mac[6];
	} addr = { .head = { .cmd = ETHTOOL_GPERMADDR, .size = 6 } };
	struct ifreq request = { .ifr_data = (char *)&addr };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return NULL;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", ifname);
	err = ioctl(fd, SIOCETHTOOL, &request);
	close(fd);
	if (err || addr.head.size != 6)
		return NULL;
	snprintf(buf, CONF_NAME_LEN, "%02x:%02x:%02x:%02x:%02x:%02x",
		 addr.mac[0], addr.mac[1], addr.mac[2], addr.mac[3],
		 addr.mac[4], addr.mac[5]);
	return buf;
}

static const char *by_interface(const struct sriov_broker_addr *pf, int mac,
				char *buf)
{
	struct netif netif;
	const char *name;

	if (!netinfo_get(pf, &netif))
		return NULL;
	snprintf(buf, CONF_NAME_LEN, "%s", netif.name);
	name = mac ? permanent_mac(netif.name, buf) : buf;
	if (!name && netif.mac[0]) {
		snprintf(buf, CONF_NAME_LEN, "%s", netif.mac);
		name = buf;
	}
	netinfo_put(&netif);
	return name;
}

static const char *by_device(const struct pcidev *dev, char *buf)
{
	char vendor[16], device[16];

	if (!pcidev_read(dev, "vendor", vendor, sizeof(vendor)) ||
	    !pcidev_read(dev, "device", device, sizeof(device)))
		return NULL;
	snprintf(buf, CONF_NAME_LEN, "%s:%s", vendor + 2, device + 2);
	return buf;
}

/* The NVMe controller's; else the capability Device Serial Number, as lspci has it. */
static const char *by_serial(const struct pcidev *dev, char *buf)
{
	char pattern[128];
	unsigned int cap, high, low;
	const char *name = NULL;
	glob_t paths;
	size_t end;

	snprintf(pattern, sizeof(pattern), "%s/nvme/nvme*/serial", dev->dir);
	if (!glob(pattern, 0, NULL, &paths))
		name = read_line(paths.gl_pathv[0], buf, CONF_NAME_LEN);
	globfree(&paths);
	if (name) {
		for (end = strlen(buf); end && isspace(buf[end - 1]); end--)
			buf[end - 1] = '\0';
		return name;
	}
	cap = pcidev_ext_cap(dev, PCI_EXT_CAP_ID_DSN);
	if (!cap)
		return NULL;
	low = pcidev_long(dev, cap + 4);
	high = pcidev_long(dev, cap + 8);
	snprintf(buf, CONF_NAME_LEN, "%02x-%02x-%02x-%02x-%02x-%02x-%02x-%02x",
		 high >> 24, high >> 16 & 0xff, high >> 8 & 0xff, high & 0xff,
		 low >> 24, low >> 16 & 0xff, low >> 8 & 0xff, low & 0xff);
	return buf;
}

/*
 * As the kernel takes paths in its parameter pci=: the device on the root bus, then slot
 * and function below each bridge: "0000:00:03.0/00.0".
 */
static const char *by_path(const struct pcidev *dev, char *buf)
{
	struct sriov_broker_addr addr;
	char real[PATH_MAX];
	char *rest = real;
	char *part;
	size_t used = 0;

	if (!realpath(dev->dir, real))
		return NULL;
	while ((part = strsep(&rest, "/"))) {
		if (sriovb_parse_addr(part, &addr) || !strchr(part, '.'))
			continue;
		if (used >= CONF_NAME_LEN)
			return NULL;
		if (used)
			used += snprintf(buf + used, CONF_NAME_LEN - used,
					 "/%02x.%x", addr.bdf >> 3 & 0x1f,
					 addr.bdf & 7);
		else
			used = snprintf(buf, CONF_NAME_LEN, "%s", part);
	}
	return used && used < CONF_NAME_LEN ? buf : NULL;
}

const char *conf_name_of(const struct sriov_broker_addr *pf,
			 enum conf_name name, char *buf)
{
	struct pcidev dev;
	char addr[SRIOVB_ADDR_LEN];

	switch (name) {
	case NAME_ADDRESS:
		snprintf(buf, CONF_NAME_LEN, "%s",
			 sriovb_format_addr(pf, addr));
		return buf;
	case NAME_INTERFACE:
	case NAME_MAC:
		return by_interface(pf, name == NAME_MAC, buf);
	default:
		break;
	}
	if (pcidev_open(pf, &dev))
		return NULL;
	return name == NAME_DEVICE ? by_device(&dev, buf) :
	       name == NAME_SERIAL ? by_serial(&dev, buf) :
				     by_path(&dev, buf);
}

/* ---- which is meant ---- */

/* An interface may have other names than the one that it shows. */
static int is_named(const struct sriov_broker_addr *pf, enum conf_name name,
		    const char *wanted)
{
	struct sriov_broker_addr addr;
	char buf[CONF_NAME_LEN];

	if (name == NAME_INTERFACE)
		return !netinfo_device(wanted, &addr) &&
		       sriovb_same_addr(&addr, pf);
	return conf_name_of(pf, name, buf) && !strcasecmp(buf, wanted);
}

static int is_meant(const struct conf_names *names,
		    const struct sriov_broker_addr *pf)
{
	unsigned int name;

	for (name = 0; name < NUM_NAMES; name++)
		if (names->text[name] && !is_named(pf, name, names->text[name]))
			return 0;
	return 1;
}

size_t conf_find(const struct conf_names *names, struct sriov_broker_addr **pfs)
{
	struct sriov_broker_pf *all;
	ssize_t i, num = sysfs_list_pfs(&all);
	size_t n = 0;

	*pfs = num > 0 ? calloc(num, sizeof(**pfs)) : NULL;
	for (i = 0; *pfs && i < num; i++)
		if (is_meant(names, &all[i].addr))
			(*pfs)[n++] = all[i].addr;
	if (num >= 0)
		free(all);
	return n;
}

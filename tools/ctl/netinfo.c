// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the network stack knows of PFs and VFs, asked over rtnetlink. Which interface
 * is whose stands in sysfs; that it is so, the network stack is asked.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "netinfo.h"
#include "netlink.h"

/* ALTIFNAMSIZ of linux/if.h, which can't be had beside net/if.h. */
#define ALT_NAME_LEN 128

/*
 * One socket for all that a command asks: all of it is about one network namespace.
 * A child has its own, or the two would get each other's answers.
 */
static int socket_of_ours(void)
{
	static int fd = -1;
	static pid_t owner;

	if (fd >= 0 && owner == getpid())
		return fd;
	if (fd >= 0)
		close(fd);
	owner = getpid();
	fd = netlink_open(NETLINK_ROUTE);
	return fd;
}

/* ---- which interface, and whose ---- */

/* An interface, and the device that the kernel says it is of. */
struct place {
	int index;
	char bus[16]; /* "pci", "virtio"; "": it is of none */
	char parent[32];
};

static int is_link(const struct nlmsghdr *msg)
{
	return msg->nlmsg_type == RTM_NEWLINK &&
	       msg->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifinfomsg));
}

static int note_place(const struct nlmsghdr *msg, void *arg)
{
	const struct ifinfomsg *link = NLMSG_DATA(msg);
	const struct nlattr *tb[IFLA_PARENT_DEV_BUS_NAME + 1];
	struct place *place = arg;

	if (!is_link(msg))
		return -EPROTO;
	netlink_attrs(msg, sizeof(*link), tb, IFLA_PARENT_DEV_BUS_NAME);
	place->index = link->ifi_index;
	netlink_text(tb[IFLA_PARENT_DEV_BUS_NAME], place->bus,
		     sizeof(place->bus));
	netlink_text(tb[IFLA_PARENT_DEV_NAME], place->parent,
		     sizeof(place->parent));
	return 0;
}

/* By its name, alternative or not. */
static int find_place(int fd, const char *name, struct place *place)
{
	const struct ifinfomsg link = { 0 };
	struct netlink_msg msg;

	*place = (struct place){ 0 };
	netlink_begin(&msg, RTM_GETLINK, 0, &link, sizeof(link));
	netlink_put_text(
		&msg, strlen(name) < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME,
		name);
	netlink_ask(fd, &msg, note_place, place);
	return place->index ? 0 : -ENODEV;
}

/* A virtio device sits between interface and PCI device. */
static int pci_of_virtio(const char *name, struct sriov_broker_addr *dev)
{
	char link[64];
	char *path, *last;
	int err = -EOPNOTSUPP;

	/* ".../0000:01:00.0/virtio3" */
	snprintf(link, sizeof(link), "/sys/bus/virtio/devices/%s", name);
	path = realpath(link, NULL);
	last = path ? strrchr(path, '/') : NULL;
	if (last) {
		*last = '\0';
		last = strrchr(path, '/');
	}
	if (last && !sriovb_parse_addr(last + 1, dev))
		err = 0;
	free(path);
	return err;
}

static int device_of(const struct place *place, struct sriov_broker_addr *dev)
{
	if (!strcmp(place->bus, "virtio"))
		return pci_of_virtio(place->parent, dev);
	return !strcmp(place->bus, "pci") &&
			       !sriovb_parse_addr(place->parent, dev) ?
		       0 :
		       -EOPNOTSUPP;
}

int netinfo_device(const char *name, struct sriov_broker_addr *dev)
{
	int fd = socket_of_ours();
	struct place place;
	int err;

	if (fd < 0)
		return fd;
	if (!name[0] || strlen(name) >= ALT_NAME_LEN)
		return -ENODEV;
	err = find_place(fd, name, &place);
	return err ? err : device_of(&place, dev);
}

/* The number in the first file that fits, which is the lowest port's. 0: none */
static int first_number(const char *pattern)
{
	FILE *file = NULL;
	int number = 0;
	glob_t paths;

	if (!glob(pattern, 0, NULL, &paths))
		file = fopen(paths.gl_pathv[0], "re");
	globfree(&paths);
	if (file && fscanf(file, "%d", &number) != 1)
		number = 0;
	if (file)
		fclose(file);
	return number;
}

/* A virtio device sits between, and to look for it is to list a directory. */
static int is_virtio(const char *addr)
{
	char path[64], driver[128];
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", addr);
	len = readlink(path, driver, sizeof(driver) - 1);
	driver[len > 0 ? len : 0] = '\0';
	return !!strstr(driver, "/virtio-pci");
}

/*
 * The number of a PCI device's interface by sysfs, which shows one network namespace
 * that need not be ours. Not its name, which may be another's a moment later.
 */
static int interface_of(const struct sriov_broker_addr *dev)
{
	char addr[SRIOVB_ADDR_LEN];
	char pattern[128];
	int index = 0, tries;

	sriovb_format_addr(dev, addr);
	snprintf(pattern, sizeof(pattern),
		 "/sys/bus/pci/devices/%s/%snet/*/ifindex", addr,
		 is_virtio(addr) ? "virtio*/" : "");
	/* Twice: it may just be getting another name. */
	for (tries = 0; !index && tries < 2; tries++)
		index = first_number(pattern);
	return index;
}

/* ---- what is known of it ---- */

/* Text of a MAC, "" for none and for all zeroes, which drivers mean so. */
static void format_mac(const unsigned char *mac, size_t len, char *text)
{
	int any = 0;
	size_t i;

	text[0] = '\0';
	for (i = 0; i < len; i++)
		any |= mac[i];
	for (i = 0; any && i < len && 3 * i + 3 < MAC_LEN; i++)
		sprintf(text + 3 * i - !!i, "%s%02x", i ? ":" : "", mac[i]);
}

/* The first answer, whole. */
static int keep_link(const struct nlmsghdr *msg, void *arg)
{
	struct nlmsghdr **link = arg;

	if (!is_link(msg) || *link)
		return -EPROTO;
	*link = malloc(msg->nlmsg_len);
	if (!*link)
		return -ENOMEM;
	memcpy(*link, msg, msg->nlmsg_len);
	return 0;
}

/* With what it knows of its VFs, but for their counters, which are long. */
static struct nlmsghdr *get_link(int fd, int index)
{
	const struct ifinfomsg link = { .ifi_index = index };
	uint32_t filter = RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS;
	struct nlmsghdr *answer = NULL;
	struct netlink_msg msg;

	netlink_begin(&msg, RTM_GETLINK, 0, &link, sizeof(link));
	netlink_put(&msg, IFLA_EXT_MASK, &filter, sizeof(filter));
	if (netlink_ask(fd, &msg, keep_link, &answer)) {
		free(answer);
		return NULL;
	}
	return answer;
}

static void link_attrs(const struct netif *netif, const struct nlattr **tb)
{
	netlink_attrs(netif->link, sizeof(struct ifinfomsg), tb, IFLA_MAX);
}

static const char *state_of(const struct nlmsghdr *link)
{
	unsigned int flags =
		((const struct ifinfomsg *)NLMSG_DATA(link))->ifi_flags;

	if (!(flags & IFF_UP))
		return "down";
	return flags & IFF_RUNNING ? "up" : "no carrier";
}

int netinfo_get(const struct sriov_broker_addr *dev, struct netif *netif)
{
	const struct nlattr *tb[IFLA_MAX + 1];
	struct sriov_broker_addr owner;
	const unsigned char *mac;
	struct place place;
	size_t len;
	int fd;

	*netif = (struct netif){ 0 };
	netif->index = interface_of(dev);
	fd = netif->index ? socket_of_ours() : -1;
	if (fd >= 0)
		netif->link = get_link(fd, netif->index);
	if (!netif->link)
		return 0;
	/* In our namespace the number may be another interface's. */
	note_place(netif->link, &place);
	if (device_of(&place, &owner) || !sriovb_same_addr(&owner, dev)) {
		netinfo_put(netif);
		return 0;
	}
	link_attrs(netif, tb);
	netlink_text(tb[IFLA_IFNAME], netif->name, sizeof(netif->name));
	mac = netinfo_mac(netif, &len);
	format_mac(mac, len, netif->mac);
	netif->state = state_of(netif->link);
	return 1;
}

void netinfo_put(struct netif *netif)
{
	free(netif->link);
	netif->link = NULL;
}

int netinfo_tell(struct netlink_msg *msg)
{
	int fd = socket_of_ours();

	return fd < 0 ? fd : netlink_ask(fd, msg, NULL, NULL);
}

const unsigned char *netinfo_mac(const struct netif *netif, size_t *len)
{
	const struct nlattr *tb[IFLA_MAX + 1];

	link_attrs(netif, tb);
	*len = netlink_len(tb[IFLA_ADDRESS]);
	return netlink_data(tb[IFLA_ADDRESS], 0);
}

unsigned int netinfo_num_vfs(const struct netif *netif)
{
	const struct nlattr *tb[IFLA_MAX + 1];

	link_attrs(netif, tb);
	return netlink_u32(tb[IFLA_NUM_VF], 0);
}

/* Each of a VF's attributes begins with its number, and the MAC is never missing. */
static int is_vf(const struct nlattr *info, unsigned int index,
		 const struct nlattr **tb)
{
	netlink_nested(info, tb, NETINFO_VF_ATTRS - 1);
	return netlink_u32(tb[IFLA_VF_MAC], -1U) == index;
}

int netinfo_vf_attrs(const struct netif *netif, unsigned int index,
		     const struct nlattr **tb)
{
	const struct nlattr *of_link[IFLA_MAX + 1], *info = NULL;

	link_attrs(netif, of_link);
	do
		info = netlink_next(of_link[IFLA_VFINFO_LIST], info);
	while (info && !is_vf(info, index, tb));
	return !!info;
}

static const char *vf_link_of(const struct nlattr *attr)
{
	static const char *const names[] = {
		[IFLA_VF_LINK_STATE_AUTO] = "auto",
		[IFLA_VF_LINK_STATE_ENABLE] = "enable",
		[IFLA_VF_LINK_STATE_DISABLE] = "disable",
	};
	const struct ifla_vf_link_state *state =
		netlink_data(attr, sizeof(*state));

	if (!state || state->link_state >= sizeof(names) / sizeof(names[0]))
		return NULL;
	return names[state->link_state];
}

int netinfo_vf(const struct netif *netif, unsigned int index,
	       struct vfnet *vfnet)
{
	const struct nlattr *tb[NETINFO_VF_ATTRS];
	const struct ifla_vf_mac *mac;

	if (!netinfo_vf_attrs(netif, index, tb))
		return 0;
	mac = netlink_data(tb[IFLA_VF_MAC], sizeof(*mac));
	format_mac(mac ? mac->mac : NULL, mac ? ETH_ALEN : 0, vfnet->mac);
	vfnet->link = vf_link_of(tb[IFLA_VF_LINK_STATE]);
	return 1;
}

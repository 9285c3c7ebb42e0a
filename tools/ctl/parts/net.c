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

#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "parts/net.h"
#include "parts/net_sock.h"
#include "parts/net_vf.h"

/* ALTIFNAMSIZ of linux/if.h, which can't be had beside net/if.h. */
#define ALT_NAME_LEN 128

/* ---- which interface, and whose ---- */

/* An interface, and the device that the kernel says it is of. */
struct place {
	int index;
	char bus[16]; /* "pci", "virtio"; "": it is of none */
	char parent[32];
	struct netif *netif; /* where to put what is known of it; NULL: nowhere */
};

static const char *state_of(unsigned int flags)
{
	if (!(flags & IFF_UP))
		return "down";
	return flags & IFF_RUNNING ? "up" : "no carrier";
}

static void note_mac(struct nlattr *attr, struct netif *netif)
{
	if (!attr)
		return;
	netif->mac_len = nla_len(attr);
	net_mac_text(nla_data(attr), netif->mac_len, netif->mac);
	/* InfiniBand's are longer, and no VF's. */
	if (netif->mac_len == ETH_ALEN)
		netif->mac_number = net_mac_number(nla_data(attr));
}

/* Of a message about it. */
static void note_netif(struct nlmsghdr *head, struct netif *netif)
{
	const struct ifinfomsg *link = nlmsg_data(head);
	struct nlattr *attr = nlmsg_find_attr(head, sizeof(*link), IFLA_IFNAME);

	*netif = (struct netif){ .index = link->ifi_index };
	if (attr)
		nla_strlcpy(netif->name, attr, sizeof(netif->name));
	netif->state = state_of(link->ifi_flags);
	note_mac(nlmsg_find_attr(head, sizeof(*link), IFLA_ADDRESS), netif);
	attr = nlmsg_find_attr(head, sizeof(*link), IFLA_NUM_VF);
	if (attr)
		netif->num_vfs = nla_get_u32(attr);
	attr = nlmsg_find_attr(head, sizeof(*link), IFLA_VFINFO_LIST);
	if (!attr)
		return;
	netif->vfs = malloc(nla_len(attr));
	if (netif->vfs)
		netif->vfs_len = nla_memcpy(netif->vfs, attr, nla_len(attr));
}

static int note_place(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *head = nlmsg_hdr(msg);
	const struct ifinfomsg *link = nlmsg_data(head);
	struct place *place = arg;
	struct nlattr *bus, *parent;

	if (place->index) /* one was asked for */
		return NL_OK;
	place->index = link->ifi_index;
	bus = nlmsg_find_attr(head, sizeof(*link), IFLA_PARENT_DEV_BUS_NAME);
	parent = nlmsg_find_attr(head, sizeof(*link), IFLA_PARENT_DEV_NAME);
	if (bus && parent) {
		nla_strlcpy(place->bus, bus, sizeof(place->bus));
		nla_strlcpy(place->parent, parent, sizeof(place->parent));
	}
	if (place->netif)
		note_netif(head, place->netif);
	return NL_OK;
}

/* By its name, alternative or not, or by its number; @netif as in struct place. */
static int find_place(struct nl_sock *sock, const char *name, int index,
		      struct netif *netif, struct place *place)
{
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETLINK, 0);
	struct ifinfomsg link = { .ifi_index = index };
	int attr = name && strlen(name) < IFNAMSIZ ? IFLA_IFNAME :
						     IFLA_ALT_IFNAME;

	*place = (struct place){ .netif = netif };
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, note_place, place);
	if (msg && !nlmsg_append(msg, &link, sizeof(link), NLMSG_ALIGNTO) &&
	    (!name || !nla_put_string(msg, attr, name)) &&
	    (!netif || !nla_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_VF)) &&
	    nl_send_auto(sock, msg) >= 0 && nl_recvmsgs_default(sock) >= 0)
		nl_wait_for_ack(sock);
	nlmsg_free(msg);
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_DEFAULT, NULL, NULL);
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

static int device(const char *name, struct sriov_broker_addr *dev)
{
	struct nl_sock *sock = net_socket();
	struct place place;
	int err;

	if (!sock)
		return -ENOMEM;
	if (!name[0] || strlen(name) >= ALT_NAME_LEN)
		return -ENODEV;
	err = find_place(sock, name, 0, NULL, &place);
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

/*
 * The number of a PCI device's interface, by sysfs: its name may be another's a moment
 * later.
 */
static int interface_of(const struct sriov_broker_addr *dev)
{
	static const char *const patterns[] = {
		"/sys/bus/pci/devices/%s/net/*/ifindex",
		"/sys/bus/pci/devices/%s/virtio*/net/*/ifindex",
	};
	char addr[SRIOVB_ADDR_LEN], pattern[128];
	unsigned int i;
	int index = 0;

	sriovb_format_addr(dev, addr);
	/* Twice: it may just be getting another name. */
	for (i = 0; !index && i < 4; i++) {
		snprintf(pattern, sizeof(pattern), patterns[i % 2], addr);
		index = first_number(pattern);
	}
	return index;
}

static void put(struct netif *netif)
{
	free(netif->vfs);
	netif->vfs = NULL;
}

/*
 * What it is called, whose it is and what is known of its VFs comes in one answer. Sysfs,
 * which shows one network namespace, need not show the one that we are in.
 */
static int get(const struct sriov_broker_addr *dev, struct netif *netif)
{
	struct nl_sock *sock = net_socket();
	int index = sock ? interface_of(dev) : 0;
	struct sriov_broker_addr owner;
	struct place place;

	if (!index || find_place(sock, NULL, index, netif, &place))
		return 0;
	if (!device_of(&place, &owner) && sriovb_same_addr(&owner, dev))
		return 1;
	put(netif);
	return 0;
}

const struct net_part PART_SYMBOL = {
	.part = PART_HEAD(struct net_part),
	.device = device,
	.get = get,
	.put = put,
	.vf = net_vf,
	.read = net_read_vf,
	.write = net_write_vf,
};

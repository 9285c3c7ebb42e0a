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
#include <netlink/route/link.h>
#include <netlink/route/link/sriov.h>

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
};

static int note_place(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *head = nlmsg_hdr(msg);
	const struct ifinfomsg *link = nlmsg_data(head);
	struct place *place = arg;
	struct nlattr *bus, *parent;

	place->index = link->ifi_index;
	bus = nlmsg_find_attr(head, sizeof(*link), IFLA_PARENT_DEV_BUS_NAME);
	parent = nlmsg_find_attr(head, sizeof(*link), IFLA_PARENT_DEV_NAME);
	if (bus && parent) {
		nla_strlcpy(place->bus, bus, sizeof(place->bus));
		nla_strlcpy(place->parent, parent, sizeof(place->parent));
	}
	return NL_OK;
}

/* By its name, alternative or not, or by its number. */
static int find_place(struct nl_sock *sock, const char *name, int index,
		      struct place *place)
{
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETLINK, 0);
	struct ifinfomsg link = { .ifi_index = index };
	int attr = name && strlen(name) < IFNAMSIZ ? IFLA_IFNAME :
						     IFLA_ALT_IFNAME;

	*place = (struct place){ 0 };
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, note_place, place);
	if (msg && !nlmsg_append(msg, &link, sizeof(link), NLMSG_ALIGNTO) &&
	    (!name || !nla_put_string(msg, attr, name)) &&
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
	err = find_place(sock, name, 0, &place);
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
 * The number of a PCI device's interface: its name may be another's a moment later. Nor
 * need sysfs, which shows one network namespace, show the one that we are in.
 */
static int interface_of(struct nl_sock *sock,
			const struct sriov_broker_addr *dev)
{
	static const char *const patterns[] = {
		"/sys/bus/pci/devices/%s/net/*/ifindex",
		"/sys/bus/pci/devices/%s/virtio*/net/*/ifindex",
	};
	struct sriov_broker_addr owner;
	char addr[SRIOVB_ADDR_LEN];
	struct place place;
	char pattern[128];
	unsigned int i;
	int index = 0;

	sriovb_format_addr(dev, addr);
	/* Twice: it may just be getting another name. */
	for (i = 0; !index && i < 4; i++) {
		snprintf(pattern, sizeof(pattern), patterns[i % 2], addr);
		index = first_number(pattern);
	}
	if (!index || find_place(sock, NULL, index, &place) ||
	    device_of(&place, &owner) || !sriovb_same_addr(&owner, dev))
		return 0;
	return index;
}

/* ---- what is known of it ---- */

/* Text of a MAC, "" for none and for all zeroes, which drivers mean so. */
static void format_mac(struct nl_addr *mac, char *text)
{
	text[0] = '\0';
	if (mac && nl_addr_get_len(mac) && !nl_addr_iszero(mac))
		nl_addr2str(mac, text, MAC_LEN);
}

/* InfiniBand's are longer, and no VF's. */
static uint64_t own_mac(struct nl_addr *mac)
{
	return mac && nl_addr_get_len(mac) == ETH_ALEN ? net_mac_number(mac) :
							 0;
}

static const char *state_of(struct rtnl_link *link)
{
	unsigned int flags = rtnl_link_get_flags(link);

	if (!(flags & IFF_UP))
		return "down";
	return flags & IFF_RUNNING ? "up" : "no carrier";
}

static int get(const struct sriov_broker_addr *dev, struct netif *netif)
{
	struct nl_sock *sock = net_socket();
	int index = sock ? interface_of(sock, dev) : 0;

	if (!index || rtnl_link_get_kernel(sock, index, NULL, &netif->link) < 0)
		return 0;
	snprintf(netif->name, sizeof(netif->name), "%s",
		 rtnl_link_get_name(netif->link));
	format_mac(rtnl_link_get_addr(netif->link), netif->mac);
	netif->state = state_of(netif->link);
	netif->mac_number = own_mac(rtnl_link_get_addr(netif->link));
	netif->num_vfs = 0;
	rtnl_link_get_num_vf(netif->link, &netif->num_vfs);
	return 1;
}

static void put(struct netif *netif)
{
	rtnl_link_put(netif->link);
	netif->link = NULL;
}

static const char *vf_link_of(struct rtnl_link_vf *vf)
{
	static const char *const names[] = {
		[IFLA_VF_LINK_STATE_AUTO] = "auto",
		[IFLA_VF_LINK_STATE_ENABLE] = "enable",
		[IFLA_VF_LINK_STATE_DISABLE] = "disable",
	};
	uint32_t state;

	if (rtnl_link_vf_get_linkstate(vf, &state) < 0 ||
	    state >= sizeof(names) / sizeof(names[0]))
		return NULL;
	return names[state];
}

static int vf(const struct netif *netif, unsigned int index,
	      struct vfnet *vfnet)
{
	struct rtnl_link_vf *vf = rtnl_link_vf_get(netif->link, index);
	struct nl_addr *mac = NULL;

	if (!vf)
		return 0;
	rtnl_link_vf_get_addr(vf, &mac);
	format_mac(mac, vfnet->mac);
	vfnet->link = vf_link_of(vf);
	rtnl_link_vf_put(vf);
	return 1;
}

const struct net_part PART_SYMBOL = {
	.part = PART_HEAD(struct net_part),
	.device = device,
	.get = get,
	.put = put,
	.vf = vf,
	.read = net_read_vf,
	.write = net_write_vf,
};

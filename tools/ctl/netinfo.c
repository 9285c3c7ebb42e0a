// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the network stack knows of PFs and VFs, asked over rtnetlink. Which
 * interface is whose stands in sysfs.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_link.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/sriov.h>

#include "netinfo.h"

/* ALTIFNAMSIZ of linux/if.h, which can't be had beside net/if.h. */
#define ALT_NAME_LEN 128

struct netinfo {
	struct nl_sock *sock;
};

struct netinfo *netinfo_open(void)
{
	struct netinfo *net = calloc(1, sizeof(*net));

	if (!net)
		return NULL;
	net->sock = nl_socket_alloc();
	if (!net->sock || nl_connect(net->sock, NETLINK_ROUTE) < 0) {
		netinfo_close(net);
		return NULL;
	}
	return net;
}

void netinfo_close(struct netinfo *net)
{
	if (!net)
		return;
	nl_socket_free(net->sock);
	free(net);
}

static int note_index(struct nl_msg *msg, void *arg)
{
	const struct ifinfomsg *link = nlmsg_data(nlmsg_hdr(msg));

	*(int *)arg = link->ifi_index;
	return NL_OK;
}

/* The interface with an alternative name, which libnl can't ask for: it may be long. */
static int index_of(struct netinfo *net, const char *name)
{
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETLINK, 0);
	struct ifinfomsg link = { 0 };
	int index = 0;

	nl_socket_modify_cb(net->sock, NL_CB_VALID, NL_CB_CUSTOM, note_index,
			    &index);
	if (msg && !nlmsg_append(msg, &link, sizeof(link), NLMSG_ALIGNTO) &&
	    !nla_put_string(msg, IFLA_ALT_IFNAME, name) &&
	    nl_send_auto(net->sock, msg) >= 0 &&
	    nl_recvmsgs_default(net->sock) >= 0)
		nl_wait_for_ack(net->sock);
	nlmsg_free(msg);
	nl_socket_modify_cb(net->sock, NL_CB_VALID, NL_CB_DEFAULT, NULL, NULL);
	return index;
}

/* Ask for one interface; the kernel knows alternative names as well. */
static int get_link(struct netinfo *net, const char *name,
		    struct rtnl_link **link)
{
	int index = 0;
	int err;

	if (!name[0] || strlen(name) >= ALT_NAME_LEN)
		return -ENODEV;
	if (strlen(name) >= IFNAMSIZ) {
		index = index_of(net, name);
		if (!index)
			return -ENODEV;
	}
	err = rtnl_link_get_kernel(net->sock, index, index ? NULL : name, link);
	if (err == -NLE_NOMEM)
		return -ENOMEM;
	return err < 0 ? -ENODEV : 0;
}

/*
 * /sys/devices/.../0000:01:00.0, or .../0000:01:00.0/virtio3: a virtio device
 * sits between interface and PCI device.
 */
static int device_of_path(char *path, struct sriov_broker_addr *dev)
{
	char *last = strrchr(path, '/');

	if (last && !strncmp(last + 1, "virtio", 6)) {
		*last = '\0';
		last = strrchr(path, '/');
	}
	return last && !sriovb_parse_addr(last + 1, dev) ? 0 : -EOPNOTSUPP;
}

static int device_of_link(const char *name, struct sriov_broker_addr *dev)
{
	char link[64 + IFNAMSIZ];
	char *path;
	int err;

	snprintf(link, sizeof(link), "/sys/class/net/%s/device", name);
	path = realpath(link, NULL);
	if (!path)
		return -EOPNOTSUPP;
	err = device_of_path(path, dev);
	free(path);
	return err;
}

int netinfo_device(const char *name, struct sriov_broker_addr *dev)
{
	struct netinfo *net = netinfo_open();
	struct rtnl_link *link;
	int err;

	if (!net)
		return -ENOMEM;
	err = get_link(net, name, &link);
	if (!err) {
		err = device_of_link(rtnl_link_get_name(link), dev);
		rtnl_link_put(link);
	}
	netinfo_close(net);
	return err;
}

/* The last word of the first path that fits, which is the lowest port. */
static int first_name(const char *pattern, char *name)
{
	glob_t paths;
	int found = 0;

	if (!glob(pattern, 0, NULL, &paths)) {
		const char *last = strrchr(paths.gl_pathv[0], '/') + 1;

		found = strlen(last) < IFNAMSIZ;
		if (found)
			strcpy(name, last);
	}
	globfree(&paths);
	return found;
}

/* The name of a PCI device's interface; of virtio see device_of_path(). */
static int interface_of_device(const struct sriov_broker_addr *dev, char *name)
{
	static const char *const patterns[] = {
		"/sys/bus/pci/devices/%s/net/*",
		"/sys/bus/pci/devices/%s/virtio*/net/*",
	};
	char addr[SRIOVB_ADDR_LEN];
	char pattern[128];
	unsigned int i;

	sriovb_format_addr(dev, addr);
	for (i = 0; i < 2; i++) {
		snprintf(pattern, sizeof(pattern), patterns[i], addr);
		if (first_name(pattern, name))
			return 1;
	}
	return 0;
}

/* Text of a MAC, "" for none and for all zeroes, which drivers mean so. */
static void format_mac(struct nl_addr *mac, char *text)
{
	text[0] = '\0';
	if (mac && nl_addr_get_len(mac) && !nl_addr_iszero(mac))
		nl_addr2str(mac, text, MAC_LEN);
}

static const char *state_of(struct rtnl_link *link)
{
	unsigned int flags = rtnl_link_get_flags(link);

	if (!(flags & IFF_UP))
		return "down";
	return flags & IFF_RUNNING ? "up" : "no carrier";
}

int netinfo_get(struct netinfo *net, const struct sriov_broker_addr *dev,
		struct netif *netif)
{
	if (!net || !interface_of_device(dev, netif->name) ||
	    get_link(net, netif->name, &netif->link))
		return 0;
	format_mac(rtnl_link_get_addr(netif->link), netif->mac);
	netif->state = state_of(netif->link);
	return 1;
}

void netinfo_put(struct netif *netif)
{
	rtnl_link_put(netif->link);
	netif->link = NULL;
}

/* libnl has numbers of its own; the kernel's say more. */
static int keep_errno(struct sockaddr_nl *from, struct nlmsgerr *answer,
		      void *arg)
{
	(void)from;
	*(int *)arg = answer->error;
	return NL_STOP;
}

int netinfo_tell(struct netinfo *net, struct nl_msg *msg)
{
	int error = 0;
	int err;

	nl_socket_modify_err_cb(net->sock, NL_CB_CUSTOM, keep_errno, &error);
	err = nl_send_auto(net->sock, msg);
	if (err >= 0)
		err = nl_wait_for_ack(net->sock);
	nl_socket_modify_err_cb(net->sock, NL_CB_DEFAULT, NULL, NULL);
	if (error)
		return error;
	return err < 0 ? -EIO : 0;
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

int netinfo_vf(const struct netif *netif, unsigned int index,
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

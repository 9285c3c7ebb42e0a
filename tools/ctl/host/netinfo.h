/* SPDX-License-Identifier: GPL-2.0-only */
/* What the network stack knows of PFs and VFs. */
#ifndef HOST_NETINFO_H
#define HOST_NETINFO_H

#include <net/if.h>

#include "sriovbroker.h"

#define MAC_LEN 64 /* text; InfiniBand has 20 bytes */

struct nl_msg;
struct rtnl_link;

/* A PF's interface, or that of a VF which the host uses itself. */
struct netif {
	char name[IFNAMSIZ];
	char mac[MAC_LEN]; /* "" where there is none */
	const char *state; /* "up", "down", "no carrier" */
	struct rtnl_link *link;
};

/* A VF's attributes as its PF's driver keeps them. */
struct vfnet {
	char mac[MAC_LEN]; /* "" where none was set */
	const char *link;  /* "auto", "enable", "disable", NULL: unknown */
};

/*
 * The PCI device of a network interface, by name or alternative name.
 * Return: 0; -ENODEV: no such interface; -EOPNOTSUPP: not one of PCI.
 */
int netinfo_device(const char *name, struct sriov_broker_addr *dev);

/* Has a device an interface in another network namespace than ours? */
int netinfo_is_elsewhere(const struct sriov_broker_addr *dev);

/* A PF of which that is so; room for SRIOVB_ADDR_LEN. Return: 0: there is none */
int netinfo_elsewhere(char *pf);

/* The interface of a PCI device, to be put back. Return: 1 if it has one. */
int netinfo_get(const struct sriov_broker_addr *dev, struct netif *netif);
void netinfo_put(struct netif *netif);

/*
 * Send a request that changes something. @words: room for NETINFO_WORDS: what the kernel
 * or a driver says of a refusal besides its errno, "" for nothing. Return: 0 or -errno
 */
#define NETINFO_WORDS 128
int netinfo_tell(struct nl_msg *msg, char *words);

/* Attributes of VF @index of the PF behind @netif. Return: 1 if known. */
int netinfo_vf(const struct netif *netif, unsigned int index,
	       struct vfnet *vfnet);

#endif /* HOST_NETINFO_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* What the network stack knows of PFs and VFs. */
#ifndef HOST_NETINFO_H
#define HOST_NETINFO_H

#include "parts/net.h"

/*
 * The PCI device of a network interface, by name or alternative name.
 * Return: 0; -ENODEV: no such interface; -EOPNOTSUPP: not one of PCI.
 */
int netinfo_device(const char *name, struct sriov_broker_addr *dev);

/* Has a device an interface in another network namespace than ours? */
int netinfo_is_elsewhere(const struct sriov_broker_addr *dev);

/* A PF of which that is so; room for SRIOVB_ADDR_LEN. Return: 0: there is none */
int netinfo_elsewhere(char *pf);

/*
 * Is a device's interface down? By sysfs alone, for what is only said; its name is put
 * into @name, which has room for IFNAMSIZ.
 */
int netinfo_is_down(const struct sriov_broker_addr *dev, char *name);

/* The interface of a PCI device, to be put back. Return: 1 if it has one. */
int netinfo_get(const struct sriov_broker_addr *dev, struct netif *netif);
void netinfo_put(struct netif *netif);

/* Attributes of VF @index of the PF behind @netif. Return: 1 if known. */
int netinfo_vf(const struct netif *netif, unsigned int index,
	       struct vfnet *vfnet);

/*
 * What its driver keeps for VF @index of the PF behind @netif. Return: 1 if that is
 * anything
 */
int netinfo_read(const struct netif *netif, unsigned int index,
		 struct netattrs *attrs);

/*
 * Have the driver do one of its operations: @attrs are what that sets, of @values.
 * @words: room for NETINFO_WORDS: what the kernel or the driver says of a refusal besides
 * its errno, "" for nothing. Return: 0 or -errno
 */
int netinfo_write(const struct netif *netif, unsigned int index,
		  unsigned int attrs, const uint64_t *values, char *words);

#endif /* HOST_NETINFO_H */

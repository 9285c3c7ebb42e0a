/* SPDX-License-Identifier: GPL-2.0-only */
/* Of the part "net": VFs' attributes, as their PF's driver keeps them. */
#ifndef PARTS_NET_VF_H
#define PARTS_NET_VF_H

#include "parts/net.h"

/* The first 48 bits of an address. */
uint64_t net_mac_number(const unsigned char *mac);

/* Its text, "" for none and for all zeroes, which drivers mean so; room for MAC_LEN */
void net_mac_text(const unsigned char *mac, int len, char *text);

int net_vf(const struct netif *netif, unsigned int index, struct vfnet *vfnet);
int net_read_vf(const struct netif *netif, unsigned int index,
		struct netattrs *attrs);
int net_write_vf(const struct netif *netif, unsigned int index,
		 unsigned int attrs, const uint64_t *values, char *words);

#endif /* PARTS_NET_VF_H */

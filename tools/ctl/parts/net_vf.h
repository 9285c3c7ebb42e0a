/* SPDX-License-Identifier: GPL-2.0-only */
/* Of the part "net": VFs' attributes, as their PF's driver keeps them. */
#ifndef PARTS_NET_VF_H
#define PARTS_NET_VF_H

#include "parts/net.h"

struct nl_addr;

/* The first 48 bits of an address. */
uint64_t net_mac_number(struct nl_addr *addr);

int net_read_vf(const struct netif *netif, unsigned int index,
		struct netattrs *attrs);
int net_write_vf(const struct netif *netif, unsigned int index,
		 unsigned int attrs, const uint64_t *values, char *words);

#endif /* PARTS_NET_VF_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* The part "net": the network stack by rtnetlink, with libnl. */
#ifndef PARTS_NET_H
#define PARTS_NET_H

#include <net/if.h>
#include <stdint.h>

#include "parts/part.h"
#include "sriovbroker.h"

#define MAC_LEN	      64 /* text; InfiniBand has 20 bytes */
#define NETINFO_WORDS 128

/* A PF's interface, or that of a VF which the host uses itself. */
struct netif {
	int index;
	char name[IFNAMSIZ];
	char mac[MAC_LEN];   /* "" where there is none */
	int mac_len;	     /* bytes */
	uint64_t mac_number; /* of 48 bits, 0: none */
	const char *state;   /* "up", "down", "no carrier" */
	unsigned int num_vfs;
	void *vfs; /* what its driver says of them: IFLA_VFINFO_LIST, or NULL */
	int vfs_len;
};

/* A VF's attributes as its PF's driver keeps them. */
struct vfnet {
	char mac[MAC_LEN]; /* "" where none was set */
	const char *link;  /* "auto", "enable", "disable", NULL: unknown */
};

/* What a PF's driver keeps for a VF. */
enum netattr {
	NETATTR_MAC,   /* 48 bits, 0: none */
	NETATTR_VLAN,  /* 0: none */
	NETATTR_QOS,   /* priority of the VLAN's frames */
	NETATTR_PROTO, /* ETH_P_8021Q or ETH_P_8021AD */
	NETATTR_SPOOFCHK,
	NETATTR_TRUST,
	NETATTR_STATE,	  /* IFLA_VF_LINK_STATE_* */
	NETATTR_MIN_RATE, /* Mbit/s, 0: no limit */
	NETATTR_MAX_RATE,
	NETATTR_RSS_QUERY,
	NUM_NETATTRS,
};

/* Some of them. Zeroes: none. */
struct netattrs {
	unsigned int has; /* 1 << enum netattr */
	uint64_t value[NUM_NETATTRS];
};

static inline int netattr_has(const struct netattrs *attrs, enum netattr attr)
{
	return attrs->has >> attr & 1;
}

/* Each is what host/netinfo.h says of the function that calls it. */
struct net_part {
	struct part part;
	int (*device)(const char *name, struct sriov_broker_addr *dev);
	int (*get)(const struct sriov_broker_addr *dev, struct netif *netif);
	void (*put)(struct netif *netif);
	int (*vf)(const struct netif *netif, unsigned int index,
		  struct vfnet *vfnet);
	int (*read)(const struct netif *netif, unsigned int index,
		    struct netattrs *attrs);
	int (*write)(const struct netif *netif, unsigned int index,
		     unsigned int attrs, const uint64_t *values, char *words);
};

#endif /* PARTS_NET_H */

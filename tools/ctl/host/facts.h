/* SPDX-License-Identifier: GPL-2.0-only */
/* What is told of PFs and VFs by several commands alike. */
#ifndef HOST_FACTS_H
#define HOST_FACTS_H

#include "base/field.h"
#include "host/netinfo.h"
#include "base/value.h"

/* What the network stack knows of a PF or VF. */
struct netfacts {
	int known;
	char ifname[IFNAMSIZ]; /* "": it has no interface of its own */
	char mac[MAC_LEN];     /* "": none was set */
	const char *link;
};

struct pf_facts {
	struct sriov_broker_pf pf;
	struct netfacts net;
	struct netif netif; /* if @net is known; to be put back */
};

struct vf_facts {
	struct sriov_broker_vf vf;
	struct netfacts net;
};

void pf_facts_get(struct pf_facts *facts, const struct sriov_broker_pf *pf);
void pf_facts_put(struct pf_facts *facts);

/* @pf: its PF */
void vf_facts_get(struct vf_facts *facts, const struct sriov_broker_vf *vf,
		  const struct pf_facts *pf);

/* ---- fields of struct sriov_broker_vf, the whole of it ---- */

/* The process that has its lease now; 0: none can be seen */
pid_t vf_lease_pid(const struct sriov_broker_vf *vf);

/* null, or an object with the process that has it now */
struct json_object *vf_lease(const void *vf);

/* What its PF knows of an NVMe VF; "online" is null where it can't be asked */
struct json_object *vf_nvme(const void *vf);

/* "quarantined: reset", "free, offline" */
void vf_print_state(FILE *out, const void *vf);

/* The colour for that, or NULL. */
const char *vf_state_color(const char *text);

/* ---- fields of struct netfacts, the whole of it: absent where nothing is known ---- */

struct json_object *net_ifname(const void *net);
struct json_object *net_mac(const void *net);
struct json_object *net_link(const void *net);

/* "eth0 02:00:00:00:00:01 up" */
void net_print(FILE *out, const void *net);

/* Two ids, one after the other, as lspci has them: "8086:10c9" */
void ids_print(FILE *out, const void *vendor);

/* A name that has no quotes, "" for none. */
void name_print(FILE *out, const void *name);

/* clang-format off */

/* What JSON has of a PF everywhere, besides its name. @member: where it is, "pf." or nothing */
#define PF_FIELDS(type, member) \
	{ "vendor", NULL, offsetof(type, member vendor), value_id }, \
	{ "device", NULL, offsetof(type, member device), value_id }, \
	{ "driver", "DRIVER", offsetof(type, member driver), value_driver }, \
	{ "numa_node", NULL, offsetof(type, member numa_node), value_s32 }, \
	{ "total_vfs", NULL, offsetof(type, member total_vfs), value_u16 }, \
	{ "num_vfs", NULL, offsetof(type, member num_vfs), value_u16 }, \
	{ "cordoned", NULL, offsetof(type, member flags), value_cordoned }

/* And of a VF; it has a column or a line for some. */
#define VF_FIELDS(type, member) \
	{ "index", "VF", offsetof(type, member index), value_u32 }, \
	{ "vendor", NULL, offsetof(type, member vendor), value_id }, \
	{ "device", NULL, offsetof(type, member device), value_id }, \
	{ "driver", "DRIVER", offsetof(type, member driver), value_driver }, \
	{ "guarded", NULL, offsetof(type, member flags), value_guarded }, \
	{ "state", NULL, offsetof(type, member state), value_state }, \
	{ "fault", NULL, offsetof(type, member fault), value_fault }, \
	{ "iommu_group", "GROUP", offsetof(type, member iommu_group), \
	  value_group }, \
	{ "pool", "POOL", offsetof(type, member pool), value_driver }

#define NET_FIELDS(type, member) \
	{ "ifname", NULL, offsetof(type, member), net_ifname }, \
	{ "mac", NULL, offsetof(type, member), net_mac }, \
	{ "link", NULL, offsetof(type, member), net_link }

/* clang-format on */

#endif /* HOST_FACTS_H */

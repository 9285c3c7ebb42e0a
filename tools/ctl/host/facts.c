// SPDX-License-Identifier: GPL-2.0-only
/* What is told of PFs and VFs by several commands alike. */
#include <string.h>

#include "base/field.h"
#include "base/terminal.h"
#include "base/value.h"
#include "host/facts.h"
#include "host/nvme.h"
#include "host/proc.h"
#include "host/sysfs_list.h"

/* ---- found ---- */

static void take_netif(struct netfacts *net, const struct netif *netif)
{
	net->known = 1;
	memcpy(net->ifname, netif->name, sizeof(net->ifname));
	memcpy(net->mac, netif->mac, sizeof(net->mac));
	net->link = netif->state;
}

void pf_facts_get(struct pf_facts *facts, const struct sriov_broker_pf *pf)
{
	*facts = (struct pf_facts){ .pf = *pf };
	if (netinfo_get(&pf->addr, &facts->netif))
		take_netif(&facts->net, &facts->netif);
}

void pf_facts_put(struct pf_facts *facts)
{
	if (facts->net.known)
		netinfo_put(&facts->netif);
}

/* The host's own view counts, else what its PF says of it. */
void vf_facts_get(struct vf_facts *facts, const struct sriov_broker_vf *vf,
		  const struct pf_facts *pf)
{
	struct netif own;
	struct vfnet net;

	*facts = (struct vf_facts){ .vf = *vf };
	if (netinfo_get(&vf->addr, &own)) {
		take_netif(&facts->net, &own);
		netinfo_put(&own);
	} else if (pf->net.known && netinfo_vf(&pf->netif, vf->index, &net)) {
		facts->net.known = 1;
		memcpy(facts->net.mac, net.mac, sizeof(net.mac));
		facts->net.link = net.link;
	}
}

/* ---- told ---- */

/* Has the process that leased it ended, another one may have the descriptor. */
pid_t vf_lease_pid(const struct sriov_broker_vf *vf)
{
	return vf->lease_pid ? vf->lease_pid : proc_lease_holder(vf->lease_id);
}

struct json_object *vf_lease(const void *vf)
{
	static const struct field fields[] = {
		{ "id", NULL, offsetof(struct sriov_broker_vf, lease_id),
		  value_u64 },
		{ "label", NULL, offsetof(struct sriov_broker_vf, lease_label),
		  value_name },
		{ "pid", NULL, offsetof(struct sriov_broker_vf, lease_pid),
		  value_s32 },
		{ "uid", NULL, offsetof(struct sriov_broker_vf, lease_uid),
		  value_u32 },
		{ "implicit", NULL, offsetof(struct sriov_broker_vf, flags),
		  value_implicit },
		{ "anchored", NULL, offsetof(struct sriov_broker_vf, flags),
		  value_anchored },
		{ "cgroup", NULL,
		  offsetof(struct sriov_broker_vf, lease_cgroup),
		  value_cgroup },
		{ 0 },
	};
	struct sriov_broker_vf now = *(const struct sriov_broker_vf *)vf;
	struct json_object *obj;

	if (!now.lease_id)
		return NULL;
	now.lease_pid = vf_lease_pid(&now);
	obj = json_object_new_object();
	fields_json(obj, fields, &now);
	return obj;
}

struct json_object *vf_nvme(const void *vf)
{
	static const struct field fields[] = {
		{ "controller", NULL, offsetof(struct nvme_vf, controller),
		  value_u32 },
		{ "online", NULL, offsetof(struct nvme_vf, online),
		  value_bool },
		{ "queues", NULL, offsetof(struct nvme_vf, queues), value_u32 },
		{ "vectors", NULL, offsetof(struct nvme_vf, vectors),
		  value_u32 },
		{ 0 },
	};
	const struct sriov_broker_vf *v = vf;
	const struct nvme_vf *nvme = nvme_vf(&v->pf, v->index);
	struct json_object *obj;

	if (!nvme)
		return FIELD_ABSENT;
	obj = json_object_new_object();
	if (nvme->known)
		fields_json(obj, fields, nvme);
	else
		json_object_object_add(obj, "online", NULL);
	return obj;
}

/* Of one that a guest would have no disk of, or of which that is not known. */
static const char *online_words(const struct nvme_vf *nvme)
{
	if (!nvme || nvme->online)
		return "";
	return nvme->known ? ", offline" : ", may be offline";
}

void vf_print_state(FILE *out, const void *vf)
{
	const struct sriov_broker_vf *v = vf;
	const struct nvme_vf *nvme = nvme_vf(&v->pf, v->index);
	const char *fault = sriovb_strfault(v->fault);

	if (v->state == SYSFS_STATE_UNKNOWN)
		return;
	fprintf(out, "%s%s%s%s", sriovb_strstate(v->state), fault ? ": " : "",
		fault ? fault : "", online_words(nvme));
}

const char *vf_state_color(const char *text)
{
	static const char *const colors[] = {
		[SRIOV_BROKER_VF_FREE] = COLOR_GREEN,
		[SRIOV_BROKER_VF_LEASED] = COLOR_YELLOW,
		[SRIOV_BROKER_VF_DRAINING] = COLOR_CYAN,
		[SRIOV_BROKER_VF_RESETTING] = COLOR_CYAN,
		[SRIOV_BROKER_VF_QUARANTINED] = COLOR_RED,
	};
	size_t len = strcspn(text, ":,");
	size_t i;

	/* No guest can use it. */
	if (strstr(text, ", offline"))
		return COLOR_RED;
	for (i = 0; i < sizeof(colors) / sizeof(colors[0]); i++) {
		const char *name = sriovb_strstate(i);

		if (strlen(name) == len && !strncmp(name, text, len))
			return colors[i];
	}
	return NULL;
}

struct json_object *net_ifname(const void *net)
{
	return value_text_or_absent(((const struct netfacts *)net)->ifname);
}

struct json_object *net_mac(const void *net)
{
	const struct netfacts *n = net;

	return n->known ? value_text(n->mac) : FIELD_ABSENT;
}

struct json_object *net_link(const void *net)
{
	const struct netfacts *n = net;

	return n->known ? value_word(&n->link) : FIELD_ABSENT;
}

void net_print(FILE *out, const void *net)
{
	const struct netfacts *n = net;

	fprintf(out, "%s%s%s%s%s", n->ifname, n->ifname[0] ? " " : "", n->mac,
		n->mac[0] && n->link ? " " : "", n->link ? n->link : "");
}

void ids_print(FILE *out, const void *vendor)
{
	const __u16 *ids = vendor;

	fprintf(out, "%04x:%04x", ids[0], ids[1]);
}

void name_print(FILE *out, const void *name)
{
	fprintf(out, "%.*s", SRIOV_BROKER_NAME_LEN, (const char *)name);
}

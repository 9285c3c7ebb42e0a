// SPDX-License-Identifier: GPL-2.0-only
/* A PF as it is, as an entry of a file that sriovctl apply takes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_ether.h>
#include <linux/if_link.h>

#include "base/complain.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/netattr.h"
#include "conf/keys.h"
#include "conf/save.h"
#include "host/netinfo.h"

/* What no admin has to say, for it is so anyway. */
static const uint64_t usual[NUM_NETATTRS] = {
	[NETATTR_PROTO] = ETH_P_8021Q,
	[NETATTR_SPOOFCHK] = 1,
	[NETATTR_STATE] = IFLA_VF_LINK_STATE_AUTO,
};

/* Of a VF that is leased they are its holder's, and end with the lease. */
static void add_net(struct json_object *array, const struct netif *netif,
		    const struct sriov_broker_vf *vf)
{
	struct json_object *obj;
	struct netattrs attrs;
	unsigned int attr;
	char index[12];

	if (vf->lease_id || !netinfo_read(netif, vf->index, &attrs))
		return;
	for (attr = 0; attr < NUM_NETATTRS; attr++)
		if (attrs.value[attr] == usual[attr])
			attrs.has &= ~(1U << attr);
	if (!attrs.has)
		return;
	obj = json_object_new_object();
	snprintf(index, sizeof(index), "%u", vf->index);
	json_text(obj, "vf", index);
	netattr_json(obj, &attrs);
	json_object_array_add(array, obj);
}

static const char *driver_of(const struct sriov_broker_vf *vf)
{
	return vf->state == SRIOV_BROKER_VF_HOST || !vf->driver[0] ? "host" :
								     vf->driver;
}

/* Files know one driver for a PF's VFs. */
static int check_drivers(const char *name, const struct sriov_broker_vf *vfs,
			 ssize_t n)
{
	ssize_t i;

	for (i = 1; i < n; i++)
		if (strcmp(driver_of(&vfs[i]), driver_of(&vfs[0]))) {
			return fail(
				EXIT_REFUSED, name,
				"VF %zd is with %s, VF 0 with %s; a file has one driver for all",
				i, driver_of(&vfs[i]), driver_of(&vfs[0]));
		}
	return 0;
}

/* Would apply find this PF by that name, and no other one? Ports of a card may share it. */
static int is_its_name(const struct sriov_broker_addr *pf, enum conf_name by,
		       char *name)
{
	struct conf_names names = { 0 };
	struct sriov_broker_addr *found;
	int is_it;

	if (!name[0])
		return 0;
	names.text[by] = name;
	is_it = conf_find(&names, &found) == 1 && sriovb_same_addr(found, pf);
	free(found);
	return is_it;
}

void conf_save_name(struct json_object *obj, enum conf_name by,
		    const struct sriov_broker_addr *pf)
{
	char name[CONF_NAME_LEN], addr[SRIOVB_ADDR_LEN];

	if (by != NAME_ADDRESS && conf_name_of(pf, by, name) &&
	    is_its_name(pf, by, utf8(name)))
		json_text(obj, conf_name_key(by), name);
	else
		json_text(obj, conf_name_key(NAME_ADDRESS),
			  sriovb_format_addr(pf, addr));
}

int conf_save(struct json_object *array, enum conf_name by,
	      const struct sriov_broker_pf *pf,
	      const struct sriov_broker_vf *vfs, ssize_t n)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *nets = json_object_new_array();
	char addr[SRIOVB_ADDR_LEN];
	struct netif netif;
	ssize_t i;

	sriovb_format_addr(&pf->addr, addr);
	conf_save_name(obj, by, &pf->addr);
	json_number(obj, "vfs", pf->num_vfs);
	if (n) {
		if (!strcmp(driver_of(&vfs[0]), CONF_GUARDED_DRIVER))
			json_object_object_add(obj, "guarded",
					       json_object_new_boolean(1));
		else
			json_text(obj, "driver", driver_of(&vfs[0]));
		if (vfs[0].state == SRIOV_BROKER_VF_OPEN)
			json_object_object_add(obj, "open",
					       json_object_new_boolean(1));
		if (pf->flags & SRIOV_BROKER_PF_FLAG_RESTORE)
			json_object_object_add(obj, "restore",
					       json_object_new_boolean(1));
	}
	if (n && netinfo_get(&pf->addr, &netif)) {
		for (i = 0; i < n; i++)
			add_net(nets, &netif, &vfs[i]);
		netinfo_put(&netif);
	}
	if (json_object_array_length(nets))
		json_object_object_add(obj, "net", json_object_get(nets));
	json_object_put(nets);
	json_object_array_add(array, obj);
	return check_drivers(addr, vfs, n);
}

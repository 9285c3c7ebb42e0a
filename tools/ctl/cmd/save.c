// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl save: write what is as a file that sriovctl apply takes. Applied at once it
 * changes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_ether.h>
#include <linux/if_link.h>

#include "base/complain.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"
#include "cli/netattr.h"
#include "cli/netset.h"
#include "conf/name.h"
#include "host/netinfo.h"

enum {
	OPT_BY
};

static const struct opt options[] = {
	[OPT_BY] = { "by", 0, "address|interface|mac|serial|path",
		     "what to call PFs by (address)" },
	{ 0 },
};

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

static int save_pf(struct json_object *array, enum conf_name by,
		   const struct sriov_broker_pf *pf,
		   const struct sriov_broker_vf *vfs, ssize_t n)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *nets = json_object_new_array();
	char name[CONF_NAME_LEN], addr[SRIOVB_ADDR_LEN];
	struct netif netif;
	ssize_t i;

	sriovb_format_addr(&pf->addr, addr);
	if (by != NAME_ADDRESS && (!conf_name_of(&pf->addr, by, name) ||
				   !is_its_name(&pf->addr, by, utf8(name))))
		by = NAME_ADDRESS;
	if (by == NAME_ADDRESS)
		snprintf(name, sizeof(name), "%s", addr);
	json_text(obj, conf_name_key(by), name);
	json_number(obj, "vfs", pf->num_vfs);
	if (n) {
		json_text(obj, "driver", driver_of(&vfs[0]));
		if (vfs[0].state == SRIOV_BROKER_VF_OPEN)
			json_object_object_add(obj, "open",
					       json_object_new_boolean(1));
	}
	if (n && netinfo_get(&pf->addr, &netif)) {
		for (i = 0; i < n; i++)
			add_net(nets, &netif, &vfs[i]);
		netinfo_put(&netif);
	}
	if (n && vfs[0].flags & SRIOV_BROKER_VF_FLAG_GUARDED)
		note(addr,
		     "its VFs are guarded; a file does not say whether that is with --restore" REMEDY
		     "if so, after apply: sriovctl enable %s %u --guarded --restore",
		     addr, pf->num_vfs);
	if (json_object_array_length(nets))
		json_object_object_add(obj, "net", json_object_get(nets));
	json_object_put(nets);
	json_object_array_add(array, obj);
	return check_drivers(addr, vfs, n);
}

static int save_all(struct sriovb *sb, enum conf_name by,
		    struct json_object *array)
{
	struct sriov_broker_pf *pfs;
	struct sriov_broker_vf *vfs;
	ssize_t n = sriovb_list_pfs(sb, NULL, &pfs);
	ssize_t i, num_vfs;
	int ret = 0;

	if (n < 0)
		return refused(sb, n);
	for (i = 0; i < n; i++) {
		num_vfs = sriovb_list_vfs(sb, &pfs[i].addr, &vfs);
		if (num_vfs < 0) {
			ret = refused(sb, num_vfs);
			break;
		}
		if (save_pf(array, by, &pfs[i], vfs, num_vfs))
			ret = EXIT_REFUSED;
		free(vfs);
	}
	free(pfs);
	return ret;
}

static int choose_name(const struct args *args, enum conf_name *by)
{
	const char *text = args->opt[OPT_BY];

	for (*by = 0; text && *by < NUM_NAMES; ++*by)
		if (!strcmp(conf_name_key(*by), text) && *by != NAME_DEVICE)
			return 0;
	return text ? bad_usage(
			      args,
			      "%s: --by is address, interface, mac, serial or path",
			      text) :
		      0;
}

static int save(const struct args *args)
{
	struct json_object *obj, *array;
	struct sriovb *sb;
	enum conf_name by;
	int ret = choose_name(args, &by);

	if (!ret)
		ret = open_broker(&sb);
	if (ret)
		return ret;
	obj = json_object_new_object();
	array = json_object_new_array();
	json_object_object_add(obj, "pfs", array);
	ret = save_all(sb, by, array);
	sriovb_close(sb);
	if (json_print(obj))
		return EXIT_REFUSED;
	return ret;
}

const struct cmd cmd_save = {
	.name = "save",
	.words = "",
	.help = "Print what is, as a file for sriovctl apply.",
	.opts = options,
	.no_json = 1,
	.run = save,
};

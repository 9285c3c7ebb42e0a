// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl save: write what is as a file that sriovctl apply takes. Applied at once it
 * changes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "base/json.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cli/pools.h"
#include "cmd/commands.h"
#include "conf/name.h"
#include "conf/save.h"

/* No PF has more VFs. */
#define PCI_MAX_INDEX 65534

enum {
	OPT_BY
};

static const struct opt options[] = {
	[OPT_BY] = { "by", 0, "address|interface|mac|serial|path",
		     "what to call PFs by (address)" },
	{ 0 },
};

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
		if (conf_save(array, by, &pfs[i], vfs, num_vfs))
			ret = EXIT_REFUSED;
		free(vfs);
	}
	free(pfs);
	return ret;
}

/* ---- pools ---- */

static struct json_object *
save_member(enum conf_name by, const struct sriov_broker_pool_member *member)
{
	struct json_object *obj = json_object_new_object();
	unsigned int last = member->count ? member->first + member->count - 1 :
					    PCI_MAX_INDEX;
	char range[32];

	conf_save_name(obj, by, &member->pf);
	if (!member->first && !member->count)
		return obj;
	snprintf(range, sizeof(range), member->count == 1 ? "%u" : "%u-%u",
		 member->first, last);
	json_text(obj, "vf", range);
	return obj;
}

static void save_ids(struct json_object *obj, const char *key, const __u32 *id,
		     unsigned int num,
		     const char *(*name)(unsigned int id, char *buf,
					 size_t len))
{
	struct json_object *array = json_object_new_array();
	char buf[64];
	unsigned int i;

	for (i = 0; i < num; i++)
		json_object_array_add(
			array, json_string(name(id[i], buf, sizeof(buf))));
	json_object_object_add(obj, key, array);
}

static void save_pool(struct json_object *pools, enum conf_name by,
		      const struct sriov_broker_pool *pool)
{
	const struct sriov_broker_pool_member *members =
		(const void *)(uintptr_t)pool->members;
	struct json_object *obj = json_object_new_object();
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < pool->num_members; i++)
		json_object_array_add(array, save_member(by, &members[i]));
	json_object_object_add(obj, "members", array);
	if (!(pool->flags & SRIOV_BROKER_POOL_ANYONE)) {
		save_ids(obj, "users", (const void *)(uintptr_t)pool->uids,
			 pool->num_uids, user_name);
		save_ids(obj, "groups", (const void *)(uintptr_t)pool->gids,
			 pool->num_gids, group_name);
	}
	if (pool->max_leases)
		json_number(obj, "max_leases", pool->max_leases);
	if (pool->max_leases_per_user)
		json_number(obj, "max_leases_per_user",
			    pool->max_leases_per_user);
	json_object_object_add(pools, pool->name, obj);
}

/* Where there are none the file does not speak of them. */
static int save_pools(struct sriovb *sb, enum conf_name by,
		      struct json_object *obj)
{
	struct json_object *pools = json_object_new_object();
	struct sriov_broker_pool **all;
	ssize_t n = pools_get(sb, &all), i;

	for (i = 0; i < n; i++)
		save_pool(pools, by, all[i]);
	if (n > 0)
		json_object_object_add(obj, "pools", json_object_get(pools));
	json_object_put(pools);
	pools_free(all, n);
	return n < 0 ? refused(sb, n) : 0;
}

/* ---- all ---- */

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
	if (save_pools(sb, by, obj))
		ret = EXIT_REFUSED;
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

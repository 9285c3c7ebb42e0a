// SPDX-License-Identifier: GPL-2.0-only
/* Named pools, and what is told of them. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>

#include "base/value.h"
#include "cli/pools.h"

/* ---- found ---- */

ssize_t pools_get(struct sriovb *sb, struct sriov_broker_pool ***out)
{
	struct sriov_broker_pool **pools = NULL, **more;
	const char *last = "";
	ssize_t n = 0;
	int err;

	do {
		more = reallocarray(pools, n + 1, sizeof(*pools));
		err = more ? 0 : -ENOMEM;
		pools = more ? more : pools;
		if (!err)
			err = sriovb_pool_get(sb, last, SRIOV_BROKER_POOL_NEXT,
					      &pools[n]);
		if (!err)
			last = pools[n++]->name;
	} while (!err);
	/* A module that is older has none. */
	if (err == -ENOENT || err == -ENOTTY) {
		*out = pools;
		return n;
	}
	*out = NULL;
	pools_free(pools, n);
	return err;
}

void pools_free(struct sriov_broker_pool **pools, ssize_t num)
{
	while (num > 0)
		free(pools[--num]);
	free(pools);
}

/* ---- told ---- */

const char *user_name(unsigned int uid, char *buf, size_t len)
{
	const struct passwd *user = getpwuid(uid);

	if (user)
		snprintf(buf, len, "%s", user->pw_name);
	else
		snprintf(buf, len, "%u", uid);
	return buf;
}

const char *group_name(unsigned int gid, char *buf, size_t len)
{
	const struct group *group = getgrgid(gid);

	if (group)
		snprintf(buf, len, "%s", group->gr_name);
	else
		snprintf(buf, len, "%u", gid);
	return buf;
}

static const struct sriov_broker_pool_member *
member(const struct sriov_broker_pool *pool, unsigned int i)
{
	return (const void *)(uintptr_t)(pool->members +
					 (__u64)i * pool->member_size);
}

static const __u32 *ids(__u64 array)
{
	return (const void *)(uintptr_t)array;
}

void pool_print_members(FILE *out, const void *pool)
{
	const struct sriov_broker_pool *p = pool;
	char addr[SRIOVB_ADDR_LEN];
	unsigned int i;

	for (i = 0; i < p->num_members; i++) {
		const struct sriov_broker_pool_member *m = member(p, i);

		fprintf(out, "%s%s", i ? ", " : "",
			sriovb_format_addr(&m->pf, addr));
		if (m->count == 1)
			fprintf(out, "#%u", m->first);
		else if (m->count)
			fprintf(out, "#%u-%u", m->first,
				m->first + m->count - 1);
		else if (m->first)
			fprintf(out, "#%u-", m->first);
	}
}

static void print_ids(FILE *out, const __u32 *id, unsigned int num,
		      const char *(*name)(unsigned int id, char *buf,
					  size_t len))
{
	char buf[64];
	unsigned int i;

	for (i = 0; i < num; i++)
		fprintf(out, "%s%s", i ? ", " : "",
			name(id[i], buf, sizeof(buf)));
}

void pool_print_users(FILE *out, const void *pool)
{
	const struct sriov_broker_pool *p = pool;

	if (p->flags & SRIOV_BROKER_POOL_ANYONE)
		fputs("anyone", out);
	print_ids(out, ids(p->uids), p->num_uids, user_name);
}

void pool_print_groups(FILE *out, const void *pool)
{
	const struct sriov_broker_pool *p = pool;

	print_ids(out, ids(p->gids), p->num_gids, group_name);
}

static struct json_object *members_json(const void *pool)
{
	static const struct field fields[] = {
		{ "pf", NULL, offsetof(struct sriov_broker_pool_member, pf),
		  value_addr },
		{ "first", NULL,
		  offsetof(struct sriov_broker_pool_member, first), value_u32 },
		{ "count", NULL,
		  offsetof(struct sriov_broker_pool_member, count), value_u32 },
		{ 0 },
	};
	const struct sriov_broker_pool *p = pool;
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < p->num_members; i++) {
		struct json_object *obj = json_object_new_object();

		fields_json(obj, fields, member(p, i));
		json_object_array_add(array, obj);
	}
	return array;
}

static struct json_object *ids_json(const __u32 *id, unsigned int num)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < num; i++)
		json_object_array_add(array, json_object_new_int64(id[i]));
	return array;
}

static struct json_object *uids_json(const void *pool)
{
	const struct sriov_broker_pool *p = pool;

	return ids_json(ids(p->uids), p->num_uids);
}

static struct json_object *gids_json(const void *pool)
{
	const struct sriov_broker_pool *p = pool;

	return ids_json(ids(p->gids), p->num_gids);
}

static struct json_object *anyone_json(const void *flags)
{
	return json_object_new_boolean(
		!!(*(const __u32 *)flags & SRIOV_BROKER_POOL_ANYONE));
}

#define AT(member) offsetof(struct sriov_broker_pool, member)

const struct field pool_fields[] = {
	{ "pool", "POOL", AT(name), value_name },
	{ "members", "VFS", 0, members_json, pool_print_members },
	{ "anyone", NULL, AT(flags), anyone_json },
	{ "uids", "USERS", 0, uids_json, pool_print_users },
	{ "gids", "GROUPS", 0, gids_json, pool_print_groups },
	{ "leases", "LEASES", AT(leases), value_u32 },
	{ "max_leases", "MAX", AT(max_leases), value_u32 },
	{ "max_leases_per_user", "EACH", AT(max_leases_per_user), value_u32 },
	{ 0 },
};

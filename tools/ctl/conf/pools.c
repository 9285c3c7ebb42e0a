// SPDX-License-Identifier: GPL-2.0-only
/*
 * Named pools as files have them. The kernel takes a pool as a whole, so that there is no
 * time in which it has the VFs of the new one and the users of the old one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "base/field.h"
#include "cli/pools.h"
#include "cli/report.h"
#include "conf/pools.h"

static int pool_failed(struct pool_job *job, int code, const char *text)
{
	free(job->error);
	job->error = strdup(text);
	job->code = code;
	return code;
}

/* ---- what is wanted ---- */

static int add_member(struct pool_job *job, const struct sriov_broker_addr *pf,
		      const struct run *run)
{
	unsigned int n = job->want.num_members;
	void *members;

	if (n == SRIOV_BROKER_POOL_MAX)
		return -1;
	members = reallocarray(job->members, n + 1, sizeof(*job->members));
	if (!members)
		return -1;
	job->members = members;
	job->members[n] = (struct sriov_broker_pool_member){
		.pf = *pf,
		.first = run ? run->first : 0,
		.count = run ? run->count : 0,
	};
	job->want.num_members++;
	return 0;
}

static int add_runs(struct pool_job *job, const struct conf_member *member,
		    const struct sriov_broker_addr *pf)
{
	unsigned int i;
	int err = 0;

	if (!member->num_runs)
		return add_member(job, pf, NULL);
	for (i = 0; !err && i < member->num_runs; i++)
		err = add_member(job, pf, &member->runs[i]);
	return err;
}

/* By its address alone a PF need not be there: the kernel goes by that. */
static int is_address(const struct conf_names *names,
		      struct sriov_broker_addr *addr)
{
	unsigned int i;

	for (i = 0; i < NUM_NAMES; i++)
		if (names->text[i] && i != NAME_ADDRESS)
			return 0;
	return !sriovb_parse_addr(names->text[NAME_ADDRESS], addr);
}

static int wrong_member(struct pool_job *job, const struct conf_member *member,
			int code, const char *text)
{
	char where[320];

	snprintf(where, sizeof(where), "%s:%u", job->entry->file, member->line);
	fail(code, where, "%s", text);
	return pool_failed(job, code, text);
}

static int find_member(struct pool_job *job, const struct conf_member *member,
		       int may_lack)
{
	struct sriov_broker_addr *pfs, addr;
	size_t n = conf_find(&member->names, &pfs), i;
	int ret = 0;

	if (n > 1 && !member->all)
		ret = wrong_member(
			job, member, EXIT_USAGE,
			"several PFs are called so: say which, or \"all\": true");
	for (i = 0; !ret && i < n; i++)
		if (add_runs(job, member, &pfs[i]))
			ret = wrong_member(job, member, EXIT_REFUSED,
					   "there are too many members");
	free(pfs);
	if (n)
		return ret;
	if (is_address(&member->names, &addr))
		return add_runs(job, member, &addr) ?
			       wrong_member(job, member, EXIT_REFUSED,
					    "there are too many members") :
			       0;
	job->missing = member;
	return may_lack ? 0 :
			  wrong_member(job, member, EXIT_NOT_FOUND,
				       "no PF is called so on this host");
}

static int want_pool(struct pool_job *job, int may_lack)
{
	const struct conf_pool *entry = job->entry;
	struct sriov_broker_pool *want = &job->want;
	size_t i;
	int ret = 0;

	snprintf(want->name, sizeof(want->name), "%s", entry->name);
	for (i = 0; !ret && i < entry->num_members; i++)
		ret = find_member(job, &entry->members[i], may_lack);
	want->member_size = sizeof(*job->members);
	want->members = (uintptr_t)job->members;
	if (ret || !want->num_members)
		return ret; /* it goes, with all that is said of it */
	want->uids = (uintptr_t)entry->users.id;
	want->num_uids = entry->users.num;
	want->gids = (uintptr_t)entry->groups.id;
	want->num_gids = entry->groups.num;
	if (!entry->users.said && !entry->groups.said)
		want->flags = SRIOV_BROKER_POOL_ANYONE;
	want->max_leases = entry->max_leases;
	want->max_leases_per_user = entry->max_leases_per_user;
	return 0;
}

/* ---- what differs ---- */

static void print_limit(FILE *out, const void *pool)
{
	const struct sriov_broker_pool *p = pool;

	fprintf(out, "%u", p->max_leases);
}

static void print_limit_each(FILE *out, const void *pool)
{
	const struct sriov_broker_pool *p = pool;

	fprintf(out, "%u", p->max_leases_per_user);
}

static const struct pool_part {
	const char *name;
	void (*print)(FILE *out, const void *pool);
} pool_parts[] = {
	{ "members", pool_print_members },
	{ "users", pool_print_users },
	{ "groups", pool_print_groups },
	{ "max_leases", print_limit },
	{ "max_leases_per_user", print_limit_each },
};

#define NUM_PARTS (sizeof(pool_parts) / sizeof(pool_parts[0]))

/* "none" for what is empty. */
static char *text_of(const struct pool_part *part,
		     const struct sriov_broker_pool *pool)
{
	char *text = printed(part->print, pool);

	if (text && text[0])
		return text;
	free(text);
	return strdup("none");
}

/* Of a pool that is not there yet all that is not as it is without saying so. */
static void compare(struct pool_job *job, const struct sriov_broker_pool *is)
{
	static const struct sriov_broker_pool none;
	size_t i;

	job->changes = calloc(NUM_PARTS, sizeof(*job->changes));
	for (i = 0; job->changes && i < NUM_PARTS; i++) {
		char *from = text_of(&pool_parts[i], is ? is : &none);
		char *to = text_of(&pool_parts[i], &job->want);

		if (from && to && strcmp(from, to)) {
			job->changes[job->num_changes++] = (struct change){
				.what = strdup(pool_parts[i].name),
				.from = from,
				.to = to,
			};
			continue;
		}
		free(from);
		free(to);
	}
}

int pool_job_plan(struct sriovb *sb, struct pool_job *job, int may_lack)
{
	struct sriov_broker_pool *is;
	int err = want_pool(job, may_lack);

	/* Without any VF it would go; but they are to come. */
	if (err || (job->missing && !job->want.num_members))
		return err;
	err = sriovb_pool_get(sb, job->entry->name, 0, &is);
	if (err && err != -ENOENT) {
		err = refused(sb, err);
		return pool_failed(job, err, "the broker does not tell of it");
	}
	compare(job, err ? NULL : is);
	free(is);
	return 0;
}

/* ---- done ---- */

/* Return: 0 or -errno */
static int set_pool(struct sriovb *sb, struct pool_job *job, int is_last_try)
{
	char text[SRIOVB_ERROR_LEN];
	int err;

	if (job->done || job->error || !job->num_changes)
		return 0;
	err = sriovb_pool_set(sb, &job->want);
	job->done = !err;
	if (!err || (err == -EEXIST && !is_last_try))
		return err;
	pool_failed(job, refused(sb, err),
		    sriovb_strerror(sb, err, text, sizeof(text)));
	return err;
}

void pool_jobs_carry_out(struct sriovb *sb, struct pool_job *jobs, size_t num)
{
	size_t i, left, before;

	left = num;
	do {
		before = left;
		for (i = left = 0; i < num; i++)
			left += set_pool(sb, &jobs[i], 0) == -EEXIST;
	} while (left && left < before);
	for (i = 0; left && i < num; i++)
		set_pool(sb, &jobs[i], 1);
}

void pool_job_free(struct pool_job *job)
{
	size_t i;

	for (i = 0; i < job->num_changes; i++) {
		free(job->changes[i].what);
		free(job->changes[i].from);
		free(job->changes[i].to);
	}
	free(job->changes);
	free(job->members);
	free(job->error);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl apply: make the PFs what the files say, and touch nothing that is right
 * already. One bad file, and nothing is done; one PF that refuses, and the others are
 * done all the same.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/complain.h"
#include "base/json.h"
#include "base/wait.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"
#include "conf/carry.h"
#include "conf/halfway.h"
#include "conf/pools.h"

#define LOCK_DIR  "/run/sriov-broker"
#define LOCK_FILE LOCK_DIR "/apply"

enum {
	OPT_DRY_RUN,
	OPT_BOOT,
	OPT_PF,
	OPT_MAINTAINED,
	OPT_SCHEMA
};

static const struct opt options[] = {
	[OPT_DRY_RUN] = { "dry-run", 0, NULL,
			  "show what would be done, and do nothing" },
	[OPT_BOOT] = { "boot", 0, NULL,
		       "leave PFs that, or whose drivers, are not there to later" },
	[OPT_PF] = { "pf", 0, "PF", "only this one of the files' PFs" },
	[OPT_MAINTAINED] = { "maintained", 0, NULL,
			     "also PFs that a maintenance has in hand" },
	[OPT_SCHEMA] = { "schema", 0, NULL, "print the schema of the files" },
	{ 0 },
};

struct apply {
	const struct args *args;
	struct conf conf;
	struct sriovb *sb;
	struct job *jobs;
	size_t num_jobs;
	struct pool_job *pools;		/* of each of @conf's */
	const struct conf_pf **missing; /* entries whose PF is not there */
	size_t num_missing;
	struct outcome outcome;
	size_t num_changed; /* or would be */
};

/* ---- files ---- */

/* All of the directory, in the order of their names; without one there are none. */
static void read_dir(struct apply *a)
{
	DIR *dir = opendir(CONF_DIR);
	glob_t paths;
	size_t i;

	/* glob() would take one that we may not read for an empty one. */
	if (!dir && errno != ENOENT)
		conf_wrong(&a->conf.errors, CONF_DIR, 0, "%s", strerror(errno));
	if (!dir)
		return;
	closedir(dir);
	if (!glob(CONF_DIR "/*.conf", 0, NULL, &paths))
		for (i = 0; i < paths.gl_pathc; i++)
			conf_read(&a->conf, paths.gl_pathv[i]);
	globfree(&paths);
}

static void read_files(struct apply *a)
{
	size_t i;

	for (i = 0; i < MAX_WORDS && a->args->word[i]; i++)
		conf_read(&a->conf, a->args->word[i]);
	if (!i)
		read_dir(a);
}

static void add_job(struct apply *a, const struct conf_pf *entry,
		    const struct sriov_broker_addr *pf)
{
	struct job *job;
	size_t i;

	for (i = 0; i < a->num_jobs; i++)
		if (sriovb_same_addr(&a->jobs[i].pf, pf)) {
			conf_wrong(&a->conf.errors, entry->file, entry->line,
				   "%s is named twice, first in %s:%u",
				   a->jobs[i].name, a->jobs[i].entry->file,
				   a->jobs[i].entry->line);
			return;
		}
	job = reallocarray(a->jobs, a->num_jobs + 1, sizeof(*a->jobs));
	if (!job) {
		conf_wrong(&a->conf.errors, entry->file, entry->line,
			   "out of memory");
		return;
	}
	a->jobs = job;
	job += a->num_jobs++;
	*job = (struct job){ .entry = entry, .pf = *pf };
	sriovb_format_addr(pf, job->name);
}

static void complain_of_many(struct apply *a, const struct conf_pf *entry,
			     const struct sriov_broker_addr *pfs, size_t n)
{
	char text[16 * SRIOVB_ADDR_LEN] = "", addr[SRIOVB_ADDR_LEN];
	size_t i, used = 0;

	for (i = 0; i < n && used < sizeof(text); i++)
		used += snprintf(text + used, sizeof(text) - used, "%s%s",
				 i ? ", " : "",
				 sriovb_format_addr(&pfs[i], addr));
	conf_wrong(&a->conf.errors, entry->file, entry->line,
		   "%zu PFs are called so: %s; say which, or \"all\": true", n,
		   text);
}

/* Which PFs are meant. Return: 0 or -1: no memory */
static int find_jobs(struct apply *a)
{
	struct sriov_broker_addr *pfs;
	size_t i, j, n;

	a->missing = calloc(a->conf.num_pfs + 1, sizeof(*a->missing));
	a->pools = calloc(a->conf.num_pools + 1, sizeof(*a->pools));
	if (!a->missing || !a->pools)
		return -1;
	for (i = 0; i < a->conf.num_pools; i++)
		a->pools[i].entry = &a->conf.pools[i];
	for (i = 0; i < a->conf.num_pfs; i++) {
		n = conf_find(&a->conf.pfs[i].names, &pfs);
		if (n > 1 && !a->conf.pfs[i].all)
			complain_of_many(a, &a->conf.pfs[i], pfs, n);
		for (j = 0; j < n; j++)
			add_job(a, &a->conf.pfs[i], &pfs[j]);
		if (!n)
			a->missing[a->num_missing++] = &a->conf.pfs[i];
		free(pfs);
	}
	return 0;
}

/* Leave all but one; at boot any PF may be named. */
static int choose_job(struct apply *a)
{
	struct sriov_broker_addr pf;
	size_t i, n = 0;
	int err;

	if (!a->args->opt[OPT_PF])
		return 0;
	err = parse_device(a->args, a->args->opt[OPT_PF], &pf);
	if (err)
		return err;
	for (i = 0; i < a->num_jobs; i++)
		if (sriovb_same_addr(&a->jobs[i].pf, &pf))
			a->jobs[n++] = a->jobs[i];
	a->num_jobs = n;
	a->num_missing = 0;
	if (n || a->args->opt[OPT_BOOT])
		return 0;
	return fail(EXIT_NOT_FOUND, a->args->opt[OPT_PF],
		    "no file says anything of it");
}

/* ---- one at a time ---- */

/* The lock is @fd until it is closed. Return: 0 or an exit code */
static int take_lock(int *fd)
{
	int err;

	if (mkdir(LOCK_DIR, 0700) && errno != EEXIST)
		return fail(exit_code_of(-errno), LOCK_DIR, "%s",
			    strerror(errno));
	*fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd < 0)
		return fail(exit_code_of(-errno), LOCK_FILE, "%s",
			    strerror(errno));
	err = flock(*fd, LOCK_EX | LOCK_NB);
	if (err && errno == EWOULDBLOCK) {
		note(NULL, "waiting for another sriovctl apply to end");
		do
			err = flock(*fd, LOCK_EX);
		while (err && errno == EINTR);
	}
	if (!err)
		return 0;
	err = fail(exit_code_of(-errno), LOCK_FILE, "can't be locked: %s",
		   strerror(errno));
	close(*fd);
	return err;
}

/* ---- what is told ---- */

static struct json_object *changes_json(const struct change *changes,
					size_t num)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < num; i++) {
		struct json_object *change = json_object_new_object();

		json_text(change, "what", changes[i].what);
		json_text(change, "from", changes[i].from);
		json_text(change, "to", changes[i].to);
		json_object_array_add(array, change);
	}
	return array;
}

static struct json_object *pool_json(const struct pool_job *job)
{
	struct json_object *obj = json_object_new_object();

	json_text(obj, "pool", job->entry->name);
	json_text(obj, "file", job->entry->file);
	json_number(obj, "line", job->entry->line);
	json_object_object_add(obj, "changed",
			       json_object_new_boolean(job->done));
	json_object_object_add(obj, "changes",
			       changes_json(job->changes, job->num_changes));
	json_text(obj, "error", job->error);
	return obj;
}

static struct json_object *job_json(const struct job *job)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *obstacles = json_object_new_array();
	size_t i;

	json_text(obj, "pf", job->name);
	json_text(obj, "file", job->entry->file);
	json_number(obj, "line", job->entry->line);
	json_object_object_add(obj, "changed",
			       json_object_new_boolean(job->done));
	json_object_object_add(obj, "changes",
			       changes_json(job->changes, job->num_changes));
	for (i = 0; i < job->num_obstacles; i++)
		json_object_array_add(obstacles,
				      json_string(job->obstacles[i]));
	json_object_object_add(obj, "in_the_way", obstacles);
	json_text(obj, "error", job->error);
	return obj;
}

static int tell_json(const struct apply *a)
{
	struct json_object *obj = json_document();
	struct json_object *pfs = json_object_new_array();
	struct json_object *pools = json_object_new_array();
	struct json_object *missing = json_object_new_array();
	size_t i;

	json_object_object_add(obj, "changed",
			       json_object_new_boolean(a->num_changed != 0));
	json_object_object_add(
		obj, "dry_run",
		json_object_new_boolean(a->args->opt[OPT_DRY_RUN] != NULL));
	for (i = 0; i < a->num_jobs; i++)
		json_object_array_add(pfs, job_json(&a->jobs[i]));
	json_object_object_add(obj, "pfs", pfs);
	for (i = 0; i < a->conf.num_pools; i++)
		json_object_array_add(pools, pool_json(&a->pools[i]));
	json_object_object_add(obj, "pools", pools);
	for (i = 0; i < a->num_missing; i++) {
		struct json_object *entry = json_object_new_object();

		json_text(entry, "file", a->missing[i]->file);
		json_number(entry, "line", a->missing[i]->line);
		json_object_array_add(missing, entry);
	}
	json_object_object_add(obj, "missing", missing);
	return json_print(obj);
}

static void tell_job(const struct job *job)
{
	size_t i;

	if (!job->num_changes)
		printf("%s: as it should be\n", job->name);
	for (i = 0; i < job->num_changes; i++) {
		const struct change *c = &job->changes[i];

		printf("%s%s%s: %s -> %s\n", job->name,
		       c->what[0] == '#' ? "" : " ", c->what,
		       c->from ? c->from : "?", c->to);
	}
	for (i = 0; i < job->num_obstacles; i++)
		printf("  in the way: %s\n", job->obstacles[i]);
	fflush(stdout);
}

static void tell_pool(const struct pool_job *job)
{
	size_t i;

	if (!job->num_changes && !job->error && !job->missing)
		printf("pool %s: as it should be\n", job->entry->name);
	for (i = 0; i < job->num_changes; i++)
		printf("pool %s %s: %s -> %s\n", job->entry->name,
		       job->changes[i].what, job->changes[i].from,
		       job->changes[i].to);
	if (job->missing)
		note(job->entry->name,
		     "the pool waits for the PF of %s:%u, which is not there",
		     job->entry->file, job->missing->line);
	fflush(stdout);
}

/* ---- the work ---- */

/* Before there are VFs that only some users may lease. */
static void do_pools(struct apply *a)
{
	int dry = a->args->opt[OPT_DRY_RUN] != NULL;
	int boot = a->args->opt[OPT_BOOT] != NULL;
	size_t i;

	for (i = 0; i < a->conf.num_pools; i++) {
		pool_job_plan(a->sb, &a->pools[i], boot);
		if (!a->args->json)
			tell_pool(&a->pools[i]);
	}
	if (!dry)
		pool_jobs_carry_out(a->sb, a->pools, a->conf.num_pools);
	for (i = 0; i < a->conf.num_pools; i++) {
		struct pool_job *job = &a->pools[i];

		outcome_add(&a->outcome, job->error ? job->code : 0);
		a->num_changed += dry ? job->num_changes != 0 : job->done;
	}
}

/* What it has left of a PF that an admin has uncordoned is given up. */
static int is_maintained(const struct apply *a, const struct job *job)
{
	return !a->args->opt[OPT_MAINTAINED] &&
	       job->was.flags & SRIOV_BROKER_PF_FLAG_CORDONED &&
	       halfway_has_left(job->name);
}

static void do_job(struct apply *a, struct job *job, const char *driver)
{
	int dry = a->args->opt[OPT_DRY_RUN] != NULL;
	int err = job_plan(a->sb, job, driver);

	if (err) {
		job->error = strdup(strerror(-err));
		err = refused(a->sb, err);
	}
	/* A driver of ours would keep the PF's own from it. */
	if (!err && a->args->opt[OPT_BOOT] && job->waits && job->num_changes) {
		note(job->name, "waits for its driver");
		return;
	}
	if (!err && job->num_changes && is_maintained(a, job)) {
		job_hinder(
			job,
			"a maintenance has it in hand; to apply all the same: --maintained");
		/* Its command may have loaded the PF's driver anew. */
		if (a->args->opt[OPT_BOOT]) {
			note(job->name,
			     "left alone: a maintenance has it in hand");
			return;
		}
	}
	if (!err && !a->args->json)
		tell_job(job);
	if (!err && !dry && job->num_changes)
		err = job_carry_out(a->sb, job);
	/* What stands in the way is what it would fail for. */
	if (!err && dry && job->num_obstacles)
		err = job->obstacle_code;
	outcome_add(&a->outcome, err);
	a->num_changed += dry ? job->num_changes != 0 : job->done;
}

/*
 * A signal ends none half-way, but keeps the next ones from being begun; also one that no
 * wait has let in yet.
 */
static void do_until_told(struct apply *a, const char *driver)
{
	size_t i;

	for (i = 0; i < a->num_jobs; i++) {
		wait_ms(0);
		if (wait_interrupted())
			outcome_add(&a->outcome, job_interrupted(&a->jobs[i]));
		else
			do_job(a, &a->jobs[i], driver);
	}
}

static void missing(const struct conf_pf *entry)
{
	char where[320];

	snprintf(where, sizeof(where), "%s:%u", entry->file, entry->line);
	fail(EXIT_NOT_FOUND, where, "no PF is called so on this host");
}

static int do_jobs(struct apply *a)
{
	struct sriov_broker_info info;
	size_t i;
	int err = sriovb_info(a->sb, &info);

	if (err)
		return refused(a->sb, err);
	info.driver[sizeof(info.driver) - 1] = '\0';
	do_pools(a);
	do_until_told(a, info.driver);
	for (i = 0; i < a->num_missing && !a->args->opt[OPT_BOOT]; i++) {
		missing(a->missing[i]);
		outcome_add(&a->outcome, EXIT_NOT_FOUND);
	}
	if (a->args->json && tell_json(a))
		return EXIT_REFUSED;
	return outcome_code(&a->outcome);
}

static int open_and_apply(struct apply *a)
{
	int ret = open_broker(&a->sb);

	if (ret)
		return ret;
	ret = do_jobs(a);
	sriovb_close(a->sb);
	return ret;
}

static int read_and_apply(struct apply *a)
{
	int ret;

	read_files(a);
	if (!a->conf.errors.count && find_jobs(a))
		return no_memory();
	if (a->conf.errors.count) {
		note(NULL, "nothing is applied: %u thing%s to put right",
		     a->conf.errors.count,
		     a->conf.errors.count == 1 ? "" : "s");
		return EXIT_USAGE;
	}
	ret = choose_job(a);
	return ret ? ret : open_and_apply(a);
}

/*
 * What the files say, and which PF is called so, is found out when our turn has come: it
 * may have changed while we waited for that.
 */
static int apply_in_turn(struct apply *a)
{
	int lock = -1;
	int ret;

	if (a->args->opt[OPT_DRY_RUN])
		return read_and_apply(a);
	ret = take_lock(&lock);
	if (ret)
		return ret;
	wait_catch_signals();
	ret = read_and_apply(a);
	close(lock);
	return ret;
}

static int apply(const struct args *args)
{
	struct apply a = { .args = args };
	size_t i;
	int ret;

	if (args->opt[OPT_SCHEMA])
		return json_print(conf_schema());
	ret = apply_in_turn(&a);
	for (i = 0; i < a.num_jobs; i++)
		job_free(&a.jobs[i]);
	for (i = 0; a.pools && i < a.conf.num_pools; i++)
		pool_job_free(&a.pools[i]);
	free(a.pools);
	free(a.jobs);
	free(a.missing);
	conf_free(&a.conf);
	return ret;
}

const struct cmd cmd_apply = {
	.name = "apply",
	.words = "[FILE ...]",
	.max_words = MAX_WORDS,
	.help = "Make PFs and pools what the files, or those in " CONF_DIR
		", say.",
	.opts = options,
	.run = apply,
};

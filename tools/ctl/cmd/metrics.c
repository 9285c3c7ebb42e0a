// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl metrics: what there is and how long it takes, for Prometheus. By
 * default in the text format that node_exporter's textfile collector reads; the
 * two differ in how a counter is declared, and in the end of OpenMetrics.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/complain.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/pools.h"
#include "cli/report.h"
#include "cmd/commands.h"
#include "host/path.h"

#define PREFIX "sriov_broker_"

enum {
	OPT_OUTPUT,
	OPT_OPEN
};

static const struct opt options[] = {
	[OPT_OUTPUT] = { "output", 'o', "FILE",
			 "replace FILE, or write to what is no file" },
	[OPT_OPEN] = { "openmetrics", 0, NULL, "as OpenMetrics 1.0" },
	{ 0 },
};

/* One look at the module. */
struct sample {
	struct sriov_broker_info info;
	struct sriov_broker_pf *pfs;
	struct sriov_broker_vf *vfs;
	struct sriov_broker_pool **pools;
	ssize_t num_pfs;
	ssize_t num_vfs;
	ssize_t num_pools;
	struct sriov_broker_stat stats[SRIOV_BROKER_STAT_KINDS];
};

/* Where it goes to. */
struct sink {
	FILE *out;
	int open_metrics;
};

static const char *const kinds[SRIOV_BROKER_STAT_KINDS] = {
	[SRIOV_BROKER_STAT_ENABLE] = "enable",
	[SRIOV_BROKER_STAT_DISABLE] = "disable",
	[SRIOV_BROKER_STAT_CONFIGURE] = "configure",
	[SRIOV_BROKER_STAT_BIND] = "bind",
	[SRIOV_BROKER_STAT_LEASE] = "lease",
	[SRIOV_BROKER_STAT_WAIT] = "wait",
	[SRIOV_BROKER_STAT_RETURN] = "return",
	[SRIOV_BROKER_STAT_RESET] = "reset",
};

/* ---- one family after the other ---- */

static void declare(const struct sink *sink, const char *name, const char *type,
		    const char *help)
{
	/* Of a counter, OpenMetrics declares the name without its end. */
	const char *end =
		!strcmp(type, "counter") && !sink->open_metrics ? "_total" : "";

	fprintf(sink->out, "# HELP " PREFIX "%s%s %s\n", name, end, help);
	fprintf(sink->out, "# TYPE " PREFIX "%s%s %s\n", name, end, type);
}

static void put_info(const struct sink *sink, const struct sample *look)
{
	declare(sink, "info", "gauge", "The module that is loaded.");
	fprintf(sink->out, PREFIX "info{abi=\"%u.%u\",driver=\"%.*s\"} 1\n",
		look->info.abi_major, look->info.abi_minor,
		SRIOV_BROKER_NAME_LEN, look->info.driver);
	declare(sink, "leases", "gauge", "Leases that are out.");
	fprintf(sink->out, PREFIX "leases %u\n", look->info.num_leases);
	declare(sink, "lease_waiters", "gauge",
		"Callers that wait for a VF to become free.");
	fprintf(sink->out, PREFIX "lease_waiters %u\n", look->info.num_waiters);
}

static void put_pfs(const struct sink *sink, const struct sample *look)
{
	char pf[SRIOVB_ADDR_LEN];
	ssize_t i;

	declare(sink, "pf_max_vfs", "gauge", "VFs that a PF can have.");
	for (i = 0; i < look->num_pfs; i++)
		fprintf(sink->out,
			PREFIX "pf_max_vfs{pf=\"%s\",driver=\"%.*s\"} %u\n",
			sriovb_format_addr(&look->pfs[i].addr, pf),
			SRIOV_BROKER_NAME_LEN, look->pfs[i].driver,
			look->pfs[i].total_vfs);
}

static void put_cordons(const struct sink *sink, const struct sample *look)
{
	char pf[SRIOVB_ADDR_LEN];
	ssize_t i;

	declare(sink, "pf_cordoned", "gauge", "Nothing is leased from the PF.");
	for (i = 0; i < look->num_pfs; i++)
		fprintf(sink->out, PREFIX "pf_cordoned{pf=\"%s\"} %d\n",
			sriovb_format_addr(&look->pfs[i].addr, pf),
			!!(look->pfs[i].flags & SRIOV_BROKER_PF_FLAG_CORDONED));
}

static unsigned int count_vfs(const struct sample *look,
			      const struct sriov_broker_pf *pf,
			      unsigned int state)
{
	unsigned int n = 0;
	ssize_t i;

	for (i = 0; i < look->num_vfs; i++)
		n += look->vfs[i].state == state &&
		     sriovb_same_addr(&look->vfs[i].pf, &pf->addr);
	return n;
}

/* Zeroes too: a series that is not there can't be compared with anything. */
static void put_vfs(const struct sink *sink, const struct sample *look)
{
	char pf[SRIOVB_ADDR_LEN];
	unsigned int state;
	ssize_t i;

	declare(sink, "vfs", "gauge", "VFs of a PF by their state.");
	for (i = 0; i < look->num_pfs; i++)
		for (state = 0; state <= SRIOV_BROKER_VF_OPEN; state++)
			fprintf(sink->out,
				PREFIX "vfs{pf=\"%s\",state=\"%s\"} %u\n",
				sriovb_format_addr(&look->pfs[i].addr, pf),
				sriovb_strstate(state),
				count_vfs(look, &look->pfs[i], state));
}

static unsigned int count_pool(const struct sample *look, const char *pool,
			       unsigned int state)
{
	unsigned int n = 0;
	ssize_t i;

	for (i = 0; i < look->num_vfs; i++)
		n += look->vfs[i].state == state &&
		     !strcmp(look->vfs[i].pool, pool);
	return n;
}

static void put_pools(const struct sink *sink, const struct sample *look)
{
	unsigned int state;
	ssize_t i;

	declare(sink, "pool_vfs", "gauge",
		"VFs of a named pool by their state.");
	for (i = 0; i < look->num_pools; i++)
		for (state = 0; state <= SRIOV_BROKER_VF_OPEN; state++)
			fprintf(sink->out,
				PREFIX
				"pool_vfs{pool=\"%s\",state=\"%s\"} %u\n",
				look->pools[i]->name, sriovb_strstate(state),
				count_pool(look, look->pools[i]->name, state));
	declare(sink, "pool_leases", "gauge",
		"Leases of a named pool that are out, or not back yet.");
	for (i = 0; i < look->num_pools; i++)
		fprintf(sink->out, PREFIX "pool_leases{pool=\"%s\"} %u\n",
			look->pools[i]->name, look->pools[i]->leases);
	declare(sink, "pool_max_leases", "gauge",
		"Leases that a named pool may have, 0: no limit.");
	for (i = 0; i < look->num_pools; i++)
		fprintf(sink->out, PREFIX "pool_max_leases{pool=\"%s\"} %u\n",
			look->pools[i]->name, look->pools[i]->max_leases);
}

static unsigned int count_faults(const struct sample *look,
				 const struct sriov_broker_pf *pf,
				 unsigned int fault)
{
	unsigned int n = 0;
	ssize_t i;

	for (i = 0; i < look->num_vfs; i++)
		n += look->vfs[i].fault == fault &&
		     sriovb_same_addr(&look->vfs[i].pf, &pf->addr);
	return n;
}

static void put_faults(const struct sink *sink, const struct sample *look)
{
	unsigned int fault = SRIOV_BROKER_FAULT_NONE;
	char pf[SRIOVB_ADDR_LEN];
	ssize_t i;

	declare(sink, "vf_faults", "gauge",
		"VFs of a PF in quarantine, by what failed.");
	while (++fault <= SRIOV_BROKER_FAULT_SILENT)
		for (i = 0; i < look->num_pfs; i++)
			fprintf(sink->out,
				PREFIX "vf_faults{pf=\"%s\",fault=\"%s\"} %u\n",
				sriovb_format_addr(&look->pfs[i].addr, pf),
				sriovb_strfault(fault),
				count_faults(look, &look->pfs[i], fault));
}

/* A label of the words of a stranger, at most @max bytes of them. */
static void put_words(const struct sink *sink, const char *label,
		      const char *words, int max)
{
	char text[SRIOV_BROKER_CGROUP_LEN + 1];
	const char *p;

	snprintf(text, sizeof(text), "%.*s", max, words);
	fprintf(sink->out, ",%s=\"", label);
	for (p = utf8(text); *p; p++) {
		if (*p == '"' || *p == '\\')
			fputc('\\', sink->out);
		if (*p == '\n')
			fputs("\\n", sink->out);
		else
			fputc(*p, sink->out);
	}
	fputc('"', sink->out);
}

static const char *kind_of(const struct sriov_broker_vf *vf)
{
	if (vf->flags & SRIOV_BROKER_VF_FLAG_IMPLICIT)
		return "implicit";
	return vf->flags & SRIOV_BROKER_VF_FLAG_ANCHORED ? "anchored" :
							   "descriptor";
}

static void put_lease(const struct sink *sink, const struct sriov_broker_vf *vf)
{
	char addr[SRIOVB_ADDR_LEN], pf[SRIOVB_ADDR_LEN];

	fprintf(sink->out,
		PREFIX
		"lease_info{vf=\"%s\",pf=\"%s\",lease=\"%llu\",kind=\"%s\"",
		sriovb_format_addr(&vf->addr, addr),
		sriovb_format_addr(&vf->pf, pf),
		(unsigned long long)vf->lease_id, kind_of(vf));
	put_words(sink, "label", vf->lease_label, SRIOV_BROKER_NAME_LEN);
	fprintf(sink->out, ",pid=\"%d\",uid=\"%u\"", vf->lease_pid,
		vf->lease_uid);
	put_words(sink, "cgroup", vf->lease_cgroup, SRIOV_BROKER_CGROUP_LEN);
	fputs("} 1\n", sink->out);
}

static void put_leases(const struct sink *sink, const struct sample *look)
{
	ssize_t i;

	declare(sink, "lease_info", "gauge", "A VF's lease, and its owner.");
	for (i = 0; i < look->num_vfs; i++)
		if (look->vfs[i].lease_id)
			put_lease(sink, &look->vfs[i]);
}

/* ---- what is done, and how long it takes ---- */

static void put_histogram(const struct sink *sink, const char *kind,
			  const struct sriov_broker_stat *stat)
{
	static const char name[] = PREFIX "operation_duration_seconds";
	unsigned long long sum = 0;
	int i;

	for (i = 0; i < SRIOV_BROKER_STAT_BUCKETS; i++) {
		sum += stat->buckets[i];
		fprintf(sink->out, "%s_bucket{operation=\"%s\",le=\"", name,
			kind);
		if (i < SRIOV_BROKER_STAT_BUCKETS - 1)
			fprintf(sink->out, "%.9g",
				SRIOV_BROKER_STAT_BOUND(i) / 1e9);
		else
			fprintf(sink->out, "+Inf");
		fprintf(sink->out, "\"} %llu\n", sum);
	}
	fprintf(sink->out, "%s_sum{operation=\"%s\"} %.9f\n", name, kind,
		stat->total_ns / 1e9);
	fprintf(sink->out, "%s_count{operation=\"%s\"} %llu\n", name, kind,
		sum);
}

static void put_operations(const struct sink *sink, const struct sample *look)
{
	int i;

	declare(sink, "operation_duration_seconds", "histogram",
		"How long operations took.");
	for (i = 0; i < SRIOV_BROKER_STAT_KINDS; i++)
		put_histogram(sink, kinds[i], &look->stats[i]);
	declare(sink, "operation_failures", "counter",
		"Operations that failed.");
	for (i = 0; i < SRIOV_BROKER_STAT_KINDS; i++)
		fprintf(sink->out,
			PREFIX
			"operation_failures_total{operation=\"%s\"} %llu\n",
			kinds[i], (unsigned long long)look->stats[i].failed);
	declare(sink, "operation_slowest_seconds", "gauge",
		"How long the slowest took.");
	for (i = 0; i < SRIOV_BROKER_STAT_KINDS; i++)
		fprintf(sink->out,
			PREFIX
			"operation_slowest_seconds{operation=\"%s\"} %.9f\n",
			kinds[i], look->stats[i].max_ns / 1e9);
}

static void put_all(const struct sink *sink, const struct sample *look)
{
	put_info(sink, look);
	put_pfs(sink, look);
	put_cordons(sink, look);
	put_vfs(sink, look);
	put_leases(sink, look);
	put_faults(sink, look);
	put_pools(sink, look);
	put_operations(sink, look);
	if (sink->open_metrics)
		fputs("# EOF\n", sink->out);
}

/* ---- to where ---- */

/* Return: 0 or -errno. The descriptor is closed. */
static int write_to(int fd, struct sink *sink, const struct sample *look)
{
	int err = 0;

	sink->out = fdopen(fd, "w");
	if (!sink->out) {
		err = -errno;
		close(fd);
		return err;
	}
	put_all(sink, look);
	if (ferror(sink->out) || fflush(sink->out))
		err = errno ? -errno : -EIO;
	if (fclose(sink->out) && !err)
		err = -errno;
	return err;
}

/* Whoever reads FILE finds all or what was there before. */
static int replace_file(const char *file, struct sink *sink,
			const struct sample *look)
{
	char *temporary;
	int err, fd;

	/* Not *.prom: the collector takes those. */
	if (asprintf(&temporary, "%s.XXXXXX", file) < 0)
		return -ENOMEM;
	fd = mkstemp(temporary);
	err = fd < 0 ? -errno : 0;
	/* Whoever collects it is another user. */
	if (!err && fchmod(fd, 0644)) {
		err = -errno;
		close(fd);
	}
	if (!err)
		err = write_to(fd, sink, look);
	if (!err && rename(temporary, file))
		err = -errno;
	if (err && fd >= 0)
		unlink(temporary);
	free(temporary);
	return err;
}

/*
 * A device, a pipe: it stays what it is. By now it may be something else, where another
 * user can change it: nothing is made, or cut, and no file is written to.
 */
static int write_special(const char *file, int flags, struct sink *sink,
			 const struct sample *look)
{
	int fd = open(file,
		      O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);
	struct stat now;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &now) && !S_ISREG(now.st_mode))
		return write_to(fd, sink, look);
	close(fd);
	return -EEXIST;
}

/* May a link be followed? Not where another user made it, or may put it. */
static int may_follow(const char *file, const struct stat *link)
{
	char *path = strdup(file);
	struct stat dir;
	int may = path && !stat(dirname(path), &dir) &&
		  path_link_is_safe(&dir, link);

	free(path);
	return may;
}

/* The link stays; a file that it leads to is replaced, where that is. */
static int write_link(const char *file, struct sink *sink,
		      const struct sample *look)
{
	struct stat behind;
	char *path;
	int err;

	if (!stat(file, &behind) && !S_ISREG(behind.st_mode))
		return write_special(file, 0, sink, look);
	path = realpath(file, NULL);
	err = path ? replace_file(path, sink, look) : -errno;
	free(path);
	return err;
}

static int put_file(const char *file, struct sink *sink,
		    const struct sample *look)
{
	struct stat there;
	int err;

	if (lstat(file, &there) || S_ISREG(there.st_mode))
		err = replace_file(file, sink, look);
	else if (!S_ISLNK(there.st_mode))
		err = write_special(file, O_NOFOLLOW, sink, look);
	else if (may_follow(file, &there))
		err = write_link(file, sink, look);
	else
		err = replace_file(file, sink, look);
	return err ? fail(exit_code_of(err), file, "%s", strerror(-err)) : 0;
}

/* Return: 0 or -errno */
static int take_look(struct sriovb *sb, struct sample *look)
{
	int err = sriovb_info(sb, &look->info);

	if (!err)
		err = sriovb_stats(sb, look->stats);
	if (err)
		return err;
	look->num_vfs = sriovb_list_vfs(sb, NULL, &look->vfs);
	if (look->num_vfs < 0)
		return look->num_vfs;
	look->num_pfs = sriovb_list_pfs(sb, NULL, &look->pfs);
	if (look->num_pfs < 0)
		return look->num_pfs;
	look->num_pools = pools_get(sb, &look->pools);
	return look->num_pools < 0 ? look->num_pools : 0;
}

static int run(const struct args *args)
{
	struct sink sink = {
		.out = stdout,
		.open_metrics = !!args->opt[OPT_OPEN],
	};
	struct sample look = { 0 };
	struct sriovb *sb;
	int ret = open_broker(&sb);

	if (ret)
		return ret;
	ret = take_look(sb, &look);
	if (ret)
		ret = refused(sb, ret);
	else if (args->opt[OPT_OUTPUT])
		ret = put_file(args->opt[OPT_OUTPUT], &sink, &look);
	else
		put_all(&sink, &look);
	free(look.pfs);
	free(look.vfs);
	pools_free(look.pools, look.num_pools);
	sriovb_close(sb);
	return ret;
}

const struct cmd cmd_metrics = {
	.name = "metrics",
	.words = "",
	.no_json = 1,
	.help = "Numbers for Prometheus: VFs by state, leases, durations.",
	.opts = options,
	.run = run,
};

// SPDX-License-Identifier: GPL-2.0-only
/* What a PF is, what it shall be, and what of that can't be now. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "cli/netset.h"
#include "conf/plan.h"
#include "host/netinfo.h"
#include "host/pcidev.h"

static void add_change(struct job *job, const char *from, const char *to,
		       const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void add_change(struct job *job, const char *from, const char *to,
		       const char *fmt, ...)
{
	struct change *c;
	va_list args;
	void *changes = reallocarray(job->changes, job->num_changes + 1,
				     sizeof(*job->changes));

	if (!changes)
		return;
	job->changes = changes;
	c = &job->changes[job->num_changes++];
	*c = (struct change){ .from = from ? strdup(from) : NULL,
			      .to = strdup(to) };
	va_start(args, fmt);
	if (vasprintf(&c->what, fmt, args) < 0)
		c->what = NULL;
	va_end(args);
}

static void add_obstacle(struct job *job, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add_obstacle(struct job *job, const char *fmt, ...)
{
	va_list args;
	void *obstacles = reallocarray(job->obstacles, job->num_obstacles + 1,
				       sizeof(*job->obstacles));

	if (!obstacles)
		return;
	job->obstacles = obstacles;
	va_start(args, fmt);
	if (vasprintf(&job->obstacles[job->num_obstacles], fmt, args) >= 0)
		job->num_obstacles++;
	va_end(args);
}

/* ---- VFs and their drivers ---- */

/* Drivers that leave DMA to their user: VFs on them are in the pool. */
static int is_for_pool(const char *driver)
{
	return strstr(driver, "vfio") || !strcmp(driver, "pci-stub") ||
	       !strcmp(driver, "pci-pf-stub");
}

static int is_right(const struct job *job, const struct sriov_broker_vf *vf)
{
	int is_host = vf->state == SRIOV_BROKER_VF_HOST;
	int is_open = vf->state == SRIOV_BROKER_VF_OPEN;

	if (!strcmp(job->driver, "host"))
		return is_host;
	if (strncmp(job->driver, vf->driver, sizeof(vf->driver)))
		return 0;
	if (!is_for_pool(job->driver))
		return 1;
	return job->entry->open ? is_open : !is_open && !is_host;
}

static const char *mode_words(const struct job *job)
{
	return job->entry->open	   ? ", open" :
	       job->entry->restore ? ", restore" :
				     "";
}

static const char *place_of(const struct sriov_broker_vf *vf, char *buf,
			    size_t len)
{
	snprintf(buf, len, "%s, %s", vf->driver[0] ? vf->driver : "no driver",
		 sriovb_strstate(vf->state));
	return buf;
}

/* Consecutive ones that are alike are one change. */
static void plan_drivers(struct job *job, unsigned int keep)
{
	char from[96], to[96], next[96];
	unsigned int i, first;

	snprintf(to, sizeof(to), "%s%s", job->driver, mode_words(job));
	for (i = 0; i < keep; i++) {
		if (is_right(job, &job->vfs[i]))
			continue;
		first = i;
		place_of(&job->vfs[i], from, sizeof(from));
		while (i + 1 < keep && !is_right(job, &job->vfs[i + 1]) &&
		       !strcmp(place_of(&job->vfs[i + 1], next, sizeof(next)),
			       from))
			i++;
		if (first == i)
			add_change(job, from, to, "#%u driver", first);
		else
			add_change(job, from, to, "#%u-%u driver", first, i);
		job->provision = 1;
	}
}

static void plan_number(struct job *job)
{
	unsigned int want = job->entry->vfs, has = job->was.num_vfs;
	unsigned int keep = want < has ? want : has;
	char from[16], to[112];

	if (want != has) {
		snprintf(from, sizeof(from), "%u", has);
		if (want > has)
			snprintf(to, sizeof(to), "%u on %s%s", want,
				 job->driver, mode_words(job));
		else
			snprintf(to, sizeof(to), "%u", want);
		add_change(job, from, to, "vfs");
		job->provision = 1;
	}
	plan_drivers(job, keep < job->num_vfs ? keep : job->num_vfs);
}

/* Of VFs that are guarded before and after; of others it comes with that. */
static void plan_restore(struct job *job)
{
	int is = !!(job->was.flags & SRIOV_BROKER_PF_FLAG_RESTORE);
	int want = job->entry->restore;

	if (job->num_changes || is == want || !job->num_vfs)
		return;
	add_change(job, is ? "on" : "off", want ? "on" : "off", "restore");
	job->provision = 1;
}

/* ---- network attributes ---- */

void job_hinder(struct job *job, const char *what)
{
	add_obstacle(job, "%s: %s", job->name, what);
	job->obstacle_code = EXIT_BUSY;
}

int job_wants(const struct job *job, unsigned int index, struct netattrs *attrs)
{
	size_t i;
	unsigned int j;

	for (i = 0; i < job->entry->num_nets; i++)
		for (j = 0; j < job->entry->nets[i].num_runs; j++) {
			const struct run *run = &job->entry->nets[i].runs[j];

			if (index < run->first ||
			    index - run->first >= run->count)
				continue;
			*attrs = job->entry->nets[i].attrs;
			return 1;
		}
	return 0;
}

static void plan_attrs(struct job *job)
{
	char from[NETATTR_TEXT], to[NETATTR_TEXT];
	struct netattrs want, none = { 0 };
	unsigned int index, attr;

	for (index = 0; index < (unsigned int)job->entry->vfs; index++) {
		const struct netattrs *is = job->attrs && index < job->num_vfs ?
						    &job->attrs[index] :
						    &none;
		if (!job_wants(job, index, &want))
			continue;
		for (attr = 0; attr < NUM_NETATTRS; attr++) {
			int known = netattr_has(is, attr);

			if (!netattr_has(&want, attr) ||
			    (known && is->value[attr] == want.value[attr]))
				continue;
			add_change(job,
				   known ? netattr_text(is, attr, from) : NULL,
				   netattr_text(&want, attr, to), "#%u %s",
				   index, netattr_name(attr));
		}
	}
}

/* ---- what stands in the way ---- */

/* Its interface is up, or beneath another one. Return: @buf or NULL */
static const char *use_by_host(const struct sriov_broker_vf *vf, char *buf,
			       size_t len)
{
	char link[64], master[IFNAMSIZ];
	struct pcidev dev;
	struct netif netif;
	const char *use = NULL;

	if (!netinfo_get(&vf->addr, &netif))
		return NULL;
	pcidev_at(&vf->addr, &dev);
	snprintf(link, sizeof(link), "net/%s/master", netif.name);
	if (pcidev_link(&dev, link, master, sizeof(master))) {
		snprintf(buf, len, "its interface %s is part of %s", netif.name,
			 master);
		use = buf;
	} else if (strcmp(netif.state, "down")) {
		snprintf(buf, len, "its interface %s is up", netif.name);
		use = buf;
	}
	netinfo_put(&netif);
	return use;
}

static void look_at_vf(struct job *job, const struct sriov_broker_vf *vf)
{
	char addr[SRIOVB_ADDR_LEN], use[96];

	sriovb_format_addr(&vf->addr, addr);
	switch (vf->state) {
	case SRIOV_BROKER_VF_LEASED:
		add_obstacle(job,
			     "%s: leased as lease %llu \"%.*s\" by process %d",
			     addr, (unsigned long long)vf->lease_id,
			     SRIOV_BROKER_NAME_LEN, vf->lease_label,
			     vf->lease_pid);
		break;
	case SRIOV_BROKER_VF_DRAINING:
	case SRIOV_BROKER_VF_RESETTING:
		add_obstacle(job, "%s: on its way back from a lease (%s)", addr,
			     sriovb_strstate(vf->state));
		break;
	case SRIOV_BROKER_VF_HOST:
		if (use_by_host(vf, use, sizeof(use)))
			add_obstacle(job, "%s: in use by the host: %s", addr,
				     use);
		break;
	}
}

/* Of a leased VF the attributes are its holder's, until the lease has ended. */
static void look_at_attrs(struct job *job, const struct sriov_broker_vf *vf)
{
	char addr[SRIOVB_ADDR_LEN], prefix[16];
	size_t i;

	if (!vf->lease_id)
		return;
	snprintf(prefix, sizeof(prefix), "#%u ", vf->index);
	for (i = 0; i < job->num_changes; i++)
		if (!strncmp(job->changes[i].what, prefix, strlen(prefix))) {
			add_obstacle(
				job,
				"%s: its network attributes are those of lease %llu until that ends",
				sriovb_format_addr(&vf->addr, addr),
				(unsigned long long)vf->lease_id);
			return;
		}
}

static void look_for_obstacles(struct job *job)
{
	unsigned int want = job->entry->vfs;
	ssize_t i;

	job->obstacle_code = EXIT_BUSY;
	if (want > job->was.total_vfs) {
		add_obstacle(job, "%s: %u VFs are wanted, it can have %u",
			     job->name, want, job->was.total_vfs);
		job->obstacle_code = EXIT_REFUSED;
	}
	for (i = 0; i < job->num_vfs; i++)
		if (want != job->was.num_vfs || !is_right(job, &job->vfs[i]))
			look_at_vf(job, &job->vfs[i]);
		else
			look_at_attrs(job, &job->vfs[i]);
}

/* ---- the whole ---- */

static void read_attrs(struct job *job)
{
	struct netif netif;
	ssize_t i;

	if (!job->entry->num_nets || !netinfo_get(&job->pf, &netif))
		return;
	job->attrs =
		calloc(job->num_vfs ? job->num_vfs : 1, sizeof(*job->attrs));
	for (i = 0; job->attrs && i < job->num_vfs; i++)
		netinfo_read(&netif, job->vfs[i].index, &job->attrs[i]);
	netinfo_put(&netif);
}

int job_plan(struct sriovb *sb, struct job *job, const char *default_driver)
{
	struct sriov_broker_pf *pfs;
	ssize_t n = sriovb_list_pfs(sb, &job->pf, &pfs);

	if (n < 1)
		return n < 0 ? n : -ENODEV;
	job->was = pfs[0];
	free(pfs);
	job->num_vfs = sriovb_list_vfs(sb, &job->pf, &job->vfs);
	if (job->num_vfs < 0)
		return job->num_vfs;
	job->driver = job->entry->driver ? job->entry->driver : default_driver;
	job->waits = !job->was.driver[0] && !job->entry->nodriver;
	read_attrs(job);
	plan_number(job);
	plan_restore(job);
	plan_attrs(job);
	if (job->num_changes)
		look_for_obstacles(job);
	return 0;
}

void job_free(struct job *job)
{
	size_t i;

	for (i = 0; i < job->num_changes; i++) {
		free(job->changes[i].what);
		free(job->changes[i].from);
		free(job->changes[i].to);
	}
	for (i = 0; i < job->num_obstacles; i++)
		free(job->obstacles[i]);
	free(job->changes);
	free(job->obstacles);
	if (job->num_vfs > 0)
		free(job->vfs);
	free(job->attrs);
	free(job->error);
}

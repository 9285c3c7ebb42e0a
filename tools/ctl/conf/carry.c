// SPDX-License-Identifier: GPL-2.0-only
/*
 * One PF's changes, all or nothing: first its VFs and their drivers, which is one
 * transaction of the kernel's, then the network attributes of one VF after the other,
 * each VF's all or none; but a MAC that goes from one VF to another is taken off before,
 * for no two may have it. What has been done when one is refused is undone.
 *
 * A sriovctl that is killed on the way leaves some of it done; the next one finds that
 * and goes on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "base/wait.h"
#include "cli/report.h"
#include "cli/netset.h"
#include "host/netinfo.h"
#include "conf/carry.h"

/* How long another operation on the PF is waited for. */
#define BUSY_MS	     30000
#define BUSY_STEP_MS 200

static int job_failed(struct job *job, int code, const char *text)
{
	free(job->error);
	job->error = strdup(text);
	return code;
}

int job_interrupted(struct job *job)
{
	return job_failed(job,
			  fail(EXIT_REFUSED, job->name,
			       "interrupted" REMEDY
			       "to go on: the same command again"),
			  "interrupted");
}

static int kernel_refused(struct sriovb *sb, struct job *job, int error)
{
	char text[SRIOVB_ERROR_LEN];
	int code = refused(sb, error);

	return job_failed(job, code,
			  sriovb_strerror(sb, error, text, sizeof(text)));
}

/* ---- VFs and drivers ---- */

static int provision_once(struct sriovb *sb, const struct job *job)
{
	if (!job->entry->vfs)
		return sriovb_disable(sb, &job->pf, 0, 0);
	if (job->entry->restore)
		return sriovb_enable(sb, &job->pf, job->entry->vfs, NULL,
				     SRIOV_BROKER_ENABLE_GUARDED |
					     SRIOV_BROKER_ENABLE_RESTORE);
	return sriovb_enable(sb, &job->pf, job->entry->vfs, job->driver,
			     job->entry->open ? SRIOV_BROKER_ENABLE_OPEN : 0);
}

/* One that was killed may have left the kernel at work on it; that ends by itself. */
static int provision(struct sriovb *sb, struct job *job)
{
	int waited_ms = 0;
	int err = provision_once(sb, job);

	while (err && sriovb_why(sb)->reason == SRIOV_BROKER_WHY_PF_BUSY &&
	       waited_ms < BUSY_MS) {
		if (wait_ms(BUSY_STEP_MS))
			return job_interrupted(job);
		waited_ms += BUSY_STEP_MS;
		err = provision_once(sb, job);
	}
	return err ? kernel_refused(sb, job, err) : 0;
}

/* Where a VF was: a driver's name, or "host" where the host had it. */
static const char *driver_before(const struct sriov_broker_vf *vf)
{
	return vf->state == SRIOV_BROKER_VF_HOST || !vf->driver[0] ? "host" :
								     vf->driver;
}

static int put_back_vfs(struct sriovb *sb, const struct job *job)
{
	unsigned int flags;
	ssize_t i;
	int err;

	if (!job->num_vfs)
		return sriovb_disable(sb, &job->pf, 0, 0);
	flags = job->vfs[0].state == SRIOV_BROKER_VF_OPEN ?
			SRIOV_BROKER_ENABLE_OPEN :
			0;
	if (job->was.flags & SRIOV_BROKER_PF_FLAG_RESTORE)
		flags = SRIOV_BROKER_ENABLE_GUARDED |
			SRIOV_BROKER_ENABLE_RESTORE;
	err = sriovb_enable(sb, &job->pf, job->num_vfs,
			    flags & SRIOV_BROKER_ENABLE_RESTORE ?
				    NULL :
				    driver_before(&job->vfs[0]),
			    flags);
	for (i = 1; !err && i < job->num_vfs; i++)
		if (strcmp(driver_before(&job->vfs[i]),
			   driver_before(&job->vfs[0])))
			err = sriovb_bind(sb, &job->pf, i, 1,
					  driver_before(&job->vfs[i]), 0);
	return err;
}

/* ---- attributes ---- */

/* Those of @attrs that differ from what the VF has, with what else it has in @old. */
static int what_differs(const struct job *job, unsigned int index,
			struct netattrs *attrs, struct netattrs *old)
{
	struct netif netif;
	unsigned int attr;
	int known;

	if (!job_wants(job, index, attrs))
		return 0;
	*old = (struct netattrs){ 0 };
	if (!netinfo_get(&job->pf, &netif))
		return 1; /* setting them says why that can't be */
	known = netinfo_read(&netif, index, old);
	netinfo_put(&netif);
	for (attr = 0; known && attr < NUM_NETATTRS; attr++)
		if (netattr_has(old, attr) &&
		    old->value[attr] == attrs->value[attr])
			attrs->has &= ~(1U << attr);
	return attrs->has != 0;
}

static int set_vf(struct job *job, const struct sriov_broker_vf *vf,
		  const struct netattrs *attrs)
{
	struct netvf net = { .vf = vf->addr, .pf = vf->pf, .index = vf->index };
	char text[128], addr[SRIOVB_ADDR_LEN];
	int ret;

	sriovb_format_addr(&vf->addr, addr);
	if (vf->lease_id) {
		snprintf(
			text, sizeof(text),
			"%s: its network attributes are those of lease %llu until that ends",
			addr, (unsigned long long)vf->lease_id);
		fail(EXIT_BUSY, NULL, "%s", text);
		return job_failed(job, EXIT_BUSY, text);
	}
	ret = netset_apply(&net, attrs, 0);
	if (!ret)
		return 0;
	snprintf(text, sizeof(text), "%s: its network attributes were refused",
		 addr);
	return job_failed(job, ret, text);
}

/* Those of @old that are not so any more; setting one attribute may change another. */
static int put_back_vf(const struct job *job, const struct sriov_broker_vf *vf,
		       const struct netattrs *old)
{
	struct netvf net = { .vf = vf->addr, .pf = vf->pf, .index = vf->index };
	struct netattrs back = *old, now = { 0 };
	struct netif netif;
	unsigned int attr;

	if (netinfo_get(&job->pf, &netif)) {
		netinfo_read(&netif, vf->index, &now);
		netinfo_put(&netif);
	}
	for (attr = 0; attr < NUM_NETATTRS; attr++)
		if (netattr_has(&now, attr) &&
		    now.value[attr] == old->value[attr])
			back.has &= ~(1U << attr);
	return back.has ? netset_apply(&net, &back, NETSET_FORCE) : 0;
}

/* A VF's attributes: what is to be set, and what it had. */
struct vf_change {
	struct netattrs want;
	struct netattrs old;
	int touched;
};

static int change_vf(struct job *job, const struct sriov_broker_vf *vf,
		     struct vf_change *change, const struct netattrs *attrs)
{
	int ret = set_vf(job, vf, attrs);

	change->touched |= !ret;
	job->done |= !ret;
	return ret;
}

/* Is number @i to have another MAC, and one of the others that which it has now? */
static int gives_mac(const struct vf_change *changes, ssize_t n, ssize_t i)
{
	uint64_t mac = changes[i].old.value[NETATTR_MAC];
	ssize_t j;

	if (!mac || !netattr_has(&changes[i].want, NETATTR_MAC))
		return 0;
	for (j = 0; j < n; j++)
		if (netattr_has(&changes[j].want, NETATTR_MAC) &&
		    changes[j].want.value[NETATTR_MAC] == mac)
			return 1;
	return 0;
}

static int change_vfs(struct job *job, const struct sriov_broker_vf *vfs,
		      struct vf_change *changes, ssize_t n)
{
	const struct netattrs no_mac = { .has = 1U << NETATTR_MAC };
	ssize_t i;
	int ret = 0;

	for (i = 0; i < n; i++)
		if (!what_differs(job, vfs[i].index, &changes[i].want,
				  &changes[i].old))
			changes[i].want.has = 0;
	for (i = 0; !ret && i < n; i++)
		if (gives_mac(changes, n, i))
			ret = change_vf(job, &vfs[i], &changes[i], &no_mac);
	for (i = 0; !ret && i < n; i++)
		if (changes[i].want.has)
			ret = change_vf(job, &vfs[i], &changes[i],
					&changes[i].want);
	return ret;
}

/* One that was refused has undone its own. */
static int put_back_attrs(const struct job *job,
			  const struct sriov_broker_vf *vfs,
			  const struct vf_change *changes, ssize_t n)
{
	int ret = 0;

	while (n-- > 0)
		if (changes[n].touched &&
		    put_back_vf(job, &vfs[n], &changes[n].old))
			ret = -1;
	return ret;
}

/* All VFs' or none's. */
static int set_attrs(struct sriovb *sb, struct job *job)
{
	struct sriov_broker_vf *vfs;
	ssize_t n = sriovb_list_vfs(sb, &job->pf, &vfs);
	struct vf_change *changes;
	int ret;

	if (n < 0)
		return kernel_refused(sb, job, n);
	changes = calloc(n ? n : 1, sizeof(*changes));
	ret = changes ? change_vfs(job, vfs, changes, n) :
			job_failed(job, no_memory(), "out of memory");
	if (ret && changes && put_back_attrs(job, vfs, changes, n))
		ret = job_failed(
			job, EXIT_PARTLY,
			"its network attributes could not all be put back");
	free(changes);
	free(vfs);
	return ret;
}

/* ---- the whole ---- */

/*
 * From one number of VFs to another the kernel keeps what those have that stay; what the
 * others had went with them.
 */
static int put_back_lost(const struct job *job)
{
	ssize_t i;
	int ret = 0;

	for (i = 0; job->attrs && i < job->num_vfs; i++)
		if (job->attrs[i].has && !job->vfs[i].lease_id &&
		    put_back_vf(job, &job->vfs[i], &job->attrs[i]))
			ret = -1;
	return ret;
}

int job_carry_out(struct sriovb *sb, struct job *job)
{
	int stuck, ret = 0;

	if (job->num_obstacles) {
		fail(job->obstacle_code, NULL, "%s", job->obstacles[0]);
		return job_failed(job, job->obstacle_code, job->obstacles[0]);
	}
	if (job->provision)
		ret = provision(sb, job);
	if (ret)
		return ret;
	job->done = job->provision;
	if (job->entry->num_nets)
		ret = set_attrs(sb, job);
	/* What they have now is what each return is to put back. */
	if (!ret && job->entry->num_nets && job->entry->restore && job->done)
		ret = provision(sb, job);
	if (!ret)
		return 0;
	stuck = ret == EXIT_PARTLY;
	if (job->provision && (put_back_vfs(sb, job) || put_back_lost(job))) {
		fail(EXIT_PARTLY, job->name,
		     "its VFs could not be put back as they were" REMEDY
		     "see sriovctl list %s",
		     job->name);
		stuck = 1;
	}
	job->done = stuck;
	return stuck ? EXIT_PARTLY : ret;
}

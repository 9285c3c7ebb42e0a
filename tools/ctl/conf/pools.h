/* SPDX-License-Identifier: GPL-2.0-only */
/* What has to change for a named pool to be what a file says, and that it is done. */
#ifndef CONF_POOLS_H
#define CONF_POOLS_H

#include "conf/plan.h"

/* One pool. */
struct pool_job {
	const struct conf_pool *entry;
	struct sriov_broker_pool want;
	struct sriov_broker_pool_member *members; /* @want's */
	const struct conf_member
		*missing; /* one whose PF is not there, or NULL */
	struct change *changes;
	size_t num_changes;
	int done;    /* it was changed */
	char *error; /* NULL: it went well */
	int code;    /* the exit code for that */
};

/*
 * Look at the pool. @may_lack: members whose PF is not there are left out, until it is.
 * Return: 0 or an exit code after a complaint, with job->error
 */
int pool_job_plan(struct sriovb *sb, struct pool_job *job, int may_lack);

/*
 * Make what has to be made of all; what fails has job->error. One that is to have VFs of
 * another one comes after that has given them up.
 */
void pool_jobs_carry_out(struct sriovb *sb, struct pool_job *jobs, size_t num);

void pool_job_free(struct pool_job *job);

#endif /* CONF_POOLS_H */

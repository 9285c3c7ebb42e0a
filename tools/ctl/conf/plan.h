/* SPDX-License-Identifier: GPL-2.0-only */
/* What has to change for a PF to be what a file says, and what stands in the way. */
#ifndef CONF_PLAN_H
#define CONF_PLAN_H

#include "conf/keys.h"

struct change {
	char *what; /* "vfs", "#1 mac" */
	char *from; /* NULL: not known yet */
	char *to;
};

/* One PF. */
struct job {
	const struct conf_pf *entry;
	struct sriov_broker_addr pf;
	char name[SRIOVB_ADDR_LEN];
	const char *driver; /* that its VFs shall have */
	struct sriov_broker_pf was;
	struct sriov_broker_vf *vfs; /* as they were */
	ssize_t num_vfs;
	struct netattrs *attrs; /* of each of these */
	int provision;		/* VFs or their drivers have to change */
	int waits; /* for its own driver, which may be about to come */
	struct change *changes; /* in the order in which they are made */
	size_t num_changes;
	char **obstacles;
	size_t num_obstacles;
	int obstacle_code; /* the exit code that they stand for */
	int done;	   /* something was changed */
	char *error;	   /* NULL: it went well */
};

/* Look at the PF. Return: 0 or -errno of the broker's */
int job_plan(struct sriovb *sb, struct job *job, const char *default_driver);
void job_free(struct job *job);

/* One thing more stands in the way. */
void job_hinder(struct job *job, const char *what);

/* What is wanted of VF @index. Return: 1 if anything */
int job_wants(const struct job *job, unsigned int index,
	      struct netattrs *attrs);

#endif /* CONF_PLAN_H */

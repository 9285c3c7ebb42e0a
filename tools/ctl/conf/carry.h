/* SPDX-License-Identifier: GPL-2.0-only */
/* A PF's changes are made. */
#ifndef CONF_CARRY_H
#define CONF_CARRY_H

#include "conf/plan.h"

/*
 * All or none. Return: 0, or an exit code after a complaint, with job->error; EXIT_PARTLY:
 * something could not be undone, and job->done says so
 */
int job_carry_out(struct sriovb *sb, struct job *job);

/* A signal came before anything was changed: say so. Return: EXIT_REFUSED */
int job_interrupted(struct job *job);

#endif /* CONF_CARRY_H */

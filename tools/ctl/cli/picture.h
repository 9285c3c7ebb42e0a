/* SPDX-License-Identifier: GPL-2.0-only */
/* All PFs and VFs at one time, or those that a word of the command line names. */
#ifndef CLI_PICTURE_H
#define CLI_PICTURE_H

#include "cli/target.h"

/* What was found, and what of it is to be shown. */
struct picture {
	struct target target; /* the caller's: which; zeroes: all */
	struct sriov_broker_pf *pfs;
	struct sriov_broker_vf *vfs;
	ssize_t num_pfs;
	ssize_t num_vfs;
	struct sriov_broker_addr vf; /* if valid: no other VF */
};

/*
 * Ask the module, or without one, which is NULL, sysfs; or complain.
 * Return: 0, then it is to be given up; or an exit code
 */
int picture_take(struct picture *pic, struct sriovb *sb);
void picture_free(struct picture *pic);

/* Is this VF one of the PF's that are to be shown? */
int picture_has(const struct picture *pic, const struct sriov_broker_pf *pf,
		const struct sriov_broker_vf *vf);

#endif /* CLI_PICTURE_H */

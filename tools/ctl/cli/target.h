/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of PFs and VFs as people write them. */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

#include "cli/args.h"
#include "sriovbroker.h"

/* Consecutive VFs of a PF. */
struct run {
	unsigned int first;
	unsigned int count;
};

/* A PF, a VF, or with runs some VFs of a PF. */
struct target {
	struct sriov_broker_addr dev;
	unsigned int num_runs;
	struct run runs[SRIOV_BROKER_MAX_SELECTORS];
};

/* "0,2-5". Return: number of runs, or -EINVAL, -E2BIG for more than @max. */
int parse_range(const char *text, struct run *runs, unsigned int max);

/* "PF", "VF" or "PF#RANGE". Return: 0, or a complaint's exit code. */
int parse_target(const struct args *args, const char *text,
		 struct target *target);

/* "PF", "VF" or "PF#INDEX": one device. Return: 0, or a complaint's exit code. */
int parse_one(const struct args *args, const char *text, struct target *target);

/* Is it the VF that such a word names? */
int target_is_vf(const struct target *target, const struct sriov_broker_vf *vf);

/*
 * The VF that such a word names, or that is at an address.
 * Return: 1, 0: there is none, or -errno
 */
int find_vf(struct sriovb *sb, const struct target *target,
	    struct sriov_broker_vf *vf);
int find_vf_at(struct sriovb *sb, const struct sriov_broker_addr *addr,
	       struct sriov_broker_vf *vf);

/* The VF that a word names, or a complaint. Return: 0 or an exit code */
int want_vf(struct sriovb *sb, const struct args *args, const char *word,
	    struct sriov_broker_vf *vf);

/* "PF" or "VF", no range. Return: 0, or a complaint's exit code. */
int parse_device(const struct args *args, const char *text,
		 struct sriov_broker_addr *dev);

/* Is VF number @index of those that @target names? */
int target_has_index(const struct target *target, unsigned int index);

/* How many VFs its runs name, each counted once. */
unsigned int target_count(const struct target *target);

/* Does a VF fit a selector, as the kernel has it? */
int selector_fits(const struct sriov_broker_selector *s,
		  const struct sriov_broker_vf *vf);

/* The selectors that choose @target's VFs. Return: how many. */
unsigned int target_selectors(const struct target *target,
			      struct sriov_broker_selector *selectors);

/* Is a VF one of those that selectors name? */
int selectors_have(const struct sriov_broker_selector *selectors,
		   unsigned int num_selectors,
		   const struct sriov_broker_vf *vf);

#endif /* CLI_TARGET_H */

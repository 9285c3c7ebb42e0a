/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What took how long: told to the tracepoints, and counted.
 */
#ifndef VFB_STATS_H
#define VFB_STATS_H

#include "broker.h"

/* stats.c */
void vfb_took(enum sriov_broker_stat_kind kind, struct pci_dev *pdev, unsigned int num, int result,
	      u64 ns);
struct sriov_broker_stat *vfb_stats_picture(void);

#endif /* VFB_STATS_H */

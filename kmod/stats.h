/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What took how long: told to the tracepoints, and counted.
 */
#ifndef SB_STATS_H
#define SB_STATS_H

#include "broker.h"

/* stats.c */
void sb_took(enum sriov_broker_stat_kind kind, struct pci_dev *pdev, unsigned int num, int result,
	     u64 ns);
void sb_stats_init(void);
void sb_stats_exit(void);

#endif /* SB_STATS_H */

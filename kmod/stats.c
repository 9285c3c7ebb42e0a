// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters and durations of what the broker does, since it was loaded; and
 * the tracepoints, which are told at the same places.
 */
#include <linux/slab.h>

#include "core.h"
#include "trace.h"

static DEFINE_SPINLOCK(vfb_stats_lock);				    /* a leaf */
static struct sriov_broker_stat vfb_stats[SRIOV_BROKER_STAT_KINDS]; /* vfb_stats_lock */

static void vfb_trace(enum sriov_broker_stat_kind kind, struct pci_dev *pdev, unsigned int num,
		      int result, u64 ns)
{
	switch (kind) {
	case SRIOV_BROKER_STAT_ENABLE:
	case SRIOV_BROKER_STAT_DISABLE:
		trace_vfb_enable(pdev, num, result, ns);
		break;
	case SRIOV_BROKER_STAT_CONFIGURE:
		trace_vfb_configure(pdev, num, result, ns);
		break;
	case SRIOV_BROKER_STAT_BIND:
		trace_vfb_bind(pdev, num, result, ns);
		break;
	case SRIOV_BROKER_STAT_LEASE:
		trace_vfb_lease(pdev, num, result, ns);
		break;
	case SRIOV_BROKER_STAT_RETURN:
		trace_vfb_return(pdev, num, result, ns);
		break;
	case SRIOV_BROKER_STAT_RESET:
		trace_vfb_reset(pdev, num, result, ns);
		break;
	default:
		break;
	}
}

/**
 * vfb_stats_record - something was done, or has failed
 * @kind: what
 * @pdev: the PF or VF it was done to, or NULL
 * @num: a number for the tracepoint, see there
 * @result: 0, or anything else where it failed
 * @ns: how long it took, in nanoseconds
 *
 * Context: any process context.
 */
void vfb_stats_record(enum sriov_broker_stat_kind kind, struct pci_dev *pdev, unsigned int num,
		      int result, u64 ns)
{
	static const struct sriov_broker_addr none;
	struct sriov_broker_stat *stat = &vfb_stats[kind];
	unsigned int bucket = 0;

	if (pdev)
		vfb_trace(kind, pdev, num, result, ns);
	/* The last one has no upper bound. */
	while (bucket < SRIOV_BROKER_STAT_BUCKETS - 1 && ns >= SRIOV_BROKER_STAT_BOUND(bucket))
		bucket++;

	spin_lock(&vfb_stats_lock);
	stat->count++;
	stat->failed += !!result;
	stat->total_ns += ns;
	stat->buckets[bucket]++;
	if (ns >= stat->max_ns) {
		stat->max_ns = ns;
		stat->slowest = pdev ? vfb_addr(pdev) : none;
	}
	spin_unlock(&vfb_stats_lock);
}

/**
 * vfb_stats_picture - all counters as they are at one moment
 *
 * Context: may sleep.
 * Return: SRIOV_BROKER_STAT_KINDS of them, for kfree(), or NULL when out of memory.
 */
struct sriov_broker_stat *vfb_stats_picture(void)
{
	struct sriov_broker_stat *stats = kmalloc(sizeof(vfb_stats), GFP_KERNEL);

	if (!stats)
		return NULL;
	spin_lock(&vfb_stats_lock);
	memcpy(stats, vfb_stats, sizeof(vfb_stats));
	spin_unlock(&vfb_stats_lock);
	return stats;
}

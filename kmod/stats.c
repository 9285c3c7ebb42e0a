// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters and durations of what the broker does, since it was loaded: for
 * programs by ioctl, for people as a page in debugfs; and the tracepoints, which
 * are told at the same places.
 */
#include <linux/debugfs.h>
#include <linux/math64.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "ioctl.h"
#include "list.h"
#include "stats.h"
#include "trace.h"

static DEFINE_SPINLOCK(vfb_stats_lock);				    /* a leaf */
static struct sriov_broker_stat vfb_stats[SRIOV_BROKER_STAT_KINDS]; /* vfb_stats_lock */
static struct dentry *vfb_stats_dir;

static const char *const vfb_stat_names[] = {
	[SRIOV_BROKER_STAT_ENABLE] = "enable",	     [SRIOV_BROKER_STAT_DISABLE] = "disable",
	[SRIOV_BROKER_STAT_CONFIGURE] = "configure", [SRIOV_BROKER_STAT_BIND] = "bind",
	[SRIOV_BROKER_STAT_LEASE] = "lease",	     [SRIOV_BROKER_STAT_WAIT] = "wait",
	[SRIOV_BROKER_STAT_RETURN] = "return",	     [SRIOV_BROKER_STAT_RESET] = "reset",
};

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

static unsigned int vfb_bucket(u64 ns)
{
	unsigned int i = 0;

	while (i < SRIOV_BROKER_STAT_BUCKETS - 1 && ns >= SRIOV_BROKER_STAT_BOUND(i))
		i++;
	return i;
}

static void vfb_count(struct sriov_broker_stat *stat, struct pci_dev *pdev, bool failed, u64 ns)
{
	static const struct sriov_broker_addr none;

	lockdep_assert_held(&vfb_stats_lock);
	stat->count++;
	stat->failed += failed;
	stat->total_ns += ns;
	stat->buckets[vfb_bucket(ns)]++;
	if (ns < stat->max_ns)
		return;
	stat->max_ns = ns;
	stat->slowest = pdev ? vfb_addr(pdev) : none;
}

/**
 * vfb_took - something was done, or has failed
 * @kind: what
 * @pdev: the PF or VF it was done to, or NULL
 * @num: a number for the tracepoint, see there
 * @result: 0, or anything else where it failed
 * @ns: how long it took, in nanoseconds
 *
 * Context: any process context.
 */
void vfb_took(enum sriov_broker_stat_kind kind, struct pci_dev *pdev, unsigned int num, int result,
	      u64 ns)
{
	if (pdev)
		vfb_trace(kind, pdev, num, result, ns);
	spin_lock(&vfb_stats_lock);
	vfb_count(&vfb_stats[kind], pdev, result, ns);
	spin_unlock(&vfb_stats_lock);
}

/* A picture of all kinds, for kfree(). */
static struct sriov_broker_stat *vfb_stats_picture(void)
{
	struct sriov_broker_stat *stats = kmalloc(sizeof(vfb_stats), GFP_KERNEL);

	if (!stats)
		return NULL;
	spin_lock(&vfb_stats_lock);
	memcpy(stats, vfb_stats, sizeof(vfb_stats));
	spin_unlock(&vfb_stats_lock);
	return stats;
}

/* ioctl(SRIOV_BROKER_STATS) */
int vfb_ioctl_stats(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_list *p = &arg->list;
	struct sriov_broker_stat *stats;
	int ret;

	if (p->flags || p->pf.domain || p->pf.bdf || p->pf.reserved)
		return -EOPNOTSUPP;
	if (p->entry_size < sizeof(stats->count) || p->entry_size > PAGE_SIZE)
		return -EINVAL;
	stats = vfb_stats_picture();
	if (!stats)
		return -ENOMEM;
	ret = vfb_copy_entries(p, stats, sizeof(*stats), SRIOV_BROKER_STAT_KINDS);
	kfree(stats);
	p->count = SRIOV_BROKER_STAT_KINDS;
	return ret;
}

static void vfb_stats_line(struct seq_file *m, const char *name, const struct sriov_broker_stat *s)
{
	seq_printf(m, "%-10s %10llu %10llu %12llu %12llu", name, s->count, s->failed,
		   s->count ? div64_u64(s->total_ns, s->count) / 1000 : 0,
		   div_u64(s->max_ns, 1000));
	if (s->slowest.domain || s->slowest.bdf)
		seq_printf(m, " %04x:%02x:%02x.%u", s->slowest.domain, s->slowest.bdf >> 8,
			   PCI_SLOT(s->slowest.bdf), PCI_FUNC(s->slowest.bdf));
	seq_putc(m, '\n');
}

static int vfb_stats_show(struct seq_file *m, void *unused)
{
	struct sriov_broker_stat *stats = vfb_stats_picture();
	unsigned int i;

	if (!stats)
		return -ENOMEM;
	seq_printf(m, "%-10s %10s %10s %12s %12s %s\n", "what", "count", "failed", "mean_us",
		   "slowest_us", "of");
	for (i = 0; i < SRIOV_BROKER_STAT_KINDS; i++)
		vfb_stats_line(m, vfb_stat_names[i], &stats[i]);
	kfree(stats);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vfb_stats);

/**
 * vfb_stats_init - put the page into debugfs, where there is one
 *
 * Context: module init; may sleep.
 */
void vfb_stats_init(void)
{
	vfb_stats_dir = debugfs_create_dir(VFB_NAME, NULL);
	debugfs_create_file("stats", 0400, vfb_stats_dir, NULL, &vfb_stats_fops);
}

/**
 * vfb_stats_exit - and take it out
 *
 * Context: module exit; may sleep.
 */
void vfb_stats_exit(void)
{
	debugfs_remove_recursive(vfb_stats_dir);
}

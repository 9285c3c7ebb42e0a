// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls that only look: INFO, the lists, HISTORY, STATS. A list is one picture,
 * taken in one go under vfb_lock, then copied out.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "face.h"

/* How often to try when PFs or VFs appear while we make room for them. */
#define VFB_LIST_TRIES 8

/* ioctl(SRIOV_BROKER_INFO) */
int vfb_ioctl_info(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_info *info = &arg->info;
	struct vfb_pf *pf;
	unsigned int i;

	if (info->flags)
		return -EOPNOTSUPP;

	*info = (struct sriov_broker_info){
		.size = info->size,
		.abi_major = SRIOV_BROKER_ABI_MAJOR,
		.abi_minor = SRIOV_BROKER_ABI_MINOR,
		.instance = vfb_instance,
		.max_selectors = SRIOV_BROKER_MAX_SELECTORS,
		.max_leases = SRIOV_BROKER_MAX_LEASES,
		.max_grace_ms = SRIOV_BROKER_MAX_GRACE_MS,
		.max_force_ms = SRIOV_BROKER_MAX_FORCE_MS,
		.history_events = VFB_EVENTS,
		.stat_kinds = SRIOV_BROKER_STAT_KINDS,
		.max_readers = VFB_MAX_READERS,
		.max_waiting = VFB_MAX_WAITING,
		.max_waiting_all = VFB_MAX_WAITING_ALL,
		.max_pool_members = SRIOV_BROKER_POOL_MAX,
	};
	vfb_param_driver(info->driver);
	guard(mutex)(&vfb_lock);
	list_for_each_entry(pf, &vfb_pfs, node) {
		info->num_pfs++;
		/* Not what the PCI core counts: single ones can be removed by hand. */
		for (i = 0; i < pf->slots; i++)
			info->num_vfs += !!pf->vfs[i];
	}
	info->num_leases = vfb_lease_count();
	info->num_waiters = vfb_pool_waiters();
	return 0;
}

static void vfb_fill_vf(struct sriov_broker_vf *out, struct vfb_vf *vf)
{
	struct vfb_lease *lease = vf->group->owner;
	struct vfb_named *named = vfb_named_of(vf);

	*out = (struct sriov_broker_vf){
		.addr = vf->addr,
		.pf = vf->pf->addr,
		.index = vf->index,
		.state = vf->state,
		.iommu_group = vfb_group_id(vf->group),
		.fault = vf->fault,
		.vendor = vf->pdev->vendor,
		.device = vf->pdev->device,
		.lease_uid = SRIOV_BROKER_NO_UID,
		.flags = vfb_vf_is_guarded(vf) ? SRIOV_BROKER_VF_FLAG_GUARDED : 0,
	};
	strscpy(out->driver, vf->driver, sizeof(out->driver));
	if (named)
		strscpy(out->pool, named->name, sizeof(out->pool));
	if (lease)
		vfb_lease_show(out, lease);
}

/**
 * vfb_take_pfs - the PFs, for vfb_picture()
 * @entries: array of struct sriov_broker_pf to fill
 * @room: as far as there is room
 * @only: this PF, or NULL for all
 *
 * Context: vfb_lock held.
 * Return: how many there are.
 */
unsigned int vfb_take_pfs(void *entries, unsigned int room, struct vfb_pf *only)
{
	struct sriov_broker_pf *out = entries;
	unsigned int num = 0;
	struct vfb_pf *pf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(pf, &vfb_pfs, node) {
		if (only && pf != only)
			continue;
		/* Beyond the room it is only counted: vfb_picture() comes back with more. */
		if (num++ >= room)
			continue;
		*out = (struct sriov_broker_pf){
			.addr = pf->addr,
			.vendor = pf->pdev->vendor,
			.device = pf->pdev->device,
			.total_vfs = pci_sriov_get_totalvfs(pf->pdev),
			.num_vfs = pci_num_vf(pf->pdev),
			.numa_node = dev_to_node(&pf->pdev->dev),
			.flags = (pf->open ? SRIOV_BROKER_PF_FLAG_OPEN : 0) |
				 (pf->restore ? SRIOV_BROKER_PF_FLAG_RESTORE : 0) |
				 (pf->cordoned ? SRIOV_BROKER_PF_FLAG_CORDONED : 0),
		};
		strscpy(out->driver, pf->driver, sizeof(out->driver));
		out++;
	}
	return num;
}

/**
 * vfb_take_vfs - the VFs, for vfb_picture()
 * @entries: array of struct sriov_broker_vf to fill
 * @room: as far as there is room
 * @only: those of this PF, or NULL for all
 *
 * Context: vfb_lock held; in the task that asks.
 * Return: how many there are.
 */
unsigned int vfb_take_vfs(void *entries, unsigned int room, struct vfb_pf *only)
{
	struct sriov_broker_vf *out = entries;
	unsigned int num = 0, i;
	struct vfb_pf *pf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(pf, &vfb_pfs, node) {
		if (only && pf != only)
			continue;
		for (i = 0; i < pf->slots; i++) {
			if (!pf->vfs[i])
				continue;
			if (num < room)
				vfb_fill_vf(&out[num], pf->vfs[i]);
			num++;
		}
	}
	return num;
}

/**
 * vfb_picture - all PFs or VFs as they are at one moment
 * @take: fills in what is wanted
 * @entry: size of an entry
 * @only: this PF only, or NULL for all
 * @num: filled with the number of entries
 * @seq: filled with the number of the last event before
 *
 * Context: may sleep; takes vfb_lock.
 * Return: the entries, for kvfree(), or NULL when out of memory.
 */
void *vfb_picture(vfb_take_fn take, size_t entry, struct vfb_pf *only, unsigned int *num, u64 *seq)
{
	unsigned int room = 0, try;
	void *entries = NULL;

	for (try = 0; try < VFB_LIST_TRIES; try++) {
		mutex_lock(&vfb_lock);
		*num = take(entries, room, only);
		*seq = vfb_event_seq();
		mutex_unlock(&vfb_lock);
		if (*num <= room && entries)
			return entries;
		kvfree(entries);
		room = *num + 16;
		entries = kvcalloc(room, entry, GFP_KERNEL_ACCOUNT);
		if (!entries)
			return NULL;
	}
	kvfree(entries);
	return NULL;
}

/* Gives an array to userspace. Entries beyond @p->count are left out. */
static int vfb_copy_entries(struct sriov_broker_list *p, const void *entries, size_t entry,
			    unsigned int num)
{
	void __user *to = u64_to_user_ptr(p->entries);
	size_t known = min_t(size_t, entry, p->entry_size);
	unsigned int i;

	for (i = 0; i < min(num, p->count); i++) {
		if (copy_to_user(to, entries + i * entry, known) ||
		    clear_user(to + known, p->entry_size - known))
			return -EFAULT;
		to += p->entry_size;
	}
	return 0;
}

static int vfb_list(struct sriov_broker_list *p, size_t entry, vfb_take_fn take,
		    struct vfb_why *why)
{
	struct vfb_pf *only = NULL;
	unsigned int num;
	void *entries;
	u64 seq;
	int ret = vfb_addr_check(&p->pf, false);

	if (p->flags)
		return -EOPNOTSUPP;
	if (ret)
		return ret;
	/* The address is the least that an entry can be useful with. */
	if (p->entry_size < sizeof(struct sriov_broker_addr) || p->entry_size > PAGE_SIZE)
		return -EINVAL;
	if (p->pf.valid) {
		only = vfb_pf_find(&p->pf, why);
		if (IS_ERR(only))
			return PTR_ERR(only);
	}

	entries = vfb_picture(take, entry, only, &num, &seq);
	ret = entries ? vfb_copy_entries(p, entries, entry, num) : -ENOMEM;
	kvfree(entries);
	if (only)
		vfb_pf_put(only);
	p->count = num;
	return ret;
}

/* ioctl(SRIOV_BROKER_LIST_PFS) */
int vfb_ioctl_list_pfs(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	return vfb_list(&arg->list, sizeof(struct sriov_broker_pf), vfb_take_pfs, why);
}

/* ioctl(SRIOV_BROKER_LIST_VFS) */
int vfb_ioctl_list_vfs(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	return vfb_list(&arg->list, sizeof(struct sriov_broker_vf), vfb_take_vfs, why);
}

/* ioctl(SRIOV_BROKER_LIST_WAITERS) */
int vfb_ioctl_list_waiters(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	/* They are no PF's. */
	if (arg->list.pf.domain || arg->list.pf.bdf || arg->list.pf.valid)
		return -EOPNOTSUPP;
	return vfb_list(&arg->list, sizeof(struct sriov_broker_waiter), vfb_take_waiters, why);
}

/* ioctl(SRIOV_BROKER_HISTORY) */
int vfb_ioctl_history(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_list *p = &arg->list;
	struct sriov_broker_event *events;
	unsigned int num, skip;
	int ret = vfb_addr_check(&p->pf, false);

	if (p->flags)
		return -EOPNOTSUPP;
	if (ret)
		return ret;
	if (p->entry_size < offsetofend(struct sriov_broker_event, vf) || p->entry_size > PAGE_SIZE)
		return -EINVAL;
	events = kvcalloc(VFB_EVENTS, sizeof(*events), GFP_KERNEL_ACCOUNT);
	if (!events)
		return -ENOMEM;
	num = vfb_event_recall(events, &p->pf);
	skip = num - min(num, p->count);
	ret = vfb_copy_entries(p, events + skip, sizeof(*events), num - skip);
	kvfree(events);
	p->count = num;
	return ret;
}

/* ioctl(SRIOV_BROKER_STATS) */
int vfb_ioctl_stats(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_list *p = &arg->list;
	struct sriov_broker_stat *stats;
	int ret;

	if (p->flags || p->pf.domain || p->pf.bdf || p->pf.valid)
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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls that only look: INFO, LIST_PFS, LIST_VFS. A list is one picture,
 * taken in one go under sb_lock, then copied out.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ioctl.h"
#include "list.h"

/* How often to try when PFs or VFs appear while we make room for them. */
#define SB_LIST_TRIES 8

static unsigned int sb_count_vfs(struct sb_pf *pf)
{
	unsigned int i, num = 0;

	lockdep_assert_held(&sb_lock);
	for (i = 0; i < pf->slots; i++)
		num += !!pf->vfs[i];
	return num;
}

/* ioctl(SRIOV_BROKER_INFO) */
int sb_ioctl_info(struct file *file, union sb_arg *arg, struct sb_why *why)
{
	struct sriov_broker_info *info = &arg->info;
	struct sb_pf *pf;

	if (info->flags || info->reserved || info->reserved2)
		return -EOPNOTSUPP;

	info->abi_major = SRIOV_BROKER_ABI_MAJOR;
	info->abi_minor = SRIOV_BROKER_ABI_MINOR;
	info->num_pfs = 0;
	info->num_vfs = 0;
	sb_param_driver(info->driver);
	spin_lock(&sb_lock);
	list_for_each_entry(pf, &sb_pfs, node) {
		info->num_pfs++;
		info->num_vfs += sb_count_vfs(pf);
	}
	info->num_leases = sb_lease_count();
	info->num_waiters = sb_pool_waiters();
	spin_unlock(&sb_lock);
	return 0;
}

static void sb_fill_pf(struct sriov_broker_pf *out, struct sb_pf *pf)
{
	*out = (struct sriov_broker_pf){
		.addr = pf->addr,
		.vendor = pf->pdev->vendor,
		.device = pf->pdev->device,
		.total_vfs = pci_sriov_get_totalvfs(pf->pdev),
		.num_vfs = pci_num_vf(pf->pdev),
		.numa_node = dev_to_node(&pf->pdev->dev),
	};
	strscpy(out->driver, pf->driver, sizeof(out->driver));
}

static void sb_fill_vf(struct sriov_broker_vf *out, struct sb_vf *vf)
{
	struct sb_lease *lease = vf->group->lease;

	*out = (struct sriov_broker_vf){
		.addr = vf->addr,
		.pf = vf->pf->addr,
		.index = vf->index,
		.state = vf->state,
		.iommu_group = sb_group_id(vf->group),
		.fault = vf->fault,
		.vendor = vf->pdev->vendor,
		.device = vf->pdev->device,
	};
	strscpy(out->driver, vf->driver, sizeof(out->driver));
	if (lease)
		sb_lease_show(out, lease);
}

/**
 * sb_take_pfs - the PFs, for sb_picture()
 * @entries: array of struct sriov_broker_pf to fill
 * @room: as far as there is room
 * @only: this PF, or NULL for all
 *
 * Context: sb_lock held.
 * Return: how many there are.
 */
unsigned int sb_take_pfs(void *entries, unsigned int room, struct sb_pf *only)
{
	struct sriov_broker_pf *out = entries;
	unsigned int num = 0;
	struct sb_pf *pf;

	lockdep_assert_held(&sb_lock);
	list_for_each_entry(pf, &sb_pfs, node) {
		if (only && pf != only)
			continue;
		if (num < room)
			sb_fill_pf(&out[num], pf);
		num++;
	}
	return num;
}

/**
 * sb_take_vfs - the VFs, for sb_picture()
 * @entries: array of struct sriov_broker_vf to fill
 * @room: as far as there is room
 * @only: those of this PF, or NULL for all
 *
 * Context: sb_lock held; in the task that asks.
 * Return: how many there are.
 */
unsigned int sb_take_vfs(void *entries, unsigned int room, struct sb_pf *only)
{
	struct sriov_broker_vf *out = entries;
	unsigned int num = 0, i;
	struct sb_pf *pf;

	lockdep_assert_held(&sb_lock);
	list_for_each_entry(pf, &sb_pfs, node) {
		if (only && pf != only)
			continue;
		for (i = 0; i < pf->slots; i++) {
			if (!pf->vfs[i])
				continue;
			if (num < room)
				sb_fill_vf(&out[num], pf->vfs[i]);
			num++;
		}
	}
	return num;
}

/**
 * sb_picture - all PFs or VFs as they are at one moment
 * @take: fills in what is wanted
 * @entry: size of an entry
 * @only: this PF only, or NULL for all
 * @num: filled with the number of entries
 * @seq: filled with the number of the last event before
 *
 * Context: may sleep; takes sb_lock.
 * Return: the entries, for kvfree(), or NULL when out of memory.
 */
void *sb_picture(sb_take_fn take, size_t entry, struct sb_pf *only, unsigned int *num, u64 *seq)
{
	unsigned int room = 0, try;
	void *entries = NULL;

	for (try = 0; try < SB_LIST_TRIES; try++) {
		spin_lock(&sb_lock);
		*num = take(entries, room, only);
		*seq = sb_event_seq();
		spin_unlock(&sb_lock);
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

/**
 * sb_copy_entries - give an array to userspace
 * @p: how it wants it
 * @entries: the array
 * @entry: size of an entry here
 * @num: how many; those beyond @p->count are left out
 *
 * Context: system call; may sleep.
 * Return: 0 or -EFAULT.
 */
int sb_copy_entries(struct sriov_broker_list *p, const void *entries, size_t entry,
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

static int sb_list(struct sriov_broker_list *p, size_t entry, sb_take_fn take, struct sb_why *why)
{
	static const struct sriov_broker_addr all;
	struct sb_pf *only = NULL;
	unsigned int num;
	void *entries;
	u64 seq;
	int ret;

	if (p->flags)
		return -EOPNOTSUPP;
	/* The address is the least that an entry can be useful with. */
	if (p->entry_size < sizeof(struct sriov_broker_addr) || p->entry_size > PAGE_SIZE)
		return -EINVAL;
	if (memcmp(&p->pf, &all, sizeof(all))) {
		only = sb_pf_find(&p->pf, why);
		if (IS_ERR(only))
			return PTR_ERR(only);
	}

	entries = sb_picture(take, entry, only, &num, &seq);
	ret = entries ? sb_copy_entries(p, entries, entry, num) : -ENOMEM;
	kvfree(entries);
	if (only)
		sb_pf_put(only);
	p->count = num;
	return ret;
}

/* ioctl(SRIOV_BROKER_LIST_PFS) */
int sb_ioctl_list_pfs(struct file *file, union sb_arg *arg, struct sb_why *why)
{
	return sb_list(&arg->list, sizeof(struct sriov_broker_pf), sb_take_pfs, why);
}

/* ioctl(SRIOV_BROKER_LIST_VFS) */
int sb_ioctl_list_vfs(struct file *file, union sb_arg *arg, struct sb_why *why)
{
	return sb_list(&arg->list, sizeof(struct sriov_broker_vf), sb_take_vfs, why);
}

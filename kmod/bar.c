// SPDX-License-Identifier: GPL-2.0-only
/*
 * The size of VFs' BARs, on PFs with the capability VF Resizable BAR. A BAR is of
 * one size for all VFs of a PF; the memory for all of them is set aside when the
 * PF is found on the bus, and stays as it is.
 *
 * What can be is read from the capability itself, so that it is known on every
 * kernel; what is changed the PCI core changes, which keeps book of it.
 */
#include <linux/bitfield.h>
#include <linux/log2.h>
#include <linux/pm_runtime.h>
#include <linux/sizes.h>

#include "broker.h"
#include "compat.h"

/* One BAR's pair of registers, the n-th in the capability. */
#define VFB_REBAR_STEP 8

/* The largest size that 64 bits can tell; a device that is gone says more. */
#define VFB_REBAR_MAX_ORDER 43

/* Number of resizable BARs that stand in the capability at @cap. */
static unsigned int vfb_rebar_count(struct pci_dev *pdev, int cap)
{
	u32 ctrl;

	pci_read_config_dword(pdev, cap + PCI_REBAR_CTRL, &ctrl);
	/* All ones: it is gone. */
	return PCI_POSSIBLE_ERROR(ctrl) ? 0 : FIELD_GET(PCI_REBAR_CTRL_NBAR_MASK, ctrl);
}

/* The BARs that can be resized, as bits, and where @bar's registers stand or 0. */
static int vfb_rebar_find(struct pci_dev *pdev, int cap, unsigned int bar, unsigned long *bars)
{
	unsigned int n = vfb_rebar_count(pdev, cap);
	int pos = cap, found = 0;
	u32 ctrl;

	for (*bars = 0; n--; pos += VFB_REBAR_STEP) {
		pci_read_config_dword(pdev, pos + PCI_REBAR_CTRL, &ctrl);
		*bars |= BIT(ctrl & PCI_REBAR_CTRL_BAR_IDX);
		if ((ctrl & PCI_REBAR_CTRL_BAR_IDX) == bar)
			found = pos;
	}
	return found;
}

static void vfb_rebar_read(struct pci_dev *pdev, int pos, unsigned int bar, struct vfb_vf_bar *now)
{
	struct resource *res = &pdev->resource[PCI_IOV_RESOURCES + bar];
	u32 cap, ctrl, order;

	pci_read_config_dword(pdev, pos + PCI_REBAR_CAP, &cap);
	pci_read_config_dword(pdev, pos + PCI_REBAR_CTRL, &ctrl);
	order = FIELD_GET(PCI_REBAR_CTRL_BAR_SIZE, ctrl);
	now->sizes = cap >> 4;
	now->bytes = (u64)SZ_1M << min_t(u32, order, VFB_REBAR_MAX_ORDER);
	/* Without a parent it has no place, so no VF has either. */
	now->num_vfs = res->parent ? min_t(u64, resource_size(res) >> ilog2(now->bytes),
					   pci_sriov_get_totalvfs(pdev)) :
				     0;
}

/* A device may keep what it likes; then it shall be as it was. */
static int vfb_rebar_write(struct pci_dev *pdev, int pos, unsigned int bar, u64 bytes,
			   struct vfb_vf_bar *now)
{
	u64 before = now->bytes;
	int ret = vfb_vf_bar_set_size(pdev, bar, ilog2(bytes) - ilog2(SZ_1M));

	if (ret)
		return ret;
	vfb_rebar_read(pdev, pos, bar, now);
	if (now->bytes == bytes)
		return 0;
	vfb_vf_bar_set_size(pdev, bar, ilog2(before) - ilog2(SZ_1M));
	return -EIO;
}

static int vfb_vf_bar_locked(struct vfb_pf *pf, int pos, unsigned int bar, u64 bytes,
			     struct vfb_vf_bar *now, struct vfb_why *why)
{
	struct pci_dev *pdev = pf->pdev;
	int ret;

	device_lock_assert(&pdev->dev);
	if (pf->gone || !device_is_registered(&pdev->dev))
		return vfb_refuse(why, -ENODEV, SRIOV_BROKER_WHY_NO_DEVICE, &pf->addr);
	if (pci_num_vf(pdev)) {
		why->value = pci_num_vf(pdev);
		return vfb_refuse(why, -EBUSY, SRIOV_BROKER_WHY_HAS_VFS, &pf->addr);
	}
	ret = vfb_rebar_write(pdev, pos, bar, bytes, now);
	if (ret == -EOPNOTSUPP)
		return vfb_refuse(why, ret, SRIOV_BROKER_WHY_OLD_KERNEL, &pf->addr);
	if (!ret)
		return 0;
	if (pdev->driver)
		strscpy(why->driver, pdev->driver->name, sizeof(why->driver));
	why->error = -ret;
	return vfb_refuse(why, ret, SRIOV_BROKER_WHY_PF_REFUSED, &pf->addr);
}

static int vfb_vf_bar_set(struct vfb_pf *pf, int pos, unsigned int bar, u64 bytes,
			  struct vfb_vf_bar *now, struct vfb_why *why)
{
	int ret;

	if (!(now->sizes & (bytes >> ilog2(SZ_1M)))) {
		why->value = now->sizes;
		return vfb_refuse(why, -EINVAL, SRIOV_BROKER_WHY_BAR_SIZE, &pf->addr);
	}
	ret = vfb_pf_lock(pf);
	if (ret)
		return vfb_refuse(why, ret, SRIOV_BROKER_WHY_PF_BUSY, &pf->addr);
	ret = vfb_vf_bar_locked(pf, pos, bar, bytes, now, why);
	vfb_pf_unlock(pf);
	return ret;
}

static int vfb_vf_bar_awake(struct vfb_pf *pf, unsigned int bar, u64 bytes, struct vfb_vf_bar *now,
			    struct vfb_why *why)
{
	int cap = pci_find_ext_capability(pf->pdev, PCI_EXT_CAP_ID_VF_REBAR);
	unsigned long bars;
	int pos;

	if (!cap)
		return vfb_refuse(why, -EOPNOTSUPP, SRIOV_BROKER_WHY_NO_VF_REBAR, &pf->addr);
	pos = vfb_rebar_find(pf->pdev, cap, bar, &bars);
	if (!pos) {
		why->value = bars;
		return vfb_refuse(why, -EOPNOTSUPP, SRIOV_BROKER_WHY_BAR_FIXED, &pf->addr);
	}
	vfb_rebar_read(pf->pdev, pos, bar, now);
	return bytes ? vfb_vf_bar_set(pf, pos, bar, bytes, now, why) : 0;
}

/**
 * vfb_pf_vf_bar - ask for the size of a BAR of a PF's VFs, or set it
 * @pf: the PF
 * @bar: the BAR's number
 * @bytes: its new size, a power of two of 1 MiB or more; 0 to ask
 * @now: what it is now
 * @why: says what went wrong
 *
 * Context: may sleep; pf->op held.
 * Return: 0, or a negative errno: then nothing has changed.
 */
int vfb_pf_vf_bar(struct vfb_pf *pf, unsigned int bar, u64 bytes, struct vfb_vf_bar *now,
		  struct vfb_why *why)
{
	int ret;

	lockdep_assert_held(&pf->op);
	if (pf->gone)
		return vfb_refuse(why, -ENODEV, SRIOV_BROKER_WHY_NO_DEVICE, &pf->addr);
	/* In deep sleep it has no configuration space. */
	pm_runtime_get_sync(&pf->pdev->dev);
	ret = vfb_vf_bar_awake(pf, bar, bytes, now, why);
	pm_runtime_put(&pf->pdev->dev);
	return ret;
}

/**
 * vfb_pf_bar_room - how many VFs there is memory for
 * @pf: the PF, awake
 *
 * Context: may sleep.
 * Return: the number; the PF's total where its VFs' BARs can't be resized.
 */
unsigned int vfb_pf_bar_room(struct vfb_pf *pf)
{
	int cap = pci_find_ext_capability(pf->pdev, PCI_EXT_CAP_ID_VF_REBAR);
	unsigned int room = pci_sriov_get_totalvfs(pf->pdev);
	struct vfb_vf_bar now;
	unsigned long bars;
	unsigned int bar;
	int pos;

	if (!cap)
		return room;
	for (bar = 0; bar < PCI_SRIOV_NUM_BARS; bar++) {
		pos = vfb_rebar_find(pf->pdev, cap, bar, &bars);
		if (!pos)
			continue;
		vfb_rebar_read(pf->pdev, pos, bar, &now);
		room = min(room, now.num_vfs);
	}
	return room;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the two modules: what sriov_broker_vfio, the driver of guarded VFs, asks of the
 * broker. guard.c is the one side of it, vfio_guard.c the other.
 */
#ifndef VFB_GUARD_H
#define VFB_GUARD_H

struct pci_dev;
struct vfb_vf;

struct vfb_vf *vfb_guard_open(struct pci_dev *pdev);
void vfb_guard_close(struct vfb_vf *vf);

#endif /* VFB_GUARD_H */

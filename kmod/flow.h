/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What takes its time, and goes over many VFs: provisioning, moves, the return path, the
 * orphans' end, what follows from errors, and the PF driver of our own.
 */
#ifndef VFB_FLOW_H
#define VFB_FLOW_H

#include "mech.h"

/* How an operation on a PF is meant. */
#define VFB_OPEN      BIT(0) /* leave its VFs open to all, out of the pool */
#define VFB_MAY_LOAD  BIT(1) /* the caller may have any module loaded */
#define VFB_FROM_HOST BIT(2) /* take VFs that the host uses */
#define VFB_TAKE_PF   BIT(3) /* a PF without a driver gets ours */
#define VFB_LOAD_PF   BIT(4) /* its own module is asked for first */
#define VFB_KEPT      BIT(5) /* VFs get what they had when the PF's driver went */
#define VFB_RESTORE   BIT(6) /* and on each return what they had when they entered the pool */

/* A set of VFs under way from one driver to another; see move.c. */
struct vfb_moves;
#define VFB_MOVE_FRESH BIT(0) /* just born: no reset, no way back */
#define VFB_MOVE_OURS  BIT(1) /* let VFs be that are the host's */
#define VFB_MOVE_USED  BIT(2) /* also those that the host uses */

/* provision.c */
int vfb_pf_enable(struct vfb_pf *pf, unsigned int num, const char *driver, unsigned int flags,
		  struct vfb_why *why);
int vfb_pf_disable(struct vfb_pf *pf, unsigned int flags, struct vfb_why *why);
void vfb_pf_force_begin(struct vfb_pf *pf, unsigned int timeout_ms);
void vfb_pf_force_end(struct vfb_pf *pf);
int vfb_pf_bind(struct vfb_pf *pf, unsigned int first, unsigned int count, const char *driver,
		unsigned int flags, struct vfb_why *why);
void vfb_pf_leave_all(void);

/* move.c */
int vfb_move_vfs(struct vfb_pf *pf, unsigned int first, unsigned int count,
		 const struct vfb_driver *to, unsigned int flags, struct vfb_why *why);
struct vfb_moves *vfb_strip_vfs(struct vfb_pf *pf, unsigned int flags, struct vfb_why *why);
void vfb_unstrip_vfs(struct vfb_moves *all);
void vfb_stripped_free(struct vfb_moves *all);

/* return.c */
void vfb_return_work(struct work_struct *work);
void vfb_return_flush(void);
void vfb_return_wake(void);
void vfb_return_wait(struct vfb_pf *pf, unsigned int timeout_ms);
long vfb_return_wait_vf(struct vfb_vf *vf, bool (*busy)(const struct vfb_vf *vf), long timeout);

/* ask.c */
void vfb_ask_work(struct work_struct *work);
void vfb_ask_flush(void);

/* orphan.c */
int vfb_orphan_find(struct pci_dev *pf, struct sriov_broker_addr *addr);
void vfb_orphan_clean(void);
void vfb_orphan_wake(struct work_struct *work);
void vfb_orphan_stop(void);

/* errors.c */
void vfb_errors_seen(struct vfb_pf *pf, struct vfb_vf *vf, const struct vfb_error *error);
void vfb_pf_was_reset(struct pci_dev *pdev);
void vfb_pf_look_work(struct work_struct *work);
void vfb_errors_stop(void);

/* pfdrv.c */
int vfb_pfdrv_register(void);
void vfb_pfdrv_unregister(void);
void vfb_pfdrv_load(struct vfb_pf *pf);
int vfb_pfdrv_take(struct vfb_pf *pf);
void vfb_pfdrv_drop(struct vfb_pf *pf, bool probe);

#endif /* VFB_FLOW_H */

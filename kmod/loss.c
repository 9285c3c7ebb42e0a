// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFs of ours that another program has taken away, by writing to sriov_numvfs: root's
 * hand, systemd's .link files, NetworkManager. Nothing is lost but the pool; yet the log
 * and an event tell which program did it, and what there is instead.
 */
#define dev_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "core.h"

/**
 * vfb_loss_note - a VF is leaving the bus: remember what takes it, if it was ours
 * @vf: the VF, in the state that it was in
 *
 * Context: bus notifier, in the task that removes it; vfb_lock held.
 */
void vfb_loss_note(struct vfb_vf *vf)
{
	struct vfb_pf *pf = vf->pf;
	struct vfb_loss *loss = &pf->loss;
	struct vfb_actor by;

	lockdep_assert_held(&vfb_lock);
	if (pf->configuring || pf->leaving || pf->gone ||
	    (vf->state == SRIOV_BROKER_VF_HOST && !pf->ours))
		return;
	vfb_actor_now(&by);
	/* What another one took before, a single VF by hand, has no part in this. */
	if (loss->had && by.pid != loss->by.pid)
		vfb_loss_forget(pf);
	put_pid(loss->by.pid);
	loss->by = by;
	if (!loss->had++)
		strscpy(loss->driver, vf->target[0] ? vf->target : "the host's driver",
			sizeof(loss->driver));
}

/**
 * vfb_loss_forget - what another program took away is of no interest any more
 * @pf: the PF, whose VFs we change ourselves, whose driver goes, or of which an admin
 *	has said what is to be
 *
 * Context: vfb_lock held.
 */
void vfb_loss_forget(struct vfb_pf *pf)
{
	lockdep_assert_held(&vfb_lock);
	put_pid(pf->loss.by.pid);
	pf->loss = (struct vfb_loss){};
}

/**
 * vfb_loss_tell - tell of VFs that were taken away
 * @pf: the PF
 *
 * Context: may sleep; pf->op held; takes the PCI core's locks, so that what the other
 * program does instead has been done.
 * Return: true if there was something to tell. Of single VFs there is not: those that
 * stay are as they were, and nothing is to be put right.
 */
bool vfb_loss_tell(struct vfb_pf *pf)
{
	struct vfb_loss loss;
	unsigned int i, now = 0;

	lockdep_assert_held(&pf->op);
	if (!READ_ONCE(pf->loss.had))
		return false;
	/* To be had when the program that took them has let go, and has what it wants. */
	if (!vfb_pf_lock(pf))
		vfb_pf_unlock(pf);

	mutex_lock(&vfb_lock);
	if (!pf->loss.all) {
		vfb_loss_forget(pf);
		mutex_unlock(&vfb_lock);
		return false;
	}
	/* The counted pid goes with it. */
	loss = pf->loss;
	pf->loss = (struct vfb_loss){};
	for (i = 0; i < pf->slots; i++)
		now += !!pf->vfs[i];
	vfb_event_replaced(pf, &loss, now);
	mutex_unlock(&vfb_lock);

	pci_warn(pf->pdev, "had %u VFs on %s, has %u now: %s (pid %d) took them\n", loss.had,
		 loss.driver, now, loss.by.comm, pid_nr(loss.by.pid));
	put_pid(loss.by.pid);
	return true;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errors and resets of PFs. Each is an event; and unless the hardware has corrected it, the
 * VFs are looked at: holders of leases are told what is to be seen of theirs, free ones go
 * the return path once more. That ends in quarantine for one that does not answer, until it
 * does: the PF's driver, or the kernel, may bring it back yet.
 *
 * An error of the PF, or of a port above it, that is not fatal has cost a transaction. It may be a
 * guest's, and come again and again (an ACS violation is the port's): such a one takes no free
 * VF out of the pool that answers. Where a driver has the kernel reset the link for one (since 6.18
 * it may), that has reset the VFs.
 *
 * A VF that is being reset just then is found not to answer, or not to look reset: what of that
 * the PF's reset has brought about, its end tells, and the VF is tried once more.
 */
#define dev_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/pm_runtime.h>

#include "flow.h"

/*
 * The kernel's recovery begins when an error is told, and may take its time to end; and so may a
 * VF's reset. What does not answer, or is being reset, is looked at again as long as that.
 */
#define VFB_LOOK_MS	  1000
#define VFB_LOOK_RESET_MS 100
#define VFB_LOOK_S	  90

static bool vfb_errors_stopped; /* vfb_lock */
static atomic_t vfb_looking;	/* PFs that are to be looked at */
static DECLARE_WAIT_QUEUE_HEAD(vfb_looking_wq);

static void vfb_look_end(struct vfb_pf *pf)
{
	atomic_dec(&vfb_looking);
	wake_up_all(&vfb_looking_wq);
	vfb_pf_put(pf);
}

static void vfb_look_queue(struct vfb_pf *pf, unsigned int delay_ms)
{
	lockdep_assert_held(&vfb_lock);
	if (vfb_errors_stopped)
		return;
	kref_get(&pf->ref);
	atomic_inc(&vfb_looking);
	/* What is queued stays where it is: with error after error it would never come. */
	if (!queue_delayed_work(vfb_op_wq, &pf->look, msecs_to_jiffies(delay_ms)))
		vfb_look_end(pf);
}

/* The VF is to be looked at, or all of the PF. Of two causes the greater one counts. */
static void vfb_look_at(struct vfb_pf *pf, struct vfb_vf *vf, u32 cause, bool hurt,
			unsigned int delay_ms)
{
	unsigned int i;

	lockdep_assert_held(&vfb_lock);
	for (i = 0; i < pf->slots; i++) {
		if (!pf->vfs[i] || (vf && pf->vfs[i] != vf))
			continue;
		pf->vfs[i]->trouble = max(pf->vfs[i]->trouble, cause);
		pf->vfs[i]->hurt |= hurt;
		WRITE_ONCE(pf->vfs[i]->troubles, pf->vfs[i]->troubles + 1);
	}
	pf->look_until = jiffies + VFB_LOOK_S * HZ;
	vfb_look_queue(pf, delay_ms);
}

/**
 * vfb_errors_seen - PCIe errors were reported
 * @pf: by this PF, or a port above it
 * @vf: or by this VF of it, or NULL
 * @error: the errors
 *
 * Context: takes vfb_lock.
 */
void vfb_errors_seen(struct vfb_pf *pf, struct vfb_vf *vf, const struct vfb_error *error)
{
	guard(mutex)(&vfb_lock);
	if (pf->gone || (vf && vf->gone))
		return;
	vfb_event_error(pf, vf, error);
	if (error->severity == SRIOV_BROKER_SEVERITY_CORRECTABLE)
		return;
	/* Some VFs report their own reset, which is looked at when it is done. */
	if (vf && vf->state == SRIOV_BROKER_VF_RESETTING)
		return;
	vfb_look_at(pf, vf,
		    vf ? SRIOV_BROKER_LEASE_CAUSE_VF_ERROR : SRIOV_BROKER_LEASE_CAUSE_PF_ERROR,
		    vf || error->severity == SRIOV_BROKER_SEVERITY_FATAL, VFB_LOOK_MS);
}

/**
 * vfb_pf_was_reset - a PF on our driver was reset
 * @pdev: the PF
 *
 * Context: the PF's device lock held; takes vfb_lock.
 */
void vfb_pf_was_reset(struct pci_dev *pdev)
{
	struct vfb_pf *pf = vfb_pf_of(pdev);

	if (!pf)
		return;
	mutex_lock(&vfb_lock);
	vfb_event_pf(pf, SRIOV_BROKER_EVENT_PF_RESET, 0, 0);
	vfb_look_at(pf, NULL, SRIOV_BROKER_LEASE_CAUSE_PF_RESET, true, 0);
	mutex_unlock(&vfb_lock);
	vfb_pf_put(pf);
}

static bool vfb_is_leased(const struct vfb_vf *vf)
{
	return !vf->gone && vf->state == SRIOV_BROKER_VF_LEASED && vf->group->lease;
}

/* SILENT is worse than STATE_LOST. */
static enum sriov_broker_fault vfb_look_worst(struct vfb_group *group)
{
	enum sriov_broker_fault worst = SRIOV_BROKER_FAULT_NONE;
	struct vfb_vf *vf;

	list_for_each_entry(vf, &group->vfs, group_node)
		if (!worst || vf->seen == SRIOV_BROKER_FAULT_SILENT)
			worst = vf->seen;
	return worst;
}

/* To all but its holder it is news only if it has become so, and is not so any more. */
static void vfb_look_tell(struct vfb_vf *vf, enum sriov_broker_fault fault)
{
	bool changed = fault != vf->seen;

	lockdep_assert_held(&vfb_lock);
	/* It is looked at again and again. */
	if (!changed && fault == SRIOV_BROKER_FAULT_SILENT)
		return;
	vf->seen = fault;
	vfb_lease_disturbed(vf->group->lease, vf->trouble, vfb_look_worst(vf->group));
	if (!fault || !changed)
		return;
	pci_warn(vf->pdev, "leased, and %s\n",
		 fault == SRIOV_BROKER_FAULT_SILENT ? "does not answer" : "has lost its state");
	vfb_event_disturbed(vf, fault, vf->trouble);
}

static void vfb_look_over(struct vfb_vf *vf)
{
	lockdep_assert_held(&vfb_lock);
	vf->trouble = 0;
	vf->hurt = false;
}

/* Is it in quarantine for what may be over? A reset of the PF disturbs a VF's, or mends it. */
static bool vfb_look_may_mend(const struct vfb_vf *vf)
{
	if (vf->fault == SRIOV_BROKER_FAULT_SILENT)
		return true;
	return vf->trouble == SRIOV_BROKER_LEASE_CAUSE_PF_RESET &&
	       (vf->fault == SRIOV_BROKER_FAULT_RESET || vf->fault == SRIOV_BROKER_FAULT_CHECK);
}

/* A group goes the return path once, however many of its VFs are to be looked at. */
static bool vfb_look_return(struct vfb_vf *vf, enum sriov_broker_fault fault)
{
	bool silent = fault == SRIOV_BROKER_FAULT_SILENT;
	struct vfb_vf *peer;

	lockdep_assert_held(&vfb_lock);
	/* What is heard again comes back by itself. */
	if (vf->state == SRIOV_BROKER_VF_QUARANTINED) {
		if (silent || !vfb_look_may_mend(vf))
			return false;
	} else if (vf->state != SRIOV_BROKER_VF_FREE || (!fault && !vf->hurt)) {
		return false;
	}
	if (vf->moving || vf->gone || vf->pf->leaving)
		return false;
	if (!silent)
		list_for_each_entry(peer, &vf->group->vfs, group_node)
			vfb_look_over(peer);
	vfb_group_return(vf->group);
	return true;
}

/* Returns in how many milliseconds it is to be looked at again, 0: that was it. */
static unsigned int vfb_look_vf(struct vfb_vf *vf, bool leased, bool last)
{
	unsigned int troubles = READ_ONCE(vf->troubles);
	enum sriov_broker_fault fault;
	bool again, back = false;

	/*
	 * One on its way back may have been reset before it was disturbed: its end is awaited. Not
	 * here: its next step may come when the machine wakes, and not be suspended for us.
	 */
	if (!leased && !last && READ_ONCE(vf->state) == SRIOV_BROKER_VF_RESETTING)
		return VFB_LOOK_RESET_MS;
	/* Until the kernel's recovery is over a reset of its own would fail, and hold that up. */
	if (!leased && !last && READ_ONCE(vf->pdev->error_state) != pci_channel_io_normal)
		return VFB_LOOK_MS;
	fault = vfb_look(vf);
	again = fault == SRIOV_BROKER_FAULT_SILENT && !last;
	mutex_lock(&vfb_lock);
	/* What has come since is not seen in that, and has queued another look. */
	if (troubles != vf->troubles && !last) {
		mutex_unlock(&vfb_lock);
		return VFB_LOOK_RESET_MS;
	}
	if (vfb_is_leased(vf))
		vfb_look_tell(vf, fault);
	else if (!leased)
		back = vfb_look_return(vf, fault);
	if (!again && (!leased || vfb_is_leased(vf)))
		vfb_look_over(vf);
	mutex_unlock(&vfb_lock);
	if (back)
		vfb_group_update_protection(vf->group);
	return again ? VFB_LOOK_MS : 0;
}

/* As vfb_look_vf(), of the first that is due. */
static unsigned int vfb_look_all(struct vfb_pf *pf, bool leased, bool last)
{
	unsigned int again = 0, i;
	struct vfb_vf *vf;

	for (i = 0; i < pf->slots; i++) {
		vf = vfb_pf_vf(pf, i);
		if (!vf)
			continue;
		if (READ_ONCE(vf->trouble))
			again = min_not_zero(again, vfb_look_vf(vf, leased, last));
		vfb_vf_put(vf);
	}
	return again;
}

/**
 * vfb_pf_look_work - look at those VFs of a PF that an error or a reset may have disturbed
 * @work: the PF's
 *
 * Context: a worker; waits for nothing that may be frozen.
 */
void vfb_pf_look_work(struct work_struct *work)
{
	struct vfb_pf *pf = container_of(to_delayed_work(work), struct vfb_pf, look);
	struct device *dev = &pf->pdev->dev;
	unsigned int again;
	bool last;

	mutex_lock(&vfb_lock);
	last = pf->gone || vfb_errors_stopped || time_after(jiffies, pf->look_until);
	mutex_unlock(&vfb_lock);
	pm_runtime_get_sync(dev);
	/* Their holders first. */
	again = vfb_look_all(pf, true, last);
	again = min_not_zero(again, vfb_look_all(pf, false, last));
	pm_runtime_put(dev);
	if (again) {
		mutex_lock(&vfb_lock);
		vfb_look_queue(pf, again);
		mutex_unlock(&vfb_lock);
	}
	vfb_look_end(pf);
}

/**
 * vfb_errors_stop - no more looks, once those that are to come have been
 *
 * Context: module exit; may sleep.
 */
void vfb_errors_stop(void)
{
	mutex_lock(&vfb_lock);
	vfb_errors_stopped = true;
	mutex_unlock(&vfb_lock);
	wait_event(vfb_looking_wq, !atomic_read(&vfb_looking));
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asking users of VFs to let go, by vfio's own request: while a lease's time of grace runs,
 * and while a VF drains after that. It is asked again, for a guest that is just booting
 * does not hear it. A user that has let go in the time of grace is waited for no longer:
 * its lease is revoked then.
 */
#include <linux/jiffies.h>

#include "flow.h"

/*
 * As vfio does when a driver is unbound. To a guest a second request within five seconds may
 * be the first one's cancellation.
 */
#define VFB_ASK_AGAIN_MS 10000

/* How often to look whether it has let go. */
#define VFB_ASK_POLL_MS 100

static bool vfb_ask_stopping;

/* Has a user of vfio a VF of the group open? */
static bool vfb_ask_is_open(struct vfb_group *group)
{
	struct vfb_vf *vf;
	bool open = false;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(vf, &group->vfs, group_node)
		open |= vf->managed && !vf->gone && pci_is_enabled(vf->pdev);
	return open;
}

static void vfb_ask_all(struct vfb_group *group)
{
	struct vfb_vf *vf;

	for (vf = vfb_group_next(group, NULL); vf; vf = vfb_group_next(group, vf))
		if (pci_is_enabled(vf->pdev))
			vfb_vfio_ask(vf, group->asks);
	group->asks++;
	group->ask_next = jiffies + msecs_to_jiffies(VFB_ASK_AGAIN_MS);
}

/* Is there anything to ask for still? The lease is one that has notice. */
static bool vfb_ask_goes_on(struct vfb_group *group, bool open)
{
	struct vfb_lease *lease = group->lease;
	bool let_go = group->ask_open && !open;

	lockdep_assert_held(&vfb_lock);
	if (lease && !lease->deadline_ns)
		return false; /* another one by now */
	if (lease && let_go)
		vfb_lease_revoke(lease, SRIOV_BROKER_LEASE_CAUSE_ADMIN);
	if (READ_ONCE(vfb_ask_stopping))
		return false;
	/* One that has had time enough is known not to listen. */
	return lease ? !lease->revoked : group->returning && !group->stray && open;
}

/**
 * vfb_ask_work - ask a group's user, if it is time for that, and look whether it has let go
 * @work: the group's
 *
 * Context: a worker; may sleep.
 */
void vfb_ask_work(struct work_struct *work)
{
	struct vfb_group *group = container_of(to_delayed_work(work), struct vfb_group, ask);
	bool open, again;

	mutex_lock(&vfb_lock);
	open = vfb_ask_is_open(group);
	again = vfb_ask_goes_on(group, open);
	/* What was seen counts for this asking only: the next lease's user has not let go of it. */
	group->ask_open = again && open;
	mutex_unlock(&vfb_lock);
	if (again && open && time_after_eq(jiffies, group->ask_next))
		vfb_ask_all(group);
	if (again && queue_delayed_work(vfb_wq, &group->ask, msecs_to_jiffies(VFB_ASK_POLL_MS)))
		return; /* with the reference */
	vfb_group_ask_end(group);
}

/**
 * vfb_ask_flush - ask no user any more
 *
 * Context: module exit; no lease is out; may sleep for VFB_ASK_POLL_MS.
 */
void vfb_ask_flush(void)
{
	WRITE_ONCE(vfb_ask_stopping, true);
	wait_event(vfb_group_ask_wq, !atomic_read(&vfb_groups_asking));
}

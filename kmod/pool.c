// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool: choosing free VFs for a request, and the queue of those who wait.
 *
 * Every PF keeps a bitmap of its free VFs, so that a choice costs a step per PF,
 * not per VF. Who came first is served first: as long as somebody waits, nobody
 * behind him gets a VF that he could have.
 */
#include <linux/bitmap.h>
#include <linux/sched/signal.h>

#include "lease.h"
#include "stats.h"

/* Selectors of all who wait: whoever may lease could else keep vfb_lock busy with them. */
#define VFB_MAX_WAITING 1024

static LIST_HEAD(vfb_waiters); /* vfb_lock; in the order they came */

/* What a selector's range means on a PF: slots from *first up to *end. */
static void vfb_range(const struct sriov_broker_selector *sel, struct vfb_pf *pf,
		      unsigned int *first, unsigned int *end)
{
	*first = min(sel->first, pf->slots);
	*end = pf->slots;
	if (sel->count && sel->count < *end - *first)
		*end = *first + sel->count;
}

/* All VFs of a PF have the same ids. */
static bool vfb_ids_fit(const struct sriov_broker_selector *sel, struct vfb_pf *pf)
{
	return (!sel->vendor || sel->vendor == pf->pdev->vendor) &&
	       (!sel->device || sel->device == pf->vf_device);
}

static bool vfb_sel_fits(const struct sriov_broker_selector *sel, struct vfb_vf *vf)
{
	unsigned int first, end;

	if (!vfb_ids_fit(sel, vf->pf))
		return false;
	if (!sel->dev.valid || !vfb_addr_cmp(&sel->dev, &vf->addr))
		return true;
	if (vfb_addr_cmp(&sel->dev, &vf->pf->addr))
		return false;
	vfb_range(sel, vf->pf, &first, &end);
	return vf->index >= first && vf->index < end;
}

static bool vfb_on_node(const struct vfb_request *req, struct vfb_pf *pf)
{
	return req->numa_node == NUMA_NO_NODE || dev_to_node(&pf->pdev->dev) == req->numa_node;
}

static bool vfb_node_fits(const struct vfb_request *req, struct vfb_pf *pf)
{
	return !(req->flags & SRIOV_BROKER_LEASE_NUMA_STRICT) || vfb_on_node(req, pf);
}

static bool vfb_req_fits(const struct vfb_request *req, struct vfb_vf *vf)
{
	unsigned int i;

	if (!vfb_node_fits(req, vf->pf))
		return false;
	for (i = 0; i < req->num_sels; i++)
		if (vfb_sel_fits(&req->sels[i], vf))
			return true;
	return false;
}

/*
 * A round lasts while the queue and the quotas stay as they are, and requests are
 * looked at in the order of the queue: who is in one's way is in the way of all
 * who come later, and need not be looked for again.
 */
static u64 vfb_round;

/* Does somebody who came before wait for what this VF is? */
static bool vfb_is_spoken_for(const struct vfb_request *req, struct vfb_vf *vf)
{
	struct vfb_request *w;

	lockdep_assert_held(&vfb_lock);
	if (vf->spoken_for == vfb_round)
		return true;
	list_for_each_entry(w, &vfb_waiters, node) {
		if (w == req)
			return false;
		/* Who may not have more leases now is in nobody's way. */
		if (vfb_req_fits(w, vf) && !vfb_lease_over_quota(w, NULL)) {
			vf->spoken_for = vfb_round;
			return true;
		}
	}
	return false;
}

/* A group is leased as a whole, so all of it has to be free. */
static struct vfb_vf *vfb_busy_peer(struct vfb_vf *vf)
{
	struct vfb_vf *peer;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(peer, &vf->group->vfs, group_node)
		if (peer->state != SRIOV_BROKER_VF_FREE || !vfb_vf_is_whole(peer))
			return peer;
	return NULL;
}

/* VFs are about to go, and who gets one now would be waited for. */
static bool vfb_pf_is_busy(const struct vfb_pf *pf)
{
	return pf->closing || pf->leaving || pf->gone || !pf->driver[0];
}

static bool vfb_pf_fits(const struct vfb_request *req, struct vfb_pf *pf)
{
	if (vfb_pf_is_busy(pf) || !vfb_node_fits(req, pf))
		return false;
	return !(req->flags & SRIOV_BROKER_LEASE_DISTINCT_PFS) || !pf->nr_reserved;
}

static bool vfb_vf_fits(const struct vfb_request *req, const struct sriov_broker_selector *sel,
			struct vfb_vf *vf)
{
	return vf->state == SRIOV_BROKER_VF_FREE && !vf->moving && !vf->group->lease &&
	       vfb_sel_fits(sel, vf) && !vfb_busy_peer(vf) && !vfb_is_spoken_for(req, vf);
}

static struct vfb_vf *vfb_choose_on(const struct vfb_request *req,
				    const struct sriov_broker_selector *sel, struct vfb_pf *pf)
{
	unsigned int i, first, end;

	lockdep_assert_held(&vfb_lock);
	if (!vfb_pf_fits(req, pf))
		return NULL;
	vfb_range(sel, pf, &first, &end);
	for (i = find_next_bit(pf->free, end, first); i < end;
	     i = find_next_bit(pf->free, end, i + 1))
		if (vfb_vf_fits(req, sel, pf->vfs[i]))
			return pf->vfs[i];
	return NULL;
}

/* VFs of a PF that are out, with those that the request has reserved already. */
static unsigned int vfb_out_on(struct vfb_pf *pf)
{
	return pf->nr_out + pf->nr_reserved;
}

/* Is @a the better choice? At a tie the first stays. */
static bool vfb_is_better(const struct vfb_request *req, struct vfb_vf *a, struct vfb_vf *b)
{
	bool near_a, near_b;

	if (!b)
		return true;
	near_a = vfb_on_node(req, a->pf);
	near_b = vfb_on_node(req, b->pf);
	if (near_a != near_b)
		return near_a;
	if (req->flags & SRIOV_BROKER_LEASE_SPREAD)
		return vfb_out_on(a->pf) < vfb_out_on(b->pf);
	return vfb_out_on(a->pf) > vfb_out_on(b->pf);
}

static struct vfb_vf *vfb_choose_by(const struct vfb_request *req,
				    const struct sriov_broker_selector *sel)
{
	struct vfb_vf *vf, *best = NULL;
	struct vfb_pf *pf;

	lockdep_assert_held(&vfb_lock);
	vf = sel->dev.valid ? vfb_vf_lookup(&sel->dev) : NULL;
	if (vf)
		return vfb_pf_fits(req, vf->pf) && vfb_vf_fits(req, sel, vf) ? vf : NULL;

	list_for_each_entry(pf, &vfb_pfs, node) {
		if (sel->dev.valid && vfb_addr_cmp(&sel->dev, &pf->addr))
			continue;
		vf = vfb_choose_on(req, sel, pf);
		if (vf && vfb_is_better(req, vf, best))
			best = vf;
	}
	return best;
}

static struct vfb_vf *vfb_choose(const struct vfb_request *req)
{
	struct vfb_vf *vf, *best = NULL;
	unsigned int i;

	for (i = 0; i < req->num_sels; i++) {
		vf = vfb_choose_by(req, &req->sels[i]);
		if (vf && vfb_is_better(req, vf, best))
			best = vf;
	}
	return best;
}

/* Reserved: nobody else chooses from its group. All under one holding of vfb_lock. */
static void vfb_reserve(struct vfb_lease *lease, struct vfb_vf *vf)
{
	lockdep_assert_held(&vfb_lock);
	kref_get(&vf->ref);
	lease->vf = vf;
	vf->group->lease = lease;
	vf->pf->nr_reserved++;
}

static void vfb_unreserve(struct vfb_lease *lease)
{
	struct vfb_vf *vf = lease->vf;

	lockdep_assert_held(&vfb_lock);
	vf->group->lease = NULL;
	vf->pf->nr_reserved--;
	lease->vf = NULL;
	vfb_vf_put(vf); /* not the last: it is on the bus */
}

/* All that the request wants, or nothing. */
static bool vfb_serve(struct vfb_request *req)
{
	lockdep_assert_held(&vfb_lock);
	while (req->taken < req->count) {
		struct vfb_vf *vf = vfb_choose(req);

		if (!vf)
			break;
		vfb_reserve(req->leases[req->taken++], vf);
	}
	if (req->taken == req->count) {
		vfb_lease_admit(req);
		return true;
	}
	while (req->taken)
		vfb_unreserve(req->leases[--req->taken]);
	return false;
}

/* VFs of this PF that a selector could ever mean, if all were enabled. */
static unsigned int vfb_most_of(const struct sriov_broker_selector *sel, struct vfb_pf *pf)
{
	struct vfb_vf *vf = sel->dev.valid ? vfb_vf_lookup(&sel->dev) : NULL;
	unsigned int first, end;

	lockdep_assert_held(&vfb_lock);
	if (!vfb_ids_fit(sel, pf))
		return 0;
	if (vf)
		return vf->pf == pf;
	if (sel->dev.valid && vfb_addr_cmp(&sel->dev, &pf->addr))
		return 0;
	vfb_range(sel, pf, &first, &end);
	/* Its driver may allow fewer than the hardware has. */
	end = min_t(unsigned int, end, pci_sriov_get_totalvfs(pf->pdev));
	return end > first ? end - first : 0;
}

/* VFs that could ever fit; with DISTINCT_PFS each PF counts once. */
static unsigned int vfb_most(const struct vfb_request *req)
{
	unsigned int most = 0, here, i;
	struct vfb_pf *pf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(pf, &vfb_pfs, node) {
		for (i = 0, here = 0; i < req->num_sels; i++)
			here += vfb_most_of(&req->sels[i], pf);
		/* Selectors may mean the same ones. */
		here = min_t(unsigned int, here, pci_sriov_get_totalvfs(pf->pdev));
		if (!vfb_node_fits(req, pf))
			continue;
		if (req->flags & SRIOV_BROKER_LEASE_DISTINCT_PFS)
			here = !!here;
		most += here;
	}
	return most;
}

/* Nothing fits: why, in as much detail as one selector for one lease allows. */
static int vfb_pool_refuse(const struct vfb_request *req, struct vfb_why *why)
{
	const struct sriov_broker_selector *sel = req->sels;
	struct vfb_vf *vf, *peer;

	lockdep_assert_held(&vfb_lock);
	why->value = vfb_most(req);
	if (why->value < req->count)
		return vfb_refuse(why, -ENOSPC, SRIOV_BROKER_WHY_TOO_FEW, NULL);
	why->value = 0;

	vf = req->num_sels == 1 && sel->dev.valid ? vfb_vf_lookup(&sel->dev) : NULL;
	if (vf && (vfb_pf_is_busy(vf->pf) || vf->moving))
		return vfb_refuse(why, -EBUSY, SRIOV_BROKER_WHY_PF_BUSY, &vf->pf->addr);
	if (vf && vf->state != SRIOV_BROKER_VF_FREE)
		return vfb_refuse_vf(why, vf);
	peer = vf ? vfb_busy_peer(vf) : NULL;
	if (peer) {
		vfb_refuse_vf(why, peer);
		why->reason = SRIOV_BROKER_WHY_GROUP;
		return -EBUSY;
	}
	return vfb_refuse(why, -EAGAIN, SRIOV_BROKER_WHY_POOL_EMPTY,
			  req->num_sels == 1 ? &sel->dev : NULL);
}

static void vfb_serve_waiters(void)
{
	struct vfb_request *w, *next;

	lockdep_assert_held(&vfb_lock);
	vfb_round++;
	list_for_each_entry_safe(w, next, &vfb_waiters, node) {
		if (vfb_lease_over_quota(w, NULL) || !vfb_serve(w))
			continue;
		vfb_round++;
		list_del_init(&w->node);
		w->served = true;
		wake_up(&w->wait);
	}
}

/**
 * vfb_pool_kick - VFs have become free, or more may be leased: serve who waits
 *
 * Context: takes vfb_lock.
 */
void vfb_pool_kick(void)
{
	mutex_lock(&vfb_lock);
	vfb_serve_waiters();
	mutex_unlock(&vfb_lock);
}

/*
 * True: the wait ended without an answer, and the request is off the queue. The lock is
 * taken in any case: who serves has it until the request is done with, which may be gone
 * when we return.
 */
static bool vfb_give_up(struct vfb_request *req)
{
	bool waiting;

	mutex_lock(&vfb_lock);
	waiting = !req->served;
	if (waiting) {
		list_del_init(&req->node);
		/* Who stood behind may have been kept from something. */
		vfb_serve_waiters();
	}
	mutex_unlock(&vfb_lock);
	return waiting;
}

/**
 * vfb_pool_waiters - number of requests that wait
 *
 * Context: vfb_lock held.
 * Return: the number.
 */
unsigned int vfb_pool_waiters(void)
{
	struct vfb_request *w;
	unsigned int num = 0;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(w, &vfb_waiters, node)
		num++;
	return num;
}

static bool vfb_queue_has_room(const struct vfb_request *req)
{
	unsigned int num = req->num_sels;
	struct vfb_request *w;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(w, &vfb_waiters, node)
		num += w->num_sels;
	return num <= VFB_MAX_WAITING;
}

/*
 * wait_event_killable_timeout(), but who waits can be frozen: he may wait for days, and the
 * machine is to be suspended meanwhile. Returns as that does.
 */
static long vfb_await_served(struct vfb_request *req, long timeout)
{
	return ___wait_event(req->wait, ___wait_cond_timeout(READ_ONCE(req->served)),
			     (TASK_KILLABLE | TASK_FREEZABLE), 0, timeout,
			     __ret = schedule_timeout(__ret));
}

static int vfb_pool_wait(struct vfb_request *req, s32 timeout_ms, struct vfb_why *why)
{
	long timeout = timeout_ms < 0 ? MAX_SCHEDULE_TIMEOUT : msecs_to_jiffies(timeout_ms);
	long left = vfb_await_served(req, timeout);

	if (!vfb_give_up(req))
		return 0;
	if (left < 0)
		return -EINTR;
	return vfb_refuse(why, -ETIMEDOUT, SRIOV_BROKER_WHY_TIMEOUT,
			  req->num_sels == 1 ? &req->sels[0].dev : NULL);
}

/**
 * vfb_pool_take - take VFs out of the pool
 * @req: which, how many, and the leases to give them to
 * @timeout_ms: how long to wait: 0 not at all, less: until killed
 * @why: says why not
 *
 * Context: may sleep, and waits for other users, but not for longer than
 * @timeout_ms, and can be killed.
 * Return: 0: all the leases have VFs; or a negative errno: none has.
 */
int vfb_pool_take(struct vfb_request *req, s32 timeout_ms, struct vfb_why *why)
{
	u64 start = ktime_get_ns();
	int ret;

	req->served = false;
	init_waitqueue_head(&req->wait);
	INIT_LIST_HEAD(&req->node);

	mutex_lock(&vfb_lock);
	vfb_round++;
	ret = vfb_lease_over_quota(req, why);
	if (!ret && !vfb_serve(req))
		ret = vfb_pool_refuse(req, why);
	if ((ret == -EAGAIN || ret == -EBUSY) && timeout_ms && vfb_queue_has_room(req)) {
		list_add_tail(&req->node, &vfb_waiters);
		put_pid(why->pid);
		*why = (struct vfb_why){ .uid = INVALID_UID };
		mutex_unlock(&vfb_lock);
		ret = vfb_pool_wait(req, timeout_ms, why);
		vfb_took(SRIOV_BROKER_STAT_WAIT, NULL, 0, ret, ktime_get_ns() - start);
		return ret;
	}
	mutex_unlock(&vfb_lock);
	return ret;
}

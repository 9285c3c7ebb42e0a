// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool: choosing free VFs for a request, and the queue of requests that wait.
 *
 * Every PF keeps a bitmap of its free VFs, so that a choice costs a step per PF,
 * not per VF. Requests for one VF stand in line. Those for several wait for all of them
 * at once, and hold nothing back from others meanwhile: they are served when all fit.
 */
#include <linux/bitmap.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>

#include "mech.h"

/* All under vfb_lock. */
static LIST_HEAD(vfb_waiters);	     /* in the order they came */
static unsigned int vfb_num_waiters; /* of these */
static unsigned int vfb_waiting;     /* selectors of these */
static u64 vfb_last_waiter;	     /* id */

/* A waiter may be let in by a higher one. */
static int vfb_limit_set(const char *val, const struct kernel_param *kp)
{
	int ret = vfb_param_locked() ? -EPERM : param_set_uint(val, kp);

	if (!ret)
		vfb_pool_kick();
	return ret;
}

static const struct kernel_param_ops vfb_limit_ops = {
	.set = vfb_limit_set,
	.get = param_get_uint,
};

static unsigned int vfb_max_leases;
module_param_cb(max_leases, &vfb_limit_ops, &vfb_max_leases, 0644);
MODULE_PARM_DESC(max_leases, "leases that may be out at once, 0: no limit (default: 0)");

static unsigned int vfb_max_leases_per_user;
module_param_cb(max_leases_per_user, &vfb_limit_ops, &vfb_max_leases_per_user, 0644);
MODULE_PARM_DESC(max_leases_per_user,
		 "leases that one user may have at once, 0: no limit (default: 0)");

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

static bool vfb_on_node(const struct vfb_request *req, struct vfb_pf *pf)
{
	return req->numa_node == NUMA_NO_NODE || dev_to_node(&pf->pdev->dev) == req->numa_node;
}

static bool vfb_node_fits(const struct vfb_request *req, struct vfb_pf *pf)
{
	return !(req->flags & SRIOV_BROKER_LEASE_NUMA_STRICT) || vfb_on_node(req, pf);
}

/* A group is leased as a whole, so all of it has to be free. */
static struct vfb_vf *vfb_busy_peer(struct vfb_vf *vf)
{
	struct vfb_vf *peer;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(peer, &vf->group->vfs, group_node)
		if (peer->state != SRIOV_BROKER_VF_FREE || !vfb_vf_on_target_driver(peer))
			return peer;
	return NULL;
}

static bool vfb_is_cordoned(const struct vfb_request *req, const struct vfb_pf *pf)
{
	return pf->cordoned && !(req->flags & SRIOV_BROKER_LEASE_CORDONED);
}

/* The PF of one of the group's, if nothing is to be leased from that one. */
static struct vfb_pf *vfb_cordon_of(const struct vfb_request *req, struct vfb_group *group)
{
	struct vfb_vf *vf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(vf, &group->vfs, group_node)
		if (vfb_is_cordoned(req, vf->pf))
			return vf->pf;
	return NULL;
}

/* VFs are about to go, and a holder that gets one now would be waited for. */
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

static void vfb_pool_again(struct work_struct *work)
{
	vfb_pool_kick();
}

static DECLARE_DELAYED_WORK(vfb_pool_again_work, vfb_pool_again);

/*
 * Is a group passed over, for a program was seen to have its node open? That program opens its
 * VFs as it likes. Nothing tells of the close: a request that waits has another look later.
 */
static bool vfb_is_parked(struct vfb_request *req, const struct vfb_group *group)
{
	u64 now = get_jiffies_64();

	lockdep_assert_held(&vfb_lock);
	if (req->leases[0]->implicit || !time_before64(now, group->parked_until))
		return false;
	queue_delayed_work(vfb_wq, &vfb_pool_again_work, group->parked_until - now);
	req->parked = true;
	return true;
}

static bool vfb_vf_fits(struct vfb_request *req, const struct sriov_broker_selector *sel,
			struct vfb_vf *vf)
{
	unsigned int first, end;
	struct vfb_pf *cordoned;

	/* Reserved for this very request, which may name it twice. */
	if (vf->group->lease)
		return false;
	if (!vfb_ids_fit(sel, vf->pf))
		return false;
	/* Any, this one, or one of its PF's, within the range. */
	if (sel->dev.valid && vfb_addr_cmp(&sel->dev, &vf->addr)) {
		if (vfb_addr_cmp(&sel->dev, &vf->pf->addr))
			return false;
		vfb_range(sel, vf->pf, &first, &end);
		if (vf->index < first || vf->index >= end)
			return false;
	}
	if (vfb_busy_peer(vf) || !vfb_permit_vf(req, vf))
		return false;
	cordoned = vfb_cordon_of(req, vf->group);
	if (cordoned) {
		req->cordoned = cordoned->addr;
		return false;
	}
	if (vf->group->strange) {
		req->stranger = vf->group->stranger;
		return false;
	}
	return !vfb_is_parked(req, vf->group);
}

static struct vfb_vf *vfb_choose_on(struct vfb_request *req,
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

static struct vfb_vf *vfb_choose_by(struct vfb_request *req,
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

static struct vfb_vf *vfb_choose(struct vfb_request *req)
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

/* All of a group, while nothing but a reservation keeps it from being chosen. */
static void vfb_offer(struct vfb_group *group, bool on)
{
	struct vfb_vf *vf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(vf, &group->vfs, group_node)
		assign_bit(vf->index, vf->pf->free, on);
}

/* All that the request wants, or nothing. */
static bool vfb_serve(struct vfb_request *req)
{
	struct vfb_lease *lease;
	struct vfb_vf *vf;

	lockdep_assert_held(&vfb_lock);
	req->stranger = (struct sriov_broker_addr){};
	req->denied = NULL;
	req->full = NULL;
	req->roomy = NULL;
	req->cordoned = (struct sriov_broker_addr){};
	req->parked = false;
	/* Reserved, so that it is not chosen again: all under one holding of the lock. */
	while (req->taken < req->count && (vf = vfb_choose(req))) {
		lease = req->leases[req->taken++];
		kref_get(&vf->ref);
		lease->vf = vf;
		vf->group->lease = lease;
		vf->pf->nr_reserved++;
		vfb_offer(vf->group, false);
		req->roomy = NULL;
	}
	if (req->taken == req->count) {
		vfb_lease_admit(req);
		return true;
	}
	while (req->taken) {
		lease = req->leases[--req->taken];
		vf = lease->vf;
		vfb_offer(vf->group, true);
		vf->group->lease = NULL;
		vf->pf->nr_reserved--;
		lease->vf = NULL;
		vfb_vf_put(vf); /* not the last: it is on the bus */
	}
	return false;
}

/* May the user have what is, or would be, in a slot of a PF: what is leased with it as well? */
static bool vfb_slot_allows(struct vfb_request *req, struct vfb_pf *pf, unsigned int slot)
{
	struct vfb_vf *vf = pf->vfs[slot], *peer;

	lockdep_assert_held(&vfb_lock);
	if (!vfb_permit_right(req, pf->named[slot]))
		return false;
	if (!vf)
		return true;
	list_for_each_entry(peer, &vf->group->vfs, group_node)
		if (!vfb_permit_right(req, vfb_named_of(peer)))
			return false;
	return true;
}

/* Slots of a PF, from @first up to @end, whose pools fit; with @heed: and let the user. */
static unsigned int vfb_slots_fit(struct vfb_request *req, struct vfb_pf *pf, unsigned int first,
				  unsigned int end, bool heed)
{
	unsigned int num = 0, i;

	lockdep_assert_held(&vfb_lock);
	for (i = first; i < end; i++)
		num += vfb_permit_fits(req, pf->named[i]) && (!heed || vfb_slot_allows(req, pf, i));
	return num;
}

/* VFs of this PF that a selector could ever mean, if all were enabled. */
static unsigned int vfb_most_of(struct vfb_request *req, const struct sriov_broker_selector *sel,
				struct vfb_pf *pf, bool heed)
{
	struct vfb_vf *vf = sel->dev.valid ? vfb_vf_lookup(&sel->dev) : NULL;
	unsigned int first, end;

	lockdep_assert_held(&vfb_lock);
	if (!vfb_ids_fit(sel, pf))
		return 0;
	if (vf)
		return vf->pf == pf ? vfb_slots_fit(req, pf, vf->index, vf->index + 1, heed) : 0;
	if (sel->dev.valid && vfb_addr_cmp(&sel->dev, &pf->addr))
		return 0;
	vfb_range(sel, pf, &first, &end);
	/* Its driver may allow fewer than the hardware has. */
	end = min_t(unsigned int, end, pci_sriov_get_totalvfs(pf->pdev));
	return vfb_slots_fit(req, pf, first, end, heed);
}

/* VFs that could ever fit; with DISTINCT_PFS each PF counts once. With @heed: by right. */
static unsigned int vfb_most(struct vfb_request *req, bool heed)
{
	unsigned int most = 0, here, i;
	struct vfb_pf *pf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(pf, &vfb_pfs, node) {
		for (i = 0, here = 0; i < req->num_sels; i++)
			here += vfb_most_of(req, &req->sels[i], pf, heed);
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

/* VFs that a PF's driver has left on when it went are dead until it is there again. */
static bool vfb_lacks_driver(const struct vfb_pf *pf)
{
	return !pf->driver[0] && !pf->leaving && !pf->gone && pci_num_vf(pf->pdev);
}

/* Is it for want of a right that a request can never be served? */
static int vfb_check_right(struct vfb_request *req, struct vfb_why *why)
{
	lockdep_assert_held(&vfb_lock);
	if (vfb_most(req, true) >= req->count || vfb_most(req, false) < req->count)
		return 0;
	return vfb_permit_deny(req, req->denied, why);
}

/* Nothing fits: why, in as much detail as one selector for one lease allows. */
static int vfb_pool_fail(struct vfb_request *req, struct vfb_why *why)
{
	const struct sriov_broker_selector *sel = req->sels;
	bool named = req->num_sels == 1 && sel->dev.valid;
	struct vfb_vf *vf, *peer;
	struct vfb_pf *pf;

	lockdep_assert_held(&vfb_lock);
	if (vfb_check_right(req, why))
		return -EACCES;
	why->value = vfb_most(req, true);
	if (why->value < req->count)
		return vfb_why_fail(why, -ENOSPC, SRIOV_BROKER_WHY_TOO_FEW, NULL);
	why->value = 0;

	vf = named ? vfb_vf_lookup(&sel->dev) : NULL;
	pf = vf ? vf->pf : named ? vfb_pf_lookup(&sel->dev) : NULL;
	if (pf && vfb_lacks_driver(pf))
		return vfb_why_fail(why, -EBUSY, SRIOV_BROKER_WHY_NO_PF_DRIVER, &pf->addr);
	if (pf && vfb_is_cordoned(req, pf))
		return vfb_why_fail(why, -EBUSY, SRIOV_BROKER_WHY_PF_CORDONED, &pf->addr);
	if (vf && (vfb_pf_is_busy(vf->pf) || vf->moving))
		return vfb_why_fail(why, -EBUSY, SRIOV_BROKER_WHY_PF_BUSY, &vf->pf->addr);
	if (vf && vf->state != SRIOV_BROKER_VF_FREE)
		return vfb_why_fail_vf(why, vf);
	peer = vf ? vfb_busy_peer(vf) : NULL;
	if (peer) {
		vfb_why_fail_vf(why, peer);
		why->reason = SRIOV_BROKER_WHY_GROUP;
		return -EBUSY;
	}
	if (vf && req->full)
		return vfb_permit_over(req, req->full, 1, why);
	if (req->cordoned.valid)
		return vfb_why_fail(why, -EBUSY, SRIOV_BROKER_WHY_PF_CORDONED, &req->cordoned);
	if (req->stranger.valid)
		return vfb_why_fail(why, -EBUSY, SRIOV_BROKER_WHY_GROUP, &req->stranger);
	if (vf && req->parked)
		return vfb_why_fail(why, -EBUSY, SRIOV_BROKER_WHY_IN_USE, &vf->addr);
	return vfb_why_fail(why, -EAGAIN, SRIOV_BROKER_WHY_POOL_EMPTY,
			    req->num_sels == 1 ? &sel->dev : NULL);
}

static void vfb_enqueue(struct vfb_request *req)
{
	lockdep_assert_held(&vfb_lock);
	req->id = ++vfb_last_waiter;
	req->since_ns = ktime_get_boottime_ns();
	list_add_tail(&req->node, &vfb_waiters);
	vfb_num_waiters++;
	vfb_waiting += req->num_sels;
	req->user->waiting += req->num_sels;
}

/* Off the queue, with an answer, or without one: it gave up. */
static void vfb_dequeue(struct vfb_request *req, int answer)
{
	lockdep_assert_held(&vfb_lock);
	list_del_init(&req->node);
	vfb_num_waiters--;
	vfb_waiting -= req->num_sels;
	req->user->waiting -= req->num_sels;
	WRITE_ONCE(req->answer, answer);
	if (answer)
		wake_up(&req->wait);
}

/* Would a request go over what may be leased? @why says what is full; it may be NULL. */
static int vfb_over_quota(const struct vfb_request *req, struct vfb_why *why)
{
	unsigned int all = READ_ONCE(vfb_max_leases), each = READ_ONCE(vfb_max_leases_per_user);
	struct vfb_named *named = req->pool[0] ? vfb_named_find(req->pool) : NULL;

	lockdep_assert_held(&vfb_lock);
	if (all && vfb_lease_num_taken() + req->count > all)
		return vfb_permit_full(NULL, SRIOV_BROKER_WHY_LIMIT, all, why);
	if (each && !req->exempt && req->user->leases + req->count > each)
		return vfb_permit_full(NULL, SRIOV_BROKER_WHY_QUOTA, each, why);
	return named ? vfb_permit_over(req, named, req->count, why) : 0;
}

static unsigned int vfb_num_free(void)
{
	unsigned int num = 0;
	struct vfb_pf *pf;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(pf, &vfb_pfs, node)
		num += bitmap_weight(pf->free, pf->slots);
	return num;
}

/**
 * vfb_pool_serve - VFs have become free, or more may be leased: serve the waiters
 *
 * Context: vfb_lock held.
 */
void vfb_pool_serve(void)
{
	struct vfb_request *w, *next;
	unsigned int num_free;

	lockdep_assert_held(&vfb_lock);
	if (list_empty(&vfb_waiters))
		return;
	num_free = vfb_num_free();
	list_for_each_entry_safe(w, next, &vfb_waiters, node) {
		if (!num_free)
			return;
		if (w->count > num_free || vfb_over_quota(w, NULL) || !vfb_serve(w))
			continue;
		vfb_dequeue(w, 1);
		num_free = vfb_num_free();
	}
}

/**
 * vfb_pool_recheck - pools have changed: serve the waiters that may have more now, and
 *	answer those that may not wait any more
 *
 * Context: vfb_lock held.
 */
void vfb_pool_recheck(void)
{
	struct vfb_request *w, *next;
	int ret;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry_safe(w, next, &vfb_waiters, node) {
		ret = vfb_permit_check(w, w->why) ?: vfb_check_right(w, w->why);
		if (ret)
			vfb_dequeue(w, ret);
	}
	vfb_pool_serve();
}

/**
 * vfb_pool_kick - VFs have become free, or more may be leased: serve the waiters
 *
 * Context: takes vfb_lock.
 */
void vfb_pool_kick(void)
{
	guard(mutex)(&vfb_lock);
	vfb_pool_serve();
}

/**
 * vfb_pool_stop - look no more at what was passed over
 *
 * Context: module exit, no request waits; may sleep.
 */
void vfb_pool_stop(void)
{
	cancel_delayed_work_sync(&vfb_pool_again_work);
}

/**
 * vfb_pool_waiters - number of requests that wait
 *
 * Context: vfb_lock held.
 * Return: the number.
 */
unsigned int vfb_pool_waiters(void)
{
	lockdep_assert_held(&vfb_lock);
	return vfb_num_waiters;
}

/* One user does not fill the queue for all, and none does for those that are exempt. */
static int vfb_queue_full(const struct vfb_request *req, struct vfb_why *why)
{
	lockdep_assert_held(&vfb_lock);
	if (req->exempt || (vfb_waiting + req->num_sels <= VFB_MAX_WAITING_ALL &&
			    req->user->waiting + req->num_sels <= VFB_MAX_WAITING))
		return 0;
	if (req->user->waiting + req->num_sels > VFB_MAX_WAITING)
		why->value = VFB_MAX_WAITING;
	return vfb_why_fail(why, -EAGAIN, SRIOV_BROKER_WHY_QUEUE_FULL, NULL);
}

/**
 * vfb_pool_timed_out - note that a request's time is over
 * @req: the request
 * @why: where to note it
 *
 * Context: any.
 * Return: -ETIMEDOUT.
 */
int vfb_pool_timed_out(const struct vfb_request *req, struct vfb_why *why)
{
	vfb_why_clear(why);
	return vfb_why_fail(why, -ETIMEDOUT, SRIOV_BROKER_WHY_TIMEOUT,
			    req->num_sels == 1 ? &req->sels[0].dev : NULL);
}

/*
 * wait_event_interruptible_timeout(), but a waiter can be frozen: the wait may last for
 * days, and the machine is to be suspended meanwhile. Returns as that does.
 */
static long vfb_await_answer(struct vfb_request *req, long timeout)
{
	return ___wait_event(req->wait, ___wait_cond_timeout(READ_ONCE(req->answer)),
			     (TASK_INTERRUPTIBLE | TASK_FREEZABLE), 0, timeout,
			     __ret = schedule_timeout(__ret));
}

static int vfb_pool_wait(struct vfb_request *req, s32 timeout_ms, struct vfb_why *why)
{
	long timeout = timeout_ms < 0 ? MAX_SCHEDULE_TIMEOUT : msecs_to_jiffies(timeout_ms);
	long left = vfb_await_answer(req, timeout);
	int answer;

	/* In any case: the one that answers has the lock until the request is done with. */
	mutex_lock(&vfb_lock);
	answer = req->answer;
	if (!answer)
		vfb_dequeue(req, 0);
	mutex_unlock(&vfb_lock);
	if (answer > 0)
		return 0;
	if (answer) /* and @why says why */
		return answer;
	/*
	 * Where no handler runs, as after a stop or a freeze, it begins anew, at the end of the
	 * line; but not with all of a limited time once more.
	 */
	if (left < 0)
		return timeout_ms < 0 ? -ERESTARTNOHAND : -EINTR;
	return vfb_pool_timed_out(req, why);
}

/**
 * vfb_pool_try - take VFs out of the pool, if all are free just now and no waiter's
 * @req: which, how many, and the leases to give them to, which begin by that
 * @why: says why not
 *
 * Context: vfb_lock held.
 * Return: 0 or a negative errno: none was taken.
 */
int vfb_pool_try(struct vfb_request *req, struct vfb_why *why)
{
	int ret;

	lockdep_assert_held(&vfb_lock);
	/* Those that wait came before; what became free just now they may not have been told of. */
	vfb_pool_serve();
	ret = vfb_permit_check(req, why) ?: vfb_over_quota(req, why);
	return ret ?: vfb_serve(req) ? 0 : vfb_pool_fail(req, why);
}

/**
 * vfb_pool_take - take VFs out of the pool
 * @req: which, how many, and the leases to give them to
 * @timeout_ms: how long to wait: 0 not at all, less: until there is an answer
 * @why: says why not
 *
 * Context: may sleep, and waits for other users, but not for longer than
 * @timeout_ms, and until a signal.
 * Return: 0: all the leases have VFs; or a negative errno: none has.
 */
int vfb_pool_take(struct vfb_request *req, s32 timeout_ms, struct vfb_why *why)
{
	u64 start = ktime_get_ns();
	int ret;

	req->taken = 0;
	req->answer = 0;
	init_waitqueue_head(&req->wait);
	INIT_LIST_HEAD(&req->node);

	mutex_lock(&vfb_lock);
	ret = vfb_pool_try(req, why);
	if ((ret != -EAGAIN && ret != -EBUSY) || !timeout_ms) {
		mutex_unlock(&vfb_lock);
		return ret;
	}
	ret = vfb_queue_full(req, why);
	if (!ret) {
		/* What it was refused for is of no interest any more. */
		vfb_why_clear(why);
		req->why = why;
		vfb_enqueue(req);
	}
	mutex_unlock(&vfb_lock);
	if (ret)
		return ret;

	ret = vfb_pool_wait(req, timeout_ms, why);
	vfb_stats_record(SRIOV_BROKER_STAT_WAIT, NULL, 0, ret, ktime_get_ns() - start);
	return ret;
}

/**
 * vfb_pool_cancel - answer a request that waits with -ECANCELED
 * @id: number of the waiter
 *
 * Context: takes vfb_lock.
 * Return: 0, or -ENOENT: no such request waits.
 */
int vfb_pool_cancel(u64 id)
{
	struct vfb_request *w, *next;
	int ret = -ENOENT;

	guard(mutex)(&vfb_lock);
	list_for_each_entry_safe(w, next, &vfb_waiters, node) {
		if (w->id != id)
			continue;
		vfb_dequeue(w, vfb_why_fail(w->why, -ECANCELED, SRIOV_BROKER_WHY_CANCELLED, NULL));
		ret = 0;
	}
	return ret;
}

/**
 * vfb_take_waiters - the requests that wait, for vfb_picture()
 * @entries: array of struct sriov_broker_waiter to fill
 * @room: as far as there is room
 * @only: NULL
 *
 * Context: vfb_lock held; in the task that asks.
 * Return: how many there are.
 */
unsigned int vfb_take_waiters(void *entries, unsigned int room, struct vfb_pf *only)
{
	struct sriov_broker_waiter *out = entries;
	struct vfb_request *w;
	unsigned int num = 0;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(w, &vfb_waiters, node) {
		if (num++ >= room)
			continue;
		*out = (struct sriov_broker_waiter){
			.id = w->id,
			.since_ns = w->since_ns,
			.count = w->count,
			.pid = vfb_live_pid_nr(w->leases[0]->pid),
			.uid = vfb_uid_nr(w->leases[0]->uid),
		};
		if (w->num_sels == 1)
			out->dev = w->sels[0].dev;
		strscpy(out->label, w->leases[0]->label, sizeof(out->label));
		strscpy(out->pool, w->pool, sizeof(out->pool));
		out++;
	}
	return num;
}

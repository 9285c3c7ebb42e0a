// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: every change of a PF, a VF or a lease, numbered, kept in one ring. A
 * reader of the device, or listener to the generic netlink group, has a place in it and
 * nothing else. A reader that is too slow loses the oldest, and is told how many.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "core.h"

/* Both under vfb_lock. */
static struct vfb_event *vfb_ring; /* the last VFB_EVENTS, by number */
static u64 vfb_seq;		   /* number of the last one */

static LIST_HEAD(vfb_actings); /* vfb_lock */

static DECLARE_WAIT_QUEUE_HEAD(vfb_event_wq); /* woken by events */

static struct work_struct *vfb_event_work; /* vfb_lock; and this is queued */

/**
 * vfb_event_init - make room for the events that are remembered
 *
 * Context: module init; may sleep.
 * Return: 0 or a negative errno.
 */
int vfb_event_init(void)
{
	vfb_ring = kvcalloc(VFB_EVENTS, sizeof(*vfb_ring), GFP_KERNEL);
	return vfb_ring ? 0 : -ENOMEM;
}

/**
 * vfb_event_put - what an event holds is needed no more
 * @event: the event, or an empty one
 *
 * Context: any.
 */
void vfb_event_put(struct vfb_event *event)
{
	put_pid(event->by.pid);
	put_pid(event->lease_pid);
}

/**
 * vfb_event_exit - forget them
 *
 * Context: module exit, nothing tells of events any more; may sleep.
 */
void vfb_event_exit(void)
{
	unsigned int i;

	for (i = 0; i < VFB_EVENTS; i++)
		vfb_event_put(&vfb_ring[i]);
	kvfree(vfb_ring);
}

/**
 * vfb_event_wake - have a work item queued whenever there is an event
 * @work: the work item, which goes on with vfb_event_after(); NULL: no more
 *
 * Context: takes vfb_lock.
 */
void vfb_event_wake(struct work_struct *work)
{
	guard(mutex)(&vfb_lock);
	vfb_event_work = work;
}

static void vfb_actor_current(struct vfb_actor *actor)
{
	actor->pid = get_task_pid(current, PIDTYPE_TGID);
	actor->uid = current_uid();
	vfb_comm(actor->comm);
}

/**
 * vfb_acting_init - note the caller of something that a worker will do
 * @acting: where to
 *
 * Context: in the task that asks.
 */
void vfb_acting_init(struct vfb_acting *acting)
{
	vfb_actor_current(&acting->actor);
}

/**
 * vfb_acting_begin - what this worker does from here on is done for another task
 * @acting: says for which
 *
 * Context: a worker; takes vfb_lock.
 */
void vfb_acting_begin(struct vfb_acting *acting)
{
	acting->worker = current;
	guard(mutex)(&vfb_lock);
	list_add(&acting->node, &vfb_actings);
}

/**
 * vfb_acting_end - and no longer is
 * @acting: the same
 *
 * Context: the same worker; takes vfb_lock.
 */
void vfb_acting_end(struct vfb_acting *acting)
{
	guard(mutex)(&vfb_lock);
	list_del(&acting->node);
}

/**
 * vfb_actor_now - whose doing is what happens now
 * @actor: filled in: this task, or the one that this worker works for, or none
 *
 * Context: vfb_lock held.
 */
void vfb_actor_now(struct vfb_actor *actor)
{
	struct vfb_acting *acting;

	lockdep_assert_held(&vfb_lock);
	*actor = (struct vfb_actor){ .uid = INVALID_UID };
	if (!(current->flags & PF_KTHREAD)) {
		vfb_actor_current(actor);
		return;
	}
	list_for_each_entry(acting, &vfb_actings, node) {
		if (acting->worker != current)
			continue;
		*actor = acting->actor;
		get_pid(actor->pid);
		return;
	}
}

/* By both clocks at once: what is set or sleeps later can't make the two disagree. */
static void vfb_event_stamp(struct sriov_broker_event *out)
{
	out->time_ns = ktime_get_boottime_ns();
	out->real_ns = ktime_get_real_ns();
}

/* Under vfb_lock all the way, so that events come in the order of what they tell. */
static void vfb_event_tell(struct vfb_event *event)
{
	struct vfb_event *slot;

	lockdep_assert_held(&vfb_lock);
	if (!event->by.pid)
		vfb_actor_now(&event->by);
	event->out.size = sizeof(event->out);
	event->out.seq = vfb_seq + 1;
	vfb_event_stamp(&event->out);
	slot = &vfb_ring[event->out.seq % VFB_EVENTS];
	vfb_event_put(slot);
	*slot = *event;
	/* Last: readers look at it without the lock. */
	WRITE_ONCE(vfb_seq, event->out.seq);
	wake_up_interruptible_poll(&vfb_event_wq, EPOLLIN | EPOLLRDNORM);
	if (vfb_event_work)
		queue_work(vfb_wq, vfb_event_work);
}

/**
 * vfb_event_seq - number of the last event
 *
 * Context: vfb_lock held.
 * Return: the number.
 */
u64 vfb_event_seq(void)
{
	lockdep_assert_held(&vfb_lock);
	return vfb_seq;
}

/**
 * vfb_event_pf - tell of an event of a PF
 * @pf: the PF
 * @type: enum sriov_broker_event_type
 * @old: number that went with it before, 0 where it changes none
 * @value: number that goes with it
 *
 * Context: vfb_lock held.
 */
void vfb_event_pf(struct vfb_pf *pf, u32 type, u64 old, u64 value)
{
	struct vfb_event event = {
		.out = { .type = type, .pf = pf->addr, .value = value, .old_value = old },
		.lease_uid = INVALID_UID,
	};

	vfb_event_tell(&event);
}

/**
 * vfb_event_replaced - tell that another program has taken a PF's VFs away
 * @pf: the PF
 * @loss: which, and by what program
 * @now: VFs that it has instead
 *
 * Context: vfb_lock held.
 */
void vfb_event_replaced(struct vfb_pf *pf, const struct vfb_loss *loss, unsigned int now)
{
	struct vfb_event event = {
		.out = {
			.type = SRIOV_BROKER_EVENT_PF_REPLACED,
			.pf = pf->addr,
			.value = now,
			.old_value = loss->had,
		},
		.by = loss->by,
		.lease_uid = INVALID_UID,
	};

	get_pid(event.by.pid);
	vfb_event_tell(&event);
}

/* Says which VF an event is about, and which lease. */
static void vfb_event_set_vf(struct vfb_event *event, struct vfb_vf *vf,
			     const struct vfb_lease *lease)
{
	struct sriov_broker_event *out = &event->out;

	out->index = vf->index;
	out->vf = vf->addr;
	out->state = vf->state;
	out->flags = vfb_vf_is_guarded(vf) ? SRIOV_BROKER_VF_FLAG_GUARDED : 0;
	if (!lease)
		return;
	out->lease_id = lease->id;
	strscpy(out->lease_label, lease->label, sizeof(out->lease_label));
	strscpy(out->lease_cgroup, lease->cgroup, sizeof(out->lease_cgroup));
	out->flags |= vfb_lease_flags(lease);
	event->lease_pid = get_pid(lease->pid);
	event->lease_uid = lease->uid;
}

static void vfb_event_of(struct vfb_vf *vf, u32 type, u32 old, enum sriov_broker_fault fault,
			 const struct vfb_lease *lease, u64 value)
{
	struct vfb_event event = {
		.out = {
			.type = type,
			.pf = vf->pf->addr,
			.old_state = old,
			.fault = fault,
			.value = value,
		},
		.lease_uid = INVALID_UID,
	};

	vfb_event_set_vf(&event, vf, lease);
	vfb_event_tell(&event);
}

/**
 * vfb_event_vf - tell of an event of a VF
 * @vf: the VF
 * @type: enum sriov_broker_event_type
 * @old: state that it was in before
 * @lease: lease that it is about, or NULL
 * @value: number that goes with it
 *
 * Context: vfb_lock held.
 */
void vfb_event_vf(struct vfb_vf *vf, u32 type, u32 old, const struct vfb_lease *lease, u64 value)
{
	vfb_event_of(vf, type, old, vf->fault, lease, value);
}

/**
 * vfb_event_reset_failed - tell that a VF could not be reset
 * @vf: the VF
 * @fault: what is wrong with it, which its state does not say yet
 *
 * Context: vfb_lock held.
 */
void vfb_event_reset_failed(struct vfb_vf *vf, enum sriov_broker_fault fault)
{
	vfb_event_of(vf, SRIOV_BROKER_EVENT_RESET_FAILED, vf->state, fault, vf->group->owner,
		     fault);
}

/**
 * vfb_event_disturbed - tell what was seen of a VF that is leased, after an error or a reset
 * @vf: the VF
 * @fault: what is wrong with it, which its state does not say
 * @cause: enum sriov_broker_lease_cause
 *
 * Context: vfb_lock held.
 */
void vfb_event_disturbed(struct vfb_vf *vf, enum sriov_broker_fault fault, u32 cause)
{
	vfb_event_of(vf, SRIOV_BROKER_EVENT_LEASE_DISTURBED, vf->state, fault, vf->group->owner,
		     cause);
}

/**
 * vfb_event_error - tell of PCIe errors
 * @pf: the PF that has reported them, or is beneath the port that has, or that @vf is of
 * @vf: the VF that has reported them, or NULL
 * @error: the errors
 *
 * Context: vfb_lock held.
 */
void vfb_event_error(struct vfb_pf *pf, struct vfb_vf *vf, const struct vfb_error *error)
{
	struct vfb_event event = {
		.out = {
			.type = SRIOV_BROKER_EVENT_PCI_ERROR,
			.pf = pf->addr,
			.value = error->count,
			.severity = error->severity,
			.error_status = error->status,
		},
		.lease_uid = INVALID_UID,
	};

	if (vf) {
		vfb_event_set_vf(&event, vf, vf->group->owner);
		event.out.old_state = vf->state;
		event.out.fault = vf->fault;
	}
	vfb_event_tell(&event);
}

/* Readers */

/* The oldest event that is there yet, or will come first. */
static u64 vfb_event_oldest(void)
{
	lockdep_assert_held(&vfb_lock);
	return vfb_seq < VFB_EVENTS ? 1 : vfb_seq - VFB_EVENTS + 1;
}

static void vfb_event_copy(struct vfb_event *to, u64 seq)
{
	lockdep_assert_held(&vfb_lock);
	*to = vfb_ring[seq % VFB_EVENTS];
	get_pid(to->by.pid);
	get_pid(to->lease_pid);
}

/**
 * vfb_event_after - the event that comes after another one
 * @last: number of that one; advanced, over events that are lost as well
 * @event: filled in, for vfb_event_put()
 *
 * Context: takes vfb_lock.
 * Return: true; false: there is none.
 */
bool vfb_event_after(u64 *last, struct vfb_event *event)
{
	bool there;

	guard(mutex)(&vfb_lock);
	there = *last < vfb_seq;
	if (there) {
		*last = max(*last + 1, vfb_event_oldest());
		vfb_event_copy(event, *last);
	}
	return there;
}

/* Its pids and users, as the reader knows them. */
static void vfb_event_localize(struct vfb_event *event)
{
	struct sriov_broker_event *out = &event->out;

	out->pid = pid_vnr(event->by.pid);
	out->uid = vfb_uid_nr(event->by.uid);
	strscpy(out->comm, event->by.comm, sizeof(out->comm));
	out->lease_pid = pid_vnr(event->lease_pid);
	out->lease_uid = vfb_uid_nr(event->lease_uid);
}

/**
 * vfb_client_init - prepare a newly opened device
 * @client: the client
 * @opener: the opener's credentials
 *
 * Context: may sleep; takes vfb_lock.
 * Return: 0 or -ENOMEM.
 */
int vfb_client_init(struct vfb_client *client, const struct cred *opener)
{
	INIT_LIST_HEAD(&client->holds);
	client->user = vfb_user_get(opener);
	return client->user ? 0 : -ENOMEM;
}

/**
 * vfb_client_exit - the device is closed
 * @client: the client; nothing uses it any more
 *
 * Context: takes vfb_lock.
 */
void vfb_client_exit(struct vfb_client *client)
{
	guard(mutex)(&vfb_lock);
	client->user->readers -= !!client->next;
	vfb_user_put(client->user);
}

/*
 * Most clients never ask. Those that do get what happens from here on; each is woken by
 * every event, so a user may have no more than some.
 */
static int vfb_client_subscribe(struct vfb_client *client)
{
	bool exempt;
	int ret = 0;

	if (READ_ONCE(client->next))
		return 0;
	exempt = ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE);
	guard(mutex)(&vfb_lock);
	if (client->next) {
		ret = 0;
	} else if (client->user->readers >= VFB_MAX_READERS && !exempt) {
		ret = -EDQUOT;
	} else {
		client->user->readers++;
		WRITE_ONCE(client->next, vfb_seq + 1);
	}
	return ret;
}

static bool vfb_client_take(struct vfb_client *client, struct vfb_event *event)
{
	u64 oldest;
	bool got;

	guard(mutex)(&vfb_lock);
	oldest = vfb_event_oldest();
	got = client->next <= vfb_seq;
	if (client->next < oldest) {
		*event = (struct vfb_event){
			.out = {
				.size = sizeof(event->out),
				.type = SRIOV_BROKER_EVENT_LOST,
				.seq = oldest - 1,
				.value = oldest - client->next,
			},
			.by.uid = INVALID_UID,
			.lease_uid = INVALID_UID,
		};
		vfb_event_stamp(&event->out);
		WRITE_ONCE(client->next, oldest);
	} else if (got) {
		vfb_event_copy(event, client->next);
		WRITE_ONCE(client->next, client->next + 1);
	}
	return got;
}

static int vfb_client_next(void *source, void *record)
{
	struct vfb_event event;

	if (!vfb_client_take(source, &event))
		return -EAGAIN;
	vfb_event_localize(&event);
	vfb_event_put(&event);
	memcpy(record, &event.out, sizeof(event.out));
	return 1;
}

/* The condition of a wait, so without the lock. */
static bool vfb_client_has_news(void *source)
{
	struct vfb_client *client = source;

	return READ_ONCE(client->next) <= READ_ONCE(vfb_seq);
}

/* read() on /dev/sriov_broker */
ssize_t vfb_client_read(struct file *file, char __user *to, size_t size, loff_t *pos)
{
	struct vfb_client *client = file->private_data;
	struct sriov_broker_event event;
	const struct vfb_records from = {
		.size = sizeof(event),
		.record = &event,
		.wait = &vfb_event_wq,
		.next = vfb_client_next,
		.has_news = vfb_client_has_news,
	};
	int ret;

	if (size < SRIOV_BROKER_EVENT_ROOM)
		return -EINVAL;
	ret = vfb_client_subscribe(client);
	return ret ?: vfb_read_records(file, to, size, &from);
}

/* poll() on /dev/sriov_broker */
__poll_t vfb_client_poll(struct file *file, poll_table *pt)
{
	struct vfb_client *client = file->private_data;

	if (!(poll_requested_events(pt) & (EPOLLIN | EPOLLRDNORM)))
		return 0;
	if (vfb_client_subscribe(client))
		return EPOLLERR;
	poll_wait(file, &vfb_event_wq, pt);
	return vfb_client_has_news(client) ? EPOLLIN | EPOLLRDNORM : 0;
}

static bool vfb_event_is_about(const struct sriov_broker_event *event,
			       const struct sriov_broker_addr *dev)
{
	return !dev->valid || !vfb_addr_cmp(&event->pf, dev) || !vfb_addr_cmp(&event->vf, dev);
}

/**
 * vfb_event_recall - the events about a device that are remembered
 * @events: filled, oldest first; room for VFB_EVENTS of them
 * @dev: the device, or one that is not valid for all
 *
 * Context: takes vfb_lock; in the task that asks.
 * Return: how many there are.
 */
unsigned int vfb_event_recall(struct sriov_broker_event *events,
			      const struct sriov_broker_addr *dev)
{
	unsigned int num = 0;
	u64 seq;

	guard(mutex)(&vfb_lock);
	for (seq = vfb_event_oldest(); seq <= vfb_seq; seq++) {
		/* A copy: what depends on the reader is not for the next one. */
		struct vfb_event event = vfb_ring[seq % VFB_EVENTS];

		if (!vfb_event_is_about(&event.out, dev))
			continue;
		vfb_event_localize(&event);
		events[num++] = event.out;
	}
	return num;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: every change of a PF, a VF or a lease, numbered, handed to whoever
 * reads the device and to the generic netlink group. A reader that is too slow
 * loses the oldest, and is told how many.
 */
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "event.h"
#include "ioctl.h"
#include "list.h"

#define VFB_RING 256 /* events that a reader may be behind */

static LIST_HEAD(vfb_clients); /* vfb_lock; those who get events */
static u64 vfb_seq;	       /* vfb_lock; number of the last event */

/* vfb_lock; the last ones, by number */
static struct sriov_broker_event *vfb_past;

/**
 * vfb_event_init - make room for the events that are remembered
 *
 * Context: module init; may sleep.
 * Return: 0 or a negative errno.
 */
int vfb_event_init(void)
{
	vfb_past = kvcalloc(SRIOV_BROKER_HISTORY_EVENTS, sizeof(*vfb_past), GFP_KERNEL);
	return vfb_past ? 0 : -ENOMEM;
}

/**
 * vfb_event_exit - forget them
 *
 * Context: module exit, nobody tells of events any more; may sleep.
 */
void vfb_event_exit(void)
{
	kvfree(vfb_past);
}

static void vfb_client_push(struct vfb_client *client, const struct sriov_broker_event *event)
{
	lockdep_assert_held(&vfb_lock);
	if (client->head - client->tail == VFB_RING) {
		client->tail++;
		client->lost++;
	}
	client->ring[client->head++ % VFB_RING] = *event;
	wake_up_interruptible(&client->wait);
}

/**
 * vfb_event - tell of an event
 * @event: what it is; its number and time are filled in
 *
 * Context: vfb_lock held, so that events come in the order of what they tell.
 */
void vfb_event(struct sriov_broker_event *event)
{
	struct vfb_client *client;

	lockdep_assert_held(&vfb_lock);
	event->seq = ++vfb_seq;
	event->time_ns = ktime_get_ns();
	vfb_past[event->seq % SRIOV_BROKER_HISTORY_EVENTS] = *event;
	list_for_each_entry(client, &vfb_clients, node)
		vfb_client_push(client, event);
	vfb_genl_send(event);
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
 * @value: number that goes with it
 *
 * Context: vfb_lock held.
 */
void vfb_event_pf(struct vfb_pf *pf, u32 type, u64 value)
{
	struct sriov_broker_event event = {
		.type = type,
		.pf = pf->addr,
		.value = value,
	};

	vfb_event(&event);
}

static void vfb_event_of(struct vfb_vf *vf, u32 type, u32 old, enum sriov_broker_fault fault,
			 u64 lease_id, u64 value)
{
	struct sriov_broker_event event = {
		.type = type,
		.index = vf->index,
		.pf = vf->pf->addr,
		.vf = vf->addr,
		.state = vf->state,
		.old_state = old,
		.fault = fault,
		.lease_id = lease_id,
		.value = value,
	};

	vfb_event(&event);
}

/**
 * vfb_event_vf - tell of an event of a VF
 * @vf: the VF
 * @type: enum sriov_broker_event_type
 * @old: state that it was in before
 * @lease_id: lease that it is about, or 0
 * @value: number that goes with it
 *
 * Context: vfb_lock held.
 */
void vfb_event_vf(struct vfb_vf *vf, u32 type, u32 old, u64 lease_id, u64 value)
{
	vfb_event_of(vf, type, old, vf->fault, lease_id, value);
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
	vfb_event_of(vf, SRIOV_BROKER_EVENT_RESET_FAILED, vf->state, fault, 0, fault);
}

/**
 * vfb_client_init - prepare a newly opened device
 * @client: the client
 *
 * Context: any.
 */
void vfb_client_init(struct vfb_client *client)
{
	init_waitqueue_head(&client->wait);
	INIT_LIST_HEAD(&client->node);
	INIT_LIST_HEAD(&client->holds);
}

/**
 * vfb_client_exit - the device is closed
 * @client: the client; nobody uses it any more
 *
 * Context: takes vfb_lock.
 */
void vfb_client_exit(struct vfb_client *client)
{
	mutex_lock(&vfb_lock);
	list_del(&client->node);
	mutex_unlock(&vfb_lock);
	kvfree(client->ring);
}

/* Most clients never ask: the ring is made for those who do. */
static int vfb_client_subscribe(struct vfb_client *client)
{
	struct sriov_broker_event *ring;

	if (READ_ONCE(client->ring))
		return 0;
	ring = kvcalloc(VFB_RING, sizeof(*ring), GFP_KERNEL_ACCOUNT);
	if (!ring)
		return -ENOMEM;
	mutex_lock(&vfb_lock);
	if (!client->ring) {
		WRITE_ONCE(client->ring, ring);
		ring = NULL;
		list_add_tail(&client->node, &vfb_clients);
	}
	mutex_unlock(&vfb_lock);
	kvfree(ring);
	return 0;
}

static bool vfb_client_next(struct vfb_client *client, struct sriov_broker_event *event)
{
	bool got = true;

	mutex_lock(&vfb_lock);
	if (client->lost) {
		*event = (struct sriov_broker_event){
			.type = SRIOV_BROKER_EVENT_LOST,
			.seq = client->ring[client->tail % VFB_RING].seq - 1,
			.time_ns = ktime_get_ns(),
			.value = client->lost,
		};
		client->lost = 0;
	} else if (client->tail != client->head) {
		*event = client->ring[client->tail++ % VFB_RING];
	} else {
		got = false;
	}
	mutex_unlock(&vfb_lock);
	return got;
}

/* The condition of a wait, so without the lock. */
static bool vfb_client_has_news(struct vfb_client *client)
{
	return READ_ONCE(client->tail) != READ_ONCE(client->head);
}

static bool vfb_event_is_about(const struct sriov_broker_event *event,
			       const struct sriov_broker_addr *dev)
{
	return (!dev->domain && !dev->bdf) || !vfb_addr_cmp(&event->pf, dev) ||
	       !vfb_addr_cmp(&event->vf, dev);
}

/* The events about a device, oldest first, into room for all that there are. */
static unsigned int vfb_event_recall(struct sriov_broker_event *events,
				     const struct sriov_broker_addr *dev)
{
	unsigned int num = 0;
	u64 seq;

	mutex_lock(&vfb_lock);
	seq = vfb_seq > SRIOV_BROKER_HISTORY_EVENTS ? vfb_seq - SRIOV_BROKER_HISTORY_EVENTS : 0;
	while (seq++ < vfb_seq) {
		struct sriov_broker_event *event = &vfb_past[seq % SRIOV_BROKER_HISTORY_EVENTS];

		if (vfb_event_is_about(event, dev))
			events[num++] = *event;
	}
	mutex_unlock(&vfb_lock);
	return num;
}

/* ioctl(SRIOV_BROKER_HISTORY) */
int vfb_ioctl_history(struct file *file, union vfb_arg *arg, struct vfb_why *why)
{
	struct sriov_broker_list *p = &arg->list;
	struct sriov_broker_event *events;
	unsigned int num, skip;
	int ret;

	if (p->flags || p->pf.reserved)
		return -EOPNOTSUPP;
	if (p->entry_size < offsetofend(struct sriov_broker_event, vf) || p->entry_size > PAGE_SIZE)
		return -EINVAL;
	events = kvcalloc(SRIOV_BROKER_HISTORY_EVENTS, sizeof(*events), GFP_KERNEL_ACCOUNT);
	if (!events)
		return -ENOMEM;
	num = vfb_event_recall(events, &p->pf);
	skip = num - min(num, p->count);
	ret = vfb_copy_entries(p, events + skip, sizeof(*events), num - skip);
	kvfree(events);
	p->count = num;
	return ret;
}

/* read() on /dev/sriov_broker */
ssize_t vfb_client_read(struct file *file, char __user *to, size_t size, loff_t *pos)
{
	struct vfb_client *client = file->private_data;
	struct sriov_broker_event event;
	size_t done = 0;
	int ret;

	if (size < sizeof(event))
		return -EINVAL;
	ret = vfb_client_subscribe(client);
	if (ret)
		return ret;
	while (size - done >= sizeof(event)) {
		if (vfb_client_next(client, &event)) {
			if (copy_to_user(to + done, &event, sizeof(event)))
				return done ?: -EFAULT;
			done += sizeof(event);
			continue;
		}
		if (done)
			break;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(client->wait, vfb_client_has_news(client));
		if (ret)
			return ret;
	}
	return done;
}

/* The events' part of poll() on /dev/sriov_broker */
__poll_t vfb_client_poll(struct file *file, poll_table *pt)
{
	struct vfb_client *client = file->private_data;

	if (!(poll_requested_events(pt) & (EPOLLIN | EPOLLRDNORM)))
		return 0;
	if (vfb_client_subscribe(client))
		return EPOLLERR;
	poll_wait(file, &client->wait, pt);
	return vfb_client_has_news(client) ? EPOLLIN | EPOLLRDNORM : 0;
}

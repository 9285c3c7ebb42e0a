// SPDX-License-Identifier: GPL-2.0-only
/*
 * Anchors: a lease may be tied to a process, by a pidfd, or to a pipe, a socket or an eventfd,
 * which polls readable or hung up at its end. Then it lasts until that end, although no process has
 * its descriptor.
 *
 * The lease counts what holds it: its file, and its anchor. The anchor has the file that
 * it watches and a place in that one's wait queue; whatever wakes it there has a worker
 * look whether that was the end. Neither is a process kept by its pidfd, nor can its
 * number be another's.
 */
#include <linux/file.h>
#include <linux/kref.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "compat.h"
#include "objects.h"

#define VFB_ANCHOR_END (EPOLLIN | EPOLLHUP | EPOLLRDHUP | EPOLLERR)

struct vfb_anchor {
	struct kref ref;	 /* the lease's, and the work's while it is queued */
	struct vfb_lease *lease; /* vfb_lock; counted; NULL until it is tied */
	struct file *file;	 /* counted */
	bool cut;		 /* over, whatever the file says */
	struct work_struct work;
	poll_table pt;
	wait_queue_entry_t wait;
	wait_queue_head_t *head; /* that @wait is in; NULL: in none, or no more */
	unsigned int queues;	 /* that the file is woken by */
};

static void vfb_anchor_release(struct kref *ref)
{
	struct vfb_anchor *anchor = container_of(ref, struct vfb_anchor, ref);
	bool tied = anchor->lease;

	fput(anchor->file);
	if (tied)
		vfb_lease_free_ref(anchor->lease);
	kfree(anchor);
	if (tied)
		module_put(THIS_MODULE);
}

/* Any context. */
static void vfb_anchor_look(struct vfb_anchor *anchor)
{
	kref_get(&anchor->ref);
	if (!queue_work(vfb_wq, &anchor->work))
		kref_put(&anchor->ref, vfb_anchor_release); /* not the last: it is queued */
}

/* Under the lock of the wait queue. */
static int vfb_anchor_wake(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct vfb_anchor *anchor = container_of(wait, struct vfb_anchor, wait);
	__poll_t flags = key_to_poll(key);

	if (flags & POLLFREE) {
		/* The queue goes before the file; see epoll's ep_poll_callback(). */
		WRITE_ONCE(anchor->cut, true);
		vfb_anchor_look(anchor);
		list_del_init(&wait->entry);
		/* Pairs with vfb_anchor_dequeue(): off the queue before it is seen to be. */
		smp_store_release(&anchor->head, NULL);
	} else if (!flags || flags & VFB_ANCHOR_END) {
		vfb_anchor_look(anchor);
	}
	return 0;
}

static void vfb_anchor_enqueue(struct file *file, wait_queue_head_t *head, poll_table *pt)
{
	struct vfb_anchor *anchor = container_of(pt, struct vfb_anchor, pt);

	if (anchor->queues++)
		return;
	anchor->head = head;
	add_wait_queue(head, &anchor->wait);
}

/* From here on it is not woken any more. */
static void vfb_anchor_dequeue(struct vfb_anchor *anchor)
{
	wait_queue_head_t *head;

	/* A queue that has told of its end by POLLFREE is not freed before this is over. */
	rcu_read_lock();
	/* Pairs with vfb_anchor_wake(). */
	head = smp_load_acquire(&anchor->head);
	if (head)
		remove_wait_queue(head, &anchor->wait);
	rcu_read_unlock();
}

static bool vfb_anchor_is_over(struct vfb_anchor *anchor)
{
	return READ_ONCE(anchor->cut) || vfs_poll(anchor->file, NULL) & VFB_ANCHOR_END;
}

/* It is its lease's no more. */
static void vfb_anchor_drop(struct vfb_anchor *anchor)
{
	vfb_anchor_dequeue(anchor);
	kref_put(&anchor->ref, vfb_anchor_release);
}

static void vfb_anchor_work(struct work_struct *work)
{
	struct vfb_anchor *anchor = container_of(work, struct vfb_anchor, work);
	bool over = vfb_anchor_is_over(anchor);
	struct vfb_lease *lease;

	mutex_lock(&vfb_lock);
	lease = anchor->lease;
	/* It may be another anchor's by now, or not this one's yet. */
	over &= lease && lease->anchor == anchor;
	if (over)
		lease->anchor = NULL;
	mutex_unlock(&vfb_lock);
	if (over) {
		vfb_lease_drop(lease);
		vfb_anchor_drop(anchor);
	}
	kref_put(&anchor->ref, vfb_anchor_release);
}

/*
 * Is it polled by the kernel alone? What a process serves (FUSE, CUSE) could keep the worker for
 * ever, and all that wait for it. What polls or holds other files (epoll, io_uring) leads there
 * too, and to the lease itself.
 */
static bool vfb_anchor_fits(const struct file *file)
{
	static const char *const kinds[] = { "[pidfd]", "[eventfd]", "[signalfd]", "[timerfd]" };
	const struct inode *inode = file_inode(file);
	int i;

	switch (inode->i_sb->s_magic) {
	case PID_FS_MAGIC:
		return !vfb_is_thread_pidfd(file);
	case SOCKFS_MAGIC:
	case PIPEFS_MAGIC:
		return true;
	case ANON_INODE_FS_MAGIC:
		for (i = 0; i < ARRAY_SIZE(kinds); i++)
			if (!strcmp(kinds[i], file->f_path.dentry->d_name.name))
				return true;
		return false;
	}
	return S_ISFIFO(inode->i_mode);
}

/**
 * vfb_anchor_new - something that a lease can be tied to
 * @file: what is to be watched; the anchor's from here on, also where this fails
 *
 * Context: system call; may sleep.
 * Return: the anchor, for vfb_anchor_tie() or vfb_anchor_free(), or an ERR_PTR: -EINVAL:
 * it is none of those that a lease can be tied to; -ESRCH: it is over.
 */
struct vfb_anchor *vfb_anchor_new(struct file *file)
{
	struct vfb_anchor *anchor = kzalloc(sizeof(*anchor), GFP_KERNEL_ACCOUNT);
	int ret = 0;

	if (!anchor) {
		fput(file);
		return ERR_PTR(-ENOMEM);
	}
	kref_init(&anchor->ref);
	anchor->file = file;
	INIT_WORK(&anchor->work, vfb_anchor_work);
	init_waitqueue_func_entry(&anchor->wait, vfb_anchor_wake);
	init_poll_funcptr(&anchor->pt, vfb_anchor_enqueue);
	/* A lease that is tied to itself, or to one that is tied to it, would have no end. */
	if (!vfb_anchor_fits(file) || !file_can_poll(file))
		ret = -EINVAL;
	else if (vfs_poll(file, &anchor->pt) & VFB_ANCHOR_END)
		ret = -ESRCH;
	/* What is woken by several queues would need as many places. */
	if (!ret && anchor->queues != 1)
		ret = -EINVAL;
	if (!ret)
		return anchor;
	vfb_anchor_drop(anchor);
	return ERR_PTR(ret);
}

/**
 * vfb_anchor_free - an anchor is not needed
 * @anchor: what vfb_anchor_new() returned; not tied
 *
 * Context: may sleep.
 */
void vfb_anchor_free(struct vfb_anchor *anchor)
{
	vfb_anchor_drop(anchor);
}

/**
 * vfb_anchor_tie - tie a lease to an anchor
 * @lease: the lease, which is neither revoked nor over
 * @anchor: the anchor
 *
 * Context: vfb_lock held, by a caller that has a file of the module open.
 * Return: the anchor that it was tied to before, for vfb_anchor_free(), or NULL.
 */
struct vfb_anchor *vfb_anchor_tie(struct vfb_lease *lease, struct vfb_anchor *anchor)
{
	struct vfb_anchor *old = lease->anchor;

	lockdep_assert_held(&vfb_lock);
	__module_get(THIS_MODULE);
	lease->refs++;
	anchor->lease = lease;
	lease->anchor = anchor;
	if (!old)
		lease->holds++;
	/* It may have ended since it was looked at. */
	vfb_anchor_look(anchor);
	return old;
}

/**
 * vfb_anchor_take - a lease is tied to its anchor no more
 * @lease: the lease
 *
 * Context: vfb_lock held.
 * Return: the anchor, for vfb_anchor_free(), with its hold on the lease, for
 * vfb_lease_drop(); or NULL: it has none.
 */
struct vfb_anchor *vfb_anchor_take(struct vfb_lease *lease)
{
	struct vfb_anchor *anchor = lease->anchor;

	lockdep_assert_held(&vfb_lock);
	lease->anchor = NULL;
	return anchor;
}

/**
 * vfb_anchor_untie - the same, soon
 * @lease: the lease, tied to an anchor
 *
 * The lease ends by that, if nothing else holds it.
 *
 * Context: vfb_lock held.
 */
void vfb_anchor_untie(struct vfb_lease *lease)
{
	lockdep_assert_held(&vfb_lock);
	WRITE_ONCE(lease->anchor->cut, true);
	vfb_anchor_look(lease->anchor);
}

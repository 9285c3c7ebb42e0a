// SPDX-License-Identifier: GPL-2.0-only
/*
 * Anchors: a lease may be tied to a process, by a pidfd, or to a pipe, a UNIX socket or an
 * eventfd, which polls readable or hung up at its end. Then it lasts until that end, although no
 * process has its descriptor.
 *
 * The lease counts what holds it: its file, and its anchor. The anchor has the file that
 * it watches and a place in that one's wait queue; whatever wakes it there has a worker
 * look whether that was the end. Neither is a process kept by its pidfd, nor can its
 * number be another's.
 */
#include <linux/file.h>
#include <linux/kref.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <net/af_unix.h>

#include "compat.h"
#include "objects.h"

#define VFB_ANCHOR_END (EPOLLIN | EPOLLHUP | EPOLLRDHUP | EPOLLERR)

static LIST_HEAD(vfb_anchors); /* of leases; vfb_lock */

struct vfb_anchor {
	struct kref ref;	 /* the lease's, and the work's while it is queued */
	struct list_head node;	 /* vfb_lock; while it is its lease's */
	struct vfb_lease *lease; /* vfb_lock; counted; NULL until it is tied */
	struct file *file;	 /* counted */
	bool cut;		 /* over, whatever the file says */
	struct work_struct work;
	poll_table pt;
	wait_queue_entry_t wait;
	wait_queue_head_t *head; /* that @wait is in, which lives as long as the file; or NULL */
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

	if (!flags || flags & VFB_ANCHOR_END)
		vfb_anchor_look(anchor);
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

static bool vfb_anchor_is_over(struct vfb_anchor *anchor)
{
	return READ_ONCE(anchor->cut) || vfs_poll(anchor->file, NULL) & VFB_ANCHOR_END;
}

/* It is its lease's no more, and not woken any more. */
static void vfb_anchor_drop(struct vfb_anchor *anchor)
{
	if (anchor->head)
		remove_wait_queue(anchor->head, &anchor->wait);
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
		vfb_anchor_take(lease);
	mutex_unlock(&vfb_lock);
	if (over) {
		vfb_lease_drop(lease);
		vfb_anchor_drop(anchor);
	}
	kref_put(&anchor->ref, vfb_anchor_release);
}

/* Others take a lock to be polled that their owner can keep, or linger at the end. */
static bool vfb_is_unix_socket(const struct file *file)
{
	struct socket *sock = sock_from_file((struct file *)file);

	return sock && sock->sk && sock->sk->sk_family == AF_UNIX;
}

/*
 * Is it polled by the kernel alone? What a process serves (FUSE, CUSE) could keep the worker for
 * ever, and all that wait for it. What polls or holds other files (epoll, io_uring) leads there
 * too, and to the lease itself. A signalfd tells of the signals of the task that polls it: the
 * worker has none.
 */
static bool vfb_anchor_fits(const struct file *file)
{
	static const char *const kinds[] = { "[pidfd]", "[eventfd]", "[timerfd]" };
	const struct inode *inode = file_inode(file);
	int i;

	switch (inode->i_sb->s_magic) {
	case PID_FS_MAGIC:
		return !vfb_is_thread_pidfd(file);
	case SOCKFS_MAGIC:
		return vfb_is_unix_socket(file);
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
	INIT_LIST_HEAD(&anchor->node);
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

/* Are two files the ends of one pipe, or of one connection of UNIX sockets? */
static bool vfb_anchor_meets(struct file *a, struct file *b)
{
	if (S_ISFIFO(file_inode(a)->i_mode))
		return file_inode(a) == file_inode(b) &&
		       (a->f_mode ^ b->f_mode) & (FMODE_READ | FMODE_WRITE);
	return vfb_is_unix_socket(a) && vfb_is_unix_socket(b) &&
	       READ_ONCE(unix_peer(sock_from_file(a)->sk)) == sock_from_file(b)->sk;
}

/*
 * Has another lease the other end of an anchor's file? Each would keep open what the other one
 * waits for.
 */
static bool vfb_anchor_circles(const struct vfb_lease *lease, const struct vfb_anchor *anchor)
{
	const struct vfb_anchor *other;

	lockdep_assert_held(&vfb_lock);
	list_for_each_entry(other, &vfb_anchors, node)
		if (other->lease != lease && !READ_ONCE(other->cut) &&
		    vfb_anchor_meets(anchor->file, other->file))
			return true;
	return false;
}

/**
 * vfb_anchor_tie - tie a lease to an anchor
 * @lease: the lease, which is neither revoked nor over
 * @anchor: the anchor; from here on the one that it was tied to before, or NULL, for
 *	vfb_anchor_free()
 *
 * Context: vfb_lock held, by a caller that has a file of the module open.
 * Return: 0; -ELOOP, and nothing has changed: two leases would keep each other.
 */
int vfb_anchor_tie(struct vfb_lease *lease, struct vfb_anchor **anchor)
{
	struct vfb_anchor *new = *anchor;

	lockdep_assert_held(&vfb_lock);
	if (vfb_anchor_circles(lease, new))
		return -ELOOP;
	__module_get(THIS_MODULE);
	lease->refs++;
	*anchor = vfb_anchor_take(lease);
	if (!*anchor)
		lease->holds++;
	new->lease = lease;
	lease->anchor = new;
	list_add(&new->node, &vfb_anchors);
	/* It may have ended since it was looked at. */
	vfb_anchor_look(new);
	return 0;
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
	if (anchor)
		list_del_init(&anchor->node);
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

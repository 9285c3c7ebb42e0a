/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Leases that a QEMU keeps for its devices: as descriptors handed over its
 * monitor. Functions return as qmp_call() does, with words in qmp->error.
 */
#ifndef QEMU_FDSET_H
#define QEMU_FDSET_H

#include "qemu/qemu.h"
#include "qemu/qmp.h"

/* A lease whose descriptor QEMU keeps for a device. */
struct kept {
	unsigned long long lease;
	unsigned long long instead_of; /* the lease it replaces, 0: none */
	struct sriov_broker_addr vf;
	int by_iommufd;	       /* the device goes by descriptor as well */
	int swapping;	       /* a swap has asked for the device */
	char bus[QEMU_ID_LEN]; /* the device's, "" where not known */
	char id[QEMU_ID_LEN];  /* the device's, of those that are listed */
};

/*
 * The beginning of the name of a chardev that keeps a lease's fdset in use, the
 * lease's number follows; and of the numbers of fdsets given to a new QEMU.
 */
#define FDSET_KEEPER	   "sriov_broker-"
#define FDSET_FIRST_OF_RUN 1000000

/* What is written on a descriptor that is kept for device @id. Return: @text */
#define FDSET_TEXT_LEN (2 * QEMU_ID_LEN + 128)
const char *fdset_text(const struct kept *kept, const char *id, char *text);

/* Hand QEMU the descriptor @fd of a lease, to be kept for device @id. */
int fdset_keep(struct qmp *qmp, const char *id, const struct kept *kept,
	       int fd);

/* Leases that a device may have in the midst of things, and then some. */
#define FDSET_MAX 8

/*
 * The leases kept for device @id, NULL: for all, the oldest first; more than one for
 * a device only in the midst of a swap. Their number, @max at most, in @found.
 */
int fdset_list(struct qmp *qmp, const char *id, struct kept *kept,
	       unsigned int max, unsigned int *found);

/* Call @found for each device that a lease is kept for. */
int fdset_each(struct qmp *qmp,
	       void (*found)(void *ctx, const char *id,
			     const struct sriov_broker_addr *vf),
	       void *ctx);

/*
 * Mark the lease of a device that a swap asks for, so that it goes in again should
 * the swap fail; and take the mark away.
 */
int fdset_mark_swap(struct qmp *qmp, const char *id, unsigned long long lease);
int fdset_unmark_swap(struct qmp *qmp, const char *id);

/* Of those listed, if there is no device @id: has it left, without a swap's doing? */
int fdset_is_left(const struct kept *kept, unsigned int n, const char *id);

/*
 * Has the broker the lease still, for this VF? Its process in @holder, 0: that has ended,
 * or can't be seen.
 */
int fdset_has_lease(struct sriovb *sb, const struct kept *kept, pid_t *holder);

/*
 * Give back what is kept for devices that have left, and tell which leases have ended
 * so. All of it takes about as long as one answer may.
 */
int fdset_drop_left(struct qmp *qmp, struct sriovb *sb,
		    void (*dropped)(void *ctx, const struct kept *kept),
		    void *ctx);

/* What make-before-break adds to an id, with a number behind it. */
#define FDSET_SWAP "-swap"

/*
 * The id for the device that comes in place of @id: net1-swap1, then net1-swap2.
 * Return: 0 or -ENAMETOOLONG
 */
int fdset_next_id(const char *id, char *next);

/*
 * If there is no device @id, nor a lease kept for one, it is made the id that the
 * device has by now which came in its place. Return: 0 or -errno
 */
int fdset_resolve_id(struct qmp *qmp, char *id);

/*
 * Is a process at work on it, other than ours and QEMU? That may be another user's
 * sriovctl, about to plug in what it has just handed over.
 */
int fdset_is_anothers(const struct qmp *qmp, struct sriovb *sb,
		      const struct kept *kept);

/*
 * Close the descriptors kept for @id: of one lease; or all, but of leases that another
 * process is at work on, if they are not @lease (0: none).
 * Return also: -ENOENT: there are none.
 */
int fdset_drop_one(struct qmp *qmp, const char *id, unsigned long long lease);
int fdset_drop_all(struct qmp *qmp, struct sriovb *sb, const char *id,
		   unsigned long long lease);

#endif /* QEMU_FDSET_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* The VF that a swap takes away. */
#ifndef GUEST_SWAP_OLD_H
#define GUEST_SWAP_OLD_H

#include "guest/swap.h"

/*
 * Find it, and go on with what an earlier swap that was cut short has left; with a
 * complaint if that can't be. Return: 0 or EXIT_REFUSED
 */
int swap_find_old(struct swap *s);

/*
 * Only the VF. It must be the guest's still: a lease that QEMU keeps may have been
 * revoked, and the VF leased to another. Return: 0 or EXIT_REFUSED
 */
int swap_find_old_vf(struct swap *s);

/* A free port: @wanted, if that is one, or another; s->has_bus: there is one. */
int swap_choose_bus(struct swap *s, const char *wanted);

/* Complain about QEMU in the name of the device. Return: EXIT_REFUSED */
int swap_failed(const struct swap *s);

#endif /* GUEST_SWAP_OLD_H */

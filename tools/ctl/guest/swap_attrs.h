/* SPDX-License-Identifier: GPL-2.0-only */
/* The network attributes that the new VF of a swap gets. */
#ifndef GUEST_SWAP_ATTRS_H
#define GUEST_SWAP_ATTRS_H

#include "guest/swap.h"

/* Those of the old VF, and those that were asked for. */
void swap_choose_attrs(struct swap *s);

/*
 * Give them to the new VF: all at once; or all that it can have while the guest has the
 * old one, so that what is refused costs the guest nothing, and later the rest. Two VFs
 * of a PF can't both have its MAC. Return: 0, or a complaint's exit code
 */
int swap_carry_all(struct swap *s);
int swap_carry_early(struct swap *s);
int swap_carry_late(struct swap *s);

/* May the guest have both VFs at a time, for their MAC? Return: 0 or EXIT_REFUSED */
int swap_check_both(const struct swap *s);

/* Has the old VF all that was asked for? */
int swap_has_attrs(const struct swap *s);

/* The old VF, back in the pool, may have its MAC of another's setting: say so. */
void swap_warn_of_mac(const struct swap *s);

#endif /* GUEST_SWAP_ATTRS_H */

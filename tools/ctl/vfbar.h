/* SPDX-License-Identifier: GPL-2.0-only */
/* The size of the BARs of a PF's VFs. */
#ifndef VFBAR_H
#define VFBAR_H

#include "addr.h"

/* "set PF vf-bar N=SIZE". Return: 0, or a complaint's exit code. */
int set_vf_bar(const struct args *args, struct sriovb *sb,
	       const struct target *target);

#endif /* VFBAR_H */

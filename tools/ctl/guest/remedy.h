/* SPDX-License-Identifier: GPL-2.0-only */
/* What a QEMU lacks that runs as no root, and how it gets that. */
#ifndef GUEST_REMEDY_H
#define GUEST_REMEDY_H

#include "guest/monitor.h"
#include "guest/plug.h"
#include "lease/held.h"

/* If QEMU's @words, with which it refused a VF, mean that: say so. */
void tell_remedy(struct monitor *m, const struct plug *plug, const char *words);

/* The same before we become a QEMU with these words. */
void warn_of_rights(const struct held *held, char *const *words);

#endif /* GUEST_REMEDY_H */

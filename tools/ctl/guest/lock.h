/* SPDX-License-Identifier: GPL-2.0-only */
/* One command at a time for a guest. */
#ifndef GUEST_LOCK_H
#define GUEST_LOCK_H

#include <sys/types.h>

/*
 * Wait for another sriovctl that is at work on a guest, by its QEMU's process; its
 * own is then put into @holder. Until the descriptor is closed the guest is ours.
 * Return: the descriptor or -errno; -ETIMEDOUT: the other one was not done;
 * -EPERM: there is no place for a lock that only we can take
 */
int guest_lock(pid_t guest, int timeout_ms, pid_t *holder);

#endif /* GUEST_LOCK_H */

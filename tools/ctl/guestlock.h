/* SPDX-License-Identifier: GPL-2.0-only */
/* One command at a time for a guest. */
#ifndef GUESTLOCK_H
#define GUESTLOCK_H

#include <sys/types.h>

/*
 * Wait for another sriovctl that is at work on a guest, by its QEMU's process;
 * @waited is set if there was one. Until the descriptor is closed the guest is
 * ours.
 * Return: the descriptor or -errno, -ETIMEDOUT: the other one was not done.
 */
int guest_lock(pid_t guest, int timeout_ms, int *waited);

#endif /* GUESTLOCK_H */

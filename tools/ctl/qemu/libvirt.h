/* SPDX-License-Identifier: GPL-2.0-only */
/* QMP to a guest of libvirt's. */
#ifndef QEMU_LIBVIRT_H
#define QEMU_LIBVIRT_H

#include "qemu/qmp.h"

/*
 * Open the monitor of libvirt's @domain, if its QEMU is the process @guest, 0: any; else
 * QEMU does not hear of it. qmp_close() afterwards whatever is returned.
 * Return: as qmp_open_file(); -ESRCH: it is another process
 */
int libvirt_open(struct qmp *qmp, const char *domain, pid_t guest,
		 int timeout_ms);

/*
 * The id in QEMU of a device that is called @id: libvirt lets others name devices
 * only so that they begin with "ua-", which is put in front where it is missing.
 */
void libvirt_id(const char *id, char *to, size_t len);

#endif /* QEMU_LIBVIRT_H */

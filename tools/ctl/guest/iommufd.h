/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices that go to QEMU by descriptor. */
#ifndef GUEST_IOMMUFD_H
#define GUEST_IOMMUFD_H

#include "guest/monitor.h"
#include "guest/plug.h"

/* Can kernel and QEMU do it? To be asked before anything is leased. */
int iommufd_check(struct monitor *m);

/*
 * Hand QEMU what device_add needs, and put it into its arguments.
 * Return: as qmp_call(), with words in qmp->error.
 */
int iommufd_prepare(struct monitor *m, const struct plug *plug,
		    struct json_object *args);

/* Have QEMU forget what a refused device_add may have left. */
void iommufd_tidy(struct monitor *m, const char *id);

#endif /* GUEST_IOMMUFD_H */

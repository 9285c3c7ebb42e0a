/* SPDX-License-Identifier: GPL-2.0-only */
/* How leases are printed. */
#ifndef LEASE_PRINT_H
#define LEASE_PRINT_H

#include <json-c/json.h>

#include "base/field.h"
#include "lease/held.h"

/* Is there such an output? NULL: the one for people. */
int lease_output_ok(const char *output);

/* Print leases: "shell", "json", "qemu", "libvirt", NULL. */
int print_leases(const struct held *held, const char *output, int as_array);

/* Of a struct sriov_broker_grant. */
extern const struct field lease_fields[];

#endif /* LEASE_PRINT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* What sriovctl list shows, for the completion of its options. */
#ifndef CMD_LIST_H
#define CMD_LIST_H

#include "base/field.h"

extern const struct column list_columns[];
extern const struct field list_vf_fields[];

#endif /* CMD_LIST_H */

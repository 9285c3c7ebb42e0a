/* SPDX-License-Identifier: GPL-2.0-only */
/* Named pools, and what is told of them. */
#ifndef CLI_POOLS_H
#define CLI_POOLS_H

#include <stdio.h>

#include "base/field.h"
#include "sriovbroker.h"

/* All that there are, by name. @pools: for pools_free(). Return: how many, or -errno */
ssize_t pools_get(struct sriovb *sb, struct sriov_broker_pool ***pools);
void pools_free(struct sriov_broker_pool **pools, ssize_t num);

/* ---- of a struct sriov_broker_pool, the whole of it, with its arrays ---- */

/* "0000:01:00.0#0-3, 0000:02:00.0" */
void pool_print_members(FILE *out, const void *pool);

/* Names, or numbers where there are none; "anyone" */
void pool_print_users(FILE *out, const void *pool);
void pool_print_groups(FILE *out, const void *pool);

/* What sriovctl pools has of each. */
extern const struct field pool_fields[];

/* The name of a user or a group, or its number. Return: @buf */
const char *user_name(unsigned int uid, char *buf, size_t len);
const char *group_name(unsigned int gid, char *buf, size_t len);

#endif /* CLI_POOLS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* A lease whose descriptor was inherited, as under sriovctl lease --inherit. */
#ifndef LEASE_INHERITED_H
#define LEASE_INHERITED_H

#include <json-c/json.h>

#include "cli/args.h"

/*
 * The descriptor that --fd, given as @option, or the variable names; -1: none is.
 * Return: 0 or EXIT_USAGE
 */
int inherited_fd(const struct args *args, const char *option, int *fd);

/* Complain about what was asked of it. Return: an exit code */
int inherited_failed(int fd, int error);

/* Print it, or complain. Return: 0 or an exit code */
int inherited_print(int fd, int as_json);

/* The same into a document. */
void inherited_json(struct json_object *document, int fd);

#endif /* LEASE_INHERITED_H */

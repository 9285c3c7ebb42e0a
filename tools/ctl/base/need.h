/* SPDX-License-Identifier: GPL-2.0-only */
/* Parts of sriovctl (parts/part.h), for callers that can't do without. */
#ifndef BASE_NEED_H
#define BASE_NEED_H

#include <stddef.h>

/*
 * The struct of part @name. One that can't be loaded is a fault of the installation: then
 * this complains and does not return.
 */
const void *need_part(const char *name, size_t size);

#endif /* BASE_NEED_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Sizes in bytes as people read them: "16K", "4M". */
#ifndef BASE_SIZE_H
#define BASE_SIZE_H

#include <stddef.h>

/* The largest unit that leaves no rest. Return: @buf */
const char *size_text(unsigned long long size, char *buf, size_t len);

#endif /* BASE_SIZE_H */

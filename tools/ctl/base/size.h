/* SPDX-License-Identifier: GPL-2.0-only */
/* Sizes in bytes as people read them: "16K", "4M". */
#ifndef SIZE_H
#define SIZE_H

#include <stddef.h>

/* The largest unit that leaves no rest. Return: @buf */
const char *size_text(unsigned long long size, char *buf, size_t len);

#endif /* SIZE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Sizes in bytes as people write them: "16K", "4M". */
#ifndef SIZE_H
#define SIZE_H

#include <stddef.h>

/* "4M", "1G", "65536". Return: the bytes, or 0: it is no size. */
unsigned long long size_parse(const char *text);

/* The largest unit that leaves no rest. Return: @buf */
const char *size_text(unsigned long long size, char *buf, size_t len);

#endif /* SIZE_H */

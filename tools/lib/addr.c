// SPDX-License-Identifier: LGPL-2.1-or-later
/* Addresses of PCI devices, from and to text. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

/*
 * One to @digits hexadecimal digits, then @end.
 * Return: what follows @end, or NULL.
 */
static const char *parse_hex(const char *text, int digits, char end,
			     unsigned int max, unsigned int *value)
{
	unsigned int sum = 0;
	int n = 0;

	for (; n < digits && isxdigit((unsigned char)text[n]); n++) {
		int c = tolower((unsigned char)text[n]);

		sum = sum << 4 | (isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	if (!n || text[n] != end || sum > max)
		return NULL;
	*value = sum;
	return text + n + (end ? 1 : 0);
}

static int parse_full(const char *text, unsigned int domain,
		      struct sriov_broker_addr *addr)
{
	unsigned int bus, dev, fn;

	text = parse_hex(text, 2, ':', 0xff, &bus);
	if (text)
		text = parse_hex(text, 2, '.', 0x1f, &dev);
	if (text)
		text = parse_hex(text, 1, '\0', 7, &fn);
	if (!text)
		return -EINVAL;
	*addr = (struct sriov_broker_addr){
		.domain = domain,
		.bdf = bus << 8 | dev << 3 | fn,
		.valid = 1,
	};
	return 0;
}

int sriovb_parse_addr(const char *text, struct sriov_broker_addr *addr)
{
	unsigned int domain;
	const char *rest;

	if (!parse_full(text, 0, addr))
		return 0;
	rest = parse_hex(text, 8, ':', -1U, &domain);
	return rest ? parse_full(rest, domain, addr) : -EINVAL;
}

const char *sriovb_format_addr(const struct sriov_broker_addr *addr, char *buf)
{
	snprintf(buf, SRIOVB_ADDR_LEN, "%04x:%02x:%02x.%x", addr->domain,
		 addr->bdf >> 8, addr->bdf >> 3 & 0x1f, addr->bdf & 7);
	return buf;
}

int sriovb_same_addr(const struct sriov_broker_addr *a,
		     const struct sriov_broker_addr *b)
{
	return a->domain == b->domain && a->bdf == b->bdf &&
	       a->valid == b->valid;
}

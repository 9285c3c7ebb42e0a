// SPDX-License-Identifier: GPL-2.0-only
/* Words of strangers: labels, guests' names, what a QEMU says. */
#include <string.h>

#include "base/text.h"

/* How long a UTF-8 character is by its first byte, 0: none begins so. */
static size_t utf8_length(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* Bytes of the UTF-8 character at @text, which ends with a zero; 0: it is none. */
static size_t utf8_char(const unsigned char *text)
{
	size_t n = utf8_length(text[0]);
	size_t i;

	for (i = 1; i < n; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, and what is beyond Unicode. */
	if ((text[0] == 0xe0 && text[1] < 0xa0) ||
	    (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xf0 && text[1] < 0x90) ||
	    (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return n;
}

char *utf8(char *text)
{
	unsigned char *p = (unsigned char *)text;
	size_t n;

	while (*p) {
		n = utf8_char(p);
		if (!n)
			*p = '?';
		p += n ? n : 1;
	}
	return text;
}

char *printable(char *text)
{
	unsigned char *p;

	utf8(text);
	for (p = (unsigned char *)text; *p; p++) {
		if (*p < ' ' || *p == 0x7f)
			*p = '?';
		else if (*p == 0xc2 && p[1] < 0xa0)
			p[0] = p[1] = '?';
	}
	return text;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Words of strangers: labels, guests' names, what a QEMU says. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

/*
 * Make valid UTF-8 of what may be anything: "?" for each byte that is none.
 * Return: @text, changed in place
 */
char *utf8(char *text);

/*
 * The same, for a terminal, which shall not obey it: "?" for each byte of a control
 * character, C1 as well. Return: @text, changed in place
 */
char *printable(char *text);

#endif /* BASE_TEXT_H */

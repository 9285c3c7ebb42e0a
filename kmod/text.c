// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text that users choose, and that others are shown: labels, names of processes and of
 * control groups.
 */
#include <linux/sched.h>
#include <linux/string.h>

#include "core.h"

/* Length of the UTF-8 character at @s, which ends with a zero; 0: it is none. */
static size_t vfb_utf8_char(const u8 *s)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4, i;

	for (i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than need be, surrogates, and what is beyond Unicode. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f) || s[0] > 0xf4)
		return 0;
	return len;
}

/* Length of the character at @s that can be shown on any terminal; 0: it is none. */
static size_t vfb_shown_char(const u8 *s)
{
	size_t len = vfb_utf8_char(s);

	/* C0, DEL; C1, which are controls as well. */
	return s[0] < ' ' || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0) ? 0 : len;
}

/**
 * vfb_label_ok - may this be a lease's label
 * @label: room for SRIOV_BROKER_NAME_LEN characters, from userspace
 *
 * Context: any.
 * Return: true: it is valid UTF-8 that can be shown on any terminal, and ends.
 */
bool vfb_label_ok(const char *label)
{
	const u8 *s = label;
	size_t len;

	if (strnlen(label, SRIOV_BROKER_NAME_LEN) == SRIOV_BROKER_NAME_LEN)
		return false;
	for (; *s; s += len) {
		len = vfb_shown_char(s);
		if (!len)
			return false;
	}
	return true;
}

/**
 * vfb_text_clean - make text fit to be shown
 * @text: a string of any bytes; what would not do for a label becomes '?', a byte each
 *
 * Context: any.
 */
void vfb_text_clean(char *text)
{
	u8 *s = text;

	while (*s) {
		size_t len = vfb_shown_char(s);

		if (!len)
			*s = '?';
		s += len ?: 1;
	}
}

/**
 * vfb_comm - the name of this process, fit to be shown
 * @name: filled; room for SRIOV_BROKER_COMM_LEN characters
 *
 * Of the process, as its pid: threads have names of their own. It can call itself anything.
 *
 * Context: any task but a kernel thread's.
 */
void vfb_comm(char *name)
{
	char comm[TASK_COMM_LEN];

	get_task_comm(comm, READ_ONCE(current->group_leader));
	vfb_text_clean(comm);
	strscpy(name, comm, SRIOV_BROKER_COMM_LEN);
}

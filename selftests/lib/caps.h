/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Capabilities: a process gives one up, and may be root even so.
 */
#ifndef SELFTESTS_CAPS_H
#define SELFTESTS_CAPS_H

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

/* For good: from what this process can do, and could take again. 0, or -1 and errno. */
static inline int drop_cap(unsigned int cap)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, data))
		return -1;
	data[cap / 32].effective &= ~(1U << cap % 32);
	data[cap / 32].permitted &= ~(1U << cap % 32);
	return syscall(SYS_capset, &head, data);
}

#endif /* SELFTESTS_CAPS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The monitor of the QEMU that the test machine runs in (machine hotplug).
 */
#ifndef SELFTESTS_MONITOR_H
#define SELFTESTS_MONITOR_H

#include <poll.h>

#include "broker.h"

#define MONITOR "/dev/virtio-ports/qmp"

static int monitor = -1;

/* One command, and its answer: whether it was a return. */
static inline bool monitor_says(const char *command)
{
	char answer[4096] = "";
	size_t have = 0;
	long long until = now_ms() + LONG_MS;
	ssize_t len;

	if (write(monitor, command, strlen(command)) < 0)
		return false;
	while (now_ms() < until && have < sizeof(answer) - 1) {
		struct pollfd p = { .fd = monitor, .events = POLLIN };

		if (poll(&p, 1, 100) < 1)
			continue;
		len = read(monitor, answer + have, sizeof(answer) - 1 - have);
		if (len <= 0)
			continue;
		have += len;
		answer[have] = '\0';
		if (strstr(answer, "\"error\"")) {
			diag("%s: %s", command, answer);
			return false;
		}
		if (strstr(answer, "\"return\""))
			return true;
	}
	return false;
}

static inline void monitor_begin(void)
{
	monitor = open(MONITOR, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (monitor < 0)
		bail("the machine has no monitor: %m");
	/* A test before this one may have begun the conversation. */
	if (!monitor_says("{\"execute\":\"qmp_capabilities\"}\n") &&
	    !monitor_says("{\"execute\":\"query-name\"}\n"))
		bail("the monitor does not answer");
}

#endif /* SELFTESTS_MONITOR_H */

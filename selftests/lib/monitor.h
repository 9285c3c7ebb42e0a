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

/* What QEMU said to the last command; empty: nothing yet. */
static char monitor_answer[4096];

/* Reads on: true once the answer to that command is there, whole. */
static inline bool monitor_answers(const char *id)
{
	static char said[4096];
	static size_t have;
	struct pollfd p = { .fd = monitor, .events = POLLIN };
	char *line, *end;
	bool found = false;
	ssize_t len;

	if (poll(&p, 1, 100) < 1)
		return false;
	len = read(monitor, said + have, sizeof(said) - 1 - have);
	have += len > 0 ? len : 0;
	said[have] = '\0';
	for (line = said; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		/* Else it is an event, or answers one that this did not wait for. */
		if (!strstr(line, id))
			continue;
		snprintf(monitor_answer, sizeof(monitor_answer), "%s", line);
		found = true;
	}
	have = strlen(line);
	memmove(said, line, have + 1);
	if (have == sizeof(said) - 1)
		have = 0;
	return found;
}

/*
 * One command, and its answer: whether it was a return.  Commands are numbered over all
 * tests of the machine: one that was given up may yet be answered.
 */
static inline bool monitor_says(const char *execute, const char *arguments)
{
	static unsigned int number;
	char *id = text("\"%d-%u\"", (int)getpid(), ++number);
	char *command =
		text("{\"execute\":\"%s\",\"arguments\":{%s},\"id\":%s}\n",
		     execute, arguments, id);
	long long until = now_ms() + LONG_MS;

	monitor_answer[0] = '\0';
	if (write(monitor, command, strlen(command)) !=
	    (ssize_t)strlen(command)) {
		diag("%s: not sent: %s", execute, strerror(errno));
		return false;
	}
	while (!monitor_answers(id))
		if (now_ms() > until) {
			diag("%s: no answer", execute);
			return false;
		}
	if (strstr(monitor_answer, "\"return\""))
		return true;
	diag("%s: %s", command, monitor_answer);
	return false;
}

static inline void monitor_begin(void)
{
	monitor = open(MONITOR, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (monitor < 0)
		bail("the machine has no monitor: %m");
	/* A test before this one may have begun the conversation. */
	if (!monitor_says("qmp_capabilities", "") &&
	    !monitor_says("query-name", ""))
		bail("the monitor does not answer");
}

#endif /* SELFTESTS_MONITOR_H */

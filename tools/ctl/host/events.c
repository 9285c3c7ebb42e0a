// SPDX-License-Identifier: GPL-2.0-only
/* The module's generic netlink family, by the part that speaks it. */
#include "base/need.h"
#include "host/events.h"

static const struct events_part *events_part(void)
{
	static const struct events_part *part;

	if (!part)
		part = need_part("events", sizeof(*part));
	return part;
}

int events_open(struct events **events)
{
	return events_part()->open(events);
}

void events_close(struct events *events)
{
	events_part()->close(events);
}

int events_fd(const struct events *events)
{
	return events_part()->fd(events);
}

int events_list(struct events *events, const struct event_handler *handler,
		void *arg)
{
	return events_part()->list(events, handler, arg);
}

int events_read(struct events *events, const struct event_handler *handler,
		void *arg)
{
	return events_part()->read(events, handler, arg);
}

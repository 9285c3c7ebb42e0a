/* SPDX-License-Identifier: GPL-2.0-only */
/* The part "events": the module's generic netlink family, with libnl-genl. */
#ifndef PARTS_EVENTS_H
#define PARTS_EVENTS_H

#include <stdint.h>

#include "parts/part.h"
#include "sriovbroker.h"

struct events;

/* What is called; @arg is that of the call. Return: 0, or what ends the call. */
struct event_handler {
	int (*pf)(const struct sriov_broker_pf *pf, void *arg);
	int (*vf)(const struct sriov_broker_vf *vf, void *arg);
	int (*event)(const struct sriov_broker_event *event, void *arg);
	/* Events were lost: what was said is to be forgotten. */
	int (*lost)(void *arg);
	/* All PFs and VFs are told; what comes now is later than @seq. */
	int (*listed)(uint64_t seq, void *arg);
};

/* Each is what host/events.h says of the function that calls it. */
struct events_part {
	struct part part;
	int (*open)(struct events **events);
	void (*close)(struct events *events);
	int (*fd)(const struct events *events);
	int (*list)(struct events *events, const struct event_handler *handler,
		    void *arg);
	int (*read)(struct events *events, const struct event_handler *handler,
		    void *arg);
};

#endif /* PARTS_EVENTS_H */

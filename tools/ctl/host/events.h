/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's generic netlink family: what is, and what happens. */
#ifndef HOST_EVENTS_H
#define HOST_EVENTS_H

#include "parts/events.h"

/*
 * Listen from now on. Return: 0, then it is the caller's to close; -ENOENT: the
 * module is not loaded; -errno
 */
int events_open(struct events **events);
void events_close(struct events *events);

/* To be polled for input. */
int events_fd(const struct events *events);

/* Tell all PFs and VFs. Return: 0, -errno, or what a handler returned. */
int events_list(struct events *events, const struct event_handler *handler,
		void *arg);

/*
 * Tell what has happened, if anything; list again where some of it was lost.
 * Return: 0; -ENODEV: the module was unloaded; -errno; or what a handler
 * returned
 */
int events_read(struct events *events, const struct event_handler *handler,
		void *arg);

#endif /* HOST_EVENTS_H */

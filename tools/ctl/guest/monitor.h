/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's monitor, for commands that change something. Functions complain by
 * themselves and return 0 or an exit code.
 */
#ifndef GUEST_MONITOR_H
#define GUEST_MONITOR_H

#include "cli/args.h"
#include "guest/find.h"
#include "qemu/qmp.h"

/* A QEMU's monitor, and what the user calls it: --qmp SOCKET, --libvirt DOMAIN. */
struct monitor {
	struct qmp qmp;
	const char *option;
	const char *name;
	int by_socket; /* or else libvirt's */
	int file;      /* the socket's, by O_PATH; -1: @name is its path */
	pid_t guest;   /* the process that it has to be, 0: any */
	int lock;      /* for this guest, -1: none */
	pid_t waited;  /* for this other sriovctl to be done with it */
};

/* For a table of options. */
#define MONITOR_QMP_OPTION { "qmp", 'q', "SOCKET", "QEMU's monitor" }
#define MONITOR_LIBVIRT_OPTION \
	{ "libvirt", 'L', "DOMAIN", "or else: a guest of libvirt's" }

/* One of the two is needed. Return: 0 or EXIT_USAGE */
int monitor_check(const struct args *args, const char *socket,
		  const char *domain);

/*
 * Open the monitor at @socket, or if that is NULL that of libvirt's @domain.
 * @timeout_ms: for another client of the monitor, and for another sriovctl that
 * is at work on this guest, to be done, qmp_timeout_ms at least.
 */
int monitor_open(struct monitor *m, const char *socket, const char *domain,
		 int timeout_ms);

/* The same for a guest that was found, and no other. */
int monitor_open_guest(struct monitor *m, const struct guest *guest,
		       int timeout_ms);
void monitor_close(struct monitor *m);

/* What a device called @id is called in this QEMU; room for QEMU_ID_LEN. */
void monitor_id(const struct monitor *m, const char *id, char *to);

/* Complain about the last thing QEMU said or did. Return: an exit code */
int monitor_failed(const struct monitor *m);

/* The same, in the name of the device or VF that it was about. */
int monitor_failed_for(const struct monitor *m, const char *what);

#endif /* GUEST_MONITOR_H */

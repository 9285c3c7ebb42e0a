// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's monitor, for commands that change something: over a socket or libvirt, one
 * command at a time for each guest.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/complain.h"
#include "base/progress.h"
#include "cli/args.h"
#include "guest/lock.h"
#include "guest/monitor.h"
#include "qemu/libvirt.h"
#include "qemu/qemu.h"

/* How often a guest may be started anew while it is waited for. */
#define LOCK_ROUNDS 3

int monitor_failed(const struct monitor *m)
{
	return fail(exit_code_of(m->qmp.failed), m->name, "%s", m->qmp.error);
}

int monitor_failed_for(const struct monitor *m, const char *what)
{
	return fail(exit_code_of(m->qmp.failed), what, "%s: %s", m->name,
		    m->qmp.error);
}

int monitor_check(const struct args *args, const char *socket,
		  const char *domain)
{
	if (!socket && !domain)
		return bad_usage(
			args,
			"missing argument: --qmp SOCKET, or --libvirt DOMAIN");
	if (socket && domain)
		return bad_usage(args, "--qmp or --libvirt, not both");
	return 0;
}

/* Number 0 is that of every process which can't be seen. */
static int check_peer(struct monitor *m)
{
	pid_t peer = qmp_peer(&m->qmp);

	if (peer < 0)
		return qmp_fail(
			&m->qmp, -ESRCH,
			"the process that opened it has ended, and others go on with it, so that it can't be known whose guest it is");
	if (!peer)
		return qmp_fail(
			&m->qmp, -ESRCH,
			m->by_socket ?
				"its process can't be seen from here, as from another PID namespace, so that it can't be known whose guest it is" :
				"libvirt does not tell its process, so that it can't be known whose guest it is");
	if (m->guest && peer != m->guest)
		return qmp_fail(&m->qmp, -ESRCH, "it is not process %d's",
				m->guest);
	return 0;
}

static int connect_to(struct monitor *m, int timeout_ms)
{
	int err;

	if (m->file >= 0)
		err = qmp_connect_file(&m->qmp, m->file, timeout_ms);
	else if (m->by_socket)
		err = qmp_connect(&m->qmp, m->name, timeout_ms);
	else
		err = libvirt_open(&m->qmp, m->name, m->guest, timeout_ms);
	if (err)
		return err;
	return check_peer(m);
}

static int fail_lock(struct monitor *m, int timeout_ms)
{
	if (m->lock == -ETIMEDOUT)
		return qmp_fail(
			&m->qmp, m->lock,
			"another sriovctl, process %d, is at work on this guest, for %d s now" REMEDY
			"try again when it is done",
			m->waited, timeout_ms / 1000);
	if (m->lock == -EINTR)
		return qmp_fail(
			&m->qmp, m->lock,
			"interrupted while another sriovctl, process %d, was at work on this guest",
			m->waited);
	if (m->lock == -EBUSY)
		return qmp_fail(
			&m->qmp, m->lock,
			"its QEMU was another process each time that another sriovctl was done with it" REMEDY
			"try again");
	return qmp_fail(&m->qmp, m->lock, "can't lock this guest: %s",
			strerror(-m->lock));
}

/*
 * Not over two monitors at a time. The sriovctl that has to wait hangs up meanwhile: the one that
 * is waited for may be behind in the queue for the monitor.
 */
static int lock_guest(struct monitor *m, int timeout_ms)
{
	int round, err;

	for (round = 0; round < LOCK_ROUNDS; round++) {
		pid_t guest = qmp_peer(&m->qmp);

		m->lock = guest_lock(guest, 0, &m->waited);
		if (m->lock != -ETIMEDOUT)
			break;
		qmp_close(&m->qmp);
		m->lock = guest_lock(guest, timeout_ms, &m->waited);
		if (m->lock < 0)
			break;
		err = connect_to(m, timeout_ms);
		if (err || qmp_peer(&m->qmp) == guest)
			return err;
		/* Another process serves it by now, which has a lock of its own. */
		close(m->lock);
		m->lock = -EBUSY;
	}
	if (m->lock >= 0)
		return 0;
	/* A user without a place for it still has the monitor's own queue. */
	if (geteuid() && m->lock != -ETIMEDOUT && m->lock != -EINTR &&
	    m->lock != -EBUSY)
		return 0;
	return fail_lock(m, timeout_ms);
}

static int open_it(struct monitor *m, int timeout_ms)
{
	int err;

	m->option = m->by_socket ? "--qmp" : "--libvirt";
	if (timeout_ms < qmp_timeout_ms)
		timeout_ms = qmp_timeout_ms;
	progress("%s: waiting for QEMU's greeting", m->name);
	err = connect_to(m, timeout_ms);
	if (!err)
		err = lock_guest(m, timeout_ms);
	if (!err && m->by_socket)
		err = qmp_greet(&m->qmp);
	m->qmp.timeout_ms = qmp_timeout_ms;
	progress_end();
	return err ? monitor_failed(m) : 0;
}

int monitor_open(struct monitor *m, const char *socket, const char *domain,
		 int timeout_ms)
{
	*m = (struct monitor){
		.name = socket ? socket : domain,
		.by_socket = !!socket,
		.file = -1,
		.lock = -1,
	};
	/* What that process's own file system has there is for that process to say. */
	if (socket && sscanf(socket, "/proc/%d/", &m->guest) != 1 &&
	    sscanf(socket, "unix:/proc/%d/", &m->guest) != 1)
		m->guest = 0;
	return open_it(m, timeout_ms);
}

int monitor_open_guest(struct monitor *m, const struct guest *guest,
		       int timeout_ms)
{
	int by_socket = !guest->domain[0];

	*m = (struct monitor){
		.name = by_socket ? guest->monitor : guest->domain,
		.by_socket = by_socket,
		.file = by_socket ? guest->file : -1,
		.guest = guest->pid,
		.lock = -1,
	};
	return open_it(m, timeout_ms);
}

void monitor_close(struct monitor *m)
{
	qmp_close(&m->qmp);
	if (m->lock >= 0)
		close(m->lock);
}

void monitor_id(const struct monitor *m, const char *id, char *to)
{
	if (m->qmp.helper)
		libvirt_id(id, to, QEMU_ID_LEN);
	else
		snprintf(to, QEMU_ID_LEN, "%s", id);
}

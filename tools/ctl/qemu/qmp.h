/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QMP, the language of QEMU's monitor, over a unix socket.
 *
 * The program at the other end is not trusted: a message has a largest size,
 * every wait an end, and whatever is not QMP ends the conversation.
 */
#ifndef QEMU_QMP_H
#define QEMU_QMP_H

#include <stdint.h>
#include <sys/types.h>

#include <json-c/json.h>

#define QMP_MAX_MESSAGE (1 << 20)
#define QMP_MAX_EVENTS	64
#define QMP_MAX_DEVICE	128 /* bytes of the id in an event that is kept */

/* What functions return besides 0: QEMU said no, qmp->error are its words. */
#define QMP_REFUSED 1

struct qmp {
	int fd;
	int broken; /* the conversation has lost its thread */
	int major;
	int minor;
	pid_t helper;	/* between us and QEMU, 0: none is */
	pid_t peer;	/* with a helper: QEMU */
	int timeout_ms; /* for commands that do not wait for a guest */
	unsigned int next_id;
	struct json_tokener *tokener;
	struct json_object *events; /* array of those not asked for yet */
	size_t message; /* bytes of the message that is being read */
	size_t pos;
	size_t len;
	char buf[4096];
	char class[64];	 /* of the last refusal: "DeviceNotFound" */
	char error[512]; /* what went wrong last, in words */
	int failed; /* the same as a negative errno; 0: QEMU's own reason */
};

/* For whatever does not wait for a guest; main() may set it. */
#define QMP_PATIENCE	 "SRIOVCTL_PATIENCE" /* seconds, in the environment */
#define QMP_MAX_PATIENCE 3600
extern int qmp_timeout_ms;

/*
 * Connect and shake hands, over a socket's file that is open by O_PATH. qmp_close()
 * afterwards whatever is returned.
 * Return: 0 or -errno with words in qmp->error; so do those below.
 */
int qmp_open_file(struct qmp *qmp, int file, int timeout_ms);

/*
 * The two halves of that; @path may be what QEMU's command line has,
 * "unix:PATH,server=on". A monitor that serves another client takes a connection all
 * the same, and begins to speak when that one has gone.
 */
int qmp_connect(struct qmp *qmp, const char *path, int timeout_ms);
int qmp_connect_file(struct qmp *qmp, int file, int timeout_ms);
int qmp_greet(struct qmp *qmp);

/* A conversation on a connected socket, which qmp_close() closes. */
int qmp_start(struct qmp *qmp, int fd);

/* One that a process of ours is at the other end of; qmp_close() kills it. */
int qmp_start_helped(struct qmp *qmp, int fd, pid_t helper, int timeout_ms);
void qmp_close(struct qmp *qmp);

/* The conversation can't go on, in words. Return: @err */
int qmp_fail(struct qmp *qmp, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * QEMU's process, by the kernel's word, or libvirt's; never QEMU's. 0: it can't be seen
 * from here; -1: it has ended, and its number may be another's. Nothing is proved by
 * these.
 */
pid_t qmp_peer(const struct qmp *qmp);

/*
 * Run a command. @args is given up, NULL: none. @fd is sent along, -1: none.
 * @answer, if not NULL, is the caller's to put.
 * Return: 0, QMP_REFUSED or -errno, -ETIMEDOUT: no answer in time.
 */
int qmp_call(struct qmp *qmp, const char *command, struct json_object *args,
	     int fd, int timeout_ms, struct json_object **answer);

/* Has a command been refused for want of the device it is about? */
int qmp_not_found(const struct qmp *qmp, int err);

/*
 * The next event, the caller's to put. Of those that came while an answer was waited
 * for only a device's end, or its refusal, with its id.
 * Return: 0 or -errno, -ETIMEDOUT: none until @deadline.
 */
int qmp_event(struct qmp *qmp, int64_t deadline, struct json_object **event);

/* A member's text, NULL if it has none. */
const char *qmp_text(struct json_object *obj, const char *key);

#endif /* QEMU_QMP_H */

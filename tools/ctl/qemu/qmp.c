// SPDX-License-Identifier: GPL-2.0-only
/*
 * QMP over a unix socket: json-c's incremental tokener behind a bounded reader,
 * poll with a deadline everywhere, descriptors sent as SCM_RIGHTS.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/complain.h"
#include "base/text.h"
#include "base/wait.h"
#include "host/path.h"
#include "host/proc.h"
#include "qemu/qmp.h"
#include "sriovbroker.h"

/* How long QEMU may take to see that we go. */
#define LEAVE_MS 1000

int qmp_timeout_ms = 10000;

/* ---- words about what went wrong ---- */

int qmp_fail(struct qmp *qmp, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(qmp->error, sizeof(qmp->error), fmt, args);
	va_end(args);
	qmp->broken = 1;
	qmp->failed = err;
	return err;
}

/* What a stranger sent, fit for a terminal. */
static void copy_words(char *to, size_t room, const char *from)
{
	size_t i;

	/* QEMU's hints are lines of their own. */
	for (i = 0; from[i] && i < room - 1; i++)
		to[i] = from[i] == '\n' ? ' ' : from[i];
	while (i && to[i - 1] == ' ')
		i--;
	to[i] = '\0';
	printable(to);
}

static int fail_garbage(struct qmp *qmp)
{
	return qmp_fail(qmp, -EPROTO, "what answers does not speak QMP");
}

const char *qmp_text(struct json_object *obj, const char *key)
{
	struct json_object *value;

	if (!json_object_is_type(obj, json_type_object) ||
	    !json_object_object_get_ex(obj, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

/* ---- the socket ---- */

static int fill(struct qmp *qmp, int64_t deadline)
{
	/* What ended it is left to the caller to put into words. */
	int err = wait_until(qmp->fd, POLLIN, deadline);
	ssize_t n;

	if (err)
		return err;
	n = recv(qmp->fd, qmp->buf, sizeof(qmp->buf), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return qmp_fail(qmp, -errno, "%s", strerror(errno));
	if (!n)
		return qmp_fail(qmp, -ECONNRESET, "it closed the connection");
	qmp->pos = 0;
	qmp->len = n;
	return 0;
}

/* Give the tokener what is there. Return: 1 if a message is whole, or -errno */
static int parse(struct qmp *qmp, struct json_object **message)
{
	struct json_tokener *tok = qmp->tokener;
	size_t used;

	*message = json_tokener_parse_ex(tok, qmp->buf + qmp->pos,
					 qmp->len - qmp->pos);
	if (json_tokener_get_error(tok) == json_tokener_continue) {
		qmp->message += qmp->len - qmp->pos;
		qmp->pos = qmp->len;
		if (qmp->message > QMP_MAX_MESSAGE)
			return qmp_fail(
				qmp, -EMSGSIZE,
				"it sent a message of more than %d bytes",
				QMP_MAX_MESSAGE);
		return 0;
	}
	used = json_tokener_get_parse_end(tok);
	if (json_tokener_get_error(tok) != json_tokener_success ||
	    !json_object_is_type(*message, json_type_object)) {
		json_object_put(*message);
		return fail_garbage(qmp);
	}
	qmp->pos += used;
	qmp->message = 0;
	return 1;
}

static int receive(struct qmp *qmp, int64_t deadline,
		   struct json_object **message)
{
	int ret;

	do {
		/* Talking without end is not answering. */
		if (now_ms() > deadline)
			return -ETIMEDOUT;
		ret = qmp->pos == qmp->len ? fill(qmp, deadline) : 0;
		if (!ret && qmp->pos < qmp->len)
			ret = parse(qmp, message);
	} while (!ret);
	return ret < 0 ? ret : 0;
}

/* Send some of it; a descriptor goes with the first byte. */
static ssize_t send_some(struct qmp *qmp, const char *text, size_t len, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (char *)text, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	return sendmsg(qmp->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int send_all(struct qmp *qmp, const char *text, int fd, int64_t deadline)
{
	size_t len = strlen(text);

	while (len) {
		ssize_t n = send_some(qmp, text, len, fd);
		int err;

		if (n >= 0) {
			text += n;
			len -= n;
			fd = -1;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return qmp_fail(qmp, -errno, "%s", strerror(errno));
		err = wait_until(qmp->fd, POLLOUT, deadline);
		if (err)
			return qmp_fail(qmp, err,
					"it does not read what we send");
	}
	return 0;
}

/* ---- commands and events ---- */

/* Is it one that anything is made of? Return: the device it is about, or NULL */
static const char *device_of(struct json_object *event)
{
	const char *name = qmp_text(event, "event");
	struct json_object *data;

	if (strcmp(name, "DEVICE_DELETED") &&
	    strcmp(name, "DEVICE_UNPLUG_GUEST_ERROR"))
		return NULL;
	return json_object_object_get_ex(event, "data", &data) ?
		       qmp_text(data, "device") :
		       NULL;
}

/*
 * Keep the newest: what was missed shows in QEMU's state all the same. And of each no
 * more than is read, for a message may be large.
 */
static void queue_event(struct qmp *qmp, struct json_object *event)
{
	const char *device = device_of(event);
	struct json_object *kept, *data;

	if (device && strlen(device) < QMP_MAX_DEVICE) {
		kept = json_object_new_object();
		data = json_object_new_object();
		json_object_object_add(data, "device",
				       json_object_new_string(device));
		json_object_object_add(
			kept, "event",
			json_object_new_string(qmp_text(event, "event")));
		json_object_object_add(kept, "data", data);
		if (json_object_array_length(qmp->events) == QMP_MAX_EVENTS)
			json_object_array_del_idx(qmp->events, 0, 1);
		json_object_array_add(qmp->events, kept);
	}
	json_object_put(event);
}

/* An error's words. Return: QMP_REFUSED */
static int take_error(struct qmp *qmp, struct json_object *error)
{
	const char *class = qmp_text(error, "class");
	const char *desc = qmp_text(error, "desc");

	copy_words(qmp->class, sizeof(qmp->class), class ? class : "");
	qmp->failed = strcmp(qmp->class, "DeviceNotFound") ? 0 : -ENOENT;
	copy_words(qmp->error, sizeof(qmp->error), desc ? desc : "no reason");
	return QMP_REFUSED;
}

/* The answer to command @id; one that came too late is passed over. */
static int await_answer(struct qmp *qmp, unsigned int id, int64_t deadline,
			struct json_object **answer)
{
	struct json_object *message, *value, *theirs;
	int ret;

	for (;;) {
		ret = receive(qmp, deadline, &message);
		if (ret)
			return ret;
		if (qmp_text(message, "event")) {
			queue_event(qmp, message);
			continue;
		}
		if (!json_object_object_get_ex(message, "id", &theirs) ||
		    json_object_get_int64(theirs) == id)
			break;
		json_object_put(message);
	}
	if (json_object_object_get_ex(message, "error", &value))
		ret = take_error(qmp, value);
	else if (!json_object_object_get_ex(message, "return", &value))
		ret = fail_garbage(qmp);
	else if (answer)
		*answer = json_object_get(value);
	json_object_put(message);
	return ret;
}

/* A wait that ended without what it waited for. */
static int explain_wait(struct qmp *qmp, int err, const char *what)
{
	if (err == -ETIMEDOUT)
		return qmp_fail(qmp, err, "no answer to %s in time", what);
	if (err == -EINTR)
		return qmp_fail(qmp, err, "interrupted while waiting for %s",
				what);
	return qmp_fail(qmp, err, "%s", strerror(-err));
}

int qmp_call(struct qmp *qmp, const char *command, struct json_object *args,
	     int fd, int timeout_ms, struct json_object **answer)
{
	int64_t deadline = now_ms() + timeout_ms;
	struct json_object *message = json_object_new_object();
	unsigned int id = ++qmp->next_id;
	int ret;

	qmp->failed = 0;
	json_object_object_add(message, "execute",
			       json_object_new_string(command));
	if (args)
		json_object_object_add(message, "arguments", args);
	json_object_object_add(message, "id", json_object_new_int64(id));
	ret = send_all(qmp, json_object_to_json_string_ext(message, 0), fd,
		       deadline);
	json_object_put(message);
	if (!ret)
		ret = await_answer(qmp, id, deadline, answer);
	/* A late answer is told by its id: the conversation goes on. */
	if (ret < 0 && !qmp->broken) {
		explain_wait(qmp, ret, command);
		qmp->broken = 0;
	}
	return ret;
}

int qmp_not_found(const struct qmp *qmp, int err)
{
	return err == QMP_REFUSED && !strcmp(qmp->class, "DeviceNotFound");
}

int qmp_event(struct qmp *qmp, int64_t deadline, struct json_object **event)
{
	int ret;

	if (json_object_array_length(qmp->events)) {
		*event = json_object_get(
			json_object_array_get_idx(qmp->events, 0));
		json_object_array_del_idx(qmp->events, 0, 1);
		return 0;
	}
	do {
		ret = receive(qmp, deadline, event);
		if (ret) {
			/* Not what the last answer was. */
			qmp->failed = ret;
			return ret;
		}
		if (qmp_text(*event, "event"))
			return 0;
		json_object_put(*event);
	} while (1);
}

/* ---- the beginning ---- */

static int get_number(struct json_object *obj, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(obj, key, &value);
	return json_object_get_int(value);
}

/*
 * {"QMP": {"version": {"qemu": {"major": 10, "minor": 0, ...}}, ...}}; a helper
 * adds "pid": 123, by libvirt's word.
 */
static int read_greeting(struct qmp *qmp, struct json_object *message)
{
	struct json_object *obj = message;

	if (qmp->helper)
		qmp->peer = get_number(message, "pid");
	if (!json_object_object_get_ex(obj, "QMP", &obj) ||
	    !json_object_is_type(obj, json_type_object) ||
	    !json_object_object_get_ex(obj, "version", &obj) ||
	    !json_object_is_type(obj, json_type_object) ||
	    !json_object_object_get_ex(obj, "qemu", &obj) ||
	    !json_object_is_type(obj, json_type_object))
		return fail_garbage(qmp);
	qmp->major = get_number(obj, "major");
	qmp->minor = get_number(obj, "minor");
	return 0;
}

/* Silence in place of a greeting. */
static int fail_silence(struct qmp *qmp)
{
	/* A monitor serves one client and lets the next one wait in silence. */
	return qmp_fail(
		qmp, -ETIMEDOUT, "no %s in %d s%s",
		qmp->helper ? "answer of libvirt" : "QMP greeting",
		qmp->timeout_ms / 1000,
		qmp->helper ? "" :
			      "; is another client connected to this monitor?");
}

/* A helper that can't do what it is for says so in place of a greeting. */
static int take_refusal(struct qmp *qmp, struct json_object *message)
{
	struct json_object *error;

	if (!qmp->helper ||
	    !json_object_object_get_ex(message, "error", &error))
		return 0;
	take_error(qmp, error);
	qmp->broken = 1;
	if (!strcmp(qmp->class, "OtherProcess"))
		qmp->failed = -ESRCH;
	if (!strcmp(qmp->class, "DomainNotFound"))
		qmp->failed = -ENOENT;
	return qmp->failed ? qmp->failed : -ECONNREFUSED;
}

int qmp_greet(struct qmp *qmp)
{
	struct json_object *message;
	int ret = receive(qmp, now_ms() + qmp->timeout_ms, &message);

	if (ret == -ETIMEDOUT)
		return fail_silence(qmp);
	if (ret)
		return qmp->broken ? ret : explain_wait(qmp, ret, "a greeting");
	ret = take_refusal(qmp, message);
	if (!ret)
		ret = read_greeting(qmp, message);
	json_object_put(message);
	if (!ret)
		ret = qmp_call(qmp, "qmp_capabilities", NULL, -1,
			       qmp->timeout_ms, NULL);
	return ret == QMP_REFUSED ? fail_garbage(qmp) : ret;
}

static int begin(struct qmp *qmp, int fd, pid_t helper, int timeout_ms)
{
	*qmp = (struct qmp){
		.fd = fd,
		.helper = helper,
		.timeout_ms = timeout_ms,
	};
	qmp->tokener = json_tokener_new();
	qmp->events = json_object_new_array();
	if (!qmp->tokener || !qmp->events)
		return qmp_fail(qmp, -ENOMEM, "out of memory");
	return 0;
}

int qmp_start_helped(struct qmp *qmp, int fd, pid_t helper, int timeout_ms)
{
	int err = begin(qmp, fd, helper, timeout_ms);

	return err ? err : qmp_greet(qmp);
}

int qmp_start(struct qmp *qmp, int fd)
{
	return qmp_start_helped(qmp, fd, 0, qmp_timeout_ms);
}

/* The queue of a listener may be full: try again, for a while. */
static int connect_bounded(int fd, const struct sockaddr_un *addr,
			   int timeout_ms)
{
	int64_t deadline = now_ms() + timeout_ms;

	while (connect(fd, (const struct sockaddr *)addr, sizeof(*addr))) {
		if (errno != EAGAIN || now_ms() > deadline)
			return -errno;
		if (wait_ms(50))
			return -EINTR;
	}
	return 0;
}

static int fail_connect(struct qmp *qmp, int err)
{
	switch (err) {
	case -EAGAIN: /* so many wait already */
		return fail_silence(qmp);
	case -EINTR:
		return explain_wait(qmp, err, "a connection");
	case -ECONNREFUSED:
		return qmp_fail(qmp, err, "%s; no process serves it",
				strerror(-err));
	}
	return qmp_fail(qmp, err, "%s", strerror(-err));
}

/* The socket's file, so that it is this one that is connected to. */
static int open_file(struct qmp *qmp, const char *path)
{
	char link[PATH_LINK_LEN];
	int fd = path_open(path, link);

	if (fd >= 0)
		return fd;
	if (!link[0])
		return fail_connect(qmp, fd);
	return qmp_fail(
		qmp, fd,
		"%s in it is a link that another user can change, and leads where that user likes" REMEDY
		"name what it is to lead to",
		link);
}

int qmp_connect(struct qmp *qmp, const char *path, int timeout_ms)
{
	char plain[PATH_MAX];
	int file, ret;

	*qmp = (struct qmp){ .fd = -1, .timeout_ms = timeout_ms };
	if (!strncmp(path, "unix:", 5)) {
		path += 5;
		snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(path, ","),
			 path);
		path = plain;
	}
	file = open_file(qmp, path);
	if (file < 0)
		return file;
	ret = qmp_connect_file(qmp, file, timeout_ms);
	close(file);
	return ret;
}

int qmp_connect_file(struct qmp *qmp, int file, int timeout_ms)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, err;

	*qmp = (struct qmp){ .fd = -1, .timeout_ms = timeout_ms };
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d",
		 file);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return qmp_fail(qmp, -errno, "%s", strerror(errno));
	err = connect_bounded(fd, &addr, timeout_ms);
	if (err) {
		close(fd);
		return fail_connect(qmp, err);
	}
	return begin(qmp, fd, 0, timeout_ms);
}

int qmp_open_file(struct qmp *qmp, int file, int timeout_ms)
{
	int err = qmp_connect_file(qmp, file, timeout_ms);

	return err ? err : qmp_greet(qmp);
}

/*
 * A monitor serves one client: wait until QEMU has seen that this one is gone, for
 * whoever comes next to find it free. Signals stay what they are: for the next wait.
 */
static void take_leave(struct qmp *qmp)
{
	struct pollfd fd = { .fd = qmp->fd, .events = POLLIN };
	int64_t deadline = now_ms() + LEAVE_MS;
	int64_t left = LEAVE_MS;

	if (shutdown(qmp->fd, SHUT_WR))
		return;
	while (left > 0 && poll(&fd, 1, left) > 0 &&
	       recv(qmp->fd, qmp->buf, sizeof(qmp->buf), MSG_DONTWAIT) > 0)
		left = deadline - now_ms();
}

void qmp_close(struct qmp *qmp)
{
	if (qmp->fd >= 0 && !qmp->broken && !qmp->helper)
		take_leave(qmp);
	if (qmp->fd >= 0)
		close(qmp->fd);
	if (qmp->helper) {
		kill(qmp->helper, SIGKILL);
		waitpid(qmp->helper, NULL, 0);
	}
	if (qmp->tokener)
		json_tokener_free(qmp->tokener);
	json_object_put(qmp->events);
	qmp->tokener = NULL;
	qmp->events = NULL;
	qmp->fd = -1;
	qmp->helper = 0;
}

pid_t qmp_peer(const struct qmp *qmp)
{
	return qmp->helper ? qmp->peer : proc_peer(qmp->fd);
}

// SPDX-License-Identifier: GPL-2.0-only
/* The QMP client against peers of every kind, at the other end of a pair. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/wait.h"
#include "qemu/qemu.h"
#include "qemu/qmp.h"

#define GREETING                                                         \
	"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 13, \"minor\": " \
	"0, \"major\": 10}, \"package\": \"\"}, \"capabilities\": []}}\r\n"
#define OK(id) "{\"return\": {}, \"id\": " #id "}\r\n"

/* A peer in a process of its own; it ends when the pair is closed. */
static pid_t start_peer(void (*peer)(int fd), int *ours)
{
	int pair[2];
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(pair[0]);
		signal(SIGPIPE, SIG_DFL);
		alarm(60);
		peer(pair[1]);
		_exit(0);
	}
	close(pair[1]);
	*ours = pair[0];
	return pid;
}

static void end_peer(struct qmp *qmp, pid_t pid)
{
	qmp_close(qmp);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void say(int fd, const char *text)
{
	size_t len = strlen(text);

	if (write(fd, text, len) != (ssize_t)len)
		_exit(1);
}

/* Wait for a command; its answer does not depend on what it is. */
static void hear(int fd)
{
	char buf[4096];

	if (read(fd, buf, sizeof(buf)) <= 0)
		_exit(1);
}

static void shake_hands(int fd)
{
	say(fd, GREETING);
	hear(fd);
	say(fd, OK(1));
}

/* Byte by byte; two messages in one; lines broken as with pretty=on. */
static void polite_peer(int fd)
{
	const char *p;

	for (p = GREETING; *p; p++)
		if (write(fd, p, 1) != 1)
			_exit(1);
	hear(fd);
	say(fd, "{\r\n    \"return\": {\r\n    },\r\n    \"id\": 1\r\n}\r\n");
	hear(fd);
	say(fd, "{\"event\": \"STOP\", \"timestamp\": {}}\r\n"
		"{\"event\": \"DEVICE_DELETED\", \"data\": "
		"{\"device\": \"net1\", \"path\": \"/x\"}}\r\n"
		"{\"return\": \"late\", \"id\": 1}\r\n"
		"{\"return\": {\"name\": \"web\\u001b1\"}, \"id\": 2}\r\n"
		"{\"event\": \"RESUME\", \"timestamp\": {}}\r\n");
	hear(fd);
	say(fd,
	    "{\"error\": {\"class\": \"DeviceNotFound\", "
	    "\"desc\": \"Device '\x1b[31mx' not found\\n\"}, \"id\": 3}\r\n");
	hear(fd);
}

static void conversation(void **state)
{
	struct json_object *event, *data;
	char name[16];
	struct qmp qmp;
	int fd;
	pid_t pid = start_peer(polite_peer, &fd);

	(void)state;
	assert_int_equal(qmp_start(&qmp, fd), 0);
	assert_int_equal(qmp.major, 10);
	assert_int_equal(qemu_guest_name(&qmp, name, sizeof(name)), 0);
	assert_string_equal(name, "web?1");
	assert_int_equal(qmp_event(&qmp, now_ms() + 5000, &event), 0);
	assert_string_equal(qmp_text(event, "event"), "DEVICE_DELETED");
	data = json_object_object_get(event, "data");
	assert_string_equal(qmp_text(data, "device"), "net1");
	assert_null(qmp_text(data, "path"));
	json_object_put(event);
	assert_int_equal(qmp_event(&qmp, now_ms() + 5000, &event), 0);
	assert_string_equal(qmp_text(event, "event"), "RESUME");
	json_object_put(event);
	assert_int_equal(qmp_call(&qmp, "device_del", NULL, -1, 5000, NULL),
			 QMP_REFUSED);
	assert_string_equal(qmp.class, "DeviceNotFound");
	assert_string_equal(qmp.error, "Device '?[31mx' not found");
	assert_int_equal(qmp_event(&qmp, now_ms() + 50, &event), -ETIMEDOUT);
	assert_false(qmp.broken);
	end_peer(&qmp, pid);
}

static void silent_peer(int fd)
{
	shake_hands(fd);
	hear(fd);
	hear(fd);
}

static void silence(void **state)
{
	int64_t begin = now_ms();
	struct qmp qmp;
	int fd;
	pid_t pid = start_peer(silent_peer, &fd);

	(void)state;
	assert_int_equal(qmp_start(&qmp, fd), 0);
	assert_int_equal(qmp_call(&qmp, "stop", NULL, -1, 200, NULL),
			 -ETIMEDOUT);
	assert_non_null(strstr(qmp.error, "stop"));
	assert_in_range(now_ms() - begin, 200, 3000);
	end_peer(&qmp, pid);
}

/* Talks without end, answers never. */
static void chatty_peer(int fd)
{
	shake_hands(fd);
	for (;;)
		say(fd, "{\"event\": \"RTC_CHANGE\", \"data\": {}}\r\n"
			"{\"event\": \"DEVICE_DELETED\", "
			"\"data\": {\"device\": \"net1\"}}\r\n"
			"{\"return\": {}, \"id\": 77}\r\n");
}

static void chatter(void **state)
{
	int64_t begin = now_ms();
	struct qmp qmp;
	int fd;
	pid_t pid = start_peer(chatty_peer, &fd);

	(void)state;
	assert_int_equal(qmp_start(&qmp, fd), 0);
	assert_int_equal(qmp_call(&qmp, "stop", NULL, -1, 300, NULL),
			 -ETIMEDOUT);
	assert_in_range(now_ms() - begin, 300, 5000);
	assert_in_range(json_object_array_length(qmp.events), 1,
			QMP_MAX_EVENTS);
	end_peer(&qmp, pid);
}

static void http_peer(int fd)
{
	say(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
	hear(fd);
}

static void other_json_peer(int fd)
{
	say(fd, "{\"QMP\": 5}\r\n");
	hear(fd);
}

static void number_peer(int fd)
{
	say(fd, "12345 \r\n");
	hear(fd);
}

static void nul_peer(int fd)
{
	if (write(fd, "{\0}", 3) == 3)
		hear(fd);
}

static void closing_peer(int fd)
{
	say(fd, "{\"QMP\": {\"vers");
}

/* One string that never ends. */
static void endless_peer(int fd)
{
	char block[4096];

	memset(block, 'x', sizeof(block));
	say(fd, "{\"QMP\": \"");
	while (write(fd, block, sizeof(block)) > 0)
		;
}

static void deep_peer(int fd)
{
	int i;

	for (i = 0; i < 1000; i++)
		say(fd, "{\"a\":[");
	hear(fd);
}

static void strangers(void **state)
{
	static const struct {
		void (*peer)(int fd);
		int error;
	} cases[] = {
		{ http_peer, -EPROTO },	       { other_json_peer, -EPROTO },
		{ number_peer, -EPROTO },      { nul_peer, -EPROTO },
		{ closing_peer, -ECONNRESET }, { endless_peer, -EMSGSIZE },
		{ deep_peer, -EPROTO },
	};
	struct qmp qmp;
	size_t i;
	pid_t pid;
	int fd;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pid = start_peer(cases[i].peer, &fd);
		assert_int_equal(qmp_start(&qmp, fd), cases[i].error);
		assert_true(qmp.error[0]);
		assert_true(qmp.broken);
		end_peer(&qmp, pid);
	}
}

/* Reads one command with a descriptor and writes into that. */
static void fd_peer(int fd)
{
	char space[CMSG_SPACE(sizeof(int))];
	char buf[4096];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space),
	};
	int theirs;

	shake_hands(fd);
	if (recvmsg(fd, &msg, 0) <= 0 || !CMSG_FIRSTHDR(&msg))
		_exit(1);
	memcpy(&theirs, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(theirs));
	say(theirs, "got it");
	say(fd, OK(2));
	hear(fd);
}

static void descriptor(void **state)
{
	char text[16] = "";
	struct qmp qmp;
	int fd, pipes[2];
	pid_t pid = start_peer(fd_peer, &fd);

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(qmp_start(&qmp, fd), 0);
	assert_int_equal(qmp_call(&qmp, "add-fd", NULL, pipes[1], 5000, NULL),
			 0);
	assert_int_equal(read(pipes[0], text, sizeof(text)), 6);
	assert_string_equal(text, "got it");
	close(pipes[0]);
	close(pipes[1]);
	end_peer(&qmp, pid);
}

/* A peer that never reads must not hold us. */
static void deaf_peer(int fd)
{
	shake_hands(fd);
	poll(NULL, 0, 60000);
}

static void deafness(void **state)
{
	char *long_text = malloc(4 << 20);
	struct qmp qmp;
	int fd;
	pid_t pid = start_peer(deaf_peer, &fd);

	(void)state;
	memset(long_text, 'x', (4 << 20) - 1);
	long_text[(4 << 20) - 1] = '\0';
	assert_int_equal(qmp_start(&qmp, fd), 0);
	assert_int_equal(qmp_call(&qmp, long_text, NULL, -1, 200, NULL),
			 -ETIMEDOUT);
	assert_true(qmp.broken);
	free(long_text);
	end_peer(&qmp, pid);
}

/* A monitor at which so many wait that no more can. */
static void crowd(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/test_qmp.XXXXXX";
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	int waiting = socket(AF_UNIX, SOCK_STREAM, 0);
	struct qmp qmp;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/qmp", dir);
	assert_int_equal(bind(listener, (void *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(listener, 0), 0);
	assert_int_equal(connect(waiting, (void *)&addr, sizeof(addr)), 0);
	assert_int_equal(qmp_connect(&qmp, addr.sun_path, 200), -ETIMEDOUT);
	assert_non_null(strstr(qmp.error, "another client"));
	qmp_close(&qmp);
	unlink(addr.sun_path);
	rmdir(dir);
	close(listener);
	close(waiting);
}

static const char *refusal; /* the class of a helper's */

static void unable_helper(int fd)
{
	char text[128];

	snprintf(text, sizeof(text),
		 "{\"error\": {\"class\": \"%s\", \"desc\": \"no\"}}", refusal);
	say(fd, text);
	hear(fd);
}

/* A helper that can't do what it is for says in which way. */
static void refusals(void **state)
{
	static const struct {
		const char *class;
		int ret;
		int failed;
	} all[] = {
		{ "GenericError", -ECONNREFUSED, 0 },
		{ "DomainNotFound", -ENOENT, -ENOENT },
		{ "OtherProcess", -ESRCH, -ESRCH },
	};
	struct qmp qmp;
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		pid_t pid;

		refusal = all[i].class;
		pid = start_peer(unable_helper, &fd);
		assert_int_equal(qmp_start_helped(&qmp, fd, pid, 5000),
				 all[i].ret);
		assert_int_equal(qmp.failed, all[i].failed);
		assert_string_equal(qmp.error, "no");
		qmp_close(&qmp); /* which ends the helper */
	}
}

static int noted[2]; /* a pipe */

/* It is busy when its client goes, says something yet, and goes later itself. */
static void busy_peer(int fd)
{
	char c;

	shake_hands(fd);
	if (read(fd, &c, 1))
		_exit(1);
	usleep(200000);
	say(fd, "{\"event\": \"STOP\"}\r\n");
	say(noted[1], "x");
	close(fd);
}

/* When we have gone, so has the monitor: it is free for the next one. */
static void leave(void **state)
{
	struct qmp qmp;
	char c;
	int fd;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(noted, O_NONBLOCK), 0);
	pid = start_peer(busy_peer, &fd);
	assert_int_equal(qmp_start(&qmp, fd), 0);
	qmp_close(&qmp);
	assert_int_equal(read(noted[0], &c, 1), 1);
	end_peer(&qmp, pid);
	close(noted[0]);
	close(noted[1]);
}

/* The last test: what it does to signals stays. */
static void interruption(void **state)
{
	struct json_object *event;
	struct qmp qmp;
	int fd;
	pid_t pid = start_peer(silent_peer, &fd);

	(void)state;
	signal(SIGHUP, SIG_IGN);
	wait_catch_signals();
	assert_int_equal(qmp_start(&qmp, fd), 0);
	raise(SIGHUP);
	assert_int_equal(qmp_event(&qmp, now_ms() + 100, &event), -ETIMEDOUT);
	assert_false(wait_interrupted());
	raise(SIGTERM);
	qmp.failed = -ENOENT; /* by an answer before */
	assert_int_equal(qmp_event(&qmp, now_ms() + 5000, &event), -EINTR);
	assert_int_equal(qmp.failed, -EINTR);
	assert_true(wait_interrupted());
	assert_int_equal(qmp_event(&qmp, now_ms() + 100, &event), -ETIMEDOUT);
	end_peer(&qmp, pid);
}

static void ids(void **state)
{
	(void)state;
	assert_true(qemu_id_ok("net1"));
	assert_true(qemu_id_ok("sriov-0000-01-10-0"));
	assert_true(qemu_id_ok("a._-9"));
	assert_false(qemu_id_ok(""));
	assert_false(qemu_id_ok("1net"));
	assert_false(qemu_id_ok("net 1"));
	assert_false(qemu_id_ok("n/1"));
	assert_false(qemu_id_ok("n\xc3\xa4"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversation), cmocka_unit_test(silence),
		cmocka_unit_test(chatter),	cmocka_unit_test(strangers),
		cmocka_unit_test(descriptor),	cmocka_unit_test(deafness),
		cmocka_unit_test(ids),		cmocka_unit_test(crowd),
		cmocka_unit_test(refusals),	cmocka_unit_test(leave),
		cmocka_unit_test(interruption),
	};

	return cmocka_run_group_tests_name("qmp", tests, NULL, NULL);
}

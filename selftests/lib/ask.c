// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks a guest, or its QEMU, something over a unix socket; for vm/guest.sh, where
 * socat takes three times as long to start.
 *
 *	ask qmp SOCKET COMMAND		a command of QEMU's monitor, in JSON: its answer;
 *					1: QEMU refuses
 *	ask devices SOCKET		QEMU's vfio devices: ID=HOST of each, on a line
 *	ask guest SOCKET COMMANDS	commands to guest-init: their output and their
 *					status; 124: no word for a minute
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sysfs.h"

#define QMP_MS	 20000 /* for each line */
#define GUEST_MS 60000
#define LEAVE_MS 5000

static int sock;
static FILE *from;

static void connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (sock < 0 || connect(sock, (void *)&addr, sizeof(addr))) {
		perror(path);
		exit(1);
	}
	from = fdopen(sock, "r");
}

static void say(const char *words)
{
	size_t len = strlen(words);
	ssize_t n;

	for (; len; len -= n, words += n) {
		n = send(sock, words, len, MSG_NOSIGNAL);
		if (n < 0)
			exit(1);
	}
}

/* A line without its end; NULL: none came in time. */
static char *hear(int ms)
{
	static char *line;
	static size_t room;
	struct timeval patience = { ms / 1000, 0 };

	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (getline(&line, &room, from) < 0)
		return NULL;
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

static bool is_answer(const char *line, const char *kind)
{
	return !strncmp(line, kind, strlen(kind));
}

/* The monitor is free for the next one when QEMU has closed it. */
static void take_leave(void)
{
	shutdown(sock, SHUT_WR);
	while (hear(LEAVE_MS))
		;
}

/* The answer, NULL: there is none. */
static char *qmp(const char *command)
{
	char *line;

	say(command);
	say("\n");
	while ((line = hear(QMP_MS)))
		if (is_answer(line, "{\"return\"") ||
		    is_answer(line, "{\"error\""))
			break;
	return line;
}

static int ask_qmp(const char *command)
{
	char *answer = qmp(command);
	bool good = answer && is_answer(answer, "{\"return\"");

	if (answer)
		puts(answer);
	take_leave();
	return !good;
}

/* Its "host" property is all that is quoted in the answer but "return". */
static const char *host_of(const char *id)
{
	char *answer = qmp(text(
		"{\"execute\":\"qom-get\",\"arguments\":{\"path\":\"/machine/peripheral/%s\",\"property\":\"host\"}}",
		id));
	char host[32];

	if (!answer || sscanf(answer, "{\"return\": \"%31[^\"]", host) != 1)
		return "";
	return text("%s", host);
}

static int ask_devices(void)
{
	static const char type[] = "\", \"type\": \"child<vfio-pci>\"}";
	char *answer = qmp(
		"{\"execute\":\"qom-list\",\"arguments\":{\"path\":\"/machine/peripheral\"}}");
	char *all, *end, *id;
	int num = 0;

	/* A QEMU that is gone has not been asked: that is not "none". */
	if (!answer || !is_answer(answer, "{\"return\"")) {
		puts("no answer");
		return 1;
	}
	all = strdup(answer);
	end = all;
	while ((end = strstr(end, type))) {
		*end = '\0';
		id = strrchr(all, '"') + 1;
		printf("%s%s=%s", num++ ? " " : "", id, host_of(id));
		*end++ = '"';
	}
	putchar('\n');
	take_leave();
	return 0;
}

/*
 * The guest looks for a line for two seconds, then anew; of one that it is just reading then the
 * beginning is lost.  So the end names the line as well, and it asks for one that does not fit.
 */
static int ask_guest(const char *commands)
{
	char *id = text("%d%ld", getpid(), random());
	char *end = text("END-%s ", id);
	char *line, *whole;

	if (strchr(commands, '\n')) {
		fprintf(stderr, "more than one line: %s\n", commands);
		return 2;
	}
	if (asprintf(&whole, "%s %s #%s\n", id, commands, id) < 0)
		return 2;
	say(whole);
	while ((line = hear(GUEST_MS))) {
		if (!strncmp(line, end, strlen(end)))
			return atoi(line + strlen(end));
		if (!strcmp(line, "AGAIN"))
			say(whole);
		else
			puts(line);
	}
	return 124;
}

int main(int argc, char **argv)
{
	if (argc != (argc > 1 && !strcmp(argv[1], "devices") ? 3 : 4))
		return 1;
	srandom(now_ms());
	connect_to(argv[2]);
	if (!strcmp(argv[1], "guest"))
		return ask_guest(argv[3]);
	if (!qmp("{\"execute\":\"qmp_capabilities\"}"))
		return 1;
	return argc == 3 ? ask_devices() : ask_qmp(argv[3]);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * A peer on a QMP socket that misbehaves when told to.  In C, for there are many
 * of it, and an interpreter takes half a second to start where all is emulated.
 *
 * fake_qemu SOCKET HOW [COMMAND[#N]] [-OPTION ...]: be a polite QEMU until COMMAND
 * comes (at once without one; for the Nth time), then HOW: silent, garbage, half,
 * endless, close, die, or refuse that command. HOW polite: do not misbehave at all.
 * HOW unwilling: it has a device that its guest does not let go of. HOW deaf: its
 * guest does not hear the first time it is asked for one. HOW fickle: its guest lets
 * go of the first device that it is given, as if it had been asked to. HOW slow: the
 * same, but only after SLOW_MS, and makes no use of it until then. HOW late: it lets
 * go when there is a file SOCKET.go, without a word. HOW stingy: it closes no
 * descriptor. HOW idle: its guest makes no use of what it is given. HOW hidden:
 * query-pci does not list that at first, for no bus has a number yet. HOW orphan: the
 * process that listens ends, and a child, whose number is said, goes on. More than one:
 * fickle,silent.
 *
 * With HOST, a VF's address, in the environment it has a device with that, which its
 * guest does let go of; with an empty HOST one that came by descriptor. If its id is in
 * USED query-pci lists it, as one that the guest makes use of. It keeps the descriptors
 * it is sent, and those of -add-fd, as QEMU does; all for device ID, if that is in the
 * environment, or with OPAQUE in place of their texts; with MARKED a swap has been
 * asking for them. It has PORTS (none) ports for hot-plug. VERSION is 10.0 by default,
 * UUID what it calls its own, REFUSAL how it refuses. What it was told to do is in
 * SOCKET.log.
 *
 * With - for SOCKET it is at the other end of its standard input, as sriovctl-libvirt
 * is; process PID is then said to be its QEMU's, and what it was told is in LOG.
 */
#define _GNU_SOURCE
#include <json-c/json.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sysfs.h"

#define SLOW_MS \
	8000 /* longer than sriovctl looks after a device that is of no use */
#define MAX_FDS 64

typedef struct json_object json;

static const char *sock, *how, *when = "";
static int times = 1; /* that @when must come */
static int left;      /* of these */
static int conn = STDIN_FILENO;
static bool hung_up; /* the peer at its other end */
static FILE *told;   /* what it was told to do */

static struct {
	bool there, used;
	const char *host, *id; /* NULL: none */
	long long until; /* then its guest lets go of it, 0: it does not */
} device;
static int times_added, times_asked, times_unplugged;

/* Those of one fdset stand together, the newest first. */
static struct kept {
	int fdset, fd;
	const char *opaque;
} kept[MAX_FDS];
static unsigned int num_kept;

static bool is(const char *kind)
{
	size_t len = strlen(kind);
	const char *at = how;

	while ((at = strstr(at, kind))) {
		if ((at == how || at[-1] == ',') &&
		    (!at[len] || at[len] == ','))
			return true;
		at += len;
	}
	return false;
}

static void say(const char *text, size_t len)
{
	while (len && !hung_up) {
		ssize_t n = send(conn, text, len, MSG_NOSIGNAL);

		hung_up = n < 0;
		text += n;
		len -= n;
	}
}

static void say_json(json *message)
{
	const char *text = json_object_to_json_string(message);

	say(text, strlen(text));
	say("\r\n", 2);
	json_object_put(message);
}

static json *object(const char *key, json *value)
{
	json *obj = json_object_new_object();

	json_object_object_add(obj, key, value);
	return obj;
}

/* NULL is JSON's null. */
static json *string(const char *text)
{
	return text ? json_object_new_string(text) : NULL;
}

static json *add(json *obj, const char *key, json *value)
{
	json_object_object_add(obj, key, value);
	return obj;
}

static json *good(json *value)
{
	return object("return", value);
}

static json *nothing(void)
{
	return good(json_object_new_object());
}

static json *refusal(const char *class)
{
	return object("error", add(object("class", string(class)), "desc",
				   string(getenv("REFUSAL") ?: "no")));
}

static const char *argument(json *arguments, const char *key)
{
	json *value;

	if (!json_object_object_get_ex(arguments, key, &value) || !value)
		return NULL;
	return json_object_get_string(value);
}

/* ---- how it misbehaves ---- */

static bool is_sick(void)
{
	return is("silent") || is("garbage") || is("half") || is("endless") ||
	       is("close") || is("die");
}

static void babble(void)
{
	static char x[65536];

	memset(x, 'x', sizeof(x));
	say("{\"return\": \"", 12);
	while (!hung_up)
		say(x, sizeof(x));
}

static void misbehave(void)
{
	static const char web[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	static const char half[] = "{\"return\": {\"ha";

	if (is("garbage"))
		say(web, strlen(web));
	else if (is("half"))
		say(half, strlen(half));
	else if (is("close"))
		close(conn);
	else if (is("die"))
		_exit(1);
	else if (is("endless"))
		babble();
	sleep(600);
	_exit(0);
}

/* ---- what it keeps ---- */

static void keep_one(int fdset, int fd, const char *opaque)
{
	unsigned int i = 0;

	if (num_kept == MAX_FDS)
		exit(1);
	while (i < num_kept && kept[i].fdset != fdset)
		i++;
	memmove(&kept[i + 1], &kept[i], (num_kept - i) * sizeof(kept[0]));
	kept[i] = (struct kept){ fdset, fd, strdup(opaque) };
	num_kept++;
}

static void keep(int fdset, int fd, const char *opaque)
{
	const char *id = getenv("ID");

	if (!strstr(opaque, " id=")) {
		keep_one(fdset, fd, opaque);
		return;
	}
	opaque = getenv("OPAQUE") ?: opaque;
	if (id)
		opaque = text("%.*s id=%s",
			      (int)(strstr(opaque, " id=") - opaque), opaque,
			      id);
	keep_one(fdset, fd, opaque);
	if (getenv("MARKED"))
		keep_one(fdset, open("/dev/null", O_RDONLY | O_CLOEXEC),
			 "sriov_broker_swap");
}

static json *add_fd(json *arguments, int fd)
{
	const char *wanted = argument(arguments, "fdset-id");
	int fdset = wanted ? atoi(wanted) : 0;
	unsigned int i;

	for (i = 0; !wanted && i < num_kept; i++)
		if (kept[i].fdset >= fdset)
			fdset = kept[i].fdset + 1;
	keep(fdset, fd, argument(arguments, "opaque") ?: "");
	return good(add(object("fdset-id", json_object_new_int(fdset)), "fd",
			json_object_new_int(fd)));
}

static json *query_fdsets(void)
{
	json *all = json_object_new_array(), *fds = NULL, *set, *fd;
	unsigned int i;

	for (i = 0; i < num_kept; i++) {
		if (!i || kept[i].fdset != kept[i - 1].fdset) {
			fds = json_object_new_array();
			set = object("fdset-id",
				     json_object_new_int(kept[i].fdset));
			json_object_array_add(all, add(set, "fds", fds));
		}
		fd = object("fd", json_object_new_int(kept[i].fd));
		json_object_array_add(fds, add(fd, "opaque",
					       string(kept[i].opaque)));
	}
	return good(all);
}

/* One of a set, or all of it. */
static json *remove_fd(json *arguments)
{
	int fdset = atoi(argument(arguments, "fdset-id"));
	const char *fd = argument(arguments, "fd");
	unsigned int i, n = 0;

	if (is("stingy"))
		return nothing();
	for (i = 0; i < num_kept; i++) {
		if (kept[i].fdset == fdset && (!fd || atoi(fd) == kept[i].fd))
			close(kept[i].fd);
		else
			kept[n++] = kept[i];
	}
	num_kept = n;
	return nothing();
}

/* ---- its device ---- */

static json *qom_get(json *arguments)
{
	const char *property = argument(arguments, "property");
	const char *path = argument(arguments, "path");

	if (is("late") && exists(text("%s.go", sock)))
		device.there = false;
	if (!device.there ||
	    (device.id && strcmp(strrchr(path, '/') + 1, device.id)))
		return refusal("DeviceNotFound");
	if (!strcmp(property, "type"))
		return good(string("vfio-pci"));
	return good(string(
		!strcmp(property, "host") && device.host ? device.host : ""));
}

static json *device_add(json *arguments)
{
	const char *host = argument(arguments, "host");

	if (device.there)
		return refusal("GenericError");
	times_added++;
	if (is("fickle") && times_added == 1)
		return nothing();
	device.there = true;
	device.host = host ? strdup(host) : NULL;
	device.id = strdup(argument(arguments, "id"));
	device.used = !is("idle");
	device.until = 0;
	if (is("slow") && times_added == 1) {
		device.used = false;
		device.until = now_ms() + SLOW_MS;
	}
	return nothing();
}

static bool is_unheard(void)
{
	return is("deaf") && times_unplugged == 1;
}

static json *device_del(void)
{
	times_unplugged++;
	if (!is("unwilling") && !is("late") && !is_unheard())
		device.there = false;
	return nothing();
}

static void tell_of_device_del(json *arguments)
{
	json *data = object("device", string(argument(arguments, "id")));

	say_json(
		add(object("event", string(is("unwilling") ?
						   "DEVICE_UNPLUG_GUEST_ERROR" :
						   "DEVICE_DELETED")),
		    "data", add(data, "path", string("/x"))));
}

/* What it has, and whether its guest uses that. */
static json *query_pci(void)
{
	json *devices = json_object_new_array();
	json *regions = json_object_new_array();
	json *buses = json_object_new_array();

	times_asked++;
	if (device.until && now_ms() > device.until)
		device.there = false;
	json_object_array_add(
		regions, add(object("bar", json_object_new_int(0)), "address",
			     json_object_new_int(device.used ? 4096 : -1)));
	if (device.there && !(is("hidden") && times_asked < 3))
		json_object_array_add(devices,
				      add(object("qdev_id", string(device.id)),
					  "regions", regions));
	json_object_array_add(buses, add(object("bus", json_object_new_int(0)),
					 "devices", devices));
	return good(buses);
}

static json *qom_list(void)
{
	int i, num = atoi(getenv("PORTS") ?: "0");
	json *all = json_object_new_array();

	for (i = 0; i < num; i++)
		json_object_array_add(
			all, add(object("name", string(text("hp%d", i))),
				 "type", string("child<pcie-root-port>")));
	return good(all);
}

/* ---- the conversation ---- */

static json *answer_to(const char *name, json *arguments, int fd)
{
	if (!strcmp(name, "query-name"))
		return good(object("name", string("fake")));
	if (!strcmp(name, "query-uuid"))
		return good(object("UUID", string(getenv("UUID") ?: "")));
	if (!strcmp(name, "qom-list"))
		return qom_list();
	if (!strcmp(name, "qom-get"))
		return qom_get(arguments);
	if (!strcmp(name, "add-fd"))
		return add_fd(arguments, fd);
	if (!strcmp(name, "remove-fd"))
		return remove_fd(arguments);
	if (!strcmp(name, "query-fdsets"))
		return query_fdsets();
	if (!strcmp(name, "device_add"))
		return device_add(arguments);
	if (!strcmp(name, "device_del"))
		return device_del();
	if (!strcmp(name, "query-pci"))
		return query_pci();
	return nothing();
}

static void greet(void)
{
	int major = 10, minor = 0;
	json *version = json_object_new_object();
	json *greeting;

	sscanf(getenv("VERSION") ?: "", "%d.%d", &major, &minor);
	add(version, "major", json_object_new_int(major));
	add(version, "minor", json_object_new_int(minor));
	add(version, "micro", json_object_new_int(0));
	greeting = object("QMP", add(object("version", object("qemu", version)),
				     "capabilities", json_object_new_array()));
	if (getenv("PID"))
		add(greeting, "pid", json_object_new_int(atoi(getenv("PID"))));
	say_json(greeting);
}

/* A command, and the descriptor that came with it, -1 if none did. */
static json *receive(int *fd)
{
	static char buf[65536];
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) - 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(conn, &msg, MSG_CMSG_CLOEXEC);

	*fd = -1;
	if (len <= 0)
		return NULL;
	if (CMSG_FIRSTHDR(&msg))
		memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(*fd));
	buf[len] = '\0';
	return json_tokener_parse(buf);
}

static void answer(json *message, int fd)
{
	const char *name = argument(message, "execute");
	json *arguments = NULL, *id = NULL, *reply;
	bool now;

	json_object_object_get_ex(message, "arguments", &arguments);
	json_object_object_get_ex(message, "id", &id);
	fprintf(told, "%s\n", name);
	fflush(told);
	left -= !strcmp(name, when);
	now = !strcmp(name, when) && left <= 0;
	if (now && is_sick())
		misbehave();
	reply = now ? refusal("GenericError") : answer_to(name, arguments, fd);
	say_json(add(reply, "id", json_object_get(id)));
	if (!strcmp(name, "device_del") && !is("late") && !is_unheard())
		tell_of_device_del(arguments);
}

static void serve(void)
{
	json *message;
	int fd;

	left = times;
	hung_up = false;
	if (!when[0] && is_sick())
		misbehave();
	greet();
	while ((message = receive(&fd))) {
		answer(message, fd);
		json_object_put(message);
	}
	close(conn);
}

/* ---- the beginning ---- */

/* -add-fd fd=3,set=1000007,opaque=... */
static void take_option(const char *value)
{
	int fd, fdset, at = 0;

	if (sscanf(value, "fd=%d,set=%d,opaque=%n", &fd, &fdset, &at) != 2 ||
	    !at)
		exit(1);
	keep(fdset, fd, value + at);
}

/* How many words stand before the options. */
static int take_words(int argc, char **argv)
{
	int i, before = argc;

	for (i = argc - 1; i > 0; i--)
		if (argv[i][0] == '-' && argv[i][1])
			before = i;
	for (i = before; i + 1 < argc; i++)
		if (!strcmp(argv[i], "-add-fd"))
			take_option(argv[i + 1]);
	return before;
}

static void take_device(void)
{
	const char *host = getenv("HOST"), *used = getenv("USED");

	device.there = host;
	device.host = host && host[0] ? host : NULL;
	device.id = used;
	device.used = used;
}

/* It is there when it can be connected to. */
static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.new", path);
	if (fd < 0 || bind(fd, (void *)&addr, sizeof(addr)) || listen(fd, 8) ||
	    rename(addr.sun_path, path)) {
		perror(path);
		exit(1);
	}
	return fd;
}

static bool is_helper(void)
{
	return !strcmp(sock, "-");
}

int main(int argc, char **argv)
{
	int before = take_words(argc, argv), listener;
	char *number;

	if (before < 3)
		return 1;
	sock = argv[1];
	how = argv[2];
	if (before > 3) {
		when = argv[3];
		number = strchr(when, '#');
		times = number ? atoi(number + 1) : 1;
		if (number)
			*number = '\0';
	}
	take_device();
	told = fopen(is_helper() ? getenv("LOG") : text("%s.log", sock), "we");
	if (!told)
		return 1;
	if (is_helper()) {
		serve();
		return 0;
	}
	listener = listen_at(sock);
	if (is("orphan")) {
		if (fork())
			_exit(0);
		fprintf(stderr, "%d\n", getpid());
	}
	while ((conn = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		serve();
	return 1;
}

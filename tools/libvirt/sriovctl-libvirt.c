// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl-libvirt DOMAIN PROCESS: QMP to a guest of libvirt's, on standard input,
 * which is a socket, both ways. sriovctl --libvirt starts it. PROCESS is the QEMU
 * that it has to be, 0: any; if it is another, that guest does not hear of it.
 *
 * libvirt holds the monitor of its guests and lets others send commands through
 * it. A process of its own it is since libvirt's calls have no end in time: the
 * caller's have, and it kills this one. And sriovctl does without libvirt otherwise.
 *
 * All commands go to QEMU as they come but device_add of a vfio-pci: libvirt
 * attaches it, so that it knows of the device, and gives QEMU what it takes in
 * memory limits, control groups and device nodes.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include <json-c/json.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

/* QEMU's ids of devices that libvirt lets others name begin so. */
#define USER_ALIAS "ua-"

/* To notice a libvirtd that is dead or hangs. */
#define KEEPALIVE_S	5
#define KEEPALIVE_COUNT 2

static virDomainPtr domain;
static struct json_tokener *tokener;
static int sent_fd = -1; /* that came with a command */

/* ---- what is sent to sriovctl ---- */

/* The message is given up. Without sriovctl there is nothing left to do. */
static void say(struct json_object *message)
{
	const char *text = json_object_to_json_string_ext(message, 0);
	size_t len = strlen(text);

	while (len) {
		ssize_t n = send(STDIN_FILENO, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			exit(1);
		text += n;
		len -= n;
	}
	json_object_put(message);
}

static struct json_object *error_of(const char *class, const char *desc)
{
	struct json_object *reply = json_object_new_object();
	struct json_object *error = json_object_new_object();

	json_object_object_add(error, "class", json_object_new_string(class));
	json_object_object_add(error, "desc", json_object_new_string(desc));
	json_object_object_add(reply, "error", error);
	return reply;
}

static struct json_object *error_reply(const char *desc)
{
	return error_of("GenericError", desc);
}

/* libvirt's words about its last failure. */
static const char *last_words(void)
{
	const char *words = virGetLastErrorMessage();

	return words && words[0] ? words : "libvirt does not say why";
}

/* Nothing can be done for this domain: in place of a greeting. */
static void give_up_as(const char *class, const char *desc)
{
	say(error_of(class, desc));
	exit(1);
}

static void give_up(const char *desc)
{
	give_up_as("GenericError", desc);
}

/* ---- device_add ---- */

static const char *text_of(struct json_object *obj, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(obj, key, &value))
		return NULL;
	return json_object_get_string(value);
}

/* libvirt's "pci.5" is bus 5, which has one slot; elsewhere it chooses. */
static void add_slot(FILE *xml, const char *bus)
{
	unsigned int number;

	if (bus && sscanf(bus, "pci.%u", &number) == 1 && number)
		fprintf(xml,
			"<address type='pci' domain='0' bus='%u' slot='0' function='0'/>",
			number);
}

/* The hostdev element for a device_add; the caller's to free, NULL: it is none. */
static char *hostdev(struct json_object *args)
{
	const char *host = text_of(args, "host"), *id = text_of(args, "id");
	unsigned int seg, bus, dev, fn;
	char *text = NULL;
	size_t len;
	FILE *xml;

	if (!host || !id || strncmp(id, USER_ALIAS, strlen(USER_ALIAS)) ||
	    strpbrk(id, "'\"<>&") ||
	    sscanf(host, "%x:%x:%x.%x", &seg, &bus, &dev, &fn) != 4)
		return NULL;
	xml = open_memstream(&text, &len);
	if (!xml)
		return NULL;
	fprintf(xml,
		"<hostdev mode='subsystem' type='pci' managed='no'>"
		"<driver name='vfio'/><source>"
		"<address domain='%u' bus='%u' slot='%u' function='%u'/>"
		"</source><alias name='%s'/>",
		seg, bus, dev, fn, id);
	add_slot(xml, text_of(args, "bus"));
	fputs("</hostdev>", xml);
	return fclose(xml) ? NULL : text;
}

static struct json_object *device_add(struct json_object *args)
{
	char *xml = hostdev(args);
	struct json_object *reply;
	int err;

	if (!xml)
		return error_reply(
			"libvirt wants an id that begins with " USER_ALIAS);
	err = virDomainAttachDeviceFlags(domain, xml, VIR_DOMAIN_AFFECT_LIVE);
	free(xml);
	if (err)
		return error_reply(last_words());
	reply = json_object_new_object();
	json_object_object_add(reply, "return", json_object_new_object());
	return reply;
}

/* ---- other commands ---- */

/* Through libvirt to QEMU. Return: QEMU's own reply, or what kept us from it. */
static struct json_object *pass_on(struct json_object *command)
{
	const char *text = json_object_to_json_string_ext(command, 0);
	struct json_object *reply = NULL;
	char *result = NULL;
	int err;

	if (sent_fd >= 0)
		err = virDomainQemuMonitorCommandWithFiles(
			domain, text, 1, &sent_fd, NULL, NULL, &result, 0);
	else
		err = virDomainQemuMonitorCommand(domain, text, &result, 0);
	if (!err)
		reply = json_tokener_parse(result);
	free(result);
	return reply ? reply : error_reply(last_words());
}

static struct json_object *reply_to(struct json_object *command)
{
	const char *name = text_of(command, "execute");
	struct json_object *args = NULL, *reply;
	const char *driver;

	json_object_object_get_ex(command, "arguments", &args);
	driver = text_of(args, "driver");
	if (name && !strcmp(name, "qmp_capabilities")) {
		reply = json_object_new_object();
		json_object_object_add(reply, "return",
				       json_object_new_object());
		return reply;
	}
	if (name && !strcmp(name, "device_add") && driver &&
	    !strcmp(driver, "vfio-pci"))
		return device_add(args);
	return pass_on(command);
}

/* The numbers of commands are libvirt's on the way, ours at the ends. */
static void run_command(struct json_object *command)
{
	struct json_object *id = NULL, *reply;

	if (json_object_object_get_ex(command, "id", &id))
		json_object_get(id);
	json_object_object_del(command, "id");
	reply = reply_to(command);
	json_object_object_add(reply, "id", id);
	say(reply);
	if (sent_fd >= 0)
		close(sent_fd);
	sent_fd = -1;
}

/* ---- what comes ---- */

static ssize_t receive(char *buf, size_t len)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n =
		recvmsg(STDIN_FILENO, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *header = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;

	if (header && header->cmsg_type == SCM_RIGHTS && sent_fd < 0)
		memcpy(&sent_fd, CMSG_DATA(header), sizeof(sent_fd));
	return n;
}

static void on_input(int watch, int fd, int events, void *opaque)
{
	struct json_object *command;
	char buf[4096], *p = buf;
	ssize_t n = receive(buf, sizeof(buf));

	(void)watch, (void)fd, (void)events, (void)opaque;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		exit(0);
	while (n > 0) {
		size_t used;

		command = json_tokener_parse_ex(tokener, p, n);
		if (!command &&
		    json_tokener_get_error(tokener) != json_tokener_continue)
			exit(1);
		if (!command)
			return;
		run_command(command);
		json_object_put(command);
		used = json_tokener_get_parse_end(tokener);
		p += used;
		n -= used;
	}
}

static void on_event(virConnectPtr conn, virDomainPtr dom, const char *event,
		     long long seconds, unsigned int micros,
		     const char *details, void *opaque)
{
	struct json_object *message = json_object_new_object();

	(void)conn, (void)dom, (void)seconds, (void)micros, (void)opaque;
	json_object_object_add(message, "event", json_object_new_string(event));
	if (details)
		json_object_object_add(message, "data",
				       json_tokener_parse(details));
	say(message);
}

static void on_close(virConnectPtr conn, int reason, void *opaque)
{
	(void)conn, (void)reason, (void)opaque;
	exit(1);
}

/* ---- the beginning ---- */

static void be_quiet(void *opaque, virErrorPtr error)
{
	(void)opaque, (void)error;
}

/* By name, UUID or number, as virsh has it. */
static virDomainPtr find_domain(virConnectPtr conn, const char *name)
{
	virDomainPtr dom = virDomainLookupByName(conn, name);
	char *end;
	int id;

	if (!dom)
		dom = virDomainLookupByUUIDString(conn, name);
	if (dom)
		return dom;
	id = strtol(name, &end, 10);
	return *name && !*end ? virDomainLookupByID(conn, id) : NULL;
}

/*
 * Its QEMU's process, which libvirt notes in a file of its own: no call tells it.
 * QEMU, which may have been broken into, is not asked. 0: not known
 */
static int find_process(virConnectPtr conn)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char *uri = virConnectGetURI(conn);
	char path[PATH_MAX];
	struct stat stat;
	FILE *file = NULL;
	int fd, pid = 0;

	if (uri && strstr(uri, ":///session"))
		snprintf(path, sizeof(path), "%s/libvirt/qemu/run/%s.pid",
			 runtime ? runtime : "", virDomainGetName(domain));
	else
		snprintf(path, sizeof(path), "/run/libvirt/qemu/%s.pid",
			 virDomainGetName(domain));
	free(uri);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	/* libvirt is root, or the user that runs this. */
	if (fd >= 0 && !fstat(fd, &stat) && S_ISREG(stat.st_mode) &&
	    (!stat.st_uid || stat.st_uid == geteuid()))
		file = fdopen(fd, "r");
	if (file && fscanf(file, "%d", &pid) != 1)
		pid = 0;
	if (file)
		fclose(file);
	else if (fd >= 0)
		close(fd);
	return pid;
}

/*
 * The process that calls itself by this domain's name may be any. A command that is
 * passed on marks the domain as tainted, so none is before this is known.
 */
static void check_process(int wanted)
{
	char desc[64];

	if (!wanted || find_process(virDomainGetConnect(domain)) == wanted)
		return;
	snprintf(desc, sizeof(desc), "it is not process %d's", wanted);
	give_up_as("OtherProcess", desc);
}

static void greet(void)
{
	struct json_object *command = json_object_new_object();
	struct json_object *greeting = json_object_new_object();
	struct json_object *qmp = json_object_new_object();
	struct json_object *reply, *version;

	json_object_object_add(command, "execute",
			       json_object_new_string("query-version"));
	reply = pass_on(command);
	if (!json_object_object_get_ex(reply, "return", &version))
		give_up(last_words());
	json_object_object_add(qmp, "version", json_object_get(version));
	json_object_object_add(greeting, "QMP", qmp);
	json_object_object_add(
		greeting, "pid",
		json_object_new_int(find_process(virDomainGetConnect(domain))));
	say(greeting);
	json_object_put(reply);
	json_object_put(command);
}

/* Another host may have a guest of the same name as this one, which has its process. */
static void check_host(virConnectPtr conn)
{
	char *uri = virConnectGetURI(conn);
	const char *host = uri ? strstr(uri, "://") : NULL;
	char desc[256];

	snprintf(
		desc, sizeof(desc),
		"%s names a host, and only guests of this one can have its VFs; leave that out, as in qemu:///system",
		uri ? uri : "libvirt's URI");
	if (!host || host[strlen("://")] != '/')
		give_up(desc);
	free(uri);
}

static void open_domain(const char *name, int wanted)
{
	const char *uri = getenv("LIBVIRT_DEFAULT_URI") ? NULL :
							  "qemu:///system";
	virConnectPtr conn;

	virSetErrorFunc(NULL, be_quiet);
	if (virEventRegisterDefaultImpl() < 0)
		give_up(last_words());
	conn = virConnectOpen(uri);
	if (!conn)
		give_up(last_words());
	check_host(conn);
	domain = find_domain(conn, name);
	if (!domain)
		give_up_as("DomainNotFound",
			   "libvirt has no domain of this name");
	if (virDomainIsActive(domain) != 1)
		give_up("the domain is not running");
	check_process(wanted);
	virConnectSetKeepAlive(conn, KEEPALIVE_S, KEEPALIVE_COUNT);
	if (virConnectRegisterCloseCallback(conn, on_close, NULL, NULL) ||
	    virConnectDomainQemuMonitorEventRegister(
		    conn, domain, NULL, on_event, NULL, NULL, 0) < 0)
		give_up(last_words());
}

int main(int argc, char **argv)
{
	if (argc != 3 || isatty(STDIN_FILENO)) {
		fputs("sriovctl-libvirt is started by sriovctl --libvirt DOMAIN\n",
		      stderr);
		return 1;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	tokener = json_tokener_new();
	if (!tokener)
		give_up("out of memory");
	open_domain(argv[1], atoi(argv[2]));
	greet();
	if (virEventAddHandle(STDIN_FILENO,
			      VIR_EVENT_HANDLE_READABLE |
				      VIR_EVENT_HANDLE_HANGUP,
			      on_input, NULL, NULL) < 0)
		give_up(last_words());
	while (!virEventRunDefaultImpl())
		;
	return 1;
}

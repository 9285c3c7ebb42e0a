// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that runs a guest, looked at from outside.
 *
 * Its command line names its monitors, -qmp unix:PATH or -mon with a -chardev;
 * a monitor counts when the process has that socket and listens on it. No other
 * socket is ever touched: it may be the guest's console.
 *
 * The process is not trusted. Its words and its paths are its own, and may name a
 * socket of another program, which would then hear from root. So the kernel is
 * asked: for the process's own socket, by pidfd_getfd(), for the one that listens
 * on it, and for the file that it is bound to, whatever stands at that path now.
 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/un.h>

#include "host/path.h"
#include "host/proc.h"
#include "qemu/vmm.h"

/* ---- its words ---- */

int vmm_is_qemu(pid_t pid)
{
	char path[PATH_MAX];
	char *words;
	size_t len;
	int ret;

	if (!proc_link(pid, "exe", path, sizeof(path)))
		return !!strstr(basename(path), "qemu");
	/* Another user's: only its words can be read. */
	words = proc_read(pid, "cmdline", &len);
	ret = words && strstr(basename(words), "qemu");
	free(words);
	return ret;
}

/* One element, with ",," made ",". Return: where the next one begins, or NULL */
static const char *next_element(const char *p, char *to, size_t len)
{
	size_t n = 0;

	for (; *p && (*p != ',' || p[1] == ','); p++) {
		if (*p == ',')
			p++;
		if (n + 1 < len)
			to[n++] = *p;
	}
	to[n] = '\0';
	return *p ? p + 1 : NULL;
}

/*
 * The value of @key in QEMU's "a,key=value,..", where ",," is a comma. With
 * @implied the first value may stand without its key. Return: 0 or -1.
 */
static int value_of(const char *words, const char *key, int implied, char *to,
		    size_t len)
{
	size_t key_len = strlen(key);
	char element[PATH_MAX];

	for (; words; implied = 0) {
		words = next_element(words, element, sizeof(element));
		if (implied && !strchr(element, '=')) {
			snprintf(to, len, "%s", element);
			return 0;
		}
		if (strncmp(element, key, key_len) || element[key_len] != '=')
			continue;
		snprintf(to, len, "%s", element + key_len + 1);
		return 0;
	}
	return -1;
}

/* Is @word QEMU's option @name? It takes one dash or two. */
static int is_option(const char *word, const char *name)
{
	if (*word++ != '-')
		return 0;
	return !strcmp(*word == '-' ? word + 1 : word, name);
}

int vmm_setting(char *const *words, const char *option, const char *key,
		char *to, size_t len)
{
	int ret = -1;

	to[0] = '\0';
	for (; *words; words++)
		if (is_option(*words, option) && words[1] &&
		    !value_of(words[1], key, 1, to, len))
			ret = 0;
	return ret;
}

/* The words of a command line, ended by NULL; they lie in @text. */
static char **split_words(char *text, size_t len)
{
	char *end = text + len;
	size_t count = 1;
	char **words;
	char *p;

	for (p = text; p < end; p += strlen(p) + 1)
		count++;
	words = calloc(count, sizeof(*words));
	if (!words)
		return NULL;
	count = 0;
	for (p = text; p < end; p += strlen(p) + 1)
		words[count++] = p;
	return words;
}

/* ---- its sockets ---- */

/* A socket of the process's that was bound to a path. */
struct sock {
	int number; /* of its descriptor */
	int fd;	    /* ours, for the same socket */
	int listens;
	char path[VMM_PATH_LEN]; /* as it was bound */
};

struct search {
	pid_t pid;
	int pidfd;
	struct sock *socks;
	size_t num_socks;
	const struct sock *monitor;
};

static int get_option(int fd, int option)
{
	socklen_t len = sizeof(int);
	int value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) ? -1 : value;
}

/* What the kernel says of it; no name that can be chosen is believed. */
static int look_at_socket(int fd, struct sock *sock)
{
	struct sockaddr_un addr = { .sun_family = AF_UNSPEC };
	socklen_t len = sizeof(addr);

	if (get_option(fd, SO_DOMAIN) != AF_UNIX ||
	    get_option(fd, SO_TYPE) != SOCK_STREAM ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) ||
	    len <= offsetof(struct sockaddr_un, sun_path) || !addr.sun_path[0])
		return -1;
	sock->fd = fd;
	sock->listens = get_option(fd, SO_ACCEPTCONN) == 1;
	snprintf(sock->path, sizeof(sock->path), "%.*s",
		 (int)sizeof(addr.sun_path), addr.sun_path);
	return 0;
}

/*
 * By the kernel's word, and before there is a descriptor of ours: should that be the
 * last one of a TCP socket, to close it would wait as long as the process has set.
 */
static int is_unix(pid_t pid, int fd)
{
	char path[48], proto[16] = "";

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	return getxattr(path, "system.sockprotoname", proto,
			sizeof(proto) - 1) > 0 &&
	       !strncmp(proto, "UNIX", 4);
}

static void note_socket(void *ctx, int fd, const char *target)
{
	struct search *s = ctx;
	struct sock *more;
	int ours;

	if (strncmp(target, "socket:", 7) || !is_unix(s->pid, fd))
		return;
	more = reallocarray(s->socks, s->num_socks + 1, sizeof(*more));
	if (!more)
		return;
	s->socks = more;
	more += s->num_socks;
	ours = pidfd_getfd(s->pidfd, fd, 0);
	if (ours < 0)
		return;
	more->number = fd;
	if (!look_at_socket(ours, more))
		s->num_socks++;
	else if (get_option(ours, SO_DOMAIN) == AF_UNIX)
		close(ours);
	/* Or it has just become another kind: at our end it is closed without a wait. */
}

static void find_sockets(struct search *s)
{
	s->pidfd = pidfd_open(s->pid, 0);
	if (s->pidfd >= 0)
		proc_each_fd(s->pid, note_socket, s);
}

static void put_sockets(struct search *s)
{
	while (s->num_socks)
		close(s->socks[--s->num_socks].fd);
	free(s->socks);
	if (s->pidfd >= 0)
		close(s->pidfd);
}

/* One that the process itself listens on: none that it was handed. */
static int is_own_listener(const struct search *s, const struct sock *sock)
{
	return sock->listens && proc_peer(sock->fd) == s->pid;
}

static const struct sock *listener_at(const struct search *s, const char *path)
{
	size_t i;

	for (i = 0; i < s->num_socks; i++)
		if (s->socks[i].listens && !strcmp(s->socks[i].path, path))
			return &s->socks[i];
	return NULL;
}

/* By its number; libvirt has QEMU inherit its monitor's socket. */
static const struct sock *listener_number(const struct search *s, int number)
{
	size_t i;

	for (i = 0; i < s->num_socks; i++)
		if (s->socks[i].listens && s->socks[i].number == number)
			return &s->socks[i];
	return NULL;
}

/* A monitor serves one client: has it one? */
static int is_taken(const struct search *s, const struct sock *listener)
{
	struct sockaddr_un addr;
	socklen_t len = sizeof(addr);
	size_t i;

	for (i = 0; i < s->num_socks; i++)
		if (!s->socks[i].listens &&
		    !strcmp(s->socks[i].path, listener->path) &&
		    !getpeername(s->socks[i].fd, (struct sockaddr *)&addr,
				 &len))
			return 1;
	return 0;
}

/* ---- where a socket can be connected to ---- */

/* A path of the process's, through its own root: without the right to ask the kernel. */
static int open_path(pid_t pid, const char *path)
{
	char whole[VMM_PATH_LEN + 32], link[PATH_LINK_LEN];

	snprintf(whole, sizeof(whole), "/proc/%d/%s%s", pid,
		 path[0] == '/' ? "root" : "cwd/", path);
	return path_open(whole, link);
}

/*
 * The file that the socket was bound to. No path is followed, which its owner might
 * have lead elsewhere since.
 */
static int open_file(const struct search *s, const struct sock *sock)
{
	int fd = ioctl(sock->fd, SIOCUNIXFILE);

	if (fd < 0 && errno == EPERM)
		fd = open_path(s->pid, sock->path);
	return fd;
}

static int is_file(const char *path, int fd)
{
	struct stat a, b;

	return !lstat(path, &a) && !fstat(fd, &b) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* What people would call it: its file system may be another one than ours. */
static void name_monitor(const struct search *s, struct vmm *vmm,
			 const struct sock *sock)
{
	char cwd[PATH_MAX] = "", whole[PATH_MAX + VMM_PATH_LEN];
	char rooted[sizeof(whole) + 32];
	const char *name = whole;

	if (sock->path[0] != '/' &&
	    proc_link(s->pid, "cwd", cwd, sizeof(cwd) - 1))
		return;
	if (cwd[0])
		strcat(cwd, "/");
	snprintf(whole, sizeof(whole), "%s%s", cwd, sock->path);
	snprintf(rooted, sizeof(rooted), "/proc/%d/root%s", s->pid, whole);
	if (vmm->file >= 0 && !is_file(whole, vmm->file) &&
	    is_file(rooted, vmm->file))
		name = rooted;
	if (strlen(name) < sizeof(vmm->monitor))
		strcpy(vmm->monitor, name);
}

/* ---- its monitors ---- */

/* Take this one, if there is none yet or that one is taken. */
static void take_monitor(struct search *s, struct vmm *vmm,
			 const struct sock *sock, const char *chardev)
{
	int taken;

	if (!sock)
		return;
	taken = is_taken(s, sock);
	if (s->monitor && (!vmm->taken || taken))
		return;
	s->monitor = sock;
	vmm->taken = taken;
	vmm->libvirt = !strcmp(chardev, "charmonitor");
}

/* The socket behind chardev @id. */
static const struct sock *chardev_socket(const struct search *s,
					 char *const *words, const char *id)
{
	char text[PATH_MAX];

	for (; *words; words++) {
		if (!is_option(*words, "chardev") || !words[1] ||
		    strncmp(words[1], "socket,", 7) ||
		    value_of(words[1], "id", 0, text, sizeof(text)) ||
		    strcmp(text, id))
			continue;
		if (!value_of(words[1], "path", 0, text, sizeof(text)))
			return listener_at(s, text);
		if (!value_of(words[1], "fd", 0, text, sizeof(text)))
			return listener_number(s, atoi(text));
	}
	return NULL;
}

/* -mon chardev=ID,mode=control: what is no control is for people. */
static const struct sock *mon_socket(const struct search *s, char *const *words,
				     const char *mon, char *id)
{
	char mode[16];

	if (value_of(mon, "mode", 0, mode, sizeof(mode)) ||
	    strcmp(mode, "control") ||
	    value_of(mon, "chardev", 1, id, VMM_NAME_LEN))
		return NULL;
	return chardev_socket(s, words, id);
}

static void find_monitor(struct search *s, char *const *words, struct vmm *vmm)
{
	char path[PATH_MAX];
	char *const *word;

	for (word = words; *word && word[1]; word++) {
		char id[VMM_NAME_LEN] = "";

		if ((is_option(*word, "qmp") ||
		     is_option(*word, "qmp-pretty")) &&
		    !strncmp(word[1], "unix:", 5)) {
			next_element(word[1] + 5, path, sizeof(path));
			take_monitor(s, vmm, listener_at(s, path), id);
		} else if (is_option(*word, "mon")) {
			take_monitor(s, vmm, mon_socket(s, words, word[1], id),
				     id);
		}
	}
	if (!s->monitor)
		return;
	/* libvirt listens for its guests, and is asked itself. */
	if (!vmm->libvirt && is_own_listener(s, s->monitor))
		vmm->file = open_file(s, s->monitor);
	if (vmm->libvirt || vmm->file >= 0)
		name_monitor(s, vmm, s->monitor);
}

void vmm_look(pid_t pid, struct vmm *vmm)
{
	struct search search = { .pid = pid, .pidfd = -1 };
	size_t len;
	char *text = proc_read(pid, "cmdline", &len);
	char **words = text ? split_words(text, len) : NULL;

	*vmm = (struct vmm){ .file = -1 };
	if (words) {
		vmm_setting(words, "name", "guest", vmm->name,
			    sizeof(vmm->name));
		find_sockets(&search);
		find_monitor(&search, words, vmm);
		put_sockets(&search);
	}
	free(words);
	free(text);
}

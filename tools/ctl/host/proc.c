// SPDX-License-Identifier: GPL-2.0-only
/* What /proc tells of processes: their files, links and descriptors. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "host/proc.h"

/* More than any command line and any table of sockets that is of use here. */
#define MAX_FILE (4 << 20)
#define PATH_LEN 96

static char *read_all(int fd, size_t *len)
{
	size_t room = 0, used = 0;
	char *text = NULL;
	ssize_t n;

	do {
		if (room - used < 2) {
			char *more = realloc(text, room + 16384);

			if (!more)
				goto fail;
			text = more;
			room += 16384;
		}
		n = read(fd, text + used, room - used - 1);
		if (n > 0)
			used += n;
	} while ((n > 0 && used < MAX_FILE) || (n < 0 && errno == EINTR));
	if (n)
		goto fail;
	text[used] = '\0';
	*len = used;
	return text;
fail:
	free(text);
	return NULL;
}

char *proc_read(pid_t pid, const char *name, size_t *len)
{
	char path[PATH_LEN];
	char *text;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	text = read_all(fd, len);
	close(fd);
	return text;
}

int proc_link(pid_t pid, const char *name, char *to, size_t len)
{
	char path[PATH_LEN];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	n = readlink(path, to, len);
	if (n < 0 || (size_t)n == len)
		return -1;
	to[n] = '\0';
	return 0;
}

/* An entry's name as a number, -1: it is none. */
static int number_of(const struct dirent *entry)
{
	const char *p = entry->d_name;
	long number = 0;

	for (; *p >= '0' && *p <= '9' && number <= INT_MAX; p++)
		number = number * 10 + (*p - '0');
	return *p || p == entry->d_name || number > INT_MAX ? -1 : (int)number;
}

int proc_each(void (*found)(void *ctx, pid_t pid), void *ctx)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		pid_t pid = number_of(entry);

		if (pid > 0)
			found(ctx, pid);
	}
	closedir(dir);
	return 0;
}

int proc_each_fd(pid_t pid,
		 void (*found)(void *ctx, int fd, const char *target),
		 void *ctx)
{
	char path[32], target[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		int fd = number_of(entry);

		snprintf(path, sizeof(path), "fd/%d", fd);
		if (fd >= 0 && !proc_link(pid, path, target, sizeof(target)))
			found(ctx, fd, target);
	}
	closedir(dir);
	return 0;
}

int proc_fdinfo(pid_t pid, int fd, const char *key, char *to, size_t len)
{
	char path[32];
	size_t text_len, key_len = strlen(key);
	char *text, *line, *rest;
	int ret = -1;

	snprintf(path, sizeof(path), "fdinfo/%d", fd);
	text = rest = proc_read(pid, path, &text_len);
	while (ret && (line = strsep(&rest, "\n"))) {
		if (strncmp(line, key, key_len) || line[key_len] != ':')
			continue;
		line += key_len + 1;
		snprintf(to, len, "%s", line + strspn(line, "\t "));
		ret = 0;
	}
	free(text);
	return ret;
}

/*
 * A descriptor of O_PATH has opened nothing: whoever may see a node has one of it, or
 * of a node in a file system of its own making, which has any number.
 */
static int is_open(pid_t pid, int fd)
{
	char flags[32];

	return !proc_fdinfo(pid, fd, "flags", flags, sizeof(flags)) &&
	       !(strtoul(flags, NULL, 8) & O_PATH);
}

int proc_fd_device(pid_t pid, int fd, dev_t *device)
{
	char path[PATH_LEN];
	struct statx stat;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	/* A file system that does not answer is not asked. */
	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_TYPE, &stat) ||
	    !S_ISCHR(stat.stx_mode) || !is_open(pid, fd))
		return -1;
	*device = makedev(stat.stx_rdev_major, stat.stx_rdev_minor);
	return 0;
}

/* ---- whose child ---- */

static pid_t parent_of(pid_t pid)
{
	size_t len;
	char *text = proc_read(pid, "status", &len);
	char *line = text ? strstr(text, "\nPPid:\t") : NULL;
	pid_t parent = line ? atoi(line + 7) : 0;

	free(text);
	return parent;
}

int proc_descends(pid_t pid, pid_t from)
{
	while (pid > 0 && pid != from)
		pid = parent_of(pid);
	return pid > 0;
}

/* ---- at the other end ---- */

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/*
 * The listener may have ended, and others go on with the socket: then the number that
 * goes with it is a later process's, or will be.
 */
static int has_ended(int sock)
{
	socklen_t len = sizeof(int);
	struct pollfd poll_fd = { .events = POLLIN };
	int ended;

	if (getsockopt(sock, SOL_SOCKET, SO_PEERPIDFD, &poll_fd.fd, &len))
		return errno != ENOPROTOOPT;
	ended = poll(&poll_fd, 1, 0) != 0;
	close(poll_fd.fd);
	return ended;
}

pid_t proc_peer(int sock)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) ||
	    cred.pid <= 0)
		return 0;
	return has_ended(sock) ? -1 : cred.pid;
}

/* ---- whose a lease is ---- */

struct holder {
	unsigned long long lease;
	pid_t pid; /* that is looked at */
	pid_t found;
};

static void look_at_fd(void *ctx, int fd, const char *target)
{
	struct holder *holder = ctx;
	char text[24];

	/* Of a file such a name would begin with a slash. */
	if (holder->found || strcmp(target, "anon_inode:[sriov_broker:lease]"))
		return;
	if (!proc_fdinfo(holder->pid, fd, "lease", text, sizeof(text)) &&
	    strtoull(text, NULL, 10) == holder->lease)
		holder->found = holder->pid;
}

static void look_at_process(void *ctx, pid_t pid)
{
	struct holder *holder = ctx;

	holder->pid = pid;
	if (!holder->found)
		proc_each_fd(pid, look_at_fd, holder);
}

pid_t proc_lease_holder(unsigned long long lease)
{
	struct holder holder = { .lease = lease };

	proc_each(look_at_process, &holder);
	return holder.found;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * QMP to a guest of libvirt's: spoken with sriovctl-libvirt, which sits beside
 * our own program where it was built, and sends on what we say.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/proc.h"
#include "qemu/libvirt.h"

#define HELPER	   "sriovctl-libvirt"
#define USER_ALIAS "ua-"

void libvirt_id(const char *id, char *to, size_t len)
{
	int has_it = !strncmp(id, USER_ALIAS, strlen(USER_ALIAS));

	snprintf(to, len, "%s%s", has_it ? "" : USER_ALIAS, id);
}

static int helper_path(char *path, size_t len)
{
	char *slash;

	if (proc_link(getpid(), "exe", path, len)) {
		snprintf(path, len, "%s", HELPER);
		return -ENOENT;
	}
	slash = strrchr(path, '/');
	if (!slash || (size_t)(slash + sizeof("/" HELPER) - path) > len)
		return -ENAMETOOLONG;
	strcpy(slash, "/" HELPER);
	return access(path, X_OK) ? -errno : 0;
}

/* Start the helper with @fd as its standard input. Return: its pid or -errno */
static pid_t start_helper(const char *path, const char *domain, pid_t guest,
			  int fd)
{
	char number[16];
	char *words[] = { HELPER, (char *)domain, number, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int err = posix_spawn_file_actions_init(&actions);

	if (err)
		return -err;
	snprintf(number, sizeof(number), "%d", guest);
	err = posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	if (!err)
		err = posix_spawn(&pid, path, &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	return err ? -err : pid;
}

/* It is a package of its own, and built only where libvirt is. */
static int helper_failed(struct qmp *qmp, const char *path, int error)
{
	if (error == -ENOENT)
		return qmp_fail(
			qmp, error,
			"there is no %s; install the package sriovctl-libvirt, or build sriovctl where libvirt-dev is",
			path);
	if (error == -EACCES)
		return qmp_fail(qmp, error,
				"%s: is there, but may not be executed", path);
	return qmp_fail(qmp, error, "%s: %s", path, strerror(-error));
}

int libvirt_open(struct qmp *qmp, const char *domain, pid_t guest,
		 int timeout_ms)
{
	char path[PATH_MAX];
	int pair[2];
	pid_t pid;
	int err = helper_path(path, sizeof(path));

	*qmp = (struct qmp){ .fd = -1 };
	if (err)
		return helper_failed(qmp, path, err);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return qmp_fail(qmp, -errno, "%s", strerror(errno));
	pid = start_helper(path, domain, guest, pair[1]);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return qmp_fail(qmp, pid, "%s: %s", path, strerror(-pid));
	}
	return qmp_start_helped(qmp, pair[0], pid, timeout_ms);
}

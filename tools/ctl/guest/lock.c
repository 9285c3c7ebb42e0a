// SPDX-License-Identifier: GPL-2.0-only
/*
 * One command at a time for a guest.
 *
 * A monitor serves one client, but a QEMU may have several, and libvirt serves
 * many: two commands with one id at once would each take the lease that the
 * other has just handed over for a leftover, and have QEMU close it.
 *
 * The lock is a byte of a file, at the number of the guest's process. It ends with
 * us however we end, and the kernel knows whose it is. The file is where no other
 * user can lock it: whoever may lease VFs may not hold up commands for guests that
 * are not its own. So root's commands wait for root's, a user's for that user's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/progress.h"
#include "base/wait.h"
#include "guest/lock.h"

#define LOCK_POLL_MS 50

/* ---- the place ---- */

/* The same for all of a user's commands, cron's as well: not from the environment. */
static void directory(char *path, size_t len)
{
	char runtime[32];

	snprintf(runtime, sizeof(runtime), "/run/user/%u", geteuid());
	if (!geteuid())
		snprintf(path, len, "/run/sriov-broker");
	else if (!access(runtime, X_OK))
		snprintf(path, len, "%s/sriov-broker", runtime);
	else
		snprintf(path, len, "/tmp/sriov-broker-%u", geteuid());
}

/* Ours, and no other user may put anything there. Return: descriptor or -errno */
static int open_directory(void)
{
	char path[PATH_MAX];
	struct stat stat;
	int fd;

	directory(path, sizeof(path));
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &stat) && stat.st_uid == geteuid() &&
	    !(stat.st_mode & (S_IWGRP | S_IWOTH)))
		return fd;
	close(fd);
	return -EPERM;
}

static int open_file(void)
{
	int dir = open_directory();
	int fd;

	if (dir < 0)
		return dir;
	fd = openat(dir, "guests", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		fd = -errno;
	close(dir);
	return fd;
}

/* ---- the lock ---- */

static int wait_for_lock(int fd, pid_t guest, int timeout_ms, pid_t *holder)
{
	int64_t deadline = now_ms() + timeout_ms;

	for (;;) {
		struct flock lock = {
			.l_type = F_WRLCK,
			.l_whence = SEEK_SET,
			.l_start = guest,
			.l_len = 1,
		};

		/* Of the kind whose owner can be named. */
		if (!fcntl(fd, F_SETLK, &lock))
			return 0;
		if (errno != EAGAIN && errno != EACCES)
			return -errno;
		if (!fcntl(fd, F_GETLK, &lock) && lock.l_type != F_UNLCK)
			*holder = lock.l_pid;
		if (now_ms() > deadline)
			return -ETIMEDOUT;
		progress_tick();
		if (wait_ms(LOCK_POLL_MS))
			return -EINTR;
	}
}

int guest_lock(pid_t guest, int timeout_ms, pid_t *holder)
{
	int fd = open_file();
	int err;

	if (fd < 0)
		return fd;
	err = wait_for_lock(fd, guest, timeout_ms, holder);
	if (!err)
		return fd;
	close(fd);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths that lead where other users may have a hand in: walked name by name, each
 * looked up in the directory that the one before has led to, so that what was looked
 * at is what is used. openat2() can refuse all links or none: /var/run is one.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "host/path.h"

#define MAX_LINKS 40 /* as many as the kernel follows */

/* Of a path, what was not looked up yet. */
struct walk {
	int at; /* directory, by O_PATH */
	unsigned int links;
	int unsafe; /* the name is that of a link which is not followed */
	char rest[PATH_MAX];
	char name[NAME_MAX + 1];
};

/* Take the next name off. Return: 1, 0: that was all, or -errno */
static int next_name(struct walk *w)
{
	size_t skip = strspn(w->rest, "/");
	size_t len = strcspn(w->rest + skip, "/");

	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(w->name, w->rest + skip, len);
	w->name[len] = '\0';
	memmove(w->rest, w->rest + skip + len,
		strlen(w->rest + skip + len) + 1);
	return len > 0;
}

static int is_ours(uid_t uid)
{
	return !uid || uid == geteuid();
}

int path_link_is_safe(const struct stat *dir, const struct stat *link)
{
	if (!is_ours(link->st_uid) || !is_ours(dir->st_uid))
		return 0;
	/* In /tmp each user changes only its own. */
	if (dir->st_mode & S_ISVTX)
		return 1;
	return !(dir->st_mode & S_IWOTH) &&
	       (!(dir->st_mode & S_IWGRP) || !dir->st_gid ||
		dir->st_gid == getegid());
}

static int is_in_proc(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == PROC_SUPER_MAGIC;
}

static int move_to(struct walk *w, int fd)
{
	if (fd < 0)
		return -errno;
	close(w->at);
	w->at = fd;
	return 0;
}

/* What it says stands before the rest from now on. */
static int follow(struct walk *w, int link)
{
	char text[PATH_MAX];
	ssize_t len = readlinkat(link, "", text, sizeof(text));

	if (len < 0)
		return -errno;
	if (!len || len + strlen(w->rest) >= sizeof(w->rest))
		return -ENAMETOOLONG;
	if (++w->links > MAX_LINKS)
		return -ELOOP;
	memmove(w->rest + len, w->rest, strlen(w->rest) + 1);
	memcpy(w->rest, text, len);
	if (text[0] != '/')
		return 0;
	return move_to(w, open("/", O_PATH | O_CLOEXEC));
}

/* Look the name up. Return: 0 or -errno */
static int step(struct walk *w)
{
	int fd = openat(w->at, w->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat stat, dir;
	int err;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &stat) || !S_ISLNK(stat.st_mode))
		return move_to(w, fd);
	/* Many of these lead to what their text does not name. */
	if (is_in_proc(fd)) {
		err = move_to(w, openat(w->at, w->name, O_PATH | O_CLOEXEC));
	} else {
		w->unsafe = fstat(w->at, &dir) ||
			    !path_link_is_safe(&dir, &stat);
		err = w->unsafe ? -ELOOP : follow(w, fd);
	}
	close(fd);
	return err;
}

int path_open(const char *path, char *link)
{
	struct walk w = { 0 };
	int err;

	link[0] = '\0';
	if (!path[0])
		return -ENOENT;
	if (strlen(path) >= sizeof(w.rest))
		return -ENAMETOOLONG;
	strcpy(w.rest, path);
	w.at = open(path[0] == '/' ? "/" : ".", O_PATH | O_CLOEXEC);
	if (w.at < 0)
		return -errno;
	while ((err = next_name(&w)) > 0) {
		err = step(&w);
		if (err)
			break;
	}
	if (!err)
		return w.at;
	close(w.at);
	if (w.unsafe)
		snprintf(link, PATH_LINK_LEN, "%s", w.name);
	return err;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Paths that lead where other users may have a hand in. */
#ifndef HOST_PATH_H
#define HOST_PATH_H

#include <sys/stat.h>

/* Room for the name of the link that was not followed. */
#define PATH_LINK_LEN 256

/*
 * What is at @path, by O_PATH. A symbolic link is followed, wherever in the path it
 * stands, only if it is root's or ours and no other user can put another one in its
 * place; root would be led to a file of root's own otherwise. The links of /proc are
 * the kernel's.
 * Return: the caller's descriptor, or -errno; -ELOOP with the name of a link in
 * @link: that one was not followed
 */
int path_open(const char *path, char *link);

/* Is a link in the directory @dir root's or ours, and no other user can put another there? */
int path_link_is_safe(const struct stat *dir, const struct stat *link);

#endif /* HOST_PATH_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What /proc tells of processes. Each of them may be gone a moment later, or
 * another user's: what can't be read is passed over.
 */
#ifndef HOST_PROC_H
#define HOST_PROC_H

#include <stddef.h>
#include <sys/types.h>

/* All of /proc/PID/@name with a zero behind it, NULL; the caller's to free. */
char *proc_read(pid_t pid, const char *name, size_t *len);

/* Where the link /proc/PID/@name leads. Return: 0 or -1. */
int proc_link(pid_t pid, const char *name, char *to, size_t len);

/* Call @found for every process there is. Return: 0 or -errno. */
int proc_each(void (*found)(void *ctx, pid_t pid), void *ctx);

/* Call @found for every descriptor of a process. Return: 0 or -1. */
int proc_each_fd(pid_t pid,
		 void (*found)(void *ctx, int fd, const char *target),
		 void *ctx);

/* The value of the line "@key:" in /proc/PID/fdinfo/FD. Return: 0 or -1. */
int proc_fdinfo(pid_t pid, int fd, const char *key, char *to, size_t len);

/*
 * The number of the character device that a descriptor has open, whatever name it
 * has. Return: 0, or -1: it has none
 */
int proc_fd_device(pid_t pid, int fd, dev_t *device);

/*
 * The process that a connected unix socket leads to, or that listens on this one: by the
 * kernel's word, and by one that no later process of that number can be taken for.
 * (Before 6.5 the kernel tells the number only.)
 * Return: its pid; 0: it can't be seen from here; -1: it has ended
 */
pid_t proc_peer(int sock);

/* Is a process the other one, or a child of its, or a child's child? */
int proc_descends(pid_t pid, pid_t from);

/* A process that has a lease's descriptor, 0: none that we may look at. */
pid_t proc_lease_holder(unsigned long long lease);

#endif /* HOST_PROC_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process that runs a guest: what its command line and its sockets say of the
 * guest's name and of its monitor.
 */
#ifndef QEMU_VMM_H
#define QEMU_VMM_H

#include <sys/types.h>

#define VMM_NAME_LEN 128
#define VMM_PATH_LEN 108 /* of a unix socket */

struct vmm {
	char name[VMM_NAME_LEN];    /* "": it has none */
	char monitor[VMM_PATH_LEN]; /* a socket for QMP; "": none is known */
	int file;    /* of that, by O_PATH; -1: not to be connected to */
	int taken;   /* a client is connected to it */
	int libvirt; /* the monitor is libvirt's */
};

/* Does its program's name say that it is a QEMU? */
int vmm_is_qemu(pid_t pid);

/* What can be known of it; its @file is the caller's to close. */
void vmm_look(pid_t pid, struct vmm *vmm);

/*
 * The value of @key, which may go without it when it comes first, in the last
 * -@option of QEMU's words, which NULL ends. Return: 0, or -1 and "".
 */
int vmm_setting(char *const *words, const char *option, const char *key,
		char *to, size_t len);

#endif /* QEMU_VMM_H */

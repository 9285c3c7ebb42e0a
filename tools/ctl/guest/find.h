/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guests that hold leased VFs: found from the leases and the processes that have
 * them, never from a file that may be out of date.
 */
#ifndef GUEST_FIND_H
#define GUEST_FIND_H

#include "qemu/qemu.h"
#include "qemu/vmm.h"
#include "sriovbroker.h"

/* For a list: a monitor that does not answer then is done without. main() may set it. */
extern int guests_ask_ms;

/* A VF, and the guest that holds it. */
struct guest {
	struct sriov_broker_vf vf;  /* with its lease */
	pid_t pid;		    /* of the guest's QEMU */
	char name[VMM_NAME_LEN];    /* "": it has none */
	char monitor[VMM_PATH_LEN]; /* a socket for QMP; "": none is known */
	int file; /* of that, by O_PATH; -1: not to be connected to */
	char domain[VMM_NAME_LEN]; /* its name in libvirt; "": not libvirt's */
	char id[QEMU_ID_LEN];	   /* the device's in QEMU; "": not known */
};

/*
 * The leased VFs that guests hold, of one PF or, with NULL, of all, ordered by
 * guest. The array is the caller's to guests_free(), NULL when empty. Monitors are asked
 * for ids, each for @ask_ms at most; one that has a client already is left alone.
 * Return: number of elements or -errno, that of the broker's answer.
 */
ssize_t guests_find(struct sriovb *sb, const struct sriov_broker_addr *pf,
		    int ask_ms, struct guest **guests);
void guests_free(struct guest *guests, ssize_t n);

/*
 * Open the monitor of a guest, of which @vmm are its words, unless it has a client
 * already. qmp_close() afterwards whatever is returned.
 * Return: 0 or -errno, -ESRCH: it is another process's
 */
int guest_monitor(pid_t pid, const struct vmm *vmm, int ask_ms,
		  struct qmp *qmp);

/* Has a process a descriptor of a lease? By the kernel's word, not the guest's. */
int guest_holds(pid_t pid, unsigned long long lease);

#endif /* GUEST_FIND_H */

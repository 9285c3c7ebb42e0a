/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VF into a guest. Functions complain by themselves and return 0 or an exit code,
 * where they do not say otherwise.
 */
#ifndef GUEST_PLUG_H
#define GUEST_PLUG_H

#include "guest/monitor.h"
#include "qemu/fdset.h"
#include "qemu/qemu.h"

#define PLUG_TIMEOUT_S	   60 /* for device_add */
#define PLUG_MAX_TIMEOUT_S 3600

/* A VF on its way into a guest. */
struct plug {
	char id[QEMU_ID_LEN];
	struct kept kept; /* lease, VF, bus; "": QEMU chooses the bus */
	int fd;		  /* of the lease; -1: QEMU alone has it */
	int in_doubt;	  /* it can't be known whether it is in */
	char vf[SRIOVB_ADDR_LEN];
};

/* What a lease was granted for @plug. */
void plug_take(struct plug *plug, const struct sriov_broker_grant *grant);

/* Is its id free in this QEMU? */
int plug_check_id(struct monitor *m, const struct plug *plug);

/* Have QEMU keep the lease. */
int plug_hand_over(struct monitor *m, const struct plug *plug);

/*
 * device_add, of a VF whose lease was handed over. No complaint here.
 * Return: as qmp_call(); -EOPNOTSUPP: no way by iommufd.
 */
int plug_device_add(struct monitor *m, struct plug *plug,
		    unsigned int timeout_s);

/* Both; if QEMU refuses it has given the lease back. */
int plug_in(struct monitor *m, struct plug *plug, unsigned int timeout_s);

/*
 * Where another device was until now: it is watched until the guest makes use of
 * it, and plugged in again should the guest let go of it because it was asked to let
 * go of the other one more than once. @timeout_s: for how long, with a word if that
 * does not do; 0: it can't be expected to make use of it, so not for long.
 * Return: as plug_device_add(), without a complaint; 0 if the guest was too slow,
 * or a signal came while it was in; -ESTALE: the guest let go of it, and its lease has
 * ended
 */
int plug_settle(struct monitor *m, struct sriovb *sb, struct plug *plug,
		unsigned int timeout_s);

/* The same, until the guest makes use of it, with a complaint if it does not. */
int plug_await_guest(struct monitor *m, struct sriovb *sb, struct plug *plug,
		     unsigned int timeout_s);

#endif /* GUEST_PLUG_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VFs out of a guest. Functions complain by themselves and return 0 or an exit code.
 */
#ifndef GUEST_UNPLUG_H
#define GUEST_UNPLUG_H

#include "guest/monitor.h"
#include "qemu/fdset.h"

#define UNPLUG_TIMEOUT_S 30

/* What a command has plugged in comes out again: of use to its user, whatever limit that set. */
#define UNPLUG_UNDO_S (qmp_timeout_ms * 3 / 1000)

/* How long to ask a guest, and whether a "no" of it is taken for one. */
struct unplug_opts {
	unsigned int timeout_s;
	int insist;
};

enum unplug_state {
	UNPLUG_ASK,
	UNPLUG_WAIT,
	UNPLUG_GONE, /* it is out of QEMU */
	UNPLUG_FAILED
};

/* A VF on its way out of a guest. */
struct unplug {
	const char *id;
	int quiet; /* no word of success */
	enum unplug_state state;
	int code; /* the exit code, once it has failed or is back */
	struct sriov_broker_addr vf; /* 0: not known */
	unsigned long long lease;
	int guest_refused;
	int kept_none; /* QEMU kept no lease for it */
	int64_t again; /* when to ask again */
};

/* Which VF it is; its state is then UNPLUG_ASK or UNPLUG_GONE. */
int unplug_identify(struct monitor *m, struct sriovb *sb, struct unplug *u);

/* Until the guest has let go of all of them; the leases stay with QEMU. */
int unplug_from_guest(struct monitor *m, struct unplug *all, unsigned int n,
		      const struct unplug_opts *opts);

/* Have QEMU give their leases back, and wait for the VFs. */
int unplug_return(struct monitor *m, struct sriovb *sb, struct unplug *all,
		  unsigned int n);

/* All of that, for those of them with which it can be done. */
int unplug_all(struct monitor *m, struct sriovb *sb, struct unplug *all,
	       unsigned int n, const struct unplug_opts *opts);

/* Until a VF whose lease has ended is back; what has become of it is told. */
int unplug_await(const struct monitor *m, struct sriovb *sb,
		 const struct unplug *u);

/* Until no VF of any is on its way back. */
void unplug_await_all(struct sriovb *sb);

/* For fdset_drop_left(): say so. */
void unplug_tell_left(void *ctx, const struct kept *kept);

#endif /* GUEST_UNPLUG_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VFs into guests and out of them: what attach, detach, swap and drain have in
 * common. Functions complain by themselves and return 0 or an exit code.
 */
#ifndef GUEST_PLUG_H
#define GUEST_PLUG_H

#include "cli/args.h"
#include "guest/find.h"
#include "qemu/fdset.h"
#include "qemu/qemu.h"
#include "qemu/qmp.h"

/* A QEMU's monitor, and what the user calls it: --qmp SOCKET, --libvirt DOMAIN. */
struct monitor {
	struct qmp qmp;
	const char *option;
	const char *name;
	int by_socket; /* or else libvirt's */
	int file;      /* the socket's, by O_PATH; -1: @name is its path */
	pid_t guest;   /* the process that it has to be, 0: any */
	int lock;      /* for this guest, -1: none */
	pid_t waited;  /* for this other sriovctl to be done with it */
};

/* For a table of options. */
#define MONITOR_QMP_OPTION { "qmp", 'q', "SOCKET", "QEMU's monitor" }
#define MONITOR_LIBVIRT_OPTION \
	{ "libvirt", 'L', "DOMAIN", "or else: a guest of libvirt's" }

/* One of the two is needed. Return: 0 or EXIT_USAGE */
int monitor_check(const struct args *args, const char *socket,
		  const char *domain);

/*
 * Open the monitor at @socket, or if that is NULL that of libvirt's @domain.
 * @patience_ms: for another client of the monitor, and for another sriovctl that
 * is at work on this guest, to be done, qmp_patience_ms at least.
 */
int monitor_open(struct monitor *m, const char *socket, const char *domain,
		 int patience_ms);

/* The same for a guest that was found, and no other. */
int monitor_open_guest(struct monitor *m, const struct guest *guest,
		       int patience_ms);
void monitor_close(struct monitor *m);

/* What a device called @id is called in this QEMU; room for QEMU_ID_LEN. */
void monitor_id(const struct monitor *m, const char *id, char *to);

/* Complain about the last thing QEMU said or did. Return: EXIT_REFUSED */
int monitor_failed(const struct monitor *m);

/* The same, in the name of the device or VF that it was about. */
int monitor_failed_for(const struct monitor *m, const char *what);

/* ---- plug.c: in ---- */

#define PLUG_TIMEOUT_S	   60 /* for device_add */
#define PLUG_MAX_TIMEOUT_S 3600

/* A VF on its way into a guest. */
struct plug {
	char id[QEMU_ID_LEN];
	struct kept kept; /* lease, VF, bus; "": QEMU chooses the bus */
	int fd;		  /* of the lease; -1: QEMU alone has it */
	int in_doubt;	  /* nobody knows whether it is in */
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

/* ---- unplug.c: out ---- */

#define UNPLUG_TIMEOUT_S 30

/* How long to ask a guest, and whether a "no" of it is taken for one. */
struct patience {
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
		      const struct patience *patience);

/* Have QEMU give their leases back, and wait for the VFs. */
int unplug_return(struct monitor *m, struct sriovb *sb, struct unplug *all,
		  unsigned int n);

/* All of that, for those of them with which it can be done. */
int unplug_all(struct monitor *m, struct sriovb *sb, struct unplug *all,
	       unsigned int n, const struct patience *patience);

/* Until a VF whose lease has ended is back; what has become of it is told. */
int await_return(const struct monitor *m, struct sriovb *sb,
		 const struct unplug *u);

/* Until no VF of any is on its way back. */
void await_all(struct sriovb *sb);

/* For keep_drop_left(): say so. */
void unplug_tell_left(void *ctx, const struct kept *kept);

/* ---- iommufd.c: devices by descriptor ---- */

/* Can kernel and QEMU do it? To be asked before anything is leased. */
int iommufd_check(struct monitor *m);

/*
 * Hand QEMU what device_add needs, and put it into its arguments.
 * Return: as qmp_call(), with words in qmp->error.
 */
int iommufd_prepare(struct monitor *m, const struct plug *plug,
		    struct json_object *args);

/* Have QEMU forget what a refused device_add may have left. */
void iommufd_tidy(struct monitor *m, const char *id);

#endif /* GUEST_PLUG_H */

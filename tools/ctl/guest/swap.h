/* SPDX-License-Identifier: GPL-2.0-only */
/* One VF of a guest for another: what swap and drain have in common. */
#ifndef GUEST_SWAP_H
#define GUEST_SWAP_H

#include "base/field.h"
#include "cli/netattr.h"
#include "guest/monitor.h"
#include "guest/plug.h"
#include "guest/unplug.h"
#include "qemu/qemu.h"

struct swap {
	/* what is wanted */
	struct sriovb *sb;
	struct monitor *monitor;
	const char *id; /* of the device whose VF goes */
	const struct sriov_broker_selector *selectors; /* VFs that will do */
	unsigned int num_selectors;		       /* 0: those of its PF */
	unsigned int lease_flags;     /* SRIOV_BROKER_LEASE_* */
	int make_first;		      /* the new one in before the old is out */
	const struct netattrs *attrs; /* besides those of the old; or NULL */
	const struct unplug_opts *opts;

	/* what was found */
	struct unplug old;
	struct sriov_broker_vf old_vf;
	int keeps_old; /* QEMU keeps the lease of the VF that goes */
	char bus[QEMU_ID_LEN];
	int has_bus;
	int by_iommufd;
	unsigned int settle_s; /* how long the guest may take to use a VF */
	int finished;	       /* nothing was left to do but to tidy up */
	struct netattrs carried;
	int other_mac; /* one was asked for that the old VF does not have */

	/* what was done */
	struct sriov_broker_grant grant;
	struct plug new;
};

/*
 * Exchange, or complain and leave the guest with its old VF. Goes on with what
 * an earlier one that was cut short has left. Return: 0 or an exit code; if
 * 0, @new is what the guest has now.
 */
int swap_vf(struct swap *s);

/* Of a struct swap: what the guest has now. */
extern const struct field swap_fields[];

/* Say what was done, @where: behind the id, "" or such as " of web1". */
void swap_print(const struct swap *s, const char *where);

#endif /* GUEST_SWAP_H */

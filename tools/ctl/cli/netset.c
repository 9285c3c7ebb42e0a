// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VF's network attributes set, all or none, by its PF's driver: by one of its
 * operations after the other, so that it can be told which of them was refused.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_ether.h>

#include "base/complain.h"
#include "cli/netset.h"
#include "cli/report.h"
#include "cli/target.h"

#define BIT(attr) (1U << NETATTR_##attr)

/* What each of a driver's operations sets at once, in the order in which they are called. */
static const unsigned int operations[] = {
	BIT(MAC),
	BIT(VLAN) | BIT(QOS) | BIT(PROTO),
	BIT(MIN_RATE) | BIT(MAX_RATE),
	BIT(SPOOFCHK),
	BIT(TRUST),
	BIT(STATE),
	BIT(RSS_QUERY),
};

#define NUM_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static void put(struct netattrs *attrs, enum netattr attr, uint64_t value)
{
	attrs->has |= 1U << attr;
	attrs->value[attr] = value;
}

/* A VF, its PF's interface, what was and what shall be. */
struct attr_txn {
	struct sriovb *sb;
	const struct netvf *vf;
	const struct netattrs *want;
	unsigned int flags;
	unsigned int besides; /* a VF that may have the MAC; -1U: none */
	struct netif netif;
	struct netattrs old;
	struct netattrs new; /* whole operations */
	char name[SRIOVB_ADDR_LEN];
	char driver[SRIOV_BROKER_NAME_LEN];
	char words[NETINFO_WORDS]; /* the driver's, of the last refusal */
};

/* ---- a MAC is one VF's ---- */

/* Which PF or VF has the MAC besides our VF? Return: its name, or NULL */
static const char *mac_owner(const struct attr_txn *txn, char *buf, size_t len)
{
	uint64_t mac = txn->want->value[NETATTR_MAC];
	struct netattrs other;
	unsigned int i;

	if (!netattr_has(txn->want, NETATTR_MAC) || !mac ||
	    txn->flags & NETSET_FORCE)
		return NULL;
	if (txn->netif.mac_number == mac) {
		snprintf(buf, len, "its PF, %s,", txn->netif.name);
		return buf;
	}
	for (i = 0; i < txn->netif.num_vfs; i++) {
		if (i == txn->vf->index || i == txn->besides ||
		    !netinfo_read(&txn->netif, i, &other) ||
		    other.value[NETATTR_MAC] != mac)
			continue;
		snprintf(buf, len, "VF %u of %s", i, txn->netif.name);
		return buf;
	}
	return NULL;
}

/* Return: 0 or EXIT_REFUSED */
static int check_mac(const struct attr_txn *txn)
{
	char owner[64], mac[NETATTR_TEXT];

	if (!mac_owner(txn, owner, sizeof(owner)))
		return 0;
	return fail(EXIT_BUSY, txn->name,
		    "%s has the MAC %s already" REMEDY
		    "only sriovctl set --force gives it to two",
		    owner, netattr_text(txn->want, NETATTR_MAC, mac));
}

/* ---- all or none ---- */

/* The names and values that were asked of an operation. */
static void describe(const struct attr_txn *txn, unsigned int operation,
		     char *buf, size_t len)
{
	char value[NETATTR_TEXT];
	size_t used = 0;
	int i;

	for (i = 0; i < NUM_NETATTRS && used < len; i++)
		if (netattr_has(txn->want, i) && operation >> i & 1)
			used += snprintf(buf + used, len - used, "%s%s %s",
					 used ? " " : "", netattr_name(i),
					 netattr_text(txn->want, i, value));
}

static int operation_failed(const struct attr_txn *txn, unsigned int operation,
			    int error)
{
	const char *state = txn->netif.state;
	char what[128] = "";

	describe(txn, operation, what, sizeof(what));
	switch (error) {
	case -EPERM:
		return fail(EXIT_NOT_PERMITTED, txn->name,
			    "%s: this needs root (CAP_NET_ADMIN)", what);
	case -EOPNOTSUPP:
	case -EPROTONOSUPPORT:
		return fail(EXIT_REFUSED, txn->name,
			    "%s: the PF's driver, %s, can't do that%s%s", what,
			    txn->driver, txn->words[0] ? ": " : "", txn->words);
	}
	return fail(exit_code_of(error), txn->name,
		    "%s: the PF's driver, %s, refused: %s%s%s%s%s%s%s", what,
		    txn->driver, strerror(-error), txn->words[0] ? ": " : "",
		    txn->words, strcmp(state, "up") ? REMEDY "note that " : "",
		    strcmp(state, "up") ? txn->netif.name : "",
		    strcmp(state, "up") ? " is " : "",
		    strcmp(state, "up") ? state : "");
}

/* Return: 0 or -errno */
static int operate(struct attr_txn *txn, unsigned int operation,
		   const uint64_t *values)
{
	return netinfo_write(&txn->netif, txn->vf->index, operation, values,
			     txn->words);
}

/* Back to what was, of the operations before @end. Return: 0, or -1 after a complaint */
static int undo(struct attr_txn *txn, size_t end)
{
	int ret = 0;
	size_t i;

	for (i = end; i-- > 0;) {
		if (!(operations[i] & txn->new.has) ||
		    !(operations[i] & txn->old.has))
			continue;
		if (!operate(txn, operations[i], txn->old.value))
			continue;
		fail(EXIT_PARTLY, txn->name,
		     "could not be set back" REMEDY "see sriovctl show %s",
		     txn->name);
		ret = -1;
	}
	return ret;
}

static int set_all(struct attr_txn *txn)
{
	size_t i;
	int err;

	for (i = 0; i < NUM_OPERATIONS; i++) {
		if (!(operations[i] & txn->new.has))
			continue;
		err = operate(txn, operations[i], txn->new.value);
		if (err) {
			err = operation_failed(txn, operations[i], err);
			return undo(txn, i) ? EXIT_PARTLY : err;
		}
	}
	return 0;
}

/*
 * An operation sets several: those that were not named keep their values. No VLAN
 * is none whatever its priority was.
 */
static void complete(struct attr_txn *txn)
{
	size_t i;
	int attr;

	txn->new = *txn->want;
	if (netattr_has(&txn->new, NETATTR_VLAN) &&
	    !txn->new.value[NETATTR_VLAN]) {
		if (!netattr_has(&txn->new, NETATTR_QOS))
			put(&txn->new, NETATTR_QOS, 0);
		if (!netattr_has(&txn->new, NETATTR_PROTO))
			put(&txn->new, NETATTR_PROTO, ETH_P_8021Q);
	}
	for (i = 0; i < NUM_OPERATIONS; i++)
		for (attr = 0; attr < NUM_NETATTRS; attr++)
			if (operations[i] & txn->want->has &&
			    operations[i] >> attr & 1 &&
			    !netattr_has(&txn->new, attr))
				put(&txn->new, attr, txn->old.value[attr]);
}

static void find_driver(struct attr_txn *txn)
{
	struct sriov_broker_pf *pfs;
	ssize_t n = sriovb_list_pfs(txn->sb, &txn->vf->pf, &pfs);

	if (n > 0)
		memcpy(txn->driver, pfs[0].driver, sizeof(txn->driver));
	txn->driver[sizeof(txn->driver) - 1] = '\0';
	free(pfs);
}

/* Ask the PF's interface, again if we did before. Return: 0 or EXIT_REFUSED */
static int look(struct attr_txn *txn, struct netattrs *attrs)
{
	char pf[SRIOVB_ADDR_LEN];

	netinfo_put(&txn->netif);
	if (!netinfo_get(&txn->vf->pf, &txn->netif)) {
		sriovb_format_addr(&txn->vf->pf, pf);
		if (netinfo_is_elsewhere(&txn->vf->pf))
			return fail(
				EXIT_REFUSED, txn->name,
				"the interface of its PF, %s, is in another network namespace" REMEDY
				"use sriovctl there (ip netns exec)",
				pf);
		return fail(
			EXIT_REFUSED, txn->name,
			"its PF, %s, has no network interface, so there are no attributes to set",
			pf);
	}
	if (netinfo_read(&txn->netif, txn->vf->index, attrs))
		return 0;
	return fail(
		EXIT_REFUSED, txn->name,
		"the PF's driver, %s, keeps no network attributes for its VFs",
		txn->driver);
}

/* The lease we set them for may have ended before. Return: 0 or EXIT_REFUSED */
static int check_lease(const struct attr_txn *txn)
{
	const struct netvf *vf = txn->vf;
	struct sriov_broker_vf now;
	int found = find_vf_at(txn->sb, &vf->vf, &now);

	if (found < 0)
		return refused(txn->sb, found);
	if (found && now.lease_id == vf->lease_id)
		return 0;
	return fail_with(
		&(struct failure){ .code = EXIT_NOT_FOUND,
				   .subject = txn->name,
				   .lease = vf->lease_id },
		"lease %llu has ended, and the attributes are put back with it",
		vf->lease_id);
}

/*
 * One that was free may be leased since we looked: then its attributes are for the holder
 * to set. Return: 0 or an exit code
 */
static int check_free(const struct attr_txn *txn)
{
	struct sriov_broker_vf now;
	int found = find_vf_at(txn->sb, &txn->vf->vf, &now);

	if (found < 0)
		return refused(txn->sb, found);
	if (!found || !now.lease_id)
		return 0;
	return fail_with(
		&(struct failure){ .code = EXIT_BUSY,
				   .subject = txn->name,
				   .lease = now.lease_id,
				   .pid = now.lease_pid },
		"was leased meanwhile, as lease %llu" REMEDY
		"try again when that has ended, or set them for the lease: sriovctl set",
		(unsigned long long)now.lease_id);
}

/* The kernel remembers a leased one's attributes; a free one has to be free still. */
static int begin(const struct attr_txn *txn)
{
	const struct netvf *vf = txn->vf;
	int err;

	if (!vf->lease_id)
		return check_free(txn);
	err = sriovb_net_hold(txn->sb, &vf->vf, vf->lease_id, 0);
	return err ? refused(txn->sb, err) : 0;
}

static int apply(struct attr_txn *txn)
{
	struct netattrs now;
	int err = look(txn, &txn->old);

	if (!err)
		err = check_mac(txn);
	if (!err)
		err = begin(txn);
	if (err)
		return err;
	complete(txn);
	err = set_all(txn);
	if (err)
		return err;
	/* Whoever gave another VF this MAC at the same time finds out too. */
	err = look(txn, &now);
	if (!err)
		err = check_mac(txn);
	if (!err && !txn->vf->lease_id)
		err = check_free(txn);
	if (err)
		return undo(txn, NUM_OPERATIONS) ? EXIT_PARTLY : err;
	return txn->vf->lease_id ? check_lease(txn) : 0;
}

/* @what is done with the PF's interface at hand. */
static int with_txn(struct attr_txn *txn, int (*what)(struct attr_txn *txn))
{
	/* Our own, for the VF does not return before it is closed. */
	int err = open_broker(&txn->sb);

	if (err)
		return err;
	sriovb_format_addr(&txn->vf->vf, txn->name);
	find_driver(txn);
	err = what(txn);
	netinfo_put(&txn->netif);
	sriovb_close(txn->sb);
	return err;
}

int netset_apply(const struct netvf *vf, const struct netattrs *attrs,
		 unsigned int flags)
{
	struct attr_txn txn = {
		.vf = vf,
		.want = attrs,
		.flags = flags,
		.besides = -1U,
	};

	return with_txn(&txn, apply);
}

static int look_and_check_mac(struct attr_txn *txn)
{
	int err = look(txn, &txn->old);

	return err ? err : check_mac(txn);
}

int netset_check_mac(const struct netvf *vf, const struct netattrs *attrs,
		     unsigned int besides)
{
	struct attr_txn txn = { .vf = vf, .want = attrs, .besides = besides };

	return with_txn(&txn, look_and_check_mac);
}

int netset_apply_leases(const struct sriov_broker_grant *grants,
			unsigned int count, const struct netattrs *attrs)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && attrs->has && i < count; i++) {
		struct netvf vf = {
			.vf = grants[i].vf,
			.pf = grants[i].pf,
			.index = grants[i].index,
			.lease_id = grants[i].id,
		};

		err = netset_apply(&vf, attrs, 0);
	}
	return err;
}

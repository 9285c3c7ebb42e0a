// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sentences about failures: which object, and what was wrong. What to do about it is for
 * the program to say, which knows what its user can do; sriovctl's is in ctl/cli/advice.c.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define NUM(array) (sizeof(array) / sizeof((array)[0]))

/* A text that grows at its end and never past it. */
struct text {
	char *buf;
	size_t len;
	size_t used;
};

static void add(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	if (t->used >= t->len)
		return;
	va_start(args, fmt);
	n = vsnprintf(t->buf + t->used, t->len - t->used, fmt, args);
	va_end(args);
	if (n > 0)
		t->used += n;
}

/* A label may hold anything its author liked, which no terminal shall obey. */
static void add_words(struct text *t, const char *words, unsigned int len)
{
	char text[SRIOV_BROKER_CGROUP_LEN + 1];
	unsigned char *c;

	snprintf(text, sizeof(text), "%.*s", (int)len, words);
	for (c = (unsigned char *)text; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = '?'; /* C1, in UTF-8 */
	add(t, "%s", text);
}

static void add_name(struct text *t, const char *name)
{
	add_words(t, name, SRIOV_BROKER_NAME_LEN);
}

static int is_set(const struct sriov_broker_addr *addr)
{
	return addr->valid;
}

static void add_addr(struct text *t, const struct sriov_broker_addr *addr)
{
	char buf[SRIOVB_ADDR_LEN];

	add(t, "%s", sriovb_format_addr(addr, buf));
}

/* "0000:01:00.0: ", of the device in the way or else the one asked for. */
static void add_subject(struct text *t, const struct sriovb *sb)
{
	const struct sriov_broker_addr *dev = sriovb_subject(sb);

	if (is_set(dev)) {
		add_addr(t, dev);
		add(t, ": ");
	}
}

/* The driver that the kernel names, or else the one asked for. */
static void add_driver(struct text *t, const struct sriovb *sb)
{
	if (sb->why.driver[0])
		add_name(t, sb->why.driver);
	else if (sb->asked.driver[0])
		add_name(t, sb->asked.driver);
	else
		add(t, "its driver");
}

static void add_lower_error(struct text *t, const struct sriovb *sb)
{
	if (sb->why.error)
		add(t, "%s", strerror(sb->why.error));
	else
		add(t, "no reason given");
}

static void add_holder(struct text *t, const struct sriovb *sb)
{
	const struct sriov_broker_why *why = &sb->why;

	if (why->lease_id)
		add(t, " as lease %llu", (unsigned long long)why->lease_id);
	if (why->label[0]) {
		add(t, " \"");
		add_name(t, why->label);
		add(t, "\"");
	}
	if (why->pid)
		add(t, " by process %d", why->pid);
	/* That of the root tells nothing. */
	if (why->cgroup[0] && strcmp(why->cgroup, "/")) {
		add(t, " in ");
		add_words(t, why->cgroup, sizeof(why->cgroup));
	}
}

static void add_leased(struct text *t, const struct sriovb *sb)
{
	add(t, "leased");
	add_holder(t, sb);
}

static void add_in_use(struct text *t, const struct sriovb *sb)
{
	add(t, "in use without a lease");
	if (sb->why.driver[0]) {
		add(t, " through ");
		add_driver(t, sb);
	}
}

static void add_no_driver(struct text *t, const struct sriovb *sb)
{
	add(t, "no driver \"");
	add_driver(t, sb);
	add(t, "\" is loaded, nor can be");
}

static void add_refused(struct text *t, const struct sriovb *sb)
{
	add_driver(t, sb);
	add(t, " refused: ");
	add_lower_error(t, sb);
}

static void add_too_many(struct text *t, const struct sriovb *sb)
{
	add(t, "%u VFs asked, the device has %llu", sb->asked.number,
	    (unsigned long long)sb->why.value);
}

static void add_pf_short(struct text *t, const struct sriovb *sb)
{
	add(t, "%u VFs asked, ", sb->asked.number);
	add_driver(t, sb);
	add(t, " enabled %llu; they are off again",
	    (unsigned long long)sb->why.value);
}

/* A limit may be one pool's. */
static void add_of_pool(struct text *t, const struct sriovb *sb)
{
	if (!sb->why.label[0])
		return;
	add(t, " of the pool \"");
	add_name(t, sb->why.label);
	add(t, "\"");
}

static void add_quota(struct text *t, const struct sriovb *sb)
{
	add(t, "a user may have %llu leases",
	    (unsigned long long)sb->why.value);
	add_of_pool(t, sb);
	add(t, ", and you have them");
}

static void add_limit(struct text *t, const struct sriovb *sb)
{
	add(t, "%llu leases", (unsigned long long)sb->why.value);
	add_of_pool(t, sb);
	add(t, " are out, and there may be no more");
}

static void add_not_allowed(struct text *t, const struct sriovb *sb)
{
	add(t, "you may not lease from the pool \"");
	add_name(t, sb->why.label);
	add(t, "\"");
}

static void add_no_pool(struct text *t, const struct sriovb *sb)
{
	add(t, "there is no pool \"");
	add_name(t, sb->why.label);
	add(t, "\"");
}

static void add_overlap(struct text *t, const struct sriovb *sb)
{
	add(t, "its VF %llu is in the pool \"",
	    (unsigned long long)sb->why.value);
	add_name(t, sb->why.label);
	add(t, "\" already");
}

static void add_queue_full(struct text *t, const struct sriovb *sb)
{
	if (!sb->why.value) {
		add(t,
		    "no VF of those asked for is free, and too many requests wait already");
		return;
	}
	add(t,
	    "no VF of those asked for is free, and you wait as often as you may, with %llu selectors",
	    (unsigned long long)sb->why.value);
}

static void add_no_lease(struct text *t, const struct sriovb *sb)
{
	add(t, "there is no lease %llu", (unsigned long long)sb->why.lease_id);
}

/* More are wanted than the PFs can have. */
static void add_too_few(struct text *t, const struct sriovb *sb)
{
	if (sb->why.value)
		add(t, "there can be no more than %llu VFs that fit",
		    (unsigned long long)sb->why.value);
	else
		add(t, "there is no VF that fits");
}

static void add_pool_empty(struct text *t, const struct sriovb *sb)
{
	if (is_set(&sb->asked.dev))
		add(t, "no VF of those asked for is free");
	else
		add(t, "no VF is free");
}

static void add_no_iommu(struct text *t, const struct sriovb *sb)
{
	add_driver(t, sb);
	add(t, " needs an IOMMU, and there is none for this device");
}

static void add_no_index(struct text *t, const struct sriovb *sb)
{
	add(t, "VF %u asked, ", sb->asked.number);
	if (sb->why.value)
		add(t, "it has VFs 0 to %llu",
		    (unsigned long long)sb->why.value - 1);
	else
		add(t, "it has no VFs");
}

static void add_no_sriov_driver(struct text *t, const struct sriovb *sb)
{
	add(t, "its driver ");
	add_driver(t, sb);
	add(t, " can't enable VFs");
}

static void add_host_net(struct text *t, const struct sriovb *sb)
{
	add(t, "in use by the host: its interface ");
	add_name(t, sb->why.label);
	add(t, " is up, beneath another one, or in another namespace");
}

static void add_host_disk(struct text *t, const struct sriovb *sb)
{
	add(t, "in use by the host: its disk ");
	add_name(t, sb->why.label);
	add(t, " is open");
}

static void add_pf_vfio(struct text *t, const struct sriovb *sb)
{
	add(t, "on ");
	add_driver(t, sb);
	add(t, ", so only the user of the PF can open its VFs");
}

static void add_net_lost(struct text *t, const struct sriovb *sb)
{
	add(t, "MAC, VLAN or the like are lost, of %llu VFs in all",
	    (unsigned long long)sb->why.value);
}

/* Reasons whose sentence needs nothing but themselves. */
static const char *const plain[] = {
	[SRIOV_BROKER_WHY_NO_DEVICE] = "there is no such PCI device",
	[SRIOV_BROKER_WHY_NOT_PF] = "the device has no SR-IOV",
	[SRIOV_BROKER_WHY_IS_VF] = "a VF, where a PF is wanted",
	[SRIOV_BROKER_WHY_IS_PF] = "a PF, where a VF is wanted",
	[SRIOV_BROKER_WHY_NO_VFS] = "0 VFs asked, it can have 1 or more",
	[SRIOV_BROKER_WHY_PF_BUSY] = "another operation is under way on the PF",
	[SRIOV_BROKER_WHY_ORPHANS] =
		"a VF that its PF left behind, and that is still in use",
	[SRIOV_BROKER_WHY_NO_MMIO] =
		"the platform gave its VFs no memory for their BARs",
	[SRIOV_BROKER_WHY_NO_BUS] =
		"too few bus numbers behind its bridge for so many VFs",
	[SRIOV_BROKER_WHY_RETURNING] = "on its way back from its last lease",
	[SRIOV_BROKER_WHY_QUARANTINED] = "in quarantine",
	[SRIOV_BROKER_WHY_NOT_POOLED] = "with the host, not in the pool",
	[SRIOV_BROKER_WHY_GROUP] =
		"shares an IOMMU group with the VFs asked for, and is in use",
	[SRIOV_BROKER_WHY_ASSIGNED] =
		"its driver keeps the VFs while one is assigned to a guest",
	[SRIOV_BROKER_WHY_OPEN_POOL] = "open to all, so not leased out",
	[SRIOV_BROKER_WHY_TIMEOUT] =
		"no VF of those asked for became free in time",
	[SRIOV_BROKER_WHY_NO_NETDEV] =
		"no network interface of it knows of its VFs",
	[SRIOV_BROKER_WHY_OTHER_LOAD] =
		"the lease was of an earlier load of the module, "
		"so it has ended",
	[SRIOV_BROKER_WHY_CANCELLED] = "an admin has ended the wait",
	[SRIOV_BROKER_WHY_NO_WAITER] = "no call of that number waits",
	[SRIOV_BROKER_WHY_NOT_QUARANTINED] = "not in quarantine",
	[SRIOV_BROKER_WHY_NOT_LEASER] = "the lease is another user's",
	[SRIOV_BROKER_WHY_IMPLICIT] =
		"the lease lasts as long as a program has the VF open",
	[SRIOV_BROKER_WHY_NO_ANCHOR] = "the lease is tied to no process",
	[SRIOV_BROKER_WHY_ANCHOR_OVER] = "that process has ended",
	[SRIOV_BROKER_WHY_NO_PF_DRIVER] =
		"has no driver, so its VFs are not leased out",
	[SRIOV_BROKER_WHY_PF_CORDONED] =
		"cordoned, so nothing is leased from it",
	[SRIOV_BROKER_WHY_RESET] =
		"could not be reset, so it is not leased out",
};

/* Those that need more. */
static void (*const special[])(struct text *t, const struct sriovb *sb) = {
	[SRIOV_BROKER_WHY_TOO_MANY] = add_too_many,
	[SRIOV_BROKER_WHY_NO_INDEX] = add_no_index,
	[SRIOV_BROKER_WHY_NO_SRIOV_DRIVER] = add_no_sriov_driver,
	[SRIOV_BROKER_WHY_PF_REFUSED] = add_refused,
	[SRIOV_BROKER_WHY_PF_SHORT] = add_pf_short,
	[SRIOV_BROKER_WHY_NO_IOMMU] = add_no_iommu,
	[SRIOV_BROKER_WHY_NO_DRIVER] = add_no_driver,
	[SRIOV_BROKER_WHY_PROBE] = add_refused,
	[SRIOV_BROKER_WHY_LEASED] = add_leased,
	[SRIOV_BROKER_WHY_IN_USE] = add_in_use,
	[SRIOV_BROKER_WHY_POOL_EMPTY] = add_pool_empty,
	[SRIOV_BROKER_WHY_TOO_FEW] = add_too_few,
	[SRIOV_BROKER_WHY_QUOTA] = add_quota,
	[SRIOV_BROKER_WHY_LIMIT] = add_limit,
	[SRIOV_BROKER_WHY_NO_LEASE] = add_no_lease,
	[SRIOV_BROKER_WHY_QUEUE_FULL] = add_queue_full,
	[SRIOV_BROKER_WHY_HOST_NET] = add_host_net,
	[SRIOV_BROKER_WHY_HOST_DISK] = add_host_disk,
	[SRIOV_BROKER_WHY_PF_VFIO] = add_pf_vfio,
	[SRIOV_BROKER_WHY_NET_LOST] = add_net_lost,
	[SRIOV_BROKER_WHY_NOT_ALLOWED] = add_not_allowed,
	[SRIOV_BROKER_WHY_NO_POOL] = add_no_pool,
	[SRIOV_BROKER_WHY_POOL_OVERLAP] = add_overlap,
};

static int add_reason(struct text *t, const struct sriovb *sb)
{
	unsigned int reason = sb->why.reason;

	if (reason < NUM(special) && special[reason])
		special[reason](t, sb);
	else if (reason < NUM(plain) && plain[reason])
		add(t, "%s", plain[reason]);
	else
		return 0;
	return 1;
}

/* No more is known than the errno. */
static void add_errno(struct text *t, const struct sriovb *sb, int error)
{
	switch (error) {
	case EPERM:
		add(t, "this needs root (CAP_SYS_ADMIN)");
		break;
	case ENOTTY:
		add(t, "the loaded module is too old for this");
		break;
	case EAGAIN:
		add_pool_empty(t, sb);
		break;
	case ENAMETOOLONG:
		add(t,
		    "no driver's name is longer than %d letters, nor a pool's",
		    SRIOV_BROKER_NAME_LEN - 1);
		break;
	default:
		add(t, "%s", strerror(error));
	}
}

static void add_open_error(struct text *t, int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		add(t, "not there");
		break;
	case EACCES:
	case EPERM:
		add(t, "not allowed");
		break;
	case EPROTONOSUPPORT:
	case ENOTTY:
		add(t, "the loaded module speaks another ABI than %d",
		    SRIOV_BROKER_ABI_MAJOR);
		break;
	default:
		add(t, "%s", strerror(error));
	}
}

const char *sriovb_strerror(const struct sriovb *sb, int error, char *buf,
			    size_t len)
{
	struct text t = { .buf = buf, .len = len };

	if (len)
		buf[0] = '\0';
	error = error < 0 ? -error : error;
	if (!sb) {
		add_open_error(&t, error);
		return buf;
	}
	add_subject(&t, sb);
	if (!add_reason(&t, sb))
		add_errno(&t, sb, error);
	return buf;
}

const char *sriovb_strstate(unsigned int state)
{
	static const char *const names[] = {
		[SRIOV_BROKER_VF_HOST] = "host",
		[SRIOV_BROKER_VF_FREE] = "free",
		[SRIOV_BROKER_VF_LEASED] = "leased",
		[SRIOV_BROKER_VF_DRAINING] = "draining",
		[SRIOV_BROKER_VF_RESETTING] = "resetting",
		[SRIOV_BROKER_VF_QUARANTINED] = "quarantined",
		[SRIOV_BROKER_VF_OPEN] = "open",
	};

	return state < NUM(names) ? names[state] : "?";
}

const char *sriovb_strfault(unsigned int fault)
{
	static const char *const names[] = {
		[SRIOV_BROKER_FAULT_IN_USE] = "in-use",
		[SRIOV_BROKER_FAULT_RESET] = "reset",
		[SRIOV_BROKER_FAULT_CHECK] = "check",
		[SRIOV_BROKER_FAULT_DRIVER] = "driver",
		[SRIOV_BROKER_FAULT_FENCE] = "fence",
		[SRIOV_BROKER_FAULT_NET] = "net",
		[SRIOV_BROKER_FAULT_SILENT] = "silent",
		[SRIOV_BROKER_FAULT_STATE_LOST] = "state-lost",
	};

	if (fault == SRIOV_BROKER_FAULT_NONE)
		return NULL;
	return fault < NUM(names) ? names[fault] : "?";
}

const char *sriovb_strreason(unsigned int reason)
{
	static const char *const names[] = {
		[SRIOV_BROKER_WHY_NO_DEVICE] = "no-device",
		[SRIOV_BROKER_WHY_NOT_PF] = "not-pf",
		[SRIOV_BROKER_WHY_IS_VF] = "is-vf",
		[SRIOV_BROKER_WHY_IS_PF] = "is-pf",
		[SRIOV_BROKER_WHY_NO_VFS] = "no-vfs",
		[SRIOV_BROKER_WHY_TOO_MANY] = "too-many",
		[SRIOV_BROKER_WHY_NO_INDEX] = "no-index",
		[SRIOV_BROKER_WHY_NO_SRIOV_DRIVER] = "no-sriov-driver",
		[SRIOV_BROKER_WHY_PF_BUSY] = "pf-busy",
		[SRIOV_BROKER_WHY_PF_REFUSED] = "pf-refused",
		[SRIOV_BROKER_WHY_PF_SHORT] = "pf-short",
		[SRIOV_BROKER_WHY_ORPHANS] = "orphans",
		[SRIOV_BROKER_WHY_NO_IOMMU] = "no-iommu",
		[SRIOV_BROKER_WHY_NO_MMIO] = "no-mmio",
		[SRIOV_BROKER_WHY_NO_BUS] = "no-bus",
		[SRIOV_BROKER_WHY_NO_DRIVER] = "no-driver",
		[SRIOV_BROKER_WHY_PROBE] = "probe",
		[SRIOV_BROKER_WHY_LEASED] = "leased",
		[SRIOV_BROKER_WHY_IN_USE] = "in-use",
		[SRIOV_BROKER_WHY_RETURNING] = "returning",
		[SRIOV_BROKER_WHY_QUARANTINED] = "quarantined",
		[SRIOV_BROKER_WHY_NOT_POOLED] = "not-pooled",
		[SRIOV_BROKER_WHY_POOL_EMPTY] = "pool-empty",
		[SRIOV_BROKER_WHY_TOO_FEW] = "too-few",
		[SRIOV_BROKER_WHY_GROUP] = "group",
		[SRIOV_BROKER_WHY_ASSIGNED] = "assigned",
		[SRIOV_BROKER_WHY_RESET] = "reset",
		[SRIOV_BROKER_WHY_OPEN_POOL] = "open-pool",
		[SRIOV_BROKER_WHY_QUOTA] = "quota",
		[SRIOV_BROKER_WHY_LIMIT] = "limit",
		[SRIOV_BROKER_WHY_TIMEOUT] = "timeout",
		[SRIOV_BROKER_WHY_NO_LEASE] = "no-lease",
		[SRIOV_BROKER_WHY_NO_NETDEV] = "no-netdev",
		[SRIOV_BROKER_WHY_OTHER_LOAD] = "other-load",
		[SRIOV_BROKER_WHY_QUEUE_FULL] = "queue-full",
		[SRIOV_BROKER_WHY_CANCELLED] = "cancelled",
		[SRIOV_BROKER_WHY_NO_WAITER] = "no-waiter",
		[SRIOV_BROKER_WHY_NOT_QUARANTINED] = "not-quarantined",
		[SRIOV_BROKER_WHY_NO_PF_DRIVER] = "no-pf-driver",
		[SRIOV_BROKER_WHY_NOT_LEASER] = "not-leaser",
		[SRIOV_BROKER_WHY_IMPLICIT] = "implicit",
		[SRIOV_BROKER_WHY_NO_ANCHOR] = "no-anchor",
		[SRIOV_BROKER_WHY_ANCHOR_OVER] = "anchor-over",
		[SRIOV_BROKER_WHY_PF_CORDONED] = "pf-cordoned",
		[SRIOV_BROKER_WHY_HOST_NET] = "host-net",
		[SRIOV_BROKER_WHY_HOST_DISK] = "host-disk",
		[SRIOV_BROKER_WHY_PF_VFIO] = "pf-vfio",
		[SRIOV_BROKER_WHY_NET_LOST] = "net-lost",
		[SRIOV_BROKER_WHY_NOT_ALLOWED] = "not-allowed",
		[SRIOV_BROKER_WHY_NO_POOL] = "no-pool",
		[SRIOV_BROKER_WHY_POOL_OVERLAP] = "pool-overlap",
	};

	if (reason == SRIOV_BROKER_WHY_NONE)
		return NULL;
	return reason < NUM(names) ? names[reason] : "?";
}

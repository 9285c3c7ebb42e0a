// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contract that every ioctl keeps, whatever it does: sizes, flags, reserved
 * fields, pointers, strings, unknown numbers, which callers may, and that nothing
 * changes when it refuses.  Runs the whole matrix over every ioctl of the device
 * and of a lease.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

/* No holes, which 32-bit programs might have elsewhere, and which nothing checks. */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"
#include <linux/sriov_broker.h>
#pragma GCC diagnostic pop

#include "broker.h"

/* The first release's layout, for ever: each struct's last field, and where it ends. */
#define ENDS(type, last, end)                                            \
	_Static_assert(                                                  \
		offsetof(struct sriov_broker_##type, last) +             \
				sizeof(((struct sriov_broker_##type *)0) \
					       ->last) ==                \
			(end),                                           \
		#type)

ENDS(addr, valid, 8);
ENDS(why, cgroup, 432);
ENDS(info, max_pool_members, 144);
ENDS(pf, driver, 88);
ENDS(vf, pool, 504);
ENDS(list, why, 40);
ENDS(waiter, pool, 168);
ENDS(cancel, why, 32);
ENDS(stat, buckets, 136);
ENDS(enable, why, 96);
ENDS(disable, why, 32);
ENDS(bind, why, 96);
ENDS(selector, reserved2, 32);
ENDS(grant, driver, 104);
ENDS(lease, pool, 184);
ENDS(clear, why, 24);
ENDS(cordon, why, 24);
ENDS(revoke, why, 40);
ENDS(net_hold, why, 40);
ENDS(lease_info, driver, 192);
ENDS(lease_set, label, 80);
ENDS(lease_reset, flags, 8);
ENDS(lease_open, reserved, 16);
ENDS(lease_event, comm, 56);
ENDS(anchor, why, 40);
ENDS(release, why, 32);
ENDS(pool_member, count, 16);
ENDS(pool, why, 136);
ENDS(event, reserved, 456);

#define LABEL	 "abi"
#define POOL	 "abi"
#define NO_LEASE 0xffffffffULL

static long page;
static struct sriov_broker_addr pf, other_pf,
	absent = { .bdf = 0xfff8, .valid = 1 };
static struct sriov_broker_grant held;
static struct sriov_broker_grant scratch; /* where LEASE would write */

/* A well-formed call whose outcome is known, and which changes nothing. */
struct op {
	const char *name;
	unsigned long cmd;
	unsigned int size;
	void (*fill)(void *arg);
	int outcome;
	bool lease, admin, out;
	size_t why, string,
		next; /* offsets, 0: none; the string's and what follows it */
	size_t addr;  /* offset of an address, 0: none */
	bool any;     /* which may be none */
	size_t instance;    /* offset of an instance, 0: none */
	unsigned int first; /* size in the first release, 0: the same */
	size_t reserved[4]; /* offsets of u16 that must be 0, ended by 0 */
};

static void fill_info(void *arg)
{
	(void)arg;
}

static void fill_list_pfs(void *arg)
{
	((struct sriov_broker_list *)arg)->entry_size =
		sizeof(struct sriov_broker_pf);
}

static void fill_list_vfs(void *arg)
{
	((struct sriov_broker_list *)arg)->entry_size =
		sizeof(struct sriov_broker_vf);
}

/* What is there already. */
static void fill_enable(void *arg)
{
	struct sriov_broker_enable *p = arg;

	p->pf = other_pf;
	p->num_vfs = 1;
	strcpy(p->driver, "vfio-pci");
}

/* A lease is out. */
static void fill_disable(void *arg)
{
	((struct sriov_broker_disable *)arg)->pf = pf;
}

/* Where it is already. */
static void fill_bind(void *arg)
{
	struct sriov_broker_bind *p = arg;

	p->dev = vf_at(pf, 1);
	strcpy(p->driver, "vfio-pci");
}

/* What is leased already. */
static void fill_lease(void *arg)
{
	static struct sriov_broker_selector sel;
	struct sriov_broker_lease *p = arg;

	sel.dev = held.vf;
	p->num_selectors = 1;
	p->count = 1;
	p->selectors = (uintptr_t)&sel;
	p->selector_size = sizeof(sel);
	p->grants = (uintptr_t)&scratch;
	p->grant_size = sizeof(scratch);
	p->numa_node = -1;
}

static void fill_clear(void *arg)
{
	((struct sriov_broker_clear *)arg)->vf = absent;
}

/* It is not. */
static void fill_cordon(void *arg)
{
	struct sriov_broker_cordon *p = arg;

	p->flags = SRIOV_BROKER_CORDON_END;
	p->pf = pf;
}

static void fill_revoke(void *arg)
{
	((struct sriov_broker_revoke *)arg)->lease_id = NO_LEASE;
}

/* It is leased, but not so. */
static void fill_net_hold(void *arg)
{
	struct sriov_broker_net_hold *p = arg;

	p->vf = held.vf;
	p->lease_id = NO_LEASE;
}

static void fill_stats(void *arg)
{
	((struct sriov_broker_list *)arg)->entry_size =
		sizeof(struct sriov_broker_stat);
}

static void fill_history(void *arg)
{
	((struct sriov_broker_list *)arg)->entry_size =
		sizeof(struct sriov_broker_event);
}

static void fill_list_waiters(void *arg)
{
	((struct sriov_broker_list *)arg)->entry_size =
		sizeof(struct sriov_broker_waiter);
}

static void fill_cancel(void *arg)
{
	((struct sriov_broker_cancel *)arg)->waiter_id = NO_LEASE;
}

static void fill_anchor(void *arg)
{
	static int until = -1;
	struct sriov_broker_anchor *p = arg;

	if (until < 0)
		until = eventfd(0, EFD_CLOEXEC);
	p->lease_id = NO_LEASE;
	p->fd = until;
}

static void fill_release(void *arg)
{
	((struct sriov_broker_release *)arg)->lease_id = NO_LEASE;
}

/* One that is not there, done away with. */
static void fill_pool_set(void *arg)
{
	strcpy(((struct sriov_broker_pool *)arg)->name, "none");
}

static void fill_pool_get(void *arg)
{
	strcpy(((struct sriov_broker_pool *)arg)->name, POOL);
}

static void fill_nothing(void *arg)
{
	(void)arg;
}

static void fill_lease_info(void *arg)
{
	(void)arg;
}

static void fill_lease_set(void *arg)
{
	struct sriov_broker_lease_set *p = arg;

	p->flags = SRIOV_BROKER_SET_LABEL;
	strcpy(p->label, LABEL);
}

#define AT(type, field) offsetof(struct type, field)

/* What each major number of the ABI promises of INFO. */
#define SAME_IN_ALL 16

static const struct op ops[] = {
	{ "INFO", SRIOV_BROKER_INFO, sizeof(struct sriov_broker_info),
	  fill_info, 0, .first = SAME_IN_ALL, .out = true },
	{ "LIST_PFS", SRIOV_BROKER_LIST_PFS, sizeof(struct sriov_broker_list),
	  fill_list_pfs, 0, .out = true, .why = AT(sriov_broker_list, why),
	  .addr = AT(sriov_broker_list, pf), .any = true },
	{ "LIST_VFS", SRIOV_BROKER_LIST_VFS, sizeof(struct sriov_broker_list),
	  fill_list_vfs, 0, .out = true, .why = AT(sriov_broker_list, why),
	  .addr = AT(sriov_broker_list, pf), .any = true },
	{ "ENABLE", SRIOV_BROKER_ENABLE, sizeof(struct sriov_broker_enable),
	  fill_enable, 0, .admin = true, .why = AT(sriov_broker_enable, why),
	  .string = AT(sriov_broker_enable, driver),
	  .addr = AT(sriov_broker_enable, pf),
	  .reserved = { AT(sriov_broker_enable, reserved) } },
	{ "DISABLE", SRIOV_BROKER_DISABLE, sizeof(struct sriov_broker_disable),
	  fill_disable, EBUSY, .admin = true,
	  .why = AT(sriov_broker_disable, why),
	  .addr = AT(sriov_broker_disable, pf),
	  .reserved = { AT(sriov_broker_disable, reserved) } },
	{ "BIND", SRIOV_BROKER_BIND, sizeof(struct sriov_broker_bind),
	  fill_bind, 0, .admin = true, .why = AT(sriov_broker_bind, why),
	  .string = AT(sriov_broker_bind, driver),
	  .addr = AT(sriov_broker_bind, dev) },
	{ "LEASE", SRIOV_BROKER_LEASE, sizeof(struct sriov_broker_lease),
	  fill_lease, EBUSY, .why = AT(sriov_broker_lease, why),
	  .string = AT(sriov_broker_lease, label) },
	{ "CLEAR", SRIOV_BROKER_CLEAR, sizeof(struct sriov_broker_clear),
	  fill_clear, ENODEV, .admin = true, .why = AT(sriov_broker_clear, why),
	  .addr = AT(sriov_broker_clear, vf) },
	{ "CORDON", SRIOV_BROKER_CORDON, sizeof(struct sriov_broker_cordon),
	  fill_cordon, 0, .admin = true, .why = AT(sriov_broker_cordon, why),
	  .addr = AT(sriov_broker_cordon, pf) },
	{ "REVOKE", SRIOV_BROKER_REVOKE, sizeof(struct sriov_broker_revoke),
	  fill_revoke, ENOENT, .admin = true,
	  .why = AT(sriov_broker_revoke, why),
	  .instance = AT(sriov_broker_revoke, instance),
	  .reserved = { AT(sriov_broker_revoke, reserved) } },
	{ "NET_HOLD", SRIOV_BROKER_NET_HOLD,
	  sizeof(struct sriov_broker_net_hold), fill_net_hold, ENOENT,
	  .admin = true, .why = AT(sriov_broker_net_hold, why),
	  .addr = AT(sriov_broker_net_hold, vf),
	  .instance = AT(sriov_broker_net_hold, instance) },
	{ "STATS", SRIOV_BROKER_STATS, sizeof(struct sriov_broker_list),
	  fill_stats, 0, .out = true,
	  .reserved = { AT(sriov_broker_list, pf.valid),
			AT(sriov_broker_list, pf.bdf) } },
	{ "HISTORY", SRIOV_BROKER_HISTORY, sizeof(struct sriov_broker_list),
	  fill_history, 0, .out = true, .addr = AT(sriov_broker_list, pf),
	  .any = true },
	{ "LIST_WAITERS", SRIOV_BROKER_LIST_WAITERS,
	  sizeof(struct sriov_broker_list), fill_list_waiters, 0, .out = true,
	  .reserved = { AT(sriov_broker_list, pf.valid),
			AT(sriov_broker_list, pf.bdf) } },
	{ "CANCEL", SRIOV_BROKER_CANCEL, sizeof(struct sriov_broker_cancel),
	  fill_cancel, ENOENT, .admin = true,
	  .why = AT(sriov_broker_cancel, why),
	  .instance = AT(sriov_broker_cancel, instance) },
	{ "ANCHOR", SRIOV_BROKER_ANCHOR, sizeof(struct sriov_broker_anchor),
	  fill_anchor, ENOENT, .why = AT(sriov_broker_anchor, why),
	  .instance = AT(sriov_broker_anchor, instance),
	  .reserved = { AT(sriov_broker_anchor, reserved) } },
	{ "RELEASE", SRIOV_BROKER_RELEASE, sizeof(struct sriov_broker_release),
	  fill_release, ENOENT, .why = AT(sriov_broker_release, why),
	  .instance = AT(sriov_broker_release, instance) },
	{ "POOL_SET", SRIOV_BROKER_POOL_SET, sizeof(struct sriov_broker_pool),
	  fill_pool_set, ENOENT, .admin = true,
	  .why = AT(sriov_broker_pool, why),
	  .string = AT(sriov_broker_pool, name),
	  .reserved = { AT(sriov_broker_pool, reserved) } },
	{ "POOL_GET", SRIOV_BROKER_POOL_GET, sizeof(struct sriov_broker_pool),
	  fill_pool_get, 0, .out = true, .why = AT(sriov_broker_pool, why),
	  .string = AT(sriov_broker_pool, name),
	  .reserved = { AT(sriov_broker_pool, reserved) } },
	{ "LEASE_INFO", SRIOV_BROKER_LEASE_INFO,
	  sizeof(struct sriov_broker_lease_info), fill_lease_info, 0,
	  .lease = true, .out = true },
	{ "LEASE_SET", SRIOV_BROKER_LEASE_SET,
	  sizeof(struct sriov_broker_lease_set), fill_lease_set, 0,
	  .lease = true, .string = AT(sriov_broker_lease_set, label),
	  .reserved = { AT(sriov_broker_lease_set, reserved) } },
	{ "LEASE_RESET", SRIOV_BROKER_LEASE_RESET,
	  sizeof(struct sriov_broker_lease_reset), fill_nothing, 0,
	  .lease = true },
	{ "LEASE_OPEN", SRIOV_BROKER_LEASE_OPEN,
	  sizeof(struct sriov_broker_lease_open), fill_nothing, EBUSY,
	  .lease = true,
	  .reserved = { AT(sriov_broker_lease_open, reserved) } },
};

#define NUM_OPS (sizeof(ops) / sizeof(ops[0]))

static int fd_of(const struct op *op)
{
	return op->lease ? held.fd : broker;
}

/* A page and more of zeroes, with the well-formed call at its beginning. */
static void *prepare(const struct op *op, __u32 size)
{
	static union {
		__u32 size;
		__u64 words[2 * 4096 / 8];
	} arg;

	memset(&arg, 0, sizeof(arg));
	op->fill(&arg);
	arg.size = size;
	return &arg;
}

static void sized(const struct op *op, __u32 size, int outcome,
		  const char *what)
{
	is(call(fd_of(op), op->cmd, prepare(op, size)), outcome, "%s: %s",
	   op->name, what);
}

static void test_sizes(const struct op *op)
{
	unsigned int first = op->first ?: op->size;
	char *arg;

	sized(op, 0, EINVAL, "size 0");
	sized(op, 4, EINVAL, "no more than the size");
	sized(op, first - 1, EINVAL, "one byte less than the first release's");
	sized(op, first, op->outcome, "the first release's size");
	if (op->first)
		sized(op, op->size, op->outcome, "this release's size");
	sized(op, op->size + 8, op->outcome, "8 bytes more, zero");
	sized(op, page, op->outcome, "a page, zero beyond");
	sized(op, page + 1, E2BIG, "one byte more than a page");
	sized(op, ~0U, E2BIG, "4 GiB");

	arg = prepare(op, op->size + 8);
	arg[op->size + 7] = 1;
	is(call(fd_of(op), op->cmd, arg), E2BIG, "%s: 8 bytes more, not zero",
	   op->name);
	arg = prepare(op, op->size);
	arg[op->size] = 1;
	is(call(fd_of(op), op->cmd, arg), op->outcome,
	   "%s: what is beyond the size is not looked at", op->name);
}

/* An answer is no longer than the caller's struct. */
static void test_overrun(const struct op *op)
{
	unsigned char *arg = prepare(op, op->size);
	int i, touched = 0;

	memset(arg + op->size, 0xa5, 64);
	call(fd_of(op), op->cmd, arg);
	for (i = 0; i < 64; i++)
		touched += arg[op->size + i] != 0xa5;
	is(touched, 0, "%s: nothing is written beyond the struct", op->name);
}

static void test_flags(const struct op *op)
{
	const size_t *at;
	char *arg;
	int bit;

	for (bit = 30; bit < 32; bit++) {
		arg = prepare(op, op->size);
		((__u32 *)arg)[1] |= 1U << bit;
		is(call(fd_of(op), op->cmd, arg), EOPNOTSUPP,
		   "%s: unknown flag, bit %d", op->name, bit);
	}
	for (at = op->reserved; *at; at++) {
		arg = prepare(op, op->size);
		*(__u16 *)(arg + *at) = 1;
		is(call(fd_of(op), op->cmd, arg), EOPNOTSUPP,
		   "%s: reserved field at %zu not zero", op->name, *at);
	}
}

/* An address names a device, or is none and all zero; nothing else. */
static void test_address(const struct op *op)
{
	static const struct sriov_broker_addr later = { .bdf = 8, .valid = 2 },
					      lost = { .bdf = 8 };
	char *arg;

	if (!op->addr)
		return;
	arg = prepare(op, op->size);
	memcpy(arg + op->addr, &later, sizeof(later));
	is(call(fd_of(op), op->cmd, arg), EOPNOTSUPP,
	   "%s: an address of an unknown kind", op->name);
	arg = prepare(op, op->size);
	memcpy(arg + op->addr, &lost, sizeof(lost));
	is(call(fd_of(op), op->cmd, arg), EINVAL,
	   "%s: an address that is said to be none", op->name);
	arg = prepare(op, op->size);
	memcpy(arg + op->addr, &no_addr, sizeof(no_addr));
	is(call(fd_of(op), op->cmd, arg), op->any ? op->outcome : EINVAL,
	   "%s: no address", op->name);
}

/* Ids are those of one load of the module. */
static void test_instance(const struct op *op)
{
	struct sriov_broker_info now;
	struct sriov_broker_why why;
	char *arg;

	if (!op->instance)
		return;
	info(&now);
	arg = prepare(op, op->size);
	*(__u64 *)(arg + op->instance) = now.instance;
	is(call(fd_of(op), op->cmd, arg), op->outcome, "%s: an id of this load",
	   op->name);
	arg = prepare(op, op->size);
	*(__u64 *)(arg + op->instance) = now.instance ^ 1;
	*(__u64 *)(arg + op->why) = (uintptr_t)why_init(&why);
	is(call(fd_of(op), op->cmd, arg), ESTALE, "%s: one of another load",
	   op->name);
	is(why.reason, SRIOV_BROKER_WHY_OTHER_LOAD, "%s: says why", op->name);
}

static void test_pointers(const struct op *op)
{
	char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *edge = two + page - op->size + 8;
	int fd = fd_of(op);

	mprotect(two + page, page, PROT_NONE);
	is(call(fd, op->cmd, NULL), EFAULT, "%s: NULL", op->name);
	is(call(fd, op->cmd, (void *)-4096L), EFAULT, "%s: a kernel's address",
	   op->name);
	is(call(fd, op->cmd, two + page), EFAULT, "%s: unreadable memory",
	   op->name);
	memcpy(edge, prepare(op, op->size), op->size - 8);
	is(call(fd, op->cmd, edge), EFAULT, "%s: a struct cut off by it",
	   op->name);
	if (op->out) {
		memcpy(two, prepare(op, op->size), op->size);
		mprotect(two, page, PROT_READ);
		is(call(fd, op->cmd, two), EFAULT, "%s: read-only memory",
		   op->name);
	}
	munmap(two, 2 * page);
}

static void test_string(const struct op *op)
{
	char *arg;

	if (!op->string)
		return;
	arg = prepare(op, op->size);
	memset(arg + op->string, 'x', SRIOV_BROKER_NAME_LEN);
	is(call(fd_of(op), op->cmd, arg), EINVAL, "%s: a string without end",
	   op->name);
	arg = prepare(op, op->size);
	strcpy(arg + op->string, "a\nb");
	is(call(fd_of(op), op->cmd, arg), EINVAL,
	   "%s: a line's end in a string", op->name);
	if (!op->admin)
		return;
	arg = prepare(op, op->size);
	strcpy(arg + op->string, "../vfio-pci");
	is(call(fd_of(op), op->cmd, arg), EINVAL,
	   "%s: '../vfio-pci' is no name", op->name);
}

/* A call that fails for a device's sake, with a why. */
static int fail_with(const struct op *op, void *why)
{
	char *arg = prepare(op, op->size);

	if (op->outcome != ENODEV && op->outcome != ENOENT) {
		if (op->cmd == SRIOV_BROKER_LEASE) {
			static struct sriov_broker_selector sel;

			sel.dev = absent;
			((struct sriov_broker_lease *)arg)->selectors =
				(uintptr_t)&sel;
		} else if (op->cmd == SRIOV_BROKER_POOL_GET) {
			strcpy(arg + op->string, "none");
		} else {
			/* The address is the first thing in all others. */
			memcpy(arg + 8, &absent, sizeof(absent));
		}
	}
	*(__u64 *)(arg + op->why) = (uintptr_t)why;
	return call(fd_of(op), op->cmd, arg);
}

static bool only(const unsigned char *bytes, size_t from, size_t to,
		 unsigned char value)
{
	for (; from < to; from++)
		if (bytes[from] != value)
			return false;
	return true;
}

/* What a why of another size than ours is filled with. */
static void test_why_sizes(const struct op *op, unsigned char *room,
			   unsigned int reason)
{
	struct sriov_broker_why *why = (struct sriov_broker_why *)room;

	memset(room, 0x5a, page);
	why->size = 8;
	fail_with(op, why);
	ok(why->reason == reason && why->size == 8 && only(room, 8, page, 0x5a),
	   "%s: a small why gets what fits", op->name);

	memset(room, 0x5a, page);
	why->size = 0;
	fail_with(op, why);
	ok(only(room, 4, page, 0x5a), "%s: a why of size 0 is left alone",
	   op->name);

	memset(room, 0x5a, page);
	why->size = sizeof(*why) + 40;
	fail_with(op, why);
	ok(why->reason == reason &&
		   only(room, sizeof(*why), sizeof(*why) + 40, 0) &&
		   only(room, sizeof(*why) + 40, page, 0x5a),
	   "%s: a larger why ends in zeroes", op->name);

	memset(room, 0x5a, 3 * page);
	why->size = page + 1;
	fail_with(op, why);
	ok(only(room, 4, 3 * page, 0x5a),
	   "%s: a why larger than a page is left alone", op->name);
}

static void test_why(const struct op *op)
{
	bool no_pool = op->cmd == SRIOV_BROKER_POOL_SET ||
		       op->cmd == SRIOV_BROKER_POOL_GET;
	bool no_lease = op->outcome == ENOENT || no_pool;
	int wanted = no_lease ? ENOENT : ENODEV;
	bool no_waiter = op->cmd == SRIOV_BROKER_CANCEL;
	unsigned int reason = no_waiter ? SRIOV_BROKER_WHY_NO_WAITER :
			      no_pool	? SRIOV_BROKER_WHY_NO_POOL :
			      no_lease	? SRIOV_BROKER_WHY_NO_LEASE :
					  SRIOV_BROKER_WHY_NO_DEVICE;
	struct sriov_broker_addr dev = no_lease ? no_addr : absent;
	unsigned char *room;
	struct sriov_broker_why *why;
	int err;

	if (!op->why)
		return;
	if (op->cmd == SRIOV_BROKER_NET_HOLD)
		dev = held.vf;
	room = calloc(3, page);
	why = (struct sriov_broker_why *)room;

	is(fail_with(op, NULL), wanted, "%s: no why", op->name);
	is(fail_with(op, (void *)8), wanted,
	   "%s: a why that can't be read hides nothing", op->name);
	is(fail_with(op, "\x98\0\0\0"), wanted,
	   "%s: nor one that can't be written", op->name);

	memset(room, 0x5a, page);
	why->size = sizeof(*why);
	err = fail_with(op, why);
	ok(err == wanted && why->reason == reason &&
		   why->size == sizeof(*why) && same_addr(why->dev, dev) &&
		   why->uid == SRIOV_BROKER_NO_UID && !why->reserved &&
		   why->lease_id == (reason == SRIOV_BROKER_WHY_NO_LEASE ?
					     NO_LEASE :
					     0) &&
		   !why->pid && !why->value &&
		   !strcmp(why->label, no_pool ? "none" : "") &&
		   only(room, sizeof(*why), page, 0x5a),
	   "%s: a why is filled, and no more", op->name);

	test_why_sizes(op, room, reason);
	free(room);
}

/* Numbers that no ioctl has; with size, direction, and type wrong, too. */
static void test_unknown(int fd, bool lease)
{
	static __u64 arg[512] = { 0xffff };
	unsigned int nr, i, wrong = 0, tried = 0;

	for (nr = 0; nr < 256; nr++) {
		unsigned long cmd = _IO(SRIOV_BROKER_TYPE, nr);
		bool known = false;

		for (i = 0; i < NUM_OPS; i++)
			known |= ops[i].cmd == cmd && ops[i].lease == lease;
		if (known)
			cmd = _IOWR(SRIOV_BROKER_TYPE, nr, __u64);
		tried++;
		wrong += call(fd, cmd, arg) != ENOTTY;
		tried++;
		wrong += call(fd, _IO(0xbe, nr), arg) != ENOTTY;
	}
	is(wrong, 0, "%s: %u unknown numbers are ENOTTY",
	   lease ? "lease" : "device", tried);
}

/* LIST_VFS of the PF.  Return: what it ends with; *num: how many it tells of */
static int list_to(void *entries, size_t size, __u32 room, __u32 *num)
{
	struct sriov_broker_list p = {
		.size = sizeof(p),
		.pf = pf,
		.count = room,
		.entry_size = size,
		.entries = (uintptr_t)entries,
	};
	int err = call(broker, SRIOV_BROKER_LIST_VFS, &p);

	*num = p.count;
	return err;
}

/* A list's own fields. */
static void test_list(void)
{
	struct {
		struct sriov_broker_vf vf;
		unsigned char more[40];
	} big[2];
	struct sriov_broker_vf vfs[2];
	struct sriov_broker_addr addrs[2];
	__u32 num;

	memset(vfs, 0x5a, sizeof(vfs));
	is(list_to(vfs, sizeof(vfs[0]), 1, &num), 0, "LIST: one of two fits");
	is(num, 2, "LIST: and two are told");
	ok(only((void *)&vfs[1], 0, sizeof(vfs[1]), 0x5a),
	   "LIST: the second is not written");

	is(list_to(addrs, sizeof(addrs[0]), 2, &num), 0,
	   "LIST: small entries get what fits");
	ok(same_addr(addrs[0], vf_at(pf, 0)) &&
		   same_addr(addrs[1], vf_at(pf, 1)),
	   "LIST: that is the addresses");

	memset(big, 0x5a, sizeof(big));
	is(list_to(big, sizeof(big[0]), 2, &num), 0,
	   "LIST: large entries end in zeroes");
	ok(same_addr(big[1].vf.addr, vf_at(pf, 1)) &&
		   only(big[0].more, 0, 40, 0) && only(big[1].more, 0, 40, 0),
	   "LIST: each of them");

	is(list_to(NULL, 4, 0, &num), EINVAL,
	   "LIST: entries too small for an address");
	is(list_to(NULL, page + 8, 0, &num), EINVAL,
	   "LIST: entries larger than a page");
	is(list_to((void *)8, sizeof(vfs[0]), 2, &num), EFAULT,
	   "LIST: entries that can't be written");
	is(list_to(vfs, sizeof(vfs[0]), ~0U, &num), 0,
	   "LIST: room for 4 billion is no problem");
	is(num, 2, "LIST: with two entries");
}

/* Also those lists that have no reasons, so far: they say so. */
static void test_list_why(void)
{
	static const unsigned long cmds[] = { SRIOV_BROKER_STATS,
					      SRIOV_BROKER_HISTORY,
					      SRIOV_BROKER_LIST_WAITERS };
	struct sriov_broker_why why;
	unsigned int i;

	for (i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
		struct sriov_broker_list p = {
			.size = sizeof(p),
			.why = (uintptr_t)why_init(&why),
		};

		ok(call(broker, cmds[i], &p) == EINVAL &&
			   why.reason == SRIOV_BROKER_WHY_NONE,
		   "LIST: entries of no size, ioctl %lu: a why is filled",
		   cmds[i] & 0xff);
	}
}

static int lease_with(struct sriov_broker_selector *sels, unsigned int num,
		      unsigned int count, unsigned int grant_size, void *grant,
		      int timeout)
{
	struct sriov_broker_lease p = {
		.size = sizeof(p),
		.num_selectors = num,
		.count = count,
		.selectors = (uintptr_t)sels,
		.selector_size = sizeof(*sels),
		.grants = (uintptr_t)grant,
		.grant_size = grant_size,
		.timeout_ms = timeout,
		.numa_node = -1,
	};

	return call(broker, SRIOV_BROKER_LEASE, &p);
}

/* The name of a pool, and the NUMA node. */
static void test_lease_pool(void)
{
	static const struct op *op;
	struct sriov_broker_lease *p;

	for (op = ops; op->cmd != SRIOV_BROKER_LEASE; op++)
		;
	p = prepare(op, op->size);
	p->flags = SRIOV_BROKER_LEASE_NUMA_STRICT;
	is(call(broker, op->cmd, p), EINVAL, "LEASE: strictly of no node");
	p = prepare(op, op->size);
	memset(p->pool, 'x', sizeof(p->pool));
	is(call(broker, op->cmd, p), EINVAL,
	   "LEASE: a pool's name without end");
	p = prepare(op, op->size);
	strcpy(p->pool, "../a");
	is(call(broker, op->cmd, p), EINVAL, "LEASE: '../a' is no pool's name");
}

static int lease_by(struct sriov_broker_selector sel)
{
	struct sriov_broker_grant grant;

	return lease_with(&sel, 1, 1, sizeof(grant), &grant, 0);
}

static void test_selector_fields(void)
{
	typedef struct sriov_broker_selector by;

	is(lease_by((by){ .flags = 1 }), EOPNOTSUPP,
	   "LEASE: a selector's unknown flag");
	is(lease_by((by){ .reserved = 1 }), EOPNOTSUPP,
	   "LEASE: a selector's reserved field");
	is(lease_by((by){ .dev.valid = 2 }), EOPNOTSUPP,
	   "LEASE: its address of an unknown kind");
	is(lease_by((by){ .dev.bdf = 0x100 }), EINVAL,
	   "LEASE: its address that is said to be none");
	is(lease_by((by){ .reserved2 = 1 }), EOPNOTSUPP,
	   "LEASE: a selector's other reserved field");
	is(lease_by((by){ .first = 1 }), EINVAL, "LEASE: index 1 of no PF");
	is(lease_by((by){ .count = 1 }), EINVAL, "LEASE: one index of no PF");
	is(lease_by((by){ .dev = pf, .first = 2 }), ERANGE,
	   "LEASE: index 2 of 2");
	is(lease_by((by){ .dev = pf, .first = 1, .count = 2 }), ERANGE,
	   "LEASE: two from index 1 of 2");
}

/* LEASE's own fields, and that a lease whose fd can't be told does not stay. */
static void test_lease(void)
{
	struct sriov_broker_selector sels[65] = {};
	size_t full = sizeof(struct sriov_broker_grant);
	unsigned char room[256];
	struct sriov_broker_grant *g = (struct sriov_broker_grant *)room;

	is(lease_with(sels, 1, 0, full, g, 0), EINVAL, "LEASE: none asked");
	is(lease_with(sels, 1, SRIOV_BROKER_MAX_LEASES + 1, full, g, 0), EINVAL,
	   "LEASE: more than one call may ask");
	is(lease_with(sels, 1, 1, full, g, -2), EINVAL, "LEASE: -2 ms");
	is(lease_with(sels, 65, 1, full, g, 0), EINVAL, "LEASE: 65 selectors");
	is(lease_with((void *)8, 1, 1, full, g, 0), EFAULT,
	   "LEASE: selectors that can't be read");
	is(lease_with(sels, 1, 1, 8, g, 0), EINVAL,
	   "LEASE: a grant too small for the VF");
	is(lease_with(sels, 1, 1, page + 8, g, 0), EINVAL,
	   "LEASE: a grant larger than a page");
	test_selector_fields();
	test_lease_pool();
	is(lease_with(sels, 1, 1, full, (void *)8, 0), EFAULT,
	   "LEASE: a grant that can't be written");
	ok(comes_to(vf_at(pf, 1), SRIOV_BROKER_VF_FREE),
	   "LEASE: and the VF is free again");

	memset(room, 0x5a, sizeof(room));
	is(lease_with(NULL, 0, 1, sizeof(*g) + 32, g, 0), 0,
	   "LEASE: no selector takes any VF, a large grant will do");
	ok(g->fd >= 0 && same_addr(g->vf, vf_at(pf, 1)) &&
		   same_addr(g->pf, pf) && g->index == 1 && g->group_vfs == 1 &&
		   g->id > held.id && !strcmp(g->driver, "vfio-pci") &&
		   g->iommu_group == iommu_group_of(name_of(g->vf)) &&
		   only(room, sizeof(*g), sizeof(*g) + 32, 0) &&
		   only(room, sizeof(*g) + 32, sizeof(room), 0x5a),
	   "LEASE: the grant is filled, zero beyond");
	close(g->fd);
	ok(comes_to(vf_at(pf, 1), SRIOV_BROKER_VF_FREE),
	   "LEASE: and given back");
}

/* Selectors of a program that is older or newer than the kernel. */
static void test_selectors(void)
{
	struct {
		struct sriov_broker_selector sel;
		__u64 more;
	} newer[2] = {};
	struct sriov_broker_grant g;
	struct sriov_broker_lease p = {
		.size = sizeof(p),
		.num_selectors = 2,
		.count = 1,
		.selectors = (uintptr_t)newer,
		.selector_size = sizeof(newer[0]),
		.grants = (uintptr_t)&g,
		.grant_size = sizeof(g),
		.numa_node = -1,
	};

	newer[0].sel.vendor = 0x1234;
	newer[1].sel.dev = held.vf;
	is(call(broker, SRIOV_BROKER_LEASE, &p), EAGAIN,
	   "LEASE: larger selectors, each at its place");
	newer[1].more = 1;
	is(call(broker, SRIOV_BROKER_LEASE, &p), E2BIG,
	   "LEASE: with something that is not known");
	p.selector_size = sizeof(newer[0].sel) - 1;
	is(call(broker, SRIOV_BROKER_LEASE, &p), EINVAL,
	   "LEASE: selectors smaller than the first release's");
	p.selector_size = page + 8;
	is(call(broker, SRIOV_BROKER_LEASE, &p), EINVAL,
	   "LEASE: selectors larger than a page");
}

/* DISABLE's own fields. */
static void test_disable(void)
{
	struct sriov_broker_disable p = {
		.size = sizeof(p),
		.pf = other_pf,
		.timeout_ms = 1,
	};

	is(call(broker, SRIOV_BROKER_DISABLE, &p), EINVAL,
	   "DISABLE: a time without FORCE");
	p.flags = SRIOV_BROKER_DISABLE_FORCE;
	p.timeout_ms = SRIOV_BROKER_MAX_FORCE_MS + 1;
	is(call(broker, SRIOV_BROKER_DISABLE, &p), EINVAL,
	   "DISABLE: more time than there may be");
}

static void test_lease_set(void)
{
	int fd = pidfd_of(getpid()), gone;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	gone = pidfd_of(pid);
	waitpid(pid, NULL, 0);
	is(lease_set(held.fd, 0, "", 0), EINVAL, "LEASE_SET: nothing to set");
	is(lease_set(held.fd, SRIOV_BROKER_SET_PID, "x", fd), EINVAL,
	   "LEASE_SET: a label without its flag");
	is(lease_set(held.fd, SRIOV_BROKER_SET_LABEL, "x", fd), EINVAL,
	   "LEASE_SET: a pidfd without its flag");
	is(lease_set(held.fd, SRIOV_BROKER_SET_PID, "", -1), EBADF,
	   "LEASE_SET: no descriptor");
	is(lease_set(held.fd, SRIOV_BROKER_SET_PID, "", held.fd), EBADF,
	   "LEASE_SET: one of something else");
	is(lease_set(held.fd, SRIOV_BROKER_SET_PID, "", gone), ESRCH,
	   "LEASE_SET: of a process that has ended");
	close(fd);
	close(gone);
}

static void test_info(void)
{
	struct sriov_broker_info p;

	is(info(&p), 0, "INFO");
	is(p.abi_major, SRIOV_BROKER_ABI_MAJOR, "INFO: abi_major");
	is(p.abi_minor, SRIOV_BROKER_ABI_MINOR, "INFO: abi_minor");
	is(p.num_pfs, 2, "INFO: PFs");
	is(p.num_vfs, 3, "INFO: VFs");
	is(p.num_leases, 1, "INFO: leases");
	ok(!strcmp(p.driver, "vfio-pci"), "INFO: default driver");
	ok(p.instance, "INFO: an instance");
	ok(p.max_selectors >= SRIOV_BROKER_MAX_SELECTORS &&
		   p.max_leases >= SRIOV_BROKER_MAX_LEASES &&
		   p.max_grace_ms >= SRIOV_BROKER_MAX_GRACE_MS &&
		   p.max_force_ms >= SRIOV_BROKER_MAX_FORCE_MS &&
		   p.stat_kinds >= SRIOV_BROKER_STAT_KINDS &&
		   p.max_pool_members >= SRIOV_BROKER_POOL_MAX,
	   "INFO: limits, none lower than the header's");
	ok(p.history_events && p.max_readers, "INFO: events, and readers");
	ok(p.max_waiting >= p.max_selectors &&
		   p.max_waiting_all >= p.max_waiting,
	   "INFO: a request of any size may wait");
}

/* Runs in a child: how many points failed is its exit status. */
static int in_child(void (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		fn();
		fflush(stdout);
		_exit(tap_failed > 100 ? 100 : tap_failed);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static int admin_refusals, others_work, may_lease, may_open;

/* What the calls of this process end with; told through the exit status. */
static void count_answers(void)
{
	unsigned int i;
	int err;

	admin_refusals = others_work = 0;
	for (i = 0; i < NUM_OPS; i++) {
		err = call(fd_of(&ops[i]), ops[i].cmd,
			   prepare(&ops[i], ops[i].size));
		if (ops[i].admin)
			admin_refusals += err == EPERM;
		else
			others_work += err == ops[i].outcome;
	}
	may_open = open(NODE, O_RDWR) >= 0;
}

/* All of them as a caller without privilege should find them. */
static int wrong_answers(void)
{
	unsigned int i, admin = 0;

	for (i = 0; i < NUM_OPS; i++)
		admin += ops[i].admin;
	count_answers();
	return (admin_refusals != (int)admin) |
	       (others_work != (int)(NUM_OPS - admin)) << 1;
}

static void as_nobody(void)
{
	int wrong;

	struct sriov_broker_grant g;
	struct sriov_broker_vf vf;

	if (setgroups(0, NULL) || setresgid(65534, 65534, 65534) ||
	    setresuid(65534, 65534, 65534))
		_exit(99);
	wrong = wrong_answers();
	may_lease = !lease(no_addr, "the user's", &g, NULL);
	vf = vf_now(g.vf);
	tap_failed = wrong | !may_lease << 2 | may_open << 3 |
		     (vf.lease_uid != 65534) << 4;
}

/* Capable in a user namespace of its own, which is nothing here. */
static void in_namespace(void)
{
	if (unshare(CLONE_NEWUSER))
		_exit(99);
	tap_failed = wrong_answers();
}

static void test_callers(void)
{
	int got = in_child(as_nobody);

	ok(!(got & 1),
	   "other user: ENABLE, DISABLE, BIND, CORDON, CLEAR, REVOKE, NET_HOLD, POOL_SET are EPERM");
	ok(!(got & 2),
	   "other user: the others work on an inherited descriptor");
	ok(!(got & 4), "other user: may lease");
	ok(!(got & 8), "other user: may not open the node");
	ok(!(got & 16), "other user: is shown as the lease's user");
	ok(comes_to(vf_at(pf, 1), SRIOV_BROKER_VF_FREE),
	   "other user: what it leased comes back");
	got = in_child(in_namespace);
	if (got == 99) {
		skip("no user namespaces", "root of a user namespace");
		return;
	}
	is(got, 0, "root of a user namespace is no admin here");
}

/* The node's own manners. */
static void test_node(void)
{
	struct stat st;
	char byte;

	ok(!stat(NODE, &st) && S_ISCHR(st.st_mode) &&
		   (st.st_mode & 0777) == 0660 && !st.st_uid,
	   "the node is root's, 0660");
	is(write(broker, "x", 1), -1, "the device can't be written");
	is(write(held.fd, "x", 1), -1, "nor a lease");
	is(read(held.fd, &byte, 1) < 0 ? errno : 0, EINVAL,
	   "a lease's event does not fit into a byte");
}

#ifdef __x86_64__
/* ioctl() as a 32-bit process makes it. */
static long ioctl32(int fd, unsigned long cmd, void *arg)
{
	long ret;

	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(54L), "b"((long)fd), "c"(cmd), "d"(arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

/* A kernel without 32-bit programs answers with SIGSEGV: ask in a child. */
static bool has_ioctl32(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(ioctl32(-1, 0, NULL) != -EBADF);
	return waitpid(pid, &status, 0) == pid && !status;
}

static void test_compat(void)
{
	char *low = mmap(NULL, page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	unsigned int i;

	if (!has_ioctl32()) {
		skip("the kernel runs no 32-bit programs", "32-bit ioctls");
		return;
	}
	for (i = 0; i < NUM_OPS; i++) {
		/* LEASE's own pointers lead above 4 GiB: as u64 they may. */
		memcpy(low, prepare(&ops[i], ops[i].size), page);
		is(-ioctl32(fd_of(&ops[i]), ops[i].cmd, low), ops[i].outcome,
		   "%s: from a 32-bit program", ops[i].name);
	}
	is(-ioctl32(broker, _IO(SRIOV_BROKER_TYPE, 0x3f), low), ENOTTY,
	   "an unknown number from a 32-bit program");
}
#else
static void test_compat(void)
{
	skip("not on this architecture", "32-bit ioctls");
}
#endif

int main(void)
{
	char *before;
	unsigned int i;
	struct sriov_broker_why why;
	struct sriov_broker_pool_member member = {};
	struct sriov_broker_pool pool = { .num_members = 1,
					  .members = (uintptr_t)&member };

	page = sysconf(_SC_PAGESIZE);
	pf = need_igb();
	other_pf = need_nvme();
	broker_begin("");
	if (!worked(enable(pf, 2, "vfio-pci", &why), &why, "2 VFs") ||
	    !worked(enable(other_pf, 1, "vfio-pci", &why), &why, "1 VF") ||
	    !worked(lease(vf_at(pf, 0), LABEL, &held, &why), &why,
		    "one leased"))
		bail("nothing to test with");
	/* So that LEASE_OPEN has an outcome which changes nothing. */
	if (open(text("/dev/vfio/%d", held.iommu_group), O_RDWR) < 0)
		bail("the leased VF's group can't be opened: %m");

	/* Of no VF: the lists tell of no pool. */
	member.pf = absent;
	strcpy(pool.name, POOL);
	is(pool_set(&pool, NULL), 0, "a pool");

	before = snapshot();
	for (i = 0; i < NUM_OPS; i++) {
		test_sizes(&ops[i]);
		test_overrun(&ops[i]);
		test_flags(&ops[i]);
		test_address(&ops[i]);
		test_instance(&ops[i]);
		test_pointers(&ops[i]);
		test_string(&ops[i]);
		test_why(&ops[i]);
	}
	test_unknown(broker, false);
	test_unknown(held.fd, true);
	test_list();
	test_list_why();
	test_lease();
	test_selectors();
	test_disable();
	test_lease_set();
	test_info();
	test_node();
	test_compat();
	test_callers();
	unchanged(before, "after all that");
	return done();
}

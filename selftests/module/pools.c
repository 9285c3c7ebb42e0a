// SPDX-License-Identifier: GPL-2.0-only
/*
 * Named pools: what they are made of, which users may lease from them, and how much, by
 * LEASE and by opening a guarded VF.  The users are children of this process.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <sched.h>
#include <signal.h>

#include "broker.h"
#include "steps.h"
#include "vfio.h"

#define VFS	4
#define MEMBER	1000
#define GROUP	2000
#define FOREIGN 3000

static struct sriov_broker_addr pf, none = { .bdf = 0xfff8, .valid = 1 };
static struct sriov_broker_why why;
static struct sriov_broker_pool_member first_two, third, last_two;

/* What a child tells. */
static struct shared {
	int err;
	struct sriov_broker_why why;
	struct sriov_broker_grant grant;
} *shared;

static __u32 member_id = MEMBER, group_id = GROUP;

/* A pool of one member; the caller may change more. */
static struct sriov_broker_pool pool_of(const char *name,
					struct sriov_broker_pool_member *member)
{
	struct sriov_broker_pool p = {
		.num_members = 1,
		.members = (uintptr_t)member,
		.uids = (uintptr_t)&member_id,
		.gids = (uintptr_t)&group_id,
	};

	strcpy(p.name, name);
	return p;
}

static int set(struct sriov_broker_pool p)
{
	return pool_set(&p, &why);
}

/* A user's alone, a group's alone, or all users'. */
static int set_users(const char *name, struct sriov_broker_pool_member *member)
{
	struct sriov_broker_pool p = pool_of(name, member);

	p.num_uids = 1;
	return set(p);
}

static int set_groups(const char *name, struct sriov_broker_pool_member *member)
{
	struct sriov_broker_pool p = pool_of(name, member);

	p.num_gids = 1;
	return set(p);
}

static int set_anyone(const char *name, struct sriov_broker_pool_member *member)
{
	struct sriov_broker_pool p = pool_of(name, member);

	p.flags = SRIOV_BROKER_POOL_ANYONE;
	return set(p);
}

static int drop(const char *name)
{
	struct sriov_broker_pool p = pool_of(name, NULL);

	p.num_members = 0;
	return set(p);
}

static struct sriov_broker_pool get_pool(const char *name, int *err)
{
	struct sriov_broker_pool p = {};

	strcpy(p.name, name);
	*err = pool_get(&p, 0, &why);
	return p;
}

/* The pool that the VF of an index is listed with. */
static char *pool_at(int index)
{
	return text("%s", vf_now(vf_at(pf, index)).pool);
}

/* One point: refused for a pool's sake. */
static void denied(int err, const struct sriov_broker_why *by, int wanted,
		   unsigned int reason, const char *pool, const char *what)
{
	bool good = err == wanted && by->reason == reason &&
		    !strcmp(by->label, pool);

	ok(good, "%s", what);
	if (!good)
		diag("got %s, reason %u, label '%.64s'; wanted %s, reason %u, '%s'",
		     strerrorname_np(err) ?: "success", by->reason, by->label,
		     strerrorname_np(wanted), reason, pool);
}

/* ---- what a pool is made of ---- */

static void bad(struct sriov_broker_pool p, int wanted, const char *what)
{
	is(set(p), wanted, "POOL_SET: %s", what);
}

static void test_args(void)
{
	static const char *const names[] = { "",  ".a",	 "a b",	     "a/b",
					     "-", "a\n", "\xc3\xa4", "\xe4" };
	struct sriov_broker_pool_member m = { .pf = pf };
	struct sriov_broker_pool p;
	__u32 no_id = ~0U;
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		is(set_anyone(names[i], &m), EINVAL,
		   "POOL_SET: a name that is none, %u", i);
	p = pool_of("a", &m);
	p.num_members = SRIOV_BROKER_POOL_MAX + 1;
	bad(p, EINVAL, "too many members");
	p = pool_of("a", &m);
	p.num_uids = SRIOV_BROKER_POOL_MAX + 1;
	bad(p, EINVAL, "too many users");
	p = pool_of("a", &m);
	p.num_gids = SRIOV_BROKER_POOL_MAX + 1;
	bad(p, EINVAL, "too many groups");
	p = pool_of("a", &m);
	p.flags = SRIOV_BROKER_POOL_ANYONE;
	p.num_uids = 1;
	bad(p, EINVAL, "anyone, and users");
	p = pool_of("a", &m);
	p.flags = SRIOV_BROKER_POOL_NEXT;
	bad(p, EOPNOTSUPP, "a flag of POOL_GET");
	p = pool_of("a", &m);
	p.num_members = 0;
	p.max_leases = 1;
	bad(p, EINVAL, "a limit, and no members");
	p = pool_of("a", &m);
	p.members = 8;
	bad(p, EFAULT, "members that can't be read");
	p = pool_of("a", &m);
	p.num_uids = 1;
	p.uids = 8;
	bad(p, EFAULT, "users that can't be read");
	p = pool_of("a", &m);
	p.num_gids = 1;
	p.gids = 8;
	bad(p, EFAULT, "groups that can't be read");
	p = pool_of("a", &m);
	p.num_uids = 1;
	p.uids = (uintptr_t)&no_id;
	bad(p, EINVAL, "a user that is none");
	p = pool_of("a", &m);
	p.num_gids = 1;
	p.gids = (uintptr_t)&no_id;
	bad(p, EINVAL, "a group that is none");
	is(drop("a"), ENOENT, "POOL_SET: none is made by that");
	is(why.reason, SRIOV_BROKER_WHY_NO_POOL, "as is said");
}

static void test_members(void)
{
	struct {
		struct sriov_broker_pool_member member;
		__u64 more;
	} newer = { .member = { .pf = pf }, .more = 1 };
	struct sriov_broker_pool_member m = {};
	struct sriov_broker_pool p;

	is(set_anyone("a", &m), EINVAL, "a member without PF");
	m.pf.valid = 2;
	is(set_anyone("a", &m), EOPNOTSUPP, "a PF of an unknown kind");
	m = (struct sriov_broker_pool_member){ .pf = pf,
					       .first = 2,
					       .count = ~1U };
	is(set_anyone("a", &m), EINVAL, "more VFs than there are numbers");
	m.pf = vf_at(pf, 0);
	m.count = 0;
	refused(set_anyone("a", &m), EINVAL, &why, SRIOV_BROKER_WHY_IS_VF, m.pf,
		"a VF is no PF");
	m.pf = find_port();
	refused(set_anyone("a", &m), EOPNOTSUPP, &why, SRIOV_BROKER_WHY_NOT_PF,
		m.pf, "nor is a port");
	p = pool_of("a", &newer.member);
	p.member_size = sizeof(newer);
	bad(p, E2BIG, "more of a member than is known");
	newer.more = 0;
	is(set(p), 0, "if that is zero it is taken");
	p.member_size = sizeof(m) - 1;
	bad(p, EINVAL, "less than there has to be");
	is(drop("a"), 0, "away with it");
}

static void test_get(void)
{
	struct sriov_broker_pool_member members[2],
		two[] = { first_two, third };
	__u32 uids[3] = {}, ids[] = { 7, 8, 9 }, gid = 0;
	struct sriov_broker_pool p = pool_of("mid", two), q;
	int err;

	p.num_members = 2;
	p.num_uids = 3;
	p.uids = (uintptr_t)ids;
	p.num_gids = 1;
	p.max_leases = 5;
	p.max_leases_per_user = 2;
	is(set(p), 0, "a pool of users and a group, with limits");
	q = (struct sriov_broker_pool){ .name = "mid" };
	is(pool_get(&q, 0, &why), 0, "read, with room for nothing");
	ok(q.num_members == 2 && q.num_uids == 3 && q.num_gids == 1 &&
		   q.max_leases == 5 && q.max_leases_per_user == 2 &&
		   !q.flags && !q.leases,
	   "it tells how much there is");
	q.members = (uintptr_t)members;
	q.uids = (uintptr_t)uids;
	q.gids = (uintptr_t)&gid;
	q.num_uids = 2;
	is(pool_get(&q, 0, &why), 0, "read, with room for all but one");
	ok(!memcmp(members, two, sizeof(two)) && uids[0] == 7 && uids[1] == 8 &&
		   !uids[2] && gid == GROUP && q.num_uids == 3,
	   "all but that are there");

	is(set_anyone("last", &last_two), 0, "a second pool");
	q = (struct sriov_broker_pool){};
	is(pool_get(&q, SRIOV_BROKER_POOL_NEXT, &why), 0, "the first");
	ok(!strcmp(q.name, "last") && q.flags == SRIOV_BROKER_POOL_ANYONE,
	   "by name, which is anyone's");
	q.num_members = q.num_uids = q.num_gids = 0;
	is(pool_get(&q, SRIOV_BROKER_POOL_NEXT, &why), 0, "the one after it");
	ok(!strcmp(q.name, "mid"), "is the other");
	q.num_members = q.num_uids = q.num_gids = 0;
	is(pool_get(&q, SRIOV_BROKER_POOL_NEXT, &why), ENOENT, "no third");
	get_pool("other", &err);
	denied(err, &why, ENOENT, SRIOV_BROKER_WHY_NO_POOL, "other",
	       "one that is not there");
	get_pool("", &err);
	is(err, EINVAL, "one without a name");
	drop("mid");
	drop("last");
}

static void test_overlap(void)
{
	struct sriov_broker_pool_member all = { .pf = pf },
					end = { .pf = pf, .first = 1 },
					far = { .pf = none };

	is(set_anyone("a", &first_two), 0, "a pool of the first VFs");
	ok(!strcmp(pool_at(0), "a") && !strcmp(pool_at(1), "a") && !*pool_at(2),
	   "which are listed with it, and no other");
	refused(set_anyone("b", &all), EEXIST, &why,
		SRIOV_BROKER_WHY_POOL_OVERLAP, pf, "all of the PF for another");
	ok(!strcmp(why.label, "a") && why.value == 0, "have VF 0 in common");
	refused(set_anyone("b", &end), EEXIST, &why,
		SRIOV_BROKER_WHY_POOL_OVERLAP, pf, "all from VF 1 on");
	is(why.value, 1, "have that");
	is(set_anyone("b", &third), 0, "the next VF is free to have");
	is(set_anyone("b", &last_two), 0, "and is changed for others");
	ok(!*pool_at(2) && !strcmp(pool_at(3), "b"), "as the list says");
	is(set_anyone("a", &first_two), 0, "the same once more is a success");
	is(set_anyone("far", &far), 0, "a PF need not be there");
	is(drop("a"), 0, "away with the first");
	ok(!*pool_at(0) && !strcmp(pool_at(3), "b"), "it alone is gone");
	is(drop("b"), 0, "and with the second");
	is(drop("far"), 0, "and the third");
}

/* ---- users ---- */

/* Another user from here on, in its own group and @gid's. */
static void become(uid_t uid, gid_t gid)
{
	gid_t groups[] = { 1, gid };

	if (setgroups(gid ? 2 : 0, groups) || setresgid(uid, uid, uid) ||
	    setresuid(uid, uid, uid))
		_exit(99);
	broker = open(NODE, O_RDWR | O_CLOEXEC);
	if (broker < 0)
		_exit(98);
}

static unsigned int free_before;

static pid_t begin_child(void)
{
	fflush(stdout);
	free_before = count_state(pf, SRIOV_BROKER_VF_FREE);
	return fork();
}

/* What it had is back; others may have theirs still. */
static void end_child(pid_t pid)
{
	waitpid(pid, NULL, 0);
	(void)eventually(LONG_MS,
			 count_state(pf, SRIOV_BROKER_VF_FREE) == free_before);
}

static int ask(const char *pool, struct sriov_broker_addr dev)
{
	return lease_from(pool, 0, dev, 0, 0, "ask", &shared->grant,
			  &shared->why);
}

/* What a user's LEASE answers; what it has it gives back. */
static int lease_as(uid_t uid, gid_t gid, const char *pool,
		    struct sriov_broker_addr dev)
{
	pid_t pid;

	pid = begin_child();
	if (!pid) {
		become(uid, gid);
		shared->err = ask(pool, dev);
		_exit(0);
	}
	end_child(pid);
	return shared->err;
}

static void test_rights(void)
{
	struct sriov_broker_addr vf0 = vf_at(pf, 0), vf2 = vf_at(pf, 2);

	is(set_users("u", &first_two), 0, "the first VFs are one user's");
	is(set_groups("g", &third), 0, "the next is a group's");
	is(lease_as(MEMBER, 0, "", vf0), 0, "the user may have its own");
	is(lease_as(MEMBER, 0, "u", no_addr), 0, "and any of the pool");
	ok(shared->grant.index < 2, "which is one of those");
	denied(lease_as(MEMBER, 0, "", vf2), &shared->why, EACCES,
	       SRIOV_BROKER_WHY_NOT_ALLOWED, "g", "but not the group's");
	ok(same_addr(shared->why.dev, vf2), "which is named");
	denied(lease_as(MEMBER, 0, "g", no_addr), &shared->why, EACCES,
	       SRIOV_BROKER_WHY_NOT_ALLOWED, "g", "nor any of that pool");
	is(lease_as(FOREIGN, GROUP, "", vf2), 0, "a member of the group may");
	is(lease_as(GROUP, 0, "g", pf), 0, "or whose group it is");
	denied(lease_as(FOREIGN, 1, "", vf2), &shared->why, EACCES,
	       SRIOV_BROKER_WHY_NOT_ALLOWED, "g", "of another group: no");
	is(lease_as(FOREIGN, 0, "", pf), 0, "a user that may have neither");
	is(shared->grant.index, 3, "gets what is in no pool");
	is(lease_as(FOREIGN, 0, "", vf_at(pf, 3)), 0, "by name as well");
	denied(lease_as(FOREIGN, 0, "other", no_addr), &shared->why, ENOENT,
	       SRIOV_BROKER_WHY_NO_POOL, "other", "a pool that is not there");
	is(lease_as(0, 0, "", vf0), 0, "root may have any");
	is(lease_as(MEMBER, 0, "u", vf2), ENOSPC, "a VF is not of that pool");
	is(set(pool_of("u", &first_two)), 0, "the pool is no user's");
	is(lease_as(MEMBER, 0, "u", pf), EACCES, "then none gets of it");
	is(lease_as(0, 0, "u", pf), 0, "but root");
	is(set_anyone("u", &first_two), 0, "it is anyone's");
	is(lease_as(FOREIGN, 0, "u", pf), 0, "then all do");
}

/* Leases beyond what a user may have are refused for that, and others taken. */
static void test_gang(void)
{
	struct sriov_broker_pool_member all = { .pf = pf };

	drop("u");
	drop("g");
	is(set_users("all", &all), 0, "the whole PF is one user's");
	denied(lease_as(FOREIGN, 0, "", pf), &shared->why, EACCES,
	       SRIOV_BROKER_WHY_NOT_ALLOWED, "all",
	       "another asks for one of the PF");
	ok(same_addr(shared->why.dev, pf), "and is told of that");
	is(lease_as(FOREIGN, 0, "", no_addr), EAGAIN,
	   "of another PF there might be one, but is not");
	drop("all");
}

/* The opener of the device counts, be the caller what it may. */
static int pass_on(uid_t opener, uid_t caller)
{
	pid_t pid;

	pid = begin_child();
	if (!pid) {
		int fd;

		if (seteuid(opener))
			_exit(99);
		fd = open(NODE, O_RDWR | O_CLOEXEC);
		if (seteuid(0))
			_exit(99);
		become(caller, 0);
		broker = fd;
		shared->err = ask("", vf_at(pf, 0));
		_exit(0);
	}
	end_child(pid);
	return shared->err;
}

/* Root in a user namespace of its own is root's user, but no admin. */
static int lease_in_namespace(void)
{
	pid_t pid;

	pid = begin_child();
	if (!pid) {
		shared->err = -1;
		if (unshare(CLONE_NEWUSER))
			_exit(99);
		broker = open(NODE, O_RDWR | O_CLOEXEC);
		if (broker >= 0)
			shared->err = ask("", vf_at(pf, 0));
		_exit(0);
	}
	end_child(pid);
	return shared->err;
}

static void test_identity(void)
{
	struct sriov_broker_pool p = pool_of("u", &first_two);
	__u32 root = 0;

	is(set_users("u", &first_two), 0, "the first VFs are one user's");
	is(pass_on(MEMBER, FOREIGN), 0, "whose descriptor another may use");
	is(pass_on(FOREIGN, MEMBER), EACCES, "but not the other way round");
	is(lease_in_namespace(), EACCES, "root of a user namespace may not");
	p.uids = (uintptr_t)&root;
	p.num_uids = 1;
	is(set(p), 0, "they are root's, by its number");
	is(lease_in_namespace(), 0, "then it may");
	drop("u");
}

/* ---- limits ---- */

static int set_limits(unsigned int all, unsigned int each)
{
	struct sriov_broker_pool p = pool_of("lim", &first_two);

	p.flags = SRIOV_BROKER_POOL_ANYONE;
	p.max_leases = all;
	p.max_leases_per_user = each;
	return set(p);
}

static int ask_gang(unsigned int count, const char *pool,
		    struct sriov_broker_grant *g)
{
	struct sriov_broker_selector sel = { .dev = pf };
	struct sriov_broker_lease p = {
		.size = sizeof(p),
		.num_selectors = 1,
		.count = count,
		.selectors = (uintptr_t)&sel,
		.selector_size = sizeof(sel),
		.grants = (uintptr_t)g,
		.grant_size = sizeof(*g),
		.numa_node = -1,
		.why = (uintptr_t)why_init(&why),
	};

	strcpy(p.pool, pool);
	return call(broker, SRIOV_BROKER_LEASE, &p);
}

static void test_limit(void)
{
	struct sriov_broker_grant g[VFS], more;
	int err, i;

	is(set_limits(1, 0), 0, "no more than one of two");
	denied(ask_gang(2, "lim", g), &why, EDQUOT, SRIOV_BROKER_WHY_LIMIT,
	       "lim", "two at once are too many");
	is(why.value, 1, "as the answer says");
	is(ask_gang(VFS, "", g), EAGAIN, "also among others");
	is(ask_gang(1, "lim", g), 0, "one is not");
	is(get_pool("lim", &err).leases, 1, "and counts");
	denied(ask_gang(1, "lim", &more), &why, EDQUOT, SRIOV_BROKER_WHY_LIMIT,
	       "lim", "a second is too many");
	denied(lease(vf_at(pf, !g[0].index), "", &more, &why), &why, EDQUOT,
	       SRIOV_BROKER_WHY_LIMIT, "lim", "by name as well");
	is(ask_gang(2, "", g + 1), 0, "others are taken beside it");
	ok(g[1].index >= 2 && g[2].index >= 2, "which are in no pool");
	close(g[1].fd);
	close(g[2].fd);
	(void)eventually(LONG_MS,
			 count_state(pf, SRIOV_BROKER_VF_FREE) == VFS - 1);
	is(ask_gang(3, "", g + 1), EAGAIN, "but not three");
	is(set_limits(2, 0), 0, "two may be out");
	is(ask_gang(1, "lim", g + 1), 0, "then a second is");
	is(set_limits(1, 0), 0, "a lower limit takes none away");
	is(get_pool("lim", &err).leases, 2, "both are out");
	for (i = 0; i < 2; i++)
		close(g[i].fd);
	comes_back(pf);
	is(get_pool("lim", &err).leases, 0, "and back");
	is(ask_gang(1, "lim", g), 0, "then there is room again");
	close(g[0].fd);
	comes_back(pf);
}

/* Two leases, one after the other, as a user. */
static int two_as(uid_t uid)
{
	struct sriov_broker_grant first;
	pid_t pid;

	pid = begin_child();
	if (!pid) {
		become(uid, 0);
		shared->err = lease_from("lim", 0, no_addr, 0, 0, "", &first,
					 &shared->why) ?
				      -1 :
				      ask("lim", no_addr);
		_exit(0);
	}
	end_child(pid);
	return shared->err;
}

static void test_quota(void)
{
	struct sriov_broker_grant g;

	is(set_limits(0, 1), 0, "no more than one a user");
	denied(two_as(MEMBER), &shared->why, EDQUOT, SRIOV_BROKER_WHY_QUOTA,
	       "lim", "a user gets no second");
	is(ask_gang(1, "lim", &g), 0, "while another user has one");
	is(lease_as(MEMBER, 0, "lim", no_addr), 0, "it gets one");
	close(g.fd);
	comes_back(pf);
	is(two_as(0), 0, "root is exempt");
	drop("lim");
}

/* ---- waiters ---- */

/* Waits for one of the pool as a user; what it is answered stands in @shared. */
static pid_t waits_as(uid_t uid, const struct sriov_broker_grant *others)
{
	pid_t pid;
	int i;

	fflush(stdout);
	shared->err = -1;
	pid = fork();
	if (pid)
		return pid;
	for (i = 0; i < 2; i++)
		close(others[i].fd);
	become(uid, 0);
	shared->err = lease_from("w", -1, no_addr, 0, 0, "", &shared->grant,
				 &shared->why);
	_exit(0);
}

/* It has been answered; or is killed, and its answer is none. */
static void end_waiter(pid_t pid)
{
	if (eventually(LONG_MS, waitpid(pid, NULL, WNOHANG) == pid))
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_waiters(void)
{
	struct sriov_broker_waiter waiter = {};
	struct sriov_broker_list list = {
		.size = sizeof(list),
		.entry_size = sizeof(waiter),
		.count = 1,
		.entries = (uintptr_t)&waiter,
	};
	struct sriov_broker_grant g[2];
	pid_t pid;

	is(set_users("w", &first_two), 0, "a pool of one user");
	is(ask_gang(2, "w", g), 0, "all of it is out");
	pid = waits_as(MEMBER, g);
	ok(so_many_wait(1), "the user waits for one");
	ok(!call(broker, SRIOV_BROKER_LIST_WAITERS, &list) &&
		   !strcmp(waiter.pool, "w"),
	   "of that pool, as is listed");
	is(set_users("w", &third), 0, "the pool gets a VF that is free");
	end_waiter(pid);
	is(shared->err, 0, "and the waiter has it");
	comes_to(vf_at(pf, 2), SRIOV_BROKER_VF_FREE);

	is(set_users("w", &first_two), 0, "as before");
	pid = waits_as(MEMBER, g);
	ok(so_many_wait(1), "the user waits again");
	is(set_groups("w", &first_two), 0, "and loses its right");
	end_waiter(pid);
	denied(shared->err, &shared->why, EACCES, SRIOV_BROKER_WHY_NOT_ALLOWED,
	       "w", "which ends its wait");
	is(set_anyone("w", &first_two), 0, "it gets it back");
	pid = waits_as(MEMBER, g);
	ok(so_many_wait(1), "and waits");
	is(drop("w"), 0, "the pool goes");
	end_waiter(pid);
	denied(shared->err, &shared->why, ENOENT, SRIOV_BROKER_WHY_NO_POOL, "w",
	       "which ends its wait, too");
	close(g[0].fd);
	close(g[1].fd);
	ok(comes_back(pf), "all are back");
}

/* ---- what comes and goes ---- */

static void test_return_of_pf(void)
{
	is(set_users("u", &first_two), 0, "a pool of one user");
	worked(disable(pf, &why), &why, "its VFs are taken away");
	is(put(text(SYS_PCI "/%s/remove", name_of(pf)), "1"), 0,
	   "and their PF");
	is(put("/sys/bus/pci/rescan", "1"), 0, "it comes back");
	ok(eventually(LONG_MS, exists(text(SYS_PCI "/%s/driver", name_of(pf)))),
	   "to its driver");
	worked(enable(pf, VFS, "vfio-pci", &why), &why, "it has VFs again");
	ok(!strcmp(pool_at(1), "u"), "which are in the pool");
	is(lease_as(FOREIGN, 0, "", vf_at(pf, 0)), EACCES,
	   "and no other user gets one");
	is(lease_as(MEMBER, 0, "u", no_addr), 0, "than that user");
	drop("u");
}

/* ---- guarded VFs ---- */

/* What a user's open of a VF ends with. */
static int open_as(uid_t uid, int index)
{
	pid_t pid;

	pid = begin_child();
	if (!pid) {
		struct vfio v;

		become(uid, 0);
		shared->err = vfio_open(&v, name_of(vf_at(pf, index)));
		_exit(0);
	}
	end_child(pid);
	return shared->err;
}

static unsigned int last_refusal(struct sriov_broker_addr vf)
{
	static struct sriov_broker_event events[1024];
	struct sriov_broker_list p = {
		.size = sizeof(p),
		.pf = vf,
		.entry_size = sizeof(events[0]),
		.count = 1024,
		.entries = (uintptr_t)events,
	};
	unsigned int reason = 0, i;

	if (!call(broker, SRIOV_BROKER_HISTORY, &p))
		for (i = 0; i < p.count && i < 1024; i++)
			if (events[i].type == SRIOV_BROKER_EVENT_OPEN_REFUSED)
				reason = events[i].value;
	return reason;
}

static void test_guarded(void)
{
	struct sriov_broker_pool p = pool_of("u", &first_two);
	struct vfio v;
	int i;

	worked(disable(pf, &why), &why, "the VFs are taken away");
	if (!worked(enable_guarded(pf, VFS, &why), &why,
		    "and come back guarded"))
		return;
	chmod("/dev/vfio/vfio", 0666);
	for (i = 0; i < VFS; i++)
		chmod(text("/dev/vfio/%d",
			   iommu_group_of(name_of(vf_at(pf, i)))),
		      0666);
	is(set_users("u", &first_two), 0, "the first are one user's");
	is(open_as(MEMBER, 0), 0, "which may open them");
	is(open_as(FOREIGN, 0), EACCES, "another may not");
	is(last_refusal(vf_at(pf, 0)), SRIOV_BROKER_WHY_NOT_ALLOWED,
	   "as an event tells");
	is(open_as(FOREIGN, 3), 0, "but those in no pool");
	is(open_as(0, 0), 0, "root may open any");
	p.num_uids = 1;
	p.max_leases = 1;
	is(set(p), 0, "one may be open at once");
	is(vfio_open(&v, name_of(vf_at(pf, 0))), 0, "one is");
	is(open_as(MEMBER, 1), EDQUOT, "a second is not opened");
	vfio_close(&v);
	comes_back(pf);
	is(open_as(MEMBER, 1), 0, "until the first is closed");
	/* It stays, and goes with the module. */
}

int main(void)
{
	pf = need_igb();
	shared = share(sizeof(*shared));
	first_two = (struct sriov_broker_pool_member){ .pf = pf, .count = 2 };
	third = (struct sriov_broker_pool_member){ pf, 2, 1 };
	last_two = (struct sriov_broker_pool_member){ pf, 3, 2 };
	broker_begin("");
	chmod(NODE, 0666);
	if (!worked(enable(pf, VFS, "vfio-pci", &why), &why, "4 VFs"))
		bail("nothing to test with");

	test_args();
	test_members();
	test_get();
	test_overlap();
	test_rights();
	test_gang();
	test_identity();
	test_limit();
	test_quota();
	test_waiters();
	test_return_of_pf();
	test_guarded();
	return done();
}

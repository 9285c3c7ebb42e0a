// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a user may do: open the broker, vfio and KVM, lock memory. Of a user that is named
 * that is what a new session would have, of the one that calls what this one has.
 */
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor/finding.h"
#include "host/files.h"

#define MAX_GROUPS 256

/* Less than this does not do for the smallest guest. */
#define LEAST_MEMLOCK (128ULL << 20)

struct account {
	const char *name;
	int is_caller;
	uid_t uid;
	gid_t groups[MAX_GROUPS];
	int num_groups;
};

static int in_group(const struct account *user, gid_t gid)
{
	int i;

	for (i = 0; i < user->num_groups; i++)
		if (user->groups[i] == gid)
			return 1;
	return 0;
}

/* By the file's mode; ACLs, such as systemd's uaccess, are not looked at. */
static int may_open(const struct account *user, const struct stat *node)
{
	mode_t both = 6;

	if (node->st_uid == user->uid)
		return (node->st_mode >> 6 & both) == both;
	if (in_group(user, node->st_gid))
		return (node->st_mode >> 3 & both) == both;
	return (node->st_mode & both) == both;
}

/* ---- devices ---- */

static void check_broker(struct doctor *d, const struct account *user)
{
	struct group *sriov = getgrnam("sriov");
	struct stat node;

	if (stat(SRIOVB_DEVICE, &node))
		return; /* check_module() has said why */
	if (may_open(user, &node)) {
		found(d, VERDICT_OK, "user", user->name,
		      "may open " SRIOVB_DEVICE ": list and lease");
		return;
	}
	found(d, VERDICT_FAIL, "user", user->name,
	      "may not open " SRIOVB_DEVICE);
	if (!sriov)
		todo(d,
		     "systemd-sysusers && udevadm control --reload && udevadm trigger --name-match=sriov_broker && usermod -aG sriov %s; then a new session",
		     user->name);
	else if (node.st_gid != sriov->gr_gid)
		todo(d,
		     "udevadm trigger --name-match=sriov_broker; and, if that is not enough: usermod -aG sriov %s, then a new session",
		     user->name);
	else
		todo(d, "usermod -aG sriov %s; then a new session", user->name);
}

static void check_vfio_nodes(struct doctor *d, const struct account *user)
{
	unsigned int num = 0, closed = 0;
	struct stat node;
	glob_t paths;
	size_t i;

	if (!stat("/dev/vfio/vfio", &node) && !may_open(user, &node)) {
		found(d, VERDICT_FAIL, "user", user->name,
		      "may not open /dev/vfio/vfio, which is everybody's by default");
		todo(d, "chmod 666 /dev/vfio/vfio");
	}
	if (!glob("/dev/vfio/[0-9]*", 0, NULL, &paths))
		for (i = 0; i < paths.gl_pathc; i++)
			if (!stat(paths.gl_pathv[i], &node)) {
				num++;
				closed += !may_open(user, &node);
			}
	globfree(&paths);
	if (!closed)
		return;
	found(d, VERDICT_WARN, "user", user->name,
	      "may not open %u of %u groups in /dev/vfio: a QEMU that is started by hand can't; holders of a lease get the descriptor from the broker",
	      closed, num);
	todo(d,
	     "echo 'SUBSYSTEM==\"vfio\", GROUP=\"kvm\", MODE=\"0660\"' >/etc/udev/rules.d/61-vfio.rules && udevadm control --reload && udevadm trigger --subsystem-match=vfio && usermod -aG kvm %s",
	     user->name);
}

static void check_kvm_node(struct doctor *d, const struct account *user)
{
	struct stat node;

	if (stat("/dev/kvm", &node) || may_open(user, &node))
		return;
	found(d, VERDICT_WARN, "user", user->name,
	      "may not open /dev/kvm: guests would be emulated");
	todo(d, "usermod -aG kvm %s; then a new session", user->name);
}

/* ---- memory ---- */

/* How near a line of limits.conf is to the user: 3 by name, 2 by group, 1 all, 0 not. */
static int nearness(const struct account *user, const char *domain)
{
	struct group *group;

	if (!strcmp(domain, user->name))
		return 3;
	if (domain[0] == '@') {
		group = getgrnam(domain + 1);
		return group && in_group(user, group->gr_gid) ? 2 : 0;
	}
	return !strcmp(domain, "*");
}

struct limit {
	const struct account *user;
	unsigned long long bytes; /* -1: none */
	int nearness;
};

static void look_at_limit(void *ctx, const struct line *line)
{
	char domain[64], type[8], item[16], value[24];
	struct limit *limit = ctx;
	int near;

	if (sscanf(line->text, " %63s %7s %15s %23s", domain, type, item,
		   value) != 4 ||
	    domain[0] == '#' || strcmp(item, "memlock") ||
	    !strcmp(type, "hard"))
		return;
	near = nearness(limit->user, domain);
	if (!near || near < limit->nearness)
		return;
	limit->nearness = near;
	limit->bytes = value[0] >= '0' && value[0] <= '9' ?
			       strtoull(value, NULL, 10) << 10 :
			       -1ULL;
}

static unsigned long long memlock_of(const struct account *user)
{
	struct limit limit = { .user = user };
	struct rlimit init;

	if (user->is_caller && !getrlimit(RLIMIT_MEMLOCK, &init))
		return init.rlim_cur == RLIM_INFINITY ? -1ULL : init.rlim_cur;
	/* What nothing else is said of comes from the first process. */
	limit.bytes = prlimit(1, RLIMIT_MEMLOCK, NULL, &init) ? 8ULL << 20 :
		      init.rlim_cur == RLIM_INFINITY	      ? -1ULL :
								init.rlim_cur;
	each_line("/etc/security/limits.conf", look_at_limit, &limit);
	each_line("/etc/security/limits.d/*.conf", look_at_limit, &limit);
	return limit.bytes;
}

static void check_memlock(struct doctor *d, const struct account *user)
{
	unsigned long long bytes = memlock_of(user);

	if (bytes == -1ULL) {
		found(d, VERDICT_OK, "user", user->name,
		      "may lock any amount of memory");
		return;
	}
	found(d, bytes < LEAST_MEMLOCK ? VERDICT_FAIL : VERDICT_WARN, "user",
	      user->name,
	      "may lock %llu MiB of memory, and all of a guest's has to be, with 1024 MiB besides",
	      bytes >> 20);
	todo(d,
	     "echo '%s - memlock unlimited' >/etc/security/limits.d/90-sriov-broker.conf, then a new session; in a unit: LimitMEMLOCK=infinity",
	     user->name);
}

/* By name: what a new session of that user would have. Return: 0 or -1 */
static int find_account(struct account *user, const char *name)
{
	const struct passwd *entry = getpwnam(name);

	if (!entry)
		return -1;
	user->name = name;
	user->uid = entry->pw_uid;
	user->num_groups = MAX_GROUPS;
	/* Of more than that, as many as there is room for. */
	if (getgrouplist(name, entry->pw_gid, user->groups, &user->num_groups) <
	    0)
		user->num_groups = MAX_GROUPS;
	return 0;
}

/* The one that calls, with what this session has. */
static void find_caller(struct account *user)
{
	const struct passwd *entry = getpwuid(geteuid());

	user->is_caller = 1;
	user->name = entry ? entry->pw_name : "this user";
	user->uid = geteuid();
	user->num_groups = getgroups(MAX_GROUPS - 1, user->groups);
	if (user->num_groups < 0)
		user->num_groups = 0;
	user->groups[user->num_groups++] = getegid();
}

void check_user(struct doctor *d)
{
	struct account user = { .is_caller = 0 };

	if (!d->user)
		find_caller(&user);
	else if (find_account(&user, d->user))
		return; /* the command has looked */
	if (!user.uid) {
		if (d->user)
			found(d, VERDICT_OK, "user", user.name,
			      "is root: may open and lock all");
		return;
	}
	check_broker(d, &user);
	check_vfio_nodes(d, &user);
	check_kvm_node(d, &user);
	check_memlock(d, &user);
}

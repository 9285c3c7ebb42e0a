// SPDX-License-Identifier: GPL-2.0-only
/*
 * The states of VFs, for the tests in shell: where each program that is started
 * costs tens of milliseconds, one that asks the kernel itself is cheaper than
 * sriovctl, jq and uniq, and one that waits for events is cheaper than asking
 * again and again.
 *
 *	vfstate states [DEVICE...]		their states on a line, those of
 *						neighbours that are the same once
 *	vfstate in STATE [DEVICE...]		those in this state, a line each
 *	vfstate count STATE [DEVICE...]		how many these are
 *	vfstate tally [DEVICE...]		how many are in each state: "5 free 2 leased"
 *	vfstate await S STATE [DEVICE...]	until all of them, one at least, are in
 *						this state, for S seconds
 *	vfstate held [DEVICE...]		those that have a lease, a line each, the
 *						oldest lease first
 *	vfstate leases				how many leases there are
 *	vfstate fds PID				how many of them a process has descriptors of
 *
 * A DEVICE is a VF, a PF with all its VFs or PF#INDEX; none: all VFs. A PF may be
 * named by its interface. STATE "settled" is any but those on the way back to the
 * pool. How a VF fares when sriovctl is asked is not for this
 * program to say: points about sriovctl's words ask sriovctl.
 */
#define _GNU_SOURCE
#include <poll.h>

#include "broker.h"

static const char *const state_names[] = {
	[SRIOV_BROKER_VF_HOST] = "host",
	[SRIOV_BROKER_VF_FREE] = "free",
	[SRIOV_BROKER_VF_LEASED] = "leased",
	[SRIOV_BROKER_VF_DRAINING] = "draining",
	[SRIOV_BROKER_VF_RESETTING] = "resetting",
	[SRIOV_BROKER_VF_QUARANTINED] = "quarantined",
	[SRIOV_BROKER_VF_OPEN] = "open",
};

#define NUM_STATES (sizeof(state_names) / sizeof(state_names[0]))

static struct sriov_broker_vf vfs[MAX_VFS];
static unsigned int num;

static const char *name_of_state(unsigned int state)
{
	return state < NUM_STATES && state_names[state] ? state_names[state] :
							  "unknown";
}

/* A word that names no state would be in none, without complaint. */
static void check_state(const char *name)
{
	unsigned int state;

	if (!strcmp(name, "settled"))
		return;
	for (state = 0; state < NUM_STATES; state++)
		if (state_names[state] && !strcmp(name, state_names[state]))
			return;
	fprintf(stderr, "vfstate: %s: no such state\n", name);
	exit(2);
}

/* Does @device name this VF? */
static bool is_named(const struct sriov_broker_vf *vf, const char *device)
{
	char name[64];
	const char *index;

	snprintf(name, sizeof(name), "%s", device);
	name[strcspn(name, "#")] = '\0';
	index = strchr(device, '#');
	if (index && strtoul(index + 1, NULL, 10) != vf->index)
		return false;
	if (!strchr(name, ':'))
		snprintf(name, sizeof(name), "%s",
			 link_name(text("/sys/class/net/%s/device", name)));
	return !strcmp(name, name_of(vf->pf)) ||
	       (!index && !strcmp(name, name_of(vf->addr)));
}

static bool is_any(const struct sriov_broker_vf *vf, char **devices)
{
	if (!*devices)
		return true;
	for (; *devices; devices++)
		if (is_named(vf, *devices))
			return true;
	return false;
}

/* Leaves in vfs those that are named. */
static void look(char **devices)
{
	unsigned int all = MAX_VFS, i;
	int err = list_vfs(no_addr, vfs, &all);

	num = 0;
	if (err) {
		fprintf(stderr, NODE ": %s\n", strerror(err));
		exit(2);
	}
	for (i = 0; i < all && i < MAX_VFS; i++)
		if (is_any(&vfs[i], devices))
			vfs[num++] = vfs[i];
}

static bool is_in(const struct sriov_broker_vf *vf, const char *state)
{
	if (!strcmp(state, "settled"))
		return vf->state != SRIOV_BROKER_VF_DRAINING &&
		       vf->state != SRIOV_BROKER_VF_RESETTING;
	return !strcmp(name_of_state(vf->state), state);
}

static unsigned int num_in(const char *state)
{
	unsigned int i, n = 0;

	for (i = 0; i < num; i++)
		n += is_in(&vfs[i], state);
	return n;
}

static void print_states(void)
{
	const char *last = NULL;
	unsigned int i;

	for (i = 0; i < num; i++) {
		const char *now = name_of_state(vfs[i].state);

		if (!last || strcmp(last, now))
			printf("%s%s", last ? " " : "", now);
		last = now;
	}
	putchar('\n');
}

static void print_in(const char *state)
{
	unsigned int i;

	for (i = 0; i < num; i++)
		if (is_in(&vfs[i], state))
			printf("%s\n", name_of(vfs[i].addr));
}

static void print_tally(void)
{
	unsigned int state, n, found = 0;

	for (state = 0; state < NUM_STATES; state++) {
		n = num_in(state_names[state]);
		if (n)
			printf("%s%u %s", found++ ? " " : "", n,
			       state_names[state]);
	}
	putchar('\n');
}

static int compare_leases(const void *a, const void *b)
{
	const struct sriov_broker_vf *x = a, *y = b;

	return (x->lease_id > y->lease_id) - (x->lease_id < y->lease_id);
}

static void print_held(void)
{
	unsigned int i;

	qsort(vfs, num, sizeof(vfs[0]), compare_leases);
	for (i = 0; i < num; i++)
		if (vfs[i].lease_id)
			printf("%s\n", name_of(vfs[i].addr));
}

/* What has happened is in the list already; an event only says that something did. */
static void forget_events(void)
{
	char events[65536];

	while (read(broker, events, sizeof(events)) > 0)
		;
}

static int await(long seconds, const char *state, char **devices)
{
	struct pollfd p = { .fd = broker, .events = POLLIN };
	long long end = now_ms() + seconds * 1000LL;
	long long left;

	do {
		/* In this order nothing can happen unnoticed. */
		forget_events();
		look(devices);
		if (num && num_in(state) == num)
			return 0;
		left = end - now_ms();
	} while (left > 0 && poll(&p, 1, left) >= 0);
	printf("not %s after %ld s: ", state, seconds);
	print_states();
	return 1;
}

static int print_leases(void)
{
	struct sriov_broker_info i;
	int err = info(&i);

	if (!err)
		printf("%u\n", i.num_leases);
	return !!err;
}

/* The number in its line "lease:", 0: it has none. */
static unsigned long long lease_of_fdinfo(const char *path)
{
	unsigned long long id = 0;
	char line[256];
	FILE *f = fopen(path, "r");

	while (f && !id && fgets(line, sizeof(line), f))
		sscanf(line, "lease: %llu", &id);
	if (f)
		fclose(f);
	return id;
}

/* By /proc, not by the list. */
static int print_fds(const char *pid)
{
	unsigned long long ids[256], id;
	unsigned int n = 0, i;
	struct dirent *e;
	DIR *fds = opendir(text("/proc/%s/fd", pid));

	while (fds && (e = readdir(fds)) && n < 256) {
		if (!strstr(link_name(text("/proc/%s/fd/%s", pid, e->d_name)),
			    MODULE))
			continue;
		id = lease_of_fdinfo(
			text("/proc/%s/fdinfo/%s", pid, e->d_name));
		for (i = 0; i < n && ids[i] != id; i++)
			;
		if (id && i == n)
			ids[n++] = id;
	}
	/* A process that is gone has no descriptors: none is not what was asked for. */
	if (!fds) {
		perror(pid);
		return 1;
	}
	closedir(fds);
	printf("%u\n", n);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	broker = open(NODE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (broker < 0) {
		perror(NODE);
		return 2;
	}
	if (!strcmp(what, "leases"))
		return print_leases();
	if (!strcmp(what, "await") && argc > 3) {
		check_state(argv[3]);
		return await(atol(argv[2]), argv[3], argv + 4);
	}
	if (!strcmp(what, "states")) {
		look(argv + 2);
		print_states();
		return 0;
	}
	if (!strcmp(what, "tally")) {
		look(argv + 2);
		print_tally();
		return 0;
	}
	if (!strcmp(what, "held")) {
		look(argv + 2);
		print_held();
		return 0;
	}
	if (argc < 3)
		return 2;
	if (!strcmp(what, "fds"))
		return print_fds(argv[2]);
	check_state(argv[2]);
	look(argv + 3);
	if (!strcmp(what, "in"))
		print_in(argv[2]);
	else if (!strcmp(what, "count"))
		printf("%u\n", num_in(argv[2]));
	else
		return 2;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: all VFs of all nvme PFs enabled side by side, listed, leased, returned
 * at once by a process that is killed, and disabled side by side.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "broker.h"

#define MAX_PFS 8

static struct sriov_broker_addr pfs[MAX_PFS];
static unsigned int num_pfs, each, all;
static int errors[MAX_PFS];

static void *enable_one(void *arg)
{
	int n = (long)arg;

	errors[n] = enable(pfs[n], each, "vfio-pci", NULL);
	return NULL;
}

static void *disable_one(void *arg)
{
	int n = (long)arg;

	errors[n] = disable(pfs[n], NULL);
	return NULL;
}

/* One thread a PF; how many succeeded. */
static unsigned int side_by_side(void *(*fn)(void *))
{
	pthread_t threads[MAX_PFS];
	unsigned int n, good = 0;

	for (n = 0; n < num_pfs; n++)
		pthread_create(&threads[n], NULL, fn, (void *)(long)n);
	for (n = 0; n < num_pfs; n++) {
		pthread_join(threads[n], NULL);
		good += !errors[n];
	}
	return good;
}

/* One consistent list, ordered, complete, and with what sysfs has. */
static void test_list(void)
{
	static struct sriov_broker_vf vfs[MAX_VFS];
	unsigned int num = MAX_VFS, i, good = 0, ordered = 1;
	struct sriov_broker_info p;

	is(list_vfs(no_addr, vfs, &num), 0, "list");
	is(num, all, "all VFs are listed");
	for (i = 0; i < num && i < MAX_VFS; i++) {
		char *dev = name_of(vfs[i].addr);

		good += vfs[i].state == SRIOV_BROKER_VF_FREE &&
			!strcmp(vfs[i].driver, "vfio-pci") &&
			!strcmp(driver_of(dev), "vfio-pci") &&
			vfs[i].iommu_group == iommu_group_of(dev) &&
			same_addr(vfs[i].addr, vf_at(vfs[i].pf, vfs[i].index));
		if (i && same_addr(vfs[i].pf, vfs[i - 1].pf))
			ordered &= vfs[i].index == vfs[i - 1].index + 1;
		else if (i)
			ordered &= vfs[i].pf.bdf > vfs[i - 1].pf.bdf &&
				   !vfs[i].index;
	}
	is(good, all, "each is on vfio-pci, in the pool, and as sysfs has it");
	ok(ordered, "they are in order of PF and index");
	ok(!info(&p) && p.num_vfs == all, "INFO counts them");
}

/* All leased by one process, which is killed. */
static void test_lease_all(void)
{
	unsigned int leased, now, most = 0, i;
	long long start;
	pid_t pid;

	pid = fork();
	if (!pid) {
		struct sriov_broker_grant g;
		struct rlimit many = { 4096, 4096 };

		setrlimit(RLIMIT_NOFILE, &many);
		for (i = 0; i < all; i++)
			if (lease(no_addr, "all", &g, NULL))
				break;
		pause();
		_exit(0);
	}
	(void)eventually(3 * LONG_MS,
			 count_state(no_addr, SRIOV_BROKER_VF_LEASED) == all);
	leased = count_state(no_addr, SRIOV_BROKER_VF_LEASED);
	is(leased, all, "one process has leased them all");
	start = now_ms();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(eventually(LONG_MS * 2,
		      (now = count_state(no_addr, SRIOV_BROKER_VF_RESETTING),
		       most = now > most ? now : most,
		       count_state(no_addr, SRIOV_BROKER_VF_FREE) == all)),
	   "it is killed: all come back");
	diag("%u VFs were back after %lld ms, %u at a time", all,
	     now_ms() - start, most);
	ok(most >= 2, "they come back side by side");
}

/* One gang of as many as one call may ask. */
static void test_gang(void)
{
	static struct sriov_broker_grant g[SRIOV_BROKER_MAX_LEASES];
	unsigned int num =
		all < SRIOV_BROKER_MAX_LEASES ? all : SRIOV_BROKER_MAX_LEASES;
	struct sriov_broker_lease p = {
		.size = sizeof(p),
		.count = num,
		.grants = (uintptr_t)g,
		.grant_size = sizeof(g[0]),
		.numa_node = -1,
	};
	struct rlimit many = { 4096, 4096 };
	unsigned int i, distinct = 0;

	setrlimit(RLIMIT_NOFILE, &many);
	is(call(broker, SRIOV_BROKER_LEASE, &p), 0, "%u leased by one call",
	   num);
	for (i = 0; i < num; i++)
		distinct += g[i].fd >= 0 &&
			    (!i || !same_addr(g[i].vf, g[i - 1].vf));
	is(distinct, num, "each is another one, with a descriptor");
	is(count_state(no_addr, SRIOV_BROKER_VF_LEASED), num, "and leased");
	for (i = 0; i < num; i++)
		close(g[i].fd);
	ok(eventually(LONG_MS * 2,
		      count_state(no_addr, SRIOV_BROKER_VF_FREE) == all),
	   "all come back");
}

int main(void)
{
	long long start;

	while (num_pfs < MAX_PFS) {
		pfs[num_pfs] = find_nvme(num_pfs);
		if (same_addr(pfs[num_pfs], no_addr))
			break;
		num_pfs++;
	}
	if (num_pfs < 2)
		bail("the machine has %u nvme PFs", num_pfs);
	each = get_number(text(SYS_PCI "/%s/sriov_totalvfs", name_of(pfs[0])));
	/* The debug kernel takes a second for every VF. */
	if (getenv("SCALE_VFS"))
		each = atoi(getenv("SCALE_VFS"));
	else if (exists("/sys/kernel/debug/kmemleak") && each > 16)
		each = 16;
	all = each * num_pfs;
	diag("%u PFs of %u VFs", num_pfs, each);
	broker_begin("");
	/* Of PFs that are enabled side by side each waits for the PCI core's lock until it is its turn. */
	put("/proc/sys/kernel/hung_task_timeout_secs", "600");

	start = now_ms();
	is(side_by_side(enable_one), num_pfs, "PFs enabled side by side");
	diag("%u VFs after %lld ms", all, now_ms() - start);
	test_list();
	test_lease_all();
	test_gang();
	start = now_ms();
	is(side_by_side(disable_one), num_pfs, "PFs disabled side by side");
	diag("disabled after %lld ms", now_ms() - start);
	is(count_state(no_addr, SRIOV_BROKER_VF_FREE), 0, "none is left");
	return done();
}

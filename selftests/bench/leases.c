// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases: acquire and release against the pool's size, a VF changing hands, and
 * 127 VFs of a killed process.
 *
 *	leases ROUNDS
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "bench.h"
#include "tuned.h"

#define PFS    4
#define VFS    127
#define SMALL  16
#define DRIVER "vfio-pci"

#define BATCHES	  48 /* of SMALL leases, a round and a pool */
#define TURNOVERS 5  /* a round */
#define KILLS	  3  /* a round */

static struct sriov_broker_addr pfs[PFS];

/* Any @count VFs, or of @dev. */
static int lease_many(struct sriov_broker_addr dev, unsigned int count,
		      int timeout_ms, struct sriov_broker_grant *grants)
{
	struct sriov_broker_selector sel = { .dev = dev };
	struct sriov_broker_lease p = {
		.size = sizeof(p),
		.num_selectors = 1,
		.selectors = (uintptr_t)&sel,
		.selector_size = sizeof(sel),
		.count = count,
		.grants = (uintptr_t)grants,
		.grant_size = sizeof(*grants),
		.timeout_ms = timeout_ms,
		.numa_node = -1,
		.label = "bench",
	};

	return call(broker, SRIOV_BROKER_LEASE, &p);
}

static void wait_free(struct sriov_broker_addr pf, unsigned int num)
{
	double end = now_us() + LONG_MS * 1e3;

	while (count_state(pf, SRIOV_BROKER_VF_FREE) != num) {
		if (now_us() > end)
			bail("the VFs do not come back");
		usleep(1000);
	}
}

/* Acquire and release */

struct latencies {
	struct series acquire50, acquire99, release50, release99;
};

/*
 * The return path works on while we measure: it shall not have our CPU.  Alone
 * is what acquire and release are to be measured.
 */
static void take_precedence(bool on)
{
	struct sched_param p = { .sched_priority = on };

	if (sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &p))
		bail("sched_setscheduler: %m");
}

/* One after another, @SMALL a batch; the pool is at rest before each. */
static void measure_latencies(struct latencies *l, unsigned int pool)
{
	static struct series acquire, release;
	struct sriov_broker_grant g[SMALL];
	double start;
	int batch, i;

	acquire.num = release.num = 0;
	for (batch = 0; batch < BATCHES; batch++) {
		wait_free(no_addr, pool);
		usleep(20000);
		take_precedence(true);
		for (i = 0; i < SMALL; i++) {
			start = now_us();
			must(lease_many(no_addr, 1, 0, &g[i]), "LEASE");
			add(&acquire, now_us() - start);
		}
		usleep(20000);
		for (i = 0; i < SMALL; i++) {
			start = now_us();
			close(g[i].fd);
			add(&release, now_us() - start);
		}
		take_precedence(false);
	}
	wait_free(no_addr, pool);
	add(&l->acquire50, quantile(&acquire, 0.5));
	add(&l->acquire99, quantile(&acquire, 0.99));
	add(&l->release50, quantile(&release, 0.5));
	add(&l->release99, quantile(&release, 0.99));
}

/* The same with all but SMALL VFs leased. */
static void measure_busy_latencies(struct latencies *l, unsigned int pool)
{
	static struct sriov_broker_grant g[PFS * VFS];
	unsigned int i;

	must(lease_many(no_addr, pool - SMALL, 0, g), "LEASE");
	measure_latencies(l, SMALL);
	for (i = 0; i < pool - SMALL; i++)
		close(g[i].fd);
	wait_free(no_addr, pool);
}

/* One VF changing hands */

static struct series reset, our_turnover, tuned_turnovers;

/*
 * The floor and the tuned program have VFs of their own on another PF, which
 * are not in the pool.  The floor's has no driver, which would have let it
 * sleep: it need not be woken first.
 */
static void measure_turnover(struct sriov_broker_addr vf, const char *other,
			     const char *bare)
{
	struct series r = {}, o = {}, t = {};
	struct sriov_broker_grant g;
	double start;
	int i;

	must(lease_many(vf, 1, 0, &g), "LEASE");
	for (i = 0; i < TURNOVERS; i++) {
		start = now_us();
		tuned_reset(bare);
		add(&r, now_us() - start);

		start = now_us();
		close(g.fd);
		must(lease_many(vf, 1, -1, &g), "LEASE");
		add(&o, now_us() - start);

		start = now_us();
		tuned_turnover(other);
		add(&t, now_us() - start);
	}
	close(g.fd);
	add(&reset, median(&r));
	add(&our_turnover, median(&o));
	add(&tuned_turnovers, median(&t));
}

/* A killed process */

static struct series killed, reset_then;

static pid_t start_holder(struct sriov_broker_addr pf, int *ready)
{
	static struct sriov_broker_grant g[VFS];
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		bail("pipe: %m");
	pid = fork();
	if (pid < 0)
		bail("fork: %m");
	if (!pid) {
		if (!lease_many(pf, VFS, 0, g) && write(fds[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(fds[1]);
	*ready = fds[0];
	return pid;
}

/* From the kill until all of its VFs are in the pool again. */
static double kill_holder(struct sriov_broker_addr pf)
{
	double start;
	char c;
	int ready;
	pid_t pid = start_holder(pf, &ready);

	if (read(ready, &c, 1) != 1)
		bail("the holder has no leases");
	close(ready);
	usleep(50000);
	start = now_us();
	kill(pid, SIGKILL);
	wait_free(pf, VFS);
	start = now_us() - start;
	waitpid(pid, NULL, 0);
	return start;
}

static void measure_kill(struct sriov_broker_addr pf, const char *other)
{
	struct series k = {}, r = {};
	double start;
	int i;

	for (i = 0; i < KILLS; i++) {
		start = now_us();
		tuned_reset(other);
		add(&r, now_us() - start);
		add(&k, kill_holder(pf));
	}
	add(&killed, median(&k));
	add(&reset_then, median(&r));
}

/* Rounds */

static struct latencies small, large, busy;

/* 16 VFs in the pool, on one PF; another one has VFs by sysfs. */
static void small_round(void)
{
	struct tuned t;

	tuned_up(pfs[1], 2, DRIVER);
	t = tuned_at(pfs[1]);
	must(unbind(tuned_vf(&t, 1)), "unbind");
	must(enable(pfs[0], SMALL, DRIVER, NULL), "ENABLE");
	measure_latencies(&small, SMALL);
	measure_turnover(vf_at(pfs[0], 3), tuned_vf(&t, 0), tuned_vf(&t, 1));
	wait_free(pfs[0], SMALL);
	must(disable(pfs[0], NULL), "DISABLE");
	tuned_down(pfs[1]);
}

/* 508, on four. */
static void large_round(void)
{
	struct sriov_broker_grant g;
	int i;

	for (i = 0; i < PFS; i++)
		must(enable(pfs[i], VFS, DRIVER, NULL), "ENABLE");
	measure_latencies(&large, PFS * VFS);
	measure_busy_latencies(&busy, PFS * VFS);
	/* Whose VF is leased, so that it can be reset behind its back. */
	must(lease_many(vf_at(pfs[1], 0), 1, 0, &g), "LEASE");
	measure_kill(pfs[0], name_of(g.vf));
	close(g.fd);
	wait_free(pfs[1], VFS);
	for (i = 0; i < PFS; i++)
		must(disable(pfs[i], NULL), "DISABLE");
}

static void latency_rows(const char *pool, const struct latencies *l)
{
	row(text("acquire p50, %s", pool), &l->acquire50, "pool of 16",
	    &small.acquire50, AT_MOST, 1.2);
	row(text("acquire p99, %s", pool), &l->acquire99, "pool of 16",
	    &small.acquire99, AT_MOST, 1.2);
	row(text("release p50, %s", pool), &l->release50, "pool of 16",
	    &small.release50, AT_MOST, 1.2);
	row(text("release p99, %s", pool), &l->release99, "pool of 16",
	    &small.release99, AT_MOST, 1.2);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 3, i;

	for (i = 0; i < PFS; i++) {
		pfs[i] = find_nvme(i);
		if (same_addr(pfs[i], no_addr))
			bail("fewer than %d NVMe PFs", PFS);
	}
	broker_begin("");
	for (i = 0; i < rounds; i++) {
		fprintf(stderr, "leases: round %d of %d\n", i + 1, rounds);
		small_round();
		large_round();
	}

	latency_rows("pool of 508", &large);
	latency_rows("508, 492 of them leased", &busy);
	row("a VF changing hands", &our_turnover, "one reset by sysfs", &reset,
	    AT_MOST, 1.25);
	row("a VF changing hands", &our_turnover, "tuned unbind, reset, bind",
	    &tuned_turnovers, NOTHING, 0);
	row("127 VFs of a killed process", &killed, "one reset by sysfs",
	    &reset_then, AT_MOST, 2.5);
	return 0;
}

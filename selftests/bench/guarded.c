// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guarded VF costs more than one that is open to all on vfio-pci: to open it, to close
 * it, and to open it again at once, while the broker resets it: that waits for the reset, which
 * the other does not have.
 *
 *	guarded ROUNDS
 */
#define _GNU_SOURCE
#include "bench.h"
#include "tuned.h"
#include "vfio.h"

#define OPENS 10 /* a round */

struct times {
	struct series open, close, again;
};

/* Plain, opened again, and the time of our reset. */
static struct series with_reset;

static struct sriov_broker_addr pfs[2];

static void wait_idle(struct sriov_broker_addr pf, unsigned int state)
{
	double end = now_us() + LONG_MS * 1e3;

	while (count_state(pf, state) != 1) {
		if (now_us() > end)
			bail("the VF does not come back");
		usleep(1000);
	}
	usleep(20000);
}

static double time_open(struct vfio *v, const char *dev)
{
	double start = now_us();

	must(vfio_open(v, dev), "opening through vfio");
	return now_us() - start;
}

static double time_close(struct vfio *v)
{
	double start = now_us();

	vfio_close(v);
	return now_us() - start;
}

static void measure(struct times *t, struct sriov_broker_addr pf,
		    unsigned int idle)
{
	const char *dev = name_of(vf_at(pf, 0));
	struct vfio v;

	wait_idle(pf, idle);
	add(&t->open, time_open(&v, dev));
	add(&t->close, time_close(&v));
	add(&t->again, time_open(&v, dev));
	vfio_close(&v);
}

/* Of all that there were so far, in us. */
static double mean_reset(void)
{
	struct sriov_broker_stat resets = stat_of(SRIOV_BROKER_STAT_RESET);

	return resets.total_ns / 1e3 / resets.count;
}

static void print_rows(struct times *plain, struct times *guarded)
{
	double reset = mean_reset();
	int i;

	for (i = 0; i < plain->again.num; i++)
		add(&with_reset, plain->again.value[i] + reset);
	row("a guarded VF, opened", &guarded->open, "vfio-pci alone",
	    &plain->open, AT_MOST, 1.05);
	row("closed", &guarded->close, "vfio-pci alone", &plain->close, AT_MOST,
	    1.05);
	row("opened again at once, with our reset", &guarded->again,
	    "vfio-pci alone, and a reset", &with_reset, AT_MOST, 1.05);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 3, i, j;
	static struct times plain, guarded;

	for (i = 0; i < 2; i++) {
		pfs[i] = find_nvme(i);
		if (same_addr(pfs[i], no_addr))
			bail("two NVMe PFs are wanted");
	}
	broker_begin("");
	must(enable_flags(pfs[0], 1, "vfio-pci", SRIOV_BROKER_ENABLE_OPEN,
			  NULL),
	     "ENABLE open");
	must(enable_flags(pfs[1], 1, "", SRIOV_BROKER_ENABLE_GUARDED, NULL),
	     "ENABLE guarded");
	for (i = -1; i < rounds; i++) {
		fprintf(stderr, "guarded: round %d of %d\n", i + 1, rounds);
		for (j = 0; j < OPENS; j++) {
			measure(&plain, pfs[0], SRIOV_BROKER_VF_OPEN);
			measure(&guarded, pfs[1], SRIOV_BROKER_VF_FREE);
		}
		if (i < 0) /* warming up */
			plain.open.num = plain.close.num = plain.again.num =
				guarded.open.num = guarded.close.num =
					guarded.again.num = 0;
	}
	print_rows(&plain, &guarded);
	return 0;
}

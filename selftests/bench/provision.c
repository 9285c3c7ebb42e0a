// SPDX-License-Identifier: GPL-2.0-only
/*
 * Provisioning: 127 NVMe VFs on vfio-pci, up and down, by the broker, by a
 * tuned program over sysfs, and by the PCI core alone, which binds nothing.
 * The module is there only while it is measured.
 *
 *	provision ROUNDS
 */
#define _GNU_SOURCE
#include "bench.h"
#include "tuned.h"

#define VFS    127
#define DRIVER "vfio-pci"

struct times {
	struct series up, down;
};

static struct times core, tuned, ours;
static struct sriov_broker_addr pf;

#define TIMED(series, what)                     \
	do {                                    \
		double start_ = now_us();       \
		what;                           \
		add(series, now_us() - start_); \
	} while (0)

static void core_round(void)
{
	TIMED(&core.up, tuned_core(pf, VFS));
	TIMED(&core.down, tuned_numvfs(pf, 0));
}

static void tuned_round(void)
{
	TIMED(&tuned.up, tuned_up(pf, VFS, DRIVER));
	if (strcmp(driver_of(name_of(vf_at(pf, VFS - 1))), DRIVER))
		bail("the tuned program has not bound the VFs");
	TIMED(&tuned.down, tuned_down(pf));
}

static void our_round(void)
{
	broker_begin("");
	TIMED(&ours.up, must(enable(pf, VFS, DRIVER, NULL), "ENABLE"));
	if (count_state(pf, SRIOV_BROKER_VF_FREE) != VFS)
		bail("the VFs are not in the pool");
	TIMED(&ours.down, must(disable(pf, NULL), "DISABLE"));
	broker_end();
}

static void round_of_all(void)
{
	core_round();
	tuned_round();
	our_round();
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 5, i;

	pf = find_nvme(0);
	if (same_addr(pf, no_addr))
		bail("no NVMe PF");
	fprintf(stderr, "provision: warming up\n");
	round_of_all();
	core.up.num = core.down.num = 0;
	tuned.up.num = tuned.down.num = 0;
	ours.up.num = ours.down.num = 0;
	for (i = 0; i < rounds; i++) {
		fprintf(stderr, "provision: round %d of %d\n", i + 1, rounds);
		round_of_all();
	}

	row("bring-up, 127 VFs to vfio-pci", &ours.up, "core's enable, unbound",
	    &core.up, AT_MOST, 1.15);
	row("bring-up", &ours.up, "tuned program", &tuned.up, AT_MOST, 0.95);
	row("tear-down, times faster", &ours.down, "tuned program", &tuned.down,
	    AT_LEAST, 3);
	row("tear-down", &ours.down, "core's disable, unbound", &core.down,
	    NOTHING, 0);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel memory per VF, in two ways that have to agree: what the whole kernel's
 * slabs hold more with 127 VFs of the broker than with 127 VFs of sysfs, and
 * what the module itself has allocated and not freed, as the kmem tracepoints
 * tell it.
 *
 *	memory ROUNDS
 */
#define _GNU_SOURCE
#include <dirent.h>

#include "bench.h"
#include "tuned.h"

#define VFS    127
#define DRIVER "vfio-pci"
#define WANTED 1024

#define TRACING	 "/sys/kernel/tracing"
#define MAX_LIVE 65536

static struct sriov_broker_addr pf;

/* The whole kernel's slabs */

static void shrink_slabs(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *e;

	put("/proc/sys/vm/drop_caches", "3");
	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			put(text("/sys/kernel/slab/%s/shrink", e->d_name), "1");
	if (dir)
		closedir(dir);
}

/*
 * Bytes in kmalloc's slabs, which is where a module's objects are.  The other
 * caches are left out: they hold the tasks of idle kworkers and what sysfs
 * keeps of the files that were looked at.
 */
static double slab_bytes(void)
{
	char line[512], name[64];
	double active, num, size, sum = 0;
	FILE *f;

	usleep(300 * 1000); /* what waits for a grace period */
	shrink_slabs();
	f = fopen("/proc/slabinfo", "r");
	if (!f)
		bail("/proc/slabinfo: %m");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %lf %lf %lf", name, &active, &num,
			   &size) == 4 &&
		    !strncmp(name, "kmalloc", 7))
			sum += active * size;
	fclose(f);
	return sum;
}

/* The module's own allocations */

static struct {
	char ptr[24];
	unsigned int bytes;
} live[MAX_LIVE];
static unsigned int num_live;

static void trace(bool on)
{
	put(TRACING "/events/kmem/kmalloc/enable", on ? "1" : "0");
	put(TRACING "/events/kmem/kfree/enable", on ? "1" : "0");
	put(TRACING "/tracing_on", on ? "1" : "0");
}

static void trace_start(void)
{
	put(TRACING "/tracing_on", "0");
	put(TRACING "/buffer_size_kb", "65536");
	put(TRACING "/trace", "0");
	/* Its sites are told from others by their module's name. */
	trace(true);
}

static void note_free(const char *ptr)
{
	unsigned int i;

	for (i = 0; i < num_live; i++)
		if (!strcmp(live[i].ptr, ptr)) {
			live[i] = live[--num_live];
			return;
		}
}

static void note_line(const char *line)
{
	const char *ptr = strstr(line, " ptr="), *bytes;
	char name[24];

	if (!ptr || sscanf(ptr, " ptr=%23s", name) != 1)
		return;
	if (strstr(line, " kfree: ")) {
		note_free(name);
		return;
	}
	bytes = strstr(line, " bytes_alloc=");
	if (!bytes || !strstr(line, "[sriov_broker]") || num_live == MAX_LIVE)
		return;
	strcpy(live[num_live].ptr, name);
	live[num_live++].bytes = atoi(bytes + strlen(" bytes_alloc="));
}

/* Bytes that the module has allocated since, and still has. */
static double trace_end(void)
{
	double sum = 0;
	char line[1024];
	unsigned int i;
	FILE *f;

	trace(false);
	f = fopen(TRACING "/trace", "r");
	if (!f)
		bail(TRACING "/trace: %m");
	num_live = 0;
	while (fgets(line, sizeof(line), f))
		note_line(line);
	fclose(f);
	for (i = 0; i < num_live; i++)
		sum += live[i].bytes;
	put(TRACING "/buffer_size_kb", "1408");
	return sum;
}

/* Rounds */

static struct series slab_tuned, slab_ours, own, own_leased;

static double lease_all(void)
{
	static struct sriov_broker_grant grants[VFS];
	struct sriov_broker_lease p = {
		.size = sizeof(p),
		.count = VFS,
		.grants = (uintptr_t)grants,
		.grant_size = sizeof(grants[0]),
		.numa_node = -1,
	};
	double bytes;
	int i;

	trace_start();
	must(call(broker, SRIOV_BROKER_LEASE, &p), "LEASE");
	bytes = trace_end();
	for (i = 0; i < VFS; i++)
		close(grants[i].fd);
	if (!comes_back(pf))
		bail("the VFs do not come back");
	return bytes;
}

static void round_of_all(void)
{
	double before = slab_bytes();

	tuned_up(pf, VFS, DRIVER);
	add(&slab_tuned, (slab_bytes() - before) / VFS);
	tuned_down(pf);

	before = slab_bytes();
	broker_begin("");
	must(enable(pf, VFS, DRIVER, NULL), "ENABLE");
	add(&slab_ours, (slab_bytes() - before) / VFS);
	must(disable(pf, NULL), "DISABLE");
	broker_end();
}

static void round_of_own(void)
{
	trace_start();
	broker_begin("");
	must(enable(pf, VFS, DRIVER, NULL), "ENABLE");
	add(&own, trace_end() / VFS);
	add(&own_leased, median(&own) + lease_all() / VFS);
	must(disable(pf, NULL), "DISABLE");
	broker_end();
}

static void bytes_row(const char *what, const struct series *s,
		      const char *against, const struct series *theirs,
		      enum wanted wanted)
{
	char text[3][72];

	text[1][0] = '\0';
	wanted_text(wanted, WANTED, median(s), text[2], sizeof(text[2]));
	print_row(what, with_spread(s, 1, "%.0f B", text[0], sizeof(text[0])),
		  against,
		  theirs ? with_spread(theirs, 1, "%.0f B", text[1],
				       sizeof(text[1])) :
			   "",
		  "", text[2]);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 3, i;
	struct series more = {};

	pf = find_nvme(0);
	if (same_addr(pf, no_addr))
		bail("no NVMe PF");
	fprintf(stderr, "memory: warming up\n");
	round_of_all();
	slab_tuned.num = slab_ours.num = 0;
	for (i = 0; i < rounds; i++) {
		fprintf(stderr, "memory: round %d of %d\n", i + 1, rounds);
		round_of_all();
		add(&more, slab_ours.value[i] - slab_tuned.value[i]);
	}
	round_of_own();

	bytes_row("memory a VF, the module's own kmallocs", &own, "", NULL,
		  AT_MOST);
	bytes_row("memory a VF, all kmalloc slabs, more by", &more,
		  "VFs by sysfs, no module", &slab_tuned, AT_MOST);
	bytes_row("memory a VF that is leased, own kmallocs", &own_leased, "",
		  NULL, NOTHING);
	return 0;
}

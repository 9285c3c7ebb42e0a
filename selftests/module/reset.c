// SPDX-License-Identifier: GPL-2.0-only
/*
 * No holder finds what the last one left: whatever that one changed in the device is
 * as new.  The device is looked at past vfio, whose own reset at the open would
 * hide what is to be seen; for the same reason the first holder does not use it.
 */
#define _GNU_SOURCE
#include <poll.h>

#include "broker.h"
#include "vfio.h"

#define MARK	     0x5aa50000U
#define QUEUE_ENABLE (1U << 25)

/*
 * Registers of an igb VF in BAR 0, which let its queues run.  The queues'
 * addresses, which a reset clears too, QEMU's igb leaves as they are.
 */
static const unsigned int registers[] = {
	0x2828, /* receive queue's control */
	0x3828, /* transmit queue's control */
};
#define NUM_REGISTERS (sizeof(registers) / sizeof(registers[0]))

static struct sriov_broker_addr pf, vf;
static struct sriov_broker_why why;
static char dev[16];
static volatile __u32 *bar, *bar3;
static int config, msix;

/* Entry 0 of its MSI-X table, in BAR 3: address and data. */
static const unsigned int table[] = { 0x0, 0x8 };

struct look {
	__u16 command, msix;
	__u32 table[2];
	__u32 reg[NUM_REGISTERS];
};

static __u16 config_get(int at)
{
	__u16 value = 0xffff;

	if (pread(config, &value, 2, at) != 2)
		diag("configuration space can't be read: %m");
	return value;
}

static void config_put(int at, __u16 value)
{
	if (pwrite(config, &value, 2, at) != 2)
		diag("configuration space can't be written: %m");
}

static int find_capability(int id)
{
	int at = config_get(PCI_CAPABILITY_LIST) & 0xfc, n;

	for (n = 0; at && n < 48; n++) {
		if ((config_get(at) & 0xff) == id)
			return at;
		at = config_get(at) >> 8 & 0xfc;
	}
	return 0;
}

static struct look look(void)
{
	struct look l = { .command = config_get(PCI_COMMAND),
			  .msix = config_get(msix + PCI_MSIX_FLAGS) };
	unsigned int i;

	/* QEMU wants it also of a VF, where the PF's is what counts. */
	config_put(PCI_COMMAND, l.command | PCI_COMMAND_MEMORY);
	for (i = 0; i < NUM_REGISTERS; i++)
		l.reg[i] = bar[registers[i] / 4];
	for (i = 0; i < 2; i++)
		l.table[i] = bar3[table[i] / 4];
	return l;
}

/* The PF sleeps as long as its interface is down, and its VFs' memory with it. */
static void set_link(const char *to)
{
	if (system(text("ip link set $(ls " SYS_PCI "/%s/net) %s", name_of(pf),
			to)))
		diag("the PF's interface can't be set %s", to);
}

/* A BAR's first pages. */
static volatile __u32 *map_bar(int n)
{
	int fd = open(text(SYS_PCI "/%s/resource%d", dev, n),
		      O_RDWR | O_CLOEXEC);
	void *at =
		mmap(NULL, 0x4000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	if (at == MAP_FAILED)
		bail("BAR %d of %s can't be mapped: %m", n, dev);
	return at;
}

static bool begin(void)
{
	set_link("up");
	if (!worked(enable(pf, 2, "vfio-pci", &why), &why, "2 VFs"))
		return false;
	vf = vf_at(pf, 0);
	strcpy(dev, name_of(vf));
	/* vfio-pci puts it to sleep else. */
	put(text(SYS_PCI "/%s/power/control", dev), "on");
	config = open(text(SYS_PCI "/%s/config", dev), O_RDWR | O_CLOEXEC);
	if (config < 0)
		bail("%s can't be looked at: %m", dev);
	bar = map_bar(0);
	bar3 = map_bar(3);
	msix = find_capability(PCI_CAP_ID_MSIX);
	return msix;
}

/* The bits that a holder leaves: DMA on, interrupts on, rings set up. */
static struct look spoil(void)
{
	unsigned int i;

	config_put(PCI_COMMAND, config_get(PCI_COMMAND) | PCI_COMMAND_MASTER);
	config_put(msix + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
	for (i = 0; i < NUM_REGISTERS; i++)
		bar[registers[i] / 4] |= QUEUE_ENABLE;
	for (i = 0; i < 2; i++)
		bar3[table[i] / 4] = MARK;
	return look();
}

/* Without vfio, so without its reset: the broker's alone is seen. */
static void test_by_hand(void)
{
	struct look new = look(), spoiled, after;
	struct sriov_broker_grant g;
	unsigned int i, set = 0, left = 0;

	is(lease(vf, "", &g, &why), 0, "by hand: lease");
	spoiled = spoil();
	ok(spoiled.command & PCI_COMMAND_MASTER,
	   "by hand: bus mastering is on");
	ok(spoiled.msix & PCI_MSIX_FLAGS_ENABLE, "by hand: MSI-X is on");
	for (i = 0; i < NUM_REGISTERS; i++)
		set += spoiled.reg[i] != new.reg[i];
	is(set, NUM_REGISTERS, "by hand: the queues are on");
	close(g.fd);
	ok(comes_to(vf, SRIOV_BROKER_VF_FREE), "by hand: given back");
	after = look();
	is(after.command & PCI_COMMAND_MASTER, 0, "by hand: no bus mastering");
	is(after.msix & PCI_MSIX_FLAGS_ENABLE, 0, "by hand: no MSI-X");
	for (i = 0; i < NUM_REGISTERS; i++) {
		if (after.reg[i] == new.reg[i])
			continue;
		left++;
		diag("register %#x: new %#x, then %#x, now %#x", registers[i],
		     new.reg[i], spoiled.reg[i], after.reg[i]);
	}
	is(left, 0, "by hand: the queues are off");
	ok(spoiled.table[0] == MARK && spoiled.table[1] == MARK,
	   "by hand: a MSI-X vector was set");
	ok(after.table[0] == new.table[0] && after.table[1] == new.table[1],
	   "by hand: it is as new");
}

/* As QEMU uses it. */
static void test_by_vfio(void)
{
	struct sriov_broker_grant g;
	struct vfio v;
	int at = find_capability(PCI_CAP_ID_MSIX) + PCI_MSIX_FLAGS;

	is(lease(vf, "", &g, &why), 0, "vfio: lease");
	if (!ok(!vfio_open(&v, dev), "vfio: opened"))
		return;
	is(vfio_set_config(&v, PCI_COMMAND,
			   PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY),
	   0, "vfio: bus mastering");
	ok(config_get(PCI_COMMAND) & PCI_COMMAND_MASTER, "vfio: is on");
	vfio_close(&v);
	close(g.fd);
	ok(comes_to(vf, SRIOV_BROKER_VF_FREE), "vfio: given back");
	is(config_get(PCI_COMMAND) & PCI_COMMAND_MASTER, 0,
	   "vfio: no bus mastering");
	is(config_get(at) & PCI_MSIX_FLAGS_ENABLE, 0, "vfio: no MSI-X");
}

/* A device that can't be reset is in no pool until it can. */
static void test_fails(void)
{
	char *methods = text(SYS_PCI "/%s/reset_method", dev);
	char attr[96], *before;
	struct sriov_broker_grant g;

	snprintf(attr, sizeof(attr), "%s", methods);
	is(lease(vf, "", &g, &why), 0, "no reset: lease");
	if (put(attr, "\n")) {
		skip("reset methods can't be taken away", "a reset that fails");
		close(g.fd);
		return;
	}
	is(lease_reset(g.fd), EIO,
	   "no reset: the holder is told that it failed");
	close(g.fd);
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED),
	   "no reset: given back, it goes into quarantine");
	is(vf_now(vf).fault, SRIOV_BROKER_FAULT_RESET, "no reset: for that");
	refused(lease(vf, "", &g, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_QUARANTINED, vf,
		"no reset: no request gets it");
	is(clear(vf, &why), 0, "no reset: cleared");
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED), "no reset: in vain");

	worked(bind_vfs(vf, 0, 0, "host", &why), &why,
	       "no reset: the host may have it");
	ok(strcmp(driver_of(dev), "vfio-pci"), "no reset: and has it");
	before = snapshot();
	refused(bind_vfs(vf, 0, 0, "vfio-pci", &why), EIO, &why,
		SRIOV_BROKER_WHY_RESET, vf,
		"no reset: it does not get into the pool");
	unchanged(before, "no reset: bind");

	is(put(attr, "default\n"), 0, "no reset: it can be reset again");
	worked(bind_vfs(vf, 0, 0, "vfio-pci", &why), &why,
	       "no reset: then it does");
	is(lease(vf, "", &g, &why), 0, "no reset: and is leased");
	put(attr, "\n");
	close(g.fd);
	comes_to(vf, SRIOV_BROKER_VF_QUARANTINED);
	put(attr, "default\n");
	is(clear(vf, &why), 0, "no reset: cleared, now that it can");
	ok(comes_to(vf, SRIOV_BROKER_VF_FREE), "no reset: it is free");
}

/* With one in quarantine the rest goes on, and disable works. */
static void test_disable(void)
{
	struct sriov_broker_grant g;
	char attr[96];

	snprintf(attr, sizeof(attr), SYS_PCI "/%s/reset_method", dev);
	lease(vf, "", &g, NULL);
	put(attr, "\n");
	close(g.fd);
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED), "one in quarantine");
	is(lease(pf, "", &g, &why), 0, "the other one can be leased");
	ok(!same_addr(g.vf, vf), "that is the other one");
	close(g.fd);
	comes_to(g.vf, SRIOV_BROKER_VF_FREE);
	close(config);
	munmap((void *)bar, 0x4000);
	munmap((void *)bar3, 0x4000);
	set_link("down");
	worked(disable(pf, &why), &why, "disable");
}

/* The ways of resetting a VF that the PCI core would go, the first one first. */
static char *ways_of(struct sriov_broker_addr which)
{
	return strdup(get(text(SYS_PCI "/%s/reset_method", name_of(which))));
}

static void one_way(struct sriov_broker_addr which, const char *all,
		    const char *name)
{
	char *now = ways_of(which);

	ok(now[0] && !strchr(now, ' ') && !strncmp(now, all, strlen(now)),
	   "%s: there is one way to reset it: %s of %s", name, now, all);
	free(now);
}

static void has_ways(struct sriov_broker_addr which, const char *ways,
		     const char *name)
{
	char *now = ways_of(which);

	ok(!strcmp(now, ways), "%s: %s", name, now);
	free(now);
}

/* A VF that is the host's: NULL, or its ways, to be freed. */
static char *host_vf(struct sriov_broker_addr of, const char *name,
		     struct sriov_broker_addr *which)
{
	if (!worked(enable(of, 1, "host", &why), &why,
		    text("%s: a VF of the host's", name)))
		return NULL;
	*which = vf_at(of, 0);
	return ways_of(*which);
}

/* Nor is it where an admin wants that first. */
static void test_order(struct sriov_broker_addr which, const char *all,
		       const char *name)
{
	char *methods =
		strdup(text(SYS_PCI "/%s/reset_method", name_of(which)));
	struct sriov_broker_grant g;

	if (strcmp(all, "flr bus") || put(methods, "bus flr\n")) {
		skip("there is no such order", "%s: the bus first", name);
	} else {
		lease(which, "", &g, NULL);
		close(g.fd);
		ok(comes_to(which, SRIOV_BROKER_VF_FREE),
		   "%s: the bus first, and it is reset", name);
		one_way(which, "flr", name);
	}
	put(methods, "default\n");
	free(methods);
}

/* In no other way, such as of all of its bus, is a VF reset that is not the host's. */
static void test_ways(struct sriov_broker_addr of, const char *name)
{
	struct sriov_broker_addr which;
	struct sriov_broker_grant g;
	char *all = host_vf(of, name, &which);

	if (!all)
		return;
	diag("%s: %s", name, all);
	worked(bind_vfs(which, 0, 0, "vfio-pci", &why), &why,
	       text("%s: in the pool", name));
	one_way(which, all, name);
	put(text(SYS_PCI "/%s/reset_method", name_of(which)), "default\n");
	lease(which, "", &g, NULL);
	close(g.fd);
	ok(comes_to(which, SRIOV_BROKER_VF_FREE),
	   "%s: an admin has written default, and it is reset", name);
	one_way(which, all, name);
	test_order(which, all, name);
	worked(bind_vfs(which, 0, 0, "host", &why), &why,
	       text("%s: the host's again", name));
	has_ways(which, all, text("%s: as before", name));
	free(all);
	worked(disable(of, &why), &why, text("%s: disable", name));
}

/* A way that declines when it is asked is no failure: the next one is gone. */
static void test_declines(void)
{
	struct sriov_broker_grant g;
	struct sriov_broker_addr which;
	char *all;

	if (!worked(enable(pf, 1, "vfio-pci", &why), &why, "declines: a VF"))
		return;
	which = vf_at(pf, 0);
	all = ways_of(which);
	if (insert_module("kmod/fake_sick.ko",
			  text("dev=%s declines=1", name_of(which))))
		return skip("no fake_sick.ko", "a way that declines");
	worked(lease(which, "", &g, &why), &why, "declines: it is leased");
	close(g.fd);
	ok(comes_to(which, SRIOV_BROKER_VF_FREE),
	   "declines: it is reset in the next way");
	is(remove_module("fake_sick"), 0, "declines: the fake goes");
	has_ways(which, text("device_specific %s", all), "declines: its ways");
	free(all);
	worked(disable(pf, &why), &why, "declines: disable");
}

/* What the module leaves behind, and what is not its own, has all of its ways. */
static void test_ways_left(struct sriov_broker_addr of, const char *name)
{
	struct sriov_broker_addr which;
	char *all = host_vf(of, name, &which);

	if (!all)
		return;
	unbind(name_of(which));
	put(text(SYS_PCI "/%s/driver_override", name_of(which)), "vfio-pci");
	is(bind_to(name_of(which), "vfio-pci"), 0,
	   "%s: bound to vfio-pci by hand", name);
	has_ways(which, all, text("%s: it has all of its ways", name));
	put(text(SYS_PCI "/%s/driver_override", name_of(which)), "\n");
	worked(bind_vfs(which, 0, 0, "vfio-pci", &why), &why,
	       text("%s: into the pool", name));
	one_way(which, all, name);
	put("/sys/module/" MODULE "/parameters/unload", "keep");
	close(broker);
	is(remove_module(MODULE), 0, "%s: the module goes, it stays", name);
	has_ways(which, all, text("%s: with all of its ways", name));
	free(all);
	is(insert_module(module_path(), ""), 0, "%s: the module is back", name);
	broker = open(NODE, O_RDWR | O_CLOEXEC);
	worked(disable(of, &why), &why, text("%s: disable", name));
}

int main(void)
{
	pf = need_igb();
	modprobe("igbvf");
	broker_begin("");
	if (!begin())
		return done();
	test_by_hand();
	test_by_vfio();
	test_fails();
	test_disable();
	test_ways(pf, "igb");
	test_ways(find_nvme(0), "nvme");
	test_ways_left(find_nvme(0), "nvme");
	test_declines();
	return done();
}

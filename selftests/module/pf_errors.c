// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCIe errors and resets of a PF: told by events, as many as there are, but one a second;
 * and its VFs are looked at.  Errors of the port above the PF come from the monitor of the QEMU
 * that this machine runs in.  QEMU's igb reports none: those of PF and VF are the kernel's own
 * aer_inject's.
 */
#define _GNU_SOURCE
#include <sys/eventfd.h>
#include <sys/mount.h>

#include "monitor.h"
#include "vfio.h"

#define VFS	    3
#define OURS	    "sriov_broker_pf"
#define SICK	    "fake_sick" /* kmod/fake_sick.c */
#define SECOND	    1000000000ULL
#define TRACEPOINTS "/sys/kernel/tracing"
#define INJECT	    "/dev/aer_inject"

/* Bits of the AER registers. */
#define RECEIVER   0x1
#define DATA_LINK  0x10
#define COMPLETION 0x4000

#define CORRECTABLE SRIOV_BROKER_SEVERITY_CORRECTABLE
#define NONFATAL    SRIOV_BROKER_SEVERITY_NONFATAL
#define FATAL	    SRIOV_BROKER_SEVERITY_FATAL

static struct sriov_broker_addr pf, other;
static struct sriov_broker_why why;
static __u64 before; /* number of the last event before what is looked for */

/* Errors */

/* Of the port above the first PF. */
static bool inject_port(unsigned int status)
{
	return monitor_says(
		"human-monitor-command",
		text("\"command-line\":\"pcie_aer_inject_error port-igb0 %u\"",
		     status));
}

/* As drivers/pci/pcie/aer_inject.c has it, which takes one when it is through with the last. */
static bool inject_kernel(struct sriov_broker_addr dev, unsigned int status,
			  unsigned int correctable)
{
	struct {
		__u8 bus, dev, fn;
		__u32 uncorrectable, correctable, log[4], domain;
	} error = {
		.bus = dev.bdf >> 8,
		.dev = dev.bdf >> 3 & 0x1f,
		.fn = dev.bdf & 7,
		.uncorrectable = status,
		.correctable = correctable,
		.domain = dev.domain,
	};
	int fd = open(INJECT, O_WRONLY | O_CLOEXEC), err = EBUSY;

	(void)eventually(LONG_MS, (err = write(fd, &error, sizeof(error)) > 0 ?
						 0 :
						 errno) != EBUSY);
	if (err)
		diag("aer_inject, %s: %s", name_of(dev), strerror(err));
	close(fd);
	return !err;
}

/* Events */

static struct sriov_broker_event events[1024];

/* From here on events are looked for. */
static void mark(void)
{
	unsigned int n = history(no_addr, events, 1024);

	before = n ? events[n - 1].seq : 0;
}

/* The first such event since then; none: all zero. */
static struct sriov_broker_event
first(unsigned int type, struct sriov_broker_addr dev, unsigned int severity)
{
	unsigned int n = history(no_addr, events, 1024), i;

	for (i = 0; i < n; i++)
		if (events[i].seq > before && events[i].type == type &&
		    events[i].severity == severity &&
		    same_addr(events[i].vf.valid ? events[i].vf : events[i].pf,
			      dev))
			return events[i];
	return (struct sriov_broker_event){};
}

static struct sriov_broker_event
await(unsigned int type, struct sriov_broker_addr dev, unsigned int severity)
{
	(void)eventually(LONG_MS, first(type, dev, severity).seq);
	return first(type, dev, severity);
}

/* One point: errors of that kind are told. */
static bool error_is_told(struct sriov_broker_addr dev, unsigned int severity,
			  unsigned int status, const char *name)
{
	struct sriov_broker_event e =
		await(SRIOV_BROKER_EVENT_PCI_ERROR, dev, severity);
	bool good = ok(e.seq && e.value && e.error_status == status &&
			       same_addr(e.pf, pf),
		       "%s: an event tells", name);

	if (!good)
		diag("event %llu of %s, %llu errors, status %x", e.seq,
		     name_of(e.pf), e.value, e.error_status);
	return good;
}

static bool has_drained(struct sriov_broker_addr vf)
{
	unsigned int n = history(no_addr, events, 1024), i;

	for (i = 0; i < n; i++)
		if (events[i].seq > before &&
		    events[i].type == SRIOV_BROKER_EVENT_VF_STATE &&
		    events[i].state == SRIOV_BROKER_VF_DRAINING &&
		    same_addr(events[i].vf, vf))
			return true;
	return false;
}

/* One point: the VF has gone the return path, and is free. */
static void is_back(struct sriov_broker_addr vf, const char *name)
{
	ok(eventually(LONG_MS, has_drained(vf)) &&
		   comes_to(vf, SRIOV_BROKER_VF_FREE),
	   "%s: a free VF goes the return path, and is free", name);
}

/* Points: the lease goes on, and its holder is told; by less than poll() says of its end. */
static void holder_is_told(int lease, unsigned int cause, unsigned int fault,
			   const char *name)
{
	struct pollfd p = { .fd = lease, .events = POLLIN | POLLPRI };
	struct sriov_broker_lease_event e[2] = {};
	struct sriov_broker_lease_info i;

	poll(&p, 1, LONG_MS);
	if (!is(p.revents, POLLIN, "%s: poll() says that there is news", name))
		return;
	is(lease_events(lease, e, 2), 1, "%s: a record", name);
	is(e[0].type, SRIOV_BROKER_LEASE_EVENT_DISTURBED, "%s: its type", name);
	is(e[0].cause, cause, "%s: its cause", name);
	is(e[0].fault, fault, "%s: what was seen", name);
	is(poll(&p, 1, 0), 0, "%s: and no more", name);
	is(lease_info(lease, &i), 0, "%s: the lease goes on", name);
}

/* One point: records come, the last of which says this. */
static void holder_comes_to(int lease, unsigned int cause, unsigned int fault,
			    const char *name)
{
	struct pollfd p = { .fd = lease, .events = POLLIN };
	struct sriov_broker_lease_event all[16], e = {};
	long long end = now_ms() + LONG_MS;
	int n;

	while (now_ms() < end && (e.cause != cause || e.fault != fault)) {
		if (poll(&p, 1, 100) != 1)
			continue;
		n = lease_events(lease, all, 16);
		if (n > 0)
			e = all[n - 1];
	}
	ok(e.type == SRIOV_BROKER_LEASE_EVENT_DISTURBED && e.cause == cause &&
		   e.fault == fault,
	   "%s: the holder is told", name);
}

static void sick(const char *how, bool on)
{
	put(text("/sys/module/" SICK "/parameters/%s", how), on ? "1" : "0");
}

static void silent(bool on)
{
	sick("silent", on);
}

/* Tests */

/* What the hardware has corrected is told, and that is all. */
static void test_correctable(int lease)
{
	struct pollfd p = { .fd = lease, .events = POLLIN };
	struct sriov_broker_addr vf = vf_at(pf, 1);
	struct sriov_broker_event e;

	mark();
	ok(inject_kernel(pf, 0, RECEIVER), "a correctable error");
	error_is_told(pf, CORRECTABLE, RECEIVER, "correctable");
	e = first(SRIOV_BROKER_EVENT_PCI_ERROR, pf, CORRECTABLE);
	ok(!e.vf.valid && !e.pid && e.uid == SRIOV_BROKER_NO_UID,
	   "correctable: of no VF, and no process's doing");
	sleep_ms(2000);
	ok(!first(SRIOV_BROKER_EVENT_VF_STATE, vf, 0).seq,
	   "correctable: VFs are let be");
	is(poll(&p, 1, 0), 0, "correctable: and the holder");
}

/* Many of them are few events, which tell of all. */
static void test_storm(void)
{
	__u64 told = 0, last = 0, since;
	unsigned int n, i, num = 0;
	struct timespec ts;

	mark();
	clock_gettime(CLOCK_BOOTTIME, &ts);
	since = ts.tv_sec * SECOND + ts.tv_nsec;
	for (i = 0; i < 100; i++)
		if (!inject_kernel(pf, 0, RECEIVER))
			break;
	is(i, 100, "a hundred correctable errors");
	error_is_told(pf, CORRECTABLE, RECEIVER, "storm");
	sleep_ms(2000);
	n = history(no_addr, events, 1024);
	for (i = 0; i < n; i++) {
		if (events[i].seq <= before ||
		    events[i].type != SRIOV_BROKER_EVENT_PCI_ERROR)
			continue;
		last = events[i].time_ns;
		told += events[i].value;
		num++;
	}
	/* Of a clock that ticks, and another one. */
	ok(num && last - since >= (num - 1) * (SECOND * 9 / 10),
	   "storm: one event a second");
	ok(told > num, "storm: %u events tell of %llu errors", num, told);
}

/* A transaction was lost, as a guest may bring about: that is no reset of all that are free. */
static void is_let_be(struct sriov_broker_addr vf, const char *name)
{
	sleep_ms(2000);
	ok(!first(SRIOV_BROKER_EVENT_VF_STATE, vf, 0).seq,
	   "%s: what is free is let be", name);
}

static void test_nonfatal(int lease)
{
	mark();
	ok(inject_kernel(pf, COMPLETION, 0), "an error that is not fatal");
	error_is_told(pf, NONFATAL, COMPLETION, "not fatal");
	holder_is_told(lease, SRIOV_BROKER_LEASE_CAUSE_PF_ERROR,
		       SRIOV_BROKER_FAULT_NONE, "not fatal");
	is_let_be(vf_at(pf, 1), "not fatal");
	is(state_of(vf_at(pf, 0)), SRIOV_BROKER_VF_LEASED,
	   "not fatal: the one that is leased is");
	ok(!first(SRIOV_BROKER_EVENT_PCI_ERROR, other, NONFATAL).seq,
	   "not fatal: the other PF has none");
}

/* Of the port above: the PF's link is no better than that. */
static void test_port(int lease)
{
	mark();
	ok(inject_port(COMPLETION), "an error of the port");
	error_is_told(pf, NONFATAL, COMPLETION, "port");
	holder_is_told(lease, SRIOV_BROKER_LEASE_CAUSE_PF_ERROR,
		       SRIOV_BROKER_FAULT_NONE, "port");
	ok(!first(SRIOV_BROKER_EVENT_PCI_ERROR, other, NONFATAL).seq,
	   "port: the other PF has none");
	is_let_be(vf_at(pf, 1), "port");
}

/* Unless it does not answer. */
static void test_port_silent(int lease)
{
	struct sriov_broker_addr vf = vf_at(pf, 2);

	if (insert_module("kmod/" SICK ".ko", text("dev=%s", name_of(vf)))) {
		skip("no " SICK ".ko", "port: a VF that does not answer");
		return;
	}
	mark();
	silent(true);
	ok(inject_port(COMPLETION), "an error of the port, and a VF is silent");
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED),
	   "port: that one is quarantined");
	is(vf_now(vf).fault, SRIOV_BROKER_FAULT_SILENT, "port: for that");
	holder_is_told(lease, SRIOV_BROKER_LEASE_CAUSE_PF_ERROR,
		       SRIOV_BROKER_FAULT_NONE, "port, silent");
	is_let_be(vf_at(pf, 1), "port, silent");
	silent(false);
	ok(comes_to(vf, SRIOV_BROKER_VF_FREE), "port: it answers again");
	is(remove_module(SICK), 0, "port: the fake is gone");
}

/* The kernel resets the link, and the PF's driver brings its VFs back. */
static void test_fatal(int lease)
{
	mark();
	ok(inject_port(DATA_LINK), "a fatal error");
	error_is_told(pf, FATAL, DATA_LINK, "fatal");
	holder_comes_to(lease, SRIOV_BROKER_LEASE_CAUSE_PF_ERROR,
			SRIOV_BROKER_FAULT_NONE, "fatal");
	is_back(vf_at(pf, 1), "fatal");
}

/*
 * The recovery is kept from its end by a VF that it wants: till then no VF is reset beside it. The
 * kernel is to mark the others within a second, which on a slow host it may not.
 */
static void test_recovering(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 1);
	struct sriov_broker_grant g;
	bool reset = true;
	int try;

	/* The last one that the kernel tells; leased, for it is not told yet. */
	ok(comes_to(vf_at(pf, 2), SRIOV_BROKER_VF_FREE),
	   "recovering: another one is free");
	worked(lease(vf_at(pf, 2), "", &g, &why), &why, "recovering: a lease");
	if (insert_module("kmod/fake_lock.ko", text("dev=%s", name_of(g.vf)))) {
		skip("no fake_lock.ko", "an error whose recovery takes long");
		close(g.fd);
		return;
	}
	for (try = 0; try < 3 && reset; try++) {
		if (try)
			insert_module("kmod/fake_lock.ko",
				      text("dev=%s", name_of(g.vf)));
		mark();
		ok(inject_port(DATA_LINK), "a fatal error");
		error_is_told(pf, FATAL, DATA_LINK, "recovering");
		sleep_ms(2000);
		reset = first(SRIOV_BROKER_EVENT_VF_STATE, vf, 0).seq;
		is(remove_module("fake_lock"), 0,
		   "recovering: the kernel goes on");
		is_back(vf, "recovering");
	}
	ok(!reset, "recovering: before that, what is free is let be");
	close(g.fd);
	ok(comes_to(vf_at(pf, 2), SRIOV_BROKER_VF_FREE),
	   "recovering: the one that was leased is free");
}

/* One that reports errors itself. */
static void test_vf(int lease)
{
	struct sriov_broker_addr vf = vf_at(pf, 0);

	mark();
	ok(inject_kernel(vf, COMPLETION, 0), "an error of a VF");
	error_is_told(vf, NONFATAL, COMPLETION, "VF");
	holder_is_told(lease, SRIOV_BROKER_LEASE_CAUSE_VF_ERROR,
		       SRIOV_BROKER_FAULT_NONE, "VF");
	ok(!first(SRIOV_BROKER_EVENT_VF_STATE, vf_at(pf, 1), 0).seq,
	   "VF: the others are let be");
	mark();
	ok(inject_kernel(vf_at(pf, 1), COMPLETION, 0), "an error of a free VF");
	is_back(vf_at(pf, 1), "free VF");
}

/* An error that comes in a VF's reset is of the reset: its end says how the VF is. */
static void test_own_reset(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 2);
	struct sriov_broker_grant g;

	worked(lease(vf, "", &g, &why), &why, "own reset: a lease");
	if (insert_module("kmod/fake_lock.ko", text("dev=%s", name_of(vf)))) {
		skip("no fake_lock.ko", "an error in a VF's reset");
		close(g.fd);
		return;
	}
	close(g.fd);
	if (!reset_waits(vf)) {
		skip("here its override is under the lock of a device",
		     "an error in a VF's reset");
		remove_module("fake_lock");
		comes_to(vf, SRIOV_BROKER_VF_FREE);
		return;
	}
	mark();
	ok(inject_kernel(vf, COMPLETION, 0), "an error in a VF's reset");
	error_is_told(vf, NONFATAL, COMPLETION, "own reset");
	remove_module("fake_lock");
	ok(comes_to(vf, SRIOV_BROKER_VF_FREE), "own reset: it comes back");
	sleep_ms(2000);
	ok(!has_drained(vf), "own reset: and not once more for that");
}

static void test_injected(int lease)
{
	modprobe("aer_inject");
	if (!exists(INJECT)) {
		skip("no aer_inject", "errors of the PF itself, and of VFs");
		return;
	}
	test_correctable(lease);
	test_storm();
	test_nonfatal(lease);
	test_vf(lease);
	test_own_reset();
	/* It has registers of its own, in front of the devices'. */
	is(remove_module("aer_inject"), 0, "aer_inject goes");
}

static void test_errors(void)
{
	struct sriov_broker_grant g;

	if (!exists(TRACEPOINTS "/events/ras/aer_event")) {
		skip("this kernel tells of no errors", "errors");
		return;
	}
	worked(enable(pf, VFS, "vfio-pci", &why), &why, "VFs");
	lease(vf_at(pf, 0), "", &g, NULL);
	test_injected(g.fd);
	test_port(g.fd);
	test_port_silent(g.fd);
	test_fatal(g.fd);
	test_recovering();
	close(g.fd);
	worked(disable_force(pf, 30000, &why), &why, "the VFs go");
}

static bool reset_pf(void)
{
	return !put(text(SYS_PCI "/%s/reset", name_of(pf)), "1");
}

/* A user has set up interrupts, which the reset has taken away. */
static void test_reset_in_use(void)
{
	struct sriov_broker_grant g;
	struct sriov_broker_event e;
	struct vfio v;
	int irq = eventfd(0, EFD_CLOEXEC);

	lease(vf_at(pf, 0), "", &g, NULL);
	is(vfio_open(&v, name_of(g.vf)), 0, "a VF is in use");
	is(vfio_signal(&v, VFIO_PCI_MSIX_IRQ_INDEX, irq), 0,
	   "its user has set up interrupts");
	mark();
	ok(reset_pf(), "its PF is reset");
	e = await(SRIOV_BROKER_EVENT_PF_RESET, pf, 0);
	is(e.pid, getpid(), "an event tells whose doing it was");
	holder_is_told(g.fd, SRIOV_BROKER_LEASE_CAUSE_PF_RESET,
		       SRIOV_BROKER_FAULT_STATE_LOST, "reset");
	e = await(SRIOV_BROKER_EVENT_LEASE_DISTURBED, g.vf, 0);
	ok(e.lease_id == g.id && e.fault == SRIOV_BROKER_FAULT_STATE_LOST &&
		   e.value == SRIOV_BROKER_LEASE_CAUSE_PF_RESET,
	   "an event tells of the lease");
	is_back(vf_at(pf, 1), "reset");
	mark();
	ok(reset_pf(), "and once more");
	holder_is_told(g.fd, SRIOV_BROKER_LEASE_CAUSE_PF_RESET,
		       SRIOV_BROKER_FAULT_STATE_LOST, "once more");
	ok(!first(SRIOV_BROKER_EVENT_LEASE_DISTURBED, g.vf, 0).seq,
	   "what is known of a lease is no event");
	is_back(vf_at(pf, 1), "once more");
	/* A look may fall into the next reset, in which no VF answers. */
	ok(reset_pf() && reset_pf() && reset_pf(), "and in a row");
	holder_comes_to(g.fd, SRIOV_BROKER_LEASE_CAUSE_PF_RESET,
			SRIOV_BROKER_FAULT_STATE_LOST, "in a row");
	ok(comes_to(vf_at(pf, 1), SRIOV_BROKER_VF_FREE) &&
		   comes_to(vf_at(pf, 2), SRIOV_BROKER_VF_FREE),
	   "in a row: what is not leased is free");
	vfio_close(&v);
	close(irq);
	close(g.fd);
	ok(comes_back(pf), "closed, all are free");
}

/* One that was reset in the midst of a reset of its PF does not look it. */
static void test_amidst(struct sriov_broker_addr vf)
{
	sick("master", true);
	ok(reset_pf(), "a PF of which a VF does not look reset is reset");
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED),
	   "amidst: it is quarantined");
	is(vf_now(vf).fault, SRIOV_BROKER_FAULT_CHECK, "amidst: for that");
	sick("master", false);
	ok(reset_pf(), "amidst: and once more");
	ok(comes_to(vf, SRIOV_BROKER_VF_FREE), "amidst: it is free");
	ok(comes_back(pf), "amidst: so are the others");
}

/* A VF that the PF has lost, or that its reset disturbs. */
static void test_silent(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 2);
	struct sriov_broker_grant g;

	if (insert_module("kmod/" SICK ".ko", text("dev=%s", name_of(vf)))) {
		skip("no " SICK ".ko", "a VF that does not answer");
		return;
	}
	test_amidst(vf);
	silent(true);
	mark();
	ok(reset_pf(), "a PF of which a VF does not answer is reset");
	ok(comes_to(vf, SRIOV_BROKER_VF_QUARANTINED), "it is quarantined");
	is(vf_now(vf).fault, SRIOV_BROKER_FAULT_SILENT, "for that");
	is_back(vf_at(pf, 1), "silent");
	silent(false);
	ok(comes_to(vf, SRIOV_BROKER_VF_FREE), "it answers again: it is free");
	worked(lease(vf, "", &g, &why), &why, "it is leased");
	silent(true);
	ok(reset_pf(), "and does not answer again");
	holder_is_told(g.fd, SRIOV_BROKER_LEASE_CAUSE_PF_RESET,
		       SRIOV_BROKER_FAULT_SILENT, "silent");
	silent(false);
	holder_is_told(g.fd, SRIOV_BROKER_LEASE_CAUSE_PF_RESET,
		       SRIOV_BROKER_FAULT_NONE, "it answers again");
	close(g.fd);
	is(remove_module(SICK), 0, "the fake is gone");
	ok(comes_back(pf), "all are free");
}

/* A PF that has no driver, and so is on ours, which hears of resets. */
static void test_resets(void)
{
	char driver[64];

	strcpy(driver, driver_of(name_of(pf)));
	unbind(name_of(pf));
	if (!worked(enable(pf, VFS, "vfio-pci", &why), &why, "VFs") ||
	    !ok(!strcmp(driver_of(name_of(pf)), OURS), "the PF is on ours"))
		return;
	test_reset_in_use();
	test_silent();
	worked(disable(pf, &why), &why, "the VFs go");
	bind_to(name_of(pf), driver);
	is(strcmp(driver_of(name_of(pf)), driver), 0, "its driver is back");
}

/* The fatal error's recovery is the driver's that the broker has for a PF without one. */
static void test_recovery(void)
{
	struct sriov_broker_grant g;
	char driver[64];

	strcpy(driver, driver_of(name_of(pf)));
	unbind(name_of(pf));
	worked(enable(pf, VFS, "vfio-pci", &why), &why, "VFs");
	lease(vf_at(pf, 0), "", &g, NULL);
	mark();
	ok(inject_port(DATA_LINK), "a fatal error");
	error_is_told(pf, FATAL, DATA_LINK, "recovery");
	ok(await(SRIOV_BROKER_EVENT_PF_RESET, pf, 0).seq,
	   "recovery: the PF is reset");
	holder_comes_to(g.fd, SRIOV_BROKER_LEASE_CAUSE_PF_RESET,
			SRIOV_BROKER_FAULT_NONE, "recovery");
	is_back(vf_at(pf, 1), "recovery");
	close(g.fd);
	ok(comes_back(pf), "recovery: all are free");
	worked(disable(pf, &why), &why, "the VFs go");
	bind_to(name_of(pf), driver);
}

/* Errors that come while nothing hears of them any more. */
static void test_unload(void)
{
	int i;

	worked(enable(pf, VFS, "vfio-pci", &why), &why, "VFs");
	for (i = 0; i < 5; i++)
		inject_port(COMPLETION);
	close(broker);
	is(remove_module(MODULE), 0, "removed, in the midst of errors");
	inject_port(COMPLETION);
	is(insert_module(module_path(), ""), 0, "loaded again");
	broker = open(NODE, O_RDWR | O_CLOEXEC);
}

int main(void)
{
	monitor_begin();
	pf = find_igb(0);
	other = find_igb(1);
	if (same_addr(other, no_addr))
		bail("the machine has no two igb PFs");
	mount("tracefs", TRACEPOINTS, "tracefs", 0, NULL);
	modprobe("vfio-pci");
	broker_begin("");
	test_errors();
	test_resets();
	test_recovery();
	test_unload();
	return done();
}

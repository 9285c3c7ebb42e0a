// SPDX-License-Identifier: GPL-2.0-only
/*
 * A cordoned PF: nothing new is leased from it, by an ioctl or by an open, whatever becomes
 * of its VFs meanwhile; what is leased stays, and waiters wait on.
 */
#define _GNU_SOURCE

#include "broker.h"
#include "steps.h"
#include "vfio.h"

#define VFS 3

static struct sriov_broker_addr pf, other, vf;
static struct sriov_broker_why why;

/* What a child tells. */
static struct shared {
	struct steps steps;
	struct sriov_broker_grant grant;
	int err;
} *shared;

static unsigned int flags_of(struct sriov_broker_addr dev)
{
	struct sriov_broker_pf entry = { .flags = ~0U };
	unsigned int num = 1;

	list_pfs(dev, &entry, &num);
	return entry.flags;
}

static bool is_cordoned(void)
{
	return flags_of(pf) & SRIOV_BROKER_PF_FLAG_CORDONED;
}

/* Events of a type about the PF, since the module was loaded; the newest of them. */
static unsigned int events_of(unsigned int type,
			      struct sriov_broker_event *newest)
{
	static struct sriov_broker_event events[1024];
	struct sriov_broker_list p = {
		.size = sizeof(p),
		.pf = pf,
		.entry_size = sizeof(events[0]),
		.count = 1024,
		.entries = (uintptr_t)events,
	};
	unsigned int i, num = 0;

	if (call(broker, SRIOV_BROKER_HISTORY, &p))
		return ~0U;
	for (i = 0; i < p.count && i < 1024; i++) {
		if (events[i].type != type)
			continue;
		*newest = events[i];
		num++;
	}
	return num;
}

static void test_refused(void)
{
	struct sriov_broker_grant g;
	struct sriov_broker_event e = {};
	char *before;

	before = snapshot();
	refused(cordon(vf, 0, &why), EINVAL, &why, SRIOV_BROKER_WHY_IS_VF, vf,
		"a VF is not cordoned");
	worked(cordon(pf, SRIOV_BROKER_CORDON_END, &why), &why,
	       "the end of none is a success");
	unchanged(before, "no cordon");
	is(events_of(SRIOV_BROKER_EVENT_PF_UNCORDONED, &e), 0, "and no event");

	worked(cordon(pf, 0, &why), &why, "a PF is cordoned");
	ok(is_cordoned(), "it is shown so");
	is(events_of(SRIOV_BROKER_EVENT_PF_CORDONED, &e), 1, "an event tells");
	ok(same_addr(e.pf, pf) && !e.vf.valid && e.pid == getpid(),
	   "of the PF, and by which process");
	worked(cordon(pf, 0, &why), &why, "once more is a success");
	is(events_of(SRIOV_BROKER_EVENT_PF_CORDONED, &e), 1, "and no event");

	before = snapshot();
	refused(lease(pf, "", &g, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_PF_CORDONED, pf, "none is leased from it");
	refused(lease(vf, "", &g, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_PF_CORDONED, pf, "nor by name");
	refused(lease(no_addr, "", &g, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_PF_CORDONED, pf,
		"any will do, but no other is free");
	refused(lease_within(300, pf, 0, 0, "", &g, &why), ETIMEDOUT, &why,
		SRIOV_BROKER_WHY_TIMEOUT, pf, "nor after a time");
	unchanged(before, "leases refused");
}

/* An admin may have one to try; runs in a child as well, whose user may not. */
static int lease_all_the_same(struct sriov_broker_grant *g)
{
	struct sriov_broker_selector sel = { .dev = pf };
	struct sriov_broker_lease p = {
		.size = sizeof(p),
		.flags = SRIOV_BROKER_LEASE_CORDONED,
		.num_selectors = 1,
		.count = 1,
		.selectors = (uintptr_t)&sel,
		.selector_size = sizeof(sel),
		.grants = (uintptr_t)g,
		.grant_size = sizeof(*g),
		.numa_node = -1,
	};

	return call(broker, SRIOV_BROKER_LEASE, &p);
}

static void test_all_the_same(void)
{
	struct sriov_broker_grant g;
	pid_t pid;

	is(lease_all_the_same(&g), 0, "an admin leases all the same");
	close(g.fd);
	ok(comes_back(pf), "and gives it back");
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(setresuid(65534, 65534, 65534) ? 99 :
						       lease_all_the_same(&g));
	is(ends(pid), EPERM, "no other user does");
}

/* A child that waits for one, and has it until it is let go. */
static pid_t wait_for(struct sriov_broker_addr dev, int others)
{
	pid_t pid;

	fflush(stdout);
	memset(shared, 0, sizeof(*shared));
	pid = fork();
	if (pid)
		return pid;
	/* What the test gives back must not live on here. */
	close(others);
	shared->err = lease_within(-1, dev, 0, 0, "", &shared->grant, NULL);
	at_step(1);
	_exit(0);
}

/* One for the PF waits on, though it came first; one for any gets the other PF's. */
static void test_waiters(void)
{
	struct sriov_broker_grant g;
	pid_t first, second;

	worked(enable(other, 1, "vfio-pci", &why), &why, "another PF has a VF");
	worked(lease(no_addr, "", &g, &why), &why, "any VF is that one");
	ok(same_addr(g.pf, other), "and not the cordoned PF's");
	first = wait_for(pf, g.fd);
	ok(so_many_wait(1), "one waits for the PF's");
	second = wait_for(no_addr, g.fd);
	ok(so_many_wait(2), "and one for any");
	close(g.fd);
	ok(comes_to_step(1) && !shared->err &&
		   same_addr(shared->grant.pf, other),
	   "that one gets the other PF's when it is free");
	ok(are_waiting(1), "the first one waits");
	let_go(1);
	ends(second);
	ok(comes_back(other), "the other PF's is back");
	ok(are_waiting(1), "and the first one waits");

	memset(shared, 0, sizeof(*shared));
	worked(cordon(pf, SRIOV_BROKER_CORDON_END, &why), &why,
	       "the cordon ends");
	ok(comes_to_step(1) && !shared->err && same_addr(shared->grant.pf, pf),
	   "and the waiter has a VF of the PF");
	ok(!is_cordoned(), "which is not shown as cordoned");
	let_go(1);
	ends(first);
	ok(comes_back(pf), "it is back");
	worked(disable(other, &why), &why, "the other PF has none again");
}

/* What is leased stays, and comes back, but is not leased again. */
static void test_leased(void)
{
	struct sriov_broker_lease_info i;
	struct sriov_broker_grant g, more;

	worked(lease(vf, "kept", &g, &why), &why, "one is leased");
	worked(cordon(pf, 0, &why), &why, "the PF is cordoned");
	is(lease_info(g.fd, &i), 0, "the lease stays");
	is(state_of(vf), SRIOV_BROKER_VF_LEASED, "its VF is leased");
	refused(lease(vf, "", &more, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_PF_CORDONED, pf, "to others it is cordoned");
	refused(disable(pf, &why), EBUSY, &why, SRIOV_BROKER_WHY_LEASED, vf,
		"DISABLE goes by the lease");
	close(g.fd);
	ok(comes_back(pf), "given back, it is free");
}

static void test_outlasts(void)
{
	struct sriov_broker_grant g;
	char driver[64];

	worked(disable(pf, &why), &why, "DISABLE");
	ok(is_cordoned(), "the PF without VFs is cordoned");
	refused(lease(pf, "", &g, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_PF_CORDONED, pf, "and nothing is leased");
	strcpy(driver, driver_of(name_of(pf)));
	is(unbind(name_of(pf)), 0, "its driver goes");
	is(bind_to(name_of(pf), driver), 0, "and comes");
	ok(is_cordoned(), "it is cordoned");
	worked(enable(pf, VFS, "vfio-pci", &why), &why, "ENABLE");
	ok(is_cordoned(), "it is cordoned");
	is(count_state(pf, SRIOV_BROKER_VF_FREE), VFS, "all are free");
	refused(lease(pf, "", &g, &why), EBUSY, &why,
		SRIOV_BROKER_WHY_PF_CORDONED, pf, "and none is leased");
	worked(cordon(pf, SRIOV_BROKER_CORDON_END, &why), &why,
	       "the cordon ends");
	worked(lease(pf, "", &g, &why), &why, "one is leased");
	close(g.fd);
	ok(comes_back(pf), "and back");
}

/* What opens a VF and knows nothing of us. */
static void test_guarded(void)
{
	struct sriov_broker_event e = {};
	struct vfio v, w;

	worked(enable_guarded(pf, VFS, &why), &why, "guarded VFs");
	vf = vf_at(pf, 0);
	is(vfio_open(&v, name_of(vf)), 0, "one is opened");
	worked(cordon(pf, 0, &why), &why, "the PF is cordoned");
	is(state_of(vf), SRIOV_BROKER_VF_LEASED, "it is the opener's");
	is(vfio_open(&w, name_of(vf_at(pf, 1))), EBUSY,
	   "another one is not opened");
	is(events_of(SRIOV_BROKER_EVENT_OPEN_REFUSED, &e), 1,
	   "an event tells that");
	is(e.value, SRIOV_BROKER_WHY_PF_CORDONED, "and why");
	vfio_close(&v);
	ok(comes_back(pf), "closed, the first is free");
	is(vfio_open(&v, name_of(vf)), EBUSY, "and not opened again");
	worked(cordon(pf, SRIOV_BROKER_CORDON_END, &why), &why,
	       "the cordon ends");
	is(vfio_open(&v, name_of(vf)), 0, "it is opened");
	vfio_close(&v);
	ok(comes_back(pf), "and back");
	worked(disable(pf, &why), &why, "they go");
}

/* With the PF, or the module. */
static void test_gone(void)
{
	worked(cordon(pf, 0, &why), &why, "the PF is cordoned");
	is(put(text(SYS_PCI "/%s/remove", name_of(pf)), "1"), 0,
	   "it is removed");
	is(put("/sys/bus/pci/rescan", "1"), 0, "and found again");
	ok(eventually(LONG_MS, !flags_of(pf)), "it is not cordoned");
	ok(eventually(LONG_MS, driver_of(name_of(pf))[0]), "its driver has it");
	worked(cordon(pf, 0, &why), &why, "it is cordoned");
	close(broker);
	remove_module(MODULE "_vfio");
	is(remove_module(MODULE), 0, "the module goes");
	is(insert_module(module_path(), ""), 0, "and comes");
	broker = open(NODE, O_RDWR | O_CLOEXEC);
	ok(!is_cordoned(), "the PF is not cordoned");
}

int main(void)
{
	shared = share(sizeof(*shared));
	steps = &shared->steps;
	pf = need_igb();
	other = need_nvme();
	broker_begin("");
	if (!worked(enable(pf, VFS, "vfio-pci", &why), &why, "VFs"))
		bail("nothing to go on with");
	vf = vf_at(pf, 0);
	test_refused();
	test_all_the_same();
	test_waiters();
	test_leased();
	test_outlasts();
	test_guarded();
	test_gone();
	return done();
}

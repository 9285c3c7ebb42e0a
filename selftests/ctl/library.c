// SPDX-License-Identifier: GPL-2.0-only
/*
 * libsriovbroker as another program has it: its public header, and the shared library.
 * Events, events of leases, a lease without waiting; and programs that were built with
 * older or newer structures than the library.
 */
#define _GNU_SOURCE
#include <poll.h>

#include <sriovbroker.h>

#include "broker.h"

#define NUM 7 /* VFs: more events than one read() brings */

static struct sriov_broker_addr pf;
static struct sriovb *sb;
static char sentence[SRIOVB_ERROR_LEN];

/* What the library says of its last failure. */
static const char *said(const struct sriovb *handle, int err)
{
	return sriovb_strerror(handle, err, sentence, sizeof(sentence));
}

static int readable(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, timeout_ms) == 1 ? p.revents : 0;
}

static void test_open(void)
{
	struct sriov_broker_info info;
	struct sriovb *other = (void *)1;

	is(sriovb_open_path(&other, "/dev/null"), -ENOTTY,
	   "what is no broker is not opened");
	ok(!other && strstr(said(NULL, -ENOTTY), "another ABI"),
	   "there is no handle, but a sentence");
	is(sriovb_open_path(&other, "/dev/no_such"), -ENOENT,
	   "nor what is not");
	is(sriovb_open_path(&other, SRIOVB_DEVICE), 0, "opened by its path");
	ok(fcntl(sriovb_fd(other), F_GETFD) & FD_CLOEXEC,
	   "its descriptor is close-on-exec");
	is(sriovb_info(other, &info), 0, "info");
	is(sriovb_abi(other), SRIOVB_ABI(info.abi_major, info.abi_minor),
	   "the ABI is the module's");
	ok(sriovb_abi(other) >= SRIOVB_ABI(2, 0) &&
		   SRIOVB_ABI(2, 1) > SRIOVB_ABI(2, 0),
	   "and can be compared");
	sriovb_close(other);
}

/* A program that was built with larger structures than the library. */
static void test_sizes(void)
{
	struct {
		struct sriov_broker_info info;
		char more[64];
	} large;
	size_t size = sizeof(struct sriov_broker_pf) + 16;
	char *pfs;
	ssize_t n;

	memset(&large, 0x5a, sizeof(large));
	is(sriovb_info_sized(sb, &large.info, sizeof(large)), 0,
	   "a newer program's info");
	ok(large.info.num_pfs && !large.more[0] && !large.more[63],
	   "is filled, and zeroes what the kernel does not know");
	n = sriovb_list_pfs_sized(sb, NULL, (struct sriov_broker_pf **)&pfs,
				  size);
	ok(n > 1 && same_addr(((struct sriov_broker_pf *)(pfs + size))->addr,
			      find_nvme(0)),
	   "the second of a newer program's PFs is where it looks");
	if (n > 0)
		free(pfs);
}

static void test_events(void)
{
	struct sriov_broker_event event = { 0 };
	unsigned int added = 0, freed = 0, gaps = 0;
	__u64 last = 0;
	int ret;

	is(sriovb_next_event(sb, &event, 0), 0, "nothing has happened");
	is(readable(sriovb_fd(sb), 0), 0, "the descriptor says so, too");
	is(sriovb_enable(sb, &pf, NUM, "vfio-pci", 0), 0, "enable: %s",
	   said(sb, 0));
	is(readable(sriovb_fd(sb), 0), POLLIN, "now it is readable");
	while ((ret = sriovb_next_event(sb, &event, 0)) > 0) {
		gaps += last && event.seq != last + 1;
		last = event.seq;
		added += event.type == SRIOV_BROKER_EVENT_VF_ADDED;
		freed += event.type == SRIOV_BROKER_EVENT_VF_STATE &&
			 event.state == SRIOV_BROKER_VF_FREE;
		if (event.type == SRIOV_BROKER_EVENT_PF_VFS)
			ok(event.value == NUM && event.pid == getpid() &&
				   sriovb_same_addr(&event.pf, &pf),
			   "the PF's event says by which process, and how many");
	}
	is(ret, 0, "in the end there are no more");
	is(added, NUM, "every VF was added once");
	is(freed, NUM, "and became free once");
	is(gaps, 0, "no event was lost between two reads");
	is(readable(sriovb_fd(sb), 0), 0, "and the descriptor is quiet");
	is(sriovb_next_event(sb, &event, 1), 0, "a wait for one ends");
}

static void test_old_event(void)
{
	union {
		struct sriov_broker_event event;
		char bytes[sizeof(struct sriov_broker_event)];
	} old;
	size_t size = offsetof(struct sriov_broker_event, time_ns);
	struct sriov_broker_grant vf;

	if (!is(sriovb_lease(sb, NULL, &vf), 0, "any VF: %s", said(sb, 0)))
		return;
	memset(&old, 0x5a, sizeof(old));
	is(sriovb_next_event_sized(sb, &old.event, size, LONG_MS), 1,
	   "an event for an older program");
	ok(old.event.size == sizeof(old) && old.event.seq &&
		   old.bytes[size] == 0x5a,
	   "has what that knows, and the kernel's size");
	close(vf.fd);
}

/* What is said of a lease that is being taken away, and then is. */
static void test_lease_events(void)
{
	struct sriov_broker_lease_event events[SRIOVB_LEASE_EVENTS];
	struct sriov_broker_lease_event old[2] = { 0 };
	const struct sriov_broker_selector whole = { .dev = pf };
	const struct sriovb_request request = {
		.selectors = &whole,
		.num_selectors = 1,
		.count = 1,
		.numa_node = -1,
		.label = "library",
	};
	struct sriov_broker_lease_info info;
	struct sriov_broker_grant vf;

	if (!is(sriovb_lease(sb, &request, &vf), 0, "one of the PF's: %s",
		said(sb, 0)))
		return;
	is(sriovb_lease_info(vf.fd, &info), 0, "its descriptor tells of it");
	ok(info.id == vf.id && !strcmp(info.label, "library") &&
		   sriovb_same_addr(&info.vf, &vf.vf),
	   "which it is, and what it is for");
	is(sriovb_lease_events(vf.fd, events, SRIOVB_LEASE_EVENTS, 0), 0,
	   "nothing has happened to it");
	is(sriovb_revoke(sb, vf.id, info.instance + 1, 0), -ESTALE,
	   "another load's lease is not revoked");
	ok(!strcmp(sriovb_strreason(sriovb_why(sb)->reason), "other-load"),
	   "and the reason has a name");
	is(sriovb_revoke(sb, vf.id, info.instance, 60000), 0, "a grace");
	is(readable(vf.fd, LONG_MS), POLLIN, "its descriptor is readable");
	is(sriovb_lease_events(vf.fd, events, SRIOVB_LEASE_EVENTS, LONG_MS), 1,
	   "there is one event");
	ok(events[0].type == SRIOV_BROKER_LEASE_EVENT_REVOKING &&
		   events[0].pid == getpid() && events[0].lease_id == vf.id &&
		   !strcmp(sriovb_strcause(events[0].cause), "admin"),
	   "which says what, whose doing, and why");
	is(sriovb_lease_events(vf.fd, events, SRIOVB_LEASE_EVENTS, 0), 0,
	   "and no other");
	sriovb_revoke(sb, vf.id, 0, 30000);
	sriovb_revoke(sb, vf.id, 0, 0);
	is(sriovb_lease_events(vf.fd, events, SRIOVB_LEASE_EVENTS, LONG_MS), 2,
	   "two that came together are two");
	is(events[1].type, SRIOV_BROKER_LEASE_EVENT_REVOKED,
	   "of which the last says that it is over");
	is(sriovb_lease_events(vf.fd, events, SRIOVB_LEASE_EVENTS, 0), -ENODEV,
	   "which it is");
	is(sriovb_lease_info(vf.fd, &info), -ENODEV, "in every respect");
	close(vf.fd);
	if (!is(sriovb_lease(sb, &request, &vf), 0, "once more: %s",
		said(sb, 0)))
		return;
	sriovb_revoke(sb, vf.id, 0, 30000);
	sriovb_revoke(sb, vf.id, 0, 0);
	is(sriovb_lease_events(vf.fd, old, 1, LONG_MS), 1,
	   "with room for one of two it is one");
	is(old[1].size, 0, "and nothing is written behind that");
	close(vf.fd);
}

static bool all_free(void)
{
	struct sriov_broker_vf *vfs;
	ssize_t n = sriovb_list_vfs(sb, &pf, &vfs);
	ssize_t i, num = 0;

	for (i = 0; i < n; i++)
		num += vfs[i].state == SRIOV_BROKER_VF_FREE;
	if (n > 0)
		free(vfs);
	return num == NUM;
}

/* A program that has other things to do while no VF is free. */
static void test_try_lease(void)
{
	struct sriovb_request request = { .count = NUM, .numa_node = -1 };
	struct sriov_broker_grant all[NUM], vf;
	struct sriovb *other;
	unsigned int i;
	int err;

	ok(eventually(LONG_MS, all_free()), "all VFs are free");
	if (!is(sriovb_lease(sb, &request, all), 0, "all: %s", said(sb, 0)) ||
	    !is(sriovb_open(&other), 0, "another handle"))
		return;
	is(sriovb_try_lease(other, NULL, &vf), -EAGAIN, "none is left");
	is(sriovb_why(other)->reason, SRIOV_BROKER_WHY_POOL_EMPTY,
	   "the reason is the kernel's");
	ok(!strcmp(said(other, -EAGAIN), "no VF is free"), "said: %s",
	   sentence);
	is(readable(sriovb_fd(other), 0), 0, "to try again is not worth it");
	close(all[NUM - 1].fd);
	/* Told by the descriptor alone: no time passes otherwise. */
	do
		err = readable(sriovb_fd(other), LONG_MS) == POLLIN ?
			      sriovb_try_lease(other, NULL, &vf) :
			      -ETIMEDOUT;
	while (err == -EAGAIN);
	is(err, 0, "a VF that came back is leased: %s", said(other, err));
	ok(!err && same_addr(vf.vf, all[NUM - 1].vf), "it is that one");
	if (!err)
		close(vf.fd);
	for (i = 0; i < NUM - 1; i++)
		close(all[i].fd);
	sriovb_close(other);
}

/* A newer program asks for what the library has never heard of. */
static void test_new_request(void)
{
	struct {
		struct sriovb_request request;
		unsigned long more;
	} newer = { .request = { .count = 1, .numa_node = -1 } };
	const size_t selector = sizeof(struct sriov_broker_selector);
	struct sriov_broker_addr no_pf;
	struct sriov_broker_grant vf;

	ok(eventually(LONG_MS, all_free()), "all VFs are free again");
	if (is(sriovb_lease_sized(sb, &newer.request, sizeof(newer), selector,
				  &vf, sizeof(vf)),
	       0, "a newer request that says nothing new"))
		close(vf.fd);
	newer.more = 1;
	no_pf = vf_at(pf, 0);
	is(sriovb_enable(sb, &no_pf, 1, NULL, 0), -EINVAL, "a VF is no PF");
	is(sriovb_lease_sized(sb, &newer.request, sizeof(newer), selector, &vf,
			      sizeof(vf)),
	   -E2BIG, "and a request that does");
	ok(!sriovb_strreason(sriovb_why(sb)->reason) &&
		   !strstr(said(sb, -E2BIG), "PF"),
	   "said, not what was wrong before: %s", sentence);
}

static void test_sentences(void)
{
	struct sriov_broker_addr vf = vf_at(pf, 0);
	int err = sriovb_enable(sb, &vf, 1, NULL, 0);

	is(err, -EINVAL, "a VF is no PF");
	ok(sriovb_same_addr(sriovb_subject(sb), &vf), "it is about the VF");
	ok(strstr(said(sb, err), "where a PF is wanted"), "said: %s", sentence);
	err = sriovb_enable(sb, &pf, 0, NULL, 0);
	is(err, -EINVAL, "no VFs");
	ok(!strstr(said(sb, err), "sriovctl"), "said: %s", sentence);
}

int main(void)
{
	pf = find_igb(0);
	if (same_addr(pf, no_addr))
		bail("the machine has no igb PF");
	broker_begin("");
	if (!is(sriovb_open(&sb), 0, "open"))
		return done();
	test_open();
	test_sizes();
	test_events();
	test_old_event();
	test_lease_events();
	test_try_lease();
	test_new_request();
	test_sentences();
	ok(eventually(LONG_MS, all_free()), "no VF is left out");
	is(sriovb_disable(sb, &pf, 0, 0), 0, "disable: %s", said(sb, 0));
	sriovb_close(sb);
	return done();
}

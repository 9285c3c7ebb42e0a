/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A child of the test that opens VFs, in step with it, and what it tells of that.
 */
#ifndef SELFTESTS_CHILD_H
#define SELFTESTS_CHILD_H

#include <signal.h>

#include "broker.h"
#include "steps.h"

static struct shared {
	struct steps steps;
	int err[8];
	pid_t pid;
	__u64 id;
} *shared;

static inline void children_begin(void)
{
	shared = share(sizeof(*shared));
	steps = &shared->steps;
}

/* A child process that does @fn, and ends with what that returns. */
static inline pid_t child(int (*fn)(void))
{
	pid_t pid;

	fflush(stdout);
	memset(shared, 0, sizeof(*shared));
	pid = fork();
	if (!pid)
		_exit(fn());
	return pid;
}

/* A child that opens a guarded VF of a PF by @fn, tells in err[0], and waits at step 1, dies. */
static inline void opener_dies(struct sriov_broker_addr pf,
			       struct sriov_broker_addr vf, int (*fn)(void))
{
	pid_t pid = child(fn);

	ok(comes_to_step(1) && !shared->err[0], "another process opens it");
	is(vf_now(vf).lease_pid, pid, "and is its holder");
	kill(pid, SIGKILL);
	ends(pid);
	ok(comes_back(pf), "killed, it has let go");
}

#endif /* SELFTESTS_CHILD_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A test and its child keep in step: the child says how far it has come, and goes no
 * further than the test lets it.
 */
#ifndef SELFTESTS_STEPS_H
#define SELFTESTS_STEPS_H

#include <sys/mman.h>
#include <sys/wait.h>

#include "sysfs.h"
#include "tap.h"

/* Memory that the test shares with its children, all zero. */
static inline void *share(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		bail("mmap: %m");
	return at;
}

struct steps {
	int step; /* how far it has come */
	int go;	  /* how far it may go */
};

/* In memory that the test shares with its child; the test sets it. */
static struct steps *steps;

static inline bool comes_to_step(int step)
{
	return eventually(LONG_MS, __atomic_load_n(&steps->step,
						   __ATOMIC_SEQ_CST) >= step);
}

static inline void at_step(int step)
{
	__atomic_store_n(&steps->step, step, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&steps->go, __ATOMIC_SEQ_CST) < step)
		usleep(1000);
}

static inline void let_go(int step)
{
	__atomic_store_n(&steps->go, step, __ATOMIC_SEQ_CST);
}

/* A child's exit status; 128 and the signal: it was killed. */
static inline int ends(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif /* SELFTESTS_STEPS_H */

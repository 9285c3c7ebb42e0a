// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel does to its end once it has begun: VFs that are switched on or off, or
 * move to another driver. It may take seconds, and no signal stops it half-way. A signal
 * ends the wait for it, and then that is said; so a thread waits, and is given up.
 */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/complain.h"
#include "base/progress.h"
#include "base/wait.h"
#include "cli/aside.h"

struct aside {
	int (*work)(const void *ctx);
	const void *ctx;
	int ret;
	int done[2]; /* a pipe, closed at its end */
};

static void *run(void *arg)
{
	struct aside *a = arg;

	a->ret = a->work(a->ctx);
	close(a->done[1]);
	return NULL;
}

int aside(int (*work)(const void *ctx), const void *ctx, const char *pf)
{
	/* The thread may outlive this call, though not for long. */
	static struct aside a;
	pthread_t thread;

	a = (struct aside){ .work = work, .ctx = ctx };
	/* Before there is a thread: it is not to get them. */
	wait_catch_signals();
	/* Memory of its own would take longer to set up than it does to start. */
	mallopt(M_ARENA_MAX, 1);
	if (pipe2(a.done, O_CLOEXEC))
		return work(ctx);
	if (pthread_create(&thread, NULL, run, &a)) {
		close(a.done[0]);
		close(a.done[1]);
		return work(ctx);
	}
	if (!wait_input(a.done[0])) {
		pthread_join(thread, NULL);
		progress_end();
		return a.ret;
	}
	fail(EXIT_REFUSED, pf,
	     "interrupted; the kernel goes on with what it has begun" REMEDY
	     "to see how far it is: sriovctl list");
	report_rest();
	fflush(stdout);
	_exit(EXIT_REFUSED);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to start sriovctl, beside a program that does nothing. Each command is
 * one that ends at once: what is measured is the program, not the work.
 *
 *	start ROUNDS
 */
#define _GNU_SOURCE
#include <spawn.h>

#include "bench.h"
#include "tuned.h"

#define WANTED 1.3

static char pf_name[24];

static const struct {
	const char *name;
	const char *words[6];
	bool fails;
} commands[] = {
	/* The first is what the others are compared with. */
	{ "true", { "true" }, false },
	{ "start of sriovctl list", { "sriovctl", "list", pf_name }, false },
	{ "start of sriovctl enable, refused",
	  { "sriovctl", "enable", pf_name, "0" },
	  true },
	{ "start of sriovctl lease, refused",
	  { "sriovctl", "lease", pf_name, "--", "true" },
	  true },
	{ "start of sriovctl attach, no monitor",
	  { "sriovctl", "attach", "--qmp", "/run/none", pf_name },
	  true },
};

#define NUM (sizeof(commands) / sizeof(commands[0]))

static struct series taken[NUM];

/* Both outputs to nowhere. */
static posix_spawn_file_actions_t quiet;

static void run(unsigned int i)
{
	double start = now_us();
	int status, err;
	pid_t pid;

	err = posix_spawnp(&pid, commands[i].words[0], &quiet, NULL,
			   (char **)commands[i].words, environ);
	if (err || waitpid(pid, &status, 0) < 0)
		bail("%s: %s", commands[i].words[0], strerror(err ?: errno));
	add(&taken[i], now_us() - start);
	if (!WIFEXITED(status))
		bail("%s: no exit", commands[i].name);
	if (!WEXITSTATUS(status) == commands[i].fails)
		bail("%s: ended with %d", commands[i].name,
		     WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 100;
	struct sriov_broker_addr pf = need_igb();
	unsigned int i;
	int round;

	strcpy(pf_name, name_of(pf));
	posix_spawn_file_actions_init(&quiet);
	for (i = 1; i <= 2; i++)
		posix_spawn_file_actions_addopen(&quiet, i, "/dev/null",
						 O_WRONLY, 0);
	broker_begin("");
	for (round = 0; round < rounds; round++)
		for (i = 0; i < NUM; i++)
			run(i);
	for (i = 1; i < NUM; i++)
		row(commands[i].name, &taken[i], "true", &taken[0], AT_MOST,
		    WANTED);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl maintenance: a command that wants a PF without VFs, such as a flash tool, while
 * guests run. Cordon, guests to other PFs, VFs off, the command, VFs as before, guests
 * back, uncordon.
 *
 * What fails, or is told to stop, is undone as far as it can be. A guest's exchange of VFs,
 * and what undoes, are cut short by the second signal only; that leaves guests where they
 * are. How far it is stands in /run (conf/halfway.h): a run after one that was killed goes
 * on from there.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/complain.h"
#include "base/json.h"
#include "base/progress.h"
#include "base/wait.h"
#include "cli/args.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"
#include "conf/carry.h"
#include "conf/halfway.h"
#include "conf/save.h"
#include "guest/find.h"
#include "guest/move.h"
#include "guest/plug.h"
#include "guest/unplug.h"

/* How long a PF may take to come back, with its driver, when the command has ended. */
#define COME_BACK_MS 30000
#define POLL_MS	     200

enum {
	OPT_TO,
	OPT_BACK,
	OPT_VFS,
	OPT_TIMEOUT
};

static const struct opt options[] = {
	[OPT_TO] = { "to", 'T', "PF,...", "where to (other PFs of the kind)" },
	[OPT_BACK] = { "back", 0, NULL, "move the guests back in the end" },
	[OPT_VFS] = { "vfs", 0, "N", "so many VFs then (as many as before)" },
	[OPT_TIMEOUT] = { "timeout", 't', "S", "ask a guest for so long (30)" },
	{ 0 },
};

struct maintenance {
	const struct args *args;
	struct sriovb *sb;
	struct sriov_broker_pf pf; /* as it was found */
	char name[SRIOVB_ADDR_LEN];
	struct destination away;
	unsigned int vfs; /* with --vfs */
	struct halfway half;
	struct json_object *back; /* for programs */
	int status;		  /* of the command; -1: it was not run */
	int told;		  /* to stop, so often */
};

/* So often, and it leaves guests where they are. */
#define TOLD_TWICE 2

/* ---- the PF ---- */

static int look(struct maintenance *m, struct sriov_broker_pf *pf)
{
	struct sriov_broker_pf *pfs;
	ssize_t n = sriovb_list_pfs(m->sb, &m->away.from, &pfs);

	if (n < 0)
		return refused(m->sb, n);
	*pf = pfs[0];
	free(pfs);
	return 0;
}

/* One of ours is none. */
static const char *own_driver(const struct sriov_broker_pf *pf)
{
	return strcmp(pf->driver, "sriov_broker_pf") ? pf->driver : "";
}

static int cordon(struct maintenance *m, unsigned int flags)
{
	int err = sriovb_cordon(m->sb, &m->away.from, flags);

	return err ? refused(m->sb, err) : 0;
}

/* A signal that came while none was waited for counts as well. */
static int is_told(struct maintenance *m)
{
	m->told += wait_forget();
	return m->told;
}

static int told_to_stop(struct maintenance *m)
{
	return is_told(m) ? fail(EXIT_REFUSED, m->name, "interrupted") : 0;
}

/* The guest is not to be left without a VF by the first signal. */
static int move_one(struct maintenance *m, const struct destination *to,
		    const struct guest *guest)
{
	int ret;

	wait_spare(!m->told);
	ret = move_vf(to, m->sb, guest);
	wait_spare(0);
	is_told(m);
	return ret;
}

/* ---- guests, away and back ---- */

static int is_noted(const struct maintenance *m, const struct guest *g)
{
	size_t i, n = json_object_array_length(m->half.guests);

	for (i = 0; i < n; i++) {
		struct json_object *obj =
			json_object_array_get_idx(m->half.guests, i);
		struct json_object *pid, *id;

		/* A second signal may have come while it was asked for its id. */
		if (json_object_object_get_ex(obj, "pid", &pid) &&
		    json_object_object_get_ex(obj, "id", &id) &&
		    json_object_get_int(pid) == g->pid &&
		    (!g->id[0] || !strcmp(json_object_get_string(id), g->id)))
			return 1;
	}
	return 0;
}

/* Before one is moved, so that it is known afterwards. */
static int note_guests(struct maintenance *m, const struct guest *guests,
		       ssize_t n)
{
	ssize_t i;

	for (i = 0; i < n; i++) {
		struct json_object *obj;

		if (!guests[i].id[0] || is_noted(m, &guests[i]))
			continue;
		obj = json_object_new_object();
		json_number(obj, "pid", guests[i].pid);
		json_text(obj, "id", guests[i].id);
		json_object_array_add(m->half.guests, obj);
	}
	return halfway_write(&m->half);
}

/* What no guest has can't be moved: better known before one is. */
static int check_others(struct maintenance *m, const struct guest *guests,
			ssize_t num_guests)
{
	struct sriov_broker_vf *vfs;
	ssize_t n, i, g;
	int ret = 0;

	unplug_await_all(m->sb);
	n = sriovb_list_vfs(m->sb, &m->away.from, &vfs);
	if (n < 0)
		return refused(m->sb, n);
	for (i = 0; i < n; i++) {
		for (g = 0; g < num_guests; g++)
			if (sriovb_same_addr(&guests[g].vf.addr, &vfs[i].addr))
				break;
		if (g == num_guests && vfs[i].state != SRIOV_BROKER_VF_HOST &&
		    vfs[i].state != SRIOV_BROKER_VF_OPEN &&
		    complain_of_use(&vfs[i]))
			ret = EXIT_BUSY;
	}
	free(vfs);
	return ret;
}

static int move_all(struct maintenance *m, const struct guest *guests,
		    ssize_t n)
{
	ssize_t i;
	int ret = 0;

	if (n && !m->away.num_to)
		return fail(EXIT_NOT_FOUND, m->name,
			    "there is no other PF with VFs to go to" REMEDY
			    "enable some, or detach the guests' VFs");
	for (i = 0; i < n && !ret; i++) {
		ret = told_to_stop(m);
		if (!ret)
			ret = move_one(m, &m->away, &guests[i]);
	}
	return ret;
}

static int move_away(struct maintenance *m)
{
	struct guest *guests;
	ssize_t n;
	int ret;

	n = guests_find(m->sb, &m->away.from, m->away.opts.timeout_s * 1000,
			&guests);
	if (n < 0)
		return refused(m->sb, n);
	ret = check_others(m, guests, n);
	if (!ret)
		ret = note_guests(m, guests, n);
	if (!ret)
		ret = move_all(m, guests, n);
	guests_free(guests, n);
	return ret;
}

static int leave(const struct maintenance *m, const struct guest *g)
{
	char vf[SRIOVB_ADDR_LEN];
	const struct failure failure = {
		.code = EXIT_PARTLY,
		.subject = sriovb_format_addr(&g->vf.addr, vf),
		.lease = g->vf.lease_id,
		.pid = g->pid,
	};

	if (!g->id[0])
		return fail_with(
			&failure,
			"interrupted: left with guest \"%s\", process %d" REMEDY
			"to see what it has: sriovctl guests",
			g->name, g->pid);
	return fail_with(
		&failure,
		"interrupted: left with guest \"%s\", process %d" REMEDY
		"to move it back: sriovctl swap %s %s %s --to %s",
		g->name, g->pid, g->domain[0] ? "--libvirt" : "--qmp",
		g->domain[0] ? g->domain : g->monitor, g->id, m->name);
}

/* Those that are still there. */
static int move_back(struct maintenance *m)
{
	struct destination to = {
		.to = { { .dev = m->away.from } },
		.num_to = 1,
		.lease_flags = SRIOV_BROKER_LEASE_CORDONED,
		.moved = m->back,
		.opts = m->away.opts,
	};
	struct outcome outcome = { 0 };
	struct guest *guests;
	ssize_t n, i;

	if (!m->args->opt[OPT_BACK] ||
	    !json_object_array_length(m->half.guests))
		return 0;
	is_told(m);
	wait_spare(!m->told);
	n = guests_find(m->sb, NULL, m->away.opts.timeout_s * 1000, &guests);
	wait_spare(0);
	if (n < 0)
		return refused(m->sb, n);
	for (i = 0; i < n; i++)
		if (is_noted(m, &guests[i]) &&
		    !sriovb_same_addr(&guests[i].vf.pf, &m->away.from))
			outcome_add(&outcome,
				    is_told(m) < TOLD_TWICE ?
					    move_one(m, &to, &guests[i]) :
					    leave(m, &guests[i]));
	guests_free(guests, n);
	return outcome.code ? EXIT_PARTLY : 0;
}

/* ---- VFs, off and on ---- */

/* Can a file say how it is? */
static int check_pf(struct maintenance *m)
{
	struct json_object *array;
	struct sriov_broker_vf *vfs;
	ssize_t n = sriovb_list_vfs(m->sb, &m->pf.addr, &vfs);
	int ret;

	if (n < 0)
		return refused(m->sb, n);
	array = json_object_new_array();
	ret = conf_save(array, NAME_ADDRESS, &m->pf, vfs, n);
	json_object_put(array);
	free(vfs);
	return ret;
}

static int write_down(struct maintenance *m)
{
	struct sriov_broker_pf pf;
	struct sriov_broker_vf *vfs;
	ssize_t n;
	int ret = look(m, &pf);

	if (ret)
		return ret;
	n = sriovb_list_vfs(m->sb, &pf.addr, &vfs);
	if (n < 0)
		return refused(m->sb, n);
	ret = halfway_write_pf(&m->half, &pf, vfs, n);
	free(vfs);
	return ret;
}

/* The command may have reloaded its driver, or had the bus looked through anew. */
static int await_pf(struct maintenance *m)
{
	int64_t deadline = now_ms() + COME_BACK_MS;
	struct sriov_broker_pf *pfs;
	int there = 0;

	do {
		ssize_t n = sriovb_list_pfs(m->sb, &m->away.from, &pfs);

		there = n == 1 &&
			(own_driver(&pfs[0])[0] || !m->half.driver[0]);
		if (n >= 0)
			free(pfs);
		if (there)
			return cordon(m, 0);
	} while (now_ms() < deadline && !wait_ms(POLL_MS));
	return fail(EXIT_NOT_FOUND, m->name,
		    m->half.driver[0] ?
			    "it is not back, with a driver as before, %s" :
			    "it is not back%s",
		    m->half.driver);
}

/* Of fewer VFs than before. */
static void cut(struct conf_pf *pf, unsigned int vfs)
{
	size_t i, n = 0;

	pf->vfs = vfs;
	for (i = 0; i < pf->num_nets; i++)
		if (pf->nets[i].runs[0].first < vfs)
			pf->nets[n++] = pf->nets[i];
	pf->num_nets = n;
}

static int apply(struct maintenance *m, const struct conf_pf *entry)
{
	struct job job = { .entry = entry, .pf = m->away.from };
	struct sriov_broker_info info;
	int err = sriovb_info(m->sb, &info), ret;

	strcpy(job.name, m->name);
	info.driver[sizeof(info.driver) - 1] = '\0';
	if (!err)
		err = job_plan(m->sb, &job, info.driver);
	ret = err ? refused(m->sb, err) : 0;
	if (!ret && job.num_changes)
		ret = job_carry_out(m->sb, &job);
	job_free(&job);
	return ret;
}

/* Attributes of VFs that were leased are the admin's again. */
static int take_off(struct maintenance *m)
{
	const struct conf_pf none = { .vfs = 0 };
	int ret;

	unplug_await_all(m->sb);
	ret = told_to_stop(m);
	if (!ret)
		ret = write_down(m);
	if (!ret)
		ret = apply(m, &none);
	return ret ? ret : told_to_stop(m);
}

/* @as_told: with the number of --vfs, if there is one */
static int bring_back(struct maintenance *m, int as_told)
{
	struct conf conf = { 0 };
	int ret = await_pf(m);

	if (ret)
		return ret;
	conf_read(&conf, m->half.conf);
	if (conf.errors.count || conf.num_pfs != 1) {
		ret = EXIT_REFUSED;
	} else {
		if (as_told && m->args->opt[OPT_VFS])
			cut(&conf.pfs[0], m->vfs);
		ret = apply(m, &conf.pfs[0]);
	}
	conf_free(&conf);
	return ret;
}

/* ---- the command ---- */

/* In the child, which has the lock as long as it runs: what comes next waits for it. */
static void exec_command(const struct maintenance *m)
{
	char **words = m->args->rest;
	sigset_t none;

	fcntl(m->half.lock, F_SETFD, 0);
	setenv("SRIOV_PF", m->name, 1);
	/* Standard output is for our document. */
	if (m->args->json)
		dup2(STDERR_FILENO, STDOUT_FILENO);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(words[0], words);
	_exit(fail(errno == ENOENT ? EXIT_NO_COMMAND : EXIT_NOT_RUN, words[0],
		   "%s", strerror(errno)));
}

/* Told to stop, it is told; it may have to go on for a while all the same. */
static int await_command(struct maintenance *m, pid_t child)
{
	int fd = syscall(SYS_pidfd_open, child, 0);
	int status;

	while (fd >= 0 && wait_input(fd) == -EINTR)
		kill(child, SIGTERM);
	/* However often: it was the command that took its time. */
	m->told = wait_forget() > 0;
	if (fd >= 0)
		close(fd);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_REFUSED;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

static int run_command(struct maintenance *m)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child < 0)
		return fail(EXIT_REFUSED, m->args->rest[0], "%s",
			    strerror(errno));
	if (!child)
		exec_command(m);
	command_ran = 1;
	m->status = await_command(m, child);
	if (m->status)
		return fail(m->status, m->args->rest[0], "ended with status %d",
			    m->status);
	m->half.ran = 1;
	return halfway_write(&m->half);
}

/* ---- the whole ---- */

static int is_stale(const struct maintenance *m)
{
	return !(m->pf.flags & SRIOV_BROKER_PF_FLAG_CORDONED) && m->pf.num_vfs;
}

/* What an admin has put right by hand. */
static void give_up(struct maintenance *m)
{
	note(m->name,
	     "has VFs and is not cordoned: what an earlier maintenance has left is given up");
	halfway_forget(&m->half);
	m->half.ran = m->half.is_on = 0;
	json_object_put(m->half.guests);
	m->half.guests = json_object_new_array();
}

static int begin_anew(struct maintenance *m)
{
	int ret;

	/* One that was killed at its end may have left the other file. */
	halfway_forget(&m->half);
	ret = check_pf(m);
	if (ret)
		return ret;
	m->half.was_cordoned = !!(m->pf.flags & SRIOV_BROKER_PF_FLAG_CORDONED);
	snprintf(m->half.driver, sizeof(m->half.driver), "%.*s",
		 SRIOV_BROKER_NAME_LEN - 1, own_driver(&m->pf));
	ret = halfway_write(&m->half);
	if (!ret)
		ret = cordon(m, 0);
	if (ret)
		halfway_forget(&m->half);
	return ret;
}

static int begin(struct maintenance *m)
{
	int ret = look(m, &m->pf);

	if (ret)
		return ret;
	if (m->args->opt[OPT_VFS] && m->vfs > m->pf.total_vfs)
		return fail(EXIT_REFUSED, m->name,
			    "%u VFs are wanted, it can have %u", m->vfs,
			    m->pf.total_vfs);
	if (m->half.is_there && is_stale(m))
		give_up(m);
	if (!m->half.is_there)
		return begin_anew(m);
	note(m->name, "going on with an earlier maintenance%s",
	     m->half.ran ? ", whose command has run" : "");
	return cordon(m, 0);
}

static int end(struct maintenance *m)
{
	if (m->half.was_cordoned)
		note(m->name,
		     "stays cordoned, as it was" REMEDY
		     "to end that: sriovctl uncordon %s",
		     m->name);
	else if (cordon(m, SRIOV_BROKER_CORDON_END))
		return EXIT_PARTLY;
	halfway_forget(&m->half);
	return 0;
}

/* Return: @code, or EXIT_PARTLY if not all could be undone */
static int undo(struct maintenance *m, int code)
{
	int ret = 0;

	wait_spare(!is_told(m));
	if (halfway_has_pf(&m->half))
		ret = bring_back(m, 0);
	wait_spare(0);
	if (ret)
		return fail(
			EXIT_PARTLY, m->name,
			"it stays cordoned, and its VFs are not as they were" REMEDY
			"to go on: the same command again; what they were: %s",
			m->half.conf);
	ret = move_back(m);
	if (end(m) || ret)
		return EXIT_PARTLY;
	return code;
}

static int forward(struct maintenance *m)
{
	int ret = 0;

	if (!m->half.ran) {
		ret = move_away(m);
		if (!ret)
			ret = take_off(m);
		if (!ret)
			ret = run_command(m);
	}
	if (!ret && !m->half.is_on)
		ret = bring_back(m, 1);
	if (ret)
		return ret;
	/* From here on guests may have some, with attributes of theirs. */
	m->half.is_on = 1;
	return halfway_write(&m->half);
}

static int maintain(struct maintenance *m)
{
	int ret = begin(m), back;

	if (ret)
		return ret;
	ret = forward(m);
	if (ret)
		return undo(m, ret);
	back = move_back(m);
	ret = end(m);
	return ret ? ret : back;
}

static int tell(struct maintenance *m, int code)
{
	struct sriov_broker_pf pf = { 0 };
	struct json_object *document;
	int ret = look(m, &pf);

	if (!m->args->json) {
		if (!code && !ret)
			printf("%s has %u VFs\n", m->name, pf.num_vfs);
		return code;
	}
	document = json_document();
	json_text(document, "pf", m->name);
	json_number(document, "num_vfs", pf.num_vfs);
	json_object_object_add(
		document, "cordoned",
		json_object_new_boolean(pf.flags &
					SRIOV_BROKER_PF_FLAG_CORDONED));
	json_object_object_add(document, "status",
			       m->status < 0 ? NULL :
					       json_object_new_int(m->status));
	json_object_object_add(document, "moved",
			       json_object_get(m->away.moved));
	json_object_object_add(document, "back", json_object_get(m->back));
	ret = json_print(document);
	return code ? code : ret;
}

static int locked(struct maintenance *m)
{
	int ret = 0;

	if (!m->away.num_to)
		ret = destination_find(m->sb, &m->away);
	if (!ret)
		ret = halfway_open(&m->half, m->name);
	if (ret)
		return ret;
	ret = maintain(m);
	halfway_close(&m->half);
	return tell(m, ret);
}

static int run(const struct args *args)
{
	struct maintenance m = {
		.args = args,
		.away.opts = { UNPLUG_TIMEOUT_S, !!args->opt[OPT_TIMEOUT] },
		.status = -1,
	};
	int ret = parse_device(args, args->word[0], &m.away.from);

	if (!ret && !args->rest)
		ret = bad_usage(args, "which command?" REMEDY
				      "put it behind --, true for none");
	if (!ret && args->opt[OPT_TIMEOUT])
		ret = parse_number(args, "--timeout", args->opt[OPT_TIMEOUT], 1,
				   PLUG_MAX_TIMEOUT_S, &m.away.opts.timeout_s);
	if (!ret && args->opt[OPT_VFS])
		ret = parse_number(args, "--vfs", args->opt[OPT_VFS], 0, 65535,
				   &m.vfs);
	if (!ret && args->opt[OPT_TO])
		ret = destination_parse(args, args->opt[OPT_TO], &m.away);
	if (!ret)
		ret = open_broker(&m.sb);
	if (ret)
		return ret;
	sriovb_format_addr(&m.away.from, m.name);
	wait_catch_signals();
	if (args->json) {
		m.away.moved = json_object_new_array();
		m.back = json_object_new_array();
	}
	ret = locked(&m);
	json_object_put(m.away.moved);
	json_object_put(m.back);
	sriovb_close(m.sb);
	return ret;
}

const struct cmd cmd_maintenance = {
	.name = "maintenance",
	.words = "PF",
	.min_words = 1,
	.max_words = 1,
	.rest = "-- COMMAND ...",
	.help = "Run a command that wants a PF without VFs, guests running.",
	.opts = options,
	.run = run,
};

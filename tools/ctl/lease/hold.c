// SPDX-License-Identifier: GPL-2.0-only
/*
 * Until when leases are held: while a command runs, or until end of input or a
 * signal; and not beyond their end, should they be revoked. Their descriptors
 * stay here, close-on-exec: when this process ends, however it does, the kernel
 * takes the VFs back.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/complain.h"
#include "cli/args.h"
#include "lease/hold.h"

/* How often to look whether a terminal is ours again. */
#define TERMINAL_POLL_MS 1000

static int signals = -1;
static sigset_t old_mask;

/* What our caller has us ignore, as nohup does, stays ignored. */
static void add_signal(sigset_t *set, int signal)
{
	struct sigaction action;

	if (!sigaction(signal, NULL, &action) && action.sa_handler != SIG_IGN)
		sigaddset(set, signal);
}

int hold_signals(void)
{
	sigset_t set;

	/* But for this one: without it a child's end could not be awaited. */
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&set);
	add_signal(&set, SIGINT);
	add_signal(&set, SIGTERM);
	add_signal(&set, SIGHUP);
	add_signal(&set, SIGQUIT);
	add_signal(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old_mask);
	/* Read from a terminal in the background is an error, not a stop. */
	signal(SIGTTIN, SIG_IGN);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return signals < 0 ? fail(EXIT_REFUSED, NULL, "signalfd: %s",
				  strerror(errno)) :
			     0;
}

/* ---- leases that end ---- */

static const char *cause_of(const struct sriov_broker_lease_event *event)
{
	switch (event->cause) {
	case SRIOV_BROKER_LEASE_CAUSE_ADMIN:
		return "an admin revokes it";
	case SRIOV_BROKER_LEASE_CAUSE_DISABLE:
		return "its PF is being disabled";
	case SRIOV_BROKER_LEASE_CAUSE_PF:
		return "its PF goes";
	case SRIOV_BROKER_LEASE_CAUSE_VF:
		return "it left the bus";
	case SRIOV_BROKER_LEASE_CAUSE_VF_ERROR:
		return "it has reported a PCIe error";
	case SRIOV_BROKER_LEASE_CAUSE_PF_ERROR:
		return "its PF has had a PCIe error";
	case SRIOV_BROKER_LEASE_CAUSE_PF_RESET:
		return "its PF was reset";
	}
	return "no cause given";
}

static unsigned long long seconds_until(unsigned long long deadline_ns)
{
	struct timespec ts;
	unsigned long long now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = ts.tv_sec * 1000000000ULL + ts.tv_nsec;
	return deadline_ns > now ?
		       (deadline_ns - now + 999999999) / 1000000000 :
		       0;
}

static void fail_end(const struct sriov_broker_grant *grant, const char *vf,
		     const char *cause)
{
	fail_with(&(struct failure){ .code = EXIT_REFUSED,
				     .subject = vf,
				     .reason = "lease-ended",
				     .lease = grant->id },
		  "lease %llu has ended%s%s", (unsigned long long)grant->id,
		  cause ? ": " : "", cause ? cause : "");
}

enum end {
	LASTS,
	ENDING,
	ENDED
};

/*
 * For one that the command has as well: the event is its to read, and
 * to read one that it has taken would be to wait for the next. POLLPRI is
 * of those alone that tell of the end.
 */
static enum end look_at_lease(const struct sriov_broker_grant *grant,
			      struct pollfd *fd)
{
	int over = fd->revents & (POLLHUP | POLLERR | POLLNVAL);
	char addr[SRIOVB_ADDR_LEN];

	sriovb_format_addr(&grant->vf, addr);
	if (over)
		fail_end(grant, addr, NULL);
	else
		note(addr, "lease %llu is being revoked",
		     (unsigned long long)grant->id);
	/* Once is enough; its end is told in any case. */
	fd->events = 0;
	return over ? ENDED : ENDING;
}

static const char *seen(const struct sriov_broker_lease_event *event)
{
	switch (event->fault) {
	case SRIOV_BROKER_FAULT_NONE:
		return "nothing is to be seen of that";
	case SRIOV_BROKER_FAULT_SILENT:
		return "it does not answer any more";
	case SRIOV_BROKER_FAULT_STATE_LOST:
		return "it has lost what its driver had set up";
	}
	return "it is not well";
}

/* What has happened to a lease, put into words. */
static enum end tell_event(const struct sriov_broker_grant *grant,
			   const struct sriov_broker_lease_event *event)
{
	char addr[SRIOVB_ADDR_LEN];

	sriovb_format_addr(&grant->vf, addr);
	if (event->type == SRIOV_BROKER_LEASE_EVENT_REVOKING) {
		note(addr, "lease %llu ends in %llu s: %s",
		     (unsigned long long)grant->id,
		     seconds_until(event->deadline_ns), cause_of(event));
		return ENDING;
	}
	if (event->type == SRIOV_BROKER_LEASE_EVENT_DISTURBED)
		note(addr, "lease %llu goes on, but %s: %s",
		     (unsigned long long)grant->id, cause_of(event),
		     seen(event));
	if (event->type != SRIOV_BROKER_LEASE_EVENT_REVOKED)
		return LASTS;
	fail_end(grant, addr, cause_of(event));
	return ENDED;
}

/* A record is as long as it says, and may be longer than we know. */
static enum end read_events(const struct sriov_broker_grant *grant)
{
	char records[SRIOV_BROKER_EVENT_ROOM];
	struct sriov_broker_lease_event event;
	ssize_t n = read(grant->fd, records, sizeof(records)), at;
	enum end end, worst = LASTS;

	if (n <= 0)
		return n < 0 && errno == EAGAIN ? LASTS : ENDED;
	for (at = 0; n - at >= (ssize_t)sizeof(event); at += event.size) {
		memcpy(&event, records + at, sizeof(event));
		end = tell_event(grant, &event);
		if (end > worst)
			worst = end;
	}
	return worst;
}

/* fds: one of the signals, one of standard input, then those of the leases. */
enum {
	FD_SIGNALS,
	FD_INPUT,
	FD_LEASES
};

static struct pollfd *make_fds(const struct held *held, int input)
{
	struct pollfd *fds = calloc(FD_LEASES + held->count, sizeof(*fds));
	unsigned int i;

	if (!fds) {
		no_memory();
		return NULL;
	}
	fds[FD_SIGNALS] = (struct pollfd){ .fd = signals, .events = POLLIN };
	fds[FD_INPUT] = (struct pollfd){ .fd = input, .events = POLLIN };
	for (i = 0; i < held->count; i++)
		fds[FD_LEASES + i] = (struct pollfd){
			.fd = held->grants[i].fd,
			.events = held->inherit ? POLLPRI : POLLIN,
		};
	return fds;
}

/* The worst that has happened to any of the leases. */
static enum end check_leases(const struct held *held, struct pollfd *fds)
{
	enum end worst = LASTS;
	unsigned int i;

	for (i = 0; i < held->count; i++) {
		struct pollfd *fd = &fds[FD_LEASES + i];
		enum end end = LASTS;

		if (fd->revents && held->inherit)
			end = look_at_lease(&held->grants[i], fd);
		else if (fd->revents)
			end = read_events(&held->grants[i]);
		if (end > worst)
			worst = end;
	}
	return worst;
}

/* A terminal that is another job's just now; it may be ours again. */
static int is_in_background(void)
{
	pid_t foreground = tcgetpgrp(STDIN_FILENO);

	return foreground >= 0 && foreground != getpgrp();
}

/* Throw input away. Return: 1 if it has ended */
static int drain_input(struct pollfd *fd)
{
	char buf[4096];
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));

	if (n >= 0)
		return !n;
	if (errno == EIO && is_in_background()) {
		fd->fd = -1;
		return 0;
	}
	return errno != EINTR && errno != EAGAIN;
}

/* The end of a child of the program that we replaced is no reason. */
static int is_told_to_end(void)
{
	struct signalfd_siginfo info;
	int told = 0;

	while (read(signals, &info, sizeof(info)) == sizeof(info))
		told |= info.ssi_signo != SIGCHLD;
	return told;
}

/* As in a unit, from cron, under nohup: that was not meant. */
static void warn_of_input(void)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };

	if (poll(&fd, 1, 0) == 1 && drain_input(&fd))
		note(NULL,
		     "standard input is at its end, and with that the lease ends now" REMEDY
		     "to hold it until a signal comes: --hold");
}

int hold(const struct held *held)
{
	const int in = held->no_input ? -1 : STDIN_FILENO;
	struct pollfd *fds = make_fds(held, in);
	struct pollfd *input = fds + FD_INPUT;
	int ret = -1;
	int n;

	if (!fds)
		return EXIT_REFUSED;
	if (!held->no_input)
		warn_of_input();
	while (ret < 0) {
		n = poll(fds, FD_LEASES + held->count,
			 input->fd != in ? TERMINAL_POLL_MS : -1);
		if (n < 0)
			continue;
		input->fd = in;
		if (check_leases(held, fds) == ENDED)
			ret = EXIT_REFUSED;
		else if ((fds[FD_SIGNALS].revents && is_told_to_end()) ||
			 (input->revents && drain_input(input)))
			ret = 0;
	}
	free(fds);
	return ret;
}

/* ---- a command ---- */

/* @word with every {} replaced by @vfs; the caller's to free. */
static char *fill_in(const char *word, const char *vfs)
{
	size_t len = strlen(vfs);
	char *text = malloc(strlen(word) * (len / 2 + 1) + 1);
	char *end = text;

	if (!text)
		return NULL;
	while (*word) {
		if (word[0] == '{' && word[1] == '}') {
			memcpy(end, vfs, len);
			end += len;
			word += 2;
		} else {
			*end++ = *word++;
		}
	}
	*end = '\0';
	return text;
}

int could_not_run(const char *program, int error)
{
	command_ran = 1;
	return fail(error == ENOENT ? EXIT_NO_COMMAND : EXIT_NOT_RUN, program,
		    "%s", strerror(error));
}

/* Of all words; those that are put in their place stay. Return: 0 or an exit code */
static int fill_in_all(const struct held *held, char **words)
{
	char *vfs = lease_addresses(held, ',');
	int ret = vfs ? 0 : no_memory();

	for (; !ret && *words; words++) {
		*words = fill_in(*words, vfs);
		if (!*words)
			ret = no_memory();
	}
	free(vfs);
	return ret;
}

/* In the child. Its parent has the document that an error goes to. */
static void exec_command(const struct held *held, char **words, int why)
{
	int error;

	leases_to_environment(held);
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	signal(SIGTTIN, SIG_DFL);
	execvp(words[0], words);
	error = errno;
	_exit(write(why, &error, sizeof(error)) == sizeof(error) ?
		      EXIT_NOT_RUN :
		      EXIT_REFUSED);
}

/*
 * A command must not outlive its VF: unless it has the lease itself, it dies
 * with us.
 */
static void die_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_REFUSED);
}

/* @why: a pipe's end, where the child says why it could not run the command. */
static pid_t start_command(const struct held *held, char **words, int *why)
{
	pid_t parent = getpid();
	pid_t child = -1;
	int fds[2];

	fflush(stdout);
	if (!pipe2(fds, O_CLOEXEC)) {
		*why = fds[0];
		child = fork();
	}
	if (!child) {
		if (!held->inherit)
			die_with_parent(parent);
		exec_command(held, words, fds[1]);
	}
	if (child < 0)
		fail(EXIT_REFUSED, words[0], "%s", strerror(errno));
	if (*why >= 0)
		close(fds[1]);
	command_ran = child > 0;
	return child;
}

/* As a shell has it; or the child, whose end it was, could not run the command. */
static int exit_code(const char *program, int why, int status)
{
	int error;

	if (read(why, &error, sizeof(error)) == sizeof(error))
		return could_not_run(program, error);
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

/*
 * Pass on what was sent to us alone. What a terminal sends (from the kernel)
 * the command has got as well; its hangup goes to a session's leader only, though,
 * and may be we.
 */
static void pass_signals(pid_t child)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD &&
		    (info.ssi_code <= 0 || info.ssi_signo == SIGHUP))
			kill(child, info.ssi_signo);
}

/* A lease that ends is the command's end: by request first, then by force. */
static void end_command(pid_t child, enum end end)
{
	if (end == ENDING)
		kill(child, SIGTERM);
	else if (end == ENDED)
		kill(child, SIGKILL);
}

int hold_for(const struct held *held, char **words)
{
	struct pollfd *fds = make_fds(held, -1);
	nfds_t num_fds = FD_LEASES + held->count;
	int ret = EXIT_REFUSED;
	pid_t child = -1;
	enum end end;
	int status, why = -1;

	if (fds && !fill_in_all(held, words))
		child = start_command(held, words, &why);
	while (child > 0) {
		pid_t ended = waitpid(child, &status, WNOHANG);

		if (ended == child)
			ret = exit_code(words[0], why, status);
		if (ended)
			break;
		if (poll(fds, num_fds, -1) < 0)
			continue;
		pass_signals(child);
		/* Once it is being killed leases are of no interest any more. */
		if (num_fds == FD_LEASES)
			continue;
		end = check_leases(held, fds);
		end_command(child, end);
		if (end == ENDED)
			num_fds = FD_LEASES;
	}
	if (why >= 0)
		close(why);
	free(fds);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Show something again each time something has happened. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/terminal.h"
#include "cli/report.h"
#include "cli/watch.h"

/* One thing seldom happens alone: what comes within this time is shown at once... */
#define SETTLE_MS   50
/* ... but not later than this. */
#define PATIENCE_MS 500

#define HOME	  "\033[H"
#define WIPE_ALL  "\033[2J"
#define WIPE_LINE "\033[K"
#define WIPE_REST "\033[J"

static volatile sig_atomic_t resized;
static sigset_t open_mask; /* while waiting */

static void note_resize(int signal)
{
	resized = signal;
}

static void catch_resize(void)
{
	struct sigaction action = { .sa_handler = note_resize };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, &open_mask);
	sigaction(SIGWINCH, &action, NULL);
	/* A reader that goes is no failure. */
	signal(SIGPIPE, SIG_IGN);
}

/* ---- when ---- */

static int reader_is_gone(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	return poll(&out, 1, 0) > 0 && out.revents & (POLLERR | POLLHUP);
}

/* Return: 0, 1: the reader has gone, or -errno */
static int wait_for_news(struct sriovb *sb)
{
	struct pollfd fds[] = {
		{ .fd = sriovb_fd(sb), .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};
	int n = ppoll(fds, 2, NULL, &open_mask);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return !!(fds[1].revents & (POLLERR | POLLHUP));
}

/* Return: 0 or -errno */
static int take_events(struct sriovb *sb)
{
	struct sriov_broker_event event;
	int64_t until = now_ms() + PATIENCE_MS;
	int n;

	do
		n = sriovb_next_event(sb, &event, resized ? 0 : SETTLE_MS);
	while (n > 0 && now_ms() < until);
	return n < 0 && n != -EINTR ? n : 0;
}

static int follow(struct sriovb *sb, int (*draw)(void *ctx), void *ctx)
{
	/* Listen first: what happens from here on is told. */
	int err = take_events(sb);
	int ret;

	while (!err) {
		ret = draw(ctx);
		fflush(stdout);
		if (ret || ferror(stdout))
			return ret;
		err = wait_for_news(sb);
		if (err > 0)
			return 0;
		if (!err)
			err = take_events(sb);
	}
	return refused(sb, err);
}

int watch(struct sriovb *sb, int (*draw)(void *ctx), void *ctx)
{
	int ret;

	catch_resize();
	ret = follow(sb, draw, ctx);
	if (!ret && reader_is_gone()) {
		__fpurge(stdout);
		clearerr(stdout);
	}
	return ret;
}

/* ---- what ---- */

static unsigned int count_lines(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void draw_over(const char *text)
{
	unsigned int lines = count_lines(text), rows = terminal_height();
	/* The cursor needs one, and what is left out another. */
	unsigned int shown = rows > 2 && lines >= rows ? rows - 2 : lines;
	unsigned int i;

	fputs(HOME, stdout);
	for (i = 0; i < shown; i++) {
		int len = strcspn(text, "\n");

		printf("%.*s" WIPE_LINE "\n", len, text);
		text += len + 1;
	}
	if (shown < lines)
		printf("... and %u more" WIPE_LINE "\n", lines - shown);
	fputs(WIPE_REST, stdout);
}

void watch_show(char **last, char *text)
{
	int again = *last && !strcmp(*last, text);

	if (isatty(STDOUT_FILENO)) {
		if (!*last)
			fputs(WIPE_ALL, stdout);
		if (!again || resized)
			draw_over(text);
	} else if (!again) {
		printf("%s%s", *last ? "\n" : "", text);
	}
	resized = 0;
	free(*last);
	*last = text;
}

// SPDX-License-Identifier: GPL-2.0-only
/* The terminal that standard output is, if it is one. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/terminal.h"

static struct winsize size(void)
{
	struct winsize size = { 0 };

	if (isatty(STDOUT_FILENO))
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	return size;
}

int terminal_width(void)
{
	return size().ws_col;
}

int terminal_height(void)
{
	return size().ws_row;
}

int terminal_has_colors(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && no_color[0]) && term &&
	       strcmp(term, "dumb");
}

/* Bytes of a character, or of a whole colour. @columns: what it takes there */
static size_t next_char(const char *text, int *columns)
{
	wchar_t c;
	int n = mbtowc(&c, text, MB_CUR_MAX);

	*columns = 0;
	if (text[0] == '\033')
		return strcspn(text, "m") + 1;
	*columns = n > 0 ? wcwidth(c) : 1;
	if (*columns < 0) /* not of this locale */
		*columns = 1;
	return n > 0 ? n : 1;
}

size_t terminal_take(const char *text, int max, int *columns)
{
	const char *p = text;

	*columns = 0;
	while (*p) {
		int more;
		size_t n = next_char(p, &more);

		if (*columns + more > max)
			break;
		*columns += more;
		p += n;
	}
	return p - text;
}

int terminal_columns(const char *text)
{
	int columns;

	terminal_take(text, INT_MAX, &columns);
	return columns;
}

void terminal_fit(char *text, int width)
{
	char *to = text, *end = text;
	int at = 0;

	while (*text) {
		int columns;
		size_t n = next_char(text, &columns);

		if (*text == '\n') {
			to = end;
			at = columns = 0;
		}
		at += columns;
		/* What takes no room, as the end of a colour, stays. */
		if (!columns || !width || at <= width) {
			memmove(to, text, n);
			to += n;
			if (*text != ' ')
				end = to;
		}
		text += n;
	}
	*end = '\0';
}

// SPDX-License-Identifier: GPL-2.0-only
/* Words of strangers, and what sriovctl says of a refusal besides the library. */
#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/nearest.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cli/advice.h"
#include "internal.h"

/* Whatever it is, of the same length, and nothing for a terminal to do. */
static void strangers(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "web1 \xc3\xa4\xe2\x82\xac", "web1 \xc3\xa4\xe2\x82\xac" },
		{ "\x1b[2J\t\n\r\x7f", "?[2J????" },
		{ "C1: \xc2\x9b"
		  "31m \x9b"
		  "31m",
		  "C1: ??31m ?31m" },
		{ "\xc2\xa0", "\xc2\xa0" },
		{ "cut: \xe2\x82", "cut: ??" },
		{ "\xc0\x9b\xed\xa0\x80\xff", "??????" },
		{ "", "" },
	};
	char text[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strcpy(text, cases[i].in);
		assert_string_equal(printable(text), cases[i].out);
	}
	strcpy(text, "\x1b \x9b");
	assert_string_equal(utf8(text), "\x1b ?");
}

static void advices(void **state)
{
	struct sriovb sb = {
		.asked = { .dev = { .bdf = 0x100, .valid = 1 } },
	};
	char buf[ADVICE_LEN];

	(void)state;
	assert_null(advice(&sb, -EBUSY, buf));
	assert_string_equal(advice(&sb, -EAGAIN, buf), "see sriovctl list");
	sb.why.reason = SRIOV_BROKER_WHY_NO_VFS;
	assert_string_equal(advice(&sb, -EINVAL, buf),
			    "to take them away: sriovctl disable 0000:01:00.0");
	sb.why.reason = SRIOV_BROKER_WHY_QUARANTINED;
	sb.why.dev = (struct sriov_broker_addr){ .bdf = 0x101, .valid = 1 };
	assert_string_equal(
		advice(&sb, -EBUSY, buf),
		"to try its reset again: sriovctl reset 0000:01:00.1");
	sb.why.reason = SRIOV_BROKER_WHY_TOO_MANY;
	sb.why.value = 7;
	assert_string_equal(advice(&sb, -EINVAL, buf), "ask for 7 or fewer");
	sb.why.reason = 1000;
	assert_null(advice(&sb, -EBUSY, buf));
	assert_string_equal(advice(NULL, -ENOENT, buf),
			    "load the module: modprobe sriov_broker");
	assert_non_null(advice(NULL, -EPROTONOSUPPORT, buf));
}

/* The one that was meant, and none where that is anybody's guess. */
static void nearest_word(void **state)
{
	static const char *const words[] = { "attach", "detach",  "list",
					     "lease",  "timeout", "to" };
	static const struct {
		const char *typed, *meant;
	} cases[] = {
		{ "atach", "attach" },
		{ "lsit", "list" },
		{ "tiemout", "timeout" },
		{ "leas", "lease" },
		{ "deatch", "detach" },
		{ "lost", "list" },
		{ "xyzzy", NULL },
		{ "", NULL },
		{ "a-word-that-is-longer-than-any-option-can-be", NULL },
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nearest nearest = { .to = cases[i].typed };

		for (j = 0; j < sizeof(words) / sizeof(words[0]); j++)
			nearest_try(&nearest, words[j]);
		if (cases[i].meant)
			assert_string_equal(nearest.found, cases[i].meant);
		else
			assert_null(nearest.found);
	}
}

/* Whole characters, as many as have room; colours end even where their word is cut. */
static void fit(void **state)
{
	static const struct {
		const char *in;
		int width;
		const char *out;
	} cases[] = {
		{ "a  \nb   c \n  ", 0, "a\nb   c\n" },
		{ "abc\n", 3, "abc\n" },
		{ "abcd\nef\n", 3, "abc\nef\n" },
		{ "ab cd\n", 3, "ab\n" },
		{ "\u251c\u2500ab\n", 3, "\u251c\u2500a\n" },
		{ "\u4e2d\u6587x\n", 3, "\u4e2d\n" },
		{ "a\x1b[32mfree\x1b[0mx\n", 3, "a\x1b[32mfr\x1b[0m\n" },
		{ "", 3, "" },
	};
	char text[64];
	size_t i;

	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strcpy(text, cases[i].in);
		terminal_fit(text, cases[i].width);
		assert_string_equal(text, cases[i].out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strangers),
		cmocka_unit_test(advices),
		cmocka_unit_test(nearest_word),
		cmocka_unit_test(fit),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only
/* Sentences about what the broker refuses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "internal.h"

#define LAST_REASON SRIOV_BROKER_WHY_NET_LOST

static const char *sentence(struct sriovb *sb, char *text)
{
	return sriovb_strerror(sb, -EXDEV, text, SRIOVB_ERROR_LEN);
}

/* Whatever can be the matter has words of its own. */
static void every_reason(void **state)
{
	struct sriovb sb = {
		.request = { .dev = { .bdf = 0x100, .valid = 1 }, .number = 9 },
		.why = { .value = 7, .lease_id = 5 },
	};
	char text[SRIOVB_ERROR_LEN];
	unsigned int reason;

	(void)state;
	for (reason = 1; reason <= LAST_REASON; reason++) {
		sb.why.reason = reason;
		sentence(&sb, text);
		if (!strncmp(text, "0000:01:00.0: ", 14) && strlen(text) > 20 &&
		    !strstr(text, strerror(EXDEV)))
			continue;
		print_error("reason %u: %s\n", reason, text);
		fail();
	}
	sb.why.reason = LAST_REASON + 1;
	assert_non_null(strstr(sentence(&sb, text), strerror(EXDEV)));
}

static void no_reason(void **state)
{
	struct sriovb sb = { .request = {
				     .dev = { .bdf = 0x100, .valid = 1 } } };
	char text[SRIOVB_ERROR_LEN];

	(void)state;
	assert_string_equal(sriovb_strerror(&sb, -EPERM, text, sizeof(text)),
			    "0000:01:00.0: this needs root (CAP_SYS_ADMIN)");
	assert_string_equal(sriovb_strerror(&sb, EPERM, text, 10), "0000:01:0");
	assert_non_null(
		strstr(sriovb_strerror(NULL, -ENOENT, text, sizeof(text)),
		       "modprobe sriov_broker"));
}

/* The author of a label has no say in what a terminal does. */
static void labels(void **state)
{
	struct sriovb sb = {
		.why = { .reason = SRIOV_BROKER_WHY_LEASED,
			 .dev = { .bdf = 0x100, .valid = 1 },
			 .lease_id = 5,
			 .label = "a\x1b[31m\x7f\n",
			 .pid = 3 },
	};
	char text[SRIOVB_ERROR_LEN];

	(void)state;
	assert_string_equal(
		sentence(&sb, text),
		"0000:01:00.0: leased as lease 5 \"a?[31m??\" by process 3; "
		"it comes back when that process ends or gives it back");
}

/* Whatever it is, of the same length, and nothing for a terminal to do. */
static void printable(void **state)
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
		assert_string_equal(sriovb_printable(text), cases[i].out);
	}
	strcpy(text, "\x1b \x9b");
	assert_string_equal(sriovb_utf8(text), "\x1b ?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason),
		cmocka_unit_test(no_reason),
		cmocka_unit_test(labels),
		cmocka_unit_test(printable),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}

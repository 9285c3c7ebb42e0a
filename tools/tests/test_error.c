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

#define LAST_REASON SRIOV_BROKER_WHY_PF_CORDONED

static const char *sentence(struct sriovb *sb, char *text)
{
	return sriovb_strerror(sb, -EXDEV, text, SRIOVB_ERROR_LEN);
}

/* Whatever can be the matter has words of its own. */
static void every_reason(void **state)
{
	struct sriovb sb = {
		.asked = { .dev = { .bdf = 0x100, .valid = 1 }, .number = 9 },
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

/* It is the caller that waits too often, or all users together. */
static void queue_full(void **state)
{
	struct sriovb sb = { .why = { .reason = SRIOV_BROKER_WHY_QUEUE_FULL,
				      .value = 7 } };
	char text[SRIOVB_ERROR_LEN];

	(void)state;
	assert_non_null(strstr(sentence(&sb, text),
			       "you wait as often as you may, with 7"));
	sb.why.value = 0;
	assert_null(strstr(sentence(&sb, text), "you wait"));
	assert_non_null(strstr(text, "too many requests wait"));
}

static void no_reason(void **state)
{
	struct sriovb sb = { .asked = { .dev = { .bdf = 0x100, .valid = 1 } } };
	char text[SRIOVB_ERROR_LEN];

	(void)state;
	assert_string_equal(sriovb_strerror(&sb, -EPERM, text, sizeof(text)),
			    "0000:01:00.0: this needs root (CAP_SYS_ADMIN)");
	assert_string_equal(sriovb_strerror(&sb, EPERM, text, 10), "0000:01:0");
	assert_string_equal(sriovb_strerror(NULL, -ENOENT, text, sizeof(text)),
			    "not there");
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
		"0000:01:00.0: leased as lease 5 \"a?[31m??\" by process 3");
}

/* As scripts know it, each another. */
static void reason_names(void **state)
{
	unsigned int reason, other;

	(void)state;
	assert_null(sriovb_strreason(SRIOV_BROKER_WHY_NONE));
	for (reason = 1; reason <= LAST_REASON; reason++) {
		assert_non_null(sriovb_strreason(reason));
		for (other = 1; other < reason; other++)
			assert_string_not_equal(sriovb_strreason(reason),
						sriovb_strreason(other));
	}
	assert_string_equal(sriovb_strreason(LAST_REASON + 1), "?");
}

/* What to do is the program's to say, which is not our tool. */
static void no_advice(void **state)
{
	struct sriovb sb = { .asked = { .dev = { .bdf = 0x100, .valid = 1 } } };
	char text[SRIOVB_ERROR_LEN];

	(void)state;
	for (; sb.why.reason <= LAST_REASON; sb.why.reason++) {
		sriovb_strerror(&sb, -EAGAIN, text, sizeof(text));
		assert_null(strstr(text, "sriovctl"));
		assert_null(strstr(text, "--"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason), cmocka_unit_test(queue_full),
		cmocka_unit_test(no_reason),	cmocka_unit_test(labels),
		cmocka_unit_test(reason_names), cmocka_unit_test(no_advice),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}

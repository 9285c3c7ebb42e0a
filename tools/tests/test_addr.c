// SPDX-License-Identifier: GPL-2.0-only
/* Addresses and ranges, as text. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#undef fail /* ours is another */

#include "base/complain.h"
#include "cli/args.h"
#include "cli/report.h"
#include "cli/target.h"
#include "host/netinfo.h"

/* What is not linked here: no name is that of an interface. */
int netinfo_device(const char *name, struct sriov_broker_addr *dev)
{
	(void)name;
	(void)dev;
	return -ENODEV;
}

int netinfo_elsewhere(char *pf)
{
	(void)pf;
	return 0;
}

/* Others' parts, which are not linked here. */
int fail(int code, const char *subject, const char *fmt, ...)
{
	(void)subject;
	(void)fmt;
	return code;
}

int no_memory(void)
{
	return EXIT_REFUSED;
}

int exit_code_of(int error)
{
	(void)error;
	return EXIT_REFUSED;
}

int refused(const struct sriovb *sb, int error)
{
	(void)sb;
	(void)error;
	return EXIT_REFUSED;
}

int bad_usage(const struct args *args, const char *fmt, ...)
{
	(void)args;
	(void)fmt;
	return EXIT_USAGE;
}

static void addresses(void **state)
{
	static const struct {
		const char *text;
		unsigned int domain;
		unsigned int bdf;
		const char *full;
	} good[] = {
		{ "0000:01:00.0", 0, 0x100, "0000:01:00.0" },
		{ "01:00.0", 0, 0x100, "0000:01:00.0" },
		{ "1:0.7", 0, 0x107, "0000:01:00.7" },
		{ "ff:1F.7", 0, 0xffff, "0000:ff:1f.7" },
		{ "10000:e1:00.0", 0x10000, 0xe100, "10000:e1:00.0" },
		{ "ffffffff:ff:1f.7", 0xffffffff, 0xffff, "ffffffff:ff:1f.7" },
	};
	struct sriov_broker_addr addr;
	char buf[SRIOVB_ADDR_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(sriovb_parse_addr(good[i].text, &addr), 0);
		assert_int_equal(addr.domain, good[i].domain);
		assert_int_equal(addr.bdf, good[i].bdf);
		assert_int_equal(addr.valid, 1);
		assert_string_equal(sriovb_format_addr(&addr, buf),
				    good[i].full);
	}
}

static void no_addresses(void **state)
{
	static const char *const bad[] = {
		"",
		":",
		"01",
		"01:00",
		"01:00.",
		"01:00.8",
		"01:20.0",
		"001:00.0",
		"01:00.00",
		"g1:00.0",
		"01:00.0 ",
		" 01:00.0",
		"0000:01:00.0:",
		"0000:0000:01:00.0",
		"123456789:01:00.0",
		"01:00.0#1",
		"eth0",
		"-1:00.0",
		"0x1:00.0",
		"01:+0.0",
	};
	struct sriov_broker_addr addr;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(sriovb_parse_addr(bad[i], &addr), -EINVAL);
}

static void ranges(void **state)
{
	struct run runs[4];

	(void)state;
	assert_int_equal(parse_range("0", runs, 4), 1);
	assert_int_equal(runs[0].first, 0);
	assert_int_equal(runs[0].count, 1);
	assert_int_equal(parse_range("0,2-5,65535", runs, 4), 3);
	assert_int_equal(runs[1].first, 2);
	assert_int_equal(runs[1].count, 4);
	assert_int_equal(runs[2].first, 65535);
	assert_int_equal(runs[2].count, 1);
	assert_int_equal(parse_range("1,2,3,4", runs, 4), 4);
	assert_int_equal(parse_range("1,2,3,4,5", runs, 4), -E2BIG);
}

static void no_ranges(void **state)
{
	static const char *const bad[] = {
		"",
		",",
		"1,",
		",1",
		"1,,2",
		"-1",
		"1-",
		"5-2",
		"1-2-3",
		"65536",
		"99999999999999999999",
		"0-99999999999",
		"a",
		"1 ",
		"0x1",
		"1;2",
	};
	struct run runs[4];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse_range(bad[i], runs, 4), -EINVAL);
}

static void targets(void **state)
{
	struct sriov_broker_selector selectors[SRIOV_BROKER_MAX_SELECTORS];
	struct args args = { 0 };
	struct target target;

	(void)state;
	assert_int_equal(parse_target(&args, "01:00.0#0,2-5", &target), 0);
	assert_int_equal(target.dev.bdf, 0x100);
	assert_int_equal(target_selectors(&target, selectors), 2);
	assert_int_equal(selectors[1].first, 2);
	assert_int_equal(selectors[1].count, 4);
	assert_true(target_has_index(&target, 0));
	assert_false(target_has_index(&target, 1));
	assert_true(target_has_index(&target, 5));
	assert_false(target_has_index(&target, 6));

	assert_int_equal(target_count(&target), 5);
	assert_int_equal(parse_target(&args, "01:00.0#0-2,1,2-3", &target), 0);
	assert_int_equal(target_count(&target), 4);

	assert_int_equal(parse_target(&args, "01:00.0", &target), 0);
	assert_int_equal(target_selectors(&target, selectors), 1);
	assert_int_equal(selectors[0].count, 0);
	assert_true(target_has_index(&target, 65535));

	assert_int_equal(parse_target(&args, "01:00.0#", &target), EXIT_USAGE);
	assert_int_equal(parse_target(&args, "00:00.0", &target), EXIT_REFUSED);
	assert_int_equal(parse_target(&args, "#1", &target), EXIT_NOT_FOUND);
	assert_int_equal(parse_target(&args, "no-such-if0", &target),
			 EXIT_NOT_FOUND);
	assert_int_equal(parse_device(&args, "01:00.0#1", &target.dev),
			 EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses), cmocka_unit_test(no_addresses),
		cmocka_unit_test(ranges),    cmocka_unit_test(no_ranges),
		cmocka_unit_test(targets),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only
/* A VF's network attributes, as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#undef fail /* ours is another */

#include "base/complain.h"
#include "cli/args.h"
#include "cli/netattr.h"

static const struct args args;

/* Others' parts, which are not linked here. */
int no_memory(void)
{
	return EXIT_REFUSED;
}

void report_add_to(struct json_object *document)
{
	(void)document;
}

int bad_usage(const struct args *unused, const char *fmt, ...)
{
	(void)unused;
	(void)fmt;
	return EXIT_USAGE;
}

int parse_number(const struct args *unused, const char *what, const char *text,
		 unsigned int min, unsigned int max, unsigned int *number)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	(void)unused;
	(void)what;
	*number = value;
	return *end || end == text || value < min || value > max ? EXIT_USAGE :
								   0;
}

/* What is parsed is shown as the same words. */
static void there_and_back(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		const char *shown;
		uint64_t value;
	} good[] = {
		{ "mac", "02:00:00:00:00:0a", "02:00:00:00:00:0a",
		  0x02000000000a },
		{ "mac", "FE:DC:BA:98:76:54", "fe:dc:ba:98:76:54",
		  0xfedcba987654 },
		{ "mac", "none", "none", 0 },
		{ "mac", "00:00:00:00:00:00", "none", 0 },
		{ "vlan", "0", "0", 0 },
		{ "vlan", "4094", "4094", 4094 },
		{ "qos", "7", "7", 7 },
		{ "proto", "802.1q", "802.1Q", 0x8100 },
		{ "proto", "802.1AD", "802.1ad", 0x88a8 },
		{ "spoofchk", "on", "on", 1 },
		{ "trust", "off", "off", 0 },
		{ "state", "auto", "auto", 0 },
		{ "state", "enable", "enable", 1 },
		{ "state", "disable", "disable", 2 },
		{ "min-rate", "10", "10", 10 },
		{ "max-rate", "100000", "100000", 100000 },
		{ "rss-query", "on", "on", 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int attr = netattr_find(good[i].name);
		struct netattrs attrs = { 0 };
		char text[NETATTR_TEXT];

		assert_true(attr >= 0);
		assert_string_equal(netattr_name(attr), good[i].name);
		assert_int_equal(
			netattr_parse(&args, attr, good[i].text, &attrs), 0);
		assert_int_equal(attrs.has, 1U << attr);
		assert_int_equal(attrs.value[attr], good[i].value);
		assert_string_equal(netattr_text(&attrs, attr, text),
				    good[i].shown);
	}
}

static void refused_values(void **state)
{
	static const struct {
		enum netattr attr;
		const char *text;
	} bad[] = {
		{ NETATTR_MAC, "" },
		{ NETATTR_MAC, "02:00:00:00:00" },
		{ NETATTR_MAC, "02:00:00:00:00:0a:0b" },
		{ NETATTR_MAC, "02:00:00:00:00:0x" },
		{ NETATTR_MAC, "02:00:00:00:00:100" },
		{ NETATTR_MAC, "01:00:5e:00:00:01" },
		{ NETATTR_MAC, "ff:ff:ff:ff:ff:ff" },
		{ NETATTR_MAC, "2:0:0:0:0:1" },
		{ NETATTR_MAC, "020:00:00:00:0:01" },
		{ NETATTR_MAC, "0200:00:00:000:01" },
		{ NETATTR_MAC, "10.0.0.1" },
		{ NETATTR_MAC, "eth0" },
		{ NETATTR_VLAN, "4095" },
		{ NETATTR_QOS, "8" },
		{ NETATTR_PROTO, "802.1X" },
		{ NETATTR_TRUST, "" },
		{ NETATTR_TRUST, "1" },
		{ NETATTR_STATE, "up" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct netattrs attrs = { 0 };

		assert_int_equal(netattr_parse(&args, bad[i].attr, bad[i].text,
					       &attrs),
				 EXIT_USAGE);
	}
	assert_int_equal(netattr_find("color"), -1);
	assert_int_equal(netattr_find(""), -1);
	assert_int_equal(netattr_find("ma"), -1);
}

/* @mac, @vlan, @net: as in the table of a command that has them from 2 on */
static int options(const char *mac, const char *vlan, const char *net,
		   struct netattrs *attrs)
{
	struct args some = { .opt = { "x", "y", mac, vlan, net } };

	return netattr_from_options(&some, 2, 1, attrs);
}

static void from_options(void **state)
{
	struct netattrs attrs;

	(void)state;
	assert_int_equal(options(NULL, NULL, NULL, &attrs), 0);
	assert_int_equal(attrs.has, 0);
	assert_int_equal(options("02:00:00:00:00:01", "5",
				 "qos=3,trust=on,max-rate=100", &attrs),
			 0);
	assert_true(netattr_has(&attrs, NETATTR_MAC));
	assert_int_equal(attrs.value[NETATTR_VLAN], 5);
	assert_int_equal(attrs.value[NETATTR_QOS], 3);
	assert_int_equal(attrs.value[NETATTR_TRUST], 1);
	assert_int_equal(attrs.value[NETATTR_MAX_RATE], 100);
	assert_false(netattr_has(&attrs, NETATTR_STATE));

	assert_int_equal(options(NULL, "5", "vlan=5", &attrs), EXIT_USAGE);
	assert_int_equal(options(NULL, NULL, "trust", &attrs), EXIT_USAGE);
	assert_int_equal(options(NULL, NULL, "trust=on,", &attrs), EXIT_USAGE);
	assert_int_equal(options(NULL, NULL, "", &attrs), EXIT_USAGE);
	assert_int_equal(options(NULL, NULL, "=on", &attrs), EXIT_USAGE);
	assert_int_equal(options(NULL, NULL, "color=red", &attrs), EXIT_USAGE);
}

static void as_json(void **state)
{
	struct json_object *obj = json_object_new_object();
	struct netattrs attrs;

	(void)state;
	assert_int_equal(
		options("none", "5",
			"proto=802.1ad,trust=on,state=enable,min-rate=7",
			&attrs),
		0);
	netattr_json(obj, &attrs);
	assert_string_equal(
		json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN),
		"{\"mac\":null,\"vlan\":5,\"proto\":\"802.1ad\",\"trust\":true,"
		"\"state\":\"enable\",\"min_rate\":7}");
	json_object_put(obj);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(refused_values),
		cmocka_unit_test(from_options),
		cmocka_unit_test(as_json),
	};

	return cmocka_run_group_tests_name("netattr", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only
/* Netlink messages, put together and taken apart again; and those that are broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "netlink.h"

#define TEXT   1
#define NUMBER 2
#define LIST   3
#define MAX    3

static const uint32_t head = 0x12345678, number = 77;

static void make(struct netlink_msg *msg)
{
	size_t list;

	netlink_begin(msg, 16, 0, &head, sizeof(head));
	netlink_put_text(msg, TEXT, "eth0");
	list = netlink_nest(msg, LIST);
	netlink_put(msg, NUMBER, &number, sizeof(number));
	netlink_put_text(msg, TEXT, "second");
	netlink_nest_end(msg, list);
	netlink_put(msg, NUMBER, &number, sizeof(number));
}

static void apart(void **state)
{
	const struct nlattr *tb[MAX + 1], *in[MAX + 1], *attr;
	struct netlink_msg msg;
	char text[16];

	(void)state;
	make(&msg);
	assert_int_equal(msg.overflow, 0);
	netlink_attrs(&msg.head, sizeof(head), tb, MAX);
	netlink_text(tb[TEXT], text, sizeof(text));
	assert_string_equal(text, "eth0");
	netlink_text(tb[TEXT], text, 3);
	assert_string_equal(text, "et");
	assert_int_equal(netlink_u32(tb[NUMBER], 0), 77);
	assert_int_equal(netlink_u64(tb[NUMBER], 5), 5);
	assert_null(netlink_data(tb[NUMBER], 5));
	netlink_nested(tb[LIST], in, MAX);
	assert_int_equal(netlink_u32(in[NUMBER], 0), 77);
	netlink_text(in[TEXT], text, sizeof(text));
	assert_string_equal(text, "second");
	attr = netlink_next(tb[LIST], NULL);
	assert_ptr_equal(attr, in[NUMBER]);
	attr = netlink_next(tb[LIST], attr);
	assert_ptr_equal(attr, in[TEXT]);
	assert_null(netlink_next(tb[LIST], attr));
	netlink_nested(NULL, in, MAX);
	assert_null(in[TEXT]);
	netlink_text(NULL, text, sizeof(text));
	assert_string_equal(text, "");
}

static void full(void **state)
{
	struct netlink_msg msg;
	int i;

	(void)state;
	make(&msg);
	for (i = 0; i < NETLINK_ROOM; i++)
		netlink_put(&msg, NUMBER, &number, sizeof(number));
	assert_true(msg.overflow);
	assert_in_range(msg.head.nlmsg_len, NETLINK_ROOM - 16, NETLINK_ROOM);
}

/* Cut anywhere, and with any length anywhere, nothing behind the end is read. */
static void broken(void **state)
{
	const struct nlattr *tb[MAX + 1], *in[MAX + 1], *attr;
	struct netlink_msg msg;
	struct nlmsghdr *cut;
	size_t len, at;
	int value;

	(void)state;
	make(&msg);
	for (len = sizeof(*cut); len <= msg.head.nlmsg_len; len++)
		for (at = sizeof(*cut); at + 2 <= len; at += 2)
			for (value = 0; value < 64; value += 3) {
				uint16_t word = value < 60 ? value : 0xffff;

				/* Exactly so long, for valgrind and ASan. */
				cut = malloc(len);
				assert_non_null(cut);
				memcpy(cut, &msg, len);
				cut->nlmsg_len = len;
				memcpy((char *)cut + at, &word, sizeof(word));
				netlink_attrs(cut, sizeof(head), tb, MAX);
				netlink_nested(tb[LIST], in, MAX);
				for (attr = NULL;
				     (attr = netlink_next(tb[LIST], attr));)
					assert_true((const char *)attr +
							    attr->nla_len <=
						    (char *)cut + len);
				free(cut);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(apart),
		cmocka_unit_test(full),
		cmocka_unit_test(broken),
	};

	return cmocka_run_group_tests_name("netlink", tests, NULL, NULL);
}

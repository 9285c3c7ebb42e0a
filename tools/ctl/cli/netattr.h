/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a PF's network driver does for a VF: its MAC, VLAN and so on. They are
 * the PF's, also while a guest or the host has the VF.
 */
#ifndef CLI_NETATTR_H
#define CLI_NETATTR_H

#include <stdint.h>

#include <json-c/json.h>

#include "cli/args.h"
#include "host/netinfo.h"

#define NETATTR_TEXT 24 /* room for any value */

/* "mac"; as in JSON, with '_' for '-'. */
const char *netattr_name(enum netattr attr);

/* One of the words that may be its value. NULL: it has not so many */
const char *netattr_word(enum netattr attr, unsigned int index);

/* Its value as one would set it; @buf has NETATTR_TEXT bytes. Return: @buf */
const char *netattr_text(const struct netattrs *attrs, enum netattr attr,
			 char *buf);

/* Is it what it is where it has not been set? */
int netattr_is_default(const struct netattrs *attrs, enum netattr attr);

/* Is there an attribute of this name? Return: it, or -1 */
int netattr_find(const char *name);

/* Complain that there is none, and which may have been meant. Return: EXIT_USAGE */
int netattr_unknown(const struct args *args, const char *name);

/* Add what these words say, or complain. Return: 0 or EXIT_USAGE */
int netattr_parse(const struct args *args, enum netattr attr, const char *text,
		  struct netattrs *attrs);

/* The same, where another complains. Return: 0, or -1: it is no value of that */
int netattr_scan(enum netattr attr, const char *text, struct netattrs *attrs);

/* Options of commands that hand VFs out, from one of the table on. */
enum {
	NETATTR_OPT_MAC,
	NETATTR_OPT_VLAN,
	NETATTR_OPT_NET,
	NUM_NETATTR_OPTS
};

/* clang-format off */
#define NETATTR_OPTIONS(first) \
	[(first) + NETATTR_OPT_MAC] = { "mac", 'a', "MAC", "the VF's MAC" }, \
	[(first) + NETATTR_OPT_VLAN] = { "vlan", 0, "ID", "the VF's VLAN" }, \
	[(first) + NETATTR_OPT_NET] = { "net", 'N', "ATTR=VALUE,...", \
					"more of them, see sriovctl set" }
/* clang-format on */

/*
 * What these options say for so many VFs, or a complaint. Return: 0 or an exit
 * code
 */
int netattr_from_options(const struct args *args, int first, unsigned int count,
			 struct netattrs *attrs);

/* Add all that are there to a JSON object. */
void netattr_json(struct json_object *obj, const struct netattrs *attrs);

#endif /* CLI_NETATTR_H */

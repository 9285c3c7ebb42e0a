// SPDX-License-Identifier: GPL-2.0-only
/* A VF's network attributes in words: as they are typed, as they are shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <linux/if_ether.h>
#include <linux/if_link.h>

#include "base/complain.h"
#include "base/json.h"
#include "base/nearest.h"
#include "base/value.h"
#include "cli/args.h"
#include "cli/netattr.h"

#define MAC_TEXT sizeof("02:00:00:00:00:01")

/* A value that has a name. */
struct word {
	const char *name;
	unsigned int value;
};

static const struct word on_off[] = { { "off", 0 }, { "on", 1 }, { 0 } };

static const struct word protos[] = {
	{ "802.1Q", ETH_P_8021Q },
	{ "802.1ad", ETH_P_8021AD },
	{ 0 },
};

static const struct word states[] = {
	{ "auto", IFLA_VF_LINK_STATE_AUTO },
	{ "enable", IFLA_VF_LINK_STATE_ENABLE },
	{ "disable", IFLA_VF_LINK_STATE_DISABLE },
	{ 0 },
};

static const struct kind {
	const char *name;
	const struct word *words; /* NULL: a number, or the MAC */
	unsigned int max;	  /* of a number */
	const char *json;
	unsigned int usual; /* what it is where it has not been set */
} kinds[NUM_NETATTRS] = {
	[NETATTR_MAC] = { "mac", NULL, 0, "mac" },
	[NETATTR_VLAN] = { "vlan", NULL, 4094, "vlan" },
	[NETATTR_QOS] = { "qos", NULL, 7, "qos" },
	[NETATTR_PROTO] = { "proto", protos, 0, "proto", ETH_P_8021Q },
	/* Drivers differ in this; off is worth a word. */
	[NETATTR_SPOOFCHK] = { "spoofchk", on_off, 0, "spoofchk", 1 },
	[NETATTR_TRUST] = { "trust", on_off, 0, "trust" },
	[NETATTR_STATE] = { "state", states, 0, "state" },
	[NETATTR_MIN_RATE] = { "min-rate", NULL, 10000000, "min_rate" },
	[NETATTR_MAX_RATE] = { "max-rate", NULL, 10000000, "max_rate" },
	[NETATTR_RSS_QUERY] = { "rss-query", on_off, 0, "rss_query" },
};

const char *netattr_name(enum netattr attr)
{
	return kinds[attr].name;
}

const char *netattr_word(enum netattr attr, unsigned int index)
{
	const struct word *word = kinds[attr].words;

	for (; word && word->name && index; word++)
		index--;
	return word ? word->name : NULL;
}

int netattr_is_default(const struct netattrs *attrs, enum netattr attr)
{
	return attrs->value[attr] == kinds[attr].usual;
}

int netattr_find(const char *name)
{
	int i;

	for (i = 0; i < NUM_NETATTRS; i++)
		if (!strcmp(name, kinds[i].name))
			return i;
	return -1;
}

/* ---- out ---- */

static const char *word_of(const struct word *words, uint64_t value)
{
	for (; words->name; words++)
		if (words->value == value)
			return words->name;
	return "?";
}

static void format_mac(uint64_t mac, char *buf)
{
	snprintf(buf, NETATTR_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x",
		 (unsigned int)(mac >> 40 & 0xff),
		 (unsigned int)(mac >> 32 & 0xff),
		 (unsigned int)(mac >> 24 & 0xff),
		 (unsigned int)(mac >> 16 & 0xff),
		 (unsigned int)(mac >> 8 & 0xff), (unsigned int)(mac & 0xff));
}

const char *netattr_text(const struct netattrs *attrs, enum netattr attr,
			 char *buf)
{
	uint64_t value = attrs->value[attr];

	if (kinds[attr].words)
		snprintf(buf, NETATTR_TEXT, "%s",
			 word_of(kinds[attr].words, value));
	else if (attr != NETATTR_MAC)
		snprintf(buf, NETATTR_TEXT, "%llu", (unsigned long long)value);
	else if (value)
		format_mac(value, buf);
	else
		snprintf(buf, NETATTR_TEXT, "none");
	return buf;
}

static struct json_object *value_json(const struct netattrs *attrs,
				      enum netattr attr)
{
	const struct kind *kind = &kinds[attr];
	char text[NETATTR_TEXT];

	if (kind->words == on_off)
		return json_object_new_boolean(attrs->value[attr] != 0);
	if (!kind->words && attr != NETATTR_MAC)
		return json_object_new_int64(attrs->value[attr]);
	if (attr == NETATTR_MAC && !attrs->value[attr])
		return NULL;
	return json_object_new_string(netattr_text(attrs, attr, text));
}

void netattr_json(struct json_object *obj, const struct netattrs *attrs)
{
	int i;

	for (i = 0; i < NUM_NETATTRS; i++)
		if (netattr_has(attrs, i))
			json_object_object_add(obj, kinds[i].json,
					       value_json(attrs, i));
}

/* ---- in ---- */

int netattr_unknown(const struct args *args, const char *name)
{
	struct nearest nearest = { .to = name };
	int i;

	for (i = 0; i < NUM_NETATTRS; i++)
		nearest_try(&nearest, kinds[i].name);
	if (nearest.found)
		return bad_usage(args,
				 "%s: no attribute of a VF" REMEDY
				 "did you mean %s?",
				 name, nearest.found);
	return bad_usage(args, "%s: no attribute of a VF", name);
}

/* Six numbers of two digits. Return: 1 if it is that */
static int scan_mac(const char *text, uint64_t *value)
{
	unsigned char mac[ETH_ALEN];
	int i;

	if (strspn(text, "0123456789abcdefABCDEF:") != MAC_TEXT - 1 ||
	    text[MAC_TEXT - 1] ||
	    sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &mac[0],
		   &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]) != ETH_ALEN)
		return 0;
	*value = 0;
	for (i = 0; i < ETH_ALEN; i++)
		*value = *value << 8 | mac[i];
	return 1;
}

/* Return: what is wrong with it, or NULL */
static const char *scan_own_mac(const char *text, uint64_t *value)
{
	*value = 0;
	if (!strcmp(text, "none"))
		return NULL;
	if (!scan_mac(text, value))
		return "a MAC looks like 02:00:00:00:00:01, or none";
	return *value >> 40 & 1 ? "a group's address, not one's own" : NULL;
}

/* Return: 1 if it is one of them */
static int scan_word(const struct word *words, const char *text,
		     uint64_t *value)
{
	for (; words->name; words++)
		if (!strcasecmp(text, words->name)) {
			*value = words->value;
			return 1;
		}
	return 0;
}

static int scan_number(const char *text, unsigned int max, uint64_t *value)
{
	char *end;

	*value = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && *value <= max;
}

int netattr_scan(enum netattr attr, const char *text, struct netattrs *attrs)
{
	const struct kind *kind = &kinds[attr];
	uint64_t value;
	int ok;

	if (attr == NETATTR_MAC)
		ok = !scan_own_mac(text, &value);
	else if (kind->words)
		ok = scan_word(kind->words, text, &value);
	else
		ok = scan_number(text, kind->max, &value);
	if (!ok)
		return -1;
	attrs->has |= 1U << attr;
	attrs->value[attr] = value;
	return 0;
}

static int parse_mac(const struct args *args, const char *text, uint64_t *value)
{
	const char *wrong = scan_own_mac(text, value);

	return wrong ? bad_usage(args, "%s: %s", text, wrong) : 0;
}

static int parse_word(const struct args *args, const struct kind *kind,
		      const char *text, uint64_t *value)
{
	const struct word *word;
	char all[64] = "";

	if (scan_word(kind->words, text, value))
		return 0;
	for (word = kind->words; word->name; word++) {
		strcat(all, all[0] ? ", " : "");
		strcat(all, word->name);
	}
	return bad_usage(args, "%s: %s is one of %s", text, kind->name, all);
}

int netattr_parse(const struct args *args, enum netattr attr, const char *text,
		  struct netattrs *attrs)
{
	const struct kind *kind = &kinds[attr];
	unsigned int number = 0;
	int err;

	if (netattr_has(attrs, attr))
		return bad_usage(args, "%s: given twice", kind->name);
	attrs->has |= 1U << attr;
	if (attr == NETATTR_MAC)
		return parse_mac(args, text, &attrs->value[attr]);
	if (kind->words)
		return parse_word(args, kind, text, &attrs->value[attr]);
	err = parse_number(args, kind->name, text, 0, kind->max, &number);
	attrs->value[attr] = number;
	return err;
}

/* "trust=on" */
static int parse_setting(const struct args *args, char *text,
			 struct netattrs *attrs)
{
	char *value = strchr(text, '=');
	int attr;

	if (!value)
		return bad_usage(args, "%s: --net is ATTR=VALUE, with commas",
				 text);
	*value++ = '\0';
	attr = netattr_find(text);
	if (attr < 0)
		return netattr_unknown(args, text);
	return netattr_parse(args, attr, value, attrs);
}

static int parse_settings(const struct args *args, const char *text,
			  struct netattrs *attrs)
{
	char *copy = strdup(text);
	char *rest = copy;
	int err = 0;

	if (!copy)
		return no_memory();
	while (!err && rest)
		err = parse_setting(args, strsep(&rest, ","), attrs);
	free(copy);
	return err;
}

int netattr_from_options(const struct args *args, int first, unsigned int count,
			 struct netattrs *attrs)
{
	const char *const *opt = args->opt + first;
	int err = 0;

	*attrs = (struct netattrs){ 0 };
	if (opt[NETATTR_OPT_MAC])
		err = netattr_parse(args, NETATTR_MAC, opt[NETATTR_OPT_MAC],
				    attrs);
	if (!err && opt[NETATTR_OPT_VLAN])
		err = netattr_parse(args, NETATTR_VLAN, opt[NETATTR_OPT_VLAN],
				    attrs);
	if (!err && opt[NETATTR_OPT_NET])
		err = parse_settings(args, opt[NETATTR_OPT_NET], attrs);
	if (!err && count > 1 && attrs->value[NETATTR_MAC])
		return bad_usage(args, "a MAC is for one VF, not for %u",
				 count);
	return err;
}

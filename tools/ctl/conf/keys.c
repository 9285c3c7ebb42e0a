// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keys of the files, in tables: of these are made the check of a file, what is said
 * of a wrong one, and the schema.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/keys.h"

/* Where a value is of. */
struct place {
	struct conf *conf;
	const char *file;
	struct conf_pf *defaults;
	struct conf_pf *pf;   /* that it is about */
	struct conf_net *net; /* the VFs of it */
	struct conf_pool *pool;
	struct conf_member *member;
	struct conf_names *names; /* of the PF that is being named */
};

struct key {
	const char *name;
	enum json_type type;
	const char *wanted; /* in words */
	const char *
		pattern; /* of a string, as a regular expression, for the schema */
	const char *const *words; /* the only ones, if not NULL */
	int min, max;		  /* of a number */
	int which;		  /* enum conf_name, enum netattr */
	const struct key *keys;	  /* of an object, or of the array's objects */
	int optional;
	int is_map; /* an object of objects, which have names of their own */
	void (*take)(struct place *at, const struct key *key,
		     struct json_object *value);
};

static void wrong_value(struct place *at, const struct key *key,
			struct json_object *value)
{
	conf_wrong(&at->conf->errors, at->file, conf_line(value),
		   "%s: %s is wanted, not %s", key->name, key->wanted,
		   json_object_to_json_string_ext(
			   value, JSON_C_TO_STRING_NOSLASHESCAPE));
}

static char *copy(struct json_object *value)
{
	return strdup(json_object_get_string(value));
}

/* ---- values ---- */

static void take_name(struct place *at, const struct key *key,
		      struct json_object *value)
{
	const char *text = json_object_get_string(value);
	struct sriov_broker_addr addr;
	char buf[SRIOVB_ADDR_LEN];
	unsigned int a, b;
	char *p;
	int n = 0;

	switch (key->which) {
	case NAME_ADDRESS:
		if (sriovb_parse_addr(text, &addr)) {
			wrong_value(at, key, value);
			return;
		}
		text = sriovb_format_addr(&addr, buf);
		break;
	case NAME_DEVICE:
		if (sscanf(text, "%4x:%4x%n", &a, &b, &n) != 2 || text[n]) {
			wrong_value(at, key, value);
			return;
		}
		snprintf(buf, sizeof(buf), "%04x:%04x", a, b);
		text = buf;
		break;
	}
	if (!text[0]) {
		wrong_value(at, key, value);
		return;
	}
	free(at->names->text[key->which]);
	at->names->text[key->which] = strdup(text);
	/* Hexadecimal digits of either case. */
	for (p = at->names->text[NAME_MAC]; p && *p; p++)
		*p |= *p >= 'A' && *p <= 'F' ? 0x20 : 0;
}

static void take_all(struct place *at, const struct key *key,
		     struct json_object *value)
{
	(void)key;
	at->pf->all = json_object_get_boolean(value);
}

static void take_vfs(struct place *at, const struct key *key,
		     struct json_object *value)
{
	(void)key;
	at->pf->vfs = json_object_get_int64(value);
}

static void take_driver(struct place *at, const struct key *key,
			struct json_object *value)
{
	const char *text = json_object_get_string(value);

	if (!text[0] || strlen(text) >= SRIOV_BROKER_NAME_LEN) {
		wrong_value(at, key, value);
		return;
	}
	free(at->pf->driver);
	at->pf->driver = copy(value);
}

static void take_guarded(struct place *at, const struct key *key,
			 struct json_object *value)
{
	(void)key;
	at->pf->guarded = json_object_get_boolean(value);
}

static void take_open(struct place *at, const struct key *key,
		      struct json_object *value)
{
	(void)key;
	at->pf->open = json_object_get_boolean(value);
}

static void take_restore(struct place *at, const struct key *key,
			 struct json_object *value)
{
	(void)key;
	at->pf->restore = json_object_get_boolean(value);
}

static void take_nodriver(struct place *at, const struct key *key,
			  struct json_object *value)
{
	(void)key;
	at->pf->nodriver = json_object_get_boolean(value);
}

static void take_index(struct place *at, const struct key *key,
		       struct json_object *value)
{
	int n = parse_range(json_object_get_string(value), at->net->runs,
			    SRIOV_BROKER_MAX_SELECTORS);

	if (n < 0)
		wrong_value(at, key, value);
	else
		at->net->num_runs = n;
}

static void take_attr(struct place *at, const struct key *key,
		      struct json_object *value)
{
	const char *text =
		json_object_is_type(value, json_type_boolean) ?
			(json_object_get_boolean(value) ? "on" : "off") :
			json_object_get_string(value);

	if (netattr_scan(key->which, text, &at->net->attrs))
		wrong_value(at, key, value);
}

/* ---- values of pools ---- */

static void take_member_all(struct place *at, const struct key *key,
			    struct json_object *value)
{
	(void)key;
	at->member->all = json_object_get_boolean(value);
}

static void take_member_index(struct place *at, const struct key *key,
			      struct json_object *value)
{
	int n = parse_range(json_object_get_string(value), at->member->runs,
			    SRIOV_BROKER_MAX_SELECTORS);

	if (n < 0)
		wrong_value(at, key, value);
	else
		at->member->num_runs = n;
}

/* Return: 0 or -1: there is no such user or group */
static int id_of(const char *name, int is_group, __u32 *id)
{
	const struct group *group;
	const struct passwd *user;
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(name, &end, 10);
	if (name[0] >= '0' && name[0] <= '9' && !*end) {
		*id = number;
		return errno || number >= SRIOV_BROKER_NO_UID ? -1 : 0;
	}
	group = is_group ? getgrnam(name) : NULL;
	user = is_group ? NULL : getpwnam(name);
	if (!group && !user)
		return -1;
	*id = group ? group->gr_gid : user->pw_uid;
	return 0;
}

enum {
	IDS_USERS,
	IDS_GROUPS
};

static void take_ids(struct place *at, const struct key *key,
		     struct json_object *value)
{
	int is_group = key->which == IDS_GROUPS;
	struct conf_ids *ids = is_group ? &at->pool->groups : &at->pool->users;
	size_t n = json_object_array_length(value), i;

	ids->said = 1;
	for (i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(value, i);

		if (!json_object_is_type(one, json_type_string) ||
		    ids->num == SRIOV_BROKER_POOL_MAX) {
			wrong_value(at, key, value);
			return;
		}
		if (id_of(json_object_get_string(one), is_group,
			  &ids->id[ids->num++]))
			conf_wrong(&at->conf->errors, at->file,
				   conf_line(value),
				   "%s: there is no %s \"%s\"", key->name,
				   is_group ? "group" : "user",
				   json_object_get_string(one));
	}
}

static void take_max(struct place *at, const struct key *key,
		     struct json_object *value)
{
	(void)key;
	at->pool->max_leases = json_object_get_int64(value);
}

static void take_max_per_user(struct place *at, const struct key *key,
			      struct json_object *value)
{
	(void)key;
	at->pool->max_leases_per_user = json_object_get_int64(value);
}

/* ---- tables ---- */

static void take_net(struct place *at, const struct key *key,
		     struct json_object *value);
static void take_pf(struct place *at, const struct key *key,
		    struct json_object *value);
static void take_defaults(struct place *at, const struct key *key,
			  struct json_object *value);
static void take_members(struct place *at, const struct key *key,
			 struct json_object *value);
static void take_pools(struct place *at, const struct key *key,
		       struct json_object *value);

static const char *const protos[] = { "802.1Q", "802.1ad", NULL };
static const char *const states[] = { "auto", "enable", "disable", NULL };

#define STRING	.type = json_type_string
#define NUMBER	.type = json_type_int
#define BOOLEAN .type = json_type_boolean

#define VF_VALUE                                             \
	.pattern = "^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$", \
	.wanted = "VFs by their index, such as \"0\" or \"0,2-5\","

static const struct key net_keys[] = {
	{ "vf", STRING, .take = take_index, VF_VALUE },
	{ "mac", STRING, .take = take_attr, .which = NETATTR_MAC,
	  .pattern = "^(none|([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2})$",
	  .wanted = "a MAC, such as \"02:00:00:00:00:01\", or \"none\"" },
	{ "vlan", NUMBER, .take = take_attr, .which = NETATTR_VLAN, .max = 4094,
	  .wanted = "a number, 0 to 4094," },
	{ "qos", NUMBER, .take = take_attr, .which = NETATTR_QOS, .max = 7,
	  .wanted = "a number, 0 to 7," },
	{ "proto", STRING, .take = take_attr, .which = NETATTR_PROTO,
	  .words = protos, .wanted = "\"802.1Q\" or \"802.1ad\"" },
	{ "spoofchk", BOOLEAN, .take = take_attr, .which = NETATTR_SPOOFCHK,
	  .wanted = "true or false" },
	{ "trust", BOOLEAN, .take = take_attr, .which = NETATTR_TRUST,
	  .wanted = "true or false" },
	{ "state", STRING, .take = take_attr, .which = NETATTR_STATE,
	  .words = states, .wanted = "\"auto\", \"enable\" or \"disable\"" },
	{ "min_rate", NUMBER, .take = take_attr, .which = NETATTR_MIN_RATE,
	  .max = 10000000, .wanted = "a number of Mbit/s, 0 to 10000000," },
	{ "max_rate", NUMBER, .take = take_attr, .which = NETATTR_MAX_RATE,
	  .max = 10000000, .wanted = "a number of Mbit/s, 0 to 10000000," },
	{ "rss_query", BOOLEAN, .take = take_attr, .which = NETATTR_RSS_QUERY,
	  .wanted = "true or false" },
	{ 0 },
};

#define DRIVER_KEYS                                                         \
	{ "driver", STRING, .take = take_driver,                            \
	  .pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$",                        \
	  .wanted = "a driver's name, such as \"vfio-pci\", or \"host\"" }, \
		{ "guarded", BOOLEAN, .take = take_guarded,                 \
		  .wanted = "true or false" },                              \
		{ "open", BOOLEAN, .take = take_open,                       \
		  .wanted = "true or false" }

/* clang-format off */
#define NAME_KEYS \
	{ "address", STRING, .take = take_name, .which = NAME_ADDRESS, \
	  .wanted = "an address, such as \"0000:01:00.0\"," }, \
	{ "interface", STRING, .take = take_name, .which = NAME_INTERFACE, \
	  .wanted = "the name of a network interface" }, \
	{ "mac", STRING, .take = take_name, .which = NAME_MAC, \
	  .wanted = "the interface's permanent MAC" }, \
	{ "device", STRING, .take = take_name, .which = NAME_DEVICE, \
	  .pattern = "^[0-9a-fA-F]{1,4}:[0-9a-fA-F]{1,4}$", \
	  .wanted = "vendor:device, such as \"8086:10c9\"," }, \
	{ "serial", STRING, .take = take_name, .which = NAME_SERIAL, \
	  .wanted = "a serial number, of lspci -vv or the NVMe controller's," }, \
	{ "path", STRING, .take = take_name, .which = NAME_PATH, \
	  .wanted = "a path, such as \"0000:00:03.0/00.0\"," }
/* clang-format on */

static const struct key pf_keys[] = {
	NAME_KEYS,
	{ "all", BOOLEAN, .take = take_all, .wanted = "true or false" },
	{ "vfs", NUMBER, .take = take_vfs, .max = 65535,
	  .wanted = "a number, 0 to 65535," },
	DRIVER_KEYS,
	{ "restore", BOOLEAN, .take = take_restore, .wanted = "true or false" },
	{ "nodriver", BOOLEAN, .take = take_nodriver,
	  .wanted = "true or false" },
	{ "net", json_type_array, .take = take_net, .keys = net_keys,
	  .wanted = "an array of objects, each with \"vf\"," },
	{ 0 },
};

#define ID_LIST json_type_array, .take = take_ids

static const struct key member_keys[] = {
	NAME_KEYS,
	{ "all", BOOLEAN, .take = take_member_all, .wanted = "true or false" },
	/* Without it all VFs are meant. */
	{ "vf", STRING, .take = take_member_index, VF_VALUE, .optional = 1 },
	{ 0 },
};

static const struct key pool_keys[] = {
	{ "members", json_type_array, .take = take_members, .keys = member_keys,
	  .wanted = "an array of objects, each of a PF," },
	{ "users", ID_LIST, .which = IDS_USERS,
	  .wanted = "an array of names or numbers, as texts," },
	{ "groups", ID_LIST, .which = IDS_GROUPS,
	  .wanted = "an array of names or numbers, as texts," },
	{ "max_leases", NUMBER, .take = take_max, .max = 65535,
	  .wanted = "a number, 0 to 65535," },
	{ "max_leases_per_user", NUMBER, .take = take_max_per_user,
	  .max = 65535, .wanted = "a number, 0 to 65535," },
	{ 0 },
};

static const struct key default_keys[] = { DRIVER_KEYS, { 0 } };

static const struct key top_keys[] = {
	{ "defaults", json_type_object, .take = take_defaults,
	  .keys = default_keys,
	  .wanted = "an object with \"driver\", \"guarded\" or \"open\"" },
	{ "pfs", json_type_array, .take = take_pf, .keys = pf_keys,
	  .wanted = "an array of objects, each of a PF," },
	{ "pools", json_type_object, .take = take_pools, .keys = pool_keys,
	  .is_map = 1, .wanted = "an object of pools by their names" },
	{ 0 },
};

static const char *key_names(const struct key *keys, char *buf, size_t len)
{
	size_t used = 0;

	buf[0] = '\0';
	for (; keys->name && used < len; keys++)
		used += snprintf(buf + used, len - used, "%s%s",
				 used ? ", " : "", keys->name);
	return buf;
}

/* Does a value fit what the table says? */
static int fits(const struct key *key, struct json_object *value)
{
	const char *const *word = key->words;
	int64_t number;

	if (!json_object_is_type(value, key->type))
		return 0;
	if (key->type == json_type_int) {
		number = json_object_get_int64(value);
		return number >= key->min && number <= key->max;
	}
	if (key->type == json_type_string &&
	    strlen(json_object_get_string(value)) !=
		    (size_t)json_object_get_string_len(value))
		return 0; /* "\u0000" */
	while (word && *word && strcmp(*word, json_object_get_string(value)))
		word++;
	return !word || *word;
}

static void take_object(struct place *at, const struct key *keys,
			struct json_object *obj)
{
	char names[256];

	json_object_object_foreach(obj, name, value) {
		const struct key *key = keys;
		unsigned int line = conf_line(value);

		while (key->name && strcmp(key->name, name))
			key++;
		if (!key->name)
			conf_wrong(&at->conf->errors, at->file,
				   line ? line : conf_line(obj),
				   "unknown key \"%s\"; there are: %s", name,
				   key_names(keys, names, sizeof(names)));
		else if (!value)
			conf_wrong(&at->conf->errors, at->file, conf_line(obj),
				   "%s: %s is wanted, not null", name,
				   key->wanted);
		else if (!fits(key, value))
			wrong_value(at, key, value);
		else
			key->take(at, key, value);
	}
}

/* ---- objects ---- */

static int runs_meet(const struct conf_net *a, const struct conf_net *b)
{
	unsigned int i, j;

	for (i = 0; i < a->num_runs; i++)
		for (j = 0; j < b->num_runs; j++)
			if (a->runs[i].first <
				    b->runs[j].first + b->runs[j].count &&
			    b->runs[j].first <
				    a->runs[i].first + a->runs[i].count)
				return 1;
	return 0;
}

static void check_net(struct place *at, const struct conf_net *net)
{
	const struct conf_net *other;

	if (!net->num_runs)
		conf_wrong(&at->conf->errors, at->file, net->line,
			   "\"vf\" is missing: which VFs are meant");
	if (net->attrs.value[NETATTR_MAC] &&
	    (net->num_runs != 1 || net->runs[0].count != 1))
		conf_wrong(&at->conf->errors, at->file, net->line,
			   "mac: a MAC is for one VF");
	for (other = at->pf->nets; other != net; other++) {
		if (runs_meet(other, net))
			conf_wrong(&at->conf->errors, at->file, net->line,
				   "a VF that line %u is about as well",
				   other->line);
		if (net->attrs.value[NETATTR_MAC] &&
		    net->attrs.value[NETATTR_MAC] ==
			    other->attrs.value[NETATTR_MAC])
			conf_wrong(&at->conf->errors, at->file, net->line,
				   "mac: line %u has the same", other->line);
	}
}

static struct json_object *object_in(struct place *at, const struct key *key,
				     struct json_object *array, size_t i)
{
	struct json_object *obj = json_object_array_get_idx(array, i);

	if (json_object_is_type(obj, json_type_object))
		return obj;
	conf_wrong(&at->conf->errors, at->file,
		   conf_line(obj) ? conf_line(obj) : conf_line(array),
		   "%s: %s is wanted, not %s in it", key->name, key->wanted,
		   json_object_to_json_string(obj));
	return NULL;
}

static void take_net(struct place *at, const struct key *key,
		     struct json_object *value)
{
	size_t n = json_object_array_length(value);
	unsigned int before;
	size_t i;

	at->pf->nets = calloc(n ? n : 1, sizeof(*at->pf->nets));
	for (i = 0; at->pf->nets && i < n; i++) {
		struct json_object *obj = object_in(at, key, value, i);

		if (!obj)
			continue;
		at->net = &at->pf->nets[at->pf->num_nets++];
		at->net->line = conf_line(obj);
		before = at->conf->errors.count;
		take_object(at, key->keys, obj);
		if (at->conf->errors.count == before)
			check_net(at, at->net);
	}
}

/* ---- pools ---- */

static int has_name(const struct conf_names *names)
{
	unsigned int i;

	for (i = 0; i < NUM_NAMES; i++)
		if (names->text[i])
			return 1;
	return 0;
}

#define NO_NAME \
	"which PF? address, interface, mac, device, serial or path is wanted"

static void take_members(struct place *at, const struct key *key,
			 struct json_object *value)
{
	size_t n = json_object_array_length(value), i;
	unsigned int before;

	at->pool->members = calloc(n ? n : 1, sizeof(*at->pool->members));
	at->pool->has_members = 1;
	for (i = 0; at->pool->members && i < n; i++) {
		struct json_object *obj = object_in(at, key, value, i);

		if (!obj)
			continue;
		at->member = &at->pool->members[at->pool->num_members++];
		at->member->line = conf_line(obj);
		at->names = &at->member->names;
		before = at->conf->errors.count;
		take_object(at, key->keys, obj);
		if (at->conf->errors.count == before &&
		    !has_name(&at->member->names))
			conf_wrong(&at->conf->errors, at->file,
				   at->member->line, NO_NAME);
	}
}

/* A letter or digit, then these and "-_.", as the kernel wants it. */
static int is_pool_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";
	size_t len = strspn(name, letters);

	return len && !name[len] && len < SRIOV_BROKER_NAME_LEN &&
	       !strchr("-_.", name[0]);
}

static struct conf_pool *add_pool(struct place *at, const char *name,
				  unsigned int line)
{
	struct conf *conf = at->conf;
	struct conf_pool *pools;
	size_t i;

	for (i = 0; i < conf->num_pools; i++)
		if (!strcmp(conf->pools[i].name, name)) {
			conf_wrong(
				&conf->errors, at->file, line,
				"the pool \"%s\" is there twice, first in %s:%u",
				name, conf->pools[i].file, conf->pools[i].line);
			return NULL;
		}
	pools = reallocarray(conf->pools, conf->num_pools + 1, sizeof(*pools));
	if (!pools) {
		conf_wrong(&conf->errors, at->file, line, "out of memory");
		return NULL;
	}
	conf->pools = pools;
	pools += conf->num_pools++;
	*pools = (struct conf_pool){ .file = at->file, .line = line };
	snprintf(pools->name, sizeof(pools->name), "%s", name);
	return pools;
}

static void take_pools(struct place *at, const struct key *key,
		       struct json_object *value)
{
	json_object_object_foreach(value, name, obj) {
		unsigned int line = conf_line(obj) ? conf_line(obj) :
						     conf_line(value);

		if (!is_pool_name(name))
			conf_wrong(
				&at->conf->errors, at->file, line,
				"\"%s\": a pool's name is letters, digits, -, _ and ., a letter or digit first",
				name);
		else if (!json_object_is_type(obj, json_type_object))
			conf_wrong(&at->conf->errors, at->file, line,
				   "%s: an object with \"members\" is wanted",
				   name);
		else if ((at->pool = add_pool(at, name, line)))
			take_object(at, key->keys, obj);
		if (at->pool && !at->pool->has_members)
			conf_wrong(
				&at->conf->errors, at->file, line,
				"%s: \"members\" is missing: which VFs it has",
				name);
		at->pool = NULL;
	}
}

/* ---- PFs ---- */

static int has_mac(const struct conf_pf *pf)
{
	size_t i;

	for (i = 0; i < pf->num_nets; i++)
		if (pf->nets[i].attrs.value[NETATTR_MAC])
			return 1;
	return 0;
}

static void check_pf(struct place *at, const struct conf_pf *pf)
{
	unsigned int i, j;

	if (!has_name(&pf->names))
		conf_wrong(&at->conf->errors, at->file, pf->line, NO_NAME);
	if (pf->vfs < 0)
		conf_wrong(&at->conf->errors, at->file, pf->line,
			   "\"vfs\" is missing: how many VFs it shall have");
	if (pf->all && has_mac(pf))
		conf_wrong(
			&at->conf->errors, at->file, pf->line,
			"\"all\": a MAC is for one VF, not for one of each PF");
	for (i = 0; i < pf->num_nets; i++)
		for (j = 0; j < pf->nets[i].num_runs; j++) {
			const struct run *run = &pf->nets[i].runs[j];

			if (pf->vfs >= 0 &&
			    run->first + run->count > (unsigned int)pf->vfs)
				conf_wrong(&at->conf->errors, at->file,
					   pf->nets[i].line,
					   "vf: there is no VF %u of %d",
					   run->first + run->count - 1,
					   pf->vfs);
		}
}

static int is_guarded(const struct conf_pf *pf)
{
	return pf->driver && !strcmp(pf->driver, CONF_GUARDED_DRIVER);
}

/* "guarded" and "driver" of one object: either says which driver it is. */
static void choose_driver(struct place *at, struct conf_pf *pf)
{
	if (pf->guarded > 0 && !pf->driver)
		pf->driver = strdup(CONF_GUARDED_DRIVER);
	else if (pf->guarded >= 0 && pf->driver &&
		 pf->guarded != is_guarded(pf))
		conf_wrong(
			&at->conf->errors, at->file, pf->line,
			"\"guarded\" is %s, and \"driver\" is \"%s\"; leave one of them out",
			pf->guarded ? "true" : "false", pf->driver);
}

static void take_pf(struct place *at, const struct key *key,
		    struct json_object *value)
{
	struct conf *conf = at->conf;
	size_t n = json_object_array_length(value);
	unsigned int before;
	size_t i;
	void *pfs = reallocarray(conf->pfs, conf->num_pfs + n + 1,
				 sizeof(*conf->pfs));

	if (!pfs) {
		conf_wrong(&conf->errors, at->file, 0, "out of memory");
		return;
	}
	conf->pfs = pfs;
	for (i = 0; i < n; i++) {
		struct json_object *obj = object_in(at, key, value, i);

		if (!obj)
			continue;
		at->pf = &conf->pfs[conf->num_pfs++];
		*at->pf = (struct conf_pf){
			.file = at->file,
			.line = conf_line(obj),
			.vfs = -1,
			.guarded = -1,
			.open = -1,
		};
		at->names = &at->pf->names;
		before = conf->errors.count;
		take_object(at, key->keys, obj);
		choose_driver(at, at->pf);
		if (conf->errors.count == before)
			check_pf(at, at->pf);
	}
}

static void take_defaults(struct place *at, const struct key *key,
			  struct json_object *value)
{
	at->pf = at->defaults;
	at->pf->line = conf_line(value);
	take_object(at, key->keys, value);
	choose_driver(at, at->pf);
}

static void add_defaults(struct conf_pf *pf, const struct conf_pf *defaults)
{
	/* "guarded": false leaves the choice, but for that one. */
	if (!pf->driver && defaults->driver &&
	    (pf->guarded || !is_guarded(defaults)))
		pf->driver = strdup(defaults->driver);
	if (pf->open < 0)
		pf->open = defaults->open > 0;
}

/* What only the defaults can have made wrong. */
static void check_restore(struct conf *conf, const struct conf_pf *pf)
{
	if (pf->restore && !is_guarded(pf))
		conf_wrong(
			&conf->errors, pf->file, pf->line,
			"restore: only guarded VFs are restored, those with \"guarded\": true");
}

/* It is named in complaints to come. Return: NULL: no memory */
static const char *keep_path(struct conf *conf, const char *path)
{
	void *files = reallocarray(conf->files, conf->num_files + 1,
				   sizeof(*conf->files));

	if (!files)
		return NULL;
	conf->files = files;
	conf->files[conf->num_files] = strdup(path);
	return conf->files[conf->num_files++];
}

void conf_read(struct conf *conf, const char *path)
{
	struct conf_pf defaults = { .guarded = -1, .open = -1 };
	struct place at = { .conf = conf, .defaults = &defaults };
	unsigned int wrong = conf->errors.count;
	size_t i, before = conf->num_pfs;
	struct json_object *obj;

	at.file = keep_path(conf, path);
	if (!at.file) {
		conf_wrong(&conf->errors, path, 0, "out of memory");
		return;
	}
	obj = conf_parse(&conf->errors, path);
	if (conf->errors.count != wrong)
		return;
	if (json_object_is_type(obj, json_type_object))
		take_object(&at, top_keys, obj);
	else
		conf_wrong(&conf->errors, path, conf_line(obj),
			   "an object with \"pfs\" is wanted");
	for (i = before; i < conf->num_pfs; i++) {
		add_defaults(&conf->pfs[i], &defaults);
		check_restore(conf, &conf->pfs[i]);
	}
	free(defaults.driver);
	json_object_put(obj);
}

static void free_names(struct conf_names *names)
{
	size_t i;

	for (i = 0; i < NUM_NAMES; i++)
		free(names->text[i]);
}

void conf_free(struct conf *conf)
{
	size_t i, j;

	for (i = 0; i < conf->num_pfs; i++) {
		free_names(&conf->pfs[i].names);
		free(conf->pfs[i].driver);
		free(conf->pfs[i].nets);
	}
	for (i = 0; i < conf->num_pools; i++) {
		for (j = 0; j < conf->pools[i].num_members; j++)
			free_names(&conf->pools[i].members[j].names);
		free(conf->pools[i].members);
	}
	free(conf->pools);
	for (i = 0; i < conf->num_files; i++)
		free(conf->files[i]);
	free(conf->pfs);
	free(conf->files);
}

/* ---- the schema ---- */

static struct json_object *object_schema(const struct key *keys);

static void add_string(struct json_object *obj, const char *key,
		       const char *text)
{
	json_object_object_add(obj, key, json_object_new_string(text));
}

static struct json_object *text_schema(void)
{
	struct json_object *obj = json_object_new_object();

	add_string(obj, "type", "string");
	return obj;
}

static struct json_object *key_schema(const struct key *key)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *words;
	const char *const *word;

	if (key->type == json_type_object && !key->is_map) {
		json_object_put(obj);
		return object_schema(key->keys);
	}
	add_string(obj, "type",
		   key->type == json_type_int ? "integer" :
						json_type_to_name(key->type));
	if (key->type == json_type_int) {
		json_object_object_add(obj, "minimum",
				       json_object_new_int(key->min));
		json_object_object_add(obj, "maximum",
				       json_object_new_int(key->max));
	}
	if (key->is_map)
		json_object_object_add(obj, "additionalProperties",
				       object_schema(key->keys));
	if (key->type == json_type_array && key->keys)
		json_object_object_add(obj, "items", object_schema(key->keys));
	else if (key->type == json_type_array)
		json_object_object_add(obj, "items", text_schema());
	if (key->pattern)
		add_string(obj, "pattern", key->pattern);
	if (key->words) {
		words = json_object_new_array();
		for (word = key->words; *word; word++)
			json_object_array_add(words,
					      json_object_new_string(*word));
		json_object_object_add(obj, "enum", words);
	}
	return obj;
}

static struct json_object *object_schema(const struct key *keys)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *properties = json_object_new_object();
	struct json_object *required = json_object_new_array();
	const struct key *key;

	add_string(obj, "type", "object");
	for (key = keys; key->name; key++) {
		json_object_object_add(properties, key->name, key_schema(key));
		if (!key->optional &&
		    (!strcmp(key->name, "vf") || !strcmp(key->name, "vfs") ||
		     !strcmp(key->name, "members")))
			json_object_array_add(
				required, json_object_new_string(key->name));
	}
	json_object_object_add(obj, "properties", properties);
	json_object_object_add(obj, "required", required);
	json_object_object_add(obj, "additionalProperties",
			       json_object_new_boolean(0));
	return obj;
}

struct json_object *conf_schema(void)
{
	struct json_object *obj = object_schema(top_keys);

	add_string(obj, "$schema",
		   "https://json-schema.org/draft/2020-12/schema");
	add_string(obj, "title", "sriov-broker.conf");
	return obj;
}

/* ---- for the manual ---- */

static void print_keys(const char *place, const struct key *key)
{
	for (; key->name; key++) {
		printf("key\t%s\t%s\t%s\n", place, key->name, key->wanted);
		if (key->keys)
			print_keys(key->name, key->keys);
	}
}

void conf_print_keys(void)
{
	print_keys("top", top_keys);
}

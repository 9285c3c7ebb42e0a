// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl --complete: what may be typed next. The scripts of bash, zsh and fish ask
 * this, so that all of them know what the tables of commands and options know: a word
 * of a usage line, PF or DRIVER, says what is wanted there; one in small letters is
 * meant as it stands; "|" stands between choices.
 */
#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/netattr.h"
#include "cli/pools.h"
#include "cmd/complete.h"
#include "cmd/list.h"
#include "cmd/set.h"
#include "host/pcidev.h"
#include "host/sysfs_list.h"

#define MAX_TOKENS 12
#define NAME_LEN   64 /* of one of them */

/* A command line that is being typed. */
struct typing {
	const struct cmd *const *commands;
	const struct cmd *cmd;	   /* NULL: that is what is being typed */
	const struct opt *pending; /* an option that waits for its argument */
	const char *word;	   /* what there is of the last word */
	size_t done;	       /* so much of it needs nothing more: "a,b," */
	const char *suffix;    /* what goes behind what is offered */
	char key[NAME_LEN];    /* what a VALUE is for */
	unsigned int position; /* words before it that are no options */
	int is_rest;	       /* it stands behind "--" */
};

static void offer(const struct typing *t, const char *word, const char *what)
{
	const char *typed = t->word + t->done;

	if (strncmp(word, typed, strlen(typed)))
		return;
	printf("%.*s%s%s%s%s\n", (int)t->done, t->word, word, t->suffix,
	       what ? "\t" : "", what ? what : "");
}

/*
 * Names that others have chosen, of interfaces and guests: bash puts into the command line
 * what it is offered, and would run what some of them say.
 */
static int is_harmless(const char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_.:,=#@+/-";

	return name[0] && name[0] != '-' && name[0] != '#' &&
	       !name[strspn(name, letters)];
}

/* ---- devices ---- */

/* Call it for each interface of a PF. */
static void for_interfaces(const struct sriov_broker_pf *pf,
			   void (*call)(const struct typing *t,
					const struct sriov_broker_pf *pf,
					const char *name),
			   const struct typing *t)
{
	struct pcidev dev;
	char **names;
	int n, i;

	pcidev_at(&pf->addr, &dev);
	n = pcidev_names(&dev, "net", &names);
	for (i = 0; i < n; i++) {
		if (names[i] && is_harmless(names[i]))
			call(t, pf, names[i]);
		free(names[i]);
	}
	free(names);
}

static void offer_pf(const struct typing *t, const struct sriov_broker_pf *pf,
		     const char *name)
{
	char what[128];

	snprintf(what, sizeof(what), "PF, %u of %u VFs, %.*s", pf->num_vfs,
		 pf->total_vfs, SRIOV_BROKER_NAME_LEN,
		 pf->driver[0] ? pf->driver : "no driver");
	offer(t, name, what);
}

static void offer_pfs(const struct typing *t)
{
	struct sriov_broker_pf *pfs;
	ssize_t n = sysfs_list_pfs(&pfs);
	char addr[SRIOVB_ADDR_LEN];
	ssize_t i;

	for (i = 0; i < n; i++) {
		offer_pf(t, &pfs[i], sriovb_format_addr(&pfs[i].addr, addr));
		for_interfaces(&pfs[i], offer_pf, t);
	}
	free(pfs);
}

static void describe_vf(const struct sriov_broker_vf *vf, char *buf, size_t len)
{
	char pf[SRIOVB_ADDR_LEN];

	snprintf(buf, len, "VF %u of %s, %.*s", vf->index,
		 sriovb_format_addr(&vf->pf, pf), SRIOV_BROKER_NAME_LEN,
		 vf->driver[0] ? vf->driver : "no driver");
}

static void offer_vfs(const struct typing *t)
{
	struct sriov_broker_vf *vfs;
	ssize_t n = sysfs_list_vfs(&vfs);
	char addr[SRIOVB_ADDR_LEN], what[128];
	ssize_t i;

	for (i = 0; i < n; i++) {
		describe_vf(&vfs[i], what, sizeof(what));
		offer(t, sriovb_format_addr(&vfs[i].addr, addr), what);
	}
	free(vfs);
}

/* "enp1s0f0#" is there: by which number? */
static void offer_indices_of(const struct typing *t,
			     const struct sriov_broker_pf *pf, const char *name)
{
	size_t len = strlen(name);
	struct sriov_broker_vf *vfs;
	char word[160], what[128];
	ssize_t n, i;

	if (strncmp(t->word, name, len) || t->word[len] != '#')
		return;
	n = sysfs_list_vfs(&vfs);
	for (i = 0; i < n; i++) {
		if (!sriovb_same_addr(&vfs[i].pf, &pf->addr))
			continue;
		snprintf(word, sizeof(word), "%s#%u", name, vfs[i].index);
		describe_vf(&vfs[i], what, sizeof(what));
		offer(t, word, what);
	}
	free(vfs);
}

static void offer_indices(const struct typing *t)
{
	struct sriov_broker_pf *pfs;
	ssize_t n = strchr(t->word, '#') ? sysfs_list_pfs(&pfs) : -1;
	char addr[SRIOVB_ADDR_LEN];
	ssize_t i;

	for (i = 0; i < n; i++) {
		offer_indices_of(t, &pfs[i],
				 sriovb_format_addr(&pfs[i].addr, addr));
		for_interfaces(&pfs[i], offer_indices_of, t);
	}
	if (n >= 0)
		free(pfs);
}

/* VENDOR:DEVICE of VFs, each once. */
static void offer_ids(const struct typing *t)
{
	struct sriov_broker_vf *vfs;
	ssize_t n = sysfs_list_vfs(&vfs);
	char word[16];
	ssize_t i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < i; j++)
			if (vfs[j].vendor == vfs[i].vendor &&
			    vfs[j].device == vfs[i].device)
				break;
		snprintf(word, sizeof(word), "%04x:%04x", vfs[i].vendor,
			 vfs[i].device);
		if (j == i)
			offer(t, word, NULL);
	}
	free(vfs);
}

static void offer_drivers(const struct typing *t)
{
	offer(t, "vfio-pci", "for guests and programs");
	offer(t, "pci-stub", "for nothing at all");
	offer(t, "host", "the one that the host would choose");
}

/* Files that fit, by what is between the last slash, @cut characters, and @end. */
static void offer_files_of(const struct typing *t, const char *pattern,
			   size_t cut, const char *end)
{
	glob_t paths;
	size_t i;

	if (!glob(pattern, 0, NULL, &paths)) {
		for (i = 0; i < paths.gl_pathc; i++) {
			char *name = basename(paths.gl_pathv[i]) + cut;

			name[strlen(name) - strlen(end)] = '\0';
			if (is_harmless(name))
				offer(t, name, NULL);
		}
	}
	globfree(&paths);
}

static void offer_nodes(const struct typing *t)
{
	offer_files_of(t, "/sys/devices/system/node/node[0-9]*", strlen("node"),
		       "");
}

/* ---- what the module and libvirt know; nothing where they can't be asked ---- */

static void offer_leases(const struct typing *t)
{
	struct sriov_broker_vf *vfs = NULL;
	char word[24], what[160], addr[SRIOVB_ADDR_LEN];
	struct sriovb *sb;
	ssize_t n, i;

	if (sriovb_open(&sb))
		return;
	n = sriovb_list_vfs(sb, NULL, &vfs);
	for (i = 0; i < n; i++) {
		if (!vfs[i].lease_id)
			continue;
		snprintf(word, sizeof(word), "%llu",
			 (unsigned long long)vfs[i].lease_id);
		snprintf(what, sizeof(what), "%s %.*s",
			 sriovb_format_addr(&vfs[i].addr, addr),
			 SRIOV_BROKER_NAME_LEN, vfs[i].lease_label);
		offer(t, word, what);
	}
	free(vfs);
	sriovb_close(sb);
}

static void offer_waiters(const struct typing *t)
{
	struct sriov_broker_waiter *waiters = NULL;
	char word[24], what[160];
	struct sriovb *sb;
	ssize_t n, i;

	if (sriovb_open(&sb))
		return;
	n = sriovb_list_waiters(sb, &waiters);
	for (i = 0; i < n; i++) {
		snprintf(word, sizeof(word), "%llu",
			 (unsigned long long)waiters[i].id);
		snprintf(what, sizeof(what), "process %d %.*s", waiters[i].pid,
			 SRIOV_BROKER_NAME_LEN, waiters[i].label);
		offer(t, word, what);
	}
	free(waiters);
	sriovb_close(sb);
}

static void offer_pools(const struct typing *t)
{
	struct sriov_broker_pool **pools;
	struct sriovb *sb;
	ssize_t n, i;

	if (sriovb_open(&sb))
		return;
	n = pools_get(sb, &pools);
	for (i = 0; i < n; i++)
		offer(t, pools[i]->name, NULL);
	pools_free(pools, n);
	sriovb_close(sb);
}

/* Those that run, if we may see them. */
static void offer_domains(const struct typing *t)
{
	offer_files_of(t, "/run/libvirt/qemu/*.pid", 0, ".pid");
}

/* ---- words of ours ---- */

static void offer_commands(const struct typing *t)
{
	const struct cmd *const *cmd;

	for (cmd = t->commands; *cmd; cmd++)
		if (!(*cmd)->now)
			offer(t, (*cmd)->name, (*cmd)->help);
}

static void offer_attrs(const struct typing *t)
{
	const char *special;
	unsigned int i;

	for (i = 0; i < NUM_NETATTRS; i++)
		offer(t, netattr_name(i), NULL);
	/* These are set's alone, not --net's. */
	for (i = 0; !t->suffix[0] && (special = set_special(i)); i++)
		offer(t, special, NULL);
}

static void offer_values(const struct typing *t)
{
	int attr = netattr_find(t->key);
	const char *word;
	unsigned int i;

	for (i = 0; attr >= 0 && (word = netattr_word(attr, i)); i++)
		offer(t, word, NULL);
	if (attr == NETATTR_MAC)
		offer(t, "none", NULL);
}

/* "device" for DEVICE: any will do. */
static void offer_columns(const struct typing *t)
{
	const struct column *column;
	char name[NAME_LEN];
	size_t i;

	for (column = list_columns; column->title; column++) {
		for (i = 0; column->title[i] && i + 1 < sizeof(name); i++)
			name[i] = tolower((unsigned char)column->title[i]);
		name[i] = '\0';
		offer(t, name, NULL);
	}
}

/* "-device": backward */
static void offer_order(const struct typing *t)
{
	struct typing rest = *t;

	rest.done += rest.word[rest.done] == '-';
	offer_columns(&rest);
}

static void offer_fields(const struct typing *t)
{
	const struct field *field;

	for (field = list_vf_fields; field->key || field->title; field++)
		if (field->key)
			offer(t, field->key, NULL);
}

/* Of one of these fields, "state!" for the others. */
static void offer_texts(const struct typing *t)
{
	char key[NAME_LEN];
	const char *text;
	unsigned int i;

	snprintf(key, sizeof(key), "%.*s", (int)strcspn(t->key, "!"), t->key);
	if (!strcmp(key, "driver"))
		offer_drivers(t);
	for (i = 0;
	     !strcmp(key, "state") && strcmp(text = sriovb_strstate(i), "?");
	     i++)
		offer(t, text, NULL);
	for (i = 1;
	     !strcmp(key, "fault") && strcmp(text = sriovb_strfault(i), "?");
	     i++)
		offer(t, text, NULL);
}

static void offer_files(const struct typing *t)
{
	(void)t;
	puts(":file");
}

static const struct kind {
	const char *name; /* as usage lines and options have it */
	void (*offer)(const struct typing *t);
} kinds[] = {
	{ "PF", offer_pfs },
	{ "VF", offer_vfs },
	{ "PF#RANGE", offer_indices },
	{ "PF#INDEX", offer_indices },
	{ "VENDOR:DEVICE", offer_ids },
	{ "DRIVER", offer_drivers },
	{ "NODE", offer_nodes },
	{ "LEASE", offer_leases },
	{ "WAITER", offer_waiters },
	{ "POOL", offer_pools },
	{ "DOMAIN", offer_domains },
	{ "ATTR", offer_attrs },
	{ "VALUE", offer_values },
	{ "COLUMN", offer_columns },
	{ "[-]COLUMN", offer_order },
	{ "FIELD", offer_fields },
	{ "TEXT", offer_texts },
	{ "FILE", offer_files },
	{ "SOCKET", offer_files },
	{ "COMMAND", offer_commands },
};

#define NUM_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void offer_kind(const struct typing *t, const char *name)
{
	size_t i;

	for (i = 0; i < NUM_KINDS; i++)
		if (!strcmp(kinds[i].name, name)) {
			kinds[i].offer(t);
			return;
		}
	if (!isupper((unsigned char)name[0]))
		offer(t, name, NULL);
}

/* "on|off" */
static void offer_choice(const struct typing *t, const char *choice)
{
	char copy[NAME_LEN], *rest = copy;

	snprintf(copy, sizeof(copy), "%s", choice);
	while (rest)
		offer_kind(t, strsep(&rest, "|"));
}

/* "ATTR=VALUE": of one that is being typed, the part that it is at. */
static void offer_pair(struct typing *t, const char *pair)
{
	const char *equals = strchr(pair, '=');
	const char *typed = t->word + t->done;
	const char *end = strchr(typed, '=');
	char name[NAME_LEN];

	if (end) {
		snprintf(t->key, sizeof(t->key), "%.*s", (int)(end - typed),
			 typed);
		t->done += end + 1 - typed;
		offer_choice(t, equals + 1);
	} else {
		snprintf(name, sizeof(name), "%.*s", (int)(equals - pair),
			 pair);
		t->suffix = "=";
		offer_choice(t, name);
	}
}

/* "PF|VF", "ATTR=VALUE,..." */
static void offer_what(struct typing *t, const char *what)
{
	const char *list = strstr(what, ",...");
	const char *comma = strrchr(t->word + t->done, ',');
	char item[NAME_LEN];

	snprintf(item, sizeof(item), "%.*s",
		 (int)(list ? list - what : (long)strlen(what)), what);
	if (list && comma)
		t->done = comma + 1 - t->word;
	if (strchr(item, '='))
		offer_pair(t, item);
	else
		offer_choice(t, item);
}

/* ---- where in the line we are ---- */

/* A usage line's words that are no options, and where its repetition begins. */
struct usage {
	char token[MAX_TOKENS][NAME_LEN];
	unsigned int count;
	unsigned int again; /* @count: nowhere */
};

/* "VF|PF#INDEX ATTR VALUE [ATTR VALUE ...]" */
static void parse_usage(const char *words, struct usage *usage)
{
	unsigned int start = 0;
	char copy[160], *rest = copy, *word;
	int skip = 0, repeats = 0;

	*usage = (struct usage){ 0 };
	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&rest, " ")) && usage->count < MAX_TOKENS) {
		int is_option = strstr(word, "--") != NULL;
		size_t len;

		/* "--qmp SOCKET|--libvirt DOMAIN" */
		if (!word[0] || is_option || skip) {
			skip = is_option;
			continue;
		}
		if (!strncmp(word, "...", 3)) {
			repeats = 1;
			continue;
		}
		if (word[0] == '[')
			start = usage->count;
		word += word[0] == '[';
		len = strcspn(word, "]");
		snprintf(usage->token[usage->count++], NAME_LEN, "%.*s",
			 (int)len, word);
	}
	if (!start && usage->count)
		start = words[0] == '[' ? 0 : usage->count - 1;
	usage->again = repeats ? start : usage->count;
}

static void offer_position(struct typing *t)
{
	unsigned int at = t->position;
	struct usage usage;

	parse_usage(t->cmd->words, &usage);
	if (at >= usage.count && usage.again < usage.count)
		at = usage.again +
		     (at - usage.again) % (usage.count - usage.again);
	if (at < usage.count)
		offer_what(t, usage.token[at]);
}

static const struct cmd *find_command(const struct typing *t, const char *name)
{
	const struct cmd *const *cmd;

	for (cmd = t->commands; *cmd; cmd++)
		if (!strcmp((*cmd)->name, name))
			return *cmd;
	return NULL;
}

/* The option that a word is, by its letter if that is the last; or NULL. */
static const struct opt *find_option(const struct cmd *cmd, const char *word)
{
	size_t len = strcspn(word, "=");
	const struct opt *opt;

	for (opt = cmd->opts; opt && opt->name; opt++) {
		if (!strncmp(word, "--", 2) && strlen(opt->name) == len - 2 &&
		    !strncmp(word + 2, opt->name, len - 2))
			return opt;
		if (word[1] != '-' && opt->letter &&
		    word[strlen(word) - 1] == opt->letter)
			return opt;
	}
	return NULL;
}

static void offer_options(struct typing *t)
{
	const char *equals = strchr(t->word, '=');
	const struct opt *opt =
		equals && t->cmd ? find_option(t->cmd, t->word) : NULL;
	char name[NAME_LEN];

	if (opt && opt->arg) {
		t->done = equals + 1 - t->word;
		offer_what(t, opt->arg);
		return;
	}
	for (opt = t->cmd ? t->cmd->opts : NULL; opt && opt->name; opt++) {
		snprintf(name, sizeof(name), "--%s", opt->name);
		offer(t, name, opt->help);
	}
	opt = t->cmd ? common_options_of(t->cmd) : common_options;
	for (; opt->name; opt++) {
		snprintf(name, sizeof(name), "--%s", opt->name);
		offer(t, name, opt->help);
	}
	if (!t->cmd)
		offer(t, "--version", NULL);
}

/* A whole word before the one that is being typed. */
static void take_word(struct typing *t, const char *word)
{
	const struct opt *opt = t->pending;

	t->pending = NULL;
	if (t->is_rest || opt)
		return;
	if (!t->cmd && word[0] != '-') {
		t->cmd = find_command(t, word);
		t->position += !t->cmd;
	} else if (!t->cmd) {
		return;
	} else if (!strcmp(word, "--")) {
		t->is_rest = 1;
	} else if (word[0] == '-' && word[1]) {
		opt = find_option(t->cmd, word);
		if (opt && opt->arg && !strchr(word, '='))
			t->pending = opt;
	} else {
		snprintf(t->key, sizeof(t->key), "%s", word);
		t->position++;
	}
}

void complete(const struct cmd *const *commands, char **words)
{
	struct typing t = { .commands = commands, .suffix = "", .word = "" };

	for (; words[0] && words[1]; words++)
		take_word(&t, words[0]);
	if (words[0])
		t.word = words[0];
	if (t.is_rest)
		puts(":command");
	else if (t.pending)
		offer_what(&t, t.pending->arg);
	else if (t.word[0] == '-')
		offer_options(&t);
	else if (t.cmd)
		offer_position(&t);
	else if (!t.position)
		offer_commands(&t);
}

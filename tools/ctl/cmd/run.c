// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl run: start a guest with its VFs.
 *
 * We become QEMU, which inherits the leases: there is no process besides that
 * could die, the leases end with QEMU's, and are shown as its own. Each lease
 * lies in an fdset whose text says what it is for, as attach leaves it, so that
 * detach gives it back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/complain.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/lease_opts.h"
#include "cli/netattr.h"
#include "cli/netset.h"
#include "cli/report.h"
#include "cmd/commands.h"
#include "guest/remedy.h"
#include "lease/held.h"
#include "lease/hold.h"
#include "lease/print.h"
#include "lease/take.h"
#include "qemu/fdset.h"
#include "qemu/qemu.h"
#include "qemu/vmm.h"

enum {
	OPT_LABEL = NUM_LEASE_OPTS,
	OPT_ID,
	OPT_NET,
};

static const struct opt options[] = {
	LEASE_OPTIONS,
	[OPT_LABEL] = { "label", 'l', "LABEL",
			"the leases' label (the guest's name)" },
	[OPT_ID] = { "id", 'i', "ID",
		     "the device's id in QEMU; of several ID-0, ID-1, ..." },
	NETATTR_OPTIONS(OPT_NET),
	{ 0 },
};

/* Of the ports that VFs get: ids, and chassis numbers beyond all usual ones. */
#define PORT	      "port-"
#define FIRST_CHASSIS 128

/* A port, a device, a descriptor, its keeper: an option and its argument each. */
#define WORDS_PER_VF 8

/* The VFs, and QEMU's command line in the making. */
struct start {
	const struct args *args;
	struct held held;
	const struct netattrs *net;
	char **words;
	unsigned int num_words;
	unsigned int placed; /* VFs that stand in the words */
	int has_ports;	     /* the machine takes PCIe ports */
	int error;
};

/* ---- QEMU's words ---- */

/* "{}" stands for "vfio-pci,host=...,id=..." at the beginning of a word. */
static int is_place(const char *word)
{
	return word[0] == '{' && word[1] == '}';
}

static void add_word(struct start *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add_word(struct start *s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&s->words[s->num_words], fmt, args) < 0)
		s->error = 1;
	else
		s->num_words++;
	va_end(args);
}

static void choose_id(const struct start *s, unsigned int vf, char *id)
{
	const char *wanted = s->args->opt[OPT_ID];

	if (!wanted)
		qemu_make_id(&s->held.grants[vf].vf, id);
	else if (s->held.count == 1)
		snprintf(id, QEMU_ID_LEN, "%s", wanted);
	else
		snprintf(id, QEMU_ID_LEN, "%s-%u", wanted, vf);
}

/* The device for the next VF, with what stands behind the "{}". */
static void add_device(struct start *s, const char *more)
{
	char id[QEMU_ID_LEN], addr[SRIOVB_ADDR_LEN];
	unsigned int vf = s->placed++;

	choose_id(s, vf, id);
	add_word(s, "vfio-pci,host=%s,id=%s%s",
		 sriovb_format_addr(&s->held.grants[vf].vf, addr), id, more);
}

static void add_lease(struct start *s, unsigned int vf)
{
	const struct sriov_broker_grant *grant = &s->held.grants[vf];
	struct kept kept = { .lease = grant->id, .vf = grant->vf };
	char id[QEMU_ID_LEN], text[FDSET_TEXT_LEN];

	choose_id(s, vf, id);
	add_word(s, "-add-fd");
	add_word(s, "fd=%d,set=%llu,opaque=%s", grant->fd,
		 FDSET_FIRST_OF_RUN + kept.lease, fdset_text(&kept, id, text));
	add_word(s, "-chardev");
	add_word(s, "pipe,id=" FDSET_KEEPER "%llu,path=/dev/fdset/%llu",
		 kept.lease, FDSET_FIRST_OF_RUN + kept.lease);
}

/*
 * A VF that was given no place. One on pcie.0 could never be unplugged, so that
 * it gets a port of its own.
 */
static void add_unplaced(struct start *s)
{
	char id[QEMU_ID_LEN], more[QEMU_ID_LEN + 16] = "";

	choose_id(s, s->placed, id);
	if (s->has_ports) {
		add_word(s, "-device");
		add_word(s, "pcie-root-port,id=" PORT "%s,chassis=%u", id,
			 FIRST_CHASSIS + s->placed);
		snprintf(more, sizeof(more), ",bus=" PORT "%s", id);
	}
	add_word(s, "-device");
	add_device(s, more);
}

/* The words given, then the VFs that have no place in them, then the leases. */
static void add_words(struct start *s)
{
	char **word;
	unsigned int i;

	for (word = s->args->rest; *word && !s->error; word++) {
		if (is_place(*word))
			add_device(s, *word + 2);
		else
			add_word(s, "%s", *word);
	}
	while (s->placed < s->held.count && !s->error)
		add_unplaced(s);
	for (i = 0; i < s->held.count && !s->error; i++)
		add_lease(s, i);
}

/* ---- the start ---- */

/* Return: the exit code, when QEMU could not be run. */
static int become_qemu(struct start *s)
{
	unsigned int i;

	add_words(s);
	if (s->error)
		return no_memory();
	if (s->args->json)
		print_leases(&s->held, "json", !!s->args->opt[LEASE_OPT_COUNT]);
	fflush(stdout);
	for (i = 0; i < s->held.count; i++)
		fcntl(s->held.grants[i].fd, F_SETFD, 0);
	warn_of_rights(&s->held, s->words);
	execvp(s->words[0], s->words);
	return could_not_run(s->words[0], errno);
}

static int lease_and_start(struct start *s,
			   const struct sriovb_request *request)
{
	struct sriovb *sb;
	unsigned int i;
	int ret = open_broker(&sb);

	if (ret)
		return ret;
	ret = take_leases_by_options(sb, s->args, request, 1, s->held.grants);
	if (!ret) {
		ret = netset_apply_leases(s->held.grants, s->held.count,
					  s->net);
		if (!ret)
			ret = become_qemu(s);
		for (i = 0; i < s->held.count; i++)
			close(s->held.grants[i].fd);
	}
	sriovb_close(sb);
	return ret;
}

/* "q35" or "pc-q35-10.0"; a "pc" has no PCIe ports. */
static int is_q35(char *const *words)
{
	char type[64];

	return (!vmm_setting(words, "machine", "type", type, sizeof(type)) ||
		!vmm_setting(words, "M", "type", type, sizeof(type))) &&
	       strstr(type, "q35");
}

static int start(const struct args *args, const struct sriovb_request *request,
		 const struct netattrs *net)
{
	struct start s = {
		.args = args,
		.net = net,
		.held.count = request->count,
		.has_ports = is_q35(args->rest),
	};
	unsigned int n = 0;
	int ret = EXIT_REFUSED;

	while (args->rest[n])
		n++;
	s.held.grants = calloc(request->count, sizeof(*s.held.grants));
	s.words =
		calloc(n + WORDS_PER_VF * request->count + 1, sizeof(*s.words));
	if (s.held.grants && s.words)
		ret = lease_and_start(&s, request);
	else
		no_memory();
	while (s.num_words)
		free(s.words[--s.num_words]);
	free(s.words);
	free(s.held.grants);
	return ret;
}

/* No more places than VFs. */
static int check_places(const struct args *args, unsigned int count)
{
	unsigned int places = 0;
	char **word;

	for (word = args->rest; *word; word++)
		places += is_place(*word);
	return places > count ? bad_usage(args, "%u {}, but --count is %u",
					  places, count) :
				0;
}

static void choose_label(const struct args *args, char *label, size_t len)
{
	if (args->opt[OPT_LABEL])
		snprintf(label, len, "%s", args->opt[OPT_LABEL]);
	else
		vmm_setting(args->rest, "name", "guest", label, len);
	if (!label[0])
		snprintf(label, len, "%s", basename(args->rest[0]));
	/* QEMU takes any name. */
	printable(label);
}

static int run(const struct args *args)
{
	char label[SRIOV_BROKER_NAME_LEN];
	struct sriovb_request request = {
		.count = 1,
		.numa_node = -1,
		.label = label,
	};
	const char *id = args->opt[OPT_ID];
	struct netattrs net;
	int ret;

	if (!args->rest)
		return bad_usage(
			args, "run: missing argument: -- QEMU" REMEDY
			      "as in: sriovctl run -- qemu-system-x86_64 ...");
	if (id && !qemu_id_ok(id))
		return bad_usage(
			args,
			"%s: an id is a letter, then letters, digits, -, . and _",
			id);
	ret = lease_opts_parse(args, &request);
	if (!ret)
		ret = check_places(args, request.count);
	if (!ret)
		ret = netattr_from_options(args, OPT_NET, request.count, &net);
	if (ret)
		return ret;
	choose_label(args, label, sizeof(label));
	return start(args, &request, &net);
}

const struct cmd cmd_run = {
	.name = "run",
	.words = "[PF|VF|PF#RANGE ...]",
	.max_words = MAX_WORDS,
	.rest = "-- QEMU ...",
	.help = "Start a QEMU whose guest has VFs.",
	.opts = options,
	.run = run,
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl attach: VFs into a running guest, all that were asked for or none.
 *
 * QEMU is asked first whether it is there, and has room, so that nothing is
 * leased for a dead socket. Whatever is refused on the way, what was done until
 * then is undone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/complain.h"
#include "base/field.h"
#include "base/json.h"
#include "base/text.h"
#include "base/value.h"
#include "base/wait.h"
#include "cli/args.h"
#include "cli/netattr.h"
#include "cli/netset.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"
#include "guest/iommufd.h"
#include "guest/monitor.h"
#include "guest/plug.h"
#include "guest/unplug.h"
#include "lease/print.h"
#include "lease/take.h"
#include "qemu/fdset.h"
#include "qemu/qemu.h"

enum {
	OPT_QMP,
	OPT_LIBVIRT,
	OPT_ID,
	OPT_BUS,
	OPT_COUNT,
	OPT_LABEL,
	OPT_WAIT,
	OPT_IOMMUFD,
	OPT_TIMEOUT,
	OPT_NET,
};

static const struct opt options[] = {
	[OPT_QMP] = MONITOR_QMP_OPTION,
	[OPT_LIBVIRT] = MONITOR_LIBVIRT_OPTION,
	[OPT_ID] = { "id", 'i', "ID", "the device's id in QEMU" },
	[OPT_BUS] = { "bus", 'b', "BUS", "where to plug it (a free port)" },
	[OPT_COUNT] = { "count", 'n', "N",
			"plug in N VFs, or none; \"all\" of a range" },
	[OPT_LABEL] = { "label", 'l', "LABEL",
			"the lease's label (the guest's name)" },
	[OPT_WAIT] = { "wait-guest", 0, NULL, "until the guest enables it" },
	[OPT_IOMMUFD] = { "iommufd", 0, NULL, "pass the device by descriptor" },
	[OPT_TIMEOUT] = { "timeout", 't', "S",
			  "for device_add, and for the guest (60)" },
	NETATTR_OPTIONS(OPT_NET),
	{ 0 },
};

/* VFs on their way into a guest. */
struct attach {
	const struct args *args;
	struct sriovb *sb;
	struct monitor monitor;
	unsigned int timeout_s;
	char label[SRIOV_BROKER_NAME_LEN];
	struct netattrs net;
	unsigned int count;
	unsigned int added; /* that device_add was tried for */
	struct plug *plugs;
	struct sriov_broker_grant *grants;
};

/* ---- before there is a lease ---- */

/* pci.0 is the root complex, where nothing can be plugged in. */
static int is_libvirt_bus(const char *bus)
{
	unsigned int number;
	char end;

	return sscanf(bus, "pci.%3u%c", &number, &end) == 1 && number;
}

/* The one that the user chose. */
static int take_bus(struct attach *a, const char *bus)
{
	int free;

	snprintf(a->plugs[0].kept.bus, QEMU_ID_LEN, "%s", bus);
	/* libvirt would take another one. */
	if (a->args->opt[OPT_LIBVIRT] && !is_libvirt_bus(bus))
		return fail(
			EXIT_REFUSED, bus,
			"the buses of a guest of libvirt's are named as in its XML: pci.1, pci.2, ...");
	if (!a->args->opt[OPT_IOMMUFD])
		return 0;
	/* QEMU would say so too, and keep the device's descriptor open. */
	free = qemu_port_is_free(&a->monitor.qmp, bus);
	if (free < 0)
		return monitor_failed(&a->monitor);
	return free ? 0 :
		      fail(EXIT_BUSY, bus, "not a hot-plug slot that is free");
}

static int choose_buses(struct attach *a)
{
	char(*buses)[QEMU_ID_LEN];
	unsigned int found, i;
	int ret = 0;

	if (a->args->opt[OPT_BUS])
		return take_bus(a, a->args->opt[OPT_BUS]);
	buses = calloc(a->count, sizeof(*buses));
	if (!buses)
		return no_memory();
	ret = qemu_free_buses(&a->monitor.qmp, buses, a->count, &found);
	if (ret)
		ret = monitor_failed(&a->monitor);
	else if (found < a->count && !found)
		ret = fail(
			EXIT_BUSY, a->monitor.name,
			"no free hot-plug slot" REMEDY
			"start QEMU with one more -device pcie-root-port,id=...,chassis=N, or name a --bus");
	else if (found < a->count)
		ret = fail(
			EXIT_BUSY, a->monitor.name,
			"%u free hot-plug slots for %u VFs" REMEDY
			"start QEMU with more -device pcie-root-port,id=...,chassis=N",
			found, a->count);
	for (i = 0; i < found; i++)
		strcpy(a->plugs[i].kept.bus, buses[i]);
	free(buses);
	return ret;
}

static int choose_label(struct attach *a)
{
	if (a->args->opt[OPT_LABEL])
		snprintf(a->label, sizeof(a->label), "%s",
			 a->args->opt[OPT_LABEL]);
	else if (qemu_guest_name(&a->monitor.qmp, a->label, sizeof(a->label)))
		return monitor_failed(&a->monitor);
	/* Any name is one for QEMU, but not for the kernel; and cut at its end it may be none. */
	printable(a->label);
	return 0;
}

/* The id that the user chose; with several VFs "ID-0", "ID-1" and so on. */
static int choose_ids(struct attach *a)
{
	const char *id = a->args->opt[OPT_ID];
	char one[QEMU_ID_LEN];
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && id && i < a->count; i++) {
		struct plug *plug = &a->plugs[i];

		if (a->args->opt[OPT_COUNT])
			snprintf(one, sizeof(one), "%s-%u", id, i);
		else
			snprintf(one, sizeof(one), "%s", id);
		monitor_id(&a->monitor, one, plug->id);
		ret = plug_check_id(&a->monitor, plug);
	}
	return ret;
}

/* All that QEMU can be asked. */
static int prepare(struct attach *a)
{
	int ret = monitor_open(&a->monitor, a->args->opt[OPT_QMP],
			       a->args->opt[OPT_LIBVIRT], 0);

	if (!ret &&
	    fdset_drop_left(&a->monitor.qmp, a->sb, unplug_tell_left, NULL))
		ret = monitor_failed(&a->monitor);
	if (!ret)
		ret = choose_label(a);
	if (!ret && a->args->opt[OPT_IOMMUFD])
		ret = iommufd_check(&a->monitor);
	if (!ret)
		ret = choose_ids(a);
	if (!ret)
		ret = choose_buses(a);
	return ret;
}

/* ---- into the guest ---- */

/* With the VF's address known: the id, if none was given, "sriov-0000-01-10-0" */
static int name_device(struct attach *a, struct plug *plug)
{
	char id[QEMU_ID_LEN];

	if (plug->id[0])
		return 0;
	qemu_make_id(&plug->kept.vf, id);
	monitor_id(&a->monitor, id, plug->id);
	return plug_check_id(&a->monitor, plug);
}

static int plug_all(struct attach *a)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < a->count; i++) {
		plug_take(&a->plugs[i], &a->grants[i]);
		a->plugs[i].kept.by_iommufd = !!a->args->opt[OPT_IOMMUFD];
	}
	for (i = 0; !ret && i < a->count; i++)
		ret = name_device(a, &a->plugs[i]);
	for (i = 0; !ret && i < a->count; i++) {
		ret = plug_in(&a->monitor, &a->plugs[i], a->timeout_s);
		if (!ret)
			a->added++;
	}
	return ret;
}

/* One was refused, with @code: the others come out again. Return: @code, or EXIT_PARTLY */
static int undo(struct attach *a, int code)
{
	const struct unplug_opts opts = { UNPLUG_UNDO_S, 1 };
	struct unplug *all = calloc(a->count, sizeof(*all));
	unsigned int i;

	if (!all)
		return no_memory();
	for (i = 0; i < a->added; i++)
		all[i] = (struct unplug){ .id = a->plugs[i].id, .quiet = 1 };
	if (a->added && !a->monitor.qmp.broken &&
	    !unplug_all(&a->monitor, a->sb, all, a->added, &opts))
		a->added = 0;
	for (i = 0; i < a->added; i++)
		if (all[i].state != UNPLUG_GONE)
			code = fail_with(
				&(struct failure){
					.code = EXIT_PARTLY,
					.subject = a->plugs[i].vf,
					.lease = a->plugs[i].kept.lease },
				"stays plugged in" REMEDY
				"to take it out: sriovctl detach %s %s %s",
				a->monitor.option, a->monitor.name,
				a->plugs[i].id);
	free(all);
	return code;
}

static int await_guest(struct attach *a)
{
	struct outcome outcome = { 0 };
	unsigned int i;

	for (i = 0; i < a->count && !wait_interrupted(); i++)
		outcome_add(&outcome,
			    plug_await_guest(&a->monitor, a->sb, &a->plugs[i],
					     a->timeout_s));
	return outcome_code(&outcome);
}

/* ---- what was done ---- */

static void report(const struct plug *plug)
{
	printf("%s attached as %s%s%s, lease %llu\n", plug->vf, plug->id,
	       plug->kept.bus[0] ? " at " : "", plug->kept.bus,
	       plug->kept.lease);
}

#define AT(member) offsetof(struct plug, member)

static const struct field plug_fields[] = {
	{ "id", NULL, AT(id), value_text },
	{ "bus", NULL, AT(kept.bus), value_text },
	{ 0 },
};

static int report_json(const struct attach *a)
{
	struct json_object *document = json_document();
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < a->count; i++) {
		struct json_object *obj = a->args->opt[OPT_COUNT] ?
						  json_object_new_object() :
						  document;

		fields_json(obj, plug_fields, &a->plugs[i]);
		fields_json(obj, lease_fields, &a->grants[i]);
		if (obj != document)
			json_object_array_add(array, obj);
	}
	if (a->args->opt[OPT_COUNT])
		json_object_object_add(document, "vfs", array);
	else
		json_object_put(array);
	return json_print(document);
}

static void report_all(const struct attach *a)
{
	unsigned int i;

	for (i = 0; i < a->count; i++)
		report(&a->plugs[i]);
}

/* ---- all of it ---- */

static int lease_and_plug(struct attach *a)
{
	struct sriovb_request request = {
		.count = a->count,
		.numa_node = -1,
		.label = a->label,
	};
	unsigned int i;
	int ret = take_leases(a->sb, a->args, &request, a->grants);

	if (ret)
		return ret;
	ret = netset_apply_leases(a->grants, a->count, &a->net);
	if (!ret)
		ret = plug_all(a);
	/* Of the descriptors, QEMU's copies are left, or none. */
	for (i = 0; i < a->count; i++) {
		close(a->grants[i].fd);
		a->plugs[i].fd = -1;
	}
	if (ret)
		return undo(a, ret);
	if (!a->args->json)
		report_all(a);
	if (a->args->opt[OPT_WAIT])
		ret = await_guest(a);
	/* One document, with what the guest did not do in it. */
	if (a->args->json)
		report_json(a);
	return ret;
}

static int attach(struct attach *a)
{
	int ret = open_broker(&a->sb);

	if (ret)
		return ret;
	a->plugs = calloc(a->count, sizeof(*a->plugs));
	a->grants = calloc(a->count, sizeof(*a->grants));
	if (a->plugs && a->grants) {
		ret = prepare(a);
		if (!ret)
			ret = lease_and_plug(a);
		monitor_close(&a->monitor);
	} else {
		ret = no_memory();
	}
	free(a->grants);
	free(a->plugs);
	sriovb_close(a->sb);
	return ret;
}

/* "all": as many as the range has. */
static int count_all(const struct args *args, const struct target *target,
		     unsigned int *count)
{
	if (!target->num_runs)
		return bad_usage(args, "--count all goes with PF#RANGE");
	*count = target_count(target);
	if (*count > SRIOV_BROKER_MAX_LEASES)
		return bad_usage(args, "%s: %u VFs; %d at most go in one call",
				 args->word[0], *count,
				 SRIOV_BROKER_MAX_LEASES);
	return 0;
}

/* The word as well, before QEMU is asked anything. */
static int parse_count(const struct args *args, unsigned int *count)
{
	const char *text = args->opt[OPT_COUNT];
	struct target target = { 0 };
	int err = 0;

	if (args->word[0])
		err = parse_target(args, args->word[0], &target);
	if (err || !text)
		return err;
	if (args->opt[OPT_BUS])
		return bad_usage(args, "--bus is for one VF, not for --count");
	if (!strcmp(text, "all"))
		return count_all(args, &target, count);
	return parse_number(args, "--count", text, 1, SRIOV_BROKER_MAX_LEASES,
			    count);
}

static int run(const struct args *args)
{
	struct attach a = {
		.args = args,
		.monitor = { .qmp = { .fd = -1 } },
		.timeout_s = PLUG_TIMEOUT_S,
		.count = 1,
	};
	const char *id = args->opt[OPT_ID];
	int ret;

	ret = monitor_check(args, args->opt[OPT_QMP], args->opt[OPT_LIBVIRT]);
	if (ret)
		return ret;
	if (args->opt[OPT_LIBVIRT] && args->opt[OPT_IOMMUFD])
		return bad_usage(
			args,
			"--iommufd is for --qmp: libvirt passes devices its own way");
	if (id && !qemu_id_ok(id))
		return bad_usage(
			args,
			"%s: an id is a letter, then letters, digits, -, . and _",
			id);
	if (args->opt[OPT_TIMEOUT]) {
		ret = parse_number(args, "--timeout", args->opt[OPT_TIMEOUT], 1,
				   PLUG_MAX_TIMEOUT_S, &a.timeout_s);
		if (ret)
			return ret;
	}
	ret = parse_count(args, &a.count);
	if (!ret)
		ret = netattr_from_options(args, OPT_NET, a.count, &a.net);
	if (ret)
		return ret;
	wait_catch_signals();
	return attach(&a);
}

const struct cmd cmd_attach = {
	.name = "attach",
	.needs = "--qmp SOCKET|--libvirt DOMAIN",
	.words = "[PF|VF|PF#RANGE]",
	.max_words = 1,
	.help = "Lease VFs and plug them into a running QEMU.",
	.opts = options,
	.run = run,
};

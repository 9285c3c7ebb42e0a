// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl detach: VFs out of a running guest. */
#include "base/field.h"
#include "base/json.h"
#include "base/value.h"
#include "base/wait.h"
#include "cli/args.h"
#include "cli/lease_name.h"
#include "cli/report.h"
#include "cmd/commands.h"
#include "guest/monitor.h"
#include "guest/plug.h"
#include "guest/unplug.h"
#include "lease/take_back.h"
#include "qemu/fdset.h"
#include "qemu/qemu.h"

enum {
	OPT_QMP,
	OPT_LIBVIRT,
	OPT_TIMEOUT
};

static const struct opt options[] = {
	[OPT_QMP] = MONITOR_QMP_OPTION,
	[OPT_LIBVIRT] = MONITOR_LIBVIRT_OPTION,
	[OPT_TIMEOUT] = { "timeout", 't', "S",
			  "ask the guest for so long (30)" },
	{ 0 },
};

static struct json_object *is_out(const void *code)
{
	return json_object_new_boolean(!*(const int *)code);
}

#define AT(member) offsetof(struct unplug, member)

static const struct field fields[] = {
	{ "id", NULL, AT(id), value_word },
	{ "vf", NULL, AT(vf), value_addr },
	{ "lease", NULL, AT(lease), value_lease },
	{ "detached", NULL, AT(code), is_out },
	{ 0 },
};

static int tell(const struct unplug *all, unsigned int n, int code)
{
	struct json_object *document = json_document();
	struct json_object *array = json_object_new_array();
	unsigned int i;
	int ret;

	for (i = 0; i < n; i++) {
		struct json_object *obj = json_object_new_object();

		fields_json(obj, fields, &all[i]);
		json_object_array_add(array, obj);
	}
	json_object_object_add(document, "devices", array);
	ret = json_print(document);
	return code ? code : ret;
}

static int detach(struct sriovb *sb, const struct args *args,
		  const struct unplug_opts *opts)
{
	static struct unplug all[MAX_WORDS];
	static char ids[MAX_WORDS][QEMU_ID_LEN];
	struct monitor m;
	unsigned int n;
	int ret;

	ret = monitor_open(&m, args->opt[OPT_QMP], args->opt[OPT_LIBVIRT],
			   opts->timeout_s * 1000);
	for (n = 0; n < MAX_WORDS && args->word[n]; n++) {
		monitor_id(&m, args->word[n], ids[n]);
		all[n].id = ids[n];
		all[n].quiet = args->json;
		all[n].code = ret;
		if (!ret && fdset_resolve_id(&m.qmp, ids[n]))
			ret = monitor_failed_for(&m, ids[n]);
	}
	if (!ret) {
		ret = unplug_all(&m, sb, all, n, opts);
		if (args->json)
			ret = tell(all, n, ret);
	}
	monitor_close(&m);
	return ret;
}

/* Without a monitor: the kernel asks through vfio, and QEMU unplugs it by itself. */
static int detach_asked(struct sriovb *sb, const struct args *args,
			unsigned int timeout_s)
{
	static struct taken all[MAX_WORDS];
	struct json_object *document;
	unsigned int n;
	int told, ret = 0;

	for (n = 0; !ret && n < MAX_WORDS && args->word[n]; n++)
		ret = lease_vf_named(sb, args, n, &all[n].vf);
	if (ret)
		return ret;
	ret = take_back(sb, all, n, timeout_s, args->json);
	if (!args->json)
		return ret;
	document = json_document();
	taken_json(document, "devices", all, n);
	told = json_print(document);
	return ret ? ret : told;
}

/* Are the words VFs or leases, and no devices of a QEMU's? */
static int names_vfs(const struct args *args)
{
	int i;

	for (i = 0; i < MAX_WORDS && args->word[i]; i++)
		if (qemu_id_ok(args->word[i]))
			return 0;
	return !args->opt[OPT_QMP] && !args->opt[OPT_LIBVIRT];
}

static int run(const struct args *args)
{
	unsigned int timeout_s = UNPLUG_TIMEOUT_S;
	const char *text = args->opt[OPT_TIMEOUT];
	int asked = names_vfs(args);
	struct unplug_opts opts;
	struct sriovb *sb;
	int i;
	int ret = asked ? 0 :
			  monitor_check(args, args->opt[OPT_QMP],
					args->opt[OPT_LIBVIRT]);

	if (ret)
		return ret;
	for (i = 0; i < MAX_WORDS && args->word[i] && !asked; i++)
		if (!qemu_id_ok(args->word[i]))
			return bad_usage(args, "%s: not the id of a device",
					 args->word[i]);
	if (text)
		ret = parse_number(args, "--timeout", text, 1,
				   PLUG_MAX_TIMEOUT_S, &timeout_s);
	if (!ret)
		ret = open_broker(&sb);
	if (ret)
		return ret;
	wait_catch_signals();
	/* A time that was given is used up, whatever the guest says. */
	opts = (struct unplug_opts){ timeout_s, !!text };
	ret = asked ? detach_asked(sb, args, timeout_s) :
		      detach(sb, args, &opts);
	sriovb_close(sb);
	return ret;
}

const struct cmd cmd_detach = {
	.name = "detach",
	.needs = "[--qmp SOCKET|--libvirt DOMAIN]",
	.words = "ID|VF|PF#INDEX|LEASE ...",
	.min_words = 1,
	.max_words = MAX_WORDS,
	.help = "Unplug VFs from a running QEMU and give them back.",
	.opts = options,
	.run = run,
};

// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl swap: another VF for a running guest. */
#include "base/complain.h"
#include "base/field.h"
#include "base/json.h"
#include "base/wait.h"
#include "cli/args.h"
#include "cli/netattr.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"
#include "guest/monitor.h"
#include "guest/plug.h"
#include "guest/swap.h"
#include "guest/unplug.h"
#include "qemu/fdset.h"
#include "qemu/qemu.h"

enum {
	OPT_QMP,
	OPT_LIBVIRT,
	OPT_TO,
	OPT_MAKE,
	OPT_TIMEOUT,
	OPT_NET,
};

static const struct opt options[] = {
	[OPT_QMP] = MONITOR_QMP_OPTION,
	[OPT_LIBVIRT] = MONITOR_LIBVIRT_OPTION,
	[OPT_TO] = { "to", 'T', "PF|VF|PF#RANGE",
		     "which VF instead (another of its PF)" },
	[OPT_MAKE] = { "make-before-break", 0, NULL,
		       "the new one in before the old is out" },
	[OPT_TIMEOUT] = { "timeout", 't', "S",
			  "ask the guest for so long (30)" },
	NETATTR_OPTIONS(OPT_NET),
	{ 0 },
};

static int report_json(const struct swap *s)
{
	struct json_object *document = json_document();

	fields_json(document, swap_fields, s);
	return json_print(document);
}

static int swap(const struct args *args, struct swap *s)
{
	struct monitor monitor;
	char id[QEMU_ID_LEN];
	int ret = open_broker(&s->sb);

	if (ret)
		return ret;
	ret = monitor_open(&monitor, args->opt[OPT_QMP], args->opt[OPT_LIBVIRT],
			   s->opts->timeout_s * 1000);
	monitor_id(&monitor, s->id, id);
	s->id = id;
	s->monitor = &monitor;
	if (!ret && fdset_resolve_id(&monitor.qmp, id))
		ret = monitor_failed_for(&monitor, id);
	if (!ret)
		ret = swap_vf(s);
	if (!ret && args->json)
		ret = report_json(s);
	else if (!ret)
		swap_print(s, "");
	monitor_close(&monitor);
	sriovb_close(s->sb);
	return ret;
}

static int run(const struct args *args)
{
	struct sriov_broker_selector selectors[SRIOV_BROKER_MAX_SELECTORS];
	struct netattrs attrs = { 0 };
	struct swap s = {
		.id = args->word[0],
		.selectors = selectors,
		.make_first = !!args->opt[OPT_MAKE],
		.attrs = &attrs,
	};
	unsigned int timeout_s = UNPLUG_TIMEOUT_S;
	const char *timeout = args->opt[OPT_TIMEOUT];
	struct unplug_opts opts;
	struct target target;
	int ret =
		monitor_check(args, args->opt[OPT_QMP], args->opt[OPT_LIBVIRT]);

	if (ret)
		return ret;
	if (!qemu_id_ok(s.id))
		return bad_usage(args, "%s: not the id of a device", s.id);
	ret = netattr_from_options(args, OPT_NET, 1, &attrs);
	if (!ret && timeout)
		ret = parse_number(args, "--timeout", timeout, 1,
				   PLUG_MAX_TIMEOUT_S, &timeout_s);
	if (!ret && args->opt[OPT_TO]) {
		ret = parse_target(args, args->opt[OPT_TO], &target);
		if (!ret)
			s.num_selectors = target_selectors(&target, selectors);
	}
	if (ret)
		return ret;
	wait_catch_signals();
	opts = (struct unplug_opts){ timeout_s, !!timeout };
	s.opts = &opts;
	return swap(args, &s);
}

const struct cmd cmd_swap = {
	.name = "swap",
	.needs = "--qmp SOCKET|--libvirt DOMAIN",
	.words = "ID",
	.min_words = 1,
	.max_words = 1,
	.help = "Give a running guest another VF for one it has.",
	.opts = options,
	.run = run,
};

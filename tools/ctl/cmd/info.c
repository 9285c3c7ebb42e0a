// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl info: what the module is, or a lease whose descriptor was inherited. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/args.h"
#include "cli/report.h"
#include "cmd/commands.h"
#include "lease/held.h"
#include "lease/inherited.h"
#include "lease/print.h"

enum {
	OPT_FD,
	OPT_JSON
};

static const struct opt options[] = {
	[OPT_FD] = { "fd", 'f', "FD", "the lease behind this descriptor" },
	[OPT_JSON] = { "json", 'j', NULL, "JSON, for programs" },
	{ 0 },
};

static int print_lease(int fd, int as_json)
{
	struct sriov_broker_lease_info info;
	struct sriov_broker_grant grant;
	struct held held = { .grants = &grant, .count = 1 };
	int err = sriovb_lease_info(fd, &info);

	if (err)
		return inherited_failed(fd, err);
	grant = (struct sriov_broker_grant){
		.fd = fd,
		.iommu_group = info.iommu_group,
		.vf = info.vf,
		.pf = info.pf,
		.index = info.index,
		.group_vfs = info.group_vfs,
		.id = info.id,
	};
	memcpy(grant.driver, info.driver, sizeof(grant.driver));
	return print_leases(&held, as_json ? "json" : NULL, 0);
}

static int print_module(struct sriovb *sb, int as_json)
{
	struct sriov_broker_info info;
	struct json_object *obj;
	char abi[32];
	int err = sriovb_info(sb, &info);

	if (err)
		return refused(sb, err);
	snprintf(abi, sizeof(abi), "%u.%u", info.abi_major, info.abi_minor);
	if (!as_json) {
		printf("ABI %s, %u PFs, %u VFs, %u leases, default driver %.*s\n",
		       abi, info.num_pfs, info.num_vfs, info.num_leases,
		       SRIOV_BROKER_NAME_LEN, info.driver);
		return 0;
	}
	obj = json_object_new_object();
	json_text(obj, "abi", abi);
	json_number(obj, "num_pfs", info.num_pfs);
	json_number(obj, "num_vfs", info.num_vfs);
	json_number(obj, "num_leases", info.num_leases);
	json_name(obj, "driver", info.driver);
	return json_print(obj);
}

static int info(const struct args *args)
{
	int as_json = !!args->opt[OPT_JSON];
	struct sriovb *sb;
	int fd;
	int ret = inherited_fd(args, args->opt[OPT_FD], &fd);

	if (ret)
		return ret;
	if (fd >= 0)
		return print_lease(fd, as_json);
	ret = open_broker(&sb);
	if (ret)
		return ret;
	ret = print_module(sb, as_json);
	sriovb_close(sb);
	return ret;
}

const struct cmd cmd_info = {
	.name = "info",
	.words = "",
	.help = "What the module is, or the lease that was inherited.",
	.opts = options,
	.run = info,
};

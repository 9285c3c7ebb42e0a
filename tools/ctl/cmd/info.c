// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl info, reset: what the module is; what a lease is whose descriptor we
 * inherited, and its VF's reset.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "base/json.h"
#include "cli/args.h"
#include "cli/report.h"
#include "cmd/commands.h"
#include "lease/lease.h"

enum {
	OPT_FD,
	OPT_JSON
};

static const struct opt info_options[] = {
	[OPT_FD] = { "fd", 'f', "FD", "the lease behind this descriptor" },
	[OPT_JSON] = { "json", 'j', NULL, "JSON, for programs" },
	{ 0 },
};

static const struct opt reset_options[] = {
	[OPT_FD] = { "fd", 'f', "FD", "of the lease ($" FD_VARIABLE ")" },
	{ 0 },
};

/* The descriptor that is named by option or variable; -1: none is. */
static int find_fd(const struct args *args, int *fd)
{
	const char *text = args->opt[OPT_FD];
	unsigned int number;
	int err;

	*fd = -1;
	if (!text)
		text = getenv(FD_VARIABLE);
	if (!text)
		return 0;
	if (!args->opt[OPT_FD] && strchr(text, ' '))
		return bad_usage(
			args,
			"several leases, descriptors %s: name one with --fd",
			text);
	err = parse_number(args, "a lease's descriptor", text, 0, 1 << 20,
			   &number);
	if (!err)
		*fd = number;
	return err;
}

static int lease_failed(int fd, int error)
{
	switch (error) {
	case -EBADF:
	case -ENOTTY:
		complain("descriptor %d: not a lease", fd);
		break;
	case -ENODEV:
		complain("descriptor %d: its lease has ended", fd);
		break;
	case -EBUSY:
		complain(
			"descriptor %d: its VF is open through vfio; reset it there",
			fd);
		break;
	default:
		complain("descriptor %d: %s", fd, strerror(-error));
	}
	return EXIT_REFUSED;
}

static int print_lease(int fd, int as_json)
{
	struct sriov_broker_lease_info info;
	struct sriov_broker_grant grant;
	struct held held = { .grants = &grant, .count = 1 };
	int err = sriovb_lease_info(fd, &info);

	if (err)
		return lease_failed(fd, err);
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
	int ret = find_fd(args, &fd);

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

static int reset(const struct args *args)
{
	int fd;
	int ret = find_fd(args, &fd);

	if (ret)
		return ret;
	if (fd < 0)
		return bad_usage(
			args,
			"which lease? --fd FD, or run it under sriovctl lease --inherit");
	ret = sriovb_lease_reset(fd);
	return ret ? lease_failed(fd, ret) : 0;
}

const struct cmd cmd_info = {
	.name = "info",
	.words = "",
	.help = "What the module is, or the lease that was inherited.",
	.opts = info_options,
	.run = info,
};

const struct cmd cmd_reset = {
	.name = "reset",
	.words = "",
	.help = "Reset the VF of the lease that was inherited.",
	.opts = reset_options,
	.run = reset,
};

// SPDX-License-Identifier: GPL-2.0-only
/* A lease whose descriptor was inherited, as under sriovctl lease --inherit. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "base/field.h"
#include "cli/args.h"
#include "lease/held.h"
#include "lease/inherited.h"
#include "lease/print.h"

int inherited_fd(const struct args *args, const char *option, int *fd)
{
	const char *text = option;
	unsigned int number;
	int err;

	*fd = -1;
	if (!text)
		text = getenv(FD_VARIABLE);
	if (!text)
		return 0;
	if (!option && strchr(text, ' '))
		return bad_usage(args,
				 "several leases, descriptors %s" REMEDY
				 "name one with --fd",
				 text);
	err = parse_number(args, "a lease's descriptor", text, 0, 1 << 20,
			   &number);
	if (!err)
		*fd = number;
	return err;
}

int inherited_failed(int fd, int error)
{
	char name[32];

	snprintf(name, sizeof(name), "descriptor %d", fd);
	switch (error) {
	case -EBADF:
	case -ENOTTY:
		return fail(EXIT_REFUSED, name, "not a lease");
	case -ENODEV:
		return fail(EXIT_NOT_FOUND, name, "its lease has ended");
	case -EBUSY:
		return fail(EXIT_BUSY, name,
			    "its VF is open through vfio" REMEDY
			    "reset it there");
	}
	return fail(exit_code_of(error), name, "%s", strerror(-error));
}

/* What LEASE once granted it as. Return: 0 or -errno */
static int grant_of(int fd, struct sriov_broker_grant *grant)
{
	struct sriov_broker_lease_info info;
	int err = sriovb_lease_info(fd, &info);

	if (err)
		return err;
	*grant = (struct sriov_broker_grant){
		.fd = fd,
		.iommu_group = info.iommu_group,
		.vf = info.vf,
		.pf = info.pf,
		.index = info.index,
		.group_vfs = info.group_vfs,
		.id = info.id,
	};
	memcpy(grant->driver, info.driver, sizeof(grant->driver));
	return 0;
}

void inherited_json(struct json_object *document, int fd)
{
	struct sriov_broker_grant grant;

	if (!grant_of(fd, &grant))
		fields_json(document, lease_fields, &grant);
}

int inherited_print(int fd, int as_json)
{
	struct sriov_broker_grant grant;
	struct held held = { .grants = &grant, .count = 1 };
	int err = grant_of(fd, &grant);

	return err ? inherited_failed(fd, err) :
		     print_leases(&held, as_json ? "json" : NULL, 0);
}

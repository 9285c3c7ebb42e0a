// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl set: the network attributes of a VF. Those of a VF that is not
 * leased stay; those of a leased one end with the lease. Besides, the number of
 * its interrupts, where its PF's driver deals in them, and the size of the BARs
 * of all VFs of a PF, where the device can have another.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "cli/args.h"
#include "base/json.h"
#include "cli/netattr.h"
#include "cli/netset.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"
#include "cmd/set.h"
#include "host/pcidev.h"

#define MAX_MSIX 2048

enum {
	OPT_FORCE
};

static const struct opt options[] = {
	[OPT_FORCE] = { "force", 'f', NULL,
			"even a MAC that another one of the PF has" },
	{ 0 },
};

/* It must be there, and not on its way back. Return: 0 or an exit code */
static int get_vf(struct sriovb *sb, const struct args *args,
		  struct sriov_broker_vf *vf)
{
	int err = want_vf(sb, args, args->word[0], vf);

	if (err)
		return err;
	if (vf->state != SRIOV_BROKER_VF_DRAINING &&
	    vf->state != SRIOV_BROKER_VF_RESETTING)
		return 0;
	return fail(EXIT_BUSY, args->word[0],
		    "on its way back from its last lease" REMEDY "try again");
}

/* "mac 02:00:00:00:00:01 vlan 5" */
static int parse_words(const struct args *args, struct netattrs *attrs)
{
	int err = 0;
	int i, attr;

	for (i = 1; !err && i < MAX_WORDS && args->word[i]; i += 2) {
		attr = netattr_find(args->word[i]);
		if (attr < 0)
			return netattr_unknown(args, args->word[i]);
		if (i + 1 == MAX_WORDS || !args->word[i + 1])
			return bad_usage(args, "%s: missing argument: VALUE",
					 args->word[i]);
		err = netattr_parse(args, attr, args->word[i + 1], attrs);
	}
	return err;
}

/* ---- what is no network attribute ---- */

/* It must have no driver: one that is in the pool leaves that first. */
static int fail_for_driver(const struct sriov_broker_vf *vf)
{
	const char *driver = vf->driver[0] ? vf->driver : "a driver";
	char name[SRIOVB_ADDR_LEN];

	sriovb_format_addr(&vf->addr, name);
	if (vf->lease_id)
		return fail_with(
			&(struct failure){ .code = EXIT_BUSY,
					   .subject = name,
					   .lease = vf->lease_id,
					   .pid = vf->lease_pid },
			"lease %llu has it; the number of MSI-X vectors changes only while no driver is bound" REMEDY
			"end the lease first",
			(unsigned long long)vf->lease_id);
	if (vf->state == SRIOV_BROKER_VF_HOST)
		return fail(
			EXIT_BUSY, name,
			"bound to %.*s, and the number of MSI-X vectors changes only while no driver is" REMEDY
			"unbind it first: echo %s >/sys/bus/pci/devices/%s/driver/unbind",
			SRIOV_BROKER_NAME_LEN, driver, name, name);
	return fail(
		EXIT_BUSY, name,
		"bound to %.*s, and the number of MSI-X vectors changes only while no driver is" REMEDY
		"before: sriovctl bind %s host; after: sriovctl bind %s %.*s",
		SRIOV_BROKER_NAME_LEN, driver, name, name,
		SRIOV_BROKER_NAME_LEN, driver);
}

/* The kernel asks for the PF's driver first, then for that of the VF. */
static int msix_failed(const struct sriov_broker_vf *vf, const char *word,
		       unsigned int vectors, int error)
{
	switch (error) {
	case -ENOENT:
	case -EOPNOTSUPP:
		return fail(
			EXIT_REFUSED, word,
			"its PF's driver can't give VFs another number of MSI-X vectors");
	case -EBUSY:
		return fail_for_driver(vf);
	case -ENOSPC:
		return fail(EXIT_REFUSED, word,
			    "its PF has no %u MSI-X vectors left to give" REMEDY
			    "take some from its other VFs first",
			    vectors);
	case -EACCES:
	case -EPERM:
		return fail(EXIT_NOT_PERMITTED, word, "this needs root");
	}
	return fail(exit_code_of(error), word, "msix: %s", strerror(-error));
}

static int set_msix(const struct args *args, const struct sriov_broker_vf *vf)
{
	unsigned int vectors;
	struct pcidev dev;
	char text[16];
	int err = parse_number(args, "msix", args->word[2], 0, MAX_MSIX,
			       &vectors);

	if (err)
		return err;
	/* Not as it was typed: the kernel takes 010 for eight. */
	snprintf(text, sizeof(text), "%u", vectors);
	err = pcidev_open(&vf->addr, &dev);
	if (!err)
		err = pcidev_write(&dev, "sriov_vf_msix_count", text);
	return err ? msix_failed(vf, args->word[0], vectors, err) : 0;
}

/* These go alone, for they can't be undone. */
static const struct special {
	const char *name;
	int (*set)(const struct args *args, const struct sriov_broker_vf *vf);
} specials[] = {
	{ "msix", set_msix },
	{ 0 },
};

static const struct special *find_special(const struct args *args)
{
	const struct special *special = specials;

	while (special->name && strcmp(special->name, args->word[1]))
		special++;
	return special->name ? special : NULL;
}

/* The VF, and what was set, as it was asked for. */
static int tell(const struct args *args, const struct sriov_broker_vf *vf,
		const struct netattrs *attrs)
{
	struct json_object *document = json_document();
	struct json_object *net = json_object_new_object();

	json_addr(document, "vf", &vf->addr);
	json_addr(document, "pf", &vf->pf);
	json_number(document, "index", vf->index);
	if (find_special(args))
		json_number(document, args->word[1],
			    strtoul(args->word[2], NULL, 10));
	netattr_json(net, attrs);
	json_object_object_add(document, "net", net);
	return json_print(document);
}

static int set_attrs(const struct args *args, const struct sriov_broker_vf *vf,
		     const struct netattrs *attrs)
{
	const struct netvf netvf = {
		.vf = vf->addr,
		.pf = vf->pf,
		.index = vf->index,
		.lease_id = vf->lease_id,
	};

	return netset_apply(&netvf, attrs,
			    args->opt[OPT_FORCE] ? NETSET_FORCE : 0);
}

static int run(const struct args *args)
{
	const struct special *special = find_special(args);
	struct netattrs attrs = { 0 };
	struct sriov_broker_vf vf;
	struct sriovb *sb;
	int ret = 0;

	if (special && args->word[3])
		return bad_usage(args, "%s goes alone", special->name);
	if (!special)
		ret = parse_words(args, &attrs);
	if (!ret)
		ret = open_broker(&sb);
	if (ret)
		return ret;
	ret = get_vf(sb, args, &vf);
	sriovb_close(sb);
	if (!ret)
		ret = special ? special->set(args, &vf) :
				set_attrs(args, &vf, &attrs);
	return ret || !args->json ? ret : tell(args, &vf, &attrs);
}

const char *set_special(unsigned int index)
{
	return specials[index].name;
}

const struct cmd cmd_set = {
	.name = "set",
	.words = "VF|PF#INDEX ATTR VALUE [ATTR VALUE ...]",
	.min_words = 3,
	.max_words = 1 + 2 * NUM_NETATTRS,
	.help = "Set a VF's MAC, VLAN, MSI-X vectors.",
	.opts = options,
	.run = run,
};

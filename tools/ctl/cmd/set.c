// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl set: the network attributes of a VF. Those of a VF that is not
 * leased stay; those of a leased one end with the lease. Besides, the number of
 * its interrupts, where its PF's driver deals in them, and the size of the BARs
 * of all VFs of a PF, where the device can have another.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/complain.h"
#include "cli/args.h"
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

/* It must be there, and not on its way back from a lease. Return: 0 or EXIT_REFUSED */
static int get_vf(struct sriovb *sb, const char *word,
		  const struct target *target, struct sriov_broker_vf *vf)
{
	int found = find_vf(sb, target, vf);

	if (found < 0)
		return refused(sb, found);
	if (!found) {
		complain("%s: no VF that is there; see sriovctl list", word);
		return EXIT_REFUSED;
	}
	if (vf->state != SRIOV_BROKER_VF_DRAINING &&
	    vf->state != SRIOV_BROKER_VF_RESETTING)
		return 0;
	complain("%s: on its way back from its last lease; try again", word);
	return EXIT_REFUSED;
}

/* "mac 02:00:00:00:00:01 vlan 5" */
static int parse_words(const struct args *args, struct netattrs *attrs)
{
	int err = 0;
	int i, attr;

	for (i = 1; !err && i < MAX_WORDS && args->word[i]; i += 2) {
		attr = netattr_find(args->word[i]);
		if (attr < 0)
			return bad_usage(args, "%s: no attribute of a VF",
					 args->word[i]);
		if (i + 1 == MAX_WORDS || !args->word[i + 1])
			return bad_usage(args, "%s: which value?",
					 args->word[i]);
		err = netattr_parse(args, attr, args->word[i + 1], attrs);
	}
	return err;
}

/* ---- what is no network attribute ---- */

/* It must have no driver: one that is in the pool leaves that first. */
static void complain_of_driver(const struct sriov_broker_vf *vf)
{
	const char *driver = vf->driver[0] ? vf->driver : "a driver";
	char name[SRIOVB_ADDR_LEN];

	sriovb_format_addr(&vf->addr, name);
	if (vf->lease_id)
		complain(
			"%s: lease %llu has it; the number of MSI-X vectors changes only while no driver is bound",
			name, (unsigned long long)vf->lease_id);
	else if (vf->state == SRIOV_BROKER_VF_HOST)
		complain(
			"%s: bound to %.*s, and the number of MSI-X vectors changes only while no driver is; unbind it first: echo %s >/sys/bus/pci/devices/%s/driver/unbind",
			name, SRIOV_BROKER_NAME_LEN, driver, name, name);
	else
		complain(
			"%s: bound to %.*s, and the number of MSI-X vectors changes only while no driver is; before: sriovctl bind %s host; after: sriovctl bind %s %.*s",
			name, SRIOV_BROKER_NAME_LEN, driver, name, name,
			SRIOV_BROKER_NAME_LEN, driver);
}

/* The kernel asks for the PF's driver first, then for that of the VF. */
static int msix_failed(const struct sriov_broker_vf *vf, const char *word,
		       unsigned int vectors, int error)
{
	switch (error) {
	case -ENOENT:
	case -EOPNOTSUPP:
		complain(
			"%s: its PF's driver can't give VFs another number of MSI-X vectors",
			word);
		break;
	case -EBUSY:
		complain_of_driver(vf);
		break;
	case -ENOSPC:
		complain(
			"%s: its PF has no %u MSI-X vectors left to give; take some from its other VFs first",
			word, vectors);
		break;
	case -EACCES:
	case -EPERM:
		complain("%s: this needs root", word);
		break;
	default:
		complain("%s: msix: %s", word, strerror(-error));
	}
	return EXIT_REFUSED;
}

static int set_msix(const struct args *args, struct sriovb *sb,
		    const struct target *target)
{
	const char *word = args->word[0];
	struct sriov_broker_vf vf;
	unsigned int vectors;
	struct pcidev dev;
	char text[16];
	int err = parse_number(args, "msix", args->word[2], 0, MAX_MSIX,
			       &vectors);

	if (!err)
		err = get_vf(sb, word, target, &vf);
	if (err)
		return err;
	/* Not as it was typed: the kernel takes 010 for eight. */
	snprintf(text, sizeof(text), "%u", vectors);
	err = pcidev_open(&vf.addr, &dev);
	if (!err)
		err = pcidev_write(&dev, "sriov_vf_msix_count", text);
	return err ? msix_failed(&vf, word, vectors, err) : 0;
}

/* These go alone, for they can't be undone. */
static const struct special {
	const char *name;
	int (*set)(const struct args *args, struct sriovb *sb,
		   const struct target *target);
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

static int run(const struct args *args)
{
	const struct special *special = find_special(args);
	struct netattrs attrs = { 0 };
	struct target target;
	struct sriov_broker_vf vf;
	struct netvf netvf;
	struct sriovb *sb;
	int ret = 0;

	if (special && args->word[3])
		return bad_usage(args, "%s goes alone", special->name);
	if (!special)
		ret = parse_words(args, &attrs);
	if (!ret)
		ret = parse_one(args, args->word[0], &target);
	if (!ret)
		ret = open_broker(&sb);
	if (ret)
		return ret;
	ret = special ? special->set(args, sb, &target) :
			get_vf(sb, args->word[0], &target, &vf);
	sriovb_close(sb);
	if (ret || special)
		return ret;
	netvf = (struct netvf){
		.vf = vf.addr,
		.pf = vf.pf,
		.index = vf.index,
		.lease_id = vf.lease_id,
	};
	return netset_apply(&netvf, &attrs,
			    args->opt[OPT_FORCE] ? NETSET_FORCE : 0);
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

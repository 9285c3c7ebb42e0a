// SPDX-License-Identifier: GPL-2.0-only
/*
 * sriovctl doctor: why can't this machine do it? Looks at what has to be right for VFs
 * to be had and leased, without changing anything, and without the module.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "cli/target.h"
#include "cmd/commands.h"
#include "doctor/finding.h"
#include "host/files.h"
#include "host/sysfs_list.h"

enum {
	OPT_VFS,
	OPT_USER
};

static const struct opt options[] = {
	[OPT_VFS] = { "vfs", 0, "N", "so many VFs are wanted (all)" },
	[OPT_USER] = { "user", 'u', "USER", "look at the rights of this user" },
	{ 0 },
};

/* ---- the PFs ---- */

static void examine(struct patient *patient, const struct sriov_broker_pf *pf)
{
	patient->addr = pf->addr;
	patient->total_vfs = pf->total_vfs;
	patient->num_vfs = pf->num_vfs;
	memcpy(patient->driver, pf->driver, sizeof(patient->driver));
	sriovb_format_addr(&pf->addr, patient->name);
	pcidev_open(&pf->addr, &patient->dev);
}

/* @only: this one; NULL: all. Return: 0 or -1 */
static int find_patients(struct doctor *d, const struct sriov_broker_addr *only)
{
	struct sriov_broker_pf *pfs;
	ssize_t i, n = sysfs_list_pfs(&pfs);

	if (n < 0)
		return -1;
	d->patients = calloc(n + 1, sizeof(*d->patients));
	for (i = 0; d->patients && i < n; i++)
		if (!only || sriovb_same_addr(&pfs[i].addr, only))
			examine(&d->patients[d->num_patients++], &pfs[i]);
	free(pfs);
	return d->patients ? 0 : -1;
}

/* Makers whose cards can be told by a tool of theirs to have SR-IOV. */
static const struct {
	const char *vendor;
	const char *todo;
} makers[] = {
	{ "0x15b3",
	  "mlxconfig -d %s set SRIOV_EN=1 NUM_OF_VFS=8, then a cold boot" },
	{ "0x14e4",
	  "switch on SR-IOV in the card's setup (Ctrl-S at boot, or niccli -pci %s), then reboot" },
	{ "0x8086",
	  "switch on SR-IOV in the firmware's setup, also in that of the card %s, then reboot" },
};

/* A device that was named, and is no PF. */
static void is_no_pf(struct doctor *d, const struct sriov_broker_addr *addr)
{
	char name[SRIOVB_ADDR_LEN], vendor[16], path[96];
	size_t i;

	sriovb_format_addr(addr, name);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/physfn", name);
	if (path_exists(path)) {
		found(d, VERDICT_FAIL, "sriov", name,
		      "a VF, where a PF is wanted");
		todo(d, "sriovctl doctor $(basename $(readlink %s))", path);
		return;
	}
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vendor", name);
	if (!read_line(path, vendor, sizeof(vendor))) {
		found(d, VERDICT_FAIL, "sriov", name,
		      "there is no such device");
		todo(d, "sriovctl list; lspci");
		return;
	}
	found(d, VERDICT_FAIL, "sriov", name,
	      "the device shows no SR-IOV capability");
	for (i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
		if (!strcmp(vendor, makers[i].vendor)) {
			/* Each has the one %s for the device. */
			todo(d, makers[i].todo, name);
			return;
		}
	todo(d,
	     "switch on SR-IOV in the firmware's setup, or see whether it can: lspci -vv -s %s",
	     name);
}

static void is_without(struct doctor *d, const struct sriov_broker_addr *only)
{
	if (d->num_patients)
		return;
	if (only) {
		is_no_pf(d, only);
		return;
	}
	found(d, VERDICT_FAIL, "sriov", NULL,
	      "no PCI device here shows an SR-IOV capability");
	todo(d,
	     "switch on SR-IOV in the firmware's setup, also in that of the card; see: lspci -vv | grep -B20 SR-IOV");
}

/* ---- the command ---- */

static void check_all(struct doctor *d, const struct sriov_broker_addr *only)
{
	static void (*const checks[])(struct doctor *d,
				      const struct patient *pf) = {
		check_driver,	 check_room,	   check_group,
		check_overrides, check_quarantine,
	};
	size_t i, j;

	check_module(d);
	check_boot(d);
	check_iommu(d);
	check_vfio(d);
	is_without(d, only);
	for (i = 0; i < d->num_patients; i++)
		for (j = 0; j < sizeof(checks) / sizeof(checks[0]); j++)
			checks[j](d, &d->patients[i]);
	check_rivals(d);
	check_guests(d);
	check_user(d);
}

static int doctor(const struct args *args)
{
	struct sriov_broker_addr addr;
	struct doctor d = { .num_findings = 0 };
	int has_pf = args->word[0] != NULL;
	int ret = 0;

	if (args->opt[OPT_VFS])
		ret = parse_number(args, "the number of VFs",
				   args->opt[OPT_VFS], 1, 0xffff,
				   &d.wanted_vfs);
	if (!ret && has_pf)
		ret = parse_device(args, args->word[0], &addr);
	if (ret)
		return ret;
	d.user = args->opt[OPT_USER];
	if (d.user && !getpwnam(d.user))
		return fail(EXIT_NOT_FOUND, d.user, "no such user");
	d.sb_error = sriovb_open(&d.sb);
	if (d.sb_error)
		d.sb = NULL;
	if (find_patients(&d, has_pf ? &addr : NULL))
		return no_memory();
	check_all(&d, has_pf ? &addr : NULL);
	ret = findings_print(&d, args->json);
	findings_free(&d);
	free(d.patients);
	sriovb_close(d.sb);
	return ret;
}

const struct cmd cmd_doctor = {
	.name = "doctor",
	.words = "[PF]",
	.max_words = 1,
	.help = "Say what on this host keeps VFs from being had and leased, and what to do.",
	.opts = options,
	.run = doctor,
};

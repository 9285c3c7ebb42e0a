// SPDX-License-Identifier: GPL-2.0-only
/* All PFs and VFs at one time, or those that a word of the command line names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/complain.h"
#include "cli/picture.h"
#include "cli/report.h"
#include "host/sysfs_list.h"

/* If the device named is a VF, show its PF with that VF alone. */
static void narrow_to_vf(struct picture *pic)
{
	ssize_t i;

	for (i = 0; i < pic->num_vfs; i++) {
		if (!sriovb_same_addr(&pic->vfs[i].addr, &pic->target.dev))
			continue;
		pic->vf = pic->target.dev;
		pic->target.dev = pic->vfs[i].pf;
		return;
	}
}

/* Return: 0 or -errno */
static int ask_module(struct picture *pic, struct sriovb *sb)
{
	pic->num_vfs = sriovb_list_vfs(sb, NULL, &pic->vfs);
	if (pic->num_vfs < 0)
		return pic->num_vfs;
	narrow_to_vf(pic);
	pic->num_pfs = sriovb_list_pfs(
		sb, pic->target.dev.valid ? &pic->target.dev : NULL, &pic->pfs);
	return pic->num_pfs < 0 ? pic->num_pfs : 0;
}

/* What the module would have said. */
static int complain_of(const struct sriov_broker_addr *dev)
{
	char path[64], addr[SRIOVB_ADDR_LEN];

	sriovb_format_addr(dev, addr);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", addr);
	if (access(path, F_OK))
		return fail(EXIT_NOT_FOUND, addr,
			    "there is no such PCI device" REMEDY
			    "see sriovctl list");
	return fail(EXIT_REFUSED, addr, "the device has no SR-IOV");
}

/* Leave the one PF that is meant. */
static int narrow_to_pf(struct picture *pic)
{
	ssize_t i;

	for (i = 0; i < pic->num_pfs; i++) {
		if (!sriovb_same_addr(&pic->pfs[i].addr, &pic->target.dev))
			continue;
		pic->pfs[0] = pic->pfs[i];
		pic->num_pfs = 1;
		return 0;
	}
	return complain_of(&pic->target.dev);
}

static int ask_sysfs(struct picture *pic)
{
	pic->num_vfs = sysfs_list_vfs(&pic->vfs);
	pic->num_pfs = sysfs_list_pfs(&pic->pfs);
	if (pic->num_vfs < 0 || pic->num_pfs < 0)
		return fail(EXIT_REFUSED, "/sys/bus/pci/devices", "%s",
			    strerror(pic->num_vfs < 0 ? -pic->num_vfs :
							-pic->num_pfs));
	narrow_to_vf(pic);
	return pic->target.dev.valid ? narrow_to_pf(pic) : 0;
}

int picture_take(struct picture *pic, struct sriovb *sb)
{
	struct target target = pic->target;
	int err;

	*pic = (struct picture){ .target = target };
	if (!sb)
		return ask_sysfs(pic);
	err = ask_module(pic, sb);
	return err ? refused(sb, err) : 0;
}

void picture_free(struct picture *pic)
{
	free(pic->pfs);
	free(pic->vfs);
	pic->pfs = NULL;
	pic->vfs = NULL;
}

int picture_has(const struct picture *pic, const struct sriov_broker_pf *pf,
		const struct sriov_broker_vf *vf)
{
	if (!sriovb_same_addr(&vf->pf, &pf->addr))
		return 0;
	if (pic->vf.valid)
		return sriovb_same_addr(&vf->addr, &pic->vf);
	return target_has_index(&pic->target, vf->index);
}

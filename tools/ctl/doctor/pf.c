// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks of one PF: its driver, the room for so many VFs, IOMMU groups, overrides
 * that were left behind, VFs in quarantine.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "doctor/finding.h"
#include "host/files.h"
#include "host/kernel.h"
#include "host/vfio_users.h"

static int starts_with(const char *text, const char *beginning)
{
	return !strncmp(text, beginning, strlen(beginning));
}

/* What driver_override says. Return: @buf, or NULL: nothing */
static const char *override_of(const struct pcidev *dev, char *buf, size_t len)
{
	if (!pcidev_read(dev, "driver_override", buf, len) || !buf[0] ||
	    !strcmp(buf, "(null)"))
		return NULL;
	return buf;
}

/* ---- its driver ---- */

static void has_no_driver(struct doctor *d, const struct patient *pf)
{
	char override[SRIOV_BROKER_NAME_LEN];

	if (override_of(&pf->dev, override, sizeof(override))) {
		found(d, VERDICT_FAIL, "driver", pf->name,
		      "none, for its driver_override says \"%s\"", override);
		todo(d,
		     "echo >/sys/bus/pci/devices/%s/driver_override; echo %s >/sys/bus/pci/drivers_probe",
		     pf->name, pf->name);
		return;
	}
	found(d, VERDICT_WARN, "driver", pf->name,
	      "none; sriovctl enable has its own loaded, or brings one that does nothing but have VFs");
	todo(d, "echo %s >/sys/bus/pci/drivers_probe", pf->name);
}

static void tell_to_rebind(struct doctor *d, const struct patient *pf)
{
	todo(d,
	     "cd /sys/bus/pci/devices/%s; echo >driver_override; echo %s >driver/unbind; echo %s >/sys/bus/pci/drivers_probe",
	     pf->name, pf->name, pf->name);
}

/* Drivers for programs, which have no sriov_configure. */
static int can_have_none(const char *driver)
{
	return !strcmp(driver, "pci-stub") ||
	       !strcmp(driver, "uio_pci_generic");
}

void check_driver(struct doctor *d, const struct patient *pf)
{
	if (!pf->driver[0]) {
		has_no_driver(d, pf);
	} else if (starts_with(pf->driver, "vfio")) {
		found(d, VERDICT_FAIL, "driver", pf->name,
		      "%s: its VFs would open only with the token of the PF's user",
		      pf->driver);
		tell_to_rebind(d, pf);
	} else if (can_have_none(pf->driver)) {
		found(d, VERDICT_FAIL, "driver", pf->name,
		      "%s can't enable VFs", pf->driver);
		tell_to_rebind(d, pf);
	} else if (!pf->total_vfs) {
		found(d, VERDICT_FAIL, "driver", pf->name,
		      "%s allows it no VFs (sriov_totalvfs is 0)", pf->driver);
		todo(d,
		     "see what it says: dmesg | grep %s; the card's own setting may be 0 (mlxconfig NUM_OF_VFS, devlink dev param show pci/%s), or a mode of the driver excludes VFs",
		     pf->name, pf->name);
	} else {
		found(d, VERDICT_OK, "driver", pf->name, "%s, up to %u VFs",
		      pf->driver, pf->total_vfs);
	}
}

/* ---- room for so many ---- */

/* How many it shall have; 0: it can have none anyway. */
static unsigned int wanted_vfs(const struct doctor *d, const struct patient *pf)
{
	return d->wanted_vfs ? d->wanted_vfs : pf->total_vfs;
}

/* A BAR that the device has and that got no place. */
static int lacks_memory(const struct pcidev *dev, unsigned int cap)
{
	int has = 0;
	int i;

	for (i = 0; i < PCI_BARS; i++) {
		if (dev->vf_bars[i].size && !dev->vf_bars[i].start)
			return 1;
		has |= dev->vf_bars[i].size != 0;
	}
	/* The kernel forgets the size of what had no room. A VF without any BAR is none. */
	return !has && pcidev_word(dev, cap + PCI_SRIOV_TOTAL_VF);
}

static void check_memory(struct doctor *d, const struct patient *pf)
{
	found(d, VERDICT_FAIL, "room", pf->name,
	      "no memory for the BARs of its VFs below its port");
	if (kernel_was_told("pci=realloc=off"))
		todo(d,
		     "take pci=realloc=off out of GRUB_CMDLINE_LINUX in /etc/default/grub, then: update-grub && reboot");
	else
		todo(d,
		     "add pci=realloc to GRUB_CMDLINE_LINUX in /etc/default/grub, then: update-grub && reboot; or switch on \"Above 4G decoding\" (SR-IOV support) in the firmware's setup");
}

/* The bridge that a device is below. Return: 0, or -1: it is below none */
static int open_bridge(const struct pcidev *dev, struct pcidev *bridge,
		       struct sriov_broker_addr *addr)
{
	char real[PATH_MAX];
	char *slash;

	if (!realpath(dev->dir, real))
		return -1;
	slash = strrchr(real, '/');
	*slash = '\0';
	if (sriovb_parse_addr(strrchr(real, '/') + 1, addr))
		return -1;
	return pcidev_open(addr, bridge) ? -1 : 0;
}

/* Which of its VFs is the first beyond this bus; @stride is not 0. */
static unsigned int first_beyond(const struct patient *pf, unsigned int offset,
				 unsigned int stride, unsigned int last_bus)
{
	unsigned int first = pf->addr.bdf + offset;
	unsigned int end = (last_bus + 1) << 8;

	return first >= end ? 0 : (end - first + stride - 1) / stride;
}

/* Without ARI a bus has room for 8 functions only. */
static const char *lacks_ari(const struct pcidev *pf, unsigned int sriov,
			     const struct pcidev *bridge)
{
	unsigned int cap = pcidev_cap(bridge, PCI_CAP_ID_EXP);

	if (pcidev_word(pf, sriov + PCI_SRIOV_CTRL) & PCI_SRIOV_CTRL_ARI)
		return "";
	return pcidev_long(bridge, cap + PCI_EXP_DEVCAP2) &
			       PCI_EXP_DEVCAP2_ARI ?
		       "; without ARI, which the card does not do" :
		       "; without ARI, which the port does not do";
}

static void check_buses(struct doctor *d, const struct patient *pf,
			unsigned int cap)
{
	unsigned int offset = pcidev_word(&pf->dev, cap + PCI_SRIOV_VF_OFFSET);
	unsigned int stride = pcidev_word(&pf->dev, cap + PCI_SRIOV_VF_STRIDE);
	unsigned int want = wanted_vfs(d, pf);
	unsigned int last_bus, fit;
	struct sriov_broker_addr addr;
	struct pcidev bridge;
	char name[SRIOVB_ADDR_LEN];

	if (!stride || open_bridge(&pf->dev, &bridge, &addr)) {
		found(d, VERDICT_OK, "room", pf->name,
		      "memory for the BARs of %u VFs", want);
		return;
	}
	last_bus = pcidev_word(&bridge, PCI_SUBORDINATE_BUS) & 0xff;
	fit = first_beyond(pf, offset, stride, last_bus);
	sriovb_format_addr(&addr, name);
	if (fit >= want) {
		found(d, VERDICT_OK, "room", pf->name,
		      "memory for the BARs of %u VFs, and bus numbers below %s",
		      want, name);
		return;
	}
	found(d, VERDICT_FAIL, "room", pf->name,
	      "the bus numbers below %s end at %02x: %u of %u VFs fit%s", name,
	      last_bus, fit, want, lacks_ari(&pf->dev, cap, &bridge));
	if (fit)
		todo(d,
		     "sriovctl enable %s %u; for more, add pci=assign-busses to GRUB_CMDLINE_LINUX in /etc/default/grub, then: update-grub && reboot",
		     pf->name, fit);
	else
		todo(d,
		     "add pci=assign-busses to GRUB_CMDLINE_LINUX in /etc/default/grub, then: update-grub && reboot");
}

void check_room(struct doctor *d, const struct patient *pf)
{
	unsigned int cap = pcidev_ext_cap(&pf->dev, PCI_EXT_CAP_ID_SRIOV);

	if (d->wanted_vfs > pf->total_vfs && pf->total_vfs) {
		found(d, VERDICT_FAIL, "room", pf->name,
		      "%u VFs are wanted, it can have %u", d->wanted_vfs,
		      pf->total_vfs);
		todo(d,
		     "ask for %u or fewer; some cards can be told to have more (mlxconfig NUM_OF_VFS, or the firmware's setup)",
		     pf->total_vfs);
	} else if (!cap) {
		found(d, VERDICT_WARN, "room", pf->name,
		      "not looked at: only root sees configuration space");
		todo(d, "sudo sriovctl doctor %s", pf->name);
	} else if (lacks_memory(&pf->dev, cap)) {
		check_memory(d, pf);
	} else {
		check_buses(d, pf, cap);
	}
}

/* ---- IOMMU groups ---- */

/* "0000:01:00.1 (igb, enp1s0f1)" */
static void describe(const char *name, char *buf, size_t len)
{
	struct sriov_broker_addr addr;
	struct pcidev dev;
	char driver[SRIOV_BROKER_NAME_LEN];
	struct netif netif;
	int has_net;

	if (sriovb_parse_addr(name, &addr) || pcidev_open(&addr, &dev)) {
		snprintf(buf, len, "%s", name);
		return;
	}
	has_net = netinfo_get(&addr, &netif);
	snprintf(buf, len, "%s (%s%s%s)", name,
		 pcidev_link(&dev, "driver", driver, sizeof(driver)) ?
			 driver :
			 "no driver",
		 has_net ? ", " : "", has_net ? netif.name : "");
	if (has_net)
		netinfo_put(&netif);
}

/* A bridge, which is no obstacle itself, but shows that the group goes on below it. */
static int is_bridge(const char *name)
{
	char path[96], class[16];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/class", name);
	return read_line(path, class, sizeof(class)) &&
	       starts_with(class, "0x0604");
}

/* A VF of this PF's. */
static int is_own_vf(const struct patient *pf, const char *name)
{
	struct sriov_broker_addr addr;
	char physfn[SRIOVB_ADDR_LEN];
	struct pcidev dev;

	if (sriovb_parse_addr(name, &addr))
		return 0;
	pcidev_at(&addr, &dev);
	return pcidev_link(&dev, "physfn", physfn, sizeof(physfn)) &&
	       !strcmp(physfn, pf->name);
}

/*
 * What is in a PF's group besides its VFs: others by name. A bridge there does not
 * isolate what is below it (ACS): so VFs will be in the group as well.
 */
struct company {
	char *others;
	char bridge[SRIOVB_ADDR_LEN]; /* "": none */
};

static void add_other(struct company *company, const char *name)
{
	char text[128], *all;

	describe(name, text, sizeof(text));
	if (asprintf(&all, "%s%s%s", company->others ? company->others : "",
		     company->others ? ", " : "", text) < 0)
		return;
	free(company->others);
	company->others = all;
}

static void look_around(const struct patient *pf, struct company *company)
{
	char **names;
	int n = pcidev_names(&pf->dev, "iommu_group/devices", &names);
	int i;

	*company = (struct company){ 0 };
	for (i = 0; i < n; i++) {
		if (!names[i])
			continue;
		if (is_bridge(names[i]))
			snprintf(company->bridge, sizeof(company->bridge),
				 "%.19s", names[i]);
		else if (strcmp(names[i], pf->name) && !is_own_vf(pf, names[i]))
			add_other(company, names[i]);
		free(names[i]);
	}
	free(names);
}

void check_group(struct doctor *d, const struct patient *pf)
{
	struct company company;

	if (!d->iommu)
		return; /* there are none, which check_iommu() has said */
	look_around(pf, &company);
	if (company.bridge[0]) {
		found(d, VERDICT_FAIL, "group", pf->name,
		      "its port, %s, does not isolate what is below it (ACS): its VFs are in one IOMMU group with the PF%s%s, which the host uses, so they can't be leased",
		      company.bridge, company.others ? " and " : "",
		      company.others ? company.others : "");
		todo(d,
		     "switch on ACS in the firmware's setup, or put the card into a slot whose port has it: lspci -vv | grep -E '^[0-9a-f]|ACSCtl'");
	} else if (company.others) {
		found(d, VERDICT_OK, "group", pf->name,
		      "its VFs get groups of their own; the PF itself shares one with %s",
		      company.others);
	} else {
		found(d, VERDICT_OK, "group", pf->name,
		      "the PF and each VF have a group of their own");
	}
	free(company.others);
}

/* ---- overrides ---- */

static void check_override(struct doctor *d, const char *name)
{
	char override[SRIOV_BROKER_NAME_LEN], driver[SRIOV_BROKER_NAME_LEN];
	struct sriov_broker_addr addr;
	struct pcidev dev;

	if (sriovb_parse_addr(name, &addr))
		return;
	pcidev_at(&addr, &dev);
	if (!override_of(&dev, override, sizeof(override)))
		return;
	if (!pcidev_link(&dev, "driver", driver, sizeof(driver)))
		driver[0] = '\0';
	if (!strcmp(driver, override))
		return;
	found(d, VERDICT_WARN, "override", name,
	      "driver_override says \"%s\", its driver is %s", override,
	      driver[0] ? driver : "none");
	todo(d,
	     "echo >%s/driver_override; if driverctl set it: driverctl unset-override %s",
	     dev.dir, name);
}

/* Of VFs in the pool the broker writes them, and takes them away. */
static int is_pooled(const struct sriov_broker_vf *vfs, ssize_t n,
		     const char *name)
{
	char text[SRIOVB_ADDR_LEN];
	ssize_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(sriovb_format_addr(&vfs[i].addr, text), name))
			return vfs[i].state != SRIOV_BROKER_VF_HOST;
	return 0;
}

void check_overrides(struct doctor *d, const struct patient *pf)
{
	struct sriov_broker_vf *vfs = NULL;
	char link[24], name[SRIOVB_ADDR_LEN];
	ssize_t n = 0;
	unsigned int i;

	if (pf->driver[0])
		check_override(d, pf->name);
	if (d->sb)
		n = sriovb_list_vfs(d->sb, &pf->addr, &vfs);
	for (i = 0; i < pf->num_vfs; i++) {
		snprintf(link, sizeof(link), "virtfn%u", i);
		if (pcidev_link(&pf->dev, link, name, sizeof(name)) &&
		    !is_pooled(vfs, n, name))
			check_override(d, name);
	}
	free(vfs);
}

/* ---- quarantine ---- */

static void todo_about_user(struct doctor *d, const struct sriov_broker_vf *vf,
			    const char *name)
{
	char user[VFIO_USER_LEN];

	if (vfio_user(&vf->addr, user, sizeof(user)))
		todo(d, "end %s, which has it open; it comes back by itself",
		     user);
	else
		todo(d,
		     "end the process that has it open: fuser -v /dev/vfio/*; it comes back by itself; if no process has: sriovctl reset %s",
		     name);
}

static void todo_about(struct doctor *d, const struct sriov_broker_vf *vf,
		       const char *name)
{
	char pf[SRIOVB_ADDR_LEN];

	sriovb_format_addr(&vf->pf, pf);
	switch (vf->fault) {
	case SRIOV_BROKER_FAULT_IN_USE:
		todo_about_user(d, vf, name);
		break;
	case SRIOV_BROKER_FAULT_DRIVER:
		todo(d,
		     "sriovctl reset %s; if that fails, see why: dmesg | grep %s",
		     name, name);
		break;
	case SRIOV_BROKER_FAULT_FENCE:
		todo(d,
		     "take the driver off what shares its group: ls /sys/bus/pci/devices/%s/iommu_group/devices; then: sriovctl reset %s",
		     name, name);
		break;
	case SRIOV_BROKER_FAULT_NET:
		todo(d,
		     "see that the PF is up and what its driver says: ip link show; dmesg | grep %s; then: sriovctl reset %s",
		     pf, name);
		break;
	default: /* reset, check, silent, and what a newer module may say */
		todo(d,
		     "sriovctl reset %s; if it fails again: sriovctl disable %s && sriovctl enable %s N; if that does not help, a power cycle",
		     name, pf, pf);
	}
}

void check_quarantine(struct doctor *d, const struct patient *pf)
{
	static const char *const faults[] = {
		[SRIOV_BROKER_FAULT_IN_USE] =
			"a process did not let go of it in time",
		[SRIOV_BROKER_FAULT_RESET] = "its reset failed",
		[SRIOV_BROKER_FAULT_CHECK] =
			"it did not look reset after its reset",
		[SRIOV_BROKER_FAULT_DRIVER] =
			"its driver could not be bound, or was taken off by hand",
		[SRIOV_BROKER_FAULT_FENCE] =
			"its IOMMU group could not be claimed",
		[SRIOV_BROKER_FAULT_NET] =
			"the PF's driver did not put its network attributes back",
		[SRIOV_BROKER_FAULT_SILENT] =
			"it does not answer, as when the PF has lost its VFs",
	};
	struct sriov_broker_vf *vfs;
	char name[SRIOVB_ADDR_LEN];
	ssize_t i, n;

	if (!d->sb)
		return;
	n = sriovb_list_vfs(d->sb, &pf->addr, &vfs);
	for (i = 0; i < n; i++) {
		unsigned int fault = vfs[i].fault;

		if (vfs[i].state != SRIOV_BROKER_VF_QUARANTINED)
			continue;
		sriovb_format_addr(&vfs[i].addr, name);
		found(d, VERDICT_FAIL, "quarantine", name, "%s",
		      fault < sizeof(faults) / sizeof(faults[0]) &&
				      faults[fault] ?
			      faults[fault] :
			      "a reason that this sriovctl does not know");
		todo_about(d, &vfs[i], name);
	}
	if (n > 0)
		free(vfs);
}

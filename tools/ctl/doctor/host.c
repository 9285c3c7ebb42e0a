// SPDX-License-Identifier: GPL-2.0-only
/* Checks of the host as a whole: the module, the boot, the IOMMU, vfio. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "doctor/finding.h"
#include "host/files.h"
#include "host/kernel.h"

/* ---- the module ---- */

static void module_is_missing(struct doctor *d)
{
	char text[8];

	if (!module_is_installed("sriov_broker")) {
		found(d, VERDICT_FAIL, "module", NULL,
		      "sriov_broker is not installed for this kernel, %s",
		      kernel_release());
		if (pattern_exists("/usr/src/sriov_broker-*/dkms.conf"))
			todo(d,
			     "apt install linux-headers-%s && dkms autoinstall -k %s; if that says that the module is not for this kernel, boot a later one",
			     kernel_release(), kernel_release());
		else
			todo(d,
			     "apt install sriov-broker-dkms linux-headers-%s; or, in its source: make && make install",
			     kernel_release());
		return;
	}
	found(d, VERDICT_WARN, "module", NULL, "sriov_broker is not loaded");
	/* Then it has to be signed by a key that the kernel knows. */
	if (module_param("module", "sig_enforce", text, sizeof(text)) &&
	    text[0] == 'Y')
		todo(d,
		     "modprobe sriov_broker; this kernel takes signed modules only: mokutil --import /var/lib/dkms/mok.pub, reboot, enroll the key");
	else
		todo(d,
		     "modprobe sriov_broker; at each boot: systemctl enable --now sriov-broker");
}

void check_module(struct doctor *d)
{
	struct sriov_broker_info info;

	if (!d->sb && !module_is_there("sriov_broker")) {
		module_is_missing(d);
		return;
	}
	if (d->sb && !sriovb_info(d->sb, &info)) {
		found(d, VERDICT_OK, "module", NULL,
		      "sriov_broker is loaded, ABI %u.%u", info.abi_major,
		      info.abi_minor);
		return;
	}
	switch (d->sb_error) {
	case -EACCES:
	case -EPERM:
		/* That is a matter of rights, which check_user() looks at. */
		found(d, VERDICT_OK, "module", NULL, "sriov_broker is loaded");
		break;
	case -ENOENT:
	case -ENXIO:
		found(d, VERDICT_FAIL, "module", NULL,
		      "sriov_broker is loaded, but " SRIOVB_DEVICE
		      " is not there");
		todo(d,
		     "udevadm trigger --name-match=sriov_broker; where there is no devtmpfs: mknod " SRIOVB_DEVICE
		     " c $(tr : ' ' </sys/class/misc/sriov_broker/dev)");
		break;
	default:
		found(d, VERDICT_FAIL, "module", NULL,
		      SRIOVB_DEVICE
		      " does not speak ABI %d: module and tool are not of one release",
		      SRIOV_BROKER_ABI_MAJOR);
		todo(d,
		     "install both of one release, then: rmmod sriov_broker && modprobe sriov_broker");
	}
}

/* What is written for sriovctl apply comes back after a boot only if systemd is told. */
void check_boot(struct doctor *d)
{
	if (!pattern_exists("/etc/sriov-broker/*.conf"))
		return;
	if (pattern_exists(
		    "/etc/systemd/system/*.wants/sriov-broker.service")) {
		found(d, VERDICT_OK, "boot", NULL,
		      "what /etc/sriov-broker says is done at boot");
		return;
	}
	found(d, VERDICT_WARN, "boot", NULL,
	      "what /etc/sriov-broker says is not done at boot");
	todo(d, "systemctl enable --now sriov-broker");
}

/* ---- the IOMMU ---- */

/* What firmware calls each kind, and the kernel's words about it. */
struct iommu_kind {
	const char *table; /* ACPI's */
	const char *name;
	const char *off; /* NULL: there is none of its own */
	const char *on;	 /* NULL: it is by default */
};

static const struct iommu_kind kinds[] = {
	{ "DMAR", "Intel VT-d", "intel_iommu=off", "intel_iommu=on" },
	{ "IVRS", "AMD-Vi", "amd_iommu=off", NULL },
	{ "IORT", "Arm SMMU", NULL, NULL },
};

static const struct iommu_kind *find_kind(void)
{
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(path, sizeof(path), "/sys/firmware/acpi/tables/%s",
			 kinds[i].table);
		if (path_exists(path))
			return &kinds[i];
	}
	return NULL;
}

/* Groups of an IOMMU's; those of vfio's mode without one are not. */
static unsigned int count_groups(void)
{
	unsigned int count = 0;
	char path[300], name[32];
	glob_t paths;
	size_t i;

	if (!glob("/sys/kernel/iommu_groups/*", GLOB_NOSORT, NULL, &paths))
		for (i = 0; i < paths.gl_pathc; i++) {
			snprintf(path, sizeof(path), "%s/name",
				 paths.gl_pathv[i]);
			count += !read_line(path, name, sizeof(name)) ||
				 strcmp(name, "vfio-noiommu");
		}
	globfree(&paths);
	return count;
}

struct search {
	const char *text;
	int found;
};

static void look_for_text(void *ctx, const struct line *line)
{
	struct search *s = ctx;

	s->found |= strstr(line->text, s->text) != NULL;
}

static int file_says(const char *path, const char *text)
{
	struct search s = { .text = text };

	each_line(path, look_for_text, &s);
	return s.found;
}

/* A flag of the CPU, or its maker. */
static int cpu_says(const char *word)
{
	return file_says("/proc/cpuinfo", word);
}

static void firmware_has_none(struct doctor *d)
{
	found(d, VERDICT_FAIL, "iommu", NULL,
	      "the firmware tells of none (no ACPI table DMAR, IVRS or IORT): VFs can't be given to guests by vfio-pci");
	if (cpu_says(" hypervisor"))
		todo(d,
		     "this is a virtual machine: give it one, with QEMU: -device intel-iommu,intremap=on,caching-mode=on first, and kernel-irqchip=split");
	else
		todo(d, "switch on %s in the firmware's setup",
		     cpu_says("GenuineIntel") ? "\"Intel VT-d\"" :
		     cpu_says("AuthenticAMD") ? "\"IOMMU\" (AMD-Vi)" :
						"the IOMMU");
}

/* A word on the kernel's command line that switches it off, NULL: none. */
static const char *word_against(const struct iommu_kind *kind)
{
	static const char *const any[] = { "iommu=off", "iommu=soft" };
	size_t i;

	if (kind->off && kernel_was_told(kind->off))
		return kind->off;
	for (i = 0; i < sizeof(any) / sizeof(any[0]); i++)
		if (kernel_was_told(any[i]))
			return any[i];
	return NULL;
}

static void kernel_has_none(struct doctor *d, const struct iommu_kind *kind)
{
	const char *against = word_against(kind);

	found(d, VERDICT_FAIL, "iommu", NULL,
	      against ?
		      "%s is there (ACPI table %s), but %s on the kernel's command line keeps it off" :
		      "%s is there (ACPI table %s), but the kernel does not use it%s",
	      kind->name, kind->table, against ? against : "");
	if (against)
		todo(d,
		     "take %s out of GRUB_CMDLINE_LINUX in /etc/default/grub%s%s, then: update-grub && reboot",
		     against, kind->on ? ", put there: " : "",
		     kind->on ? kind->on : "");
	else if (kind->on)
		todo(d,
		     "add %s to GRUB_CMDLINE_LINUX in /etc/default/grub, then: update-grub && reboot",
		     kind->on);
	else
		todo(d,
		     "see what the kernel says of it: dmesg | grep -iE 'iommu|%s'",
		     kind->table);
}

/* Without it a device could send any interrupt, and vfio refuses its guest. */
static void check_remapping(struct doctor *d)
{
	char text[8] = "";

	/* Of an x86; elsewhere it is no part of the IOMMU. */
	if (!file_says("/proc/interrupts", "IO-APIC") ||
	    file_says("/proc/interrupts", "IR-"))
		return;
	if (module_param("vfio_iommu_type1", "allow_unsafe_interrupts", text,
			 sizeof(text)) &&
	    text[0] == 'Y') {
		found(d, VERDICT_WARN, "iommu", NULL,
		      "it does not remap interrupts, and vfio_iommu_type1 was told to do without (allow_unsafe_interrupts): a guest can send the host any interrupt");
		return;
	}
	found(d, VERDICT_FAIL, "iommu", NULL,
	      "it does not remap interrupts: vfio refuses to give a device to a guest");
	todo(d,
	     "switch on x2APIC or interrupt remapping in the firmware's setup, take intremap=off from the kernel's command line; where all guests are trusted: echo options vfio_iommu_type1 allow_unsafe_interrupts=1 >/etc/modprobe.d/vfio-unsafe.conf");
}

void check_iommu(struct doctor *d)
{
	const struct iommu_kind *kind = find_kind();
	unsigned int groups = count_groups();

	d->iommu = groups || pattern_exists("/sys/class/iommu/*");
	if (d->iommu) {
		found(d, VERDICT_OK, "iommu", NULL, "%s is on, %u groups",
		      kind ? kind->name : "an IOMMU", groups);
		check_remapping(d);
	} else if (kind) {
		kernel_has_none(d, kind);
	} else {
		firmware_has_none(d);
	}
}

/* ---- vfio ---- */

/* "install vfio-pci /bin/false" */
static void look_at_modprobe_line(void *ctx, const struct line *line)
{
	char name[64], command[160], where[320];
	struct doctor *d = ctx;

	if (sscanf(line->text, " install %63s %159[^\n]", name, command) != 2 ||
	    strcmp(name, "vfio-pci"))
		return;
	snprintf(where, sizeof(where), "%s:%u", line->path, line->number);
	found(d, VERDICT_FAIL, "vfio", where,
	      "modprobe runs \"%s\" instead of loading vfio-pci", command);
	todo(d, "remove this line: sed -i %ud %s", line->number, line->path);
}

/* Return: 1 if there was such a line */
static int is_kept_out(struct doctor *d)
{
	size_t before = d->num_findings;

	each_line("/etc/modprobe.d/*.conf", look_at_modprobe_line, d);
	each_line("/run/modprobe.d/*.conf", look_at_modprobe_line, d);
	each_line("/usr/lib/modprobe.d/*.conf", look_at_modprobe_line, d);
	return d->num_findings != before;
}

void check_vfio(struct doctor *d)
{
	char text[8];

	if (!module_is_there("vfio-pci") && !module_is_installed("vfio-pci")) {
		found(d, VERDICT_FAIL, "vfio", NULL,
		      "this kernel, %s, has no vfio-pci", kernel_release());
		todo(d,
		     "install the package with the rest of its modules (Ubuntu: linux-modules-extra-%s; Debian's cloud kernels: linux-image-amd64), or build it with CONFIG_VFIO_PCI=m",
		     kernel_release());
		return;
	}
	if (!module_is_there("vfio-pci") && is_kept_out(d))
		return;
	if (module_param("vfio", "enable_unsafe_noiommu_mode", text,
			 sizeof(text)) &&
	    text[0] == 'Y') {
		found(d, VERDICT_WARN, "vfio", NULL,
		      "devices are given to processes without an IOMMU (enable_unsafe_noiommu_mode): they can write to all of the host's memory");
		todo(d,
		     "echo N >/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
		return;
	}
	found(d, VERDICT_OK, "vfio", NULL, "vfio-pci is %s",
	      module_is_there("vfio-pci") ? "loaded" :
					    "loaded when it is needed");
}

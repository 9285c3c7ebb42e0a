// SPDX-License-Identifier: GPL-2.0-only
/*
 * What else on this host says how many VFs a PF has, or which driver they get: files
 * of other programs' that do it at boot, or when an interface comes up. And programs
 * that would take the interfaces of VFs that are not the host's.
 */
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "doctor/finding.h"
#include "host/files.h"
#include "host/kernel.h"

/* Files, a text in one of their lines, and what that line does. */
static const struct rival {
	const char *pattern;
	const char *text;
	const char *does;
	const char *todo;
} rivals[] = {
	{ "/etc/NetworkManager/system-connections/*", "total-vfs",
	  "NetworkManager sets the number of VFs when this connection comes up, and takes them away with it",
	  "nmcli connection modify CONNECTION remove sriov" },
	{ "/run/NetworkManager/system-connections/*", "total-vfs",
	  "NetworkManager sets the number of VFs when this connection comes up, and takes them away with it",
	  "nmcli connection modify CONNECTION remove sriov" },
	{ "/etc/sysconfig/network-scripts/ifcfg-*", "SRIOV_TOTAL_VFS=",
	  "NetworkManager sets the number of VFs when this connection comes up, and takes them away with it",
	  "nmcli connection modify CONNECTION remove sriov" },
	{ "/etc/systemd/network/*.link", "SR-IOVVirtualFunctions=",
	  "udev sets the number of VFs when the interface appears",
	  "remove the line" },
	{ "/etc/systemd/network/*.link.d/*.conf", "SR-IOVVirtualFunctions=",
	  "udev sets the number of VFs when the interface appears",
	  "remove the line" },
	{ "/run/systemd/network/*.link", "SR-IOVVirtualFunctions=",
	  "udev sets the number of VFs when the interface appears",
	  "remove it where it is made from: netplan, or a generator" },
	{ "/usr/lib/systemd/network/*.link", "SR-IOVVirtualFunctions=",
	  "udev sets the number of VFs when the interface appears",
	  "put a copy without the line into /etc/systemd/network" },
	{ "/etc/netplan/*.yaml", "virtual-function-count",
	  "netplan sets the number of VFs",
	  "remove the line, then: netplan generate" },
	{ "/etc/udev/rules.d/*.rules", "sriov_numvfs",
	  "udev sets the number of VFs", "remove the rule" },
	{ "/run/udev/rules.d/*.rules", "sriov_numvfs",
	  "udev sets the number of VFs", "remove the rule" },
	{ "/usr/lib/udev/rules.d/*.rules", "sriov_numvfs",
	  "udev sets the number of VFs",
	  "put an empty file of its name into /etc/udev/rules.d" },
	{ "/etc/modprobe.d/*.conf",
	  "max_vfs=", "the PF's driver makes VFs when it is loaded",
	  "remove max_vfs from the line" },
	{ "/etc/modprobe.d/*.conf",
	  "num_vfs=", "the PF's driver makes VFs when it is loaded",
	  "remove num_vfs from the line" },
	{ "/etc/systemd/system/*.service", "sriov_numvfs",
	  "this unit sets the number of VFs", "systemctl disable it" },
	{ "/etc/rc.local", "sriov_numvfs", "sets the number of VFs at boot",
	  "remove the line" },
	{ "/etc/network/interfaces", "sriov_numvfs",
	  "ifupdown sets the number of VFs", "remove the line" },
	{ "/etc/network/interfaces.d/*", "sriov_numvfs",
	  "ifupdown sets the number of VFs", "remove the line" },
	{ "/etc/libvirt/qemu/networks/*.xml",
	  "<pf dev=", "libvirt hands the PF's VFs to guests as a network",
	  "virsh net-destroy NETWORK && virsh net-undefine NETWORK; or leave the VFs to libvirt: sriovctl enable PF N --open" },
	{ "/etc/sriov-operator/pci/*", "numVfs",
	  "Kubernetes' SR-IOV network operator sets the number of VFs",
	  "remove the node's policy: kubectl delete sriovnetworknodepolicy; or leave the VFs to it: sriovctl enable PF N --open" },
};

static int is_comment(const char *line)
{
	line += strspn(line, " \t");
	return *line == '#' || *line == ';';
}

struct look {
	struct doctor *d;
	const struct rival *rival;
};

static void look_at_line(void *ctx, const struct line *line)
{
	const struct look *look = ctx;
	char where[320];

	if (is_comment(line->text) || !strstr(line->text, look->rival->text))
		return;
	snprintf(where, sizeof(where), "%s:%u", line->path, line->number);
	found(look->d, VERDICT_WARN, "rival", where, "%s", look->rival->does);
	todo(look->d, "%s", look->rival->todo);
}

/* "/etc/driverctl.d/pci-0000:01:10.0" has the name of a driver in it. */
static void check_driverctl_file(struct doctor *d, const char *path)
{
	const char *name = strrchr(path, '-') + 1;
	char driver[SRIOV_BROKER_NAME_LEN], device[128], link[160];

	if (!read_line(path, driver, sizeof(driver)))
		return;
	snprintf(device, sizeof(device), "/sys/bus/pci/devices/%.19s", name);
	snprintf(link, sizeof(link), "%s/physfn", device);
	if (!path_exists(device))
		found(d, VERDICT_WARN, "rival", path,
		      "driverctl keeps %s for %s, which is not there", driver,
		      name);
	else if (path_exists(link))
		found(d, VERDICT_WARN, "rival", path,
		      "driverctl binds the VF %s to %s whenever it appears",
		      name, driver);
	else
		return;
	todo(d, "driverctl unset-override %s; or: rm %s", name, path);
}

static void check_driverctl(struct doctor *d)
{
	glob_t paths;
	size_t i;

	if (!glob("/etc/driverctl.d/pci-*", 0, NULL, &paths))
		for (i = 0; i < paths.gl_pathc; i++)
			check_driverctl_file(d, paths.gl_pathv[i]);
	globfree(&paths);
}

/* vfio-pci told by its ids to take PFs, at load, before their own drivers are there. */
static void look_at_ids(struct doctor *d, const char *ids, const char *where,
			const char *then)
{
	char id[16];
	size_t i;

	for (i = 0; i < d->num_patients; i++) {
		const struct pcidev *dev = &d->patients[i].dev;

		snprintf(id, sizeof(id), "%04x:%04x", pcidev_word(dev, 0),
			 pcidev_word(dev, 2));
		if (!strcasestr(ids, id))
			continue;
		found(d, VERDICT_WARN, "rival", d->patients[i].name,
		      "%s has its ids, %s: vfio-pci takes the PF", where, id);
		todo(d, "take %s out of %s", id, then);
	}
}

/* "options vfio-pci ids=8086:10c9,..." */
static void look_at_options(void *ctx, const struct line *line)
{
	char name[64], where[320], then[400];
	const char *ids = strstr(line->text, "ids=");

	if (!ids || sscanf(line->text, " options %63s", name) != 1 ||
	    (strcmp(name, "vfio-pci") && strcmp(name, "vfio_pci")))
		return;
	snprintf(where, sizeof(where), "%s:%u", line->path, line->number);
	snprintf(then, sizeof(then), "%s, then: update-initramfs -u && reboot",
		 where);
	look_at_ids(ctx, ids, where, then);
}

static void check_ids(struct doctor *d)
{
	const char *ids = kernel_option("vfio-pci.ids=");

	if (!ids)
		ids = kernel_option("vfio_pci.ids=");
	if (ids)
		look_at_ids(
			d, ids, "vfio-pci.ids on the kernel's command line",
			"vfio-pci.ids in /etc/default/grub, then: update-grub && reboot");
	each_line("/etc/modprobe.d/*.conf", look_at_options, d);
}

#define NET_RULES "62-sriov-broker-net.rules"

/* Where udev looks for rules, in its order: the first file of a name is the one that counts. */
static const char *const rules_dirs[] = {
	"/etc/udev/rules.d",
	"/run/udev/rules.d",
	"/usr/local/lib/udev/rules.d",
	"/usr/lib/udev/rules.d",
};

/* Return: 1 if udev has the rule that keeps interfaces of the pool's VFs from managers */
static int has_net_rules(void)
{
	char path[80], line[8];
	size_t i;

	for (i = 0; i < sizeof(rules_dirs) / sizeof(rules_dirs[0]); i++) {
		snprintf(path, sizeof(path), "%s/" NET_RULES, rules_dirs[i]);
		/* One that is empty, or /dev/null, is there to switch it off. */
		if (path_exists(path))
			return !!read_line(path, line, sizeof(line));
	}
	return 0;
}

/* Programs that take whatever interface appears. */
static const char *const managers[] = { "NetworkManager", "systemd-networkd" };

#define NUM_MANAGERS (sizeof(managers) / sizeof(managers[0]))

/* @ctx: an array of whether each runs. The kernel keeps 15 characters of a name. */
static void look_at_process(void *ctx, const struct line *line)
{
	int *runs = ctx;
	size_t i;

	for (i = 0; i < NUM_MANAGERS; i++)
		runs[i] |= !strncmp(line->text, managers[i], 15);
}

static void check_managers(struct doctor *d)
{
	int runs[NUM_MANAGERS] = { 0 };
	size_t i;

	if (!has_net_rules())
		each_line("/proc/[0-9]*/comm", look_at_process, runs);
	for (i = 0; i < NUM_MANAGERS; i++) {
		if (!runs[i])
			continue;
		found(d, VERDICT_WARN, "rival", managers[i],
		      "it runs, and takes the interfaces of leased VFs: udev has no " NET_RULES
		      ", or an empty one");
		todo(d,
		     "rm -f /etc/udev/rules.d/" NET_RULES
		     "; the package sriovctl, or make install, has it; then: udevadm control --reload");
	}
}

void check_rivals(struct doctor *d)
{
	size_t before = d->num_findings;
	size_t i;

	for (i = 0; i < sizeof(rivals) / sizeof(rivals[0]); i++) {
		struct look look = { .d = d, .rival = &rivals[i] };

		each_line(rivals[i].pattern, look_at_line, &look);
	}
	check_driverctl(d);
	check_ids(d);
	check_managers(d);
	if (d->num_findings == before)
		found(d, VERDICT_OK, "rival", NULL,
		      "nothing else is told to make or bind VFs");
}

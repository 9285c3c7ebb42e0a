// SPDX-License-Identifier: GPL-2.0-only
/* What guests need of the host: KVM, a QEMU, and of those that run, a free slot. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor/finding.h"
#include "guest/find.h"
#include "host/files.h"
#include "host/kernel.h"
#include "host/proc.h"
#include "qemu/qemu.h"
#include "qemu/vmm.h"

#define MAX_SILENT 8

/* ---- KVM and QEMU ---- */

static int is_in_path(const char *name)
{
	char all[1024], path[1100];
	char *rest = all;
	const char *dir;

	snprintf(all, sizeof(all), "%s", getenv("PATH") ?: "/usr/bin");
	while ((dir = strsep(&rest, ":"))) {
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		if (!access(path, X_OK))
			return 1;
	}
	return 0;
}

static void check_kvm(struct doctor *d)
{
	if (path_exists("/dev/kvm")) {
		found(d, VERDICT_OK, "kvm", NULL, "/dev/kvm is there");
		return;
	}
	found(d, VERDICT_WARN, "kvm", NULL,
	      "/dev/kvm is not there: guests would be emulated");
	if (module_is_there("kvm_intel") || module_is_there("kvm_amd"))
		todo(d, "see what the kernel says of it: dmesg | grep kvm");
	else
		todo(d,
		     "modprobe -a kvm_intel kvm_amd; if both fail, switch on virtualization (VT-x, SVM) in the firmware's setup");
}

static void check_qemu(struct doctor *d)
{
	static const char *const names[] = { "qemu-system-x86_64",
					     "qemu-system-aarch64", "qemu-kvm",
					     "/usr/libexec/qemu-kvm" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i][0] == '/' ? path_exists(names[i]) :
					 is_in_path(names[i]))
			return;
	found(d, VERDICT_WARN, "qemu", NULL,
	      "no QEMU is in PATH; processes can have VFs without one");
	todo(d, "apt install qemu-system-x86");
}

/* ---- slots of those that run ---- */

static void check_slots(struct doctor *d, const char *name, struct qmp *qmp)
{
	char bus[1][QEMU_ID_LEN];
	unsigned int n = 0;

	if (qemu_free_buses(qmp, bus, 1, &n))
		return; /* it does not say */
	if (n) {
		found(d, VERDICT_OK, "guest", name,
		      "has a free slot%s%s: a VF can be plugged in",
		      bus[0][0] ? ", " : "", bus[0]);
		return;
	}
	found(d, VERDICT_WARN, "guest", name,
	      "has no free hot-plug slot: no VF can be plugged in");
	todo(d,
	     "detach something, or add ports at its next start: -device pcie-root-port,id=hp9,chassis=9,slot=9; with libvirt: <controller type='pci' model='pcie-root-port'/>");
}

static void look_at(void *ctx, pid_t pid)
{
	struct doctor *d = ctx;
	char name[VMM_NAME_LEN + 32];
	struct vmm vmm;
	struct qmp qmp;

	if (!vmm_is_qemu(pid))
		return;
	vmm_look(pid, &vmm);
	if (vmm.name[0])
		snprintf(name, sizeof(name), "%s", vmm.name);
	else
		snprintf(name, sizeof(name), "process %d", pid);
	/* It may be anybody's process that poses as one: so many are waited for. */
	if (d->silent < MAX_SILENT) {
		if (!guest_monitor(pid, &vmm, guests_ask_ms, &qmp))
			check_slots(d, name, &qmp);
		else
			d->silent++;
		qmp_close(&qmp);
	}
	if (vmm.file >= 0)
		close(vmm.file);
}

void check_guests(struct doctor *d)
{
	check_kvm(d);
	check_qemu(d);
	proc_each(look_at, d);
}

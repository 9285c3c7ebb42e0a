// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a QEMU lacks that runs as no root: the right to open a VF's node, and to lock as
 * much memory as a device that does DMA wants. What it says of that is the kernel's
 * errno; here is which right is needed, and how much memory.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/complain.h"
#include "guest/remedy.h"
#include "host/pcidev.h"
#include "qemu/qemu.h"
#include "qemu/qmp.h"
#include "qemu/vmm.h"

/* Besides the guest's memory, for all that is mapped; as libvirt has it. */
#define BESIDES (1ULL << 30)

/* ---- a QEMU that runs, and said so ---- */

/* QEMU's user, as chown takes it. */
static void user_of(pid_t pid, char *text, size_t len)
{
	char path[32];
	struct stat proc;
	struct passwd *user;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (stat(path, &proc)) {
		snprintf(text, len, "USER");
		return;
	}
	user = getpwuid(proc.st_uid);
	if (user)
		snprintf(text, len, "%s", user->pw_name);
	else
		snprintf(text, len, "%u", proc.st_uid);
}

/* The node of the VF's group, of sysfs: what QEMU calls it is not to be believed. */
static void tell_of_right(pid_t pid, const struct sriov_broker_addr *addr)
{
	char vf[SRIOVB_ADDR_LEN], group[16], user[64];
	struct pcidev dev = { .config_len = 0 };

	sriovb_format_addr(addr, vf);
	snprintf(dev.dir, sizeof(dev.dir), "/sys/bus/pci/devices/%s", vf);
	if (!pcidev_link(&dev, "iommu_group", group, sizeof(group)))
		return;
	user_of(pid, user, sizeof(user));
	note(vf,
	     "QEMU, process %d, runs as %s, which may not open /dev/vfio/%s" REMEDY
	     "to let it: chown %s /dev/vfio/%s, which a udev rule for SUBSYSTEM==\"vfio\" makes last",
	     pid, user, group, user, group);
}

static unsigned long long lock_wanted(struct monitor *m)
{
	struct json_object *answer, *number;
	unsigned long long bytes = 0;

	if (qemu_call(&m->qmp, "query-memory-size-summary", NULL, &answer))
		return 0;
	if (json_object_object_get_ex(answer, "base-memory", &number))
		bytes += json_object_get_int64(number);
	if (json_object_object_get_ex(answer, "plugged-memory", &number))
		bytes += json_object_get_int64(number);
	json_object_put(answer);
	return bytes ? bytes + BESIDES : 0;
}

static void tell_of_limit(struct monitor *m, pid_t pid, const char *vf)
{
	unsigned long long wanted = lock_wanted(m);
	struct rlimit limit;

	/* It may be the host that has no more, or an older QEMU, which does not tell. */
	if (!wanted || prlimit(pid, RLIMIT_MEMLOCK, NULL, &limit) ||
	    limit.rlim_cur >= wanted)
		return;
	note(vf,
	     "QEMU, process %d, may lock %llu bytes of memory, and all of its guest's has to be: %llu" REMEDY
	     "to let it: prlimit --pid %d --memlock=%llu; for good: LimitMEMLOCK=%llu in its unit, or ulimit -l %llu before its start",
	     pid, (unsigned long long)limit.rlim_cur, wanted, pid, wanted,
	     wanted, wanted >> 10);
}

void tell_remedy(struct monitor *m, const struct plug *plug, const char *words)
{
	pid_t pid = qmp_peer(&m->qmp);

	if (strstr(words, "/dev/vfio/") && strstr(words, "Permission denied"))
		tell_of_right(pid, &plug->kept.vf);
	else if (strstr(words, "Cannot allocate memory"))
		tell_of_limit(m, pid, plug->vf);
}

/* ---- one that is about to be started, as we ---- */

static void check_right(const struct sriov_broker_grant *grant)
{
	char node[32];

	snprintf(node, sizeof(node), "/dev/vfio/%d", grant->iommu_group);
	if (access(node, R_OK | W_OK))
		tell_of_right(getpid(), &grant->vf);
}

/* "4G" or "size=4G,slots=3"; in MiB without a unit. 0: not to be known */
static unsigned long long memory_of(char *const *words)
{
	static const char units[] = "KMGT";
	unsigned long long number;
	char text[64];
	const char *unit;
	char *end;

	if (vmm_setting(words, "m", "size", text, sizeof(text)))
		return 0;
	number = strtoull(text, &end, 10);
	unit = *end ? strchr(units, *end & ~0x20) : units + 1;
	return unit ? number << 10 * (unit - units + 1) : 0;
}

void warn_of_rights(const struct held *held, char *const *words)
{
	unsigned long long memory = memory_of(words);
	struct rlimit limit;
	unsigned int i;

	if (!geteuid())
		return;
	for (i = 0; i < held->count; i++)
		check_right(&held->grants[i]);
	if (memory && !getrlimit(RLIMIT_MEMLOCK, &limit) &&
	    limit.rlim_cur < memory + BESIDES)
		note(NULL,
		     "note that QEMU may lock %llu bytes of memory, and all of its guest's has to be: %llu" REMEDY
		     "to let it: ulimit -l %llu",
		     (unsigned long long)limit.rlim_cur, memory + BESIDES,
		     (memory + BESIDES) >> 10);
}

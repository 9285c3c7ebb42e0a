// SPDX-License-Identifier: GPL-2.0-only
/*
 * What to do about a refusal. The library says what was wrong; what can be done about it
 * from a shell stands here, and nowhere else.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cli/advice.h"

/* By the broker's reason; ": " at the end: the device that it is about follows. */
static const char *const advices[] = {
	[SRIOV_BROKER_WHY_NO_DEVICE] = "see sriovctl list",
	[SRIOV_BROKER_WHY_NO_VFS] = "to take them away: sriovctl disable ",
	[SRIOV_BROKER_WHY_NO_INDEX] = "see sriovctl list ",
	[SRIOV_BROKER_WHY_NO_SRIOV_DRIVER] = "bind another one to it, or none",
	[SRIOV_BROKER_WHY_PF_BUSY] = "try again",
	[SRIOV_BROKER_WHY_PF_REFUSED] = "the kernel's log may say more",
	[SRIOV_BROKER_WHY_ORPHANS] = "end its user, then try again",
	[SRIOV_BROKER_WHY_NO_IOMMU] =
		"switch it on in the firmware and on the kernel's command line",
	[SRIOV_BROKER_WHY_NO_MMIO] =
		"try pci=realloc on the kernel's command line",
	[SRIOV_BROKER_WHY_NO_BUS] =
		"try pci=assign-busses on the kernel's command line",
	[SRIOV_BROKER_WHY_NO_DRIVER] = "modprobe it, or check its name",
	[SRIOV_BROKER_WHY_PROBE] = "the kernel's log may say more",
	[SRIOV_BROKER_WHY_LEASED] =
		"it comes back when its holder ends or gives it back; to take it: sriovctl revoke ",
	[SRIOV_BROKER_WHY_IN_USE] = "end its user first (fuser -v /dev/vfio/*)",
	[SRIOV_BROKER_WHY_RETURNING] = "try again",
	[SRIOV_BROKER_WHY_QUARANTINED] =
		"to try its reset again: sriovctl reset ",
	[SRIOV_BROKER_WHY_NOT_POOLED] = "bind it to vfio-pci first",
	[SRIOV_BROKER_WHY_POOL_EMPTY] = "see sriovctl list",
	[SRIOV_BROKER_WHY_TOO_FEW] =
		"ask for fewer, or for what sriovctl list shows",
	[SRIOV_BROKER_WHY_GROUP] = "end its user, or unbind its driver, first",
	[SRIOV_BROKER_WHY_ASSIGNED] = "take that from the guest first",
	[SRIOV_BROKER_WHY_RESET] = "the kernel's log may say more",
	[SRIOV_BROKER_WHY_NO_PF_DRIVER] = "bind it to its driver first",
	[SRIOV_BROKER_WHY_PF_CORDONED] = "to end that: sriovctl uncordon ",
	[SRIOV_BROKER_WHY_OPEN_POOL] = "enable its PF without --open for that",
	[SRIOV_BROKER_WHY_QUOTA] =
		"end one, or raise the module's max_leases_per_user",
	[SRIOV_BROKER_WHY_LIMIT] = "end one, or raise the module's max_leases",
	[SRIOV_BROKER_WHY_TIMEOUT] = "see sriovctl list",
	[SRIOV_BROKER_WHY_NO_LEASE] = "see sriovctl list",
	[SRIOV_BROKER_WHY_NO_NETDEV] = "bind it to its network driver first",
	[SRIOV_BROKER_WHY_OTHER_LOAD] = "see sriovctl list",
	[SRIOV_BROKER_WHY_QUEUE_FULL] = "see sriovctl waiters",
	[SRIOV_BROKER_WHY_NO_WAITER] = "see sriovctl waiters",
	[SRIOV_BROKER_WHY_HOST_NET] = "end that first, or take it with --force",
	[SRIOV_BROKER_WHY_HOST_DISK] =
		"unmount or close it first, or take it with --force",
	[SRIOV_BROKER_WHY_PF_VFIO] = "bind it to its own driver, or to none",
	[SRIOV_BROKER_WHY_NOT_LEASER] = "be that user, or root",
	[SRIOV_BROKER_WHY_IMPLICIT] = "end that, or revoke it",
	[SRIOV_BROKER_WHY_NO_ANCHOR] =
		"end the process that has its descriptor, or revoke it",
	[SRIOV_BROKER_WHY_NET_LOST] = "the kernel's log names them",
	[SRIOV_BROKER_WHY_NOT_ALLOWED] =
		"be one of its users, see sriovctl pools",
	[SRIOV_BROKER_WHY_NO_POOL] = "see sriovctl pools",
	[SRIOV_BROKER_WHY_POOL_OVERLAP] = "take it out of that first",
};

/* The group that may open the device. */
static const char *right_to_open(char *buf)
{
	const struct group *group;
	struct stat node;

	if (stat(SRIOVB_DEVICE, &node) || !node.st_gid || !(node.st_mode & 060))
		return "this needs root";
	group = getgrgid(node.st_gid);
	if (group)
		snprintf(buf, ADVICE_LEN, "join the group %s, or be root",
			 group->gr_name);
	else
		snprintf(buf, ADVICE_LEN, "join the group %u, or be root",
			 node.st_gid);
	return buf;
}

static const char *advice_to_open(int error, char *buf)
{
	switch (-error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return "load the module: modprobe sriov_broker";
	case EACCES:
	case EPERM:
		return right_to_open(buf);
	case EPROTONOSUPPORT:
	case ENOTTY:
		return "install module and tool of one release";
	}
	return NULL;
}

/* The device belongs to what is said where the sentence ends with a blank. */
static const char *with_device(const char *text, const struct sriovb *sb,
			       char *buf)
{
	const struct sriov_broker_addr *dev = sriovb_subject(sb);
	char name[SRIOVB_ADDR_LEN] = "";
	size_t len = 0;

	while (text[len])
		len++;
	if (text[len - 1] != ' ')
		return text;
	if (dev->valid)
		sriovb_format_addr(dev, name);
	snprintf(buf, ADVICE_LEN, "%s%s", text, name);
	return buf;
}

const char *advice(const struct sriovb *sb, int error, char *buf)
{
	const struct sriov_broker_why *why;
	unsigned int reason;

	if (!sb)
		return advice_to_open(error, buf);
	why = sriovb_why(sb);
	reason = why->reason;
	if (!reason && error == -EAGAIN)
		reason = SRIOV_BROKER_WHY_POOL_EMPTY;
	if (reason == SRIOV_BROKER_WHY_TOO_MANY && why->value) {
		snprintf(buf, ADVICE_LEN, "ask for %llu or fewer",
			 (unsigned long long)why->value);
		return buf;
	}
	if ((reason == SRIOV_BROKER_WHY_QUOTA ||
	     reason == SRIOV_BROKER_WHY_LIMIT) &&
	    why->label[0])
		return "end one, or raise the pool's limit";
	if (reason >= sizeof(advices) / sizeof(advices[0]) || !advices[reason])
		return NULL;
	return with_device(advices[reason], sb, buf);
}

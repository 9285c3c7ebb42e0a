// SPDX-License-Identifier: GPL-2.0-only
/*
 * What to do about a refusal. The library says what was wrong, and what to do where
 * that is the same for every program; here stand our own commands and options.
 */
#include <errno.h>
#include <stdio.h>

#include "cli/advice.h"

/* By the broker's reason. */
static const struct {
	const char *text;
	int device; /* followed by the device that it is about */
} advices[] = {
	[SRIOV_BROKER_WHY_NO_VFS] = { "to take them away: sriovctl disable ",
				      1 },
	[SRIOV_BROKER_WHY_QUARANTINED] = { "to try its reset again: sriovctl clear ",
					   1 },
	[SRIOV_BROKER_WHY_OPEN_POOL] = { "enable its PF without --open for that" },
	[SRIOV_BROKER_WHY_HOST_NET] = { "or take it with --force" },
	[SRIOV_BROKER_WHY_HOST_DISK] = { "or take it with --force" },
	[SRIOV_BROKER_WHY_POOL_EMPTY] = { "see sriovctl list" },
	[SRIOV_BROKER_WHY_TIMEOUT] = { "see sriovctl list" },
	[SRIOV_BROKER_WHY_NO_LEASE] = { "see sriovctl list" },
	[SRIOV_BROKER_WHY_OTHER_LOAD] = { "see sriovctl list" },
	[SRIOV_BROKER_WHY_QUEUE_FULL] = { "see sriovctl waiters" },
	[SRIOV_BROKER_WHY_NO_WAITER] = { "see sriovctl waiters" },
	[SRIOV_BROKER_WHY_TOO_FEW] = { "ask for fewer, or for what sriovctl list shows" },
};

const char *advice(const struct sriovb *sb, int error, char *buf)
{
	char dev[SRIOVB_ADDR_LEN];
	unsigned int reason;

	if (!sb)
		return error == -EPROTONOSUPPORT || error == -ENOTTY ?
			       "install module and tool of one release" :
			       NULL;
	reason = sriovb_why(sb)->reason;
	if (!reason && error == -EAGAIN)
		reason = SRIOV_BROKER_WHY_POOL_EMPTY;
	if (reason >= sizeof(advices) / sizeof(advices[0]) ||
	    !advices[reason].text)
		return NULL;
	sriovb_format_addr(sriovb_subject(sb), dev);
	snprintf(buf, ADVICE_LEN, "%s%s", advices[reason].text,
		 advices[reason].device ? dev : "");
	return buf;
}

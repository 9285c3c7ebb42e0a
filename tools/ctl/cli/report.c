// SPDX-License-Identifier: GPL-2.0-only
/* What the broker refused, in words: what was wrong, and what to do about it. */
#include <stddef.h>

#include "base/complain.h"
#include "cli/advice.h"
#include "cli/report.h"
#include "host/vfio_users.h"

/* Name the user: that is better than how to find out. Return: 1, or 0: it can't be seen */
static int complain_of_user(const struct sriov_broker_addr *vf)
{
	char addr[SRIOVB_ADDR_LEN], user[VFIO_USER_LEN];

	if (!vfio_user(vf, user, sizeof(user)))
		return 0;
	complain(
		"%s: in use without a lease, opened through vfio by %s; end that first",
		sriovb_format_addr(vf, addr), user);
	return 1;
}

int refused(const struct sriovb *sb, int error)
{
	const struct sriov_broker_why *why = sb ? sriovb_why(sb) : NULL;
	char text[SRIOVB_ERROR_LEN], buf[ADVICE_LEN];
	const char *todo = advice(sb, error, buf);

	if (!why || why->reason != SRIOV_BROKER_WHY_IN_USE ||
	    !complain_of_user(&why->dev))
		complain("%s%s%s%s%s", sb ? "" : SRIOVB_DEVICE, sb ? "" : ": ",
			 sriovb_strerror(sb, error, text, sizeof(text)),
			 todo ? "; " : "", todo ? todo : "");
	return EXIT_REFUSED;
}

int open_broker(struct sriovb **sb)
{
	int err = sriovb_open(sb);

	return err ? refused(NULL, err) : 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/* The broker opened, and what is said of what it refuses. */
#include <errno.h>
#include <string.h>

#include "cli/advice.h"
#include "base/complain.h"
#include "cli/args.h"
#include "cli/report.h"
#include "host/vfio_users.h"

/* By the broker's reason, where that says more than the errno does. */
static const unsigned char codes[] = {
	[SRIOV_BROKER_WHY_NO_DEVICE] = EXIT_NOT_FOUND,
	[SRIOV_BROKER_WHY_NOT_PF] = EXIT_REFUSED,
	[SRIOV_BROKER_WHY_NO_VFS] = EXIT_REFUSED,
	[SRIOV_BROKER_WHY_TOO_MANY] = EXIT_REFUSED,
	[SRIOV_BROKER_WHY_NO_INDEX] = EXIT_NOT_FOUND,
	[SRIOV_BROKER_WHY_PF_REFUSED] = EXIT_REFUSED,
	[SRIOV_BROKER_WHY_PF_SHORT] = EXIT_REFUSED,
	[SRIOV_BROKER_WHY_NO_IOMMU] = EXIT_REFUSED,
	[SRIOV_BROKER_WHY_NO_MMIO] = EXIT_REFUSED,
	[SRIOV_BROKER_WHY_NO_BUS] = EXIT_REFUSED,
	[SRIOV_BROKER_WHY_NO_DRIVER] = EXIT_NOT_FOUND,
	[SRIOV_BROKER_WHY_PROBE] = EXIT_REFUSED,
	[SRIOV_BROKER_WHY_ASSIGNED] = EXIT_BUSY,
	[SRIOV_BROKER_WHY_QUARANTINED] = EXIT_REFUSED,
	[SRIOV_BROKER_WHY_NOT_POOLED] = EXIT_REFUSED,
	[SRIOV_BROKER_WHY_OPEN_POOL] = EXIT_REFUSED,
	[SRIOV_BROKER_WHY_RESET] = EXIT_REFUSED,
	[SRIOV_BROKER_WHY_QUOTA] = EXIT_BUSY,
	[SRIOV_BROKER_WHY_LIMIT] = EXIT_BUSY,
	[SRIOV_BROKER_WHY_NO_LEASE] = EXIT_NOT_FOUND,
	[SRIOV_BROKER_WHY_OTHER_LOAD] = EXIT_NOT_FOUND,
	[SRIOV_BROKER_WHY_QUEUE_FULL] = EXIT_BUSY,
	[SRIOV_BROKER_WHY_NO_WAITER] = EXIT_NOT_FOUND,
	[SRIOV_BROKER_WHY_PF_VFIO] = EXIT_REFUSED,
	[SRIOV_BROKER_WHY_IMPLICIT] = EXIT_BUSY,
	[SRIOV_BROKER_WHY_NO_ANCHOR] = EXIT_BUSY,
	[SRIOV_BROKER_WHY_ANCHOR_OVER] = EXIT_NOT_FOUND,
	[SRIOV_BROKER_WHY_POOL_OVERLAP] = EXIT_REFUSED,
};

static int code_of(unsigned int reason, int error)
{
	if (reason < sizeof(codes) && codes[reason])
		return codes[reason];
	return exit_code_of(error);
}

/* Better than how to find out which process it is. Return: an exit code, 0: can't be seen */
static int refused_for_user(const struct sriov_broker_addr *vf)
{
	char addr[SRIOVB_ADDR_LEN], user[VFIO_USER_LEN];

	if (!vfio_user(vf, user, sizeof(user)))
		return 0;
	return fail_with(
		&(struct failure){
			.code = EXIT_BUSY,
			.subject = sriovb_format_addr(vf, addr),
			.reason = sriovb_strreason(SRIOV_BROKER_WHY_IN_USE) },
		"in use without a lease, opened through vfio by %s" REMEDY
		"end that first",
		user);
}

static int could_not_open(int error)
{
	char text[SRIOVB_ERROR_LEN], buf[ADVICE_LEN];
	const char *todo = advice(NULL, error, buf);

	return fail(exit_code_of(error), SRIOVB_DEVICE, "%s%s%s",
		    sriovb_strerror(NULL, error, text, sizeof(text)),
		    todo ? REMEDY : "", todo ? todo : "");
}

/* What the library says, without the device that it begins with. */
static const char *without(const char *text, const char *subject)
{
	size_t len = strlen(subject);

	return !strncmp(text, subject, len) && !strncmp(text + len, ": ", 2) ?
		       text + len + 2 :
		       text;
}

static int refuse(const struct sriovb *sb, int error, int can_wait)
{
	char text[SRIOVB_ERROR_LEN], buf[ADVICE_LEN], dev[SRIOVB_ADDR_LEN];
	const struct sriov_broker_why *why;
	struct failure failure = { 0 };
	const char *todo, *first = "";
	int ret = 0;

	if (!sb)
		return could_not_open(error);
	why = sriovb_why(sb);
	if (why->reason == SRIOV_BROKER_WHY_IN_USE)
		ret = refused_for_user(&why->dev);
	if (ret)
		return ret;
	failure.code = code_of(why->reason, error);
	failure.reason = sriovb_strreason(why->reason);
	failure.lease = why->lease_id;
	failure.pid = why->pid;
	if (sriovb_subject(sb)->valid)
		failure.subject = sriovb_format_addr(sriovb_subject(sb), dev);
	todo = advice(sb, error, buf);
	if (can_wait && why->reason == SRIOV_BROKER_WHY_LEASED)
		first = TO_WAIT "; ";
	if (can_wait && why->reason == SRIOV_BROKER_WHY_RETURNING)
		todo = TO_WAIT;
	sriovb_strerror(sb, error, text, sizeof(text));
	return fail_with(&failure, "%s%s%s%s",
			 failure.subject ? without(text, failure.subject) :
					   text,
			 todo ? REMEDY : "", first, todo ? todo : "");
}

int refused(const struct sriovb *sb, int error)
{
	return refuse(sb, error, 0);
}

int refused_lease(const struct sriovb *sb, int error)
{
	return refuse(sb, error, 1);
}

void tell_why(const struct sriovb *sb)
{
	char text[SRIOVB_ERROR_LEN], buf[ADVICE_LEN];
	const char *todo = advice(sb, 0, buf);

	note(NULL, "%s%s%s", sriovb_strerror(sb, 0, text, sizeof(text)),
	     todo ? REMEDY : "", todo ? todo : "");
}

int open_broker(struct sriovb **sb)
{
	int err = sriovb_open(sb);

	return err ? refused(NULL, err) : 0;
}

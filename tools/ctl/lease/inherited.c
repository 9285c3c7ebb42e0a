// SPDX-License-Identifier: GPL-2.0-only
/* A lease whose descriptor was inherited, as under sriovctl lease --inherit. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "lease/held.h"
#include "lease/inherited.h"

int inherited_fd(const struct args *args, const char *option, int *fd)
{
	const char *text = option;
	unsigned int number;
	int err;

	*fd = -1;
	if (!text)
		text = getenv(FD_VARIABLE);
	if (!text)
		return 0;
	if (!option && strchr(text, ' '))
		return bad_usage(
			args,
			"several leases, descriptors %s: name one with --fd",
			text);
	err = parse_number(args, "a lease's descriptor", text, 0, 1 << 20,
			   &number);
	if (!err)
		*fd = number;
	return err;
}

int inherited_failed(int fd, int error)
{
	switch (error) {
	case -EBADF:
	case -ENOTTY:
		complain("descriptor %d: not a lease", fd);
		break;
	case -ENODEV:
		complain("descriptor %d: its lease has ended", fd);
		break;
	case -EBUSY:
		complain(
			"descriptor %d: its VF is open through vfio; reset it there",
			fd);
		break;
	default:
		complain("descriptor %d: %s", fd, strerror(-error));
	}
	return EXIT_REFUSED;
}

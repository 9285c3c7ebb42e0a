// SPDX-License-Identifier: GPL-2.0-only
/* The process that a lease is to last as long as, as it is named on the command line. */
#include <errno.h>
#include <string.h>
#include <sys/pidfd.h>

#include "base/complain.h"
#include "cli/until.h"

int until_process(const struct args *args, const char *what, const char *pid,
		  int *pidfd)
{
	unsigned int number;
	int ret = parse_number(args, what, pid, 1, 0x7fffffff, &number);

	if (ret)
		return ret;
	/* From here on it can't be another process's number. */
	*pidfd = pidfd_open(number, 0);
	if (*pidfd >= 0)
		return 0;
	return fail(errno == ESRCH ? EXIT_NOT_FOUND : exit_code_of(-errno), pid,
		    "%s",
		    errno == ESRCH ? "there is no such process" :
				     strerror(errno));
}

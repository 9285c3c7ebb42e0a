// SPDX-License-Identifier: GPL-2.0-only
/*
 * One command at a time for a guest.
 *
 * A monitor serves one client, but a QEMU may have several, and libvirt serves
 * many: two commands with one id at once would each take the lease that the
 * other has just handed over for a leftover, and have QEMU close it.
 *
 * The lock is on the broker's device, at the number of the guest's process: it
 * needs no file, only who may lease can take it, and it ends with us however we
 * end.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "guestlock.h"
#include "qmp.h"
#include "sriovbroker.h"

#define LOCK_POLL_MS 50

static int wait_for_lock(int fd, pid_t guest, int timeout_ms, int *waited)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = guest,
		.l_len = 1,
	};
	int64_t deadline = now_ms() + timeout_ms;

	while (fcntl(fd, F_OFD_SETLK, &lock)) {
		if (errno != EAGAIN && errno != EACCES)
			return -errno;
		*waited = 1;
		if (now_ms() > deadline)
			return -ETIMEDOUT;
		if (qmp_waiting)
			qmp_waiting();
		qmp_pause(LOCK_POLL_MS);
		if (qmp_interrupted())
			return -EINTR;
	}
	return 0;
}

int guest_lock(pid_t guest, int timeout_ms, int *waited)
{
	int fd = open(SRIOVB_DEVICE, O_RDWR | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = wait_for_lock(fd, guest, timeout_ms, waited);
	if (!err)
		return fd;
	close(fd);
	return err;
}

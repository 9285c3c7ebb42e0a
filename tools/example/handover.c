// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Leases a VF and hands the lease over to another process, which needs no right to the
 * broker's device. That process is shown as the holder from then on.
 *
 *	cc -o handover handover.c $(pkg-config --cflags --libs libsriovbroker)
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sriovbroker.h>

/* What was wrong, in words, with the object that it is about. */
static void die(struct sriovb *sb, int err)
{
	char text[SRIOVB_ERROR_LEN];

	fprintf(stderr, "%s%s\n", sb ? "" : SRIOVB_DEVICE ": ",
		sriovb_strerror(sb, err, text, sizeof(text)));
	exit(1);
}

/* Room for one descriptor that goes along with a message. */
union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

static int send_fd(int sock, int fd)
{
	union control control = { 0 };
	struct iovec data = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -1;
}

static int receive_fd(int sock)
{
	union control control = { 0 };
	char byte;
	struct iovec data = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) == 1 &&
	    control.head.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

/* The other process: it has the lease and nothing else. */
static int use_it(int sock)
{
	int lease = receive_fd(sock),
	    pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	struct sriov_broker_lease_info info;
	char vf[SRIOVB_ADDR_LEN];

	if (lease < 0 || sriovb_lease_set_holder(lease, pidfd) ||
	    sriovb_lease_info(lease, &info))
		return 1;
	printf("%s is held by process %d, which is this one: %s\n",
	       sriovb_format_addr(&info.vf, vf), info.pid,
	       info.pid == getpid() ? "yes" : "no");
	return info.pid != getpid();
}

int main(void)
{
	struct sriov_broker_grant grant;
	int pair[2], status, err;
	struct sriovb *sb;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		perror("socketpair");
		return 1;
	}
	pid = fork();
	if (!pid)
		exit(use_it(pair[1]));
	err = sriovb_open(&sb);
	if (err)
		die(NULL, err);
	err = sriovb_lease(sb, NULL, &grant);
	if (err)
		die(sb, err);
	if (send_fd(pair[0], grant.fd))
		perror("sendmsg");
	/* The other's copy keeps the lease. */
	close(grant.fd);
	close(pair[0]);
	return waitpid(pid, &status, 0) != pid || status;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Netlink: requests, their answers, what comes unasked, attributes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"

/* ---- requests ---- */

static void *reserve(struct netlink_msg *msg, size_t len)
{
	size_t at = NLMSG_ALIGN(msg->head.nlmsg_len);

	if (msg->overflow || len > sizeof(msg->bytes) - at) {
		msg->overflow = 1;
		return NULL;
	}
	msg->head.nlmsg_len = at + len;
	return msg->bytes + at;
}

void netlink_begin(struct netlink_msg *msg, int type, int flags,
		   const void *head, size_t len)
{
	static uint32_t seq;
	void *to;

	memset(msg, 0, sizeof(*msg));
	msg->head = (struct nlmsghdr){
		.nlmsg_len = NLMSG_HDRLEN,
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | flags,
		.nlmsg_seq = ++seq,
	};
	to = reserve(msg, len);
	if (to)
		memcpy(to, head, len);
}

void netlink_put(struct netlink_msg *msg, int type, const void *data,
		 size_t len)
{
	struct nlattr *attr = reserve(msg, NLA_HDRLEN + len);

	if (!attr)
		return;
	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((char *)attr + NLA_HDRLEN, data, len);
}

void netlink_put_text(struct netlink_msg *msg, int type, const char *text)
{
	netlink_put(msg, type, text, strlen(text) + 1);
}

size_t netlink_nest(struct netlink_msg *msg, int type)
{
	size_t place = NLMSG_ALIGN(msg->head.nlmsg_len);

	netlink_put(msg, type | NLA_F_NESTED, NULL, 0);
	return place;
}

void netlink_nest_end(struct netlink_msg *msg, size_t place)
{
	struct nlattr *attr = (void *)(msg->bytes + place);

	if (!msg->overflow)
		attr->nla_len = msg->head.nlmsg_len - place;
}

/* ---- sockets ---- */

int netlink_open(int protocol)
{
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	int yes = 1, err;

	if (fd < 0)
		return -errno;
	/* Without a port of ours a group's messages would seem to be from us. */
	if (bind(fd, (const struct sockaddr *)&any, sizeof(any))) {
		err = -errno;
		close(fd);
		return err;
	}
	/* The kernel's words beside its errno; what is refused is not sent back. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof(yes));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof(yes));
	return fd;
}

/*
 * For what one recv() gives. The kernel's messages have an end where an attribute has,
 * at 64 KiB, and the longest by far is the list of a PF's VFs.
 */
#define RECEIVE_ROOM (96 << 10)

/* Return: bytes, 0: from another process, or -errno */
static ssize_t receive(int fd, char *buf)
{
	struct sockaddr_nl from = { 0 };
	socklen_t len = sizeof(from);
	ssize_t n;

	do
		n = recvfrom(fd, buf, RECEIVE_ROOM, MSG_TRUNC,
			     (struct sockaddr *)&from, &len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n > RECEIVE_ROOM)
		return -EMSGSIZE;
	/* Anybody may send to us; the kernel's port is 0. */
	return from.nl_pid ? 0 : n;
}

static char said[160];

const char *netlink_said(void)
{
	return said;
}

/* Behind the error stand attributes, and before them nothing, as we asked. */
static int answer_of(const struct nlmsghdr *msg)
{
	const struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];
	const struct nlmsgerr *answer = NLMSG_DATA(msg);

	if (msg->nlmsg_len < NLMSG_LENGTH(sizeof(*answer)))
		return -EPROTO;
	if (answer->error && msg->nlmsg_flags & NLM_F_ACK_TLVS) {
		netlink_attrs(msg, sizeof(*answer), tb, NLMSGERR_ATTR_MAX);
		netlink_text(tb[NLMSGERR_ATTR_MSG], said, sizeof(said));
	}
	return answer->error;
}

static int send_to_kernel(int fd, const struct netlink_msg *msg)
{
	struct iovec bytes = {
		.iov_base = (void *)msg->bytes,
		.iov_len = msg->head.nlmsg_len,
	};
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const struct msghdr header = {
		.msg_name = &kernel,
		.msg_namelen = sizeof(kernel),
		.msg_iov = &bytes,
		.msg_iovlen = 1,
	};

	return sendmsg(fd, &header, 0) < 0 ? -errno : 0;
}

/* Return: 1: that was the last; 0: there are more; or as netlink_ask() */
static int take_answer(const struct nlmsghdr *msg, int acked,
		       netlink_handler handler, void *arg)
{
	int err;

	switch (msg->nlmsg_type) {
	case NLMSG_ERROR:
		err = answer_of(msg);
		return err ? err : 1;
	case NLMSG_DONE: {
		const int32_t *code = NLMSG_DATA(msg);

		return msg->nlmsg_len >= NLMSG_LENGTH(sizeof(*code)) &&
				       *code < 0 ?
			       *code :
			       1;
	}
	case NLMSG_NOOP:
		return 0;
	default:
		err = handler ? handler(msg, arg) : 0;
		/* One alone is the whole answer. */
		return err || acked || msg->nlmsg_flags & NLM_F_MULTI ? err : 1;
	}
}

static int take_answers(int fd, const struct nlmsghdr *request, char *buf,
			netlink_handler handler, void *arg)
{
	const struct nlmsghdr *msg = (void *)buf;
	ssize_t left = receive(fd, buf);
	int err = left < 0 ? left : 0;

	for (; !err && NLMSG_OK(msg, left); msg = NLMSG_NEXT(msg, left))
		if (msg->nlmsg_seq == request->nlmsg_seq)
			err = take_answer(msg, request->nlmsg_flags & NLM_F_ACK,
					  handler, arg);
	return err;
}

int netlink_ask(int fd, const struct netlink_msg *msg, netlink_handler handler,
		void *arg)
{
	char *buf = malloc(RECEIVE_ROOM);
	int err = buf ? 0 : -ENOMEM;

	said[0] = '\0';
	if (!err && msg->overflow)
		err = -EMSGSIZE;
	if (!err)
		err = send_to_kernel(fd, msg);
	while (!err)
		err = take_answers(fd, &msg->head, buf, handler, arg);
	free(buf);
	return err > 0 ? 0 : err;
}

int netlink_hear(int fd, netlink_handler handler, void *arg)
{
	char *buf = malloc(RECEIVE_ROOM);
	int err = buf ? 0 : -ENOMEM;

	while (!err) {
		const struct nlmsghdr *msg = (void *)buf;
		ssize_t left = receive(fd, buf);

		err = left < 0 ? left : 0;
		for (; !err && NLMSG_OK(msg, left); msg = NLMSG_NEXT(msg, left))
			err = handler(msg, arg);
	}
	free(buf);
	return err == -EAGAIN ? 0 : err;
}

/* ---- attributes ---- */

/* The attribute at @at, if it is whole. */
static const struct nlattr *whole(const char *at, const char *end)
{
	const struct nlattr *attr = (const void *)at;

	if (end - at < NLA_HDRLEN || attr->nla_len < NLA_HDRLEN ||
	    attr->nla_len > end - at)
		return NULL;
	return attr;
}

static const struct nlattr *behind(const struct nlattr *attr, const char *end)
{
	size_t len = NLA_ALIGN(attr->nla_len);

	if (len >= (size_t)(end - (const char *)attr))
		return NULL;
	return whole((const char *)attr + len, end);
}

static void sort(const char *from, const char *end, const struct nlattr **tb,
		 unsigned int max)
{
	const struct nlattr *attr;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	for (attr = from < end ? whole(from, end) : NULL; attr;
	     attr = behind(attr, end))
		if ((unsigned int)netlink_type(attr) <= max)
			tb[netlink_type(attr)] = attr;
}

void netlink_attrs(const struct nlmsghdr *msg, size_t head,
		   const struct nlattr **tb, unsigned int max)
{
	const char *start = (const char *)msg;

	sort(start + NLMSG_SPACE(head), start + msg->nlmsg_len, tb, max);
}

void netlink_nested(const struct nlattr *attr, const struct nlattr **tb,
		    unsigned int max)
{
	const char *start = (const char *)attr;

	if (attr)
		sort(start + NLA_HDRLEN, start + attr->nla_len, tb, max);
	else
		memset(tb, 0, (max + 1) * sizeof(*tb));
}

const struct nlattr *netlink_next(const struct nlattr *in,
				  const struct nlattr *attr)
{
	const char *start = (const char *)in;

	if (!in)
		return NULL;
	if (attr)
		return behind(attr, start + in->nla_len);
	return whole(start + NLA_HDRLEN, start + in->nla_len);
}

int netlink_type(const struct nlattr *attr)
{
	return attr->nla_type & NLA_TYPE_MASK;
}

size_t netlink_len(const struct nlattr *attr)
{
	return attr ? attr->nla_len - NLA_HDRLEN : 0;
}

const void *netlink_data(const struct nlattr *attr, size_t len)
{
	return attr && netlink_len(attr) >= len ?
		       (const char *)attr + NLA_HDRLEN :
		       NULL;
}

#define NUMBER(bits)                                                      \
	uint##bits##_t netlink_u##bits(const struct nlattr *attr,         \
				       uint##bits##_t otherwise)          \
	{                                                                 \
		const void *data = netlink_data(attr, sizeof(otherwise)); \
                                                                          \
		if (data)                                                 \
			memcpy(&otherwise, data, sizeof(otherwise));      \
		return otherwise;                                         \
	}
NUMBER(16)
NUMBER(32)
NUMBER(64)

void netlink_text(const struct nlattr *attr, char *text, size_t room)
{
	const char *data = netlink_data(attr, 0);

	snprintf(text, room, "%.*s", (int)netlink_len(attr), data ? data : "");
}

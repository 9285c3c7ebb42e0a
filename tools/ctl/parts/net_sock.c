// SPDX-License-Identifier: GPL-2.0-only
/* Of the part "net": its socket, and what the kernel answers on it. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "parts/net_sock.h"

/* A child has its own, or the two would get each other's answers. */
struct nl_sock *net_socket(void)
{
	static struct nl_sock *sock;
	static pid_t owner;

	if (sock && owner == getpid())
		return sock;
	nl_socket_free(sock);
	sock = nl_socket_alloc();
	owner = getpid();
	if (sock && nl_connect(sock, NETLINK_ROUTE) < 0) {
		nl_socket_free(sock);
		sock = NULL;
	}
	return sock;
}

/* What the kernel answers to a request. */
struct answer {
	int error;
	char *words; /* room for NETINFO_WORDS */
};

/* Behind the error, and the request if that is in it, stand attributes. */
static void keep_words(const struct nlmsgerr *error, struct answer *answer)
{
	struct nlmsghdr *head =
		(struct nlmsghdr *)((char *)error - NLMSG_HDRLEN);
	size_t request = head->nlmsg_flags & NLM_F_CAPPED ?
				 sizeof(error->msg) :
				 NLMSG_ALIGN(error->msg.nlmsg_len);
	size_t skip =
		NLMSG_ALIGN(sizeof(*error) - sizeof(error->msg) + request);
	struct nlattr *text;

	if (!(head->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    head->nlmsg_len < NLMSG_HDRLEN + skip)
		return;
	text = nla_find((struct nlattr *)((char *)error + skip),
			head->nlmsg_len - NLMSG_HDRLEN - skip,
			NLMSGERR_ATTR_MSG);
	if (text)
		nla_strlcpy(answer->words, text, NETINFO_WORDS);
}

/* libnl has numbers of its own; the kernel's say more. */
static int keep_answer(struct sockaddr_nl *from, struct nlmsgerr *error,
		       void *arg)
{
	struct answer *answer = arg;

	(void)from;
	answer->error = error->error;
	keep_words(error, answer);
	return NL_STOP;
}

int net_tell(struct nl_msg *msg, char *words)
{
	struct nl_sock *sock = net_socket();
	struct answer answer = { .words = words };
	int on = 1;
	int err;

	words[0] = '\0';
	if (!sock)
		return -ENOMEM;
	/* Words besides the errno; older kernels have none. */
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_EXT_ACK, &on,
		   sizeof(on));
	nl_socket_modify_err_cb(sock, NL_CB_CUSTOM, keep_answer, &answer);
	err = nl_send_auto(sock, msg);
	if (err >= 0)
		err = nl_wait_for_ack(sock);
	nl_socket_modify_err_cb(sock, NL_CB_DEFAULT, NULL, NULL);
	if (answer.error)
		return answer.error;
	return err < 0 ? -EIO : 0;
}

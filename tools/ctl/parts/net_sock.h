/* SPDX-License-Identifier: GPL-2.0-only */
/* Of the part "net": its socket, and what the kernel answers on it. */
#ifndef PARTS_NET_SOCK_H
#define PARTS_NET_SOCK_H

#include "parts/net.h"

struct nl_msg;
struct nl_sock;

/*
 * One socket for all that a command asks: all of it is about one network namespace.
 * Return: NULL: there is none to be had
 */
struct nl_sock *net_socket(void);

/*
 * Send a request that changes something. @words: room for NETINFO_WORDS: what the kernel
 * or a driver says of a refusal besides its errno, "" for nothing. Return: 0 or -errno
 */
int net_tell(struct nl_msg *msg, char *words);

#endif /* PARTS_NET_SOCK_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netlink, as far as rtnetlink and generic netlink are spoken here: messages that are
 * put together and taken apart. That is little, and a library for it is not: libnl-route
 * alone took a third of the time that sriovctl needs to start.
 */
#ifndef NETLINK_H
#define NETLINK_H

#include <stddef.h>
#include <stdint.h>

#include <linux/netlink.h>

#define NETLINK_ROOM 512 /* for a request: ours are small */

/* A request. What does not fit is left out, and netlink_ask() says so. */
struct netlink_msg {
	union {
		struct nlmsghdr head;
		char bytes[NETLINK_ROOM];
	};
	int overflow;
};

/* Begin one: @head is the family's own header. */
void netlink_begin(struct netlink_msg *msg, int type, int flags,
		   const void *head, size_t len);

void netlink_put(struct netlink_msg *msg, int type, const void *data,
		 size_t len);
void netlink_put_text(struct netlink_msg *msg, int type, const char *text);

/* What is put between the two is in one attribute. Return: its place */
size_t netlink_nest(struct netlink_msg *msg, int type);
void netlink_nest_end(struct netlink_msg *msg, size_t place);

/* A socket, close-on-exec. Return: it or -errno */
int netlink_open(int protocol);

/* A message that came. Return: 0, or a negative errno that ends the call */
typedef int (*netlink_handler)(const struct nlmsghdr *msg, void *arg);

/*
 * Send a request, and take what is answered, to its end: with NLM_F_DUMP to that of the
 * list, with NLM_F_ACK to that, else it is one message. @handler may be NULL.
 * Return: 0, or -errno: the kernel's, or what @handler returned
 */
int netlink_ask(int fd, const struct netlink_msg *msg, netlink_handler handler,
		void *arg);

/* The kernel's own words on the last answer that was an error, or "". */
const char *netlink_said(void);

/*
 * Take what there is of messages that come unasked; @fd does not block.
 * Return: 0: that was all; or -errno: what @handler returned; -ENOBUFS: some are lost
 */
int netlink_hear(int fd, netlink_handler handler, void *arg);

/* The attributes behind the family's header of @head bytes, by type; @max + 1 of them. */
void netlink_attrs(const struct nlmsghdr *msg, size_t head,
		   const struct nlattr **tb, unsigned int max);

/* The same, of those in an attribute; NULL has none. */
void netlink_nested(const struct nlattr *attr, const struct nlattr **tb,
		    unsigned int max);

/* The first attribute in @in, or the one behind @attr; NULL: there is no more. */
const struct nlattr *netlink_next(const struct nlattr *in,
				  const struct nlattr *attr);

int netlink_type(const struct nlattr *attr);
size_t netlink_len(const struct nlattr *attr);

/* @len bytes of an attribute, NULL where there is none or it is shorter. */
const void *netlink_data(const struct nlattr *attr, size_t len);

/* Its number, or @otherwise. */
uint16_t netlink_u16(const struct nlattr *attr, uint16_t otherwise);
uint32_t netlink_u32(const struct nlattr *attr, uint32_t otherwise);
uint64_t netlink_u64(const struct nlattr *attr, uint64_t otherwise);

/* Its text, cut; "" where there is none. */
void netlink_text(const struct nlattr *attr, char *text, size_t room);

#endif /* NETLINK_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's generic netlink family. Without a gap: listen first, then list,
 * then drop what the list has in it already; every event has a number, and one
 * that is missing means that we were too slow, as does ENOBUFS.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include "events.h"
#include "netlink.h"

#define MAX_ATTR	  SRIOV_BROKER_NL_ATTR_COMM
#define RECEIVE_BUFFER	  (1 << 20) /* some thousand events, if we may */
#define ATTR(tb, name)	  ((tb)[SRIOV_BROKER_NL_ATTR_##name])
#define GET_U32(tb, name) netlink_u32(ATTR(tb, name), 0)
#define GET_U64(tb, name) netlink_u64(ATTR(tb, name), 0)

struct events {
	int news;  /* the group's */
	int lists; /* for dumps, so that nothing gets in between */
	int family;
	uint64_t pf_seq; /* the last event that the list of PFs has in it */
	uint64_t vf_seq;
	uint64_t last; /* that we know of, 0: of none */
};

/* A call of ours, while messages are taken apart for it. */
struct call {
	struct events *events;
	const struct event_handler *handler;
	void *arg;
	uint64_t seq; /* of a list */
	int lost;
	int ret;
};

/* ---- messages ---- */

static void get_addr(const struct nlattr *attr, struct sriov_broker_addr *addr)
{
	char text[SRIOVB_ADDR_LEN];

	netlink_text(attr, text, sizeof(text));
	if (sriovb_parse_addr(text, addr))
		*addr = (struct sriov_broker_addr){ 0 };
}

static int tell_pf(const struct nlattr **tb, const struct call *call)
{
	struct sriov_broker_pf pf = {
		.vendor = netlink_u16(ATTR(tb, VENDOR), 0),
		.device = netlink_u16(ATTR(tb, DEVICE), 0),
		.total_vfs = GET_U32(tb, TOTAL_VFS),
		.num_vfs = GET_U32(tb, NUM_VFS),
		.numa_node = netlink_u32(ATTR(tb, NUMA_NODE), -1),
	};

	get_addr(ATTR(tb, PF), &pf.addr);
	netlink_text(ATTR(tb, DRIVER), pf.driver, sizeof(pf.driver));
	return call->handler->pf(&pf, call->arg);
}

static int tell_vf(const struct nlattr **tb, const struct call *call)
{
	struct sriov_broker_vf vf = {
		.index = GET_U32(tb, INDEX),
		.state = GET_U32(tb, STATE),
		.iommu_group = netlink_u32(ATTR(tb, IOMMU_GROUP), -1),
		.fault = GET_U32(tb, FAULT),
		.vendor = netlink_u16(ATTR(tb, VENDOR), 0),
		.device = netlink_u16(ATTR(tb, DEVICE), 0),
		.lease_pid = netlink_u32(ATTR(tb, LEASE_PID), 0),
		.lease_uid =
			netlink_u32(ATTR(tb, LEASE_UID), SRIOV_BROKER_NO_UID),
		.lease_id = GET_U64(tb, LEASE_ID),
	};

	get_addr(ATTR(tb, PF), &vf.pf);
	get_addr(ATTR(tb, VF), &vf.addr);
	netlink_text(ATTR(tb, DRIVER), vf.driver, sizeof(vf.driver));
	netlink_text(ATTR(tb, LEASE_LABEL), vf.lease_label,
		     sizeof(vf.lease_label));
	return call->handler->vf(&vf, call->arg);
}

static int tell_event(const struct nlattr **tb, struct call *call)
{
	struct events *events = call->events;
	struct sriov_broker_event event = {
		.type = GET_U32(tb, TYPE),
		.index = GET_U32(tb, INDEX),
		.seq = GET_U64(tb, SEQ),
		.time_ns = GET_U64(tb, TIME),
		.state = GET_U32(tb, STATE),
		.old_state = GET_U32(tb, OLD_STATE),
		.fault = GET_U32(tb, FAULT),
		.lease_id = GET_U64(tb, LEASE_ID),
		.value = GET_U64(tb, VALUE),
		.pid = netlink_u32(ATTR(tb, PID), 0),
		.uid = netlink_u32(ATTR(tb, UID), SRIOV_BROKER_NO_UID),
		.lease_pid = netlink_u32(ATTR(tb, LEASE_PID), 0),
		.lease_uid =
			netlink_u32(ATTR(tb, LEASE_UID), SRIOV_BROKER_NO_UID),
	};

	if (events->last && event.seq > events->last + 1) {
		call->lost = 1;
		return 0;
	}
	if (event.seq > events->last)
		events->last = event.seq;
	if (event.seq <= (ATTR(tb, VF) ? events->vf_seq : events->pf_seq))
		return 0;
	get_addr(ATTR(tb, PF), &event.pf);
	get_addr(ATTR(tb, VF), &event.vf);
	netlink_text(ATTR(tb, COMM), event.comm, sizeof(event.comm));
	netlink_text(ATTR(tb, LEASE_LABEL), event.lease_label,
		     sizeof(event.lease_label));
	return call->handler->event(&event, call->arg);
}

/* The family is gone with the module. */
static int is_farewell(const struct nlmsghdr *msg, const struct events *events)
{
	const struct genlmsghdr *genl = NLMSG_DATA(msg);
	const struct nlattr *tb[CTRL_ATTR_FAMILY_ID + 1];

	netlink_attrs(msg, GENL_HDRLEN, tb, CTRL_ATTR_FAMILY_ID);
	return genl->cmd == CTRL_CMD_DELFAMILY &&
	       netlink_u16(tb[CTRL_ATTR_FAMILY_ID], 0) == events->family;
}

static int tell_message(const struct nlmsghdr *msg, struct call *call)
{
	const struct nlattr *tb[MAX_ATTR + 1];

	if (msg->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return 0;
	if (msg->nlmsg_type == GENL_ID_CTRL)
		return is_farewell(msg, call->events) ? -ENODEV : 0;
	if (msg->nlmsg_type != call->events->family)
		return 0;
	netlink_attrs(msg, GENL_HDRLEN, tb, MAX_ATTR);
	switch (((const struct genlmsghdr *)NLMSG_DATA(msg))->cmd) {
	case SRIOV_BROKER_NL_CMD_PF_GET:
		call->seq = GET_U64(tb, SEQ);
		return tell_pf(tb, call);
	case SRIOV_BROKER_NL_CMD_VF_GET:
		call->seq = GET_U64(tb, SEQ);
		return tell_vf(tb, call);
	case SRIOV_BROKER_NL_CMD_EVENT:
		return tell_event(tb, call);
	default:
		return 0;
	}
}

static int on_message(const struct nlmsghdr *msg, void *arg)
{
	struct call *call = arg;

	call->ret = tell_message(msg, call);
	return call->ret || call->lost ? -ECANCELED : 0;
}

/* ---- sockets ---- */

/* A family, and the number of one of its groups. */
struct family {
	const char *group;
	int id;
	unsigned int group_id;
};

static int note_family(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *tb[CTRL_ATTR_MCAST_GROUPS + 1];
	const struct nlattr *of_group[CTRL_ATTR_MCAST_GRP_ID + 1];
	const struct nlattr *group = NULL;
	struct family *family = arg;
	char name[GENL_NAMSIZ];

	if (msg->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return -EPROTO;
	netlink_attrs(msg, GENL_HDRLEN, tb, CTRL_ATTR_MCAST_GROUPS);
	family->id = netlink_u16(tb[CTRL_ATTR_FAMILY_ID], 0);
	while ((group = netlink_next(tb[CTRL_ATTR_MCAST_GROUPS], group))) {
		netlink_nested(group, of_group, CTRL_ATTR_MCAST_GRP_ID);
		netlink_text(of_group[CTRL_ATTR_MCAST_GRP_NAME], name,
			     sizeof(name));
		if (!strcmp(name, family->group))
			family->group_id = netlink_u32(
				of_group[CTRL_ATTR_MCAST_GRP_ID], 0);
	}
	return 0;
}

static int find_family(int fd, const char *name, struct family *family)
{
	const struct genlmsghdr genl = { .cmd = CTRL_CMD_GETFAMILY,
					 .version = 1 };
	struct netlink_msg msg;
	int err;

	netlink_begin(&msg, GENL_ID_CTRL, 0, &genl, sizeof(genl));
	netlink_put_text(&msg, CTRL_ATTR_FAMILY_NAME, name);
	err = netlink_ask(fd, &msg, note_family, family);
	return err ? err : family->group_id ? 0 : -ENOENT;
}

static int join(int fd, unsigned int group)
{
	return setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
			  sizeof(group)) ?
		       -errno :
		       0;
}

/* Of a buffer that is too large for us we get what we may have. */
static int connect_both(struct events *events)
{
	struct family ours = { .group = SRIOV_BROKER_NL_EVENTS };
	struct family ctrl = { .group = "notify" };
	int room = RECEIVE_BUFFER;
	int err;

	events->lists = netlink_open(NETLINK_GENERIC);
	events->news = netlink_open(NETLINK_GENERIC);
	if (events->lists < 0 || events->news < 0)
		return events->lists < 0 ? events->lists : events->news;
	err = find_family(events->lists, SRIOV_BROKER_NL_FAMILY, &ours);
	if (!err)
		err = find_family(events->lists, "nlctrl", &ctrl);
	events->family = ours.id;
	setsockopt(events->news, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (!err)
		err = join(events->news, ours.group_id);
	if (!err)
		err = join(events->news, ctrl.group_id);
	if (!err && fcntl(events->news, F_SETFL, O_NONBLOCK))
		err = -errno;
	return err;
}

int events_open(struct events **out)
{
	struct events *events = calloc(1, sizeof(*events));
	int err;

	*out = NULL;
	if (!events)
		return -ENOMEM;
	events->news = -1;
	err = connect_both(events);
	if (err) {
		events_close(events);
		return err;
	}
	*out = events;
	return 0;
}

void events_close(struct events *events)
{
	if (!events)
		return;
	if (events->news >= 0)
		close(events->news);
	if (events->lists >= 0)
		close(events->lists);
	free(events);
}

int events_fd(const struct events *events)
{
	return events->news;
}

/* ---- lists and news ---- */

static int dump(struct call *call, int cmd)
{
	const struct genlmsghdr genl = { .cmd = cmd,
					 .version = SRIOV_BROKER_NL_VERSION };
	struct netlink_msg msg;
	int err;

	call->seq = 0;
	netlink_begin(&msg, call->events->family, NLM_F_DUMP, &genl,
		      sizeof(genl));
	err = netlink_ask(call->events->lists, &msg, on_message, call);
	return call->ret ? call->ret : err;
}

int events_list(struct events *events, const struct event_handler *handler,
		void *arg)
{
	struct call call = {
		.events = events,
		.handler = handler,
		.arg = arg,
	};
	int err = dump(&call, SRIOV_BROKER_NL_CMD_PF_GET);

	if (err)
		return err;
	events->pf_seq = call.seq;
	err = dump(&call, SRIOV_BROKER_NL_CMD_VF_GET);
	if (err)
		return err;
	/* A list of none has no number; that of PFs is the older one. */
	events->vf_seq = call.seq ? call.seq : events->pf_seq;
	events->last = events->pf_seq;
	return handler->listed(events->vf_seq, arg);
}

static int list_again(struct events *events,
		      const struct event_handler *handler, void *arg)
{
	int err = handler->lost(arg);

	return err ? err : events_list(events, handler, arg);
}

int events_read(struct events *events, const struct event_handler *handler,
		void *arg)
{
	for (;;) {
		struct call call = {
			.events = events,
			.handler = handler,
			.arg = arg,
		};
		int err = netlink_hear(events->news, on_message, &call);

		if (call.ret)
			return call.ret;
		if (!call.lost && err != -ENOBUFS)
			return err;
		err = list_again(events, handler, arg);
		if (err)
			return err;
	}
}

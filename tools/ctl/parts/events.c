// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's generic netlink family. Without a gap: listen first, then list,
 * then drop what the list has in it already; every event has a number, and one
 * that is missing means that we were too slow, as does ENOBUFS.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "parts/events.h"

#define MAX_ATTR	  SRIOV_BROKER_NL_ATTR_ERROR_STATUS
#define RECEIVE_BUFFER	  (1 << 20) /* some thousand events, if we may */
#define ATTR(tb, name)	  ((tb)[SRIOV_BROKER_NL_ATTR_##name])
#define GET_U32(tb, name) (ATTR(tb, name) ? nla_get_u32(ATTR(tb, name)) : 0)
#define GET_U64(tb, name) (ATTR(tb, name) ? nla_get_u64(ATTR(tb, name)) : 0)

struct events {
	struct nl_sock *news;  /* the group's */
	struct nl_sock *lists; /* for dumps, so that nothing gets in between */
	int family;
	uint64_t pf_seq; /* the last event that the list of PFs has in it */
	uint64_t vf_seq;
	uint64_t last; /* that we know of, 0: of none */
};

/* A call of ours, while libnl calls us. */
struct call {
	struct events *events;
	const struct event_handler *handler;
	void *arg;
	uint64_t seq; /* of a list */
	int lost;
	int ret;
};

static const struct nla_policy policy[MAX_ATTR + 1] = {
	[SRIOV_BROKER_NL_ATTR_SEQ] = { .type = NLA_U64 },
	[SRIOV_BROKER_NL_ATTR_TYPE] = { .type = NLA_U32 },
	[SRIOV_BROKER_NL_ATTR_TIME] = { .type = NLA_U64 },
	[SRIOV_BROKER_NL_ATTR_PF] = { .type = NLA_STRING },
	[SRIOV_BROKER_NL_ATTR_VF] = { .type = NLA_STRING },
	[SRIOV_BROKER_NL_ATTR_INDEX] = { .type = NLA_U32 },
	[SRIOV_BROKER_NL_ATTR_STATE] = { .type = NLA_U32 },
	[SRIOV_BROKER_NL_ATTR_OLD_STATE] = { .type = NLA_U32 },
	[SRIOV_BROKER_NL_ATTR_FAULT] = { .type = NLA_U32 },
	[SRIOV_BROKER_NL_ATTR_LEASE_ID] = { .type = NLA_U64 },
	[SRIOV_BROKER_NL_ATTR_VALUE] = { .type = NLA_U64 },
	[SRIOV_BROKER_NL_ATTR_VENDOR] = { .type = NLA_U16 },
	[SRIOV_BROKER_NL_ATTR_DEVICE] = { .type = NLA_U16 },
	[SRIOV_BROKER_NL_ATTR_TOTAL_VFS] = { .type = NLA_U32 },
	[SRIOV_BROKER_NL_ATTR_NUM_VFS] = { .type = NLA_U32 },
	[SRIOV_BROKER_NL_ATTR_NUMA_NODE] = { .type = NLA_S32 },
	[SRIOV_BROKER_NL_ATTR_DRIVER] = { .type = NLA_STRING },
	[SRIOV_BROKER_NL_ATTR_IOMMU_GROUP] = { .type = NLA_S32 },
	[SRIOV_BROKER_NL_ATTR_LEASE_PID] = { .type = NLA_S32 },
	[SRIOV_BROKER_NL_ATTR_LEASE_UID] = { .type = NLA_U32 },
	[SRIOV_BROKER_NL_ATTR_LEASE_LABEL] = { .type = NLA_STRING },
	[SRIOV_BROKER_NL_ATTR_PID] = { .type = NLA_S32 },
	[SRIOV_BROKER_NL_ATTR_UID] = { .type = NLA_U32 },
	[SRIOV_BROKER_NL_ATTR_COMM] = { .type = NLA_STRING },
	[SRIOV_BROKER_NL_ATTR_OLD_VALUE] = { .type = NLA_U64 },
	[SRIOV_BROKER_NL_ATTR_FLAGS] = { .type = NLA_U32 },
	[SRIOV_BROKER_NL_ATTR_LEASE_CGROUP] = { .type = NLA_STRING },
	[SRIOV_BROKER_NL_ATTR_POOL] = { .type = NLA_STRING },
	[SRIOV_BROKER_NL_ATTR_REAL_TIME] = { .type = NLA_U64 },
	[SRIOV_BROKER_NL_ATTR_SEVERITY] = { .type = NLA_U32 },
	[SRIOV_BROKER_NL_ATTR_ERROR_STATUS] = { .type = NLA_U32 },
};

/* ---- messages ---- */

static void get_addr(struct nlattr *attr, struct sriov_broker_addr *addr)
{
	if (!attr || sriovb_parse_addr(nla_get_string(attr), addr))
		*addr = (struct sriov_broker_addr){ 0 };
}

static void get_name(struct nlattr *attr, char *name, size_t len)
{
	if (attr)
		nla_strlcpy(name, attr, len);
}

static uint32_t get_uid(struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : SRIOV_BROKER_NO_UID;
}

static uint16_t get_u16(struct nlattr *attr)
{
	return attr ? nla_get_u16(attr) : 0;
}

static int32_t get_s32(struct nlattr *attr, int32_t otherwise)
{
	return attr ? nla_get_s32(attr) : otherwise;
}

static int tell_pf(struct nlattr **tb, const struct call *call)
{
	struct sriov_broker_pf pf = {
		.vendor = get_u16(ATTR(tb, VENDOR)),
		.device = get_u16(ATTR(tb, DEVICE)),
		.total_vfs = GET_U32(tb, TOTAL_VFS),
		.num_vfs = GET_U32(tb, NUM_VFS),
		.numa_node = get_s32(ATTR(tb, NUMA_NODE), -1),
		.flags = GET_U32(tb, FLAGS),
	};

	get_addr(ATTR(tb, PF), &pf.addr);
	get_name(ATTR(tb, DRIVER), pf.driver, sizeof(pf.driver));
	return call->handler->pf(&pf, call->arg);
}

static int tell_vf(struct nlattr **tb, const struct call *call)
{
	struct sriov_broker_vf vf = {
		.index = GET_U32(tb, INDEX),
		.state = GET_U32(tb, STATE),
		.iommu_group = get_s32(ATTR(tb, IOMMU_GROUP), -1),
		.fault = GET_U32(tb, FAULT),
		.vendor = get_u16(ATTR(tb, VENDOR)),
		.device = get_u16(ATTR(tb, DEVICE)),
		.lease_pid = get_s32(ATTR(tb, LEASE_PID), 0),
		.lease_uid = get_uid(ATTR(tb, LEASE_UID)),
		.lease_id = GET_U64(tb, LEASE_ID),
		.flags = GET_U32(tb, FLAGS),
	};

	get_addr(ATTR(tb, PF), &vf.pf);
	get_addr(ATTR(tb, VF), &vf.addr);
	get_name(ATTR(tb, DRIVER), vf.driver, sizeof(vf.driver));
	get_name(ATTR(tb, LEASE_LABEL), vf.lease_label, sizeof(vf.lease_label));
	get_name(ATTR(tb, LEASE_CGROUP), vf.lease_cgroup,
		 sizeof(vf.lease_cgroup));
	get_name(ATTR(tb, POOL), vf.pool, sizeof(vf.pool));
	return call->handler->vf(&vf, call->arg);
}

static int tell_event(struct nlattr **tb, struct call *call)
{
	struct events *events = call->events;
	struct sriov_broker_event event = {
		.type = GET_U32(tb, TYPE),
		.index = GET_U32(tb, INDEX),
		.seq = GET_U64(tb, SEQ),
		.time_ns = GET_U64(tb, TIME),
		.real_ns = GET_U64(tb, REAL_TIME),
		.state = GET_U32(tb, STATE),
		.old_state = GET_U32(tb, OLD_STATE),
		.fault = GET_U32(tb, FAULT),
		.lease_id = GET_U64(tb, LEASE_ID),
		.value = GET_U64(tb, VALUE),
		.old_value = GET_U64(tb, OLD_VALUE),
		.severity = GET_U32(tb, SEVERITY),
		.error_status = GET_U32(tb, ERROR_STATUS),
		.pid = get_s32(ATTR(tb, PID), 0),
		.uid = get_uid(ATTR(tb, UID)),
		.lease_pid = get_s32(ATTR(tb, LEASE_PID), 0),
		.lease_uid = get_uid(ATTR(tb, LEASE_UID)),
		.flags = GET_U32(tb, FLAGS),
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
	get_name(ATTR(tb, COMM), event.comm, sizeof(event.comm));
	get_name(ATTR(tb, LEASE_LABEL), event.lease_label,
		 sizeof(event.lease_label));
	get_name(ATTR(tb, LEASE_CGROUP), event.lease_cgroup,
		 sizeof(event.lease_cgroup));
	return call->handler->event(&event, call->arg);
}

/* The family is gone with the module. */
static int is_farewell(struct nlmsghdr *head, const struct events *events)
{
	const struct genlmsghdr *genl = genlmsg_hdr(head);
	struct nlattr *id =
		nlmsg_find_attr(head, GENL_HDRLEN, CTRL_ATTR_FAMILY_ID);

	return genl->cmd == CTRL_CMD_DELFAMILY && id &&
	       nla_get_u16(id) == events->family;
}

static int tell_message(struct nlmsghdr *head, struct call *call)
{
	struct nlattr *tb[MAX_ATTR + 1];

	if (head->nlmsg_type == GENL_ID_CTRL)
		return is_farewell(head, call->events) ? -ENODEV : 0;
	if (head->nlmsg_type != call->events->family ||
	    genlmsg_parse(head, 0, tb, MAX_ATTR, policy) < 0)
		return 0;
	switch (genlmsg_hdr(head)->cmd) {
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

static int on_message(struct nl_msg *msg, void *arg)
{
	struct call *call = arg;

	call->ret = tell_message(nlmsg_hdr(msg), call);
	return call->ret || call->lost ? NL_STOP : NL_OK;
}

/* ---- sockets ---- */

static int errno_of(int nle)
{
	switch (-nle) {
	case NLE_OBJ_NOTFOUND:
	case NLE_OPNOTSUPP:
		return -ENOENT;
	case NLE_PERM:
		return -EPERM;
	case NLE_NOMEM:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

/*
 * Both groups are found before one is joined: an event between question and answer
 * would be taken for the answer.
 *
 * Return: 0 or libnl's error
 */
static int listen_for_news(struct events *events)
{
	struct nl_sock *sock = events->news;
	int ours = genl_ctrl_resolve_grp(sock, SRIOV_BROKER_NL_FAMILY,
					 SRIOV_BROKER_NL_EVENTS);
	int ctrl = genl_ctrl_resolve_grp(sock, "nlctrl", "notify");
	int err = ours < 0 ? ours : ctrl;

	if (err >= 0)
		err = nl_socket_add_memberships(sock, ours, ctrl, 0);
	if (err < 0)
		return err;
	nl_socket_disable_seq_check(sock);
	nl_socket_set_buffer_size(sock, RECEIVE_BUFFER, 0);
	return nl_socket_set_nonblocking(sock);
}

static int connect_both(struct events *events)
{
	int err;

	events->news = nl_socket_alloc();
	events->lists = nl_socket_alloc();
	if (!events->news || !events->lists)
		return -NLE_NOMEM;
	err = genl_connect(events->lists);
	if (err >= 0)
		err = genl_connect(events->news);
	if (err < 0)
		return err;
	events->family =
		genl_ctrl_resolve(events->lists, SRIOV_BROKER_NL_FAMILY);
	return events->family < 0 ? events->family : listen_for_news(events);
}

static void close_events(struct events *events)
{
	if (!events)
		return;
	nl_socket_free(events->news);
	nl_socket_free(events->lists);
	free(events);
}

static int open_events(struct events **out)
{
	struct events *events = calloc(1, sizeof(*events));
	int err;

	*out = NULL;
	if (!events)
		return -ENOMEM;
	err = connect_both(events);
	if (err < 0) {
		close_events(events);
		return errno_of(err);
	}
	*out = events;
	return 0;
}

static int get_fd(const struct events *events)
{
	return nl_socket_get_fd(events->news);
}

/* ---- lists and news ---- */

static int dump(struct call *call, int cmd)
{
	struct nl_sock *sock = call->events->lists;
	int err;

	call->seq = 0;
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_message, call);
	err = genl_send_simple(sock, call->events->family, cmd,
			       SRIOV_BROKER_NL_VERSION, NLM_F_DUMP);
	if (err >= 0)
		err = nl_recvmsgs_default(sock);
	if (call->ret)
		return call->ret;
	return err < 0 ? errno_of(err) : 0;
}

static int list_all(struct events *events, const struct event_handler *handler,
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

	return err ? err : list_all(events, handler, arg);
}

static int read_news(struct events *events, const struct event_handler *handler,
		     void *arg)
{
	for (;;) {
		struct call call = {
			.events = events,
			.handler = handler,
			.arg = arg,
		};
		int err;

		nl_socket_modify_cb(events->news, NL_CB_VALID, NL_CB_CUSTOM,
				    on_message, &call);
		err = nl_recvmsgs_default(events->news);
		if (call.ret)
			return call.ret;
		if (err == -NLE_AGAIN)
			return 0;
		/* ENOBUFS is that to libnl. */
		if (call.lost || err == -NLE_NOMEM)
			err = list_again(events, handler, arg);
		else if (err < 0)
			err = errno_of(err);
		if (err)
			return err;
	}
}

const struct events_part PART_SYMBOL = {
	.part = PART_HEAD(struct events_part),
	.open = open_events,
	.close = close_events,
	.fd = get_fd,
	.list = list_all,
	.read = read_news,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of libsriovbroker share and its users do not see. */
#ifndef SRIOVB_INTERNAL_H
#define SRIOVB_INTERNAL_H

#include "sriovbroker.h"

/* What was asked last: the words that sentences about its failure need. */
struct sriovb_request {
	enum sriovb_op {
		SRIOVB_OP_NONE,
		SRIOVB_OP_LIST,
		SRIOVB_OP_ENABLE,
		SRIOVB_OP_DISABLE,
		SRIOVB_OP_BIND,
		SRIOVB_OP_LEASE,
		SRIOVB_OP_CLEAR,
		SRIOVB_OP_REVOKE,
		SRIOVB_OP_NET_HOLD,
	} op;
	struct sriov_broker_addr dev;
	unsigned int number;
	char driver[SRIOV_BROKER_NAME_LEN];
};

struct sriovb {
	int fd;
	struct sriovb_request request;
	struct sriov_broker_why why;
};

#endif /* SRIOVB_INTERNAL_H */

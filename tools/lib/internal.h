/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of libsriovbroker share and its users do not see. */
#ifndef SB_H
#define SB_H

#include "sriovbroker.h"

/* What was asked last: the words that sentences about its failure need. */
struct sb_request {
	enum sb_op {
		SB_OP_NONE,
		SB_OP_LIST,
		SB_OP_ENABLE,
		SB_OP_DISABLE,
		SB_OP_BIND,
		SB_OP_LEASE,
		SB_OP_CLEAR,
		SB_OP_REVOKE,
		SB_OP_NET_HOLD,
		SB_OP_VF_BAR,
	} op;
	struct sriov_broker_addr dev;
	unsigned int number;
	char driver[SRIOV_BROKER_NAME_LEN];
};

struct sb {
	int fd;
	struct sb_request request;
	struct sriov_broker_why why;
};

#endif /* SB_H */

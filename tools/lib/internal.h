/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of libsriovbroker share and its users do not see. */
#ifndef SRIOVB_INTERNAL_H
#define SRIOVB_INTERNAL_H

#include <stdint.h>

#include "sriovbroker.h"

/* An ioctl. Return: what it returns, or -errno */
int sriovb_call(int fd, unsigned long request, void *arg);

/* What was asked last: the words that sentences about its failure need. */
struct asked {
	struct sriov_broker_addr dev;
	unsigned int number;
	char driver[SRIOV_BROKER_NAME_LEN];
};

struct sriovb {
	int fd;
	unsigned int abi;
	struct asked asked;
	struct sriov_broker_why why;
	/* Records that one read() brought, of which the first ones were given out. */
	size_t num_read;
	size_t given;
	_Alignas(uint64_t) char records[4 * SRIOV_BROKER_EVENT_ROOM];
};

/*
 * Every call on a handle begins so, that sentences are about this one: remember what is
 * asked, forget the last reason. Return: the address of that.
 */
uintptr_t sriovb_begin(struct sriovb *sb, const struct sriov_broker_addr *dev,
		       unsigned int number, const char *driver);

#endif /* SRIOVB_INTERNAL_H */

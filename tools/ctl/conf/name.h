/* SPDX-License-Identifier: GPL-2.0-only */
/* What PFs are called in a file. */
#ifndef CONF_NAME_H
#define CONF_NAME_H

#include <stddef.h>

#include "sriovbroker.h"

enum conf_name {
	NAME_ADDRESS,
	NAME_INTERFACE,
	NAME_MAC,
	NAME_DEVICE, /* vendor:device */
	NAME_SERIAL,
	NAME_PATH, /* from its root bus on, by slots: other cards do not change it */
	NUM_NAMES,
};

/* Those that are given, all of which have to fit; NULL: not given. */
struct conf_names {
	char *text[NUM_NAMES];
};

#define CONF_NAME_LEN 128

/* "address" */
const char *conf_name_key(enum conf_name name);

/* What a PF is called. Return: @buf, CONF_NAME_LEN bytes; NULL: it has no such name */
const char *conf_name_of(const struct sriov_broker_addr *pf,
			 enum conf_name name, char *buf);

/*
 * The PFs of the host that @names fit, the caller's to free().
 * Return: how many
 */
size_t conf_find(const struct conf_names *names,
		 struct sriov_broker_addr **pfs);

#endif /* CONF_NAME_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* A PF as it is, as an entry of a file. */
#ifndef CONF_SAVE_H
#define CONF_SAVE_H

#include <json-c/json.h>

#include "conf/name.h"

/*
 * Add a PF, with its @n VFs, to an array of entries, under that name or else its address.
 * Return: 0, or an exit code after a complaint: a file can't say how it is
 */
int conf_save(struct json_object *array, enum conf_name by,
	      const struct sriov_broker_pf *pf,
	      const struct sriov_broker_vf *vfs, ssize_t n);

/* What a PF is called in a file: its name of that kind, or its address where apply would not find it by that. */
void conf_save_name(struct json_object *obj, enum conf_name by,
		    const struct sriov_broker_addr *pf);

#endif /* CONF_SAVE_H */

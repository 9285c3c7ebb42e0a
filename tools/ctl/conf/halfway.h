/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How far the maintenance of a PF is, for a run that goes on where another one was killed:
 * in /run, for neither VFs nor a cordon outlast the machine. Functions complain by
 * themselves and return 0 or an exit code.
 */
#ifndef CONF_HALFWAY_H
#define CONF_HALFWAY_H

#include <json-c/json.h>

#include "sriovbroker.h"

struct halfway {
	char conf[64];	/* a file for apply: the PF as it was */
	char state[64]; /* the rest */
	int lock;	/* one at a time; a command that is run has it too */
	int is_there;	/* another run has left it */
	/* what the other run has left, or this one will */
	int was_cordoned;
	int ran;   /* the command, and it succeeded */
	int is_on; /* and its VFs are as they shall be */
	char driver[SRIOV_BROKER_NAME_LEN]; /* of the PF; "": none */
	struct json_object *guests; /* that had VFs: an array of "pid", "id" */
};

/* Is one at work on the PF, or has one left it half-way? */
int halfway_has_left(const char *pf);

/* Wait for other runs to end, and read what they have left; halfway_close() if it returns 0. */
int halfway_open(struct halfway *h, const char *pf);
void halfway_close(struct halfway *h);

/* From here on it is there. */
int halfway_write(struct halfway *h);

/* Write the PF down as it is, unless that was done. */
int halfway_write_pf(struct halfway *h, const struct sriov_broker_pf *pf,
		     const struct sriov_broker_vf *vfs, ssize_t n);

/* Has that been done? */
int halfway_has_pf(const struct halfway *h);

/* It is over. */
void halfway_forget(struct halfway *h);

#endif /* CONF_HALFWAY_H */

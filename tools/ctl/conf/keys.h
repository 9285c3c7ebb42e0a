/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What files of sriov-broker.conf say: of PFs how many VFs they have, on which driver,
 * and with which network attributes.
 */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

#include "cli/netattr.h"
#include "cli/target.h"
#include "conf/document.h"
#include "conf/name.h"

#define CONF_DIR "/etc/sriov-broker"

/* Attributes of some of a PF's VFs. */
struct conf_net {
	unsigned int line;
	unsigned int num_runs;
	struct run runs[SRIOV_BROKER_MAX_SELECTORS];
	struct netattrs attrs;
};

/* One entry of "pfs": a PF, or with @all those that it fits. */
struct conf_pf {
	const char *file;
	unsigned int line;
	struct conf_names names;
	int all;
	int vfs;      /* -1: not said */
	char *driver; /* NULL: the module's default */
	int open;     /* -1: not said */
	int nodriver; /* the PF waits for no driver of its own */
	struct conf_net *nets;
	size_t num_nets;
};

struct conf {
	struct conf_pf *pfs;
	size_t num_pfs;
	char **files;
	size_t num_files;
	struct conf_errors errors;
};

/* Add what a file says, "-": standard input; complain of all that is wrong in it. */
void conf_read(struct conf *conf, const char *path);
void conf_free(struct conf *conf);

/* The schema of these files, as JSON Schema. */
struct json_object *conf_schema(void);

#endif /* CONF_KEYS_H */

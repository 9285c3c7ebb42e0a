/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What files of sriov-broker.conf say: of PFs how many VFs they have, on which driver,
 * and with which network attributes; and of named pools.
 */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

#include "cli/netattr.h"
#include "cli/target.h"
#include "conf/document.h"
#include "conf/name.h"

#define CONF_DIR "/etc/sriov-broker"

/* What "guarded" stands for. */
#define CONF_GUARDED_DRIVER "sriov_broker_vfio"

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
	int guarded;  /* -1: not said; the driver says it as well */
	int open;     /* -1: not said */
	int restore;
	int nodriver; /* the PF waits for no driver of its own */
	struct conf_net *nets;
	size_t num_nets;
};

/* VFs of a PF, or with @all of all that it fits, that are in a pool. */
struct conf_member {
	unsigned int line;
	struct conf_names names;
	int all;
	unsigned int num_runs; /* 0: all VFs */
	struct run runs[SRIOV_BROKER_MAX_SELECTORS];
};

/* Users or groups; @said, though there may be none. */
struct conf_ids {
	int said;
	unsigned int num;
	__u32 id[SRIOV_BROKER_POOL_MAX];
};

/* One of "pools". */
struct conf_pool {
	const char *file;
	unsigned int line;
	char name[SRIOV_BROKER_NAME_LEN];
	struct conf_member *members;
	size_t num_members;
	int has_members; /* said, though there may be none */
	struct conf_ids users;
	struct conf_ids groups;
	unsigned int max_leases;
	unsigned int max_leases_per_user;
};

struct conf {
	struct conf_pf *pfs;
	size_t num_pfs;
	struct conf_pool *pools;
	size_t num_pools;
	char **files;
	size_t num_files;
	struct conf_errors errors;
};

/* Add what a file says, "-": standard input; complain of all that is wrong in it. */
void conf_read(struct conf *conf, const char *path);
void conf_free(struct conf *conf);

/* The schema of these files, as JSON Schema. */
struct json_object *conf_schema(void);

/* "key PLACE NAME WANTED" with tabs, a line each, for the manual. */
void conf_print_keys(void);

#endif /* CONF_KEYS_H */

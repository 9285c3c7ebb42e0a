// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases that a QEMU keeps for its devices.
 *
 * The lease's descriptor lives in an fdset; its opaque text says whose it is, so
 * that it is found again without a file of ours, over any monitor. Before 9.1
 * QEMU drops a set that nothing uses when the last monitor disconnects: there
 * the keeper uses it, a chardev that opens the set and that nothing is connected
 * to.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keep.h"

#define OPAQUE	   "sriov_broker "
#define BY_IOMMUFD " by=iommufd"

static int keeps_fdsets(const struct qmp *qmp)
{
	return qmp->major > 9 || (qmp->major == 9 && qmp->minor >= 1);
}

/* ---- fdsets, and the text that goes with a descriptor in one ---- */

/* "sriov_broker lease=5 vf=0000:01:10.0 for=4 by=iommufd bus=hp0 id=net1" */
const char *keep_text(const struct kept *kept, const char *id, char *text)
{
	char addr[SRIOVB_ADDR_LEN];
	int n = snprintf(text, KEEP_TEXT_LEN, OPAQUE "lease=%llu vf=%s",
			 kept->lease, sriovb_format_addr(&kept->vf, addr));

	if (kept->instead_of)
		n += snprintf(text + n, KEEP_TEXT_LEN - n, " for=%llu",
			      kept->instead_of);
	if (kept->by_iommufd)
		n += snprintf(text + n, KEEP_TEXT_LEN - n, BY_IOMMUFD);
	/* Another bus than that QEMU would refuse anyway. */
	if (qemu_id_ok(kept->bus))
		n += snprintf(text + n, KEEP_TEXT_LEN - n, " bus=%s",
			      kept->bus);
	snprintf(text + n, KEEP_TEXT_LEN - n, " id=%s", id);
	return text;
}

/* Is it such a text, for device @id? */
static int is_for(const char *opaque, const char *id)
{
	const char *word;

	if (!opaque || strncmp(opaque, OPAQUE, strlen(OPAQUE)))
		return 0;
	word = strstr(opaque, " id=");
	return word && !strcmp(word + 4, id);
}

static int parse_opaque(const char *opaque, struct kept *kept)
{
	char addr[SRIOVB_ADDR_LEN];
	const char *word;

	*kept = (struct kept){ 0 };
	if (sscanf(opaque, OPAQUE "lease=%llu vf=%19s", &kept->lease, addr) !=
		    2 ||
	    sriovb_parse_addr(addr, &kept->vf))
		return 0;
	word = strstr(opaque, " for=");
	if (word)
		kept->instead_of = strtoull(word + 5, NULL, 10);
	kept->by_iommufd = !!strstr(opaque, BY_IOMMUFD " ");
	word = strstr(opaque, " bus=");
	if (word)
		sscanf(word + 5, "%127s", kept->bus);
	return 1;
}

/* The text, if one of the set's descriptors is kept for @id. */
static const char *fdset_opaque(struct json_object *fdset, const char *id)
{
	struct json_object *fds;
	const char *opaque;
	size_t i;

	if (!json_object_is_type(fdset, json_type_object) ||
	    !json_object_object_get_ex(fdset, "fds", &fds) ||
	    !json_object_is_type(fds, json_type_array))
		return NULL;
	for (i = 0; i < json_object_array_length(fds); i++) {
		opaque = qmp_text(json_object_array_get_idx(fds, i), "opaque");
		if (is_for(opaque, id))
			return opaque;
	}
	return NULL;
}

/* ---- keepers ---- */

static struct json_object *keeper_args(unsigned long long lease)
{
	char name[64];

	snprintf(name, sizeof(name), KEEP_KEEPER "%llu", lease);
	return qemu_args("id", name);
}

/* {"fdset-id": 0, "fd": 9}: have that set used. */
static int add_keeper(struct qmp *qmp, unsigned long long lease,
		      struct json_object *fdset)
{
	struct json_object *args = keeper_args(lease);
	struct json_object *backend = json_object_new_object();
	char path[64];

	snprintf(path, sizeof(path), "/dev/fdset/%lld",
		 (long long)json_object_get_int64(
			 json_object_object_get(fdset, "fdset-id")));
	json_object_object_add(backend, "type", json_object_new_string("pipe"));
	json_object_object_add(backend, "data", qemu_args("device", path));
	json_object_object_add(args, "backend", backend);
	return qemu_call(qmp, "chardev-add", args, NULL);
}

/* Most have none. */
static int remove_keeper(struct qmp *qmp, unsigned long long lease)
{
	int ret = qemu_call(qmp, "chardev-remove", keeper_args(lease), NULL);

	return ret == QMP_REFUSED ? 0 : ret;
}

/* ---- leases, in and out ---- */

static int remove_fdset(struct qmp *qmp, struct json_object *fdset)
{
	struct json_object *args = json_object_new_object();

	json_object_object_add(
		args, "fdset-id",
		json_object_get(json_object_object_get(fdset, "fdset-id")));
	return qemu_call(qmp, "remove-fd", args, NULL);
}

/* Without a keeper QEMU shall not have it at all. The words stay the refusal's. */
static int take_fdset_back(struct qmp *qmp, struct json_object *fdset)
{
	char words[sizeof(qmp->error)];
	int ret;

	strcpy(words, qmp->error);
	ret = remove_fdset(qmp, fdset);
	if (ret >= 0)
		strcpy(qmp->error, words);
	return ret < 0 ? ret : QMP_REFUSED;
}

int keep_lease(struct qmp *qmp, const char *id, const struct kept *kept, int fd)
{
	struct json_object *fdset;
	char text[KEEP_TEXT_LEN];
	int ret;

	ret = qmp_call(qmp, "add-fd",
		       qemu_args("opaque", keep_text(kept, id, text)), fd,
		       QMP_TIMEOUT_MS, &fdset);
	if (ret)
		return ret;
	if (!keeps_fdsets(qmp))
		ret = add_keeper(qmp, kept->lease, fdset);
	if (ret == QMP_REFUSED)
		ret = take_fdset_back(qmp, fdset);
	json_object_put(fdset);
	return ret;
}

/* Of the leases kept for an id: all, one of them, all the others. */
enum which {
	ALL,
	THIS,
	OTHERS
};

static int is_meant(const struct kept *kept, enum which which,
		    unsigned long long lease)
{
	return which == ALL || (kept->lease == lease) == (which == THIS);
}

/* Return also: -ENOENT: there was none. */
static int drop(struct qmp *qmp, const char *id, enum which which,
		unsigned long long lease)
{
	struct json_object *array;
	struct kept kept;
	int found = 0;
	size_t i;
	int ret = qemu_list(qmp, "query-fdsets", NULL, &array);

	if (ret)
		return ret;
	for (i = 0; !ret && i < json_object_array_length(array); i++) {
		struct json_object *fdset = json_object_array_get_idx(array, i);
		const char *opaque = fdset_opaque(fdset, id);

		if (!opaque || !parse_opaque(opaque, &kept) ||
		    !is_meant(&kept, which, lease))
			continue;
		found = 1;
		ret = remove_keeper(qmp, kept.lease);
		if (!ret)
			ret = remove_fdset(qmp, fdset);
	}
	json_object_put(array);
	return ret || found ? ret : -ENOENT;
}

int keep_nothing(struct qmp *qmp, const char *id)
{
	return drop(qmp, id, ALL, 0);
}

int keep_not(struct qmp *qmp, const char *id, unsigned long long lease)
{
	return drop(qmp, id, THIS, lease);
}

int keep_only(struct qmp *qmp, const char *id, unsigned long long lease)
{
	return drop(qmp, id, OTHERS, lease);
}

static int by_lease(const void *a, const void *b)
{
	const struct kept *left = a, *right = b;

	return (left->lease > right->lease) - (left->lease < right->lease);
}

int keep_list(struct qmp *qmp, const char *id, struct kept *kept,
	      unsigned int max, unsigned int *found)
{
	struct json_object *array;
	const char *opaque;
	size_t i;
	int ret = qemu_list(qmp, "query-fdsets", NULL, &array);

	*found = 0;
	if (ret)
		return ret;
	for (i = 0; *found < max && i < json_object_array_length(array); i++) {
		opaque = fdset_opaque(json_object_array_get_idx(array, i), id);
		if (opaque && parse_opaque(opaque, &kept[*found]))
			++*found;
	}
	json_object_put(array);
	qsort(kept, *found, sizeof(*kept), by_lease);
	return 0;
}

/* What the descriptors in an fdset are kept for. */
static void each_of_fdset(struct json_object *fdset,
			  void (*found)(void *ctx, const char *id,
					const struct sriov_broker_addr *vf),
			  void *ctx)
{
	struct json_object *fds = json_object_object_get(fdset, "fds");
	const char *opaque, *id;
	struct kept kept;
	size_t i;

	if (!json_object_is_type(fds, json_type_array))
		return;
	for (i = 0; i < json_object_array_length(fds); i++) {
		opaque = qmp_text(json_object_array_get_idx(fds, i), "opaque");
		id = opaque ? strstr(opaque, " id=") : NULL;
		if (id && parse_opaque(opaque, &kept))
			found(ctx, id + 4, &kept.vf);
	}
}

int keep_each(struct qmp *qmp,
	      void (*found)(void *ctx, const char *id,
			    const struct sriov_broker_addr *vf),
	      void *ctx)
{
	struct json_object *array;
	size_t i;
	int ret = qemu_list(qmp, "query-fdsets", NULL, &array);

	if (ret)
		return ret;
	for (i = 0; i < json_object_array_length(array); i++)
		each_of_fdset(json_object_array_get_idx(array, i), found, ctx);
	json_object_put(array);
	return 0;
}

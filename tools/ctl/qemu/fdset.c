// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases that a QEMU keeps for its devices.
 *
 * The lease's descriptor lives in an fdset; its opaque text says whose it is, so
 * that it is found again without a file of ours, over any monitor. Before 9.1
 * QEMU drops a set that nothing uses when the last monitor disconnects: there
 * the keeper uses it, a chardev that opens the set and that nothing is connected
 * to.
 *
 * A lease whose device is not there is one of a device that has left, in whatever
 * way: an admin took it out, or the guest let go of it when no command waited any more.
 * Such a VF is to come back, and never to go in again. But in the midst of a swap a
 * device is not there either; so swap marks the lease that it will put back, by
 * another descriptor in that one's set, before it asks for the device.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/target.h"
#include "host/proc.h"
#include "qemu/fdset.h"

#define OPAQUE	   "sriov_broker "
#define SWAP_MARK  "sriov_broker_swap"
#define BY_IOMMUFD " by=iommufd"

static int keeps_fdsets(const struct qmp *qmp)
{
	return qmp->major > 9 || (qmp->major == 9 && qmp->minor >= 1);
}

/* ---- fdsets, and the text that goes with a descriptor in one ---- */

/* "sriov_broker lease=5 vf=0000:01:10.0 for=4 by=iommufd bus=hp0 id=net1" */
const char *fdset_text(const struct kept *kept, const char *id, char *text)
{
	char addr[SRIOVB_ADDR_LEN];
	int n = snprintf(text, FDSET_TEXT_LEN, OPAQUE "lease=%llu vf=%s",
			 kept->lease, sriovb_format_addr(&kept->vf, addr));

	if (kept->instead_of)
		n += snprintf(text + n, FDSET_TEXT_LEN - n, " for=%llu",
			      kept->instead_of);
	if (kept->by_iommufd)
		n += snprintf(text + n, FDSET_TEXT_LEN - n, BY_IOMMUFD);
	/* Another bus than that QEMU would refuse anyway. */
	if (qemu_id_ok(kept->bus))
		n += snprintf(text + n, FDSET_TEXT_LEN - n, " bus=%s",
			      kept->bus);
	snprintf(text + n, FDSET_TEXT_LEN - n, " id=%s", id);
	return text;
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
	/* It is printed, and goes back to QEMU. */
	if (!qemu_id_ok(kept->bus))
		kept->bus[0] = '\0';
	word = strstr(opaque, " id=");
	if (!word || !qemu_id_ok(word + 4))
		return 0;
	strcpy(kept->id, word + 4);
	return 1;
}

/* What a set is kept for. Return: 1, or 0: it is none of ours */
static int parse_fdset(struct json_object *fdset, struct kept *kept)
{
	struct json_object *fds;
	int ours = 0, swapping = 0;
	const char *opaque;
	struct kept one;
	size_t i;

	if (!json_object_is_type(fdset, json_type_object) ||
	    !json_object_object_get_ex(fdset, "fds", &fds) ||
	    !json_object_is_type(fds, json_type_array))
		return 0;
	for (i = 0; i < json_object_array_length(fds); i++) {
		opaque = qmp_text(json_object_array_get_idx(fds, i), "opaque");
		if (opaque && !strcmp(opaque, SWAP_MARK))
			swapping = 1;
		if (ours || !opaque || !parse_opaque(opaque, &one))
			continue;
		*kept = one;
		ours = 1;
	}
	kept->swapping = swapping;
	return ours;
}

/* ---- keepers ---- */

static struct json_object *keeper_args(unsigned long long lease)
{
	char name[64];

	snprintf(name, sizeof(name), FDSET_KEEPER "%llu", lease);
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

int fdset_keep(struct qmp *qmp, const char *id, const struct kept *kept, int fd)
{
	struct json_object *fdset;
	char text[FDSET_TEXT_LEN];
	int ret;

	ret = qmp_call(qmp, "add-fd",
		       qemu_args("opaque", fdset_text(kept, id, text)), fd,
		       qmp->timeout_ms, &fdset);
	if (ret)
		return ret;
	if (!keeps_fdsets(qmp))
		ret = add_keeper(qmp, kept->lease, fdset);
	if (ret == QMP_REFUSED)
		ret = take_fdset_back(qmp, fdset);
	json_object_put(fdset);
	return ret;
}

int fdset_has_lease(struct sriovb *sb, const struct kept *kept, pid_t *holder)
{
	struct sriov_broker_vf vf;

	*holder = 0;
	if (find_vf_at(sb, &kept->vf, &vf) <= 0 ||
	    vf.state != SRIOV_BROKER_VF_LEASED || vf.lease_id != kept->lease)
		return 0;
	*holder = vf.lease_pid;
	return 1;
}

int fdset_is_anothers(const struct qmp *qmp, struct sriovb *sb,
		      const struct kept *kept)
{
	pid_t peer = qmp_peer(qmp), holder;

	if (!fdset_has_lease(sb, kept, &holder) || !holder ||
	    holder == getpid())
		return 0;
	/* sriovctl run may have been given a script that starts QEMU. */
	return !proc_descends(peer, holder);
}

/* Those of a lease; with @sb all but what others are at work on. */
static int drop(struct qmp *qmp, struct sriovb *sb, const char *id,
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

		if (!parse_fdset(fdset, &kept) || strcmp(kept.id, id) ||
		    (kept.lease != lease &&
		     (!sb || fdset_is_anothers(qmp, sb, &kept))))
			continue;
		found = 1;
		ret = remove_keeper(qmp, kept.lease);
		if (!ret)
			ret = remove_fdset(qmp, fdset);
	}
	json_object_put(array);
	return ret || found ? ret : -ENOENT;
}

int fdset_drop_one(struct qmp *qmp, const char *id, unsigned long long lease)
{
	return drop(qmp, NULL, id, lease);
}

int fdset_drop_all(struct qmp *qmp, struct sriovb *sb, const char *id,
		   unsigned long long lease)
{
	return drop(qmp, sb, id, lease);
}

static int by_lease(const void *a, const void *b)
{
	const struct kept *left = a, *right = b;

	return (left->lease > right->lease) - (left->lease < right->lease);
}

int fdset_list(struct qmp *qmp, const char *id, struct kept *kept,
	       unsigned int max, unsigned int *found)
{
	struct json_object *array;
	size_t i;
	int ret = qemu_list(qmp, "query-fdsets", NULL, &array);

	*found = 0;
	if (ret)
		return ret;
	for (i = 0; *found < max && i < json_object_array_length(array); i++)
		if (parse_fdset(json_object_array_get_idx(array, i),
				&kept[*found]) &&
		    (!id || !strcmp(kept[*found].id, id)))
			++*found;
	json_object_put(array);
	qsort(kept, *found, sizeof(*kept), by_lease);
	return 0;
}

/* Room for all of a guest's, which has no more slots; NULL: there is no memory. */
#define MAX_ALL 512
static int list_all(struct qmp *qmp, struct kept **kept, unsigned int *found)
{
	int ret;

	*found = 0;
	*kept = calloc(MAX_ALL, sizeof(**kept));
	if (!*kept)
		return qmp_fail(qmp, -ENOMEM, "out of memory");
	ret = fdset_list(qmp, NULL, *kept, MAX_ALL, found);
	if (!ret)
		return 0;
	free(*kept);
	*kept = NULL;
	return ret;
}

int fdset_each(struct qmp *qmp,
	       void (*found)(void *ctx, const char *id,
			     const struct sriov_broker_addr *vf),
	       void *ctx)
{
	struct kept *kept;
	unsigned int n, i;
	int ret = list_all(qmp, &kept, &n);

	for (i = 0; i < n; i++)
		found(ctx, kept[i].id, &kept[i].vf);
	if (!ret)
		free(kept);
	return ret;
}

/* ---- in the midst of a swap, or left ---- */

int fdset_mark_swap(struct qmp *qmp, const char *id, unsigned long long lease)
{
	struct json_object *array, *args;
	struct kept kept;
	size_t i;
	int fd, ret = qemu_list(qmp, "query-fdsets", NULL, &array);

	if (ret)
		return ret;
	/* Which descriptor it is does not matter; it is none that the set hands out. */
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (i = 0; !ret && i < json_object_array_length(array); i++) {
		struct json_object *fdset = json_object_array_get_idx(array, i);

		if (!parse_fdset(fdset, &kept) || strcmp(kept.id, id) ||
		    kept.lease != lease || kept.swapping)
			continue;
		args = qemu_args("opaque", SWAP_MARK);
		json_object_object_add(args, "fdset-id",
				       json_object_get(json_object_object_get(
					       fdset, "fdset-id")));
		ret = qmp_call(qmp, "add-fd", args, fd, qmp->timeout_ms, NULL);
	}
	if (fd >= 0)
		close(fd);
	json_object_put(array);
	return ret;
}

/* Take the marks out of a set. */
static int unmark(struct qmp *qmp, struct json_object *fdset)
{
	struct json_object *fds = json_object_object_get(fdset, "fds");
	struct json_object *args, *fd;
	const char *opaque;
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < json_object_array_length(fds); i++) {
		fd = json_object_array_get_idx(fds, i);
		opaque = qmp_text(fd, "opaque");
		if (!opaque || strcmp(opaque, SWAP_MARK))
			continue;
		args = json_object_new_object();
		json_object_object_add(args, "fdset-id",
				       json_object_get(json_object_object_get(
					       fdset, "fdset-id")));
		json_object_object_add(
			args, "fd",
			json_object_get(json_object_object_get(fd, "fd")));
		ret = qemu_call(qmp, "remove-fd", args, NULL);
	}
	return ret;
}

int fdset_unmark_swap(struct qmp *qmp, const char *id)
{
	struct json_object *array;
	struct kept kept;
	size_t i;
	int ret = qemu_list(qmp, "query-fdsets", NULL, &array);

	if (ret)
		return ret;
	for (i = 0; !ret && i < json_object_array_length(array); i++) {
		struct json_object *fdset = json_object_array_get_idx(array, i);

		if (parse_fdset(fdset, &kept) && kept.swapping &&
		    !strcmp(kept.id, id))
			ret = unmark(qmp, fdset);
	}
	json_object_put(array);
	return ret;
}

int fdset_is_left(const struct kept *kept, unsigned int n, const char *id)
{
	int found = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (strcmp(kept[i].id, id))
			continue;
		if (kept[i].swapping)
			return 0;
		found = 1;
	}
	return found;
}

/*
 * One of a device that QEMU does not have. While another process than QEMU is its holder
 * that may be about to plug it in, from where the guest's lock is not ours; or else
 * QEMU only says that it has it. QEMU is asked after that: once it is the holder the
 * device is there.
 */
static int drop_one(struct qmp *qmp, struct sriovb *sb, const struct kept *kept,
		    void (*dropped)(void *ctx, const struct kept *kept),
		    void *ctx)
{
	pid_t holder;
	char type[64];
	int ret, had;

	if (fdset_is_anothers(qmp, sb, kept))
		return 0;
	ret = qemu_device_type(qmp, kept->id, type, sizeof(type));
	if (ret != -ENOENT)
		return ret < 0 ? ret : 0;
	/* By the broker's word; QEMU may say what it likes of leases that never were. */
	had = fdset_has_lease(sb, kept, &holder);
	ret = fdset_drop_one(qmp, kept->id, kept->lease);
	if (!ret && had && !fdset_has_lease(sb, kept, &holder))
		dropped(ctx, kept);
	return ret;
}

int fdset_drop_left(struct qmp *qmp, struct sriovb *sb,
		    void (*dropped)(void *ctx, const struct kept *kept),
		    void *ctx)
{
	const int64_t end = now_ms() + qmp->timeout_ms;
	struct kept *kept;
	unsigned int n, i;
	int ret = list_all(qmp, &kept, &n);

	if (ret)
		return ret;
	/* The rest is left to the next command that looks. */
	for (i = 0; !ret && i < n && now_ms() < end; i++)
		if (fdset_is_left(kept, n, kept[i].id))
			ret = drop_one(qmp, sb, &kept[i], dropped, ctx);
	free(kept);
	return ret;
}

/* Where the number of "net1-swap2" begins, or the id ends. */
static size_t stem_len(const char *id)
{
	const char *suffix = strstr(id, FDSET_SWAP);
	unsigned int number;
	char end;

	return suffix && sscanf(suffix, FDSET_SWAP "%5u%c", &number, &end) ==
				       1 ?
		       (size_t)(suffix - id) :
		       strlen(id);
}

int fdset_next_id(const char *id, char *next)
{
	size_t len = stem_len(id);
	unsigned int number = 0;

	sscanf(id + len, FDSET_SWAP "%5u", &number);
	snprintf(next, QEMU_ID_LEN, "%.*s" FDSET_SWAP "%u", (int)len, id,
		 number + 1);
	return qemu_id_ok(next) ? 0 : -ENAMETOOLONG;
}

int fdset_resolve_id(struct qmp *qmp, char *id)
{
	size_t len = stem_len(id);
	const struct kept *last = NULL;
	struct kept *kept;
	unsigned int n, i;
	char type[64];
	int ret = qemu_device_type(qmp, id, type, sizeof(type));

	if (ret != -ENOENT)
		return ret < 0 ? ret : 0;
	ret = list_all(qmp, &kept, &n);
	if (ret)
		return ret < 0 ? ret : 0;
	for (i = 0; i < n; i++) {
		/* Something of it is left to be done. */
		if (!strcmp(kept[i].id, id)) {
			last = NULL;
			break;
		}
		if (stem_len(kept[i].id) == len &&
		    !strncmp(kept[i].id, id, len))
			last = &kept[i];
	}
	if (last)
		strcpy(id, last->id);
	free(kept);
	return 0;
}

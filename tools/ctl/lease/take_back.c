// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases taken back from their holders. The kernel asks each user through vfio, as often
 * as it takes, and revokes the lease when that has let go, or when the time of grace is
 * over. QEMU unplugs the VF from its guest by itself then; a user that has set no eventfd
 * for such requests hears nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/complain.h"
#include "base/field.h"
#include "base/progress.h"
#include "base/text.h"
#include "base/value.h"
#include "base/wait.h"
#include "cli/report.h"
#include "cli/target.h"
#include "lease/take_back.h"

#define POLL_MS 100

/* For a user that lets go in the last moment, and for the reset. */
#define AFTER_MS 3000

enum place {
	HELD,	 /* by its user: under the lease, or draining */
	BETWEEN, /* on its way back */
	BACK,	 /* free, another's, or gone */
};

static enum place place_of(struct sriovb *sb, const struct taken *t)
{
	struct sriov_broker_vf now;
	int found = find_vf_at(sb, &t->vf.addr, &now);

	/* What can't be asked has not been seen to let go. */
	if (found < 0)
		return HELD;
	if (!found)
		return BACK;
	switch (now.state) {
	case SRIOV_BROKER_VF_LEASED:
		return now.lease_id == t->vf.lease_id ? HELD : BACK;
	case SRIOV_BROKER_VF_DRAINING:
		return HELD;
	case SRIOV_BROKER_VF_RESETTING:
		return BETWEEN;
	case SRIOV_BROKER_VF_QUARANTINED:
		return now.fault == SRIOV_BROKER_FAULT_IN_USE ? HELD : BACK;
	}
	return BACK;
}

/* "guest" (pid 1234), as far as it is known. */
static const char *name_of(const struct taken *t, char *buf, size_t len)
{
	char label[SRIOV_BROKER_NAME_LEN + 1], pid[24] = "";

	snprintf(label, sizeof(label), "%.*s", SRIOV_BROKER_NAME_LEN,
		 t->vf.lease_label);
	if (t->vf.lease_pid)
		snprintf(pid, sizeof(pid), " (process %d)", t->vf.lease_pid);
	snprintf(buf, len, "%s%s%s%s", label[0] ? "\"" : "its user",
		 printable(label), label[0] ? "\"" : "", pid);
	return buf;
}

static void say_waiting(char *buf, size_t len, const void *ctx)
{
	const struct taken *t = ctx;

	name_of(t, buf, len);
}

/* Return: how many have not let go yet, or are not back */
static unsigned int look(struct sriovb *sb, struct taken *taken,
			 unsigned int num)
{
	unsigned int i, left = 0;

	for (i = 0; i < num; i++) {
		enum place place;

		if (taken[i].refused)
			continue;
		place = place_of(sb, &taken[i]);
		taken[i].let_go = place != HELD;
		left += place != BACK;
	}
	return left;
}

static int report(const struct taken *t, int quiet)
{
	char addr[SRIOVB_ADDR_LEN], name[SRIOV_BROKER_NAME_LEN + 40];

	sriovb_format_addr(&t->vf.addr, addr);
	name_of(t, name, sizeof(name));
	if (!t->let_go)
		return fail_with(
			&(struct failure){ .code = EXIT_TIMEOUT,
					   .subject = addr,
					   .lease = t->vf.lease_id,
					   .pid = t->vf.lease_pid },
			"%s has not let go" REMEDY
			"its lease is revoked, and the VF comes back when that does",
			name);
	if (!quiet)
		printf("%s: %s has let go\n", addr, name);
	return 0;
}

/* Until all are back, or it takes too long. Return: 0 or an exit code */
static int await(struct sriovb *sb, struct taken *taken, unsigned int num,
		 int64_t deadline)
{
	progress("asking to let go");
	progress_detail(say_waiting, taken);
	while (look(sb, taken, num) && now_ms() < deadline) {
		if (!wait_ms(POLL_MS))
			continue;
		progress_end();
		return fail(EXIT_REFUSED, NULL,
			    "interrupted; the leases end in their time");
	}
	progress_end();
	return 0;
}

int take_back(struct sriovb *sb, struct taken *taken, unsigned int num,
	      unsigned int grace_s, int quiet)
{
	int64_t deadline = now_ms() + grace_s * 1000LL + AFTER_MS;
	struct outcome outcome = { 0 };
	unsigned int i;
	int err;

	for (i = 0; i < num; i++) {
		err = sriovb_revoke(sb, taken[i].vf.lease_id, 0,
				    grace_s * 1000);
		taken[i].refused = !!err;
		if (err)
			outcome_add(&outcome, refused(sb, err));
	}
	err = await(sb, taken, num, deadline);
	for (i = 0; i < num && !err; i++)
		if (!taken[i].refused)
			outcome_add(&outcome, report(&taken[i], quiet));
	return err ? err : outcome_code(&outcome);
}

#define AT(member) offsetof(struct taken, member)

static const struct field fields[] = {
	{ "vf", NULL, AT(vf.addr), value_addr },
	{ "lease", NULL, AT(vf.lease_id), value_u64 },
	{ "label", NULL, AT(vf.lease_label), value_name },
	{ "pid", NULL, AT(vf.lease_pid), value_s32 },
	{ "detached", NULL, AT(let_go), value_bool },
	{ 0 },
};

void taken_json(struct json_object *document, const char *name,
		const struct taken *taken, unsigned int num)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < num; i++) {
		struct json_object *obj = json_object_new_object();

		fields_json(obj, fields, &taken[i]);
		json_object_array_add(array, obj);
	}
	json_object_object_add(document, name, array);
}

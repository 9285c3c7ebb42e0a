// SPDX-License-Identifier: GPL-2.0-only
/* Leases, taken by the words and options of a command. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/complain.h"
#include "base/progress.h"
#include "cli/args.h"
#include "cli/lease_opts.h"
#include "cli/report.h"
#include "cli/target.h"
#include "host/netinfo.h"
#include "lease/offline.h"
#include "lease/take.h"

/* The selectors for one word. Return: 0 or an exit code. */
static int add_word(const struct args *args, const char *word,
		    struct sriov_broker_selector *selectors,
		    unsigned int *num_selectors)
{
	struct target target;
	int err = parse_target(args, word, &target);

	if (err)
		return err;
	if (*num_selectors + (target.num_runs ? target.num_runs : 1) >
	    SRIOV_BROKER_MAX_SELECTORS)
		return bad_usage(args, "%s: more than %d ranges", word,
				 SRIOV_BROKER_MAX_SELECTORS);
	*num_selectors += target_selectors(&target, selectors + *num_selectors);
	return 0;
}

/* "8086:10ca", into every selector. */
static int add_device(const struct args *args, const char *text,
		      struct sriov_broker_selector *selectors,
		      unsigned int *num_selectors)
{
	unsigned int vendor, device, i;
	char end;

	if (sscanf(text, "%4x:%4x%c", &vendor, &device, &end) != 2 || !vendor ||
	    !device)
		return bad_usage(args, "%s: a device's id looks like 8086:10ca",
				 text);
	if (!*num_selectors)
		selectors[(*num_selectors)++] =
			(struct sriov_broker_selector){ 0 };
	for (i = 0; i < *num_selectors; i++) {
		selectors[i].vendor = vendor;
		selectors[i].device = device;
	}
	return 0;
}

void warn_of(const struct sriov_broker_grant *grant)
{
	char addr[SRIOVB_ADDR_LEN], name[IFNAMSIZ];

	offline_warn(grant);
	if (netinfo_is_down(&grant->pf, name))
		note(sriovb_format_addr(&grant->vf, addr),
		     "note that its PF's interface is down, so that it has no link" REMEDY
		     "to change that: ip link set %s up",
		     name);
}

/* ---- why it was not granted ---- */

/* The VFs that fit, by what they are just now. */
struct census {
	unsigned int fit;
	unsigned int free;
	unsigned int leased;
	unsigned int returning;
	unsigned int others;	     /* in quarantine, with the host, open */
	char holders[128];	     /* "process 12, process 15" */
	struct sriov_broker_vf last; /* the only one, if one fits */
};

static void add_holder(struct census *c, const struct sriov_broker_vf *vf)
{
	size_t used = strlen(c->holders);
	char name[32];

	snprintf(name, sizeof(name), "%sprocess %d", used ? ", " : "",
		 vf->lease_pid);
	if (vf->lease_pid && !strstr(c->holders, name + (used ? 2 : 0)))
		snprintf(c->holders + used, sizeof(c->holders) - used, "%s",
			 name);
}

static void count(struct census *c, const struct sriov_broker_vf *vf)
{
	c->fit++;
	c->last = *vf;
	switch (vf->state) {
	case SRIOV_BROKER_VF_FREE:
		c->free++;
		break;
	case SRIOV_BROKER_VF_LEASED:
		c->leased++;
		add_holder(c, vf);
		break;
	case SRIOV_BROKER_VF_DRAINING:
	case SRIOV_BROKER_VF_RESETTING:
		c->returning++;
		break;
	default:
		c->others++;
	}
}

static int fits(const struct sriovb_request *request,
		const struct sriov_broker_vf *vf)
{
	unsigned int i;

	for (i = 0; i < request->num_selectors; i++)
		if (selector_fits(&request->selectors[i], vf))
			return 1;
	return !request->num_selectors;
}

static void take_census(struct sriovb *sb, const struct sriovb_request *request,
			struct census *c)
{
	struct sriov_broker_vf *vfs;
	ssize_t n = sriovb_list_vfs(sb, NULL, &vfs);
	ssize_t i;

	*c = (struct census){ 0 };
	for (i = 0; i < n; i++)
		if (fits(request, &vfs[i]))
			count(c, &vfs[i]);
	if (n >= 0)
		free(vfs);
}

/* ", 2 being reset" */
static void add_count(char *text, size_t len, unsigned int number,
		      const char *what)
{
	size_t used = strlen(text);

	if (number)
		snprintf(text + used, len - used, "%s%u %s", used ? ", " : "",
			 number, what);
}

/* How many of which are free, and where the others are. */
static int too_few_free(const struct sriovb_request *request,
			const struct census *c, int can_wait)
{
	const struct failure failure = { .code = EXIT_BUSY,
					 .reason = "pool-empty" };
	char others[256] = "", leased[160];

	snprintf(leased, sizeof(leased), "leased%s%s%s",
		 c->holders[0] ? " (by " : "", c->holders,
		 c->holders[0] ? ")" : "");
	add_count(others, sizeof(others), c->leased, leased);
	add_count(others, sizeof(others), c->returning, "being reset");
	add_count(others, sizeof(others), c->others,
		  "in quarantine or the host's");
	return fail_with(
		&failure,
		"%u VF%s asked%s, %u of the %u that fit %s free%s%s" REMEDY
		"%ssee sriovctl list",
		request->count, request->count == 1 ? "" : "s",
		request->flags & SRIOV_BROKER_LEASE_DISTINCT_PFS ?
			", each from another PF" :
			"",
		c->free, c->fit, c->free == 1 ? "is" : "are",
		others[0] ? ": " : "", others, can_wait ? TO_WAIT "; " : "");
}

/* Of the only one that fits, as when it was named by its address. */
static int is_not_free(const struct sriov_broker_vf *vf, int can_wait)
{
	char addr[SRIOVB_ADDR_LEN];
	struct failure failure = {
		.code = EXIT_REFUSED,
		.subject = sriovb_format_addr(&vf->addr, addr),
		.lease = vf->lease_id,
		.pid = vf->lease_pid,
	};

	switch (vf->state) {
	case SRIOV_BROKER_VF_LEASED:
		failure.code = EXIT_BUSY;
		failure.reason = sriovb_strreason(SRIOV_BROKER_WHY_LEASED);
		return fail_with(
			&failure,
			"leased as lease %llu \"%.*s\" by process %d" REMEDY
			"%sit comes back when its holder ends or gives it back; to take it: sriovctl revoke %s",
			(unsigned long long)vf->lease_id, SRIOV_BROKER_NAME_LEN,
			vf->lease_label, vf->lease_pid,
			can_wait ? TO_WAIT "; " : "", addr);
	case SRIOV_BROKER_VF_QUARANTINED:
		failure.reason = sriovb_strreason(SRIOV_BROKER_WHY_QUARANTINED);
		return fail_with(&failure,
				 "in quarantine" REMEDY
				 "to try its reset again: sriovctl reset %s",
				 addr);
	case SRIOV_BROKER_VF_HOST:
		failure.reason = sriovb_strreason(SRIOV_BROKER_WHY_NOT_POOLED);
		return fail_with(&failure,
				 "with the host, not in the pool" REMEDY
				 "bind it to vfio-pci first");
	case SRIOV_BROKER_VF_OPEN:
		failure.reason = sriovb_strreason(SRIOV_BROKER_WHY_OPEN_POOL);
		return fail_with(&failure,
				 "open to all, so not leased out" REMEDY
				 "enable its PF without --open for that");
	}
	failure.code = EXIT_BUSY;
	failure.reason = sriovb_strreason(SRIOV_BROKER_WHY_RETURNING);
	return fail_with(&failure,
			 "on its way back from its last lease" REMEDY "%s",
			 can_wait ? TO_WAIT : "try again");
}

int not_granted(struct sriovb *sb, const struct sriovb_request *request,
		const struct asked *asked, int error)
{
	const struct sriov_broker_why why = *sriovb_why(sb);
	struct census c;

	if (why.reason == SRIOV_BROKER_WHY_TOO_FEW && !why.value &&
	    asked->device)
		return fail_with(&(struct failure){ .code = EXIT_NOT_FOUND,
						    .reason = "no-such-id" },
				 "no VF%s has the id %s" REMEDY
				 "see sriovctl list",
				 asked->word ? " of those asked for" : "",
				 asked->device);
	if (why.reason != SRIOV_BROKER_WHY_POOL_EMPTY &&
	    (why.reason || error != -EAGAIN))
		return asked->can_wait ? refused_lease(sb, error) :
					 refused(sb, error);
	take_census(sb, request, &c);
	if (c.fit == 1 && !c.free &&
	    !sriovb_same_addr(&c.last.addr, &asked->own))
		return is_not_free(&c.last, asked->can_wait);
	if (c.fit)
		return too_few_free(request, &c, asked->can_wait);
	return fail(EXIT_NOT_FOUND, asked->word,
		    "there is no VF" REMEDY "sriovctl enable PF N");
}

/* ---- taken ---- */

/* How many of those that wait came before us; some of them may want other VFs. */
static void say_place(char *buf, size_t len, const void *ctx)
{
	struct sriov_broker_waiter *waiters = NULL;
	struct sriovb *sb;
	ssize_t n, i;

	if (sriovb_open(&sb))
		return;
	n = sriovb_list_waiters(sb, &waiters);
	for (i = 0; i < n && waiters[i].pid != *(const pid_t *)ctx; i++)
		;
	if (i < n && i)
		snprintf(buf, len, "%zd came before", i);
	free(waiters);
	sriovb_close(sb);
}

/* The kernel waits, and is not to be asked how long: so a thread shows that. */
static int lease_or_wait(struct sriovb *sb, const struct sriovb_request *wish,
			 struct sriov_broker_grant *grants)
{
	const pid_t us = getpid();
	int err;

	if (!wish->timeout_ms)
		return sriovb_lease(sb, wish, grants);
	progress("waiting for %u VF%s", wish->count,
		 wish->count == 1 ? "" : "s");
	progress_detail(say_place, &us);
	progress_alone();
	err = sriovb_lease(sb, wish, grants);
	progress_end();
	return err;
}

static int take(struct sriovb *sb, const struct args *args,
		const struct sriovb_request *request, int by_options,
		int for_guest, struct sriov_broker_grant *grants)
{
	const struct asked asked = {
		.word = args->word[0],
		.device = by_options ? args->opt[LEASE_OPT_DEVICE] : NULL,
		.can_wait = by_options,
	};
	struct sriov_broker_selector selectors[SRIOV_BROKER_MAX_SELECTORS];
	struct sriovb_request whole = *request;
	int err = 0;
	int i;

	whole.selectors = selectors;
	for (i = 0; !err && i < MAX_WORDS && args->word[i]; i++)
		err = add_word(args, args->word[i], selectors,
			       &whole.num_selectors);
	if (!err && asked.device)
		err = add_device(args, asked.device, selectors,
				 &whole.num_selectors);
	if (!err && for_guest)
		err = offline_leave_out(sb, selectors, &whole.num_selectors);
	if (err)
		return err;
	err = lease_or_wait(sb, &whole, grants);
	if (err < 0)
		return not_granted(sb, &whole, &asked, err);
	for (i = 0; for_guest && i < (int)request->count; i++)
		warn_of(&grants[i]);
	return 0;
}

int take_leases(struct sriovb *sb, const struct args *args,
		const struct sriovb_request *request,
		struct sriov_broker_grant *grants)
{
	return take(sb, args, request, 0, 1, grants);
}

int take_leases_by_options(struct sriovb *sb, const struct args *args,
			   const struct sriovb_request *request, int for_guest,
			   struct sriov_broker_grant *grants)
{
	return take(sb, args, request, 1, for_guest, grants);
}

// SPDX-License-Identifier: GPL-2.0-only
/* Leases, taken by the words and options of a command. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/complain.h"
#include "base/progress.h"
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

void warn_if_down(const struct sriov_broker_addr *vf,
		  const struct sriov_broker_addr *pf)
{
	char addr[SRIOVB_ADDR_LEN];
	struct netif netif;

	if (!netinfo_get(pf, &netif))
		return;
	if (!strcmp(netif.state, "down"))
		complain(
			"%s: note that its PF's interface is down, so that it has no link; to change that: ip link set %s up",
			sriovb_format_addr(vf, addr), netif.name);
	netinfo_put(&netif);
}

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
		const struct sriovb_request *request, const char *device,
		int for_guest, struct sriov_broker_grant *grants)
{
	struct sriov_broker_selector selectors[SRIOV_BROKER_MAX_SELECTORS];
	struct sriovb_request whole = *request;
	int err = 0;
	int i;

	whole.selectors = selectors;
	for (i = 0; !err && i < MAX_WORDS && args->word[i]; i++)
		err = add_word(args, args->word[i], selectors,
			       &whole.num_selectors);
	if (!err && device)
		err = add_device(args, device, selectors, &whole.num_selectors);
	if (!err && for_guest)
		err = offline_leave_out(sb, selectors, &whole.num_selectors);
	if (err)
		return err;
	err = lease_or_wait(sb, &whole, grants);
	if (err < 0)
		return refused(sb, err);
	for (i = 0; for_guest && i < (int)request->count; i++)
		warn_if_down(&grants[i].vf, &grants[i].pf);
	return 0;
}

int take_leases(struct sriovb *sb, const struct args *args,
		const struct sriovb_request *request,
		struct sriov_broker_grant *grants)
{
	return take(sb, args, request, NULL, 1, grants);
}

int take_leases_by_options(struct sriovb *sb, const struct args *args,
			   const struct sriovb_request *request, int for_guest,
			   struct sriov_broker_grant *grants)
{
	return take(sb, args, request, args->opt[LEASE_OPT_DEVICE], for_guest,
		    grants);
}

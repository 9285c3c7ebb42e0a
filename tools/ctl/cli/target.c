// SPDX-License-Identifier: GPL-2.0-only
/* Names of PFs and VFs as people write them: 01:00.0, enp1s0f0#0,2-5. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "cli/args.h"
#include "cli/report.h"
#include "cli/target.h"
#include "host/netinfo.h"

#define MAX_INDEX 0xffff

/* Digits. Return: what follows them, or NULL. */
static const char *parse_index(const char *text, unsigned int *index)
{
	const char *p = text;

	*index = 0;
	for (; *p >= '0' && *p <= '9' && *index <= MAX_INDEX; p++)
		*index = *index * 10 + (*p - '0');
	return p == text || *index > MAX_INDEX ? NULL : p;
}

static const char *parse_run(const char *text, struct run *run)
{
	unsigned int last;

	text = parse_index(text, &run->first);
	if (!text)
		return NULL;
	last = run->first;
	if (*text == '-')
		text = parse_index(text + 1, &last);
	if (!text || last < run->first)
		return NULL;
	run->count = last - run->first + 1;
	return text;
}

int parse_range(const char *text, struct run *runs, unsigned int max)
{
	unsigned int n = 0;

	for (;; text++) {
		if (n == max)
			return -E2BIG;
		text = parse_run(text, &runs[n++]);
		if (!text || (*text && *text != ','))
			return -EINVAL;
		if (!*text)
			return n;
	}
}

/* It may be one of another network namespace, which can't be seen from this one. */
static int no_interface(const char *name)
{
	char pf[SRIOVB_ADDR_LEN];

	if (netinfo_elsewhere(pf))
		return fail(
			EXIT_NOT_FOUND, name,
			"no network interface of this namespace" REMEDY
			"a PF whose interface is in another one, as that of %s is, has its address for a name",
			pf);
	return fail(
		EXIT_NOT_FOUND, name,
		"neither an address like 0000:01:00.0 nor a network interface" REMEDY
		"see sriovctl list");
}

/* An address, or else a network interface. */
static int find_device(const char *name, struct sriov_broker_addr *dev)
{
	int err;

	if (!sriovb_parse_addr(name, dev)) {
		if (dev->domain || dev->bdf)
			return 0;
		/* The host bridge; to the kernel it means "any device". */
		return fail(EXIT_REFUSED, name, "the device has no SR-IOV");
	}
	err = netinfo_device(name, dev);
	if (err == -ENODEV)
		return no_interface(name);
	if (err == -EOPNOTSUPP)
		return fail(EXIT_REFUSED, name,
			    "not the network interface of a PCI device");
	if (err)
		return fail(exit_code_of(err), name, "%s", strerror(-err));
	return 0;
}

int parse_device(const struct args *args, const char *text,
		 struct sriov_broker_addr *dev)
{
	if (strchr(text, '#'))
		return bad_usage(args, "%s: a whole device is wanted here",
				 text);
	return find_device(text, dev);
}

int parse_target(const struct args *args, const char *text,
		 struct target *target)
{
	const char *range = strchr(text, '#');
	char *name;
	int n, err;

	*target = (struct target){ 0 };
	if (!range)
		return find_device(text, &target->dev);
	n = parse_range(range + 1, target->runs, SRIOV_BROKER_MAX_SELECTORS);
	if (n == -E2BIG)
		return bad_usage(args, "%s: more than %d ranges", text,
				 SRIOV_BROKER_MAX_SELECTORS);
	if (n < 0)
		return bad_usage(args, "%s: a range looks like 0,2-5",
				 range + 1);
	target->num_runs = n;
	name = strndup(text, range - text);
	if (!name)
		return no_memory();
	err = find_device(name, &target->dev);
	free(name);
	return err;
}

int parse_one(const struct args *args, const char *text, struct target *target)
{
	int err = parse_target(args, text, target);

	if (err)
		return err;
	if (target->num_runs > 1 ||
	    (target->num_runs && target->runs[0].count > 1))
		return bad_usage(args, "%s: one device is wanted here", text);
	return 0;
}

int target_is_vf(const struct target *target, const struct sriov_broker_vf *vf)
{
	if (!target->num_runs)
		return sriovb_same_addr(&vf->addr, &target->dev);
	return sriovb_same_addr(&vf->pf, &target->dev) &&
	       vf->index == target->runs[0].first;
}

int find_vf(struct sriovb *sb, const struct target *target,
	    struct sriov_broker_vf *vf)
{
	struct sriov_broker_vf *vfs;
	ssize_t n = sriovb_list_vfs(sb, NULL, &vfs);
	int found = 0;
	ssize_t i;

	if (n < 0)
		return n;
	for (i = 0; i < n && !found; i++) {
		found = target_is_vf(target, &vfs[i]);
		if (found)
			*vf = vfs[i];
	}
	free(vfs);
	return found;
}

int want_vf(struct sriovb *sb, const struct args *args, const char *word,
	    struct sriov_broker_vf *vf)
{
	struct target target;
	int found, err = parse_one(args, word, &target);

	if (err)
		return err;
	found = find_vf(sb, &target, vf);
	if (found < 0)
		return refused(sb, found);
	if (found)
		return 0;
	return fail(EXIT_NOT_FOUND, word,
		    "no VF that is there" REMEDY "see sriovctl list");
}

int find_vf_at(struct sriovb *sb, const struct sriov_broker_addr *addr,
	       struct sriov_broker_vf *vf)
{
	const struct target target = { .dev = *addr };

	return find_vf(sb, &target, vf);
}

int target_has_index(const struct target *target, unsigned int index)
{
	unsigned int i;

	for (i = 0; i < target->num_runs; i++)
		if (index >= target->runs[i].first &&
		    index - target->runs[i].first < target->runs[i].count)
			return 1;
	return !target->num_runs;
}

unsigned int target_count(const struct target *target)
{
	unsigned int index, count = 0;

	for (index = 0; index <= MAX_INDEX; index++)
		count += target_has_index(target, index);
	return count;
}

int selector_fits(const struct sriov_broker_selector *s,
		  const struct sriov_broker_vf *vf)
{
	if ((s->vendor && s->vendor != vf->vendor) ||
	    (s->device && s->device != vf->device))
		return 0;
	if (!s->dev.valid || sriovb_same_addr(&s->dev, &vf->addr))
		return 1;
	return sriovb_same_addr(&s->dev, &vf->pf) && vf->index >= s->first &&
	       (!s->count || vf->index - s->first < s->count);
}

unsigned int target_selectors(const struct target *target,
			      struct sriov_broker_selector *selectors)
{
	unsigned int i;

	for (i = 0; i < target->num_runs; i++)
		selectors[i] = (struct sriov_broker_selector){
			.dev = target->dev,
			.first = target->runs[i].first,
			.count = target->runs[i].count,
		};
	if (i)
		return i;
	selectors[0] = (struct sriov_broker_selector){ .dev = target->dev };
	return 1;
}

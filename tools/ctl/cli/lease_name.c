// SPDX-License-Identifier: GPL-2.0-only
/* A lease, as it is named on the command line: by its number, or by its VF. */
#include <stdlib.h>

#include "base/complain.h"
#include "cli/lease_name.h"
#include "cli/report.h"
#include "cli/target.h"

/* The VF that a word names, which has to be leased. */
static int leased_vf(struct sriovb *sb, const struct args *args,
		     const char *text, struct sriov_broker_vf *vf)
{
	int ret = want_vf(sb, args, text, vf);

	if (ret || vf->lease_id)
		return ret;
	return fail(EXIT_NOT_FOUND, text,
		    "not leased" REMEDY "see sriovctl list");
}

/* Is it a number, and nothing else? */
static int is_number(const char *text, unsigned long long *number)
{
	const char *p = text;

	*number = 0;
	for (; *p >= '0' && *p <= '9' && *number < 1ULL << 59; p++)
		*number = *number * 10 + (*p - '0');
	return p != text && !*p;
}

int lease_named(struct sriovb *sb, const struct args *args, int word,
		unsigned long long *lease)
{
	struct sriov_broker_vf vf;
	int ret;

	if (is_number(args->word[word], lease))
		return 0;
	ret = leased_vf(sb, args, args->word[word], &vf);
	if (!ret)
		*lease = vf.lease_id;
	return ret;
}

int lease_vf_named(struct sriovb *sb, const struct args *args, int word,
		   struct sriov_broker_vf *vf)
{
	unsigned long long lease;
	int found;

	if (!is_number(args->word[word], &lease))
		return leased_vf(sb, args, args->word[word], vf);
	found = find_lease(sb, lease, vf);
	if (found < 0)
		return refused(sb, found);
	if (found)
		return 0;
	return fail(EXIT_NOT_FOUND, args->word[word],
		    "no lease of that number" REMEDY "see sriovctl list");
}

int find_lease(struct sriovb *sb, unsigned long long lease,
	       struct sriov_broker_vf *vf)
{
	struct sriov_broker_vf *vfs;
	ssize_t n = sriovb_list_vfs(sb, NULL, &vfs), i;
	int found = 0;

	if (n < 0)
		return (int)n;
	for (i = 0; i < n && !found; i++) {
		if (vfs[i].lease_id != lease)
			continue;
		*vf = vfs[i];
		found = 1;
	}
	free(vfs);
	return found;
}

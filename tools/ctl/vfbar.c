// SPDX-License-Identifier: GPL-2.0-only
/* The size of the BARs of a PF's VFs. */
#include <stdio.h>
#include <stdlib.h>

#include "size.h"
#include "vfbar.h"

#define LAST_BAR 5

/* "0=4M". Return: 0, or a complaint's exit code. */
static int parse_bar(const struct args *args, const char *word,
		     unsigned int *bar, unsigned long long *bytes)
{
	if (word[0] < '0' || word[0] > '0' + LAST_BAR || word[1] != '=')
		return bad_usage(args,
				 "%s: vf-bar is N=SIZE, N 0 to %d, as in 0=4M",
				 word, LAST_BAR);
	*bar = word[0] - '0';
	*bytes = size_parse(word + 2);
	if (*bytes < 1024 * 1024 || *bytes & (*bytes - 1))
		return bad_usage(args,
				 "%s: the size is a power of two, 1M or more",
				 word);
	return 0;
}

/* Larger BARs in the same memory are fewer. */
static int tell_room(struct sriovb *sb, const struct sriov_broker_vf_bar *now)
{
	char name[SRIOVB_ADDR_LEN], size[24];
	struct sriov_broker_pf *pf;
	ssize_t n = sriovb_list_pfs(sb, &now->pf, &pf);

	if (n < 0)
		return refused(sb, n);
	if (n && now->num_vfs < pf->total_vfs)
		printf("%s: VF BAR %u is %s; the memory set aside for it suffices for %u of %u VFs\n",
		       sriovb_format_addr(&now->pf, name), now->bar,
		       size_text(now->bytes, size, sizeof(size)), now->num_vfs,
		       pf->total_vfs);
	free(pf);
	return 0;
}

int set_vf_bar(const struct args *args, struct sriovb *sb,
	       const struct target *target)
{
	struct sriov_broker_vf_bar now;
	unsigned long long bytes = 0;
	unsigned int bar = 0;
	int err = parse_bar(args, args->word[2], &bar, &bytes);

	if (err)
		return err;
	if (target->num_runs)
		return bad_usage(args, "%s: vf-bar is for all VFs of a PF",
				 args->word[0]);
	err = sriovb_vf_bar(sb, &target->dev, bar, bytes, &now);
	return err ? refused(sb, err) : tell_room(sb, &now);
}

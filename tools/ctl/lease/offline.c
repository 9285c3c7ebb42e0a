// SPDX-License-Identifier: GPL-2.0-only
/* VFs that no guest could use: NVMe ones whose secondary controller is offline. */
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "cli/report.h"
#include "cli/target.h"
#include "host/nvme.h"
#include "lease/offline.h"

/* What is asked for, without them. */
struct choice {
	struct sriov_broker_vf *vfs;
	ssize_t num_vfs;
	struct sriov_broker_selector chosen[SRIOV_BROKER_MAX_SELECTORS];
	unsigned int num_chosen;
	const struct sriov_broker_vf *left_out; /* the first */
};

static int is_offline(const struct sriov_broker_vf *vf)
{
	const struct nvme_vf *nvme = nvme_vf(&vf->pf, vf->index);

	return nvme && nvme->known && !nvme->online;
}

/* One more VF that will do, in the run that ends before it if there is one. */
static void choose(struct choice *c, const struct sriov_broker_selector *s,
		   const struct sriov_broker_vf *vf)
{
	struct sriov_broker_selector *last =
		c->num_chosen ? &c->chosen[c->num_chosen - 1] : NULL;

	if (last && sriovb_same_addr(&last->dev, &vf->pf) &&
	    last->vendor == s->vendor && last->device == s->device &&
	    last->first + last->count == vf->index) {
		last->count++;
		return;
	}
	if (c->num_chosen == SRIOV_BROKER_MAX_SELECTORS)
		return;
	c->chosen[c->num_chosen++] = (struct sriov_broker_selector){
		.dev = vf->pf,
		.first = vf->index,
		.count = 1,
		.vendor = s->vendor,
		.device = s->device,
	};
}

static void choose_all(struct choice *c, const struct sriov_broker_selector *s)
{
	ssize_t i;

	for (i = 0; i < c->num_vfs; i++) {
		if (!selector_fits(s, &c->vfs[i]))
			continue;
		if (!is_offline(&c->vfs[i]))
			choose(c, s, &c->vfs[i]);
		else if (!c->left_out)
			c->left_out = &c->vfs[i];
	}
}

static int none_works(const struct choice *c)
{
	const struct sriov_broker_vf *vf = c->left_out;
	const struct nvme_vf *nvme = nvme_vf(&vf->pf, vf->index);
	char addr[SRIOVB_ADDR_LEN];

	return fail(
		EXIT_REFUSED, sriovb_format_addr(&vf->addr, addr),
		"its NVMe controller is offline, so that a guest would have no disk" REMEDY
		"to give it queues and vectors, and bring it online: nvme virt-mgmt /dev/%s -c %u -r 0 -n 2 -a 8, the same with -r 1, then with -a 9",
		nvme->pf, nvme->controller);
}

int offline_leave_out(struct sriovb *sb,
		      struct sriov_broker_selector *selectors,
		      unsigned int *num_selectors)
{
	static const struct sriov_broker_selector any;
	struct choice c = { 0 };
	unsigned int i;
	int ret = 0;

	c.num_vfs = sriovb_list_vfs(sb, NULL, &c.vfs);
	if (c.num_vfs < 0)
		return refused(sb, c.num_vfs);
	if (!*num_selectors)
		choose_all(&c, &any);
	for (i = 0; i < *num_selectors; i++)
		choose_all(&c, &selectors[i]);
	if (c.left_out && !c.num_chosen) {
		ret = none_works(&c);
	} else if (c.left_out) {
		memcpy(selectors, c.chosen, c.num_chosen * sizeof(*selectors));
		*num_selectors = c.num_chosen;
	}
	free(c.vfs);
	return ret;
}

void offline_warn(const struct sriov_broker_grant *grant)
{
	const struct nvme_vf *nvme = nvme_vf(&grant->pf, grant->index);
	char addr[SRIOVB_ADDR_LEN];

	if (nvme && !nvme->known)
		note(sriovb_format_addr(&grant->vf, addr),
		     "note that it is not known whether its NVMe controller is online, for its PF can't be asked (root can, through the driver nvme); if it is not, the guest has no disk");
}

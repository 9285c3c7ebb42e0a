// SPDX-License-Identifier: GPL-2.0-only
/* The answer of "sriovctl list" as a tree for people: its columns. */
#include <stdio.h>

#include "nvme.h"
#include "proc.h"
#include "tree.h"

enum {
	COL_DEVICE,
	COL_INDEX,
	COL_ID,
	COL_VFS,
	COL_DRIVER,
	COL_STATE,
	COL_GROUP,
	COL_NUMA,
	COL_NET,
	COL_LEASE,
};

const struct column tree_columns[] = {
	[COL_DEVICE] = { "DEVICE", 0 },
	[COL_INDEX] = { "VF", TABLE_RIGHT },
	[COL_ID] = { "ID", 0 },
	[COL_VFS] = { "VFS", TABLE_RIGHT },
	[COL_DRIVER] = { "DRIVER", 0 },
	[COL_STATE] = { "STATE", 0 },
	[COL_GROUP] = { "GROUP", TABLE_RIGHT },
	[COL_NUMA] = { "NUMA", TABLE_RIGHT },
	[COL_NET] = { "NETWORK", 0 },
	[COL_LEASE] = { "LEASE", 0 },
	{ 0 },
};

/* What PFs and VFs have in common. */
static void set_device(struct table *table,
		       const struct sriov_broker_addr *addr,
		       unsigned int vendor, unsigned int device,
		       const char *driver, const struct netview *net)
{
	char text[SRIOVB_ADDR_LEN];

	table_set(table, COL_DEVICE, "%s", sriovb_format_addr(addr, text));
	/* As lspci has it. */
	table_set(table, COL_ID, "%04x:%04x", vendor, device);
	table_set(table, COL_DRIVER, "%.*s", SRIOV_BROKER_NAME_LEN, driver);
	table_set(table, COL_NET, "%s%s%s%s%s", net->name,
		  net->name[0] ? " " : "", net->mac, net->mac[0] ? " " : "",
		  net->link ? net->link : "");
}

void tree_add_pf(struct table *table, const struct sriov_broker_pf *pf,
		 const struct netview *net)
{
	table_row(table, 0);
	set_device(table, &pf->addr, pf->vendor, pf->device, pf->driver, net);
	table_set(table, COL_VFS, "%u/%u", pf->num_vfs, pf->total_vfs);
	if (pf->numa_node >= 0)
		table_set(table, COL_NUMA, "%d", pf->numa_node);
}

static void set_lease(struct table *table, const struct sriov_broker_vf *vf)
{
	/* Where the one that leased it has ended, the one that has the descriptor. */
	int holder = vf->lease_pid ? vf->lease_pid :
				     proc_lease_holder(vf->lease_id);
	char pid[24] = "";

	if (holder)
		snprintf(pid, sizeof(pid), " pid %d", holder);
	table_set(table, COL_LEASE, "%llu%s%.*s%s",
		  (unsigned long long)vf->lease_id,
		  vf->lease_label[0] ? " " : "", SRIOV_BROKER_NAME_LEN,
		  vf->lease_label, pid);
}

void tree_add_vf(struct table *table, const struct sriov_broker_vf *vf,
		 const struct netview *net)
{
	const struct nvme_vf *nvme = nvme_vf(&vf->pf, vf->index);
	const char *fault = sriovb_strfault(vf->fault);

	table_row(table, 1);
	set_device(table, &vf->addr, vf->vendor, vf->device, vf->driver, net);
	table_set(table, COL_INDEX, "%u", vf->index);
	table_set(table, COL_STATE, "%s%s%s%s", sriovb_strstate(vf->state),
		  fault ? ": " : "", fault ? fault : "",
		  nvme && !nvme->online ? ", offline" : "");
	if (vf->iommu_group >= 0)
		table_set(table, COL_GROUP, "%d", vf->iommu_group);
	if (vf->lease_id)
		set_lease(table, vf);
}

// SPDX-License-Identifier: GPL-2.0-only
/* How leases are printed: for people, as JSON, as QEMU's -device, as libvirt's hostdev. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "lease/print.h"

static void print_text(const struct sriov_broker_grant *grant)
{
	char vf[SRIOVB_ADDR_LEN], pf[SRIOVB_ADDR_LEN];

	printf("%s leased: lease %llu, VF %u of %s, driver %.*s, IOMMU group %d",
	       sriovb_format_addr(&grant->vf, vf),
	       (unsigned long long)grant->id, grant->index,
	       sriovb_format_addr(&grant->pf, pf), SRIOV_BROKER_NAME_LEN,
	       grant->driver, grant->iommu_group);
	if (grant->group_vfs > 1)
		printf(" of %u VFs, which go together", grant->group_vfs);
	putchar('\n');
}

static void print_qemu(const struct sriov_broker_grant *grant)
{
	char vf[SRIOVB_ADDR_LEN];

	printf("-device vfio-pci,host=%s\n",
	       sriovb_format_addr(&grant->vf, vf));
}

static void print_libvirt(const struct sriov_broker_grant *grant)
{
	const struct sriov_broker_addr *vf = &grant->vf;

	printf("<hostdev mode='subsystem' type='pci' managed='no'>\n"
	       "  <source>\n"
	       "    <address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>\n"
	       "  </source>\n"
	       "</hostdev>\n",
	       vf->domain, vf->bdf >> 8, vf->bdf >> 3 & 0x1f, vf->bdf & 7);
}

void lease_json(const struct sriov_broker_grant *grant, struct json_object *obj)
{
	json_number(obj, "lease", grant->id);
	json_addr(obj, "vf", &grant->vf);
	json_addr(obj, "pf", &grant->pf);
	json_number(obj, "index", grant->index);
	json_name(obj, "driver", grant->driver);
	json_group(obj, grant->iommu_group);
	json_number(obj, "group_vfs", grant->group_vfs);
}

static int print_json(const struct held *held, int as_array)
{
	struct json_object *array = json_object_new_array();
	struct json_object *obj = NULL;
	unsigned int i;

	for (i = 0; i < held->count; i++) {
		obj = json_object_new_object();
		lease_json(&held->grants[i], obj);
		json_object_array_add(array, obj);
	}
	if (as_array)
		return json_print(array);
	json_object_get(obj);
	json_object_put(array);
	return json_print(obj);
}

static const struct {
	const char *name;
	void (*print)(const struct sriov_broker_grant *grant);
} outputs[] = {
	{ "qemu", print_qemu },
	{ "libvirt", print_libvirt },
	{ "shell", NULL },
	{ "json", NULL },
};

#define NUM_OUTPUTS (sizeof(outputs) / sizeof(outputs[0]))

int lease_output_ok(const char *output)
{
	unsigned int i;

	for (i = 0; output && i < NUM_OUTPUTS; i++)
		if (!strcmp(output, outputs[i].name))
			return 1;
	return !output;
}

int print_leases(const struct held *held, const char *output, int as_array)
{
	void (*print)(const struct sriov_broker_grant *grant) = print_text;
	unsigned int i;

	if (output && !strcmp(output, "json"))
		return print_json(held, as_array);
	if (output && !strcmp(output, "shell"))
		return held_print_variables(held);
	for (i = 0; output && i < NUM_OUTPUTS; i++)
		if (!strcmp(output, outputs[i].name))
			print = outputs[i].print;
	for (i = 0; i < held->count; i++)
		print(&held->grants[i]);
	return 0;
}

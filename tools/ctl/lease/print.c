// SPDX-License-Identifier: GPL-2.0-only
/* How leases are printed: for people, as JSON, as QEMU's -device, as libvirt's hostdev. */
#include <stdio.h>
#include <string.h>

#include "base/field.h"
#include "base/json.h"
#include "base/value.h"
#include "lease/print.h"

static void print_text(const struct sriov_broker_grant *grant)
{
	char vf[SRIOVB_ADDR_LEN], pf[SRIOVB_ADDR_LEN];

	printf("%s leased: lease %llu, VF %u of %s, driver %.*s, ",
	       sriovb_format_addr(&grant->vf, vf),
	       (unsigned long long)grant->id, grant->index,
	       sriovb_format_addr(&grant->pf, pf), SRIOV_BROKER_NAME_LEN,
	       grant->driver);
	if (grant->iommu_group < 0)
		printf("no IOMMU group");
	else
		printf("IOMMU group %d", grant->iommu_group);
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

#define AT(member) offsetof(struct sriov_broker_grant, member)

const struct field lease_fields[] = {
	{ "lease", NULL, AT(id), value_u64 },
	{ "vf", NULL, AT(vf), value_addr },
	{ "pf", NULL, AT(pf), value_addr },
	{ "index", NULL, AT(index), value_u32 },
	{ "driver", NULL, AT(driver), value_name },
	{ "iommu_group", NULL, AT(iommu_group), value_group },
	{ "group_vfs", NULL, AT(group_vfs), value_u32 },
	{ 0 },
};

static int print_json(const struct held *held, int as_array)
{
	struct json_object *document = json_document();
	struct json_object *array;
	unsigned int i;

	if (!as_array) {
		fields_json(document, lease_fields, &held->grants[0]);
		return json_print(document);
	}
	array = json_object_new_array();
	for (i = 0; i < held->count; i++) {
		struct json_object *obj = json_object_new_object();

		fields_json(obj, lease_fields, &held->grants[i]);
		json_object_array_add(array, obj);
	}
	json_object_object_add(document, "vfs", array);
	return json_print(document);
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

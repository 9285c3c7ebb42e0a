// SPDX-License-Identifier: GPL-2.0-only
/*
 * How leases are printed: for people, as JSON, as the shell's variables, as
 * QEMU's -device, as libvirt's hostdev.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "base/json.h"
#include "lease/lease.h"

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

/* ---- variables: with several VFs, one word for each ---- */

static void add_vf(FILE *out, const struct sriov_broker_grant *grant)
{
	char addr[SRIOVB_ADDR_LEN];

	fputs(sriovb_format_addr(&grant->vf, addr), out);
}

static void add_pf(FILE *out, const struct sriov_broker_grant *grant)
{
	char addr[SRIOVB_ADDR_LEN];

	fputs(sriovb_format_addr(&grant->pf, addr), out);
}

static void add_driver(FILE *out, const struct sriov_broker_grant *grant)
{
	fprintf(out, "%.*s", SRIOV_BROKER_NAME_LEN, grant->driver);
}

static void add_index(FILE *out, const struct sriov_broker_grant *grant)
{
	fprintf(out, "%u", grant->index);
}

static void add_group(FILE *out, const struct sriov_broker_grant *grant)
{
	fprintf(out, "%d", grant->iommu_group);
}

static void add_lease(FILE *out, const struct sriov_broker_grant *grant)
{
	fprintf(out, "%llu", (unsigned long long)grant->id);
}

static void add_fd(FILE *out, const struct sriov_broker_grant *grant)
{
	fprintf(out, "%d", grant->fd);
}

static const struct variable {
	const char *name;
	void (*add)(FILE *out, const struct sriov_broker_grant *grant);
} variables[] = {
	{ "SRIOV_VF", add_vf },
	{ "SRIOV_PF", add_pf },
	{ "SRIOV_VF_INDEX", add_index },
	{ "SRIOV_DRIVER", add_driver },
	{ "SRIOV_IOMMU_GROUP", add_group },
	{ "SRIOV_LEASE", add_lease },
};

#define NUM_VARIABLES (sizeof(variables) / sizeof(variables[0]))

/* What @add writes of each lease; the caller's to free, NULL: no memory. */
static char *join(const struct held *held, char separator,
		  void (*add)(FILE *out,
			      const struct sriov_broker_grant *grant))
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	unsigned int i;

	if (!out)
		return NULL;
	for (i = 0; i < held->count; i++) {
		if (i)
			fputc(separator, out);
		add(out, &held->grants[i]);
	}
	fclose(out);
	return text;
}

char *lease_addresses(const struct held *held, char separator)
{
	return join(held, separator, add_vf);
}

static void set_variable(const struct held *held, const struct variable *var)
{
	char *text = join(held, ' ', var->add);

	if (text)
		setenv(var->name, text, 1);
	free(text);
}

void leases_to_environment(const struct held *held)
{
	static const struct variable fd = { FD_VARIABLE, add_fd };
	unsigned int i;

	for (i = 0; i < NUM_VARIABLES; i++)
		set_variable(held, &variables[i]);
	if (held->inherit)
		set_variable(held, &fd);
	else
		unsetenv(FD_VARIABLE);
}

/* No value has a quote in it: drivers' names are module names. */
static int print_shell(const struct held *held)
{
	unsigned int i;

	for (i = 0; i < NUM_VARIABLES; i++) {
		char *text = join(held, ' ', variables[i].add);

		if (!text) {
			complain("out of memory");
			return EXIT_REFUSED;
		}
		printf("%s='%s'\n", variables[i].name, text);
		free(text);
	}
	return 0;
}

/* ---- all of them ---- */

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
		return print_shell(held);
	for (i = 0; output && i < NUM_OUTPUTS; i++)
		if (!strcmp(output, outputs[i].name))
			print = outputs[i].print;
	for (i = 0; i < held->count; i++)
		print(&held->grants[i]);
	return 0;
}

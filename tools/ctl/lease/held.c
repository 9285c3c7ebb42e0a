// SPDX-License-Identifier: GPL-2.0-only
/* What a child, or a shell, is told of leases: variables, of several VFs one word for each. */
#include <stdio.h>
#include <stdlib.h>

#include "base/complain.h"
#include "lease/held.h"

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
int held_print_variables(const struct held *held)
{
	unsigned int i;

	for (i = 0; i < NUM_VARIABLES; i++) {
		char *text = join(held, ' ', variables[i].add);

		if (!text)
			return no_memory();
		printf("%s='%s'\n", variables[i].name, text);
		free(text);
	}
	return 0;
}

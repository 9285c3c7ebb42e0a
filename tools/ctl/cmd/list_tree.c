// SPDX-License-Identifier: GPL-2.0-only
/* The answer of "sriovctl list" as a tree for people. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <libsmartcols.h>

#include "base/complain.h"
#include "cmd/list_tree.h"

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
	NUM_COLUMNS,
};

static const struct {
	const char *name;
	int flags;
} columns[NUM_COLUMNS] = {
	[COL_DEVICE] = { "DEVICE", SCOLS_FL_TREE },
	[COL_INDEX] = { "VF", SCOLS_FL_RIGHT },
	[COL_ID] = { "ID", 0 },
	[COL_VFS] = { "VFS", SCOLS_FL_RIGHT },
	[COL_DRIVER] = { "DRIVER", 0 },
	[COL_STATE] = { "STATE", 0 },
	[COL_GROUP] = { "GROUP", SCOLS_FL_RIGHT },
	[COL_NUMA] = { "NUMA", SCOLS_FL_RIGHT },
	[COL_NET] = { "NETWORK", 0 },
	[COL_LEASE] = { "LEASE", 0 },
};

/* What is null or not there shows as nothing. */
static const char *get(struct json_object *obj, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(obj, key, &value) || !value)
		return "";
	return json_object_get_string(value);
}

static int get_number(struct json_object *obj, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(obj, key, &value))
		return -1;
	return json_object_get_int(value);
}

static void set(struct libscols_line *line, int col, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void set(struct libscols_line *line, int col, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	scols_line_set_data(line, col, text);
}

/* What PFs and VFs have in common. */
static void set_device(struct libscols_line *line, struct json_object *obj)
{
	const char *name = get(obj, "ifname");
	const char *mac = get(obj, "mac");
	const char *link = get(obj, "link");

	set(line, COL_DEVICE, "%s", get(obj, "bdf"));
	/* "0x8086" is 8086 here, as lspci has it. */
	set(line, COL_ID, "%s:%s", get(obj, "vendor") + 2,
	    get(obj, "device") + 2);
	set(line, COL_DRIVER, "%s", get(obj, "driver"));
	set(line, COL_NET, "%s%s%s%s%s", name, name[0] ? " " : "", mac,
	    mac[0] ? " " : "", link);
}

static void set_pf(struct libscols_line *line, struct json_object *pf)
{
	set_device(line, pf);
	set(line, COL_VFS, "%s/%s", get(pf, "num_vfs"), get(pf, "total_vfs"));
	if (get_number(pf, "numa_node") >= 0)
		set(line, COL_NUMA, "%s", get(pf, "numa_node"));
}

static void set_lease(struct libscols_line *line, struct json_object *lease)
{
	const char *label = get(lease, "label");
	const char *pid = get(lease, "pid");

	set(line, COL_LEASE, "%s%s%s%s%s", get(lease, "id"),
	    label[0] ? " " : "", label, strcmp(pid, "0") ? " pid " : "",
	    strcmp(pid, "0") ? pid : "");
}

static void set_vf(struct libscols_line *line, struct json_object *vf)
{
	const char *fault = get(vf, "fault");
	struct json_object *lease, *nvme;
	int offline = json_object_object_get_ex(vf, "nvme", &nvme) &&
		      !strcmp(get(nvme, "online"), "false");

	set_device(line, vf);
	set(line, COL_INDEX, "%s", get(vf, "index"));
	set(line, COL_STATE, "%s%s%s%s", get(vf, "state"), fault[0] ? ": " : "",
	    fault, offline ? ", offline" : "");
	set(line, COL_GROUP, "%s", get(vf, "iommu_group"));
	if (json_object_object_get_ex(vf, "lease", &lease) && lease)
		set_lease(line, lease);
}

static int add_pf(struct libscols_table *table, struct json_object *pf)
{
	struct libscols_line *parent = scols_table_new_line(table, NULL);
	struct libscols_line *line;
	struct json_object *vfs = json_object_object_get(pf, "vfs");
	size_t i;

	if (!parent)
		return -1;
	set_pf(parent, pf);
	for (i = 0; i < json_object_array_length(vfs); i++) {
		line = scols_table_new_line(table, parent);
		if (!line)
			return -1;
		set_vf(line, json_object_array_get_idx(vfs, i));
	}
	return 0;
}

static int print(struct json_object *pfs)
{
	struct libscols_table *table = scols_new_table();
	int err = table ? 0 : -1;
	size_t i;

	for (i = 0; !err && i < NUM_COLUMNS; i++)
		if (!scols_table_new_column(table, columns[i].name, 0,
					    columns[i].flags))
			err = -1;
	for (i = 0; !err && i < json_object_array_length(pfs); i++)
		err = add_pf(table, json_object_array_get_idx(pfs, i));
	if (!err)
		err = scols_print_table(table);
	scols_unref_table(table);
	return err;
}

int tree_print(struct json_object *list)
{
	int err = print(json_object_object_get(list, "pfs"));

	json_object_put(list);
	if (!err)
		return 0;
	complain("out of memory");
	return EXIT_REFUSED;
}

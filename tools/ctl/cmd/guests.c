// SPDX-License-Identifier: GPL-2.0-only
/* sriovctl guests: which guest holds which VF, as a table or as JSON. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <libsmartcols.h>

#include "base/complain.h"
#include "base/json.h"
#include "cli/args.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cmd/commands.h"
#include "guest/find.h"
#include "qemu/qemu.h"
#include "qemu/vmm.h"

enum {
	OPT_JSON
};

static const struct opt options[] = {
	[OPT_JSON] = { "json", 'j', NULL, "JSON, for programs" },
	{ 0 },
};

/* ---- for programs ---- */

static void add_words(struct json_object *obj, const char *key,
		      const char *words, size_t len)
{
	if (words[0])
		json_words(obj, key, words, len);
	else
		json_text(obj, key, NULL);
}

static struct json_object *vf_json(const struct guest *guest)
{
	const struct sriov_broker_vf *vf = &guest->vf;
	struct json_object *obj = json_object_new_object();

	add_words(obj, "id", guest->id, QEMU_ID_LEN);
	json_addr(obj, "vf", &vf->addr);
	json_addr(obj, "pf", &vf->pf);
	json_number(obj, "index", vf->index);
	json_text(obj, "state", sriovb_strstate(vf->state));
	json_number(obj, "lease", vf->lease_id);
	json_name(obj, "label", vf->lease_label);
	return obj;
}

static struct json_object *guest_json(const struct guest *guest)
{
	struct json_object *obj = json_object_new_object();

	add_words(obj, "name", guest->name, VMM_NAME_LEN);
	json_number(obj, "pid", guest->pid);
	add_words(obj, "monitor", guest->monitor, VMM_PATH_LEN);
	add_words(obj, "libvirt", guest->domain, VMM_NAME_LEN);
	json_object_object_add(obj, "vfs", json_object_new_array());
	return obj;
}

static int print_json(const struct guest *guests, ssize_t n)
{
	struct json_object *list = json_object_new_object();
	struct json_object *array = json_object_new_array();
	struct json_object *obj = NULL;
	ssize_t i;

	for (i = 0; i < n; i++) {
		if (!i || guests[i].pid != guests[i - 1].pid) {
			obj = guest_json(&guests[i]);
			json_object_array_add(array, obj);
		}
		json_object_array_add(json_object_object_get(obj, "vfs"),
				      vf_json(&guests[i]));
	}
	json_object_object_add(list, "guests", array);
	return json_print(list);
}

/* ---- for people ---- */

enum {
	COL_GUEST,
	COL_PID,
	COL_VF,
	COL_PF,
	COL_LEASE,
	COL_ID,
	COL_MONITOR,
	NUM_COLUMNS,
};

static const struct {
	const char *name;
	int flags;
} columns[NUM_COLUMNS] = {
	[COL_GUEST] = { "GUEST", 0 },
	[COL_PID] = { "PID", SCOLS_FL_RIGHT },
	[COL_VF] = { "VF", 0 },
	[COL_PF] = { "PF", 0 },
	[COL_LEASE] = { "LEASE", SCOLS_FL_RIGHT },
	[COL_ID] = { "ID", 0 },
	[COL_MONITOR] = { "MONITOR", 0 },
};

/* What is not known is "-". */
static void set(struct libscols_line *line, int col, const char *text)
{
	scols_line_set_data(line, col, text[0] ? text : "-");
}

static void set_number(struct libscols_line *line, int col,
		       unsigned long long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", number);
	set(line, col, number ? text : "");
}

static void set_guest(struct libscols_line *line, const struct guest *guest)
{
	char addr[SRIOVB_ADDR_LEN];

	set(line, COL_GUEST, guest->name);
	set_number(line, COL_PID, guest->pid);
	set(line, COL_VF, sriovb_format_addr(&guest->vf.addr, addr));
	set(line, COL_PF, sriovb_format_addr(&guest->vf.pf, addr));
	set_number(line, COL_LEASE, guest->vf.lease_id);
	set(line, COL_ID, guest->id);
	set(line, COL_MONITOR, guest->monitor);
}

static int fill_table(struct libscols_table *table, const struct guest *guests,
		      ssize_t n)
{
	struct libscols_line *line;
	ssize_t i;

	for (i = 0; i < NUM_COLUMNS; i++)
		if (!scols_table_new_column(table, columns[i].name, 0,
					    columns[i].flags))
			return -1;
	for (i = 0; i < n; i++) {
		line = scols_table_new_line(table, NULL);
		if (!line)
			return -1;
		set_guest(line, &guests[i]);
	}
	return scols_print_table(table);
}

static int print_table(const struct guest *guests, ssize_t n)
{
	struct libscols_table *table = scols_new_table();
	int err = table ? fill_table(table, guests, n) : -1;

	scols_unref_table(table);
	if (!err)
		return 0;
	complain("out of memory");
	return EXIT_REFUSED;
}

static int run(const struct args *args)
{
	struct sriov_broker_addr pf;
	struct guest *guests;
	struct sriovb *sb;
	ssize_t n;
	int ret = 0;

	if (args->word[0])
		ret = parse_device(args, args->word[0], &pf);
	if (!ret)
		ret = open_broker(&sb);
	if (ret)
		return ret;
	n = guests_find(sb, args->word[0] ? &pf : NULL, GUESTS_ASK_MS, &guests);
	if (n < 0)
		ret = refused(sb, n);
	else if (args->opt[OPT_JSON])
		ret = print_json(guests, n);
	else
		ret = print_table(guests, n);
	guests_free(guests, n);
	sriovb_close(sb);
	return ret;
}

const struct cmd cmd_guests = {
	.name = "guests",
	.words = "[PF]",
	.max_words = 1,
	.help = "Show which guest holds which VF under which id.",
	.opts = options,
	.run = run,
};

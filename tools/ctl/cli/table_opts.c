// SPDX-License-Identifier: GPL-2.0-only
/* Options of commands that show a table: how it looks, and what of it is shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/complain.h"
#include "base/terminal.h"
#include "cli/table_opts.h"

/* ---- colours ---- */

int parse_color(const struct args *args, const char *when, int *color)
{
	*color = 0;
	if (!when || !strcmp(when, "auto"))
		*color = terminal_has_colors();
	else if (!strcmp(when, "always"))
		*color = 1;
	else if (strcmp(when, "never"))
		return bad_usage(args, "%s: --color is auto, always or never",
				 when);
	return 0;
}

/* ---- columns ---- */

static int no_column(const struct args *args, const struct column *columns,
		     const char *name)
{
	char all[256] = "";

	for (; columns->title; columns++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s",
			 all[0] ? ", " : "", columns->title);
	return bad_usage(args, "%s: no such column; there are %s", name, all);
}

static const struct column *find_column(const struct column *columns,
					const char *name)
{
	for (; columns->title; columns++)
		if (!strcasecmp(columns->title, name))
			return columns;
	return NULL;
}

static int choose_columns(const struct args *args, char *names,
			  const struct column *columns, struct column *chosen)
{
	unsigned int n = 0;
	char *name;

	while ((name = strsep(&names, ","))) {
		const struct column *column = find_column(columns, name);

		if (!column)
			return no_column(args, columns, name);
		if (find_column(chosen, name))
			return bad_usage(args, "%s: given twice", name);
		if (n < MAX_COLUMNS)
			chosen[n++] = *column;
	}
	return 0;
}

static void choose_all(const struct column *columns, struct column *chosen)
{
	unsigned int n;

	for (n = 0; columns[n].title && n < MAX_COLUMNS; n++)
		chosen[n] = columns[n];
}

/* A column that is not shown may be sorted by as well. */
static int choose_order(const struct args *args, const char *name,
			const struct column *columns, struct table_opts *opts)
{
	struct column *chosen = opts->columns;
	const struct column *column;

	opts->look.backward = name[0] == '-';
	name += opts->look.backward;
	column = find_column(columns, name);
	if (!column)
		return no_column(args, columns, name);
	opts->look.sort = column->title;
	if (find_column(chosen, name))
		return 0;
	while (chosen->title)
		chosen++;
	*chosen = *column;
	chosen->flags = COLUMN_HIDDEN;
	return 0;
}

/* ---- conditions ---- */

/* By its key in JSON, or else by its column. */
static const struct field *find_field(const struct field *fields,
				      const char *name)
{
	const struct field *field;

	for (field = fields; field->key || field->title; field++)
		if (field->key && !strcasecmp(field->key, name))
			return field;
	for (field = fields; field->key || field->title; field++)
		if (field->title && !strcasecmp(field->title, name))
			return field;
	return NULL;
}

/* "state!=free" */
static int add_condition(const struct args *args, char *text,
			 const struct field *fields, const struct field *outer,
			 struct table_opts *opts)
{
	struct condition *condition = &opts->conditions[opts->num_conditions];
	char *value = strchr(text, '=');

	if (!value || value == text)
		return bad_usage(
			args, "%s: --filter is FIELD=TEXT, with commas", text);
	if (opts->num_conditions == MAX_CONDITIONS)
		return bad_usage(args, "--filter: more than %d conditions",
				 MAX_CONDITIONS);
	*value++ = '\0';
	condition->negated = text[strlen(text) - 1] == '!';
	if (condition->negated)
		text[strlen(text) - 1] = '\0';
	condition->field = find_field(fields, text);
	condition->outer = find_field(outer, text);
	if (!condition->field && !condition->outer)
		return bad_usage(args, "%s: neither a column nor a key of JSON",
				 text);
	/* As it is shown where there is nothing. */
	condition->text = strdup(strcmp(value, "-") ? value : "");
	if (!condition->text)
		return no_memory();
	opts->num_conditions++;
	return 0;
}

static int holds(const struct condition *condition, const struct field *field,
		 const void *thing)
{
	char *text = field_text(field, thing);
	int same = text && !strcasecmp(text, condition->text);

	free(text);
	return same != condition->negated;
}

int table_opts_fit(const struct table_opts *opts, const void *thing)
{
	unsigned int i;

	for (i = 0; i < opts->num_conditions; i++) {
		const struct condition *c = &opts->conditions[i];

		if (c->field && !holds(c, c->field, thing))
			return 0;
	}
	return 1;
}

int table_opts_fit_outer(const struct table_opts *opts, const void *outer)
{
	unsigned int i;

	for (i = 0; i < opts->num_conditions; i++) {
		const struct condition *c = &opts->conditions[i];

		if (!c->field && !holds(c, c->outer, outer))
			return 0;
	}
	return 1;
}

int table_opts_choose(const struct table_opts *opts)
{
	unsigned int i;

	for (i = 0; i < opts->num_conditions; i++)
		if (opts->conditions[i].field)
			return 1;
	return 0;
}

/* ---- all of them ---- */

/* JSON has all columns in the order of addresses; other orders are jq's. */
static int check_json(const struct args *args, int first)
{
	const char *const *opt = args->opt + first;

	if (opt[TABLE_OPT_COLUMNS] || opt[TABLE_OPT_SORT])
		return bad_usage(args, "--columns and --sort are not for JSON");
	return 0;
}

static int parse_look(const struct args *args, int first,
		      const struct column *columns, char *names,
		      struct table_opts *opts)
{
	const char *const *opt = args->opt + first;
	int err = 0;

	if (names)
		err = choose_columns(args, names, columns, opts->columns);
	else
		choose_all(columns, opts->columns);
	if (!err && opt[TABLE_OPT_SORT])
		err = choose_order(args, opt[TABLE_OPT_SORT], columns, opts);
	/* For scripts. */
	opts->look.no_headings = !!opt[TABLE_OPT_NO_HEADINGS];
	opts->look.is_flat = opts->look.no_headings;
	return err ? err :
		     parse_color(args, opt[TABLE_OPT_COLOR], &opts->look.color);
}

static int parse_conditions(const struct args *args, char *texts,
			    const struct field *fields,
			    const struct field *outer, struct table_opts *opts)
{
	int err = 0;
	char *text;

	while (!err && (text = strsep(&texts, ",")))
		err = add_condition(args, text, fields, outer, opts);
	return err;
}

int table_opts_parse(const struct args *args, int first,
		     const struct column *columns, const struct field *fields,
		     const struct field *outer, struct table_opts *opts)
{
	const char *const *opt = args->opt + first;
	char *names = opt[TABLE_OPT_COLUMNS] ? strdup(opt[TABLE_OPT_COLUMNS]) :
					       NULL;
	char *texts = opt[TABLE_OPT_FILTER] ? strdup(opt[TABLE_OPT_FILTER]) :
					      NULL;
	int err = 0;

	*opts = (struct table_opts){ 0 };
	if (args->json)
		err = check_json(args, first);
	if (!err)
		err = parse_look(args, first, columns, names, opts);
	if (!err)
		err = parse_conditions(args, texts, fields, outer, opts);
	free(names);
	free(texts);
	if (err)
		table_opts_free(opts);
	return err;
}

void table_opts_free(struct table_opts *opts)
{
	unsigned int i;

	for (i = 0; i < opts->num_conditions; i++)
		free(opts->conditions[i].text);
	opts->num_conditions = 0;
}

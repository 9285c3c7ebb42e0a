// SPDX-License-Identifier: GPL-2.0-only
/* The kernel that runs: its command line, its modules. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "host/files.h"
#include "host/kernel.h"

const char *kernel_release(void)
{
	static struct utsname name;

	if (!name.release[0])
		uname(&name);
	return name.release;
}

const char *kernel_option(const char *beginning)
{
	static char line[4096];
	const char *found = NULL;
	char *rest = read_line("/proc/cmdline", line, sizeof(line));
	char *word;

	while (rest && (word = strsep(&rest, " ")))
		if (!strncmp(word, beginning, strlen(beginning)))
			found = word + strlen(beginning);
	return found;
}

int kernel_was_told(const char *word)
{
	char line[4096];
	char *rest = read_line("/proc/cmdline", line, sizeof(line));
	const char *told;

	while (rest && (told = strsep(&rest, " ")))
		if (!strcmp(told, word))
			return 1;
	return 0;
}

/* ---- modules ---- */

static int same_name(const char *a, const char *b, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (a[i] != b[i] && !(strchr("-_", a[i]) && strchr("-_", b[i])))
			return 0;
	return !b[len];
}

/* "kernel/drivers/vfio/pci/vfio-pci.ko.xz: ...": is it that one? */
static int is_module_line(const char *line, const char *name)
{
	size_t path_len = strcspn(line, ":");
	const char *file = memrchr(line, '/', path_len);
	const char *end;

	file = file ? file + 1 : line;
	end = strstr(file, ".ko");
	return end && same_name(file, name, end - file);
}

struct search {
	const char *name;
	int found;
};

static void look_at_line(void *ctx, const struct line *line)
{
	struct search *s = ctx;

	s->found |= is_module_line(line->text, s->name);
}

static int is_listed(const char *list, const char *name)
{
	struct search s = { .name = name };
	char path[320];

	snprintf(path, sizeof(path), "/lib/modules/%s/%s", kernel_release(),
		 list);
	each_line(path, look_at_line, &s);
	return s.found;
}

int module_is_there(const char *name)
{
	char path[128];
	size_t i;

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	for (i = strlen("/sys/module/"); path[i]; i++)
		if (path[i] == '-')
			path[i] = '_';
	return path_exists(path) || is_listed("modules.builtin", name);
}

int module_is_installed(const char *name)
{
	return is_listed("modules.dep", name) ||
	       is_listed("modules.builtin", name);
}

const char *module_param(const char *module, const char *name, char *buf,
			 size_t len)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module,
		 name);
	return read_line(path, buf, len);
}

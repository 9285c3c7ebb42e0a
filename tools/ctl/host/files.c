// SPDX-License-Identifier: GPL-2.0-only
/* Files of text: sysfs's of one line, and those that an admin writes. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/files.h"

char *read_line(const char *path, char *buf, size_t len)
{
	FILE *file = fopen(path, "re");
	char *line = file ? fgets(buf, len, file) : NULL;

	if (file)
		fclose(file);
	if (line)
		line[strcspn(line, "\n")] = '\0';
	return line;
}

int path_exists(const char *path)
{
	return !access(path, F_OK);
}

int pattern_exists(const char *pattern)
{
	glob_t paths;
	int found = !glob(pattern, GLOB_NOSORT, NULL, &paths);

	globfree(&paths);
	return found;
}

static void each_line_of(const char *path,
			 void (*found)(void *ctx, const struct line *line),
			 void *ctx)
{
	struct line line = { .path = path };
	FILE *file = fopen(path, "re");
	size_t size = 0;

	while (file && getline(&line.text, &size, file) > 0) {
		line.text[strcspn(line.text, "\n")] = '\0';
		line.number++;
		found(ctx, &line);
	}
	free(line.text);
	if (file)
		fclose(file);
}

void each_line(const char *pattern,
	       void (*found)(void *ctx, const struct line *line), void *ctx)
{
	glob_t paths;
	size_t i;

	if (!glob(pattern, 0, NULL, &paths))
		for (i = 0; i < paths.gl_pathc; i++)
			each_line_of(paths.gl_pathv[i], found, ctx);
	globfree(&paths);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parts, loaded from where they were installed and nowhere else: no variable of the
 * environment leads a program of root's to code.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "parts/part.h"
#include "partsdir.h"

#define STRING(text)	  #text
#define SYMBOL_NAME(name) STRING(name)

const struct part *part_open(const char *name, size_t size, char *words)
{
	const struct part *part = NULL;
	char path[sizeof(PARTSDIR) + 32];
	void *object;

	snprintf(path, sizeof(path), PARTSDIR "/%s.so", name);
	/* Of a library's functions few are called: to find all takes longer than to load it. */
	object = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	if (object)
		part = dlsym(object, SYMBOL_NAME(PART_SYMBOL));
	if (!part)
		snprintf(words, PART_WORDS_LEN, "%s", dlerror());
	else if (strcmp(part->version, VERSION) || part->size != size)
		snprintf(words, PART_WORDS_LEN, "%s: is of another version",
			 path);
	else
		return part;
	return NULL;
}

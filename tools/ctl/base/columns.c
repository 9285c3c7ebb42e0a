// SPDX-License-Identifier: GPL-2.0-only
/* Tables and trees for people, by the part that draws them. */
#include "base/columns.h"
#include "base/need.h"

static const struct columns_part *columns_part(void)
{
	static const struct columns_part *part;

	if (!part)
		part = need_part("columns", sizeof(*part));
	return part;
}

struct columns *columns_new(const struct column *columns,
			    const struct look *look)
{
	return columns_part()->create(columns, look);
}

void columns_put(struct columns *columns)
{
	if (columns)
		columns_part()->put(columns);
}

struct columns_line *columns_add(struct columns *columns,
				 struct columns_line *parent)
{
	return columns_part()->add(columns, parent);
}

int columns_set(struct columns *columns, struct columns_line *line,
		size_t column, const char *text)
{
	return columns_part()->set(columns, line, column, text);
}

char *columns_text(struct columns *columns)
{
	return columns_part()->text(columns);
}

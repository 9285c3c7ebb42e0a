// SPDX-License-Identifier: GPL-2.0-only
/* Commands that show all that the broker has of a kind, in a table. */
#include <stdio.h>

#include "cli/listing.h"
#include "cli/report.h"

int listing_show(const struct args *args, const struct listing *listing)
{
	struct table *table;
	struct sriovb *sb;
	int ret = open_broker(&sb);
	ssize_t n;

	if (ret)
		return ret;
	table = table_new(listing->columns, args->json, NULL);
	n = listing->add(sb, table);
	if (n > 0 || (!n && args->json)) {
		ret = table_print(table, listing->key);
	} else {
		table_free(table);
		if (n)
			ret = refused(sb, n);
		else
			puts(listing->empty);
	}
	sriovb_close(sb);
	return ret;
}

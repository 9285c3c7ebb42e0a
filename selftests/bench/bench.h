/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs of the benchmark share: time, series of measurements, and
 * the rows of the table.  Rows go to stdout, what is under way to stderr.
 *
 * A row compares two series, of which the n-th values belong together: they
 * were taken in the same round.  So its ratio is the median of the rounds'
 * ratios, with the lowest and the highest.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_VALUES 8192

struct series {
	double value[MAX_VALUES];
	int num;
};

enum wanted {
	AT_MOST,
	AT_LEAST,
	NOTHING, /* the row is there to be looked at */
};

static inline double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static inline void add(struct series *s, double value)
{
	if (s->num < MAX_VALUES)
		s->value[s->num++] = value;
}

static inline int compare_values(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value that @part of all are not above; 0.5 is the median. */
static inline double quantile(const struct series *s, double part)
{
	struct series *sorted = malloc(sizeof(*sorted));
	int at = ceil(part * s->num) - 1;
	double value = NAN;

	if (sorted && s->num) {
		*sorted = *s;
		qsort(sorted->value, s->num, sizeof(double), compare_values);
		value = sorted->value[at < 0 ? 0 : at];
	}
	free(sorted);
	return value;
}

static inline double median(const struct series *s)
{
	return s->num % 2 ?
		       quantile(s, 0.5) :
		       (quantile(s, 0.5) + quantile(s, 0.5 + 1.0 / s->num)) / 2;
}

static inline char *with_spread(const struct series *s, double unit,
				const char *fmt, char *buf, size_t size)
{
	char one[3][20];
	double all[3] = { median(s), quantile(s, 0), quantile(s, 1) };
	int i;

	for (i = 0; i < 3; i++)
		snprintf(one[i], sizeof(one[i]), fmt, all[i] / unit);
	snprintf(buf, size, "%s (%s..%s)", one[0], one[1], one[2]);
	return buf;
}

static inline char *time_text(const struct series *s, char *buf, size_t size)
{
	double us = median(s);

	if (us >= 1e6)
		return with_spread(s, 1e6, "%.2f s", buf, size);
	if (us >= 1e4)
		return with_spread(s, 1e3, "%.0f ms", buf, size);
	return with_spread(s, 1, "%.0f us", buf, size);
}

static inline void print_row(const char *what, const char *ours,
			     const char *against, const char *theirs,
			     const char *ratio, const char *wanted)
{
	printf("%-44s %-28s %-30s %-28s %-19s %s\n", what, ours, against,
	       theirs, ratio, wanted);
	fflush(stdout);
}

static inline void wanted_text(enum wanted wanted, double limit, double is,
			       char *buf, size_t size)
{
	bool met = wanted == AT_MOST ? is <= limit : is >= limit;

	buf[0] = '\0';
	if (wanted != NOTHING)
		snprintf(buf, size, "%s %g%s",
			 wanted == AT_MOST ? "<=" : ">=", limit,
			 met ? "" : "  MISSED");
}

/* What took @ours against what took @theirs: how many times as long. */
static inline void row(const char *what, const struct series *ours,
		       const char *against, const struct series *theirs,
		       enum wanted wanted, double limit)
{
	char text[4][72];
	struct series ratio = {};
	int i;

	for (i = 0; i < ours->num && i < theirs->num; i++)
		add(&ratio, wanted == AT_LEAST ?
				    theirs->value[i] / ours->value[i] :
				    ours->value[i] / theirs->value[i]);
	wanted_text(wanted, limit, median(&ratio), text[0], sizeof(text[0]));
	print_row(what, time_text(ours, text[1], sizeof(text[1])), against,
		  time_text(theirs, text[2], sizeof(text[2])),
		  with_spread(&ratio, 1, "%.2f", text[3], sizeof(text[3])),
		  text[0]);
}

/* The same, where so many times as long is wanted, or so much more. */
static inline void row_or_more(const char *what, const struct series *ours,
			       const char *against, const struct series *theirs,
			       double limit, double more_us)
{
	char text[5][72];
	struct series ratio = {}, more = {};
	bool met;
	int i;

	for (i = 0; i < ours->num && i < theirs->num; i++) {
		add(&ratio, ours->value[i] / theirs->value[i]);
		add(&more, ours->value[i] - theirs->value[i]);
	}
	met = median(&ratio) <= limit || median(&more) <= more_us;
	snprintf(text[0], sizeof(text[0]), "<= %g, or %g ms more%s", limit,
		 more_us / 1e3, met ? "" : "  MISSED");
	print_row(what, time_text(ours, text[1], sizeof(text[1])), against,
		  time_text(theirs, text[2], sizeof(text[2])),
		  with_spread(&ratio, 1, "%.2f", text[3], sizeof(text[3])),
		  text[0]);
}

#endif /* BENCH_BENCH_H */

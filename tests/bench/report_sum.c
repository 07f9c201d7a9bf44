// SPDX-License-Identifier: LGPL-2.1-or-later
/* Medians, spreads and ratios. */
#include "report.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct spread spread_of(double *values, size_t nr)
{
	struct spread s = { .n = nr };

	if (!nr)
		return s;
	qsort(values, nr, sizeof(*values), compare);
	s.low = values[0];
	s.high = values[nr - 1];
	s.median = nr % 2 ? values[nr / 2] : (values[nr / 2 - 1] + values[nr / 2]) / 2;
	return s;
}

struct spread samples_spread(const struct results *results, const char *id)
{
	double *values = NULL;
	struct spread s;
	size_t i, nr = 0;

	for (i = 0; i < results->nr_samples; i++) {
		if (strcmp(results->samples[i].id, id))
			continue;
		values = grow(values, nr, sizeof(*values));
		values[nr++] = results->samples[i].value;
	}
	s = spread_of(values, nr);
	free(values);
	return s;
}

static const struct sample *find_sample(const struct results *results, const char *id,
					unsigned int rep)
{
	size_t i;

	for (i = 0; i < results->nr_samples; i++)
		if (results->samples[i].rep == rep && !strcmp(results->samples[i].id, id))
			return &results->samples[i];
	return NULL;
}

/*
 * A repetition of the measure is compared with the same repetition of its
 * peer, which ran just before or after it.
 */
static struct spread ratio_spread(const struct results *results, const struct row *row)
{
	double *ratios = NULL;
	struct spread s;
	size_t i, nr = 0;

	for (i = 0; i < results->nr_samples; i++) {
		const struct sample *own = &results->samples[i], *peer;

		if (strcmp(own->id, row->measure))
			continue;
		peer = find_sample(results, row->against, own->rep);
		if (!peer || !(peer->value > 0))
			continue;
		ratios = grow(ratios, nr, sizeof(*ratios));
		ratios[nr++] = own->value / peer->value;
	}
	s = spread_of(ratios, nr);
	free(ratios);
	return s;
}

static const char *called(const struct table *table, const char *id)
{
	size_t i;

	for (i = 0; i < table->nr_measures; i++)
		if (!strcmp(table->measures[i].id, id))
			return table->measures[i].called;
	return NULL;
}

static const char *unit_of(const struct results *results, const char *id)
{
	size_t i;

	for (i = 0; i < results->nr_samples; i++)
		if (!strcmp(results->samples[i].id, id))
			return results->samples[i].unit;
	return "";
}

static bool bar_met(const struct row *row, double ratio)
{
	switch (row->bar) {
	case BAR_AT_LEAST: return ratio >= row->limit;
	case BAR_AT_MOST: return ratio <= row->limit;
	default: return true;
	}
}

struct outcome row_outcome(const struct table *table, const struct results *results,
			   const struct row *row)
{
	struct outcome o = { .row = row };

	o.called = called(table, row->measure);
	o.unit = unit_of(results, row->measure);
	o.value = samples_spread(results, row->measure);
	o.ratio = o.value;
	if (row->against[0]) {
		o.peer_called = called(table, row->against);
		o.peer = samples_spread(results, row->against);
		o.ratio = ratio_spread(results, row);
	}
	o.complete = o.ratio.n > 0 && o.ratio.n >= results->reps;
	o.ok = o.ratio.n > 0 && bar_met(row, o.ratio.median);
	return o;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of rows, the results of one run, and what is made of them.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define NAME_MAX_LEN 63

struct measure {
	char id[NAME_MAX_LEN + 1];
	char called[NAME_MAX_LEN + 1];	/* what is measured: "libxenvchan" */
	char *line;			/* as it stands in the table */
	bool wanted;
};

enum bar { BAR_NONE, BAR_AT_LEAST, BAR_AT_MOST };

struct row {
	char id[NAME_MAX_LEN + 1];
	char measure[NAME_MAX_LEN + 1];
	char against[NAME_MAX_LEN + 1];	/* empty: the value itself is judged */
	enum bar bar;
	double limit;
	char *line;
	bool wanted;
};

struct table {
	struct measure *measures;
	size_t nr_measures;
	struct row *rows;
	size_t nr_rows;
};

/* One RESULT line. */
struct sample {
	char id[NAME_MAX_LEN + 1];
	unsigned int rep;
	double value;
	char unit[NAME_MAX_LEN + 1];
};

struct results {
	struct sample *samples;
	size_t nr_samples;
	unsigned int reps;		/* how many each measure should have */
	unsigned int failures;		/* FAIL lines */
	char arch[NAME_MAX_LEN + 1];
	char guest[NAME_MAX_LEN + 1];
	char clock[NAME_MAX_LEN + 1];
	char xen[NAME_MAX_LEN + 1];
	char kernel[NAME_MAX_LEN + 1];
};

struct spread {
	double median, low, high;
	size_t n;
};

/* A row with its numbers. */
struct outcome {
	const struct row *row;
	const char *called, *peer_called;	/* peer_called NULL: no peer */
	const char *unit;
	struct spread value, peer, ratio;
	bool ok;				/* bar met, or none to meet */
	bool complete;				/* every repetition is there */
};

/* Both end the program with FILE:LINE: text when a line makes no sense. */
void table_read(struct table *table, const char *path);
void results_read(struct results *results, const char *path);

/*
 * Marks the rows that @patterns name, and the measures they need: "x." stands
 * for all rows whose names begin so, anything else for one row. No patterns:
 * all rows. Returns the first pattern that names no row, or NULL.
 */
const char *table_select(struct table *table, char *const *patterns, size_t nr);

struct spread samples_spread(const struct results *results, const char *id);
struct outcome row_outcome(const struct table *table, const struct results *results,
			   const struct row *row);

void print_text(FILE *out, const struct results *results, const struct outcome *outcomes, size_t nr);
void print_json(FILE *out, const struct results *results, const struct outcome *outcomes, size_t nr);
void print_svg(FILE *out, const struct results *results, const struct outcome *outcomes, size_t nr);

void __attribute__((format(printf, 1, 2), noreturn)) die(const char *fmt, ...);
void *grow(void *array, size_t nr, size_t size);

#endif

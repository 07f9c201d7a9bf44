// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bench-report select TABLE [ROW...]	prints the part of the table that is asked for
 * bench-report report TABLE RESULTS DIR	prints the report; writes DIR/bench.json
 *					and DIR/bench.svg
 *
 * The exit status tells whether everything ran; a bar that is not met is
 * shown and is no failure.
 */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void die(const char *fmt, ...)
{
	va_list ap;

	fputs("bench-report: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

void *grow(void *array, size_t nr, size_t size)
{
	/* Doubled whenever the number of elements is a power of two. */
	if (nr & (nr - 1))
		return array;
	array = reallocarray(array, nr ? 2 * nr : 1, size);
	if (!array)
		die("out of memory");
	return array;
}

static void print_selected(const struct table *table)
{
	size_t i;

	for (i = 0; i < table->nr_measures; i++)
		if (table->measures[i].wanted)
			puts(table->measures[i].line);
	for (i = 0; i < table->nr_rows; i++)
		if (table->rows[i].wanted)
			puts(table->rows[i].line);
}

static int select_rows(struct table *table, char *const *patterns, size_t nr)
{
	const char *unknown = table_select(table, patterns, nr);
	size_t i;

	if (!unknown) {
		print_selected(table);
		return 0;
	}
	fprintf(stderr, "bench-report: no row is called %s; there are", unknown);
	for (i = 0; i < table->nr_rows; i++)
		fprintf(stderr, " %s", table->rows[i].id);
	fputc('\n', stderr);
	return 2;
}

static void write_file(const char *dir, const char *name,
		       void (*print)(FILE *, const struct results *, const struct outcome *, size_t),
		       const struct results *results, const struct outcome *outcomes, size_t nr)
{
	char *path;
	FILE *f;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		die("out of memory");
	f = fopen(path, "we");
	if (!f)
		die("%s: %s", path, strerror(errno));
	print(f, results, outcomes, nr);
	if (fclose(f))
		die("%s: %s", path, strerror(errno));
	free(path);
}

static int report(const struct table *table, const struct results *results, const char *dir)
{
	struct outcome *outcomes = calloc(table->nr_rows + 1, sizeof(*outcomes));
	bool complete = results->failures == 0;
	size_t i;

	if (!outcomes)
		die("out of memory");
	for (i = 0; i < table->nr_rows; i++) {
		outcomes[i] = row_outcome(table, results, &table->rows[i]);
		complete = complete && outcomes[i].complete;
	}
	print_text(stdout, results, outcomes, table->nr_rows);
	write_file(dir, "bench.json", print_json, results, outcomes, table->nr_rows);
	write_file(dir, "bench.svg", print_svg, results, outcomes, table->nr_rows);
	if (!complete)
		fprintf(stderr, "bench-report: not everything ran (%u failures)\n", results->failures);
	free(outcomes);
	return complete ? 0 : 1;
}

static void table_clear(struct table *table)
{
	size_t i;

	for (i = 0; i < table->nr_measures; i++)
		free(table->measures[i].line);
	for (i = 0; i < table->nr_rows; i++)
		free(table->rows[i].line);
	free(table->measures);
	free(table->rows);
}

int main(int argc, char **argv)
{
	struct table table = { 0 };
	struct results results = { 0 };
	int ret;

	if (argc < 3)
		die("usage: bench-report select TABLE [ROW...] | report TABLE RESULTS DIRECTORY");
	table_read(&table, argv[2]);
	if (!strcmp(argv[1], "select")) {
		ret = select_rows(&table, argv + 3, (size_t)argc - 3);
	} else if (!strcmp(argv[1], "report") && argc == 5) {
		results_read(&results, argv[3]);
		ret = report(&table, &results, argv[4]);
	} else {
		die("what to do is 'select TABLE [ROW...]' or 'report TABLE RESULTS DIRECTORY'");
	}
	free(results.samples);
	table_clear(&table);
	return ret;
}

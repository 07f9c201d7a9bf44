// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reads the table of rows and the lines that the domains printed. */
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Calls @use for each line without its end; @use returns what is wrong, or NULL. */
static void each_line(const char *path, const char *(*use)(void *arg, char *line), void *arg)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	unsigned int nr = 0;

	if (!f)
		die("%s: %s", path, strerror(errno));
	while (getline(&line, &size, f) >= 0) {
		const char *wrong;

		line[strcspn(line, "\r\n")] = '\0';
		nr++;
		wrong = use(arg, line);
		if (wrong)
			die("%s:%u: %s: %s", path, nr, wrong, line);
	}
	free(line);
	fclose(f);
}

static char *copy(const char *text)
{
	char *new = strdup(text);

	if (!new)
		die("out of memory");
	return new;
}

static const char *use_measure(struct table *table, const char *line)
{
	struct measure m = { .wanted = false };

	if (sscanf(line, "measure %63s %63s %*s %*s", m.id, m.called) != 2)
		return "a measure needs an id, a name, a program and its work";
	m.line = copy(line);
	table->measures = grow(table->measures, table->nr_measures, sizeof(m));
	table->measures[table->nr_measures++] = m;
	return NULL;
}

static const char *parse_bar(struct row *row, const char *op, const char *limit)
{
	char *end;

	if (!strcmp(op, "-") && !*limit)
		return NULL;
	row->bar = !strcmp(op, ">=") ? BAR_AT_LEAST : !strcmp(op, "<=") ? BAR_AT_MOST : BAR_NONE;
	row->limit = strtod(limit, &end);
	if (row->bar == BAR_NONE || end == limit || *end || !(row->limit > 0))
		return "a bar is '>= NUMBER', '<= NUMBER' or '-'";
	return NULL;
}

static const char *use_row(struct table *table, const char *line)
{
	struct row row = { .bar = BAR_NONE };
	char op[8] = "", limit[32] = "";
	const char *wrong;

	if (sscanf(line, "row %63s %63s %63s %7s %31s", row.id, row.measure, row.against, op, limit) < 4)
		return "a row needs an id, two measures and a bar";
	if (!strcmp(row.against, "-"))
		row.against[0] = '\0';
	wrong = parse_bar(&row, op, limit);
	if (wrong)
		return wrong;
	row.line = copy(line);
	table->rows = grow(table->rows, table->nr_rows, sizeof(row));
	table->rows[table->nr_rows++] = row;
	return NULL;
}

static const char *use_table_line(void *arg, char *line)
{
	char kind[16] = "";

	if (sscanf(line, "%15s", kind) != 1 || kind[0] == '#')
		return NULL;
	if (!strcmp(kind, "measure"))
		return use_measure(arg, line);
	if (!strcmp(kind, "row"))
		return use_row(arg, line);
	return "neither a measure nor a row";
}

static struct measure *find_measure(const struct table *table, const char *id)
{
	size_t i;

	for (i = 0; i < table->nr_measures; i++)
		if (!strcmp(table->measures[i].id, id))
			return &table->measures[i];
	return NULL;
}

void table_read(struct table *table, const char *path)
{
	size_t i;

	each_line(path, use_table_line, table);
	for (i = 0; i < table->nr_rows; i++) {
		const struct row *row = &table->rows[i];

		if (!find_measure(table, row->measure))
			die("%s: row %s: no measure is called %s", path, row->id, row->measure);
		if (row->against[0] && !find_measure(table, row->against))
			die("%s: row %s: no measure is called %s", path, row->id, row->against);
	}
}

static void want_row(struct table *table, struct row *row)
{
	row->wanted = true;
	find_measure(table, row->measure)->wanted = true;
	if (row->against[0])
		find_measure(table, row->against)->wanted = true;
}

static bool pattern_names(const char *pattern, const char *id)
{
	size_t len = strlen(pattern);

	if (len && pattern[len - 1] == '.')
		return !strncmp(id, pattern, len);
	return !strcmp(id, pattern);
}

static bool select_pattern(struct table *table, const char *pattern)
{
	bool found = false;
	size_t i;

	for (i = 0; i < table->nr_rows; i++) {
		if (!pattern || pattern_names(pattern, table->rows[i].id)) {
			want_row(table, &table->rows[i]);
			found = true;
		}
	}
	return found;
}

const char *table_select(struct table *table, char *const *patterns, size_t nr)
{
	size_t i;

	if (!nr)
		select_pattern(table, NULL);
	for (i = 0; i < nr; i++)
		if (!select_pattern(table, patterns[i]))
			return patterns[i];
	return NULL;
}

static const char *use_result(struct results *results, const char *line)
{
	struct sample s;

	if (sscanf(line, "RESULT %63s %u %lf %63s", s.id, &s.rep, &s.value, s.unit) != 4)
		return "a result needs an id, a repetition, a value and a unit";
	results->samples = grow(results->samples, results->nr_samples, sizeof(s));
	results->samples[results->nr_samples++] = s;
	return NULL;
}

static const char *use_info(struct results *results, const char *line)
{
	char key[16], value[NAME_MAX_LEN + 1] = "";
	char *text = NULL;

	if (sscanf(line, "INFO %15s %63s", key, value) != 2)
		return "an info needs a key and a value";
	if (!strcmp(key, "arch"))
		text = results->arch;
	else if (!strcmp(key, "guest"))
		text = results->guest;
	else if (!strcmp(key, "clock"))
		text = results->clock;
	else if (!strcmp(key, "xen"))
		text = results->xen;
	else if (!strcmp(key, "kernel"))
		text = results->kernel;
	else if (!strcmp(key, "reps"))
		results->reps = (unsigned int)strtoul(value, NULL, 10);
	else
		return "unknown info";
	if (text)
		memcpy(text, value, sizeof(value));
	return NULL;
}

/* Whatever else a console shows between the lines is none of ours. */
static const char *use_results_line(void *arg, char *line)
{
	struct results *results = arg;

	if (!strncmp(line, "RESULT ", 7))
		return use_result(results, line);
	if (!strncmp(line, "INFO ", 5))
		return use_info(results, line);
	if (!strncmp(line, "FAIL ", 5))
		results->failures++;
	return NULL;
}

void results_read(struct results *results, const char *path)
{
	each_line(path, use_results_line, results);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "main.h"
#include "mem.h"

#define LIKENESS_MAX	64	/* longer names are not compared */

static unsigned int nr_errors;

/* Names and values come from the input: no control character gets out. */
static void print_clean(const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, stderr);
}

static void print(struct pos pos, const char *kind, const char *fmt, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		diag_fatal("out of memory");
	print_clean(pos.file);
	if (pos.line)
		fprintf(stderr, ":%u", pos.line);
	fprintf(stderr, ": %s: ", kind);
	print_clean(text);
	fputc('\n', stderr);
	free(text);
}

void diag_error(struct pos pos, const char *fmt, ...)
{
	va_list ap;

	nr_errors++;
	va_start(ap, fmt);
	print(pos, "error", fmt, ap);
	va_end(ap);
}

void diag_warning(struct pos pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(pos, "warning", fmt, ap);
	va_end(ap);
}

void diag_note(struct pos pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(pos, "note", fmt, ap);
	va_end(ap);
}

unsigned int diag_errors(void)
{
	return nr_errors;
}

void diag_fatal(const char *fmt, ...)
{
	va_list ap;

	fputs("dts2xl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	mem_release_all();
	exit(EXIT_ENVIRONMENT);
}

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int min = a < b ? a : b;

	return min < c ? min : c;
}

/* How many characters must be put in, left out or changed to make @b of @a. */
static unsigned int edit_distance(const char *a, const char *b)
{
	unsigned int row[LIKENESS_MAX + 1], diagonal, above;
	size_t i, j, len = strlen(b);

	for (j = 0; j <= len; j++)
		row[j] = (unsigned int)j;
	for (i = 1; a[i - 1]; i++) {
		diagonal = row[0];
		row[0] = (unsigned int)i;
		for (j = 1; j <= len; j++) {
			above = row[j];
			row[j] = least(above + 1, row[j - 1] + 1,
				       diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[len];
}

void diag_consider(struct likeness *likeness, const char *candidate)
{
	unsigned int distance;

	if (strlen(candidate) > LIKENESS_MAX || strlen(likeness->wanted) > LIKENESS_MAX)
		return;
	distance = edit_distance(likeness->wanted, candidate);
	if (likeness->best && distance >= likeness->distance)
		return;
	likeness->best = candidate;
	likeness->distance = distance;
}

const char *diag_suggestion(const struct likeness *likeness)
{
	if (!likeness->best || likeness->distance > strlen(likeness->wanted) / 3 + 1)
		return "";
	return mem_printf("; did you mean '%s'?", likeness->best);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "lex.h"
#include "exits.h"
#include "mem.h"

#define CONSIDERED_MAX	1000000

struct diag_settings diag_settings;

static unsigned int nr_errors;
static unsigned int counts[NR_CODES];
static bool last_was_silent;	/* and so are its notes */

/* Names and values come from the input: no control character gets out. */
static void print_clean(const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, stderr);
}

/* The column that a token of preprocessed text has in the file it came from. */
static unsigned int column_of(const struct pos *pos)
{
	return pos->column || !pos->ordinal ? pos->column : lex_column(pos);
}

static void print_pos(const struct pos *pos)
{
	unsigned int column = pos->line ? column_of(pos) : 0;

	print_clean(pos->file);
	if (pos->line)
		fprintf(stderr, ":%u", pos->line);
	if (column)
		fprintf(stderr, ":%u", column);
}

static void print(struct pos pos, const char *kind, const char *code, const char *fmt, va_list ap)
{
	char *text = NULL;

	if (diag_settings.silent)
		return;
	if (vasprintf(&text, fmt, ap) < 0)
		diag_fatal("out of memory");
	print_pos(&pos);
	fprintf(stderr, ": %s: ", kind);
	print_clean(text);
	if (code)
		fprintf(stderr, " [%s]", code);
	fputc('\n', stderr);
	free(text);
}

void diag_error(enum diag_code code, struct pos pos, const char *fmt, ...)
{
	va_list ap;

	nr_errors++;
	counts[code]++;
	last_was_silent = false;
	if (code == CODE_INTERNAL && diag_settings.abort_on_internal)
		diag_settings.silent = false;
	va_start(ap, fmt);
	print(pos, "error", code_name(code), fmt, ap);
	va_end(ap);
	if (code == CODE_INTERNAL && diag_settings.abort_on_internal)
		abort();
}

void diag_warning(enum diag_code code, struct pos pos, const char *fmt, ...)
{
	va_list ap;

	last_was_silent = diag_settings.no_warnings;
	if (last_was_silent)
		return;
	nr_errors += diag_settings.warnings_are_errors;
	va_start(ap, fmt);
	print(pos, diag_settings.warnings_are_errors ? "error" : "warning", code_name(code),
	      fmt, ap);
	va_end(ap);
}

void diag_note(struct pos pos, const char *fmt, ...)
{
	va_list ap;

	if (last_was_silent)
		return;
	va_start(ap, fmt);
	print(pos, "note", NULL, fmt, ap);
	va_end(ap);
}

struct pos diag_whole(const char *file)
{
	return (struct pos){ .file = file };
}

void diag_reset(void)
{
	nr_errors = 0;
	memset(counts, 0, sizeof(counts));
}

unsigned int diag_count(enum diag_code code)
{
	return counts[code];
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

void diag_consider(struct likeness *likeness, const char *candidate)
{
	static unsigned int considered;

	/* Thousands of slips in an input of thousands of names get no suggestion each. */
	if (considered++ < CONSIDERED_MAX)
		likeness_consider(likeness, candidate);
}

const char *diag_suggestion(const struct likeness *likeness)
{
	const char *found = likeness_found(likeness);

	return found ? mem_printf("; did you mean '%s'?", found) : "";
}

// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dtc.h"
#include "mem.h"
#include "process.h"

#define TIMEOUT_MS	60000
#define OUTPUT_MAX	(64u << 20)

/* One line of what dtc prints: [Error: ]FILE:LINE.COL...[:] what. */
struct complaint {
	struct pos pos;
	const struct block *block;	/* NULL: unknown */
	char *text;
	bool has_pos;
};

/* Finds ":LINE.COL" with a file name before it. */
static const char *find_position(const char *line)
{
	const char *colon;

	for (colon = strchr(line, ':'); colon; colon = strchr(colon + 1, ':'))
		if (colon > line && isdigit((unsigned char)colon[1]) &&
		    colon[1 + strspn(colon + 1, "0123456789")] == '.')
			return colon;
	return NULL;
}

static const char *skip_word(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) ? text : text + strlen(word);
}

/* "ERROR (check): " says little to a user. */
static const char *skip_check_name(const char *text)
{
	const char *end = strncmp(text, "ERROR (", 7) ? NULL : strstr(text, "): ");

	return end ? end + 3 : text;
}

/* The label of fragment number @nr, or NULL. */
static const char *label_of(const struct unit *unit, unsigned long nr)
{
	size_t i;

	for (i = 0; i < unit->nr_blocks; i++)
		if (unit->blocks[i]->kind == BLOCK_REFERENCE &&
		    !unit->blocks[i]->outline.nr_labels && !nr--)
			return unit->blocks[i]->label;
	return NULL;
}

/* dtc speaks of the fragment where the user wrote &label. */
static char *name_blocks(const char *text, const struct unit *unit)
{
	static const char before[] = "/fragment@", after[] = "/__overlay__";
	const char *found, *label;
	char *named = mem_string(""), *end;

	while (unit->overlay && (found = strstr(text, before))) {
		label = label_of(unit, strtoul(found + strlen(before), &end, 10));
		if (!label || strncmp(end, after, strlen(after)))
			break;
		named = mem_printf("%s%.*s&%s", named, (int)(found - text), text, label);
		text = end + strlen(after);
	}
	return mem_printf("%s%s", named, text);
}

/* The block whose line marker dtc has seen last, or NULL. */
static const struct block *block_of(const struct unit *unit, const char *file)
{
	size_t nr;

	if (strncmp(file, UNIT_BLOCK, strlen(UNIT_BLOCK)))
		return NULL;
	nr = strtoul(file + strlen(UNIT_BLOCK), NULL, 10);
	return nr < unit->nr_blocks ? unit->blocks[nr] : NULL;
}

/* A preprocessor's line: finds the token's place in the file that it came from. */
static bool unexpand(const struct block *block, struct pos *pos)
{
	struct lexer lexer;
	struct token token;

	lex_start(&lexer, block->text, block->pos.file);
	lexer.pos = block->pos;
	lexer.marked = true;
	lexer.ordinal = block->pos.ordinal - 1;
	lexer.at += block->indent;
	do {
		token = lex_next(&lexer);
		if (token.pos.line == pos->line && token.indent + 1 == pos->column &&
		    !strcmp(token.pos.file, pos->file)) {
			*pos = token.pos;
			return true;
		}
	} while (token.kind != TOKEN_END && token.kind != TOKEN_BROKEN);
	return false;
}

static struct pos unexpanded(const struct unit *unit, const struct block *block, struct pos pos)
{
	size_t i;

	for (i = 0; i < unit->nr_blocks; i++)
		if ((!block || block == unit->blocks[i]) && unit->blocks[i]->pos.ordinal &&
		    unexpand(unit->blocks[i], &pos))
			return pos;
	pos.column = 0;
	return pos;
}

/* @colon: ":LINE.COLUMN". */
static struct pos position(const struct unit *unit, const char *file, const char *colon)
{
	const struct block *block = block_of(unit, file);
	struct pos pos = { .file = block ? block->pos.file
					 : mem_copy(file, (size_t)(colon - file)) };
	char *dot;

	pos.line = (unsigned int)strtoul(colon + 1, &dot, 10);
	pos.column = *dot == '.' ? (unsigned int)strtoul(dot + 1, NULL, 10) : 0;
	if (!block || block->pos.ordinal)
		return unexpanded(unit, block, pos);
	if (!block->indent && block->pos.column > 1 && pos.line == block->pos.line)
		pos.column = 0;
	return pos;
}

static struct complaint parse_complaint(const char *line, const struct unit *unit)
{
	struct complaint complaint = { .pos = diag_whole("dts2xl") };
	const char *file, *colon, *text;

	file = skip_word(skip_word(line, "FATAL ERROR: "), "Error: ");
	colon = find_position(file);
	text = file;
	if (colon) {
		complaint.has_pos = true;
		complaint.block = block_of(unit, file);
		complaint.pos = position(unit, file, colon);
		text = colon + 1 + strspn(colon + 1, "0123456789.-");
		text += strspn(text, ": ");
	}
	if (!strcmp(text, "syntax error"))
		text = "syntax error: is a ';' or a ',' missing before this?";
	complaint.text = name_blocks(skip_word(skip_check_name(text), "(null): "), unit);
	return complaint;
}

static void refuse_size(struct pos pos)
{
	diag_error(CODE_DTC_LIMIT, pos,
		   "too many nodes in one block for dtc: put them into several blocks of the VM");
}

/* What dtc says of it would only follow from what was refused before. */
static bool follows(const char *text, unsigned int errors)
{
	return errors && (strstr(text, "not found") || strstr(text, "non-existent") ||
			  strstr(text, "Duplicate label"));
}

static enum diag_code code_of(const char *text)
{
	return strstr(text, "not found") || strstr(text, "non-existent") ? CODE_UNKNOWN_LABEL
									  : CODE_SYNTAX;
}

/*
 * Lines without a position only round off those that have one; they are
 * reported when there is nothing better.
 */
static void report(const struct unit *unit, char *text)
{
	unsigned int before = diag_errors();
	struct complaint complaint;
	char *line, *save, *last = NULL;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		complaint = parse_complaint(line, unit);
		if (isspace((unsigned char)*line))
			diag_note(complaint.pos, "%s", complaint.text + strspn(complaint.text, " \t"));
		else if (strstr(complaint.text, "memory exhausted"))
			refuse_size(complaint.block ? complaint.block->pos : complaint.pos);
		else if (complaint.has_pos && !follows(complaint.text, before))
			diag_error(code_of(complaint.text), complaint.pos, "%s", complaint.text);
		else if (!last)
			last = complaint.text;
	}
	if (diag_errors())
		return;
	if (last && strstr(last, "memory exhausted"))
		refuse_size(unit->blocks[0]->pos);
	else
		diag_error(CODE_SYNTAX, unit->blocks[0]->pos, "dtc failed: %s",
			   last ? last : "it gives no reason");
}

static void run_dtc(const char *program, struct process *process)
{
	switch (process_run(process)) {
	case PROCESS_NOT_FOUND:
		diag_fatal("the program '%s' is not installed: it is part of the package device-tree-compiler",
			   program);
	case PROCESS_FAILED:
		diag_fatal("running '%s' failed: %s", program, process->why);
	case PROCESS_EXITED:
		break;
	}
}

static bool is_odd(const struct unit *unit)
{
	size_t i;

	for (i = 0; i < unit->nr_blocks; i++) {
		if (!unit->blocks[i]->odd || unit->blocks[i]->refused)
			continue;
		diag_error(CODE_SYNTAX, unit->blocks[i]->pos,
			   "something in this block is not understood");
		return true;
	}
	return false;
}

const void *dtc_compile(const char *program, const struct unit *unit, size_t *size)
{
	const char *input = unit_text(unit);
	char *const argv[] = { mem_string(program), "-q", "-@", "-I", "dts", "-O", "dtb", "-", NULL };
	struct process process = {
		.argv = argv,
		.input = input,
		.input_len = strlen(input),
		.timeout_ms = TIMEOUT_MS,
		.output_max = OUTPUT_MAX,
	};

	run_dtc(program, &process);
	if (process.status) {
		report(unit, process.err.data);
		return NULL;
	}
	if (is_odd(unit))
		return NULL;
	*size = process.out.len;
	return process.out.data;
}

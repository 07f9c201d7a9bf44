// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dtc.h"
#include "mem.h"
#include "process.h"

/* Stands for the block's file in line markers: a file name may need escapes there. */
#define BLOCK_FILE	"dts2xl-block"
#define TIMEOUT_MS	60000
#define OUTPUT_MAX	(64u << 20)

/* One line of what dtc prints: [Error: ]FILE:LINE.COL...[:] what. */
struct complaint {
	struct pos pos;
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

/* dtc speaks of the fragment where the user wrote &label. */
static char *name_block(const char *text, const struct block *block)
{
	static const char fragment[] = "/fragment@0/__overlay__";
	const char *found;
	char *named = mem_string("");

	while ((found = strstr(text, fragment)) && block->label) {
		named = mem_printf("%s%.*s&%s", named, (int)(found - text), text, block->label);
		text = found + strlen(fragment);
	}
	return mem_printf("%s%s", named, text);
}

/* @colon: ":LINE.COLUMN". A block's first line begins where the block does. */
static struct pos position(const struct block *block, const char *colon)
{
	struct pos pos = { .file = block->pos.file };
	char *dot;

	pos.line = (unsigned int)strtoul(colon + 1, &dot, 10);
	pos.column = *dot == '.' ? (unsigned int)strtoul(dot + 1, NULL, 10) : 0;
	if (pos.line == block->pos.line && pos.column && block->pos.column)
		pos.column += block->pos.column - 1;
	return pos;
}

static struct complaint parse_complaint(const char *line, const struct block *block)
{
	struct complaint complaint = { .pos = block->pos };
	const char *file, *colon, *text;

	file = skip_word(skip_word(line, "FATAL ERROR: "), "Error: ");
	colon = find_position(file);
	text = file;
	if (colon) {
		complaint.has_pos = true;
		complaint.pos = position(block, colon);
		if (strncmp(file, BLOCK_FILE ":", strlen(BLOCK_FILE) + 1))
			complaint.pos.file = mem_copy(file, (size_t)(colon - file));
		text = colon + 1 + strspn(colon + 1, "0123456789.-");
		text += strspn(text, ": ");
	}
	if (!strcmp(text, "syntax error"))
		text = "syntax error: is a ';' or a ',' missing before this?";
	complaint.text = name_block(skip_word(skip_check_name(text), "(null): "), block);
	return complaint;
}

/*
 * Lines without a position only round off those that have one; they are
 * reported when there is nothing better.
 */
static void report(const struct block *block, char *text)
{
	unsigned int before = diag_errors();
	struct complaint complaint;
	char *line, *save, *last = NULL;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		complaint = parse_complaint(line, block);
		if (isspace((unsigned char)*line))
			diag_note(complaint.pos, "%s", complaint.text + strspn(complaint.text, " \t"));
		else if (strstr(complaint.text, "memory exhausted"))
			diag_error(CODE_DTC_LIMIT, block->pos,
				   "too many nodes in one block for dtc: put them into several blocks of the VM");
		else if (complaint.has_pos)
			diag_error(CODE_SYNTAX, complaint.pos, "%s", complaint.text);
		else if (!last)
			last = complaint.text;
	}
	if (diag_errors() != before)
		return;
	if (last && strstr(last, "memory exhausted"))
		diag_error(CODE_DTC_LIMIT, block->pos, "too many nodes in one block for dtc: put them into several blocks of the VM");
	else
		diag_error(CODE_SYNTAX, block->pos, "dtc failed: %s", last ? last : "it gives no reason");
}

/* The compiler is given each line where the user wrote it. */
static char *wrap(const struct block *block)
{
	return mem_printf("/dts-v1/;\n/plugin/;\n# %u \"" BLOCK_FILE "\"\n%s\n",
			  block->pos.line, block->text);
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

const void *dtc_compile(const char *program, const struct block *block, size_t *size)
{
	char *input = wrap(block);
	char *const argv[] = { mem_string(program), "-q", "-@", "-I", "dts", "-O", "dtb",
			       "-i", mem_string(block->directory), "-", NULL };
	struct process process = {
		.argv = argv,
		.input = input,
		.input_len = strlen(input),
		.timeout_ms = TIMEOUT_MS,
		.output_max = OUTPUT_MAX,
	};

	run_dtc(program, &process);
	if (process.status) {
		report(block, process.err.data);
		return NULL;
	}
	if (block->odd) {
		diag_error(CODE_SYNTAX, block->pos, "something in this block is not understood");
		return NULL;
	}
	*size = process.out.len;
	return process.out.data;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <string.h>

#include "depfile.h"
#include "mem.h"
#include "output.h"

/* make gives blanks, dollars, colons and hashes a meaning of their own. */
static void print_escaped(FILE *out, const char *path)
{
	for (; *path; path++) {
		if (*path == '$')
			fputc('$', out);
		else if (strchr(" \t#:", *path))
			fputc('\\', out);
		fputc(*path == '\n' ? '?' : *path, out);
	}
}

void depfile_write(const char *path, const struct configs *configs, char *const *inputs,
		    size_t nr_inputs)
{
	struct mem_stream stream;
	FILE *out = mem_stream_open(&stream);
	size_t i;

	for (i = 0; i < configs->nr; i++) {
		fputs(i ? " \\\n" : "", out);
		print_escaped(out, configs->items[i].path);
	}
	fputc(':', out);
	for (i = 0; i < nr_inputs; i++) {
		fputs(" \\\n  ", out);
		print_escaped(out, inputs[i]);
	}
	fputc('\n', out);
	/* Rules without a recipe: make goes on when one of these files was removed. */
	for (i = 0; i < nr_inputs; i++) {
		print_escaped(out, inputs[i]);
		fputs(":\n", out);
	}
	mem_stream_close(&stream);
	output_file(path, stream.text, stream.len);
}

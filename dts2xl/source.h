/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The source files, preprocessed where need be and split into their top-level blocks. */
#ifndef DTS2XL_SOURCE_H
#define DTS2XL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "outline.h"

/* A file of the command line, with what it includes. */
struct source_file {
	struct block **blocks;
	size_t nr_blocks;
	bool overlay;		/* it says /plugin/ */
};

struct source {
	struct source_file *files;
	size_t nr_files;
	char **inputs;		/* the files that were read, included ones too */
	size_t nr_inputs;
};

/* How files are preprocessed. */
struct cpp {
	const char *program;	/* NULL: not at all */
	char **arguments;	/* -I, -D and -U */
	size_t nr_arguments;
};

/* Adds the blocks of a file and of what it includes. */
void source_read(struct source *source, const struct cpp *cpp, const char *path);
/* source_read() of standard input; includes are sought in the current directory. */
void source_read_stdin(struct source *source, const struct cpp *cpp, const char *text, size_t len,
		       const char *name);
/* Adds the blocks of a text, which includes nothing. */
void source_read_text(struct source *source, const char *text, const char *name);
void source_add_input(struct source *source, const char *path);

/*
 * cpp.c: preprocesses a file if its text asks for it, or options do. NULL, with a message,
 * when that fails; @text itself when there is nothing to do. @path "-": it is given the text.
 */
const char *cpp_run(const struct cpp *cpp, const char *path, const char *text,
		    struct source *source);

#endif

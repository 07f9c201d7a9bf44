// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "source.h"
#include "vlinkcfg/vlinkcfg.h"
#include "vlinkcfg/private.h"

#define INCLUDE_DEPTH_MAX	16
#define INDENT_MAX	256	/* columns of longer lines are not told by dtc */

struct splitter {
	struct source *source;
	size_t file;		/* of the source */
	const struct cpp *cpp;	/* NULL: text alone, which includes nothing */
	struct lexer lexer;
	const char *directory;
	unsigned int depth;	/* of includes */
};

static void read_file(const struct splitter *from, const char *path, struct pos pos);

static bool expect(struct splitter *splitter, char c)
{
	struct token token = lex_next(&splitter->lexer);

	if (token_is_char(&token, c))
		return true;
	diag_error(CODE_SYNTAX, token.pos, "'%c' expected", c);
	return false;
}

static struct source_file *file_of(const struct splitter *splitter)
{
	return &splitter->source->files[splitter->file];
}

/* @first: its first token; @label: what it refers to, or NULL. */
static struct block *make_block(enum block_kind kind, const struct token *first, char *label)
{
	struct block *block = mem_alloc(sizeof(*block));

	block->kind = kind;
	block->label = label;
	block->pos = first->pos;
	block->start = first->start;
	block->indent = first->indent <= INDENT_MAX ? first->indent : 0;
	block->outline.pos = first->pos;
	block->outline.name = mem_string("");
	return block;
}

/* Adds a block that ends here. With blanks before it, columns in it are those of the file. */
static void add_block(struct splitter *splitter, struct block *block)
{
	struct source_file *file = file_of(splitter);

	block->text = mem_printf("%*s%.*s", (int)block->indent, "",
				 (int)(splitter->lexer.at - block->start), block->start);
	block->start = NULL;
	*MEM_APPEND(file->blocks, file->nr_blocks) = block;
}

static bool read_block(struct splitter *splitter, struct block *block)
{
	struct lexer *lexer = &splitter->lexer, end;
	struct token token;

	if (!outline_read(lexer, block))
		return false;
	end = *lexer;
	token = lex_next(lexer);
	if (!token_is_char(&token, ';') && !block->odd) {
		end.pos.column = (unsigned int)(end.at - end.line) + 1;
		diag_error(CODE_SYNTAX, end.pos, "';' expected after '}'");
		return false;
	}
	if (!token_is_char(&token, ';'))
		*lexer = end;
	add_block(splitter, block);
	return true;
}

static bool include(struct splitter *splitter)
{
	struct token name = lex_next(&splitter->lexer);
	char *path;

	if (name.kind != TOKEN_STRING || !splitter->cpp) {
		diag_error(CODE_INCLUDE, name.pos, "/include/ \"FILE\" expected");
		return false;
	}
	if (splitter->depth >= INCLUDE_DEPTH_MAX) {
		diag_error(CODE_TOO_DEEP, name.pos, "files are included too deeply");
		return false;
	}
	path = token_string(&name);
	if (*path != '/' && strcmp(splitter->directory, "."))
		path = mem_printf("%s/%s", splitter->directory, path);
	read_file(splitter, path, name.pos);
	return true;
}

static bool delete_node(struct splitter *splitter, const struct token *first)
{
	struct token label = lex_next(&splitter->lexer);
	struct block *block;

	if (label.kind != TOKEN_REFERENCE) {
		diag_error(CODE_BY_PATH, label.pos, "/delete-node/ &label; expected");
		return false;
	}
	block = make_block(BLOCK_DELETE, first, token_string(&label));
	block->outline.pos = label.pos;
	if (!expect(splitter, ';'))
		return false;
	add_block(splitter, block);
	return true;
}

/* A statement whose text is for dtc alone. */
static bool pass_on(struct splitter *splitter, const struct token *first, enum block_kind kind)
{
	struct token token;

	do {
		token = lex_next(&splitter->lexer);
		if (token.kind == TOKEN_END || token_is_char(&token, '{')) {
			diag_error(CODE_SYNTAX, token.pos, "';' expected after /%s/",
				   token_string(first));
			return false;
		}
		if (outline_refuses(&token))
			return false;
	} while (!token_is_char(&token, ';'));
	add_block(splitter, make_block(kind, first, NULL));
	return true;
}

static bool read_directive(struct splitter *splitter, const struct token *token)
{
	if (token_is(token, TOKEN_DIRECTIVE, "dts-v1"))
		return expect(splitter, ';');
	if (token_is(token, TOKEN_DIRECTIVE, "plugin")) {
		file_of(splitter)->overlay = true;
		return expect(splitter, ';');
	}
	if (token_is(token, TOKEN_DIRECTIVE, "include"))
		return include(splitter);
	if (token_is(token, TOKEN_DIRECTIVE, "delete-node"))
		return delete_node(splitter, token);
	if (token_is(token, TOKEN_DIRECTIVE, "memreserve"))
		return pass_on(splitter, token, BLOCK_RESERVE);
	if (token_is(token, TOKEN_DIRECTIVE, "omit-if-no-ref"))
		return pass_on(splitter, token, BLOCK_OTHER);
	diag_error(CODE_DIRECTIVE, token->pos, "/%s/ is not supported here", token_string(token));
	return false;
}

static bool read_referenced(struct splitter *splitter, const struct token *first,
			    const struct token *token, struct outline_node *labels)
{
	struct block *block = make_block(BLOCK_REFERENCE, first, token_string(token));

	block->outline.labels = labels->labels;
	block->outline.nr_labels = labels->nr_labels;
	return expect(splitter, '{') && read_block(splitter, block);
}

/* label: &reference { }. False, as yet without a message: it is something else. */
static bool read_labelled(struct splitter *splitter, const struct token *first, bool *goes_on)
{
	struct outline_node labels = { 0 };
	struct token token = *first, colon;
	struct lexer ahead = splitter->lexer;

	while (token.kind == TOKEN_NAME) {
		colon = lex_next(&ahead);
		if (!token_is_char(&colon, ':'))
			return false;
		*MEM_APPEND(labels.labels, labels.nr_labels) = token_string(&token);
		token = lex_next(&ahead);
	}
	if (token.kind != TOKEN_REFERENCE)
		return false;
	splitter->lexer = ahead;
	*goes_on = read_referenced(splitter, first, &token, &labels);
	return true;
}

static void refuse_outside(const struct token *token)
{
	if (outline_is_preprocessor_word(token))
		outline_refuse_preprocessor(token);
	else if (!outline_refuse_wrapped(token) && !outline_refuse_quote(token))
		diag_error(CODE_OUTSIDE, token->pos,
			   "'%s' stands outside of a block: '&vmN_vdevs { ... };' expected",
			   token_string(token));
}

/* Reads one thing at the top level; false at the end, or when it makes no sense. */
static bool read_top(struct splitter *splitter)
{
	struct token token = lex_next(&splitter->lexer);
	struct outline_node no_labels = { 0 };
	bool goes_on;

	switch (token.kind) {
	case TOKEN_END:
		return false;
	case TOKEN_DIRECTIVE:
		return read_directive(splitter, &token);
	case TOKEN_REFERENCE:
		return read_referenced(splitter, &token, &token, &no_labels);
	case TOKEN_BROKEN:
		outline_refuse_broken(&token);
		return false;
	case TOKEN_PUNCTUATION:
		if (token_is_char(&token, '/'))
			return expect(splitter, '{') &&
			       read_block(splitter, make_block(BLOCK_TREE, &token, NULL));
		break;
	case TOKEN_NAME:
		if (read_labelled(splitter, &token, &goes_on))
			return goes_on;
		break;
	default:
		break;
	}
	refuse_outside(&token);
	return false;
}

static const char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	return mem_copy(path, slash == path ? 1 : (size_t)(slash - path));
}

void source_add_input(struct source *source, const char *path)
{
	size_t i;

	for (i = 0; i < source->nr_inputs; i++)
		if (!strcmp(source->inputs[i], path))
			return;
	*MEM_APPEND(source->inputs, source->nr_inputs) = mem_string(path);
}

static void split(struct splitter *splitter, const char *text, const char *name)
{
	lex_start(&splitter->lexer, text, mem_string(name));
	while (read_top(splitter))
		;
}

static void read_file(const struct splitter *from, const char *path, struct pos pos)
{
	struct splitter splitter = *from;
	char err[VLINKCFG_ERR_MAX], *text = vlinkcfg_file_text(path, err);
	const char *processed;

	if (!text) {
		diag_error(CODE_FILE, pos, "%s", err);
		return;
	}
	source_add_input(from->source, path);
	splitter.directory = directory_of(path);
	splitter.depth++;
	processed = cpp_run(from->cpp, path, text, from->source);
	if (processed)
		split(&splitter, processed, path);
	free(text);
}

static size_t add_file(struct source *source)
{
	(void)MEM_APPEND(source->files, source->nr_files);
	return source->nr_files - 1;
}

void source_read(struct source *source, const struct cpp *cpp, const char *path)
{
	struct splitter splitter = { .source = source, .cpp = cpp, .file = add_file(source) };

	read_file(&splitter, path, diag_whole("dts2xl"));
}

void source_read_stdin(struct source *source, const struct cpp *cpp, const char *text, size_t len,
		       const char *name)
{
	struct splitter splitter = { .source = source, .cpp = cpp, .directory = ".",
				     .file = add_file(source) };
	const char *processed;

	if (memchr(text, '\0', len))
		diag_error(CODE_FILE, diag_whole(name), "contains a NUL byte");
	else if (len > VLINKCFG_FILE_MAX)
		diag_error(CODE_FILE, diag_whole(name), "larger than %u bytes", VLINKCFG_FILE_MAX);
	if (strlen(text) != len || len > VLINKCFG_FILE_MAX)
		return;
	processed = cpp_run(cpp, "-", text, source);
	if (processed)
		split(&splitter, processed, name);
}

void source_read_text(struct source *source, const char *text, const char *name)
{
	struct splitter splitter = { .source = source, .directory = ".",
				     .file = add_file(source) };

	split(&splitter, text, name);
}

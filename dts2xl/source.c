// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "source.h"
#include "vlinkcfg.h"
#include "vlinkcfg_private.h"

#define INCLUDE_DEPTH_MAX	16

struct splitter {
	struct source *source;
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

static struct block *add_block(struct splitter *splitter, enum block_kind kind,
			       const struct token *first, char *label)
{
	struct block *block = mem_alloc(sizeof(*block));

	block->kind = kind;
	block->label = label;
	block->pos = first->pos;
	block->directory = splitter->directory;
	block->outline.pos = first->pos;
	block->outline.name = mem_string("");
	return block;
}

static bool read_block(struct splitter *splitter, const struct token *first, char *label)
{
	struct block *block = add_block(splitter, label ? BLOCK_REFERENCE : BLOCK_TREE, first,
					label);
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
	block->text = mem_copy(first->start, (size_t)(lexer->at - first->start));
	*MEM_APPEND(splitter->source->blocks, splitter->source->nr_blocks) = block;
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

static bool delete_node(struct splitter *splitter)
{
	struct token label = lex_next(&splitter->lexer);
	struct block *block;

	if (label.kind != TOKEN_REFERENCE || *label.text == '{') {
		diag_error(CODE_BY_PATH, label.pos, "/delete-node/ &label; expected");
		return false;
	}
	block = add_block(splitter, BLOCK_DELETE, &label, token_string(&label));
	*MEM_APPEND(splitter->source->blocks, splitter->source->nr_blocks) = block;
	return expect(splitter, ';');
}

static bool read_directive(struct splitter *splitter, const struct token *token)
{
	if (token_is(token, TOKEN_DIRECTIVE, "dts-v1") ||
	    token_is(token, TOKEN_DIRECTIVE, "plugin"))
		return expect(splitter, ';');
	if (token_is(token, TOKEN_DIRECTIVE, "include"))
		return include(splitter);
	if (token_is(token, TOKEN_DIRECTIVE, "delete-node"))
		return delete_node(splitter);
	diag_error(CODE_DIRECTIVE, token->pos, "/%s/ is not supported here", token_string(token));
	return false;
}

static bool read_referenced(struct splitter *splitter, const struct token *token)
{
	char *label = token_string(token);

	if (*label == '{') {
		diag_error(CODE_BY_PATH, token->pos,
			   "a VM is named by its label, as in &vm2_vdevs, not by a path");
		return false;
	}
	return expect(splitter, '{') && read_block(splitter, token, label);
}

static void refuse_outside(const struct token *token)
{
	if (outline_is_preprocessor_word(token))
		outline_refuse_preprocessor(token);
	else if (!outline_refuse_wrapped(token))
		diag_error(CODE_OUTSIDE, token->pos,
			   "'%s' stands outside of a block: '&vmN_vdevs { ... };' expected",
			   token_string(token));
}

/* Reads one thing at the top level; false at the end, or when it makes no sense. */
static bool read_top(struct splitter *splitter)
{
	struct token token = lex_next(&splitter->lexer);

	switch (token.kind) {
	case TOKEN_END:
		return false;
	case TOKEN_DIRECTIVE:
		return read_directive(splitter, &token);
	case TOKEN_REFERENCE:
		return read_referenced(splitter, &token);
	case TOKEN_BROKEN:
		outline_refuse_broken(&token);
		return false;
	case TOKEN_PUNCTUATION:
		if (token_is_char(&token, '/'))
			return expect(splitter, '{') && read_block(splitter, &token, NULL);
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

void source_read(struct source *source, const struct cpp *cpp, const char *path)
{
	struct splitter splitter = { .source = source, .cpp = cpp };

	read_file(&splitter, path, diag_whole("dts2xl"));
}

void source_read_text(struct source *source, const char *text, const char *name)
{
	struct splitter splitter = { .source = source, .directory = "." };

	split(&splitter, text, name);
}

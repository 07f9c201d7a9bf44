// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "lex.h"
#include "mem.h"
#include "source.h"
#include "vlinkcfg.h"
#include "vlinkcfg_private.h"

#define INCLUDE_DEPTH_MAX	16
#define NODE_DEPTH_MAX		64

struct splitter {
	struct source *source;
	struct lexer lexer;
	const char *directory;
	unsigned int depth;	/* of includes */
};

static void read_file(struct source *source, const char *path, struct pos from,
		      unsigned int depth);

static bool is_preprocessor_word(const struct token *token)
{
	static const char *const words[] = {
		"#include", "#define", "#undef", "#if", "#ifdef", "#ifndef",
		"#else", "#elif", "#endif",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (token_is(token, TOKEN_NAME, words[i]))
			return true;
	return false;
}

static void refuse_preprocessor(const struct token *token)
{
	diag_error(token->pos, "'%s' is for a preprocessor: run 'cpp -nostdinc -undef -x assembler-with-cpp' over the file first",
		   token_string(token));
}

static void refuse_broken(const struct token *token)
{
	diag_error(token->pos, "a string or comment that begins here never ends");
}

static struct outline_node *add_child(struct outline_node *parent,
				      const struct token *name)
{
	struct outline_node *node = mem_alloc(sizeof(*node));

	node->name = token_string(name);
	node->pos = name->pos;
	node->parent = parent;
	*MEM_APPEND(parent->children, parent->nr_children) = node;
	return node;
}

static unsigned int depth_of(const struct outline_node *node)
{
	unsigned int depth = 0;

	while ((node = node->parent))
		depth++;
	return depth;
}

/* One statement of a node's body, as far as its labels and its name go. */
struct statement {
	struct token first;
	struct token name;
	struct token after;	/* the token behind the name */
	char **labels;
	size_t nr_labels;
};

static void read_statement(struct lexer *lexer, struct statement *stmt)
{
	memset(stmt, 0, sizeof(*stmt));
	stmt->name = lex_next(lexer);
	/* /omit-if-no-ref/ stands before a node. */
	while (token_is(&stmt->name, TOKEN_DIRECTIVE, "omit-if-no-ref"))
		stmt->name = lex_next(lexer);
	stmt->first = stmt->name;
	while (stmt->name.kind == TOKEN_NAME) {
		stmt->after = lex_next(lexer);
		if (!token_is_char(&stmt->after, ':'))
			return;
		*MEM_APPEND(stmt->labels, stmt->nr_labels) = token_string(&stmt->name);
		stmt->name = lex_next(lexer);
	}
}

/* Skips to the ; that ends a property; false when none comes before a brace. */
static bool skip_value(struct lexer *lexer, struct token token)
{
	while (!token_is_char(&token, ';')) {
		if (token.kind == TOKEN_END ||
		    token_is_char(&token, '{') || token_is_char(&token, '}'))
			return false;
		if (token.kind == TOKEN_BROKEN) {
			refuse_broken(&token);
			return false;
		}
		if (token_is(&token, TOKEN_DIRECTIVE, "incbin")) {
			diag_error(token.pos, "/incbin/ is not supported");
			return false;
		}
		token = lex_next(lexer);
	}
	return true;
}

/* dtc would speak of a label that does not exist. */
static bool is_peer_by_path(const struct statement *stmt, const struct token *value)
{
	return token_is(&stmt->name, TOKEN_NAME, "peer-phandle") &&
	       value->kind == TOKEN_REFERENCE;
}

static bool add_property(struct lexer *lexer, struct block *block, struct outline_node *node,
			 const struct statement *stmt)
{
	struct outline_property *property;
	struct token value = stmt->after;

	property = MEM_APPEND(node->properties, node->nr_properties);
	property->name = token_string(&stmt->name);
	property->pos = stmt->name.pos;
	if (token_is_char(&stmt->after, '=')) {
		value = lex_next(lexer);
	}
	if (is_peer_by_path(stmt, &value)) {
		diag_error(stmt->name.pos, "peer-phandle: a reference without < > is a path: write <&%s>",
			   token_string(&value));
		block->refused = true;
	}
	return skip_value(lexer, value);
}

/* Whatever stands where only a node or a property may stand. */
static bool refuse_statement(const struct block *block, const struct statement *stmt)
{
	if (stmt->name.kind == TOKEN_BROKEN || stmt->after.kind == TOKEN_BROKEN) {
		refuse_broken(stmt->name.kind == TOKEN_BROKEN ? &stmt->name : &stmt->after);
	} else if (is_preprocessor_word(&stmt->name)) {
		refuse_preprocessor(&stmt->name);
	} else if (stmt->name.kind == TOKEN_END || stmt->name.kind == TOKEN_REFERENCE) {
		diag_error(stmt->name.pos, "the block is not closed here: is a '};' missing?");
		diag_note(block->pos, "it begins here");
	} else if (token_is(&stmt->name, TOKEN_DIRECTIVE, "include")) {
		diag_error(stmt->name.pos, "/include/ is supported outside of blocks only");
	} else {
		return false;
	}
	return true;
}

enum outcome { BLOCK_GOES_ON, BLOCK_ENDS, BLOCK_ODD, BLOCK_REFUSED };

static enum outcome read_property(struct lexer *lexer, struct block *block,
				  struct outline_node *node, const struct statement *stmt)
{
	unsigned int errors = diag_errors();

	if (add_property(lexer, block, node, stmt))
		return BLOCK_GOES_ON;
	return diag_errors() > errors ? BLOCK_REFUSED : BLOCK_ODD;
}

static enum outcome enter_child(struct outline_node **node, const struct statement *stmt)
{
	struct outline_node *child;

	if (depth_of(*node) >= NODE_DEPTH_MAX) {
		diag_error(stmt->name.pos, "nodes are nested too deeply");
		return BLOCK_REFUSED;
	}
	child = add_child(*node, &stmt->name);
	child->labels = stmt->labels;
	child->nr_labels = stmt->nr_labels;
	*node = child;
	return BLOCK_GOES_ON;
}

static enum outcome read_body_statement(struct lexer *lexer, struct block *block,
					struct outline_node **node)
{
	struct statement stmt;

	read_statement(lexer, &stmt);
	if (token_is_char(&stmt.name, '}')) {
		*node = (*node)->parent;
		return *node ? BLOCK_GOES_ON : BLOCK_ENDS;
	}
	if (token_is_char(&stmt.name, ';'))
		return BLOCK_GOES_ON;
	if (stmt.name.kind == TOKEN_DIRECTIVE && !token_is(&stmt.name, TOKEN_DIRECTIVE, "include"))
		return skip_value(lexer, stmt.name) ? BLOCK_GOES_ON : BLOCK_ODD;
	if (stmt.name.kind == TOKEN_NAME && token_is_char(&stmt.after, '{'))
		return enter_child(node, &stmt);
	if (stmt.name.kind == TOKEN_NAME &&
	    (token_is_char(&stmt.after, '=') || token_is_char(&stmt.after, ';'))) {
		return read_property(lexer, block, *node, &stmt);
	}
	return refuse_statement(block, &stmt) ? BLOCK_REFUSED : BLOCK_ODD;
}

/* Behind a syntax error: by counting braces to where the block should end. */
static void skip_odd_rest(struct lexer *lexer, unsigned int depth)
{
	struct token token;

	while (depth) {
		token = lex_next(lexer);
		if (token.kind == TOKEN_END || token.kind == TOKEN_BROKEN)
			return;
		if (token_is_char(&token, '{'))
			depth++;
		if (token_is_char(&token, '}'))
			depth--;
	}
}

/*
 * Reads from behind the { of a block to its end. False when the file makes
 * no sense from here on.
 */
static bool read_body(struct lexer *lexer, struct block *block)
{
	struct outline_node *node = &block->outline;
	const char *before;
	enum outcome outcome;
	struct pos pos;

	do {
		before = lexer->at;
		pos = lexer->pos;
		outcome = read_body_statement(lexer, block, &node);
	} while (outcome == BLOCK_GOES_ON);
	if (outcome != BLOCK_ODD)
		return outcome == BLOCK_ENDS;
	block->odd = true;
	lexer->at = before;
	lexer->pos = pos;
	skip_odd_rest(lexer, depth_of(node) + 1);
	return true;
}

static bool read_block(struct splitter *splitter, const struct token *first, char *label)
{
	struct block *block = mem_alloc(sizeof(*block));
	struct lexer *lexer = &splitter->lexer, end;
	struct token token;

	block->label = label;
	block->pos = first->pos;
	block->directory = splitter->directory;
	block->outline.pos = first->pos;
	block->outline.name = "";
	if (!read_body(lexer, block))
		return false;
	end = *lexer;
	token = lex_next(lexer);
	if (!token_is_char(&token, ';') && !block->odd) {
		diag_error(end.pos, "';' expected after '}'");
		return false;
	}
	if (!token_is_char(&token, ';'))
		*lexer = end;
	block->text = mem_copy(first->start, (size_t)(lexer->at - first->start));
	*MEM_APPEND(splitter->source->blocks, splitter->source->nr_blocks) = block;
	return true;
}

static bool expect(struct splitter *splitter, char c)
{
	struct token token = lex_next(&splitter->lexer);

	if (token_is_char(&token, c))
		return true;
	diag_error(token.pos, "'%c' expected", c);
	return false;
}

static bool include(struct splitter *splitter)
{
	struct token name = lex_next(&splitter->lexer);
	char *path;

	if (name.kind != TOKEN_STRING) {
		diag_error(name.pos, "/include/ \"FILE\" expected");
		return false;
	}
	if (splitter->depth >= INCLUDE_DEPTH_MAX) {
		diag_error(name.pos, "files are included too deeply");
		return false;
	}
	path = token_string(&name);
	if (*path != '/' && strcmp(splitter->directory, "."))
		path = mem_printf("%s/%s", splitter->directory, path);
	read_file(splitter->source, path, name.pos, splitter->depth + 1);
	return true;
}

static bool read_directive(struct splitter *splitter, const struct token *token)
{
	if (token_is(token, TOKEN_DIRECTIVE, "dts-v1") ||
	    token_is(token, TOKEN_DIRECTIVE, "plugin"))
		return expect(splitter, ';');
	if (token_is(token, TOKEN_DIRECTIVE, "include"))
		return include(splitter);
	diag_error(token->pos, "/%s/ is not supported here", token_string(token));
	return false;
}

static bool read_referenced(struct splitter *splitter, const struct token *token)
{
	char *label = token_string(token);

	if (*label == '{') {
		diag_error(token->pos, "a VM is named by its label, as in &vm2_vdevs, not by a path");
		return false;
	}
	return expect(splitter, '{') && read_block(splitter, token, label);
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
		refuse_broken(&token);
		return false;
	case TOKEN_PUNCTUATION:
		if (token_is_char(&token, '/'))
			return expect(splitter, '{') && read_block(splitter, &token, NULL);
		break;
	default:
		break;
	}
	if (is_preprocessor_word(&token))
		refuse_preprocessor(&token);
	else
		diag_error(token.pos, "'%s' stands outside of a block: '&vmN_vdevs { ... };' expected",
			   token_string(&token));
	return false;
}

static const char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	return mem_copy(path, slash == path ? 1 : (size_t)(slash - path));
}

static void read_file(struct source *source, const char *path, struct pos from,
		      unsigned int depth)
{
	struct splitter splitter = {
		.source = source,
		.lexer.pos = { .file = mem_string(path), .line = 1 },
		.directory = directory_of(path),
		.depth = depth,
	};
	char err[VLINKCFG_ERR_MAX], *text = vlinkcfg_file_text(path, err);

	if (!text) {
		diag_error(from, "%s", err);
		return;
	}
	/* A byte order mark is no part of the text. */
	splitter.lexer.text = text + (strncmp(text, "\xef\xbb\xbf", 3) ? 0 : 3);
	splitter.lexer.at = splitter.lexer.text;
	while (read_top(&splitter))
		;
	free(text);
}

void source_read(struct source *source, const char *path)
{
	read_file(source, path, (struct pos){ .file = "dts2xl" }, 0);
}

static const struct outline_node *find_child(const struct outline_node *node,
					     const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < node->nr_children; i++)
		if (!strncmp(node->children[i]->name, name, len) &&
		    !node->children[i]->name[len])
			return node->children[i];
	return NULL;
}

const struct outline_node *outline_find(const struct outline_node *top, const char *path)
{
	size_t len;

	while (top && *path) {
		path += *path == '/';
		len = strcspn(path, "/");
		top = find_child(top, path, len);
		path += len;
	}
	return top;
}

struct pos outline_property_pos(const struct outline_node *node, const char *name)
{
	size_t i;

	for (i = 0; i < node->nr_properties; i++)
		if (!strcmp(node->properties[i].name, name))
			return node->properties[i].pos;
	return node->pos;
}

static bool has_label(const struct outline_node *node, const char *label)
{
	size_t i;

	for (i = 0; i < node->nr_labels; i++)
		if (!strcmp(node->labels[i], label))
			return true;
	return false;
}

/* NODE_DEPTH_MAX bounds the recursion. */
static const struct outline_node *find_label(const struct outline_node *node,
					     const char *label)
{
	const struct outline_node *found;
	size_t i;

	if (has_label(node, label))
		return node;
	for (i = 0; i < node->nr_children; i++) {
		found = find_label(node->children[i], label);
		if (found)
			return found;
	}
	return NULL;
}

const struct outline_node *source_find_label(const struct source *source, const char *label)
{
	const struct outline_node *found = NULL;
	size_t i;

	for (i = 0; !found && i < source->nr_blocks; i++)
		found = find_label(&source->blocks[i]->outline, label);
	return found;
}

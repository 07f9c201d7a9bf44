// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "outline.h"

#define NODE_DEPTH_MAX	64
#define DELETIONS_MAX	4096

bool outline_is_preprocessor_word(const struct token *token)
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

void outline_refuse_preprocessor(const struct token *token)
{
	diag_error(CODE_PREPROCESSOR, token->pos, "'%s' is for the preprocessor, which is switched off",
		   token_string(token));
}

void outline_refuse_broken(const struct token *token)
{
	diag_error(CODE_UNTERMINATED, token->pos, "a string or comment that begins here never ends");
}

bool outline_refuse_quote(const struct token *token)
{
	/* U+2018 to U+201F */
	if (token->kind != TOKEN_PUNCTUATION || strncmp(token->start, "\xe2\x80", 2) ||
	    ((unsigned char)token->start[2] & 0xf8) != 0x98)
		return false;
	diag_error(CODE_SYNTAX, token->pos, "a curly quotation mark: strings begin and end with \" alone");
	return true;
}

bool outline_refuse_wrapped(const struct token *token)
{
	if (token->kind != TOKEN_NAME || !token->after_comment)
		return false;
	diag_error(CODE_WRAPPED_COMMENT, token->pos,
		   "'%s' is no device tree source: is it the rest of the // comment of line %u?",
		   token_string(token), token->pos.line - 1);
	diag_note(token->pos, "a // comment ends with its line: join the two lines, or write // before this one");
	return true;
}

static int by_child_name(const void *a, const void *b)
{
	return strcmp((*(struct outline_node *const *)a)->name,
		      (*(struct outline_node *const *)b)->name);
}

static int by_property_name(const void *a, const void *b)
{
	return strcmp(((const struct outline_property *)a)->name,
		      ((const struct outline_property *)b)->name);
}

/* So that thousands of siblings are found at once. */
static void sort_contents(struct outline_node *node)
{
	size_t i;

	if (node->nr_children)
		qsort(node->children, node->nr_children, sizeof(struct outline_node *),
		      by_child_name);
	if (node->nr_properties)
		qsort(node->properties, node->nr_properties, sizeof(*node->properties),
		      by_property_name);
	for (i = 1; i < node->nr_children; i++)
		if (!by_child_name(&node->children[i - 1], &node->children[i]))
			node->children[i - 1]->twice = node->children[i]->twice = true;
}

struct outline_node *outline_child(const struct outline_node *node, const char *name)
{
	struct outline_node wanted = { .name = (char *)name }, *key = &wanted, **found = NULL;

	if (node->nr_children)
		found = bsearch(&key, node->children, node->nr_children,
				sizeof(struct outline_node *), by_child_name);
	return found ? *found : NULL;
}

struct outline_property *outline_property(const struct outline_node *node, const char *name)
{
	struct outline_property wanted = { .name = (char *)name };

	if (!node->nr_properties)
		return NULL;
	return bsearch(&wanted, node->properties, node->nr_properties, sizeof(wanted),
		       by_property_name);
}

bool outline_has_property(const struct outline_node *node, const char *name, struct pos *pos)
{
	const struct outline_property *found = outline_property(node, name);

	*pos = found ? found->pos : node->pos;
	return found;
}

/* What comes next in a node has this number. */
static size_t next_order(const struct outline_node *node)
{
	return node->nr_children + node->nr_deleted_nodes + node->nr_deleted_properties;
}

static struct outline_node *add_child(const struct block *block, struct outline_node *parent,
				      const struct token *name)
{
	struct outline_node *node = mem_alloc(sizeof(*node));

	node->name = token_string(name);
	node->pos = name->pos;
	node->offset = block->indent + (size_t)(name->start - block->start);
	node->order = next_order(parent);
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
	while (stmt->name.kind == TOKEN_NAME) {
		stmt->after = lex_next(lexer);
		if (!token_is_char(&stmt->after, ':'))
			return;
		*MEM_APPEND(stmt->labels, stmt->nr_labels) = token_string(&stmt->name);
		stmt->name = lex_next(lexer);
	}
}

bool outline_reads_files(const struct token *token)
{
	if (token_is(token, TOKEN_DIRECTIVE, "incbin"))
		diag_error(CODE_INCBIN, token->pos, "/incbin/ is not supported");
	else if (token_is(token, TOKEN_DIRECTIVE, "include"))
		diag_error(CODE_INCLUDE, token->pos, "/include/ is supported outside of blocks only");
	else
		return false;
	return true;
}

bool outline_refuses(const struct token *token)
{
	if (token->kind != TOKEN_BROKEN)
		return outline_reads_files(token);
	outline_refuse_broken(token);
	return true;
}

enum outcome { BLOCK_GOES_ON, BLOCK_ENDS, BLOCK_ODD, BLOCK_REFUSED };

static bool opens(const struct token *token)
{
	return token_is_char(token, '<') || token_is_char(token, '[');
}

static bool closes(const struct token *token)
{
	return token_is_char(token, '>') || token_is_char(token, ']');
}

static void add_reference(struct block *block, const struct token *token,
			  struct outline_property *property)
{
	struct reference *reference = MEM_APPEND(block->references, block->nr_references);

	reference->label = token_string(token);
	reference->pos = token->pos;
	if (property && !property->reference)
		property->reference = reference->label;
}

/* Skips to the ; that ends a property, or another statement. */
static enum outcome skip_value(struct lexer *lexer, struct block *block,
			       struct outline_property *property, struct token token)
{
	bool cells = false;

	while (!token_is_char(&token, ';')) {
		if (token.kind == TOKEN_END ||
		    token_is_char(&token, '{') || token_is_char(&token, '}'))
			return BLOCK_ODD;
		if (outline_refuses(&token))
			return BLOCK_REFUSED;
		if (outline_refuse_quote(&token) || (!cells && outline_refuse_wrapped(&token))) {
			block->refused = true;
			return BLOCK_ODD;
		}
		if (token.kind == TOKEN_REFERENCE)
			add_reference(block, &token, property);
		cells = (cells || opens(&token)) && !closes(&token);
		token = lex_next(lexer);
	}
	return BLOCK_GOES_ON;
}

/* dtc would speak of a label that does not exist. */
static bool is_peer_by_path(const struct statement *stmt, const struct token *value)
{
	return token_is(&stmt->name, TOKEN_NAME, "peer-phandle") &&
	       value->kind == TOKEN_REFERENCE;
}

static enum outcome read_property(struct lexer *lexer, struct block *block,
				  struct outline_node *node, const struct statement *stmt)
{
	struct outline_property *property;
	struct token value = stmt->after;

	property = MEM_APPEND(node->properties, node->nr_properties);
	property->name = token_string(&stmt->name);
	property->pos = stmt->name.pos;
	if (token_is_char(&stmt->after, '='))
		value = lex_next(lexer);
	if (is_peer_by_path(stmt, &value)) {
		diag_error(CODE_BY_PATH, stmt->name.pos,
			   "peer-phandle: a reference without < > is a path: write <&%s>",
			   token_string(&value));
		block->refused = true;
	}
	return skip_value(lexer, block, property, value);
}

static struct outline_deletion *add_deletion(struct outline_node *node, bool of_node)
{
	return of_node ? MEM_APPEND(node->deleted_nodes, node->nr_deleted_nodes)
		       : MEM_APPEND(node->deleted_properties, node->nr_deleted_properties);
}

static enum outcome read_deletion(struct lexer *lexer, struct outline_node *node, bool of_node)
{
	struct token name = lex_next(lexer), end;
	struct outline_deletion *deletion;
	size_t order = next_order(node);

	if (name.kind != TOKEN_NAME)
		return BLOCK_ODD;
	end = lex_next(lexer);
	if (!token_is_char(&end, ';'))
		return BLOCK_ODD;
	if (node->nr_deleted_nodes + node->nr_deleted_properties >= DELETIONS_MAX) {
		diag_error(CODE_DELETE, name.pos, "more than %d deletions in a node", DELETIONS_MAX);
		return BLOCK_REFUSED;
	}
	deletion = add_deletion(node, of_node);
	deletion->name = token_string(&name);
	deletion->pos = name.pos;
	deletion->order = order;
	return BLOCK_GOES_ON;
}

static enum outcome read_directive(struct lexer *lexer, struct block *block,
				   struct outline_node *node, const struct token *directive)
{
	if (outline_reads_files(directive))
		return BLOCK_REFUSED;
	if (token_is(directive, TOKEN_DIRECTIVE, "delete-node"))
		return read_deletion(lexer, node, true);
	if (token_is(directive, TOKEN_DIRECTIVE, "delete-property"))
		return read_deletion(lexer, node, false);
	return skip_value(lexer, block, NULL, *directive);
}

/* Whatever stands where only a node or a property may stand. */
static enum outcome refuse_statement(struct block *block, const struct statement *stmt)
{
	if (stmt->name.kind == TOKEN_BROKEN || stmt->after.kind == TOKEN_BROKEN) {
		outline_refuse_broken(stmt->name.kind == TOKEN_BROKEN ? &stmt->name : &stmt->after);
	} else if (outline_is_preprocessor_word(&stmt->name)) {
		outline_refuse_preprocessor(&stmt->name);
	} else if (stmt->name.kind == TOKEN_END || stmt->name.kind == TOKEN_REFERENCE) {
		diag_error(CODE_BLOCK_NOT_CLOSED, stmt->name.pos,
			   "the block is not closed here: is a '};' missing?");
		diag_note(block->pos, "it begins here");
	} else {
		if (outline_refuse_quote(&stmt->name) || outline_refuse_quote(&stmt->after) ||
		    outline_refuse_wrapped(&stmt->name) || outline_refuse_wrapped(&stmt->after))
			block->refused = true;
		return BLOCK_ODD;
	}
	return BLOCK_REFUSED;
}

static enum outcome enter_child(const struct block *block, struct outline_node **node,
				const struct statement *stmt)
{
	struct outline_node *child;

	if (depth_of(*node) >= NODE_DEPTH_MAX) {
		diag_error(CODE_TOO_DEEP, stmt->name.pos, "nodes are nested too deeply");
		return BLOCK_REFUSED;
	}
	child = add_child(block, *node, &stmt->name);
	child->labels = stmt->labels;
	child->nr_labels = stmt->nr_labels;
	*node = child;
	return BLOCK_GOES_ON;
}

static enum outcome leave(struct outline_node **node)
{
	sort_contents(*node);
	*node = (*node)->parent;
	return *node ? BLOCK_GOES_ON : BLOCK_ENDS;
}

static enum outcome read_body_statement(struct lexer *lexer, struct block *block,
					struct outline_node **node)
{
	struct statement stmt;

	read_statement(lexer, &stmt);
	if (token_is_char(&stmt.name, '}'))
		return leave(node);
	if (token_is_char(&stmt.name, ';'))
		return BLOCK_GOES_ON;
	if (stmt.name.kind == TOKEN_DIRECTIVE)
		return read_directive(lexer, block, *node, &stmt.name);
	if (stmt.name.kind == TOKEN_NAME && token_is_char(&stmt.after, '{'))
		return enter_child(block, node, &stmt);
	if (stmt.name.kind == TOKEN_NAME &&
	    (token_is_char(&stmt.after, '=') || token_is_char(&stmt.after, ';')))
		return read_property(lexer, block, *node, &stmt);
	return refuse_statement(block, &stmt);
}

/*
 * Skips what follows a syntax error, up to where the block should end, by counting braces.
 * False, with a message, at what dtc is not to see.
 */
static bool skip_odd_rest(struct lexer *lexer, unsigned int depth)
{
	struct token token;

	while (depth) {
		token = lex_next(lexer);
		if (token.kind == TOKEN_END || token.kind == TOKEN_BROKEN)
			return true;
		if (outline_reads_files(&token))
			return false;
		if (token_is_char(&token, '{'))
			depth++;
		if (token_is_char(&token, '}'))
			depth--;
	}
	return true;
}

bool outline_read(struct lexer *lexer, struct block *block)
{
	struct outline_node *node = &block->outline;
	enum outcome outcome;
	struct lexer before;

	do {
		before = *lexer;
		outcome = read_body_statement(lexer, block, &node);
	} while (outcome == BLOCK_GOES_ON);
	if (outcome != BLOCK_ODD)
		return outcome == BLOCK_ENDS;
	block->odd = true;
	*lexer = before;
	return skip_odd_rest(lexer, depth_of(node) + 1);
}

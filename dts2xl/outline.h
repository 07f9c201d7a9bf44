/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the nodes and properties of a block stand: dtc's output has no positions. */
#ifndef DTS2XL_OUTLINE_H
#define DTS2XL_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "diag.h"
#include "lex.h"

struct outline_property {
	char *name;
	struct pos pos;
};

/* /delete-node/ or /delete-property/ of what this block does not have itself. */
struct outline_deletion {
	char *name;
	struct pos pos;
};

struct outline_node {
	char *name;
	struct pos pos;
	char **labels;
	size_t nr_labels;
	struct outline_property *properties;	/* by name once the node is read */
	size_t nr_properties;
	struct outline_node **children;		/* likewise */
	size_t nr_children;
	struct outline_deletion *deleted_nodes;
	size_t nr_deleted_nodes;
	struct outline_deletion *deleted_properties;
	size_t nr_deleted_properties;
	struct outline_node *parent;
};

enum block_kind {
	BLOCK_TREE,		/* / { } */
	BLOCK_REFERENCE,	/* &label { } */
	BLOCK_DELETE,		/* /delete-node/ &label */
};

struct block {
	enum block_kind kind;
	char *label;		/* NULL for BLOCK_TREE */
	struct pos pos;
	char *text;		/* from & to the last ; */
	const char *directory;	/* of the file */
	struct outline_node outline;
	bool refused;		/* for a reason that was reported already */
	bool odd;		/* the outline may be incomplete: dtc should complain */
};

/*
 * Reads from behind the { of a block to its }. False, with a message, when the file
 * makes no sense from here on.
 */
bool outline_read(struct lexer *lexer, struct block *block);

/* Messages that are for the top level of a file as well. */
bool outline_is_preprocessor_word(const struct token *token);
void outline_refuse_preprocessor(const struct token *token);
void outline_refuse_broken(const struct token *token);
/* True, with a message, if the token is the rest of a comment. */
bool outline_refuse_wrapped(const struct token *token);

/* NULL: not there. */
const struct outline_node *outline_child(const struct outline_node *node, const char *name);
/* Where a property stands; false, and the node's own place, when it is not to be found. */
bool outline_has_property(const struct outline_node *node, const char *name, struct pos *pos);

#endif

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
	char *reference;	/* the first label that its value refers to; NULL: none */
};

/* /delete-node/ or /delete-property/ NAME. */
struct outline_deletion {
	char *name;
	struct pos pos;
	size_t order;	/* among the nodes and deletions of its parent */
};

struct outline_node {
	char *name;
	char *written;		/* the name in the file, where @name is another; or NULL */
	struct pos pos;
	size_t offset;		/* of the name in the text of its block */
	size_t order;
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
	bool twice;		/* the body that it stands in has another of its name */
	bool invented;		/* no tree has it: it is there for references to it */
};

enum block_kind {
	BLOCK_TREE,		/* / { } */
	BLOCK_REFERENCE,	/* &label { }, &{path} { } */
	BLOCK_DELETE,		/* /delete-node/ &label, &{path} */
	BLOCK_RESERVE,		/* /memreserve/, which comes before all others */
	BLOCK_OTHER,		/* what concerns nobody but dtc */
};

/* A name behind an &. */
struct reference {
	char *label;		/* or {path} */
	struct pos pos;
};

/* A name that must be another for dtc. */
struct rename {
	size_t end;		/* of the written name, in the block's text */
	const char *tail;	/* what comes behind it */
};

struct block {
	enum block_kind kind;
	char *label;		/* what &label or &{path} names; NULL for other kinds */
	struct pos pos;
	const char *start;	/* in the file's text, while it is read */
	size_t indent;		/* what stands before it on its line */
	char *text;		/* to the last ;, behind as many blanks */
	struct outline_node outline;	/* its labels are those before the & */
	struct reference *references;	/* in values */
	size_t nr_references;
	struct rename *renames;
	size_t nr_renames;
	bool elsewhere;		/* it deletes what another input has: not for dtc */
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
/* True, with a message, for a quotation mark of a text, which is none of source. */
bool outline_refuse_quote(const struct token *token);
/* True, with a message, if the token is the rest of a comment. */
bool outline_refuse_wrapped(const struct token *token);

/* True, with a message, for what would have dtc read other files. */
bool outline_reads_files(const struct token *token);
/* True, with a message, for what no statement may have: that, or a broken token. */
bool outline_refuses(const struct token *token);

/* NULL: not there. */
struct outline_node *outline_child(const struct outline_node *node, const char *name);
struct outline_property *outline_property(const struct outline_node *node, const char *name);
/* Where a property stands; false, and the node's own place, when it is not to be found. */
bool outline_has_property(const struct outline_node *node, const char *name, struct pos *pos);

#endif

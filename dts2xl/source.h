/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The input files, split into their top-level blocks. Each block is compiled
 * apart, because dtc silently merges nodes of the same name from different
 * blocks of one VM.
 *
 * dtc's output has no positions; so beside its text each block has an outline
 * that says where its nodes and properties stand.
 */
#ifndef DTS2XL_SOURCE_H
#define DTS2XL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "diag.h"

struct outline_property {
	char *name;
	struct pos pos;
};

struct outline_node {
	char *name;
	struct pos pos;
	char **labels;
	size_t nr_labels;
	struct outline_property *properties;
	size_t nr_properties;
	struct outline_node **children;
	size_t nr_children;
	struct outline_node *parent;
};

struct block {
	char *label;		/* of &label { }; NULL: a / { } block */
	struct pos pos;
	char *text;		/* from & to the last ; */
	const char *directory;	/* of the file */
	struct outline_node outline;
	bool refused;		/* for a reason that was reported already */
	bool odd;		/* the outline may be incomplete: dtc should complain */
};

struct source {
	struct block **blocks;
	size_t nr_blocks;
};

/* Adds the blocks of a file and of what it includes. */
void source_read(struct source *source, const char *path);

/* By "a/b" below the block's top; "" is the top itself. NULL: not there. */
const struct outline_node *outline_find(const struct outline_node *top, const char *path);
/* The node with that label in any block. NULL: none. */
const struct outline_node *source_find_label(const struct source *source, const char *label);
/* Where a property stands; the node's own place when it is not to be found. */
struct pos outline_property_pos(const struct outline_node *node, const char *name);

#endif

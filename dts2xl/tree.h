/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads VMs and their device nodes from compiled blocks and from blobs. */
#ifndef DTS2XL_TREE_H
#define DTS2XL_TREE_H

#include "blob.h"
#include "model.h"

struct tree {
	struct model *model;
	const struct blob *blob;
	const struct block *block;	/* NULL: the blob was the input */
	const char *file;		/* of a blob */
	struct node **nodes;		/* by the number of the blob's node */
};

/* A block as dtc compiled it: an overlay not yet applied. */
void tree_read_block(struct model *model, const struct block *block, const void *fdt, size_t size);
/* A .dtb or .dtbo of @size bytes. */
void tree_read_blob(struct model *model, const char *file, const void *fdt, size_t size);

/* node.c: what a device node's properties say. */
void node_read(const struct tree *tree, const struct blob_node *at, struct node *node,
	       const struct outline_node *outline);
/* vm.c: what the tree says about a VM itself. */
void vm_read(const struct tree *tree, const struct blob_node *at, unsigned int vm,
	     const struct outline_node *outline);

/* The place of a node of the blob, in the source or by its path. */
const struct outline_node *tree_outline(const struct tree *tree, const struct blob_node *at,
					const struct outline_node *in);
/* One or more strings, each NUL-terminated. */
bool tree_is_string_list(const char *data, int len);
bool tree_is_printable(const char *data, size_t len);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads VMs and their device nodes from compiled blocks and from blobs. */
#ifndef DTS2XL_TREE_H
#define DTS2XL_TREE_H

#include "blob.h"
#include "model.h"
#include "unit.h"

struct tree {
	struct model *model;
	const struct blob *blob;
	const struct unit *unit;	/* NULL: the blob was the input */
	const char *file;		/* of a blob */
	struct node **nodes;		/* by the number of the blob's node */
};

/* A unit as dtc compiled it, or a .dtb or .dtbo (@unit is NULL), of @size bytes. */
void tree_read(struct model *model, const struct unit *unit, const char *file, const void *fdt,
	       size_t size);
/* What stands below @at, which is for a VM, or for none of its containers (@vm is 0). */
void tree_scan(struct tree *tree, const struct blob_node *at, unsigned int vm);
void tree_read_container(struct tree *tree, const struct blob_node *at, unsigned int vm,
			 const struct outline_node *outline);
unsigned int tree_container(const struct tree *tree, const struct blob_node *node);
/* The VM that a node is, by its label or its container; 0: it is none. */
unsigned int tree_vm(const struct tree *tree, const struct blob_node *node);
struct node *tree_device(const struct tree *tree, const struct blob_node *node);
/* Changes a device as @at says. */
void tree_amend(const struct tree *tree, const struct blob_node *at, struct node *node,
		const struct outline_node *outline);
/* Finds what phandles refer to, once all is read, and devices that are in no container. */
void tree_find_peers(struct model *model);
void tree_check_strays(const struct tree *tree);

/* node.c: what a device node's properties say; @outline: a block that changes it, or NULL. */
void node_read(const struct tree *tree, const struct blob_node *at, struct node *node,
	       const struct outline_node *outline);
/* vm.c: what the tree says about a VM itself. */
void vm_read(const struct tree *tree, const struct blob_node *at, unsigned int vm,
	     const struct outline_node *outline);

/* The place of a node of the blob, in the source or by its path. */
const struct outline_node *tree_outline(const struct tree *tree, const struct blob_node *at);
/* False, with a message, for a status that is neither okay nor one of the others. */
bool tree_read_status(struct pos pos, const char *data, int len, bool *disabled);
/* One or more strings, each NUL-terminated. */
bool tree_is_string_list(const char *data, int len);
bool tree_is_printable(const char *data, size_t len);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An index of a device tree blob. libfdt searches from the start for each path and
 * phandle, which for many nodes takes the square of their number.
 */
#ifndef DTS2XL_BLOB_H
#define DTS2XL_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include "map.h"

#define BLOB_DEPTH_MAX	64
#define BLOB_SIZE_MAX	(64u << 20)
#define BLOB_NODES_MAX	2000000u

struct blob_node {
	int offset;
	struct blob_node *parent;	/* NULL: the root */
	const char *name;
	uint32_t phandle;		/* 0: none */
};

/* A label, and the place that it stands for. */
struct blob_reference {
	const struct blob_node *node;
	const char *property;		/* NULL: the node itself */
	size_t property_len;
	const char *label;
};

struct blob {
	const void *fdt;
	struct blob_node *nodes;	/* the root first */
	size_t nr_nodes;
	struct blob_node **by_name;	/* below the same parent */
	struct blob_node **by_phandle;
	size_t nr_phandles;
	struct blob_reference *symbols;
	size_t nr_symbols;
	struct map by_label;		/* nodes */
	struct blob_reference *fixups;
	size_t nr_fixups;
};

/* Indexes @size bytes. NULL: they are no sound blob, and @why says what is wrong. */
struct blob *blob_open(const void *fdt, size_t size, const char **why);
struct blob_node *blob_child(const struct blob *blob, const struct blob_node *parent,
			     const char *name, size_t len);
struct blob_node *blob_by_label(const struct blob *blob, const char *label);
struct blob_node *blob_path(const struct blob *blob, const char *path);
/* The node's own place among __local_fixups__, or NULL. */
struct blob_node *blob_local_fixups(const struct blob *blob, const struct blob_node *node);
struct blob_node *blob_by_phandle(const struct blob *blob, uint32_t phandle);
/* Its first symbol, in the order of the labels; @nr: how many it has. */
const struct blob_reference *blob_symbols_of(const struct blob *blob,
					     const struct blob_node *node, size_t *nr);
/* The label outside of the blob to which a property's first cell refers, or NULL. */
const char *blob_fixup(const struct blob *blob, const struct blob_node *node,
		       const char *property);

#endif

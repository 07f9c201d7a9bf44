// SPDX-License-Identifier: LGPL-2.1-or-later
#include <libfdt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "blob.h"
#include "mem.h"

#define VERSION_MIN	16	/* names are paths before */
#define TAG_ALIGN(size)	(((size) + FDT_TAGSIZE - 1) / FDT_TAGSIZE * FDT_TAGSIZE)

/* By parent, which addresses stand for, then by name. */
static int compare_names(const struct blob_node *parent_a, const char *name_a, size_t len_a,
			 const struct blob_node *parent_b, const char *name_b)
{
	int order = (parent_a > parent_b) - (parent_a < parent_b);

	if (!order)
		order = strncmp(name_a, name_b, len_a);
	if (!order)
		order = name_b[len_a] ? -1 : 0;
	return order;
}

static int by_name(const void *a, const void *b)
{
	const struct blob_node *node_a = *(struct blob_node *const *)a;
	const struct blob_node *node_b = *(struct blob_node *const *)b;

	return compare_names(node_a->parent, node_a->name, strlen(node_a->name),
			     node_b->parent, node_b->name);
}

static int by_phandle(const void *a, const void *b)
{
	const struct blob_node *node_a = *(struct blob_node *const *)a;
	const struct blob_node *node_b = *(struct blob_node *const *)b;
	int order = (node_a->phandle > node_b->phandle) - (node_a->phandle < node_b->phandle);

	return order ? order : (node_a > node_b) - (node_a < node_b);
}

static int by_place(const void *a, const void *b)
{
	const struct blob_reference *ref_a = a, *ref_b = b;
	int order = (ref_a->node > ref_b->node) - (ref_a->node < ref_b->node);

	if (!order && ref_a->property)
		order = strncmp(ref_a->property, ref_b->property,
				ref_a->property_len > ref_b->property_len ?
				ref_a->property_len : ref_b->property_len);
	return order ? order : strcmp(ref_a->label, ref_b->label);
}

static const char *add_node(struct blob *blob, struct blob_node **stack, int offset, int depth)
{
	struct blob_node *node;
	const char *name = fdt_get_name(blob->fdt, offset, NULL);

	if (depth >= BLOB_DEPTH_MAX)
		return "its nodes are nested too deeply";
	if (!name)
		return "a node has no name";
	if (blob->nr_nodes == BLOB_NODES_MAX)
		return "it has too many nodes";
	node = &blob->nodes[blob->nr_nodes++];
	node->offset = offset;
	node->parent = depth ? stack[depth - 1] : NULL;
	node->name = name;
	node->phandle = fdt_get_phandle(blob->fdt, offset);
	if (node->phandle == (uint32_t)-1)
		node->phandle = 0;
	stack[depth] = node;
	return NULL;
}

static size_t count_nodes(const void *fdt)
{
	int offset, depth = 0;
	size_t nr = 0;

	for (offset = 0; offset >= 0 && depth >= 0 && nr < BLOB_NODES_MAX;
	     offset = fdt_next_node(fdt, offset, &depth))
		nr++;
	return nr;
}

static const char *add_nodes(struct blob *blob)
{
	struct blob_node *stack[BLOB_DEPTH_MAX];
	const char *why = NULL;
	int offset, depth = 0;

	blob->nodes = mem_alloc((count_nodes(blob->fdt) + 1) * sizeof(*blob->nodes));
	for (offset = 0; offset >= 0 && depth >= 0 && !why;
	     offset = fdt_next_node(blob->fdt, offset, &depth))
		why = add_node(blob, stack, offset, depth);
	return why;
}

static void sort_nodes(struct blob *blob)
{
	size_t i;

	blob->by_name = mem_alloc(blob->nr_nodes * sizeof(struct blob_node *));
	blob->by_phandle = mem_alloc(blob->nr_nodes * sizeof(struct blob_node *));
	for (i = 0; i < blob->nr_nodes; i++) {
		blob->by_name[i] = &blob->nodes[i];
		if (blob->nodes[i].phandle)
			blob->by_phandle[blob->nr_phandles++] = &blob->nodes[i];
	}
	qsort(blob->by_name, blob->nr_nodes, sizeof(struct blob_node *), by_name);
	qsort(blob->by_phandle, blob->nr_phandles, sizeof(struct blob_node *), by_phandle);
}

struct blob_node *blob_child(const struct blob *blob, const struct blob_node *parent,
			     const char *name, size_t len)
{
	size_t low = 0, high = blob->nr_nodes, middle;
	int order;

	while (parent && low < high) {
		middle = low + (high - low) / 2;
		order = compare_names(parent, name, len, blob->by_name[middle]->parent,
				      blob->by_name[middle]->name);
		if (!order)
			return blob->by_name[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static struct blob_node *find_path(const struct blob *blob, const char *path, size_t len)
{
	struct blob_node *node = blob->nodes;
	const char *end = path + len, *slash;

	while (node && path < end) {
		path += *path == '/';
		if (path == end)
			break;
		slash = memchr(path, '/', (size_t)(end - path));
		if (!slash)
			slash = end;
		node = blob_child(blob, node, path, (size_t)(slash - path));
		path = slash;
	}
	return node;
}

struct blob_node *blob_path(const struct blob *blob, const char *path)
{
	return find_path(blob, path, strlen(path));
}

struct blob_node *blob_local_fixups(const struct blob *blob, const struct blob_node *node)
{
	const char *name = node->parent ? node->name : "__local_fixups__";
	const struct blob_node *parent = node->parent ?
		blob_local_fixups(blob, node->parent) : blob->nodes;

	return blob_child(blob, parent, name, strlen(name));
}

struct blob_node *blob_by_phandle(const struct blob *blob, uint32_t phandle)
{
	size_t low = 0, high = blob->nr_phandles, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (blob->by_phandle[middle]->phandle < phandle)
			low = middle + 1;
		else
			high = middle;
	}
	return low < blob->nr_phandles && blob->by_phandle[low]->phandle == phandle ?
		blob->by_phandle[low] : NULL;
}

/* Names of symbols that dtc would not accept as labels are left out: links are named by labels. */
static bool is_label(const char *text)
{
	return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
	       strlen(text);
}

static void add_symbol(struct blob *blob, const char *label, const char *path)
{
	struct blob_reference *ref;
	struct blob_node *node = *path == '/' ? blob_path(blob, path) : NULL;

	if (!node || !*label || !is_label(label))
		return;
	ref = MEM_APPEND(blob->symbols, blob->nr_symbols);
	ref->node = node;
	ref->label = label;
	map_set(&blob->by_label, label, node);
}

struct blob_node *blob_by_label(const struct blob *blob, const char *label)
{
	return map_get(&blob->by_label, label);
}

/* @where: PATH:PROPERTY:OFFSET. Only a property's first cell is of interest. */
static void add_fixup(struct blob *blob, const char *label, const char *where)
{
	const char *property = strchr(where, ':'), *offset;
	struct blob_reference *ref;
	struct blob_node *node;

	offset = property ? strchr(property + 1, ':') : NULL;
	if (!offset || strcmp(offset, ":0"))
		return;
	node = find_path(blob, where, (size_t)(property - where));
	if (!node)
		return;
	ref = MEM_APPEND(blob->fixups, blob->nr_fixups);
	ref->node = node;
	ref->property = property + 1;
	ref->property_len = (size_t)(offset - property - 1);
	ref->label = label;
}

/* Hands out what a node like __symbols__ has: labels, and strings with places. */
static void read_references(struct blob *blob, const char *path,
			    void (*add)(struct blob *blob, const char *label, const char *where))
{
	struct blob_node *node = blob_path(blob, path);
	const char *label, *data, *at;
	int prop, len;

	if (!node)
		return;
	fdt_for_each_property_offset(prop, blob->fdt, node->offset) {
		data = fdt_getprop_by_offset(blob->fdt, prop, &label, &len);
		if (!data || len <= 0 || data[len - 1])
			continue;
		for (at = data; at < data + len; at += strlen(at) + 1)
			add(blob, label, at);
	}
}

static void sort_references(struct blob_reference *refs, size_t nr)
{
	if (nr)
		qsort(refs, nr, sizeof(*refs), by_place);
}

/*
 * Bytes of what follows a tag, of which @room are there; 0: nothing libfdt would go on
 * from. A property may claim to have more.
 */
static uint64_t size_behind(uint32_t tag, const char *at, size_t room)
{
	size_t len;

	switch (tag) {
	case FDT_BEGIN_NODE:
		len = strnlen(at, room);
		return len < room ? len + 1 : 0;
	case FDT_PROP:
		if (room < 2 * FDT_TAGSIZE)
			return 0;
		return (uint64_t)2 * FDT_TAGSIZE + fdt32_ld((const fdt32_t *)(const void *)at);
	}
	return 0;
}

/*
 * Up to 1.6.1 libfdt adds a property's length without a look: a negative one leads it
 * backward, and round for ever.
 */
static bool lengths_are_possible(const void *fdt)
{
	const char *block = (const char *)fdt + fdt_off_dt_struct(fdt);
	size_t size = fdt_totalsize(fdt) - fdt_off_dt_struct(fdt), at = 0;
	uint64_t behind;

	while (at < size && size - at >= FDT_TAGSIZE) {
		uint32_t tag = fdt32_ld((const fdt32_t *)(const void *)(block + at));

		at += FDT_TAGSIZE;
		if (tag == FDT_NOP || tag == FDT_END_NODE)
			continue;
		behind = size_behind(tag, block + at, size - at);
		if (behind > size - at)
			return false;
		if (!behind)
			break;
		at += TAG_ALIGN(behind);
	}
	return true;
}

/* The version first: fdt_check_full() stumbles over names of older ones. */
static const char *check(const void *fdt, size_t size)
{
	int ret = size < sizeof(struct fdt_header) ? -FDT_ERR_TRUNCATED : fdt_check_header(fdt);

	if (!ret && fdt_version(fdt) < VERSION_MIN)
		return "its version is too old";
	if (!ret && size < fdt_totalsize(fdt))
		ret = -FDT_ERR_TRUNCATED;
	if (!ret && !lengths_are_possible(fdt))
		return "a property is longer than it can be";
	if (!ret)
		ret = fdt_check_full(fdt, size);
	return ret ? fdt_strerror(ret) : NULL;
}

struct blob *blob_open(const void *fdt, size_t size, const char **why)
{
	struct blob *blob = mem_alloc(sizeof(*blob));

	blob->fdt = fdt;
	*why = check(fdt, size);
	if (!*why)
		*why = add_nodes(blob);
	if (*why)
		return NULL;
	sort_nodes(blob);
	read_references(blob, "/__symbols__", add_symbol);
	read_references(blob, "/__fixups__", add_fixup);
	sort_references(blob->symbols, blob->nr_symbols);
	sort_references(blob->fixups, blob->nr_fixups);
	return blob;
}

/* The first of the sorted references whose node is not before @node. */
static size_t lower_bound(const struct blob_reference *refs, size_t nr,
			  const struct blob_node *node)
{
	size_t low = 0, high = nr, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (refs[middle].node < node)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct blob_reference *blob_symbols_of(const struct blob *blob,
					     const struct blob_node *node, size_t *nr)
{
	size_t at = lower_bound(blob->symbols, blob->nr_symbols, node), i;

	for (i = at; i < blob->nr_symbols && blob->symbols[i].node == node; i++)
		;
	*nr = i - at;
	return i > at ? &blob->symbols[at] : NULL;
}

const char *blob_fixup(const struct blob *blob, const struct blob_node *node,
		       const char *property)
{
	size_t i = lower_bound(blob->fixups, blob->nr_fixups, node);
	const struct blob_reference *ref;

	for (; i < blob->nr_fixups && blob->fixups[i].node == node; i++) {
		ref = &blob->fixups[i];
		if (ref->property_len == strlen(property) &&
		    !memcmp(ref->property, property, ref->property_len))
			return ref->label;
	}
	return NULL;
}

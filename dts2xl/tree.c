// SPDX-License-Identifier: LGPL-2.1-or-later
/* Finds the containers of VMs in a blob: one that dtc made of a block, or one of a file. */
#include <libfdt.h>
#include <string.h>

#include "mem.h"
#include "tree.h"

bool tree_is_string_list(const char *data, int len)
{
	return len > 0 && !data[len - 1];
}

bool tree_is_printable(const char *data, size_t len)
{
	for (; len; len--, data++)
		if (*data < 0x20 || *data > 0x7e)
			return false;
	return true;
}

static const char *path_of(const struct blob_node *node)
{
	if (!node->parent)
		return "";
	return mem_printf("%s/%s", path_of(node->parent), node->name);
}

/* A blob's nodes have no lines: the path tells where they are. */
static const struct outline_node *outline_of_blob(const struct tree *tree,
						  const struct blob_node *at)
{
	struct outline_node *outline = mem_alloc(sizeof(*outline));
	const struct blob_reference *symbols;
	size_t i;

	outline->name = mem_string(at->name);
	outline->pos = diag_whole(mem_printf("%s:%s", tree->file, at->parent ? path_of(at) : "/"));
	symbols = blob_symbols_of(tree->blob, at, &outline->nr_labels);
	outline->labels = mem_alloc(outline->nr_labels * sizeof(*outline->labels));
	for (i = 0; i < outline->nr_labels; i++)
		outline->labels[i] = mem_string(symbols[i].label);
	return outline;
}

const struct outline_node *tree_outline(const struct tree *tree, const struct blob_node *at,
					const struct outline_node *in)
{
	const struct outline_node *outline;

	if (!tree->block)
		return outline_of_blob(tree, at);
	outline = outline_child(in, at->name);
	return outline ? outline : in;
}

static void read_device(struct tree *tree, const struct blob_node *at, unsigned int vm,
			const struct outline_node *in)
{
	struct model *model = tree->model;
	struct node *node = mem_alloc(sizeof(*node));
	size_t i;

	node->vm = vm;
	node->seq = model->nr_nodes;
	node->name = at->name;
	node->outline = tree_outline(tree, at, in);
	node->nr_labels = node->outline == in ? 0 : node->outline->nr_labels;
	node->labels = mem_alloc(node->nr_labels * sizeof(*node->labels));
	for (i = 0; i < node->nr_labels; i++)
		node->labels[i] = node->outline->labels[i];
	*MEM_APPEND(model->nodes, model->nr_nodes) = node;
	tree->nodes[at - tree->blob->nodes] = node;
	node_read(tree, at, node, node->outline);
	if (fdt_first_subnode(tree->blob->fdt, at->offset) >= 0)
		diag_warning(CODE_NODE_BELOW, node->outline->pos, "nodes below '%s' are not used",
			     at->name);
}

/* Children follow their parent in the order of the blob, each before its own. */
static void for_each_child(struct tree *tree, const struct blob_node *parent, unsigned int vm,
			   const struct outline_node *outline,
			   void (*read)(struct tree *tree, const struct blob_node *at,
					unsigned int vm, const struct outline_node *in))
{
	const struct blob *blob = tree->blob;
	int offset;

	/* cppcheck-suppress unknownMacro */
	fdt_for_each_subnode(offset, blob->fdt, parent->offset) {
		const char *name = fdt_get_name(blob->fdt, offset, NULL);
		struct blob_node *child = name ? blob_child(blob, parent, name, strlen(name))
					       : NULL;

		if (child)
			read(tree, child, vm, outline);
	}
}

/* What /delete-node/ in this container takes away from those before it. */
static void delete_by_name(struct model *model, unsigned int vm,
			   const struct outline_deletion *deletion, size_t nr_before)
{
	size_t i, nr = 0;

	for (i = 0; i < nr_before; i++) {
		if (model->nodes[i]->vm != vm || strcmp(model->nodes[i]->name, deletion->name))
			continue;
		model->nodes[i]->deleted = true;
		nr++;
	}
	if (!nr)
		diag_warning(CODE_DELETE, deletion->pos, "vm%u has no node '%s' before this: nothing is deleted",
			     vm, deletion->name);
}

static void read_container(struct tree *tree, const struct blob_node *container,
			   unsigned int vm, const struct outline_node *outline)
{
	size_t nr_before = tree->model->nr_nodes, i;

	model_add_vm(tree->model, vm, outline->pos);
	for (i = 0; i < outline->nr_deleted_nodes; i++)
		delete_by_name(tree->model, vm, &outline->deleted_nodes[i], nr_before);
	if (container)
		for_each_child(tree, container, vm, outline, read_device);
}

/* vmN_vdevs by a label or the node's own name, or vdevs below vmN. */
static unsigned int vm_of_container(const struct tree *tree, const struct blob_node *node)
{
	const struct blob_reference *symbols;
	unsigned int vm = 0;
	size_t nr, i;

	symbols = blob_symbols_of(tree->blob, node, &nr);
	for (i = 0; i < nr && !vm; i++)
		vm = model_vm_of_container(symbols[i].label);
	if (!vm)
		vm = model_vm_of_container(node->name);
	if (!vm && node->parent && !strcmp(node->name, "vdevs"))
		vm = model_vm_of_label(node->parent->name, "");
	return vm;
}

static bool is_vm_by_label(const struct tree *tree, const struct blob_node *node,
			   unsigned int *vm)
{
	const struct blob_reference *symbols;
	size_t nr, i;

	*vm = 0;
	symbols = blob_symbols_of(tree->blob, node, &nr);
	for (i = 0; i < nr && !*vm; i++)
		*vm = model_vm_of_label(symbols[i].label, "");
	return *vm;
}

/* The same node's outline, found from the top down. */
static const struct outline_node *outline_from_top(const struct tree *tree,
						   const struct blob_node *at)
{
	if (!tree->block)
		return outline_of_blob(tree, at);
	if (!at->parent)
		return &tree->block->outline;
	return tree_outline(tree, at, outline_from_top(tree, at->parent));
}

/* True below nodes like __local_fixups__, which mirror the tree, and fragments. */
static bool is_aside(const struct blob_node *node)
{
	if (!node->parent)
		return false;
	while (node->parent->parent)
		node = node->parent;
	return !strncmp(node->name, "__", 2) || !strncmp(node->name, "fragment@", 9);
}

/* A whole tree: its containers may be anywhere. */
static void read_root(struct tree *tree)
{
	const struct blob_node *node, *end = tree->blob->nodes + tree->blob->nr_nodes;
	const struct outline_node *outline;
	unsigned int vm;

	for (node = tree->blob->nodes; node < end; node++) {
		if (is_aside(node))
			continue;
		if (is_vm_by_label(tree, node, &vm)) {
			outline = outline_from_top(tree, node);
			model_add_vm(tree->model, vm, outline->pos)->defined = true;
			vm_read(tree, node, vm, outline);
		}
		vm = vm_of_container(tree, node);
		if (!vm)
			continue;
		if (node->parent && node->parent->parent && !is_vm_by_label(tree, node->parent, &vm))
			vm_read(tree, node->parent, vm_of_container(tree, node),
				outline_from_top(tree, node->parent));
		vm = vm_of_container(tree, node);
		read_container(tree, node, vm, outline_from_top(tree, node));
		model_vm(tree->model, vm)->defined = true;
	}
}

static void put_off(struct tree *tree, const struct blob_node *at, const char *label,
		    const struct outline_node *outline)
{
	struct amendment *amendment;

	amendment = MEM_APPEND(tree->model->amendments, tree->model->nr_amendments);
	amendment->label = label;
	amendment->pos = outline->pos;
	amendment->tree = tree;
	amendment->at = at;
	amendment->outline = outline;
}

/* &label { }: a container, a VM, or a device node that stands elsewhere. */
static void read_overlay(struct tree *tree, const struct blob_node *at, const char *label,
			 const struct outline_node *outline)
{
	unsigned int vm = model_vm_of_container(label);

	if (vm) {
		read_container(tree, at, vm, outline);
		return;
	}
	vm = model_vm_of_label(label, "");
	if (vm) {
		model_add_vm(tree->model, vm, outline->pos);
		vm_read(tree, at, vm, outline);
	} else {
		put_off(tree, at, label, outline);
	}
}

static struct tree *tree_open(struct model *model, const void *fdt, size_t size, struct pos pos)
{
	struct tree *tree = mem_alloc(sizeof(*tree));
	const char *why;

	tree->model = model;
	tree->blob = blob_open(fdt, size, &why);
	if (!tree->blob) {
		diag_error(CODE_BAD_BLOB, pos, "unusable blob: %s", why);
		return NULL;
	}
	tree->nodes = mem_alloc(tree->blob->nr_nodes * sizeof(struct node *));
	return tree;
}

/* References within the blob are known once all its nodes are. */
static void find_local_peers(const struct tree *tree)
{
	const struct blob_node *at;
	struct node *node;
	size_t i;

	for (i = 0; i < tree->blob->nr_nodes; i++) {
		node = tree->nodes[i];
		if (!node || !node->local_peer)
			continue;
		at = blob_by_phandle(tree->blob, node->local_peer);
		node->peer = at ? tree->nodes[at - tree->blob->nodes] : NULL;
		if (node->peer)
			node->peer_label = node_title(node->peer);
	}
}

void tree_read_block(struct model *model, const struct block *block, const void *fdt, size_t size)
{
	struct tree *tree = tree_open(model, fdt, size, block->pos);
	static const char fragment[] = "/fragment@0/__overlay__";

	if (!tree)
		return;
	tree->block = block;
	if (block->label)
		read_overlay(tree, blob_path(tree->blob, fragment), block->label, &block->outline);
	else
		read_root(tree);
	find_local_peers(tree);
}

/* The label that a fragment of an overlay is for, or NULL. */
static const char *target_of(const struct tree *tree, const struct blob_node *fragment)
{
	const char *label = blob_fixup(tree->blob, fragment, "target"), *path;
	int len;

	path = fdt_getprop(tree->blob->fdt, fragment->offset, "target-path", &len);
	if (!label && path && tree_is_string_list(path, len)) {
		path = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
		label = mem_string(path);
	}
	return label;
}

static void read_fragment(struct tree *tree, const struct blob_node *fragment,
			  unsigned int vm, const struct outline_node *in)
{
	static const char overlay[] = "__overlay__";
	const struct blob_node *content;
	const char *label;

	(void)vm;
	(void)in;
	content = blob_child(tree->blob, fragment, overlay, strlen(overlay));
	if (!content)
		return;
	label = target_of(tree, fragment);
	if (label)
		read_overlay(tree, content, label, outline_of_blob(tree, content));
	else
		diag_error(CODE_UNKNOWN_LABEL, outline_of_blob(tree, fragment)->pos,
			   "the fragment is for no label");
}

void tree_read_blob(struct model *model, const char *file, const void *fdt, size_t size)
{
	struct tree *tree = tree_open(model, fdt, size, diag_whole(file));

	if (!tree)
		return;
	tree->file = file;
	for_each_child(tree, tree->blob->nodes, 0, NULL, read_fragment);
	read_root(tree);
	find_local_peers(tree);
}

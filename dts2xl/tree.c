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

bool tree_read_status(struct pos pos, const char *data, int len, bool *disabled)
{
	if (!tree_is_string_list(data, len)) {
		diag_error(CODE_PROPERTY_TYPE, pos, "status: a string expected");
		return false;
	}
	*disabled = strcmp(data, "okay") && strcmp(data, "ok");
	if (!*disabled || !strcmp(data, "disabled") || !strcmp(data, "reserved") ||
	    !strncmp(data, "fail", 4))
		return true;
	diag_error(CODE_STATUS, pos, "status: '%s' is neither okay nor disabled", data);
	return false;
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

const struct outline_node *tree_outline(const struct tree *tree, const struct blob_node *at)
{
	const struct outline_node *parent, *outline;

	if (!tree->unit)
		return outline_of_blob(tree, at);
	if (!at->parent)
		return &tree->unit->root;
	parent = tree_outline(tree, at->parent);
	outline = outline_child(parent, at->name);
	return outline ? outline : parent;
}

/* tree_outline() of a node whose parent has the place @in. */
static const struct outline_node *outline_in(const struct tree *tree, const struct blob_node *at,
					     const struct outline_node *in)
{
	const struct outline_node *outline;

	if (!tree->unit)
		return outline_of_blob(tree, at);
	outline = outline_child(in, at->name);
	return outline ? outline : in;
}

static void warn_below(const struct tree *tree, const struct blob_node *at, struct pos pos,
		       const char *name)
{
	if (fdt_first_subnode(tree->blob->fdt, at->offset) >= 0)
		diag_warning(CODE_NODE_BELOW, pos, "nodes below '%s' are not used", name);
}

static void add_labels(const struct tree *tree, const struct blob_node *at, struct node *node)
{
	const struct blob_reference *symbols;
	size_t i;

	symbols = blob_symbols_of(tree->blob, at, &node->nr_labels);
	node->labels = mem_alloc(node->nr_labels * sizeof(*node->labels));
	for (i = 0; i < node->nr_labels; i++)
		node->labels[i] = symbols[i].label;
}

static void read_device(struct tree *tree, const struct blob_node *at, unsigned int vm,
			const struct outline_node *in)
{
	struct model *model = tree->model;
	struct node *node = mem_alloc(sizeof(*node));

	node->vm = vm;
	node->seq = model->nr_nodes;
	node->outline = outline_in(tree, at, in);
	node->name = tree->unit && node->outline->written ? node->outline->written : at->name;
	node->tree = tree;
	add_labels(tree, at, node);
	*MEM_APPEND(model->nodes, model->nr_nodes) = node;
	tree->nodes[at - tree->blob->nodes] = node;
	node_read(tree, at, node, NULL);
	warn_below(tree, at, node->outline->pos, node->name);
}

struct node *tree_device(const struct tree *tree, const struct blob_node *node)
{
	return tree->nodes[node - tree->blob->nodes];
}

void tree_amend(const struct tree *tree, const struct blob_node *at, struct node *node,
		const struct outline_node *outline)
{
	*MEM_APPEND(node->amended, node->nr_amended) = outline;
	node_read(tree, at, node, outline);
	warn_below(tree, at, outline->pos, node_title(node));
}

/* Has @read see the nodes right below one, in the order of the blob. */
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

/* A container's or a VM's status counts for all that it has. */
static bool is_disabled(const struct tree *tree, const struct blob_node *at)
{
	int len;
	const char *status = fdt_getprop(tree->blob->fdt, at->offset, "status", &len);

	return status && tree_is_string_list(status, len) && strcmp(status, "okay") &&
	       strcmp(status, "ok");
}

void tree_read_container(struct tree *tree, const struct blob_node *at, unsigned int vm,
			 const struct outline_node *outline)
{
	size_t before = tree->model->nr_nodes, i;

	model_add_vm(tree->model, vm, outline->pos);
	for_each_child(tree, at, vm, outline, read_device);
	for (i = before; is_disabled(tree, at) && i < tree->model->nr_nodes; i++)
		tree->model->nodes[i]->disabled = true;
}

/* vmN_vdevs by a label or the node's own name, or vdevs below vmN. */
unsigned int tree_container(const struct tree *tree, const struct blob_node *node)
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

static unsigned int vm_by_label(const struct tree *tree, const struct blob_node *node)
{
	const struct blob_reference *symbols;
	unsigned int vm = 0;
	size_t nr, i;

	symbols = blob_symbols_of(tree->blob, node, &nr);
	for (i = 0; i < nr && !vm; i++)
		vm = model_vm_of_label(symbols[i].label, "");
	return vm;
}

unsigned int tree_vm(const struct tree *tree, const struct blob_node *node)
{
	const struct blob_node *child, *end = tree->blob->nodes + tree->blob->nr_nodes;
	unsigned int vm = vm_by_label(tree, node);

	for (child = node + 1; !vm && node->parent && child < end; child++)
		if (child->parent == node)
			vm = tree_container(tree, child);
	return vm;
}

static bool is_below(const struct blob_node *node, const struct blob_node *top)
{
	while (node && node != top)
		node = node->parent;
	return node;
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

static void define(struct tree *tree, const struct blob_node *at, unsigned int vm)
{
	const struct outline_node *outline = tree_outline(tree, at);

	if (!outline->invented)
		model_add_vm(tree->model, vm, outline->pos)->defined = true;
}

static void read_vm(struct tree *tree, const struct blob_node *at, unsigned int vm)
{
	const struct outline_node *outline = tree_outline(tree, at);

	model_add_vm(tree->model, vm, outline->pos);
	vm_read(tree, at, vm, outline);
}

/* A VM with settings of its own is the node above the container, unless that is the root. */
static void scan_container(struct tree *tree, const struct blob_node *node, unsigned int vm,
			   const struct blob_node *top)
{
	if (node->parent != top && node->parent->parent && !vm_by_label(tree, node->parent))
		read_vm(tree, node->parent, vm);
	tree_read_container(tree, node, vm, tree_outline(tree, node));
	define(tree, node, vm);
}

void tree_scan(struct tree *tree, const struct blob_node *top, unsigned int vm_of_top)
{
	const struct blob_node *node, *end = tree->blob->nodes + tree->blob->nr_nodes;
	unsigned int vm;

	/* What is below a node follows it. */
	for (node = top + 1; node < end && is_below(node, top); node++) {
		if (!top->parent && is_aside(node))
			continue;
		vm = vm_by_label(tree, node);
		if (vm) {
			read_vm(tree, node, vm);
			define(tree, node, vm);
		}
		vm = tree_container(tree, node);
		if (!vm && node->parent == top && !strcmp(node->name, "vdevs"))
			vm = vm_of_top;
		if (vm)
			scan_container(tree, node, vm, top);
	}
}

static void put_off(struct tree *tree, const struct blob_node *at, const char *target,
		    const struct outline_node *outline)
{
	struct amendment *amendment;

	amendment = MEM_APPEND(tree->model->amendments, tree->model->nr_amendments);
	amendment->target = target;
	amendment->pos = outline->pos;
	amendment->tree = tree;
	amendment->at = at;
	amendment->outline = outline;
}

/* The VM or the container of a path such as /vms/vm2/vdevs, where no tree tells. */
static unsigned int vm_of_path(const char *path, bool *is_container)
{
	const char *last = strrchr(path, '/') + 1, *before;
	unsigned int vm = model_vm_of_container(last);

	*is_container = true;
	if (!vm && !strcmp(last, "vdevs") && last - 1 > path) {
		before = last - 1;
		while (before > path && before[-1] != '/')
			before--;
		vm = model_vm_of_label(mem_copy(before, (size_t)(last - 1 - before)), "");
	}
	if (vm)
		return vm;
	*is_container = false;
	return model_vm_of_label(last, "");
}

/* &target { }: a container, a VM, or what stands elsewhere. */
static void read_overlay(struct tree *tree, const struct blob_node *at, const char *target,
			 const struct outline_node *outline)
{
	bool is_container = *target != '/' && model_vm_of_container(target);
	unsigned int vm;

	if (*target == '/')
		vm = vm_of_path(target, &is_container);
	else
		vm = is_container ? model_vm_of_container(target) : model_vm_of_label(target, "");
	if (is_container) {
		tree_read_container(tree, at, vm, outline);
	} else if (vm) {
		read_vm(tree, at, vm);
		tree_scan(tree, at, vm);
	} else {
		put_off(tree, at, target, outline);
	}
}

/* What a fragment changes of the node @target of its own blob. */
static void read_local_overlay(struct tree *tree, const struct blob_node *at,
			       const struct blob_node *target, const struct outline_node *outline)
{
	unsigned int vm = tree_container(tree, target);

	if (tree_device(tree, target)) {
		tree_amend(tree, at, tree_device(tree, target), outline);
	} else if (vm) {
		tree_read_container(tree, at, vm, outline);
	} else {
		vm = tree_vm(tree, target);
		if (vm)
			read_vm(tree, at, vm);
		tree_scan(tree, at, vm);
	}
}

/* The node of this blob that a fragment is for, or NULL. */
static const struct blob_node *local_target(const struct tree *tree,
					    const struct blob_node *fragment)
{
	fdt32_t cell;
	int len;
	const void *data = fdt_getprop(tree->blob->fdt, fragment->offset, "target", &len);

	if (!data || len != sizeof(cell))
		return NULL;
	memcpy(&cell, data, sizeof(cell));
	return blob_by_phandle(tree->blob, fdt32_to_cpu(cell));
}

static void read_fragment(struct tree *tree, const struct blob_node *fragment,
			  unsigned int vm, const struct outline_node *in)
{
	static const char overlay[] = "__overlay__";
	const struct outline_node *outline;
	const struct blob_node *content, *local;
	const char *label, *path;
	int len;

	(void)vm;
	(void)in;
	content = blob_child(tree->blob, fragment, overlay, strlen(overlay));
	if (!content)
		return;
	outline = tree_outline(tree, content);
	label = blob_fixup(tree->blob, fragment, "target");
	path = fdt_getprop(tree->blob->fdt, fragment->offset, "target-path", &len);
	local = label ? NULL : local_target(tree, fragment);
	if (label)
		read_overlay(tree, content, label, outline);
	else if (local)
		read_local_overlay(tree, content, local, outline);
	else if (path && tree_is_string_list(path, len) && *path == '/')
		read_overlay(tree, content, path, outline);
	else
		diag_error(CODE_UNKNOWN_LABEL, outline->pos, "the fragment is for no label");
}

/* What the unit changes of nodes that other inputs have. */
static void read_elsewhere(struct tree *tree, const struct blob_node *at, unsigned int vm,
			   const struct outline_node *in)
{
	const struct outline_node *outline = outline_in(tree, at, in);
	const char *name;
	bool changes = outline->nr_deleted_properties;
	int prop;

	(void)vm;
	fdt_for_each_property_offset(prop, tree->blob->fdt, at->offset)
		if (fdt_getprop_by_offset(tree->blob->fdt, prop, &name, NULL) &&
		    strcmp(name, "phandle"))
			changes = true;
	if (changes || fdt_first_subnode(tree->blob->fdt, at->offset) >= 0)
		put_off(tree, at, at->name, outline);
}

static void put_off_deletions(struct tree *tree)
{
	const struct unit_deletion *deletion;
	struct amendment *amendment;

	FOR_EACH(deletion, tree->unit->deletions, tree->unit->nr_deletions) {
		amendment = MEM_APPEND(tree->model->amendments, tree->model->nr_amendments);
		amendment->target = deletion->label;
		amendment->vm = deletion->vm;
		amendment->name = deletion->name;
		amendment->pos = deletion->pos;
		amendment->tree = tree;
	}
}

static struct tree *tree_open(struct model *model, const struct unit *unit, const char *file,
			      const void *fdt, size_t size)
{
	struct tree *tree = mem_alloc(sizeof(*tree));
	const char *why;

	tree->model = model;
	tree->unit = unit;
	tree->file = file;
	tree->blob = blob_open(fdt, size, &why);
	if (!tree->blob) {
		diag_error(CODE_BAD_BLOB, unit ? unit->blocks[0]->pos : diag_whole(file),
			   "unusable blob: %s", why);
		return NULL;
	}
	tree->nodes = mem_alloc(tree->blob->nr_nodes * sizeof(struct node *));
	*MEM_APPEND(model->trees, model->nr_trees) = tree;
	return tree;
}

void tree_read(struct model *model, const struct unit *unit, const char *file, const void *fdt,
	       size_t size)
{
	struct tree *tree = tree_open(model, unit, file, fdt, size);
	const struct blob_node *elsewhere;

	if (!tree)
		return;
	tree_scan(tree, tree->blob->nodes, 0);
	for_each_child(tree, tree->blob->nodes, 0, NULL, read_fragment);
	if (!unit)
		return;
	elsewhere = blob_child(tree->blob, tree->blob->nodes, UNIT_ELSEWHERE,
			       strlen(UNIT_ELSEWHERE));
	if (elsewhere)
		for_each_child(tree, elsewhere, 0, tree_outline(tree, elsewhere), read_elsewhere);
	put_off_deletions(tree);
}

static void find_peer(struct node *node)
{
	const struct tree *tree = node->peer_tree;
	const struct blob_node *at = blob_by_phandle(tree->blob, node->local_peer);

	if (!at)
		return;
	if (tree->unit && at->parent && !strcmp(at->parent->name, UNIT_ELSEWHERE)) {
		node->peer_label = at->name;
		node->local_peer = 0;
		return;
	}
	node->peer = tree_device(tree, at);
	node->stray_peer = node->peer ? NULL : tree_outline(tree, at);
	node->peer_label = node->peer ? node_title(node->peer) : at->name;
}

void tree_find_peers(struct model *model)
{
	size_t i;

	for (i = 0; i < model->nr_nodes; i++)
		if (model->nodes[i]->local_peer)
			find_peer(model->nodes[i]);
}

static bool has_our_class(const struct tree *tree, const struct blob_node *at)
{
	const char *classes, *class_name;
	int len;

	classes = fdt_getprop(tree->blob->fdt, at->offset, "compatible", &len);
	if (!classes || !tree_is_string_list(classes, len))
		return false;
	for (class_name = classes; class_name < classes + len; class_name += strlen(class_name) + 1)
		if (vlinkcfg_class_find(tree->model->classes, class_name))
			return true;
	return false;
}

/* True if the node, or one above it, was read, or is for another input. */
static bool is_accounted(const struct tree *tree, const struct blob_node *at)
{
	for (; at; at = at->parent) {
		if (tree_device(tree, at))
			return true;
		if (at->parent && !at->parent->parent && !strncmp(at->name, "__", 2))
			return true;
	}
	return false;
}

static void refuse_stray(const struct tree *tree, const struct blob_node *at)
{
	struct likeness likeness = { .wanted = at->parent->name };
	const struct blob_reference *symbols;
	size_t nr, i;

	symbols = blob_symbols_of(tree->blob, at->parent, &nr);
	if (symbols)
		likeness.wanted = symbols[0].label;
	for (i = 1; i <= 9; i++)
		diag_consider(&likeness, mem_printf("vm%zu_vdevs", i));
	diag_error(CODE_STRAY, tree_outline(tree, at)->pos, "'%s' looks like one end of a link, but the node around it, '%s', is no container of a VM: give that the label vmN_vdevs%s",
		   at->name, likeness.wanted, diag_suggestion(&likeness));
}

void tree_check_strays(const struct tree *tree)
{
	const struct blob_node *at;
	size_t i;

	for (i = 1; i < tree->blob->nr_nodes; i++) {
		at = &tree->blob->nodes[i];
		if (!fdt_getprop(tree->blob->fdt, at->offset, "peer-phandle", NULL) &&
		    !has_our_class(tree, at))
			continue;
		if (!is_accounted(tree, at) && strcmp(at->name, "__overlay__") &&
		    !is_disabled(tree, at))
			refuse_stray(tree, at);
	}
}

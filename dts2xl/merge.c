// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Merges blocks as dtc does. What comes out of it says where things stand; what they mean
 * is for dtc to say.
 */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "model.h"
#include "unit.h"

struct merger {
	struct unit *unit;
	struct block *block;
	size_t nr_fragments;
};

unsigned int outline_container(const struct outline_node *node)
{
	unsigned int vm = 0;
	size_t i;

	for (i = 0; i < node->nr_labels && !vm; i++)
		vm = model_vm_of_container(node->labels[i]);
	if (!vm)
		vm = model_vm_of_container(node->name);
	if (!vm && node->parent && !strcmp(node->name, "vdevs"))
		vm = model_vm_of_label(node->parent->name, "");
	return vm;
}

static void add_labels(struct merger *merger, struct outline_node *node)
{
	size_t i;

	for (i = 0; i < node->nr_labels; i++) {
		struct outline_node *other = map_get(&merger->unit->alive, node->labels[i]);

		if (other && other != node) {
			diag_error(CODE_LABEL_TWICE, node->pos, "label '%s' is given twice",
				   node->labels[i]);
			diag_note(other->pos, "it stands here already");
		}
		map_set(&merger->unit->alive, node->labels[i], node);
	}
}

static void add_all_labels(struct merger *merger, struct outline_node *node)
{
	size_t i;

	add_labels(merger, node);
	for (i = 0; i < node->nr_children; i++)
		add_all_labels(merger, node->children[i]);
}

static void forget_labels(struct merger *merger, const struct outline_node *node)
{
	size_t i;

	for (i = 0; i < node->nr_labels; i++)
		if (map_get(&merger->unit->alive, node->labels[i]) == node)
			map_set(&merger->unit->alive, node->labels[i], NULL);
	for (i = 0; i < node->nr_children; i++)
		forget_labels(merger, node->children[i]);
}

static void remove_node(struct merger *merger, struct outline_node *node)
{
	struct outline_node *parent = node->parent;
	size_t i;

	forget_labels(merger, node);
	for (i = 0; parent && i < parent->nr_children; i++) {
		if (parent->children[i] != node)
			continue;
		memmove(&parent->children[i], &parent->children[i + 1],
			(parent->nr_children - i - 1) * sizeof(struct outline_node *));
		parent->nr_children--;
		return;
	}
}

static void remove_property(struct outline_node *node, const char *name)
{
	struct outline_property *property = outline_property(node, name);
	size_t i;

	if (!property)
		return;
	i = (size_t)(property - node->properties);
	memmove(property, property + 1, (node->nr_properties - i - 1) * sizeof(*property));
	node->nr_properties--;
}

/* Before the first that is not before @name. */
static size_t place_of_property(const struct outline_node *node, const char *name)
{
	size_t low = 0, high = node->nr_properties, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (strcmp(node->properties[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void set_property(struct outline_node *node, const struct outline_property *property)
{
	struct outline_property *old = outline_property(node, property->name);
	size_t i = place_of_property(node, property->name);

	if (old) {
		*old = *property;
		return;
	}
	(void)MEM_APPEND(node->properties, node->nr_properties);
	memmove(&node->properties[i + 1], &node->properties[i],
		(node->nr_properties - 1 - i) * sizeof(*node->properties));
	node->properties[i] = *property;
}

static size_t place_of_child(const struct outline_node *node, const char *name)
{
	size_t low = 0, high = node->nr_children, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (strcmp(node->children[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void add_child(struct merger *merger, struct outline_node *parent,
		      struct outline_node *child)
{
	size_t i = place_of_child(parent, child->name);

	(void)MEM_APPEND(parent->children, parent->nr_children);
	memmove(&parent->children[i + 1], &parent->children[i],
		(parent->nr_children - 1 - i) * sizeof(struct outline_node *));
	parent->children[i] = child;
	child->parent = parent;
	add_all_labels(merger, child);
}

static bool is_device(const struct outline_node *node)
{
	return outline_property(node, "compatible") || outline_property(node, "peer-phandle");
}

static bool has_other_labels(const struct outline_node *node, const struct outline_node *than)
{
	size_t i, j;

	for (i = 0; i < node->nr_labels; i++) {
		for (j = 0; j < than->nr_labels && strcmp(node->labels[i], than->labels[j]); j++)
			;
		if (j == than->nr_labels)
			return true;
	}
	return false;
}

/* True if the two are meant as two devices, though dtc would merge them. */
static bool are_two_devices(const struct outline_node *there, const struct outline_node *node)
{
	return (is_device(there) && is_device(node)) ||
	       (there->nr_labels && has_other_labels(node, there));
}

/* Gives the second of two devices another name, so that dtc keeps both. */
static void keep_apart(struct merger *merger, struct outline_node *container,
		       struct outline_node *node)
{
	struct rename *rename = MEM_APPEND(merger->block->renames, merger->block->nr_renames);
	unsigned int nr = 2;

	node->written = node->name;
	do
		node->name = mem_printf("%s+%u", node->written, nr++);
	while (outline_child(container, node->name));
	rename->end = node->offset + strlen(node->written);
	rename->tail = node->name + strlen(node->written);
}

static void refuse_twins(const struct outline_node *there, const struct outline_node *node)
{
	diag_error(CODE_NODE_TWICE, node->pos, "another device has the name '%s' in this container: dtc would make one node of the two; give this one another name, or change the other one by &label { }",
		   node->name);
	diag_note(there->pos, "the other one");
}

static void merge(struct merger *merger, struct outline_node *into, struct outline_node *node);

static void merge_child(struct merger *merger, struct outline_node *into,
			struct outline_node *child)
{
	struct outline_node *there = outline_child(into, child->name);

	if (there && outline_container(into) && are_two_devices(there, child)) {
		if (!into->invented || child->twice) {
			refuse_twins(there, child);
			return;
		}
		keep_apart(merger, into, child);
		there = NULL;
	}
	if (there)
		merge(merger, there, child);
	else
		add_child(merger, into, child);
}

static struct unit_deletion *add_deletion(struct merger *merger, struct pos pos)
{
	struct unit_deletion *deletion;

	deletion = MEM_APPEND(merger->unit->deletions, merger->unit->nr_deletions);
	deletion->pos = pos;
	return deletion;
}

static bool has_twin(const struct outline_node *node, const char *name)
{
	size_t i;

	for (i = 0; i < node->nr_children; i++)
		if (node->children[i]->written && !strcmp(node->children[i]->written, name))
			return true;
	return false;
}

static void delete_child(struct merger *merger, struct outline_node *from,
			 const struct outline_deletion *deletion)
{
	struct outline_node *child = outline_child(from, deletion->name);
	unsigned int vm = outline_container(from);
	struct unit_deletion *elsewhere;

	if (vm && has_twin(from, deletion->name)) {
		diag_error(CODE_DELETE, deletion->pos, "several nodes of vm%u are called '%s': delete one by its label, as in /delete-node/ &label;",
			   vm, deletion->name);
	} else if (child) {
		remove_node(merger, child);
	} else if (vm && merger->unit->others) {
		elsewhere = add_deletion(merger, deletion->pos);
		elsewhere->vm = vm;
		elsewhere->name = deletion->name;
	} else if (vm) {
		diag_warning(CODE_DELETE, deletion->pos, "vm%u has no node '%s' before this: nothing is deleted",
			     vm, deletion->name);
	}
}

/* One thing of a node's body. */
struct step {
	size_t order;
	struct outline_node *child;
	const struct outline_deletion *deletion;
};

static int by_order(const void *a, const void *b)
{
	const struct step *step_a = a, *step_b = b;

	return (step_a->order > step_b->order) - (step_a->order < step_b->order);
}

static void merge_children(struct merger *merger, struct outline_node *into,
			   struct outline_node *node)
{
	size_t nr = node->nr_children + node->nr_deleted_nodes, i;
	struct step *steps = mem_alloc((nr + 1) * sizeof(*steps)), *step = steps;

	for (i = 0; i < node->nr_children; i++, step++)
		*step = (struct step){ node->children[i]->order, node->children[i], NULL };
	for (i = 0; i < node->nr_deleted_nodes; i++, step++)
		*step = (struct step){ node->deleted_nodes[i].order, NULL,
				       &node->deleted_nodes[i] };
	if (nr)
		qsort(steps, nr, sizeof(*steps), by_order);
	for (i = 0; i < nr; i++)
		if (steps[i].child)
			merge_child(merger, into, steps[i].child);
		else
			delete_child(merger, into, steps[i].deletion);
}

static void merge_labels(struct merger *merger, struct outline_node *into,
			 const struct outline_node *node)
{
	size_t i;

	if (has_other_labels(node, into))
		for (i = 0; i < node->nr_labels; i++)
			*MEM_APPEND(into->labels, into->nr_labels) = node->labels[i];
	add_labels(merger, into);
}

static void merge(struct merger *merger, struct outline_node *into, struct outline_node *node)
{
	size_t i;

	if (merger->block && merger->block->kind == BLOCK_TREE)
		into->invented = false;
	merge_labels(merger, into, node);
	for (i = 0; i < node->nr_deleted_properties; i++) {
		remove_property(into, node->deleted_properties[i].name);
		/* Kept: the property may be one of another input. */
		*MEM_APPEND(into->deleted_properties, into->nr_deleted_properties) =
			node->deleted_properties[i];
	}
	for (i = 0; i < node->nr_properties; i++)
		set_property(into, &node->properties[i]);
	merge_children(merger, into, node);
}

static struct outline_node *find_path(struct outline_node *node, const char *path)
{
	size_t len;

	while (node && *path) {
		len = strcspn(path, "/");
		if (len)
			node = outline_child(node, mem_copy(path, len));
		path += len + (path[len] == '/');
	}
	return node;
}

/* What &label or &{path} names at this place, or NULL. */
static struct outline_node *find(const struct merger *merger, const char *label)
{
	struct unit *unit = merger->unit;

	if (*label == '{')
		return find_path(&unit->root, mem_copy(label + 1, strlen(label) - 2));
	return map_get(&unit->alive, label);
}

static void refuse_label(const struct merger *merger, const struct block *block)
{
	struct likeness likeness = { .wanted = block->label };
	const struct outline_node *defined = map_get(&merger->unit->defined, block->label);
	struct pos pos = block->kind == BLOCK_DELETE ? block->outline.pos : block->pos;
	size_t i;

	if (defined) {
		diag_error(CODE_UNKNOWN_LABEL, pos, "no node has the label '%s' here: dtc knows a label from where it stands on, until its node is deleted",
			   block->label);
		diag_note(defined->pos, "it stands here");
		return;
	}
	unit_consider_labels(merger->unit, &likeness);
	for (i = 2; i <= 9; i++)
		diag_consider(&likeness, mem_printf("vm%zu_vdevs", i));
	diag_error(CODE_UNKNOWN_LABEL, pos,
		   "unknown label '%s': &vmN_vdevs or the label of a node expected%s",
		   block->label, diag_suggestion(&likeness));
}

/* An overlay keeps no trace of deletions in its fragments. */
static void refuse_deletions(const struct outline_node *node)
{
	static const char why[] = "in an overlay (/plugin/), dtc leaves this out without a word: set status = \"disabled\", write /delete-node/ &label; behind the block that has it, or leave out /plugin/";
	size_t i;

	for (i = 0; i < node->nr_deleted_nodes; i++)
		diag_error(CODE_DELETE, node->deleted_nodes[i].pos, why);
	for (i = 0; i < node->nr_deleted_properties; i++)
		diag_error(CODE_DELETE, node->deleted_properties[i].pos, why);
	for (i = 0; i < node->nr_children; i++)
		refuse_deletions(node->children[i]);
}

static struct outline_node *make_node(const char *name, struct pos pos)
{
	struct outline_node *node = mem_alloc(sizeof(*node));

	node->name = mem_string(name);
	node->pos = pos;
	return node;
}

/* dtc numbers the blocks of an overlay, and merges none. */
static void add_fragment(struct merger *merger, struct outline_node *content)
{
	struct outline_node *fragment;

	refuse_deletions(content);
	fragment = make_node(mem_printf("fragment@%zu", merger->nr_fragments++), content->pos);
	content->name = mem_string("__overlay__");
	add_child(merger, &merger->unit->root, fragment);
	add_child(merger, fragment, content);
}

static void merge_reference(struct merger *merger, struct block *block)
{
	struct outline_node *target = find(merger, block->label);

	if (merger->unit->overlay && !block->outline.nr_labels)
		add_fragment(merger, &block->outline);
	else if (target)
		merge(merger, target, &block->outline);
	else if (*block->label != '{')
		refuse_label(merger, block);
}

static void delete_referenced(struct merger *merger, struct block *block)
{
	struct outline_node *target = find(merger, block->label);
	unsigned int vm = model_vm_of_container(block->label);

	if (merger->unit->others && *block->label != '{' &&
	    (!target || !target->parent || target->invented || vm))
		add_deletion(merger, block->outline.pos)->label = block->label;
	if (target && target->parent)
		remove_node(merger, target);
	else if (merger->unit->others && *block->label != '{')
		block->elsewhere = true;
	else if (!target && *block->label != '{')
		refuse_label(merger, block);
}

static void merge_block(struct merger *merger, struct block *block)
{
	merger->block = block;
	switch (block->kind) {
	case BLOCK_TREE:
		merge(merger, &merger->unit->root, &block->outline);
		break;
	case BLOCK_REFERENCE:
		merge_reference(merger, block);
		break;
	case BLOCK_DELETE:
		delete_referenced(merger, block);
		break;
	default:
		break;
	}
}

/* As unit_text() has it before all blocks. */
static struct outline_node *invent(struct merger *merger, struct outline_node *parent,
				   const char *name, struct pos pos)
{
	struct outline_node *node = outline_child(parent, name);

	if (node)
		return node;
	node = make_node(name, pos);
	node->invented = true;
	add_child(merger, parent, node);
	return node;
}

static void label(struct merger *merger, struct outline_node *node, const char *name)
{
	*MEM_APPEND(node->labels, node->nr_labels) = mem_string(name);
	add_labels(merger, node);
}

static void invent_vm(struct merger *merger, const struct reference *vm_label)
{
	unsigned int vm = model_vm_of_container(vm_label->label);
	struct outline_node *node;

	node = invent(merger, &merger->unit->root,
		      mem_printf("vm%u", vm ? vm : model_vm_of_label(vm_label->label, "")),
		      vm_label->pos);
	if (vm)
		node = invent(merger, node, "vdevs", vm_label->pos);
	label(merger, node, vm_label->label);
}

void unit_merge(struct unit *unit)
{
	struct merger merger = { .unit = unit };
	struct outline_node *elsewhere;
	size_t i;

	unit->root.name = mem_string("");
	for (i = 0; i < unit->nr_invented; i++)
		invent_vm(&merger, &unit->invented[i]);
	if (unit->nr_elsewhere) {
		elsewhere = invent(&merger, &unit->root, UNIT_ELSEWHERE, diag_whole("dts2xl"));
		for (i = 0; i < unit->nr_elsewhere; i++)
			label(&merger, invent(&merger, elsewhere, unit->elsewhere[i].label,
					      unit->elsewhere[i].pos), unit->elsewhere[i].label);
	}
	for (i = 0; i < unit->nr_blocks; i++)
		if (!unit->blocks[i]->refused)
			merge_block(&merger, unit->blocks[i]);
}

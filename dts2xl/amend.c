// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What one input changes or deletes of another. It is put off until all are read, so that
 * their order does not matter.
 */
#include <stdlib.h>
#include <string.h>

#include "amend.h"
#include "labels.h"
#include "mem.h"
#include "tree.h"

static void refuse(const struct model *model, const struct labels *labels,
		   const struct amendment *amendment)
{
	struct likeness likeness = { .wanted = amendment->target };
	size_t i;

	for (i = 0; i < model->nr_vms; i++)
		diag_consider(&likeness, mem_printf("vm%u_vdevs", model->vms[i].number));
	labels_consider(labels, &likeness);
	for (i = 2; i <= 9; i++)
		diag_consider(&likeness, mem_printf("vm%zu_vdevs", i));
	diag_error(CODE_UNKNOWN_LABEL, amendment->pos,
		   "unknown label '%s': &vmN_vdevs or the label of a node expected%s",
		   amendment->target, diag_suggestion(&likeness));
}

/* A unit has labels of others, too, so that dtc knows them. */
static bool is_elsewhere(const struct tree *tree, const struct blob_node *node)
{
	return tree->unit && node && node->parent && !strcmp(node->parent->name, UNIT_ELSEWHERE);
}

/* What a label or path names in an input other than @but. */
static const struct blob_node *find(const struct model *model, const struct tree *but,
				    const char *target, const struct tree **in)
{
	const struct blob_node *found = NULL;
	size_t i;

	for (i = 0; target && i < model->nr_trees && !found; i++) {
		*in = model->trees[i];
		if (*in != but)
			found = *target == '/' ? blob_path((*in)->blob, target)
					       : blob_by_label((*in)->blob, target);
		if (is_elsewhere(*in, found))
			found = NULL;
	}
	return found;
}

/* More of a VM or of a container; nothing yet where a device is changed. */
static void add_parts(const struct model *model, const struct amendment *amendment)
{
	const struct tree *in;
	const struct blob_node *target;
	unsigned int vm;

	if (!amendment->at)
		return;
	target = find(model, amendment->tree, amendment->target, &in);
	if (!target || tree_device(in, target))
		return;
	vm = tree_container(in, target);
	if (vm) {
		tree_read_container(amendment->tree, amendment->at, vm, amendment->outline);
		return;
	}
	vm = tree_vm(in, target);
	if (vm)
		vm_read(amendment->tree, amendment->at, vm, amendment->outline);
	tree_scan(amendment->tree, amendment->at, vm);
}

static struct node *find_device(const struct model *model, const struct labels *labels,
				const struct amendment *amendment, bool *other)
{
	const struct tree *in;
	const struct blob_node *target;
	struct node *node = labels_find_other(labels, amendment->target, amendment->tree);

	target = node ? NULL : find(model, amendment->tree, amendment->target, &in);
	*other = target && !tree_device(in, target);
	return node ? node : target ? tree_device(in, target) : NULL;
}

static bool delete_container(const struct model *model, const struct amendment *amendment)
{
	unsigned int vm = model_vm_of_container(amendment->target);
	size_t i;

	if (!vm || !model_vm(model, vm))
		return false;
	for (i = 0; i < model->nr_nodes; i++)
		if (model->nodes[i]->vm == vm && model->nodes[i]->tree != amendment->tree)
			model->nodes[i]->deleted = true;
	return true;
}

static void delete_by_name(const struct model *model, const struct amendment *amendment)
{
	size_t i, nr = 0;

	for (i = 0; i < model->nr_nodes; i++) {
		if (model->nodes[i]->vm != amendment->vm ||
		    model->nodes[i]->tree == amendment->tree ||
		    strcmp(model->nodes[i]->name, amendment->name))
			continue;
		model->nodes[i]->deleted = true;
		nr++;
	}
	if (!nr)
		diag_warning(CODE_DELETE, amendment->pos, "vm%u has no node '%s' before this: nothing is deleted",
			     amendment->vm, amendment->name);
}

static void carry_out(struct model *model, const struct labels *labels,
		      const struct amendment *amendment)
{
	struct node *node;
	bool other;

	if (amendment->name) {
		delete_by_name(model, amendment);
		return;
	}
	if (!amendment->at && delete_container(model, amendment))
		return;
	node = find_device(model, labels, amendment, &other);
	if (other)
		return;
	if (!node)
		refuse(model, labels, amendment);
	else if (amendment->at)
		tree_amend(amendment->tree, amendment->at, node, amendment->outline);
	else
		node->deleted = true;
}

static void drop_deleted(struct model *model)
{
	size_t i, nr = 0;

	for (i = 0; i < model->nr_nodes; i++)
		if (!model->nodes[i]->deleted)
			model->nodes[nr++] = model->nodes[i];
	model->nr_nodes = nr;
}

/* A reference to a node that was deleted refers to no node. */
static void drop_deleted_peers(struct model *model)
{
	size_t i;

	for (i = 0; i < model->nr_nodes; i++)
		if (model->nodes[i]->peer && model->nodes[i]->peer->deleted)
			model->nodes[i]->peer = NULL;
}

void amend_all(struct model *model)
{
	struct labels labels = { 0 };
	size_t i, nr = model->nr_amendments;

	for (i = 0; i < nr; i++)
		if (model->amendments[i].target)
			add_parts(model, &model->amendments[i]);
	if (nr)
		labels = labels_collect(model);
	for (i = 0; i < nr; i++)
		carry_out(model, &labels, &model->amendments[i]);
	tree_find_peers(model);
	drop_deleted_peers(model);
	drop_deleted(model);
}

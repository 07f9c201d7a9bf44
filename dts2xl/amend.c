// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Blocks that change a device node by its label, and /delete-node/. They are put
 * off until all nodes are known, so that the order of files does not matter.
 */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "labels.h"
#include "mem.h"
#include "tree.h"

static void refuse(const struct model *model, const struct labels *labels,
		   const struct amendment *amendment)
{
	struct likeness likeness = { .wanted = amendment->label };
	size_t i;

	for (i = 0; i < model->nr_vms; i++)
		diag_consider(&likeness, mem_printf("vm%u_vdevs", model->vms[i].number));
	labels_consider(labels, &likeness);
	for (i = 2; i <= 9; i++)
		diag_consider(&likeness, mem_printf("vm%zu_vdevs", i));
	diag_error(CODE_UNKNOWN_LABEL, amendment->pos,
		   "unknown label '%s': &vmN_vdevs or the label of a device node expected%s",
		   amendment->label, diag_suggestion(&likeness));
}

static void delete_container(const struct model *model, unsigned int vm)
{
	size_t i;

	for (i = 0; i < model->nr_nodes; i++)
		if (model->nodes[i]->vm == vm)
			model->nodes[i]->deleted = true;
}

static void amend(const struct amendment *amendment, struct node *node)
{
	const struct tree *tree = amendment->tree;
	unsigned int phandle;

	*MEM_APPEND(node->amended, node->nr_amended) = amendment->outline;
	node->local_peer = 0;
	node_read(tree, amendment->at, node, amendment->outline);
	phandle = node->local_peer;
	if (phandle && blob_by_phandle(tree->blob, phandle))
		node->peer = tree->nodes[blob_by_phandle(tree->blob, phandle) - tree->blob->nodes];
	if (fdt_first_subnode(tree->blob->fdt, amendment->at->offset) >= 0)
		diag_warning(CODE_NODE_BELOW, amendment->pos, "nodes below '%s' are not used",
			     amendment->label);
}

static void carry_out(struct model *model, const struct labels *labels,
		      const struct amendment *amendment)
{
	unsigned int vm = amendment->tree ? 0 : model_vm_of_container(amendment->label);
	struct node *node = labels_find(labels, amendment->label);

	if (vm && model_vm(model, vm))
		delete_container(model, vm);
	else if (!node)
		refuse(model, labels, amendment);
	else if (!amendment->tree)
		node->deleted = true;
	else if (amendment->at)
		amend(amendment, node);
}

static void drop_deleted(struct model *model)
{
	size_t i, nr = 0;

	for (i = 0; i < model->nr_nodes; i++)
		if (!model->nodes[i]->deleted)
			model->nodes[nr++] = model->nodes[i];
	model->nr_nodes = nr;
}

/* A reference to what was deleted is one to nowhere. */
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
	size_t i;

	if (model->nr_amendments)
		labels = labels_collect(model);
	for (i = 0; i < model->nr_amendments; i++)
		carry_out(model, &labels, &model->amendments[i]);
	drop_deleted_peers(model);
	drop_deleted(model);
}

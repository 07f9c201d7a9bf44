// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>

#include "labels.h"
#include "mem.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct label *)a)->name, ((const struct label *)b)->name);
}

static int by_name_and_place(const void *a, const void *b)
{
	const struct label *label_a = a, *label_b = b;
	int order = by_name(a, b);

	if (order)
		return order;
	return (label_a->node->seq > label_b->node->seq) -
	       (label_a->node->seq < label_b->node->seq);
}

struct labels labels_collect(const struct model *model)
{
	struct labels labels = { 0 };
	struct label *label;
	size_t i, j;

	for (i = 0; i < model->nr_nodes; i++)
		for (j = 0; j < model->nodes[i]->nr_labels; j++) {
			label = MEM_APPEND(labels.labels, labels.nr);
			label->name = model->nodes[i]->labels[j];
			label->node = model->nodes[i];
		}
	if (labels.nr)
		qsort(labels.labels, labels.nr, sizeof(*labels.labels), by_name_and_place);
	return labels;
}

struct node *labels_find(const struct labels *labels, const char *name)
{
	struct label wanted = { .name = name }, *found = NULL;

	if (labels->nr)
		found = bsearch(&wanted, labels->labels, labels->nr, sizeof(wanted), by_name);
	return found ? found->node : NULL;
}

struct node *labels_find_other(const struct labels *labels, const char *name,
			       const struct tree *but)
{
	struct label wanted = { .name = name }, *found, *end;

	if (!labels->nr)
		return NULL;
	end = labels->labels + labels->nr;
	found = bsearch(&wanted, labels->labels, labels->nr, sizeof(wanted), by_name);
	while (found && found > labels->labels && !by_name(found - 1, &wanted))
		found--;
	for (; found && found < end && !by_name(found, &wanted); found++)
		if (found->node->tree != but)
			return found->node;
	return NULL;
}

void labels_consider(const struct labels *labels, struct likeness *likeness)
{
	size_t i;

	for (i = 0; i < labels->nr; i++)
		diag_consider(likeness, labels->labels[i].name);
}

void labels_refuse_second(const struct labels *labels)
{
	const struct label *label;
	size_t i;

	for (i = 1; i < labels->nr; i++) {
		label = &labels->labels[i];
		if (strcmp(label->name, label[-1].name))
			continue;
		diag_error(CODE_LABEL_TWICE, node_pos(label->node, NULL),
			   "label '%s' is given twice", label->name);
		diag_note(node_pos(label[-1].node, NULL), "it stands here already");
	}
}

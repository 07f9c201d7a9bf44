// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "linknames.h"
#include "mem.h"

/* Links of the same label side by side, and among them those with the same VM. */
static int by_label_and_vm(const void *a, const void *b)
{
	const struct link *link_a = *(struct link *const *)a, *link_b = *(struct link *const *)b;
	int order = (link_a->label->seq > link_b->label->seq) -
		    (link_a->label->seq < link_b->label->seq);

	if (!order)
		order = (link_a->phandle->vm > link_b->phandle->vm) -
			(link_a->phandle->vm < link_b->phandle->vm);
	if (!order)
		order = (link_a->phandle->seq > link_b->phandle->seq) -
			(link_a->phandle->seq < link_b->phandle->seq);
	return order;
}

/* A node of a blob may have no label: its name must do. */
static const char *name_without_label(const struct node *node)
{
	char *name = mem_printf("vm%u-%s", node->vm, node->name), *c;

	for (c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_')
			*c = '-';
	return name;
}

static const char *given_name(const struct link *link)
{
	return link->phandle->link ? link->phandle->link : link->label->link;
}

/*
 * The label, if it stands for one link for good; otherwise with the VM that
 * points to it, and with @nth if that does so several times. No label contains '-',
 * so that these are unique as well.
 */
static void name_link(struct link *link, size_t nth)
{
	const struct node *label = link->label;

	link->id = node_label(label) ? node_label(label) : name_without_label(label);
	if (given_name(link)) {
		link->id = given_name(link);
	} else if (label->clone != CLONE_NONE || label->nr_links > 1) {
		link->id = mem_printf("%s-vm%u", link->id, link->phandle->vm);
		if (nth > 1)
			link->id = mem_printf("%s-%zu", link->id, nth);
	}
	if (strlen(link->id) > VLINK_ID_MAX)
		diag_error(CODE_LINK_NAME, node_pos(label, NULL),
			   "the link's name '%s' is longer than %d characters: shorten the label",
			   link->id, VLINK_ID_MAX);
}

static int by_id(const void *a, const void *b)
{
	const struct link *link_a = *(struct link *const *)a, *link_b = *(struct link *const *)b;
	int order = strcmp(link_a->id, link_b->id);

	return order ? order : by_label_and_vm(a, b);
}

static void refuse_second_name(const struct model *model)
{
	struct link **links = mem_alloc(model->nr_links * sizeof(struct link *));
	size_t i;

	memcpy(links, model->links, model->nr_links * sizeof(struct link *));
	qsort(links, model->nr_links, sizeof(struct link *), by_id);
	for (i = 1; i < model->nr_links; i++) {
		if (strcmp(links[i]->id, links[i - 1]->id))
			continue;
		diag_error(CODE_LINK_NAME, node_pos(links[i]->phandle, "link"),
			   "two links would be called '%s'", links[i]->id);
		diag_note(node_pos(links[i - 1]->phandle, "link"), "this is the other one");
	}
}

void linknames_give(struct model *model)
{
	size_t i, nth = 1;

	if (!model->nr_links)
		return;
	qsort(model->links, model->nr_links, sizeof(struct link *), by_label_and_vm);
	for (i = 0; i < model->nr_links; i++) {
		nth = i && model->links[i]->label == model->links[i - 1]->label &&
		      model->links[i]->phandle->vm == model->links[i - 1]->phandle->vm ?
		      nth + 1 : 1;
		name_link(model->links[i], nth);
	}
	refuse_second_name(model);
}

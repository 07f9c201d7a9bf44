// SPDX-License-Identifier: LGPL-2.1-or-later
/* Finds the peers of nodes, and makes links and their two ends of them. */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "model.h"

/* All labels of nodes, in order, so that each is found at once. */
struct label {
	const char *name;
	struct node *node;
};

struct labels {
	struct label *labels;
	size_t nr;
};

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

static void refuse_second_label(const struct labels *labels)
{
	size_t i;

	for (i = 1; i < labels->nr; i++) {
		if (strcmp(labels->labels[i].name, labels->labels[i - 1].name))
			continue;
		diag_error(node_pos(labels->labels[i].node, NULL), "label '%s' is given twice",
			   labels->labels[i].name);
		diag_note(node_pos(labels->labels[i - 1].node, NULL), "it stands here already");
	}
}

static struct labels collect_labels(const struct model *model)
{
	struct labels labels = { 0 };
	struct label *label;
	size_t i, j;

	for (i = 0; i < model->nr_nodes; i++)
		for (j = 0; j < model->nodes[i]->outline->nr_labels; j++) {
			label = MEM_APPEND(labels.labels, labels.nr);
			label->name = model->nodes[i]->outline->labels[j];
			label->node = model->nodes[i];
		}
	if (labels.nr)
		qsort(labels.labels, labels.nr, sizeof(*labels.labels), by_name_and_place);
	refuse_second_label(&labels);
	return labels;
}

static void refuse_peer(const struct labels *labels, const struct node *node)
{
	struct likeness likeness = { .wanted = node->peer_label };
	size_t i;

	for (i = 0; i < labels->nr; i++)
		diag_consider(&likeness, labels->labels[i].name);
	diag_error(node_pos(node, "peer-phandle"), "no node has the label '%s'%s",
		   node->peer_label, diag_suggestion(&likeness));
}

static void find_peer(const struct labels *labels, struct node *node)
{
	struct label wanted = { .name = node->peer_label }, *found = NULL;

	if (labels->nr)
		found = bsearch(&wanted, labels->labels, labels->nr, sizeof(wanted), by_name);
	if (!found) {
		refuse_peer(labels, node);
		return;
	}
	node->peer = found->node;
	node->peer->nr_pointers++;
}

static void check_own_class(const struct model *model, const struct node *node)
{
	struct likeness likeness = { .wanted = node->compatible };
	size_t i;

	if (!node->compatible || node->disabled ||
	    vlinkcfg_class_find(model->classes, node->compatible))
		return;
	for (i = 0; i < model->classes->nr; i++)
		diag_consider(&likeness, model->classes->classes[i].name);
	diag_error(node_pos(node, "compatible"), "unknown class '%s'%s", node->compatible,
		   diag_suggestion(&likeness));
}

static const char *class_of_link(const struct node *label, const struct node *phandle)
{
	if (!label->compatible && !phandle->compatible) {
		diag_error(node_pos(phandle, NULL), "no class: neither this node nor its peer is 'compatible' with one");
		diag_note(node_pos(label, NULL), "the peer '%s'", node_label(label));
		return NULL;
	}
	if (label->compatible && phandle->compatible &&
	    strcmp(label->compatible, phandle->compatible)) {
		diag_error(node_pos(phandle, "compatible"), "class '%s' here, but '%s' at the peer '%s'",
			   phandle->compatible, label->compatible, node_label(label));
		diag_note(node_pos(label, "compatible"), "the peer's class");
		return NULL;
	}
	return label->compatible ? label->compatible : phandle->compatible;
}

/* Roles as written, or else: who is pointed to serves. */
static bool roles_fit(const struct node *label, const struct node *phandle)
{
	const char *role = label->role == ROLE_SERVER ? "server" : "client";

	if (label->role == ROLE_UNSET || label->role != phandle->role)
		return true;
	diag_error(node_pos(phandle, role), "both ends are marked as %s", role);
	diag_note(node_pos(label, role), "the peer '%s'", node_label(label));
	return false;
}

static bool may_link(const struct node *label, const struct node *phandle)
{
	if (label->peer_label) {
		diag_error(node_pos(phandle, "peer-phandle"), "the peer '%s' has a peer-phandle itself: only one end of a link has one",
			   phandle->peer_label);
		diag_note(node_pos(label, "peer-phandle"), "it stands here");
		return false;
	}
	if (label->vm == phandle->vm) {
		diag_error(node_pos(phandle, "peer-phandle"), "the link joins vm%u to itself: both ends are in one VM",
			   label->vm);
		diag_note(node_pos(label, NULL), "the peer '%s'", phandle->peer_label);
		return false;
	}
	return roles_fit(label, phandle);
}

static bool is_in_use(const struct node *node)
{
	if (node->peer && node->peer->disabled && !node->disabled)
		diag_warning(node_pos(node, "peer-phandle"), "left out, because its peer '%s' is disabled",
			     node->peer_label);
	return node->peer && !node->disabled && !node->peer->disabled;
}

static void add_link(struct model *model, struct node *phandle)
{
	struct node *label = phandle->peer;
	const char *class_name;
	struct link *link;

	if (!is_in_use(phandle) || !may_link(label, phandle))
		return;
	class_name = class_of_link(label, phandle);
	if (!class_name)
		return;
	link = mem_alloc(sizeof(*link));
	link->class_name = class_name;
	link->label = label;
	link->phandle = phandle;
	label->nr_links++;
	*MEM_APPEND(model->links, model->nr_links) = link;
}

static void check_clones(const struct node *node)
{
	if (node->clone == CLONE_NONE || node->disabled)
		return;
	if (node->peer_label)
		diag_error(node_pos(node, "#clone"), "#clone belongs to the node with the label, which others point to");
	else if (node->clone == CLONE_NUMBER && node->nr_links != node->clone_nr)
		diag_error(node_pos(node, "#clone"), "#clone is %u, but %zu %s to '%s'",
			   node->clone_nr, node->nr_links,
			   node->nr_links == 1 ? "node points" : "nodes point",
			   node_label(node) ? node_label(node) : node->outline->name);
}

static void warn_unused(const struct node *node)
{
	if (node->disabled || node->peer_label || node->nr_pointers)
		return;
	if (node_label(node))
		diag_warning(node_pos(node, NULL), "nothing points to '%s': no link is made of it",
			     node_label(node));
	else
		diag_warning(node_pos(node, NULL), "'%s' has neither a label nor a peer-phandle: no link is made of it",
			     node->outline->name);
}

/* How many links before this one join the same label to the same VM. */
static size_t count_same_before(const struct model *model, size_t nr)
{
	const struct link *link = model->links[nr];
	size_t i, same = 0;

	for (i = 0; i < nr; i++)
		same += model->links[i]->label == link->label &&
			model->links[i]->phandle->vm == link->phandle->vm;
	return same;
}

/*
 * The label, if it stands for one link for good; otherwise with the VM that
 * points to it. No label contains '-', so that these are unique as well.
 */
static void name_link(const struct model *model, size_t nr)
{
	struct link *link = model->links[nr];
	const struct node *label = link->label;
	size_t before;

	link->id = node_label(label);
	if (label->clone != CLONE_NONE || label->nr_links > 1) {
		before = count_same_before(model, nr);
		link->id = mem_printf("%s-vm%u", link->id, link->phandle->vm);
		if (before)
			link->id = mem_printf("%s-%zu", link->id, before + 1);
	}
	if (strlen(link->id) > VLINKCFG_LINK_MAX)
		diag_error(node_pos(label, NULL), "the link's name '%s' is longer than %d characters: shorten the label",
			   link->id, VLINKCFG_LINK_MAX);
}

static bool is_server(const struct link *link, const struct node *node)
{
	const struct node *other = node == link->label ? link->phandle : link->label;

	if (node->role != ROLE_UNSET)
		return node->role == ROLE_SERVER;
	if (other->role != ROLE_UNSET)
		return other->role == ROLE_CLIENT;
	return node == link->label;
}

static void add_option(struct end *end, const char *text)
{
	struct vlinkcfg_option *option;
	size_t len = strcspn(text, "=");

	option = MEM_APPEND(end->cfg.options, end->cfg.nr_options);
	option->key = mem_copy(text, len);
	option->value = mem_string(text + len + 1);
}

/* An end without an info of its own has that of its peer: both drivers need it. */
static void fill_end(struct end *end)
{
	const char *info = end->own->info ? end->own->info : end->other->info;
	size_t i;

	end->cfg.link = mem_string(end->link->id);
	end->cfg.class_name = mem_string(end->link->class_name);
	end->cfg.role = is_server(end->link, end->own) ? VLINKCFG_SERVER : VLINKCFG_CLIENT;
	end->cfg.peer = mem_string(model_domain_name(end->other->vm));
	end->cfg.info = info ? mem_string(info) : NULL;
	for (i = 0; i < end->own->nr_options; i++)
		add_option(end, end->own->options[i]);
}

static void read_vbpipe(struct end *end)
{
	struct vbpipe_request request;
	const struct node *from = end->own->info ? end->own : end->other;
	char err[VLINKCFG_ERR_MAX];

	if (!end->cfg.info)
		return;
	if (!vbpipe_parse(end->cfg.info, &request, err)) {
		/* The other end has said it already. */
		if (from == end->own)
			diag_error(node_pos(from, "info"), "%s", err);
		return;
	}
	end->cfg.name = request.name ? mem_string(request.name) : NULL;
	end->unit_given = request.has_minor;
	end->cfg.unit = request.minor;
}

/* What the link layer would refuse, it must not get to see. */
static void check_end(const struct end *end)
{
	char *text = vlinkcfg_end_format(&end->cfg), err[VLINKCFG_ERR_MAX];
	struct vlinkcfg_end back;

	if (!text)
		diag_fatal("out of memory");
	if (vlinkcfg_end_parse(text, &back, err))
		diag_error(node_pos(end->own, NULL), "%s", err);
	else
		vlinkcfg_end_clear(&back);
	free(text);
}

static void add_end(struct model *model, const struct link *link,
		    const struct node *own, const struct node *other)
{
	struct vm *vm = model_vm(model, own->vm);
	struct end *end = MEM_APPEND(vm->ends, vm->nr_ends);

	end->link = link;
	end->own = own;
	end->other = other;
	fill_end(end);
	end->is_vbpipe = class_is_vbpipe(model, link->class_name);
	if (end->is_vbpipe)
		read_vbpipe(end);
	check_end(end);
}

void resolve(struct model *model)
{
	struct labels labels = collect_labels(model);
	size_t i;

	for (i = 0; i < model->nr_nodes; i++) {
		check_own_class(model, model->nodes[i]);
		if (model->nodes[i]->peer_label)
			find_peer(&labels, model->nodes[i]);
	}
	for (i = 0; i < model->nr_nodes; i++)
		add_link(model, model->nodes[i]);
	for (i = 0; i < model->nr_nodes; i++)
		check_clones(model->nodes[i]);
	for (i = 0; i < model->nr_links; i++)
		name_link(model, i);
	/* What is missing or doubled would only bring messages that mislead. */
	if (diag_errors())
		return;
	for (i = 0; i < model->nr_nodes; i++)
		warn_unused(model->nodes[i]);
	for (i = 0; i < model->nr_links; i++) {
		add_end(model, model->links[i], model->links[i]->label, model->links[i]->phandle);
		add_end(model, model->links[i], model->links[i]->phandle, model->links[i]->label);
	}
}

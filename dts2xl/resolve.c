// SPDX-License-Identifier: LGPL-2.1-or-later
/* Finds the peers of nodes, and makes links and their two ends of them. */
#include <stdlib.h>
#include <string.h>

#include "info.h"
#include "labels.h"
#include "linknames.h"
#include "mem.h"
#include "resolve.h"

static void refuse_peer(const struct labels *labels, const struct node *node)
{
	struct likeness likeness = { .wanted = node->peer_label };

	if (node->stray_peer) {
		diag_error(CODE_UNKNOWN_PEER, node_pos(node, "peer-phandle"),
			   "'%s' is no device node of a VM: it stands in no container such as vm2_vdevs; if that had a label, was it lost for want of dtc -@?",
			   node->peer_label);
		diag_note(node->stray_peer->pos, "it stands here");
		return;
	}
	if (!strncmp(node->peer_label, "phandle ", 8)) {
		diag_error(CODE_UNKNOWN_PEER, node_pos(node, "peer-phandle"), "no node has the %s",
			   node->peer_label);
		return;
	}
	labels_consider(labels, &likeness);
	diag_error(CODE_UNKNOWN_PEER, node_pos(node, "peer-phandle"),
		   "no node has the label '%s'%s", node->peer_label, diag_suggestion(&likeness));
}

static void find_peer(const struct labels *labels, struct node *node)
{
	/* References within a blob are known from there. */
	if (!node->peer && !node->local_peer)
		node->peer = labels_find(labels, node->peer_label);
	if (!node->peer)
		refuse_peer(labels, node);
	else
		node->peer->nr_pointers++;
}

/* Nearly every shorter name is near to one of ours. */
#define LIKE_LENGTH_MIN	5

static void refuse_class(const struct model *model, const struct node *node)
{
	struct likeness likeness = { .wanted = node->compatible };
	size_t i;

	for (i = 0; strlen(node->compatible) >= LIKE_LENGTH_MIN && i < model->classes->nr; i++)
		diag_consider(&likeness, model->classes->classes[i].name);
	diag_error(CODE_UNKNOWN_CLASS, node_pos(node, "compatible"), "unknown class '%s'%s", node->compatible,
		   diag_suggestion(&likeness));
	if (!*diag_suggestion(&likeness))
		diag_note(node_pos(node, "compatible"), "if others serve it, --skip-unknown passes it over, or a line 'foreign %s' in the class file",
			  node->compatible);
}

/* What is not ours is left out as if it were disabled. */
static void check_own_class(const struct model *model, struct node *node)
{
	if (!node->compatible || node->disabled ||
	    vlinkcfg_class_find(model->classes, node->compatible))
		return;
	if (!node->foreign && !model->skip_unknown) {
		refuse_class(model, node);
		return;
	}
	node->foreign = true;
	node->disabled = true;
	diag_warning(CODE_FOREIGN, node_pos(node, "compatible"), "'%s' is of the class '%s', which is not ours: it is passed over",
		     node_title(node), node->compatible);
}

static const char *class_of_link(const struct node *label, const struct node *phandle)
{
	if (!label->compatible && !phandle->compatible) {
		diag_error(CODE_NO_CLASS, node_pos(phandle, NULL), "no class: neither this node nor its peer is 'compatible' with one");
		diag_note(node_pos(label, NULL), "the peer '%s'", node_title(label));
		return NULL;
	}
	if (label->compatible && phandle->compatible &&
	    strcmp(label->compatible, phandle->compatible)) {
		diag_error(CODE_CLASS_DIFFERS, node_pos(phandle, "compatible"), "class '%s' here, but '%s' at the peer '%s'",
			   phandle->compatible, label->compatible, node_title(label));
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
	diag_error(CODE_ROLE, node_pos(phandle, role), "both ends are marked as %s", role);
	diag_note(node_pos(label, role), "the peer '%s'", node_title(label));
	return false;
}

static bool may_link(const struct node *label, const struct node *phandle)
{
	if (label->peer && label->peer != phandle) {
		diag_error(CODE_PEER_CHAIN, node_pos(phandle, "peer-phandle"), "the peer '%s' points to another node: the ends of a link point to each other, or one to the other",
			   phandle->peer_label);
		diag_note(node_pos(label, "peer-phandle"), "it stands here");
		return false;
	}
	if (label->vm == phandle->vm) {
		diag_error(CODE_SELF_LINK, node_pos(phandle, "peer-phandle"), "the link joins vm%u to itself: both ends are in one VM",
			   label->vm);
		diag_note(node_pos(label, NULL), "the peer '%s'", phandle->peer_label);
		return false;
	}
	return roles_fit(label, phandle);
}

/*
 * When both ends point to each other, the one that serves counts as the one that is
 * pointed to: it is marked, or its peer is a client, or it has the lower VM number.
 */
static bool is_second_pointer(const struct node *node)
{
	const struct node *peer = node->peer;

	if (!peer || peer->peer != node || peer == node)
		return false;
	if (node->role != peer->role && (node->role == ROLE_SERVER || peer->role == ROLE_CLIENT))
		return true;
	if (node->role != peer->role)
		return false;
	return node->vm < peer->vm || (node->vm == peer->vm && node->seq < peer->seq);
}

static bool is_in_use(const struct node *node)
{
	if (is_second_pointer(node))
		return false;
	/* A client that says no class of its own is of the foreign one as well. */
	if (node->peer && node->peer->disabled && !node->disabled &&
	    !(node->peer->foreign && !node->compatible))
		diag_warning(CODE_DISABLED_PEER, node_pos(node, "peer-phandle"), "left out, because its peer '%s' is disabled",
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
	if (!label->first_link)
		label->first_link = link;
	*MEM_APPEND(model->links, model->nr_links) = link;
}

static void check_clones(const struct node *node)
{
	if (node->clone == CLONE_NONE || node->disabled)
		return;
	if (node->peer_label)
		diag_error(CODE_CLONE, node_pos(node, "#clone"), "#clone belongs to the node with the label, which others point to");
	else if (node->clone == CLONE_NUMBER && node->nr_links != node->clone_nr)
		diag_error(CODE_CLONE, node_pos(node, "#clone"), "#clone is %u, but %zu %s to '%s'%s",
			   node->clone_nr, node->nr_links,
			   node->nr_links == 1 ? "node points" : "nodes point",
			   node_title(node), node->nr_pointers == node->nr_links ? "" :
			   mem_printf(", and %zu that %s left out", node->nr_pointers - node->nr_links,
				      node->nr_pointers - node->nr_links == 1 ? "is" : "are"));
}

static void warn_unused(const struct node *node)
{
	if (node->disabled || node->peer_label || node->nr_pointers)
		return;
	if (node_label(node))
		diag_warning(CODE_UNUSED_NODE, node_pos(node, NULL), "nothing points to '%s': no link is made of it",
			     node_label(node));
	else
		diag_warning(CODE_UNUSED_NODE, node_pos(node, NULL), "'%s' has neither a label nor a peer-phandle: no link is made of it",
			     node->name);
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
static void fill_end(const struct model *model, struct end *end)
{
	const char *info = info_of(end);
	size_t i;

	end->cfg.link = mem_string(end->link->id);
	end->cfg.class_name = mem_string(end->link->class_name);
	end->cfg.role = is_server(end->link, end->own) ? VLINKCFG_SERVER : VLINKCFG_CLIENT;
	end->cfg.peer = mem_string(model_domain_name(model, end->other->vm));
	/* An empty one is there to keep the peer's out. */
	end->cfg.info = info && *info ? mem_string(info) : NULL;
	end->unit_given = end->own->has_unit;
	end->cfg.unit = end->own->unit;
	end->cfg.name = end->own->device_name ? mem_string(end->own->device_name) : NULL;
	for (i = 0; i < end->own->nr_options; i++)
		add_option(end, end->own->options[i]);
}

/* A pipe's name and number may stand in its info. */
static void read_pipe(const struct model *model, struct end *end)
{
	struct vlinkcfg_pipe pipe = info_pipe(model, end->link->class_name, end->cfg.info);

	if (!end->cfg.name && *pipe.name)
		end->cfg.name = mem_string(pipe.name);
	if (!end->unit_given)
		end->unit_given = vlinkcfg_pipe_unit(&pipe, end->cfg.name, &end->cfg.unit);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Key by key: a value that makes another key is not the same. */
static bool same_end(const struct vlinkcfg_end *a, const struct vlinkcfg_end *b)
{
	size_t i;

	if (strcmp(a->link, b->link) || strcmp(a->class_name, b->class_name) ||
	    a->role != b->role || strcmp(a->peer, b->peer) || a->unit != b->unit ||
	    !same_text(a->name, b->name) || !same_text(a->info, b->info) ||
	    a->nr_options != b->nr_options)
		return false;
	for (i = 0; i < a->nr_options; i++)
		if (strcmp(a->options[i].key, b->options[i].key) ||
		    strcmp(a->options[i].value, b->options[i].value))
			return false;
	return true;
}

/* What the link layer would refuse, it must not get to see. */
static void check_end(const struct end *end)
{
	char *text = vlinkcfg_end_format(&end->cfg), err[VLINKCFG_ERR_MAX];
	struct vlinkcfg_end back;

	if (!text)
		diag_fatal("out of memory");
	if (vlinkcfg_end_parse(text, &back, err)) {
		diag_error(CODE_OPTION, node_pos(end->own, NULL), "%s", err);
	} else {
		if (!same_end(&end->cfg, &back))
			diag_error(CODE_OPTION, node_pos(end->own, NULL),
				   "the link '%s' would read differently", end->cfg.link);
		vlinkcfg_end_clear(&back);
	}
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
	fill_end(model, end);
	end->is_vbpipe = vlinkcfg_is_pipe(model->classes, link->class_name);
	if (end->is_vbpipe)
		read_pipe(model, end);
	info_check_unit(model, end);
	info_check(model, end);
	check_end(end);
}

void resolve(struct model *model)
{
	struct labels labels = labels_collect(model);
	size_t i;

	labels_refuse_second(&labels);
	for (i = 0; i < model->nr_nodes; i++) {
		check_own_class(model, model->nodes[i]);
		if (model->nodes[i]->peer_label && !model->nodes[i]->foreign)
			find_peer(&labels, model->nodes[i]);
	}
	for (i = 0; i < model->nr_nodes; i++)
		add_link(model, model->nodes[i]);
	for (i = 0; i < model->nr_nodes; i++)
		check_clones(model->nodes[i]);
	linknames_give(model);
	/* Further messages would only follow from these errors. */
	if (diag_errors())
		return;
	for (i = 0; i < model->nr_nodes; i++)
		warn_unused(model->nodes[i]);
	for (i = 0; i < model->nr_links; i++) {
		add_end(model, model->links[i], model->links[i]->label, model->links[i]->phandle);
		add_end(model, model->links[i], model->links[i]->phandle, model->links[i]->label);
	}
}

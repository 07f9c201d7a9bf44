/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the fragments say: device nodes of VMs, and the links between them.
 */
#ifndef DTS2XL_MODEL_H
#define DTS2XL_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "diag.h"
#include "source.h"
#include "vlinkcfg.h"

#define VM_MAX		9999	/* vmN_vdevs */
#define VM_DOM0		1	/* vm1 is the domain that runs the toolstack */

enum role { ROLE_UNSET, ROLE_SERVER, ROLE_CLIENT };

enum clone_kind { CLONE_NONE, CLONE_AUTO, CLONE_NUMBER };

/* A device node of a VM: one half of a link, or of several. */
struct node {
	unsigned int vm;
	size_t seq;		/* its place in the input */
	const struct outline_node *outline;	/* where it and its properties stand */
	const char *compatible;	/* NULL: its peer's */
	enum role role;		/* as written */
	const char *peer_label;	/* NULL: none */
	const char *info;	/* joined by ','; NULL: none */
	enum clone_kind clone;
	unsigned int clone_nr;
	char **options;		/* KEY=VALUE */
	size_t nr_options;
	bool disabled;

	struct node *peer;	/* what peer_label points to */
	size_t nr_pointers;	/* nodes that point here, disabled ones included */
	size_t nr_links;	/* links that end here */
};

struct link {
	const char *id;
	const char *class_name;
	struct node *label;	/* the end with the label */
	struct node *phandle;	/* the end with the peer-phandle */
};

/* A link as one of its VMs sees it. */
struct end {
	const struct link *link;
	const struct node *own;
	const struct node *other;
	struct vlinkcfg_end cfg;
	bool unit_given;
	bool is_vbpipe;
};

struct vm {
	unsigned int number;
	struct pos pos;		/* where it is named first */
	struct end *ends;
	size_t nr_ends;
};

struct model {
	const struct source *source;
	const struct vlinkcfg_classes *classes;
	struct vm *vms;		/* by number once resolved */
	size_t nr_vms;
	struct node **nodes;
	size_t nr_nodes;
	struct link **links;
	size_t nr_links;
};

/* "Domain-0" for vm1, else "vmN". */
const char *model_domain_name(unsigned int vm);
void model_add_vm(struct model *model, unsigned int number, struct pos pos);
struct vm *model_vm(struct model *model, unsigned int number);
struct pos node_pos(const struct node *node, const char *property);
const char *node_label(const struct node *node);	/* NULL: none */

/* tree.c: adds the nodes of a compiled block. */
void tree_read(struct model *model, const struct block *block, const void *blob);

/* resolve.c: finds peers, makes links and the ends of every VM. */
void resolve(struct model *model);

/* number.c: gives units to the ends of every VM and puts them in order. */
void number_ends(struct model *model);

/* vbpipe.c: what a vbpipe's info asks for. */
struct vbpipe_request {
	bool has_minor;		/* given, or in a name of the form vbpipeN */
	unsigned int minor;
	const char *name;	/* NULL: none */
};

bool class_is_vbpipe(const struct model *model, const char *class_name);
/* False with the reason in @err (VLINKCFG_ERR_MAX bytes). */
bool vbpipe_parse(const char *info, struct vbpipe_request *request, char *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the fragments say: VMs, their device nodes, and the links between them.
 */
#ifndef DTS2XL_MODEL_H
#define DTS2XL_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "diag.h"
#include "source.h"
#include "vlinkcfg/vlinkcfg.h"

#define VM_MAX		9999	/* vmN_vdevs */
#define VM_DOM0		1	/* vm1 is the domain that runs the toolstack */

enum role { ROLE_UNSET, ROLE_SERVER, ROLE_CLIENT };

enum clone_kind { CLONE_NONE, CLONE_AUTO, CLONE_NUMBER };

struct tree;
struct blob_node;

/* A device node of a VM: one half of a link, or of several. */
struct node {
	unsigned int vm;
	const struct tree *tree;	/* that it stands in */
	size_t seq;		/* its place in the input */
	const char *name;
	const struct outline_node *outline;	/* where it and its properties stand */
	const struct outline_node **amended;	/* blocks that changed it later */
	size_t nr_amended;
	const char **labels;
	size_t nr_labels;
	const char *compatible;	/* NULL: its peer's */
	enum role role;		/* as written */
	const char *peer_label;	/* NULL: none */
	unsigned int local_peer;	/* its phandle in @peer_tree; 0: none */
	const struct tree *peer_tree;
	const struct outline_node *stray_peer;	/* what has that phandle is no device */
	const char *info;	/* joined by ','; NULL: none */
	enum clone_kind clone;
	unsigned int clone_nr;
	char **options;		/* KEY=VALUE */
	size_t nr_options;
	bool disabled;
	bool foreign;		/* others serve it */
	bool deleted;
	bool has_unit;
	unsigned int unit;
	const char *device_name;	/* NULL: none given */
	const char *link;		/* the link's name; NULL: none given */

	struct node *peer;	/* what peer_label points to */
	size_t nr_pointers;	/* nodes that point here, disabled ones included */
	size_t nr_links;	/* links that end here */
	const struct link *first_link;	/* its info is checked with that alone */
};

struct link {
	const char *id;
	const char *class_name;
	struct node *label;	/* the end that is pointed to */
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

/* What the tree says about a VM besides its links. */
struct vm_settings {
	const char *domain_name;	/* NULL: none given; so are the others */
	const char *type;
	const char *kernel;
	const char *ramdisk;
	const char *cmdline;
	unsigned int memory;		/* 0: not given */
	unsigned int maxmem;
	struct pos maxmem_pos;
	unsigned int vcpus;
	char **disk;
	size_t nr_disk;
	char **vif;
	size_t nr_vif;
	bool driver_domain;
	bool disabled;
};

struct vm {
	unsigned int number;
	struct pos pos;		/* where it is named first */
	bool defined;		/* by a tree, not invented for a label */
	const char *domain_name;
	struct vm_settings settings;
	struct end *ends;
	size_t nr_ends;
};

/* What changes or deletes a node of another input. */
struct amendment {
	const char *target;	/* a label, or a path that begins with / */
	unsigned int vm;	/* without a target: the node @name of this VM is deleted */
	const char *name;
	struct pos pos;
	struct tree *tree;
	const struct blob_node *at;	/* NULL: the node is deleted */
	const struct outline_node *outline;
};

struct model {
	const struct source *source;
	const struct vlinkcfg_classes *classes;
	bool skip_unknown;	/* nodes of unknown classes are foreign */
	unsigned int dom0;	/* the VM that is Domain-0 */
	struct vm *vms;		/* by number */
	size_t nr_vms;
	struct node **nodes;
	size_t nr_nodes;
	struct tree **trees;
	size_t nr_trees;
	struct amendment *amendments;
	size_t nr_amendments;
	struct link **links;
	size_t nr_links;
};

/* "Domain-0", or the VM's name, or "vmN". */
const char *model_domain_name(const struct model *model, unsigned int vm);
struct vm *model_add_vm(struct model *model, unsigned int number, struct pos pos);
struct vm *model_vm(const struct model *model, unsigned int number);
/* Leaves out VMs that the tree has disabled, and has their nodes be so, too. */
void model_drop_disabled(struct model *model);
/* True if the VM is the server of any link. */
bool model_serves(const struct vm *vm);
struct pos node_pos(const struct node *node, const char *property);
const char *node_label(const struct node *node);	/* NULL: none */
/* Its label, or else its name. */
const char *node_title(const struct node *node);
/* The number in vmN and SUFFIX; 0: @label is no such label. */
unsigned int model_vm_of_label(const char *label, const char *suffix);
/* The VM of the label of a container, vmN_vdevs or vmN_vdev, or 0. */
unsigned int model_vm_of_container(const char *label);
/* Splits vmN=REST; NULL: it is something else. */
const char *model_split_argument(const char *argument, unsigned int *vm);

#endif

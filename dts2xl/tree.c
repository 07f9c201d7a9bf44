// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reads device nodes from a compiled block, which is an overlay not yet applied. */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "model.h"

#define FRAGMENT	"/fragment@0/__overlay__"

#define PATH_SIZE	4096	/* more is not to be expected of a node's path */

/* Which label stands for a place in the blob. */
struct reference {
	const char *where;
	const char *label;
};

struct references {
	struct reference *items;
	size_t nr;
};

struct reader {
	struct model *model;
	const struct block *block;
	const void *blob;
	const char *container;	/* path of the vdevs node in the blob */
	struct references fixups;	/* "path:property:offset" to foreign labels */
	struct references symbols;	/* paths to labels of this block */
	unsigned int vm;
	struct node *node;	/* the one being read */
	const char *path;	/* of it in the blob */
};

/* The number of vmN_vdevs or vmN_vdev; 0: no such label. */
static unsigned int vm_of_label(const char *label)
{
	unsigned long vm;
	char *end;

	if (strncmp(label, "vm", 2) || label[2] < '1' || label[2] > '9')
		return 0;
	vm = strtoul(label + 2, &end, 10);
	if (vm > VM_MAX || (strcmp(end, "_vdevs") && strcmp(end, "_vdev")))
		return 0;
	return (unsigned int)vm;
}

static bool is_string_list(const char *data, int len)
{
	return len > 0 && !data[len - 1];
}

static void wrong(const struct reader *reader, const char *property, const char *what)
{
	diag_error(node_pos(reader->node, property), "%s: %s", property, what);
}

/* A list may name several; the first that is a class counts. */
static void read_compatible(struct reader *reader, const char *name,
			    const char *data, int len)
{
	struct node *node = reader->node;
	const char *at;

	if (!is_string_list(data, len)) {
		wrong(reader, name, "a string expected");
		return;
	}
	node->compatible = mem_string(data);
	for (at = data; at < data + len; at += strlen(at) + 1) {
		if (!vlinkcfg_class_find(reader->model->classes, at))
			continue;
		node->compatible = mem_string(at);
		return;
	}
}

static bool is_printable(const char *data, size_t len)
{
	for (; len; len--, data++)
		if (*data < 0x20 || *data > 0x7e)
			return false;
	return true;
}

static void read_info(struct reader *reader, const char *name, const char *data, int len)
{
	char *info, *end;
	int i;

	if (!is_string_list(data, len)) {
		wrong(reader, name, "strings expected");
		return;
	}
	info = mem_copy(data, (size_t)len - 1);
	for (i = 0, end = info; i < len - 1; i++, end++)
		if (!*end)
			*end = ',';
	if (!is_printable(info, (size_t)len - 1))
		wrong(reader, name, "only printable ASCII may stand in it");
	else if (len - 1 > VLINKCFG_INFO_MAX)
		wrong(reader, name, mem_printf("%d bytes are more than %d", len - 1,
					       VLINKCFG_INFO_MAX));
	else
		reader->node->info = info;
}

static void read_role(struct reader *reader, const char *name, const char *data, int len)
{
	enum role role = strcmp(name, "server") ? ROLE_CLIENT : ROLE_SERVER;

	(void)data;
	if (len)
		wrong(reader, name, "takes no value");
	else if (reader->node->role != ROLE_UNSET)
		wrong(reader, name, "a node is either server or client");
	else
		reader->node->role = role;
}

static int by_where(const void *a, const void *b)
{
	return strcmp(((const struct reference *)a)->where, ((const struct reference *)b)->where);
}

static void add_references(struct references *refs, const char *label,
			   const char *data, int len)
{
	struct reference *ref;
	const char *at;

	for (at = data; at < data + len; at += strlen(at) + 1) {
		ref = MEM_APPEND(refs->items, refs->nr);
		ref->where = at;
		ref->label = label;
	}
}

/*
 * Turns a node like __fixups__, whose properties are labels and whose values
 * say where, into a table by place. Searching the blob each time would take
 * the cube of its size.
 */
static struct references read_references(const void *blob, const char *path)
{
	int node = fdt_path_offset(blob, path), prop, len;
	struct references refs = { 0 };
	const char *label, *data;

	fdt_for_each_property_offset(prop, blob, node) {
		data = fdt_getprop_by_offset(blob, prop, &label, &len);
		if (data && is_string_list(data, len))
			add_references(&refs, label, data, len);
	}
	if (refs.nr)
		qsort(refs.items, refs.nr, sizeof(*refs.items), by_where);
	return refs;
}

static const char *label_of(const struct references *refs, const char *where)
{
	struct reference wanted = { .where = where }, *found = NULL;

	if (refs->nr)
		found = bsearch(&wanted, refs->items, refs->nr, sizeof(wanted), by_where);
	return found ? found->label : NULL;
}

/* The label of another block that a cell of this node refers to, or NULL. */
static const char *external_label(const struct reader *reader, const char *property)
{
	return label_of(&reader->fixups, mem_printf("%s:%s:0", reader->path, property));
}

/* The label behind a phandle of this block; NULL when the cell is a mere number. */
static const char *local_label(const struct reader *reader, const char *property,
			       uint32_t phandle)
{
	char path[PATH_SIZE], *mark = mem_printf("/__local_fixups__%s", reader->path);
	int target = fdt_path_offset(reader->blob, mark);

	if (target < 0 || !fdt_getprop(reader->blob, target, property, NULL))
		return NULL;
	target = fdt_node_offset_by_phandle(reader->blob, phandle);
	if (target < 0 || fdt_get_path(reader->blob, target, path, sizeof(path)))
		return NULL;
	return label_of(&reader->symbols, path);
}

static void read_peer(struct reader *reader, const char *name, const char *data, int len)
{
	const char *label;
	fdt32_t cell;

	if (len != sizeof(cell)) {
		wrong(reader, name, "exactly one reference expected, as in <&label>");
		return;
	}
	memcpy(&cell, data, sizeof(cell));
	label = external_label(reader, name);
	if (!label)
		label = local_label(reader, name, fdt32_to_cpu(cell));
	if (!label)
		wrong(reader, name, "a reference expected, as in <&label>");
	else if (strchr(label, '/'))
		wrong(reader, name, "the peer is named by its label, as in <&label>, not by a path");
	else
		reader->node->peer_label = mem_string(label);
}

/* "auto", or a number as a cell or a string. */
static void read_clone(struct reader *reader, const char *name, const char *data, int len)
{
	struct node *node = reader->node;
	unsigned long nr = 0;
	fdt32_t cell;
	char *end;

	if (len == sizeof("auto") && !memcmp(data, "auto", sizeof("auto"))) {
		node->clone = CLONE_AUTO;
		return;
	}
	if (is_string_list(data, len) && data[0] >= '1' && data[0] <= '9') {
		nr = strtoul(data, &end, 10);
		if (end != data + len - 1)
			nr = 0;
	} else if (len == sizeof(cell)) {
		memcpy(&cell, data, sizeof(cell));
		nr = fdt32_to_cpu(cell);
	}
	if (!nr || nr > VLINKCFG_UNIT_MAX + 1) {
		wrong(reader, name, mem_printf("\"auto\" or a number from 1 to %d expected",
					       VLINKCFG_UNIT_MAX + 1));
		return;
	}
	node->clone = CLONE_NUMBER;
	node->clone_nr = (unsigned int)nr;
}

static void read_status(struct reader *reader, const char *name, const char *data, int len)
{
	if (!is_string_list(data, len)) {
		wrong(reader, name, "a string expected");
		return;
	}
	if (!strcmp(data, "okay") || !strcmp(data, "ok"))
		return;
	if (strcmp(data, "disabled") && strcmp(data, "reserved") && strncmp(data, "fail", 4))
		wrong(reader, name, mem_printf("'%s' is neither okay nor disabled", data));
	reader->node->disabled = true;
}

static void read_options(struct reader *reader, const char *name, const char *data, int len)
{
	struct node *node = reader->node;
	const char *at;

	if (!is_string_list(data, len)) {
		wrong(reader, name, "strings of the form KEY=VALUE expected");
		return;
	}
	for (at = data; at < data + len; at += strlen(at) + 1) {
		if (!strchr(at, '=') || strchr(at, ',')) {
			wrong(reader, name, mem_printf("'%s' is not KEY=VALUE without a comma", at));
			return;
		}
		*MEM_APPEND(node->options, node->nr_options) = mem_string(at);
	}
}

static void ignore(struct reader *reader, const char *name, const char *data, int len)
{
	(void)reader;
	(void)name;
	(void)data;
	(void)len;
}

static const struct reading {
	const char *name;
	void (*read)(struct reader *reader, const char *name, const char *data, int len);
} readings[] = {
	{ "compatible",	   read_compatible },
	{ "info",	   read_info },
	{ "server",	   read_role },
	{ "client",	   read_role },
	{ "peer-phandle",  read_peer },
	{ "#clone",	   read_clone },
	{ "status",	   read_status },
	{ "options",	   read_options },
	{ "phandle",	   ignore },	/* dtc's own */
};

static void read_property(struct reader *reader, const char *name, const char *data, int len)
{
	struct likeness likeness = { .wanted = name };
	size_t i;

	for (i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
		if (!strcmp(readings[i].name, name)) {
			readings[i].read(reader, name, data, len);
			return;
		}
		diag_consider(&likeness, readings[i].name);
	}
	diag_warning(node_pos(reader->node, name), "property '%s' is not used%s", name,
		     diag_suggestion(&likeness));
}

static void read_properties(struct reader *reader, int offset)
{
	const char *name, *data;
	int prop, len;

	fdt_for_each_property_offset(prop, reader->blob, offset) {
		data = fdt_getprop_by_offset(reader->blob, prop, &name, &len);
		if (data)
			read_property(reader, name, data, len);
	}
}

/* @in: the container's outline. */
static void read_node(struct reader *reader, int offset, const struct outline_node *in)
{
	const char *name = fdt_get_name(reader->blob, offset, NULL);
	struct model *model = reader->model;
	struct node *node = mem_alloc(sizeof(*node));
	int sub;

	node->vm = reader->vm;
	node->seq = model->nr_nodes;
	node->outline = outline_find(in, name);
	if (!node->outline)
		node->outline = in;
	*MEM_APPEND(model->nodes, model->nr_nodes) = node;
	reader->node = node;
	reader->path = mem_printf("%s/%s", reader->container, name);
	read_properties(reader, offset);
	sub = fdt_first_subnode(reader->blob, offset);
	if (sub >= 0)
		diag_warning(node->outline->pos, "nodes below '%s' are not used", name);
}

static void read_container(struct reader *reader, const struct outline_node *outline)
{
	int container = fdt_path_offset(reader->blob, reader->container), offset;

	model_add_vm(reader->model, reader->vm, outline->pos);
	if (container < 0)
		return;
	/* cppcheck-suppress unknownMacro */
	fdt_for_each_subnode(offset, reader->blob, container)
		read_node(reader, offset, outline);
}

/* A / { } block: the containers are its nodes with a VM's label. */
static void read_root(struct reader *reader)
{
	const struct outline_node *outline;
	const struct reference *symbol;
	size_t i;

	for (i = 0; i < reader->symbols.nr; i++) {
		symbol = &reader->symbols.items[i];
		reader->vm = vm_of_label(symbol->label);
		if (!reader->vm)
			continue;
		outline = outline_find(&reader->block->outline, symbol->where);
		reader->container = symbol->where;
		read_container(reader, outline ? outline : &reader->block->outline);
	}
}

static void refuse_label(const struct model *model, const struct block *block)
{
	struct likeness likeness = { .wanted = block->label };
	const struct outline_node *node = source_find_label(model->source, block->label);
	size_t i;

	if (node) {
		diag_error(block->pos, "'%s' is a device node: all of it belongs into one place",
			   block->label);
		diag_note(node->pos, "it stands here");
		return;
	}
	for (i = 0; i < model->nr_vms; i++)
		diag_consider(&likeness, mem_printf("vm%u_vdevs", model->vms[i].number));
	for (i = 2; i <= 9; i++)
		diag_consider(&likeness, mem_printf("vm%zu_vdevs", i));
	diag_error(block->pos, "unknown label '%s': &vmN_vdevs expected%s", block->label,
		   diag_suggestion(&likeness));
}

void tree_read(struct model *model, const struct block *block, const void *blob)
{
	struct reader reader = {
		.model = model,
		.block = block,
		.blob = blob,
		.container = FRAGMENT,
		.fixups = read_references(blob, "/__fixups__"),
		.symbols = read_references(blob, "/__symbols__"),
	};

	if (!block->label) {
		read_root(&reader);
		return;
	}
	reader.vm = vm_of_label(block->label);
	if (reader.vm)
		read_container(&reader, &block->outline);
	else
		refuse_label(model, block);
}

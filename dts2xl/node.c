// SPDX-License-Identifier: LGPL-2.1-or-later
/* The properties of device nodes. */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "tree.h"

struct reader {
	const struct tree *tree;
	const struct blob_node *at;
	struct node *node;
};

struct value {
	const char *name;	/* of the property */
	const char *data;
	int len;
};

static void wrong(const struct reader *reader, enum diag_code code, const struct value *value,
		  const char *what)
{
	diag_error(code, node_pos(reader->node, value->name), "%s: %s", value->name, what);
}

static bool is_string(const struct value *value)
{
	return tree_is_string_list(value->data, value->len) &&
	       (int)strlen(value->data) == value->len - 1;
}

/* A list may name several; the first that is a class counts. */
static void read_compatible(struct reader *reader, const struct value *value)
{
	struct node *node = reader->node;
	const char *at;

	if (!tree_is_string_list(value->data, value->len)) {
		wrong(reader, CODE_PROPERTY_TYPE, value, "a string expected");
		return;
	}
	node->compatible = mem_string(value->data);
	node->foreign = false;
	for (at = value->data; at < value->data + value->len; at += strlen(at) + 1) {
		if (!vlinkcfg_class_find(reader->tree->model->classes, at))
			continue;
		node->compatible = mem_string(at);
		return;
	}
	for (at = value->data; at < value->data + value->len; at += strlen(at) + 1)
		if (vlinkcfg_class_is_foreign(reader->tree->model->classes, at))
			node->foreign = true;
}

static void read_info(struct reader *reader, const struct value *value)
{
	size_t len = (size_t)value->len - 1;
	char *info, *end;

	if (!tree_is_string_list(value->data, value->len)) {
		wrong(reader, CODE_PROPERTY_TYPE, value, "strings expected");
		return;
	}
	if (len > VLINK_INFO_MAX) {
		wrong(reader, CODE_INFO, value, mem_printf("%zu bytes are more than %d", len,
							   VLINK_INFO_MAX));
		return;
	}
	info = mem_copy(value->data, len);
	for (end = info; end < info + len; end++)
		if (!*end)
			*end = ',';
	if (!tree_is_printable(info, len))
		wrong(reader, CODE_INFO, value, "only printable ASCII may stand in it");
	else
		reader->node->info = info;
}

static void read_role(struct reader *reader, const struct value *value)
{
	enum role role = strcmp(value->name, "server") ? ROLE_CLIENT : ROLE_SERVER;

	if (value->len)
		wrong(reader, CODE_PROPERTY_TYPE, value, "takes no value");
	else if (reader->node->role != ROLE_UNSET && reader->node->role != role)
		wrong(reader, CODE_ROLE, value, "a node is either server or client");
	else
		reader->node->role = role;
}

/* The phandle that a cell refers to; 0 when the cell is a mere number. */
static uint32_t local_phandle(const struct reader *reader, const struct value *value,
			      uint32_t cell)
{
	const struct blob *blob = reader->tree->blob;
	const struct blob_node *mark;

	/* In a tree that is no overlay a phandle is a number like any other. */
	if (!blob_path(blob, "/__local_fixups__") && !blob_path(blob, "/__fixups__"))
		return cell;
	mark = blob_local_fixups(blob, reader->at);
	if (!mark || !fdt_getprop(blob->fdt, mark->offset, value->name, NULL))
		return 0;
	return cell;
}

static void read_peer(struct reader *reader, const struct value *value)
{
	struct node *node = reader->node;
	const char *label;
	fdt32_t cell;

	if (value->len != sizeof(cell)) {
		wrong(reader, CODE_PEER, value, "exactly one reference expected, as in <&label>");
		return;
	}
	memcpy(&cell, value->data, sizeof(cell));
	label = blob_fixup(reader->tree->blob, reader->at, value->name);
	node->local_peer = label ? 0 : local_phandle(reader, value, fdt32_to_cpu(cell));
	node->peer_tree = reader->tree;
	node->stray_peer = NULL;
	node->peer = NULL;
	if (!label && !node->local_peer)
		wrong(reader, CODE_PEER, value, "a reference expected, as in <&label>");
	else if (label && strchr(label, '/'))
		wrong(reader, CODE_BY_PATH, value, "the peer is named by its label, as in <&label>, not by a path");
	else
		node->peer_label = label ? mem_string(label)
					 : mem_printf("phandle %u", node->local_peer);
}

/* A number as a cell or a string of digits; false for anything else. */
static bool read_number(const struct value *value, unsigned long *number)
{
	fdt32_t cell;
	char *end;

	if (is_string(value) && value->data[0] >= '0' && value->data[0] <= '9') {
		*number = strtoul(value->data, &end, 10);
		return end == value->data + value->len - 1;
	}
	if (value->len != sizeof(cell))
		return false;
	memcpy(&cell, value->data, sizeof(cell));
	*number = fdt32_to_cpu(cell);
	return true;
}

/* "auto", or a number. */
static void read_clone(struct reader *reader, const struct value *value)
{
	struct node *node = reader->node;
	unsigned long nr = 0;

	if (is_string(value) && !strcmp(value->data, "auto")) {
		node->clone = CLONE_AUTO;
		return;
	}
	if (!read_number(value, &nr) || !nr || nr > VLINK_UNIT_MAX + 1) {
		wrong(reader, CODE_CLONE, value,
		      mem_printf("\"auto\" or a number from 1 to %d expected",
				 VLINK_UNIT_MAX + 1));
		return;
	}
	node->clone = CLONE_NUMBER;
	node->clone_nr = (unsigned int)nr;
}

static void read_unit(struct reader *reader, const struct value *value)
{
	unsigned long nr;

	if (!read_number(value, &nr) || nr > VLINK_UNIT_MAX) {
		wrong(reader, CODE_UNIT, value, mem_printf("a number from 0 to %d expected",
							   VLINK_UNIT_MAX));
		return;
	}
	reader->node->has_unit = true;
	reader->node->unit = (unsigned int)nr;
}

#define LETTERS	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* A string of these characters, or NULL, with a message. */
static const char *read_word(struct reader *reader, enum diag_code code, const struct value *value,
			     const char *chars, int max)
{
	if (!is_string(value)) {
		wrong(reader, CODE_PROPERTY_TYPE, value, "a string expected");
		return NULL;
	}
	if (value->len > 1 && value->len - 1 <= max &&
	    strspn(value->data, chars) == (size_t)value->len - 1)
		return mem_string(value->data);
	wrong(reader, code, value, mem_printf("1 to %d characters of A-Z a-z 0-9 and '%s' expected",
					      max, chars + strlen(LETTERS)));
	return NULL;
}

static void read_device_name(struct reader *reader, const struct value *value)
{
	reader->node->device_name = read_word(reader, CODE_DEVICE_NAME, value, LETTERS "_.-",
					      VLINK_NAME_MAX);
}

static void read_link(struct reader *reader, const struct value *value)
{
	reader->node->link = read_word(reader, CODE_LINK_NAME, value, LETTERS "_-",
				       VLINK_ID_MAX);
}

static void read_status(struct reader *reader, const struct value *value)
{
	tree_read_status(node_pos(reader->node, value->name), value->data, value->len,
			 &reader->node->disabled);
}

static void read_options(struct reader *reader, const struct value *value)
{
	struct node *node = reader->node;
	const char *at;

	if (!tree_is_string_list(value->data, value->len)) {
		wrong(reader, CODE_PROPERTY_TYPE, value, "strings of the form KEY=VALUE expected");
		return;
	}
	node->nr_options = 0;
	node->options = NULL;
	for (at = value->data; at < value->data + value->len; at += strlen(at) + 1) {
		if (!strchr(at, '=') || strchr(at, ',')) {
			wrong(reader, CODE_OPTION, value,
			      mem_printf("'%s' is not KEY=VALUE without a comma", at));
			return;
		}
		*MEM_APPEND(node->options, node->nr_options) = mem_string(at);
	}
}

static void ignore(struct reader *reader, const struct value *value)
{
	(void)reader;
	(void)value;
}

static void forget_compatible(struct node *node)
{
	node->compatible = NULL;
	node->foreign = false;
}

static void forget_info(struct node *node)
{
	node->info = NULL;
}

static void forget_role(struct node *node)
{
	node->role = ROLE_UNSET;
}

static void forget_peer(struct node *node)
{
	node->peer = NULL;
	node->peer_label = NULL;
	node->stray_peer = NULL;
	node->local_peer = 0;
}

static void forget_clone(struct node *node)
{
	node->clone = CLONE_NONE;
}

static void forget_status(struct node *node)
{
	node->disabled = false;
}

static void forget_options(struct node *node)
{
	node->nr_options = 0;
	node->options = NULL;
}

static void forget_unit(struct node *node)
{
	node->has_unit = false;
}

static void forget_device_name(struct node *node)
{
	node->device_name = NULL;
}

static void forget_link(struct node *node)
{
	node->link = NULL;
}

static const struct property {
	const char *name;
	void (*read)(struct reader *reader, const struct value *value);
	void (*forget)(struct node *node);	/* for /delete-property/ */
} properties[] = {
	{ "compatible",	   read_compatible,  forget_compatible },
	{ "info",	   read_info,	     forget_info },
	{ "server",	   read_role,	     forget_role },
	{ "client",	   read_role,	     forget_role },
	{ "peer-phandle",  read_peer,	     forget_peer },
	{ "#clone",	   read_clone,	     forget_clone },
	{ "status",	   read_status,	     forget_status },
	{ "options",	   read_options,     forget_options },
	{ "unit",	   read_unit,	     forget_unit },
	{ "device-name",   read_device_name, forget_device_name },
	{ "link",	   read_link,	     forget_link },
	/* of dtc, and of other readers of the tree */
	{ "phandle",	   ignore,	     NULL },
	{ "linux,phandle", ignore,	     NULL },
	{ "name",	   ignore,	     NULL },
};

#define NR_PROPERTIES	(sizeof(properties) / sizeof(properties[0]))

static void read_property(struct reader *reader, const struct value *value)
{
	struct likeness likeness = { .wanted = value->name };
	size_t i;

	for (i = 0; i < NR_PROPERTIES; i++)
		if (!strcmp(properties[i].name, value->name)) {
			properties[i].read(reader, value);
			return;
		}
	for (i = 0; i < NR_PROPERTIES; i++)
		diag_consider(&likeness, properties[i].name);
	diag_warning(CODE_UNUSED_PROPERTY, node_pos(reader->node, value->name),
		     "property '%s' is not used%s", value->name, diag_suggestion(&likeness));
}

static void delete_property(struct node *node, const struct outline_deletion *deletion)
{
	size_t i;

	for (i = 0; i < NR_PROPERTIES; i++)
		if (!strcmp(properties[i].name, deletion->name) && properties[i].forget)
			properties[i].forget(node);
}

void node_read(const struct tree *tree, const struct blob_node *at, struct node *node,
	       const struct outline_node *outline)
{
	struct reader reader = { .tree = tree, .at = at, .node = node };
	struct value value;
	size_t i;
	int prop;

	for (i = 0; outline && i < outline->nr_deleted_properties; i++)
		delete_property(node, &outline->deleted_properties[i]);
	fdt_for_each_property_offset(prop, tree->blob->fdt, at->offset) {
		value.data = fdt_getprop_by_offset(tree->blob->fdt, prop, &value.name, &value.len);
		if (value.data)
			read_property(&reader, &value);
	}
}

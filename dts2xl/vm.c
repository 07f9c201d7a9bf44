// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the tree says about a VM: memory, kernel and the like. */
#include <libfdt.h>
#include <string.h>

#include "mem.h"
#include "tree.h"
#include "vm.h"

#define MEMORY_MAX	0x1000000u	/* MiB: 16 TiB, what Xen can have */
#define VCPUS_MAX	8192u		/* Xen's own limit; guests' types have lower ones */

struct reader {
	struct vm_settings *settings;
	struct pos pos;		/* of the property being read */
	const char *name;
	unsigned int max;	/* of a number */
	const char *unit;
};

static void wrong(const struct reader *reader, const char *what)
{
	diag_error(CODE_VM_PROPERTY, reader->pos, "%s: %s", reader->name, what);
}

/* Three characters and their end fill a cell as well. */
static bool is_text(const char *data, int len)
{
	return len > 1 && tree_is_string_list(data, len) && tree_is_printable(data, (size_t)len - 1);
}

static void read_number(const struct reader *reader, const char *data, int len, void *field)
{
	uint32_t number = 0;
	fdt32_t cell;

	if (is_text(data, len)) {
		wrong(reader, mem_printf("a number expected, as in <512>, and not the string \"%.40s\"",
					 data));
		return;
	}
	if (len == sizeof(cell)) {
		memcpy(&cell, data, sizeof(cell));
		number = fdt32_to_cpu(cell);
	}
	if (!number)
		wrong(reader, "one cell with a number from 1 expected");
	else if (number > reader->max)
		wrong(reader, mem_printf("%u is more than %u%s", number, reader->max, reader->unit));
	else
		*(unsigned int *)field = number;
}

static void read_mib(const struct reader *reader, const char *data, int len, void *field)
{
	struct reader limited = *reader;

	limited.max = MEMORY_MAX;
	limited.unit = " MiB; is it a number of bytes?";
	read_number(&limited, data, len, field);
}

static void read_count(const struct reader *reader, const char *data, int len, void *field)
{
	struct reader limited = *reader;

	limited.max = VCPUS_MAX;
	limited.unit = "";
	read_number(&limited, data, len, field);
}

static void read_string(const struct reader *reader, const char *data, int len, void *field)
{
	if (!tree_is_string_list(data, len) || (int)strlen(data) != len - 1 || len == 1 ||
	    !tree_is_printable(data, (size_t)len - 1))
		wrong(reader, "a string of printable ASCII expected");
	else
		*(const char **)field = mem_string(data);
}

static void read_type(const struct reader *reader, const char *data, int len, void *field)
{
	read_string(reader, data, len, field);
	if (*(const char **)field && strcmp(data, "pv") && strcmp(data, "pvh") &&
	    strcmp(data, "hvm"))
		wrong(reader, "\"pv\", \"pvh\" or \"hvm\" expected");
}

static void read_strings(const struct reader *reader, const char *data, int len, char ***list,
			 size_t *nr)
{
	const char *at;

	*list = NULL;
	*nr = 0;
	if (!tree_is_string_list(data, len)) {
		wrong(reader, "strings expected");
		return;
	}
	for (at = data; at < data + len; at += strlen(at) + 1) {
		if (!tree_is_printable(at, strlen(at))) {
			wrong(reader, "only printable ASCII may stand in it");
			return;
		}
		*MEM_APPEND(*list, *nr) = mem_string(at);
	}
}

static void read_disk(const struct reader *reader, const char *data, int len, void *field)
{
	(void)field;
	read_strings(reader, data, len, &reader->settings->disk, &reader->settings->nr_disk);
}

static void read_vif(const struct reader *reader, const char *data, int len, void *field)
{
	(void)field;
	read_strings(reader, data, len, &reader->settings->vif, &reader->settings->nr_vif);
}

static void read_flag(const struct reader *reader, const char *data, int len, void *field)
{
	(void)data;
	if (len)
		wrong(reader, "takes no value");
	else
		*(bool *)field = true;
}

static void read_status(const struct reader *reader, const char *data, int len, void *field)
{
	tree_read_status(reader->pos, data, len, field);
}

#define FIELD(field)	offsetof(struct vm_settings, field)

static const struct {
	const char *name;
	void (*read)(const struct reader *reader, const char *data, int len, void *field);
	size_t field;
} settings[] = {
	{ "domain-name",   read_string, FIELD(domain_name) },
	{ "type",	   read_type,	FIELD(type) },
	{ "kernel",	   read_string,	FIELD(kernel) },
	{ "ramdisk",	   read_string,	FIELD(ramdisk) },
	{ "cmdline",	   read_string,	FIELD(cmdline) },
	{ "memory",	   read_mib,	FIELD(memory) },
	{ "maxmem",	   read_mib,	FIELD(maxmem) },
	{ "vcpus",	   read_count,	FIELD(vcpus) },
	{ "disk",	   read_disk,	FIELD(disk) },
	{ "vif",	   read_vif,	FIELD(vif) },
	{ "driver-domain", read_flag,	FIELD(driver_domain) },
	{ "status",	   read_status,	FIELD(disabled) },
};

/* A board's VM node has many properties that are no business of ours. */
static void read_setting(struct reader *reader, const char *data, int len)
{
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (!strcmp(settings[i].name, reader->name))
			settings[i].read(reader, data, len,
					 (char *)reader->settings + settings[i].field);
}

void vm_read(const struct tree *tree, const struct blob_node *at, unsigned int number,
	     const struct outline_node *outline)
{
	struct vm *vm = model_add_vm(tree->model, number, outline->pos);
	struct reader reader = { .settings = &vm->settings };
	const char *data;
	int prop, len;

	if (!at)
		return;
	fdt_for_each_property_offset(prop, tree->blob->fdt, at->offset) {
		data = fdt_getprop_by_offset(tree->blob->fdt, prop, &reader.name, &len);
		if (!data)
			continue;
		outline_has_property(outline, reader.name, &reader.pos);
		read_setting(&reader, data, len);
	}
	if (outline_has_property(outline, "maxmem", &reader.pos))
		vm->settings.maxmem_pos = reader.pos;
}

void vms_check(const struct model *model)
{
	const struct vm_settings *settings;
	size_t i;

	for (i = 0; i < model->nr_vms; i++) {
		settings = &model->vms[i].settings;
		if (settings->maxmem && settings->maxmem < settings->memory)
			diag_error(CODE_VM_PROPERTY, settings->maxmem_pos.file ? settings->maxmem_pos
									       : model->vms[i].pos,
				   "maxmem: %u is less than the memory of vm%u, %u",
				   settings->maxmem, model->vms[i].number, settings->memory);
	}
}

// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "settings.h"

static void print_quoted(FILE *out, const char *text)
{
	char *escaped = vlinkcfg_escape(text);

	if (!escaped)
		diag_fatal("out of memory");
	fprintf(out, "\"%s\"", escaped);
	free(escaped);
}

static void print_string(FILE *out, const char *key, const char *value)
{
	if (!value)
		return;
	fprintf(out, "%s = ", key);
	print_quoted(out, value);
	fputc('\n', out);
}

static void print_number(FILE *out, const char *key, unsigned int value)
{
	if (value)
		fprintf(out, "%s = %u\n", key, value);
}

static void print_list(FILE *out, const char *key, char *const *items, size_t nr)
{
	size_t i;

	if (!nr)
		return;
	fprintf(out, "%s = [ ", key);
	for (i = 0; i < nr; i++) {
		fputs(i ? ", " : "", out);
		print_quoted(out, items[i]);
	}
	fputs(" ]\n", out);
}

bool settings_given(const struct vm *vm)
{
	const struct vm_settings *s = &vm->settings;

	return s->type || s->kernel || s->ramdisk || s->cmdline || s->memory || s->maxmem ||
	       s->vcpus || s->nr_disk || s->nr_vif;
}

const char *settings_text(const struct vm *vm)
{
	const struct vm_settings *settings = &vm->settings;
	struct mem_stream stream;
	FILE *out;

	if (!settings_given(vm))
		return "";
	out = mem_stream_open(&stream);
	fputs("# From the device tree:\n", out);
	print_string(out, "type", settings->type);
	print_string(out, "kernel", settings->kernel);
	print_string(out, "ramdisk", settings->ramdisk);
	print_string(out, "cmdline", settings->cmdline);
	print_number(out, "memory", settings->memory);
	print_number(out, "maxmem", settings->maxmem);
	print_number(out, "vcpus", settings->vcpus);
	print_list(out, "disk", settings->disk, settings->nr_disk);
	print_list(out, "vif", settings->vif, settings->nr_vif);
	return mem_stream_close(&stream);
}

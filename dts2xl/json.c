// SPDX-License-Identifier: LGPL-2.1-or-later
/* The model for other programs. */
#include <stdio.h>

#include "mem.h"
#include "need.h"
#include "output.h"

/* Bytes of the UTF-8 character at @text; 0: it is none. */
static size_t utf8_length(const char *text)
{
	unsigned char first = (unsigned char)*text;
	size_t len = first < 0x80 ? 1 : (first & 0xe0) == 0xc0 ? 2 : (first & 0xf0) == 0xe0 ? 3 :
		     (first & 0xf8) == 0xf0 ? 4 : 0, i;

	for (i = 1; i < len; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static void print_string(FILE *out, const char *text)
{
	size_t len;

	fputc('"', out);
	for (; *text; text += len ? len : 1) {
		len = utf8_length(text);
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if (!len)
			fputs("\\ufffd", out);
		else if (len == 1 && ((unsigned char)*text < 0x20 || *text == 0x7f))
			fprintf(out, "\\u%04x", (unsigned char)*text);
		else
			fwrite(text, 1, len, out);
	}
	fputc('"', out);
}

static void print_member(FILE *out, const char *key, const char *value)
{
	if (!value)
		return;
	fprintf(out, ", \"%s\": ", key);
	print_string(out, value);
}

static void print_pos(FILE *out, struct pos pos)
{
	print_member(out, "file", pos.file);
	if (pos.line)
		fprintf(out, ", \"line\": %u", pos.line);
}

static void print_options(FILE *out, const struct vlinkcfg_end *end)
{
	size_t i;

	if (!end->nr_options)
		return;
	fputs(", \"options\": {", out);
	for (i = 0; i < end->nr_options; i++) {
		fputs(i ? ", " : "", out);
		print_string(out, end->options[i].key);
		fputs(": ", out);
		print_string(out, end->options[i].value);
	}
	fputc('}', out);
}

static void print_end(FILE *out, const struct model *model, const struct end *end)
{
	struct need need = need_of_end(model, end);

	fputs("        {\"link\": ", out);
	print_string(out, end->cfg.link);
	print_member(out, "class", end->cfg.class_name);
	print_member(out, "role", end->cfg.role == VLINKCFG_SERVER ? "server" : "client");
	print_member(out, "peer", end->cfg.peer);
	fprintf(out, ", \"unit\": %u", end->cfg.unit);
	print_member(out, "name", end->cfg.name);
	print_options(out, &end->cfg);
	print_member(out, "info", end->cfg.info);
	fprintf(out, ", \"grants\": %llu, \"maps\": %llu, \"event-channels\": %llu",
		need.grants + need.shared_grants, need.maps + need.shared_maps, need.events);
	print_pos(out, node_pos(end->own, NULL));
	fputc('}', out);
}

static void print_vm(FILE *out, const struct model *model, const struct vm *vm)
{
	size_t i;

	fprintf(out, "    {\"vm\": %u", vm->number);
	print_member(out, "name", model_domain_name(model, vm->number));
	fputs(", \"links\": [", out);
	for (i = 0; i < vm->nr_ends; i++) {
		fputs(i ? ",\n" : "\n", out);
		print_end(out, model, &vm->ends[i]);
	}
	fputs(vm->nr_ends ? "\n    ]}" : "]}", out);
}

void output_json(const char *path, const struct model *model)
{
	struct mem_stream stream;
	FILE *out = mem_stream_open(&stream);
	size_t i;

	fputs("{\n  \"vms\": [\n", out);
	for (i = 0; i < model->nr_vms; i++) {
		fputs(i ? ",\n" : "", out);
		print_vm(out, model, &model->vms[i]);
	}
	fputs("\n  ]\n}\n", out);
	mem_stream_close(&stream);
	output_file(path, stream.text, stream.len);
}

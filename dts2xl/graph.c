// SPDX-License-Identifier: LGPL-2.1-or-later
/* A picture of VMs and links: from the client, an arrow to its server. */
#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "output.h"
#include "process.h"

/* Names have none of the characters that Graphviz would make something else of. */
static void print_vm(FILE *out, const struct model *model, const struct vm *vm)
{
	const char *name = model_domain_name(model, vm->number);

	fprintf(out, "\t\"%s\" [label=\"%s", name, name);
	if (vm->number != model->dom0 && strcmp(name, mem_printf("vm%u", vm->number)))
		fprintf(out, "\\nvm%u", vm->number);
	fputs("\"];\n", out);
}

static const char *color_of(const char *class_name)
{
	static const char *const colors[] = {
		"#1b6ca8", "#a83232", "#2f7d32", "#7b3fa0", "#b06a00", "#00767a", "#555555",
	};
	unsigned int hash = 0;

	for (; *class_name; class_name++)
		hash = hash * 31 + (unsigned char)*class_name;
	return colors[hash % (sizeof(colors) / sizeof(colors[0]))];
}

static void print_links(FILE *out, const struct model *model, const struct vm *vm)
{
	const struct end *end;

	FOR_EACH(end, vm->ends, vm->nr_ends)
		if (end->cfg.role == VLINKCFG_CLIENT)
			fprintf(out, "\t\"%s\" -> \"%s\" [label=\"%s\\n%s\", color=\"%s\", fontcolor=\"%s\"];\n",
				model_domain_name(model, vm->number), end->cfg.peer, end->cfg.link,
				end->cfg.class_name, color_of(end->cfg.class_name),
				color_of(end->cfg.class_name));
}

static void print(FILE *out, const struct model *model)
{
	size_t i;

	fputs("digraph links {\n"
	      "\trankdir=LR;\n"
	      "\tnode [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
	      "\tedge [fontname=\"sans-serif\", fontsize=9];\n", out);
	for (i = 0; i < model->nr_vms; i++)
		print_vm(out, model, &model->vms[i]);
	for (i = 0; i < model->nr_vms; i++)
		print_links(out, model, &model->vms[i]);
	fputs("}\n", out);
}

/* The format that dot is to draw, or NULL for its own language. */
static const char *format_of(const char *path)
{
	static const char *const formats[] = { "svg", "png", "pdf" };
	const char *dot = strrchr(path, '.');
	size_t i;

	for (i = 0; dot && i < sizeof(formats) / sizeof(formats[0]); i++)
		if (!strcmp(dot + 1, formats[i]))
			return formats[i];
	return NULL;
}

static void draw(const char *path, const char *format, const char *text, size_t len)
{
	char *const argv[] = { mem_string("dot"), mem_printf("-T%s", format), NULL };
	struct process process = {
		.argv = argv,
		.input = text,
		.input_len = len,
		.timeout_ms = 120000,
		.output_max = 256u << 20,
	};

	switch (process_run(&process)) {
	case PROCESS_NOT_FOUND:
		diag_fatal("the program 'dot' is not installed: it is part of the package graphviz; a name ending with .dot needs none");
	case PROCESS_FAILED:
		diag_fatal("running 'dot' failed: %s", process.why);
	case PROCESS_EXITED:
		break;
	}
	if (process.status)
		diag_fatal("dot failed: %s", process.err.data);
	output_file(path, process.out.data, process.out.len);
}

void output_graph(const char *path, const struct model *model)
{
	const char *format = format_of(path);
	struct mem_stream stream;
	FILE *out = mem_stream_open(&stream);

	print(out, model);
	mem_stream_close(&stream);
	if (format)
		draw(path, format, stream.text, stream.len);
	else
		output_file(path, stream.text, stream.len);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vlink/version.h>

#include "emit.h"
#include "exits.h"
#include "mem.h"
#include "need.h"
#include "settings.h"
#include "xlcfg.h"

/* Begins messages about faults of dts2xl itself. */
#define INTERNAL	"internal error, nothing was written: "

static void print_vlink(FILE *out, const struct vm *vm)
{
	char *text, *escaped;
	size_t i;

	fputs("vlink = [\n", out);
	for (i = 0; i < vm->nr_ends; i++) {
		text = vlinkcfg_end_format(&vm->ends[i].cfg);
		escaped = text ? vlinkcfg_escape(text) : NULL;
		if (!escaped)
			diag_fatal("out of memory");
		fprintf(out, "    \"%s\",\n", escaped);
		free(escaped);
		free(text);
	}
	fputs("]\n", out);
}

/* The integrator's config comes first, byte for byte. */
static void print_based(FILE *out, const struct emission *emission, const struct model *model,
			const struct vm *vm, const struct base *base)
{
	size_t len = strlen(base->text);

	fputs(base->text, out);
	if (len && base->text[len - 1] != '\n')
		fputc('\n', out);
	fprintf(out, BASE_MARK "%s from %s; the next run replaces what follows.\n",
		XEN_VLINK_VERSION, emission->inputs);
	fputs(need_text(model, vm, base->text), out);
}

static void print_whole(FILE *out, const struct emission *emission, const struct model *model,
			const struct vm *vm)
{
	const char *text;

	fprintf(out, EMIT_HEADER "%s from %s; the next run replaces this file.\n",
		XEN_VLINK_VERSION, emission->inputs);
	fprintf(out, "name = \"%s\"\n", model_domain_name(model, vm->number));
	if (vm->number == model->dom0) {
		fputs("# Never created: this file only holds Domain-0's ends of links.\n", out);
		fputs(need_text(model, vm, ""), out);
		return;
	}
	text = defaults_for(emission->defaults, vm);
	fputs(text, out);
	fputs(need_text(model, vm, text), out);
}

static const char *compose_text(const struct emission *emission, const struct model *model,
				const struct vm *vm)
{
	const struct base *base = bases_find(emission->bases, vm->number);
	struct mem_stream stream;
	FILE *out = mem_stream_open(&stream);

	if (base)
		print_based(out, emission, model, vm, base);
	else
		print_whole(out, emission, model, vm);
	print_vlink(out, vm);
	return mem_stream_close(&stream);
}

struct configs compose(const struct emission *emission, const struct model *model)
{
	struct configs configs = { .nr = model->nr_vms };
	const struct base *base;
	struct config *config;
	size_t i;

	configs.items = mem_alloc(configs.nr * sizeof(*configs.items));
	for (i = 0; i < configs.nr; i++) {
		config = &configs.items[i];
		config->vm = &model->vms[i];
		config->name = model_domain_name(model, config->vm->number);
		base = bases_find(emission->bases, config->vm->number);
		config->base = base ? base->path : NULL;
		config->text = compose_text(emission, model, config->vm);
		config->path = mem_printf("%s/vm%u.cfg",
					  emission->directory ? emission->directory : ".",
					  config->vm->number);
	}
	return configs;
}

static bool same_end(const struct end *end, const struct vlinkcfg_end *back)
{
	char *want = vlinkcfg_end_format(&end->cfg), *got = vlinkcfg_end_format(back);
	bool same = want && got && !strcmp(want, got);

	free(want);
	free(got);
	return same;
}

/* libxlutil reads files: this one never has a name. */
static int text_file(const char *text, const char **path)
{
	int fd = memfd_create("config", MFD_CLOEXEC);
	size_t len = strlen(text);
	ssize_t put;

	if (fd < 0)
		diag_fatal("cannot make a file in memory");
	while (len) {
		put = write(fd, text, len);
		if (put <= 0)
			diag_fatal("cannot write to memory");
		text += put;
		len -= (size_t)put;
	}
	*path = mem_printf("/proc/self/fd/%d", fd);
	return fd;
}

static void compare_ends(const struct config *config, const struct vlinkcfg_domain *back)
{
	const struct pos pos = diag_whole(config->path);
	size_t i;

	if (strcmp(back->name, config->name) || back->nr_ends != config->vm->nr_ends) {
		diag_error(CODE_INTERNAL, pos, INTERNAL "it reads differently");
		return;
	}
	for (i = 0; i < back->nr_ends; i++)
		if (!same_end(&config->vm->ends[i], &back->ends[i]))
			diag_error(CODE_INTERNAL, pos, INTERNAL "link '%s' reads differently",
				   config->vm->ends[i].cfg.link);
}

/* What the tree gave must read as it was given, unless a file for this VM overrides it. */
static void compare_setting(const struct config *config, const struct xlcfg *cfg,
			    const char *key, const char *value)
{
	const char *back;

	if (value && !config->base && !xlu_cfg_get_string(cfg->config, key, &back, 1) &&
	    strcmp(value, back) && !strstr(config->text, "\n# For this VM alone"))
		diag_error(CODE_INTERNAL, diag_whole(config->path), INTERNAL "%s reads differently", key);
}

static void compare_settings(const struct config *config)
{
	const struct vm_settings *settings = &config->vm->settings;
	struct xlcfg cfg;

	if (xlcfg_open(&cfg, config->path, config->text)) {
		compare_setting(config, &cfg, "type", settings->type);
		compare_setting(config, &cfg, "kernel", settings->kernel);
		compare_setting(config, &cfg, "ramdisk", settings->ramdisk);
		compare_setting(config, &cfg, "cmdline", settings->cmdline);
	}
	xlcfg_close(&cfg);
}

/* Reads a config as vlinkd will, and compares it with what was meant. */
static void verify(const struct config *config, struct vlinkcfg_domain *back)
{
	char err[VLINKCFG_ERR_MAX];
	const char *path;
	int fd = text_file(config->text, &path);

	if (vlinkcfg_domain_read(path, back, err)) {
		diag_error(CODE_INTERNAL, diag_whole(config->path), INTERNAL "%s", err);
	} else {
		compare_ends(config, back);
		compare_settings(config);
	}
	close(fd);
}

static void report_disagreement(void *arg, const char *text)
{
	(void)arg;
	diag_error(CODE_INTERNAL, diag_whole("dts2xl"), INTERNAL "%s", text);
}

void verify_texts(const struct configs *configs, const struct vlinkcfg_classes *classes)
{
	struct vlinkcfg_domain *doms = mem_alloc(configs->nr * sizeof(*doms));
	size_t i;

	for (i = 0; i < configs->nr && !diag_errors(); i++)
		verify(&configs->items[i], &doms[i]);
	if (!diag_errors())
		vlinkcfg_check(doms, configs->nr, classes, report_disagreement, NULL);
	for (i = 0; i < configs->nr; i++)
		vlinkcfg_domain_clear(&doms[i]);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "mem.h"
#include "names.h"
#include "settings.h"
#include "vlinkcfg_private.h"
#include "xlcfg.h"

/* What an earlier run has added is no part of the config. */
static char *without_links(const char *text)
{
	const char *line;

	for (line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
		if (!strncmp(line, BASE_MARK, strlen(BASE_MARK)))
			return mem_copy(text, (size_t)(line - text));
	return mem_string(text);
}

static void read_name(struct base *base, const struct xlcfg *cfg)
{
	const char *name;

	if (xlu_cfg_get_string(cfg->config, "name", &name, 1))
		diag_error(CODE_BASE, diag_whole(base->path), "it has no name");
	else
		base->name = mem_string(name);
	if (xlcfg_has(cfg, "vlink"))
		diag_error(CODE_BASE, diag_whole(base->path),
			   "it has a vlink list already, which dts2xl has not written");
}

void bases_add(struct bases *bases, const char *argument)
{
	char err[VLINKCFG_ERR_MAX], *text;
	struct base *base;
	struct xlcfg cfg;
	unsigned int vm;
	const char *path = names_split(argument, &vm);

	if (!path)
		diag_fatal("--base %s: vmN=FILE expected", argument);
	if (bases_find(bases, vm))
		diag_fatal("--base %s: there is one for vm%u already", argument, vm);
	text = vlinkcfg_file_text(path, err);
	if (!text) {
		diag_error(CODE_FILE, diag_whole("dts2xl"), "%s", err);
		return;
	}
	base = MEM_APPEND(bases->items, bases->nr);
	base->vm = vm;
	base->path = path;
	base->text = without_links(text);
	free(text);
	if (xlcfg_open(&cfg, path, base->text))
		read_name(base, &cfg);
	else
		diag_error(CODE_BASE, diag_whole("dts2xl"), "%s", cfg.text);
	xlcfg_close(&cfg);
}

const struct base *bases_find(const struct bases *bases, unsigned int vm)
{
	size_t i;

	for (i = 0; i < bases->nr; i++)
		if (bases->items[i].vm == vm)
			return &bases->items[i];
	return NULL;
}

const char *bases_name(const struct bases *bases, unsigned int vm)
{
	const struct base *base = bases_find(bases, vm);

	return base ? base->name : NULL;
}

static void check_driver_domain(const struct base *base, const struct vm *vm)
{
	struct xlcfg cfg;
	long value = 0;

	if (xlcfg_open(&cfg, base->path, base->text) && model_serves(vm)) {
		xlu_cfg_get_long(cfg.config, "driver_domain", &value, 1);
		if (!value)
			diag_warning(CODE_DRIVER_DOMAIN, diag_whole(base->path),
				     "vm%u has server ends: it should say driver_domain = 1",
				     vm->number);
	}
	xlcfg_close(&cfg);
}

void bases_check(const struct bases *bases, const struct model *model)
{
	const struct base *base;
	const struct vm *vm;

	FOR_EACH(base, bases->items, bases->nr) {
		vm = model_vm(model, base->vm);
		if (!vm) {
			diag_error(CODE_BASE, diag_whole(base->path),
				   "it is for vm%u, which the input does not have", base->vm);
			continue;
		}
		if (settings_given(vm))
			diag_error(CODE_BASE, vm->pos, "the tree has settings for vm%u, which also has a --base",
				   vm->number);
		if (vm->number != model->dom0)
			check_driver_domain(base, vm);
	}
}

// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "mem.h"
#include "settings.h"
#include "vlinkcfg/private.h"
#include "xlcfg.h"
#include "xlkeys.h"

/* What an earlier run has added is no part of the config. */
static char *without_links(const char *text)
{
	const char *line;

	for (line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
		if (!strncmp(line, BASE_MARK, strlen(BASE_MARK)))
			return mem_copy(text, (size_t)(line - text));
	return mem_string(text);
}

static struct pos place_of(const struct base *base, const struct xlkey *key)
{
	struct pos pos = diag_whole(base->path);

	pos.line = key->line;
	return pos;
}

/* Without the statement, and without the rest of its line if that is empty. */
static char *without(const char *text, const struct xlkey *key)
{
	const char *rest = text + key->end;

	rest += strspn(rest, " \t;");
	rest += *rest == '\n';
	return mem_printf("%.*s%s", (int)key->start, text, rest);
}

/* A list of the user's own is replaced only when that is wanted. */
static void take_links_away(struct base *base, bool force)
{
	struct xlkeys keys = xlkeys_of(base->text);
	const struct xlkey *key;

	while ((key = xlkeys_find(&keys, "vlink"))) {
		if (!force) {
			diag_error(CODE_BASE, place_of(base, key), "it has a vlink list already, which dts2xl has not written: --force replaces it");
			return;
		}
		base->text = without(base->text, key);
		keys = xlkeys_of(base->text);
	}
}

static void read_name(struct base *base, const struct xlcfg *cfg, const struct xlkeys *keys)
{
	const char *name;
	const struct xlkey *first = xlkeys_find(keys, "name"), *key;

	if (xlu_cfg_get_string(cfg->config, "name", &name, 1)) {
		diag_error(CODE_BASE, diag_whole(base->path), "it has no name");
		return;
	}
	base->name = mem_string(name);
	FOR_EACH(key, keys->items, keys->nr)
		if (key != first && !strcmp(key->name, "name"))
			diag_error(CODE_BASE, place_of(base, key), "name is given twice");
}

/* What is wrong with the config as it stands. */
static void check_text(struct base *base)
{
	struct xlkeys keys = xlkeys_of(base->text);
	struct xlcfg cfg;

	if (xlcfg_open(&cfg, base->path, base->text)) {
		read_name(base, &cfg, &keys);
		xlkeys_check(&keys, base->path, CODE_BASE);
	} else {
		diag_error(CODE_BASE, diag_whole("dts2xl"), "%s", cfg.text);
	}
	xlcfg_close(&cfg);
}

void bases_add(struct bases *bases, const char *argument)
{
	char err[VLINKCFG_ERR_MAX], *text;
	struct base *base;
	unsigned int vm;
	const char *path = model_split_argument(argument, &vm);

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
	check_text(base);
}

void bases_settle(struct bases *bases, bool force)
{
	struct base *base;

	FOR_EACH(base, bases->items, bases->nr)
		if (base->name)
			take_links_away(base, force);
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

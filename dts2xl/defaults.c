// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "defaults.h"
#include "mem.h"
#include "settings.h"
#include "vlinkcfg/private.h"
#include "xlcfg.h"
#include "xlkeys.h"

/* Boots a guest with dom0's own kernel where the distribution links it there. */
static const char built_in_boot[] =
	"type = \"pvh\"\n"
	"kernel = \"/vmlinuz\"\n"
	"ramdisk = \"/initrd.img\"\n"
	"cmdline = \"console=hvc0\"\n";
static const char built_in_memory[] = "memory = 512\n";
static const char built_in_vcpus[] = "vcpus = 1\n";

/* A file whose name looks like vmN= can be given as ./vmN=FILE. */
static const char *split(const char *argument, unsigned int *vm)
{
	const char *path = model_split_argument(argument, vm);

	return path ? path : argument;
}

static void check_keys(const struct xlcfg *cfg, const char *path, const char *text)
{
	const struct xlkeys keys = xlkeys_of(text);

	if (xlcfg_has(cfg, "name"))
		diag_error(CODE_DEFAULTS, diag_whole(path), "name does not belong into the defaults: every VM has its own");
	if (xlcfg_has(cfg, "vlink"))
		diag_error(CODE_DEFAULTS, diag_whole(path), "vlink does not belong into the defaults: it is made of the input");
	xlkeys_check(&keys, path, CODE_DEFAULTS);
}

static void check_text(const char *path, const char *text)
{
	struct xlcfg cfg;

	if (xlcfg_open(&cfg, path, text))
		check_keys(&cfg, path, text);
	else
		diag_error(CODE_DEFAULTS, diag_whole("dts2xl"), "%s", cfg.text);
	xlcfg_close(&cfg);
}

void defaults_add(struct defaults *defaults, const char *argument)
{
	struct defaults_file *file, *other;
	char err[VLINKCFG_ERR_MAX], *text;
	unsigned int vm;
	const char *path = split(argument, &vm);

	FOR_EACH(other, defaults->files, defaults->nr_files)
		if (other->vm == vm)
			diag_fatal("--defaults %s: there is one for %s already", argument,
				   vm ? mem_printf("vm%u", vm) : "all VMs");
	text = vlinkcfg_file_text(path, err);
	if (!text) {
		diag_error(CODE_FILE, diag_whole("dts2xl"), "%s", err);
		return;
	}
	file = MEM_APPEND(defaults->files, defaults->nr_files);
	file->vm = vm;
	file->path = path;
	file->text = mem_printf("%s%s", text,
				*text && text[strlen(text) - 1] != '\n' ? "\n" : "");
	free(text);
	check_text(path, file->text);
}

void defaults_check(const struct defaults *defaults, const struct model *model)
{
	const struct defaults_file *file;
	size_t i;

	FOR_EACH(file, defaults->files, defaults->nr_files) {
		if (file->vm && file->vm == model->dom0)
			diag_error(CODE_DEFAULTS, diag_whole(file->path),
				   "vm%u is Domain-0, which takes no defaults", file->vm);
		for (i = 0; i < model->nr_vms; i++)
			if (!file->vm || model->vms[i].number == file->vm)
				break;
		if (i == model->nr_vms && file->vm)
			diag_error(CODE_DEFAULTS, diag_whole(file->path), "defaults for vm%u, which the input does not have",
				   file->vm);
	}
}

static const char *text_for(const struct defaults *defaults, unsigned int vm)
{
	size_t i;

	for (i = 0; i < defaults->nr_files; i++)
		if (defaults->files[i].vm == vm)
			return defaults->files[i].text;
	return NULL;
}

/* A guest with back ends is a driver domain, unless its defaults say so already. */
static const char *driver_domain_line(const struct vm *vm, const char *text)
{
	const char *line = model_serves(vm) || vm->settings.driver_domain ? "driver_domain = 1\n"
								      : "";
	struct xlcfg cfg;
	long value = 1;

	if (xlcfg_open(&cfg, "defaults", text) && xlcfg_has(&cfg, "driver_domain")) {
		if (model_serves(vm) && (xlu_cfg_get_long(cfg.config, "driver_domain", &value, 1) || !value))
			diag_error(CODE_DRIVER_DOMAIN, vm->pos, "vm%u has server ends, but driver_domain is 0 in its defaults",
				   vm->number);
		line = "";
	}
	xlcfg_close(&cfg);
	return line;
}

static bool has_any(const struct xlcfg *cfg, const char *const *keys)
{
	for (; *keys; keys++)
		if (xlcfg_has(cfg, *keys))
			return true;
	return false;
}

/* What nothing else says of how the guest boots, and of its memory. */
static const char *built_in_for(const char *text)
{
	static const char *const boots[] = {
		"kernel", "bootloader", "firmware", "bios", "builder", "type", "ramdisk", "boot", NULL
	};
	const char *boot = "", *memory = "";
	struct xlcfg cfg;

	if (xlcfg_open(&cfg, "defaults", text)) {
		boot = has_any(&cfg, boots) ? "" : built_in_boot;
		memory = xlcfg_has(&cfg, "memory") ? "" : built_in_memory;
	}
	xlcfg_close(&cfg);
	return mem_printf("%s%s", boot, memory);
}

const char *defaults_for(const struct defaults *defaults, const struct vm *vm)
{
	const char *common = text_for(defaults, 0), *own = text_for(defaults, vm->number);
	char *text;

	/* xl takes the last value of a key. */
	text = mem_printf("%s%s%s%s", common ? common : "", settings_text(vm),
			  own ? "# For this VM alone; what is given twice counts here:\n" : "",
			  own ? own : "");
	if (common)
		text = mem_printf("%s%s", built_in_for(text), text);
	else
		text = mem_printf("%s%s%s%s", built_in_boot, built_in_memory, built_in_vcpus, text);
	return mem_printf("%s%s", text, driver_domain_line(vm, text));
}

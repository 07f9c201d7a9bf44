// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "defaults.h"
#include "mem.h"
#include "vlinkcfg_private.h"
#include "xlcfg.h"

/* Boots a guest with dom0's own kernel where the distribution links it there. */
static const char built_in[] =
	"type = \"pvh\"\n"
	"kernel = \"/vmlinuz\"\n"
	"ramdisk = \"/initrd.img\"\n"
	"cmdline = \"console=hvc0\"\n"
	"memory = 512\n"
	"vcpus = 1\n";

static struct pos whole(const char *file)
{
	return (struct pos){ .file = file };
}

/* Splits vmN=FILE; a file whose name looks like that can be given as ./vmN=FILE. */
static const char *split(const char *argument, unsigned int *vm)
{
	unsigned long number;
	char *end;

	*vm = 0;
	if (strncmp(argument, "vm", 2) || argument[2] < '1' || argument[2] > '9')
		return argument;
	number = strtoul(argument + 2, &end, 10);
	if (*end != '=' || number > VM_MAX)
		return argument;
	*vm = (unsigned int)number;
	return end + 1;
}

static void check_keys(const struct xlcfg *cfg, const char *path)
{
	if (xlcfg_has(cfg, "name"))
		diag_error(whole(path), "name does not belong into the defaults: every VM has its own");
	if (xlcfg_has(cfg, "vlink"))
		diag_error(whole(path), "vlink does not belong into the defaults: it is made of the input");
}

static void check_text(const char *path, const char *text)
{
	struct xlcfg cfg;

	if (xlcfg_open(&cfg, path, text))
		check_keys(&cfg, path);
	else
		diag_error(whole("dts2xl"), "%s", cfg.text);
	xlcfg_close(&cfg);
}

void defaults_add(struct defaults *defaults, const char *argument)
{
	struct defaults_file *file, *other;
	char err[VLINKCFG_ERR_MAX], *text;
	unsigned int vm;
	const char *path = split(argument, &vm);

	for (other = defaults->files; other < defaults->files + defaults->nr_files; other++)
		if (other->vm == vm)
			diag_fatal("--defaults %s: there is one for %s already", argument,
				   vm ? model_domain_name(vm) : "all VMs");
	text = vlinkcfg_file_text(path, err);
	if (!text) {
		diag_error(whole("dts2xl"), "%s", err);
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

	for (file = defaults->files; file < defaults->files + defaults->nr_files; file++) {
		if (file->vm == VM_DOM0)
			diag_error(whole(file->path), "vm1 is Domain-0, which takes no defaults");
		for (i = 0; i < model->nr_vms; i++)
			if (!file->vm || model->vms[i].number == file->vm)
				break;
		if (i == model->nr_vms && file->vm)
			diag_error(whole(file->path), "defaults for vm%u, which the input does not have",
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

static bool has_server(const struct vm *vm)
{
	size_t i;

	for (i = 0; i < vm->nr_ends; i++)
		if (vm->ends[i].cfg.role == VLINKCFG_SERVER)
			return true;
	return false;
}

/* A guest with back ends is a driver domain, unless its defaults say so already. */
static const char *driver_domain_line(const struct vm *vm, const char *text)
{
	const char *line = has_server(vm) ? "driver_domain = 1\n" : "";
	struct xlcfg cfg;
	long value = 1;

	if (xlcfg_open(&cfg, "defaults", text) && xlcfg_has(&cfg, "driver_domain")) {
		if (*line && (xlu_cfg_get_long(cfg.config, "driver_domain", &value, 1) || !value))
			diag_error(vm->pos, "vm%u has server ends, but driver_domain is 0 in its defaults",
				   vm->number);
		line = "";
	}
	xlcfg_close(&cfg);
	return line;
}

const char *defaults_for(const struct defaults *defaults, const struct vm *vm)
{
	const char *common = text_for(defaults, 0), *own = text_for(defaults, vm->number);
	char *text;

	/* xl takes the last value of a key. */
	text = mem_printf("%s%s%s", common ? common : built_in,
			  own ? "# For this VM alone; what is given twice counts here:\n" : "",
			  own ? own : "");
	return mem_printf("%s%s", text, driver_domain_line(vm, text));
}

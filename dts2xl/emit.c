// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emit.h"
#include "exits.h"
#include "mem.h"
#include "output.h"
#include "process.h"
#include "vlinkcfg/private.h"

static void remove_temporaries(struct configs *configs)
{
	size_t i;

	for (i = 0; i < configs->nr; i++) {
		if (configs->items[i].temporary)
			unlink(configs->items[i].temporary);
		configs->items[i].temporary = NULL;
	}
}

bool emit_is_ours(const char *path)
{
	char line[sizeof(EMIT_HEADER)] = "";
	FILE *in = fopen(path, "re");

	if (!in)
		return errno == ENOENT || errno == ENOTDIR;
	if (!fgets(line, sizeof(line), in))
		line[0] = '\0';
	fclose(in);
	return !strcmp(line, EMIT_HEADER);
}

/* The base itself, or what was made of it before. */
static bool is_from_base(const struct config *config)
{
	char err[VLINKCFG_ERR_MAX], *text;
	struct stat base, there;
	bool marked;

	if (!config->base)
		return false;
	if (!stat(config->base, &base) && !stat(config->path, &there) &&
	    base.st_dev == there.st_dev && base.st_ino == there.st_ino)
		return true;
	text = vlinkcfg_file_text(config->path, err);
	marked = text && strstr(text, "\n" BASE_MARK);
	free(text);
	return marked;
}

static void check_targets(const struct configs *configs)
{
	size_t i;

	for (i = 0; i < configs->nr; i++)
		if (!emit_is_ours(configs->items[i].path) && !is_from_base(&configs->items[i]))
			diag_error(CODE_FOREIGN_FILE, diag_whole(configs->items[i].path),
				   "exists and was not written by dts2xl: --force replaces it");
}

static bool is_written(const struct configs *configs, unsigned int vm)
{
	size_t i;

	for (i = 0; i < configs->nr; i++)
		if (configs->items[i].vm->number == vm)
			return true;
	return false;
}

/* A config of an earlier run would have the daemon make links that nobody wants. */
static void warn_stale(const char *directory, const struct configs *configs)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	const char *path;
	unsigned int vm;

	while (dir && (entry = readdir(dir))) {
		vm = model_vm_of_label(entry->d_name, ".cfg");
		path = mem_printf("%s/%s", directory, entry->d_name);
		if (vm && !is_written(configs, vm) && emit_is_ours(path))
			diag_warning(CODE_STALE, diag_whole(path),
				     "it is of an earlier run, and the input has no vm%u: remove it", vm);
	}
	if (dir)
		closedir(dir);
}

static bool write_temporary(const struct emission *emission, struct config *config)
{
	char *path = mem_printf("%s/.vm%u.cfg.XXXXXX", emission->directory, config->vm->number);

	if (!output_temporary(path, config->text, strlen(config->text)))
		return false;
	config->temporary = path;
	return true;
}

static void write_temporaries(const struct emission *emission, struct configs *configs)
{
	size_t i;
	int why;

	if (mkdir(emission->directory, 0777) && errno != EEXIST)
		diag_fatal("cannot make the directory %s: %s", emission->directory,
			   strerror(errno));
	for (i = 0; i < configs->nr; i++) {
		if (write_temporary(emission, &configs->items[i]))
			continue;
		why = errno;
		remove_temporaries(configs);
		diag_fatal("cannot write to %s: %s", emission->directory, strerror(why));
	}
}

/* What is on the disk is what was verified. */
static void compare_written(const struct configs *configs)
{
	char err[VLINKCFG_ERR_MAX], *text;
	size_t i;

	for (i = 0; i < configs->nr; i++) {
		text = vlinkcfg_file_text(configs->items[i].temporary, err);
		if (!text || strcmp(text, configs->items[i].text))
			diag_error(CODE_INTERNAL, diag_whole(configs->items[i].path),
				   "it was not written as it should be: %s", text ? "it differs" : err);
		free(text);
	}
}

static void rename_all(struct configs *configs)
{
	struct config *config;
	int why;

	FOR_EACH(config, configs->items, configs->nr) {
		if (rename(config->temporary, config->path)) {
			why = errno;
			remove_temporaries(configs);
			diag_fatal("cannot write %s: %s", config->path, strerror(why));
		}
		config->temporary = NULL;
	}
}

void emit(const struct emission *emission, struct configs *configs)
{
	if (!emission->force)
		check_targets(configs);
	if (diag_errors())
		return;
	write_temporaries(emission, configs);
	compare_written(configs);
	if (!diag_errors())
		rename_all(configs);
	remove_temporaries(configs);
	warn_stale(emission->directory, configs);
}

static bool diff(const struct config *config)
{
	const char *old = access(config->path, F_OK) ? "/dev/null" : config->path;
	char *const argv[] = { mem_string("diff"), mem_string("-u"), mem_string("--label"),
			       mem_string(old), mem_string("--label"), config->path,
			       mem_string("--"), mem_string(old), mem_string("-"), NULL };
	struct process process = {
		.argv = argv,
		.input = config->text,
		.input_len = strlen(config->text),
		.timeout_ms = 60000,
		.output_max = 64u << 20,
	};

	if (process_run(&process) != PROCESS_EXITED || process.status > 1)
		diag_fatal("running 'diff' failed: %s", process.why ? process.why : process.err.data);
	fputs(process.out.data, stdout);
	return process.status;
}

size_t emit_diff(const struct configs *configs)
{
	size_t i, nr = 0;

	for (i = 0; i < configs->nr; i++)
		nr += diff(&configs->items[i]);
	return nr;
}

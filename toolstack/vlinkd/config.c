// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reads the class file and the directories of domain configs. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accept.h"
#include "alloc.h"
#include "config.h"

#define FILES_MAX	4096	/* cfgs in one directory */

static void clear_file(struct config_file *file)
{
	if (file->usable)
		vlinkcfg_domain_clear(&file->dom);
	free(file->path);
	free(file->error);
}

static struct config_stamp stamp_of(const struct stat *st)
{
	return (struct config_stamp){
		.mtime = st->st_mtim, .ctime = st->st_ctim,
		.size = st->st_size, .ino = st->st_ino, .dev = st->st_dev,
	};
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_stamp(const struct config_stamp *a, const struct config_stamp *b)
{
	return same_time(&a->mtime, &b->mtime) && same_time(&a->ctime, &b->ctime) &&
	       a->size == b->size && a->ino == b->ino && a->dev == b->dev;
}

static void parse_file(struct config_file *file)
{
	char err[VLINKCFG_ERR_MAX];
	struct vlinkcfg_domain dom;

	free(file->error);
	file->error = NULL;
	if (vlinkcfg_domain_read(file->path, &dom, err)) {
		file->error = alloc_string(err);
		return;
	}
	if (file->usable)
		vlinkcfg_domain_clear(&file->dom);
	file->dom = dom;
	file->usable = true;
}

/* The file of the last load under this path moves over; a new one is empty. */
static struct config_file take_file(struct config *config, const char *path)
{
	struct config_file file = { 0 };
	size_t i;

	for (i = 0; i < config->nr_files; i++)
		if (!strcmp(config->files[i].path, path)) {
			file = config->files[i];
			config->files[i] = (struct config_file){ .path = alloc_string("") };
			return file;
		}
	file.path = alloc_string(path);
	return file;
}

static void load_file(struct config *config, const char *path,
		      struct messages *messages, struct config_file *file)
{
	struct config_stamp stamp = { 0 };
	struct stat st;

	*file = take_file(config, path);
	if (!stat(path, &st))
		stamp = stamp_of(&st);
	if ((!file->usable && !file->error) || !same_stamp(&stamp, &file->stamp))
		parse_file(file);
	file->stamp = stamp;
	if (file->error)
		messages_add(messages, alloc_string(file->error));
}

static int is_cfg(const struct dirent *entry)
{
	return !fnmatch("*.cfg", entry->d_name, FNM_PERIOD);
}

struct load {
	struct config *config;
	struct messages *messages;
	struct config_file *files;
	size_t nr;
};

static void load_dir(struct load *load, const char *dir)
{
	struct dirent **entries;
	char *path;
	int i, nr;

	nr = scandir(dir, &entries, is_cfg, alphasort);
	if (nr < 0) {
		messages_add(load->messages, alloc_printf("%s: %s", dir, strerror(errno)));
		return;
	}
	for (i = 0; i < nr; i++) {
		if (i < FILES_MAX) {
			path = alloc_printf("%s/%s", dir, entries[i]->d_name);
			load->files = alloc_grow(load->files, load->nr, sizeof(*load->files));
			load_file(load->config, path, load->messages,
				  &load->files[load->nr++]);
			free(path);
		}
		free(entries[i]);
	}
	if (nr > FILES_MAX)
		messages_add(load->messages,
			       alloc_printf("%s: only the first %d cfgs are read", dir, FILES_MAX));
	free(entries);
}

static void clear_files(struct config *config)
{
	size_t i;

	for (i = 0; i < config->nr_files; i++)
		clear_file(&config->files[i]);
	free(config->files);
	config->files = NULL;
	config->nr_files = 0;
}

static void load_files(struct config *config, struct messages *messages)
{
	struct load load = { .config = config, .messages = messages };
	size_t i;

	for (i = 0; i < config->nr_dirs; i++)
		load_dir(&load, config->dirs[i]);
	clear_files(config);
	config->files = load.files;
	config->nr_files = load.nr;
}

static void load_classes(struct config *config, struct messages *messages)
{
	struct vlinkcfg_classes classes;
	const char *path = config->classes_path;
	char err[VLINKCFG_ERR_MAX];

	if (path && config->classes_optional && access(path, F_OK))
		path = NULL;
	if (vlinkcfg_classes_read(path, &classes, err)) {
		messages_add(messages, alloc_string(err));
		return;
	}
	if (config->classes_usable)
		vlinkcfg_classes_clear(&config->classes);
	config->classes = classes;
	config->classes_usable = true;
}

void config_reload(struct config *config)
{
	struct messages messages = { 0 };

	/* The accepted ends point into the files and the classes: they go first. */
	free(config->ends);
	config->ends = NULL;
	config->nr_ends = 0;
	load_classes(config, &messages);
	load_files(config, &messages);
	accept_links(config, &messages);
	messages_say_new(&config->messages, &messages, LOG_LEVEL_ERROR);
}

void config_clear(struct config *config)
{
	clear_files(config);
	messages_clear(&config->messages);
	if (config->classes_usable)
		vlinkcfg_classes_clear(&config->classes);
	config->classes_usable = false;
	free(config->ends);
	config->ends = NULL;
	config->nr_ends = 0;
}

const struct config_end *config_find_end(const struct config *config, const char *link,
					 enum vlinkcfg_role role)
{
	size_t i;

	for (i = 0; i < config->nr_ends; i++)
		if (config->ends[i].end->role == role && !strcmp(config->ends[i].end->link, link))
			return &config->ends[i];
	return NULL;
}

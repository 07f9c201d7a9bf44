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
#include "lib/alloc.h"
#include "choice.h"
#include "config.h"

#define FILES_MAX	4096	/* cfgs in one directory */

static void clear_file(struct config_file *file)
{
	if (file->usable)
		vlinkcfg_domain_clear(&file->dom);
	free(file->path);
	free(file->list);
	free(file->error);
}

/* What the links of two configs are compared by. */
static char *list_of(const struct vlinkcfg_domain *dom)
{
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		alloc_failed();
	for (i = 0; i < dom->nr_ends; i++) {
		char *end = vlinkcfg_end_format(&dom->ends[i]);

		if (!end)
			alloc_failed();
		fprintf(out, "%s\n", end);
		free(end);
	}
	if (fclose(out))
		alloc_failed();
	return text;
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
	file->is_foreign = false;
	if (vlinkcfg_domain_read(file->path, &dom, err)) {
		/* Templates, and domains with names that only xl takes, need no links. */
		file->is_foreign = !vlinkcfg_outline(file->path, file->name) && !file->usable;
		if (!file->is_foreign)
			file->error = alloc_string(err);
		return;
	}
	if (file->usable)
		vlinkcfg_domain_clear(&file->dom);
	free(file->list);
	file->list = list_of(&dom);
	file->dom = dom;
	file->usable = true;
}

struct load {
	struct config *config;
	struct map before;	/* files of the last load, by their paths */
	struct messages *messages;
	struct config_file *files;
	size_t nr;
};

/* The file of the last load under this path moves over; a new one is empty. */
static struct config_file take_file(const struct load *load, const char *path)
{
	struct config_file *before = map_get(&load->before, path);
	struct config_file file = { 0 };

	if (before) {
		file = *before;
		*before = (struct config_file){ 0 };
	}
	/* A directory may have been named twice. */
	if (!file.path)
		file.path = alloc_string(path);
	return file;
}

static void load_file(const struct load *load, const char *path, struct config_file *file)
{
	struct config_stamp stamp = { 0 };
	struct stat st;

	*file = take_file(load, path);
	if (!stat(path, &st))
		stamp = stamp_of(&st);
	if ((!file->usable && !file->error && !file->is_foreign) || !same_stamp(&stamp, &file->stamp))
		parse_file(file);
	file->stamp = stamp;
	if (file->error)
		messages_add(load->messages, alloc_string(file->error));
}

static int is_cfg(const struct dirent *entry)
{
	return !fnmatch("*.cfg", entry->d_name, FNM_PERIOD);
}

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
			load_file(load, path, &load->files[load->nr++]);
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

	for (i = 0; i < config->nr_files; i++)
		map_set(&load.before, config->files[i].path, &config->files[i]);
	for (i = 0; i < config->nr_dirs; i++)
		load_dir(&load, config->dirs[i]);
	map_clear(&load.before);
	clear_files(config);
	config->files = load.files;
	config->nr_files = load.nr;
}

/* Names and strings are those of the files, and of the domains that run. */
static void clear_accepted(struct config *config)
{
	size_t i;

	for (i = 0; i < config->nr_doms; i++)
		free(config->doms[i].ends);
	free(config->doms);
	free(config->ends);
	free(config->domains);
	map_clear(&config->ends_by_role);
	map_clear(&config->domains_by_name);
	config->doms = NULL;
	config->ends = NULL;
	config->domains = NULL;
	config->nr_doms = config->nr_ends = config->nr_domains = 0;
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
	/* What was accepted points into the files and the classes. */
	clear_accepted(config);
	messages_clear(&config->file_messages);
	load_classes(config, &config->file_messages);
	load_files(config, &config->file_messages);
}

static void copy_messages(struct messages *to, const struct messages *from)
{
	size_t i;

	for (i = 0; i < from->nr; i++)
		messages_add(to, alloc_string(from->list[i]));
}

long long config_judge(struct config *config, const struct running *running)
{
	struct messages messages = { 0 };
	long long again_ms = CHOICE_NEVER;

	clear_accepted(config);
	copy_messages(&messages, &config->file_messages);
	/* Without classes nothing can be resolved, and that has been said. */
	if (config->classes_usable) {
		if (!config->choices)
			config->choices = alloc_zero(1, sizeof(*config->choices));
		again_ms = choices_update(config->choices, config, running, &messages);
		accept_links(config, config->choices, running, &messages);
	}
	messages_say_new(&config->messages, &messages, LOG_LEVEL_ERROR);
	return again_ms;
}

void config_clear(struct config *config)
{
	clear_accepted(config);
	clear_files(config);
	messages_clear(&config->file_messages);
	messages_clear(&config->messages);
	if (config->choices)
		choices_clear(config->choices);
	free(config->choices);
	config->choices = NULL;
	if (config->classes_usable)
		vlinkcfg_classes_clear(&config->classes);
	config->classes_usable = false;
}

const struct published_list *config_held(const struct running *running, const char *name)
{
	const struct domain *domain = running ? domains_by_name(running->domains, name) : NULL;

	return domain ? published_of(running->published, domain) : NULL;
}

struct xsh_path config_role_key(const char *link, enum vlinkcfg_role role)
{
	return xsh_path("%c/%s", role == VLINKCFG_SERVER ? 's' : 'c', link);
}

const struct config_end *config_find_end(const struct config *config, const char *link,
					 enum vlinkcfg_role role)
{
	return map_get(&config->ends_by_role, config_role_key(link, role).s);
}

const struct config_domain *config_find_domain(const struct config *config, const char *name)
{
	return map_get(&config->domains_by_name, name);
}

bool config_end_has_service(const struct config_end *end, const char *service)
{
	size_t i;

	for (i = 0; i < end->nr_services; i++)
		if (!strcmp(end->services[i], service))
			return true;
	return false;
}

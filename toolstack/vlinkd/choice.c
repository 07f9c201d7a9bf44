// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which config speaks for a domain. */
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "choice.h"

/* The files that have one name; at hand for one choice. */
struct group {
	const struct config_file **files;
	size_t nr;
};

struct round {
	struct choices *choices;
	const struct config *config;
	const struct running *running;
	struct messages *messages;
	struct map groups;
	long long again_ms;
};

static bool has_links(const struct config_file *file)
{
	return file->dom.nr_ends;
}

static const struct config_file *file_at(const struct group *group, const char *path)
{
	size_t i;

	for (i = 0; path && i < group->nr; i++)
		if (!strcmp(group->files[i]->path, path))
			return group->files[i];
	return NULL;
}

/* The first that has links; NULL: none has. */
static const struct config_file *first_with_links(const struct group *group)
{
	size_t i;

	for (i = 0; i < group->nr; i++)
		if (has_links(group->files[i]))
			return group->files[i];
	return NULL;
}

/* Copies that say the same are no rivals, nor is one without links. */
static bool has_rivals(const struct group *group)
{
	const struct config_file *first = first_with_links(group);
	size_t i;

	for (i = 0; first && i < group->nr; i++)
		if (has_links(group->files[i]) && strcmp(group->files[i]->list, first->list))
			return true;
	return false;
}

/* The one that is to speak if it may; the one that spoke before rather than its copy. */
static const struct config_file *preferred(const struct choice *choice, const struct group *group)
{
	const struct config_file *before = file_at(group, choice->path);
	const struct config_file *first = first_with_links(group);

	if (before && (!first || !strcmp(before->list, first->list)))
		return before;
	return first ? first : group->files[0];
}

static const char *consequence(const struct published_list *held)
{
	return held && held->dom.nr_ends ? "what runs of them stays" : "none is connected";
}

static void say_rivals(struct round *round, const struct group *group,
		       const struct published_list *held)
{
	size_t i;

	for (i = 0; i < group->nr; i++)
		if (has_links(group->files[i]))
			messages_add(round->messages,
				     alloc_printf("%s: domain '%s' has links in other cfgs as well; %s",
						  group->files[i]->path,
						  group->files[i]->dom.name, consequence(held)));
}

static void say_absent(struct round *round, const char *name, const struct published_list *held)
{
	if (held && held->dom.nr_ends)
		messages_add(round->messages,
			     alloc_printf("no cfg that can be read is that of domain '%s'; its links stay until it ends",
					  name));
}

static void say_other(struct round *round, const struct choice *choice,
		      const struct config_file *file)
{
	messages_add(round->messages,
		     alloc_printf("%s: domain '%s' has other links here than in %s, which was read before; what runs of them stays",
				  file->path, choice->name, choice->path));
}

static bool has_any_of(const struct config_file *file, const struct published_list *held)
{
	size_t i, j;

	for (i = 0; i < file->dom.nr_ends; i++)
		for (j = 0; j < held->dom.nr_ends; j++)
			if (!strcmp(file->dom.ends[i].link, held->dom.ends[j].link))
				return true;
	return false;
}

/*
 * A daemon that was started anew does not know which config spoke before: hardly one that has
 * nothing of what runs.
 */
static bool is_stranger(struct round *round, const struct config_file *file,
			const struct published_list *held)
{
	if (!held || !held->dom.nr_ends || round->running->obey || has_any_of(file, held))
		return false;
	messages_add(round->messages,
		     alloc_printf("%s: domain '%s' runs with other links than this cfg has; they stay until it ends",
				  file->path, file->dom.name));
	return true;
}

/* The file that speaks for the name, or NULL. */
static const struct config_file *choose(struct round *round, const struct choice *choice,
					const struct group *group,
					const struct published_list *held)
{
	const struct config_file *file;

	if (!group) {
		say_absent(round, choice->name, held);
		return NULL;
	}
	if (has_rivals(group)) {
		say_rivals(round, group, held);
		return NULL;
	}
	file = preferred(choice, group);
	if (!choice->path)
		return is_stranger(round, file, held) ? NULL : file;
	if (!strcmp(file->path, choice->path) || !strcmp(file->list, choice->list))
		return file;
	say_other(round, choice, file);
	return NULL;
}

static void replace(char **text, const char *with)
{
	char *new = alloc_string(with);

	free(*text);
	*text = new;
}

static void note_whole(struct choice *choice, const struct config_file *file, long long now_ms)
{
	if (!choice->whole || strcmp(choice->list, file->list))
		choice->since_ms = now_ms;
	choice->whole = true;
	replace(&choice->list, file->list);
	replace(&choice->path, file->path);
}

static void forget_path(struct choice *choice)
{
	free(choice->path);
	choice->path = NULL;
}

/* Whether what the file does not have may go now; else sees to it that it is looked at then. */
static bool is_settled(struct round *round, const struct choice *choice)
{
	long long then = choice->since_ms + round->config->settle_ms;

	if (then <= round->running->now_ms)
		return true;
	if (round->again_ms == CHOICE_NEVER || then < round->again_ms)
		round->again_ms = then;
	return false;
}

static void look_at(struct round *round, struct choice *choice)
{
	const struct group *group = map_get(&round->groups, choice->name);
	const struct published_list *held = config_held(round->running, choice->name);
	bool obey = round->running && round->running->obey;

	if (!held || obey)
		forget_path(choice);
	choice->file = choose(round, choice, group, held);
	choice->may_end = obey && !group;
	if (!choice->file || choice->file->error) {
		choice->whole = false;
		return;
	}
	note_whole(choice, choice->file, round->running ? round->running->now_ms : 0);
	if (held)
		choice->may_end = obey || is_settled(round, choice);
}

/* ---- all names ---- */

static void add_choice(struct choices *choices, const char *name)
{
	if (map_get(&choices->by_name, name))
		return;
	choices->list = alloc_grow(choices->list, choices->nr, sizeof(*choices->list));
	choices->list[choices->nr++] = (struct choice){ .name = alloc_string(name) };
	/* A mark that the name is there; the pointer is set once the array does not grow any more. */
	map_set(&choices->by_name, name, choices);
}

static void clear_choice(struct choice *choice)
{
	free(choice->name);
	free(choice->path);
	free(choice->list);
}

static void add_to_group(struct map *groups, const struct config_file *file)
{
	struct group *group = map_get(groups, file->dom.name);

	if (!group) {
		group = alloc_zero(1, sizeof(*group));
		map_set(groups, file->dom.name, group);
	}
	group->files = alloc_grow(group->files, group->nr, sizeof(const struct config_file *));
	group->files[group->nr++] = file;
}

static void clear_groups(struct map *groups)
{
	size_t i;

	for (i = 0; i < groups->room; i++) {
		struct group *group = groups->slots[i].value;

		if (group)
			free(group->files);
		free(group);
	}
	map_clear(groups);
}

/* Those of files first, in their order: so are the links found. */
static void collect(struct round *round)
{
	const struct config *config = round->config;
	struct choices *choices = round->choices;
	size_t i;

	map_clear(&choices->by_name);
	for (i = 0; i < config->nr_files; i++) {
		if (!config->files[i].usable)
			continue;
		add_to_group(&round->groups, &config->files[i]);
		add_choice(choices, config->files[i].dom.name);
	}
	for (i = 0; round->running && i < round->running->domains->nr; i++)
		add_choice(choices, round->running->domains->list[i].name);
}

/* What was remembered of a name moves over; a name that nobody has any more is forgotten. */
static void inherit(struct choices *now, struct choices *before)
{
	struct map old = { 0 };
	size_t i;

	for (i = 0; i < before->nr; i++)
		map_set(&old, before->list[i].name, &before->list[i]);
	for (i = 0; i < now->nr; i++) {
		struct choice *choice = map_get(&old, now->list[i].name);
		char *name = now->list[i].name;

		if (!choice)
			continue;
		now->list[i] = *choice;
		now->list[i].name = name;
		choice->path = choice->list = NULL;
	}
	map_clear(&old);
}

long long choices_update(struct choices *choices, const struct config *config,
			 const struct running *running, struct messages *messages)
{
	struct choices before = *choices;
	struct round round = {
		.choices = choices, .config = config, .running = running, .messages = messages,
		.again_ms = CHOICE_NEVER,
	};
	size_t i;

	*choices = (struct choices){ 0 };
	collect(&round);
	inherit(choices, &before);
	choices_clear(&before);
	for (i = 0; i < choices->nr; i++) {
		map_set(&choices->by_name, choices->list[i].name, &choices->list[i]);
		look_at(&round, &choices->list[i]);
	}
	clear_groups(&round.groups);
	return round.again_ms;
}

void choices_clear(struct choices *choices)
{
	size_t i;

	for (i = 0; i < choices->nr; i++)
		clear_choice(&choices->list[i]);
	free(choices->list);
	map_clear(&choices->by_name);
	*choices = (struct choices){ 0 };
}

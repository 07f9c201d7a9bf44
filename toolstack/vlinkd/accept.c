// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Chooses the links whose ends fit together.
 *
 * One bad link must not cost the others: links are added to a set one by one, in the order
 * of the cfgs, and those that do not go together with what is there are left out. What
 * runs is there before all others.
 */
#include <stdlib.h>
#include <string.h>

#include "accept.h"
#include "lib/alloc.h"

struct acceptor {
	struct config *config;
	const struct running *running;
	struct messages *messages;
	struct vlinkcfg_set *set;
	size_t *first;		/* of each domain in config->ends */
	const char *link;	/* the one looked at */
	bool has_new;		/* ends that do not run yet */
};

static void say(struct acceptor *acc, const char *reason)
{
	messages_add(acc->messages,
		     alloc_printf(acc->has_new ? "%s; link '%s' is not connected" :
				  "%s; what runs of link '%s' stays", reason, acc->link));
}

static void on_finding(void *arg, const char *text)
{
	say(arg, text);
}

/* No two choices have one name. */
static void no_finding(void *arg, const char *text)
{
	struct acceptor *acc = arg;

	messages_add(acc->messages, alloc_string(text));
}

/* ---- the ends of a domain: what runs, and what is new ---- */

static void index_ends(struct map *map, const struct vlinkcfg_domain *dom)
{
	size_t i;

	for (i = 0; i < dom->nr_ends; i++)
		if (!map_get(map, dom->ends[i].link))
			map_set(map, dom->ends[i].link, &dom->ends[i]);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static const char *option_of(const struct vlinkcfg_end *end, const char *key)
{
	size_t i;

	for (i = 0; i < end->nr_options; i++)
		if (!strcmp(end->options[i].key, key))
			return end->options[i].value;
	return NULL;
}

/* CIDs are left out: vlinkd gives them, whatever the config of this link says. */
static bool has_options_of(const struct vlinkcfg_end *a, const struct vlinkcfg_end *b)
{
	size_t i;

	for (i = 0; i < b->nr_options; i++)
		if (strcmp(b->options[i].key, "cid") && strcmp(b->options[i].key, "peer-cid") &&
		    !same_text(option_of(a, b->options[i].key), b->options[i].value))
			return false;
	return true;
}

static bool same_end(const struct vlinkcfg_end *a, const struct vlinkcfg_end *b)
{
	return !strcmp(a->class_name, b->class_name) && a->role == b->role &&
	       !strcmp(a->peer, b->peer) && a->unit == b->unit && same_text(a->name, b->name) &&
	       same_text(a->info, b->info) && has_options_of(a, b) && has_options_of(b, a);
}

static struct config_end *append(struct config *config, struct vlinkcfg_domain *dom,
				 const struct vlinkcfg_end *end)
{
	struct config_end *added;

	dom->ends = alloc_grow(dom->ends, dom->nr_ends, sizeof(*dom->ends));
	dom->ends[dom->nr_ends++] = *end;
	config->ends = alloc_grow(config->ends, config->nr_ends, sizeof(*config->ends));
	added = &config->ends[config->nr_ends++];
	*added = (struct config_end){ .dom = dom };
	return added;
}

static void say_changed(struct acceptor *acc, const struct choice *choice, const char *link)
{
	messages_add(acc->messages,
		     alloc_printf("%s: link '%s' has changed; domain '%s' keeps it as it is until it is started anew",
				  choice->file->path, link, choice->name));
}

/* What the config does not have any more goes, if the config may end it. */
static void add_held(struct acceptor *acc, const struct choice *choice,
		     const struct published_list *held, struct vlinkcfg_domain *dom)
{
	struct map wanted = { 0 };
	size_t i;

	if (choice->file)
		index_ends(&wanted, &choice->file->dom);
	for (i = 0; i < held->dom.nr_ends; i++) {
		const struct vlinkcfg_end *end = &held->dom.ends[i];
		const struct vlinkcfg_end *now = map_get(&wanted, end->link);
		struct config_end *added;

		if (!now && choice->may_end)
			continue;
		if (choice->file && now && choice->may_end && !same_end(now, end))
			say_changed(acc, choice, end->link);
		added = append(acc->config, dom, end);
		added->services = held->ends[i].services;
		added->nr_services = held->ends[i].nr_services;
		added->index = held->ends[i].index;
		added->is_held = true;
	}
	map_clear(&wanted);
}

static void add_new(struct acceptor *acc, const struct choice *choice,
		    const struct published_list *held, struct vlinkcfg_domain *dom)
{
	struct map known = { 0 };
	size_t i;

	if (held)
		index_ends(&known, &held->dom);
	for (i = 0; i < choice->file->dom.nr_ends; i++) {
		const struct vlinkcfg_end *end = &choice->file->dom.ends[i];
		const struct vlinkcfg_class *cls;
		struct config_end *added;

		if (map_get(&known, end->link))
			continue;
		cls = vlinkcfg_class_find(&acc->config->classes, end->class_name);
		added = append(acc->config, dom, end);
		added->services = cls ? cls->services : NULL;
		added->nr_services = cls ? cls->nr_services : 0;
		added->index = (unsigned int)i;
	}
	map_clear(&known);
}

static void add_domain(struct acceptor *acc, const struct choice *choice)
{
	const struct published_list *held = config_held(acc->running, choice->name);
	struct vlinkcfg_domain *dom = &acc->config->doms[acc->config->nr_doms];
	char *path = choice->file ? choice->file->path : NULL;

	if (!path && held && held->dom.nr_ends)
		path = held->dom.path;
	if (!path)
		return;
	*dom = (struct vlinkcfg_domain){ .path = path, .name = choice->name };
	acc->first[acc->config->nr_doms++] = acc->config->nr_ends;
	if (held)
		add_held(acc, choice, held, dom);
	if (choice->file)
		add_new(acc, choice, held, dom);
}

/* Ends are pointed to once none is added any more. */
static void point_to_ends(struct config *config, const size_t *first)
{
	size_t i, j;

	for (i = 0; i < config->nr_doms; i++)
		for (j = 0; j < config->doms[i].nr_ends; j++)
			config->ends[first[i] + j].end = &config->doms[i].ends[j];
}

/* ---- link by link ---- */

static struct config_end *end_at(const struct acceptor *acc, const struct vlinkcfg_place *place)
{
	return &acc->config->ends[acc->first[place->dom - acc->config->doms] +
				  (size_t)(place->end - place->dom->ends)];
}

static void take(struct acceptor *acc, const struct vlinkcfg_place *place)
{
	if (vlinkcfg_set_take(acc->set, place))
		alloc_failed();
}

static void take_held(void *arg, const struct vlinkcfg_place *ends, size_t nr)
{
	struct acceptor *acc = arg;
	size_t i;

	for (i = 0; i < nr; i++)
		if (end_at(acc, &ends[i])->is_held)
			take(acc, &ends[i]);
}

/* What the set does not look at. */
static bool class_is_known(struct acceptor *acc, const struct vlinkcfg_place *place)
{
	char *reason;

	if (end_at(acc, place)->nr_services)
		return true;
	reason = alloc_printf("%s: class '%s' is not known", place->dom->path,
			      place->end->class_name);
	say(acc, reason);
	free(reason);
	return false;
}

static void judge(void *arg, const struct vlinkcfg_place *ends, size_t nr)
{
	struct acceptor *acc = arg;
	bool good = true;
	size_t i;

	acc->link = ends[0].end->link;
	acc->has_new = false;
	for (i = 0; i < nr; i++)
		acc->has_new |= !end_at(acc, &ends[i])->is_held;
	for (i = 0; i < nr; i++)
		good &= class_is_known(acc, &ends[i]);
	good = good && !vlinkcfg_set_judge(acc->set, ends, nr, on_finding, acc);
	for (i = 0; i < nr; i++) {
		struct config_end *end = end_at(acc, &ends[i]);

		if (end->is_held)
			continue;
		if (good)
			take(acc, &ends[i]);
		else
			end->end = NULL;
	}
}

static void judge_all(struct acceptor *acc)
{
	struct config *config = acc->config;
	size_t i;

	for (i = 0; i < config->nr_doms; i++)
		vlinkcfg_set_domain(acc->set, &config->doms[i], no_finding, acc);
	if (vlinkcfg_for_links(config->doms, config->nr_doms, take_held, acc) ||
	    vlinkcfg_for_links(config->doms, config->nr_doms, judge, acc))
		alloc_failed();
}

/* ---- what came of it ---- */

static void drop_refused(struct config *config)
{
	size_t i, kept = 0;

	for (i = 0; i < config->nr_ends; i++)
		if (config->ends[i].end)
			config->ends[kept++] = config->ends[i];
	config->nr_ends = kept;
}

static void index_by_role(struct config *config)
{
	size_t i;

	for (i = config->nr_ends; i; i--) {
		struct config_end *end = &config->ends[i - 1];

		map_set(&config->ends_by_role, config_role_key(end->end->link, end->end->role).s,
			end);
	}
}

/* The ends of a domain stand together. */
static void index_by_domain(struct config *config)
{
	struct config_domain *domain = NULL;
	size_t i;

	config->domains = alloc_zero(config->nr_doms, sizeof(*config->domains));
	for (i = 0; i < config->nr_ends; i++) {
		if (!domain || domain->name != config->ends[i].dom->name) {
			domain = &config->domains[config->nr_domains++];
			domain->name = config->ends[i].dom->name;
			domain->ends = &config->ends[i];
			map_set(&config->domains_by_name, domain->name, domain);
		}
		domain->nr++;
	}
}

void accept_links(struct config *config, const struct choices *choices,
		  const struct running *running, struct messages *messages)
{
	struct acceptor acc = {
		.config = config, .running = running, .messages = messages,
		.set = vlinkcfg_set_new(&config->classes),
		.first = alloc_zero(choices->nr, sizeof(*acc.first)),
	};
	size_t i;

	if (!acc.set)
		alloc_failed();
	config->doms = alloc_zero(choices->nr, sizeof(*config->doms));
	for (i = 0; i < choices->nr; i++)
		add_domain(&acc, &choices->list[i]);
	point_to_ends(config, acc.first);
	judge_all(&acc);
	drop_refused(config);
	index_by_role(config);
	index_by_domain(config);
	vlinkcfg_set_free(acc.set);
	free(acc.first);
}

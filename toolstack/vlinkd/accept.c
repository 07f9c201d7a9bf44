// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Chooses the links whose ends fit together.
 *
 * vlinkcfg_check() judges a set of domains, and one bad link must not cost the
 * others: links are added to the set one by one, in the order of the cfgs, and
 * those with which the set is no longer good are left out.
 */
#include <stdlib.h>
#include <string.h>

#include "accept.h"
#include "alloc.h"

/* A domain with the ends accepted so far: a part of the copy in its file. */
struct accepted {
	const struct vlinkcfg_domain *whole;
	struct vlinkcfg_domain part;
};

struct acceptor {
	struct config *config;
	struct messages *messages;
	struct accepted *doms;
	size_t nr;
	const char *link;	/* the one looked at */
	const char **refused;
	size_t nr_refused;
};

static void refuse(struct acceptor *acc, const char *reason)
{
	messages_add(acc->messages, alloc_printf("%s; link '%s' is not connected",
						   reason, acc->link));
}

static void on_finding(void *arg, const char *text)
{
	refuse(arg, text);
}

/* Of several cfgs with one name, one may have links: which were meant otherwise? */
static bool is_ambiguous(const struct config *config, size_t nr)
{
	const struct vlinkcfg_domain *dom = &config->files[nr].dom;
	size_t i;

	for (i = 0; i < config->nr_files; i++)
		if (i != nr && config->files[i].usable &&
		    config->files[i].dom.nr_ends &&
		    !strcmp(config->files[i].dom.name, dom->name))
			return true;
	return false;
}

static bool is_known(const struct acceptor *acc, const char *name)
{
	size_t i;

	for (i = 0; i < acc->nr; i++)
		if (!strcmp(acc->doms[i].whole->name, name))
			return true;
	return false;
}

static void add_domain(struct acceptor *acc, size_t nr)
{
	const struct config_file *file = &acc->config->files[nr];
	struct accepted *dom = &acc->doms[acc->nr];

	if (!file->usable)
		return;
	if (is_ambiguous(acc->config, nr)) {
		if (file->dom.nr_ends)
			messages_add(acc->messages,
				       alloc_printf("%s: domain '%s' has links in other cfgs as well; none is connected",
						    file->path, file->dom.name));
		return;
	}
	/* A second cfg without links says nothing new. */
	if (is_known(acc, file->dom.name))
		return;
	dom->whole = &file->dom;
	dom->part = file->dom;
	dom->part.ends = alloc_zero(file->dom.nr_ends, sizeof(*dom->part.ends));
	dom->part.nr_ends = 0;
	acc->nr++;
}

/* What vlinkcfg_check() does not look at. */
static bool class_is_known(struct acceptor *acc, const struct vlinkcfg_domain *dom,
			   const struct vlinkcfg_end *end)
{
	char *reason;

	if (vlinkcfg_class_find(&acc->config->classes, end->class_name))
		return true;
	reason = alloc_printf("%s: class '%s' is not known", dom->path, end->class_name);
	refuse(acc, reason);
	free(reason);
	return false;
}

/* Adds the ends of the link in this domain to its part. */
static bool add_ends(struct acceptor *acc, struct accepted *dom)
{
	bool good = true;
	size_t i;

	for (i = 0; i < dom->whole->nr_ends; i++) {
		const struct vlinkcfg_end *end = &dom->whole->ends[i];

		if (strcmp(end->link, acc->link))
			continue;
		if (!class_is_known(acc, dom->whole, end))
			good = false;
		dom->part.ends[dom->part.nr_ends++] = *end;
	}
	return good;
}

static void take_back_ends(struct acceptor *acc, struct accepted *dom)
{
	while (dom->part.nr_ends &&
	       !strcmp(dom->part.ends[dom->part.nr_ends - 1].link, acc->link))
		dom->part.nr_ends--;
}

static bool has_end(const struct vlinkcfg_domain *dom, const char *link)
{
	return dom->nr_ends && !strcmp(dom->ends[dom->nr_ends - 1].link, link);
}

/* Whether the domain has an end of the link looked at, or is named by one. */
static bool is_concerned(const struct acceptor *acc, const struct accepted *dom)
{
	size_t i;

	if (has_end(&dom->part, acc->link))
		return true;
	for (i = 0; i < acc->nr; i++) {
		const struct vlinkcfg_domain *other = &acc->doms[i].part;

		if (has_end(other, acc->link) &&
		    !strcmp(other->ends[other->nr_ends - 1].peer, dom->whole->name))
			return true;
	}
	return false;
}

static bool set_is_good(struct acceptor *acc)
{
	struct vlinkcfg_domain *set = alloc_zero(acc->nr, sizeof(*set));
	size_t i, findings, nr = 0;

	for (i = 0; i < acc->nr; i++)
		if (is_concerned(acc, &acc->doms[i]))
			set[nr++] = acc->doms[i].part;
	findings = vlinkcfg_check(set, nr, on_finding, acc);
	free(set);
	return !findings;
}

static bool is_refused(const struct acceptor *acc, const char *link)
{
	size_t i;

	for (i = 0; i < acc->nr_refused; i++)
		if (!strcmp(acc->refused[i], link))
			return true;
	return false;
}

static bool was_looked_at(const struct acceptor *acc, const char *link)
{
	size_t i, j;

	for (i = 0; i < acc->nr; i++)
		for (j = 0; j < acc->doms[i].part.nr_ends; j++)
			if (!strcmp(acc->doms[i].part.ends[j].link, link))
				return true;
	return is_refused(acc, link);
}

static void look_at_link(struct acceptor *acc, const char *link)
{
	bool good = true;
	size_t i;

	if (was_looked_at(acc, link))
		return;
	acc->link = link;
	for (i = 0; i < acc->nr; i++)
		if (!add_ends(acc, &acc->doms[i]))
			good = false;
	if (good && set_is_good(acc))
		return;
	for (i = 0; i < acc->nr; i++)
		take_back_ends(acc, &acc->doms[i]);
	acc->refused = alloc_grow(acc->refused, acc->nr_refused, sizeof(*acc->refused));
	acc->refused[acc->nr_refused++] = link;
}

static void keep_ends(struct acceptor *acc, const struct vlinkcfg_domain *dom)
{
	struct config *config = acc->config;
	size_t i;

	for (i = 0; i < dom->nr_ends; i++) {
		const struct vlinkcfg_end *end = &dom->ends[i];

		if (is_refused(acc, end->link))
			continue;
		config->ends = alloc_grow(config->ends, config->nr_ends, sizeof(*config->ends));
		config->ends[config->nr_ends++] = (struct config_end){
			.dom = dom, .end = end, .index = (unsigned int)i,
			.cls = vlinkcfg_class_find(&config->classes, end->class_name),
		};
	}
}

static void clear_acceptor(struct acceptor *acc)
{
	size_t i;

	for (i = 0; i < acc->nr; i++)
		free(acc->doms[i].part.ends);
	free(acc->doms);
	free(acc->refused);
}

void accept_links(struct config *config, struct messages *messages)
{
	struct acceptor acc = { .config = config, .messages = messages };
	size_t i, j;

	/* Without classes nothing can be resolved, and that has been said. */
	if (!config->classes_usable)
		return;
	acc.doms = alloc_zero(config->nr_files, sizeof(*acc.doms));
	for (i = 0; i < config->nr_files; i++)
		add_domain(&acc, i);
	for (i = 0; i < acc.nr; i++)
		for (j = 0; j < acc.doms[i].whole->nr_ends; j++)
			look_at_link(&acc, acc.doms[i].whole->ends[j].link);
	for (i = 0; i < acc.nr; i++)
		keep_ends(&acc, acc.doms[i].whole);
	clear_acceptor(&acc);
}

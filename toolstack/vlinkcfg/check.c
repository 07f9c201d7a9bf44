// SPDX-License-Identifier: LGPL-2.1-or-later
/* Checks that the domain configs of a board agree about their links. */
#define _GNU_SOURCE	/* tdestroy */
#include <search.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vlink/info.h>

#include "vlinkcfg.h"
#include "private.h"

struct taken {
	struct vlinkcfg_place place;
	char node[VLINK_NAME_MAX + 1];	/* of a pipe; "" */
	struct taken *next;
};

/* Trees of tsearch(), of domains by name and of what was taken. */
struct vlinkcfg_set {
	const struct vlinkcfg_classes *classes;
	void *domains;
	void *by_unit, *by_name, *by_cid;
	void *pipes_by_unit, *pipes_by_node;
	struct taken *all;
};

struct checker {
	const struct vlinkcfg_set *set;
	vlinkcfg_report report;
	void *arg;
	size_t findings;
};

__attribute__((format(printf, 2, 3)))
static void finding(struct checker *chk, const char *fmt, ...)
{
	char text[VLINKCFG_ERR_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	chk->findings++;
	chk->report(chk->arg, text);
}

/* ---- what was taken ---- */

static int by_domain_name(const void *a, const void *b)
{
	return strcmp(((const struct vlinkcfg_domain *)a)->name,
		      ((const struct vlinkcfg_domain *)b)->name);
}

/* Any order will do. */
static int by_domain(const void *a, const void *b)
{
	uintptr_t dom_a = (uintptr_t)((const struct vlinkcfg_place *)a)->dom;
	uintptr_t dom_b = (uintptr_t)((const struct vlinkcfg_place *)b)->dom;

	return (dom_a > dom_b) - (dom_a < dom_b);
}

static int by_class(const void *a, const void *b)
{
	int order = by_domain(a, b);

	return order ? order : strcmp(((const struct vlinkcfg_place *)a)->end->class_name,
				      ((const struct vlinkcfg_place *)b)->end->class_name);
}

static int by_domain_and_unit(const void *a, const void *b)
{
	const struct vlinkcfg_end *end_a = ((const struct vlinkcfg_place *)a)->end;
	const struct vlinkcfg_end *end_b = ((const struct vlinkcfg_place *)b)->end;
	int order = by_domain(a, b);

	return order ? order : (end_a->unit > end_b->unit) - (end_a->unit < end_b->unit);
}

static int by_unit(const void *a, const void *b)
{
	int order = by_domain_and_unit(a, b);

	if (!order)
		order = by_class(a, b);
	return order ? order : (int)((const struct vlinkcfg_place *)a)->end->role -
			       (int)((const struct vlinkcfg_place *)b)->end->role;
}

/* Both are struct taken. */
static int by_domain_and_node(const void *a, const void *b)
{
	int order = by_domain(a, b);

	return order ? order : strcmp(((const struct taken *)a)->node,
				      ((const struct taken *)b)->node);
}

/* Both have a name. */
static int by_node_name(const void *a, const void *b)
{
	int order = by_class(a, b);

	return order ? order : strcmp(((const struct vlinkcfg_place *)a)->end->name,
				      ((const struct vlinkcfg_place *)b)->end->name);
}

/* One that was taken and is equal to this one, but not the end itself; or NULL. */
static const struct vlinkcfg_end *find(void *const *tree, const struct vlinkcfg_place *place,
				       int (*compare)(const void *a, const void *b))
{
	struct vlinkcfg_place *const *found = tfind(place, tree, compare);

	return found && (*found)->end != place->end ? (*found)->end : NULL;
}

struct vlinkcfg_set *vlinkcfg_set_new(const struct vlinkcfg_classes *classes)
{
	struct vlinkcfg_set *set = calloc(1, sizeof(*set));

	if (set)
		set->classes = classes;
	return set;
}

static void keep_item(void *item)
{
	(void)item;
}

void vlinkcfg_set_free(struct vlinkcfg_set *set)
{
	struct taken *next;

	if (!set)
		return;
	tdestroy(set->domains, keep_item);
	tdestroy(set->by_unit, keep_item);
	tdestroy(set->by_name, keep_item);
	tdestroy(set->by_cid, keep_item);
	tdestroy(set->pipes_by_unit, keep_item);
	tdestroy(set->pipes_by_node, keep_item);
	for (; set->all; set->all = next) {
		next = set->all->next;
		free(set->all);
	}
	free(set);
}

size_t vlinkcfg_set_domain(struct vlinkcfg_set *set, const struct vlinkcfg_domain *dom,
			   vlinkcfg_report report, void *arg)
{
	struct checker chk = { .set = set, .report = report, .arg = arg };
	struct vlinkcfg_domain *const *found = tsearch(dom, &set->domains, by_domain_name);

	if (!found)
		finding(&chk, "out of memory");
	else if (*found != dom)
		finding(&chk, "%s: domain '%s' stands in %s already", dom->path, dom->name,
			(*found)->path);
	return chk.findings;
}

static bool is_pipe(const struct vlinkcfg_set *set, const struct vlinkcfg_place *place)
{
	return vlinkcfg_is_pipe(set->classes, place->end->class_name);
}

/* What the driver calls the device node of a pipe. */
static void name_node(const struct vlinkcfg_set *set, struct taken *taken)
{
	const struct vlinkcfg_end *end = taken->place.end;
	struct vlinkcfg_pipe pipe = { .name = "" };
	const char *name = end->name;

	if (!name && end->info) {
		vlinkcfg_pipe_parse(vlinkcfg_class_find(set->classes, end->class_name), end->info,
				    &pipe, NULL, NULL);
		name = pipe.name;
	}
	if (name && *name)
		snprintf(taken->node, sizeof(taken->node), "%s", name);
	else
		snprintf(taken->node, sizeof(taken->node), VBPIPE_PLAIN_NAME "%u", end->unit);
}

static bool take_node(struct vlinkcfg_set *set, struct taken *taken)
{
	if (!is_pipe(set, &taken->place))
		return tsearch(taken, &set->by_unit, by_unit);
	name_node(set, taken);
	return tsearch(taken, &set->pipes_by_unit, by_domain_and_unit) &&
	       tsearch(taken, &set->pipes_by_node, by_domain_and_node);
}

int vlinkcfg_set_take(struct vlinkcfg_set *set, const struct vlinkcfg_place *end)
{
	struct taken *taken = malloc(sizeof(*taken));
	bool done;

	if (!taken)
		return -1;
	*taken = (struct taken){ .place = *end, .next = set->all };
	set->all = taken;
	done = take_node(set, taken);
	if (done && end->end->name)
		done = tsearch(&taken->place, &set->by_name, by_node_name);
	if (done && vlinkcfg_end_cid(end->end))
		done = tsearch(&taken->place, &set->by_cid, by_domain);
	return done ? 0 : -1;
}

/* ---- the rules ---- */

static bool has_own_unit(struct checker *chk, const struct vlinkcfg_place *place)
{
	const struct vlinkcfg_end *end = place->end, *before;
	bool pipe = is_pipe(chk->set, place);

	if (pipe)
		before = find(&chk->set->pipes_by_unit, place, by_domain_and_unit);
	else
		before = find(&chk->set->by_unit, place, by_unit);
	if (end->unit > vlinkcfg_unit_max(pipe))
		finding(chk, "%s: link '%s' has the unit %u: that of a pipe is at most %u",
			place->dom->path, end->link, end->unit, vlinkcfg_unit_max(pipe));
	else if (before)
		finding(chk, "%s: link '%s' has the unit %u, as link '%s'%s", place->dom->path,
			end->link, end->unit, before->link,
			pipe ? ": those of pipes count for both roles together" :
			       " of the same class and role");
	else
		return true;
	return false;
}

static bool has_own_name(struct checker *chk, const struct vlinkcfg_place *place)
{
	const struct vlinkcfg_end *end = place->end;
	const struct vlinkcfg_end *before = end->name ? find(&chk->set->by_name, place,
							     by_node_name) : NULL;

	if (before)
		finding(chk, "%s: link '%s' has the name '%s', as link '%s' of the same class",
			place->dom->path, end->link, end->name, before->link);
	return !before;
}

static void check_pipe_node(struct checker *chk, const struct vlinkcfg_place *place)
{
	struct taken wanted = { .place = *place };
	const struct vlinkcfg_end *before;

	name_node(chk->set, &wanted);
	before = find(&chk->set->pipes_by_node, &wanted.place, by_domain_and_node);
	if (before)
		finding(chk, "%s: link '%s' is /dev/%s, as link '%s'", place->dom->path,
			place->end->link, wanted.node, before->link);
}

static void check_siblings(struct checker *chk, const struct vlinkcfg_place *place)
{
	if (has_own_unit(chk, place) && has_own_name(chk, place) && is_pipe(chk->set, place))
		check_pipe_node(chk, place);
}

static void check_cid(struct checker *chk, const struct vlinkcfg_place *place)
{
	const char *cid = vlinkcfg_end_cid(place->end), *other;
	const struct vlinkcfg_domain *dom = place->dom;
	const struct vlinkcfg_end *before;
	unsigned int value;

	if (!cid)
		return;
	if (!vlinkcfg_cid_parse(dom->name, cid, &value))
		finding(chk, "%s: link '%s': cid '%.20s' is not a number from %u to %u (%u for Domain-0)",
			dom->path, place->end->link, cid, VLINK_CID_MIN, VLINK_CID_MAX,
			VLINK_CID_HOST);
	before = find(&chk->set->by_cid, place, by_domain);
	other = before ? vlinkcfg_end_cid(before) : NULL;
	if (other && strcmp(other, cid))
		finding(chk, "%s: link '%s' has the cid %.20s, link '%s' %.20s: a domain has one",
			dom->path, place->end->link, cid, before->link, other);
}

static void check_cids_of_pair(struct checker *chk, const struct vlinkcfg_place *a,
			       const struct vlinkcfg_place *b)
{
	const char *cid_a = vlinkcfg_end_cid(a->end), *cid_b = vlinkcfg_end_cid(b->end);

	if (cid_a && cid_b && !strcmp(cid_a, cid_b))
		finding(chk, "%s: link '%s' has the cid %.20s here and in %s: no two domains have one",
			b->dom->path, b->end->link, cid_b, a->dom->path);
}

static void check_peer(struct checker *chk, const struct vlinkcfg_place *place,
		       const struct vlinkcfg_domain *peer)
{
	if (strcmp(place->end->peer, peer->name))
		finding(chk, "%s: link '%s': its peer is '%s', yet domain '%s' (%s) has an end of it",
			place->dom->path, place->end->link, place->end->peer, peer->name,
			peer->path);
}

static void check_pair(struct checker *chk, const struct vlinkcfg_place *a,
		       const struct vlinkcfg_place *b)
{
	const struct vlinkcfg_end *end = a->end, *peer = b->end;

	if (a->dom == b->dom) {
		finding(chk, "%s: link '%s' is given twice", a->dom->path, end->link);
		return;
	}
	check_peer(chk, a, b->dom);
	check_peer(chk, b, a->dom);
	if (end->role == peer->role)
		finding(chk, "%s: link '%s' is a %s here and in %s", b->dom->path,
			end->link, end->role == VLINKCFG_SERVER ? "server" : "client",
			a->dom->path);
	if (strcmp(end->class_name, peer->class_name))
		finding(chk, "%s: link '%s' is of class '%s' here, of class '%s' in %s",
			b->dom->path, end->link, peer->class_name, end->class_name,
			a->dom->path);
	check_cids_of_pair(chk, a, b);
}

static bool is_among(const struct vlinkcfg_domain *dom, const struct vlinkcfg_place *ends,
		     size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (ends[i].dom == dom)
			return true;
	return false;
}

/* The peer's domain is to have the other end, if it is known at all. */
static void check_peer_has_it(struct checker *chk, const struct vlinkcfg_place *place,
			      const struct vlinkcfg_place *ends, size_t nr)
{
	const struct vlinkcfg_domain wanted = { .name = place->end->peer };
	struct vlinkcfg_domain *const *peer;

	if (!strcmp(place->end->peer, place->dom->name)) {
		finding(chk, "%s: link '%s' joins %s to itself", place->dom->path,
			place->end->link, place->dom->name);
		return;
	}
	peer = tfind(&wanted, &chk->set->domains, by_domain_name);
	if (peer && !is_among(*peer, ends, nr))
		finding(chk, "%s: link '%s': its peer '%s' (%s) has no such link",
			place->dom->path, place->end->link, (*peer)->name, (*peer)->path);
}

size_t vlinkcfg_set_judge(const struct vlinkcfg_set *set, const struct vlinkcfg_place *ends,
			  size_t nr, vlinkcfg_report report, void *arg)
{
	struct checker chk = { .set = set, .report = report, .arg = arg };
	size_t i, j;

	for (i = 0; i < nr; i++) {
		check_siblings(&chk, &ends[i]);
		check_peer_has_it(&chk, &ends[i], ends, nr);
		for (j = i + 1; j < nr; j++)
			check_pair(&chk, &ends[i], &ends[j]);
		check_cid(&chk, &ends[i]);
	}
	return chk.findings;
}

/* ---- link by link ---- */

static int by_link(const void *a, const void *b)
{
	const struct vlinkcfg_place *place_a = a, *place_b = b;
	int order = strcmp(place_a->end->link, place_b->end->link);

	if (!order)
		order = by_domain(a, b);
	return order ? order : (place_a->end > place_b->end) - (place_a->end < place_b->end);
}

/* The order of the configs: both stand in the array of all places. */
static int by_first_end(const void *a, const void *b)
{
	const struct vlinkcfg_place *first_a = *(const struct vlinkcfg_place *const *)a;
	const struct vlinkcfg_place *first_b = *(const struct vlinkcfg_place *const *)b;
	int order = by_domain(first_a, first_b);

	return order ? order : (first_a->end > first_b->end) - (first_a->end < first_b->end);
}

static size_t fill_places(const struct vlinkcfg_domain *doms, size_t nr,
			  struct vlinkcfg_place *places)
{
	const struct vlinkcfg_domain *dom;
	size_t i, filled = 0;

	for (dom = doms; dom < doms + nr; dom++)
		for (i = 0; i < dom->nr_ends; i++)
			places[filled++] = (struct vlinkcfg_place){ dom, &dom->ends[i] };
	qsort(places, filled, sizeof(*places), by_link);
	return filled;
}

static bool same_link(const struct vlinkcfg_place *a, const struct vlinkcfg_place *b)
{
	return !strcmp(a->end->link, b->end->link);
}

/* The pointers to the first end of each link, in the order of the configs. */
static size_t fill_links(const struct vlinkcfg_place *places, size_t nr,
			 const struct vlinkcfg_place **links)
{
	size_t i, filled = 0;

	for (i = 0; i < nr; i++)
		if (!i || !same_link(&places[i - 1], &places[i]))
			links[filled++] = &places[i];
	qsort(links, filled, sizeof(const struct vlinkcfg_place *), by_first_end);
	return filled;
}

int vlinkcfg_for_links(const struct vlinkcfg_domain *doms, size_t nr,
		       void (*each)(void *arg, const struct vlinkcfg_place *ends, size_t nr),
		       void *arg)
{
	const struct vlinkcfg_place **links, *end;
	struct vlinkcfg_place *places;
	size_t i, nr_places = 0, nr_links;

	for (i = 0; i < nr; i++)
		nr_places += doms[i].nr_ends;
	places = calloc(nr_places + 1, sizeof(*places));
	links = calloc(nr_places + 1, sizeof(const struct vlinkcfg_place *));
	if (places && links) {
		fill_places(doms, nr, places);
		nr_links = fill_links(places, nr_places, links);
		for (i = 0; i < nr_links; i++) {
			for (end = links[i]; end < places + nr_places; end++)
				if (!same_link(end, links[i]))
					break;
			each(arg, links[i], (size_t)(end - links[i]));
		}
	}
	free(links);
	free(places);
	return places && links ? 0 : -1;
}

struct check_all {
	struct checker chk;
	struct vlinkcfg_set *set;
};

/* Links with findings are taken as well: others may clash with them. */
static void check_link(void *arg, const struct vlinkcfg_place *ends, size_t nr)
{
	struct check_all *all = arg;
	size_t i;

	all->chk.findings += vlinkcfg_set_judge(all->set, ends, nr, all->chk.report, all->chk.arg);
	for (i = 0; i < nr; i++)
		if (vlinkcfg_set_take(all->set, &ends[i]))
			finding(&all->chk, "out of memory");
}

size_t vlinkcfg_check(const struct vlinkcfg_domain *doms, size_t nr,
		      const struct vlinkcfg_classes *classes, vlinkcfg_report report, void *arg)
{
	struct check_all all = { .chk = { .report = report, .arg = arg } };
	size_t i;

	all.set = vlinkcfg_set_new(classes);
	if (!all.set) {
		finding(&all.chk, "out of memory");
		return all.chk.findings;
	}
	for (i = 0; i < nr; i++)
		all.chk.findings += vlinkcfg_set_domain(all.set, &doms[i], report, arg);
	if (vlinkcfg_for_links(doms, nr, check_link, &all))
		finding(&all.chk, "out of memory");
	vlinkcfg_set_free(all.set);
	return all.chk.findings;
}

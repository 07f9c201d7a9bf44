// SPDX-License-Identifier: LGPL-2.1-or-later
/* Checks that the domain configs of a board agree about their links. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vlinkcfg.h"
#include "vlinkcfg_private.h"

/* An end, and whose it is. */
struct place {
	const struct vlinkcfg_domain *dom;
	const struct vlinkcfg_end *end;
};

struct checker {
	const struct vlinkcfg_domain *doms;
	size_t nr;
	struct place *places;	/* all ends by link; NULL: no memory for that */
	size_t nr_places;
	void (*report)(void *arg, const char *text);
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

static void check_domain_name(struct checker *chk, size_t nr)
{
	const struct vlinkcfg_domain *dom = &chk->doms[nr];
	size_t i;

	for (i = 0; i < nr; i++) {
		if (strcmp(chk->doms[i].name, dom->name))
			continue;
		finding(chk, "%s: domain '%s' stands in %s already", dom->path,
			dom->name, chk->doms[i].path);
		return;
	}
}

static bool same_node_name(const struct vlinkcfg_end *a, const struct vlinkcfg_end *b)
{
	return a->name && b->name && !strcmp(a->name, b->name);
}

/* Compares an end with one that stands before it in the same domain. */
static void check_siblings(struct checker *chk, const struct vlinkcfg_domain *dom,
			   const struct vlinkcfg_end *end,
			   const struct vlinkcfg_end *before)
{
	if (!strcmp(end->link, before->link))
		finding(chk, "%s: link '%s' is given twice", dom->path, end->link);
	else if (strcmp(end->class_name, before->class_name))
		return;
	else if (end->role == before->role && end->unit == before->unit)
		finding(chk, "%s: link '%s' has the unit %u, as link '%s' of the same class and role",
			dom->path, end->link, end->unit, before->link);
	else if (same_node_name(end, before))
		finding(chk, "%s: link '%s' has the name '%s', as link '%s' of the same class",
			dom->path, end->link, end->name, before->link);
}

static void check_cid(struct checker *chk, const struct vlinkcfg_domain *dom, size_t nr)
{
	const char *cid = vlinkcfg_end_cid(&dom->ends[nr]), *other;
	unsigned int value;
	size_t i;

	if (!cid)
		return;
	if (!vlinkcfg_cid_parse(dom->name, cid, &value))
		finding(chk, "%s: link '%s': cid '%.20s' is not a number from %u to %u (%u for Domain-0)",
			dom->path, dom->ends[nr].link, cid, VLINKCFG_CID_MIN, VLINKCFG_CID_MAX,
			VLINKCFG_CID_HOST);
	for (i = 0; i < nr; i++) {
		other = vlinkcfg_end_cid(&dom->ends[i]);
		if (!other || !strcmp(other, cid))
			continue;
		finding(chk, "%s: link '%s' has the cid %.20s, link '%s' %.20s: a domain has one",
			dom->path, dom->ends[nr].link, cid, dom->ends[i].link, other);
		return;
	}
}

static void check_pair(struct checker *chk, const struct vlinkcfg_domain *dom,
		       const struct vlinkcfg_end *end,
		       const struct vlinkcfg_domain *peer_dom,
		       const struct vlinkcfg_end *peer)
{
	if (strcmp(end->peer, peer_dom->name))
		finding(chk, "%s: link '%s': its peer is '%s', yet domain '%s' (%s) has an end of it",
			dom->path, end->link, end->peer, peer_dom->name, peer_dom->path);
	if (strcmp(peer->peer, dom->name))
		finding(chk, "%s: link '%s': its peer is '%s', yet domain '%s' (%s) has an end of it",
			peer_dom->path, peer->link, peer->peer, dom->name, dom->path);
	if (end->role == peer->role)
		finding(chk, "%s: link '%s' is a %s here and in %s", peer_dom->path,
			end->link, end->role == VLINKCFG_SERVER ? "server" : "client",
			dom->path);
	if (strcmp(end->class_name, peer->class_name))
		finding(chk, "%s: link '%s' is of class '%s' here, of class '%s' in %s",
			peer_dom->path, end->link, peer->class_name, end->class_name,
			dom->path);
}

static int by_link(const void *a, const void *b)
{
	const struct place *place_a = a, *place_b = b;
	int order = strcmp(place_a->end->link, place_b->end->link);

	if (!order)
		order = (place_a->dom > place_b->dom) - (place_a->dom < place_b->dom);
	return order;
}

/* Boards of many thousand links are to be checked at once. */
static void sort_places(struct checker *chk)
{
	const struct vlinkcfg_domain *dom;
	size_t i;

	for (dom = chk->doms; dom < chk->doms + chk->nr; dom++)
		chk->nr_places += dom->nr_ends;
	chk->places = calloc(chk->nr_places + 1, sizeof(*chk->places));
	if (!chk->places)
		return;
	chk->nr_places = 0;
	for (dom = chk->doms; dom < chk->doms + chk->nr; dom++)
		for (i = 0; i < dom->nr_ends; i++)
			chk->places[chk->nr_places++] = (struct place){ dom, &dom->ends[i] };
	qsort(chk->places, chk->nr_places, sizeof(*chk->places), by_link);
}

static const struct vlinkcfg_end *find_link(const struct checker *chk,
					    const struct vlinkcfg_domain *dom, char *link)
{
	const struct vlinkcfg_end wanted = { .link = link };
	const struct place key = { dom, &wanted }, *found;
	size_t i;

	if (chk->places) {
		found = bsearch(&key, chk->places, chk->nr_places, sizeof(key), by_link);
		return found ? found->end : NULL;
	}
	for (i = 0; i < dom->nr_ends; i++)
		if (!strcmp(dom->ends[i].link, link))
			return &dom->ends[i];
	return NULL;
}

static int by_link_of_end(const void *a, const void *b)
{
	return strcmp((*(const struct vlinkcfg_end *const *)a)->link,
		      (*(const struct vlinkcfg_end *const *)b)->link);
}

static int by_number(const void *a, const void *b)
{
	const struct vlinkcfg_end *end_a = *(const struct vlinkcfg_end *const *)a;
	const struct vlinkcfg_end *end_b = *(const struct vlinkcfg_end *const *)b;
	int order = strcmp(end_a->class_name, end_b->class_name);

	if (!order)
		order = (int)end_a->role - (int)end_b->role;
	return order ? order : (end_a->unit > end_b->unit) - (end_a->unit < end_b->unit);
}

/* Those without a name are all different. */
static int by_name(const void *a, const void *b)
{
	const struct vlinkcfg_end *end_a = *(const struct vlinkcfg_end *const *)a;
	const struct vlinkcfg_end *end_b = *(const struct vlinkcfg_end *const *)b;
	int order = strcmp(end_a->class_name, end_b->class_name);

	if (!order && end_a->name && end_b->name)
		return strcmp(end_a->name, end_b->name);
	if (!order)
		order = !end_a->name - !end_b->name;
	return order ? order : (end_a > end_b) - (end_a < end_b);
}

static bool has_equal(const struct vlinkcfg_end **ends, size_t nr,
		      int (*compare)(const void *a, const void *b))
{
	size_t i;

	qsort(ends, nr, sizeof(const struct vlinkcfg_end *), compare);
	for (i = 1; i < nr; i++)
		if (!compare(&ends[i - 1], &ends[i]))
			return true;
	return false;
}

/* False: no two ends of the domain are in each other's way. */
static bool may_clash(const struct vlinkcfg_domain *dom)
{
	const struct vlinkcfg_end **ends = calloc(dom->nr_ends + 1,
						   sizeof(const struct vlinkcfg_end *));
	bool clash = true;
	size_t i;

	for (i = 0; ends && i < dom->nr_ends; i++)
		ends[i] = &dom->ends[i];
	if (ends)
		clash = has_equal(ends, dom->nr_ends, by_link_of_end) ||
			has_equal(ends, dom->nr_ends, by_number) ||
			has_equal(ends, dom->nr_ends, by_name);
	free(ends);
	return clash;
}

static void check_end(struct checker *chk, const struct vlinkcfg_domain *dom,
		      const struct vlinkcfg_end *end)
{
	const struct vlinkcfg_domain *other;
	const struct vlinkcfg_end *peer;

	if (!strcmp(end->peer, dom->name))
		finding(chk, "%s: link '%s' joins %s to itself", dom->path,
			end->link, dom->name);
	for (other = chk->doms; other < chk->doms + chk->nr; other++) {
		if (other == dom)
			continue;
		peer = find_link(chk, other, end->link);
		/* Each pair is looked at once, from the domain given first. */
		if (peer && dom < other)
			check_pair(chk, dom, end, other, peer);
		if (!peer && !strcmp(other->name, end->peer))
			finding(chk, "%s: link '%s': its peer '%s' (%s) has no such link",
				dom->path, end->link, end->peer, other->path);
	}
}

size_t vlinkcfg_check(const struct vlinkcfg_domain *doms, size_t nr,
		      void (*report)(void *arg, const char *text), void *arg)
{
	struct checker chk = { .doms = doms, .nr = nr, .report = report, .arg = arg };
	const struct vlinkcfg_domain *dom;
	bool clash;
	size_t i, j;

	sort_places(&chk);
	for (dom = doms; dom < doms + nr; dom++) {
		check_domain_name(&chk, (size_t)(dom - doms));
		clash = may_clash(dom);
		for (i = 0; i < dom->nr_ends; i++) {
			for (j = 0; clash && j < i; j++)
				check_siblings(&chk, dom, &dom->ends[i], &dom->ends[j]);
			check_end(&chk, dom, &dom->ends[i]);
			check_cid(&chk, dom, i);
		}
	}
	free(chk.places);
	return chk.findings;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* The links of one domain or of all. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../vlinkd/alloc.h"
#include "../vlinkd/detached.h"
#include "listing.h"

#define DOMID_MAX	0x7fffu

/* Takes over @name. */
static int add_domain(const struct context *ctx, struct listing *listing, const char *home,
		      char *name, unsigned int domid)
{
	struct domain_links *dom;

	listing->domains = alloc_grow(listing->domains, listing->nr, sizeof(*listing->domains));
	dom = &listing->domains[listing->nr++];
	*dom = (struct domain_links){ .name = name, .domid = domid };
	return links_read(ctx->xs, home, &dom->links);
}

static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
}

static int add_domid(const struct context *ctx, struct listing *listing, unsigned int domid)
{
	struct xsh_path home = xsh_path("/local/domain/%u/", domid);
	char *name;

	name = xsh_read(ctx->xs, XBT_NULL, xsh_path("%sname", home.s).s);
	if (!name)
		name = alloc_printf("(%u)", domid);
	make_printable(name);
	if (!ctx->domain || !strcmp(ctx->domain, name))
		return add_domain(ctx, listing, home.s, name, domid);
	free(name);
	return 0;
}

static int compare_domids(const void *a, const void *b)
{
	return atoi(*(char *const *)a) - atoi(*(char *const *)b);
}

static int add_all_domains(const struct context *ctx, struct listing *listing)
{
	unsigned int i, nr, domid;
	char **domids = xsh_directory(ctx->xs, XBT_NULL, "/local/domain", &nr);
	int ret = 0;

	if (!domids)
		return -errno;
	qsort(domids, nr, sizeof(*domids), compare_domids);
	for (i = 0; i < nr && !ret; i++)
		if (xsh_parse_number(domids[i], DOMID_MAX, &domid))
			ret = add_domid(ctx, listing, domid);
	free(domids);
	return ret;
}

static void mark(struct links *links, const struct detached *detached)
{
	size_t i;

	for (i = 0; i < links->nr; i++)
		links->list[i].detached = detached_has(detached, links->list[i].link);
}

/* Only dom0 may know. */
static int mark_detached(const struct context *ctx, struct listing *listing)
{
	struct detached detached;
	size_t i;
	int ret;

	if (!context_is_dom0(ctx))
		return 0;
	ret = detached_read(ctx->xs, &detached);
	for (i = 0; i < listing->nr && !ret; i++)
		mark(&listing->domains[i].links, &detached);
	detached_clear(&detached);
	return ret;
}

static int add_own_domain(const struct context *ctx, struct listing *listing)
{
	char *name = NULL;

	if (context_is_dom0(ctx))
		name = alloc_string("Domain-0");
	else
		name = xsh_read(ctx->xs, XBT_NULL, "name");
	if (!name)
		name = alloc_string("");
	make_printable(name);
	return add_domain(ctx, listing, ctx->home, name, 0);
}

int listing_read(const struct context *ctx, struct listing *listing)
{
	int ret;

	*listing = (struct listing){ 0 };
	ret = ctx->all || ctx->domain ? add_all_domains(ctx, listing) :
					add_own_domain(ctx, listing);
	if (!ret)
		ret = mark_detached(ctx, listing);
	if (ret)
		listing_clear(listing);
	return ret;
}

void listing_clear(struct listing *listing)
{
	size_t i;

	for (i = 0; i < listing->nr; i++) {
		free(listing->domains[i].name);
		links_clear(&listing->domains[i].links);
	}
	free(listing->domains);
	*listing = (struct listing){ 0 };
}

const struct domain_links *listing_domain(const struct listing *listing, const char *name)
{
	size_t i;

	for (i = 0; i < listing->nr; i++)
		if (!strcmp(listing->domains[i].name, name))
			return &listing->domains[i];
	return NULL;
}

const struct link *listing_link(const struct domain_links *dom, const char *link,
				const struct link *previous)
{
	const struct link *end = dom->links.list + dom->links.nr;
	const struct link *at = previous ? previous + 1 : dom->links.list;

	for (; at < end; at++)
		if (!strcmp(at->link, link))
			return at;
	return NULL;
}

size_t listing_walk(const struct context *ctx, const struct listing *listing,
		    void (*each)(void *arg, const struct domain_links *dom,
				 const struct link *link),
		    void *arg)
{
	size_t i, j, nr = 0;

	for (i = 0; i < listing->nr; i++) {
		const struct domain_links *dom = &listing->domains[i];

		for (j = 0; j < dom->links.nr; j++)
			if (context_means(ctx, dom->links.list[j].link)) {
				each(arg, dom, &dom->links.list[j]);
				nr++;
			}
	}
	return nr;
}

int listing_missing(const struct context *ctx, const struct listing *listing)
{
	int status = 0;
	size_t i, j;

	for (i = 0; i < ctx->nr_names; i++) {
		for (j = 0; j < listing->nr; j++)
			if (listing_link(&listing->domains[j], ctx->names[i], NULL))
				break;
		if (j < listing->nr)
			continue;
		fail_text("link '%s' is not published to %s", ctx->names[i],
			  ctx->all || ctx->domain ? "any domain" : "this domain");
		status = EXIT_PROBLEM;
	}
	return status;
}

static void json_keys(struct json *json, const struct link *link)
{
	size_t i;

	json_object(json, "keys");
	for (i = 0; i < link->nr_keys; i++)
		json_string(json, link->keys[i].key, link->keys[i].value);
	json_end(json);
}

void listing_json(struct json *json, const struct context *ctx,
		  const struct domain_links *dom, const struct link *link)
{
	unsigned int unit;

	if (ctx->all || ctx->domain)
		json_string(json, "domain", dom->name);
	json_string(json, "link", link->link);
	json_string(json, "service", link->service);
	json_string(json, "class", link->class_name);
	json_string(json, "role", link->role);
	if (xsh_parse_number(link->unit, UINT32_MAX, &unit))
		json_number(json, "unit", unit);
	else
		json_string(json, "unit", NULL);
	json_string(json, "peer", link->peer);
	json_string(json, "name", link->name);
	json_string(json, "info", link->info);
	json_keys(json, link);
	json_string(json, "state", link->state == LINKS_STATE_NONE ? NULL :
		    links_state_name(link->state));
	json_bool(json, "connected", link->state == LINKS_STATE_CONNECTED);
	if (context_is_dom0(ctx))
		json_bool(json, "detached", link->detached);
}

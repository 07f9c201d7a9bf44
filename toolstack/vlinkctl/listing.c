// SPDX-License-Identifier: LGPL-2.1-or-later
/* The links of one domain or of all. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <vlink/limits.h>

#include "lib/alloc.h"
#include "lib/detached.h"
#include "board.h"
#include "listing.h"
#include "suggest.h"

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
	listing->others = alloc_grow(listing->others, listing->nr_others,
				     sizeof(*listing->others));
	listing->others[listing->nr_others++] = name;
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
		name = alloc_string(VLINK_DOM0_NAME);
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

static void clear_domain(struct domain_links *dom)
{
	free(dom->name);
	links_clear(&dom->links);
}

void listing_clear(struct listing *listing)
{
	size_t i;

	for (i = 0; i < listing->nr; i++)
		clear_domain(&listing->domains[i]);
	free(listing->domains);
	for (i = 0; i < listing->nr_others; i++)
		free(listing->others[i]);
	free(listing->others);
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

/* ---- one domain again ---- */

/* The first whose id is not below this one. */
static size_t place_of_domid(const struct listing *listing, unsigned int domid)
{
	size_t i;

	for (i = 0; i < listing->nr; i++)
		if (listing->domains[i].domid >= domid)
			break;
	return i;
}

/* It was read as the last: its place is where the ids are in order. */
static void put_in_order(struct listing *listing)
{
	struct domain_links last = listing->domains[listing->nr - 1];
	size_t at = place_of_domid(listing, last.domid);

	memmove(&listing->domains[at + 1], &listing->domains[at],
		(listing->nr - 1 - at) * sizeof(last));
	listing->domains[at] = last;
}

int listing_refresh(const struct context *ctx, struct listing *listing, unsigned int domid)
{
	size_t nr, at = place_of_domid(listing, domid);
	int ret = 0;

	if (at < listing->nr && listing->domains[at].domid == domid) {
		clear_domain(&listing->domains[at]);
		listing->nr--;
		memmove(&listing->domains[at], &listing->domains[at + 1],
			(listing->nr - at) * sizeof(*listing->domains));
	}
	nr = listing->nr;
	if (xsh_exists(ctx->xs, XBT_NULL, xsh_path("/local/domain/%u", domid).s))
		ret = add_domid(ctx, listing, domid);
	else if (xsh_is_fatal(-errno))
		ret = -errno;
	if (listing->nr > nr)
		put_in_order(listing);
	return ret ? ret : mark_detached(ctx, listing);
}

static bool has_service(const struct listing *listing, unsigned int domid, const char *service,
			size_t len)
{
	size_t at = place_of_domid(listing, domid), i;

	if (at == listing->nr || listing->domains[at].domid != domid)
		return false;
	for (i = 0; i < listing->domains[at].links.nr; i++) {
		const char *own = listing->domains[at].links.list[i].service;

		if (!strncmp(own, service, len) && !own[len])
			return true;
	}
	return false;
}

static bool is_at(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && (!path[len] || path[len] == '/');
}

/* Of a device's directory @depth below that of its service: it comes or goes, or its state. */
static bool is_device_news(const char *path, unsigned int depth)
{
	for (; depth && *path; depth--)
		path += strcspn(path + 1, "/") + 1;
	return !*path || !strcmp(path, "/state");
}

bool listing_concerns(const struct listing *listing, unsigned int domid, const char *path)
{
	bool is_front = is_at(path, "device");
	const char *service;
	size_t len;

	if (!*path || is_at(path, "name") || is_at(path, "vlink"))
		return true;
	if (!is_front && !is_at(path, "backend"))
		return false;
	service = strchr(path, '/');
	if (!service)
		return true;
	len = strcspn(++service, "/");
	return has_service(listing, domid, service, len) &&
	       is_device_news(service + len, is_front ? 1 : 2);
}

/* ---- names that nobody knows ---- */

struct names {
	const char **list;
	size_t nr;
};

static void add_name(struct names *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->nr; i++)
		if (!strcmp(names->list[i], name))
			return;
	names->list = alloc_grow(names->list, names->nr, sizeof(const char *));
	names->list[names->nr++] = name;
}

/* Each once. */
static void collect_links(const struct listing *listing, const struct board *known,
			  struct names *names)
{
	size_t i, j;

	for (i = 0; i < listing->nr; i++)
		for (j = 0; j < listing->domains[i].links.nr; j++)
			add_name(names, listing->domains[i].links.list[j].link);
	for (i = 0; known && i < known->nr_links; i++)
		add_name(names, known->links[i].link);
}

static bool is_among(const struct names *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->nr; i++)
		if (!strcmp(names->list[i], name))
			return true;
	return false;
}

static const char *place_of(const struct context *ctx)
{
	if (ctx->all || ctx->domain)
		return ctx->domain ? ctx->domain : "any domain";
	return context_is_dom0(ctx) ? "this domain (--all: those of all domains)" : "this domain";
}

static int no_domain(const struct context *ctx, const struct listing *listing)
{
	char *hint = suggest(ctx->domain, (const char *const *)listing->others, listing->nr_others);

	fail_text("domain '%s' does not run%s", ctx->domain, hint);
	free(hint);
	return EXIT_ENVIRONMENT;
}

int listing_missing(const struct context *ctx, const struct listing *listing,
		    const struct board *known)
{
	struct names names = { 0 };
	int status = 0;
	char *hint;
	size_t i;

	if (ctx->domain && !listing->nr)
		return no_domain(ctx, listing);
	collect_links(listing, known, &names);
	for (i = 0; i < ctx->nr_names; i++) {
		if (is_among(&names, ctx->names[i]))
			continue;
		hint = suggest(ctx->names[i], names.list, names.nr);
		fail_text("link '%s' is not published to %s%s", ctx->names[i], place_of(ctx), hint);
		free(hint);
		status = EXIT_ENVIRONMENT;
	}
	free(names.list);
	return status;
}

static void put_keys(json_t *keys, const struct link *link)
{
	size_t i;

	for (i = 0; i < link->nr_keys; i++)
		json_put_text(keys, link->keys[i].key, link->keys[i].value);
}

json_t *listing_json(json_t *array, const struct context *ctx,
		     const struct domain_links *dom, const struct link *link)
{
	json_t *json = json_put(array, NULL, json_object());
	unsigned int unit;

	if (ctx->all || ctx->domain)
		json_put_text(json, "domain", dom->name);
	json_put_text(json, "link", link->link);
	json_put_text(json, "service", link->service);
	json_put_text(json, "class", link->class_name);
	json_put_text(json, "role", link->role);
	if (xsh_parse_number(link->unit, UINT32_MAX, &unit))
		json_put_number(json, "unit", unit);
	else
		json_put_text(json, "unit", NULL);
	json_put_text(json, "peer", link->peer);
	json_put_text(json, "name", link->name);
	json_put_text(json, "info", link->info);
	put_keys(json_put(json, "keys", json_object()), link);
	json_put_text(json, "state", link->state == LINKS_STATE_NONE ? NULL :
		    links_state_name(link->state));
	json_put_bool(json, "connected", link->state == LINKS_STATE_CONNECTED);
	if (context_is_dom0(ctx))
		json_put_bool(json, "detached", link->detached);
	return json;
}

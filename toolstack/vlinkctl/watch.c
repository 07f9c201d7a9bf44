// SPDX-License-Identifier: LGPL-2.1-or-later
/* vlinkctl watch: a line for each change of a link's state. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "events.h"
#include "listing.h"

#define GONE	"withdrawn"

struct watcher {
	const struct context *ctx;
	const struct listing *before, *after;
};

static void print_text(const struct watcher *w, const char *when, const struct domain_links *dom,
		       const struct link *link, const char *from, const char *to)
{
	printf("%s ", when);
	if (w->ctx->all)
		printf("%s ", dom->name);
	printf("%s %s %s: ", link->link, link->service, link->role);
	if (from)
		printf("%s -> ", from);
	printf("%s\n", to);
}

static void print_json(const struct watcher *w, const char *when, const struct domain_links *dom,
		       const struct link *link, const char *from, const char *to)
{
	struct json json = { .out = stdout };

	json_object(&json, NULL);
	json_string(&json, "time", when);
	if (w->ctx->all)
		json_string(&json, "domain", dom->name);
	json_string(&json, "link", link->link);
	json_string(&json, "service", link->service);
	json_string(&json, "role", link->role);
	json_string(&json, "from", from);
	json_string(&json, "to", to);
	json_end(&json);
}

static void print_change(const struct watcher *w, const struct domain_links *dom,
			 const struct link *link, const char *from, const char *to)
{
	char when[32];
	struct tm tm;
	time_t now = time(NULL);

	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	if (w->ctx->json)
		print_json(w, when, dom, link, from, to);
	else
		print_text(w, when, dom, link, from, to);
}

/* The same end in another listing; a domain that came back is another. */
static const struct link *find_in(const struct listing *listing, const struct domain_links *dom,
				  const struct link *link)
{
	const struct domain_links *other = listing_domain(listing, dom->name);
	const struct link *at = NULL;

	if (!other || other->domid != dom->domid)
		return NULL;
	while ((at = listing_link(other, link->link, at)))
		if (!strcmp(at->service, link->service) && !strcmp(at->role, link->role))
			return at;
	return NULL;
}

static void compare_with_before(void *arg, const struct domain_links *dom,
				const struct link *link)
{
	const struct watcher *w = arg;
	const struct link *before = find_in(w->before, dom, link);
	const char *from = before ? links_state_of(before) : NULL, *to = links_state_of(link);

	if (!from || strcmp(from, to))
		print_change(w, dom, link, from, to);
}

static void look_if_gone(void *arg, const struct domain_links *dom, const struct link *link)
{
	const struct watcher *w = arg;

	if (!find_in(w->after, dom, link))
		print_change(w, dom, link, links_state_of(link), GONE);
}

static int print_changes(const struct context *ctx, struct listing *before)
{
	struct listing after;
	struct watcher w = { .ctx = ctx, .before = before, .after = &after };
	int ret = listing_read(ctx, &after);

	if (ret)
		return ret;
	listing_walk(ctx, before, look_if_gone, &w);
	listing_walk(ctx, &after, compare_with_before, &w);
	listing_clear(before);
	*before = after;
	return fflush(stdout) ? -EPIPE : 0;
}

int watch_command(const struct context *ctx)
{
	struct listing listing = { 0 };
	struct events events;
	int ret = events_start(&events, ctx);

	while (!ret) {
		ret = print_changes(ctx, &listing);
		if (!ret)
			ret = events_sleep(&events);
	}
	listing_clear(&listing);
	if (ret == -ETIMEDOUT)
		return 0;
	return fail(ret == -EPIPE ? "standard output" : "xenstore", -ret);
}

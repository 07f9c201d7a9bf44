// SPDX-License-Identifier: LGPL-2.1-or-later
/* vlinkctl wait: sleeps on xenstore watches until links are connected. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "events.h"
#include "listing.h"

struct look {
	bool complete;
	bool say;	/* what is not goes to stderr */
};

static void look_at_link(void *arg, const struct domain_links *dom, const struct link *link)
{
	struct look *look = arg;

	(void)dom;
	if (link->state == LINKS_STATE_CONNECTED)
		return;
	look->complete = false;
	if (look->say)
		fail_text("link '%s', service '%s': state %s", link->link, link->service,
			  links_state_of(link));
}

static bool is_published(const struct listing *listing, const char *name)
{
	size_t i;

	for (i = 0; i < listing->nr; i++)
		if (listing_link(&listing->domains[i], name, NULL))
			return true;
	return false;
}

static void look_for_names(const struct context *ctx, const struct listing *listing,
			   struct look *look)
{
	size_t i;

	if (look->say && listing_missing(ctx, listing, NULL))
		look->complete = false;
	for (i = 0; i < ctx->nr_names; i++)
		if (!is_published(listing, ctx->names[i]))
			look->complete = false;
}

static void look_at_all(const struct context *ctx, const struct listing *listing,
			struct look *look)
{
	look->complete = true;
	look_for_names(ctx, listing, look);
	if (!listing_walk(ctx, listing, look_at_link, look) && !ctx->nr_names) {
		look->complete = false;
		if (look->say)
			fail_text("no links are published to this domain");
	}
}

/* Changes up to now count, and the links that are printed are those that are judged. */
static int look_for_the_last_time(const struct context *ctx)
{
	struct look look = { .say = true };
	struct listing listing;
	int ret = listing_read(ctx, &listing);

	if (ret)
		return ret;
	look_at_all(ctx, &listing, &look);
	listing_clear(&listing);
	return look.complete ? 0 : -ETIMEDOUT;
}

static int wait_until_complete(const struct context *ctx)
{
	struct look look = { 0 };
	struct listing listing = { 0 };
	struct events events;
	int ret = events_start(&events, ctx);

	if (!ret)
		ret = listing_read(ctx, &listing);
	while (!ret) {
		look_at_all(ctx, &listing, &look);
		if (look.complete)
			break;
		ret = events_sleep(&events, &listing);
	}
	listing_clear(&listing);
	events_clear(&events);
	return ret == -ETIMEDOUT ? look_for_the_last_time(ctx) : ret;
}

int wait_command(const struct context *ctx)
{
	int ret = wait_until_complete(ctx);

	if (ret == -ETIMEDOUT)
		return EXIT_PROBLEM;
	return ret ? fail("xenstore", -ret) : 0;
}

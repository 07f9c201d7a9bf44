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

	if (look->say && listing_missing(ctx, listing))
		look->complete = false;
	for (i = 0; i < ctx->nr_names; i++)
		if (!is_published(listing, ctx->names[i]))
			look->complete = false;
}

static int look_once(const struct context *ctx, struct look *look)
{
	struct listing listing;
	int ret = listing_read(ctx, &listing);

	if (ret)
		return ret;
	look->complete = true;
	look_for_names(ctx, &listing, look);
	if (!listing_walk(ctx, &listing, look_at_link, look) && !ctx->nr_names) {
		look->complete = false;
		if (look->say)
			fail_text("no links are published to this domain");
	}
	listing_clear(&listing);
	return 0;
}

static int wait_until_complete(const struct context *ctx)
{
	struct look look = { 0 };
	struct events events;
	int ret = events_start(&events, ctx);

	while (!ret) {
		ret = look_once(ctx, &look);
		if (ret || look.complete)
			return ret;
		ret = events_sleep(&events);
	}
	if (ret != -ETIMEDOUT)
		return ret;
	/* What came in the last moment counts, and the list shown is the one judged. */
	look.say = true;
	ret = look_once(ctx, &look);
	return ret || look.complete ? ret : -ETIMEDOUT;
}

int wait_command(const struct context *ctx)
{
	int ret = wait_until_complete(ctx);

	if (ret == -ETIMEDOUT)
		return EXIT_PROBLEM;
	return ret ? fail("xenstore", -ret) : 0;
}

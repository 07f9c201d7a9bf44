// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vlinkctl attach and detach: say what the administrator wants; vlinkd does it, and
 * this waits until it has.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/detached.h"
#include "board.h"
#include "events.h"
#include "listing.h"

#define DEFAULT_TIMEOUT_MS	10000

struct progress {
	bool attach;
	unsigned int without_device;
	unsigned int with_device;
};

static void count_devices(void *arg, const struct domain_links *dom, const struct link *link)
{
	struct progress *progress = arg;

	(void)dom;
	if (link->state == LINKS_STATE_NONE)
		progress->without_device++;
	else
		progress->with_device++;
}

/* Of a link to attach both ends may have to wait for a domain that does not run. */
static bool is_done(const struct context *one, const struct listing *listing, bool attach)
{
	struct progress progress = { 0 };
	const struct link *link;
	size_t i, ends = 0;

	listing_walk(one, listing, count_devices, &progress);
	if (!attach)
		return !progress.with_device;
	for (i = 0; i < listing->nr; i++) {
		link = listing_link(&listing->domains[i], one->names[0], NULL);
		ends += link != NULL;
	}
	return ends < 2 || !progress.without_device;
}

static int wait_until_done(const struct context *one, bool attach)
{
	struct listing listing = { 0 };
	struct events events;
	int ret = events_start(&events, one);

	if (!ret)
		ret = listing_read(one, &listing);
	while (!ret && !is_done(one, &listing, attach))
		ret = events_sleep(&events, &listing);
	listing_clear(&listing);
	events_clear(&events);
	return ret;
}

/* What is detached, and in no config any more, can still be attached. */
static size_t drop_detached(const struct context *ctx, char **names)
{
	struct detached detached;
	size_t i, nr = 0;

	if (detached_read(ctx->xs, &detached))
		detached = (struct detached){ 0 };
	for (i = 0; i < ctx->nr_names; i++)
		if (!detached_has(&detached, ctx->names[i]))
			names[nr++] = ctx->names[i];
	detached_clear(&detached);
	return nr;
}

static int known_links(const struct context *ctx)
{
	char **names = alloc_zero(ctx->nr_names, sizeof(*names));
	struct context unsure = *ctx;
	struct listing listing;
	struct board board;
	int status, ret = listing_read(ctx, &listing);

	unsure.names = names;
	unsure.nr_names = drop_detached(ctx, names);
	if (ret) {
		free(names);
		return fail("xenstore", -ret);
	}
	/* Without the configs only what is published is known. */
	board_read(ctx, &board);
	status = listing_missing(&unsure, &listing, &board);
	board_clear(&board);
	listing_clear(&listing);
	free(names);
	return status;
}

static int set_one(const struct context *one, bool attach)
{
	int ret = detached_set(one->xs, one->names[0], !attach);

	if (ret)
		return fail(one->names[0], -ret);
	if (!board_vlinkd_runs()) {
		fail_text("link '%s': vlinkd does not run; it will do this when it does",
			  one->names[0]);
		return EXIT_PROBLEM;
	}
	ret = wait_until_done(one, attach);
	if (ret == -ETIMEDOUT) {
		fail_text("link '%s': is not %s yet; see the log of vlinkd", one->names[0],
			  attach ? "attached" : "detached");
		return EXIT_PROBLEM;
	}
	return ret ? fail("xenstore", -ret) : 0;
}

static int set_all(const struct context *ctx, bool attach)
{
	struct context one = *ctx;
	int status, result;
	size_t i;

	if (!context_is_dom0(ctx))
		return fail_text("%s works in dom0 only", attach ? "attach" : "detach");
	one.all = true;
	if (one.timeout_ms == TIMEOUT_FOREVER)
		one.timeout_ms = DEFAULT_TIMEOUT_MS;
	result = known_links(&one);
	if (result)
		return result;
	one.nr_names = 1;
	for (i = 0; i < ctx->nr_names; i++) {
		one.names = ctx->names + i;
		status = set_one(&one, attach);
		if (status > result)
			result = status;
	}
	return result;
}

int attach_command(const struct context *ctx)
{
	return set_all(ctx, true);
}

int detach_command(const struct context *ctx)
{
	return set_all(ctx, false);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sleeping until something about links changes in xenstore. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/detached.h"
#include "events.h"

#define DOMAINS_ROOT	"/local/domain"
#define DOMID_MAX	0x7fffu

static int watch(const struct events *events, const char *path)
{
	return xs_watch(events->ctx->xs, path, "links") ? 0 : -errno;
}

static int watch_home(const struct events *events, const char *home)
{
	static const char *const dirs[] = { "vlink", "device", "backend" };
	size_t i;
	int ret = 0;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && !ret; i++)
		ret = watch(events, xsh_path("%s%s", home, dirs[i]).s);
	return ret;
}

static bool is_of_domains(const struct events *events)
{
	return events->ctx->all || events->ctx->domain;
}

int events_start(struct events *events, const struct context *ctx)
{
	int ret;

	*events = (struct events){ .ctx = ctx };
	clock_gettime(CLOCK_MONOTONIC, &events->start);
	events->woken = events->start;
	if (is_of_domains(events))
		ret = watch(events, DOMAINS_ROOT);
	else
		ret = watch_home(events, ctx->home);
	if (!ret && context_is_dom0(ctx))
		ret = watch(events, DETACHED_ROOT);
	return ret;
}

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

static void note_domid(struct events *events, unsigned int domid)
{
	size_t i;

	for (i = 0; i < events->nr_domids; i++)
		if (events->domids[i] == domid)
			return;
	events->domids = alloc_grow(events->domids, events->nr_domids, sizeof(*events->domids));
	events->domids[events->nr_domids++] = domid;
}

/* "D" or "D/PATH" below the homes of all domains */
static void note_domain_path(struct events *events, const struct listing *listing,
			     const char *path)
{
	size_t len = strcspn(path, "/");
	char text[16];
	unsigned int domid;

	snprintf(text, sizeof(text), "%.*s", (int)len, path);
	if (len < sizeof(text) && xsh_parse_number(text, DOMID_MAX, &domid) &&
	    listing_concerns(listing, domid, path + len + (path[len] == '/')))
		note_domid(events, domid);
}

static void note(struct events *events, const struct listing *listing, const char *path)
{
	const char *home = is_of_domains(events) ? DOMAINS_ROOT "/" : events->ctx->home;
	size_t len = strlen(home);
	bool is_below = !strncmp(path, home, len);

	if (is_below && is_of_domains(events))
		note_domain_path(events, listing, path + len);
	else if (!strncmp(path, DETACHED_ROOT, strlen(DETACHED_ROOT)) ||
		 (is_below && listing_concerns(listing, 0, path + len)))
		events->all = true;
}

static int take_all(struct events *events, const struct listing *listing)
{
	char **event;

	while ((event = xs_check_watch(events->ctx->xs))) {
		note(events, listing, event[XS_WATCH_PATH]);
		free(event);
	}
	return errno == EAGAIN ? 0 : -errno;
}

/* Until the time limit; -1: there is none. */
static int left_ms(const struct events *events)
{
	long left;

	if (events->ctx->timeout_ms == TIMEOUT_FOREVER)
		return -1;
	left = events->ctx->timeout_ms - elapsed_ms(&events->start);
	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static void rest(const struct events *events, long ms)
{
	int left = left_ms(events);

	poll(NULL, 0, left >= 0 && left < ms ? left : (int)ms);
}

static int read_again(struct events *events, struct listing *listing)
{
	size_t i;
	int ret = 0;

	if (events->all) {
		listing_clear(listing);
		ret = listing_read(events->ctx, listing);
	}
	for (i = 0; i < events->nr_domids && !events->all && !ret; i++)
		ret = listing_refresh(events->ctx, listing, events->domids[i]);
	events->all = false;
	events->nr_domids = 0;
	return ret;
}

int events_sleep(struct events *events, struct listing *listing)
{
	struct pollfd fd = { .fd = xs_fileno(events->ctx->xs), .events = POLLIN };
	long looked_ms = elapsed_ms(&events->woken);
	int left, ret;

	do {
		left = left_ms(events);
		if (!left)
			return -ETIMEDOUT;
		if (poll(&fd, 1, left) < 0 && errno != EINTR)
			return -errno;
		ret = take_all(events, listing);
	} while (!ret && !events->all && !events->nr_domids);
	if (ret)
		return ret;
	rest(events, looked_ms);
	clock_gettime(CLOCK_MONOTONIC, &events->woken);
	ret = take_all(events, listing);
	return ret ? ret : read_again(events, listing);
}

void events_clear(struct events *events)
{
	free(events->domids);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* vlinkctl watch: a line for each change of a link's state. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/alloc.h"
#include "board.h"
#include "events.h"
#include "listing.h"

#define GONE	"withdrawn"

/* One service of a link in one domain, as it was at one moment. */
struct seen {
	unsigned int domid;
	char *domain, *link, *service, *role;
	const char *state;
};

struct moment {
	struct seen *list;
	size_t nr;
};

static void print_text(const struct context *ctx, const char *when, const struct seen *seen,
		       const char *from, const char *to)
{
	printf("%s ", when);
	if (ctx->all)
		printf("%s ", seen->domain);
	printf("%s %s %s: ", seen->link, seen->service, seen->role);
	if (from)
		printf("%s -> ", from);
	printf("%s\n", to);
}

static void print_json(const struct context *ctx, const char *when, const struct seen *seen,
		       const char *from, const char *to)
{
	json_t *json = json_object();

	json_put_text(json, "time", when);
	if (ctx->all)
		json_put_text(json, "domain", seen->domain);
	json_put_text(json, "link", seen->link);
	json_put_text(json, "service", seen->service);
	json_put_text(json, "role", seen->role);
	json_put_text(json, "from", from);
	json_put_text(json, "to", to);
	json_print(stdout, json, JSON_COMPACT);
}

static void print_change(const struct context *ctx, const struct seen *seen,
			 const char *from, const char *to)
{
	char when[32];
	struct tm tm;
	time_t now = time(NULL);

	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	if (ctx->json)
		print_json(ctx, when, seen, from, to);
	else
		print_text(ctx, when, seen, from, to);
}

static void add_seen(void *arg, const struct domain_links *dom, const struct link *link)
{
	struct moment *moment = arg;

	moment->list = alloc_grow(moment->list, moment->nr, sizeof(*moment->list));
	moment->list[moment->nr++] = (struct seen){
		.domid = dom->domid, .domain = alloc_string(dom->name),
		.link = alloc_string(link->link), .service = alloc_string(link->service),
		.role = alloc_string(link->role), .state = links_state_of(link),
	};
}

static void clear_moment(struct moment *moment)
{
	size_t i;

	for (i = 0; i < moment->nr; i++) {
		free(moment->list[i].domain);
		free(moment->list[i].link);
		free(moment->list[i].service);
		free(moment->list[i].role);
	}
	free(moment->list);
	*moment = (struct moment){ 0 };
}

/* A domain that came back, or has another name, is another. */
static int by_place(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int order = (x->domid > y->domid) - (x->domid < y->domid);

	if (!order)
		order = strcmp(x->domain, y->domain);
	if (!order)
		order = strcmp(x->link, y->link);
	if (!order)
		order = strcmp(x->service, y->service);
	return order ? order : strcmp(x->role, y->role);
}

static const struct seen *find_in(const struct moment *moment, const struct seen *seen)
{
	return moment->nr ? bsearch(seen, moment->list, moment->nr, sizeof(*seen), by_place) : NULL;
}

static void sort(struct moment *moment)
{
	if (moment->nr)
		qsort(moment->list, moment->nr, sizeof(*moment->list), by_place);
}

/* Prints what is gone, and then what is new or another, in the order of the listing. */
static int print_changes(const struct context *ctx, const struct listing *listing,
			 struct moment *before)
{
	struct moment now = { 0 }, sorted;
	size_t i;

	listing_walk(ctx, listing, add_seen, &now);
	sorted = (struct moment){ alloc_zero(now.nr, sizeof(*now.list)), now.nr };
	if (now.nr)
		memcpy(sorted.list, now.list, now.nr * sizeof(*now.list));
	sort(&sorted);
	for (i = 0; i < before->nr; i++)
		if (!find_in(&sorted, &before->list[i]))
			print_change(ctx, &before->list[i], before->list[i].state, GONE);
	for (i = 0; i < now.nr; i++) {
		const struct seen *old = find_in(before, &now.list[i]);

		if (!old || strcmp(old->state, now.list[i].state))
			print_change(ctx, &now.list[i], old ? old->state : NULL,
				     now.list[i].state);
	}
	free(now.list);
	clear_moment(before);
	*before = sorted;
	return fflush(stdout) ? -EPIPE : 0;
}

/* A link that is configured may be published later. */
static int missing(const struct context *ctx, const struct listing *listing)
{
	struct board board = { 0 };
	int status;

	if (context_is_dom0(ctx) && ctx->nr_names)
		board_read(ctx, &board);
	status = listing_missing(ctx, listing, &board);
	board_clear(&board);
	return status;
}

static int watch(const struct context *ctx, struct events *events, struct listing *listing)
{
	struct moment moment = { 0 };
	int ret = 0;

	while (!ret) {
		ret = print_changes(ctx, listing, &moment);
		if (!ret)
			ret = events_sleep(events, listing);
	}
	clear_moment(&moment);
	return ret;
}

int watch_command(const struct context *ctx)
{
	struct listing listing = { 0 };
	struct events events;
	int status = 0, ret = events_start(&events, ctx);

	if (!ret)
		ret = listing_read(ctx, &listing);
	if (!ret)
		status = missing(ctx, &listing);
	if (!ret && !status)
		ret = watch(ctx, &events, &listing);
	listing_clear(&listing);
	events_clear(&events);
	if (!ret || ret == -ETIMEDOUT)
		return status;
	return fail(ret == -EPIPE ? "standard output" : "xenstore", -ret);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* vlinkctl show and vlinkctl stat: all there is to say of a link. */
#include <stdlib.h>
#include <string.h>

#include "lib/xs.h"
#include "listing.h"
#include "local.h"

struct printer {
	const struct context *ctx;
	json_t *json;		/* an array, if it is wanted */
	bool first;
};

/* sysfs and the nodes are those of the domain this program runs in. */
static bool is_here(const struct printer *pr, const struct domain_links *dom)
{
	if (!pr->ctx->all && !pr->ctx->domain)
		return true;
	return context_is_dom0(pr->ctx) && dom->domid == 0;
}

static void separate(struct printer *pr)
{
	if (!pr->first)
		putchar('\n');
	pr->first = false;
}

static void line(const char *what, const char *value)
{
	if (value)
		printf("  %-16s %s\n", what, value);
}

static void show_keys(const struct link *link)
{
	size_t i;

	for (i = 0; i < link->nr_keys; i++)
		line(link->keys[i].key, link->keys[i].value);
}

static void show_local(const struct link *link)
{
	char *node = local_node(link);

	line("driver", local_has_driver(link) ? "present" : "missing");
	line("node", node ? xsh_path("/dev/%s", node).s : "none");
	free(node);
}

static void show_text(struct printer *pr, const struct domain_links *dom,
		      const struct link *link)
{
	separate(pr);
	printf("%s, service %s\n", link->link, link->service);
	line("domain", *dom->name ? dom->name : NULL);
	line("class", link->class_name);
	line("role", link->role);
	line("unit", link->unit);
	line("peer", link->peer);
	if (link->state != LINKS_STATE_NONE)
		line("peer's id", xsh_path("%u", link->peer_domid).s);
	line("name", link->name);
	line("info", link->info);
	show_keys(link);
	line("state", links_state_of(link));
	line("peer's state", links_state_name(link->peer_state));
	line("device", link->device);
	line("error", link->error);
	line("failure", link->failure);
	line("peer-failure", link->peer_failure);
	if (is_here(pr, dom))
		show_local(link);
}

static void put_node(json_t *json, const char *node)
{
	json_put_text(json, "node", node ? xsh_path("/dev/%s", node).s : NULL);
}

static void show_json_local(json_t *json, const struct link *link)
{
	char *node = local_node(link);

	json_put_bool(json, "driver", local_has_driver(link));
	put_node(json, node);
	free(node);
}

static void show_json(struct printer *pr, const struct domain_links *dom,
		      const struct link *link)
{
	json_t *json = listing_json(pr->json, pr->ctx, dom, link);

	if (link->state == LINKS_STATE_NONE)
		json_put_text(json, "peer_id", NULL);
	else
		json_put_number(json, "peer_id", link->peer_domid);
	json_put_text(json, "peer_state", link->peer_state == LINKS_STATE_NONE ? NULL :
		      links_state_name(link->peer_state));
	json_put_text(json, "device", link->device);
	json_put_text(json, "error", link->error);
	json_put_text(json, "failure", link->failure);
	json_put_text(json, "peer-failure", link->peer_failure);
	if (is_here(pr, dom))
		show_json_local(json, link);
}

static void show(void *arg, const struct domain_links *dom, const struct link *link)
{
	struct printer *pr = arg;

	if (pr->ctx->json)
		show_json(pr, dom, link);
	else
		show_text(pr, dom, link);
}

static void stat_text(struct printer *pr, const struct link *link, const char *node,
		      const struct local_stats *stats)
{
	size_t i;

	separate(pr);
	printf("%s, service %s, %s, %s%s\n", link->link, link->service, link->role,
	       node ? "/dev/" : "no node", node ? node : "");
	for (i = 0; i < stats->nr; i++)
		printf("  %-26s %s\n", stats->list[i].name, stats->list[i].value);
}

static void stat_json(struct printer *pr, const struct domain_links *dom,
		      const struct link *link, const char *node,
		      const struct local_stats *stats)
{
	json_t *json = listing_json(pr->json, pr->ctx, dom, link), *counters;
	size_t i;

	put_node(json, node);
	counters = json_put(json, "counters", json_object());
	for (i = 0; i < stats->nr; i++) {
		const struct local_stat *stat = &stats->list[i];
		size_t digits = strspn(stat->value, "0123456789");

		if (digits && digits < 20 && !stat->value[digits])
			json_put_number(counters, stat->name, strtoull(stat->value, NULL, 10));
		else
			json_put_text(counters, stat->name, stat->value);
	}
}

static void print_stat(void *arg, const struct domain_links *dom, const struct link *link)
{
	struct printer *pr = arg;
	char *node = local_node(link);
	struct local_stats stats;

	local_stats_read(link, node, &stats);
	if (pr->ctx->json)
		stat_json(pr, dom, link, node, &stats);
	else
		stat_text(pr, link, node, &stats);
	local_stats_clear(&stats);
	free(node);
}

static int print_all(const struct context *ctx,
		     void (*each)(void *arg, const struct domain_links *dom,
				  const struct link *link))
{
	struct printer pr = { .ctx = ctx, .first = true };
	struct listing listing;
	int status, ret = listing_read(ctx, &listing);

	if (ret)
		return fail("xenstore", -ret);
	status = listing_missing(ctx, &listing, NULL);
	if (ctx->json)
		pr.json = json_array();
	listing_walk(ctx, &listing, each, &pr);
	if (ctx->json)
		json_print(stdout, pr.json, JSON_COMPACT);
	listing_clear(&listing);
	return status;
}

int show_command(const struct context *ctx)
{
	return print_all(ctx, show);
}

int stat_command(const struct context *ctx)
{
	return print_all(ctx, print_stat);
}

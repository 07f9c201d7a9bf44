// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vlinkctl list --proc: a line for each link,
 *
 *	CLASS,NUMBER serv VM/STATE/'INFO' cli VM/STATE/'INFO' paddr 0x0
 *
 * A pipe is two links of one number, one each way.
 */
#include <string.h>

#include <vlink/limits.h>

#include "lib/xs.h"
#include "proc.h"

#define VM_MAX	0xffffu

struct printer {
	const struct listing *listing;
	FILE *out;
};

/* One end as it is printed. */
struct side {
	unsigned int vm;
	const char *state;
	const char *info;
};

/* Domain-0 is VM 1, as device trees count; vmN is N; others are their unknown number. */
static unsigned int vm_of(const char *domain)
{
	unsigned int vm;

	if (!strcmp(domain, VLINK_DOM0_NAME))
		return 1;
	if (!strncmp(domain, "vm", 2) && xsh_parse_number(domain + 2, VM_MAX, &vm))
		return vm;
	return 0;
}

static const char *state_text(int state)
{
	if (state == LINKS_STATE_NONE)
		return "OFF";
	return state == LINKS_STATE_CONNECTED ? "ON" : "RESET";
}

static const struct link *peer_of(const struct printer *pr, const struct link *link)
{
	const struct domain_links *dom = listing_domain(pr->listing, link->peer);
	const struct link *at = NULL;

	while (dom && (at = listing_link(dom, link->link, at)))
		if (!strcmp(at->service, link->service))
			return at;
	return NULL;
}

static void print_line(const struct printer *pr, const struct link *link,
		       const struct side *server, const struct side *client)
{
	fprintf(pr->out, "%s,%s serv %u/%s/'%s' cli %u/%s/'%s' paddr 0x0\n", link->class_name,
		link->unit, server->vm, server->state, server->info, client->vm, client->state,
		client->info);
}

/* Of the services of a class the first stands for the link. */
static bool is_first_service(const struct domain_links *dom, const struct link *link)
{
	return listing_link(dom, link->link, NULL) == link;
}

static void print_link(void *arg, const struct domain_links *dom, const struct link *link)
{
	const struct printer *pr = arg;
	const struct link *peer = peer_of(pr, link);
	struct side own = {
		vm_of(dom->name), state_text(link->state),
		link->info ? link->info : "",
	};
	struct side other = {
		vm_of(link->peer), state_text(peer ? peer->state : link->peer_state),
		peer && peer->info ? peer->info : "",
	};
	bool is_server = links_is_server(link);

	/* Where both ends are known, the server's tells of both. */
	if (!is_first_service(dom, link) || (peer && !is_server))
		return;
	print_line(pr, link, is_server ? &own : &other, is_server ? &other : &own);
	if (!strcmp(link->class_name, "vbpipe"))
		print_line(pr, link, is_server ? &other : &own, is_server ? &own : &other);
}

void proc_print(const struct context *ctx, const struct listing *listing, FILE *out)
{
	struct printer pr = { .listing = listing, .out = out };

	listing_walk(ctx, listing, print_link, &pr);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is wrong with links: the judgement of vlinkctl check. */
#include <stdlib.h>
#include <string.h>

#include "lib/services.h"
#include "lib/alloc.h"
#include "findings.h"
#include "local.h"

/* As xenbus numbers them. */
enum state { INITIALISING = 1, INIT_WAIT = 2, CONNECTED = 4 };

/* One service of a link, seen from the end that is known. */
struct view {
	struct findings *findings;
	const struct link *link;
	const char *server, *client;	/* domains */
	int server_state, client_state;
	const char *server_failure, *client_failure;
	const char *server_error, *client_error;
};

void findings_add(struct findings *findings, const char *link, char *text)
{
	findings->list = alloc_grow(findings->list, findings->nr, sizeof(*findings->list));
	findings->list[findings->nr++] = (struct finding){
		.link = link ? alloc_string(link) : NULL, .text = text,
	};
}

void findings_clear(struct findings *findings)
{
	size_t i;

	for (i = 0; i < findings->nr; i++) {
		free(findings->list[i].link);
		free(findings->list[i].text);
	}
	free(findings->list);
	*findings = (struct findings){ 0 };
}

static void no_driver(const struct view *view, const char *domain, const char *role)
{
	findings_add(view->findings, view->link->link,
		     alloc_printf("service %s: %s has no driver for it as %s: 'modprobe vlink-%s-%s' there",
				  view->link->service, domain, role, view->link->service, role));
}

/* What xenbus reports begins with the error number; xenstored's for too many watches is E2BIG. */
static bool is_watch_quota(const char *error)
{
	return !strncmp(error, "7 ", 2);
}

static void report_error(const struct view *view, const char *domain, const char *error)
{
	if (!error)
		return;
	findings_add(view->findings, view->link->link,
		     alloc_printf("service %s: %s reports error %s%s", view->link->service, domain,
				  error, !is_watch_quota(error) ? "" :
				  " (too many watches for xenstored's quota, one for each device: raise it with --watch-nb)"));
}

static void report_failure(const struct view *view, const char *domain, const char *failure)
{
	if (failure)
		findings_add(view->findings, view->link->link,
			     alloc_printf("service %s: %s ended the connection and will try again: %s",
					  view->link->service, domain, failure));
}

static void unfinished(const struct view *view)
{
	findings_add(view->findings, view->link->link,
		     alloc_printf("service %s: is not connected: %s is in state %s, %s in state %s",
				  view->link->service, view->server,
				  links_state_name(view->server_state), view->client,
				  links_state_name(view->client_state)));
	report_failure(view, view->server, view->server_failure);
	report_failure(view, view->client, view->client_failure);
	report_error(view, view->server, view->server_error);
	report_error(view, view->client, view->client_error);
}

/* An error of the driver proves that there is one, whatever the states say. */
static bool has_failed(const struct view *view)
{
	return view->server_failure || view->client_failure || view->server_error ||
	       view->client_error;
}

/* Both devices are there. */
static void judge_states(const struct view *view)
{
	bool silent = !has_failed(view);

	if (view->server_state == CONNECTED && view->client_state == CONNECTED)
		return;
	if (silent && view->server_state == INITIALISING)
		no_driver(view, view->server, "server");
	else if (silent && view->server_state == INIT_WAIT && view->client_state == INITIALISING)
		no_driver(view, view->client, "client");
	else
		unfinished(view);
}

/* @peer_error: what the other end's domain says failed, as far as that is known. */
static void judge_link(struct findings *findings, const struct link *link, const char *domain,
		       const char *peer_error)
{
	bool is_server = links_is_server(link);
	struct view view = {
		.findings = findings, .link = link,
		.server = is_server ? domain : link->peer,
		.client = is_server ? link->peer : domain,
		.server_state = is_server ? link->state : link->peer_state,
		.client_state = is_server ? link->peer_state : link->state,
		.server_failure = is_server ? link->failure : link->peer_failure,
		.client_failure = is_server ? link->peer_failure : link->failure,
		.server_error = is_server ? link->error : peer_error,
		.client_error = is_server ? peer_error : link->error,
	};

	judge_states(&view);
}

/* ---- a guest, and what dom0 knows of itself ---- */

static void judge_driver(struct findings *findings, const struct link *link)
{
	char *node;

	if (!local_has_driver(link)) {
		findings_add(findings, link->link,
			     alloc_printf("service %s: this domain has no driver for it as %s: 'modprobe vlink-%s-%s'",
					  link->service, link->role, link->service, link->role));
		return;
	}
	node = local_node(link);
	/* A service of somebody's own may call its nodes what it likes. */
	if (!node && service_nodes(link->service) == SERVICE_HAS_NODE)
		findings_add(findings, link->link,
			     alloc_printf("service %s: has no device node; see the kernel's log",
					  link->service));
	free(node);
}

static void judge_here(void *arg, const struct domain_links *dom, const struct link *link)
{
	struct findings *findings = arg;
	size_t before = findings->nr;

	(void)dom;
	judge_driver(findings, link);
	if (findings->nr != before)
		return;
	if (link->state != LINKS_STATE_NONE)
		judge_link(findings, link, "this domain", NULL);
	else
		findings_add(findings, link->link,
			     alloc_printf("service %s: is not joined: %s does not run, or the link was detached in dom0, or vlinkd does not run there",
					  link->service, link->peer));
}

static void judge_modules(struct findings *findings, const struct listing *listing)
{
	if (listing->nr && listing->domains[0].links.nr && !local_has_link_layer())
		findings_add(findings, NULL,
			     alloc_string("the module vlink is not loaded: 'modprobe vlink'"));
}

static void judge_names(struct findings *findings, const struct context *ctx,
			const struct listing *listing)
{
	size_t i;

	for (i = 0; i < ctx->nr_names; i++)
		if (!listing->nr || !listing_link(&listing->domains[0], ctx->names[i], NULL))
			findings_add(findings, ctx->names[i],
				     alloc_string("is not published to this domain: dom0's configs do not have it, or vlinkd does not run there"));
}

void findings_of_guest(struct findings *findings, const struct context *ctx,
		       const struct listing *listing)
{
	judge_modules(findings, listing);
	judge_names(findings, ctx, listing);
	if (!listing_walk(ctx, listing, judge_here, findings) && !ctx->nr_names)
		findings_add(findings, NULL,
			     alloc_string("no links are published to this domain: its config has none, or vlinkd does not run in dom0"));
}

/* ---- dom0 ---- */

struct judge {
	struct findings *findings;
	const struct context *ctx;
	const struct board *board;
	const struct listing *listing;
	bool vlinkd_runs;
};

static bool is_about_names(const struct context *ctx, const char *problem)
{
	size_t i;

	if (!ctx->nr_names || !strstr(problem, "link '"))
		return true;
	for (i = 0; i < ctx->nr_names; i++) {
		char *quoted = alloc_printf("'%s'", ctx->names[i]);
		bool about = strstr(problem, quoted);

		free(quoted);
		if (about)
			return true;
	}
	return false;
}

static void take_problems(const struct judge *judge)
{
	size_t i;

	if (!judge->vlinkd_runs)
		findings_add(judge->findings, NULL,
			     alloc_string("vlinkd does not run: 'systemctl start vlinkd'"));
	for (i = 0; i < judge->board->nr_problems; i++)
		if (is_about_names(judge->ctx, judge->board->problems[i]))
			findings_add(judge->findings, NULL,
				     alloc_string(judge->board->problems[i]));
}

static bool runs(const struct judge *judge, const char *link, const char *domain)
{
	if (listing_domain(judge->listing, domain))
		return true;
	findings_add(judge->findings, link, alloc_printf("%s does not run", domain));
	return false;
}

static void not_joined(const struct judge *judge, const struct link *link)
{
	findings_add(judge->findings, link->link,
		     alloc_printf("service %s: both domains are there, but not joined: %s",
				  link->service, judge->vlinkd_runs ?
				  "see the log of vlinkd" : "vlinkd does not run"));
}

/* What the domain at the other end says of the same service. */
static const char *error_of_peer(const struct judge *judge, const struct link *link)
{
	const struct domain_links *dom = listing_domain(judge->listing, link->peer);
	const struct link *other = NULL;

	while (dom && (other = listing_link(dom, link->link, other)))
		if (!strcmp(other->service, link->service))
			return other->error;
	return NULL;
}

/* An end of a service in its domain; a connection is judged from its server's end. */
static void judge_end(const struct judge *judge, const struct domain_links *dom,
		      const struct link *link)
{
	bool is_server = links_is_server(link);

	if (link->state == LINKS_STATE_NONE) {
		if (is_server)
			not_joined(judge, link);
		return;
	}
	if (dom->domid == 0 && !local_has_driver(link))
		judge_driver(judge->findings, link);
	else if (is_server)
		judge_link(judge->findings, link, dom->name, error_of_peer(judge, link));
}

static size_t judge_domain(const struct judge *judge, const struct board_link *on_board,
			   const char *domain)
{
	const struct domain_links *dom = listing_domain(judge->listing, domain);
	const struct link *link = NULL;
	size_t nr = 0;

	while ((link = listing_link(dom, on_board->link, link))) {
		judge_end(judge, dom, link);
		nr++;
	}
	return nr;
}

static bool is_detached(const struct judge *judge, const char *link)
{
	size_t i;

	for (i = 0; i < judge->listing->nr; i++) {
		const struct link *found = listing_link(&judge->listing->domains[i], link, NULL);

		if (found && found->detached)
			return true;
	}
	return false;
}

static void judge_board_link(const struct judge *judge, const struct board_link *link)
{
	bool both;

	/* That no config has the other end is among the problems. */
	if (!strcmp(link->server, "-") || !strcmp(link->client, "-"))
		return;
	both = runs(judge, link->link, link->server);
	both = runs(judge, link->link, link->client) && both;
	if (is_detached(judge, link->link))
		findings_add(judge->findings, link->link,
			     alloc_printf("is detached: 'vlinkctl attach %s'", link->link));
	else if (both && !(judge_domain(judge, link, link->server) &&
			   judge_domain(judge, link, link->client)))
		findings_add(judge->findings, link->link,
			     alloc_string(judge->vlinkd_runs ?
					  "is not published: see the log of vlinkd" :
					  "is not published: vlinkd does not run"));
}

void findings_of_board(struct findings *findings, const struct context *ctx,
		       const struct board *board, const struct listing *listing,
		       bool vlinkd_runs)
{
	const struct judge judge = { findings, ctx, board, listing, vlinkd_runs };
	size_t i;

	take_problems(&judge);
	for (i = 0; i < board->nr_links; i++)
		if (context_means(ctx, board->links[i].link))
			judge_board_link(&judge, &board->links[i]);
	for (i = 0; i < ctx->nr_names; i++)
		if (!board_link(board, ctx->names[i]))
			findings_add(findings, ctx->names[i],
				     alloc_string("no config has this link, or its ends do not fit together"));
}

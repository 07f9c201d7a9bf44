// SPDX-License-Identifier: LGPL-2.1-or-later
/* Compares what should be with what is, and says what to do. */
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/detached.h"
#include "plan.h"
#include "records.h"

struct planner {
	const struct situation *now;
	struct plan *plan;
};

static struct action *add_action(struct planner *pl, enum action_kind kind)
{
	struct plan *plan = pl->plan;

	plan->list = alloc_grow(plan->list, plan->nr, sizeof(*plan->list));
	plan->list[plan->nr] = (struct action){ .kind = kind };
	return &plan->list[plan->nr++];
}

/* Whether the domain that holds this end is the one that was meant. */
static bool end_matches(const struct planner *pl, const struct config_end *end,
			unsigned int domid, const char *uuid)
{
	const struct domain *domain = domains_by_name(pl->now->domains, end->dom->name);

	return domain && domain == domains_by_identity(pl->now->domains, domid, uuid);
}

/* Whether a link would need a CID of a domain that has none. */
static bool lacks_cid(const struct planner *pl, const struct config_end *server,
		      const struct config_end *client)
{
	return cids_needed(client) &&
	       (!cids_of(pl->now->cids, server->dom->name) ||
		!cids_of(pl->now->cids, client->dom->name));
}

/* Why a record must go; NULL when it is right. */
static const char *fault_of(const struct planner *pl, const struct record *record)
{
	const struct config_end *server, *client;

	if (!record->sound)
		return "its record is damaged";
	server = config_find_end(pl->now->config, record->link, VLINKCFG_SERVER);
	client = config_find_end(pl->now->config, record->link, VLINKCFG_CLIENT);
	if (!server || !client || !config_end_has_service(server, record->service))
		return "no longer configured";
	if (!end_matches(pl, server, record->dev.backend, record->backend_uuid))
		return "its server's domain is gone";
	if (!end_matches(pl, client, record->dev.frontend, record->frontend_uuid))
		return "its client's domain is gone";
	if (detached_has(pl->now->detached, record->link))
		return "detached by the administrator";
	if (lacks_cid(pl, server, client))
		return "the CID of a domain is another's";
	return record->intact ? NULL : "its xenbus directories are damaged";
}

static void plan_removals(struct planner *pl)
{
	size_t i;

	for (i = 0; i < pl->now->records->nr; i++) {
		struct record *record = &pl->now->records->list[i];
		const char *reason = fault_of(pl, record);
		struct action *action;

		if (!reason)
			continue;
		action = add_action(pl, ACTION_REMOVE);
		action->record = record;
		action->reason = reason;
	}
}

static bool is_recorded(const struct planner *pl, const struct found_dir *dir)
{
	const struct record *record = map_get(&pl->now->records->by_device,
					      records_device_key(&dir->dev).s);

	return record && (!dir->is_backend || dir->dev.backend == record->dev.backend);
}

static void plan_orphans(struct planner *pl)
{
	const struct found_dirs *dirs = pl->now->dirs;
	size_t i;

	for (i = 0; i < dirs->nr; i++)
		if (!is_recorded(pl, &dirs->list[i]))
			add_action(pl, ACTION_REMOVE_DIR)->dir = &dirs->list[i];
}

static const struct config_domain *links_of(const struct planner *pl,
					    const struct domain *domain)
{
	/* Of two that run under one name, the first is taken, here and everywhere. */
	if (domain != domains_by_name(pl->now->domains, domain->name))
		return NULL;
	return config_find_domain(pl->now->config, domain->name);
}

static void plan_publications(struct planner *pl)
{
	size_t i;

	for (i = 0; i < pl->now->domains->nr; i++) {
		const struct domain *domain = &pl->now->domains->list[i];
		struct action *action;

		if (domains_in_transit(domain))
			continue;
		action = add_action(pl, ACTION_PUBLISH);
		action->domain = domain;
		action->links = links_of(pl, domain);
	}
}

static bool has_right_record(const struct planner *pl, const char *link, const char *service)
{
	const struct record *record = map_get(&pl->now->records->by_service,
					      xsh_path("%s/%s", link, service).s);

	return record && !fault_of(pl, record);
}

static bool is_connected(const struct planner *pl, const struct config_end *end)
{
	size_t i;

	for (i = 0; i < end->nr_services; i++)
		if (!has_right_record(pl, end->end->link, end->services[i]))
			return false;
	return true;
}

static void plan_connection(struct planner *pl, const struct config_end *client)
{
	const struct config_end *server;
	const struct domain *client_domain, *server_domain;
	struct action *action;

	server = config_find_end(pl->now->config, client->end->link, VLINKCFG_SERVER);
	if (!server || detached_has(pl->now->detached, client->end->link))
		return;
	if (is_connected(pl, client)) {
		pl->plan->nr_joined++;
		return;
	}
	client_domain = domains_by_name(pl->now->domains, client->dom->name);
	server_domain = domains_by_name(pl->now->domains, server->dom->name);
	if (!client_domain || !server_domain || lacks_cid(pl, server, client))
		return;
	action = add_action(pl, ACTION_CONNECT);
	action->server = server;
	action->client = client;
	action->server_domain = server_domain;
	action->client_domain = client_domain;
}

static void plan_connections(struct planner *pl)
{
	size_t i;

	for (i = 0; i < pl->now->config->nr_ends; i++)
		if (pl->now->config->ends[i].end->role == VLINKCFG_CLIENT)
			plan_connection(pl, &pl->now->config->ends[i]);
}

void plan_make(const struct situation *now, struct plan *plan)
{
	struct planner pl = { .now = now, .plan = plan };

	*plan = (struct plan){ 0 };
	plan_removals(&pl);
	plan_orphans(&pl);
	plan_publications(&pl);
	plan_connections(&pl);
}

void plan_clear(struct plan *plan)
{
	free(plan->list);
	*plan = (struct plan){ 0 };
}

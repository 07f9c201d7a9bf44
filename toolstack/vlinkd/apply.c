// SPDX-License-Identifier: LGPL-2.1-or-later
/* Does what a plan says. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "apply.h"
#include "log.h"
#include "records.h"

void withdrawn_add(struct withdrawn *withdrawn, const struct device_id *dev)
{
	struct withdrawn_device device = { *dev, withdrawn->now_ms };

	withdrawn->list = alloc_grow(withdrawn->list, withdrawn->nr, sizeof(*withdrawn->list));
	withdrawn->list[withdrawn->nr++] = device;
	/* Only whether it is there matters. */
	map_set(&withdrawn->by_device, records_device_key(dev).s, (void *)RECORDS_ROOT);
}

bool withdrawn_has(const struct withdrawn *withdrawn, const struct device_id *dev)
{
	return map_get(&withdrawn->by_device, records_device_key(dev).s);
}

void withdrawn_expire(struct withdrawn *withdrawn, long long now_ms)
{
	struct withdrawn now = { .now_ms = now_ms };
	size_t i, old = 0;

	withdrawn->now_ms = now_ms;
	while (old < withdrawn->nr && withdrawn->list[old].when_ms + APPLY_WITHDRAWN_MS <= now_ms)
		old++;
	if (!old)
		return;
	for (i = old; i < withdrawn->nr; i++) {
		now.now_ms = withdrawn->list[i].when_ms;
		withdrawn_add(&now, &withdrawn->list[i].dev);
	}
	now.now_ms = now_ms;
	withdrawn_clear(withdrawn);
	*withdrawn = now;
}

void withdrawn_clear(struct withdrawn *withdrawn)
{
	free(withdrawn->list);
	map_clear(&withdrawn->by_device);
	withdrawn->list = NULL;
	withdrawn->nr = 0;
}

/*
 * A domain's home may be wiped between the scan and now; writing there would
 * leave nodes in the home of nobody. Being read in the transaction, the name
 * makes the transaction fail as well when that happens later.
 */
int check_home(struct xs_handle *xs, xs_transaction_t t, const struct domain *domain)
{
	char *name;
	int ret;

	if (domain->domid == 0)
		return 0;
	name = xsh_read(xs, t, xsh_path("/local/domain/%u/name", domain->domid).s);
	if (!name)
		return errno == ENOENT ? -ESTALE : -errno;
	ret = strcmp(name, domain->name) ? -ESTALE : 0;
	free(name);
	return ret;
}

/* The directories above a device that were made for it, as far as they are empty. */
static int remove_parents(struct xs_handle *xs, xs_transaction_t t, const struct device_id *dev)
{
	int ret;

	ret = xsh_remove_empty(xs, t, xsh_path("/local/domain/%u/device/%s", dev->frontend,
					       dev->service).s);
	if (!ret)
		ret = xsh_remove_empty(xs, t, xsh_path("/local/domain/%u/backend/%s/%u",
						       dev->backend, dev->service,
						       dev->frontend).s);
	if (!ret)
		ret = xsh_remove_empty(xs, t, xsh_path("/local/domain/%u/backend/%s",
						       dev->backend, dev->service).s);
	return ret;
}

static int remove_pair(struct xs_handle *xs, xs_transaction_t t, const struct device_id *dev)
{
	int ret;

	ret = xsh_remove(xs, t, records_frontend_path(dev).s);
	if (!ret)
		ret = xsh_remove(xs, t, records_backend_path(dev).s);
	return ret ? ret : remove_parents(xs, t, dev);
}

/* Both directories at once: so the driver of the domain that still runs is told. */
static int remove_body(struct xs_handle *xs, xs_transaction_t t, void *arg)
{
	const struct record *record = arg;
	int ret = 0;

	if (record->sound)
		ret = remove_pair(xs, t, &record->dev);
	if (!ret && *record->service)
		ret = xsh_remove(xs, t, xsh_path(RECORDS_ROOT "/%s/%s", record->link,
						 record->service).s);
	if (!ret)
		ret = xsh_remove_empty(xs, t, xsh_path(RECORDS_ROOT "/%s", record->link).s);
	return ret;
}

static int remove_record(struct applier *applier, const struct action *action)
{
	struct record *record = action->record;
	int ret = xsh_transaction(applier->xs, remove_body, record);

	if (ret)
		return ret;
	record->is_gone = true;
	applier->now->records->is_indexed = false;
	if (record->sound)
		withdrawn_add(applier->withdrawn, &record->dev);
	log_info("link '%s', service '%s': disconnected: %s", record->link, record->service,
		 action->reason);
	return 0;
}

static int remove_dir_body(struct xs_handle *xs, xs_transaction_t t, void *arg)
{
	const struct found_dir *dir = arg;
	struct xsh_path path = dir->is_backend ? records_backend_path(&dir->dev) :
						 records_frontend_path(&dir->dev);
	int ret = xsh_remove(xs, t, path.s);

	if (ret)
		return ret;
	if (!dir->is_backend)
		return xsh_remove_empty(xs, t, xsh_path("/local/domain/%u/device/%s",
							dir->dev.frontend, dir->dev.service).s);
	return xsh_remove_empty(xs, t, xsh_path("/local/domain/%u/backend/%s/%u",
						dir->dev.backend, dir->dev.service,
						dir->dev.frontend).s);
}

static int remove_dir(struct applier *applier, const struct found_dir *dir)
{
	int ret = xsh_transaction(applier->xs, remove_dir_body, (void *)dir);

	if (ret)
		return ret;
	withdrawn_add(applier->withdrawn, &dir->dev);
	log_info("domain %u: %s device '%s' %u removed: no record knows it",
		 dir->is_backend ? dir->dev.backend : dir->dev.frontend,
		 dir->is_backend ? "back end" : "front end", dir->dev.service, dir->dev.id);
	return 0;
}

static int publish(struct applier *applier, const struct action *action)
{
	int ret = publish_links(applier, action->domain, action->links);

	if (!ret)
		return 0;
	applier->unpublished = alloc_grow(applier->unpublished, applier->nr_unpublished,
					  sizeof(*applier->unpublished));
	applier->unpublished[applier->nr_unpublished++] = action->domain->domid;
	return ret;
}

static bool is_published(const struct applier *applier, const struct domain *domain)
{
	size_t i;

	for (i = 0; i < applier->nr_unpublished; i++)
		if (applier->unpublished[i] == domain->domid)
			return false;
	return true;
}

int apply_action(struct applier *applier, const struct action *action)
{
	switch (action->kind) {
	case ACTION_REMOVE:
		return remove_record(applier, action);
	case ACTION_REMOVE_DIR:
		return remove_dir(applier, action->dir);
	case ACTION_PUBLISH:
		return publish(applier, action);
	case ACTION_CONNECT:
		/* The link layers are to know a link before its devices come. */
		if (!is_published(applier, action->server_domain) ||
		    !is_published(applier, action->client_domain))
			return -EAGAIN;
		return connect_link(applier, action);
	}
	return -EINVAL;
}

/* What an error of xenstored means, for the log. */
static const char *meaning_of(int error)
{
	switch (-error) {
	case ENOSPC:
		return "a quota of xenstored is used up";
	case E2BIG:
		return "more than xenstored takes in one node";
	case ENFILE:
		return "no device number is free in the client's domain";
	default:
		return strerror(-error);
	}
}

char *apply_complaint(const struct action *action, int error)
{
	const char *why = meaning_of(error);

	switch (action->kind) {
	case ACTION_REMOVE:
		return alloc_printf("link '%s', service '%s': cannot be disconnected: %s; trying again",
				    action->record->link, action->record->service, why);
	case ACTION_REMOVE_DIR:
		return alloc_printf("domain %u: directories of '%s' that no record knows cannot be removed: %s; trying again",
				    action->dir->is_backend ? action->dir->dev.backend :
				    action->dir->dev.frontend, action->dir->dev.service, why);
	case ACTION_PUBLISH:
		return alloc_printf("domain %u '%s': its links cannot be published: %s; trying again",
				    action->domain->domid, action->domain->name, why);
	case ACTION_CONNECT:
		return alloc_printf("link '%s': '%s' (domain %u) and '%s' (domain %u) cannot be joined: %s; trying again",
				    action->client->end->link, action->server_domain->name,
				    action->server_domain->domid, action->client_domain->name,
				    action->client_domain->domid, why);
	}
	return alloc_string(why);
}

void apply_clear(struct applier *applier)
{
	free(applier->unpublished);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* Makes the xenbus directories of a link and its private record. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "apply.h"
#include "log.h"
#include "records.h"

#define XENBUS_INITIALISING	"1"

struct connection {
	struct applier *applier;
	const struct action *action;
	const char *link;
	struct device_id dev;	/* of the service at hand */
	struct device_id *made;
	size_t nr_made;
};

static int write_key(struct xs_handle *xs, xs_transaction_t t, const char *dir, const char *key,
		     const char *value, struct xsh_access access)
{
	return xsh_write(xs, t, xsh_path("%s/%s", dir, key).s, value, access);
}

static int write_number(struct xs_handle *xs, xs_transaction_t t, const char *dir,
			const char *key, unsigned int number, struct xsh_access access)
{
	return write_key(xs, t, dir, key, xsh_path("%u", number).s, access);
}

/* The front end's domain may write there, but wrong numbers would harm only itself. */
static void mark_used(bool used[PLAN_ID_MAX + 1], char **ids, unsigned int nr)
{
	unsigned int i, id;

	for (i = 0; i < nr; i++)
		if (xsh_parse_number(ids[i], PLAN_ID_MAX, &id))
			used[id] = true;
}

static bool is_in_records(const struct connection *con)
{
	return map_get(&con->applier->now->records->by_device, records_device_key(&con->dev).s);
}

/* All numbers are read at once: the hundredth device costs as many calls as the first. */
static int choose_id(struct xs_handle *xs, xs_transaction_t t, struct connection *con)
{
	struct device_id *dev = &con->dev;
	bool used[PLAN_ID_MAX + 1] = { false };
	unsigned int nr;
	char **ids = xsh_directory(xs, t, xsh_path("/local/domain/%u/device/%s", dev->frontend,
						   dev->service).s, &nr);

	if (!ids)
		return -errno;
	mark_used(used, ids, nr);
	free(ids);
	for (dev->id = 0; dev->id <= PLAN_ID_MAX; dev->id++)
		if (!used[dev->id] && !is_in_records(con) &&
		    !withdrawn_has(con->applier->withdrawn, dev))
			break;
	return dev->id <= PLAN_ID_MAX ? 0 : -ENFILE;
}

/* What the driver at this end changes; made here, it costs its domain no quota. */
static int make_drivers_keys(struct xs_handle *xs, xs_transaction_t t, const char *dir,
			     struct xsh_access access)
{
	int ret = write_key(xs, t, dir, "failure", "", access);

	return ret ? ret : write_key(xs, t, dir, "state", XENBUS_INITIALISING, access);
}

static int make_frontend(struct xs_handle *xs, xs_transaction_t t, const struct connection *con)
{
	const struct device_id *dev = &con->dev;
	struct xsh_access access = { .writer = dev->frontend, .reader = dev->backend };
	struct xsh_path dir = records_frontend_path(dev);
	struct xsh_path back = records_backend_path(dev);
	int ret;

	ret = xsh_mkdir(xs, t, dir.s, access);
	if (!ret)
		ret = write_key(xs, t, dir.s, "backend", back.s, access);
	if (!ret)
		ret = write_number(xs, t, dir.s, "backend-id", dev->backend, access);
	if (!ret)
		ret = write_number(xs, t, dir.s, "handle", dev->id, access);
	if (!ret)
		ret = write_key(xs, t, dir.s, "link", con->link, access);
	return ret ? ret : make_drivers_keys(xs, t, dir.s, access);
}

static int make_backend(struct xs_handle *xs, xs_transaction_t t, const struct connection *con)
{
	const struct device_id *dev = &con->dev;
	struct xsh_access access = { .writer = dev->backend, .reader = dev->frontend };
	struct xsh_path dir = records_backend_path(dev);
	struct xsh_path front = records_frontend_path(dev);
	int ret;

	/* One that is there belongs to no record: the number is free. */
	ret = xsh_remove(xs, t, dir.s);
	if (!ret)
		ret = xsh_mkdir(xs, t, dir.s, access);
	if (!ret)
		ret = write_key(xs, t, dir.s, "frontend", front.s, access);
	if (!ret)
		ret = write_number(xs, t, dir.s, "frontend-id", dev->frontend, access);
	if (!ret)
		ret = write_key(xs, t, dir.s, "online", "1", access);
	if (!ret)
		ret = write_key(xs, t, dir.s, "link", con->link, access);
	return ret ? ret : make_drivers_keys(xs, t, dir.s, access);
}

/* The directories above: dom0 owns them, the domain they are in may list them. */
static int make_parents(struct xs_handle *xs, xs_transaction_t t, const struct device_id *dev)
{
	struct xsh_access front = { .reader = dev->frontend };
	struct xsh_access back = { .reader = dev->backend };
	struct xsh_path f = xsh_path("/local/domain/%u/device", dev->frontend);
	struct xsh_path b = xsh_path("/local/domain/%u/backend", dev->backend);
	int ret;

	ret = xsh_mkdir(xs, t, f.s, front);
	if (!ret)
		ret = xsh_mkdir(xs, t, xsh_path("%s/%s", f.s, dev->service).s, front);
	if (!ret)
		ret = xsh_mkdir(xs, t, b.s, back);
	if (!ret)
		ret = xsh_mkdir(xs, t, xsh_path("%s/%s", b.s, dev->service).s, back);
	if (!ret)
		ret = xsh_mkdir(xs, t, xsh_path("%s/%s/%u", b.s, dev->service,
						dev->frontend).s, back);
	return ret;
}

static int make_record(struct xs_handle *xs, xs_transaction_t t, const struct connection *con)
{
	struct xsh_access dom0 = { 0 };
	struct xsh_path link = xsh_path(RECORDS_ROOT "/%s", con->link);
	struct xsh_path dir = xsh_path("%s/%s", link.s, con->dev.service);
	const struct action *action = con->action;
	int ret;

	ret = xsh_mkdir(xs, t, RECORDS_ROOT, dom0);
	if (!ret)
		ret = xsh_mkdir(xs, t, link.s, dom0);
	if (!ret)
		ret = xsh_mkdir(xs, t, dir.s, dom0);
	if (!ret)
		ret = write_number(xs, t, dir.s, "frontend-id", con->dev.frontend, dom0);
	if (!ret)
		ret = write_number(xs, t, dir.s, "backend-id", con->dev.backend, dom0);
	if (!ret)
		ret = write_number(xs, t, dir.s, "id", con->dev.id, dom0);
	if (!ret)
		ret = write_key(xs, t, dir.s, "frontend-uuid", action->client_domain->uuid, dom0);
	if (!ret)
		ret = write_key(xs, t, dir.s, "backend-uuid", action->server_domain->uuid, dom0);
	return ret;
}

/* One that somebody else made is to be known before it is judged. */
static int existing_record(const struct connection *con)
{
	struct records *records = con->applier->now->records;

	if (map_get(&records->by_service, xsh_path("%s/%s", con->link, con->dev.service).s))
		return 0;
	records->is_read = false;
	return -ESTALE;
}

static int connect_service(struct xs_handle *xs, xs_transaction_t t, struct connection *con,
			   const char *service)
{
	int ret;

	snprintf(con->dev.service, sizeof(con->dev.service), "%s", service);
	if (xsh_exists(xs, t, xsh_path(RECORDS_ROOT "/%s/%s", con->link, service).s))
		return existing_record(con);
	ret = choose_id(xs, t, con);
	if (!ret)
		ret = make_parents(xs, t, &con->dev);
	if (!ret)
		ret = make_frontend(xs, t, con);
	if (!ret)
		ret = make_backend(xs, t, con);
	if (!ret)
		ret = make_record(xs, t, con);
	if (ret)
		return ret;
	con->made = alloc_grow(con->made, con->nr_made, sizeof(*con->made));
	con->made[con->nr_made++] = con->dev;
	return 0;
}

static int connect_body(struct xs_handle *xs, xs_transaction_t t, void *arg)
{
	struct connection *con = arg;
	const struct config_end *client = con->action->client;
	size_t i;
	int ret;

	con->nr_made = 0;
	ret = check_home(xs, t, con->action->server_domain);
	if (!ret)
		ret = check_home(xs, t, con->action->client_domain);
	for (i = 0; i < client->nr_services && !ret; i++)
		ret = connect_service(xs, t, con, client->services[i]);
	return ret;
}

static void note_made(const struct connection *con)
{
	const struct action *action = con->action;
	size_t i;

	for (i = 0; i < con->nr_made; i++)
		records_add(con->applier->now->records, con->link, &con->made[i],
			    action->client_domain->uuid, action->server_domain->uuid);
	log_info("link '%s': joins '%s' (domain %u) as server and '%s' (domain %u) as client",
		 con->link, action->server_domain->name, con->dev.backend,
		 action->client_domain->name, con->dev.frontend);
}

int connect_link(struct applier *applier, const struct action *action)
{
	struct connection con = {
		.applier = applier, .action = action, .link = action->client->end->link,
		.dev.frontend = action->client_domain->domid,
		.dev.backend = action->server_domain->domid,
	};
	int ret = xsh_transaction(applier->xs, connect_body, &con);

	if (!ret)
		note_made(&con);
	free(con.made);
	return ret;
}
